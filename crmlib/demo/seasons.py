"""When things happen: season, trend, weekdays and hours of the day. Seconds count from the first day."""

from dataclasses import dataclass

import numpy as np

from .ground import DAYS, FIRST
from .truths import Truths

OFFICE_WEEK = (1.0, 1.06, 1.05, 1.02, 0.94, 0.16, 0.10)  # Monday first
ONLINE_WEEK = (0.95, 0.94, 0.95, 0.98, 1.06, 1.14, 1.05)
OFFICE_HOURS = (0.02,) * 7 + (
    0.3,
    1.2,
    3.2,
    3.6,
    2.6,
    1.2,
    1.7,
    3.0,
    3.2,
    2.6,
    1.8,
    0.8,
    0.4,
    0.2,
    0.1,
    0.05,
    0.03,
)
ONLINE_HOURS = (0.5, 0.25, 0.12, 0.08, 0.08, 0.12, 0.4, 0.9, 1.4, 1.8, 2.0, 2.1,
                2.3, 2.0, 1.8, 1.7, 1.7, 1.8, 2.0, 2.5, 3.1, 3.2, 2.4, 1.2)  # fmt: skip
_FIRST_WEEKDAY = 2  # the first day is a Wednesday


def months() -> np.ndarray:
    """The month of each day, counted from the first one."""
    days = FIRST.astype("datetime64[D]") + np.arange(DAYS)
    return (days.astype("datetime64[M]") - FIRST.astype("datetime64[M]")).astype(int)


def day_weights(t: Truths, week: tuple[float, ...], growing: bool = False, faster: tuple[int, float] | None = None) -> np.ndarray:
    """How much happens on each day, on average 1 where nothing grows; `faster`: another growth from a day on."""
    days = np.arange(DAYS)
    season = np.array(t.season)[(months() + 10) % 12]  # the first month is November
    week_share = np.array(week) / np.mean(week)
    growth = np.full(DAYS, 1 + t.growth if growing else 1.0)
    if faster:
        growth[faster[0] :] = 1 + faster[1]
    trend = np.exp(np.cumsum(np.log(growth)) / 365.25)
    return season * week_share[(days + _FIRST_WEEKDAY) % 7] * trend


@dataclass(frozen=True)
class Rhythm:
    """Draws moments: days by their weight, hours by theirs."""

    cumulative: np.ndarray
    hours: np.ndarray

    @classmethod
    def of(
        cls,
        t: Truths,
        week: tuple[float, ...],
        hours: tuple[float, ...],
        growing: bool = False,
        faster: tuple[int, float] | None = None,
    ) -> "Rhythm":
        days = np.concatenate([[0.0], np.cumsum(day_weights(t, week, growing, faster))])
        return cls(days, np.concatenate([[0.0], np.cumsum(hours)]) / np.sum(hours))

    def exposure(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """How much would happen from one day up to before another one."""
        last = len(self.cumulative) - 1
        return np.maximum(self.cumulative[np.clip(stop, 0, last)] - self.cumulative[np.clip(start, 0, last)], 0.0)

    def within(self, rng: np.random.Generator, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """One moment for each window of days [start, stop)."""
        last = len(self.cumulative) - 1
        low, high = self.cumulative[np.clip(start, 0, last)], self.cumulative[np.clip(stop, 0, last)]
        day = np.searchsorted(self.cumulative, low + rng.random(len(low)) * (high - low), side="right") - 1
        return self.at_hours(rng, np.clip(day, start, stop - 1))

    def drawn(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Moments over the whole time."""
        return self.within(rng, np.zeros(count, int), np.full(count, len(self.cumulative) - 1))

    def at_hours(self, rng: np.random.Generator, day: np.ndarray) -> np.ndarray:
        """A moment on each day, at an hour as usual."""
        hour = np.interp(rng.random(len(day)), self.hours, np.arange(25.0))
        return day.astype(np.int64) * 86_400 + np.minimum((hour * 3600).astype(np.int64), 86_399)


def _work_done() -> np.ndarray:
    """The share of a week's work that is done by each full hour from Monday on."""
    hours = np.array(OFFICE_HOURS) / np.sum(OFFICE_HOURS)
    week = np.concatenate([hours * w for w in OFFICE_WEEK])
    return np.concatenate([[0.0], np.cumsum(week)]) / week.sum()


_WEEK = 7 * 86_400
_DONE = _work_done()
_HOURS = np.arange(169) * 3600.0


def to_work(moment: np.ndarray) -> np.ndarray:
    """Office time: the same weeks, flowing only while people work. Order is kept."""
    week, rest = np.divmod(moment + _FIRST_WEEKDAY * 86_400, _WEEK)
    return (week + np.interp(rest, _HOURS, _DONE)) * _WEEK


def from_work(worked: np.ndarray) -> np.ndarray:
    """The moment at which office time stands so."""
    week, rest = np.divmod(worked, _WEEK)
    moment = week * _WEEK + np.interp(rest / _WEEK, _DONE, _HOURS) - _FIRST_WEEKDAY * 86_400
    return np.round(moment).astype(np.int64)
