"""Themes and words of comments: what a list of words hears, what it must not hear, and what must never be said."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm
from crmlib.demo.comments import COMMENTS
from crmlib.metrics import themes, words
from crmlib.metrics.lexicon import THEMES


def heard(comment: str) -> list[str]:
    return [THEMES[i].name for i in themes.themes_in(comment)]


def crm(comments, period="2026-10", team="all", **more) -> Crm:
    """Answers given as (comment, how many) or as (comment, how many, month, score)."""
    made = [
        {"feedback_id": f"{i}-{j}", "given_at": f"{month[0] if month else '2026-10'}-05", "comment": text, "customer_id": f"c{i}-{j}",
         "score": month[1] if len(month) > 1 else None}
        for i, (text, n, *month) in enumerate(comments) for j in range(n)
    ]  # fmt: skip
    frame = pd.DataFrame(made)
    if frame.score.isna().all():
        frame = frame.drop(columns="score")
    return Crm.of(period=period, team=team, feedback=frame, **more)


# ------------------------------------------------------------------------------------------------ themes


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("送货太慢了", ["slow delivery"]),
        ("Delivery was late", ["slow delivery"]),
        ("DELIVERY LATE!!!", ["slow delivery"]),
        ("Delivery was not late", []),                                   # negated
        ("快递不慢", []),
        ("快递慢", ["slow delivery"]),                                    # 快递, the courier, is not 快
        ("快递快", ["fast delivery"]),
        ("客服没有不耐烦", []),
        ("送货不快", []),
        ("not a good product", []),
        ("no good service", []),
        ("the latest delivery", []),                                     # latest is not late
        ("I ate my plate", []),
        ("物流很快, but the service was rude", ["unhelpful service", "fast delivery"]),  # both languages in one comment
        ("物流delivery很慢", ["slow delivery"]),
        ("Delivery was fine. The app was slow", ["hard to use"]),        # each part by itself
        ("The parcel arrived damaged and late", ["slow delivery", "damaged parcel"]),
        ("I want my money back", ["refund or return"]),
        ("isn’t helpful", []),                                           # a typographic apostrophe negates, too
        ("电话没人接", ["service unreachable"]),
        ("性价比高", ["fair price"]), ("性价比不高", ["price too high"]),
        ("", []), ("   ", []), ("👍👍", []), ("12345", []), ("ok", []), (".,;:!?", []),
    ],
)  # fmt: skip
def test_what_a_comment_speaks_of(comment, expected):
    assert heard(comment) == expected


EXPECTED = {
    ("delivery", "good"): "fast delivery", ("delivery", "bad"): "damaged parcel", ("quality", "good"): "good quality",
    ("quality", "bad"): "product defect", ("service", "good"): "good service", ("service", "bad"): "service unreachable",
    ("price", "good"): "fair price", ("price", "bad"): "price too high", ("usability", "good"): "easy to use", ("usability", "bad"): "hard to use",
}  # fmt: skip


@pytest.mark.parametrize(("category", "tone"), EXPECTED)
def test_the_demo_company_s_comments_are_heard_and_never_the_wrong_way_round(category, tone):
    """A list of words never knows all; what it hears must be right."""
    names = [heard(c) for c in COMMENTS[category][tone]]
    assert sum(map(bool, names)) >= len(names) / 2 and sum(EXPECTED[category, tone] in n for n in names) >= 2
    good = {t.name for t in THEMES if t.good}
    assert {n in good for found in names for n in found if n != "refund or return"} == {tone == "good"}


def test_every_theme_has_words_in_both_languages_and_none_says_the_opposite_of_another():
    for theme in THEMES:
        listed = [*theme.says, *theme.phrases]
        assert any(w.isascii() for w in listed) and any(not w.isascii() for w in listed), theme.name
    assert len({t.name for t in THEMES}) == len(THEMES) >= 12


def test_themes_are_counted_beside_the_twelve_months_before():
    view = crm([("送货太慢", 3, "2026-10", 2), ("送货太慢", 1, "2026-10", 3), ("好的", 4, "2026-10", 5), ("Delivery late", 2, "2026-09"),
                ("thanks", 8, "2025-10"), ("送货太慢", 9, "2025-09"), ("送货太慢", 9, "2026-11"), ("  ", 5, "2026-10")])  # fmt: skip
    frame = themes.themes(view).set_index("theme")
    slow, none = frame.loc["slow delivery"], frame.loc["no theme"]
    assert list(frame.index) == ["slow delivery", "no theme"]
    assert (slow.comment_count, slow.base, slow.share, slow.before_comment_count, slow.before_base, slow.before_share) == (
        4,
        8,
        0.5,
        2,
        10,
        0.2,
    )
    assert slow.mean_score == 2.25 and none.comment_count == 4 and slow.tone == "criticism" and pd.isna(none.tone)
    assert themes.comment_counts(view).iloc[0].to_dict() == {"comment_count": 8, "without_theme_count": 4}
    assert themes.named(themes.themes(view)).theme.to_list() == ["slow delivery"]


def test_equal_comments_are_read_once(monkeypatch):
    read = []
    real = themes.themes_in
    monkeypatch.setattr(themes, "themes_in", lambda text: read.append(text) or real(text))
    themes.themes(crm([("送货太慢", 50), ("ok", 70, "2026-09")]))
    assert sorted(read) == ["ok", "送货太慢"]


@pytest.mark.parametrize(("count", "rose"), [(21, False), (22, True)])
def test_a_theme_rises_by_an_interval_for_all_themes_at_once(count, rose):
    """100 comments now, 1,000 before with 10 %: at 99.93 % the difference leaves out 0 from 22 of 100 on."""
    view = crm([("送货太慢", count), ("ok", 100 - count), ("送货太慢", 100, "2026-06"), ("ok", 900, "2026-06")])
    assert themes.themes(view).set_index("theme").rose["slow delivery"] == rose


def test_on_few_comments_nothing_rises():
    view = crm([("送货太慢", 29), ("ok", 1000, "2026-06")])
    assert not themes.themes(view).rose.any()


def test_without_comments_there_are_no_themes():
    view = Crm.of(period="2026-10", feedback=pd.DataFrame({"feedback_id": ["a"], "given_at": ["2026-10-02"]}))
    assert themes.themes(view).empty and words.standing_out(view).empty
    assert "comment_count" in themes.themes(view) and list(words.standing_out(view).columns) == words.COLUMNS


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("The parcel was late", {"parcel", "late"}),
        ("送货太慢", {"送货", "太慢"}),
        ("我 的 了", set()),  # single characters
        ("order 12345 A1B2", {"order"}),  # no digits
        ("it is so so", set()),  # stop words and short ones
        ("late LATE late", {"late"}),  # once
    ],
)
def test_words_of_a_comment(comment, expected):
    assert words.terms(comment) == expected


def test_log_odds_agree_with_the_formula_written_out():
    """Monroe, Colaresi and Quinn's equations 15, 19 and 22 for one word: 30 of 500 here, 10 of 700 there, prior a tenth of both."""
    prior, weight = 0.1 * 40, 0.1 * 1200
    here = math.log((30 + prior) / (500 + weight - 30 - prior))
    there = math.log((10 + prior) / (700 + weight - 10 - prior))
    expected = (here - there) / math.sqrt(1 / (30 + prior) + 1 / (10 + prior))
    assert words.log_odds(np.array([30.0]), np.array([10.0]), 500, 700)[0] == pytest.approx(expected)


