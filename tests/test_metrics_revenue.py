"""Sales figures at the edges of their definitions; every expected value is worked out by hand beside the rows."""

import math

import pytest

from crmlib.crm import Crm, rows
from crmlib.metrics import revenue as sales
from crmlib.metrics.sold import GROUPS

HEAD = "order_id ordered_at amount customer_id"
FIGURES = (
    sales.revenue,
    sales.order_count,
    sales.units_sold,
    sales.buyer_count,
    sales.aov,
    sales.refunded_amount,
    sales.refund_rate,
)


def crm(*lines: str, period: str = "2026-10", head: str = HEAD, team: str = "all", **more) -> Crm:
    return Crm.of(period=period, team=team, orders=rows(head, *lines), **more)


@pytest.mark.parametrize(
    ("ordered", "amount", "orders"),
    [
        ("2026-09-30T23:59:59", 0, 0), ("2026-10-01T00:00:00", 20, 1), ("2026-10-31T23:59:59", 20, 1), ("2026-11-01T00:00:00", 0, 0),
        ("-", 0, 0),
    ],
)  # fmt: skip
def test_an_order_belongs_to_the_period_it_was_placed_in(ordered, amount, orders):
    view = crm(f"1 {ordered} 20 c", "2 2026-01-01 5 c")
    assert (sales.revenue(view).value, sales.order_count(view).value, sales.buyer_count(view).value) == (amount, orders, orders)


@pytest.mark.parametrize(
    ("period", "ordered", "counts"),
    [
        ("2026-W44", "2026-10-26", True), ("2026-W44", "2026-10-25T23:59:59", False), ("2026-W44", "2026-11-02", False),
        ("2026-Q4", "2026-10-01", True), ("2026-Q4", "2026-12-31T23:59:59", True), ("2026-Q4", "2027-01-01", False),
        ("2026", "2026-01-01", True), ("2026", "2025-12-31T23:59:59", False), ("2026", "2027-01-01", False),
    ],
)  # fmt: skip
def test_weeks_quarters_and_years(period, ordered, counts):
    assert sales.order_count(crm("0 2025-01-02 5 c", f"1 {ordered} 20 c", period=period)).value == int(counts)


def test_before_the_first_order_sales_are_unknown_not_0():
    view = crm("1 2026-10-02 100 a", "2 2026-10-03 -20 a", customers=rows("customer_id created_at", "a 2024-01-01"))
    assert sales.revenue(view).value == 80 and sales.revenue(view.previous).value is None
    assert sales.revenue(view.previous).reason == sales.aov(view.year_before).reason == "before_orders"
    assert [p.label for p in sales.sales_by_period(view).period] == ["2026-10"]
    assert (
        sales.revenue(crm("1 2026-09-30T23:59:59 9 a", "2 2026-10-03 1 a").previous).value == 9
    )  # the last moment of the period before


@pytest.mark.parametrize(
    ("status", "changed", "revenue", "back"),
    [
        ("completed", "2026-10-05", 100, 0), ("-", "-", 100, 0), ("cancelled", "2026-10-05", 0, 0), ("unavailable", "2026-10-05", 0, 0),
        ("refunded", "2026-10-05", 0, 100),
        ("refunded", "-", 0, 100),               # undated: as recorded
        ("cancelled", "2026-10-31T23:59:59", 0, 0),
        ("cancelled", "2026-11-01T00:00:00", 100, 0),  # not known at the period's end
        ("refunded", "2026-11-03", 100, 0),
    ],
)  # fmt: skip
def test_a_status_counts_as_it_was_at_the_period_s_end(status, changed, revenue, back):
    view = crm(f"1 2026-10-02 100 c {status} {changed}", head=HEAD + " status status_changed_at")
    assert (sales.revenue(view).value, sales.refunded_amount(view).value) == (revenue, back)
    assert sales.order_count(view).value == sales.buyer_count(view).value == int(revenue > 0)


