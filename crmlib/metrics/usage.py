"""Customers active on a day, in a week, in a month; interactions a customer: now, and period by period."""

import math
from datetime import date, timedelta
from functools import partial
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import count_if, within
from ..periods import Period
from .deals import which
from .lives import events, lives, of_customers, shows_activity
from .views import of_view

MONTH_DAYS, WEEK_DAYS = 30, 7


def _longer_than_the_period(crm: Crm) -> bool:
    return (crm.period.end - crm.period.start).days < MONTH_DAYS


@measured("ratio", "up", rolling=_longer_than_the_period)
def dau(crm: Crm) -> Figure:
    """Customers active on a day, on average over the 30 days to the period's end.

    Needs orders or interactions. → Figure: customers a day, base = customers active in those 30 days
    """
    return Figure(float(_recent(crm).dau), int(_recent(crm).mau)) if shows_activity(crm) else NOT_DELIVERED


@measured("count", "up")
def wau(crm: Crm) -> Figure:
    """Customers active in the 7 days to the period's end. Needs orders or interactions. → Figure: count"""
    return Figure(int(_recent(crm).wau)) if shows_activity(crm) else NOT_DELIVERED


@measured("count", "up", rolling=_longer_than_the_period)
def mau(crm: Crm) -> Figure:
    """Customers active in the 30 days to the period's end. Needs orders or interactions. → Figure: count"""
    return Figure(int(_recent(crm).mau)) if shows_activity(crm) else NOT_DELIVERED


@measured("share", "up", rolling=_longer_than_the_period)
def stickiness(crm: Crm) -> Figure:
    """Customers active on an average day / customers active in the month (dau / mau, both of the 30 days to the period's end).

    Needs orders or interactions. → Figure 0..1, base = customers active in those 30 days
    """
    return _quotient(_recent(crm).stickiness, _recent(crm).mau) if shows_activity(crm) else NOT_DELIVERED


@measured("ratio")
def interaction_frequency(crm: Crm) -> Figure:
    """Interactions of every channel in the period / customers they were with.

    Needs interactions: customer_id. → Figure: interactions a customer, base = customers contacted. This team's own rows;
    those without a customer are left out.
    """
    if not crm.has("interactions"):
        return NOT_DELIVERED
    row = crm.once("contacted", lambda: _contacted(crm, [crm.period]).iloc[0])
    return _quotient(row.interaction_frequency, row.customers)


def _quotient(value: float, base: float) -> Figure:
    return Figure(float(value) if base else None, int(base), None if base else "no_base")


def with_usage(crm: Crm, history: pd.DataFrame) -> pd.DataFrame:
    """A history with the figures of this room in each of its periods, as known now.

    Needs orders or interactions. → the frame with dau, wau, mau, stickiness, interaction_frequency
    """
    periods = list(history.period)
    if not periods:
        return history
    used = _active(crm, [p.end for p in periods])
    return history.join(used).join(_contacted(crm, periods)[["interaction_frequency"]])


def _recent(crm: Crm) -> pd.Series:
    return crm.once("recent", lambda: _active(crm, [crm.end]).iloc[0])


def _active(crm: Crm, ends: list[date]) -> pd.DataFrame:
    """Who was active by qualifying activity in the 7 and 30 days to each end, of those who were customers by then.

    → frame, one row an end: dau, wau, mau, stickiness; NaN where no such activity is delivered
    """
    if not shows_activity(crm):
        return pd.DataFrame(math.nan, index=range(len(ends)), columns=["dau", "wau", "mau", "stickiness"])
    found = of_customers(crm, f"used {len(ends)}", lambda view: _users(view, ends)).execute()
    frame = found.groupby("end")[["days", "week", "month"]].sum().reindex(range(len(ends)), fill_value=0)
    frame = pd.DataFrame({"dau": frame.days / MONTH_DAYS, "wau": frame.week, "mau": frame.month})
    return frame.assign(stickiness=frame.dau / frame.mau.replace(0, math.nan))


def _users(crm: Crm, ends: list[date]) -> Any:
    """→ ibis table: team, end (its index), days (of all customers together) in the 30 days to it, customers in them, and in the last week"""
    acts, known = events(crm), lives(crm).select("customer_id", "team", "since")
    acts = acts.filter(acts.qualifies & within(acts.at, ends[0] - timedelta(days=MONTH_DAYS), ends[-1]))
    days = acts.select("customer_id", on=acts.at.date().cast("timestamp")).distinct().inner_join(known, "customer_id")
    seen = days.cross_join(_windows(ends))
    seen = seen.filter((seen.on >= seen.month_from) & (seen.on < seen.until) & (seen.since < seen.until))
    each = seen.group_by("team", "end", "customer_id").aggregate(
        days=lambda t: t.count(), week=lambda t: (t.on >= t.week_from).any()
    )
    return each.group_by("team", "end").aggregate(
        days=lambda t: t.days.sum(), month=lambda t: t.count(), week=lambda t: count_if(t.week)
    )


def _windows(ends: list[date]) -> Any:
    """The 30 and the 7 days to each end, as a table."""
    days = {"until": 0, "week_from": WEEK_DAYS, "month_from": MONTH_DAYS}
    frame = pd.DataFrame({name: [pd.Timestamp(end - timedelta(days=n)) for end in ends] for name, n in days.items()})
    return ibis.memtable(frame.assign(end=range(len(ends))), schema={**dict.fromkeys(days, "timestamp"), "end": "int64"})


def _contacted(crm: Crm, periods: list[Period]) -> pd.DataFrame:
    """Interactions with a customer in each period: customers, interaction_frequency."""
    found = of_view(crm, f"contacted {len(periods)}", partial(_contacts, periods=periods)).execute()
    frame = found.set_index("period")[["n", "customers"]].reindex(range(len(periods)), fill_value=0)
    return frame.assign(interaction_frequency=frame.n / frame.customers.replace(0, math.nan))


def _contacts(crm: Crm, *groups: str, periods: list[Period]) -> Any:
    """→ ibis table: period (its index), n, customers"""
    table = crm.table("interactions", "customer_id", "occurred_at")
    table = table.filter(table.customer_id.notnull() & within(table.occurred_at, periods[0].start, periods[-1].end))
    counted = table.group_by(*groups, period=which(table.occurred_at, periods).cast("int64"))
    return counted.aggregate(n=lambda t: t.count(), customers=lambda t: t.customer_id.nunique())
