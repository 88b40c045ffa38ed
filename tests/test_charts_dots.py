"""Means with their intervals: a dot, a bar over the interval, and an axis around both."""

import math

import pytest
from pandas import DataFrame
from pictures import HOSTILE, NAN, bars_of, bold, said

from crmlib import charts, theme
from crmlib.charts.dots import around


def means(names, value, low, high, cases=None, hot=None):
    rows = [i == hot for i in range(len(names))]
    return DataFrame({"name": names, "value": value, "low": low, "high": high, "cases": cases or [40] * len(names), "hot": rows})


def test_dots_stand_at_the_means_and_bars_over_the_intervals():
    fig = charts.dots(means(["price", "service"], [3.5, 4.0], [3.25, 3.75], [3.75, 4.25], [185, 237], hot=0), "en", "score")
    assert bars_of(fig) == [(0.5, "c2-soft"), (0.5, "c1-soft")]
    marks = [
        (x, y)
        for item in fig.axes[0].lines
        if item.get_marker() == "o"
        for x, y in zip(item.get_xdata(), item.get_ydata(), strict=True)
    ]
    assert marks == [(3.5, 0), (4.0, 1)]
    assert {"Price", "Service", "3.50", "4.00", "185", "237", "mean", "answers"} <= set(said(fig)) and bold(fig) == [
        ("3.50", "c2")
    ]


def test_what_is_not_known_has_no_mark():
    fig = charts.dots(means(["a", "b"], [NAN, 4.0], [NAN, NAN], [NAN, NAN]), "zh", "score")
    assert bars_of(fig) == [] and "–" in said(fig) and "均值" in said(fig)
    assert len([item for item in fig.axes[0].lines if item.get_marker() == "o"]) == 1


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (3.44, 4.08, [3.4, 3.6, 3.8, 4.0, 4.2]), (5, 5, [5.0, 5.1]), (1, 5, [1, 2, 3, 4, 5]), (-24.3, 17.3, [-40, -20, 0, 20]),
        (-100, 100, [-100, -50, 0, 50, 100]), (0, 0, [0, 0.1]),
    ],
)  # fmt: skip
def test_the_axis_lies_around_all_marks(low, high, ticks):
    assert around(low, high) == pytest.approx(ticks)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="nothing to draw"):
        charts.dots(means([], [], [], []), "en", "score")


def test_strange_names_stand_as_they_are():
    fig = charts.dots(means(HOSTILE, [math.pi] * len(HOSTILE), [1.0] * len(HOSTILE), [5.0] * len(HOSTILE)), "en", "points")
    made = theme.svg(fig, "fig-x", "title", "words")
    assert "<script>" not in made and "شركة" in made
