"""Customers who fell quiet: far fewer own activities than their own past lets expect. An early warning, no verdict."""

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.special import pdtr

from ..crm import Crm
from ..kpi import Share, measured
from ..measures import count_if, day, ratio
from ..schema import UNASSIGNED
from .lives import BASELINE, lives
from .names import customer_names, named

LEAST_PERIODS, LEAST_EVENTS = 2, 12  # whole periods, and activities in them, that a past must have to be judged by
IMPROBABLE = 0.01  # the chance of so few or fewer
AT_LEAST_FEWER = 0.5  # and by at least so much


@measured("share", "down")
def activity_drops(crm: Crm) -> Share:
    """Customers at the period's start whose own activity fell far below their own past, as a share of those judged.

    Needs interactions or orders. → Share: part = fell quiet, base = customers with a past to judge by
    Own activity: log-in, browsing, taking part, feedback, a purchase. The past: up to six periods before this one, only those
    that began after the customer was first seen; at least two periods with at least twelve activities. Fell quiet: so few
    or fewer have a chance below 1 % (Poisson, the past's mean a day), and they are at most half of what was usual.
    """
    return Share(len(fallen(crm)), _pasts(crm)[1])


def fallen(crm: Crm) -> pd.DataFrame:
    """The customers who fell quiet.

    Needs the same as activity_drops. → frame: customer_id, rep_id, team, no_contact, usual_count (expected in the period),
      activity_count, last_on (day of the last own activity); the largest fall first
    """
    return crm.once("fallen", lambda: _fallen(crm)).copy()


def _fallen(crm: Crm) -> pd.DataFrame:
    frame = _pasts(crm)[0]
    frame = frame[improbable(frame.activity_count.to_numpy(dtype=float), frame.usual_count.to_numpy(dtype=float))]
    frame = frame.assign(_fall=frame.activity_count - frame.usual_count)
    return frame.sort_values(["_fall", "customer_id"]).drop(columns="_fall").reset_index(drop=True)


def improbable(seen: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Whether counts are at most half of what is usual, and improbably low for it.

    >>> improbable(np.array([0.0, 0.0, 5.0, 6.0]), np.array([4.6, 4.7, 13.0, 13.0])).tolist()
    [False, True, False, False]
    """
    return (seen <= usual * AT_LEAST_FEWER) & (pdtr(seen, usual) < IMPROBABLE)


def _pasts(crm: Crm) -> tuple[pd.DataFrame, int]:
    """Those at most half as active as usual, and how many have a past to be judged by."""
    return crm.once("pasts", lambda: _judged(crm))


def _judged(crm: Crm) -> tuple[pd.DataFrame, int]:
    table, now, whole = lives(crm), crm.period, {}
    for i in range(1, BASELINE + 1):
        past = now.shift(-i)
        whole[i] = (
            (table.first_at < day(past.start + timedelta(days=1))).fill_null(False).cast("int64"),
            (past.end - past.start).days,
        )
    done = sum((flag * table[f"own_{i}"] for i, (flag, _) in whole.items()), start=0)
    days = sum((flag * length for flag, length in whole.values()), start=0)
    periods = sum((flag for flag, _ in whole.values()), start=0)
    judged = table.mutate(
        usual_count=ratio(done * (now.end - now.start).days, days), activity_count=table.own_0, last_on=table.last_at.date()
    )
    judged = judged.filter(table.in_start & (periods >= LEAST_PERIODS) & (done >= LEAST_EVENTS))
    few = judged.filter(judged.activity_count <= judged.usual_count * AT_LEAST_FEWER)
    columns = ["customer_id", "rep_id", "team", "no_contact", "usual_count", "activity_count", "last_on"]
    return few.select(columns).execute(), int(judged.aggregate(n=count_if(judged.in_start)).execute().iloc[0, 0])


def drops_by_team(crm: Crm) -> dict[str, int]:
    """How many fell quiet in each team. → {team ("unassigned" for none): count}"""
    return {str(k): int(v) for k, v in fallen(crm).team.fillna(UNASSIGNED).value_counts().items()}


def early_warning(crm: Crm, limit: int = 20) -> pd.DataFrame:
    """Whom to ask what has changed: customers who fell quiet and may be contacted, the largest fall first.

    Needs the same as activity_drops; customers: name, no_contact. For team pages: names.
    → frame: customer, usual_count, activity_count, last_on, rep; at most `limit` rows
    """
    frame = fallen(crm)
    frame = frame[~frame.no_contact.fillna(False).astype(bool)].head(limit)
    frame = frame.assign(customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id))
    return frame[["customer", "usual_count", "activity_count", "last_on", "rep"]].reset_index(drop=True)
