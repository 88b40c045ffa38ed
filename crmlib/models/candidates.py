"""The models that are compared side by side, from the simplest to the most involved, each fitted to encoded columns."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .encoding import Encoding

CONSTANT, ONE_LINE, LOGISTIC = "constant", "recency alone", "logistic regression"
# from the simplest on: of equally good ones the first is taken
ORDER = (CONSTANT, ONE_LINE, LOGISTIC, "decision tree", "boosting", "neural net")
SEED = 20_260_101
THREADS = 1  # so that the same data give the same numbers, whatever the machine


@dataclass(frozen=True)
class Fitted:
    """An estimator with the encoding of its columns."""

    name: str
    encoding: Encoding
    estimator: Any

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """The estimator's own probability, not yet calibrated."""
        return probability(self.estimator, self.encoding.matrix(frame))


def fitted(name: str, frame: pd.DataFrame, left: np.ndarray, baseline: str) -> Fitted:
    """A candidate fitted to training rows; `baseline`: the one column that the one-line baseline knows."""
    from threadpoolctl import threadpool_limits

    encoding = Encoding.of(frame[[baseline]] if name == ONE_LINE else frame, bent=name == LOGISTIC)
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a net that is stopped early says that it could go on
        return Fitted(name, encoding, _estimator(name, len(frame)).fit(encoding.matrix(frame), left))


def probability(estimator: Any, matrix: np.ndarray) -> np.ndarray:
    """The probability to leave of each row of an encoded matrix."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(THREADS):
        return estimator.predict_proba(matrix)[:, 1] if len(matrix) else np.empty(0)


def _estimator(name: str, rows: int) -> Any:
    """One of scikit-learn's own classes: what is saved is trusted by a fixed list of them."""
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    few = max(10, rows // 200)  # rows that a leaf must have
    made = {
        CONSTANT: lambda: DummyClassifier(strategy="prior"),
        ONE_LINE: lambda: LogisticRegression(),
        LOGISTIC: lambda: LogisticRegression(C=0.06, solver="newton-cholesky", tol=1e-3),
        "decision tree": lambda: DecisionTreeClassifier(max_depth=6, min_samples_leaf=few, random_state=SEED),
        "boosting": lambda: HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=max(10, few // 4), l2_regularization=1.0,
            max_bins=64, early_stopping=False, random_state=SEED,
        ),
        "neural net": lambda: MLPClassifier(
            (16,), alpha=1.0, batch_size=min(256, rows), learning_rate_init=0.003, max_iter=20, random_state=SEED
        ),
    }  # fmt: skip
    return made[name]()
