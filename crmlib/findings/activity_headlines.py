"""The sentence over each figure of activity, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi
from ..metrics import drops, lives
from ..metrics.tiers import NO_ACTIVITY
from . import Finding, said
from .changes import level


def retention_headline(kpi: Kpi) -> Finding:
    return level(kpi, "activity.retention", "activity.no_start")


def retention_start(history: pd.DataFrame) -> float:
    """Where the axis of retention begins: the highest of these that all its values are above, so that its course can be seen.

    >>> retention_start(pd.DataFrame({"retention_rate": [0.98, 0.93, None]})), retention_start(pd.DataFrame({"retention_rate": [0.4]}))
    (0.9, 0.0)
    """
    least = history.retention_rate.astype(float).min()
    return max((start for start in (0.0, 0.5, 0.8, 0.9) if start < least), default=0.0)


def retention_says(crm: Crm, start: float = 0.0) -> list[Finding]:
    """What lost means here, that the numbers of the table add up, and where the axis begins if not at zero."""
    rule = (
        said("say.lost_by_contract") if lives.contractual(crm) else said("say.lost_after", days=crm.business.inactive_after_days)
    )
    return [rule, said("say.flows"), *[said("say.axis", low_share=start)] * bool(start)]


def active_headline(kpi: Kpi) -> Finding:
    return level(kpi, "activity.active", "activity.no_activity")


def purchases_headline(kpi: Kpi) -> Finding:
    return level(kpi, "activity.purchases", "activity.no_customers")


def kinds_headline(frame: pd.DataFrame) -> Finding:
    """The most frequent channel, and of how many interactions."""
    count = int(frame.interaction_count.sum())
    if not count:
        return said("activity.no_interactions")
    top = frame[frame.interaction_count == frame.interaction_count.max()]
    if len(top) > 1:
        return said("activity.top_kinds", count=len(top), part=int(top.interaction_count.iloc[0]), base=count)
    return said("activity.top_kind", channel=top.channel.iloc[0], part=int(top.interaction_count.iloc[0]), base=count)


def pattern_headline(frame: pd.DataFrame) -> Finding:
    """The busiest time of the week: by the mean of the days of a name, since a month has more Fridays than Mondays."""
    count = int(frame.interaction_count.sum())
    if not count:
        return said("activity.no_own")
    if frame[frame.interaction_count > 0].hours.eq(frame.hours.iloc[0]).all():
        return said("activity.no_hours", base=count)  # every moment lies right after midnight
    top = frame[frame.per_day == frame.per_day.max()]
    if len(top) > 1:
        return said("activity.peaks", count=len(top), base=count)
    row = top.iloc[0]
    return said("activity.peak", weekday=row.weekday, hours=row.hours, part=int(row.interaction_count), base=count)


def pattern_unit(frame: pd.DataFrame) -> str:
    """Whole activities a day where there are many, two decimals where there are few."""
    return "count" if frame.per_day.max() >= 10 else "ratio"


def tiers_headline(frame: pd.DataFrame) -> Finding:
    """How many customers are in the highest tier, and how many were not active at all."""
    count = int(frame.customer_count.sum())
    if not count:
        return said("activity.no_customers")
    none = int(frame.customer_count[frame.tier == NO_ACTIVITY].sum())
    return said("activity.tiers", tier=frame.tier.iloc[0], part=int(frame.customer_count.iloc[0]), base=count, none_count=none)


def tiers_says(frame: pd.DataFrame) -> list[Finding]:
    """The rule: how many active days each tier asks for."""
    return [said("say.tier", tier=r.tier, days=int(r.least_days)) for r in frame.itertuples() if r.tier != NO_ACTIVITY]


def lists_headline(frame: pd.DataFrame) -> Finding:
    return said("activity.lists", count=len(frame)) if len(frame) else said("activity.no_customers")


def warning_headline(crm: Crm) -> Finding:
    """How many customers fell quiet, of those with a past to judge them by."""
    share = drops.activity_drops(crm)
    if not share.base:
        return said("activity.no_pasts")
    return said("activity.fallen_headline" if share.part else "activity.nobody_fell", part=int(share.part), base=int(share.base))


def teams_headline(found: list[Finding], frame: pd.DataFrame) -> Finding:
    """The team that fell clearly, else that none did."""
    for finding in found:
        if finding.evidence == "team-activity":
            return finding
    if frame.empty:
        return said("activity.no_courses")
    return (
        said("activity.teams_steady", count=len(frame))
        if len(frame) > 1
        else said("activity.team_steady", team=frame.team.iloc[0])
    )


def dropped_team(found: list[Finding]) -> str | None:
    return next((f.values["team"] for f in found if f.evidence == "team-activity"), None)


def cohorts_headline(frame: pd.DataFrame, min_base: int) -> Finding:
    """How many bought again right after the month of their first purchase, all cohorts that had the time taken together."""
    next_one = frame[frame.age == 1]
    part, base = int(next_one.active_count.sum()), int(next_one.base.sum())
    if not base:
        return said("activity.no_cohorts")
    if base < min_base:
        return said("activity.cohorts_counts", part=part, base=base)
    return said("activity.cohorts", share=part / base, part=part, base=base, count=len(next_one))


def cohorts_drawn(frame: pd.DataFrame, min_base: int) -> tuple[pd.DataFrame, str]:
    """What a picture of the cohorts shows, and its unit: shares; where every cohort is too small for them, counts."""
    if frame.base.max() >= min_base:
        return frame, "share"
    return frame[["first_purchase", "age", "base", "share", "active_count"]], "count"


def cohorts_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.cohort_rule")] if len(frame) else []


def browsing_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.association")] if frame.base.iloc[0] else []


def browsing_headline(frame: pd.DataFrame, min_base: int) -> Finding:
    """Who browsed bought how often, who did not how often; small bases as counts."""
    browsed, others = frame.iloc[0], frame.iloc[1]
    if not browsed.base:
        return said("activity.no_browsers")
    values = {"part": int(browsed.buyer_count), "base": int(browsed.base)}
    if min(browsed.base, others.base) < min_base:
        return Finding("activity.browsing_counts", values=values)
    return Finding("activity.browsing", values=values | {"share": browsed.share, "others_share": others.share})


def by_team_headline(frame: pd.DataFrame) -> Finding:
    if len(frame) and frame.active_customers.isna().all():
        return said("activity.no_activity")
    return said("activity.by_team", count=int(frame.customer_count.sum()), active_count=int(frame.active_customers.sum()))
