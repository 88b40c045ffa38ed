"""RFM: scores with ties, windows, populations and segments, each worked out by hand."""

import ibis
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.models import rfm
from crmlib.models.buyers import buyers


def crm(*orders: str, period: str = "2026-10", team: str = "all", customers=(), **business) -> Crm:
    lines = [f"{i} {line}" + " -" * (5 - len(line.split())) for i, line in enumerate(orders)]
    frames = {"orders": rows("order_id customer_id ordered_at amount status cost", *lines)}
    if customers:
        frames["customers"] = rows("customer_id team", *customers)
    return Crm.of(period=period, team=team, business=business, **frames)


def of(view: Crm, customer: str = "a", make=buyers) -> pd.Series:
    return make(view).execute().set_index("customer_id").loc[customer]


def scores(*values: float) -> list[int]:
    table = ibis.memtable(pd.DataFrame({"i": range(len(values)), "v": values}))
    return table.select("i", s=rfm.score(table.v)).order_by("i").execute().s.to_list()


# ------------------------------------------------------------------------------------------------ scores


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], [3]),                                          # alone: in the middle
        ([1, 2], [2, 4]),
        ([1, 2, 3], [1, 3, 5]),
        ([1, 2, 3, 4], [1, 2, 4, 5]),
        ([30, 10, 50, 20, 40], [3, 1, 5, 2, 4]),             # five different values: quintiles, in whatever order
        (list(range(10)), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        ([4, 4, 4, 4, 4], [3, 3, 3, 3, 3]),                  # nothing tells them apart
        ([1, 1, 1, 1, 9], [3, 3, 3, 3, 5]),                  # the four stand at 0 to 0.8, their middle is 0.4
        ([1, 9, 9, 9, 9], [1, 4, 4, 4, 4]),                  # the four stand at 0.2 to 1, their middle is 0.6
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        ([-5, 0, 0, 1, 2], [1, 3, 3, 4, 5]),                 # money below zero is the least; (0.2 + 0.6) / 2 = 0.4 is the third fifth
    ],
)  # fmt: skip
def test_a_score_is_the_fifth_in_which_the_middle_of_equal_values_stands(values, expected):
    assert scores(*values) == expected


def test_equal_values_have_equal_scores_whatever_the_order():
    values = [3, 1, 2, 3, 3, 1, 2, 8, 8, 5, 3, 1]
    found = dict.fromkeys(values)
    for value, got in zip(values, scores(*values), strict=True):
        assert found[value] in (None, got)
        found[value] = got
    assert sorted(scores(*reversed(values))) == sorted(scores(*values))


# ------------------------------------------------------------------------------------------------ segments


@pytest.mark.parametrize(
    ("r", "f", "m", "name"),
    [
        (5, 5, 5, "champions"), (5, 3, 4, "champions"), (5, 3, 3, "promising"), (5, 1, 2, "promising"), (5, 1, 1, "newcomers"),
        (4, 4, 5, "champions"), (4, 4, 4, "loyal"), (4, 3, 4, "loyal"), (4, 2, 2, "promising"), (4, 1, 1, "newcomers"),
        (3, 5, 5, "loyal"), (3, 4, 3, "loyal"), (3, 3, 3, "need attention"), (3, 2, 1, "need attention"), (3, 1, 1, "hibernating"),
        (2, 5, 4, "cannot lose"), (2, 4, 4, "at risk"), (2, 3, 2, "at risk"), (2, 2, 2, "hibernating"), (2, 1, 1, "hibernating"),
        (1, 5, 5, "cannot lose"), (1, 4, 3, "cannot lose"), (1, 3, 3, "at risk"), (1, 1, 2, "hibernating"), (1, 1, 1, "hibernating"),
    ],
)  # fmt: skip
def test_the_segment_of_three_scores(r, f, m, name):
    table = ibis.memtable(pd.DataFrame({"r": [r], "f": [f], "m": [m]}))
    assert table.select(s=rfm.segment(table.r, table.f, table.m)).execute().s[0] == name


def test_every_score_has_a_segment_and_every_segment_a_score():
    assert sorted(rfm.GRID) == list(rfm.SCORES) and all(len(names) == 5 for names in rfm.GRID.values())
    assert {name for names in rfm.GRID.values() for name in names} == set(rfm.SEGMENTS)


