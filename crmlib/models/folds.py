"""Rows in an order that does not depend on how they came, sampled and dealt out by customer."""

import numpy as np
import pandas as pd

LIMIT = 40_000  # rows: of more, so many are fitted to


def in_order(features: pd.DataFrame, left: pd.Series, limit: int = LIMIT) -> tuple[pd.DataFrame, pd.Series]:
    """The rows by their index; of too many those whose customers come first in the order of a hash, with all their rows.

    The index is the customer, or begins with it; it names every row once.
    """
    if len(features) > limit:
        place = _hashes(features.index).argsort(kind="stable")[:limit]
        features = features.iloc[place]
    features = features.sort_index()
    return features, left.reindex(features.index).astype(bool)


def dealt(left: pd.Series, folds: int) -> np.ndarray:
    """The fold of each row: customers who ever left, and all others, dealt out in turn in the order of a hash.

    All rows of a customer are in one fold, and every fold has its share of those who left.
    """
    ever = left.groupby(level=0).any()
    order = np.lexsort([_hashes(ever.index), ever.to_numpy()])
    fold = pd.Series(np.empty(len(ever), dtype=int), index=ever.index)
    fold.iloc[order] = np.arange(len(ever)) % folds
    return fold.reindex(left.index.get_level_values(0)).to_numpy()


def _hashes(index: pd.Index) -> np.ndarray:
    """A hash of each customer's id: the same on every machine and in every year."""
    who = index.get_level_values(0).map(str)
    return pd.util.hash_array(np.asarray(who, dtype=object))
