"""A matrix as coloured cells with the number in each: the darker (at night: the lighter), the more."""

import math
from collections.abc import Callable
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from .. import fmt, texts
from ..theme import BODY, COLOR, SMALL, WIDTH, clean, fit, width
from .columns import named, rows_of
from .marks import line, sheet, write

Say = Callable[[float], str]
LEVELS = ("h1", "h2", "h3", "h4", "h5", "h6")
ON_INK = 4  # on the first four levels text is --ink, on the others --bg
STEP, WIDEST = 26, 74
SIZES = {  # by what large numbers are divided where they are too wide for their cells, and the word for it
    "en": {1: "", 1e3: "in_thousands", 1e6: "in_millions", 1e9: "in_billions"},
    "zh": {1: "", 1e4: "in_ten_thousands", 1e6: "in_millions", 1e8: "in_hundred_millions"},
}


def heat(
    frame: pd.DataFrame,
    lang: str,
    unit: str,
    heads: tuple[str, str] | None = None,
    currency: str | None = None,
) -> Figure:
    """row, column, value; both in the order in which they come. A pair that is not in the frame stays empty.

    `heads` name what the rows and what the columns are. Colour runs from zero to the highest value, not
    counting a first column in which all are equal (a cohort's own month is always 100 %).
    """
    rows_of(frame)
    table = frame.pivot(index="row", columns="column", values="value")
    table = table.reindex(index=frame["row"].unique(), columns=frame["column"].unique()).astype(float)
    names = [named(name, lang) for name in table.index]
    widest = max([*(width(clean(name)) for name in names), width(heads[0], SMALL) if heads else 0])
    left = min(widest, 150) + 10
    cell = min((WIDTH - left - 2) / table.shape[1], WIDEST)
    say, size, note = _numbers(frame["value"], unit, lang, currency, cell - 3)
    top, bottom = 46 if heads else 28, 26 if note else 4
    fig, ax = sheet(top + STEP * len(names) + bottom, left, WIDTH - left - cell * table.shape[1], top, bottom)
    levels = _levels(table)
    _colour(ax, levels)
    across = [left + cell * (j + 0.5) for j in range(table.shape[1])]
    _write_cells(ax, frame, table, levels, say, size, across)
    _write_names(ax, names, [named(c, lang) for c in table.columns], heads, top, left, across, cell - 3)
    if note:
        write(ax, left, fig.get_figheight() * 72 - 6, note, size=SMALL, tone="ink-2")
    return fig


def _levels(table: pd.DataFrame) -> pd.DataFrame:
    """The colour of every cell, 0 to 5; NaN has none."""
    values = table.replace([math.inf, -math.inf], math.nan)
    rest = values.iloc[:, 1:]
    leave_out = values.iloc[:, 0].nunique() == 1 and rest.notna().to_numpy().any()
    scale = (rest if leave_out else values).stack()
    low, high = min(0.0, scale.min()), scale.max()
    span = high - low or 1.0
    return ((values - low) / span * len(LEVELS)).clip(0, len(LEVELS) - 1) // 1


def _colour(ax: Axes, levels: pd.DataFrame) -> None:
    import seaborn as sns  # here: it takes longer to import than all other charts take to draw

    colours = ListedColormap([COLOR[name] for name in LEVELS])
    bare = {"cbar": False, "xticklabels": False, "yticklabels": False}
    sns.heatmap(levels, vmin=0, vmax=len(LEVELS) - 1, cmap=colours, ax=ax, **bare)
    ax.set(xlabel="", ylabel="")
    high, wide = levels.shape
    for x in range(1, wide):
        line(ax, [x, x], [0, high], "bg", 2)
    for y in range(1, high):
        line(ax, [0, wide], [y, y], "bg", 2)


def _numbers(values: pd.Series, unit: str, lang: str, currency: str | None, room: float):
    """How numbers are said, their size, and a note: in full where they fit, else whole or in larger units."""
    known = [float(v) for v in values if fmt.known(v)]
    fits = lambda say, size: all(width(say(v), size) <= room for v in known)  # noqa: E731
    full = partial(fmt.unit, name=unit, lang=lang, currency=currency)
    if fits(full, BODY):
        return full, BODY, ""
    ways = [(partial(_percent, lang=lang), "in_percent")] if unit == "share" else _larger(lang)
    tries = [(say, size, word) for say, word in ways for size in (BODY, SMALL)]
    say, size, word = next((t for t in tries if fits(t[0], t[1])), tries[-1])
    return say, size, texts.say(f"charts.{word}", lang) if word else ""


def _percent(value: float, lang: str) -> str:
    return fmt.share(value, lang, 0).replace("%", "").replace(" ", "")


def _larger(lang: str) -> list[tuple[Say, str]]:
    """Ways to say a number that is too wide for its cell, the most exact first, and each one's unit."""
    return [
        (partial(_scaled, size=size, places=places, lang=lang), word) for size, word in SIZES[lang].items() for places in (1, 0)
    ]


def _scaled(value: float, size: float, places: int, lang: str) -> str:
    return fmt.number(value / size, lang, places) if fmt.known(value) else fmt.MISSING


def _write_cells(ax: Axes, frame: pd.DataFrame, table, levels, say: Say, size: float, across) -> None:
    rows, columns = list(table.index), list(table.columns)
    for row, column, value in zip(frame["row"], frame["column"], frame["value"], strict=True):
        i, j = rows.index(row), columns.index(column)
        level = levels.iat[i, j]
        tone = "ink-3" if math.isnan(level) else "ink" if level < ON_INK else "bg"
        write(ax, across[j], i + 0.5, say(value), size=size, tone=tone, ha="center", row=True)


def _write_names(ax: Axes, names: list[str], columns: list[str], heads, top, left, across, room: float) -> None:
    """The names of the rows and, smaller where one is too wide for its `room`, of the columns."""
    for i, name in enumerate(names):
        write(ax, 0, i + 0.5, fit(name, left - 8), row=True)
    size = BODY if all(width(clean(name)) <= room for name in columns) else SMALL
    for x, name in zip(across, columns, strict=True):
        write(ax, x, top - 9, fit(name, room, size), size=size, tone="ink-2", ha="center")
    if heads:
        write(ax, 0, top - 9, fit(heads[0], left - 8, SMALL), size=SMALL, tone="ink-2")
        write(ax, left, 14, fit(heads[1], WIDTH - left, SMALL), size=SMALL, tone="ink-2")
