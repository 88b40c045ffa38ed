"""Charts: bars, lines, colours and texts of the figure, shape by shape."""

import math

import pytest
from matplotlib.colors import to_hex
from pandas import DataFrame
from pictures import (
    NAN,
    TOKEN,
    bars_of,
    bold,
    cohorts,
    funnel,
    line_of,
    moves,
    said,
    series,
    spans,
    texts,
    values,
)

from crmlib import charts, theme
from crmlib.charts.marks import to_units
from crmlib.periods import Period


# ---------------------------------------------------------------- steps
def test_steps_draws_stages_from_zero_and_losses_after_them():
    fig = charts.steps(funnel([1240, 992, 744, 558, 301, 214]), "en", "proposal")
    losses = [(248, "c1-soft"), (248, "c1-soft"), (186, "c1-soft"), (257, "c2-soft"), (87, "c1-soft")]
    assert bars_of(fig) == losses + [(n, "c1") for n in (1240, 992, 744, 558, 301, 214)]
    assert [p.get_x() for p in fig.axes[0].patches] == [992, 744, 558, 301, 214, 0, 0, 0, 0, 0, 0]
    assert fig.axes[0].get_xlim() == (0, 1240)


def test_steps_says_names_counts_and_rates_in_the_readers_language():
    fig = charts.steps(funnel([1240, 992]), "zh")
    assert said(fig) == [
        "潜在客户",
        "初步接触",
        "1,240",
        "992",
        "商机数",
        "–",
        "80.0%",
        "阶段",
        "较上一",
        "80.0%",
        "–",
        "阶段",
        "至下一",
    ]


def test_steps_marks_the_bottleneck_in_both_its_rows():
    fig = charts.steps(funnel([1240, 992, 744, 558, 301, 214]), "en", "proposal")
    assert bold(fig) == [("53.9%", "c2"), ("53.9%", "c2")]
    assert not bold(charts.steps(funnel([10, 5]), "en")) and not bold(charts.steps(funnel([10, 5]), "en", "no such"))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([3, 0], [(3, "c1-soft"), (3, "c1")]),  # all lost: no bar of its own
        ([3, 5], [(3, "c1"), (5, "c1")]),  # a stage that grew has lost nothing
        ([3, NAN, 2], [(3, "c1"), (2, "c1")]),  # unknown: no mark
        ([0, 0], []),
    ],
)
def test_steps_at_its_edges(counts, expected):
    assert bars_of(charts.steps(funnel(counts), "en")) == expected


# ---------------------------------------------------------------- trend
def test_trend_says_first_last_and_target_and_starts_at_zero():
    fig = charts.trend(series("2026-10", [0.198, 0.19, 0.21, 0.2, 0.144]), "en", "share", target=0.18)
    assert line_of(fig) == [0.198, 0.19, 0.21, 0.2, 0.144]
    assert fig.axes[0].get_ylim() == (0, 0.25)
    assert said(fig)[:6] == ["0%", "5%", "10%", "15%", "20%", "25%"]
    assert said(fig)[-3:] == ["14.4%", "Target 18%", "19.8%"] and bold(fig) == [("14.4%", "c1")]


@pytest.mark.parametrize(
    ("last", "n", "lang", "labels"),
    [
        ("2026-10", 13, "en", ["Oct", "2025", "Jan", "2026", "Apr", "Jul", "Oct"]),
        ("2026-02", 3, "zh", ["12月", "2025年", "1月", "2026年", "2月"]),
        ("2026-W03", 4, "en", ["W52", "2025", "W01", "2026", "W02", "W03"]),
        ("2026-Q1", 3, "en", ["Q3", "2025", "Q4", "Q1", "2026"]),
        ("2026", 3, "en", ["2024", "2025", "2026"]),
        ("2026-10", 1, "en", ["Oct", "2026"]),
    ],
)
def test_trend_names_few_periods_and_each_year_once(last, n, lang, labels):
    fig = charts.trend(series(last, [0.0] * n), lang, "count")
    assert said(fig)[2 : 2 + len(labels)] == labels  # after the ticks 0 and 1


def test_trend_leaves_a_gap_where_a_value_is_missing_and_says_so_at_the_end():
    fig = charts.trend(series("2026-10", [1.0, NAN, 3.0, 4.0, NAN]), "en", "days")
    assert [math.isnan(v) for v in line_of(fig)] == [False, True, False, False, True]
    dots = [item.get_xdata()[0] for item in fig.axes[0].lines if item.get_marker() == "o"]
    assert dots == [0, 3] and said(fig)[-3:] == ["–", "4", "1"]


def test_trend_goes_below_zero_only_where_the_data_do():
    assert charts.trend(series("2026", [-5, 20]), "en", "money").axes[0].get_ylim() == (-5, 20)
    assert charts.trend(series("2026", [90, 95]), "en", "score").axes[0].get_ylim()[0] == 0


