"""Models of who leaves: candidates compared on rows that they have not seen, the simplest good one taken and calibrated.

Frames in, records out: what a company's customers and their snapshots are is said by churn.py.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import quality
from .calibrating import FOLDS, Calibrator, calibrator, crossed, unseen
from .candidates import CONSTANT, ONE_LINE, ORDER, Fitted, fitted
from .encoding import Encoding
from .folds import in_order

OUT_OF_TIME, CROSSED = "out of time", "cross-validated"
LEAST_ROWS, LEAST_CASES, LEAST_TESTED = 200, 30, 10  # rows; those who left, and who stayed, to be fitted to; and to be tested on
TEST_FOLDS = 5
COMPARED = ["model", "auc", "auc_error", "pr_auc", "brier", "ece", "chosen"]


@dataclass(frozen=True)
class TooLittle:
    """Why nothing can be said: of `what` there are `n`, `needed` would be so many."""

    what: str  # rows, leavers, stayers, leavers tested, stayers tested, columns, days
    n: int
    needed: int


@dataclass(frozen=True)
class Model:
    """What gives a customer a probability: an estimator with its encoding, and what calibrates it."""

    fitted: Fitted
    calibrator: Calibrator

    @property
    def name(self) -> str:
        return self.fitted.name

    def probability(self, features: pd.DataFrame) -> np.ndarray:
        """The probability to leave, of each row. Columns in any order; those that are missing, or have new words, are no obstacle."""
        return self.calibrator.probability(self.fitted.score(features))


@dataclass(frozen=True)
class Fit:
    """The candidates compared, the one taken, and what it said of rows that it had not seen.

    `tested`: the rows that were predicted without having been seen, with their `features`: probability (calibrated), left.
    `judge`: the chosen candidate, fitted without the rows `held`, for what has to be asked of it on rows that it does not know.
    """

    model: Model
    how: str
    comparison: pd.DataFrame
    tested: pd.DataFrame
    features: pd.DataFrame
    judge: Fitted
    held: pd.DataFrame
    rows: int
    leavers: int
    left_out: tuple[tuple[str, str], ...]

    @property
    def auc(self) -> float:
        return float(self.comparison.auc[self.comparison.chosen].iloc[0])


def fit(
    features: pd.DataFrame, left: pd.Series, test_features: pd.DataFrame | None = None, test_left: pd.Series | None = None,
    baseline: str = "recency_days",
) -> Fit | TooLittle:  # fmt: skip
    """Candidates fitted to customers of whom it is known whether they left, and compared on rows that they have not seen.

    `features`: one row a customer (or a customer at a day: then the index begins with the customer), numbers and words in any
    order; columns that are constant or empty are left out and named. `left`: whether they left, by the same index.
    With test rows the candidates are fitted to the former and compared on these (out of time); without, each row is predicted by
    what was fitted to four fifths of the other customers. Taken is the simplest whose AUC is within one standard error of the
    best (Breiman et al. 1984), in the order constant, recency alone, logistic regression, tree, boosting, neural net.
    More than 40,000 rows are sampled by a hash of the customer. Same rows, same numbers, in whatever order and on however many threads.
    → Fit, or TooLittle where there are too few rows, leavers or stayers
    """
    train, outcome = in_order(features, left)
    lacks = too_little(outcome, Encoding.of(train))
    if lacks or test_features is None or test_left is None:
        return lacks or _crossed(train, outcome, baseline)
    test, came = in_order(test_features, test_left)
    return _few(came, LEAST_TESTED, " tested") or _out_of_time(train, outcome, test, came, baseline)


def refitted(name: str, features: pd.DataFrame, left: pd.Series, baseline: str = "recency_days") -> tuple[Model, pd.Series]:
    """A candidate fitted to all rows, calibrated by its predictions for customers that it had not seen; and these, calibrated."""
    frame, outcome = in_order(features, left)
    score, _, _ = unseen(name, frame, outcome, baseline, FOLDS)
    by = calibrator(name, outcome.to_numpy(), score)
    unknown = pd.Series(crossed(by.method, outcome.to_numpy(), score), index=frame.index)
    return Model(fitted(name, frame, outcome.to_numpy(), baseline), by), unknown


def too_little(left: pd.Series, encoding: Encoding) -> TooLittle | None:
    """Whether there are too few rows, leavers or stayers to fit to, or no column that says anything."""
    if len(left) < LEAST_ROWS:
        return TooLittle("rows", len(left), LEAST_ROWS)
    return _few(left, LEAST_CASES) or (None if encoding.columns else TooLittle("columns", 0, 1))


def _few(left: pd.Series, least: int, tested: str = "") -> TooLittle | None:
    counts = {"leavers": int(left.sum()), "stayers": int((~left).sum())}
    return next((TooLittle(f"{what}{tested}", n, least) for what, n in counts.items() if n < least), None)


def _candidates(frame: pd.DataFrame, baseline: str) -> list[str]:
    """All candidates; the one-line baseline only where its column says something."""
    known = baseline in frame and bool(Encoding.of(frame[[baseline]]).columns)
    return [name for name in ORDER if name != ONE_LINE or known]


def _out_of_time(train: pd.DataFrame, left: pd.Series, test: pd.DataFrame, came: pd.Series, baseline: str) -> Fit:
    fits = {name: fitted(name, train, left.to_numpy(), baseline) for name in _candidates(train, baseline)}
    scores = {name: one.score(test) for name, one in fits.items()}
    table = compared(came.to_numpy(), scores)
    chosen = str(table.model[table.chosen].iloc[0])
    unknown, _, _ = unseen(chosen, train, left, baseline, FOLDS)
    model = Model(fits[chosen], calibrator(chosen, left.to_numpy(), unknown))
    tested = pd.DataFrame({"probability": model.calibrator.probability(scores[chosen]), "left": came})
    return Fit(
        model, OUT_OF_TIME, table, tested, test, fits[chosen], test, len(train), int(left.sum()), Encoding.of(train).left_out
    )


def _crossed(frame: pd.DataFrame, left: pd.Series, baseline: str) -> Fit:
    found = {name: unseen(name, frame, left, baseline, TEST_FOLDS) for name in _candidates(frame, baseline)}
    outcome = left.to_numpy()
    table = compared(outcome, {name: score for name, (score, _, _) in found.items()})
    chosen = str(table.model[table.chosen].iloc[0])
    score, fits, fold = found[chosen]
    by = calibrator(chosen, outcome, score)
    tested = pd.DataFrame({"probability": crossed(by.method, outcome, score), "left": left})
    model = Model(fitted(chosen, frame, outcome, baseline), by)
    held = frame[fold == TEST_FOLDS - 1]
    return Fit(model, CROSSED, table, tested, frame, fits[-1], held, len(frame), int(left.sum()), Encoding.of(frame).left_out)


def compared(left: np.ndarray, scores: dict[str, np.ndarray]) -> pd.DataFrame:
    """The candidates side by side, from the simplest on, and which is taken.

    → frame: model, auc, auc_error (standard error), pr_auc, brier, ece (of uncalibrated scores), chosen
    """
    rows = [
        (n, *quality.auc(left, s), quality.pr_auc(left, s), quality.brier(left, s), quality.ece(left, s))
        for n, s in scores.items()
    ]
    table = pd.DataFrame(rows, columns=COMPARED[:-1])
    best = table.loc[table.auc.idxmax()]
    first = (table.auc >= best.auc - best.auc_error).idxmax()
    return table.assign(chosen=table.index == first)


def beats_baseline(table: pd.DataFrame) -> bool:
    """Whether what was taken ranks better than the one-line baseline (else the constant) by more than one standard error."""
    taken = table[table.chosen].iloc[0]
    other = table[table.model.isin([CONSTANT, ONE_LINE])].iloc[-1]
    return bool(taken.auc > other.auc + max(taken.auc_error, other.auc_error))
