"""What the ledger is told in bulk: kept for the page, appended once, revised later, read back as it was first told."""

import os
import random
import stat
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from test_ledger import SAID, UNDEFINED, keep, kept

from crmlib import ledger, places, told
from crmlib.errors import PublishError, UsageError

COMMON = {name: getattr(SAID, name) for name in ledger.COLUMNS if name not in told.ROWS} | {
    "kind": "score", "report": "churn", "team": "all", "period": "2026-09", "starts": date(2026, 10, 1), "ends": date(2026, 12, 30), "base": None,
}  # fmt: skip
ASKED = ("score", "churn", "demo", "2026-09")


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return places.out()


def arrow(rows):
    """(target, value, label) as page.tells hands them over."""
    kinds = [("target", pa.string()), ("value", pa.float64()), ("label", pa.string())]
    return pa.table({name: pa.array([row[n] for row in rows], kind) for n, (name, kind) in enumerate(kinds)})


def bulk(rows, **common):
    content, _ = told.keep(arrow(rows))
    return told.Bulk(told.path_of(content), COMMON | common)


def tell(out, *bulks, made=()):
    """Put them into the ledger as a release that was shown does."""
    (out / "releases" / "r").mkdir(parents=True, exist_ok=True)
    (out / "site").unlink(missing_ok=True)
    (out / "site").symlink_to("releases/r")
    ledger.write(out / "releases" / "r.parquet", made, [one.news(ledger.files(out)) for one in bulks])
    ledger.adopt(out)


def heard(out, *asked):
    rows = duckdb.sql(
        f"select * from ({told.first(ledger.files(out), *(asked or ASKED))}) order by target, starts, ends"
    ).fetchall()
    return [row[:3] for row in rows]


ROWS = [("a", 0.25, "warned"), ("b", None, None), ("c", 0.0, "")]

# ------------------------------------------------------------------------------------------------ a notebook's rows


def test_rows_are_kept_sorted_for_the_owner_s_eyes_alone(out):
    content, count = told.keep(arrow(ROWS[::-1]))
    path = told.path_of(content)
    assert count == 3 and duckdb.read_parquet(str(path)).fetchall() == ROWS
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700 and path.is_relative_to(places.work())
    assert [p.name for p in path.parent.parent.iterdir() if p.is_dir()] == [path.parent.name]  # nothing half-made is left


def test_the_same_rows_are_the_same_file_in_whatever_order(out):
    rows = [(f"c{n:05}", n / 7, "x" if n % 3 else None) for n in range(5000)]
    mixed = random.Random(1).sample(rows, len(rows))
    first, _ = told.keep(arrow(rows))
    told.path_of(first).unlink()
    told.path_of(first).parent.rmdir()
    assert told.keep(arrow(mixed))[0] == first != told.keep(arrow(rows[1:]))[0]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.1 + 0.2, 0.3), (1 / 3, 0.333333333333), (12345678901234.56, 12345678901234.56), (-0.0, 0.0), (1e-300, 1e-300), (1.5, 1.5),
        (float("nan"), None), (None, None), (1e300, 1e300),
    ],
)  # fmt: skip
def test_values_have_the_digits_of_facts(out, value, kept):
    content, _ = told.keep(arrow([("a", value, None)]))
    assert duckdb.read_parquet(str(told.path_of(content))).fetchall() == [("a", kept, None)]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("a", 1, None), ("a", 2, None)], "another row has"), ([(None, 1, None)], "no target"), ([("a", float("inf"), None)], "infinite"),
        ([("a", float("-inf"), None)], "infinite"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(out, rows, wrong):
    with pytest.raises(UsageError, match=wrong):
        told.keep(arrow(rows))
    assert list((places.work() / "told").iterdir()) == []


def test_no_row_at_all_can_be_told(out):
    content, count = told.keep(arrow([]))
    assert count == 0 and told.is_there(content)
    tell(out, told.Bulk(told.path_of(content), COMMON))
    assert ledger.files(out) == []


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"x"), Path.unlink])
def test_kept_rows_that_somebody_changed_or_took_away_are_made_again(out, spoil):
    content, _ = told.keep(arrow(ROWS))
    spoil(told.path_of(content))
    assert told.keep(arrow(ROWS))[0] == content and duckdb.read_parquet(str(told.path_of(content))).fetchall() == ROWS


def test_rows_that_are_asked_for_do_not_age(out):
    content, _ = told.keep(arrow(ROWS))
    folder = told.path_of(content).parent
    os.utime(folder, (0, 0))
    assert told.is_there(content) and folder.stat().st_mtime > 1e9
    told.path_of(content).unlink()
    assert not told.is_there(content) and not told.is_there("f" * 64)


