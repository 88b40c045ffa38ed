"""What is said of feedback: each rule at its edges by hand, and every template with extremes."""

import re
from datetime import date
from string import Formatter
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import texts
from crmlib.crm import Crm
from crmlib.findings import Finding, feedback_headlines, render
from crmlib.findings import feedback as rules
from crmlib.kpi import Kpi, Share, compare, difference
from crmlib.means import together
from crmlib.metrics import feedback, improvements, proofs, themes
from crmlib.metrics import feedback_groups as groups
from crmlib.periods import Period


def crm(*parts: tuple, period="2026-10", **more) -> Crm:
    """Answers as (month, column values, scores)."""
    made = [{"given_at": f"{month}-05", **values, "score": s} for month, values, scores in parts for s in scores]
    frame = pd.DataFrame(made).assign(feedback_id=lambda t: t.index)
    return Crm.of(period=period, feedback=frame, **more)


def spread(mean: float, n: int) -> list[float]:
    """`n` scores half a point around a mean."""
    return [mean - 0.5, mean + 0.5] * (n // 2)


def values(found: list[Finding]) -> list[str]:
    return [f.rule.partition(".")[2] for f in found]


# ------------------------------------------------------------------------------------------------ below, fell


@pytest.mark.parametrize(
    ("own", "n", "others", "found"),
    [
        (3.8, 400, 4.0, True),  # exactly 0.2
        (3.81, 4000, 4.0, False),  # clear, but 0.19
        (3.8, 40, 4.0, False),  # 0.2, but within chance: error 0.08
        (3.0, 30, 4.0, True),
        (3.0, 28, 4.0, False),  # too few
        (4.5, 400, 4.0, False),  # above
    ],
)
@pytest.mark.parametrize("group", ["category", "source"])
def test_a_group_below_all_others(group, own, n, others, found):
    view = crm(
        ("2026-10", {group: "price"}, spread(own, n)),
        ("2026-10", {group: "x"}, spread(others, 400)),
        ("2026-10", {}, spread(others, 400)),
    )
    made = rules.below(view, group)
    made = [f for f in made if f.values[group] == "price"]
    assert len(made) == found
    if found:
        assert made[0].values == {
            group: "price",
            "score": pytest.approx(own),
            "base": n,
            "others_score": pytest.approx(others),
            "others_base": 800,
        }
        assert (made[0].rule, made[0].severity, made[0].evidence) == (f"feedback.{group}_below", "warning", f"by-{group}")


def test_of_two_low_groups_the_lowest_is_named_and_never_the_unnamed():
    parts = [("2026-10", {"category": c}, spread(m, 200)) for c, m in (("a", 3.5), ("b", 3.0), ("c", 4.5), (None, 2.0))]
    assert [f.values["category"] for f in rules.below(crm(*parts), "category")] == ["b"]


@pytest.mark.parametrize(("now", "then", "before", "found"), [(3.5, "2026-09", 3.7, True), (3.51, "2026-09", 3.7, False), (3.5, "2025-10", 3.7, True),
                                                              (3.5, "2025-09", 3.7, False), (3.9, "2026-09", 3.7, False)])  # fmt: skip
def test_a_category_fell_below_its_own_twelve_months(now, then, before, found):
    view = crm(("2026-10", {"category": "price"}, spread(now, 400)), (then, {"category": "price"}, spread(before, 400)))
    made = rules.fell(view)
    assert values(made) == ["category_fell"] * found
    if found:
        assert made[0].severity == "problem" and made[0].values["before_score"] == pytest.approx(before)


@pytest.mark.parametrize(("gap", "found"), [(10, True), (9, False)])
def test_without_scores_nps_is_compared(gap, found):
    """2,000 answers each: `gap` points lower by as many promoters fewer."""
    made = pd.DataFrame(
        [{"category": c, "nps": 10 if i < n else 8} for c, n in (("price", 1000 - 20 * gap), ("x", 1000)) for i in range(2000)]
    )
    view = Crm.of(period="2026-10", feedback=made.assign(feedback_id=lambda t: t.index, given_at="2026-10-02"))
    assert values(rules.below(view, "category")) == ["category_below_nps"] * found
    if found:
        assert rules.below(view, "category")[0].values["nps"] == pytest.approx(50 - gap)


# ------------------------------------------------------------------------------------------------ themes, problems, products


def theme(monkeypatch, *rows: tuple) -> list[Finding]:
    """Themes as (name, tone, comments of 1,000, before of 1,000, rose)."""
    frame = pd.DataFrame(rows, columns=["theme", "tone", "comment_count", "before_comment_count", "rose"])
    frame = frame.assign(
        base=1000, before_base=1000, share=frame.comment_count / 1000, before_share=frame.before_comment_count / 1000
    )
    monkeypatch.setattr(themes, "themes", lambda crm: frame)
    return rules.theme_rose(SimpleNamespace(has=lambda *_: True))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("a", "criticism", 120, 100, True)], [("criticism_rose", "a", "warning")]),   # exactly two points
        ([("a", "criticism", 119, 100, True)], []),
        ([("a", "criticism", 300, 100, False)], []),                                    # within chance
        ([("a", "praise", 200, 100, True)], [("praise_rose", "a", "opportunity")]),
        ([("a", "criticism", 150, 100, True), ("b", "criticism", 300, 100, True)], [("criticism_rose", "b", "warning")]),
        ([("no theme", None, 300, 100, False)], []),
        ([], []),
    ],
)  # fmt: skip
def test_a_theme_that_rose(monkeypatch, rows, found):
    assert [(f.rule.partition(".")[2], f.values["theme"], f.severity) for f in theme(monkeypatch, *rows)] == found


