"""Key figures: a share keeps its base, a change is only called one when it is, and what is missing says why."""

import math

import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import Change, Figure, Kpi, Share, compare, compare_all, difference, interval, measured, target
from crmlib.means import Mean


@pytest.mark.parametrize(
    ("part", "base", "value"), [(3, 4, 0.75), (0, 4, 0), (4, 4, 1), (5, 4, 1.25), (-1, 4, -0.25), (0, 0, None), (3, 0, None)]
)
def test_a_share_of_nothing_has_no_value(part, base, value):
    assert Share(part, base).value == value


def kpi(value, previous, base=None, previous_base=None, unit="share", series=(), min_base=30):
    part = value * base if base and unit == "share" else None
    return Kpi("win_rate", value, unit, "up", part, base, previous, previous_base, series=tuple(series), min_base=min_base)


@pytest.mark.parametrize(
    ("now", "before", "clear", "why"),
    [
        ((15, 29), (5, 300), False, "small_base"),       # just below min_base
        ((15, 30), (5, 300), True, None),                # on it
        ((150, 300), (5, 29), False, "small_base"),
        ((150, 300), (5, 30), True, None),
        ((150, 300), (150, 300), False, "usual_range"),  # no change at all
        ((56, 70), (48, 80), True, None),                # Newcombe's example: 0.01 to 0.37 at 99 %
        ((56, 70), (50, 80), False, "usual_range"),      # at 95 % it would be clear: see below
        ((560, 700), (480, 800), True, None),
        ((480, 800), (560, 700), True, None),            # downwards likewise
        ((0, 300), (0, 300), False, "usual_range"),
        ((300, 300), (0, 300), True, None),
    ],
)  # fmt: skip
def test_when_a_change_of_a_share_means_something(now, before, clear, why):
    change = kpi(now[0] / now[1], before[0] / before[1], now[1], before[1]).change()
    assert (change.clear, change.why) == (clear, why)
    assert change.delta == pytest.approx(now[0] / now[1] - before[0] / before[1])


STEADY = [100, 102, 100, 102, 100, 102]  # six earlier periods; they move by 2: the limit is 3.267 · 2 = 6.534


@pytest.mark.parametrize(
    ("value", "series", "clear", "why"),
    [
        (108.5, [*STEADY, 108.5], False, "usual_range"),  # just within: 6.5
        (108.6, [*STEADY, 108.6], True, None),  # just beyond: 6.6
        (95.4, [*STEADY, 95.4], True, None),
        (95.5, [*STEADY, 95.5], False, "usual_range"),
        (200, [*STEADY[1:], 200], False, "short_history"),  # five earlier periods make four moves
        (200, [], False, "short_history"),
        (200, [None, *STEADY, 200], True, None),
        (200, [100, None, 102, None, 100, None, 102, 200], False, "short_history"),  # no two neighbours are known
        (102, [102] * 6 + [102], False, "usual_range"),  # nothing ever moves
        (103, [102] * 6 + [103], True, None),
    ],
)
def test_when_a_change_of_another_figure_means_something(value, series, clear, why):
    change = kpi(value, 102, unit="count", series=series).change()
    assert (change.clear, change.why) == (clear, why)


@pytest.mark.parametrize(
    ("value", "previous", "change"),
    [
        (None, 1, None), (1, None, None), (None, None, None),
        (12, 10, Change(2, 0.2, False, "short_history")), (10, 0, Change(10, None, False, "short_history")),
        (-5, -10, Change(5, 0.5, False, "short_history")), (0, 10, Change(-10, -1, False, "short_history")),
    ],
)  # fmt: skip
def test_a_change_needs_both_values_and_none_is_relative_to_nought(value, previous, change):
    assert kpi(value, previous, unit="money").change() == change


def test_a_share_of_an_amount_is_no_share_of_cases():
    """Without a count of cases there is no interval: 90 % and 10 % of an amount may be one large deal."""
    figure = Kpi("win_rate_value", 0.9, "share", "up", base=300, previous=0.1, previous_base=300)
    assert figure.change().why == "short_history"


