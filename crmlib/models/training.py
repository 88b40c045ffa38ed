"""The churn model of a period: trained on the company's snapshots, and what there is to say of it, in a form that can be kept."""

import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from ..crm import Crm
from . import drivers, gain, quality, snapshots
from .calibrating import Calibrator
from .candidates import Fitted
from .card import Card
from .drift import Bins
from .encoding import Encoding
from .features import NUMBERS, WORDS
from .fitting import CROSSED, Fit, Model, TooLittle, beats_baseline, fit, refitted

COLUMNS = [*WORDS, *NUMBERS]
BASELINE = "quiet_days"  # what the one-line baseline knows: silence of any kind is more than silence of purchases alone
SCORE = "score"  # what the model's own probabilities are called among the columns whose drift is watched


def train(company: Crm) -> dict[str, Any]:
    """The model that scores and the report on it: estimators, arrays, words and numbers alone, so that it can be kept safely.

    Where there is too little to learn from, the reason alone.
    """
    found = _fit(company)
    if isinstance(found, TooLittle):
        return {"lacks": json.dumps(asdict(found))}
    one, short_of = found
    days = snapshots.cutoffs(company)
    rows = keyed(snapshots.fitted(company))
    if one.how == CROSSED:
        model, unknown = one.model, one.tested.probability
    else:
        model, unknown = refitted(one.model.name, rows[COLUMNS], rows.left, BASELINE)
    card = _card(one, days, rows, short_of)
    told = {"card": asdict(card), **{name: frame.to_dict("list") for name, frame in _frames(one, company).items()}}
    told["bins"] = _bins(rows[COLUMNS], unknown)
    by = model.calibrator
    return {"name": model.name, "encoding": model.fitted.encoding.text(), "estimator": model.fitted.estimator, "method": by.method,
            "calibrator": by.estimator, "report": json.dumps(told)}  # fmt: skip


def model_of(kept: dict[str, Any]) -> Model:
    """The model that `train` kept."""
    fitted = Fitted(kept["name"], Encoding.of_text(kept["encoding"]), kept["estimator"])
    return Model(fitted, Calibrator(kept["method"], kept["calibrator"]))


def _fit(company: Crm) -> tuple[Fit, TooLittle | None] | TooLittle:
    """Candidates compared out of time; where there is not enough for that, cross-validated over what there is, and why."""
    days = snapshots.cutoffs(company)
    if not days.fitted:
        return TooLittle("days", days.days, days.needed)
    short_of: TooLittle | None = None if days.compared else TooLittle("days", days.days, days.needed_to_test)
    if days.compared:
        train_rows, test_rows = keyed(snapshots.compared(company)), keyed(snapshots.tested(company))
        found = fit(train_rows[COLUMNS], train_rows.left, test_rows[COLUMNS], test_rows.left, BASELINE)
        if isinstance(found, Fit):
            return found, None
        short_of = found
    rows = keyed(snapshots.fitted(company))
    found = fit(rows[COLUMNS], rows.left, baseline=BASELINE)
    return (found, short_of) if isinstance(found, Fit) else found


def keyed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of snapshots by customer and day."""
    return rows.set_index(["customer_id", "cutoff"])


def _card(one: Fit, days: Any, rows: pd.DataFrame, short_of: TooLittle | None) -> Card:
    table = one.comparison
    taken, plain = table[table.chosen].iloc[0], table[table.model.isin(["constant", "recency alone"])].iloc[-1]
    left, said = one.tested.left.to_numpy(), one.tested.probability.to_numpy()
    iso = lambda when: tuple(d.isoformat() for d in when)  # noqa: E731
    out = one.how != CROSSED
    return Card(
        model=one.model.name, how=one.how, method=one.model.calibrator.method, rows=len(rows), leavers=int(rows.left.sum()),
        cutoffs=iso(days.fitted), compared=iso(days.compared) if out else (), test=days.test.isoformat() if out else None,
        tested_rows=len(left), tested_leavers=int(left.sum()), auc=float(taken.auc), auc_error=float(taken.auc_error),
        baseline=str(plain.model), baseline_auc=float(plain.auc), beats=beats_baseline(table), ece=quality.ece(left, said), off=quality.off(left, said),
        lift=gain.lift_at_k(left, said), left_out=one.left_out, short_of=short_of,
    )  # fmt: skip


def _frames(one: Fit, company: Crm) -> dict[str, pd.DataFrame]:
    """What the page shows of the comparison, on the rows that were not seen."""
    left, said, business = one.tested.left.to_numpy(), one.tested.probability.to_numpy(), company.business
    amount = one.features.amount_365.to_numpy(dtype=float)
    falls = drivers.importance(one)
    strongest = falls.feature[falls.auc_fall > 0].head(drivers.STRONGEST).to_list()
    return {
        "comparison": one.comparison, "calibration": quality.calibration(left, said), "gain": gain.gain(left, said),
        "calls": gain.calls(left, said, amount, business.save_rate, business.contact_cost), "drivers": falls,
        "profiles": drivers.profiles(one, strongest),
    }  # fmt: skip


def _bins(rows: pd.DataFrame, said: pd.Series) -> dict[str, Any]:
    """How the rows of the training are spread, column by column, and the model's own probabilities."""
    columns = {name: rows[name] for name in rows if rows[name].notna().any()} | {SCORE: said}
    learned = {name: Bins.of(column) for name, column in columns.items()}
    return {name: asdict(bins) | {"counts": bins.counts(columns[name]).tolist()} for name, bins in learned.items()}
