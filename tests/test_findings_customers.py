"""Rules of the customers' findings at their thresholds, and the sentences over their figures."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import texts
from crmlib.crm import Crm, rows
from crmlib.findings import customers as rules
from crmlib.findings import customers_headlines as headlines
from crmlib.findings import render
from crmlib.kpi import NOT_DELIVERED, Figure, Kpi, Share
from crmlib.metrics import arrivals, completeness, concentration, price_sense

VIEW = Crm.of(
    period="2026-10",
    customers=rows("customer_id region", "a south"),
    orders=rows("order_id customer_id ordered_at amount", "0 a 2024-01-05 5", "1 a 2026-10-05 5"),
)
EARLY = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-05 5"))


def said(found) -> list[tuple[str, str]]:
    return [(f.rule, f.severity) for f in found]


def figure(monkeypatch, name: str, value: float | None, base: int = 1000) -> None:
    monkeypatch.setattr(concentration, name, lambda crm: Figure(value, base))


# ------------------------------------------------------------------------------------------------ on whom sales hang


@pytest.mark.parametrize(
    ("share", "base", "expected"),
    [
        (0.1, 30, [("customers.one_customer", "warning")]),
        (0.0999, 30, []),
        (0.2499, 30, [("customers.one_customer", "warning")]),
        (0.25, 30, [("customers.one_customer", "problem")]),
        (0.9, 29, []),                                        # of few buyers one cannot but bring much
        (None, 0, []),
    ],
)  # fmt: skip
def test_one_customer_with_a_tenth_of_the_sales(monkeypatch, share, base, expected):
    figure(monkeypatch, "largest_customer_share", share, base)
    assert said(rules.one_customer(VIEW)) == expected


@pytest.mark.parametrize(
    ("share", "base", "expected"),
    [(0.3, 100, [("customers.few_carry", "warning")]), (0.2999, 100, []), (0.9, 99, []), (None, 0, [])],
)
def test_one_in_a_hundred_with_three_tenths_of_the_sales(monkeypatch, share, base, expected):
    figure(monkeypatch, "top_hundredth_share", share, base)
    assert said(rules.few_carry(VIEW)) == expected


# ------------------------------------------------------------------------------------------------ what they look at


def kinds(price: int, quality: int = 0, share: float = 0.2) -> pd.DataFrame:
    counts = {price_sense.PRICE: price, price_sense.QUALITY: quality, price_sense.NEITHER: 100, price_sense.FEW: 5}
    amount = {price_sense.PRICE: share, price_sense.NEITHER: 1 - share}
    return pd.DataFrame(
        [(k, n, n / 200, 10.0 * n, amount.get(k, 0.0), 9 * n, 0.7) for k, n in counts.items()],
        columns=[
            "price_sense",
            "customer_count",
            "customer_share",
            "sales_amount",
            "amount_share",
            "line_count",
            "discounted_share",
        ],
    )


@pytest.mark.parametrize(
    ("share", "sales", "expected"),
    [
        (Share(3, 30), 0.2, [("customers.price_sensitive_opportunity", "opportunity")]),     # exactly a tenth
        (Share(99, 1000), 0.2, []),
        (Share(3, 29), 0.2, []),
        (Share(3, 30), 0.2499, [("customers.price_sensitive_opportunity", "opportunity")]),
        (Share(3, 30), 0.25, [("customers.price_sensitive_warning", "warning")]),
        (Share(3, 30), math.nan, []),                                                       # sales are not above zero
        (NOT_DELIVERED, 0.2, []),
    ],
)  # fmt: skip
def test_buyers_who_look_at_the_price(monkeypatch, share, sales, expected):
    monkeypatch.setattr(price_sense, "price_sensitive_share", lambda crm: share)
    monkeypatch.setattr(price_sense, "buyers_by_kind", lambda crm: kinds(3, share=sales))
    assert said(rules.price_sensitive(VIEW)) == expected


@pytest.mark.parametrize(("count", "expected"), [(30, [("customers.quality_seeking", "opportunity")]), (29, [])])
def test_buyers_who_look_at_the_quality(monkeypatch, count, expected):
    monkeypatch.setattr(price_sense, "buyers_by_kind", lambda crm: kinds(3, count))
    assert said(rules.quality_seeking(VIEW)) == expected


# ------------------------------------------------------------------------------------------------ their data


def fields(**filled: tuple[int, int]) -> pd.DataFrame:
    lines = [(completeness.called(f), n, base, n / base) for f, (n, base) in filled.items()]
    return pd.DataFrame(lines, columns=["field", "filled_count", "base", "share"]).sort_values(["share", "field"])


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ({"region": (24, 30)}, []),                                                 # four in five
        ({"region": (23, 30)}, [("field region", "warning")]),
        ({"region": (0, 29)}, []),
        ({"tags": (0, 99), "phone": (0, 99)}, []),                                  # nothing else needs them
        ({"birthday": (1, 99)}, [("field birthday", "info")]),
        ({"region": (70, 99), "tier": (60, 99), "industry": (50, 99)}, [("field industry", "warning"), ("field tier", "warning")]),
    ],
)  # fmt: skip
def test_gaps_in_what_other_figures_need(monkeypatch, filled, expected):
    monkeypatch.setattr(completeness, "completeness", lambda crm: fields(**filled))
    assert [(f.values["field"], f.severity) for f in rules.gaps(VIEW)] == expected
    assert rules.gaps(EARLY) == []  # without customers nothing can be empty


def test_what_a_gap_costs_is_said_of_every_field_that_is_needed():
    for field in completeness.NEEDED:
        for lang in texts.LANGUAGES:
            assert texts.word(f"needed field {field}", lang) != f"needed field {field}"
    assert set(completeness.NEEDED) <= set(completeness.FIELDS)


# ------------------------------------------------------------------------------------------------ where they come from


def grown() -> pd.DataFrame:
    return pd.DataFrame([("south", 72, 0.6, 36, 0.4, 1.0, 0.0, 5.0)], columns=["region", "new_customers", "share", "before_new_customers",
                        "before_share", "growth_share", "others_growth_share", "trend_ratio"])  # fmt: skip


def test_a_growing_region_is_an_opportunity_and_the_headline(monkeypatch):
    monkeypatch.setattr(arrivals, "growing", lambda crm, group: grown())
    assert said(rules.growing(VIEW)) == [("customers.growing", "opportunity")]
    assert headlines.arrivals_headline(VIEW, grown()) == rules.growing(VIEW)[0] and headlines.fastest(VIEW) == "south"
    assert render(rules.growing(VIEW)[0], "title", "en") == "South: new customers grew by 100.0%, elsewhere by 0.0%"


def test_no_growing_region(monkeypatch):
    monkeypatch.setattr(arrivals, "growing", lambda crm, group: grown().iloc[:0])
    assert rules.growing(VIEW) == [] and headlines.fastest(VIEW) is None
    assert headlines.arrivals_headline(VIEW, grown()).rule == "customers.arrivals_even"
    assert headlines.arrivals_headline(EARLY, grown().iloc[:0]).rule == "customers.arrivals_short"
    assert headlines.arrivals_headline(VIEW, grown().iloc[:0]).rule == "customers.no_arrivals"  # known since July 2024


def test_a_dried_up_channel_is_a_warning(monkeypatch):
    frame = pd.DataFrame(
        [("fair", 3, 0.02, 0.3, 40.0)], columns=["acquisition_channel", "new_customers", "share", "before_share", "usual_count"]
    )
    monkeypatch.setattr(arrivals, "dried_up", lambda crm, group: frame)
    assert said(rules.dried_up(VIEW)) == [("customers.dried_up", "warning")]


# ------------------------------------------------------------------------------------------------ how many there are


def kpi(
    value: float,
    previous: float | None = None,
    year_before: float | None = None,
    name: str = "customer_count",
    better: str = "up",
) -> Kpi:
    return Kpi(
        name,
        value,
        "count",
        better,
        previous=previous,
        year_before=year_before,
        series=(100, 101, 100, 101, 100, 101, 100, value),
    )


@pytest.mark.parametrize(
    ("name", "better", "year_before", "expected"),
    [
        ("customer_count", "up", 50, [("customers.count_rose_year_before", "opportunity")]),
        ("customer_count", "up", 150, [("customers.count_fell_year_before", "problem")]),
        ("customer_count", "up", 99, []),
        ("new_customers", "up", 50, [("customers.new_rose_year_before", "opportunity")]),
        ("new_customers", "up", 150, [("customers.new_fell_year_before", "warning")]),
        ("lost_customers", "down", 50, [("customers.lost_rose_year_before", "warning")]),
        ("lost_customers", "down", 150, [("customers.lost_fell_year_before", "opportunity")]),
    ],
)  # fmt: skip
def test_a_clear_change_is_a_finding(name, better, year_before, expected):
    found = said(rules.findings(VIEW, [kpi(100, 100, year_before, name, better)]))
    assert [f for f in found if not f[0].startswith("changes.")] == (expected or [("customers.calm", "info")])


def test_data_that_begin_are_no_growth():
    figure = rules.comparable(EARLY, kpi(100, 50, 50))
    assert figure.previous is None and figure.year_before is None  # the first purchase is of this very month
    assert rules.comparable(VIEW, kpi(100, 50, 50)) == kpi(100, 50, 50)
    assert said(rules.findings(EARLY, [kpi(100, 50, 50)])) == [("customers.calm", "info")]


def test_without_customers_nothing_else_is_said():
    nobody = Crm.of(period="2026-10", orders=rows("order_id ordered_at amount", "1 2026-10-05 5"))
    assert said(rules.findings(nobody, [])) == [("customers.no_customers", "info")]
    assert headlines.count_headline(kpi(0)).rule == "customers.no_customers"


# ------------------------------------------------------------------------------------------------ headlines


def groups(*lines: tuple) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["region", "customer_count", "share"])


@pytest.mark.parametrize(
    ("frame", "everybody", "rule"),
    [
        (groups(("south", 20, 0.5), ("north", 10, 0.25)), 40, "customers.largest_group"),
        (groups(("south", 10, 0.5), ("north", 10, 0.5)), 40, "customers.largest_groups"),
        (groups(("south", 20, 0.7)), 29, "customers.largest_group_counts"),
        (groups(("none given", 20, 1.0)), 40, "customers.no_group"),
        (groups(("south", 0, 0.0)), 0, "customers.no_group"),
    ],
)
def test_which_group_has_the_most(monkeypatch, frame, everybody, rule):
    monkeypatch.setattr(headlines, "tally", lambda crm: {"end": everybody})
    finding = headlines.group_headline(VIEW, frame)
    assert finding.rule == rule and all(render(finding, "title", lang) for lang in texts.LANGUAGES)


@pytest.mark.parametrize(
    ("share", "base", "rule"), [(0.4, 30, "customers.tenth"), (0.4, 29, "customers.few_buyers"), (None, 0, "customers.no_sales")]
)
def test_concentration_is_said_as_far_as_it_can(monkeypatch, share, base, rule):
    figure(monkeypatch, "top_tenth_share", share, base)
    bands = pd.DataFrame({"sales_amount": [5.0]})
    assert headlines.concentration_headline(VIEW, bands).rule == rule


def test_the_sentence_about_the_largest(monkeypatch):
    frame = pd.DataFrame({"sales_amount": [5.0, 4.0], "amount_share": [0.5, 0.4], "running_share": [0.5, 0.9]})
    for base, rule in ((30, "customers.largest"), (29, "customers.largest_counts")):
        figure(monkeypatch, "largest_customer_share", 0.5, base)
        assert headlines.largest_headline(VIEW, frame).rule == rule
    assert headlines.largest_headline(VIEW, frame.iloc[:0]).rule == "customers.no_sales"


@pytest.mark.parametrize(
    ("share", "sales", "rule"),
    [
        (Share(3, 30), 0.2, "customers.price"),
        (Share(3, 29), 0.2, "customers.price_counts"),
        (Share(3, 30), math.nan, "customers.price_no_sales"),
    ],
)
def test_the_sentence_about_price_and_quality(monkeypatch, share, sales, rule):
    monkeypatch.setattr(price_sense, "price_sensitive_share", lambda crm: share)
    assert headlines.price_headline(VIEW, kinds(3, share=sales)).rule == rule
    assert (
        headlines.price_headline(VIEW, kinds(3).iloc[:0]).rule == "customers.no_lines"
        and headlines.price_says(VIEW, kinds(3).iloc[:0]) == []
    )


@pytest.mark.parametrize(("bar", "rule"), [(1.0, "say.price_rule"), (1.01, "say.discounts_are_the_rule")])
def test_where_discounts_are_the_rule_it_is_said(monkeypatch, bar, rule):
    monkeypatch.setattr(price_sense, "bar", lambda crm: bar)
    assert headlines.price_says(VIEW, kinds(3))[0].rule == rule


def test_the_emptiest_field():
    assert headlines.completeness_headline(VIEW, fields(region=(9, 30))).rule == "customers.emptiest"
    assert headlines.completeness_headline(VIEW, fields(region=(9, 29))).rule == "customers.emptiest_counts"
    assert headlines.completeness_headline(VIEW, fields().assign(base=0)).rule == "customers.no_fields"


def test_the_grouping_that_tells_most_is_drawn():
    it = SimpleNamespace(leader=None, frame=pd.DataFrame({"region": []}))
    assert headlines.shown_move([it]) is it and headlines.shown_move([]) is None
    assert headlines.moved_headline(None).rule == "customers.no_groups" and headlines.moved_rows(None).empty
