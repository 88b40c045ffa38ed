"""The demo company's planted acquisition costs come out of the page, and its dearest channel is the only one called so, in every month."""

from functools import cache

import pandas as pd
import pytest

from crmlib.crm import open_crm
from crmlib.findings import kpis as rules
from crmlib.metrics import acquisition
from crmlib.periods import Period

pytestmark = pytest.mark.long
YEAR = ("2025-11-01", "2026-11-01")


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    return folder, truth["acquisition"]


@cache
def came(folder) -> pd.DataFrame:
    """When each customer first bought, and first did so or won a deal: told by the files, not by the product."""
    orders = pd.read_parquet(folder / "orders.parquet")
    orders = orders[(orders.amount > 0) & ~orders.status.isin(["cancelled", "refunded", "unavailable"])]
    deals = pd.read_csv(folder / "opportunities.csv", dtype=str)
    won = deals[deals.is_won.str.lower() == "true"]
    closed = pd.to_datetime(won.closed_at, errors="coerce").groupby(won.customer_id).min()
    bought = orders.groupby("customer_id").ordered_at.min()
    people = pd.read_csv(folder / "customers.csv", dtype=str).drop_duplicates("customer_id").set_index("customer_id")
    frame = pd.DataFrame({"bought": bought.reindex(people.index), "won": closed.reindex(people.index)})
    return frame.assign(first=frame.min(axis=1), channel=people.acquisition_channel)


def within(moments: pd.Series) -> pd.Series:
    return (moments >= YEAR[0]) & (moments < YEAR[1])


def test_each_channel_s_cost_for_a_customer_is_as_planted(company):
    """The planted cost is that of a new buyer; the page's new customers are those, too, who won a deal and have not ordered (glossary)."""
    folder, planted = company
    channels = acquisition.cac_by_channel(open_crm(str(folder), "2026-10")).set_index("acquisition_channel")
    people = came(folder)
    everybody, buyers = (people.channel[within(people[when])].value_counts() for when in ("first", "bought"))
    for channel, cost in planted["cac"].items():
        row, tolerance = channels.loc[channel], planted["tolerance_of_a_year"][channel]
        assert row.year_customers == pytest.approx(everybody[channel], abs=3), channel
        assert row.year_cac_amount == pytest.approx(row.year_cost_amount / row.year_customers)
        assert row.year_cost_amount / buyers[channel] == pytest.approx(cost, rel=tolerance), channel
        assert row.low_amount < cost * buyers[channel] / everybody[channel] < row.high_amount, channel
    assert channels.index[0] == planted["dearest"]


def test_the_dearest_channel_is_found_in_every_month_and_no_other_ever(company):
    """From January 2025 on at the latest: before, customers older than the data flood the first months of the year, and nothing is clear.

    Advertising is booked on no team, so no team has the finding.
    """
    folder, planted = company
    months = Period.parse("2024-02").trailing(1) + Period.parse("2026-10").trailing(32)
    for month in months:
        crm = open_crm(str(folder), month.label)
        named = [f.values["channel"] for f in rules.dear_channel(crm)]
        assert named == [planted["dearest"]] or (named == [] and month < Period.parse("2025-01")), month.label
        assert [team for team in crm.teams if rules.dear_channel(open_crm(str(folder), month.label, team))] == [], month.label
