"""Behaviour: counts as a pace whatever the tenure, what leans to the mean, who is settled, what is left out."""

import math

import numpy as np
import pandas as pd
import pytest
from grouped import features

from crmlib.models.behaviour import ALL_ALIKE, NOT_DELIVERED, behaviour, scaled


def test_a_count_becomes_a_pace_that_leans_to_the_company_s_mean():
    """15 orders in 365 + 10 + 365 days: the usual of 90 days is 1.82; (10 + 1.82) / 455 × 365 and (1 + 1.82) / 100 × 365."""
    table = behaviour(features(orders_365=[10, 1, 4], tenure_days=[1000, 10, 365], recency_days=[1, 2, 3])).table
    usual = 15 / 740 * 90
    assert table.orders_365[:2].to_list() == pytest.approx(
        [math.log1p((10 + usual) / 455 * 365), math.log1p((1 + usual) / 100 * 365)]
    )


@pytest.mark.parametrize(("tenure", "days"), [(0, 1), (1, 1), (364, 364), (365, 365), (4000, 365), (math.nan, 365)])
def test_the_days_that_count(tenure, days):
    table = behaviour(features(orders_365=[3, 6, 7], tenure_days=[tenure, 365, 365], recency_days=[1, 2, 3])).table
    usual = 16 / (days + 730) * 90
    assert table.orders_365[0] == pytest.approx(math.log1p((3 + usual) / (days + 90) * 365))


def test_what_an_order_is_like_leans_to_the_mean_as_if_one_more_were_average():
    """Shares 1 of 1 order and 0 of 3: the mean 0.5 counts as one more order; who has no order has the mean."""
    table = behaviour(
        features(orders_365=[1, 3, 0], distance_share_365=[1, 0, math.nan], tenure_days=[400] * 3, recency_days=[1, 2, 3])
    ).table
    assert table.distance_share_365.to_list() == pytest.approx([(1 + 0.5) / 2, (0 + 0.5) / 4, 0.5])


def test_the_value_of_an_order_counts_by_its_logarithm_and_never_below_zero():
    table = behaviour(
        features(orders_365=[1, 2, 3], order_value_365=[99, 0, -50], tenure_days=[400] * 3, recency_days=[1, 2, 3])
    ).table
    mean = math.log(100) / 3
    assert table.order_value_365.to_list() == pytest.approx([(math.log(100) + mean) / 2, mean / 3, mean / 4])


def test_a_year_is_the_longest_quiet_also_for_who_never_bought():
    table = behaviour(features(orders_365=[1, 2, 0], recency_days=[9, 1000, math.nan], tenure_days=[400] * 3)).table
    assert table.recency_days.to_list() == pytest.approx([math.log(10), math.log(366), math.log(366)])


@pytest.mark.parametrize(
    ("tenure", "orders", "who"),
    [
        ([180, 179, 500, 500], [1, 1, 1, 0], [True, False, True, False]),  # two of four are enough
        ([180, 179, 100, 500], [1, 1, 1, 0], [True, True, True, False]),  # one of four: all who bought
        ([math.nan, 200, 1, 1], [1, 1, 1, 1], [True, True, False, False]),  # nobody knows since when
    ],
)
def test_who_is_settled(tenure, orders, who):
    assert behaviour(features(tenure_days=tenure, orders_365=orders, recency_days=[1] * 4)).settled.to_list() == who


def test_without_orders_who_did_anything_is_settled():
    seen = behaviour(features(tenure_days=[400] * 3, logins_365=[0, 1, 0], browses_365=[0, 0, 2], quiet_days=[300, 3, 4]))
    assert seen.settled.to_list() == [False, True, True] and list(seen.table) == ["logins_365", "browses_365", "quiet_days"]


def test_what_is_not_delivered_and_what_is_alike_is_left_out_and_named():
    seen = behaviour(
        features(
            tenure_days=[400] * 3, orders_365=[1, 2, 3], order_value_365=[5, 6, 7], recency_days=[4, 4, 4], chats_365=[0, 0, 0]
        )
    )
    assert list(seen.table) == ["orders_365", "order_value_365"]
    assert {n for n, why in seen.left_out.items() if why == ALL_ALIKE} == {"chats_365", "recency_days"}
    assert {n for n, why in seen.left_out.items() if why == NOT_DELIVERED} >= {"logins_365", "discounted_share_365"}
    assert "quiet_days" not in seen.left_out  # purchases are delivered: it is not asked for


def test_nobody_is_an_answer():
    seen = behaviour(features(orders_365=[1.0]).iloc[:0])
    assert seen.table.empty and seen.settled.empty and list(seen.table) == []


def test_who_lies_far_out_counts_as_three_deviations():
    table = pd.DataFrame({"a": [0.0, 5.9, 6.1, -7.0, 1e9]})
    assert scaled(table, np.array([0.0]), np.array([2.0])).ravel().tolist() == pytest.approx([0, 2.95, 3, -3, 3])
