"""Posts: who was in which team in a period, and for how many of its days."""

from datetime import timedelta

import pandas as pd

from ..crm import ALL, Crm

POSTS = ["team", "rep_id", "here_days", "here_share"]


def posts(crm: Crm) -> pd.DataFrame:
    """The persons of this view's teams in the period, and how much of it each was there.

    Needs reps: rep_id, team; active_from, active_to as delivered (without them: always there).
    → frame: team, rep_id, here_days (days of the period in this team, up to the last that is known), here_share (0..1 of those
      days); by team and person. Who moves has a row in each team; a move ends the time before it, whether or not it says so.
    """
    return crm.once("posts", lambda: _posts(crm)).copy()


def _posts(crm: Crm) -> pd.DataFrame:
    if not crm.has("reps"):
        return pd.DataFrame(columns=POSTS)
    frame = crm.company.table("reps", "rep_id", "team", "active_from", "active_to").select(
        "rep_id", "team", "active_from", "active_to"
    )
    frame = frame.execute().sort_values(["rep_id", "active_from"], na_position="first", kind="stable")
    start, end = pd.Timestamp(crm.period.start), pd.Timestamp(known_until(crm))
    came = pd.to_datetime(frame.active_from).fillna(start)
    went = pd.to_datetime(frame.active_to).fillna(end) + timedelta(days=1)
    moved = came.groupby(frame.rep_id).shift(-1).fillna(end)
    since, until = came.clip(lower=start), pd.concat([went, moved], axis=1).min(axis=1).clip(upper=end)
    frame["here_days"] = (until - since).dt.days.clip(lower=0)
    frame = frame.groupby(["team", "rep_id"], as_index=False).here_days.sum()
    frame["here_share"] = frame.here_days / max((end - start).days, 1)
    mine = (frame.here_days > 0) & ((crm.team == ALL) | (frame.team == crm.team))
    return frame[mine].reset_index(drop=True)[POSTS]


def known_until(crm: Crm):
    """The day after the last one of the period that the data know of."""
    return min(crm.period.end, max(crm.as_of.date(), crm.period.start) + timedelta(days=1))
