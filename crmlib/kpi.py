"""Shares with their base, and key figures beside what they are compared with; when a change means nothing, it says so."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from .crm import Crm
from .goals import attainment, pace, target
from .means import LEVEL, Mean, margin


@dataclass(frozen=True)
class Share:
    """part / base, kept with both: a share of 3 of 7 is no 43 %."""

    part: float
    base: float

    @property
    def value(self) -> float | None:
        """0..1, or None for a zero base.

        >>> Share(3, 4).value, Share(0, 0).value
        (0.75, None)
        """
        return self.part / self.base if self.base else None


@dataclass(frozen=True)
class Figure:
    """A figure with the number of cases it rests on, or the reason (a key of texts) why there is none; of a mean its standard error."""

    value: float | None
    base: int | None = None
    reason: str | None = None
    error: float | None = None


NOT_DELIVERED = Figure(None, None, "not_delivered")


@dataclass(frozen=True)
class Change:
    """A difference to a comparison value and whether it means anything."""

    delta: float | None  # absolute; of shares in points (0..1)
    relative: float | None
    clear: bool
    why: str | None = None  # small_base, usual_range, short_history, overlap: why it is not clear


@dataclass(frozen=True)
class Kpi:
    """A key figure of the period with its comparisons; `series` ends with the value itself (one a period)."""

    name: str
    value: float | None
    unit: str
    better: str | None  # up, down or None: which way is good
    part: float | None = None
    base: float | None = None
    previous: float | None = None
    previous_base: float | None = None
    year_before: float | None = None
    year_before_base: float | None = None
    target: float | None = None
    dimension: str | None = None
    reason: str | None = None
    series: tuple[float | None, ...] = field(default=())
    min_base: int = 30
    rolling: bool = False  # its window is longer than the period: neighbours overlap
    error: float | None = None  # of a mean: the standard error, now and then
    previous_error: float | None = None
    year_before_error: float | None = None
    gone: float = 1.0  # the part of the period's days that is known: less than 1 of one to date
    adds: bool = False  # its values of days add up to that of the period
    about: Mapping[str, str] | None = None  # what it is a figure of, by language, where its name alone does not say it

    @property
    def target_attainment(self) -> float | None:
        """value / target, of what is better high (goals.py); no percentage of a small base."""
        return None if self._small else attainment(self.value, self.target, self.unit, self.better)

    @property
    def target_pace(self) -> float | None:
        """What the target asks for by now; only within a period, and of a figure that adds up over its days."""
        return pace(self.target, self.gone) if self.adds else None

    @property
    def on_target(self) -> bool | None:
        """Whether the target is met (to date: what it asks for by now); None where that cannot be judged."""
        if self.value is None or self.target is None or self.better is None or self._small:
            return None
        due = self.target if self.target_pace is None else self.target_pace
        return self.value >= due - 1e-9 * abs(due) if self.better == "up" else self.value <= due + 1e-9 * abs(due)

    @property
    def _small(self) -> bool:
        return self.base is not None and self.base < self.min_base

    def change(self, against: str = "previous") -> Change | None:
        """The change against `previous` or `year_before`; None where either value is missing.

        A share of cases changed clearly if both bases reach min_base and the 99 % interval of the difference leaves out 0
        (Newcombe's), a mean likewise (Welch's);
        any other figure (a share of an amount, too), if the change is larger than 3.27 times the mean change from one period
        to the next before this one (the upper limit of a moving-range chart: Wheeler, Understanding Variation, 1993; at
        least six earlier periods, whole ones: within a period the limit is rather too wide).
        """
        before = Figure(getattr(self, against), getattr(self, f"{against}_base"), None, getattr(self, f"{against}_error"))
        if self.value is None or before.value is None:
            return None
        delta = self.value - before.value
        relative = delta / abs(before.value) if before.value else None
        overlapping = self.rolling and against == "previous"
        why = "overlap" if overlapping else self._why_unclear(delta, before)
        return Change(delta, relative, why is None, why)

    def _why_unclear(self, delta: float, before: Figure) -> str | None:
        if any(b is not None and b < self.min_base for b in (self.base, before.base)):
            return "small_base"
        if self.part is not None and self.base and before.base:
            low, high = difference(Share(self.part, self.base), Share((before.value or 0) * before.base, before.base))
            return None if low > 0 or high < 0 else "usual_range"
        if self.error is not None and before.error is not None and self.base and before.base:
            wide = margin([(self.error, self.base), (before.error, before.base)])
            return None if abs(delta) > wide else "usual_range"
        moves = self._moves()
        if len(moves) < 5:
            return "short_history"
        noise = 1e-9 * max(
            abs(before.value or 0), abs(self.value or 0)
        )  # where nothing ever moves, the last bits of a sum are no change
        return None if abs(delta) > 3.267 * sum(moves) / len(moves) + noise else "usual_range"

    def _moves(self) -> list[float]:
        earlier = self.series[:-1]
        return [abs(b - a) for a, b in pairwise(earlier) if a is not None and b is not None]


def measured(
    unit: str, better: str | None = None, rolling: bool | Callable[[Crm], bool] = False, growth: bool = False, adds: bool = False
) -> Callable[[Callable], Callable]:
    """Say of a metric in which unit it is, which way is good, and whether its window is longer than the period (or in which views).

    `growth`: it is itself a comparison with an earlier period, and is compared with no other. `adds`: its values of days add up to
    the period's (sales do; customers at the end, means and rates do not).
    """

    def mark(metric: Callable) -> Callable:
        metric.unit, metric.better, metric.rolling, metric.growth = unit, better, rolling, growth  # type: ignore[attr-defined]
        metric.adds = adds  # type: ignore[attr-defined]
        return metric

    return mark


def compare(metric: Callable[[Crm], Any], crm: Crm, series: Any = (), dimension: str | None = None) -> Kpi:
    """A metric now, in the period before, a year before, beside its target.

    `series`: its values in the periods up to this one, oldest first (it tells a change from the usual ups and downs).
    """
    raw = metric(crm)
    none = metric.growth  # type: ignore[attr-defined]
    previous, year_before = (Figure(None) if none else _before(metric, c) for c in (crm.previous, crm.year_before))
    now = figured(raw)
    unit, better, rolling = metric.unit, metric.better, metric.rolling  # type: ignore[attr-defined]
    return Kpi(
        name=metric.__name__, value=now.value, unit=unit, better=better, dimension=dimension, reason=now.reason,
        part=raw.part if isinstance(raw, Share) else None, base=now.base, min_base=crm.business.min_base,
        rolling=rolling(crm) if callable(rolling) else rolling,
        previous=previous.value, previous_base=previous.base,
        year_before=year_before.value, year_before_base=year_before.base,
        error=now.error, previous_error=previous.error, year_before_error=year_before.error,
        target=None if dimension else target(metric.__name__, crm), series=tuple(_known(v) for v in series),
        gone=float(crm.period.gone), adds=metric.adds,  # type: ignore[attr-defined]
    )  # fmt: skip


def compare_all(crm: Crm, history: Any, *metrics: Callable[[Crm], Any]) -> list[Kpi]:
    """Several metrics compared; `history` is a frame with a column for each of those whose course is known."""
    return [compare(m, crm, history.get(m.__name__, ())) for m in metrics]


def figured(raw: Any) -> Figure:
    """What a metric returned (a number, a `Share`, a `Mean` or a `Figure`) with its base, or the reason why there is no value."""
    if isinstance(raw, Share):
        return Figure(raw.value, int(raw.base), None if raw.base else "no_base")
    if isinstance(raw, Mean):
        return Figure(raw.value, int(raw.base), None if raw.base else "no_base", raw.error)
    if isinstance(raw, Figure):
        value = _known(raw.value)
        return Figure(value, raw.base, raw.reason or ("no_data" if value is None else None), raw.error)
    value = _known(raw)
    return Figure(value, None, "no_data" if value is None else None)


def _before(metric: Callable[[Crm], Any], crm: Crm) -> Figure:
    """A comparison value; a period that was over before the data began has none (it was not 0)."""
    return Figure(None) if crm.first_day is None or crm.end <= crm.first_day else figured(metric(crm))


def _known(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def interval(share: Share, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927).

    >>> low, high = interval(Share(81, 263), 0.95)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    z, n, p = NormalDist().inv_cdf((1 + level) / 2), share.base, share.part / share.base
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def difference(a: Share, b: Share, level: float = LEVEL) -> tuple[float, float]:
    """Newcombe's interval of the difference a − b of two proportions (Newcombe 1998, method 10).

    >>> low, high = difference(Share(56, 70), Share(48, 80), 0.95)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    (la, ua), (lb, ub), pa, pb = interval(a, level), interval(b, level), a.part / a.base, b.part / b.base
    delta = pa - pb
    return delta - math.hypot(pa - la, ub - pb), delta + math.hypot(ua - pa, pb - lb)
