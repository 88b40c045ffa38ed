"""Measures as of the period's end, and their proof, at the edges of their windows; worked out by hand."""

import math

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.means import Mean
from crmlib.metrics import improvements as made
from crmlib.metrics import proofs
from crmlib.periods import Period

HEAD = "improvement_id category opened_on due_on done_on told_customers_on team owner"


def crm(*lines: str, period="2026-10", team="all", **more) -> Crm:
    width = len(HEAD.split())
    padded = [line + " -" * (width - len(line.split())) for line in lines]
    more.setdefault("feedback", rows("feedback_id given_at", "z 2026-12-31"))  # the data reach beyond the period
    return Crm.of(period=period, team=team, improvements=rows(HEAD, *padded), **more)


# ------------------------------------------------------------------------------------------------ the closed loop


@pytest.mark.parametrize(
    ("line", "state", "late"),
    [
        ("m price 2026-09-01 2026-10-30", "overdue", 1),                              # the last day is 31 October
        ("m price 2026-09-01 2026-10-31", "open", 0),                                 # due today: not overdue
        ("m price 2026-09-01 2026-11-01", "open", 0),
        ("m price 2026-09-01 -", "open", None),
        ("m price 2026-09-01 2026-10-10 2026-10-12", "done", 2),
        ("m price 2026-09-01 2026-10-10 2026-10-08", "done", 0),
        ("m price 2026-09-01 2026-10-10 2026-10-12 2026-10-31", "told", 2),
        ("m price 2026-09-01 2026-10-10 2026-10-12 2026-11-01", "done", 2),           # told later: not known yet
        ("m price 2026-09-01 2026-10-10 2026-11-01 2026-11-02", "overdue", 21),       # done later: still open
        ("m price 2026-09-01 - 2025-11-01", "done", None),                            # done on the first day of the twelve months
    ],
)  # fmt: skip
def test_the_state_of_a_measure_at_the_period_s_end(line, state, late):
    row = made.improvements(crm(line)).iloc[0]
    assert row.state == state and (late is None and math.isnan(row.late_days) or row.late_days == late)


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        ("m price 2026-10-31", 1), ("m price 2026-11-01", 0),                         # opened later: not there yet
        ("m price 2025-01-01 - 2025-10-31", 0),                                       # done before the twelve months
        ("m price 2025-01-01 - 2025-10-31 2025-11-01", 1),                            # but told within them
        ("m price 2020-01-01", 1),                                                    # open however long
    ],
)  # fmt: skip
def test_which_measures_are_listed(line, listed):
    assert len(made.improvements(crm(line))) == listed


def test_key_figures_of_the_loop():
    view = crm("a price 2026-09-01 2026-10-01", "b price 2026-10-01 2026-12-01", "c price 2026-09-01 2026-10-01 2026-09-11",
               "d price 2026-09-01 - 2026-10-01 2026-10-05", "e price 2026-10-01 - 2026-10-31")  # fmt: skip
    assert (made.open_improvements(view).value, made.overdue_improvements(view).value) == (2, 1)
    assert (made.told_share(view).part, made.told_share(view).base) == (1, 3)
    assert (made.days_to_done(view).value, made.days_to_done(view).base) == (30, 3)  # 10, 30, 30
    assert made.improvements(view).improvement_id.to_list() == ["a", "b", "e", "d", "c"]


def test_nothing_delivered_is_not_nought():
    view = Crm.of(period="2026-10")
    assert (
        made.open_improvements(view).reason
        == made.overdue_improvements(view).reason
        == made.days_to_done(view).reason
        == "not_delivered"
    )
    assert made.told_share(view).value is None and made.improvements(view).empty and proofs.proofs(view).empty
    nothing = crm("a price 2026-11-05")
    assert made.open_improvements(nothing).value == 0 and made.days_to_done(nothing).reason == "no_base"


@pytest.mark.parametrize(("team", "seen"), [("all", "abcd"), ("north", "ac"), ("south", "bc")])
def test_a_team_sees_its_own_measures_and_the_company_s(team, seen):
    view = crm(
        "a x 2026-10-01 - - - north",
        "b x 2026-10-01 - - - south",
        "c x 2026-10-01 - - - -",
        "d x 2026-10-01 - - - east",
        team=team,
    )
    assert "".join(sorted(made.improvements(view).improvement_id)) == seen


