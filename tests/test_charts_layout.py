"""Every chart with every kind of data in every language: no text touches another or leaves the sheet, even on the
narrowest phone, and the page gets a clean fragment.
"""

import math
from itertools import combinations
from xml.etree import ElementTree

import pytest
from pandas import DataFrame
from pictures import HOSTILE, NAN, STAGES, cohorts, funnel, moves, series, spans, texts, values

from crmlib import charts, theme
from crmlib.charts.labels import box, overlap
from crmlib.charts.scale import along, ticks
from crmlib.periods import Period

HUGE = [1234567, 1034567, 934567, 834567, 734567, 634567, 534567, 434567, 334567, 234567]
WAVE = [1.1e6 + 2e5 * math.sin(i) for i in range(36)]
ODD = [1234567, 0, NAN, 3e5, 9, 5.5], [2234567, 0, NAN, 4e5, NAN, 2], [1e6, NAN, 5, 2, 1, NAN]
JULY, W40 = Period.parse("2026-07"), Period.parse("2025-W40")

CASES = {
    "steps": lambda g: charts.steps(funnel([1240, 992, 744, 558, 301, 214]), g, "proposal"),
    "steps two": lambda g: charts.steps(funnel([3, 0]), g),
    "steps huge": lambda g: charts.steps(funnel(HUGE, STAGES + HOSTILE[2:]), g, "lead"),
    "steps gaps": lambda g: charts.steps(funnel([0, NAN, 0, 5, NAN, 3], HOSTILE), g, HOSTILE[3]),
    "trend": lambda g: charts.trend(series("2026-10", [0.2, 0.19, 0.21, 0.2, 0.144]), g, "share", target=0.18),
    "trend event": lambda g: charts.trend(series("2026-10", WAVE), g, "money", 1.2e6, "CNY", (JULY, "<b>New " * 9)),
    "trend early": lambda g: charts.trend(series("2026-W12", WAVE[:26]), g, "count", 1e6, event=(W40, "$x$")),
    "trend one": lambda g: charts.trend(series("2026-Q3", [12]), g, "count", target=20),
    "trend two": lambda g: charts.trend(series("2026-Q3", [12, 18]), g, "days", target=18),
    "trend gaps": lambda g: charts.trend(series("2026-10", [NAN, 0.3, NAN, 0.4, 1, NAN]), g, "share", 1),
    "trend late": lambda g: charts.trend(series("2026-10", [NAN, NAN, 1, 1234567, NAN]), g, "money", None, "CNY"),
    "trend none": lambda g: charts.trend(series("2026-10", [NAN] * 5), g, "share", target=0.2),
    "trend zero": lambda g: charts.trend(series("2026", [0] * 12), g, "count"),
    "trend minus": lambda g: charts.trend(series("2026", [-5000, 2, -12000, 1234567]), g, "money", None, "EUR"),
    "ranges": lambda g: charts.ranges(spans(STAGES[:4], [4, 7, 12, 24], [11, 18, 27, 51], [4, 8, 11, 17], 3), g, "days"),
    "ranges hostile": lambda g: charts.ranges(spans(HOSTILE, *ODD, 0), g, "money", "EUR"),
    "ranges one": lambda g: charts.ranges(spans(["lead"], [0], [0], [NAN]), g, "hours"),
    "bars": lambda g: charts.bars(values(STAGES[:3], [0.35, 0.2, 0.4], [0.2, NAN, 0.3], list("aab")), g, "share"),
    "bars heads": lambda g: charts.bars(values(HOSTILE, HUGE[:6], HUGE[2:8]), g, "money", HOSTILE[1], ("a\nb", "c")),
    "bars twelve": lambda g: charts.bars(values(STAGES + HOSTILE, [*HUGE, 0, NAN], [NAN] * 12), g, "money"),
    "bars minus": lambda g: charts.bars(values(HOSTILE, [-5, 3, NAN, 0, 10, 2], [2, -6, 1, NAN, 0, 2]), g, "count"),
    "bars one": lambda g: charts.bars(values(["Price"], [0], [0]), g, "count"),
    "deltas": lambda g: charts.deltas(moves(STAGES[:4], [120000, -45000, 300, 0], [5e5, 4e5, 0, 7]), g, "money", currency="CNY"),
    "deltas hostile": lambda g: charts.deltas(moves(HOSTILE, [-1234567, 3, NAN, 0, 1e7, 2], ODD[0]), g, "count", "down"),
    "deltas shares": lambda g: charts.deltas(moves(STAGES, [0.1, -0.2, 0, 0.004, -0.0001, NAN], [0.5, NAN, 0, 1, 0.2, NAN]), g, "share", None),
    "deltas fell": lambda g: charts.deltas(moves(STAGES[:2], [-1, -2], [NAN, NAN]), g, "days"),
    "deltas none": lambda g: charts.deltas(moves(["Price"], [0], [0]), g, "money", currency="EUR"),
    "heat": lambda g: charts.heat(cohorts(13), g, "share", ("First order", "Months since the first order")),
    "heat huge": lambda g: charts.heat(cohorts(13, lambda i, j: 1234567 / (i + j + 1)), g, "money", None, "EUR"),
    "heat small": lambda g: charts.heat(cohorts(2, lambda i, j: NAN if i else j), g, "count"),
    "heat none": lambda g: charts.heat(cohorts(3, lambda i, j: NAN), g, "share"),
    "heat hostile": lambda g: charts.heat(DataFrame({"row": HOSTILE, "column": HOSTILE, "value": ODD[0]}), g, "days"),
}  # fmt: skip