def problems(**counts: int) -> Crm:
    return crm(*[("2026-10", {"category": None if c == "none" else c}, [1] * n) for c, n in counts.items()])


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"a": 15, "b": 8, "c": 7}, 1),  # half of thirty in one of three
        ({"a": 14, "b": 9, "c": 7}, 0),  # two are needed
        ({"a": 15, "b": 7, "c": 7}, 0),  # 29 problems are too few
        ({"a": 20, "b": 10}, 0),  # two categories only
        ({"a": 10, "b": 10, "c": 5, "d": 5, "e": 5, "f": 5}, 2),
        ({"a": 10, "b": 10, "c": 10, "d": 5, "e": 5, "f": 5}, 0),
        ({"none": 40, "a": 10, "b": 5, "c": 5}, 0),
    ],
)
def test_half_of_the_problems_in_few_categories(counts, found):
    made = rules.concentrated(problems(**counts))
    assert [f.values["count"] for f in made] == [found] * bool(found)
    if found:
        assert made[0].values["share"] == made[0].values["part"] / made[0].values["base"] >= 0.5


@pytest.mark.parametrize(
    ("own", "base", "others", "found"),
    [
        (150, 1000, 100, True), (149, 1000, 100, False),   # exactly five points, and a tenth less
        (30, 100, 100, True), (15, 100, 100, False),       # five points on a hundred answers are within chance
        (29, 29, 100, False), (30, 30, 100, True),         # base below min_base
        (50, 1000, 100, False),                            # fewer problems than the others
    ],
)  # fmt: skip
def test_a_product_with_more_problems(own, base, others, found):
    parts = [
        ("2026-10", {"product": "desk"}, [1] * own + [5] * (base - own)),
        ("2026-10", {"product": "pens"}, [1] * others + [5] * (1000 - others)),
    ]
    made = [f for f in rules.product(crm(*parts)) if f.values["product"] == "desk"]
    assert [f.values for f in made] == [
        {"product": "desk", "share": own / base, "part": own, "base": base, "others_share": others / 1000, "others_base": 1000}
    ] * found