def test_the_course_ends_with_the_figures():
    view = crm("a price 2026-08-15 2026-09-15", "b price 2026-09-01 2026-10-31 2026-10-01", "c price 2026-10-02 2026-10-30")
    frame = made.course(view, Period.parse("2026-10").trailing(4))
    assert frame.open_improvements.to_list() == [0, 1, 2, 2] and frame.overdue_improvements.to_list() == [0, 0, 1, 2]
    assert frame.iloc[-1].to_list() == [made.open_improvements(view).value, made.overdue_improvements(view).value]
    for period, row in zip(("2026-08", "2026-09"), frame.iloc[1:3].itertuples(), strict=True):
        then = crm(
            "a price 2026-08-15 2026-09-15",
            "b price 2026-09-01 2026-10-31 2026-10-01",
            "c price 2026-10-02 2026-10-30",
            period=period,
        )
        assert (row.open_improvements, row.overdue_improvements) == (
            made.open_improvements(then).value,
            made.overdue_improvements(then).value,
        )


# ------------------------------------------------------------------------------------------------ the proof


def answers(*groups: tuple) -> pd.DataFrame:
    """Groups of answers: (category, day, scores) or (category, day, scores, rep)."""
    made = [
        {"given_at": day, "category": c, "score": s, "rep_id": rep[0] if rep else None}
        for c, day, scores, *rep in groups
        for s in scores
    ]
    return pd.DataFrame(made).assign(feedback_id=lambda t: t.index)