def unhappy(word="发票", n=12, others=0, **tables) -> pd.DataFrame:
    """`n` unhappy comments with a word, `others` happy ones with it, each with others around."""
    lines = [
        (f"{word}错误", n, "2026-10", 1),
        ("价格，太高", 40, "2026-10", 2),
        ("价格，合理", 200, "2026-10", 5),
        (f"{word}清楚", others, "2026-10", 5),
    ]
    return words.standing_out(crm(lines, **tables))


def test_a_word_of_the_unhappy_stands_out():
    frame = unhappy()
    row = frame[frame.term == "发票"].iloc[0]
    assert (row.group, row.comment_count, row.base, row.others_count, row.others_base) == ("unhappy", 12, 52, 0, 200)
    assert row.z_ratio > 2.58 and row.share == 12 / 52 and "价格" not in set(frame.term)  # both sides write of prices


@pytest.mark.parametrize(("n", "found"), [(9, False), (10, True)])
def test_a_word_of_fewer_than_ten_comments_is_not_said(n, found):
    assert ("发票" in set(unhappy(n=n).term)) == found


def test_a_word_of_one_customer_is_not_said():
    made = pd.DataFrame({"feedback_id": range(80), "given_at": "2026-10-05", "score": [1] * 40 + [5] * 40, "comment": ["发票错误"] * 40 + ["谢谢"] * 40,
                         "customer_id": [f"c{i % 9}" for i in range(80)]})  # fmt: skip
    assert words.standing_out(Crm.of(period="2026-10", feedback=made)).empty
    known = made.assign(customer_id=[f"c{i % 10}" for i in range(80)])
    assert "发票" in set(words.standing_out(Crm.of(period="2026-10", feedback=known)).term)


def written(*lines: tuple[str, int, int, int]) -> Crm:
    """Answers given as (comment, score, how many answers, of how many customers)."""
    made = [
        {"feedback_id": f"{i}-{j}", "given_at": "2026-10-05", "comment": text, "score": score, "customer_id": f"c{i}-{j % customers}"}
        for i, (text, score, n, customers) in enumerate(lines) for j in range(n)
    ]  # fmt: skip
    return Crm.of(period="2026-10", feedback=pd.DataFrame(made))


