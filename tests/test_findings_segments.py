"""Every rule of segments at its edge; every headline for what its numbers can hold."""

import pandas as pd
import pytest
from grouped import TRIED, fitted, migration, segmentation

from crmlib import texts
from crmlib.crm import Crm, rows
from crmlib.findings import render
from crmlib.findings import segments as rules
from crmlib.findings import segments_headlines as headlines
from crmlib.models.migration import LOST, NEW, Migration
from crmlib.models.segment_figures import Seen
from crmlib.models.segment_groups import GROUPS

A, B = "frequent_small_customers", "rare_large_customers"
WORTH = {A: 100.0, B: 1000.0}


def view(team="all", min_base=30) -> Crm:
    frames = {
        "orders": rows("order_id customer_id ordered_at amount", "1 a 2026-10-01 5"),
        "customers": rows("customer_id team", "a north"),
    }
    return Crm.of("2026-10", team, {"min_base": min_base}, **frames)


def groups(*lines: tuple) -> pd.DataFrame:
    """(segment, customers, share before, revenue of the year)"""
    frame = pd.DataFrame(lines, columns=["segment", "customer_count", "earlier_share", "year_amount"])
    frame = frame.assign(letter=list("ABCDEFGH")[: len(frame)], share=frame.customer_count / frame.customer_count.sum(),
                         revenue_share=frame.year_amount / frame.year_amount.sum(), customer_amount=frame.year_amount / frame.customer_count,
                         first_trait="buying_much", second_trait=None, third_trait=None, treatment="treat_frequent")  # fmt: skip
    return frame[GROUPS]


def seen(table=None, moved=None, fit=None, kept=(A, B)) -> Seen:
    table = groups((A, 50, 0.5, 100.0), (B, 50, 0.5, 100.0)) if table is None else table
    return Seen(segmentation(*table.segment, fit=fit, kept=kept), moved or migration(), table)


def said_in_both(*found) -> None:
    for finding in found:
        for lang in texts.LANGUAGES:
            for part in ("title", "text", "action", "owner", "success"):
                assert "{" not in render(finding, part, lang)


@pytest.mark.parametrize(("stability", "found"), [(0.8, False), (0.7999, True)])
def test_what_is_not_stable_is_nothing_to_steer_by(stability, found):
    fit = fitted(tried=TRIED.assign(stability=[stability, 0.1]))
    unstable = rules.unstable(fit)
    assert bool(unstable) is found and [f.severity for f in unstable] == ["warning"] * found
    said_in_both(*unstable)


def went(down: int, up: int, money: float = 100.0, others: float = 900.0):
    return migration((A, A, 500, others, others), (B, A, down, money, 1.0), (A, B, up, money, 1.0), worth=WORTH)


@pytest.mark.parametrize(
    ("moved", "rule"),
    [
        (went(30, 10), "segments.moved_down_lists"),
        (went(10, 30), "segments.moved_up"),
        (went(24, 16), "segments.moved_evenly"),  # not clearly more than half
        (went(25, 4), "segments.moved_evenly"),  # 29 of them: too few
        (went(26, 4), "segments.moved_down_lists"),
        (went(30, 10, 5.0, 990.0), "segments.moved_down_lists"),  # 5 of 1,000
        (went(30, 10, 4.9, 990.2), "segments.moved_evenly"),
        (went(30, 10, 0.0, 0.0), "segments.moved_evenly"),  # without money nothing is lost
    ],
)
def test_more_move_down_than_up(moved, rule):
    (found,) = rules.moved(view(), seen(moved=moved))
    assert (found.rule, found.evidence) == (rule, "migration")
    said_in_both(found)


def test_a_team_s_page_has_the_list():
    (found,) = rules.moved(view("north"), seen(moved=went(30, 10)))
    assert (found.rule, found.evidence, found.values["count"], found.values["amount"]) == (
        "segments.moved_down",
        "moved-down",
        30,
        100.0,
    )
    said_in_both(found)
    assert rules.moved(view(), seen(moved=migration((NEW, A, 9, 1.0, 1.0)))) == []


def pace(relative=0.85, high=0.95, base=30) -> pd.DataFrame:
    return pd.DataFrame([(A, base, 1.0, relative, 0.7, high)], columns=["segment", "base", "amount", "relative", "low", "high"])