def spread(mean: float, n: int) -> list[float]:
    return [mean - 0.5, mean + 0.5] * (n // 2)


def proof(*groups, done="2026-09-01", period="2026-10", team="all", **more) -> pd.Series:
    view = crm(f"m price 2026-08-01 - {done}", period=period, team=team, feedback=answers(*groups), **more)
    return proofs.proofs(view).iloc[0]


@pytest.mark.parametrize(
    ("day", "place"),
    [
        ("2026-06-02", None),  # 91 days before
        ("2026-06-03", "before"),  # 90 days before
        ("2026-08-31T23:59:59", "before"),
        ("2026-09-01", "after"),  # the day it was done
        ("2026-10-31T23:59:59", "after"),
        ("2026-11-01", None),  # later than the period
    ],
)
def test_ninety_days_before_and_up_to_ninety_after(day, place):
    row = proof(("price", day, [4]), ("price", "2020-01-01", [1]))
    assert (row.before_base, row.after_base) == ((place == "before") * 1, (place == "after") * 1)


@pytest.mark.parametrize(("day", "counted"), [("2026-03-01", 1), ("2026-05-29T23:59:59", 1), ("2026-05-30", 0)])
def test_after_ninety_days_the_evidence_is_closed(day, counted):
    """Done on 1 March: 29 May is the ninetieth day, counting the first."""
    assert proof(("price", day, [4]), done="2026-03-01").after_base == counted


@pytest.mark.parametrize(
    ("before", "after", "others", "n", "verdict"),
    [
        (3.5, 4.2, (4.0, 4.0), 100, "improved"),
        (3.5, 3.7, (4.0, 4.0), 400, "improved"),          # exactly 0.2
        (3.5, 3.69, (4.0, 4.0), 4000, "no clear change"), # clear, but less than 0.2
        (3.5, 3.7, (4.0, 4.0), 60, "no clear change"),    # 0.2, but within chance: error 0.09
        (3.5, 4.2, (3.5, 4.2), 100, "no clear change"),   # all others rose as much
        (3.5, 3.5, (4.0, 3.3), 400, "no clear change"),   # only the others fell
        (4.2, 3.5, (4.0, 4.0), 100, "worse"),
        (3.5, 4.2, (4.0, 4.0), 30, "improved"),
        (3.5, 4.2, (4.0, 4.0), 28, "too few answers"),    # fewer than min_base before: none will come
        (3.5, 4.2, None, 100, "improved"),                # no other category: the category's own change
    ],
)  # fmt: skip
def test_when_a_measure_worked(before, after, others, n, verdict):
    groups = [("price", "2026-08-01", spread(before, n)), ("price", "2026-09-15", spread(after, n))]
    if others:
        groups += [("other", "2026-08-01", spread(others[0], 400)), ("other", "2026-09-15", spread(others[1], 400))]
    row = proof(*groups)
    assert row.verdict == verdict
    assert row.change_score == pytest.approx(after - before) and row.low_score < row.change_score < row.high_score
    if others:
        assert row.others_score == pytest.approx(others[1] - others[0])


@pytest.mark.parametrize(("period", "verdict"), [("2026-10", "too early"), ("2026-11", "too few answers")])
def test_too_few_answers_are_too_early_only_while_more_may_come(period, verdict):
    """Done on 1 September, the ninety days are over on 30 November."""
    row = proof(("price", "2026-08-01", spread(3, 100)), ("price", "2026-09-15", [4] * 10), period=period)
    assert row.verdict == verdict


def test_of_many_measures_each_needs_more():
    """Alone 0.3 points on 100 answers are clear (0.18 at 99 %), among thirty measures a larger interval (0.26) is asked of each."""
    groups = [("price", "2026-08-01", spread(3.5, 60)), ("price", "2026-09-15", spread(3.8, 60)), ("x", "2026-08-01", spread(4, 4000)),
              ("x", "2026-09-15", spread(4, 4000))]  # fmt: skip
    alone = proofs.proofs(crm("m price 2026-08-01 - 2026-09-01", feedback=answers(*groups))).iloc[0]
    others = [f"o{i} none{i} 2026-08-01 - 2026-09-01" for i in range(40)]
    many = (
        proofs.proofs(crm("m price 2026-08-01 - 2026-09-01", *others, feedback=answers(*groups)))
        .set_index("improvement_id")
        .loc["m"]
    )
    assert alone.verdict == "improved" and many.verdict == "no clear change" and many.low_score < alone.low_score


def test_a_team_s_proof_is_of_its_own_answers():
    reps = rows("rep_id name team", "r1 Ann north", "r2 Bob south")
    groups = [("price", "2026-08-01", spread(3.5, 40), "r1"), ("price", "2026-09-15", spread(4.5, 40), "r1"),
              ("price", "2026-08-01", spread(3.5, 40), "r2"), ("price", "2026-09-15", spread(3.5, 40), "r2")]  # fmt: skip
    assert [proof(*groups, team=t, reps=reps).change_score for t in ("north", "south", "all")] == [1, 0, 0.5]


def test_without_scores_problem_shares_are_the_proof():
    made = pd.DataFrame({"feedback_id": range(400), "given_at": ["2026-08-01"] * 100 + ["2026-09-15"] * 100 + ["2026-08-01"] * 100 + ["2026-09-15"] * 100,
                         "category": ["price"] * 200 + ["x"] * 200, "nps": [0] * 50 + [10] * 50 + [0] * 10 + [10] * 90 + [0] * 20 + [10] * 80 + [0] * 20 + [10] * 80})  # fmt: skip
    row = proofs.proofs(crm("m price 2026-08-01 - 2026-09-01", feedback=made)).iloc[0]
    assert (row.before_share, row.after_share, row.others_share, row.verdict) == (0.5, 0.1, 0, "improved")
    assert row.change_share == pytest.approx(-0.4) and row.low_share < -0.4 < row.high_share < 0
    silent = proofs.proofs(crm("m price 2026-08-01 - 2026-09-01", feedback=made.drop(columns="nps"))).iloc[0]
    assert silent.verdict == "no scores" and math.isnan(silent.change_share)


def test_nothing_is_known_before_it_is_done():
    groups = [("price", "2026-08-01", spread(3.5, 100)), ("price", "2026-09-15", spread(4.5, 100))]
    assert proofs.proofs(crm("m price 2026-08-01 - 2026-09-01", period="2026-08", feedback=answers(*groups))).empty


def test_a_net_change_of_four_means_by_hand():
    """Each mean of 101 values ±0.5: error 0.05; change 0.5, others 0.1; the net interval is 0.4 ± t · 0.1."""
    high = Mean(400, 400 * 400 / 101 + 0.25 * 100 + 0.25, 101)
    one = proofs.Proof(
        high, Mean(450.5, 450.5**2 / 101 + 25.25, 101), high, Mean(410.1, 410.1**2 / 101 + 25.25, 101), 0.2, 1, 0.99
    )
    low, top = one.net
    assert (low + top) / 2 == pytest.approx(0.4) and (top - low) / 2 == pytest.approx(2.588 * 0.1005, abs=0.003)
