"""A line over periods: from zero, its first and last value said at the line, a dashed target, an event."""

import math
from collections.abc import Callable
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from ..periods import Period
from ..theme import SMALL, WIDTH, fit, width
from .columns import rows_of
from .labels import Spot, Taken, along, box, place
from .marks import dot, line, sheet, to_units, units, write
from .scale import short, ticks

HEIGHT, BOTTOM, INSET = 270, 46, 12
OVER = 13  # the baseline of words over the plot
EVERY = {"month": (1, 3, 6, 12, 24, 60), "week": (1, 2, 4, 8, 13, 26, 52), "quarter": (1, 2, 4, 8, 20)}
Say = Callable[[float], str]


def trend(
    frame: pd.DataFrame,
    lang: str,
    unit: str,
    target: float | None = None,
    currency: str | None = None,
    event: tuple[Period, str] | None = None,
    start: float = 0.0,
) -> Figure:
    """period, in order, and value (NaN is a gap); `event` is (first period it touched, what happened).

    `start`: where the axis begins, if not at zero; the page then says so.
    """
    rows = rows_of(frame)
    periods = [row["period"] for row in rows]
    values = [float(row["value"]) if fmt.known(row["value"]) else math.nan for row in rows]
    goal = float(target) if fmt.known(target) else None  # type: ignore[arg-type]
    at = periods.index(event[0]) if event and event[0] in periods else None
    say = lambda v: fmt.unit(v, unit, lang, currency)  # noqa: E731
    axis = lambda v: short(v, unit, lang, currency)  # noqa: E731
    known = [v for v in values + ([] if goal is None else [goal]) if fmt.known(v)]
    scale = ticks(min(known, default=0), max(known, default=0), whole=unit == "count", start=start)
    fig, ax = _sheet(scale, [axis(v) for v in scale], values, say, at is not None)
    _periods(ax, periods, lang)
    _line(ax, values)
    taken = Taken(along([to_units(ax, i, v) for i, v in enumerate(values)]), [])
    if event and at is not None:
        _event(ax, at, event[1], taken)
    _labels(ax, values, say, goal, texts.say("charts.target", lang, value=axis(goal)), taken)
    return fig


def _sheet(scale: list[float], words: list[str], values: list[float], say: Say, event: bool):
    """The empty plot: margins as wide as their texts, a pale line a tick."""
    last = width(say(values[-1]), bold=True) + 12 if fmt.known(values[-1]) else 0
    left, right = max(map(width, words)) + 10, max(last, 14)
    fig, ax = sheet(HEIGHT, left, right, 30 if event else 24, BOTTOM)
    steps = len(values) - 1
    aside = INSET / (WIDTH - left - right - 2 * INSET) * steps or 1
    ax.set(xlim=(-aside, steps + aside), ylim=(scale[0], scale[-1]))
    for value, word in zip(scale, words, strict=True):
        line(ax, ax.get_xlim(), [value, value], "grid" if value or scale[0] == 0 else "ink-3", zorder=0.5)
        write(ax, left - 8, value, word, tone="ink-2", ha="right", row=True)
    return fig, ax


def _periods(ax: Axes, periods: list[Period], lang: str) -> None:
    """As many names as stand side by side, the last always; a year under its first name."""
    names = [fmt.short_period(p, lang) for p in periods]
    widest = max(map(width, names)) + 10
    year = width(texts.say("charts.year", lang, year="0000"), SMALL) + 10
    step = to_units(ax, 1, 0)[0] - to_units(ax, 0, 0)[0]
    strides = EVERY.get(periods[-1].kind, (1, 2, 5, 10, 20))
    tries = [(k, _years(periods, k)) for k in (*strides, len(periods)) if k * step >= widest or k >= len(periods)]
    every, years = next(t for t in tries if all((b - a) * step >= year for a, b in pairwise(t[1])))
    for i in range((len(periods) - 1) % every, len(periods), every):
        x = to_units(ax, i, 0)[0]
        write(ax, x, HEIGHT - BOTTOM + 20, names[i], tone="ink-2", ha="center")
        if i in years:
            said = texts.say("charts.year", lang, year=years[i])
            write(ax, x, HEIGHT - BOTTOM + 35, said, size=SMALL, tone="ink-2", ha="center")