# ------------------------------------------------------------------------------------------------ into the ledger


def test_every_row_becomes_an_entry_like_any_other(out):
    tell(out, bulk(ROWS), made=[SAID])
    same = {name: value for name, value in COMMON.items()}
    assert kept(out) == [
        *(ledger.Entry(**same, target=target, value=value, label=label) for target, value, label in ROWS), SAID,
    ]  # fmt: skip
    (file,) = ledger.files(out)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_odd_texts_come_back_as_they_were(out):
    odd = [("'; drop table x; --", 1.0, '"\u202e团队'), ("a\x00b", 2.0, None)]
    tell(out, bulk(odd, run="it's", report="x' or '1'='1", revision=None))
    assert [(e.target, e.value, e.label, e.run, e.revision) for e in kept(out)] == [(*row, "it's", None) for row in odd]
    assert heard(out, "score", "x' or '1'='1", "demo", "2026-09") == odd and heard(out) == []


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({}, []), ({"made_at": datetime(2027, 1, 1), "run": "run-2", "complete": False, "unit": "score"}, []),
        ({"data": "d2"}, "abc"), ({"revision": "r2"}, "abc"), ({"revision": None}, "abc"), ({"settings": "s2"}, "abc"),
        ({"as_of": datetime(2026, 10, 30)}, "abc"), ({"team": "east"}, "abc"), ({"source": "other"}, "abc"), ({"ends": date(2027, 1, 1)}, "abc"),
        ({"starts": date(2026, 9, 30)}, "abc"), ({"period": "2026-10"}, "abc"), ({"kind": "segment"}, "abc"), ({"report": "value"}, "abc"),
    ],
)  # fmt: skip
def test_what_repeats_the_newest_entry_is_no_news(out, change, new):
    """As Entry.repeats has it: the same value, label, data, revision, settings and moment of data."""
    tell(out, bulk(ROWS))
    tell(out, bulk(ROWS, **change))
    assert [e.target for e in kept(out)[3:]] == list(new) and len(ledger.files(out)) == 1 + bool(new)
    now = [ledger.Entry(**COMMON | change, target=t, value=v, label=label) for t, v, label in ROWS]
    before = [ledger.Entry(**COMMON, target=t, value=v, label=label) for t, v, label in ROWS]
    assert [e.target for e in ledger.news(now, {e.key: [e] for e in before})] == list(new)


@pytest.mark.parametrize(
    ("row", "new"),
    [
        (("a", 0.25, "warned"), False), (("a", 0.25, None), True), (("a", 0.26, "warned"), True), (("a", None, "warned"), True), (("b", None, None), False),
        (("b", 0.0, None), True), (("b", None, ""), True), (("c", 0.0, ""), False), (("d", 0.25, "warned"), True),
    ],
)  # fmt: skip
def test_of_rows_only_those_that_say_something_new_are_appended(out, row, new):
    tell(out, bulk(ROWS))
    tell(out, bulk([row, *(r for r in ROWS if r[0] != row[0])]))
    assert [(e.target, e.value, e.label) for e in kept(out)[3:]] == [row] * new


def test_the_newest_of_several_revisions_is_the_one_that_is_repeated(out):
    for value in (1.0, 2.0, 1.0, 1.0, 2.0):
        tell(out, bulk([("a", value, None)]))
    assert [e.value for e in kept(out)] == [1.0, 2.0, 1.0, 2.0]
    assert heard(out) == [("a", 1.0, None)]


def test_the_same_entries_are_the_same_bytes(out):
    rows = [(f"c{n:06}", n / 7, "x" if n % 3 else None) for n in range(200_000)]
    one, other = bulk(rows), bulk(rows[:7], kind="segment")
    for n in range(2):
        ledger.write(out / f"{n}.parquet", [UNDEFINED, SAID], [other.news([]), one.news([])])
    assert (out / "0.parquet").read_bytes() == (out / "1.parquet").read_bytes()
    told_in_order = duckdb.read_parquet(str(out / "0.parquet")).select("kind, target").fetchall()
    each = [[target for kind, target in told_in_order if kind == one] for one in ("kpi", "segment", "score")]
    assert each == [["sales_cycle_days", "win_rate"], [t for t, _, _ in rows[:7]], [t for t, _, _ in rows]]


def test_rows_that_are_gone_when_the_release_is_made_end_it(out):
    gone = bulk(ROWS)
    gone.rows.unlink()
    with pytest.raises(OSError, match="entries of the ledger"):
        ledger.write(out / "r.parquet", [SAID], [gone.news([])])
    assert [p.name for p in out.iterdir()] == ["work"]