# ------------------------------------------------------------------------------------------------ who, and what of them


def test_days_are_counted_once_and_dates_are_days():
    view = crm(
        "a 2026-09-10T09:00:00 10",
        "a 2026-09-10T23:59:59 5",
        "a 2026-09-20 7",
        "a 2026-10-01T00:00:00 8",
        "b 2026-10-31T12:00:00 1",
    )
    row = of(view)
    assert (row.purchase_days, row.repeats, row.span_days, row.age_days, row.since_days) == (3, 2, 21, 51, 30)
    assert (str(row.first_on)[:10], str(row.last_on)[:10]) == ("2026-09-10", "2026-10-01")
    assert row.repeat_spend == 7.5 and row.money == 30  # the first day's 15 are no repeat
    other = of(view, "b")
    assert (other.repeats, other.span_days, other.age_days, other.since_days) == (0, 0, 0, 0) and pd.isna(other.repeat_spend)


@pytest.mark.parametrize(
    ("orders", "money", "repeats"),
    [
        (["a 2026-10-01 10", "a 2026-10-05 -4"], 6, 0),                       # a refund reduces money and is no purchase
        (["a 2026-10-01 10", "a 2026-10-01 -4"], 6, 0),                       # on the same day, too
        (["a 2026-10-01 10", "a 2026-10-05 -14"], -4, 0),
        (["a 2026-10-01 10", "a 2026-10-05 0"], 10, 0),
        (["a 2026-10-01 10", "a 2026-10-05 9 cancelled"], 10, 0),
        (["a 2026-10-01 10", "a 2026-10-05 9", "a 2026-10-05 -2"], 17, 1),
        (["a 2026-10-01 10", "a 2026-11-01 9"], 10, 0),                       # later than the period knows
    ],
)  # fmt: skip
def test_refunds_and_what_is_no_purchase(orders, money, repeats):
    row = of(crm(*orders))
    assert (row.money, row.repeats) == (money, repeats)


def test_who_only_gave_back_is_nobody():
    assert buyers(crm("a 2026-10-01 -5", "b 2026-10-01 0", "- 2026-10-01 5", "c 2026-10-02 5 refunded")).execute().empty


@pytest.mark.parametrize(
    ("day", "frequency", "money"), [("2026-10-02", 1, 5), ("2026-10-01", 0, 0), ("2026-10-31", 1, 5)]
)  # 30 days before 1 November: from 2 October on
def test_frequency_and_money_are_those_of_the_window(day, frequency, money):
    row = of(crm(f"a {day} 5", rfm_window_days=30))
    assert (row.frequency, row.money, row.purchase_days) == (frequency, money, 1)


def test_a_year_of_revenue_and_margin():
    view = crm("a 2025-10-31 99 - 1", "a 2025-11-01 10 - 6", "a 2026-05-01 20", "a 2026-06-01 -4 - -2")
    row = of(view)
    assert (row.sales_year, row.revenue_year, row.margin_year, row.costed_year) == (30, 26, 2, 6)


def test_scores_and_segment_of_five_customers():
    """Each of five buys later, more often and for more than the one before."""
    view = crm(*[f"{c} 2026-10-{i + 1 - k:02d} {10 * (i + 1)}" for i, c in enumerate("abcde") for k in range(i + 1)])
    frame = rfm.rfm(view).execute().sort_values("customer_id")
    for name in ("rfm_recency", "rfm_frequency", "rfm_money"):
        assert frame[name].to_list() == [1, 2, 3, 4, 5]
    assert frame.rfm_segment.to_list() == ["hibernating", "hibernating", "need attention", "loyal", "champions"]


def test_a_team_s_customers_keep_the_scores_that_they_have_in_the_company():
    orders = [f"{c} 2026-10-{i + 1:02d} {i + 1}" for i, c in enumerate("abcde")]
    people = ["a north", "b south", "c north", "d south", "e north"]
    north = rfm.rfm(crm(*orders, team="north", customers=people)).execute().sort_values("customer_id")
    assert north.customer_id.to_list() == ["a", "c", "e"] and north.rfm_recency.to_list() == [1, 3, 5]


def test_of_nobody_there_are_no_scores():
    frame = rfm.rfm(crm("- 2026-10-01 5")).execute()
    assert frame.empty and {"rfm_recency", "rfm_segment"} <= set(frame.columns)
