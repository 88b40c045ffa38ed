"""Posts: who was in which team in a period, and for how many of its days."""

from datetime import timedelta

import numpy as np
import pandas as pd

from ..crm import ALL, Crm
from ..periods import Period

POSTS = ["team", "rep_id", "here_days", "here_share"]


def posts(crm: Crm) -> pd.DataFrame:
    """The persons of this view's teams in the period, and how much of it each was there.

    Needs reps: rep_id, team; active_from, active_to as delivered (without them: always there).
    → frame: team, rep_id, here_days (days of the period in this team, up to the last that is known), here_share (0..1 of those
      days); by team and person. Who moves has a row in each team; a move ends the time before it, whether or not it says so.
    """
    return crm.once("posts", lambda: _posts(crm)).copy()


def _posts(crm: Crm) -> pd.DataFrame:
    frame = days_here(crm, crm.period)
    mine = (frame.here_days > 0) & ((crm.team == ALL) | (frame.team == crm.team))
    return frame[mine].reset_index(drop=True)


def days_here(crm: Crm, period: Period) -> pd.DataFrame:
    """The same of the whole company in a period up to this one, as known at this one's end; also of those who were not there."""
    found = spells(crm)[["team", "rep_id"]].assign(here_days=_days(spells(crm), period))
    found = found.groupby(["team", "rep_id"], as_index=False).here_days.sum()
    return found.assign(here_share=found.here_days / (period.end - period.start).days)


def present(crm: Crm, period: Period) -> float:
    """This view's persons in a period up to this one, each counted for the days they were there."""
    frame = spells(crm)
    mine = (frame.team == crm.team).to_numpy() | (crm.team == ALL)
    return float(_days(frame, period)[mine].sum() / (period.end - period.start).days)


def _days(frame: pd.DataFrame, period: Period) -> np.ndarray:
    """How many days of a period each spell covers."""
    start, end = np.datetime64(period.start, "D"), np.datetime64(period.end, "D")
    since, until = frame.since.to_numpy("datetime64[D]"), frame.until.to_numpy("datetime64[D]")
    since, until = np.where(np.isnat(since), start, since), np.where(np.isnat(until), end, until)
    return np.maximum((np.minimum(until, end) - np.maximum(since, start)).astype(int), 0)


def spells(crm: Crm) -> pd.DataFrame:
    """From which day until before which day each person of the company was in each team, as known at this period's end.

    Needs reps: rep_id, team; active_from, active_to as delivered. → frame: team, rep_id, since, until (NaT: always, still)
    """
    return crm.company.once("spells", lambda: _spells(crm.company))


def _spells(company: Crm) -> pd.DataFrame:
    table = company.table("reps", "rep_id", "team", "active_from", "active_to")
    frame = table.select("rep_id", "team", "active_from", "active_to").execute()
    frame = frame.sort_values(["rep_id", "active_from"], na_position="first", kind="stable")
    since, went = pd.to_datetime(frame.active_from), pd.to_datetime(frame.active_to) + timedelta(days=1)
    return frame.assign(since=since, until=pd.concat([went, since.groupby(frame.rep_id).shift(-1)], axis=1).min(axis=1))
