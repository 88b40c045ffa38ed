"""The closed loop: what was done about what customers said, by whom, until when, and whether they were told."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ..crm import ALL, Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..measures import day
from ..periods import Period, year_earlier

GIVEN = ["improvement_id", "category", "owner", "due_on", "done_on", "told_customers_on", "opened_on", "team", "description"]
COLUMNS = [*GIVEN[:2], "state", "late_days", *GIVEN[2:]]
DAYS = [c for c in GIVEN if c.endswith("_on")]
STATES = ("overdue", "open", "done", "told")


def improvements(crm: Crm) -> pd.DataFrame:
    """The measures open at the period's end, and those done or told to customers in the twelve months before it.

    Needs improvements: category, opened_on; owner, due_on, done_on, told_customers_on, team as delivered.
    → frame: COLUMNS: days as dates, state (open; overdue: open and due before the last day that this view knows; done; told:
      done, and customers were told), late_days (done, or still open, after the due day; 0 in time); open ones first, the
      latest due first among them, then the last done. A team sees its own and those of no team (the company's).
    What was done or told after the period's end is not known yet.
    """
    return crm.once("improvements", lambda: _improvements(crm)).copy()


def _improvements(crm: Crm) -> pd.DataFrame:
    table, since = _own(crm), day(year_earlier(crm.end))
    recent = (table.done_on.cast("timestamp") >= since) | (table.told_customers_on.cast("timestamp") >= since)
    frame = table.filter(table.done_on.isnull() | recent).select(*GIVEN).execute()
    for column in DAYS:
        frame[column] = pd.to_datetime(frame[column])
    today = pd.Timestamp(crm.as_of.date())
    frame["state"] = [_state(r.due_on, r.done_on, r.told_customers_on, today) for r in frame.itertuples()]
    late = (frame.done_on.fillna(today) - frame.due_on).dt.days.clip(lower=0)
    frame["late_days"] = late.astype(float)
    frame["_state"] = frame.state.map({"overdue": 0, "open": 0}).fillna(1)
    frame["_done"] = (today - frame.done_on).dt.days
    frame = frame.sort_values(["_state", "_done", "due_on", "improvement_id"], na_position="last").reset_index(drop=True)
    for column in DAYS:
        frame[column] = [None if pd.isna(d) else d.date() for d in frame[column]]
    return frame[COLUMNS]


def _own(crm: Crm) -> Any:
    """The measures of this view: a team's own and those of no team."""
    table = crm.company.table("improvements")
    return table if crm.team == ALL else table.filter((table._team == crm.team) | table._team.isnull())


def _state(due: pd.Timestamp, done: pd.Timestamp, told: pd.Timestamp, today: pd.Timestamp) -> str:
    if pd.isna(done):
        return "overdue" if due < today else "open"
    return "done" if pd.isna(told) else "told"


def course(crm: Crm, periods: Sequence[Period]) -> pd.DataFrame:
    """How many measures were open, and overdue, at the end of each of some periods.

    Needs improvements: opened_on, due_on, done_on. → frame: open_improvements, overdue_improvements (NaN: not delivered)
    """
    names = ["open_improvements", "overdue_improvements"]
    if not crm.has("improvements"):
        return pd.DataFrame(np.nan, index=range(len(periods)), columns=names)
    frame = _own(crm).select("opened_on", "due_on", "done_on").execute().apply(pd.to_datetime)
    out = []
    for period in periods:
        end, today = pd.Timestamp(period.end), pd.Timestamp(min(period.end - timedelta(days=1), crm.as_of.date()))
        still = (frame.opened_on < end) & ~(frame.done_on < end)
        out.append((int(still.sum()), int((still & (frame.due_on < today)).sum())))
    return pd.DataFrame(out, columns=names)


def done_lately(crm: Crm) -> pd.DataFrame:
    """The measures done in the twelve months to the period's end. → rows of `improvements`"""
    frame, since = improvements(crm), year_earlier(crm.end)
    return frame[pd.Series([isinstance(d, date) and d >= since for d in frame.done_on], index=frame.index, dtype=bool)]


def _count(crm: Crm, *states: str) -> Figure:
    if not crm.has("improvements"):
        return NOT_DELIVERED
    return Figure(int(improvements(crm).state.isin(states).sum()))


@measured("count")
def open_improvements(crm: Crm) -> Figure:
    """Measures opened and not done by the period's end.

    Needs improvements: opened_on, done_on. → Figure in counts
    """
    return _count(crm, "open", "overdue")


@measured("count", "down")
def overdue_improvements(crm: Crm) -> Figure:
    """Open measures whose due day lies before the last day that this view knows; on the day itself none is overdue.

    Needs improvements: opened_on, due_on, done_on. → Figure in counts
    """
    return _count(crm, "overdue")


@measured("share", "up", rolling=True)
def told_share(crm: Crm) -> Share:
    """Measures done in the last twelve months of which customers were told, as a share of all done in them.

    Needs improvements: done_on, told_customers_on. → Share: part = told, base = done
    """
    if not crm.has("improvements"):
        return Share(0, 0)
    frame = done_lately(crm)
    return Share(int((frame.state == "told").sum()), len(frame))


@measured("days", "down", rolling=True)
def days_to_done(crm: Crm) -> Figure:
    """Days from opening to doing a measure, median of those done in the last twelve months.

    Needs improvements: opened_on, done_on. → Figure in days, base = measures done
    """
    if not crm.has("improvements"):
        return NOT_DELIVERED
    frame = done_lately(crm)
    days = [(r.done_on - r.opened_on).days for r in frame.itertuples()]
    return Figure(float(pd.Series(days).median()) if days else None, len(days), None if days else "no_base")
