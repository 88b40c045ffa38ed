"""What the comparison of teams and people says: rules with their thresholds, each tested at its edge."""

import pandas as pd

from ..crm import ALL, Crm
from ..goals import target
from ..metrics import standings, team_shares
from ..metrics.deals import NONE_GIVEN
from ..metrics.efficiency import money
from ..metrics.performance import money_of, performance_by
from ..metrics.standings import Apart
from ..schema import UNASSIGNED
from . import Finding, contribution, ordered, said
from .contribution import Moved

MOST_PEOPLE = 2  # of a page's findings about persons: more are a list, and lists are tables
MISSED = 0.9  # of a goal: below it is clearly missed


def findings(crm: Crm, *moved: tuple[Moved, str]) -> list[Finding]:
    """All findings of the performance page, the gravest first; `moved`: what moved a figure, by team and by person, and where it is shown."""
    if not crm.has("orders") and not crm.has("opportunities"):
        return [said("performance.nothing")]
    if not knows_groups(crm):
        return [said("performance.nobody")]
    teams, people = (apart(crm, group) for group in ("team", "rep"))
    led = [f for it, evidence in moved for f in contribution.findings(it, evidence)]
    return ordered([*teams, *people, *shares_moved(crm), *goals(crm), *led], "performance.calm")


def knows_groups(crm: Crm) -> bool:
    """Whether anything of the period belongs to a team or a person: else there is nobody to compare."""
    return bool((performance_by(crm, "team").team != UNASSIGNED).any() or (performance_by(crm, "rep").rep_id != NONE_GIVEN).any())


# ------------------------------------------------------------------------------------------------ rates


def apart(crm: Crm, group: str) -> list[Finding]:
    """Teams and persons whose win rate or satisfaction is clearly not that of the others (metrics.standings.apart)."""
    found = [a for rate in standings.RATES for a in standings.apart(crm, group, rate)]
    found = sorted(found, key=lambda a: (a.delta, a.team, a.rep or ""))
    return [_apart(crm, a) for a in (found[:MOST_PEOPLE] if group == "rep" else found)]


# by what is measured and whom the sentence is about; `_below` or `_above` is added
_RULES = {
    ("win_rate", "team"): "performance.team_wins", ("win_rate", "own"): "performance.wins", ("win_rate", "rep"): "performance.rep_wins",
    ("csat_top_box", "team"): "performance.team_pleases", ("csat_top_box", "own"): "performance.pleases",
    ("csat_top_box", "rep"): "performance.rep_pleases",
}  # fmt: skip


def _apart(crm: Crm, it: Apart) -> Finding:
    whom = "rep" if it.rep else "team" if crm.team == ALL else "own"
    rule, below = _RULES[it.rate, whom], it.delta < 0
    values = {"team": it.team, "share": it.now.value, "part": int(it.now.part), "base": int(it.now.base),
              "others_share": it.others.value, "others_base": int(it.others.base)}  # fmt: skip
    names = {"rep": it.rep} if it.rep else {}
    evidence = _EVIDENCE[it.rate, bool(it.rep), crm.team == ALL]
    return Finding(f"{rule}_{'below' if below else 'above'}", "warning" if below else "opportunity", names | values, evidence)


# where the numbers stand: by what is measured, whether it is about a person, whether it is the company's page
_EVIDENCE = {
    ("win_rate", False, True): "team-rates", ("win_rate", False, False): "beside", ("csat_top_box", False, True): "team-results",
    ("csat_top_box", False, False): "beside", **{("win_rate", True, page): "people-rates" for page in (True, False)},
    **{("csat_top_box", True, page): "people-results" for page in (True, False)},
}  # fmt: skip


# ------------------------------------------------------------------------------------------------ money


def shares_moved(crm: Crm) -> list[Finding]:
    """Teams whose revenue moved clearly against the other teams' (metrics.team_shares), by a tenth at least."""
    return [_moved(crm, course) for course in team_shares.courses(crm) if course.clear]


def _moved(crm: Crm, course: team_shares.Course) -> Finding:
    whose, way = "team" if crm.team == ALL else "own", "fell" if course.change < 0 else "rose"
    ends = sorted(abs(end) for end in (course.low, course.high))
    values = {"team": course.team, "amount": course.amount, "before_amount": course.usual, "change_share": abs(course.change),
              "low_share": ends[0], "high_share": ends[1], "count": course.periods}  # fmt: skip
    return Finding(f"performance.{whose}_share_{way}", "warning" if way == "fell" else "opportunity", values, "teams" if crm.team == ALL else "course")  # fmt: skip


def goals(crm: Crm) -> list[Finding]:
    """The view's own goal for the money of the period, and on the company's page the teams that are far from theirs.

    Far: less than nine tenths of the goal; within the period, of what it asks for by now (every day alike).
    """
    frame = performance_by(crm, "team") if crm.team == ALL else None
    return [*own_goal(crm), *(teams_short(frame, float(crm.period.gone)) if frame is not None else [])]


def own_goal(crm: Crm) -> list[Finding]:
    """Whether the view's own goal is reached, or clearly missed; what lies between, the card says."""
    goal, amount, gone = target(money_of(crm), crm), money(crm), float(crm.period.gone)
    if goal is None or goal <= 0:
        return []
    values = {"team": crm.team, "attained_share": amount / goal, "target_amount": goal}
    values |= {"due_share": gone} if gone < 1 else {}
    if amount >= goal * gone:
        return [Finding("performance.on_pace" if gone < 1 else "performance.goal_reached", "info", values, "course")]
    if amount >= goal * gone * MISSED - 1e-9:
        return []
    whose = "company_" if crm.team == ALL else ""
    return [Finding(f"performance.{whose}{'behind_pace' if gone < 1 else 'goal_missed'}", "warning", values, "course")]


def teams_short(frame: pd.DataFrame, gone: float) -> list[Finding]:
    """The teams that are far from their goals, and the one that is the furthest."""
    frame = frame[frame.target_attainment.notna()]
    short = frame[frame.target_attainment < MISSED * gone - 1e-9].sort_values(["target_attainment", "team"])
    if short.empty:
        return []
    first = short.iloc[0]
    values = {"team": first.team, "attained_share": first.target_attainment, "target_amount": first.target_amount}
    values |= {"count": len(short), "base": len(frame)} | ({"due_share": gone} if gone < 1 else {})
    rule = {
        (True, True): "goals_missed",
        (False, True): "team_goal_missed",
        (True, False): "teams_behind",
        (False, False): "team_behind",
    }
    return [Finding(f"performance.{rule[len(short) > 1, gone >= 1]}", "warning", values, "teams")]
