"""Rates put in an order that small numbers cannot win, and what of that order the numbers bear out."""

from statistics import NormalDist

import numpy as np
import pandas as pd

from ..means import together

RANKED = ["low_share", "high_share", "shrunk_share", "rank", "best_rank", "worst_rank"]


def ranked(part: pd.Series, base: pd.Series, min_base: int) -> pd.DataFrame:
    """Each rate's interval, its shrunken value, its rank, and the ranks that chance leaves open; NaN on a base below `min_base`.

    → frame, same rows: low_share, high_share (Wilson, 99 %), shrunk_share (0..1), rank, best_rank, worst_rank
    The order is that of the shrunken rates (`shrunken`); alike rates share a rank. best_rank counts whose rate is clearly
    higher, worst_rank whose is clearly lower: Newcombe's intervals of all pairs, which hold at 99 % for all of them at once
    (Bonferroni). Where these ranks overlap, the rows are not distinguishable.
    Source: ranks from all pairs, Al Mohamad, Goeman and van Zwet, Simultaneous confidence intervals for ranks, Biometrics 2022.

    >>> ranked(pd.Series([90, 10, 9]), pd.Series([100, 100, 10]), 30)[["rank", "best_rank", "worst_rank"]].values.tolist()
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [nan, nan, nan]]
    """
    made = pd.DataFrame(np.nan, index=part.index, columns=RANKED)
    enough = (base >= max(min_base, 1)).to_numpy()
    x, n = part.to_numpy(float)[enough], base.to_numpy(float)[enough]
    if not len(x):
        return made
    shrunk = shrunken(x, n)
    rank = pd.Series(shrunk.round(9)).rank(method="min", ascending=False).to_numpy()
    higher = clearly_higher(x, n, together(len(x) * (len(x) - 1) // 2))
    best, worst = 1 + higher.sum(axis=0), len(x) - higher.sum(axis=1)
    low, high = wilson(x, n, together(1))
    made.loc[enough, RANKED] = np.column_stack([low, high, shrunk, rank, best, worst])
    return made


def shrunken(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Rates drawn to the rate of all, the more the smaller their base: what the next cases of each let expect.

    Empirical Bayes with a beta prior, by weighted moments: the spread between the rates beyond what chance alone would give;
    where there is none all are the rate of all. Source: Kleinman, Proportions with extraneous variance, JASA 1973.

    >>> shrunken(np.array([20.0, 30.0]), np.array([100.0, 100.0])).round(3).tolist()
    [0.218, 0.282]
    >>> shrunken(np.array([20.0, 21.0]), np.array([100.0, 100.0])).tolist()
    [0.205, 0.205]
    """
    whole, cases = x.sum() / n.sum(), n.sum()
    room = whole * (1 - whole)
    beyond = (n * (x / n - whole) ** 2).sum() - (len(x) - 1) * room
    weight = cases - (n * n).sum() / cases - (len(x) - 1)
    between = beyond / weight if weight > 0 else 0.0
    if between <= 0:
        return np.full(len(x), whole)
    strength = max(room / between - 1, 0.0)  # how many cases the rate of all counts as
    return (x + strength * whole) / (n + strength)


def wilson(x: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """`kpi.interval` of many proportions at once."""
    z, p = NormalDist().inv_cdf((1 + level) / 2), x / n
    middle, spread = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def clearly_higher(x: np.ndarray, n: np.ndarray, level: float) -> np.ndarray:
    """Whether the rate of row i is clearly higher than that of column j (`kpi.difference` of all pairs).

    >>> clearly_higher(np.array([90.0, 10.0]), np.array([100.0, 100.0]), 0.99).tolist()
    [[False, True], [False, False]]
    """
    p, (low, high) = x / n, wilson(x, n, level)
    delta = p[:, None] - p[None, :]
    return delta - np.hypot((p - low)[:, None], (high - p)[None, :]) > 0
