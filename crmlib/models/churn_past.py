"""What came of earlier warnings: those of the period before, and of the newest period of which it is known for good who left."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..periods import Period
from . import churn
from .judged import Judged, judged
from .snapshots import known_after, known_until

SO_FAR, FINAL, PREDICTED, BACK_CAST = "so far", "final", "predicted", "back-cast"
PAST = ["scored_on", "made", "judged_state", "scored_count", "warned_of_count", "left_count", "warned_left_count", "right_share",
        "at_most_share", "foreseen_share", "lift_ratio", "missed_amount"]  # fmt: skip


def last_period(crm: Crm, told: Any) -> Judged:
    """What came of the warnings of the period before, by this page's end.

    `told`: what the ledger holds of them (`crm.told("score", "churn", crm.previous.period)`); where it holds nothing, the scores
    are made now, as that period's own page would make them: back-cast.
    """
    return judged(crm, told if _any(told) else back_cast(crm))


def settled(crm: Crm, told: Any) -> Judged:
    """What came of the warnings of which it is known for good (`final_period`), as the ledger holds them; nothing where it holds none."""
    return judged(crm, told) if final_period(crm) != crm.previous.period else Judged()


def final_period(crm: Crm) -> Period:
    """The newest period of the page's kind of whose customers it is known for good who left."""
    end = known_until(crm) - timedelta(days=known_after(crm))
    period = Period.containing(end, crm.period.kind, crm.period.fiscal_start)
    return period.previous if period.end > end else period


def back_cast(crm: Crm) -> Any:
    """The scores of the period before, made now. → ibis table: target, value, label, starts, ends, made_at (this page's end)"""
    then = replace(crm.previous, beside=None)  # that period's own page: what it has kept is used
    if then.first_day is None or then.end <= then.first_day:
        return churn.told(crm).limit(0).mutate(**_days(crm, crm))
    return churn.told(then).mutate(**_days(crm, then))


def _days(crm: Crm, then: Crm) -> dict[str, Any]:
    ends = then.end + timedelta(days=crm.business.churn_horizon_days)
    moment = lambda day: ibis.timestamp(day.year, day.month, day.day, 0, 0, 0)  # noqa: E731
    return {"starts": ibis.date(then.end.isoformat()), "ends": ibis.date(ends.isoformat()), "made_at": moment(crm.end)}


def _any(told: Any) -> bool:
    return bool(told.limit(1).count().execute())


def past(*found: Judged) -> pd.DataFrame:
    """Earlier warnings side by side.

    → frame: scored_on, made (predicted, or back-cast), judged_state (so far, or final), scored_count, warned_of_count, left_count, warned_left_count,
      right_share (precision), at_most_share (what that can become), foreseen_share (recall), lift_ratio, missed_amount (revenue of the year before, of
      those who left without a warning). Without those of whom nobody was scored.
    """
    rows = [
        (one.starts, PREDICTED if one.predicted else BACK_CAST, FINAL if one.final else SO_FAR, one.scored, int(one.precision.base), one.left, int(one.precision.part),
         one.precision.value, one.precision_at_most.value, one.recall.value, one.lift, one.missed_amount)
        for one in found
        if one.scored
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=PAST)
