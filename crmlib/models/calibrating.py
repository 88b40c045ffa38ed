"""Scores made probabilities that come true: learned from predictions for rows that the estimator had not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .candidates import CONSTANT, Fitted, fitted
from .folds import dealt

SIGMOID, ISOTONIC = "sigmoid", "isotonic"
FOLDS = 3
_EDGE = 1e-6


@dataclass(frozen=True)
class Calibrator:
    """Which way was taken, and what was fitted."""

    method: str
    estimator: Any

    def probability(self, score: np.ndarray) -> np.ndarray:
        if self.method == CONSTANT or not len(score):
            return np.asarray(score, dtype=float)
        if self.method == ISOTONIC:
            return np.asarray(self.estimator.predict(score), dtype=float)
        return self.estimator.predict_proba(_log_odds(score))[:, 1]


def unseen(
    name: str, frame: pd.DataFrame, left: pd.Series, baseline: str, folds: int
) -> tuple[np.ndarray, list[Fitted], np.ndarray]:
    """A candidate's score of each row, fitted to the other folds alone. → scores, the fits, the fold of each row"""
    fold, score, fits = dealt(left, folds), np.empty(len(frame)), []
    for i in range(folds):
        rest, held = fold != i, fold == i
        fits.append(fitted(name, frame[rest], left[rest].to_numpy(), baseline))
        score[held] = fits[-1].score(frame[held])
    return score, fits, fold


def calibrator(name: str, left: np.ndarray, score: np.ndarray) -> Calibrator:
    """How a candidate's scores become probabilities: by a sigmoid (Platt 1999), which keeps their order; isotonic only where its
    squared error on rows that it was not fitted to is lower by more than one standard error. A constant is left as it is."""
    if name == CONSTANT:
        return Calibrator(CONSTANT, None)
    gained = (crossed(SIGMOID, left, score) - left) ** 2 - (crossed(ISOTONIC, left, score) - left) ** 2
    better = gained.mean() > gained.std() / np.sqrt(len(gained))
    return _fitted(ISOTONIC if better else SIGMOID, left, score)


def crossed(method: str, left: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Probabilities of each half of the rows (every second one) by what was fitted to the other half."""
    half, out = np.arange(len(score)) % 2 == 0, np.empty(len(score))
    for own in (half, ~half):
        out[own] = _fitted(method, left[~own], score[~own]).probability(score[own])
    return out


def _fitted(method: str, left: np.ndarray, score: np.ndarray) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    if method == CONSTANT:
        return Calibrator(CONSTANT, None)
    with threadpool_limits(1):
        if method == ISOTONIC:
            return Calibrator(method, IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, left))
        return Calibrator(method, LogisticRegression(C=1e6).fit(_log_odds(score), left))


def _log_odds(score: np.ndarray) -> np.ndarray:
    edged = np.clip(score, _EDGE, 1 - _EDGE)
    return np.log(edged / (1 - edged)).reshape(-1, 1)
