"""Activity tiers: on how many days customers were active, and what to do for each."""

import math

import ibis
import pandas as pd

from ..crm import Crm
from ..periods import Period
from .lives import lives, of_customers
from .names import customer_names, named

NO_ACTIVITY = "no activity"
MONTH_DAYS = 30
COLUMNS = ["tier", "least_days", "customer_count", "share", "previous_count", "year_before_count", "up_count", "down_count"]
LISTED = ["tier", "customer", "active_days", "last_on", "rep", "action"]


def least_days(tiers: dict[str, int], period: Period) -> dict[str, int]:
    """The active days that each tier asks for in a period, the highest first.

    A month asks for what business.tiers says, whether it has 28 or 31 days (else a customer active once would be in another
    tier in October than in September); weeks, quarters, years and periods to date for days / 30 of it, rounded up, at least 1.

    >>> least_days({"high": 8, "medium": 3, "low": 1}, Period.parse("2026-Q3"))
    {'high': 25, 'medium': 10, 'low': 4}
    """
    days = MONTH_DAYS if period.kind == "month" and not period.until else (period.end - period.start).days
    ranked = sorted(tiers.items(), key=lambda t: -t[1])
    return {name: max(1, math.ceil(least * days / MONTH_DAYS)) for name, least in ranked}


def _rank(days: ibis.Value, least: dict[str, int]) -> ibis.Value:
    """The index of the tier that so many active days belong to, the highest first; after the last: no activity."""
    return ibis.cases(*[(days >= n, i) for i, n in enumerate(least.values())], else_=len(least))


def _ranked(crm: Crm) -> ibis.Table:
    """The customers of this view at the period's end, with their tiers now and in the period before."""
    table, tiers = lives(crm), crm.business.tiers
    now, before = least_days(tiers, crm.period), least_days(tiers, crm.period.shift(-1))
    table = table.mutate(now=_rank(table.active_days, now), before=_rank(table.active_days_before, before))
    return table.filter(table.in_end)


def _moves(crm: Crm) -> pd.DataFrame:
    """How many customers went from which tier to which. → frame: team, now, before, in_start, n"""
    moves = lambda view: _ranked(view).group_by("team", "now", "before", "in_start").aggregate(n=lambda t: t.count())  # noqa: E731
    return of_customers(crm, "tiers", moves).execute()


def _sizes(crm: Crm) -> dict[int, int]:
    if crm.first_day is None or crm.end <= crm.first_day:
        return {}
    return {int(rank): int(n) for rank, n in _moves(crm).groupby("now").n.sum().items()}


def activity_tiers(crm: Crm) -> pd.DataFrame:
    """The customers at the period's end by the days on which they were active in it.

    Needs interactions or orders. → frame: tier (the highest first, "no activity" last), least_days, customer_count, share (0..1),
      previous_count, year_before_count (NaN before the data began), up_count, down_count (of those who were customers at its
      start: in this tier now, and in a lower or higher one in the period before)
    Rows add up to customer_count; no rows where neither interactions nor orders are delivered. Active: any activity of their own accord or a purchase, on a day.
    """
    if not (crm.has("interactions") or crm.has("orders")):
        return pd.DataFrame(columns=COLUMNS)
    least = least_days(crm.business.tiers, crm.period)
    moved = _moves(crm)
    ups, downs = moved[moved.in_start & (moved.now < moved.before)], moved[moved.in_start & (moved.now > moved.before)]
    sizes = {
        "customer_count": moved.groupby("now").n.sum(),
        "up_count": ups.groupby("now").n.sum(),
        "down_count": downs.groupby("now").n.sum(),
    }
    frame = pd.DataFrame({"tier": [*least, NO_ACTIVITY], "least_days": [*least.values(), 0]})
    for name, counts in sizes.items():
        frame[name] = [int(counts.get(i, 0)) for i in frame.index]
    for name, other in (("previous_count", crm.previous), ("year_before_count", crm.year_before)):
        then = _sizes(other)
        frame[name] = [then.get(i, 0) if then else math.nan for i in frame.index]
    frame["share"] = frame.customer_count / max(int(frame.customer_count.sum()), 1)
    return frame[COLUMNS]


_STEPS = {"first": "tier_deepen", "middle": "tier_develop", "last": "tier_awaken", "none": "tier_win_back"}


def tier_lists(crm: Crm, per_tier: int = 8) -> pd.DataFrame:
    """Customers of each tier and what to do for them: the most active first, then those last seen the latest.

    Needs interactions or orders; customers: name, rep_id, no_contact. For team pages: names.
    → frame: tier, customer, active_days, last_on, rep, action (a word of texts); at most `per_tier` rows a tier. Whoever asked
      not to be contacted is left out.
    """
    if not (crm.has("interactions") or crm.has("orders")):
        return pd.DataFrame(columns=LISTED)
    table, tiers = _ranked(crm), [*least_days(crm.business.tiers, crm.period), NO_ACTIVITY]
    table = table.filter(~table.no_contact.fill_null(False)).mutate(last_on=table.last_at.date())
    order = [table.active_days.desc(), ibis.coalesce(table.last_at, ibis.timestamp(1, 1, 1, 0, 0, 0)).desc(), table.customer_id]
    place = ibis.row_number().over(group_by=table.now, order_by=order)
    frame = table.mutate(place=place).filter(lambda t: t.place < per_tier).order_by("now", "place")
    frame = frame.select("now", "customer_id", "rep_id", "active_days", "last_on").execute()
    frame = frame.assign(tier=[tiers[i] for i in frame.now], action=[_STEPS[_place(i, len(tiers))] for i in frame.now])
    frame = frame.assign(customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id))
    return frame[LISTED]


def _place(rank: int, count: int) -> str:
    return "none" if rank == count - 1 else "first" if rank == 0 else "last" if rank == count - 2 else "middle"
