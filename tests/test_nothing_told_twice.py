"""From one period to the next: what prepare tells in September is what October's pages hear, and only a change of it runs them again.

Held through the command line on a small project, with the blocks and the handle that notebooks use; each test puts back what it changed.
"""

import json
import os
import shutil

import duckdb
import pytest
import tiny
import tinyproject
from tinysite import tree

from crmlib import ledger

PARAMS = "every: month\nsource: data/tiny\nlanguages: [en, zh]\nteams: [all, north]\nreports: [later]\n"
OPEN = (
    "import pandas as pd\nfrom pathlib import Path\nfrom crmlib.blocks import Page\nfrom crmlib.crm import open_crm\n"
    "crm = open_crm(source, period=period, team=team)\npage = Page(crm, report, languages)\npage.opening()"
)
SECTIONS = (
    tiny.markdown("## Key figures", "en", "section:key-figures"),
    tiny.markdown("## 关键指标", "zh", "section:key-figures"),
    tiny.KPIS,
)
SCORES = "rows = pd.read_csv('scores.csv', dtype={'target': str})\ndays = {'starts': crm.end, 'ends': crm.period.shift(3).end}"
TELLS = "page.tells('score', 'later', rows, **days, unit='share')"
TABLE = tiny.block(facts={"tables": [{"name": "heard", "caption": "x", "columns": ["target", "value"], "rows": "@rows"}]})
HEARS = (
    "heard = crm.told('score', 'later', crm.previous.period).order_by('target').execute()[['target', 'value']]\n"
    f"show({json.dumps(TABLE)!r}.replace('\"@rows\"', json.dumps(heard.values.tolist())))"
)
NOW = {"2026-09": "2026-10-05T06:00:00", "2026-10": "2026-11-05T06:00:00"}


def notebook(report, *cells):
    return tiny.notebook(
        f"report = {report!r}\n{OPEN}", *SECTIONS, "crm.has('orders')\ncrm.orders.count().execute();", *cells, "page.provenance()"
    )


def crm(root, period, *words, **more):
    done = tinyproject.crm(root, *words, CRM_PERIOD=period, CRM_NOW=NOW[period], **more)
    assert "Traceback" not in done.stderr
    return done


def planned(root, period="2026-10", *words):
    """What the plan says of each job."""
    lines = [line.split("  ", 1) for line in crm(root, period, "plan", *words).stdout.splitlines() if f" {period}  " in line]
    return {job.removesuffix(f" {period}"): why.strip() for job, why in lines}


def scores(root):
    """The ledger's scores: (period, target, value), in the order in which they were told."""
    told = ledger.entries(root / "reports_out").filter("kind = 'score'").order("number, target")
    return told.select("period, target, value").fetchall()


def heard(root, team="all"):
    """What October's page says it heard."""
    facts = json.loads((root / "reports_out" / "site" / team / "2026-10" / "later.json").read_text("utf-8"))
    return next(table["rows"] for table in facts["tables"] if table["name"] == "heard")


UP = "up to date"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """September is run in October, October in November."""
    root = tinyproject.make(tmp_path_factory.mktemp("project"))
    (root / "params" / "monthly.yml").write_text(PARAMS)
    (root / "notebooks" / "funnel.ipynb").unlink()
    tiny.write(root / "notebooks" / "prepare.ipynb", notebook("prepare", SCORES, TELLS))
    tiny.write(root / "notebooks" / "later.ipynb", notebook("later", HEARS))
    (root / "scores.csv").write_text("target,value\nb,0.5\na,0.25\n")
    runs = [crm(root, period, "run") for period in NOW]
    assert [(run.returncode, run.stderr) for run in runs] == [(0, "")] * 2
    return root


@pytest.fixture
def root(made):
    kept = made.parent / "kept"
    shutil.copytree(made, kept, symlinks=True)
    yield made
    shutil.rmtree(made)
    kept.rename(made)


@pytest.mark.long
def test_what_was_told_is_heard_a_period_later_and_nothing_makes_itself_stale(made):
    assert scores(made) == [(period, target, value) for period in NOW for target, value in (("a", 0.25), ("b", 0.5))]
    assert heard(made) == heard(made, "north") == [["a", 0.25], ["b", 0.5]]
    predicted = ledger.entries(made / "reports_out").filter("kind = 'score'").select("starts, ends, predicted").distinct()
    assert all(row[2] for row in predicted.fetchall())
    for period in NOW:
        assert planned(made, period) == {"prepare all": UP, "later all": UP, "later north": UP}


@pytest.mark.long
def test_telling_the_same_again_changes_nothing(root):
    before = tree(root / "reports_out")
    assert crm(root, "2026-09", "run", "--report", "prepare", "--force").returncode == 0
    assert len(scores(root)) == 4 and planned(root) == {"prepare all": UP, "later all": UP, "later north": UP}
    assert tree(root / "reports_out") == before


