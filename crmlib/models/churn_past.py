"""What came of earlier warnings: those of the period before, and of the newest period of which it is known for good who left."""

from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import day
from ..periods import Period
from . import churn, snapshots
from .encoding import Encoding
from .fitting import refitted, too_little
from .judged import Judged, judged
from .snapshots import known_after, known_until
from .training import BASELINE, COLUMNS, keyed

SO_FAR, FINAL, PREDICTED, BACK_CAST = "so far", "final", "predicted", "back-cast"
PAST = ["scored_on", "made", "judged_state", "scored_count", "warned_of_count", "left_count", "warned_left_count", "right_share",
        "at_most_share", "foreseen_share", "lift_ratio", "missed_amount"]  # fmt: skip


def last_period(crm: Crm, told: Any) -> Judged:
    """What came of the warnings of the period before, by this page's end.

    `told`: what the ledger holds of them (`crm.told("score", "churn", crm.previous.period)`); where it holds nothing, the scores
    are made now: back-cast.
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
    """The scores of the period before, made now: by the kind of model that is taken now, fitted to what was known then.

    → ibis table: target, value, label, starts, ends, made_at (this page's end)
    """
    then = crm.company.whole_previous
    starts, ends = then.end, then.end + timedelta(days=crm.business.churn_horizon_days)
    days = {"starts": ibis.date(starts.isoformat()), "ends": ibis.date(ends.isoformat()), "made_at": day(crm.end)}
    return churn.entries(then.kept("churn back-cast", _made_now)).mutate(**days)


def _made_now(then: Crm) -> Any:
    card, rows = churn.report(then.judge).card, keyed(snapshots.fitted(then))
    if card is None or too_little(rows.left, Encoding.of(rows[COLUMNS])):
        return churn.scored(then, None)
    return churn.scored(then, refitted(card.model, rows[COLUMNS], rows.left, BASELINE)[0])


def _any(told: Any) -> bool:
    return bool(told.limit(1).count().execute())


def past(least: int, *found: Judged) -> pd.DataFrame:
    """Earlier warnings side by side.

    → frame: scored_on, made (predicted, or back-cast), judged_state (so far, or final), scored_count, warned_of_count, left_count, warned_left_count,
      right_share (precision), at_most_share (left, or silent since; of contracts that still run: none), foreseen_share (recall), lift_ratio (none of fewer than `least` warned of, or who left), missed_amount (revenue of the year before, of
      those who left without a warning). Without those of whom nobody was scored.
    """
    rows = [
        (one.starts, PREDICTED if one.predicted else BACK_CAST, FINAL if one.final else SO_FAR, one.scored, int(one.precision.base), one.left, int(one.precision.part),
         one.precision.value, None if one.by_contract and not one.final else one.precision_at_most.value, one.recall.value, one.lift if min(one.precision.base, one.left) >= least else None, one.missed_amount)
        for one in found
        if one.scored
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=PAST)
