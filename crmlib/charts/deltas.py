"""Changes as bars on both sides of zero: what rose to the right, what fell to the left, with its sign and today's value beside it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .. import fmt, texts
from .columns import Column, named, number, rows_of, table
from .marks import bar, line

_TOKENS = {"up": ("c1", "c2"), "down": ("c2", "c1"), None: ("c1", "mute")}  # of a rise and of a fall: blue is good


def deltas(frame: pd.DataFrame, lang: str, unit: str, better: str | None = "up", currency: str | None = None) -> Figure:
    """name, value (the change; of shares the difference, said in points), now (optional); `better`: which way is good."""
    rows = rows_of(frame)
    columns = [Column(_head(unit, lang), [fmt.signed(row["value"], unit, lang, currency) for row in rows], "ink")]
    if any(fmt.known(row.get("now")) for row in rows):
        columns.append(Column(texts.say("charts.now", lang), [fmt.unit(row["now"], unit, lang, currency) for row in rows]))
    fig, ax = table([named(row["name"], lang) for row in rows], range(len(rows)), columns, 26)
    _limit(ax, [number(row["value"]) for row in rows])
    rise, fall = _TOKENS[better]
    for y, row in enumerate(rows):
        if value := number(row["value"]):
            bar(ax, min(value, 0), y, abs(value), 0.56, rise if value > 0 else fall)
    return fig


def _head(unit: str, lang: str) -> str:
    return texts.say("charts.change_points" if unit == "share" else "charts.change", lang)


def _limit(ax: Axes, values: list[float]) -> None:
    """Zero stands always, as a line; as much room on a side as its longest bar needs."""
    low, high = min([0, *values]), max([0, *values])
    ax.set_xlim(low, high if high > low else low + 1)
    bottom, top = ax.get_ylim()
    line(ax, [0, 0], [bottom, top], "ink-3")
