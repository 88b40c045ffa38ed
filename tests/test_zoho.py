"""Zoho's sample, mapped as Zoho exports it: the store and the funnel's facts against plain pandas on Zoho's own files."""

import math
from functools import cache

import pandas as pd
import product
import pytest
from given import values

from crmlib import places
from crmlib.sources import Prepared, prepare

FOLDER = places.ROOT.parent / "shared" / "data" / "zoho_crm_sample"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Zoho sample is not here")

WRITTEN = "%d %b, %Y %H:%M:%S"
PERIODS = {"2020-Q4": ("2020-10-01", "2021-01-01"), "2021-03": ("2021-03-01", "2021-04-01")}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv")


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    """One row a lead: its potential where it was converted."""
    sold = read("Potentials").assign(owner=lambda t: t["Potential Owner"])
    bare = read("Leads").query("CONVERTED == 'No'").assign(owner=lambda t: t["Lead Owner"], Stage="Lead")
    both = pd.concat([sold, bare], ignore_index=True)
    both["created"] = pd.to_datetime(both["Created Time"], format=WRITTEN)
    both["amount"] = both["Amount"].str.replace("[$,]", "", regex=True).astype(float)
    both["closed"] = pd.to_datetime(both["Closing Date"], format=WRITTEN).where(both.Stage.str.startswith("Closed"))
    return both


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Prepared:
    return prepare("zoho_crm_sample")


def plain(deals: pd.DataFrame, period: str) -> dict:
    start, end = map(pd.Timestamp, PERIODS[period])
    done = deals[(deals.closed >= start) & (deals.closed < end)]
    won = done[done.Stage == "Closed Won"]
    cycle = (won.closed.dt.normalize() - won.created.dt.normalize()).dt.days
    return {
        "lead_count": ((deals.created >= start) & (deals.created < end)).sum(), "won_count": len(won), "lost_count": len(done) - len(won),
        "open_count": ((deals.created < end) & ~(deals.closed < end)).sum(), "won_amount": won.amount.sum(),
        "win_rate": len(won) / len(done) if len(done) else None, "avg_deal_size": won.amount.mean(), "sales_cycle_days": cycle.median(),
    }  # fmt: skip


def test_the_reference_figures_of_the_data_set(store):
    """What the data set's README gives, computed by others."""
    won = values(
        store, "opportunities", "count(*) filter (is_won), sum(amount) filter (is_won), count(*) filter (not is_won), count(*)"
    )[0]
    assert (won[0], float(won[1]), won[2], won[3]) == (1425, 89_066_200.0, 485, 3632 + 268)
    assert float(values(store, "invoices", "sum(amount)")[0]) == 16_030_187.0
    assert store.tables["invoices"]["rows"] == 1030 and store.tables["invoices"]["left_out"] == {"missing": 270}
    assert store.tables["tickets"]["rows"] == 797 and values(store, "tickets", "count(resolved_at)") == [249]


def test_calls_and_meetings(store):
    calls, events, accounts = read("Calls"), read("Events"), set(read("Accounts").ACCOUNTID)
    known = lambda t: t[t.ACCOUNTID.isna() | t.ACCOUNTID.isin(accounts)]  # noqa: E731
    rows = values(
        store,
        "interactions",
        "distinct channel, count(*) over (partition by channel), sum(duration_s) over (partition by channel)",
    )
    length = (
        (pd.to_datetime(known(events)["End DateTime"]) - pd.to_datetime(known(events)["Start DateTime"])).dt.total_seconds().sum()
    )
    assert sorted(rows) == [
        ("meeting", len(known(events)), length),
        ("phone", len(known(calls)), known(calls)["Call Duration (in seconds)"].sum()),
    ]
    assert store.tables["interactions"]["left_out"] == {
        "orphan": len(calls) + len(events) - len(known(calls)) - len(known(events))
    }


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoho")
    return cache(lambda period: product.built("funnel", folder, "zoho_crm_sample", period))


@pytest.mark.parametrize("period", PERIODS)
def test_the_funnel(facts, deals, period):
    page = facts(period)["en"]
    figures = {k["name"]: k["value"] for k in page.facts["kpis"]}
    for name, value in plain(deals, period).items():
        assert math.isclose(figures[name], value, rel_tol=1e-11), (name, figures[name], value)
    (by,) = [t for t in page.facts["tables"] if t["name"] == "by_rep"]
    by = pd.DataFrame(by["rows"], columns=by["columns"]).set_index("rep")
    for owner, own in deals.groupby("owner"):
        expected = plain(own, period)
        assert by.loc[owner, "won_count"] == expected["won_count"] and by.loc[owner, "lead_count"] == expected["lead_count"]
        assert math.isclose(by.loc[owner, "won_amount"], expected["won_amount"])


def test_the_page_says_that_more_may_be_left_out_than_usual(facts):
    pages = facts("2021-03")
    assert "This source is allowed to leave out more rows than usual (2%): invoices 25%." in pages["en"].html
    assert "此数据源允许剔除的行多于通常的 2%：发票 25%。" in pages["zh"].html
