"""Maximum likelihood of models whose parameters are all above zero, with standard errors, and an honest verdict.

The logarithms of the parameters are searched (L-BFGS-B from several starts, then Newton's steps). The estimate counts only where
the search has really ended: the slope is flat, the curvature is that of a peak, and no parameter lies at the edge of the
search. Standard errors come from the curvature there (the inverse of the observed information, delta method from the logarithms).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LOWEST, HIGHEST = 1e-4, 1e5  # a parameter at one of these has run away: the data do not say how large it is
FLAT = 1e-6  # the largest slope of the mean log-likelihood, by the logarithm of a parameter, that counts as none
_STEP, _NEWTON = 1e-5, 8

Slope = Callable[[np.ndarray], tuple[float, np.ndarray]]  # parameters → Σ log-likelihood, its derivative by each parameter


@dataclass(frozen=True)
class Fit:
    """What a search found: parameters by name with their standard errors, or why there are none.

    `reason`: None, or few_buyers, few_repeaters (not enough data: `n` of what it needs, `needed`), at_edge, no_peak, not_flat, no_mean.
    """

    values: dict[str, float]
    errors: dict[str, float]
    log_likelihood: float
    n: int
    needed: int = 0
    reason: str | None = None

    @property
    def few(self) -> bool:
        """Whether there were not enough data to look at."""
        return (self.reason or "").startswith("few")

    @property
    def converged(self) -> bool:
        return self.reason is None


def too_few(of: str, n: int, needed: int) -> Fit:
    """The answer where there are not enough data: of what, how many there are, how many it needs."""
    return Fit({}, {}, float("nan"), n, needed, f"few_{of}")


def maximum(slope: Slope, names: Sequence[str], starts: Sequence[Sequence[float]], n: int) -> Fit:
    """The parameters at which the log-likelihood of `n` cases is largest, of the searches from all `starts`."""
    from scipy.optimize import minimize  # here: it takes longer to import than most pages need

    def downhill(logs: np.ndarray) -> tuple[float, np.ndarray]:
        values = np.exp(logs)
        height, by = slope(values)
        return -height / n, -by * values / n

    edges = [(np.log(LOWEST), np.log(HIGHEST))] * len(names)
    ways = [minimize(downhill, np.log(start), jac=True, method="L-BFGS-B", bounds=edges, options=_PATIENT) for start in starts]
    logs = _polished(downhill, min(ways, key=lambda w: w.fun).x)
    values, curve = np.exp(logs), _curvature(downhill, logs)
    reason = _doubt(logs, downhill(logs)[1], curve)
    spread = np.sqrt(np.diag(np.linalg.inv(curve)) / n) * values if reason is None else np.full(len(names), np.nan)
    named = lambda found: {name: float(v) for name, v in zip(names, found, strict=True)}  # noqa: E731
    return Fit(named(values), named(spread), float(-downhill(logs)[0] * n), n, 0, reason)


_PATIENT = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7}


def _polished(downhill: Slope, logs: np.ndarray) -> np.ndarray:
    """Newton's steps to the top, as long as the slope becomes flatter: so the last digits do not hang on where the search stopped."""
    by = downhill(logs)[1]
    for _ in range(_NEWTON):
        curve = _curvature(downhill, logs)
        if not _is_peak(curve):
            break
        further = logs - np.linalg.solve(curve, by)
        flatter = downhill(further)[1] if _inside(further) else by
        if not np.abs(flatter).max() < np.abs(by).max():
            break
        logs, by = further, flatter
    return logs


def _curvature(downhill: Slope, logs: np.ndarray) -> np.ndarray:
    """The second derivatives, by central differences of the first."""
    steps = np.eye(len(logs)) * _STEP
    rows = [(downhill(logs + step)[1] - downhill(logs - step)[1]) / (2 * _STEP) for step in steps]
    return (np.array(rows) + np.array(rows).T) / 2


def _inside(logs: np.ndarray) -> bool:
    return bool(((logs > np.log(LOWEST * 1.01)) & (logs < np.log(HIGHEST / 1.01))).all())


def _is_peak(curve: np.ndarray) -> bool:
    return bool(np.isfinite(curve).all() and np.linalg.eigvalsh(curve).min() > FLAT)


def _doubt(logs: np.ndarray, by: np.ndarray, curve: np.ndarray) -> str | None:
    """Why a result is none."""
    if not _inside(logs):
        return "at_edge"
    if not _is_peak(curve):
        return "no_peak"
    return None if np.abs(by).max() < FLAT else "not_flat"
