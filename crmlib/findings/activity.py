"""What the numbers of activity say: rules with their thresholds, each tested at its edge."""

from typing import Any

from ..crm import ALL, Crm
from ..kpi import Kpi, Share, difference, interval
from ..metrics import drops, purchases, team_activity, tiers
from ..metrics.states import tally
from . import Finding, ordered, said
from .changes import changed

FALLEN_AT_LEAST = 5  # fewer customers who fell quiet are a matter for whoever looks after them, not for a page
MOST_OF_MOVES = 0.55  # of many thousands a few more are clear, and no news


def findings(crm: Crm, kpis: list[Kpi]) -> list[Finding]:
    """All findings of the activity page, the gravest first."""
    if not tally(crm)["ever"]:
        return [said("activity.no_customers")]
    by_name = {k.name: k for k in kpis if k.dimension is None}
    found = [
        *teams_dropped(crm), *changed(by_name.get("retention_rate"), "activity.retention", "retention", "problem"), *fallen(crm),
        *changed(by_name.get("active_customers"), "activity.active", "active"), *tiers_moved(crm),
        *changed(by_name.get("purchase_count"), "activity.purchases", "purchases"), *browsers(crm),
    ]  # fmt: skip
    return ordered(found, "activity.calm")


# by whether it is the company's page, and whether all of the day fell, one of its bands is known as the worst, or a band alone fell
_DROPPED = {
    (True, "all"): "activity.team_dropped", (True, "untimed"): "activity.team_dropped_at_any_time", (True, "band"): "activity.team_dropped_at_hours",
    (False, "all"): "activity.dropped", (False, "untimed"): "activity.dropped_at_any_time", (False, "band"): "activity.dropped_at_hours",
}  # fmt: skip


def teams_dropped(crm: Crm) -> list[Finding]:
    """Teams whose customers became clearly less active than before, against the other teams' course (metrics.team_activity)."""
    return [_dropped(crm.team == ALL, course) for course in team_activity.courses(crm) if course.dropped]


def _dropped(company: bool, course: team_activity.Course) -> Finding:
    whole, hours = course.whole, course.hours
    kind = "untimed" if hours is None else "all" if whole.lost(team_activity.AT_LEAST_LESS) else "band"
    values: dict[str, Any] = {"team": course.team}
    if hours is not None:
        values |= {"hours": hours, "hours_share": -course.bands[hours].change}
    said_of = course.bands[hours] if kind == "band" and hours is not None else whole
    values |= {"fall_share": -whole.change, "count": said_of.count, "before_count": said_of.usual}
    values |= {"low_share": -said_of.high, "high_share": -said_of.low}
    return Finding(_DROPPED[company, kind], "problem", values, "team-activity")


def fallen(crm: Crm) -> list[Finding]:
    """Customers who fell quiet, from five on: a warning where they are clearly more than chance alone would give (99 %)."""
    share = drops.activity_drops(crm)
    if share.part < FALLEN_AT_LEAST:
        return []
    clear = interval(share)[0] > drops.IMPROBABLE
    rule, severity = ("activity.fallen", "warning") if clear else ("activity.fallen_as_chance", "info")
    evidence = "by-team" if crm.team == ALL else "early-warning"  # lists with names are on the teams' pages
    return [said(rule, severity, evidence, part=int(share.part), base=int(share.base), chance_share=drops.IMPROBABLE)]


def tiers_moved(crm: Crm) -> list[Finding]:
    """More customers moved down a tier than up, or up than down: clearly not half and half (99 %, on a sufficient base), and 55 %."""
    table = tiers.activity_tiers(crm)
    up, down = int(table.up_count.sum()), int(table.down_count.sum())
    if up + down < crm.business.min_base:
        return []
    moved = Share(max(up, down), up + down)
    if interval(moved)[0] <= 0.5 or (moved.value or 0) < MOST_OF_MOVES:
        return []
    rule, severity = ("activity.tiers_down", "warning") if down > up else ("activity.tiers_up", "opportunity")
    return [said(rule, severity, "tiers", up_count=up, down_count=down)]


def browsers(crm: Crm) -> list[Finding]:
    """Customers who browsed bought clearly more often than those who did not (99 %, both bases sufficient)."""
    browsed, others = purchases.browse_to_buy(crm), Share(tally(crm)["others_bought"], tally(crm)["others"])
    if (
        not isinstance(browsed, Share)
        or min(browsed.base, others.base) < crm.business.min_base
        or difference(browsed, others)[0] <= 0
    ):
        return []
    return [said("activity.browsers_buy", "opportunity", "browsing", share=browsed.value, part=int(browsed.part), base=int(browsed.base),
                 others_share=others.value, others_base=int(others.base))]  # fmt: skip
