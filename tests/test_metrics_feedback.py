"""Scores, NPS, problems and complaints at the edges of their definitions; every expected value is worked out beside the rows."""

import math
import re

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import Share, compare
from crmlib.metrics import feedback
from crmlib.metrics import feedback_groups as groups

HEAD = "feedback_id given_at score nps category source product rep_id"
REPS = rows("rep_id name team", "r1 Ann north", "r2 Bob south")


def crm(*lines: str, period: str = "2026-10", team: str = "all", head: str = HEAD, **more) -> Crm:
    width = len(head.split())
    padded = [line + " -" * (width - len(line.split())) for line in lines]
    return Crm.of(period=period, team=team, feedback=rows(head, *padded), reps=REPS, **more)


@pytest.mark.parametrize(
    ("given", "count", "undated"),
    [
        ("2026-09-30T23:59:59", 0, 0), ("2026-10-01T00:00:00", 1, 0), ("2026-10-31T23:59:59", 1, 0), ("2026-11-01T00:00:00", 0, 0), ("-", 0, 1),
    ],
)  # fmt: skip
def test_an_answer_belongs_to_the_period_it_was_given_in(given, count, undated):
    view = crm(f"a {given} 4")
    assert feedback.answer_count(view) == count and feedback.undated_count(view) == undated
    assert feedback.csat_mean(view).base == count


def test_the_mean_and_the_satisfied_share_by_hand():
    """Scores 5, 4, 4, 3, 2, 1, and one answer without: mean 19/6, satisfied 3 of 6, variance (71 − 361/6)/5."""
    view = crm(*[f"{i} 2026-10-02 {s}" for i, s in enumerate([5, 4, 4, 3, 2, 1, "-"])])
    mean = feedback.csat_mean(view)
    assert mean.value == pytest.approx(19 / 6) and mean.base == 6 and feedback.answer_count(view) == 7
    assert mean.error == pytest.approx(math.sqrt((71 - 361 / 6) / 5 / 6))
    assert feedback.csat_top_box(view) == Share(3, 6)


@pytest.mark.parametrize(("score", "satisfied"), [(3, 0), (3.9, 0), (4, 1), (5, 1)])
def test_satisfied_begins_at_four(score, satisfied):
    assert feedback.csat_top_box(crm(f"a 2026-10-02 {score}")) == Share(satisfied, 1)


@pytest.mark.parametrize(("answer", "value"), [(0, -100), (6, -100), (7, 0), (8, 0), (9, 100), (10, 100)])
def test_promoters_passives_and_detractors(answer, value):
    assert feedback.nps(crm(f"a 2026-10-02 - {answer}")).value == value


def test_thirty_promoters_and_twenty_detractors_of_a_hundred_are_plus_ten():
    """The multinomial variance: 10⁴ · (0.3 + 0.2 − 0.1²) = 4900, of the sample 4900 · 100/99; error √(4900/99)."""
    answers = [10] * 15 + [9] * 15 + [8] * 25 + [7] * 25 + [6] * 10 + [0] * 10
    figure = feedback.nps(crm(*[f"{i} 2026-10-02 - {n}" for i, n in enumerate(answers)]))
    assert (figure.value, figure.base) == (10, 100) and figure.error == pytest.approx(math.sqrt(4900 / 99))


@pytest.mark.parametrize(
    ("row", "judged", "problem"),
    [
        ("2 -", 1, 1), ("2.1 -", 1, 0), ("1 10", 1, 1), ("5 0", 1, 0),   # the score decides
        ("- 6", 1, 1), ("- 7", 1, 0),                                    # without it the NPS answer
        ("- - quality", 0, 0), ("- - Complaints", 1, 1), ("- - 投诉", 1, 1), ("- - - complaint_form", 1, 1),
        ("5 - complaint", 1, 0), ("- -", 0, 0),
    ],
)  # fmt: skip
def test_what_a_problem_is(row, judged, problem):
    assert feedback.problem_rate(crm(f"a 2026-10-02 {row}")) == Share(problem, judged)