def test_a_refund_is_taken_off_on_its_own_day_and_is_no_order():
    lines = ["1 2026-09-20 100 a", "2 2026-10-02 300 b", "3 2026-10-03 -80 a", "4 2026-10-04 0 d"]
    view = crm(*lines)
    assert sales.revenue(view).value == 220 and sales.order_count(view).value == 1 and sales.buyer_count(view).value == 1
    assert sales.aov(view).value == 220  # (300 − 80) / 1
    assert sales.refunded_amount(view).value == 80 and sales.refund_rate(view).value == pytest.approx(80 / 300)
    assert sales.revenue(view.previous).value == 100 and sales.refund_rate(view.previous).value == 0


def test_only_refunds_leave_ratios_undefined_not_zero():
    view = crm("1 2026-10-03 -80 a")
    assert sales.revenue(view).value == -80 and sales.order_count(view).value == 0
    assert (sales.aov(view).value, sales.aov(view).reason) == (None, "no_base") and sales.refund_rate(view).value is None


def test_a_cancelled_refund_counts_in_nothing():
    view = crm("1 2026-10-02 100 a -", "2 2026-10-03 -80 a cancelled", head=HEAD + " status")
    assert (sales.revenue(view).value, sales.refunded_amount(view).value) == (100, 0)


def test_nothing_sold_and_nothing_delivered():
    quiet, without = crm("1 2026-01-02 100 a"), Crm.of(period="2026-10")
    assert [m(quiet).value for m in FIGURES] == [0, 0, None, 0, None, 0, None]
    assert [m(without).value for m in FIGURES] == [None] * 7 and sales.revenue(without).reason == "not_delivered"
    assert sales.sales_by(without, "region").empty and sales.sales_by_period(without).empty
    assert list(sales.sales_by(without, "region").columns) == ["region", *sales.COLUMNS, *sales.BEFORE]
    assert list(sales.sales_by_period(without).columns) == list(sales.sales_by_period(quiet).columns)


def test_lines_without_order_and_orders_without_lines():
    lines = rows(
        "order_id product quantity unit_price category",
        "1 pen 3 10 paper",
        "1 ink 2 35 paper",
        "9 pen 5 10 paper",
        "3 pen -1 10 paper",
    )
    view = crm("1 2026-10-02 100 a", "2 2026-10-03 50 b", "3 2026-10-04 -12 a", order_lines=lines)  # fmt: skip
    assert sales.units_sold(view).value == 4  # 3 + 2 − 1; order 9 does not exist
    frame = sales.sales_by(view, "product").set_index("product")
    # no product: order 2 has no lines (50), order 3 gave back 2 more than its line
    assert frame.revenue.to_dict() == {"ink": 70, "pen": 20, "none given": 48}
    assert frame.units_sold.to_dict() == {"ink": 2, "pen": 2, "none given": 0}
    assert frame.order_count.to_dict() == {"ink": 1, "pen": 1, "none given": 1}
    assert frame.refunded_amount.to_dict() == {"ink": 0, "pen": 10, "none given": 2}
    assert sales.sales_by(view, "category").set_index("category").order_count.to_dict() == {"paper": 1, "none given": 1}


def test_missing_customer_person_and_region_are_a_group_of_their_own():
    view = crm(
        "1 2026-10-02 100 a r1 east", "2 2026-10-03 50 - - -", "3 2026-10-03 7 a - -", head=HEAD + " rep_id region",
        customers=rows("customer_id tier region rep_id", "a gold west r1"), reps=rows("rep_id name team", "r1 Ann north"),
    )  # fmt: skip
    found = {g: dict(zip(f[g], f.revenue, strict=True)) for g in GROUPS for f in [sales.sales_by(view, g)]}
    assert found["rep"] == {"Ann": 100, "none given": 57}
    assert found["region"] == {"east": 100, "none given": 57}  # orders carry regions: what they leave open stays open
    assert found["tier"] == {"gold": 107, "none given": 50}
    assert found["team"] == {"north": 107, "unassigned": 50}  # order 3 by its customer's person
    assert {round(sum(values.values()), 4) for values in found.values()} == {157}
    assert sales.buyer_count(view).value == 1 and sales.order_count(view).value == 3


