"""Ranks, intervals and shrunken rates, worked out by hand and against the definitions of kpi.py."""

import math

import numpy as np
import pandas as pd
import pytest

from crmlib.kpi import Share, difference, interval
from crmlib.means import together
from crmlib.metrics.ranking import clearly_higher, ranked, shrunken, wilson

NAN = math.nan


def rates(*pairs, min_base=30):
    frame = pd.DataFrame(pairs, columns=["part", "base"])
    return ranked(frame.part, frame.base, min_base)


@pytest.mark.parametrize(
    ("pairs", "ranks"),
    [
        ([], []),
        ([(5, 30)], [(1, 1, 1)]),  # alone
        ([(5, 29), (9, 30)], [(NAN, NAN, NAN), (1, 1, 1)]),  # just below the base: no rank; on it: one
        ([(0, 0), (9, 30)], [(NAN, NAN, NAN), (1, 1, 1)]),
        ([(30, 100), (30, 100)], [(1, 1, 2), (1, 1, 2)]),  # alike rates share a rank
        ([(20, 100), (21, 100)], [(1, 1, 2), (1, 1, 2)]),  # less apart than chance: both are the rate of all
        ([(90, 100), (10, 100)], [(1, 1, 1), (2, 2, 2)]),
        ([(90, 100), (85, 100), (10, 100)], [(1, 1, 2), (2, 1, 2), (3, 3, 3)]),
        ([(0, 40), (0, 40)], [(1, 1, 2), (1, 1, 2)]),
        ([(40, 40), (40, 40)], [(1, 1, 2), (1, 1, 2)]),
    ],
)
def test_ranks_and_what_chance_leaves_of_them(pairs, ranks):
    made = rates(*pairs)[["rank", "best_rank", "worst_rank"]].to_numpy(float)
    assert np.array_equal(made.reshape(-1, 3), np.array(ranks, float).reshape(-1, 3), equal_nan=True)


def test_a_small_base_does_not_win_over_a_large_one():
    """12 of 31 is more than 300 of 900, but says less: it is drawn to the rate of all."""
    made = rates((12, 31), (300, 900), (200, 900), (250, 900))
    assert made.shrunk_share[0] < 12 / 31 and abs(made.shrunk_share[1] - 300 / 900) < 0.01
    assert made.shrunk_share[0] - 0.276 < (12 / 31 - 0.276) / 2  # more than half of the way


def test_the_spread_between_rates_is_what_weighted_moments_give():
    """Two rates of 0.2 and 0.3 of 100 each: rate of all 0.25; (0.5 − 0.1875) / 99 between them; it counts as 58.4 cases."""
    made, strength = shrunken(np.array([20.0, 30.0]), np.array([100.0, 100.0])), 0.1875 * 99 / 0.3125 - 1
    assert made == pytest.approx([(20 + strength / 4) / (100 + strength), (30 + strength / 4) / (100 + strength)])


def test_intervals_of_many_are_those_of_one():
    x, n = np.array([0.0, 3.0, 17.0, 40.0]), np.array([31.0, 40.0, 317.0, 40.0])
    low, high = wilson(x, n, 0.99)
    for i in range(len(x)):
        assert (low[i], high[i]) == pytest.approx(interval(Share(x[i], n[i])))
    clear = clearly_higher(x, n, together(6))
    for i in range(len(x)):
        for j in range(len(x)):
            assert clear[i, j] == (i != j and difference(Share(x[i], n[i]), Share(x[j], n[j]), together(6))[0] > 0)
