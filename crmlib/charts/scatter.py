"""Two measures against each other: a circle a point while they are few, a cloud that is denser where there are more."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .. import fmt, texts
from ..theme import COLOR, SMALL, WIDTH, fit, width
from .cloud import clouds
from .columns import named
from .labels import Spot, Taken, box, overlap, place
from .marks import FREE, dot, line, sheet, to_units, write
from .scale import decades, round_about, short

HEIGHT, TOP, BOTTOM, INSET = 320, 30, 52, 8
FEW = 300  # so many points are circles; of more a cloud is drawn, which costs the same however many they are
GROUPS = ("c1", "c2", "c3", "c4", "c5", "c6")
NAMED = 6  # points that are called by name


class _Axis(NamedTuple):
    """A measure's axis: its ticks and their words, whether in powers of ten, and what stands at it."""

    values: list[float]
    words: list[str]
    log: bool
    head: str

    def at(self, value: float) -> float:
        return math.log10(value) if self.log else value


def scatter(
    frame: pd.DataFrame,
    lang: str,
    units: tuple[str, str] = ("count", "count"),
    heads: tuple[str, str] = ("", ""),
    currency: str | None = None,
    log: str = "",
) -> Figure:
    """x, y; optional: group (at most six), count (how many a row stands for), label (names of the few that are called by name).

    Rows that stand for many (`count`) let the engine add up what millions of customers are; they are always a cloud.
    `log`: "x", "y" or "xy" in powers of ten; what is not above zero then has no place, and how many those are is said.
    """
    shown, rest = _drawable(frame, log)
    if shown.empty:
        raise ValueError("There is nothing to draw: no row has both numbers. Say so in words instead of drawing a chart.")
    x, y = (
        _axis(shown[of].to_numpy(float), unit, head, of in log, lang, currency)
        for of, unit, head in zip("xy", units, heads, strict=True)
    )
    fig, ax = _sheet(x, y, _note(rest, lang))
    at = shown.assign(x=np.log10(shown["x"]) if x.log else shown["x"], y=np.log10(shown["y"]) if y.log else shown["y"])
    (_circles if is_few(frame) else clouds)(ax, _each(at, frame))
    _names(ax, at, lang)
    return fig


def is_few(frame: pd.DataFrame) -> bool:
    """Whether every point is a circle of its own."""
    return len(frame) <= FEW and "count" not in frame


def legend(frame: pd.DataFrame, lang: str) -> list[tuple[str, str, str]]:
    """What the colours mean, for the line above the chart."""
    groups = _groups(frame) if "group" in frame and frame["group"].nunique(dropna=False) > 1 else []
    marks = [("dot", token, named(name, lang)) for token, name in groups]
    return marks if is_few(frame) else [*marks, ("range", "ink" if marks else "c1", texts.say("charts.denser", lang))]


def _groups(frame: pd.DataFrame) -> list[tuple[str, object]]:
    """The groups that are there, each with its colour: in the order of their categories where they have one, else as they come."""
    there = frame["group"].unique()
    names = list(frame["group"].cat.categories) if isinstance(frame["group"].dtype, pd.CategoricalDtype) else list(there)
    if len(names) > len(GROUPS):
        raise ValueError(
            f"{len(names)} groups cannot be told apart by colour. At most {len(GROUPS)} can: put the smallest together."
        )
    return [(token, name) for token, name in zip(GROUPS, names, strict=False) if name in there]


