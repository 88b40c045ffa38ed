"""Groups of points by k-means: how many there are, how stable they are, who belongs to which.

How many, by one rule: a number of groups is stable where refits on bootstrap samples agree (mean adjusted Rand index of all pairs
of refits, on common points, at least 0.8: Fang and Wang 2012). Of the stable numbers the one with the highest mean silhouette
(Rousseeuw 1987) sets the mark, and the largest number within two standard errors of it is chosen: more groups, as long as they
are as well apart. Where none is stable, the most stable one is taken, and who reads it is told not to steer by it.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

FEWEST, MOST = 2, 8  # how many groups are tried
STABLE, ERRORS = 0.8, 2.0
EACH, DIFFERENT = 10, 3  # points, and points that differ, for every group: of fewer there is nothing to say
SAMPLE, POINTS = 20_000, 4_000  # at most so many are fitted, and judged
STARTS, REFITS, RESTARTS = 10, 12, 3
CHUNK = 100_000
SEED = 20_251
COLUMNS = ["k", "silhouette", "silhouette_error", "stability", "chosen"]


@dataclass(frozen=True)
class Clusters:
    """The middles of the groups (none where there are too few points), and what was tried."""

    centres: np.ndarray
    tried: pd.DataFrame  # COLUMNS
    count: int  # points that differ enough to be grouped, or all
    needed: int

    @property
    def k(self) -> int:
        return len(self.centres)


def clusters(points: np.ndarray) -> Clusters:
    """The groups of points, whose rows come in an order that has nothing to do with them (the first are the sample).

    At least 10 points, and 3 different ones, a group: of fewer than 20, or 6, there is no answer but how many are needed.
    """
    different = len(np.unique(points, axis=0)) if len(points) else 0
    most = min(MOST, len(points) // EACH, different // DIFFERENT)
    if most < FEWEST:
        few = len(points) < FEWEST * EACH
        lacking = (len(points), FEWEST * EACH) if few else (different, FEWEST * DIFFERENT)
        return Clusters(np.empty((0, points.shape[1])), pd.DataFrame(columns=COLUMNS), *lacking)
    with _calm():
        fits = {k: _fit(points[:SAMPLE], k, STARTS, SEED) for k in range(FEWEST, most + 1)}
        tried = pd.DataFrame(
            [(k, *_apart(points[:POINTS], fits[k]), _stability(points[:SAMPLE], k)) for k in fits], columns=COLUMNS[:-1]
        )
    k = chosen(tried)
    return Clusters(_in_order(fits[k]), tried.assign(chosen=tried.k == k), len(points), FEWEST * EACH)


def chosen(tried: pd.DataFrame) -> int:
    """How many groups, by the rule above.

    >>> chosen(pd.DataFrame([(2, 0.2, 0.01, 1.0), (3, 0.30, 0.01, 0.9), (4, 0.28, 0.01, 0.8), (5, 0.6, 0.01, 0.7)], columns=COLUMNS[:-1]))
    4
    """
    stable = tried[tried.stability >= STABLE]
    if stable.empty:
        return int(tried.k[tried.stability.idxmax()])
    best = stable.loc[stable.silhouette.idxmax()]
    return int(stable.k[stable.silhouette >= best.silhouette - ERRORS * best.silhouette_error].max())


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The number of the nearest middle of every point, in chunks; of equally near ones the first.

    >>> nearest(np.array([[0.0], [9.0], [5.0]]), np.array([[0.0], [10.0]])).tolist()
    [0, 1, 0]
    """
    found = [_nearest(points[i : i + CHUNK], centres) for i in range(0, len(points), CHUNK)]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    apart = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    return apart.argmin(axis=1)


def _fit(points: np.ndarray, k: int, starts: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans  # here: pages that only read what was found must not wait for it

    return KMeans(k, n_init=starts, random_state=seed).fit(points).cluster_centers_


def _apart(points: np.ndarray, centres: np.ndarray) -> tuple[float, float]:
    """The mean silhouette and its standard error; NaN where all judged points fall into one group."""
    from sklearn.metrics import silhouette_samples

    groups = _nearest(points, centres)
    if not 1 < len(np.unique(groups)) < len(points):
        return float("nan"), float("nan")
    each = silhouette_samples(points, groups)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def _stability(points: np.ndarray, k: int) -> float:
    """How well refits on bootstrap samples agree about the same points."""
    from sklearn.metrics import adjusted_rand_score

    rng, common = np.random.default_rng([SEED, k]), points[:POINTS]
    found = [
        _nearest(common, _fit(points[rng.integers(0, len(points), len(points))], k, RESTARTS, SEED + i)) for i in range(REFITS)
    ]
    return float(np.mean([adjusted_rand_score(a, b) for a, b in combinations(found, 2)]))


def _in_order(centres: np.ndarray) -> np.ndarray:
    """The middles in an order that chance has no part in: by their first column downward, then by the next."""
    return centres[np.lexsort(tuple(-centres[:, i] for i in reversed(range(centres.shape[1]))))]


@contextmanager
def _calm() -> Iterator[None]:
    """One thread (the same sums everywhere, and a forked process is safe); no warning where a sample has few different points."""
    import sklearn.cluster
    import sklearn.metrics  # noqa: F401  (a library that is loaded later would not be held to the limit)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        yield