@pytest.mark.parametrize(("against", "why"), [("previous", "overlap"), ("year_before", "usual_range")])
def test_windows_longer_than_the_period_overlap_with_the_one_before_alone(against, why):
    figure = Kpi("x", 0.5, "share", "up", 150, 300, 0.5, 300, 0.5, 300, rolling=True)
    assert figure.change(against).why == why


def test_a_figure_may_have_a_rolling_window_in_some_views_alone():
    cheap_rolling = measured("share", rolling=lambda crm: crm.period.kind == "month")(lambda crm: Share(1, 2))
    assert compare(cheap_rolling, crm()).rolling is True and compare(cheap_rolling, crm("2026-Q4")).rolling is False


def test_a_year_before_is_compared_by_its_own_base():
    figure = Kpi(
        "win_rate", 0.5, "share", "up", part=150, base=300, previous=0.5, previous_base=300, year_before=0.1, year_before_base=20
    )
    assert (figure.change().why, figure.change("year_before").why) == ("usual_range", "small_base")


# ------------------------------------------------------------------------------------------------ compare


@measured("count", "up")
def order_count(crm):
    return crm.orders.filter(crm.orders.ordered_at >= str(crm.period.start)).count().execute()


@measured("share", "up")
def cheap(crm):
    frame = crm.frame("orders")
    frame = frame[frame.ordered_at >= str(crm.period.start)]
    return Share(int((frame.amount < 10).sum()), len(frame))


@measured("money")
def biggest(crm):
    return Figure(math.nan, 0, None)


@measured("days", "down")
def unknown(crm):
    return Figure(None, 3, "needs_dates")


ORDERS = rows(
    "order_id ordered_at amount",
    "1 2025-10-05 5",
    "2 2026-09-01 5",
    "3 2026-09-02 50",
    "4 2026-10-01 5",
    "5 2026-10-31 5",
    "6 2026-10-02 50",
)
TARGETS = rows(
    "period metric value team rep_id",
    "2026-10 order_count 9 - -",
    "2026-10 order_count 4 north -",
    "2026-10 order_count 1 north li",  # a person's goal is no team's
    "2026-Q4 order_count 99 - -",
    "2026-09 cheap 0.5 - -",
    "2026-10 cheap 0.5 - -",
    "2026-10 cheap 0.6 - -",  # two goals are none
)


def crm(period="2026-10", team="all"):
    return Crm.of(period=period, team=team, orders=ORDERS, targets=TARGETS)


def test_a_figure_beside_what_it_is_compared_with():
    found = compare(order_count, crm(), series=[None, 2.0, 3])
    assert (found.name, found.value, found.unit, found.better, found.previous, found.year_before, found.target) == (
        "order_count",
        3,
        "count",
        "up",
        2,
        1,
        9,
    )
    assert (found.part, found.base, found.reason, found.series, found.min_base) == (None, None, None, (None, 2, 3), 30)


def test_a_share_beside_what_it_is_compared_with():
    found = compare(cheap, crm())
    assert (found.part, found.base, found.value, found.previous, found.previous_base) == (2, 3, pytest.approx(2 / 3), 0.5, 2)
    assert (found.year_before, found.year_before_base, found.target) == (1, 1, None)


def test_what_has_no_value_says_why():
    assert (compare(biggest, crm()).value, compare(biggest, crm()).reason) == (None, "no_data")
    assert (compare(unknown, crm()).value, compare(unknown, crm()).reason, compare(unknown, crm()).base) == (
        None,
        "needs_dates",
        3,
    )
    empty = compare(cheap, crm("2026-11"))
    assert (empty.value, empty.base, empty.reason, empty.part) == (None, 0, "no_base", 0)


@pytest.mark.parametrize(
    ("period", "previous", "year_before"),
    [("2026-10", 2, 1), ("2026-11", 3, 0), ("2025-11", 1, None), ("2025-10", None, None), ("2026-09", 0, None)],
)
def test_before_the_data_began_there_is_nothing_to_compare_with(period, previous, year_before):
    found = compare(order_count, crm(period))  # the first order is of 5 October 2025
    assert (found.previous, found.year_before) == (previous, year_before)


