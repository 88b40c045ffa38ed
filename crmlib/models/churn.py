"""Who is about to leave: the model of the period, trained once for the whole company, and what it says of every customer.

All of it is kept: `prepare.ipynb` has it made, the pages find it ready. What can be fitted to frames is fitting.py's, what a
label is snapshots.py's. A probability is that of having left within the horizon: a reason to ask, not a decision.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from . import drift, gain
from .card import Report
from .features import features
from .fitting import Model, fit
from .training import COLUMNS, SCORE, model_of, train

__all__ = ["COLUMNS", "drifted", "fit", "report", "scores", "told", "trained", "until"]

CHUNK = 100_000  # customers who are scored at a time
WARNED = "warned"  # the label of those who are to be called
_SCORES = {"customer_id": "string", "team": "string", "rep_id": "string", "no_contact": "boolean", "probability": "float64",
           "amount_365": "float64", "expected_loss": "float64", "warned": "boolean", "left_alone": "boolean"}  # fmt: skip
_SCORED = [*_SCORES][:6]


def trained(crm: Crm) -> dict[str, Any]:
    """The model of the period, trained for the whole company if nobody has done so yet (training.py)."""
    return crm.model("churn", train)


def report(crm: Crm) -> Report:
    """What there is to say of the model: its card, the comparison, calibration, gain, calls, drivers, profiles; or why there is none."""

    def read() -> Report:
        table = crm.company.kept("churn report", _told).execute()
        return Report.of(dict(table.itertuples(index=False)))

    return crm.company.once("churn report", read)


def predictor(crm: Crm) -> Callable[[pd.DataFrame], np.ndarray]:
    """The model that scores, as a function of features. (Where there is none, there are no scores to ask it about.)"""
    model = model_of(trained(crm))
    return lambda rows: model.probability(rows[COLUMNS])


def _told(company: Crm) -> Any:
    """What is said of the model, as text. → ibis table: name, text"""
    kept = trained(company)
    found = pd.DataFrame([(n, kept[n]) for n in ("lacks", "report") if n in kept], columns=["name", "text"])
    return ibis.memtable(found, schema={"name": "string", "text": "string"})


def scores(crm: Crm) -> Any:
    """What the model says of each customer who is in at the period's end.

    → ibis table, kept, one row a customer: customer_id, team, rep_id, no_contact, probability (of having left within
      churn_horizon_days), amount_365 (revenue of the last 365 days), expected_loss (probability × amount_365, money a year),
      warned (one of the share `contact_share` with the highest probabilities among those who may be contacted, above
      their mean, and a contact pays: expected_loss × save_rate > contact_cost), left_alone (as likely to leave as those, but asked not to be contacted)
    No rows where there is no model.
    """
    return crm.kept("churn scores", _scored)


def _scored(company: Crm) -> Any:
    kept = trained(company)
    return scored(company, None if "lacks" in kept else model_of(kept))


def scored(company: Crm, model: Model | None) -> Any:
    """The customers of the company with what a model says of them. → ibis table as `scores`; no rows without a model"""
    parts = [pd.DataFrame(columns=_SCORED)]
    if model is not None:
        parts = [_said(model.probability(rows[COLUMNS]), rows) for rows in _chunks(company)] or parts
    return ibis.memtable(_called(company, pd.concat(parts, ignore_index=True))[[*_SCORES]], schema=_SCORES)


def _called(company: Crm, every: pd.DataFrame) -> pd.DataFrame:
    """The customers scored with what is expected to be lost, and whom to call."""
    business, may = company.business, ~every.no_contact.eq(True).to_numpy(dtype=bool)
    said, amount = every.probability.to_numpy(dtype=float), every.amount_365.to_numpy(dtype=float)
    chosen: np.ndarray = np.zeros(len(every), dtype=bool)
    chosen[may] = gain.warned(said[may], amount[may], business.save_rate, business.contact_cost, business.contact_share)
    as_likely = said >= said[chosen].min(initial=np.inf)
    loss = np.round(said * np.maximum(amount, 0.0), 4)
    return every.assign(expected_loss=loss, warned=chosen, left_alone=~may & as_likely)


def _said(probability: np.ndarray, rows: pd.DataFrame) -> pd.DataFrame:
    """To nine decimals: beyond them a number depends on how many customers were scored at once."""
    return rows.assign(probability=np.round(probability, 9))[_SCORED]


def _chunks(company: Crm) -> Any:
    """The features of all customers, by their ids, so many at a time."""
    table = features(company).order_by("customer_id")
    for batch in table.to_pyarrow_batches(chunk_size=CHUNK):
        if batch.num_rows:
            yield batch.to_pandas()


def told(crm: Crm) -> Any:
    """What the ledger keeps of the scores. → ibis table: target (customer_id), value (probability), label ("warned" or null)"""
    return entries(scores(crm.company))


def entries(table: Any) -> Any:
    """Scores in the form of the ledger. → ibis table: target, value, label"""
    return table.select(target="customer_id", value="probability", label=ibis.ifelse(table.warned, WARNED, ibis.null("string")))


def until(crm: Crm) -> date:
    """The day until which a score made at the period's end looks ahead (not included)."""
    return crm.period.whole.end + timedelta(days=crm.business.churn_horizon_days)


def drifted(crm: Crm) -> pd.DataFrame:
    """How far the customers of today are from those that the model was fitted to, column by column; the company's.

    → frame: feature ("score": the model's own probabilities), psi (population stability index); the largest first
    """
    return crm.company.once("churn drift", lambda: crm.company.kept("churn drift", _drift).execute())


def _drift(company: Crm) -> Any:
    found = report(company)
    counts = {name: np.zeros_like(then) for name, (_, then) in found.bins.items()}
    for rows in _chunks(company) if counts else ():
        for name in counts.keys() - {SCORE}:
            counts[name] += found.bins[name][0].counts(rows[name])
    if counts:
        counts[SCORE] += found.bins[SCORE][0].counts(scores(company).probability.execute())
    lines = [(name, drift.psi(found.bins[name][1], now)) for name, now in counts.items()]
    frame = pd.DataFrame(lines, columns=["feature", "psi"]).sort_values(["psi", "feature"], ascending=[False, True])
    return ibis.memtable(frame, schema={"feature": "string", "psi": "float64"})
