"""The safe building blocks on ibis columns. Metrics write no bare `/`, no `.sum()` on money, no day difference of their own:
each of these gave a wrong number on some engine (integer division, sums of floats in any order, midnights against hours)."""

from datetime import date
from typing import Any

import ibis


def day(value: date) -> Any:
    """A day as the moment at which it begins."""
    return ibis.timestamp(value.year, value.month, value.day, 0, 0, 0)


def within(moment: Any, start: date, end: date) -> Any:
    """Whether a moment lies in [start, end); null counts as no."""
    return ibis.coalesce((moment >= day(start)) & (moment < day(end)), False)


def count_if(condition: Any) -> Any:
    """How many rows fulfil a condition (null counts as no)."""
    return ibis.coalesce(condition, False).cast("int64").sum().fill_null(0)


def exact(number: Any, digits: int = 4) -> Any:
    """A float as a decimal of so many digits, to be added up: the sum of floats depends on the order in which threads come to them."""
    return number.cast(f"decimal(18, {digits})")


def total(amount: Any, where: Any = None) -> Any:
    """The exact sum of money, as a float only afterwards; nothing to add is 0."""
    return amount.sum(where=where).cast("float64").fill_null(0.0)


def subtotal(amount: Any, where: Any = None) -> Any:
    """The exact sum of money that is added up again: money as it was, so that the `total` stays exact; nothing to add is 0."""
    return amount.sum(where=where).cast(amount.type()).fill_null(0)


def ratio(part: Any, base: Any) -> Any:
    """part / base as a float; null where the base is 0."""
    return part.cast("float64") / base.nullif(0)


def days_between(start: Any, end: Any) -> Any:
    """Calendar days from one moment to a later one, the same on every engine."""
    return end.date().delta(start.date(), unit="day")


def quantile(value: Any, q: float, where: Any = None) -> Any:
    """The q-quantile with linear interpolation; null where there is nothing."""
    return value.cast("float64").quantile(q, where=where)
