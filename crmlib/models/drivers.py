"""What a model goes by: how much worse it ranks without each column, and what it says for other values of the strongest ones."""

from typing import Any

import numpy as np
import pandas as pd

from . import quality
from .candidates import SEED, Fitted, probability
from .encoding import Column
from .fitting import Fit

ROWS, REPEATS, STRONGEST = 2_500, 5, 6
PROFILED = 1_000  # rows that a partial dependence is averaged over
LEVELS = {"low": 0.05, "lower": 0.25, "middle": 0.5, "upper": 0.75, "high": 0.95}
DROPS = ["feature", "auc_fall", "fall_spread"]
PROFILES = ["feature", "level", "at_ratio", "expected_share"]


def importance(fit: Fit) -> pd.DataFrame:
    """How much the AUC on rows that the model has not seen falls when a column's values are shuffled among the customers.

    → frame: feature, auc_fall (mean of five shuffles), fall_spread (their standard deviation); the largest first. Columns that
      say the same share their importance: without one of them the others still say it. (Breiman 2001; Fisher et al. 2019.)
    """
    judge, held, left = fit.judge, fit.held.iloc[_some(len(fit.held), ROWS)], fit.tested.left
    outcome = left.reindex(held.index).to_numpy()
    matrix, rng = judge.encoding.matrix(held), np.random.default_rng(SEED)
    whole = quality.auc(outcome, probability(judge.estimator, matrix))[0]
    orders = [rng.permutation(len(held)) for _ in range(REPEATS)]
    rows = []
    for name, block in judge.encoding.blocks.items():
        falls = [whole - quality.auc(outcome, _shuffled(judge, matrix, block, order))[0] for order in orders]
        rows.append((name, float(np.mean(falls)), float(np.std(falls, ddof=1))))
    frame = pd.DataFrame(rows, columns=DROPS)
    return frame.sort_values(["auc_fall", "feature"], ascending=[False, True]).reset_index(drop=True)


def _shuffled(judge: Fitted, matrix: np.ndarray, block: slice, order: np.ndarray) -> np.ndarray:
    """The scores with the columns of one block in another order of rows."""
    kept = matrix[:, block].copy()
    matrix[:, block] = kept[order]
    score = probability(judge.estimator, matrix)
    matrix[:, block] = kept
    return score


def _some(count: int, most: int) -> np.ndarray:
    """The places of evenly spread rows: of so many at most."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)) if count else np.empty(0, dtype=int)


def profiles(fit: Fit, strongest: list[str]) -> pd.DataFrame:
    """The mean probability if every customer had a certain value of a column, and all else as it is (Friedman 2001).

    `strongest`: the columns. → frame: feature, level (low … high: the 5th, 25th, 50th, 75th, 95th percentile; a word: itself; missing),
      at_ratio (the value there, as a number), expected_share
    """
    held = fit.held.iloc[_some(len(fit.held), PROFILED)]
    matrix, columns = fit.judge.encoding.matrix(held), {c.name: c for c in fit.judge.encoding.columns}
    rows = []
    for name in strongest:
        for level, at in _levels(columns[name], fit.held[name]):
            rows.append((name, level, at if isinstance(at, float) else np.nan, _mean_with(fit, matrix, columns[name], at)))
    return pd.DataFrame(rows, columns=PROFILES)


def _levels(column: Column, values: pd.Series) -> list[tuple[str, Any]]:
    """The values that are looked at: of a number its percentiles as far as they differ, of a word each; what is missing last."""
    gap = [("missing", None)] * column.gaps
    if column.words is not None:
        return [*[(word, word) for word in column.words], *gap]
    known = pd.to_numeric(values, errors="coerce").astype(float).dropna()
    found: dict[float, str] = {}
    for level, share in LEVELS.items():
        found.setdefault(float(np.quantile(known, share, method="nearest")), level)
    return [*[(level, at) for at, level in found.items()], *gap] if len(known) else gap


def _mean_with(fit: Fit, matrix: np.ndarray, column: Column, value: Any) -> float:
    """The mean calibrated probability with one column set to a value."""
    changed, block = matrix.copy(), fit.judge.encoding.blocks[column.name]
    changed[:, block] = column.values(pd.Series([value], dtype=object))
    score = probability(fit.judge.estimator, changed)
    return float(fit.model.calibrator.probability(score).mean())
