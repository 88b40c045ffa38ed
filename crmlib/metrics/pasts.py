"""A customer's own past: the whole periods before this one, and what they did in them."""

from datetime import timedelta
from typing import Any

from ..measures import day
from ..periods import Period
from .lives import BASELINE

LEAST_PERIODS, LEAST_EVENTS = 2, 12  # whole periods, and activities in them, that a past must have to be judged by


def past(table: Any, now: Period) -> tuple[Any, Any, Any]:
    """Own activities in the whole periods of each customer's past, the days of these periods, and how many they are."""
    done, days, periods = 0, 0, 0
    for i in range(1, BASELINE + 1):
        then = now.shift(-i)
        whole = (table.first_at < day(then.start + timedelta(days=1))).fill_null(False).cast("int64")
        done, days, periods = done + whole * table[f"own_{i}"], days + whole * (then.end - then.start).days, periods + whole
    return done, days, periods


def judged(table: Any, now: Period) -> Any:
    """Who has a past to be judged by: a condition on `lives`."""
    done, _, periods = past(table, now)
    return table.in_start & (periods >= LEAST_PERIODS) & (done >= LEAST_EVENTS)