@pytest.mark.long
def test_what_is_told_for_the_first_time_runs_those_that_hear_of_it(root):
    (root / "scores.csv").write_text("target,value\na,0.75\nb,0.5\nc,1\n")
    assert crm(root, "2026-09", "run", "--report", "prepare", "--force").returncode == 0
    assert scores(root)[4:] == [("2026-09", "a", 0.75), ("2026-09", "c", 1.0)]  # the other one is repeated
    why = "run: what the ledger tells of 2026-09 has changed"
    assert planned(root) == {"prepare all": UP, "later all": why, "later north": why}
    assert planned(root, "2026-09") == {"prepare all": UP, "later all": UP, "later north": UP}
    run = crm(root, "2026-10", "run")
    assert "2 to run, 0 to publish again, 1 up to date." in run.stdout
    assert heard(root) == [["a", 0.25], ["b", 0.5], ["c", 1]]  # of a the first telling counts
    assert planned(root) == {"prepare all": UP, "later all": UP, "later north": UP}


@pytest.mark.long
def test_a_revision_is_nothing_that_anybody_hears(root):
    (root / "scores.csv").write_text("target,value\na,0.75\nb,0.5\n")
    assert crm(root, "2026-09", "run", "--report", "prepare", "--force").returncode == 0
    assert len(scores(root)) == 5 and planned(root)["later all"] == UP


@pytest.mark.long
def test_what_may_be_told_again_does_not_age_while_it_is_planned(root):
    folders = [p for p in (root / "reports_out" / "work" / "told").iterdir() if p.is_dir()]
    for folder in folders:
        os.utime(folder, (0, 0))
    assert planned(root)["prepare all"] == UP and [f for f in folders if f.stat().st_mtime == 0] == []


@pytest.mark.long
def test_where_the_rows_are_gone_a_page_that_is_up_to_date_stays(root):
    shutil.rmtree(root / "reports_out" / "work" / "told")
    assert planned(root) == {"prepare all": UP, "later all": UP, "later north": UP}


@pytest.mark.long
def test_where_the_rows_are_gone_a_page_is_run_instead_of_published_again(root):
    shutil.rmtree(root / "reports_out" / "work" / "told")
    (root / "reports_out" / "site").unlink()
    assert planned(root) == {
        "prepare all": "run: not on the site; what it told the ledger is no longer kept",
        "later all": "publish: not on the site", "later north": "publish: not on the site",
    }  # fmt: skip
    run = crm(root, "2026-10", "run")
    assert (run.returncode, run.stderr) == (0, "") and "1 to run, 2 to publish again" in run.stdout
    assert len(scores(root)) == 4 and planned(root)["prepare all"] == UP


@pytest.mark.long
def test_published_without_its_rows_a_page_fails_alone_and_is_run_next(root):
    shutil.rmtree(root / "reports_out" / "work" / "told")
    before = tree(root / "reports_out")
    run = crm(root, "2026-10", "publish")
    assert (
        run.returncode == 1 and "prepare, team all, period 2026-10: the rows of score later for the ledger are gone" in run.stderr
    )
    pages = {name: data for name, data in tree(root / "reports_out").items() if "/later" in name or name.endswith("prepare.html")}
    assert {name: before[name] for name in pages} == pages
    assert planned(root) == {"prepare all": "run: failed last time", "later all": UP, "later north": UP}
    assert crm(root, "2026-10", "run").returncode == 0 and len(scores(root)) == 4
    assert planned(root) == {"prepare all": UP, "later all": UP, "later north": UP}


@pytest.mark.long
def test_a_ledger_that_was_lost_is_another_ledger(root):
    """Nothing of it can be made again; pages say what is told now."""
    shutil.rmtree(root / "reports_out" / "ledger")
    why = "run: what the ledger tells of 2026-09 has changed"
    assert planned(root) == {"prepare all": UP, "later all": why, "later north": why}
    assert crm(root, "2026-10", "run").returncode == 0 and heard(root) == []


@pytest.mark.long
def test_a_ledger_of_before_scores_is_read(root):
    for file in (root / "reports_out" / "ledger").iterdir():
        with duckdb.connect() as con:
            con.execute(f"copy (select * exclude label from '{file}' where kind = 'kpi') to '{file}.new' (format parquet)")
        (file.parent / f"{file.name}.new").rename(file)
    assert planned(root)["later all"] == "run: what the ledger tells of 2026-09 has changed"
    assert crm(root, "2026-10", "run", "--force").returncode == 0
    assert [row[0] for row in scores(root)] == ["2026-10"] * 2


@pytest.mark.long
def test_the_source_may_be_named_otherwise(root):
    """A run by another name of the same place hears what was told, and finds everything up to date."""
    assert planned(root, "2026-10", "--source", str(root / "data" / "tiny")) == {
        "prepare all": UP,
        "later all": UP,
        "later north": UP,
    }
