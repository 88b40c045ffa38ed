"""How good probabilities are: how well they rank, how sure that is, and whether what they say comes true."""

import math

import numpy as np
import pandas as pd
from scipy.special import chdtri
from scipy.stats import rankdata

BINS = 10
CALIBRATED = ["bin", "base", "left_count", "predicted_share", "left_share"]


def auc(left: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """The chance that one who left has a higher score than one who stayed (ties count half), and its standard error.

    → (AUC, standard error); NaN where one of the two groups is empty, no error where it has one member
    Source: DeLong, DeLong, Clarke-Pearson 1988, by ranks (Sun, Xu 2014).

    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))[0]
    0.75
    """
    is_left = np.asarray(left, dtype=bool)
    ones, zeros = int(is_left.sum()), int((~is_left).sum())
    if not ones or not zeros:
        return math.nan, math.nan
    ranks, of_ones, of_zeros = rankdata(score), rankdata(score[is_left]), rankdata(score[~is_left])
    above = (ranks[is_left] - of_ones) / zeros  # of each who left: how many of those who stayed lie below
    below = 1 - (ranks[~is_left] - of_zeros) / ones
    error = math.sqrt(above.var(ddof=1) / ones + below.var(ddof=1) / zeros) if min(ones, zeros) > 1 else math.nan
    return float(above.mean()), error


def brier(left: np.ndarray, probability: np.ndarray) -> float:
    """The mean squared error of probabilities.

    >>> brier(np.array([1, 0]), np.array([0.8, 0.4]))
    0.1
    """
    return round(float(np.mean((np.asarray(left, float) - probability) ** 2)), 12)


def calibration(left: np.ndarray, probability: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Groups of equal size by their probability: what was predicted, and how many left.

    → frame: bin (from 1, the lowest probabilities first), base, left_count, predicted_share, left_share (0..1); equal probabilities
      are in one group
    """
    ranks = rankdata(probability, method="max") / max(len(probability), 1)
    frame = pd.DataFrame(
        {"bin": np.ceil(np.round(ranks * bins, 9)).astype(int), "left": np.asarray(left, float), "p": probability}
    )
    found = frame.groupby("bin").agg(base=("left", "size"), left_count=("left", "sum"), predicted_share=("p", "mean"))
    found = found.assign(left_count=found.left_count.astype(int), left_share=found.left_count / found.base).reset_index()
    return found.assign(bin=range(1, len(found) + 1))[CALIBRATED]


def ece(left: np.ndarray, probability: np.ndarray, bins: int = BINS) -> float:
    """The calibration error: Σ share of a group × |predicted − observed|, over ten groups of equal size.

    >>> ece(np.array([0, 1, 1, 1]), np.array([0.0, 0.0, 1.0, 1.0]), bins=2)
    0.25
    """
    found = calibration(left, probability, bins)
    return float((found.base * (found.predicted_share - found.left_share).abs()).sum() / max(found.base.sum(), 1))


def off(left: np.ndarray, probability: np.ndarray, level: float = 0.99) -> bool:
    """Whether probabilities are clearly not those with which customers left (Hosmer, Lemeshow 1980: tenths, χ²).

    >>> off(np.array([0, 1] * 50), np.full(100, 0.6)), off(np.array([0, 1] * 500), np.full(1000, 0.6))
    (False, True)
    """
    found = calibration(left, probability)
    expected = (found.predicted_share * found.base).to_numpy()
    spread = np.maximum(expected * (1 - found.predicted_share.to_numpy()), 1e-9)
    return bool(((found.left_count.to_numpy() - expected) ** 2 / spread).sum() > chdtri(len(found), 1 - level))


def pr_auc(left: np.ndarray, score: np.ndarray) -> float:
    """The area under precision against recall (average precision: no interpolation; customers of equal score come together).

    >>> pr_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.8333333333333333
    """
    order = np.argsort(-np.asarray(score), kind="stable")
    hits, scores = np.asarray(left, float)[order].cumsum(), np.asarray(score)[order]
    ends: np.ndarray = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # the last one of each score
    precision, recall = hits[ends] / (ends + 1), hits[ends] / max(hits[-1], 1)
    return float((np.diff(recall, prepend=0.0) * precision).sum())
