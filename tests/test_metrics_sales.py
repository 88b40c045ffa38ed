"""What the sales page adds to the sales figures, at the edges of each definition; expected values are worked out by hand."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.metrics import market, mixes, order_values, paces, product_course, region_course, weighted
from crmlib.metrics.paces import Pace, Span, pace, spans

# ------------------------------------------------------------------------------------------------ open deals


DEALS = "opportunity_id created_at closed_at is_won amount probability stage"


def deals(*lines: str, team: str = "all", period: str = "2026-10", **more) -> Crm:
    return Crm.of(period=period, team=team, business={"min_base": 2}, opportunities=rows(DEALS, *lines), **more)


def test_the_worked_example_of_a_weighted_pipeline():
    view = deals("1 2026-10-02 - - 3800 0.9 needs", "2 2026-10-09 - - 22500 0.2 lead")
    assert weighted.weighted_pipeline(view).value == 7920 and weighted.open_amount(view).value == 26_300


@pytest.mark.parametrize(
    ("line", "amount", "count"),
    [
        ("1 2026-10-31T23:59:59 - - 100 0.5 lead", 50, 1),
        ("1 2026-11-01 - - 100 0.5 lead", 0, 0),                            # created later
        ("1 2026-10-02 2026-10-31T23:59:59 true 100 1 won", 0, 0),          # closed in the period
        ("1 2026-10-02 - - - 0.5 lead", 0, 0), ("1 2026-10-02 - - 100 - lead", 0, 0), ("1 - - - 100 0.5 lead", 0, 0),  # no amount, chance, date
        ("1 2026-10-02 - - 100 0 lead", 0, 1), ("1 2026-10-02 - - 100 1 lead", 100, 1), ("1 2026-10-02 - - -100 0.5 lead", -50, 1),
    ],
)  # fmt: skip
def test_what_is_open_and_weighted(line, amount, count):
    view = deals(line, "0 2026-10-01 - - 10 0.1 lead")
    assert (
        weighted.weighted_pipeline(view).value == pytest.approx(1 + amount) and weighted.weighted_pipeline(view).base == 1 + count
    )


def test_what_is_written_at_closing_was_not_known_before():
    closed = ["a 2026-08-01 2026-09-01 true 1 1 won", "b 2026-08-01 2026-09-02 false 1 0 lost", "c 2026-08-01 2026-09-02 false 1 0 lost", "d 2026-08-01 2026-09-03 false 1 0 lost"]  # fmt: skip
    view = deals(*closed, "e 2026-10-02 2026-11-05 true 1000 1 won", "f 2026-10-02 - - 100 0.3 lead")
    frame = weighted.open_deals(view)
    # e was open: won of those closed that had reached the first stage, 1 of 4
    assert weighted.weighted_pipeline(view).value == pytest.approx(1000 * 0.25 + 30) and frame.estimated_count.sum() == 1
    few = deals(*closed[:1], "e 2026-10-02 2026-11-05 true 1000 1 won", "f 2026-10-02 - - 100 0.3 lead")
    assert weighted.weighted_pipeline(few).value == 30 and weighted.unweighted_count(few) == 1  # fewer than min_base were closed
    assert weighted.weighted_pipeline(view.previous).value == 0  # a to d are closed in September, nothing else was there
    later = deals("e 2026-09-02 2026-10-05 true 1000 1 won", *closed)
    assert (weighted.weighted_pipeline(later.previous).value, weighted.weighted_pipeline(later.previous).reason) == (None, "probability_then")  # fmt: skip


def test_without_a_column_nothing_is_weighted():
    view = Crm.of(opportunities=rows("opportunity_id created_at amount", "1 2026-10-02 100"))
    assert weighted.weighted_pipeline(view).reason == "not_delivered" and weighted.open_amount(view).value == 100
    assert weighted.pipeline_coverage(Crm.of()).reason == weighted.open_amount(Crm.of()).reason == "not_delivered"


@pytest.mark.parametrize(
    ("goal", "value", "reason"),
    [(1000, 500 / 700, None), (301, 500, None), (300, None, "target_reached"), (200, None, "target_reached")],
)
def test_coverage_of_what_is_missing(goal, value, reason):
    lines = ["1 2026-09-02 2026-10-05 true 300 1 won", "2 2026-10-02 - - 500 0.5 lead"]
    view = deals(*lines, targets=rows("period metric value", f"2026-10 won_amount {goal}"))
    found = weighted.pipeline_coverage(view)
    assert (found.value, found.reason) == (pytest.approx(value) if value else None, reason)
    assert weighted.pipeline_coverage(deals(*lines)).reason == "no_target"


# ------------------------------------------------------------------------------------------------ market


def sales(period: str = "2026-10", team: str = "all", **more) -> Crm:
    lines = ["1 2026-10-02 100 a east", "2 2026-09-03 40 a west", "3 2026-08-01 60 a east"]
    return Crm.of(period=period, team=team, orders=rows("order_id ordered_at amount customer_id region", *lines), **more)


@pytest.mark.parametrize(
    ("lines", "period", "share"),
    [
        (["2026-10 1000 -"], "2026-10", 0.1), (["2026-10 600 east", "2026-10 400 west"], "2026-10", 0.1),
        (["2026-10 600 east", "2026-10 2000 -"], "2026-10", 0.05),             # the whole is given
        (["2026-09 1000 -"], "2026-10", None), (["2026-10 0 -"], "2026-10", None),
        (["2026-07 100 -", "2026-08 100 -", "2026-09 200 -"], "2026-Q3", 0.25),   # months add up
        (["2026-07 100 -", "2026-09 200 -"], "2026-Q3", None),                   # one is missing
        (["2026-Q3 1000 -", "2026-07 1 -", "2026-08 1 -", "2026-09 1 -"], "2026-Q3", 0.1), (["2026-10 1000 -"], "2026-W41", None),
    ],
)  # fmt: skip
def test_market_share(lines, period, share):
    view = sales(period, market=rows("period amount region", *lines))
    found = market.market_share(view)
    assert found.value == (pytest.approx(share) if share else None) and (found.reason == "no_market") == (share is None)


@pytest.mark.parametrize(
    ("lines", "period", "size"),
    [
        (["2026-10 310 -"], "2026-10", 200), (["2026 365 -"], "2026", 293),  # 20 of 31 days, 293 of 365
        ([f"2026-{m:02d} 31 -" for m in range(1, 11)], "2026", 9 * 31 + 20), ([f"2026-{m:02d} 31 -" for m in range(2, 11)], "2026", None),
    ],
)  # fmt: skip
def test_a_market_to_date_is_as_large_as_its_days(lines, period, size):
    found = market.market_amount(sales(period, market=rows("period amount region", *lines), until=date(2026, 10, 20)))
    assert found == (pytest.approx(size) if size else None)


@pytest.mark.long
def test_market_by_region():
    view = sales(market=rows("period amount region", "2026-10 400 east", "2026-10 600 south", "2026-09 80 west"))
    frame = market.market_by_region(view)
    assert frame.region.to_list() == ["south", "east"] and frame.market_share.to_list() == [0, 0.25]
    assert frame.previous_market_share.isna().all()  # September has another region
    assert market.market_by_region(sales()).empty and market.market_share(sales()).reason == "not_delivered"


# ------------------------------------------------------------------------------------------------ order values


def amounts(*values: float, team: str = "all") -> Crm:
    return Crm.of(
        period="2026-10",
        team=team,
        orders=rows("order_id ordered_at amount", *[f"{i} 2026-10-02 {v}" for i, v in enumerate(values)]),
    )


def test_centre_and_spread_by_hand():
    view = amounts(10, 20, 30, 40, 100, -50, 0)  # a refund and nothing are no orders
    frame = order_values.order_values(view).set_index("statistic").size_amount
    assert frame["mean"] == 40 and frame["median"] == 30 and frame.lowest == 10 and frame.highest == 100
    assert frame.lower_quartile == 20 and frame.upper_quartile == 40 and frame.p90 == pytest.approx(76)  # 40 + 0.6 × 60
    assert frame.standard_deviation == pytest.approx(math.sqrt(5000 / 4))  # (900 + 400 + 100 + 0 + 3600) / 4
    cubes = (-30) ** 3 + (-20) ** 3 + (-10) ** 3 + 60**3
    assert order_values.skewness(view) == pytest.approx(5 / (4 * 3) * cubes / math.sqrt(5000 / 4) ** 3)
    assert order_values.skewness(view) == pytest.approx(pd.Series([10, 20, 30, 40, 100]).skew())


@pytest.mark.parametrize("values", [(), (7,), (7, 7, 7), (1e9, 1e9, 1e9)])
def test_few_orders_and_equal_ones_have_no_skew(values):
    view = amounts(*values)
    assert math.isnan(order_values.skewness(view)) and len(order_values.order_values(view)) == (8 if values else 0)
    if len(values) > 1:
        assert order_values.order_values(view).set_index("statistic").size_amount.standard_deviation == 0


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((), []), ((100,), ["≥ 100"]), ((99.99, 100), ["< 100", "≥ 100"]), ((0.01, 0.02), ["< 0.02", "≥ 0.02"]),
        ((150, 450, 1500), ["< 200", "200–500", "500–1,000", "≥ 1,000"]),
    ],
)  # fmt: skip
def test_classes_of_amounts(values, names):
    frame = order_values.order_sizes(amounts(*values))
    assert frame.amount_class.to_list() == names and frame.order_count.sum() == len(values)
    assert frame.sold_amount.sum() == pytest.approx(sum(values)) and (not values or frame.share.sum() == pytest.approx(1))


def test_a_single_giant_does_not_thin_out_the_classes():
    frame = order_values.order_sizes(amounts(*[100 + i for i in range(90)], 9_000_000))
    assert len(frame) <= 2 and frame.order_count.sum() == 91


# ------------------------------------------------------------------------------------------------ products by region


def test_products_by_region_add_up_and_keep_the_largest():
    lines = rows("order_id product quantity unit_price", "1 pen 1 60", "1 ink 1 30", "2 pen 1 40", "3 cap 1 60")
    view = sales(order_lines=lines).previous  # September: order 2
    assert mixes.products_by_region(view).values.tolist() == [["pen", "west", 40]]
    frame = mixes.products_by_region(sales("2026", order_lines=lines), products=1, regions=1)
    assert frame["product"].unique().tolist() == ["pen", mixes.OTHERS, "none given"] and frame.revenue.sum() == 200
    cells = frame.set_index(["product", "region"]).revenue
    assert cells["pen", "east"] == 60 and cells["pen", mixes.OTHERS] == 40 and cells["none given", "east"] == 10  # 100 − 60 − 30
    assert mixes.products_by_region(Crm.of()).empty


# ------------------------------------------------------------------------------------------------ paces


def test_spans_end_with_the_period_and_cover_years():
    months = spans(Crm.of(period="2026-10"), 1, 3)
    assert len(months) == 15 and str(months[0].start) == "2025-08-01" and str(months[-1].end) == "2026-11-01"
    assert spans(Crm.of(period="2026-Q3"), 1) == spans(Crm.of(period="2026-09"), 1)
    weeks = spans(Crm.of(period="2026-W44"), 1, 3)
    assert len(weeks) == 16 and (weeks[-1].end - weeks[0].start).days == 16 * 28 and str(weeks[-1].end) == "2026-11-02"


FLAT, OTHERS = np.full(15, 100.0), np.full(15, 2000.0)


def paced(mine=FLAT, rest=OTHERS, level=0.99, min_base=30, repeats=True) -> Pace | None:
    return pace(np.asarray(mine, float), np.asarray(rest, float), 3, 12, level, min_base, repeats)


def test_a_pace_takes_off_the_course_of_the_others():
    half = paced([*FLAT[:12], 100, 100, 100], [*OTHERS[:12], 4000, 4000, 4000])
    assert half is not None and half.change == pytest.approx(-0.5) and half.others == 1 and half.in_a_row == 3
    assert half.high < 0 and (half.count, half.before) == (300, 300)
    same = paced()
    assert same is not None and same.change == pytest.approx(0) and same.low < 0 < same.high and same.in_a_row == 0


@pytest.mark.parametrize(
    ("then", "judged"),
    [(10, True), (9, False)],  # three times ten are min_base
)
def test_a_pace_needs_a_base(then, judged):
    assert (paced([then] * 3 + [50] * 12) is not None) is judged


def test_nothing_sold_any_more_counts_as_half_a_case():
    gone = paced([*FLAT[:12], 0, 0, 0])
    assert gone is not None and gone.count == 0 and gone.change == pytest.approx(0.5 / 300 - 1) and gone.in_a_row == 3


def test_an_interval_is_as_wide_as_the_usual_moves():
    jumpy = np.array([100, 200, 100, 200, 100, 200, 100, 200, 100, 200, 100, 200, 60, 120, 60.0])
    wide, narrow = paced(jumpy), paced(jumpy, repeats=False)
    assert wide is not None and narrow is not None and wide.low < narrow.low and narrow.high < wide.high
    assert paces.together(1) == 0.99 and paces.together(0) == 0.99


def course(now: list[int], then: list[int], others: int = 100, **more) -> Crm:
    """Orders with a pen in the last three months and in the same months a year before, ten products else."""
    orders, lines = [], []
    months = pd.date_range("2025-08-01", "2026-10-01", freq="MS")
    for m, day in enumerate(months):
        mine = then[m] if m < 3 else now[m - 12] if m >= 12 else then[0]
        for i in range(mine + others * 10):
            orders.append((f"{m}-{i}", day, 5.0, "c"))
            lines.append((f"{m}-{i}", "pen" if i < mine else f"p{i % 10}", 1, 5.0))
    frames = {"orders": pd.DataFrame(orders, columns=["order_id", "ordered_at", "amount", "customer_id"]),
              "order_lines": pd.DataFrame(lines, columns=["order_id", "product", "quantity", "unit_price"])}  # fmt: skip
    return Crm.of(period="2026-10", **frames, **more)


def test_a_product_that_falls_is_the_only_one_that_does():
    found = product_course.falling_products(course([40, 40, 40], [100, 100, 100], 20))
    assert [(c.product, c.pace.count, c.pace.before, c.amount, c.before_amount) for c in found] == [("pen", 120, 300, 600, 1500)]
    frame = product_course.product_course(course([40, 40, 40], [100, 100, 100], 20))
    assert frame["product"].iloc[0] == "pen" and frame.falling.to_list() == [True, *[False] * 10]


PACE = {"count": 70, "before": 100, "others": 0.0, "change": -0.3, "low": -0.4, "high": -0.1, "in_a_row": 3}


@pytest.mark.parametrize(
    ("different", "falling"),
    [
        ({}, True), ({"change": -0.2}, True), ({"change": -0.1999}, False), ({"high": 0.0}, False), ({"high": -1e-9}, True),
        ({"in_a_row": 2}, False), ({"count": 100}, False), ({"count": 99}, True),
    ],
)  # fmt: skip
def test_the_edges_of_falling(different, falling):
    assert product_course.ProductCourse("pen", Pace(**(PACE | different)), 1.0, 2.0).falling is falling


GROWN = {"count": 130, "before": 100, "others": 0.0, "change": 0.3, "low": 0.1, "high": 0.4, "in_a_row": 12}


@pytest.mark.parametrize(
    ("orders", "new", "amounts", "growing"),
    [
        ({}, {}, (150, 100, 0.2), True), ({"change": 0.15}, {}, (150, 100, 0.2), True), ({"change": 0.1499}, {}, (150, 100, 0.2), False),
        ({"low": 0.0}, {}, (150, 100, 0.2), False), ({}, {"change": 0.1}, (150, 100, 0.2), True), ({}, {"change": 0.0999}, (150, 100, 0.2), False),
        ({}, {"low": 0.0}, (150, 100, 0.2), False), ({}, None, (150, 100, 0.2), False), ({}, {}, (120, 100, 0.2), False), ({}, {}, (120, 100, 0.19), True),
        ({}, {}, (100, 100, -0.2), False), ({}, {}, (100.1, 100, -0.2), True), ({}, {}, (10, 0, 0.2), False),
    ],
)  # fmt: skip
def test_the_edges_of_growing(orders, new, amounts, growing):
    newcomers = None if new is None else Pace(**(GROWN | new))
    now, before, others = amounts
    found = region_course.RegionCourse("east", Pace(**(GROWN | orders)), newcomers, now, before, others)
    assert found.growing is growing


def test_a_region_that_wins_and_sells_more_is_found():
    orders, people = [], []
    for m, day in enumerate(pd.date_range("2024-11-01", "2026-10-01", freq="MS")):
        for region, count in (("east", 20 if m < 12 else 40), ("west", 40), ("south", 40)):
            for i in range(count):
                name = f"{region}-{m}-{i}"
                people.append((name, region))
                orders.append((name, day, 10.0, name, region))
    frames = {"orders": pd.DataFrame(orders, columns=["order_id", "ordered_at", "amount", "customer_id", "region"]),
              "customers": pd.DataFrame(people, columns=["customer_id", "region"])}  # fmt: skip
    found = region_course.growing_regions(Crm.of(period="2026-10", **frames))
    assert [(c.region, c.growth, c.others_growth) for c in found] == [("east", 1.0, 0.0)]
    assert found[0].newcomers is not None and (found[0].newcomers.count, found[0].newcomers.before) == (480, 240)
    assert region_course.region_courses(Crm.of(period="2026-09", **frames)) == []  # the data do not cover two years
    frame = region_course.region_course(Crm.of(period="2026-10", **frames))
    assert frame.region[0] == "east" and frame.growing.sum() == 1
    assert Span(pd.Timestamp("2026-10-01").date(), pd.Timestamp("2026-11-01").date()) == spans(Crm.of(period="2026-10"), 1)[-1]


def test_nothing_to_judge_is_no_fault():
    assert product_course.product_course(Crm.of()).empty and region_course.region_course(Crm.of()).empty