@pytest.mark.parametrize(
    ("name", "period", "team", "goal"),
    [
        ("order_count", "2026-10", "all", 9), ("order_count", "2026-10", "north", 4), ("order_count", "2026-10", "south", None),
        ("order_count", "2026-Q4", "all", 99), ("order_count", "2026-11", "all", None), ("order_count", "2026", "all", None),
        ("cheap", "2026-09", "all", 0.5), ("cheap", "2026-10", "all", None), ("nothing", "2026-10", "all", None),
    ],
)  # fmt: skip
def test_a_goal_is_that_of_this_very_period_and_team(name, period, team, goal):
    assert target(name, crm(period, team)) == goal


def test_without_targets_there_is_no_goal():
    assert target("order_count", Crm.of(orders=ORDERS)) is None


def test_one_dimension_of_a_figure_has_no_goal_of_the_whole():
    found = compare(order_count, crm(), dimension="north")
    assert (found.target, found.dimension) == (None, "north")


def test_several_figures_with_their_courses():
    found = compare_all(crm(), {"order_count": [1.0, 2.0, 3.0]}, order_count, cheap)
    assert [(k.name, k.series) for k in found] == [("order_count", (1, 2, 3)), ("cheap", ())]


# ------------------------------------------------------------------------------------------------ intervals


@pytest.mark.parametrize(
    ("part", "base", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718), (20, 20, 0.8389, 1)],
)
def test_wilson_s_interval_as_newcombe_1998_prints_it(part, base, low, high):
    assert interval(Share(part, base), 0.95) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0), ((0, 10), (0, 20), -0.1611, 0.2775)],
)  # fmt: skip
def test_newcombe_s_interval_of_a_difference_as_he_prints_it(a, b, low, high):
    assert difference(Share(*a), Share(*b), 0.95) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_wider_level_is_a_wider_interval():
    assert difference(Share(56, 70), Share(50, 80), 0.99)[0] < 0 < difference(Share(56, 70), Share(50, 80), 0.95)[0]
    assert interval(Share(50, 100), 0.99)[0] < interval(Share(50, 100), 0.95)[0] < 0.5


# ------------------------------------------------------------------------------------------------ means


@pytest.mark.parametrize(
    ("now", "before", "clear", "why"),
    [
        ((4.0, 0.1, 29), (3.0, 0.1, 300), False, "small_base"),
        ((4.0, 0.1, 30), (3.0, 0.1, 300), True, None),
        ((3.3, 0.1, 3000), (3.0, 0.0548, 3000), True, None),         # error 0.114: 2.576 · 0.114 = 0.294
        ((3.29, 0.1, 3000), (3.0, 0.0548, 3000), False, "usual_range"),
        ((3.3, 0.1, 30), (3.0, 0.0548, 30), False, "usual_range"),   # 45 degrees of freedom: 2.69 · 0.114 = 0.307
        ((3.0, 0.0, 30), (3.0, 0.0, 30), False, "usual_range"),
        ((3.1, 0.0, 30), (3.0, 0.0, 30), True, None),
    ],
)  # fmt: skip
def test_when_a_change_of_a_mean_means_something(now, before, clear, why):
    kpi = Kpi(
        "csat_mean",
        now[0],
        "score",
        "up",
        base=now[2],
        previous=before[0],
        previous_base=before[2],
        error=now[1],
        previous_error=before[1],
    )
    assert (kpi.change().clear, kpi.change().why) == (clear, why)


def test_a_mean_is_compared_with_its_error():
    score = measured("score", "up")(lambda crm: Mean(9, 41, 2) if crm.period.label == "2026-10" else Mean(0, 0, 0))
    score.__name__ = "score"
    kpi = compare(score, crm())
    assert (kpi.value, kpi.base, kpi.error, kpi.previous, kpi.previous_error) == (4.5, 2, 0.5, None, None)
