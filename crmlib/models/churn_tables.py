"""What the page of churn shows: who is how likely to leave, how good the model is, what it goes by, whom it pays to call."""

from itertools import pairwise
from typing import Any

import ibis
import pandas as pd

from ..crm import ALL, Crm
from ..measures import count_if, exact, total
from . import churn, warnings
from .features import WORDS

EDGES = (0.05, 0.1, 0.25, 0.5)  # of the bands of probability
BANDS = ["band", "customer_count", "warned_count", "expected_count", "loss_amount"]
SHOWN, PROFILED = 12, 4  # drivers, and those of them that are looked at more closely
CARD = ["model", "how", "test_on", "fitted_on", "row_count", "left_count", "tested_count", "tested_left_count", "auc", "auc_error",
        "baseline", "baseline_auc", "ece", "lift_ratio", "method"]  # fmt: skip


def card(crm: Crm) -> pd.DataFrame:
    """The model's card: what it is, of which days and customers, how well it did, beside what baseline.

    → frame, one row (none without a model): model, how (out of time, or cross-validated), test_on (the day of the customers it
      was tested on), fitted_on (the latest day of those the score's model was fitted to), row_count, left_count, tested_count,
      tested_left_count, auc, auc_error (standard error), baseline, baseline_auc, ece, lift_ratio (highest tenth), method (of calibration)
    """
    found = churn.report(crm).card
    if found is None:
        return pd.DataFrame(columns=CARD)
    row = (found.model, found.how, found.test_on, found.fitted_on, found.rows, found.leavers, found.tested_rows, found.tested_leavers, found.auc,
           found.auc_error, found.baseline, found.baseline_auc, found.ece, found.lift, found.method)  # fmt: skip
    return pd.DataFrame([row], columns=CARD)


def bands(crm: Crm) -> pd.DataFrame:
    """The customers of this view by their probability to leave.

    → frame: band ("< 5%", "5–10%" …), customer_count, warned_count, expected_count (the sum of probabilities), loss_amount (expected, a year);
      the lowest first; no rows without a model
    """
    if churn.report(crm).card is None:
        return pd.DataFrame(columns=BANDS)
    found = crm.company.kept("churn bands", _bands).execute()
    mine = found if crm.team == ALL else found[found.team == crm.team]
    frame = mine.groupby("place")[BANDS[1:]].sum().reindex(range(len(EDGES) + 1), fill_value=0)
    between = [f"{low:.0%}–{high:.0%}".replace("%–", "–") for low, high in pairwise(EDGES)]
    said = [f"< {EDGES[0]:.0%}", *between, f"≥ {EDGES[-1]:.0%}"]
    return frame.assign(band=said)[BANDS].reset_index(drop=True)


def _bands(company: Crm) -> Any:
    table = churn.scores(company)
    place = ibis.cases(*[(table.probability < edge, i) for i, edge in enumerate(EDGES)], else_=len(EDGES))
    return table.group_by("team", place=place.cast("int64")).aggregate(
        customer_count=table.count(), warned_count=count_if(table.warned), expected_count=total(exact(table.probability, 9)),
        loss_amount=total(exact(table.expected_loss)),
    )  # fmt: skip


def to_call(crm: Crm, limit: int = 20) -> pd.DataFrame:
    """Whom of this team to call, with the reasons: the largest expected loss first (warnings.py). For team pages: names.

    → frame: customer, probability, reasons, loss_amount, rep, action; none on the company's page, none without a model
    """
    if crm.team == ALL or churn.report(crm).card is None:
        return pd.DataFrame(columns=warnings.LISTED)
    return warnings.warning_list(crm, churn.scores(crm), churn.predictor(crm), limit)


def also_to_call(crm: Crm, shown: int = 20, most: int = 200) -> pd.DataFrame:
    """The customers warned of who come after the first `shown` of the list. For team pages: names.

    → frame: customer, probability, loss_amount, rep; at most `most` rows; none on the company's page, none without a model
    """
    if crm.team == ALL or churn.report(crm).card is None:
        return pd.DataFrame(columns=[name for name in warnings.LISTED if name not in ("reasons", "action")])
    return warnings.briefly(crm, warnings.in_order(churn.scores(crm), most, shown))


def candidates(crm: Crm) -> pd.DataFrame:
    """The candidates side by side on rows that they had not seen, the simplest first.

    → frame: model, auc, auc_error, pr_auc, brier, ece, chosen
    """
    return churn.report(crm).frames["comparison"]


def calibration(crm: Crm) -> pd.DataFrame:
    """Tenths by probability: what was predicted, and how many left. → frame: bin, base, left_count, predicted_share, left_share"""
    return churn.report(crm).frames["calibration"]


def gained(crm: Crm) -> pd.DataFrame:
    """Tenths from the highest probability on. → frame: decile, base, left_count, lift_ratio, gained_share, left_share"""
    return churn.report(crm).frames["gain"][["decile", "base", "left_count", "lift_ratio", "gained_share", "left_share"]]


def calls(crm: Crm) -> pd.DataFrame:
    """What calling the highest probabilities would have brought, by how many are called (gain.calls).

    → frame: called ("10%"), called_share, contact_count, left_count, precision_share, recall_share, contact_amount, saved_amount, net_amount
    """
    frame = churn.report(crm).frames["calls"]
    return frame.assign(called=[f"{share:.0%}" for share in frame.called_share])[["called", *frame.columns]]


def drivers(crm: Crm) -> pd.DataFrame:
    """What the model goes by: how far its AUC falls when a column is shuffled. → frame: feature, fall_spread, auc_fall; the largest first"""
    frame = churn.report(crm).frames["drivers"].head(SHOWN)
    return frame.assign(feature=_worded(frame.feature))[["feature", "fall_spread", "auc_fall"]]


def profiles(crm: Crm) -> pd.DataFrame:
    """What it says for other values of the strongest columns. → frame: value_at, feature, level, expected_share"""
    frame = churn.report(crm).frames["profiles"]
    frame = frame[frame.feature.isin(frame.feature.drop_duplicates().head(PROFILED))].reset_index(drop=True)
    at = [level if name in WORDS or level == "missing" else _plainly(value)
          for name, level, value in zip(frame.feature, frame.level, frame.at_ratio, strict=True)]  # fmt: skip
    return frame.assign(value_at=at, feature=_worded(frame.feature))[["value_at", "feature", "level", "expected_share"]]


def _plainly(value: float) -> str:
    """A number as a name.

    >>> _plainly(0.25), _plainly(137.0), _plainly(24512.4)
    ('0.25', '137', '24,512')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def drift(crm: Crm) -> pd.DataFrame:
    """How far today's customers are from those that the model was fitted to. → frame: feature, psi; the largest first"""
    frame = churn.drifted(crm).head(SHOWN)
    return frame.assign(feature=_worded(frame.feature))


def _worded(names: pd.Series) -> list[str]:
    """Columns of the features as texts call them."""
    return [f"feature {name}" for name in names]
