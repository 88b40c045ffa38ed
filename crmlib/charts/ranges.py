"""A dot at the median, a pale bar on to P90, a ring where the median was before."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from ..theme import SMALL, WIDTH
from .columns import Column, named, number, rows_of, table
from .labels import box, overlap
from .marks import bar, dot, line, to_units, write
from .scale import along, short


def ranges(frame: pd.DataFrame, lang: str, unit: str, currency: str | None = None) -> Figure:
    """name, median, p90, before (may be NaN), hot: the rows that are the finding."""
    rows = rows_of(frame)
    hot = [i for i, row in enumerate(rows) if row["hot"]]
    say = lambda key: [fmt.unit(row[key], unit, lang, currency) for row in rows]  # noqa: E731
    columns = [
        Column(texts.say("charts.median", lang), say("median"), "ink", hot),
        Column(texts.say("charts.p90", lang), say("p90")),
    ]
    fig, ax = table([named(row["name"], lang) for row in rows], range(len(rows)), columns, 36, bottom=28)
    _axis(ax, max(number(row[key]) for row in rows for key in ("median", "p90", "before")), unit, lang, currency)
    for i, row in enumerate(rows):
        _row(ax, i, row, "c2" if i in hot else "c1")
    _words(ax, hot[0] if hot else 0, rows[hot[0] if hot else 0], lang)
    return fig


def _row(ax: Axes, y: int, row: dict, token: str) -> None:
    if fmt.known(row["p90"] - row["median"]):
        bar(ax, row["median"], y, row["p90"] - row["median"], 0.22, token + "-soft")
    if fmt.known(row["before"]):
        dot(ax, row["before"], y, "bg", 6.8, "ink-3", 1.6)
    if fmt.known(row["median"]):
        dot(ax, row["median"], y, token, 8, edge_width=0, zorder=4)


def _axis(ax, high: float, unit: str, lang: str, currency: str | None) -> None:
    """Ticks from zero, the unit after the last where it is a word."""
    room = WIDTH * ax.get_position().width
    values = along(high, unit, lang, room, currency)
    ax.set_xlim(0, values[-1])
    bottom, top = ax.get_ylim()
    floor = ax.get_figure().get_figheight() * 72 - 8
    for value in values:
        line(ax, [value, value], [bottom, top], "grid", zorder=0.5)
        said = short(value, unit, lang, currency)
        if value == values[-1] and texts.has(f"charts.axis_{unit}", lang):
            said = texts.say(f"charts.axis_{unit}", lang, value=said)
        write(ax, to_units(ax, value, 0)[0], floor, said, tone="ink-2", ha="center")


def _words(ax: Axes, y: int, row: dict, lang: str) -> None:
    """The names of the three marks over one row, where there is room; the chart's key has them, too."""
    later = number(row["median"]) >= number(row["before"])
    wanted = [
        ("before", "right" if later else "left"),
        ("median", "left" if later else "right"),
        ("p90", "right"),
    ]
    placed = []
    for key, ha in wanted:
        if fmt.known(row[key]):
            x, middle = to_units(ax, row[key], y)
            x += {"right": 4, "left": -4}[ha] if key != "p90" else 0
            word = texts.say(f"charts.{key}", lang)
            placed.append((x, middle - 10, word, ha, box(x, middle - 10, word, ha, SMALL)))
    left = WIDTH * ax.get_position().x0
    apart = all(not overlap(a[4], b[4]) for i, a in enumerate(placed) for b in placed[:i])
    if apart and all(spot[4][0] >= left for spot in placed):
        for x, base, word, ha, _ in placed:
            write(ax, x, base, word, size=SMALL, tone="ink-2", ha=ha)