@pytest.mark.parametrize(("word", "longer"), [("anna", "savannah"), ("anna", "annabel"), ("anna", "anna's"), ("价格", "价格表")])
@pytest.mark.parametrize(("customers", "said"), [(9, False), (10, True)])
def test_a_word_s_customers_are_those_who_wrote_the_word_itself(monkeypatch, word, longer, customers, said):
    """Forty others wrote a longer word that holds it."""
    monkeypatch.setattr(words, "CUT_AT_ONCE", 3)
    assert word in words.terms(word) and word not in words.terms(longer)
    view = written((f"'{word.title()}'", 1, 40, customers), (longer, 1, 40, 40), ("thanks", 5, 200, 200))
    assert (word in set(words.standing_out(view).term)) == said


@pytest.mark.parametrize("word", ["anna", "发票"])
def test_customers_of_another_group_do_not_count(word):
    view = written((word, 1, 40, 1), (word, 5, 40, 40), ("谢谢 thanks", 5, 400, 400))
    assert word not in set(words.standing_out(view).term)


def test_a_word_of_a_category_needs_ten_customers_of_that_category():
    made = [
        {"comment": "发票" if c == "a" or i < 12 else "late", "category": c, "customer_id": f"{c}{i % 9 if c == 'a' else i}"}
        for c in "ab"
        for i in range(60)
    ]
    frame = pd.DataFrame(made).assign(feedback_id=lambda t: t.index, given_at="2026-10-05")
    found = words.standing_out(Crm.of(period="2026-10", feedback=frame))
    assert {(g, w) for g, w in found[["group", "term"]].itertuples(index=False)} == {("b", "late")}


@pytest.mark.parametrize(("rep", "said"), [("Anna Wang", False), ("anna", False), ("savannah", True), ("r7", True)])
def test_a_name_that_a_source_uses_as_an_id_is_no_word(rep, said):
    made = pd.DataFrame({"feedback_id": range(80), "given_at": "2026-10-05", "score": [1] * 40 + [5] * 40, "rep_id": rep,
                         "comment": ["anna again"] * 40 + ["thanks"] * 40})  # fmt: skip
    assert ("anna" in set(words.standing_out(Crm.of(period="2026-10", feedback=made)).term)) == said


@pytest.mark.parametrize(
    ("word", "name", "said"),
    [
        ("wang", "Wang Li", False), ("wang", "Li-wang", False), ("wang", "Wangari Li", True),   # a word of the name, not a part of one
        ("wang's", "Wang Li", False), ("o'neil", "O’Neil", False),
        ("发票", "发票", False), ("发票", "张发票", False), ("发票", "张三", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("table", ["customers", pytest.param("reps", marks=pytest.mark.long)])
def test_no_name_of_a_person_is_a_word(table, word, name, said):
    customers = [f"c{i}-{j}" for i in range(4) for j in range(200)]
    frame = pd.DataFrame(
        {"rep_id": ["r"], "name": [name], "team": ["t"]} if table == "reps" else {"customer_id": customers, "name": name}
    )
    assert (word in set(unhappy(word=f"{word} ", **{table: frame}).term)) == said


def test_without_ratings_each_category_has_its_own_words():
    made = [
        {"comment": text, "category": c}
        for c, text, n in (("a", "parcel late", 60), ("b", "invoice wrong", 60), (None, "hello there", 9))
        for _ in range(n)
    ]
    frame = pd.DataFrame(made).assign(feedback_id=lambda t: t.index, given_at="2026-10-05")
    found = words.standing_out(Crm.of(period="2026-10", feedback=frame))
    assert Counter(found.group) == {"a": 2, "b": 2} and set(found.term) == {"parcel", "late", "invoice", "wrong"}


def test_words_look_back_ninety_days_at_least():
    """2 August is 91 days before the end of October, 3 August 90."""
    frame = pd.DataFrame({"feedback_id": range(200), "given_at": ["2026-08-03"] * 100 + ["2026-08-02"] * 100, "score": ([1] * 50 + [5] * 50) * 2,
                          "comment": (["late parcel"] * 50 + ["thanks"] * 50) + (["broken printer"] * 50 + ["thanks"] * 50)})  # fmt: skip
    found = words.standing_out(Crm.of(period="2026-10", feedback=frame))
    assert set(found.term) == {"late", "parcel"} and set(found.base) == {50}


def test_what_is_not_in_the_engine_s_batch_yet_is_still_counted(monkeypatch):
    monkeypatch.setattr(themes, "BATCH", 3)
    view = crm([(f"送货太慢 {chr(97 + i)}", 1) for i in range(10)])
    assert themes.themes(view).set_index("theme").comment_count.to_dict() == {"slow delivery": 10}
