"""What is written down of each job, and how long the next ones will take."""

import json
import shutil

import pyarrow as pa
import pytest
import tiny

from crmlib import places, records, store, told
from crmlib.execution import Outcome
from crmlib.plan import Job

INPUTS = {"read": ["orders"], "asked": [], "tables": {"orders": None}, "door": {}}


def job(report="funnel", team="north", period="2026-10", source="demo", languages=("en",), **more):
    return Job(report, period, team, source, languages, **more)


@pytest.fixture
def executed(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path))
    footer = tiny.footer() | {"page": {"inputs": INPUTS}}
    return tiny.executed(places.work() / "runs" / "20260101-000000" / "a.ipynb", tiny.report(), footer)


def test_a_good_end_is_remembered_with_what_was_read(executed):
    one = job(made_of={"notebook": "1"})
    records.remember(one, Outcome(one, executed, 2.5))
    found = records.read(job(made_of={}, reason="another"))
    assert found == records.Record({"notebook": "1"}, INPUTS, 2.5, "20260101-000000/a.ipynb", store.sha(executed.read_bytes()))
    assert found.path == executed and found.is_whole


def test_a_notebook_that_does_not_say_what_it_read(executed):
    tiny.executed(executed, tiny.report(), tiny.footer())
    records.remember(job(), Outcome(job(), executed, 1.0))
    assert records.read(job()).inputs is None


def test_what_was_heard_and_told_is_remembered(executed):
    heard, rows = [["score", "churn", "2026-09", "ab12"]], pa.table({"target": ["a"], "value": [0.5], "label": ["x"]})
    sha256, _ = told.keep(rows)
    footer = tiny.footer() | {"page": {"inputs": INPUTS, "heard": heard}}
    tiny.executed(executed, tiny.report(), tiny.block(page={"told": {"sha256": sha256}}), tiny.KPIS, footer)
    records.remember(job(), Outcome(job(), executed, 1.0))
    found = records.read(job())
    assert (found.inputs, found.heard, found.told, found.is_told) == (INPUTS, heard, [sha256], True)
    shutil.rmtree(places.work() / "told")
    assert not found.is_told and found.is_whole


@pytest.mark.parametrize(
    "page", [{"heard": "x"}, {"heard": [["score"]]}, {"heard": 1}, {"told": None}, {"told": "x"}, {"told": {}}]
)
def test_of_a_block_of_any_form_nothing_is_remembered(executed, page):
    """Its page fails, or it is run again: no plan has to understand it."""
    tiny.executed(executed, tiny.report(), tiny.block("footer", page={"inputs": INPUTS} | page))
    records.remember(job(), Outcome(job(), executed, 1.0))
    assert records.read(job()) is None


def test_a_record_of_before_there_was_anything_to_hear_is_read(executed):
    records.remember(job(), Outcome(job(), executed, 1.0))
    (path,) = (places.work() / "records").iterdir()
    before = json.loads(path.read_text())
    for new in ("heard", "told"):
        del before["record"][new]
    path.write_text(json.dumps(before))
    assert (records.read(job()).heard, records.read(job()).is_told) == ([], True)


def test_a_failure_keeps_what_is_known_of_the_last_good_one(executed):
    records.remember(job(), Outcome(job(), executed, 2.5))
    good = records.read(job())
    records.remember(job(), Outcome(job(), executed.with_name("b.ipynb"), 9.0, "it broke"))
    failed = records.read(job())
    assert (failed.failed, failed.sha256, failed.seconds, failed.is_whole) == (True, good.sha256, 2.5, True)
    records.remember(job(), Outcome(job(), executed, 2.0))
    assert not records.read(job()).failed


def test_a_first_failure_is_remembered_without_a_good_one(executed):
    records.remember(job(), Outcome(job(), executed, 9.0, "it broke"))
    assert (found := records.read(job())).failed and not found.sha256 and not found.is_whole


def test_an_executed_notebook_that_was_changed_or_is_gone_is_not_whole(executed):
    records.remember(job(), Outcome(job(), executed, 1.0))
    executed.write_text(executed.read_text() + " ")
    assert not records.read(job()).is_whole
    executed.unlink()
    assert not records.read(job()).is_whole


def test_each_report_period_team_and_source_has_a_record_of_its_own(executed):
    records.remember(job(), Outcome(job(), executed, 1.0))
    others = [job("sales"), job(team="../north"), job(period="2026-09"), job(source="data/demo")]
    assert [records.read(other) for other in others] == [None] * 4
    assert records.read(job(languages=("zh",))) is not None  # another language is another parameter, not another job
    for other in others:
        records.remember(other, Outcome(other, executed, 1.0))
    assert len(list((places.work() / "records").iterdir())) == 5


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"record": {"colour": 1}}', '{"record": []}'])
def test_a_record_of_another_form_is_none(executed, text):
    records.remember(job(), Outcome(job(), executed, 1.0))
    next((places.work() / "records").iterdir()).write_text(text)
    assert records.read(job()) is None and list(records.every()) == []


def test_what_cannot_be_written_down_stops_nobody(executed, monkeypatch):
    records.remember(job(), Outcome(job(), executed.with_name("gone.ipynb"), 1.0))
    assert records.read(job()) is None

    def full(path, text):
        raise OSError("disk full")

    monkeypatch.setattr(store, "write", full)
    records.remember(job(), Outcome(job(), executed, 1.0))
    assert records.read(job()) is None


def test_seconds_are_its_own_else_its_report_s_mean_else_unknown(executed):
    assert records.seconds(job()) is None
    records.remember(job(), Outcome(job(), executed, 2.0))
    records.remember(job(team="south"), Outcome(job(team="south"), executed, 4.0))
    records.remember(job(team="west"), Outcome(job(team="west"), executed, 9.0, "it broke"))
    assert (records.seconds(job()), records.seconds(job(team="all")), records.seconds(job("sales"))) == (2.0, 3.0, None)
    assert records.seconds(job(team="west")) == 3.0  # the time of a failure says nothing


def test_what_a_report_is_made_of(tmp_path, monkeypatch):
    tiny.write(tmp_path / "notebooks" / "funnel.ipynb", tiny.good())
    monkeypatch.setattr(places, "ROOT", tmp_path)
    made = records.made_of("funnel", ("en", "zh"))
    assert (made["lock"], made["annotations"], made["parameters"]) == ("", "", {"languages": ["en", "zh"]})
    assert json.loads(json.dumps(made)) == made  # as it comes back from a record
    (tmp_path / "requirements.lock").write_text("a==1")
    assert records.made_of("funnel", ("en", "zh")) == made | {"lock": store.sha(b"a==1")}