def where(fig, text):
    """The box of a text on the phone where it is largest, in units from the top left."""
    x, y = text.get_transform().transform(text.get_unitless_position())
    size = text.get_fontsize()
    middle = 0.36 * theme.LARGEST[size] if text.get_va() == "center" else 0
    high = fig.get_figheight() * 72
    return box(x, high - y + middle, text.get_text(), text.get_ha(), size, text.get_fontweight() == "bold")


@pytest.fixture(scope="module", params=[(name, lang) for name in CASES for lang in ("en", "zh")], ids="-".join)
def fig(request):
    name, lang = request.param
    return CASES[name](lang)


def test_no_text_touches_another_or_leaves_the_sheet(fig):
    boxes = [(t.get_text(), where(fig, t)) for t in texts(fig)]
    high = fig.get_figheight() * 72
    outside = [b for b in boxes if b[1][0] < -0.5 or b[1][2] > theme.WIDTH or b[1][1] < -0.5 or b[1][3] > high + 3.5]
    assert not outside
    assert not [(a[0], b[0]) for a, b in combinations(boxes, 2) if overlap(a[1], b[1])]


def test_the_page_gets_the_same_clean_fragment_twice(fig):
    svg = theme.svg(fig, "fig", "t", "d")
    assert svg == theme.svg(fig, "fig", "t", "d")
    ElementTree.fromstring(svg)
    assert svg.startswith('<svg class="chart" viewBox="0 0 460 ') and "#" not in svg and "<script" not in svg
    assert "nan" not in svg.lower() and "inf" not in svg and "None" not in svg


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 0, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 1, True, [0, 1]),
        (0, 3, True, [0, 1, 2, 3]),
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (3, 1234567, True, [0, 250000, 500000, 750000, 1000000, 1250000]),
        (-3, 7, True, [-4, -2, 0, 2, 4, 6, 8]),
    ],
)
def test_ticks_are_round_and_include_zero(low, high, whole, expected):
    assert ticks(low, high, whole, most=6) == expected


def test_a_short_axis_gets_fewer_ticks():
    assert along(51, "days", "en", room=200) == [0, 20, 40, 60] and along(51, "days", "en", room=40) == [
        0,
        100,
    ]
