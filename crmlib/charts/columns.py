"""Charts with a row for each name: names at the left, numbers in columns at the right, marks between them."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from ..periods import Period
from ..theme import BODY, SMALL, WIDTH, clean, fit, width
from .marks import line, sheet, units, write

GAP = 14  # units between a name, its marks and each column
LEAST = 84  # units that the marks keep, however long the names


@dataclass(frozen=True)
class Column:
    """Numbers as text, one a row, under a small head of one or two lines; `strong` rows are the finding.

    `tick`: the head carries the upright tick that marks these numbers in the chart.
    """

    head: str
    cells: list[str]
    tone: str = "ink-2"
    strong: Collection[int] = ()
    tick: bool = False

    @property
    def wide(self) -> float:
        heads = [width(clean(part), SMALL) for part in self.head.split("\n")]
        return max([w + 8 * self.tick for w in heads] + [width(cell, bold=i in self.strong) for i, cell in enumerate(self.cells)])


def rows_of(frame: pd.DataFrame) -> list[dict]:
    """The rows of a frame; a chart of nothing is refused: the page says in words that there is nothing."""
    if frame.empty:
        raise ValueError("There is nothing to draw: the frame has no rows. Say so in words instead of drawing a chart.")
    return frame.to_dict("records")


def named(value: object, lang: str) -> str:
    """A name of the data as readers know it."""
    if isinstance(value, Period):
        return value.label
    return texts.word(value, lang) if fmt.known(value) else fmt.MISSING


def number(value) -> float:
    """A value for drawing: 0 where there is none (its text is '–')."""
    return float(value) if fmt.known(value) else 0.0


def table(names, at, columns, step, bottom=4.0, titles=()) -> tuple[Figure, Axes]:
    """The sheet with names at rows `at` (`step` units apart), columns, and bold titles ((row, text), …)."""
    lines = max((len(c.head.split("\n")) for c in columns if c.head), default=0)
    top = 14 * lines + 14 if lines else 6
    edges = _edges(columns)
    right = WIDTH - (edges[0] - columns[0].wide - GAP if columns else WIDTH - 8)
    room = WIDTH - right - LEAST - GAP
    wide = min(max(width(clean(name)) for name in names), room)  # left − GAP would be a hair less, and cut the longest name
    left = wide + GAP
    first, last = min([*at, *(row for row, _ in titles)]) - 0.5, max(at) + 0.5
    fig, ax = sheet(top + (last - first) * step + bottom, left, right, top, bottom)
    ax.set_ylim(last, first)
    for row, name in zip(at, names, strict=True):
        write(ax, 0, row, fit(name, wide), row=True)
    for row, title in titles:
        write(ax, 0, row, fit(title, WIDTH - right, BODY, bold=True), bold=True, row=True)
    for edge, column in zip(edges, columns, strict=True):
        _column(ax, edge, column, at, top)
    return fig, ax


def _edges(columns: list[Column]) -> list[float]:
    """The right edges of the columns, from left to right."""
    edges, x = [], WIDTH - 4.0
    for column in reversed(columns):
        edges.append(x)
        x -= column.wide + GAP
    return edges[::-1]


def _column(ax: Axes, x: float, column: Column, at, top: float) -> None:
    for i, (row, cell) in enumerate(zip(at, column.cells, strict=True)):
        bold = i in column.strong
        write(ax, x, row, cell, tone="c2" if bold else column.tone, ha="right", bold=bold, row=True)
    shift = 8 if column.tick else 0
    for i, part in enumerate(reversed(column.head.split("\n") if column.head else [])):
        write(ax, x - shift, top - 10 - 14 * i, part, size=SMALL, tone="ink-2", ha="right")
    if column.tick:
        line(ax, [x - 2, x - 2], [top - 21, top - 8], "ink", 2, transform=units(ax))
