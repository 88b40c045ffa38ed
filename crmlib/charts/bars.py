"""Horizontal bars from zero, a tick for the earlier value, both values in columns."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from .columns import Column, named, number, rows_of, table
from .marks import bar, line

Heads = tuple[str, str]


def bars(
    frame: pd.DataFrame,
    lang: str,
    unit: str,
    highlight: object = None,
    heads: Heads | None = None,
    currency: str | None = None,
) -> Figure:
    """name, value, before (optional, may be NaN), so_far (optional: the values added up), group (optional); `highlight` is a name,
    or (group, name).

    `heads` stand over the values and the earlier values; where nothing earlier is known one column stands.
    """
    rows = rows_of(frame)
    at, titles = _places(rows, lang)
    hot = [i for i, row in enumerate(rows) if highlight in (row["name"], (row.get("group"), row["name"]))][:1]
    columns = _columns(rows, lang, unit, hot, heads or ("", texts.say("charts.before", lang)), currency)
    fig, ax = table([named(row["name"], lang) for row in rows], at, columns, 26, titles=titles)
    _limit(ax, rows)
    for i, (y, row) in enumerate(zip(at, rows, strict=True)):
        if value := number(row["value"]):
            bar(ax, 0, y, value, 0.56, "c2" if i in hot else "mute" if hot else "c1")
        if fmt.known(row.get("before")):
            line(ax, [row["before"]] * 2, [y - 0.4, y + 0.4], "ink", 2, zorder=3)
    return fig


def _places(rows, lang) -> tuple[list[float], list[tuple[float, str]]]:
    """The row of every bar, and of the title over every group."""
    at: list[float] = []
    titles: list[tuple[float, str]] = []
    y, group = 0.0, None
    for row in rows:
        if row.get("group") is not None and row["group"] != group:
            group = row["group"]
            y += 0.6 if titles else 0
            titles.append((y, named(group, lang)))
            y += 1.1
        at.append(y)
        y += 1
    return at, titles


def _columns(rows, lang, unit, hot, heads, currency) -> list[Column]:
    say = lambda key: [fmt.unit(row.get(key), unit, lang, currency) for row in rows]  # noqa: E731
    columns = [Column(heads[0], say("value"), "ink", hot)]
    if any(fmt.known(row.get("so_far")) for row in rows):
        columns.append(Column(texts.say("charts.so_far", lang), say("so_far")))
    if any(fmt.known(row.get("before")) for row in rows):
        columns.append(Column(heads[1], say("before"), tick=True))
    return columns


def _limit(ax: Axes, rows) -> None:
    """From zero to the longest mark; below zero only where a value is."""
    values = [number(row.get(key)) for row in rows for key in ("value", "before")]
    low, high = min([0, *values]), max([0, *values])
    ax.set_xlim(low, high if high > low else low + 1)
    if low < 0:
        bottom, top = ax.get_ylim()
        line(ax, [0, 0], [bottom, top], "ink-3")
