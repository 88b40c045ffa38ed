"""Frames as charts get them, and what tests look at in the figure that comes back."""

import math
from itertools import pairwise

from matplotlib.colors import to_hex
from pandas import DataFrame

from crmlib import theme
from crmlib.periods import Period

NAN = math.nan
STAGES = ["lead", "contacted", "needs", "proposal", "negotiation", "won"]
HOSTILE = [
    "<script>alert(1)</script>",
    "$x_1^2$ {a}",
    "a\x00b\nc",
    "🎉 👩‍👩‍👧",
    "شركة الاتصالات العربية المتحدة",
    "ab" * 60,
]
TOKEN = {value: name for name, value in theme.COLOR.items()}


# ---------------------------------------------------------------- frames
def funnel(counts, names=STAGES):
    steps = [b / a if a else NAN for a, b in pairwise(counts)]
    columns = {
        "name": names[: len(counts)],
        "count": counts,
        "from_previous": [NAN, *steps],
        "to_next": [*steps, NAN],
    }
    return DataFrame(columns)


def series(last, values):
    return DataFrame({"period": Period.parse(last).trailing(len(values)), "value": values})


def spans(names, median, p90, before, hot=None):
    rows = [i == hot for i in range(len(names))]
    return DataFrame({"name": names, "median": median, "p90": p90, "before": before, "hot": rows})


def values(names, value, before, group=None):
    frame = DataFrame({"name": names, "value": value, "before": before})
    return frame if group is None else frame.assign(group=group)


def moves(names, value, now):
    return DataFrame({"name": names, "value": value, "now": now})


def cohorts(n, of=lambda i, j: 1.0 if j == 0 else 0.4 / j):
    months = Period.parse("2026-10").trailing(n)
    return DataFrame([(months[i], j, of(i, j)) for i in range(n) for j in range(n - i)], columns=["row", "column", "value"])


# ---------------------------------------------------------------- looking at a figure
def texts(fig):
    return list(fig.axes[0].texts)


def said(fig):
    return [t.get_text() for t in texts(fig)]


def bars_of(fig):
    return [(round(p.get_width(), 6), TOKEN[to_hex(p.get_facecolor())]) for p in fig.axes[0].patches]


def bold(fig):
    return [(t.get_text(), TOKEN[t.get_color()]) for t in texts(fig) if t.get_fontweight() == "bold"]


def line_of(fig, width=2.4):
    (found,) = [item for item in fig.axes[0].lines if item.get_linewidth() == width]
    return list(found.get_ydata())
