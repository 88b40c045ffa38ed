"""Means with their spread, their intervals and differences: against tables, textbook figures and scipy's own test."""

import math

import numpy as np
import pytest
from scipy import stats

from crmlib.means import Mean, margin, mean_difference, mean_interval


def mean(*values: float) -> Mean:
    return Mean(sum(values), sum(v * v for v in values), len(values))


@pytest.mark.parametrize(
    ("values", "value", "error"),
    [((), None, None), ((4,), 4, None), ((4, 5), 4.5, 0.5), ((3, 3, 3), 3, 0), ((1, 5), 3, 2), ((-100, 0, 100), 0, 100 / math.sqrt(3))],
)  # fmt: skip
def test_a_mean_and_its_standard_error(values, value, error):
    assert mean(*values).value == value and mean(*values).error == pytest.approx(error)


def test_groups_are_put_together_and_taken_apart():
    assert mean(1, 2) + mean(3) == mean(1, 2, 3) and mean(1, 2, 3) - mean(3) == mean(1, 2)


@pytest.mark.parametrize(("cases", "t"), [(2, 63.657), (10, 3.250), (30, 2.756), (121, 2.617)])
def test_the_interval_of_one_mean_is_student_s(cases, t):
    """Two-sided 99 % points of the t distribution with n − 1 degrees of freedom, from the printed table."""
    assert margin([(1.0, cases)]) == pytest.approx(t, abs=0.0006)


def test_welch_agrees_with_another_s_implementation():
    rng = np.random.default_rng(7)
    a, b = rng.integers(1, 6, 40), rng.integers(2, 6, 90)
    interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.99)
    assert mean_difference(mean(*map(float, a)), mean(*map(float, b))) == pytest.approx((interval.low, interval.high))


def test_four_means_are_wider_than_two():
    """A difference of differences: variances add up."""
    assert margin([(1, 1000)] * 4) == pytest.approx(math.sqrt(2) * margin([(1, 1000)] * 2), rel=0.002)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((4, 5), (1, 5)), ((4,), None), ((), None), ((4, 4, 4), None), ((3, 4, 5), (1, 5)), ((1,) * 50 + (5,) * 50, (2.4720, 3.5280))],
)  # fmt: skip
def test_an_interval_stays_on_the_scale_and_is_unknown_without_spread(values, expected):
    found = mean_interval(mean(*values), 1, 5)
    assert (expected is None and all(map(math.isnan, found))) or found == pytest.approx(expected, abs=1e-4)


def test_nothing_to_compare_is_no_difference():
    assert all(map(math.isnan, mean_difference(mean(4), mean(1, 2))))
    assert mean_difference(mean(4, 4), mean(2, 2)) == (2, 2)
