"""Whether the customers of today are like those that a model was fitted to: the population stability index of each column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

BINS = 10
FLOOR = 1e-4  # share that an empty bin counts for
SLIGHT, STRONG = 0.1, 0.25  # from here on the customers changed a little, or so much that the model may no longer hold


@dataclass(frozen=True)
class Bins:
    """How the values of one column are counted: numbers between quantiles of the training rows, words one by one; missing last."""

    edges: tuple[float, ...] = ()
    words: tuple[str, ...] | None = None

    @classmethod
    def of(cls, column: pd.Series) -> "Bins":
        """Learned from training rows."""
        if not is_numeric_dtype(column.dtype):
            return cls(words=tuple(sorted(column.dropna().astype(str).unique())[:BINS]))
        known = column.dropna().to_numpy(dtype=float)
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="higher")) if len(known) else []
        return cls(tuple(float(e) for e in edges))

    def counts(self, column: pd.Series) -> np.ndarray:
        """How many rows are in each bin: what may be added up over parts of the rows."""
        if self.words is not None:
            place = {word: i for i, word in enumerate(self.words)}
            at = (
                column.astype("string")
                .map(lambda w: place.get(w, len(place)), na_action="ignore")
                .to_numpy(float, na_value=np.nan)
            )
            most = len(place)
        else:
            values = column.to_numpy(dtype=float, na_value=np.nan)
            at, most = np.where(np.isnan(values), np.nan, np.searchsorted(self.edges, values, side="left")), len(self.edges)
        return np.bincount(np.where(np.isnan(at), most + 1, at).astype(int), minlength=most + 2)


def psi(then: np.ndarray, now: np.ndarray) -> float:
    """Σ (q − p) ln(q / p) over the bins; an empty one counts for 0.0001. NaN where there is nobody on one side.

    >>> round(psi(np.array([25, 25, 25, 25]), np.array([10, 20, 30, 40])), 4)
    0.2282
    """
    if not np.sum(then) or not np.sum(now):
        return float("nan")
    p, q = (np.maximum(np.asarray(n, float) / np.sum(n), FLOOR) for n in (then, now))
    return float(np.sum((q - p) * np.log(q / p)))
