"""How long customers stay: month by month some begin to fade, some are upset, some stop; and how likely that was."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .ground import DAYS, FOREVER, MONTHS, day_of, month_starts, stream
from .leaving import SIGNS, YOUNG_DAYS
from .truths import Truths

_SETTLING = 20  # days after they came in which nobody stops
_MONTH = 365.25 / 12
_OLDER = 180  # of those who came so long before the first day, some are in a mood then:
_ALREADY = 10  # so many times what turns in a month


@dataclass(frozen=True)
class Lives:
    """Of every customer: the day on which they stop, or begin to fade or to be upset (FOREVER, DAYS: not within the data)."""

    moods: np.ndarray  # fading, upset: the day from which they act on the hazard
    start: np.ndarray  # first day with activity
    stop: np.ndarray
    settled: np.ndarray  # first day on which they can stop
    created: np.ndarray  # day
    always: np.ndarray  # logarithm of the daily hazard that goes with what they are

    @property
    def fading(self) -> np.ndarray:
        """The day from which it shows that customers fade."""
        return np.maximum(self.moods[0] - SIGNS, self.start)

    @property
    def upset(self) -> np.ndarray:
        """The day from which it shows that customers are upset."""
        return np.maximum(self.moods[1] - SIGNS, self.start)


def lives(t: Truths, created: np.ndarray, start: np.ndarray, traits: np.ndarray) -> Lives:
    """The course of all customers; `traits`: the logarithm of the monthly hazard, but for age and mood."""
    rng = stream(t.seed, "lives")
    count, bounds = len(start), month_starts()
    before = np.multiply.outer(t.leaving.turning, (created < -_OLDER) * _ALREADY)
    moods = np.where(rng.random((2, count)) < before, -_OLDER, FOREVER)
    out = Lives(moods, start, np.full(count, DAYS), start + _SETTLING, created, traits - np.log(_MONTH))
    for low, high in pairwise(bounds):
        there = (start < high) & (out.stop == DAYS)
        hazard = np.exp(_log_hazard(t, out, low, *(moods < low)))
        begin = np.maximum(low, out.settled)
        ends = begin + rng.exponential(1.0, count) / hazard
        stops = there & (ends < high)
        for mood, chance in zip(moods, t.leaving.turning, strict=True):
            turns = there & (mood == FOREVER) & (rng.random(count) < chance)
            day = np.maximum(low, start) + np.floor(rng.random(count) * (high - np.maximum(low, start)))
            mood[turns] = day[turns]
        out.stop[stops] = ends[stops].astype(np.int64)
    return out


def _log_hazard(t: Truths, who: Lives, day: int, fading: np.ndarray, upset: np.ndarray) -> np.ndarray:
    """The logarithm of the daily hazard in the month that begins on a day."""
    young, _, _, fades, is_upset = t.leaving.coefficients
    return who.always + young * (day - who.created < YOUNG_DAYS) + fades * fading + is_upset * upset


def chances(t: Truths, who: Lives, month: str, horizon: int) -> np.ndarray:
    """The chance of each customer to stop within so many days of a month's first one, as things stand on that day.

    Exact: over all ways in which moods may turn until then, from the last month back to the first.
    """
    low = day_of(month)
    bounds = np.minimum(month_starts(), low + horizon)
    first = int(np.searchsorted(month_starts(), low))
    stays = {(f, u): np.ones(len(who.stop)) for f in (0, 1) for u in (0, 1)}
    for m in range(MONTHS - 1, first - 1, -1):
        at_risk = np.clip(bounds[m + 1] - np.maximum(bounds[m], who.settled), 0, None)
        stays = {
            mood: np.exp(-np.exp(_log_hazard(t, who, month_starts()[m], *mood)) * at_risk) * _turned(t, stays, mood)
            for mood in stays
        }
    fading, upset = who.moods < low
    now = np.where(fading, np.where(upset, stays[1, 1], stays[1, 0]), np.where(upset, stays[0, 1], stays[0, 0]))
    return 1 - now


def _turned(t: Truths, stays: dict[tuple[int, int], np.ndarray], mood: tuple[int, int]) -> np.ndarray:
    """What comes after a month, by the mood in which it ends: moods turn one way only."""
    rows = [((1.0, 1),) if is_so else ((1 - p, 0), (p, 1)) for is_so, p in zip(mood, t.leaving.turning, strict=True)]
    return sum(p * q * stays[f, u] for p, f in rows[0] for q, u in rows[1])