@pytest.mark.parametrize(
    ("course", "money", "found"),
    [
        (pace(), 25.0, True), (pace(), 24.9, False), (pace(0.9, 0.999), 25.0, True), (pace(0.9001), 25.0, False), (pace(0.8, 1.0), 25.0, False),
        (pace(base=29), 25.0, False),
    ],
)  # fmt: skip
def test_a_segment_with_much_money_that_falls_behind(monkeypatch, course, money, found):
    monkeypatch.setattr(rules, "paces", lambda crm, found: course)
    falling = rules.falling(view(), seen(groups((A, 50, 0.5, money), (B, 50, 0.5, 100.0 - money))))
    assert bool(falling) is found
    said_in_both(*falling)


@pytest.mark.parametrize(
    ("before", "count", "rule"),
    [
        (0.5, 5600, "segments.grew"), (0.5, 4400, "segments.shrank"), (0.5, 5100, None),  # by one point
        (0.48, 5000, "segments.grew"), (0.4801, 5000, None),
    ],
)  # fmt: skip
def test_a_segment_that_grew_or_shrank(before, count, rule):
    table = groups((A, count, before, 1.0), (B, 10_000 - count, 1 - before, 1.0))
    moved = migration((A, A, 10_000, 1.0, 1.0))
    found = rules.resized(view(), seen(table, moved))
    assert [f.rule for f in found if f.values["segment"] == A] == ([rule] if rule else [])
    said_in_both(*found)
    assert rules.resized(view(), seen(table, moved, kept=())) == []  # a segment of another name was not there before
    assert rules.resized(view(min_base=20_000), seen(table, moved)) == []


def test_of_few_customers_a_change_of_size_is_not_clear():
    table = groups((A, 25, 0.4, 1.0), (B, 25, 0.6, 1.0))
    assert rules.resized(view(), seen(table, migration((A, A, 50, 1.0, 1.0)))) == []


@pytest.mark.parametrize(("count", "money", "found"), [(20, 30.1, True), (20, 29.9, False), (16, 25.0, True), (16, 24.9, False)])
def test_a_segment_that_carries_more_than_its_size(count, money, found):
    """A quarter of the revenue, and half as much again as its share of the customers."""
    table = groups((A, count, 0.5, money), (B, 100 - count, 0.5, 100 - money))
    carrying = rules.carrying(view(), seen(table))
    assert [f.values["segment"] for f in carrying] == [A] * found
    said_in_both(*carrying)
    assert rules.carrying(view(min_base=101), seen(table)) == []


@pytest.mark.parametrize(("count", "money", "found"), [(20, 10.0, True), (20, 10.1, False), (19, 1.0, False)])
def test_a_segment_that_waits(count, money, found):
    waiting = rules.waiting(view(), seen(groups((A, count, 0.5, money), (B, 100 - count, 0.5, 100 - money))))
    assert [f.values["segment"] for f in waiting] == [A] * found
    said_in_both(*waiting)


@pytest.mark.parametrize("lacking", ["customers", "different", "columns"])
def test_not_enough_data_says_how_much_there_is_and_is_needed(lacking):
    none = Seen(segmentation(fit=fitted({"orders_365": []}, lacking=lacking, count=7, needed=20)), migration(), groups())
    (found,) = rules.findings(view(), none)
    assert found.rule == f"segments.few_{lacking}" and (found.values["count"], found.values["needed_count"]) == (7, 20)
    for lang in texts.LANGUAGES:
        assert {"7", "20"} <= set(render(found, "title", lang).replace("：", " ").replace("，", " ").replace(",", " ").split())


def test_a_team_without_customers_and_a_calm_one():
    nobody = seen(groups((A, 0, 0.5, 0.0), (B, 0, 0.5, 0.0)))
    assert [f.rule for f in rules.findings(view(), nobody)] == ["segments.nobody"]
    (calm,) = rules.findings(view("north"), seen())
    assert calm.rule == "segments.calm"
    said_in_both(calm)


# ------------------------------------------------------------------------------------------------ headlines


def every_headline(of: Seen) -> dict:
    frame = pd.DataFrame([("buying", "A", -2.0), ("chats", "A", 1.0)], columns=["behaviour", "letter", "deviation_ratio"])
    beside = pd.DataFrame([("champions", "A", 3)], columns=["rfm", "letter", "customer_count"])
    middles = pd.DataFrame([(9.0, 100.0, "A")], columns=["since_purchase_days", "year_amount", "label"])
    return {
        "segments": headlines.segments_headline(of), "traits": headlines.traits_headline(of), "sizes": headlines.sizes_headline(of),
        "profile": headlines.profile_headline(of, frame), "choice": headlines.choice_headline(of), "middles": headlines.middles_headline(of, middles),
        "migration": headlines.migration_headline(of), "money": headlines.migration_money_headline(of), "rfm": headlines.rfm_headline(of, beside),
    }  # fmt: skip


