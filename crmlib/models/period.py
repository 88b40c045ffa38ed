"""The models of a period: trained once for the whole company, before the pages that show what they say, and how each did."""

from typing import Any

import pandas as pd

from ..crm import Crm
from . import churn, churn_figures, churn_tables, clv, holdout, segment_checks, segment_groups, segments, value
from .clusters import STABLE

MODELS = ["trained_model", "row_count", "customer_count", "judged_by", "measured", "baseline_measured", "verdict"]
GOOD, NO_BETTER, LACKING = "better than its baseline", "no better than its baseline", "not enough data"
STEADY, UNSTEADY = "found again in samples", "not found again in samples"
HOLDS = (GOOD, STEADY)


def work(crm: Crm) -> pd.DataFrame:
    """Train the models of the period and have them score everybody: all of it is kept, and the pages find it ready.

    → frame, a row a model: trained_model, row_count (that it was fitted to), customer_count (whom it scored), judged_by (the measure),
      measured, baseline_measured (the same of what needs no model), verdict
    """
    for table in (churn.scores, churn.drifted, churn_tables.bands, churn_figures.tally, segment_groups.sums, segment_checks.explained,
                  clv.work):  # fmt: skip
        table(crm)
    return pd.DataFrame([_churn(crm), _segments(crm), _value(crm)], columns=MODELS)


def _churn(crm: Crm) -> tuple:
    card, scored = churn.report(crm).card, _count(churn.scores(crm))
    if card is None:
        return "model of leaving", 0, scored, "auc", None, None, LACKING
    return "model of leaving", card.rows, scored, "auc", card.auc, card.baseline_auc, GOOD if card.beats else NO_BETTER


def _segments(crm: Crm) -> tuple:
    fit, assigned = segments.fitted(crm), segments.segments(crm)
    scored = _count(assigned.filter(assigned.group.notnull()))
    if fit.best is None:
        return "segments of customers", 0, scored, "group stability", None, None, LACKING
    stable = float(fit.best.stability)
    return "segments of customers", fit.settled, scored, "group stability", stable, STABLE, STEADY if fit.stable else UNSTEADY


def _value(crm: Crm) -> tuple:
    judged, scored = holdout.held_out(crm), _count(value.value(crm))
    if judged.reason or judged.by_way.empty:
        return "model of buying", judged.customers, scored, "mean error", None, None, LACKING
    error = judged.by_way.set_index("way").mean_error
    others = error.drop(holdout.MODEL)
    verdict = GOOD if judged.better else NO_BETTER
    return "model of buying", judged.customers, scored, "mean error", error[holdout.MODEL], others.min(), verdict


def _count(table: Any) -> int:
    return int(table.count().execute())
