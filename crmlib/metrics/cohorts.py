"""Cohorts: the deals created in a window, and whether they had time to close."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from ..crm import Crm
from ..measures import count_if, quantile
from ..periods import Period, year_earlier
from .deals import closed, deals, which


@dataclass(frozen=True)
class Cohort:
    """Deals created from `start` until before `end`; `ripe` if nine in ten had time to close by the period's end."""

    start: date
    end: date
    ripe: bool
    p90_days: int | None
    kind: str = "period"  # period, matured, or before

    @property
    def table(self) -> str:
        """The name of its table of stages."""
        return "stages_matured" if self.kind == "matured" else "stages"


def cycle_p90_days(crm: Crm) -> int | None:
    """One long cycle: whole days within which nine in ten deals won in the last twelve months were closed; None without any."""
    table = closed(crm, year_earlier(crm.end), crm.end)
    value = quantile(table.cycle_days, 0.9, where=table.is_won).execute()
    return None if pd.isna(value) else math.ceil(round(value, 6))


def period_cohort(crm: Crm) -> Cohort:
    """The deals created in the period: ripe where one long cycle is no longer than the period."""
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    length = (crm.period.end - crm.period.start).days
    return Cohort(crm.period.start, crm.period.end, p90 is None or p90 <= length, p90)


def matured_cohort(crm: Crm) -> Cohort | None:
    """The deals created in the year that ended one long cycle before the period's end; None where no cycle is known."""
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    if p90 is None:
        return None
    end = crm.end - timedelta(days=p90)
    return Cohort(year_earlier(end), end, True, p90, "matured")


def headline_cohort(crm: Crm) -> Cohort:
    """The cohort that headline and bottleneck use: the period's own where it is ripe, else the matured one."""
    own = period_cohort(crm)
    return own if own.ripe else matured_cohort(crm) or own


def other_cohort(crm: Crm) -> Cohort | None:
    """Of the period's own and the matured cohort the one that is not the headline's."""
    return period_cohort(crm) if headline_cohort(crm).kind == "matured" else matured_cohort(crm)


def shifted(cohort: Cohort, own: Period, other: Period) -> tuple[date, date]:
    """The window that a cohort of the period `own` has in another period: its own days, or a year one long cycle before its end."""
    if cohort.kind == "period":
        return other.start, other.end
    end = other.end - (own.end - cohort.end)
    return year_earlier(end), end


def year_before(cohort: Cohort) -> Cohort:
    """The twelve months before a cohort began: what it is measured against."""
    return Cohort(year_earlier(cohort.start), cohort.start, True, cohort.p90_days, "before")


def windows(crm: Crm) -> pd.DataFrame:
    """The cohorts used. → frame: cohort (name of its table), start, end (half-open), cycle_p90 (days), ripe"""
    used = [c for c in (period_cohort(crm), matured_cohort(crm)) if c]
    return pd.DataFrame(
        [{"cohort": c.table, "start": c.start, "end": c.end, "cycle_p90": c.p90_days, "ripe": c.ripe} for c in used]
    )


def cohorts(crm: Crm, count: int = 12) -> pd.DataFrame:
    """Deals by the period they were created in: how many, how many of them won by now, and whether the cohort is ripe.

    Needs opportunities: created_at, closed_at, is_won.
    → frame: period (Period), lead_count, won_count, lost_count, open_count, cumulative_conversion (0..1), ripe; oldest first
    """
    periods, table = crm.period.trailing(count), deals(crm)
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    table = table.mutate(_period=which(table.created_at, periods)).filter(lambda t: t._period >= 0)
    won = count_if(table.is_won & table.closed_at.notnull())
    frame = (
        table.group_by("_period").aggregate(lead_count=table.count(), won_count=won, open_count=count_if(table.open)).execute()
    )
    frame = frame.set_index("_period").reindex(range(count)).fillna(0).astype(int)
    frame["lost_count"] = frame.lead_count - frame.won_count - frame.open_count
    frame["cumulative_conversion"] = frame.won_count / frame.lead_count.replace(0, math.nan)
    frame["ripe"] = [p90 is None or p.end + timedelta(days=p90) <= crm.end for p in periods]
    frame["period"] = periods
    frame = frame[(frame.lead_count > 0).cummax()].reset_index(drop=True)
    return frame[["period", "lead_count", "won_count", "lost_count", "open_count", "cumulative_conversion", "ripe"]]