def test_the_worst_of_many_products_needs_more_than_one_of_two():
    """30 of 160 against a tenth: clear at 99.5 % (of two products), not at 99.95 % (of twenty)."""
    own, rest = Share(30, 160), Share(100, 1000)
    assert difference(own, rest, together(2))[0] > 0 > difference(own, rest, together(20))[0]
    parts = [("2026-10", {"product": "desk"}, [1] * 30 + [5] * 130)]
    two = [("2026-10", {"product": "pens"}, [1] * 100 + [5] * 900)]
    twenty = [("2026-10", {"product": f"p{i}"}, [1] * 5 + [5] * 45) for i in range(20)]
    assert [bool(rules.product(crm(*parts, *others))) for others in (two, twenty)] == [True, False]


# ------------------------------------------------------------------------------------------------ the closed loop


def measure(monkeypatch, done: str, verdict: str, period="2026-10", told=True, rest=(), kind="score") -> SimpleNamespace:
    rows = [{"improvement_id": i, "category": "price", "done_on": date.fromisoformat(d), "verdict": v, f"before_{kind}": 0.4, "before_base": 90,
             f"after_{kind}": 0.9, "after_base": 80, f"low_{kind}": 0.3, f"high_{kind}": 0.7} for i, d, v in [("m", done, verdict), *rest]]  # fmt: skip
    frame = pd.DataFrame(rows)
    monkeypatch.setattr(proofs, "proofs", lambda crm: frame)
    monkeypatch.setattr(proofs, "kind_of", lambda crm: kind)
    monkeypatch.setattr(improvements, "improvements", lambda crm: frame.assign(state="told" if told else "done"))
    months = Period.parse(period)
    return SimpleNamespace(has=lambda *_: True, period=months, end=months.end)


@pytest.mark.parametrize(
    ("done", "verdict", "found"),
    [
        ("2026-10-31", "improved", 1), ("2026-07-04", "improved", 1),   # its ninety days end with 1 October
        ("2026-07-03", "improved", 0),                                  # they ended with September
        ("2026-09-01", "no clear change", 0), ("2026-09-01", "too early", 0), ("2026-09-01", "worse", 0),
    ],
)  # fmt: skip
def test_cured_is_said_while_its_evidence_lasts(monkeypatch, done, verdict, found):
    made = rules.cured(measure(monkeypatch, done, verdict))
    assert values(made) == ["cured"] * found
    if found:
        assert made[0].severity == "opportunity" and made[0].values == {
            "category": "price", "improvement": "m", "done_on": date.fromisoformat(done), "before_score": 0.4, "before_base": 90, "score": 0.9,
            "base": 80, "low_score": 0.3, "high_score": 0.7,
        }  # fmt: skip


@pytest.mark.parametrize(("told", "kind", "rule"), [(True, "score", "cured"), (False, "score", "cured_untold"), (True, "share", "cured_share"),
                                                    (False, "share", "cured_share_untold")])  # fmt: skip
def test_whoever_was_not_told_is_to_be_told(monkeypatch, told, kind, rule):
    (made,) = rules.cured(measure(monkeypatch, "2026-09-01", "improved", told=told, kind=kind))
    assert made.rule == f"feedback.{rule}" and ("Tell the customers" in render(made, "action", "en")) == (not told)


@pytest.mark.parametrize(
    ("done", "verdict", "found"),
    [
        ("2026-08-03", "no clear change", 1),    # its ninety days ended with the period
        ("2026-08-04", "no clear change", 0),    # one day is missing
        ("2026-07-04", "no clear change", 1), ("2026-07-03", "no clear change", 0),   # said in the period before
        ("2026-07-20", "improved", 0), ("2026-07-20", "too few answers", 0), ("2026-07-20", "worse", 0),
    ],
)  # fmt: skip
def test_no_effect_is_said_once_ninety_days_after(monkeypatch, done, verdict, found):
    assert values(rules.no_effect(measure(monkeypatch, done, verdict))) == ["no_effect"] * found


