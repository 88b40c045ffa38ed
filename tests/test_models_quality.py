"""How good probabilities are, what calls bring, and drift: by hand, at every edge."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from crmlib.models import gain, quality
from crmlib.models.drift import Bins, psi

NAN = math.nan


# ------------------------------------------------------------------------------------------------ ranking


@pytest.mark.parametrize(
    ("left", "score", "expected"),
    [
        ([1, 0], [0.9, 0.1], 1.0), ([1, 0], [0.1, 0.9], 0.0), ([1, 0], [0.5, 0.5], 0.5), ([1, 1, 0, 0], [3, 1, 2, 0], 0.75),
        ([1, 1, 0], [2, 1, 1], 0.75), ([1, 1], [1, 2], NAN), ([0], [1], NAN), ([], [], NAN),
    ],
)  # fmt: skip
def test_auc_counts_pairs(left, score, expected):
    assert quality.auc(np.array(left), np.array(score, dtype=float))[0] == pytest.approx(expected, nan_ok=True)


def test_auc_s_standard_error_is_delong_s():
    """By hand: leavers' shares of stayers below them are 1, 0.5 (variance 0.125), stayers' of leavers above 1, 0.5 (0.125)."""
    _, error = quality.auc(np.array([1, 1, 0, 0]), np.array([3.0, 1.0, 2.0, 0.0]))
    assert error == pytest.approx(math.sqrt(0.125 / 2 + 0.125 / 2))
    assert math.isnan(quality.auc(np.array([1, 0, 0]), np.array([3.0, 1.0, 2.0]))[1])


def test_ranking_is_what_scikit_learn_says():
    rng = np.random.default_rng(1)
    left, score = rng.random(500) < 0.2, rng.integers(0, 40, 500) / 40
    assert quality.auc(left, score)[0] == pytest.approx(roc_auc_score(left, score))
    assert quality.pr_auc(left, score) == pytest.approx(average_precision_score(left, score))


def test_the_standard_error_is_the_spread_of_the_auc():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(300):
        left = np.arange(400) < 80
        found.append(quality.auc(left, rng.normal(size=400) + left))
    aucs, errors = np.array(found).T
    assert errors.mean() == pytest.approx(aucs.std(), rel=0.12)


# ------------------------------------------------------------------------------------------------ calibration


def test_tenths_keep_equal_probabilities_together():
    left, said = np.array([0] * 5 + [1] * 5), np.array([0.2] * 6 + [0.7, 0.8, 0.9, 1.0])
    found = quality.calibration(left, said, bins=5)
    assert found.base.to_list() == [6, 2, 2] and found.left_count.to_list() == [1, 2, 2] and found.bin.to_list() == [1, 2, 3]
    assert found.predicted_share.to_list() == pytest.approx([0.2, 0.75, 0.95]) and found.left_share.to_list() == pytest.approx(
        [1 / 6, 1, 1]
    )
    assert quality.ece(left, said, 5) == pytest.approx((6 * (0.2 - 1 / 6) + 2 * 0.25 + 2 * 0.05) / 10)


def test_of_nobody_nothing_is_off():
    nothing = np.empty(0)
    assert quality.calibration(nothing, nothing).empty and quality.ece(nothing, nothing) == 0.0


@pytest.mark.parametrize(("said", "off"), [(0.2, False), (0.21, False), (0.3, True), (0.1, True)])
def test_clearly_off(said, off):
    left = np.arange(1000) % 5 == 0
    assert quality.off(left, np.full(1000, said)) == off


# ------------------------------------------------------------------------------------------------ gain and calls


def test_gain_by_tenths():
    left = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    found = gain.gain(left, np.linspace(1, 0, 20))
    assert found.decile.to_list() == list(range(1, 11)) and found.base.to_list() == [2] * 10
    assert found.left_count.to_list() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.lift_ratio.to_list()[:3] == pytest.approx([5.0, 2.5, 0.0]) and found.gained_share.to_list()[:2] == pytest.approx(
        [0.5, 0.75]
    )
    assert gain.lift_at_k(left, np.linspace(1, 0, 20)) == pytest.approx(5.0)


def test_gain_of_nobody():
    assert gain.gain(np.empty(0), np.empty(0)).empty and math.isnan(gain.lift_at_k(np.empty(0), np.empty(0)))
    assert (
        math.isnan(gain.lift_at_k(np.zeros(10), np.linspace(0, 1, 10)))
        and gain.gain(np.zeros(10), np.ones(10)).lift_ratio.isna().all()
    )


@pytest.mark.parametrize(
    ("probability", "amount", "rate", "cost", "expected"),
    [
        (0.1, 400.0, 0.3, 12.0, False), (0.1, 400.01, 0.3, 12.0, True), (0.1, 399.99, 0.3, 12.0, False), (0.0, 0.0, 0.3, 0.0, True),
        (0.5, NAN, 0.3, 12.0, True), (0.9, -50.0, 0.3, 12.0, False), (0.5, 1000.0, 0.0, 12.0, False), (0.3, 133.3333333333, 0.3, 12.0, False),
    ],
)  # fmt: skip
def test_a_contact_pays_where_it_keeps_more_than_it_costs(probability, amount, rate, cost, expected):
    assert gain.pays(np.array([probability]), np.array([amount]), rate, cost).tolist() == [expected]


@pytest.mark.parametrize(
    ("said", "share", "expected"),
    [
        ([0.5, 0.4, 0.3, 0.2], 0.5, [1, 1, 0, 0]), ([0.9, 0.8, 0.7, 0.0], 0.51, [1, 1, 1, 0]), ([0.5, 0.4, 0.4, 0.2], 0.5, [1, 1, 0, 0]),
        ([0.4, 0.4, 0.4, 0.4], 0.5, [0, 0, 0, 0]), ([0.5, 0.4, 0.3, 0.0], 1.0, [1, 1, 0, 0]), ([0.5, 0.4], 0.0, [0, 0]), ([], 0.1, []),
    ],
)  # fmt: skip
def test_as_many_are_warned_of_as_can_be_called(said, share, expected):
    found = gain.warned(np.array(said, dtype=float), np.full(len(said), 1e6), 0.3, 12.0, share)
    assert found.tolist() == [bool(e) for e in expected]


def test_a_dear_call_is_made_to_fewer():
    said, amount = np.array([0.9, 0.8, 0.7, 0.1]), np.array([10.0, 1000.0, 50.0, 1e6])
    assert gain.warned(said, amount, 0.3, 12.0, 0.75).tolist() == [False, True, False, False]
    assert gain.warned(said, np.full(4, NAN), 0.3, 12.0, 0.75).tolist() == [True, True, True, False]


def test_what_calls_would_have_brought():
    left, said = np.array([True, False, True, *[False] * 7]), np.linspace(1, 0.1, 10)
    found = gain.calls(left, said, np.array([100.0, 100.0, NAN, *[50.0] * 7]), 0.5, 10.0).set_index("called_share")
    assert found.contact_count.to_dict() == {0.1: 1, 0.2: 2, 0.3: 3, 0.5: 5, 1.0: 10}
    assert found.loc[0.3, ["left_count", "precision_share", "recall_share"]].to_list() == pytest.approx([2, 2 / 3, 1])
    assert found.loc[0.3, ["contact_amount", "saved_amount", "net_amount"]].to_list() == pytest.approx([30, 50, 20])
    assert found.loc[1.0, "net_amount"] == pytest.approx(-50)


# ------------------------------------------------------------------------------------------------ drift


def test_psi_of_the_worked_example_and_of_empty_bins():
    assert round(psi(np.array([25, 25, 25, 25]), np.array([10, 20, 30, 40])), 4) == 0.2282
    assert psi(np.array([5, 5]), np.array([50, 50])) == 0.0
    assert psi(np.array([1, 0]), np.array([1, 1])) == pytest.approx(
        (0.5 - 1) * math.log(0.5) + (0.5 - 1e-4) * math.log(0.5 / 1e-4)
    )
    assert math.isnan(psi(np.array([0, 0]), np.array([1, 1]))) and math.isnan(psi(np.array([1, 1]), np.array([0, 0])))


def test_values_are_counted_by_the_tenths_of_the_training():
    bins = Bins.of(pd.Series(np.arange(1.0, 101.0)))
    assert bins.counts(pd.Series(np.arange(1.0, 101.0))).sum() == 100
    assert bins.counts(pd.Series([-5.0, 1000.0, NAN])).tolist() == [1, *[0] * 8, 1, 1]
    words = Bins.of(pd.Series(["a", "b", None, "a"]))
    assert words.counts(pd.Series(["a", "c", None, "b", "c"])).tolist() == [1, 1, 2, 1]


def test_parts_add_up_to_the_whole():
    column, bins = pd.Series([1.0, 5.0, NAN, 9.0, 5.0]), Bins.of(pd.Series([1.0, 2.0, 5.0, 7.0]))
    assert (bins.counts(column[:2]) + bins.counts(column[2:])).tolist() == bins.counts(column).tolist()