def test_without_regions_on_orders_the_customer_s_is_taken():
    view = crm("1 2026-10-02 100 a", "2 2026-10-03 50 -", customers=rows("customer_id region", "a west"))
    assert dict(sales.sales_by(view, "region")[["region", "revenue"]].itertuples(index=False)) == {"west": 100, "none given": 50}


def test_teams_have_their_own_orders_and_add_up():
    frames = {"customers": rows("customer_id team", "a north", "b south"), "reps": rows("rep_id name team", "r1 Ann north", "r2 Bob south")}  # fmt: skip
    lines = ["1 2026-10-02 100 a r1", "2 2026-10-03 50 a r2", "3 2026-10-05 9 - -"]
    views = [crm(*lines, head=HEAD + " rep_id", team=t, **frames) for t in ("all", "north", "south")]
    assert [sales.revenue(v).value for v in views] == [159, 100, 50]
    assert [sales.buyer_count(v).value for v in views] == [1, 1, 1]  # the same customer bought from both: they overlap
    assert sales.sales_by(views[1], "tier").revenue.sum() == 100
    assert sales.sales_by(views[0], "team").team.to_list() == ["north", "south", "unassigned"]


def test_before_and_a_year_before_stand_beside_and_are_unknown_before_the_data():
    lines = ["1 2026-10-02 100 a east", "2 2026-09-03 40 a west", "3 2025-10-05 9 a east"]
    frame = sales.sales_by(crm(*lines, head=HEAD + " region"), "region").set_index("region")
    assert frame.loc["east", ["revenue", "previous_revenue", "year_before_revenue"]].to_list() == [100, 0, 9]
    assert frame.loc["west", ["revenue", "previous_revenue", "year_before_revenue"]].to_list() == [0, 40, 0]
    young = sales.sales_by(crm(*lines[:2], head=HEAD + " region"), "region")
    assert young.year_before_revenue.isna().all() and young.previous_revenue.sum() == 40


def test_the_course_says_of_each_period_what_its_own_page_said():
    lines = [
        "1 2026-08-05 100 a - -", "2 2026-09-02 70 a cancelled 2026-09-30", "3 2026-09-03 60 b cancelled 2026-10-02",
        "4 2026-10-09 10 b refunded 2026-10-20",
    ]  # fmt: skip
    view = crm(*lines, head=HEAD + " status status_changed_at")
    frame = sales.sales_by_period(view, 13)
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"]
    assert frame.revenue.to_list() == [100, 60, 0] and frame.order_count.to_list() == [1, 1, 0]
    assert frame.refunded_amount.to_list() == [0, 0, 10] and frame.buyer_count.to_list() == [1, 1, 0]
    assert frame.revenue[1] == sales.revenue(view.previous).value and math.isnan(frame.aov[2]) and frame.units_sold.isna().all()


def test_revenue_per_active_customer():
    view = crm("1 2026-10-02 100 a", "2 2026-10-03 50 b", "3 2026-10-03 30 -")
    assert (sales.arpu(view).value, sales.arpu(view).base) == (90, 2)  # (100 + 50 + 30) / 2 who were active
    assert sales.sales_by_period(view).arpu.to_list() == [90]
    assert sales.arpu(crm("1 2026-01-02 100 a")).reason == "no_base"


def test_many_small_amounts_add_up_exactly():
    view = crm(*[f"{i} 2026-10-02 0.1 a" for i in range(30)])
    assert sales.revenue(view).value == 3.0


def test_an_unknown_group_says_which_there_are():
    with pytest.raises(ValueError, match="sales_channel"):
        sales.sales_by(crm("1 2026-10-02 1 a"), "chanel")