def test_several_without_effect_are_one_finding(monkeypatch):
    view = measure(
        monkeypatch,
        "2026-07-20",
        "no clear change",
        rest=[("n", "2026-07-21", "no clear change"), ("o", "2026-07-22", "improved")],
    )
    (made,) = rules.no_effect(view)
    assert made.rule == "feedback.no_effect_several" and made.values == {"count": 2}


def test_overdue_names_the_longest():
    given = pd.DataFrame({"improvement_id": ["a", "b", "c", "d"], "category": "price", "opened_on": "2026-01-01", "owner": "Ann",
                          "due_on": ["2026-10-30", "2026-09-30", "2026-10-31", None], "done_on": None})  # fmt: skip
    view = crm(("2026-10", {}, [5]), ("2026-12", {}, [5]), improvements=given)
    (made,) = rules.overdue(view)
    assert (
        made.values == {"count": 2, "base": 4, "days": 31, "improvement": "b", "category": "price"} and made.severity == "warning"
    )
    assert rules.overdue(crm(("2026-10", {}, [5]), improvements=given.assign(due_on="2026-10-31"))) == []


# ------------------------------------------------------------------------------------------------ all together


def test_without_answers_that_alone_is_said():
    assert values(rules.findings(Crm.of(period="2026-10"), [])) == ["no_answers"]


def test_where_nothing_stands_out_that_is_said():
    assert values(rules.findings(crm(("2026-10", {"category": "a"}, [4, 5])), [])) == ["quiet"]


@pytest.mark.parametrize(("now", "rule", "severity"), [(4.2, "csat_mean_rose_year_before", "opportunity"), (3.2, "csat_mean_fell_year_before", "warning"),
                                                       (3.75, None, None)])  # fmt: skip
def test_the_mean_score_changed(now, rule, severity):
    view = crm(("2025-10", {}, spread(3.7, 100)), ("2026-10", {}, spread(now, 100)))
    made = rules.findings(view, [compare(feedback.csat_mean, view)])
    assert values(made) == [rule or "quiet"]
    if rule:
        assert made[0].severity == severity and made[0].values == {
            "score": pytest.approx(now), "before_score": pytest.approx(3.7), "base": 100, "delta_score": pytest.approx(abs(now - 3.7)),
        }  # fmt: skip


def test_nps_changed_where_there_are_no_scores():
    made = pd.DataFrame(
        {
            "feedback_id": range(200),
            "given_at": ["2025-10-02"] * 100 + ["2026-10-02"] * 100,
            "nps": [8] * 99 + [10] + [10] * 80 + [0] * 20,
        }
    )
    view = Crm.of(period="2026-10", feedback=made)
    (found,) = rules.findings(view, [compare(feedback.csat_mean, view), compare(feedback.nps, view)])
    assert found.rule == "feedback.nps_rose_year_before" and found.values["delta_nps"] == pytest.approx(59)
    assert render(found, "title", "en") == "NPS rose to 60.0, from 1.0 a year before"


# ------------------------------------------------------------------------------------------------ headlines


