"""A change that is not clear: the words, no arrow, no colour, in every unit and for every reason."""

import pytest

from crmlib.blocks import cards
from crmlib.crm import Crm, rows
from crmlib.kpi import Kpi

UNITS = ("count", "share", "money", "days", "hours", "score", "points", "ratio")
STEADY = (100.0, 102.0) * 4  # it usually moves by 2: more than 6.534 is clear
WHY = {"small_base": "base below 30", "usual_range": "within the usual range", "short_history": "too short a history to judge",
       "overlap": "its window overlaps the one before"}  # fmt: skip
CRM = Crm.of(opportunities=rows("opportunity_id created_at", "a 2026-10-01"))


def given(unit: str, why: str | None, value=200.0, previous=100.0) -> Kpi:
    """A figure that doubled, and may not be called so for a reason."""
    scale = 0.005 if unit == "share" else 1.0
    base = {"base": 29, "previous_base": 500} if why == "small_base" else {}
    series = STEADY[: 5 if why == "short_history" else 8]
    value = 106.0 if why == "usual_range" else value
    return Kpi("lead_count", value * scale, unit, "up", previous=previous * scale, rolling=why == "overlap",
               series=tuple(v * scale for v in (*series, value)), **base)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("why", WHY)
def test_it_has_the_words_and_no_arrow(unit, why):
    kpi = given(unit, why)
    change = kpi.change()
    assert change is not None and (change.clear, change.why) == (False, why)
    for lang, words in (("en", "no clear change"), ("zh", "无明显变化")):
        card, table = cards.card(kpi, CRM, lang), cards.figures_table([kpi], CRM, lang)
        for made in (card, table):
            assert (
                words in made
                and "≈" in made
                and not set("▲▼") & set(made)
                and 'class="d good"' not in made
                and 'class="d bad"' not in made
            )
    assert f"no clear change ({WHY[why]})" in cards.figures_table([kpi], CRM, "en")
    assert (f"({WHY[why]})" in cards.card(kpi, CRM, "en")) == (why == "small_base")


@pytest.mark.parametrize("unit", UNITS)
def test_no_percentage_of_a_change_on_a_small_base(unit):
    delta = cards.delta_text(given(unit, "small_base"), given(unit, "small_base").change(), "en", "EUR")
    assert "%" not in delta and (delta == "") == (unit == "share")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("value", "mark", "word"), [(200.0, "▲", "rose"), (20.0, "▼", "fell")])
def test_a_clear_change_has_its_arrow_and_its_word(unit, value, mark, word):
    kpi = given(unit, None, value)
    assert mark in cards.card(kpi, CRM, "en") and "no clear change" not in cards.card(kpi, CRM, "en")
    assert f">{word}</td>" in cards.figures_table([kpi], CRM, "en")


@pytest.mark.parametrize(
    ("bases", "why"),
    [
        ((29, 30), "small_base"),
        ((30, 29), "small_base"),
        ((30, 30), None),
        ((30, None), None),
        ((0, 500), "small_base"),
        ((None, None), None),
    ],
)
def test_both_bases_must_reach_min_base_whatever_the_unit(bases, why):
    for unit in ("count", "money", "days", "ratio"):
        kpi = Kpi("lead_count", 200.0, unit, "up", base=bases[0], previous=100.0, previous_base=bases[1], series=(*STEADY, 200.0))
        assert kpi.change().why == why


def test_where_nothing_ever_moves_the_last_bits_of_a_sum_are_no_change():
    same = 0.1 + 0.2
    kpi = Kpi("lead_count", same, "ratio", "up", previous=0.3, series=(0.3,) * 8 + (same,))
    assert same != 0.3 and kpi.change().why == "usual_range"
    moved = Kpi("lead_count", 0.31, "ratio", "up", previous=0.3, series=(0.3,) * 8 + (0.31,))
    assert moved.change().clear


def test_what_cannot_be_compared_has_neither_word_nor_mark():
    for kpi in (Kpi("lead_count", 5.0, "count", "up"), Kpi("lead_count", None, "count", "up", previous=5.0, reason="no_data")):
        card = cards.card(kpi, CRM, "en")
        assert not set("≈▲▼") & set(card) and "no clear change" not in card