def _years(periods: list[Period], every: int) -> dict[int, str]:
    """Under which of the named periods a year stands: the first of each year; a year is its own name."""
    if periods[-1].kind == "year":
        return {}
    years: dict[str, int] = {}
    for i in range((len(periods) - 1) % every, len(periods), every):
        years.setdefault(periods[i].label.partition("-")[0], i)
    return {i: year for year, i in years.items()}


def _event(ax: Axes, at: int, words: str, taken: Taken) -> None:
    """A line before the period, its words over the plot on the side with more room."""
    x = to_units(ax, max(at - 0.5, ax.get_xlim()[0]), 0)[0]
    line(ax, [x, x], [2, HEIGHT - BOTTOM], "ink-3", transform=units(ax))
    taken.points.extend(along([(x, 2), (x, HEIGHT - BOTTOM)]))
    after = x < WIDTH / 2
    said = fit(words, WIDTH - x - 10 if after else x - 10)
    x, ha = (x + 6, "left") if after else (x - 6, "right")
    write(ax, x, OVER, said, ha=ha)
    taken.boxes.append(box(x, OVER, said, ha))


def _line(ax: Axes, values: list[float]) -> None:
    """The line, a point at each end of it, and at a value that has no neighbour."""
    line(ax, range(len(values)), values, "c1", 2.4)
    known = [i for i, v in enumerate(values) if fmt.known(v)]
    alone = [i for i in known if i - 1 not in known and i + 1 not in known]
    for i in sorted({*known[:1], *known[-1:], *alone}):
        dot(ax, i, values[i], "c1")


def _labels(ax: Axes, values: list[float], say: Say, goal: float | None, target: str, taken: Taken) -> None:
    """The last value, the target and the first value, each clear of the line and of the others."""
    known = [i for i, v in enumerate(values) if fmt.known(v)]
    end = len(values) - 1
    if end not in known:
        x, floor = to_units(ax, end, 0)[0], HEIGHT - BOTTOM - 6
        write(ax, x, floor, fmt.MISSING, tone="ink-2", ha="center")
    if known:
        _value(ax, known[-1], values[known[-1]], say(values[known[-1]]), taken, last=True, aside=end in known)
    if goal is not None:
        _target(ax, goal, target, taken)
    if len(known) > 1:
        _value(ax, known[0], values[known[0]], say(values[known[0]]), taken)


def _value(ax: Axes, i: int, value: float, said: str, taken: Taken, last=False, aside=False) -> None:
    """What a point's value is: beside the point (at the line's end), else over or under it."""
    x, y = to_units(ax, i, value)
    start, ha = (x - 3, "left") if x + width(said, bold=last) < WIDTH else (x + 3, "right")
    above_below = [y + up for up in (-10, -16, 22, -24, 30, -34, 40, -46)]
    spots: list[Spot] = [(start, base, ha) for base in above_below if 12 < base < HEIGHT - BOTTOM - 4]
    x, y, ha = (x + 9, y + 5, "left") if aside else place(spots, said, taken, last)
    write(ax, x, y, said, tone="c1", ha=ha, bold=last)
    taken.boxes.append(box(x, y, said, ha, bold=last))


def _target(ax: Axes, goal: float, words: str, taken: Taken) -> None:
    """The dashed line, its words at it if nothing crosses them, else over the plot, after a piece of it."""
    ends = [to_units(ax, x, goal) for x in ax.get_xlim()]
    line(ax, ax.get_xlim(), [goal, goal], "ink-3", dashes=(4, 3))
    (left, y), (right, _) = ends
    sides = [(right, "right"), (left, "left")]
    sides += [(left + (right - left) * part / 8, "center") for part in (4, 6, 2, 5, 3)]
    spots: list[Spot] = [(x, y + up, ha) for x, ha in sides for up in (-6, 17)]
    spots += [(right - width(words), OVER, "left"), (left + 24, OVER, "left")]
    x, base, ha = place(spots, words, taken)
    if base == OVER:
        line(ax, [x - 22, x - 4], [OVER - 4.5] * 2, "ink-3", dashes=(4, 3), transform=units(ax))
    write(ax, x, base, words, tone="ink-2", ha=ha)
    taken.boxes.append(box(x, base, words, ha))
    taken.points.extend(along(ends))
