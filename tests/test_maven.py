"""A real export through the product: every figure of the pages' facts against plain pandas on the export's own files."""

import math
from functools import cache

import pandas as pd
import product
import pytest

from crmlib import places

FOLDER = places.ROOT.parent / "shared" / "data" / "maven_crm"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Maven CRM data are not here")

PERIODS = {
    "2017-06": ("2017-06-01", "2017-07-01"), "2017-Q3": ("2017-07-01", "2017-10-01"), "2017": ("2017-01-01", "2018-01-01"),
    "2017-Q1": ("2017-01-01", "2017-04-01"), "2017-Q2": ("2017-04-01", "2017-07-01"), "2017-Q4": ("2017-10-01", "2018-01-01"),
    "2017-W20": ("2017-05-15", "2017-05-22"), "2016-12": ("2016-12-01", "2017-01-01"),
}  # fmt: skip
QUICK = ("2017-06", "2017-Q3", "2017")
EACH = [p if p in QUICK else pytest.param(p, marks=pytest.mark.long) for p in PERIODS]


@pytest.fixture(scope="module")
def pipeline() -> pd.DataFrame:
    """The export's own files, read here independently of the product and of params/sources/maven_crm.yml."""
    deals = pd.read_csv(FOLDER / "sales_pipeline.csv").merge(
        pd.read_csv(FOLDER / "sales_teams.csv"), on="sales_agent", how="left"
    )
    for column in ("engage_date", "close_date"):
        deals[column] = pd.to_datetime(deals[column], format="%d-%m-%y")
    return deals


def plain(deals: pd.DataFrame, period: str) -> dict:
    """The funnel's figures by hand: as of the period's end, by engage and close date."""
    start, end = map(pd.Timestamp, PERIODS[period])
    closed = deals[(deals.close_date >= start) & (deals.close_date < end)]
    won = closed[closed.deal_stage == "Won"]
    cohort = deals[(deals.engage_date >= start) & (deals.engage_date < end)]
    cohort_won = cohort[(cohort.deal_stage == "Won") & (cohort.close_date < end)]
    cycle = (won.close_date - won.engage_date).dt.days
    still = deals[(deals.engage_date < end) & ~(deals.close_date < end)]
    return {
        "lead_count": len(cohort), "won_count": len(won), "lost_count": len(closed) - len(won), "open_count": len(still),
        "won_amount": won.close_value.sum(), "win_rate": len(won) / len(closed) if len(closed) else None,
        "avg_deal_size": won.close_value.mean() if len(won) else None,
        "sales_cycle_days": cycle.median() if len(won) else None, "sales_cycle_p90": cycle.quantile(0.9) if len(won) else None,
        "stages": [len(cohort), len(cohort), len(cohort_won)],
    }  # fmt: skip


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """The facts of a period's page, for the company or a team."""
    folder = tmp_path_factory.mktemp("maven")
    return cache(lambda period, team="all": product.facts("funnel", folder, "maven_crm", period, team))


def table(found: dict, name: str) -> pd.DataFrame:
    (one,) = [t for t in found["tables"] if t["name"] == name]
    return pd.DataFrame(one["rows"], columns=one["columns"])


def same(value, expected) -> bool:
    if expected is None or (isinstance(expected, float) and math.isnan(expected)):
        return value is None
    return math.isclose(value, expected, rel_tol=1e-11, abs_tol=1e-9)


@pytest.mark.parametrize("period", EACH)
def test_totals(facts, pipeline, period):
    found, expected = facts(period), plain(pipeline, period)
    figures = {k["name"]: k["value"] for k in found["kpis"]}
    for name, value in expected.items():
        if name != "stages":
            assert same(figures[name], value), (name, figures[name], value)
    assert table(found, "stages")["count"].to_list() == expected["stages"]
    assert table(found, "undated")["count"].to_list() == [500]
    waiting = table(found, "open_by_stage").set_index("stage").open_count
    assert (
        waiting["Engaging"] == expected["open_count"] and waiting.drop("Engaging").sum() == 0
    )  # engaged by then, not closed by then


@pytest.mark.parametrize("period", EACH)
@pytest.mark.parametrize(("group", "column"), [("team", "manager"), ("rep", "sales_agent")])
def test_groups(facts, pipeline, period, group, column):
    found = facts(period)
    by, stages = table(found, f"by_{group}").set_index(group), table(found, f"stages_by_{group}")
    seen = 0
    for name, deals in pipeline.groupby(column):
        expected = plain(deals, period)
        if not any(expected[k] for k in ("lead_count", "won_count", "lost_count", "open_count")):
            assert name not in by.index
            continue
        seen += 1
        for figure in ("lead_count", "won_count", "lost_count", "open_count", "won_amount", "win_rate", "avg_deal_size",
                       "sales_cycle_days", "sales_cycle_p90"):  # fmt: skip
            value = by.loc[name, figure]
            assert same(None if pd.isna(value) else value, expected[figure]), (name, figure, value, expected[figure])
        reached = stages[stages[group] == name]
        if expected["lead_count"]:
            first, second, last = expected["stages"]
            assert reached["count"].to_list() == [first, second, last]
            assert same(reached.conversion_to_next.iloc[1], last / second)
            assert same(reached.stage_loss_rate.iloc[1], 1 - last / second)
            assert same(reached.cumulative_conversion.iloc[2], last / first)
    assert seen == len(by) and by.won_amount.sum() == plain(pipeline, period)["won_amount"]


@pytest.mark.long
@pytest.mark.parametrize("period", ["2017-06", "2017-Q3", "2017"])
def test_each_team_s_own_page(facts, pipeline, period):
    for manager, deals in pipeline.groupby("manager"):
        found, expected = facts(period, manager), plain(deals, period)
        figures = {k["name"]: k["value"] for k in found["kpis"]}
        assert found["team"] == manager
        for name, value in expected.items():
            if name != "stages":
                assert same(figures[name], value), (manager, name)
        assert table(found, "stages")["count"].to_list() == expected["stages"]


def test_the_reference_figures_of_the_data_set(facts):
    """What the data set's README gives, computed by others."""
    figures = {k["name"]: k["value"] for k in facts("2017")["kpis"]}
    assert (figures["won_count"], figures["lost_count"], figures["open_count"]) == (4238, 2473, 1589)
    assert figures["won_amount"] == 10_005_534 and round(figures["win_rate"], 6) == 0.631501
    assert round(figures["avg_deal_size"], 6) == 2360.909391 and figures["sales_cycle_days"] == 57
