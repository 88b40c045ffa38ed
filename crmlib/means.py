"""Means kept with their cases and their spread, and how sure they and their differences are."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEVEL = 0.99


@dataclass(frozen=True)
class Mean:
    """A mean of `base` values, kept as their sum and the sum of their squares: groups can be put together and taken apart.

    >>> Mean(12, 50, 3) - Mean(4, 16, 1)
    Mean(total=8, squares=34, base=2)
    """

    total: float
    squares: float
    base: float

    def __add__(self, other: "Mean") -> "Mean":
        return Mean(self.total + other.total, self.squares + other.squares, self.base + other.base)

    def __sub__(self, other: "Mean") -> "Mean":
        return Mean(self.total - other.total, self.squares - other.squares, self.base - other.base)

    @property
    def value(self) -> float | None:
        """The mean, or None of nothing.

        >>> Mean(9, 41, 2).value, Mean(0, 0, 0).value
        (4.5, None)
        """
        return self.total / self.base if self.base else None

    @property
    def error(self) -> float | None:
        """The standard error (sample standard deviation / √n); None of fewer than two values.

        >>> Mean(9, 41, 2).error, Mean(4, 16, 1).error
        (0.5, None)
        """
        if self.base < 2:
            return None
        variance = (self.squares - self.total * self.total / self.base) / (self.base - 1)
        return math.sqrt(max(variance, 0.0) / self.base)


def together(count: int) -> float:
    """The level at which each of several intervals must be taken so that all hold at once with 99 % (Bonferroni).

    >>> together(1), together(20)
    (0.99, 0.9995)
    """
    return 1 - (1 - LEVEL) / max(count, 1)


def margin(errors: Iterable[tuple[float, float]], level: float = LEVEL) -> float:
    """Half the width of the interval of a sum or difference of independent means, each given as (standard error, cases).

    Student's t; of several means with the degrees of freedom of Welch and Satterthwaite (Welch 1947).

    >>> round(margin([(0.5, 2)], 0.95), 4), round(margin([(1.0, 10), (1.0, 10)], 0.95), 4)
    (6.3531, 2.9712)
    """
    from scipy.special import stdtrit  # here: it takes longer to import than most pages need

    parts = [(error * error, cases) for error, cases in errors]
    variance = sum(v for v, _ in parts)
    if not variance:
        return 0.0
    freedom = variance**2 / sum(v * v / (cases - 1) for v, cases in parts)
    return float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(variance)


def mean_interval(mean: Mean, low: float = -math.inf, high: float = math.inf) -> tuple[float, float]:
    """The 99 % interval of a mean (Student's t), within the scale's ends; NaN of fewer than two values, or where all are alike.

    >>> mean_interval(Mean(9, 41, 2), 1, 5)
    (1, 5)
    """
    if mean.value is None or not mean.error:
        return math.nan, math.nan  # of values that are all alike the spread is not known, it is not 0
    wide = margin([(mean.error, mean.base)])
    return max(mean.value - wide, low), min(mean.value + wide, high)


def mean_difference(a: Mean, b: Mean, level: float = LEVEL) -> tuple[float, float]:
    """Welch's interval of the difference a − b of two means; NaN where one of them has fewer than two values."""
    if a.value is None or b.value is None or a.error is None or b.error is None:
        return math.nan, math.nan
    delta, wide = a.value - b.value, margin([(a.error, a.base), (b.error, b.base)], level)
    return delta - wide, delta + wide
