"""How fast one of many grew from one year to the next, beside all others: months against the same months a year before."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from ..crm import Crm
from ..kpi import LEVEL
from ..periods import add_months

WEEKS = 4  # of a span, where pages are weekly


@dataclass(frozen=True)
class Span:
    """A month, or four weeks where pages are weekly: [start, end)."""

    start: date
    end: date


def spans(crm: Crm, years: int, more: int = 0) -> list[Span]:
    """The spans of so many years, and some more before them, up to the period's end, oldest first."""
    count = years * a_year(crm) + more
    if crm.period.kind == "week":
        ends = [crm.period.end - timedelta(weeks=WEEKS * i) for i in range(count, -1, -1)]
    else:
        ends = [add_months(crm.period.end, -i) for i in range(count, -1, -1)]
    return [Span(start, end) for start, end in pairwise(ends)]


def a_year(crm: Crm) -> int:
    """How many spans make a year: the season of a span is that of the span so many before it."""
    return 52 // WEEKS if crm.period.kind == "week" else 12


def covered(crm: Crm, times: list[Span]) -> bool:
    """Whether the data cover all these spans."""
    return crm.first_day is None or crm.first_day <= times[0].start


def together(looks: int) -> float:
    """The level of one interval of so many that are right together at 99 % (Bonferroni).

    >>> round(together(10), 6)
    0.999
    """
    return 1 - (1 - LEVEL) / max(looks, 1)


@dataclass(frozen=True)
class Pace:
    """Cases now and a year before, the others' change, and the change against them (−0.3: 30 % less) with its interval."""

    count: int
    before: int
    others: float
    change: float
    low: float
    high: float
    in_a_row: int  # of the spans now, how many are on the side of the change


def pace(
    mine: np.ndarray, rest: np.ndarray, now: int, year: int, level: float, min_base: int, repeats: bool = True
) -> Pace | None:
    """One of many beside all others: the last `now` spans against those a `year` of spans before; None where too little happened.

    The change is a difference in differences of logarithms: ln(now / a year before) of the one − the same of all others. Its
    interval (of this `level`) is as wide as the wider of two: what chance alone gives (counts are Poisson's), and how much ln(one / others) moves from one span to the next before now (the median move, which one real
    change does not touch), Student's t. Of what happens to each customer once (`repeats` False) chance alone is the measure.
    """
    here, then = mine[-now:], mine[-now - year : len(mine) - year]
    others, others_then = float(rest[-now:].sum()), float(rest[-now - year : len(rest) - year].sum())
    if then.sum() < min_base or min(others, others_then) < min_base or then.sum() * others / others_then < min_base:
        return None
    count, before = float(here.sum()), float(then.sum())
    change = math.log(max(count, 0.5) / before) - math.log(others / others_then)  # nothing at all counts as half a case
    chance = math.sqrt(1 / max(count, 1) + 1 / before + 1 / others + 1 / others_then)
    usual = _usual(mine[:-now], rest[:-now], now, level) if repeats else 0.0
    reach = max(NormalDist().inv_cdf((1 + level) / 2) * chance, usual)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (here / then) / (rest[-now:] / rest[-now - year : len(rest) - year])
    row = int((each < 1).sum() if change < 0 else (each > 1).sum())
    middle, low, high = (math.expm1(change + side * reach) for side in (0, -1, 1))
    return Pace(int(count), int(before), others / others_then - 1, middle, low, high, row)


def _usual(mine: np.ndarray, rest: np.ndarray, now: int, level: float) -> float:
    """How far the mean of `now` spans lies from that of as many others, by the usual moves before; 0 where there are too few."""
    known = (mine > 0) & (rest > 0)
    moves = np.abs(np.diff(np.log(mine[known] / rest[known])))
    if len(moves) < 5:
        return 0.0
    one = (
        float(np.median(moves)) / 0.9539 / math.sqrt(2)
    )  # the median move of a normal variable is 0.9539 of its standard deviation
    return one * math.sqrt(2 / now) * float(stdtrit(len(moves) - 1, (1 + level) / 2))
