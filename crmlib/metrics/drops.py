"""Customers who fell quiet: far fewer own activities than their own past lets expect. An early warning, no verdict."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import pdtr

from ..crm import Crm
from ..kpi import Share, measured
from ..measures import ratio
from ..schema import UNASSIGNED
from .lives import lives, of_customers
from .names import customer_names, named
from .pasts import judged, past
from .states import tally

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
    return Share(len(fallen(crm)), tally(crm)["judged"])


def fallen(crm: Crm) -> pd.DataFrame:
    """The customers who fell quiet.

    Needs the same as activity_drops. → frame: customer_id, rep_id, team, no_contact, usual_count (expected in the period),
      activity_count, last_on (day of the last own activity); the largest fall first
    """
    return crm.once("fallen", lambda: _fallen(crm)).copy()


def _fallen(crm: Crm) -> pd.DataFrame:
    frame = of_customers(crm, "quieter", _quieter).execute()
    frame = frame[improbable(frame.activity_count.to_numpy(dtype=float), frame.usual_count.to_numpy(dtype=float))]
    frame = frame.assign(_fall=frame.activity_count - frame.usual_count)
    return frame.sort_values(["_fall", "customer_id"]).drop(columns="_fall").reset_index(drop=True)


def improbable(seen: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Whether counts are at most half of what is usual, and improbably low for it.

    >>> improbable(np.array([0.0, 0.0, 5.0, 6.0]), np.array([4.6, 4.7, 13.0, 13.0])).tolist()
    [False, True, False, False]
    """
    return (seen <= usual * AT_LEAST_FEWER) & (pdtr(seen, usual) < IMPROBABLE)


def _quieter(crm: Crm) -> Any:
    """Those with a past who were at most half as active as usual."""
    table, now = lives(crm), crm.period
    done, days, _ = past(table, now)
    usual = ratio(done * (now.end - now.start).days, days)
    table = table.mutate(usual_count=usual, activity_count=table.own_0, last_on=table.last_at.date())
    few = table.filter(judged(table, now) & (table.activity_count <= table.usual_count * AT_LEAST_FEWER))
    return few.select("customer_id", "rep_id", "team", "no_contact", "usual_count", "activity_count", "last_on")


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