@pytest.mark.parametrize(
    ("categories", "share"), [(["complaint", "praise", "-"], Share(1, 3)), (["praise", "question"], Share(0, 0))]
)
def test_a_source_without_ratings_is_judged_if_it_names_complaints(categories, share):
    view = crm(*[f"{i} 2026-10-02 {c}" for i, c in enumerate(categories)], head="feedback_id given_at category")
    assert feedback.problem_rate(view) == share
    assert feedback.csat_mean(view).reason == "no_scores" and feedback.nps(view).reason == "no_nps"


def test_teams_add_up_to_the_company_where_nothing_is_rated():
    """One complaint in the north makes all four answers judged, the south's two, too."""
    lines = [
        "a 2026-10-02 complaint r1",
        "b 2026-10-02 praise r1",
        "c 2026-10-02 praise r2",
        "d 2026-10-03 question r2",
        "e 2026-09-03 praise r2",
    ]
    views = {t: crm(*lines, head="feedback_id given_at category rep_id", team=t) for t in ("all", "north", "south")}
    assert {t: feedback.problem_rate(v) for t, v in views.items()} == {
        "all": Share(1, 4),
        "north": Share(1, 2),
        "south": Share(0, 2),
    }


def test_the_first_complaint_changes_no_rule_within_a_page():
    """The month before had no complaint yet: beside October it is judged as October's own table judges it."""
    lines = ["a 2026-10-02 complaint", "b 2026-10-02 praise", "c 2026-09-02 praise"]
    view = crm(*lines, head="feedback_id given_at category")
    assert feedback.problem_rate(view.previous) == Share(0, 1)
    assert groups.answers_by_period(view).judged.to_list() == [1, 2]
    assert feedback.problem_rate(crm(*lines, head="feedback_id given_at category", period="2026-09")) == Share(0, 0)


def test_complaints_on_orders():
    orders = rows(
        "order_id ordered_at amount",
        "1 2026-10-01 5",
        "2 2026-10-31T23:59:59 0",
        "3 2026-10-05 -5",
        "4 2026-11-01 5",
        "5 2026-09-30 5",
    )
    view = crm("a 2026-10-02 1", "b 2026-10-02 5", orders=orders)
    rate = feedback.complaint_rate(view)  # one problem, two orders: a refund is none
    assert (rate.value, rate.base) == (0.5, 2)
    assert feedback.complaint_rate(crm("a 2026-10-02 1")).reason == "not_delivered"
    assert feedback.complaint_rate(crm("a 2026-09-02 1", orders=orders)).reason == "no_ratings"
    assert (
        feedback.complaint_rate(crm("a 2026-10-02 1", orders=rows("order_id ordered_at amount", "1 2026-01-01 5"))).reason
        == "no_base"
    )


def test_an_empty_period_and_no_feedback_at_all():
    for view in (crm("a 2026-08-02 1"), Crm.of(period="2026-10")):
        assert feedback.answer_count(view) == 0 and feedback.csat_mean(view).value is None and feedback.nps(view).value is None
        assert feedback.csat_top_box(view).value is None and feedback.problem_rate(view).value is None
        assert groups.answers_by(view, "category").empty and groups.pareto(view).empty and groups.complaints_by_line(view).empty
    assert len(groups.answers_by_period(crm("a 2026-08-02 1"))) == 3 and groups.answers_by_period(Crm.of(period="2026-10")).empty


def test_a_team_sees_the_answers_of_its_own_people():
    lines = ["a 2026-10-02 5 - q s p r1", "b 2026-10-02 1 - q s p r2", "c 2026-10-02 3 - q s p -"]
    assert [feedback.csat_mean(crm(*lines, team=t)).value for t in ("north", "south", "all")] == [5, 1, 3]
    frame = groups.answers_by(crm(*lines), "team")
    assert frame.team.to_list() == ["north", "south", "unassigned"] and frame.csat_mean.to_list() == [5, 1, 3]


