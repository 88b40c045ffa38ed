"""The main figures of the business reports against plain SQL over the demo company's own files, equal to the cent."""

import pytest
from plainsql import DEALS, SOLD, UNITS, Plain

from crmlib.crm import Crm, open_crm
from crmlib.metrics import acquisition, closing, deals, pipeline, retention, revenue
from crmlib.periods import Period

PERIODS = ["2026-10", *(pytest.param(p, marks=pytest.mark.long) for p in ("2026-08", "2026-Q3", "2026-W42", "2025", "2024-02"))]
SALES = {"team": "team_of", "rep": "rep_id", "region": "region", "sales_channel": "sales_channel", "payment_method": "payment_method",
         "acquisition_channel": "acquisition_channel"}  # fmt: skip


@pytest.fixture(scope="module", params=PERIODS)
def asked(request, small_demo) -> tuple[Crm, Plain]:
    """The product's handle and the plain files of one period."""
    period = Period.parse(request.param)
    return open_crm(str(small_demo), request.param), Plain(small_demo, period.start, period.end)


def cents(value: float) -> float:
    return round(float(value), 2)


def test_sales(asked):
    crm, plain = asked
    sold, units = plain.whole(SOLD), plain.whole(UNITS)["units_sold"]
    for name in ("revenue", "order_count", "buyer_count", "refunded_amount"):
        assert cents(getattr(revenue, name)(crm).value) == cents(sold[name]), name
    assert revenue.units_sold(crm).value == units
    assert cents(revenue.aov(crm).value) == cents(sold["revenue"] / sold["order_count"])
    assert revenue.refund_rate(crm).value == pytest.approx(sold["refunded_amount"] / sold["gross_sales"], rel=1e-12)


@pytest.mark.parametrize(("group", "column"), SALES.items())
def test_sales_by_group(asked, group, column):
    crm, plain = asked
    ours, theirs = revenue.sales_by(crm, group), plain.by(SOLD, column)
    named = (
        dict(plain.con.execute("select rep_id, any_value(name) from raw_reps group by 1").fetchall()) if group == "rep" else {}
    )
    theirs.index = [named.get(name, name) for name in theirs.index]
    ours = ours[ours[list(theirs.columns)].abs().sum(axis=1) > 0].set_index(group)
    theirs = theirs[theirs.abs().sum(axis=1) > 0]
    assert sorted(ours.index) == sorted(theirs.index)
    for name in theirs.columns:
        assert ours[name].astype(float).round(2).to_dict() == theirs[name].astype(float).round(2).to_dict(), name


@pytest.mark.parametrize("group", ["product", "category"])
def test_sales_by_what_was_sold(asked, group):
    crm, plain = asked
    ours, theirs = revenue.sales_by(crm, group).set_index(group), plain.by(UNITS, group)
    for name, mine in (("units_sold", "units_sold"), ("worth", "revenue")):
        assert ours.loc[theirs.index, mine].astype(float).round(2).to_dict() == theirs[name].round(2).to_dict(), name


def test_deals(asked):
    crm, plain = asked
    found = plain.whole(DEALS)
    assert [deals.lead_count(crm), deals.open_count(crm), closing.won_count(crm), closing.lost_count(crm)] == [
        found[n] for n in ("lead_count", "open_count", "won_count", "lost_count")
    ]
    assert cents(closing.won_amount(crm)) == cents(found["won_amount"])
    ours, theirs = pipeline.deals_by(crm, "team").set_index("team"), plain.by(DEALS, "team_of")
    for name in ("lead_count", "won_count", "lost_count", "won_amount", "open_count"):
        seen = {team: cents(v) for team, v in ours[name].items() if v}
        assert seen == {team: cents(v) for team, v in theirs[name].items() if v}, name


def test_customers(asked):
    crm, plain = asked
    found, kept = plain.lives(), retention.retention_rate(crm)
    for name in ("customer_count", "new_customers", "customers_ever"):
        assert getattr(retention, name)(crm) == found[name], name
    assert (kept.part, kept.base) == (found["kept_count"], found["start_count"])


def test_cost_of_a_new_customer(asked):
    crm, plain = asked
    cost, won, ours = plain.cost(), plain.lives()["new_customers"], acquisition.cac(crm).value
    assert ours is None if not cost or not won else cents(ours) == cents(cost / won)