# ------------------------------------------------------------------------------------------------ and out of it


def test_what_was_told_first_counts(out):
    tell(out, bulk(ROWS))
    tell(out, bulk([("a", 0.9, None), ("z", 0.1, None)], data="d2", made_at=datetime(2020, 1, 1)))
    assert heard(out) == [*ROWS, ("z", 0.1, None)]


def test_only_what_was_asked_for_is_heard(out):
    others = [{"team": "north"}, {"source": "x"}, {"report": "value"}, {"kind": "segment"}, {"period": "2026-08"}]
    tell(out, bulk([("a", 1.0, None)]), *(bulk([(f"x{n}", 0.0, None)], **other) for n, other in enumerate(others)))
    assert heard(out) == [("a", 1.0, None)]
    assert heard(out, "segment", "churn", "demo", "2026-09") == [("x3", 0.0, None)]


def test_two_windows_of_one_period_are_two_statements(out):
    tell(out, bulk([("a", 1.0, None)]), bulk([("a", 2.0, None)], ends=date(2027, 1, 1)))
    assert heard(out) == [("a", 1.0, None), ("a", 2.0, None)]


def test_a_ledger_of_an_older_form_is_read_and_goes_on(out):
    """Files from before entries had a label: alone, and beside newer ones."""
    keep(out, SAID)
    (file,) = ledger.files(out)
    with duckdb.connect() as con:
        con.execute(f"copy (select * exclude label from '{file}') to '{file}.new' (format parquet)")
    Path(f"{file}.new").rename(file)
    assert kept(out) == [SAID] and heard(out) == []
    assert ledger.history(out, "kpi", ["funnel"], ["2026-10"]) == {SAID.key: [SAID]} and ledger.damaged(out) == []
    tell(out, bulk(ROWS))
    assert heard(out) == ROWS and [e.label for e in kept(out)] == [None, "warned", None, ""]
    tell(out, bulk(ROWS))
    assert len(ledger.files(out)) == 2


def test_the_digest_changes_with_what_is_heard_and_with_nothing_else(out):
    seen = [told.digest(out, *ASKED)]
    for bulks in (
        [bulk(ROWS)], [bulk(ROWS)], [bulk(ROWS, data="d2")], [bulk(ROWS, period="2026-10"), bulk(ROWS, kind="segment")],
        [bulk([*ROWS, ("d", 1.0, None)])], [bulk([("d", 2.0, None)])],
    ):  # fmt: skip
        tell(out, *bulks)
        seen.append(told.digest(out, *ASKED))
    empty, first, *later = seen
    assert empty != first and later == [first, first, first, later[3], later[3]] and later[3] != first


def test_the_digest_that_a_notebook_notes_is_the_one_that_the_plan_takes(out):
    tell(out, bulk(ROWS))
    with duckdb.connect() as con:
        assert told.into(con, "told x", out, *ASKED) == told.digest(out, *ASKED)
        assert [row[:3] for row in con.sql('from "told x"').fetchall()] == ROWS


def test_a_damaged_ledger_is_named(out):
    tell(out, bulk(ROWS))
    (file,) = ledger.files(out)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(PublishError, match=r"000001-r\.parquet is damaged"):
        told.digest(out, *ASKED)


# ------------------------------------------------------------------------------------------------ many


MANY = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import duckdb
from crmlib import ledger, places, told
from test_told import ASKED, COMMON
out, n = places.out(), 1_000_000
rows = duckdb.sql(f"select 'C' || i as target, random() as value, case when i % 9 = 0 then 'warned' end as label from range({{n}}) t(i)")
content, count = told.keep(rows.to_arrow_table())
(out / "ledger").mkdir()
for data in ("d1", "d2", "d2"):
    news = told.Bulk(told.path_of(content), COMMON | {{"data": data}}).news(ledger.files(out))
    ledger.write(out / "r.parquet", [], [news])
    if (out / "r.parquet").exists():
        (out / "r.parquet").rename(out / "ledger" / f"{{len(ledger.files(out)) + 1:06d}}-r.parquet")
assert ledger.entries(out).aggregate("count(*)").fetchall() == [(2 * n,)], "two tellings count, the third repeats the second"
with duckdb.connect() as con:
    told.into(con, "t", out, *ASKED)
    assert con.sql("select count(*) from t").fetchall() == [(n,)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


@pytest.mark.long
def test_a_million_entries_need_well_under_a_gigabyte(out):
    code = MANY.format(tests=str(Path(__file__).parent))
    env = os.environ | {"PYTHONPATH": str(places.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < 800, f"{done.stdout} MB"