def test_every_headline_says_what_its_numbers_show():
    moved = migration((NEW, A, 9, 9.0, 9.0), (A, A, 5, 1.0, 1.0), (B, A, 3, 700.0, 70.0), (B, LOST, 4, 60.0, 0.0), worth=WORTH)
    found = every_headline(seen(groups((B, 40, 0.5, 300.0), (A, 60, 0.4, 100.0)), moved))
    assert {k: f.rule.partition(".")[2] for k, f in found.items()} == {
        "segments": "richest", "traits": "trait", "sizes": "size_change", "profile": "stands_out", "choice": "chosen", "middles": "middle",
        "migration": "migrated", "money": "migrated_money", "rfm": "rfm_pair",
    }  # fmt: skip
    assert (found["segments"].values["segment"], found["segments"].values["revenue_share"]) == (B, 0.75)
    assert (found["sizes"].values["segment"], found["sizes"].values["share"]) == (A, 0.6)
    assert found["profile"].values["trait"] == "buying_little"
    assert (found["migration"].values["part"], found["migration"].values["base"]) == (3, 8)
    assert (found["money"].values["amount"], found["money"].values["up_amount"], found["money"].values["lost_amount"]) == (
        700.0,
        0.0,
        60.0,
    )
    said_in_both(*found.values())


def test_without_revenue_the_largest_is_named_and_without_a_past_nothing_is_said_of_it():
    table = groups((A, 60, float("nan"), float("nan")), (B, 40, float("nan"), float("nan")))
    found = every_headline(seen(table))
    assert (
        found["segments"].rule == "segments.largest"
        and found["sizes"].rule == found["migration"].rule == found["money"].rule == "segments.no_earlier"
    )
    said_in_both(*found.values())


def test_without_segments_every_headline_says_so():
    none = Seen(segmentation(fit=fitted({"orders_365": []}, lacking="customers", count=7, needed=20)), migration(), groups())
    assert {f.rule for f in every_headline(none).values()} == {"segments.few_customers"}
    assert headlines.choice_says(none) == headlines.migration_says(none) == headlines.letters(none) == []


@pytest.mark.parametrize(
    ("own", "rfm", "rule"), [(0.3, 0.2, "beats_rfm"), (0.2, 0.3, "loses_to_rfm"), (0.2, 0.2, "loses_to_rfm")]
)
def test_whether_the_segments_beat_rfm_or_not(own, rfm, rule):
    frame = pd.DataFrame(
        [("by_behaviour", 4, 99, own), ("by_rfm", 8, 99, rfm), ("at_random", 4, 99, 0.1)],
        columns=["grouping", "group_count", "base", "share"],
    )
    found = headlines.explained_headline(frame)
    assert found.rule == f"segments.{rule}" and headlines.explained_headline(frame.iloc[:0]).rule == "segments.no_check"
    said_in_both(found)


def test_whether_the_segments_before_were_told_or_are_worked_out_now():
    moved = migration((A, A, 5, 1.0, 1.0))
    assert [f.rule for f in headlines.migration_says(seen(moved=moved))] == ["say.back_cast", "say.moving"]
    told = migration((A, A, 5, 1.0, 1.0), made_at=pd.Timestamp("2026-10-02"))
    origin = headlines.migration_says(seen(moved=told))[0]
    assert (
        origin.rule == "say.as_told"
        and "2 Oct 2026" in render(origin, "title", "en")
        and "2026年10月2日" in render(origin, "title", "zh")
    )
    late = headlines.migration_says(seen(moved=Migration(moved.flows, {}, pd.Timestamp("2026-12-02"), late=True)))[0]
    assert late.rule == "say.told_late" and "a back-cast" in render(late, "title", "en") and "回溯" in render(late, "title", "zh")


def test_what_is_left_out_is_counted_by_reason():
    fit = fitted(left_out={"a": "not_delivered", "b": "not_delivered", "c": "all_alike"})
    assert [(f.rule, f.values["count"]) for f in headlines.left_out(seen(fit=fit))] == [
        ("say.columns_not_delivered", 2),
        ("say.columns_all_alike", 1),
    ]
