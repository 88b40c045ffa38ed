"""The funnel: a bar a stage, and beside it in a pale colour what was lost since the stage before."""

from itertools import pairwise

import pandas as pd
from matplotlib.figure import Figure

from .. import fmt, texts
from .columns import Column, named, number, rows_of, table
from .marks import bar


def steps(frame: pd.DataFrame, lang: str, highlight: str | None = None, head: str | None = None) -> Figure:
    """Stages in order: name, count, from_previous, to_next.

    `highlight` names the stage from which deals do not go on; `head` stands over counts of other things.
    """
    rows = rows_of(frame)
    names = [row["name"] for row in rows]
    hot = names.index(highlight) if highlight in names else None
    fig, ax = table([named(n, lang) for n in names], range(len(rows)), _columns(rows, lang, hot, head), 34)
    counts = [number(row["count"]) for row in rows]
    ax.set_xlim(0, max(counts) or 1)
    for i, lost in _losses(rows):
        bar(ax, counts[i], i, lost, 0.58, "c2-soft" if hot is not None and i == hot + 1 else "c1-soft")
    for i, count in enumerate(counts):
        if count:
            bar(ax, 0, i, count, 0.58, "c1")
    return fig


def _columns(rows, lang, hot, head) -> list[Column]:
    share = lambda key: [fmt.share(row[key], lang) for row in rows]  # noqa: E731
    after = () if hot is None else (hot + 1,)
    return [
        Column(head or texts.say("charts.deals", lang), [fmt.count(row["count"], lang) for row in rows], "ink"),
        Column(texts.say("charts.from_previous", lang), share("from_previous"), strong=after),
        Column(texts.say("charts.to_next", lang), share("to_next"), strong=() if hot is None else (hot,)),
    ]


def _losses(rows) -> list[tuple[int, float]]:
    """Row and size of what did not come on from the stage before."""
    counts = [row["count"] for row in rows]
    pairs = [(i, a - b) for i, (a, b) in enumerate(pairwise(counts), 1) if fmt.known(a - b)]
    return [(i, lost) for i, lost in pairs if lost > 0]
