"""The rules of performance at their edges: goals, shares against the other teams, who is said to stand apart, and what is said of nothing."""

import math

import numpy as np
import pandas as pd
import pytest

from crmlib import findings as told
from crmlib.crm import Crm, rows
from crmlib.findings import performance as rules
from crmlib.findings import performance_headlines as headlines
from crmlib.kpi import Share
from crmlib.metrics import team_shares
from crmlib.metrics.standings import Apart

REPS = rows("rep_id name team", "a Ann north", "b Bea south")


def sold(amount: int, team="all", last="2026-10-31", targets=("2026-10 revenue 1000 - -",)) -> Crm:
    """So much sold on the first, and one order of 0 at the last day that is known."""
    orders = rows("order_id ordered_at amount rep_id", f"1 2026-10-01 {amount} a", f"2 {last} 0 -")
    return Crm.of("2026-10", team, orders=orders, reps=REPS, targets=rows("period metric value team rep_id", *targets))


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        (1001, "performance.goal_reached"), (1000, "performance.goal_reached"), (999, None), (900, None),
        (899, "performance.company_goal_missed"), (0, "performance.company_goal_missed"),
    ],
)  # fmt: skip
def test_the_goal_of_a_whole_period(amount, rule):
    found = rules.own_goal(sold(amount))
    assert [f.rule for f in found] == [rule] * (rule is not None)
    assert all(f.values["attained_share"] == amount / 1000 and "due_share" not in f.values for f in found)


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        (500, "performance.on_pace"), (499, None), (450, None), (449, "performance.company_behind_pace"),
    ],
)  # fmt: skip
def test_the_pace_within_a_period(amount, rule):
    """15 of 30 days of November are gone."""
    orders = rows("order_id ordered_at amount rep_id", f"1 2026-11-01 {amount} a", "2 2026-11-15 0 -")
    crm = Crm.of("2026-11", orders=orders, targets=rows("period metric value", "2026-11 revenue 1000"))
    found = rules.own_goal(Crm(crm.delivery, crm.period.to_date(pd.Timestamp("2026-11-16").date()), "all"))
    assert [f.rule for f in found] == [rule] * (rule is not None)
    assert all(f.values["due_share"] == 0.5 for f in found)


@pytest.mark.parametrize(
    "targets", [(), ("2026-10 revenue 0 - -",), ("2026-09 revenue 9 - -",), ("2026-10 revenue 9 - -", "2026-10 revenue 8 - -")]
)
def test_without_one_goal_nothing_is_said(targets):
    crm = (
        sold(500, targets=targets) if targets else Crm.of("2026-10", orders=rows("order_id ordered_at amount", "1 2026-10-01 5"))
    )
    assert rules.own_goal(crm) == []


def test_a_team_s_goal_is_said_on_its_own_page():
    (found,) = rules.own_goal(sold(100, "north", targets=("2026-10 revenue 1000 north -",)))
    assert (found.rule, found.severity, found.evidence) == ("performance.goal_missed", "warning", "course")


def teams(*attained: float) -> pd.DataFrame:
    return pd.DataFrame({"team": list("abcdef")[: len(attained)], "target_attainment": attained, "target_amount": 100.0})


@pytest.mark.parametrize(
    ("attained", "gone", "rule", "values"),
    [
        ((), 1.0, None, {}),
        ((0.9, 1.2, math.nan), 1.0, None, {}),  # on the edge, above, without a goal
        ((0.89, 1.0), 1.0, "performance.team_goal_missed", {"team": "a", "count": 1, "base": 2}),
        ((0.8, 0.7, math.nan), 1.0, "performance.goals_missed", {"team": "b", "count": 2, "base": 2, "attained_share": 0.7}),
        ((0.46, 0.45), 0.5, None, {}),
        ((0.44, 0.5), 0.5, "performance.team_behind", {"team": "a", "count": 1, "due_share": 0.5}),
        ((0.1, 0.1), 0.5, "performance.teams_behind", {"team": "a", "count": 2}),
    ],
)
def test_teams_far_from_their_goals(attained, gone, rule, values):
    found = rules.teams_short(teams(*attained), gone)
    assert [f.rule for f in found] == [rule] * (rule is not None)
    assert all(f.values[k] == v for f in found for k, v in values.items())


# ------------------------------------------------------------------------------------------------ shares against the other teams

STEADY = np.array([100, 103, 98, 101, 97, 102, 99.0])


@pytest.mark.parametrize(
    ("mine", "clear"),
    [
        ([*STEADY, 100], False),
        ([*STEADY, 70], True),
        ([*STEADY, 140], True),
        ([*STEADY * [1, 1.6, 0.7, 1.4, 0.6, 1.5, 0.8], 70], False),  # it always moves so much
    ],
)
def test_a_share_moves_clearly_out_of_its_own_past(mine, clear):
    found = team_shares.course("n", np.array(mine), np.full(len(mine), 500.0), 0.99)
    assert found.clear is clear and found.low <= found.change <= found.high
    assert found.usual * (1 + found.change) == pytest.approx(mine[-1])