def test_trend_draws_the_event_before_its_period_and_drops_one_outside():
    frame = series("2026-10", [1, 2, 3, 4])
    fig = charts.trend(frame, "en", "count", event=(Period.parse("2026-09"), "New price list"))
    upright = [item for item in fig.axes[0].lines if len(set(item.get_xdata())) == 1 and len(item.get_xdata()) == 2]
    units = to_units(fig.axes[0], 1.5, 0)[0]
    assert [item.get_xdata()[0] for item in upright] == [units] and "New price list" in said(fig)
    assert "Old" not in said(charts.trend(frame, "en", "count", event=(Period.parse("2020-01"), "Old")))


# ---------------------------------------------------------------- ranges
def test_ranges_draws_median_p90_and_before():
    fig = charts.ranges(spans(["lead", "won"], [4, 24], [11, 51], [NAN, 17], hot=1), "en", "days")
    assert [(p.get_x(), p.get_width()) for p in fig.axes[0].patches] == [(4, 7), (24, 27)]
    assert [token for _, token in bars_of(fig)] == ["c1-soft", "c2-soft"]
    dots = [(d.get_xdata()[0], TOKEN[d.get_markerfacecolor()]) for d in fig.axes[0].lines if d.get_marker() == "o"]
    assert dots == [(4, "c1"), (17, "bg"), (24, "c2")]
    assert bold(fig) == [("24", "c2")] and {"0", "20", "40", "60 days", "median", "P90", "before"} <= set(said(fig))


def test_ranges_has_no_mark_where_nothing_is_known():
    fig = charts.ranges(spans(["lead"], [NAN], [NAN], [NAN]), "en", "hours")
    assert not fig.axes[0].patches and all(item.get_marker() != "o" for item in fig.axes[0].lines)
    assert said(fig).count("–") == 2


# ---------------------------------------------------------------- bars
def test_bars_marks_one_and_ticks_the_earlier_value():
    frame = values(["Price", "Timing", "Price"], [0.35, 0.2, 0.4], [0.2, NAN, 0.3], ["Lost", "Lost", "Won"])
    fig = charts.bars(frame, "en", "share", ("Lost", "Price"), ("Now", "Then"))
    assert bars_of(fig) == [(0.35, "c2"), (0.2, "mute"), (0.4, "mute")]
    assert [list(item.get_xdata()) for item in fig.axes[0].lines if item.get_zorder() == 3] == [[0.2] * 2, [0.3] * 2]
    assert bold(fig) == [("Lost", "ink"), ("Won", "ink"), ("35.0%", "c2")]
    assert {"Now", "Then", "20.0%", "–"} <= set(said(fig)) and fig.axes[0].get_xlim() == (0, 0.4)


def test_bars_without_a_finding_are_all_one_colour_and_without_earlier_values_one_column():
    fig = charts.bars(values(["a", "b"], [3, 0], [NAN, NAN]), "en", "count")
    assert bars_of(fig) == [(3, "c1")] and said(fig) == ["a", "b", "3", "0"]


def test_bars_below_zero_start_at_zero():
    fig = charts.bars(values(["a", "b"], [-5, 3], [NAN, NAN]), "en", "count")
    assert [(p.get_x(), p.get_width()) for p in fig.axes[0].patches] == [(0, -5), (0, 3)]
    assert fig.axes[0].get_xlim() == (-5, 3)


# ---------------------------------------------------------------- deltas
def test_deltas_draws_gains_to_the_right_and_losses_to_the_left_of_zero():
    fig = charts.deltas(moves(["a", "b", "c", "d"], [30, -20, 0, NAN], [50, 0, 7, NAN]), "en", "money", currency="EUR")
    assert [(p.get_x(), p.get_width()) for p in fig.axes[0].patches] == [(0, 30), (-20, 20)]
    assert [token for _, token in bars_of(fig)] == ["c1", "c2"] and fig.axes[0].get_xlim() == (-20, 30)
    assert said(fig) == ["a", "b", "c", "d", "+€30", "−€20", "±€0", "–", "change", "€50", "€0", "€7", "–", "now"]
    zero = [item for item in fig.axes[0].lines if list(item.get_xdata()) == [0, 0]]
    assert len(zero) == 1


@pytest.mark.parametrize(("better", "tokens"), [("up", ["c1", "c2"]), ("down", ["c2", "c1"]), (None, ["c1", "mute"])])
def test_deltas_gives_the_good_way_its_colour(better, tokens):
    assert [t for _, t in bars_of(charts.deltas(moves(["a", "b"], [1, -1], [1, 1]), "en", "count", better))] == tokens


def test_deltas_of_shares_are_points_and_one_sided_changes_start_at_zero():
    fig = charts.deltas(moves(["a", "b"], [-0.1, -0.025], [0.5, NAN]), "zh", "share")
    assert said(fig) == ["a", "b", "−10.0", "−2.5", "（百分点）", "变化", "50.0%", "–", "本期"] and fig.axes[0].get_xlim() == (
        -0.1,
        0,
    )
    assert "now" not in said(charts.deltas(moves(["a"], [1], [NAN]), "en", "count"))
    assert charts.deltas(moves(["a"], [0], [0]), "en", "count").axes[0].get_xlim() == (0, 1)


