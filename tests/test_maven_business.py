"""The business figures of a real export without orders (Maven CRM) against plain pandas on its own files: in all, by manager, by agent."""

import pandas as pd
import pytest

from crmlib import places
from crmlib.crm import Crm, open_crm
from crmlib.metrics import retention
from crmlib.metrics.customers import customers_by
from crmlib.metrics.performance import performance_by
from crmlib.periods import Period

FOLDER = places.ROOT.parent / "shared" / "data" / "maven_crm"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Maven CRM data are not here")
PERIODS = ["2017-Q3", *(pytest.param(p, marks=pytest.mark.long) for p in ("2017-06", "2017-W20", "2017", "2017-12", "2017-03"))]
NAMES = {"technolgy": "technology"}  # as the export spells it


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    found = pd.read_csv(FOLDER / "sales_pipeline.csv").merge(pd.read_csv(FOLDER / "sales_teams.csv"), on="sales_agent")
    found = found.merge(pd.read_csv(FOLDER / "accounts.csv"), on="account", how="left")
    for column in ("engage_date", "close_date"):
        found[column] = pd.to_datetime(found[column], format="%d-%m-%y")
    return found.assign(sector=found.sector.replace(NAMES))


@pytest.fixture(scope="module", params=PERIODS)
def asked(request) -> tuple[Crm, pd.Timestamp, pd.Timestamp]:
    period = Period.parse(request.param)
    return open_crm("maven_crm", request.param), pd.Timestamp(period.start), pd.Timestamp(period.end)


def closed(deals: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return deals[(deals.close_date >= start) & (deals.close_date < end)]


@pytest.mark.parametrize(("group", "key", "column"), [("team", "team", "manager"), ("rep", "rep_id", "sales_agent")])
def test_by_manager_and_agent(asked, deals, group, key, column):
    crm, start, end = asked
    ours, done = performance_by(crm, group).set_index(key), closed(deals, start, end)
    before = Period.parse(crm.period.label).previous
    earlier = closed(deals, pd.Timestamp(before.start), pd.Timestamp(before.end))
    then = earlier[earlier.deal_stage == "Won"].groupby(column).close_value.sum()
    for name, mine in done.groupby(column):
        won, row = mine[mine.deal_stage == "Won"], ours.loc[name]
        assert (row.won_count, row.lost_count, row.closed_count) == (len(won), len(mine) - len(won), len(mine))
        assert row.won_amount == won.close_value.sum() and row.win_rate == pytest.approx(len(won) / len(mine), rel=1e-12)
        assert row.sales_cycle_days == (won.close_date - won.engage_date).dt.days.median() or won.empty
        assert row.previous_won_amount == then.get(name, 0)
    assert ours.won_amount.sum() == done[done.deal_stage == "Won"].close_value.sum()
    assert ours.closed_count.sum() == len(done)


@pytest.mark.parametrize(("group", "column"), [("region", "office_location"), ("industry", "sector")])
def test_customers_by_region_and_industry(asked, deals, group, column):
    """A customer from the first deal won on; lost after 180 days without another one."""
    crm, start, end = asked
    won = closed(deals, pd.Timestamp("2016-01-01"), end)
    won = won[(won.deal_stage == "Won") & won.account.notna()]
    lives = won.groupby("account").agg(group=(column, "first"), since=("close_date", "min"), last=("close_date", "max"))
    ours = customers_by(crm, group).set_index(group)
    expected = {
        "customer_count": lives[lives["last"] >= end - pd.Timedelta(days=180)].groupby("group").size(),
        "new_customers": lives[lives.since >= start].groupby("group").size(),
    }
    for name, plain in expected.items():
        assert ours[name][ours[name] > 0].to_dict() == plain.to_dict(), name
        assert getattr(retention, name)(crm) == plain.sum() == ours[name].sum()


@pytest.mark.long
def test_the_data_set_s_own_figures():
    """Amounts by manager, agents and in all as its README gives them, of the whole year."""
    crm = open_crm("maven_crm", "2017")
    teams, people = performance_by(crm, "team").set_index("team"), performance_by(crm, "rep").set_index("rep")
    assert teams.won_amount.drop("unassigned").to_dict() == {
        "Cara Losch": 1_130_049, "Celia Rouche": 1_603_897, "Dustin Brinkmann": 1_094_363, "Melvin Marxen": 2_251_930,
        "Rocco Neubert": 1_960_545, "Summer Sewald": 1_964_750,
    }  # fmt: skip
    darcel = people.loc["Darcel Schlecht"]
    assert (darcel.closed_count, round(darcel.win_rate, 4), darcel.won_amount) == (553, 0.6311, 1_153_214)
    assert teams.won_amount.sum() == 10_005_534