def _each(at: pd.DataFrame, frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows that have a place, of every group of the frame, under its colour."""
    if "group" not in at:
        return [(GROUPS[0], at)]
    return [(token, at[at["group"] == name if fmt.known(name) else at["group"].isna()]) for token, name in _groups(frame)]


def _drawable(frame: pd.DataFrame, log: str) -> tuple[pd.DataFrame, float]:
    """The rows that have a place, and how many points have none because they are not above zero."""
    known = frame[np.isfinite(frame["x"].astype(float)) & np.isfinite(frame["y"].astype(float))]
    above = np.logical_and.reduce([np.ones(len(known), bool), *(known[of] > 0 for of in log)])
    return known[above], _count(known[~above])


def _count(frame: pd.DataFrame) -> float:
    return float(frame["count"].sum()) if "count" in frame else float(len(frame))


def _note(rest: float, lang: str) -> str:
    return texts.say("charts.not_above_zero", lang, count=fmt.count(rest, lang)) if rest else ""


# ------------------------------------------------------------------------------------------------ axes


def _axis(values: np.ndarray, unit: str, head: str, log: bool, lang: str, currency: str | None) -> _Axis:
    low, high = float(values.min()), float(values.max())
    ticks = decades(low, high) if log else round_about(low, high, unit == "count")
    return _Axis(ticks, [short(v, unit, lang, currency) for v in ticks], log, head)


def _sheet(x: _Axis, y: _Axis, note: str) -> tuple[Figure, Axes]:
    """The empty plot, a pale line a tick, what each axis is at its end."""
    left = max(map(width, y.words)) + 10
    fig, ax = sheet(HEIGHT, left, width(x.words[-1]) / 2 + 4, TOP, BOTTOM)
    limits = [(axis.at(axis.values[0]), axis.at(axis.values[-1])) for axis in (x, y)]
    wide, high = WIDTH * ax.get_position().width, HEIGHT - TOP - BOTTOM
    aside = [(b - a) * INSET / room for (a, b), room in zip(limits, (wide, high), strict=True)]
    ax.set(xlim=(limits[0][0] - aside[0], limits[0][1] + aside[0]), ylim=(limits[1][0] - aside[1], limits[1][1] + aside[1]))
    for value, word in zip(y.values, y.words, strict=True):
        line(ax, ax.get_xlim(), [y.at(value)] * 2, "grid", zorder=0.5)
        write(ax, left - 8, y.at(value), word, tone="ink-2", ha="right", row=True)
    _below(ax, x, wide)
    floor = HEIGHT - 8
    write(ax, 0, 14, fit(y.head, WIDTH, SMALL), size=SMALL, tone="ink-2")
    write(ax, WIDTH - 2, floor, head := fit(x.head, WIDTH / 2, SMALL), size=SMALL, tone="ink-2", ha="right")
    write(ax, 0, floor, fit(note, WIDTH - width(head, SMALL) - 16, SMALL), size=SMALL, tone="ink-2")
    return fig, ax


def _below(ax: Axes, x: _Axis, wide: float) -> None:
    """The ticks of the level axis, as many words as stand side by side, the last always."""
    step = wide / (len(x.values) - 1)
    every = next((k for k in range(1, len(x.values)) if k * step >= max(map(width, x.words)) + 8), len(x.values))
    for i, (value, word) in enumerate(zip(x.values, x.words, strict=True)):
        line(ax, [x.at(value)] * 2, ax.get_ylim(), "grid", zorder=0.5)
        if (len(x.values) - 1 - i) % every == 0:
            write(ax, to_units(ax, x.at(value), 0)[0], HEIGHT - BOTTOM + 20, word, tone="ink-2", ha="center")


# ------------------------------------------------------------------------------------------------ marks


def _circles(ax: Axes, each: list[tuple[str, pd.DataFrame]]) -> None:
    for token, rows in each:
        ax.add_line(
            Line2D(
                rows["x"], rows["y"], linestyle="", marker="o", markersize=6, fillstyle="full", zorder=3,
                markerfacecolor=COLOR[token], markeredgecolor=COLOR["bg"], markeredgewidth=0.8, **FREE,
            )
        )  # fmt: skip


def _names(ax: Axes, at: pd.DataFrame, lang: str) -> None:
    """The points that are called by name, each name where it touches neither mark nor name; else the mark stands alone."""
    if "label" not in at:
        return
    chosen = at[at["label"].notna()].head(NAMED)
    points = [to_units(ax, x, y) for x, y in zip(at["x"], at["y"], strict=True)] if len(at) <= FEW else []
    taken = Taken(points, [])
    for label, x, y in zip(chosen["label"], chosen["x"], chosen["y"], strict=True):
        dot(ax, x, y, "ink", 7, zorder=4)
        _name(ax, *to_units(ax, x, y), fit(named(label, lang), 150), taken)


def _name(ax: Axes, x: float, y: float, said: str, taken: Taken) -> None:
    around: list[Spot] = [(x + 8, y + 5, "left"), (x - 8, y + 5, "right"), (x, y - 9, "center"), (x, y + 20, "center")]
    inside = [spot for spot in around if _inside(ax, spot, said)]
    if not inside:
        return
    left, base, ha = place(inside, said, taken)
    own = box(left, base, said, ha)
    if not any(overlap(own, other) for other in taken.boxes):
        write(ax, left, base, said, ha=ha, ground=True)
        taken.boxes.append(own)


def _inside(ax: Axes, spot: Spot, said: str) -> bool:
    left, top, right, bottom = box(spot[0], spot[1], said, spot[2])
    return left >= WIDTH * ax.get_position().x0 and right <= WIDTH and top >= TOP and bottom <= HEIGHT - BOTTOM
