"""The building blocks: exact sums, true division, calendar days; nothing to count is 0, nothing to divide is none."""

from datetime import date
from decimal import Decimal

import ibis
import pandas as pd
import pytest

from crmlib import measures as m
from crmlib.crm import Crm, rows


def value(expression):
    found = expression.execute()
    return None if found is None or found != found else found


def numbers(**columns):
    return ibis.memtable(pd.DataFrame(columns))


@pytest.fixture
def orders():
    return Crm.of(period="2026-12", orders=rows(
        "order_id ordered_at amount cost status_changed_at",
        "before 2026-09-30T23:59:59 0.1 1 2026-10-01T00:00:01",
        "first 2026-10-01 0.2 - 2026-10-01",
        "last 2026-10-31T23:59:59.999999 1000000.3 2 2026-11-02",
        "after 2026-11-01 -5 - -",
    )).orders  # fmt: skip


def test_a_span_holds_its_first_moment_and_not_its_end(orders):
    inside = orders.filter(m.within(orders.ordered_at, date(2026, 10, 1), date(2026, 11, 1)))
    assert sorted(inside.order_id.execute()) == ["first", "last"]
    assert value(m.count_if(m.within(orders.status_changed_at, date(2026, 10, 1), date(2026, 10, 2)))) == 2  # null is outside
    assert value(m.count_if(m.within(orders.ordered_at, date(2026, 10, 1), date(2026, 10, 1)))) == 0


@pytest.mark.parametrize(
    ("flags", "count"),
    [([True, False, None], 1), ([None, None], 0), ([False], 0), ([True, True], 2), ([], 0)],
)
def test_rows_that_fulfil_a_condition(flags, count):
    table = ibis.memtable(pd.DataFrame({"flag": pd.array(flags, "boolean")}), schema={"flag": "boolean"})
    assert value(m.count_if(table.flag)) == count


def test_money_adds_up_exactly_and_nothing_is_nought(orders):
    assert value(m.total(orders.amount)) == 999995.6  # floats would give 999995.6000000001
    assert value(m.total(orders.cost)) == 3
    assert value(m.total(orders.amount, where=orders.amount < 0)) == -5
    assert value(m.total(orders.amount, where=orders.amount > 10**9)) == 0
    assert value(m.total(orders.filter(orders.order_id == "nobody").amount)) == 0
    assert isinstance(value(m.total(orders.amount)), float)


@pytest.mark.parametrize(
    ("part", "base", "result"),
    [
        (1, 2, 0.5),
        (3, 2, 1.5),
        (0, 2, 0),
        (1, 0, None),
        (0, 0, None),
        (-1, 2, -0.5),
        (None, 2, None),
        (1, None, None),
        (7, 3, 7 / 3),
    ],
)
def test_a_ratio_of_whole_numbers_is_a_fraction(part, base, result):
    table = ibis.memtable(pd.DataFrame({"a": pd.array([part], "Int64"), "b": pd.array([base], "Int64")}))
    found = table.select("a", "b", r=m.ratio(table.a, table.b)).execute().r[0]  # both columns stand beside it: see engines.md
    assert found == result if result is not None else pd.isna(found)


def test_floats_are_added_up_exactly_as_decimals():
    table = numbers(a=[0.1, 0.2, 0.3], p=[1e-9, 2e-9, 0.0])  # as floats 0.6000000000000001 in this order, 0.6 in another
    assert value(m.total(m.exact(table.a))) == 0.6
    assert value(m.total(m.exact(table.p))) == 0 and value(m.total(m.exact(table.p, 9))) == 3e-9


def test_a_mean_of_money_is_a_ratio(orders):
    assert value(m.ratio(m.total(orders.amount), orders.count())) == 999995.6 / 4
    assert value(m.ratio(orders.amount.max(), orders.amount.min())) == pytest.approx(-200000.06)  # decimals too


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-10-03 00:00:00", "2026-10-03 23:59:59", 0),
        ("2026-10-03 23:59:59", "2026-10-04 00:00:00", 1),       # a midnight lies between them
        ("2026-10-03 00:00:00", "2026-10-04 23:59:59", 1),
        ("2026-10-04 00:00:00", "2026-10-03 23:59:59", -1),
        ("2024-02-28 12:00:00", "2024-03-01 00:00:00", 2),
        ("2026-03-28 12:00:00", "2026-03-30 01:00:00", 2),       # the clocks may have changed
        ("2026-10-03 00:00:00", None, None),
        (None, "2026-10-03 00:00:00", None),
    ],
)  # fmt: skip
def test_days_between_are_those_of_the_calendar(start, end, days):
    table = ibis.memtable(
        pd.DataFrame({"a": [pd.Timestamp(start) if start else pd.NaT], "b": [pd.Timestamp(end) if end else pd.NaT]})
    )
    found = table.select(d=m.days_between(table.a, table.b)).execute().d[0]
    assert found == days if days is not None else pd.isna(found)


@pytest.mark.parametrize(
    ("values", "q", "result"),
    [([1, 2, 3, 4], 0.5, 2.5), ([1, 2, 3], 0.5, 2), ([5], 0.9, 5), ([0, 10], 0.9, 9), ([1, 2, 3, 4], 0, 1), ([1, 2, 3, 4], 1, 4), ([], 0.5, None)],
)  # fmt: skip
def test_quantiles_lie_between_the_values(values, q, result):
    table = ibis.memtable(pd.DataFrame({"x": pd.array(values, "Int64")}), schema={"x": "int64"})
    found = value(m.quantile(table.x, q))
    assert found == pytest.approx(result) if result is not None else found is None


def test_a_quantile_of_money_is_no_rounded_decimal():
    table = ibis.memtable({"x": [Decimal("0.1"), Decimal("0.2")]}, schema={"x": "decimal(18, 4)"})
    assert value(m.quantile(table.x, 0.25)) == pytest.approx(0.125)
    assert value(m.quantile(table.x, 0.25, where=table.x > 0.15)) == pytest.approx(0.2)


def test_a_day_is_the_moment_at_which_it_begins():
    assert ibis.duckdb.connect().execute(m.day(date(2026, 10, 3))) == pd.Timestamp("2026-10-03")