def test_groups_add_up_most_answers_first_and_without_a_group_last():
    view = crm("a 2026-10-02 5 9 price", "b 2026-10-02 2 0 delivery", "c 2026-10-02 4 7 delivery", "d 2026-10-02 1 - -", "e 2026-10-02 3 - -",
               "f 2026-10-02 3 - -", "g 2026-09-02 3 - price")  # fmt: skip
    frame = groups.answers_by(view, "category")
    assert frame.category.to_list() == ["delivery", "price", "none given"] and frame.answers.to_list() == [2, 1, 3]
    assert frame.csat_mean.round(6).to_list() == [3, 5, round(7 / 3, 6)] and frame.problem_count.to_list() == [1, 0, 1]
    assert frame.nps.to_list()[:2] == [-50, 100] and math.isnan(frame.nps[2]) and frame.csat_top_box.to_list() == [0.5, 1, 0]
    assert frame.answers.sum() == feedback.answer_count(view) and frame.problem_count.sum() == feedback.problem_rate(view).part
    assert math.isnan(frame.low_score[1]) and frame.low_score[0] == 1 and frame.high_score[0] == 5  # one score has no interval


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("feedback_id given_at category score", ["answers", "scores", "csat_mean", "low_score", "high_score", "csat_top_box"]),
        ("feedback_id given_at category nps", ["answers", "nps_answers", "nps", "low_nps", "high_nps"]),
        ("feedback_id given_at category", ["answers", "share"]),
    ],
)
def test_a_table_has_what_the_source_delivers(head, columns):
    row = " ".join("a 2026-10-02 price 5".split()[: len(head.split())])
    frame = groups.answers_by(crm(row, head=head), "category")
    assert list(frame.columns) == ["category", *columns, "judged", "problem_count", "problem_rate"]


def test_history_is_each_period_s_own_and_ends_with_the_figures():
    view = crm(
        "a 2026-08-05 5 9", "b 2026-10-11 4 6", "c 2026-10-31 1 10", orders=rows("order_id ordered_at amount", "1 2026-10-05 1")
    )
    frame = groups.answers_by_period(view)
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"] and frame.answers.to_list() == [1, 0, 2]
    assert frame.csat_mean.iloc[-1] == feedback.csat_mean(view).value == 2.5 and math.isnan(frame.csat_mean[1])
    assert frame.nps.iloc[-1] == 0 and frame.complaint_rate.iloc[-1] == feedback.complaint_rate(view).value == 1


def test_the_pareto_is_cumulative_and_stands_beside_the_year_before():
    view = crm("a 2026-10-02 1 - price", "b 2026-10-02 2 - price", "c 2026-10-02 1 - delivery", "d 2026-10-02 5 - quality", "e 2026-10-02 1",
               "f 2026-09-30 1 - price", "g 2025-10-01 1 - quality", "h 2025-09-30 1 - quality")  # fmt: skip
    frame = groups.pareto(view)
    assert frame.category.to_list() == ["price", "delivery", "none given"] and frame.problem_count.to_list() == [2, 1, 1]
    assert frame.share.to_list() == [0.5, 0.25, 0.25] and frame.cumulative_share.to_list() == [0.5, 0.75, 1]
    assert frame.before_problem_count.to_list() == [1, 0, 0] and frame.before_share.to_list() == [0.5, 0, 0]  # f and g


def test_the_pareto_says_its_columns():
    head = "feedback_id given_at category"
    for view in (crm("a 2026-10-02 1 - x"), crm("a 2026-10-02 x", head=head)):
        assert [c for c in groups.pareto(view) if not re.search(rf"\b{c}\b", groups.pareto.__doc__)] == []


