"""Three months published in turn, as they were lived: the last page holds the month before against what came, as a plain look into the ledger does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from crmlib import demo, places
from crmlib.sources import prepare

pytestmark = pytest.mark.long
MONTHS = {"2026-08": "2026-09-05", "2026-09": "2026-10-05", "2026-10": "2026-11-05"}
END, BEGUN = "2026-11-01", "2026-10-01"


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "acme"
    demo.make(folder, customers=5_000, seed=3)
    return folder


@pytest.fixture(scope="module", params=["as they were lived", "all afterwards"])
def published(request, company, tmp_path_factory) -> tuple[Path, str]:
    """The output folder, and what its pages must call the scores of September."""
    lived, out = request.param == "as they were lived", tmp_path_factory.mktemp("out")
    for month, day in MONTHS.items():
        for report in ("churn", "segments"):
            told = {"CRM_NOW": f"{day}T08:00:00" if lived else "2026-11-24T08:00:00"}
            asked = ["--period", month, "--team", "all", "--report", report, "--source", str(company), "--out", str(out)]
            ended = subprocess.run([sys.executable, "-m", "crmlib", "run", "params/monthly.yml", *asked], env=os.environ | told,
                                   cwd=places.ROOT, capture_output=True, text=True)  # fmt: skip
            assert ended.returncode == 0, ended.stderr
    return out, "predicted" if lived else "back-cast"


@pytest.fixture(scope="module")
def looked(published, company) -> duckdb.DuckDBPyConnection:
    """The ledger's files, and what the delivered rows say of each customer: plain tables, and nothing of the product's own numbers."""
    con, store = duckdb.connect(), prepare(str(company)).folder
    con.execute(
        f"create table told as from read_parquet('{published[0]}/ledger/*.parquet', union_by_name = true) where period = '2026-09'"
    )
    con.execute(f"""create table acts as
        select customer_id, ordered_at as moment from '{store}/orders.parquet' where amount > 0 and ordered_at < '{END}' and customer_id is not null
            and not (coalesce(status, '') in ('cancelled', 'refunded', 'unavailable') and (status_changed_at is null or status_changed_at < '{END}'))
        union all select customer_id, occurred_at from '{store}/interactions.parquet' where channel in ('login', 'meeting') and occurred_at < '{END}'
        union all select customer_id, closed_at from '{store}/opportunities.parquet' where is_won and closed_at < '{END}'""")
    con.execute(f"""create table came as select t.target, t.value, t.label is not null as warned,
            coalesce(max(moment) >= '{BEGUN}', false) as back, not coalesce(max(moment) >= timestamp '{END}' - interval 180 day, false) as lost
        from told t left join acts a on a.customer_id = t.target where t.kind = 'score' group by all""")
    return con


def _facts(published, report: str) -> dict:
    return json.loads((published[0] / "site" / "all" / "2026-10" / f"{report}.json").read_text("utf-8"))


def _table(facts: dict, name: str) -> list[dict]:
    found = next(t for t in facts["tables"] if t["name"] == name)
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def test_warnings_are_held_against_what_came(published, looked):
    row = next(r for r in _table(_facts(published, "churn"), "past") if r["scored_on"] == BEGUN)
    plain = looked.sql("""select count(*) as scored_count, count(*) filter (warned) as warned_of_count, count(*) filter (lost) as left_count,
        count(*) filter (lost and warned) as warned_left_count, warned_left_count / warned_of_count as right_share,
        count(*) filter (warned and not back) / warned_of_count as at_most_share, warned_left_count / left_count as foreseen_share
        from came""").df().iloc[0]  # fmt: skip
    assert plain.left_count > 20 and plain.warned_left_count > 5
    assert row["made"] == published[1]
    assert {name: row[name] for name in plain.index} == pytest.approx(plain.to_dict(), rel=1e-9)


def test_probabilities_are_held_against_what_came(published, looked):
    rows = _table(_facts(published, "churn"), "past_calibration")
    assert sum(r["base"] for r in rows) == looked.sql("select count(*) from came").fetchall()[0][0]
    assert sum(r["left_count"] for r in rows) == looked.sql("select count(*) from came where lost").fetchall()[0][0]
    mean = sum(r["base"] * r["predicted_share"] for r in rows) / sum(r["base"] for r in rows)
    assert mean == pytest.approx(looked.sql("select avg(value) from came").fetchall()[0][0], rel=1e-9)


def test_who_moved_is_what_the_ledger_says(published, looked):
    facts = _facts(published, "segments")
    now = duckdb.sql(f"from read_parquet('{published[0]}/ledger/*.parquet', union_by_name = true) where period = '2026-10' and kind = 'segment'")  # fmt: skip
    looked.register("now_told", now.df())
    plain = looked.sql("""select b.label as before, n.label as now, count(*) as n, sum(b.value) as amount from told b left join now_told n using (target)
        where b.kind = 'segment' group by all""").df()  # fmt: skip
    kept = plain[plain.now.notna()]
    rate = next(k for k in facts["kpis"] if k["name"] == "migration_rate")
    assert rate["base"] == kept.n.sum() > 1_000
    assert rate["part"] == kept.n[kept.before != kept.now].sum()
    cells = _table(facts, "migration")
    lost = sum(r["customer_count"] for r in cells if r["letter"] == "left_us")
    assert lost == plain.n[plain.now.isna()].sum() > 0
    money = _table(facts, "migration_money")
    came_along = sum(r["earlier_amount"] or 0 for r in money if r["before_segment"] != "just_in")
    assert came_along == pytest.approx(plain.amount.sum(), rel=1e-9)


def test_segments_keep_their_names_from_month_to_month(published):
    names = [
        {
            r["segment"]
            for r in _table(json.loads((published[0] / "site" / "all" / m / "segments.json").read_text("utf-8")), "groups")
        }
        for m in MONTHS
    ]
    assert names[0] == names[1] == names[2]


@pytest.mark.parametrize("report", ["churn", "segments"])
def test_what_was_made_too_late_is_called_a_back_cast(published, report):
    facts, page = (
        _facts(published, report),
        (published[0] / "site" / "all" / "2026-10" / f"{report}.html").read_text("utf-8").lower(),
    )
    assert facts["period"]["label"] == "2026-10"
    assert published[1] in page
    if report == "segments":
        assert {"predicted": "back-cast", "back-cast": "(predicted)"}[published[1]] not in page
