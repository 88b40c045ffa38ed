"""What the comparison of teams and people says: rules with their thresholds, each tested at its edge."""

from datetime import timedelta

from ..crm import ALL, Crm
from ..metrics import standings, team_shares
from ..metrics.deals import NONE_GIVEN
from ..metrics.performance import performance_by
from ..metrics.standings import Apart
from ..schema import UNASSIGNED
from . import Finding, contribution, ordered, said
from .contribution import Moved

MOST_PEOPLE = 2  # of a page's findings about persons: more are a list, and lists are tables
MISSED = 0.9  # of a goal: below it is clearly missed


def findings(crm: Crm, *moved: tuple[Moved, str]) -> list[Finding]:
    """All findings of the performance page, the gravest first; `moved`: what moved a figure, by team and by person, and where it is shown."""
    if not knows_groups(crm):
        return [said("performance.nobody")]
    teams, people = (apart(crm, group) for group in ("team", "rep"))
    led = [f for it, evidence in moved for f in contribution.findings(it, evidence)]
    return ordered([*teams, *people, *shares_moved(crm), *goals_missed(crm), *led], "performance.calm")


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


def goals_missed(crm: Crm) -> list[Finding]:
    """Teams that reached less than nine tenths of their goal for the money of the period, once it is over."""
    frame = performance_by(crm, "team")
    frame = frame[frame.target_attainment.notna()]
    missed = frame[frame.target_attainment < MISSED - 1e-9].sort_values(["target_attainment", "team"])
    if missed.empty or crm.as_of.date() < crm.end - timedelta(days=1):
        return []
    values = {
        "team": missed.team.iloc[0],
        "attained_share": missed.target_attainment.iloc[0],
        "target_amount": missed.target_amount.iloc[0],
    }
    if crm.team != ALL:
        return [Finding("performance.goal_missed", "warning", values, "beside")]
    counts = {"count": len(missed), "base": len(frame)}
    return [
        Finding(
            "performance.goals_missed" if len(missed) > 1 else "performance.team_goal_missed", "warning", values | counts, "teams"
        )
    ]