# ---------------------------------------------------------------- heat
def colours(fig):
    return [TOKEN.get(to_hex(face)) if face[3] else None for face in fig.axes[0].collections[0].get_facecolors()]


def test_heat_colours_from_zero_and_leaves_a_constant_first_column_out_of_the_scale():
    frame = DataFrame({"row": list("aabb"), "column": [0, 1, 0, 1], "value": [1.0, 0.1, 1.0, 0.3]})
    fig = charts.heat(frame, "en", "share")
    theme.svg(fig, "a", "", "")
    assert colours(fig) == ["h6", "h3", "h6", "h6"]
    assert said(fig) == ["100.0%", "10.0%", "100.0%", "30.0%", "a", "b", "0", "1"]
    assert [TOKEN[t.get_color()] for t in texts(fig)[:4]] == ["bg", "ink", "bg", "bg"]


def test_heat_leaves_a_missing_value_without_colour_and_an_absent_pair_empty():
    frame = DataFrame({"row": ["a", "a", "b"], "column": ["x", "y", "x"], "value": [1, NAN, 0]})
    fig = charts.heat(frame, "en", "count")
    theme.svg(fig, "a", "", "")
    assert colours(fig) == ["h6", None, "h1", None] and said(fig)[:3] == ["1", "–", "0"]


@pytest.mark.parametrize(
    ("lang", "unit", "value", "cell", "note"),
    [
        ("en", "share", 0.004, "<1", "In %"),
        ("zh", "share", 0.35, "35", "单位：%"),
        ("en", "money", 45300, "45", "In thousands"),
        ("en", "money", 1234567, "1.2", "In millions"),
        ("zh", "money", 1234567, "123", "单位：万"),
        ("en", "days", 12.6, "13", None),
    ],
)
def test_heat_shortens_numbers_to_their_cells_and_says_how(lang, unit, value, cell, note):
    fig = charts.heat(DataFrame({"row": "2026-10", "column": range(13), "value": value}), lang, unit)
    assert said(fig)[0] == cell
    assert note is None or said(fig)[-1] == note


# ---------------------------------------------------------------- spark
def test_spark_is_the_small_picture_of_the_card():
    assert charts.spark([1, 2, 3], "from 1 to 3", target=2) == (
        '<svg class="spark" viewBox="0 0 112 32" role="img" aria-label="from 1 to 3">'
        '<path class="t" d="M0 16.0H112"/><path d="M0.0 29.0L56.0 16.0L112.0 3.0"/><circle cx="112.0" cy="3.0" r="3"/></svg>'
    )


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        ([2, 2, 2], 'd="M0.0 16.0L56.0 16.0L112.0 16.0"'),
        ([1, None, 3, 3], 'd="M0.0 29.0h2M74.7 3.0L112.0 3.0"'),
        ([1, 2, NAN], '<circle cx="56.0" cy="3.0"'),
        ([5], '"><circle cx="112.0" cy="16.0"'),
        ([math.inf, 5], '"><circle cx="112.0" cy="16.0"'),
    ],
)
def test_spark_at_its_edges(numbers, part):
    assert part in charts.spark(numbers, "")


def test_spark_of_nothing_is_nothing_and_its_words_are_escaped():
    assert charts.spark([], "x") == charts.spark([NAN, None], "x", target=3) == ""
    assert 'aria-label="&quot;&lt;b&gt;␀"' in charts.spark([1], '"<b>\x00')


# ---------------------------------------------------------------- all
@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.steps(funnel([1, 1]).iloc[:0], "en"),
        lambda: charts.trend(series("2026", [1]).iloc[:0], "en", "count"),
        lambda: charts.ranges(spans(["a"], [1], [1], [1]).iloc[:0], "en", "days"),
        lambda: charts.bars(values(["a"], [1], [1]).iloc[:0], "en", "count"),
        lambda: charts.heat(cohorts(1).iloc[:0], "en", "share"),
    ],
)
def test_nothing_is_not_drawn(draw):
    with pytest.raises(ValueError, match="nothing to draw"):
        draw()


def test_the_frame_is_left_as_it_was():
    frame = cohorts(3)
    before = frame.copy()
    charts.heat(frame, "en", "share")
    assert frame.equals(before)


def test_the_key_names_the_bottleneck_only_where_there_is_one():
    assert [token for _, token, _ in charts.key("steps", "en")] == ["c1", "c1-soft"]
    assert charts.key("steps", "zh", highlight=True)[-1] == ("box", "c2-soft", "瓶颈")
    assert charts.key("trend", "en") == []


def test_an_axis_may_begin_where_the_course_can_be_seen():
    frame = series("2026-10", [0.98, 0.93, 0.985])
    assert charts.trend(frame, "en", "share").axes[0].get_ylim() == (0.0, 1.0)
    assert charts.trend(frame, "en", "share", start=0.9).axes[0].get_ylim() == (0.9, 1.0)
