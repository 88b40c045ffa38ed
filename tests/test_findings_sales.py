"""Every finding and headline of sales at the edges of its rule."""

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.findings import render, sales
from crmlib.findings import sales_headlines as headlines
from crmlib.kpi import Kpi
from crmlib.metrics import product_course, region_course, weighted
from crmlib.metrics.contribution import contributions
from crmlib.metrics.paces import Pace
from crmlib.metrics.product_course import ProductCourse
from crmlib.metrics.region_course import RegionCourse

STEADY = tuple(float(100 + (-1) ** i) for i in range(12))


def kpi(name="revenue", value: float | None = 100.0, unit="money", better="up", **more) -> Kpi:
    return Kpi(name, value, unit, better, **({"base": 500, "previous_base": 500, "year_before_base": 500} | more))


@pytest.mark.parametrize(
    ("value", "goal", "gone", "rule"),
    [
        (100, 100, 1.0, "target_reached"), (99.99, 100, 1.0, "target_missed"), (150, 100, 1.0, "target_reached"), (100, None, 1.0, None),
        (100, 0, 1.0, None), (None, 100, 1.0, None), (50, 100, 0.5, "ahead"), (49.9, 100, 0.5, "behind"),
    ],
)  # fmt: skip
def test_targets(value, goal, gone, rule):
    found = sales.goal(kpi(value=value, target=goal, gone=gone, adds=True))
    assert [f.rule for f in found] == ([f"sales.{rule}"] if rule else [])
    assert [f.severity for f in found] == (["warning" if rule in ("target_missed", "behind") else "info"] if rule else [])
    if rule == "behind":
        assert found[0].values["missing_amount"] == pytest.approx(0.1) and found[0].values["due_amount"] == 50
    assert sales.goal(None) == []


def courses(*falls: float) -> list[ProductCourse]:
    return [ProductCourse(f"p{i}", Pace(50, 100, 0.0, f, f - 0.1, f + 0.1, 3), 10.0 - i, 100.0) for i, f in enumerate(falls)]


@pytest.mark.parametrize(("falls", "rules"), [((), 0), ((-0.3,), 1), ((-0.3, -0.1), 1), ((-0.3,) * 3, 3), ((-0.3,) * 5, 4)])
def test_falling_products(monkeypatch, falls, rules):
    monkeypatch.setattr(product_course, "product_courses", lambda crm: courses(*falls))
    found = sales.falling(Crm.of())
    assert len(found) == rules and {f.evidence for f in found} <= {"falling-products"}
    if falls:
        last = sum(f <= -0.2 for f in falls) - 1
        assert found[0].values["product"] == f"p{last}" and found[0].severity == "problem"  # the largest loss of money first
        assert found[0].values["fall_share"] == pytest.approx(0.3) and found[0].values["low_share"] == pytest.approx(0.2)
    if rules == 4:
        assert found[3].rule == "sales.more_falling" and found[3].values["count"] == 2


@pytest.mark.parametrize(("change", "count"), [(0.3, 1), (0.14, 0)])
def test_growing_regions(monkeypatch, change, count):
    one = Pace(130, 100, 0.0, change, 0.1, 0.5, 12)
    found = [RegionCourse("east", one, Pace(60, 40, 0.0, 0.5, 0.2, 0.9, 12), 150.0, 100.0, 0.1)]
    monkeypatch.setattr(region_course, "region_courses", lambda crm: found)
    said = sales.growing(Crm.of())
    assert len(said) == count
    if said:
        assert "sales 50.0% up on the year, all other regions 10.0%" in render(said[0], "title", "en", "EUR")


@pytest.mark.parametrize(("value", "rules"), [(0.05, ["sales.refunds_rose_year_before"]), (0.011, []), (0.0, [])])
def test_refunds(value, rules):
    course = (*(0.01 + 0.001 * (i % 2) for i in range(12)), value)
    found = sales.refunds(kpi("refund_rate", value, "share", "down", previous=0.01, year_before=0.01, series=course))
    assert [f.rule for f in found] == rules


def pipeline(goal: float, open_amount: float = 500) -> Crm:
    head = "opportunity_id created_at closed_at is_won amount"
    lines = ["1 2026-09-02 2026-10-05 true 300", f"2 2026-10-02 - - {open_amount}"]
    return Crm.of(opportunities=rows(head, *lines), targets=rows("period metric value", f"2026-10 won_amount {goal}"))


@pytest.mark.parametrize(("goal", "thin"), [(801, True), (800, False), (300, False), (200, False)])
def test_a_thin_pipeline(goal, thin):
    found = sales.pipeline(pipeline(goal))
    assert [f.rule for f in found] == ["sales.pipeline_thin"] * thin
    if thin:
        assert found[0].values["missing_amount"] == 501 and found[0].values["open_amount"] == pytest.approx(500)


def test_nothing_delivered_and_nothing_that_stands_out():
    assert [f.rule for f in sales.findings(Crm.of(), [], [])] == ["sales.nothing"]
    view = Crm.of(orders=rows("order_id ordered_at amount", "1 2026-10-02 5"))
    assert [f.rule for f in sales.findings(view, [kpi()], [])] == ["sales.calm"]


