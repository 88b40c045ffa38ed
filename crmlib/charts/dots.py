"""A dot at each mean, a pale bar over its interval; the axis begins where the numbers do: nothing here has a length from zero."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from ..theme import WIDTH, width
from .columns import Column, named, number, rows_of, table
from .marks import bar, dot, line, to_units, write
from .scale import short

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def dots(frame: pd.DataFrame, lang: str, unit: str) -> Figure:
    """name, value, low, high (NaN: no interval), cases, hot: the rows that are the finding; `expected`, where there is one: a ring."""
    rows = rows_of(frame)
    hot = [i for i, row in enumerate(rows) if row["hot"]]
    columns = [
        Column(
            texts.say("charts.rate" if unit == "share" else "charts.mean", lang),
            [fmt.unit(row["value"], unit, lang) for row in rows],
            "ink",
            hot,
        ),
        Column(
            texts.say("charts.of_cases" if unit == "share" else "charts.cases", lang),
            [fmt.count(row["cases"], lang) for row in rows],
        ),
    ]
    fig, ax = table([named(row["name"], lang) for row in rows], range(len(rows)), columns, 30, bottom=28)
    _axis(ax, rows, unit, lang)
    for i, row in enumerate(rows):
        token = "c2" if i in hot else "c1"
        if fmt.known(row["high"] - row["low"]):
            bar(ax, row["low"], i, row["high"] - row["low"], 0.24, token + "-soft")
        if fmt.known(row.get("expected")):
            dot(ax, row["expected"], i, "bg", 6.8, "ink-3", 1.6)
        if fmt.known(row["value"]):
            dot(ax, row["value"], i, token, 8, edge_width=0, zorder=4)
    return fig


def _axis(ax: Axes, rows: list[dict], unit: str, lang: str) -> None:
    """Round ticks around all marks."""
    marks = [number(row[key]) for row in rows for key in ("value", "low", "high", "expected") if fmt.known(row.get(key))]
    values = around(min(marks, default=0), max(marks, default=1))
    whole = values[0] == round(values[0])
    words = [
        short(v, unit, lang) if unit == "share" else fmt.number(v, lang, 0 if v == round(v) and whole else 1) for v in values
    ]
    ax.set_xlim(values[0], values[-1])
    bottom, top = ax.get_ylim()
    floor = ax.figure.get_figheight() * 72 - 8  # type: ignore[union-attr]
    every = 1 if sum(map(width, words)) + 8 * len(words) <= WIDTH * ax.get_position().width else len(values) - 1
    for i, (value, word) in enumerate(zip(values, words, strict=True)):
        line(ax, [value, value], [bottom, top], "grid", zorder=0.5)
        if i % every == 0:
            write(ax, to_units(ax, value, 0)[0], floor, word, tone="ink-2", ha="center")


def around(low: float, high: float, most: int = 4) -> list[float]:
    """Round values from at most `low` to at least `high`.

    >>> around(3.44, 4.08), around(-24.3, 17.3)
    ([3.4, 3.6, 3.8, 4.0, 4.2], [-40.0, -20.0, 0.0, 20.0])
    """
    for step in STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            last = max(last, first + 1)
            return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
    return [low, high]