def test_without_ratings_the_pareto_counts_answers():
    frame = groups.pareto(crm("a 2026-10-02 x", "b 2026-10-02 x", "c 2026-10-02 y", head="feedback_id given_at category"))
    assert frame.answers.to_list() == [2, 1] and frame.cumulative_share.round(4).to_list() == [0.6667, 1]


def test_complaints_by_product_and_line():
    orders = rows("order_id ordered_at amount", "1 2026-10-01 5", "2 2026-10-02 5", "3 2026-09-02 5")
    lines = rows(
        "order_id product quantity unit_price category",
        "1 desk 1 5 furniture",
        "2 desk 1 5 furniture",
        "2 desk 1 5 furniture",
        "3 pens 1 5 supplies",
    )
    view = crm("a 2026-10-02 1 - q s desk", "b 2026-10-02 5 - q s desk", "c 2026-10-02 2 - q s pens", "d 2026-10-02 2 - q s lamp", "e 2026-10-02 1",
               orders=orders, order_lines=lines)  # fmt: skip
    frame = groups.complaints_by_product(view).set_index("product")
    assert list(frame.index) == ["desk", "lamp", "pens", "none given"]
    assert frame.problem_rate["desk"] == 0.5 and frame.order_count["desk"] == 2 and frame.complaint_rate["desk"] == 0.5
    assert frame.order_count["pens"] == 0 and math.isnan(frame.complaint_rate["pens"])  # sold in September alone
    assert pd.isna(frame.order_count["none given"]) and frame.product_line.to_list()[:1] == ["furniture"]
    by_line = groups.complaints_by_line(view).set_index("product_line")
    assert by_line.problem_count.to_dict() == {"furniture": 1, "supplies": 1, "none given": 2}  # no line sells lamps


def test_a_product_is_its_own_line_where_no_order_names_one():
    frame = groups.complaints_by_line(crm("a 2026-10-02 1 - q s desk"))
    assert frame.product_line.to_list() == ["desk"] and "order_count" not in groups.complaints_by_product(
        crm("a 2026-10-02 1 - q s desk")
    )


@pytest.mark.parametrize(("now", "clear", "why"), [(4.0, True, None), (3.1, False, "usual_range"), (3.0, False, "usual_range")])
def test_a_change_of_the_mean_is_judged_by_welch_s_interval(now, clear, why):
    """Forty scores a month around 3 and around `now`, half a point up and half a point down: error 0.08 each, limit 0.30."""
    spread = lambda mean, month: [f"{month}{i} 2026-{month}-02 {mean + (0.5 if i % 2 else -0.5)}" for i in range(40)]  # noqa: E731
    kpi = compare(feedback.csat_mean, crm(*spread(3.0, "09"), *spread(now, "10")))
    assert (kpi.change().clear, kpi.change().why) == (clear, why) and kpi.error == pytest.approx(0.5 / math.sqrt(39))


def test_on_few_answers_no_change_is_clear():
    kpi = compare(feedback.csat_mean, crm(*[f"a{i} 2026-09-02 1" for i in range(40)], *[f"b{i} 2026-10-02 5" for i in range(29)]))
    assert kpi.change().why == "small_base"


def test_nps_changes_clearly_by_its_own_interval():
    september = [f"a{i} 2026-09-02 - {0 if i % 2 else 10}" for i in range(100)]  # 0, error 10
    for good, clear in ((100, True), (60, False)):
        october = [f"b{i} 2026-10-02 - {10 if i < good else 0}" for i in range(100)]
        kpi = compare(feedback.nps, crm(*september, *october))
        assert kpi.value == 2 * good - 100 and kpi.change().clear is clear


def test_a_later_answer_changes_nothing_before():
    early, late = crm("a 2026-10-02 5"), crm("a 2026-10-02 5", "b 2026-11-01 1", "c 2026-12-01 1")
    assert feedback.csat_mean(early) == feedback.csat_mean(late) and groups.answers_by_period(early).equals(
        groups.answers_by_period(late)
    )