def test_what_all_teams_do_is_no_team_s_change():
    season = np.array([1, 1.3, 0.7, 1.1, 0.9, 1.4, 1, 0.5])
    found = team_shares.course("n", 100 * season, 500 * season, 0.99)
    assert found.change == pytest.approx(0) and not found.clear


@pytest.mark.parametrize(
    ("change", "low", "high", "clear"),
    [(-0.1, -0.2, -0.01, True), (-0.0999, -0.2, -0.01, False), (-0.3, -0.6, 0.0, False), (0.1, 0.01, 0.2, True), (0.3, 0.0, 0.5, False)],
)  # fmt: skip
def test_clear_is_outside_the_interval_and_a_tenth_at_least(change, low, high, clear):
    assert team_shares.Course("n", 1, 1, change, low, high, 12).clear is clear


@pytest.mark.parametrize("mine", [[100] * 6, [0] * 8, [100, 100, 0, 100, 100, 100, 100, 100], [100] * 7 + [0]])
def test_too_short_a_past_or_a_period_without_sales_says_nothing(mine):
    assert team_shares.course("n", np.array(mine, float), np.full(len(mine), 500.0), 0.99) is None


# ------------------------------------------------------------------------------------------------ sentences


@pytest.mark.parametrize(
    ("it", "team", "rule"),
    [
        (Apart("win_rate", "north", None, Share(5, 100), Share(50, 200)), "all", "performance.team_wins_below"),
        (Apart("win_rate", "north", None, Share(90, 100), Share(50, 200)), "north", "performance.wins_above"),
        (Apart("win_rate", "north", "Ann", Share(5, 100), Share(50, 200)), "all", "performance.rep_wins_below"),
        (Apart("win_rate", "north", "Ann", Share(90, 100), Share(50, 200)), "north", "performance.rep_wins_above"),
        (Apart("csat_top_box", "north", None, Share(5, 100), Share(50, 200)), "all", "performance.team_pleases_below"),
        (Apart("csat_top_box", "north", "Ann", Share(5, 100), Share(50, 200)), "all", "performance.rep_pleases_below"),
    ],
)
def test_who_stands_apart_is_said_of_whom_the_page_is_about(it, team, rule, monkeypatch):
    monkeypatch.setattr(rules.standings, "apart", lambda crm, group, rate: [it] * (rate == it.rate))
    (found,) = rules.apart(sold(1, team), "rep" if it.rep else "team")
    assert found.rule == rule and found.severity == ("warning" if rule.endswith("below") else "opportunity")
    for lang in ("en", "zh"):
        said = told.render(found, "title", lang) + told.render(found, "text", lang)
        assert f"{it.now.value * 100:.1f}%" in said and "25.0%" in said and "{" not in said


def test_of_people_at_most_two_are_named(monkeypatch):
    found = [Apart("win_rate", "north", f"r{i}", Share(5 + i, 100), Share(50, 200)) for i in range(4)]
    monkeypatch.setattr(rules.standings, "apart", lambda crm, group, rate: found if rate == "win_rate" else [])
    assert [f.values["rep"] for f in rules.apart(sold(1), "rep")] == ["r0", "r1"]


@pytest.mark.parametrize(
    ("tables", "rule"),
    [
        ({"customers": rows("customer_id", "x")}, "performance.nothing"),
        ({"orders": rows("order_id ordered_at amount", "1 2026-10-01 5")}, "performance.nobody"),
        ({"orders": rows("order_id ordered_at amount rep_id", "1 2026-10-01 5 a")}, "performance.calm"),
        ({"orders": rows("order_id ordered_at amount", "1 2026-10-01 5"), "reps": REPS}, "performance.nobody"),
    ],
)
def test_what_is_said_where_there_is_little(tables, rule):
    assert [f.rule for f in rules.findings(Crm.of("2026-10", **tables))] == [rule]


@pytest.mark.parametrize(
    ("ranks", "rule", "part"),
    [
        ([], "performance.rates_few", None),
        ([(1, 1, 1)], "performance.rates_few", None),
        ([(1, 1, 2), (2, 1, 2)], "performance.rates_alike", None),
        ([(1, 1, 1), (2, 2, 2)], "performance.rates_differ", 2),
        ([(1, 1, 3), (2, 1, 2), (3, 2, 3)], "performance.rates_differ", 2),
    ],
)
def test_whether_ranks_can_be_told_apart(ranks, rule, part):
    frame = pd.DataFrame(ranks, columns=["rank", "best_rank", "worst_rank"]).assign(closed_count=40)
    found = headlines.rates_headline(frame, [], "team-rates")
    assert found.rule == rule and found.values.get("part") == part


def test_the_headline_is_the_finding_where_there_is_one():
    finding = told.said("performance.team_wins_below", "warning", "team-rates", team="north")
    assert headlines.rates_headline(pd.DataFrame(), [finding], "team-rates") is finding
    assert (
        headlines.apart_of([finding], "team-rates", "team") == "north"
        and headlines.apart_of([finding], "people-rates", "rep") is None
    )
