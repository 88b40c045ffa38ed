"""Prospects: who may become a customer, and how many of them did.

A prospect is a person or company of the CRM that is no customer yet (lives.py says who is one), or a deal or lead of nobody: each
of these is one of its own until it is won or lost. It is first seen when it was entered, or when its first deal was created. The
prospects of a period are those first seen in it, those first seen in the `inactive_after_days` before it and neither won nor lost
by its start (older ones count as given up), and whoever is won in the period, however long ago that one was seen.
"""

from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, Share, measured
from ..measures import count_if, day, within
from ..periods import Period
from .lives import accounts, lives, of_customers

_MOMENTS = dict.fromkeys(("seen_at", "won_at", "gone_at"), "timestamp")


@measured("share", "up")
def sales_conversion_rate(crm: Crm) -> Share | Figure:
    """Customers won in the period / its prospects: those it began with, those first seen in it, and whoever was won.

    Needs customers: created_at, or opportunities: created_at, closed_at, is_won; orders as delivered.
    → Share: part = won, base = prospects; a Figure without a value where the source knows of nobody who is no customer: it records
    customers alone, and their share would always be 100 %
    """
    frame = prospects_in(crm, [crm.period])
    if not _records_prospects(crm):
        return Figure(None, None, "no_prospects")
    return Share(int(frame.won_customers.iloc[0]), int(frame.prospect_count.iloc[0]))


@measured("count", "up")
def prospect_count(crm: Crm) -> Figure:
    """The prospects of the period. Needs the same as sales_conversion_rate. → Figure: count"""
    if not _records_prospects(crm):
        return Figure(None, None, "no_prospects")
    return Figure(int(prospects_in(crm, [crm.period]).prospect_count.iloc[0]))


def conversion_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The course of sales conversion, as known at the period's end.

    Needs the same as sales_conversion_rate. → frame: period (Period), prospect_count, won_customers, sales_conversion_rate (0..1;
      NaN where there was nobody to win); oldest first. Periods before anybody was ever won are left out; none where no prospects are recorded
    """
    periods = [p for p in crm.period.trailing(count) if crm.first_day is None or p.end > crm.first_day]
    known = _records_prospects(crm) and periods
    frame = prospects_in(crm, periods) if known else pd.DataFrame(columns=["prospect_count", "won_customers"], dtype=int)
    frame.insert(0, "period", pd.Series(periods if known else [], dtype=object))
    frame = frame[frame.won_customers.cumsum() > 0].reset_index(drop=True)
    return frame.assign(sales_conversion_rate=frame.won_customers / frame.prospect_count.where(frame.prospect_count > 0))


def conversion_by_team(crm: Crm) -> pd.DataFrame:
    """The same of the period by team. → frame: team (None: of none), prospect_count, won_customers"""
    found = _counts(crm, [crm.period])
    return found.rename(columns={"prospects_0": "prospect_count", "won_0": "won_customers"})[
        ["team", "prospect_count", "won_customers"]
    ]


def prospects_in(crm: Crm, periods: list[Period]) -> pd.DataFrame:
    """How many prospects each period had, and how many of them were won in it. → frame: prospect_count, won_customers; a row a period"""
    sums = _counts(crm, periods).drop(columns=["team", "others"]).sum()
    rows = [(int(sums[f"prospects_{i}"]), int(sums[f"won_{i}"])) for i in range(len(periods))]
    return pd.DataFrame(rows, columns=["prospect_count", "won_customers"])


def _records_prospects(crm: Crm) -> bool:
    """Whether the source knows of anybody, in whatever team, who is no customer at the end of the page's own period."""
    company = crm.judge.company
    return bool(_counts(company, [company.period]).others.sum())


def _counts(crm: Crm, periods: list[Period]) -> pd.DataFrame:
    name = f"prospects {len(periods)}"
    return crm.once(name, lambda: of_customers(crm, name, lambda view: _counted(view, periods)).execute())


def _counted(crm: Crm, periods: list[Period]) -> Any:
    """Prospects and customers won in each period, and `others`: who is no customer at the end. → ibis table, a row a team"""
    table = _prospects(crm)
    counts = {"others": count_if(table.won_at.isnull())}
    for i, period in enumerate(periods):
        won = within(table.won_at, period.start, period.end)
        counts |= {f"prospects_{i}": count_if(won | _there(crm, table, period)), f"won_{i}": count_if(won)}
    return table.group_by("team").aggregate(**counts)


def _there(crm: Crm, table: Any, period: Period) -> Any:
    """First seen in the period, or shortly before it and not gone by its start."""
    least = period.start - timedelta(days=crm.business.inactive_after_days)
    seen = within(table.seen_at, least, period.end)
    return seen & (table.gone_at.isnull() | (table.gone_at >= day(period.start)))


def _prospects(crm: Crm) -> Any:
    """Everybody who is or was a prospect. → ibis table: team, seen_at, won_at, gone_at (won, or a lead of nobody lost)"""
    people = lives(crm).select("customer_id", "team", "since")
    entered = accounts(crm).select("customer_id", "created_at")
    deals = crm.table("opportunities", "opportunity_id", "customer_id", "created_at", "closed_at", "is_won", "_team")
    first = deals.filter(deals.customer_id.notnull()).group_by("customer_id").aggregate(deal_at=lambda t: t.created_at.min())
    known = people.left_join(entered, "customer_id", rname="_{name}").left_join(first, "customer_id", rname="__{name}")
    persons = known.select(
        "team",
        seen_at=ibis.coalesce(ibis.least(*_either(known.created_at, known.deal_at)), known.since),
        won_at="since",
        gone_at="since",
    )
    own = deals.filter(deals.customer_id.isnull())
    leads = own.select(
        team="_team", seen_at=ibis.coalesce(own.created_at, own.closed_at), gone_at="closed_at",
        won_at=ibis.ifelse(own.is_won.fill_null(False), own.closed_at, ibis.null("timestamp")),
    )  # fmt: skip
    return persons.cast(_MOMENTS).union(leads.select(persons.columns).cast(_MOMENTS))


def _either(a: Any, b: Any) -> tuple[Any, Any]:
    """Two moments for `least`, each with the other where it is missing: engines differ in what null is least of."""
    return ibis.coalesce(a, b), ibis.coalesce(b, a)