def test_sales_that_rose_or_fell_clearly_and_who_moved_them():
    head = "order_id ordered_at amount region"
    view = Crm.of(
        orders=rows(head, "1 2026-10-02 600 east", "2 2026-09-03 100 east", "3 2026-09-03 100 west", "4 2026-10-03 100 west")
    )
    up = kpi(value=700.0, previous=200.0, series=(*STEADY, 700.0))
    parts = sales.moved_by(view, up)
    assert [p.group for p in parts] == ["region"]  # all else is one group, or none
    found = sales.findings(view, [up], parts)
    assert [f.rule for f in found] == ["sales.revenue_rose_previous", "changes.led_rose_better"]
    assert found[1].values["who"] == "east" and headlines.shown(parts) is parts[0]
    assert parts[0].frame.equals(
        contributions(*(sales.own_sales(c, "region") for c in (view, view.previous)), "region", "revenue")
    )
    assert headlines.all_parts(parts).change_revenue.sum() == 500 and headlines.all_parts([]).empty
    down = kpi(value=50.0, previous=200.0, series=(*STEADY, 50.0))
    assert [f.rule for f in sales.findings(view, [down], [])] == ["sales.revenue_fell_previous"]


# ------------------------------------------------------------------------------------------------ headlines


def grouped(**amounts: float) -> pd.DataFrame:
    return pd.DataFrame({"region": [n.replace("_", " ") for n in amounts], "revenue": list(amounts.values())})


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (grouped(east=60.0, west=40.0), "sales.group_first"), (grouped(east=50.0, west=50.0), "sales.groups_alike"),
        (grouped(none_given=90.0, west=10.0), "sales.group_first"), (grouped(none_given=90.0), "sales.no_group"), (grouped(), "sales.no_group"),
        (grouped(east=0.0), "sales.no_group"), (grouped(east=10.0, west=-20.0), "sales.no_group"),
    ],
)  # fmt: skip
def test_who_brings_most(frame, rule):
    assert headlines.group_headline(frame, "region").rule == rule


def test_a_table_of_many_groups_adds_up():
    lines = [f"{i} 2026-10-02 {100 + i} r{i:02}" for i in range(20)] + ["x 2026-10-02 7 -", "y 2026-09-02 5 r00"]
    view = Crm.of(orders=rows("order_id ordered_at amount region", *lines))
    frame = headlines.grouped(view, "region")
    assert len(frame) == 16 and frame.region.iloc[-2:].to_list() == ["all others", "none given"]
    assert frame.revenue.sum() == sum(100 + i for i in range(20)) + 7 and frame.previous_revenue.sum() == 5
    assert frame.aov.iloc[-2] == pytest.approx(frame.revenue.iloc[-2] / 6)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([], "sales.no_open"), (["1 2026-10-02 100 -"], "sales.open"), (["1 2026-10-02 100 0.5"], "sales.open_weighted"),
    ],
)  # fmt: skip
def test_open_deals(lines, rule):
    view = Crm.of(opportunities=rows("opportunity_id created_at amount probability", *lines, "9 2026-11-02 1 0.5"))
    assert headlines.deals_headline(view).rule == rule
    for lang in ("en", "zh"):
        said = headlines.deals_notes(view)(lang)
        assert bool(said) == (rule == "sales.open") and bool(weighted.unweighted_count(view)) == bool(said)


@pytest.mark.parametrize(("values", "rule"), [((), "sales.no_orders"), ((5, 5, 6), "sales.long_tail"), ((5, 6, 7), "sales.order_values"), ((1, 1, 1, 99), "sales.long_tail")])  # fmt: skip
def test_order_values(values, rule):
    view = Crm.of(
        orders=rows("order_id ordered_at amount", *[f"{i} 2026-10-02 {v}" for i, v in enumerate(values)], "x 2026-01-01 1")
    )
    assert headlines.sizes_headline(view).rule == rule


@pytest.mark.parametrize(
    ("flags", "rule"), [([], "sales.no_courses"), ([False, False], "sales.none_falls"), ([True, False], "sales.one_falls"), ([True, True], "sales.some_fall")]
)  # fmt: skip
def test_the_headline_of_falling_products(flags, rule):
    frame = pd.DataFrame({"product": [f"p{i}" for i in range(len(flags))], "falling": pd.Series(flags, dtype=bool)})
    assert headlines.falling_headline(frame).rule == rule


@pytest.mark.parametrize(
    ("flags", "rule"), [([], "sales.no_region_courses"), ([False], "sales.none_grows"), ([True, False], "sales.one_grows")]
)
def test_the_headline_of_growing_regions(flags, rule):
    frame = pd.DataFrame(
        {"region": "east", "sales_growth_share": 0.5, "growing": pd.Series(flags, dtype=bool)}, index=range(len(flags))
    )
    assert headlines.growing_headline(frame).rule == rule


@pytest.mark.parametrize(
    ("counts", "rule"),
    [({}, "no_newcomers"), ({"web": 0}, "no_newcomers"), ({"none given": 5}, "no_newcomers"), ({"web": 5, "fair": 5}, "sources_alike"), ({"web": 5, "fair": 4}, "source_first")],
)  # fmt: skip
def test_where_new_customers_come_from(counts, rule):
    frame = pd.DataFrame({"acquisition_channel": list(counts), "new_customers": pd.Series(list(counts.values()), dtype=int)})
    assert headlines.sources_headline(frame).rule == f"sales.{rule}"
