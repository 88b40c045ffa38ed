"""Names: what stands out, no two alike, the same as the period before while a group stays where it was."""

import pandas as pd
import pytest

from crmlib import texts
from crmlib.models.behaviour import BEHAVIOUR
from crmlib.models.segment_groups import AVERAGES, TRAITS
from crmlib.models.segment_names import ASPECTS, AVERAGE, NEAR, aspects, called, leading, matched, named, words

WORDS = [w for _, *both in ASPECTS.values() for w in both]


def centres(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("frequency", "value", "name"),
    [
        (0.4, -0.4, "frequent_small_customers"),
        (0.3999, -0.4, "small_customers"),
        (0.1, 0.2, "average_customers"),
        (-2.0, 1.0, "rare_large_customers"),
    ],
)
def test_a_name_says_what_stands_out(frequency, value, name):
    assert named(centres(orders_365=[frequency], order_value_365=[value])) == [name]


def test_an_aspect_is_the_mean_of_the_columns_that_are_there():
    found = aspects(centres(logins_365=[1.0], browses_365=[0.4], discounted_share_365=[-1.0]))
    assert found.to_dict("list") == {"online": [0.7], "price": [-1.0]}
    assert words(found.iloc[0]) == ["full_price", "online"]


def test_no_two_groups_have_the_same_name():
    """The strongest of equal groups has the most telling name, the next one word, then it is numbers."""
    alike = centres(orders_365=[1.0, 1.1, 0.9, 0.8], order_value_365=[0.5, 0.5, 0.5, 0.5])
    assert named(alike) == ["frequent_customers", "frequent_large_customers", "large_customers", "group_4_customers"]


def test_without_anything_to_name_them_by_they_have_numbers():
    assert named(centres(events_365=[1.0, -1.0])) == ["average_customers", "group_2_customers"]


def test_a_number_that_another_group_kept_is_not_given_again():
    now, kept = centres(events_365=[0.0, 0.0, 0.0]), {0: "group_2_customers", 2: "average_customers"}
    assert named(now, kept) == ["group_2_customers", "group_1_customers", "average_customers"]


def test_a_name_that_goes_on_is_not_given_again():
    now = centres(orders_365=[1.0, 1.0], order_value_365=[-1.0, -1.0])
    assert named(now, {1: "frequent_small_customers"}) == ["frequent_customers", "frequent_small_customers"]


SPREADS = pd.Series({"orders_365": 2.0, "order_value_365": 4.0})


def moved_by(orders: float, value: float) -> dict[int, str]:
    before = pd.DataFrame({"orders_365": [10.0], "order_value_365": [100.0]}, index=["rare_customers"])
    return matched(before.add([orders, value], axis=1).reset_index(drop=True), before, SPREADS)


@pytest.mark.parametrize(
    ("orders", "value", "same"), [(0, 0, True), (1.0, 2.0, True), (1.001, 2.0, False), (-1.41, 0, True), (1.42, 0, False)]
)
def test_a_group_is_the_same_within_half_a_deviation(orders, value, same):
    """Half of each spread in both columns is 0.5 on the average; √2 / 2 deviations in one of two, too."""
    assert NEAR == 0.5 and (moved_by(orders, value) == {0: "rare_customers"}) is same


def test_the_best_pairs_of_all_are_taken_not_the_first():
    """0 is nearest to x, but so is 1, which has nothing else: together 0 with y and 1 with x is the least."""
    before = pd.DataFrame({"orders_365": [0.0, 1.0]}, index=["x", "y"])
    assert matched(pd.DataFrame({"orders_365": [0.4, -0.3]}), before, SPREADS) == {0: "y", 1: "x"}


def test_more_groups_than_before_and_fewer():
    before = pd.DataFrame({"orders_365": [0.0, 9.0]}, index=["x", "y"])
    assert matched(pd.DataFrame({"orders_365": [0.1, 5.0, 9.1]}), before, SPREADS) == {0: "x", 2: "y"}
    assert matched(pd.DataFrame({"orders_365": [9.2]}), before, SPREADS) == {0: "y"}


def test_only_what_both_periods_know_is_compared():
    before = pd.DataFrame({"orders_365": [0.0], "logins_365": [7.0]}, index=["x"])
    now = pd.DataFrame({"orders_365": [0.0], "order_value_365": [900.0]})
    assert matched(now, before, SPREADS) == {0: "x"}
    assert matched(now[["order_value_365"]], before, SPREADS) == {} and matched(now, before.iloc[:0], SPREADS) == {}


@pytest.mark.parametrize("word", [*WORDS, AVERAGE])
def test_every_name_leads_to_a_treatment_and_has_words(word):
    assert leading(called([word])) == word
    for lang in texts.LANGUAGES:
        for key in (called([word]), f"treat_{word}"):
            assert texts.word(key, lang) != key


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_pair_has_its_own_words(lang):
    pairs = {
        called([a, b])
        for i, (_, *one) in enumerate(ASPECTS.values())
        for (_, *other) in list(ASPECTS.values())[i + 1 :]
        for a in one
        for b in other
    }
    said = {texts.word(key, lang) for key in pairs}
    assert len(pairs) == len(said) == 60 and not pairs & said
    assert not [n for i in range(1, 9) if (n := called([f"group_{i}"])) == texts.word(n, lang)]


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_column_of_behaviour_has_words_for_much_and_little(lang):
    assert set(TRAITS) == set(BEHAVIOUR) == set(AVERAGES)
    for word in TRAITS.values():
        assert not [k for k in (word, f"{word}_much", f"{word}_little") if texts.word(k, lang) == k]
    assert not [c for c in AVERAGES.values() if texts.column(c, lang) == c]