@pytest.mark.parametrize(
    ("now", "before", "rule"),
    [((50, 100), (50, 100), "satisfied_steady"), ((80, 100), (50, 100), "satisfied_up"), ((50, 100), (80, 100), "satisfied_down"),
     ((50, 100), (5, 10), "satisfied_alone"), ((5, 29), (50, 100), "few_ratings"), ((50, 100), None, "satisfied_alone")],
)  # fmt: skip
def test_the_headline_of_satisfaction(now, before, rule):
    then = (before[0] / before[1], before[1]) if before else (None, None)
    kpi = Kpi("csat_top_box", now[0] / now[1], "share", "up", now[0], now[1], *then)
    assert feedback_headlines.satisfaction_headline(kpi).rule == f"feedback.{rule}"


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([("a", 40, 3.0), ("b", 40, 4.0)], "lowest_category"), ([("a", 40, 3.0), ("b", 40, 3.0)], "lowest_alike"),
        ([("a", 40, 3.0), ("b", 29, 2.0)], "most_category"), ([("none given", 99, 1.0)], "unnamed"), ([], "none_given"),
        ([("a", 5, 3.0), ("b", 5, 4.0)], "most_alike"), ([("a", 40, 3.0), ("b", 40, 4.0), ("none given", 40, 1.0)], "lowest_category"),
    ],
)  # fmt: skip
def test_the_headline_of_groups(rows, rule):
    frame = pd.DataFrame(rows, columns=["category", "scores", "csat_mean"]).assign(answers=lambda t: t.scores)
    made = feedback_headlines.groups_headline(SimpleNamespace(business=SimpleNamespace(min_base=30)), frame, "category")
    assert made.rule == f"feedback.{rule}"
    if rule == "lowest_category":
        assert made.values["category"] == "a" and made.values["score"] == 3


def test_people_are_named_for_the_best():
    frame = pd.DataFrame({"rep": ["Ann", "Bob"], "scores": [40, 40], "csat_mean": [3.0, 4.0], "answers": [40, 40]})
    made = feedback_headlines.groups_headline(SimpleNamespace(business=SimpleNamespace(min_base=30)), frame, "rep")
    assert render(made, "title", "en") == "Bob has the highest mean score: 4.00"


@pytest.mark.parametrize(
    ("counts", "rule", "count"),
    [
        ({"a": 5, "b": 5}, "half_of_problems_one", 1),
        ({"a": 4, "b": 3, "c": 3}, "half_of_problems", 2),
        ({"none": 5, "a": 4}, "problems_unnamed", None),
    ],
)
def test_the_headline_of_the_pareto(counts, rule, count):
    view = problems(**counts)
    made = feedback_headlines.pareto_headline(view, groups.pareto(view))
    assert made.rule == f"feedback.{rule}" and made.values.get("count") == count


# ------------------------------------------------------------------------------------------------ templates

LONG = "x" * 500
EXTREMES = [
    {"count": 0, "share": 0.0, "score": 1.0, "nps": -100.0, "delta": 0.0, "on": date(2026, 1, 1), "days": 1, "": "<b>{x}"},
    {"count": 10**7, "share": 1.0, "score": 5.0, "nps": 100.0, "delta": 1.0, "on": date(2026, 12, 31), "days": 9999, "": LONG},
]
TEMPLATES = [r for r in texts._book("en")["findings"] if r.startswith("feedback.")]
KINDS = {"part": "count", "base": "count"}


def filled(template: str, extreme: dict) -> dict:
    names = {n for _, n, _, _ in Formatter().parse(template) if n}
    words = {"category", "source", "product", "theme", "rep", "team", "improvement", "term", "product_line"}
    kind = lambda n: "" if n in words else n.rpartition("_")[2] or n  # noqa: E731
    return {n: extreme[KINDS.get(kind(n), kind(n))] for n in names}


@pytest.mark.parametrize("lang", texts.LANGUAGES)
@pytest.mark.parametrize("rule", TEMPLATES)
def test_every_sentence_can_be_said(rule, lang):
    for extreme in EXTREMES:
        for part in ("title", "text", "action", "owner", "success"):
            template = texts.finding(rule, part, lang)
            said = render(Finding(rule, values=filled(template, extreme)), part, lang, "CNY")
            assert bool(said) == bool(template) and not re.search(r"\bnan\b|None|[{](?!x})", said)


def test_every_rule_that_is_asked_for_has_its_sentences():
    import inspect

    for module in (rules, feedback_headlines):
        for name in re.findall(r'said\("(feedback\.[a-z_]+)"', inspect.getsource(module)):
            assert texts.finding(name, "title", "en"), name
