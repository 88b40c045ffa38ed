"""The sentence over each figure, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi, Share, interval
from ..metrics import cohorts, funnel, waiting
from ..metrics.deals import NONE_GIVEN, no_group
from . import Finding, said
from .changes import level
from .funnel import lowest


def stages_headline(crm: Crm, found: list[Finding]) -> Finding:
    """What the stages figure shows: the bottleneck, else the lowest step, else how many deals there are."""
    for finding in (*found, *lowest(crm)):
        if finding.evidence == "stages":
            return finding
    cohort = cohorts.headline_cohort(crm)
    return said("funnel.few_deals", count=int(funnel.stages(crm, cohort)["count"].iloc[0]))


def win_rate_headline(kpi: Kpi) -> Finding:
    """The win rate beside the period before; whether the change is clear. On a small base the counts alone."""
    return level(kpi, "funnel.win_rate", "funnel.nothing_closed")


def waiting_headline(table: pd.DataFrame, found: list[Finding]) -> Finding:
    """The stage that became slower, else the one where deals wait longest."""
    for finding in found:
        if finding.rule == "funnel.slower":
            return finding
    longest = _first(table.dropna(subset=["median_days"]), "median_days")
    if longest.empty:
        return said("funnel.waits_unknown")
    if len(longest) > 1:
        return said("funnel.longest_waits", count=len(longest), days=longest.median_days.iloc[0])
    return said(
        "funnel.longest_wait", stage=longest.stage.iloc[0], days=longest.median_days.iloc[0], base=int(longest.stays.iloc[0])
    )


def reasons_headline(table: pd.DataFrame) -> Finding:
    """The most frequent reason for losing, and of how many."""
    lost = int(table.lost_count.sum())
    top = _first(table[(table.reason != NONE_GIVEN) & (table.lost_count > 0)], "lost_count")
    if top.empty:
        return said("funnel.no_reasons", count=lost) if lost else said("funnel.nothing_lost")
    if len(top) > 1:
        return said("funnel.top_reasons", count=len(top), part=int(top.lost_count.iloc[0]), base=lost)
    return said("funnel.top_reason", reason=top.reason.iloc[0], part=int(top.lost_count.iloc[0]), base=lost)


def groups_headline(frame: pd.DataFrame, group: str) -> Finding:
    """Who won the largest amount (or, where deals carry none, the most deals)."""
    won = int(frame.won_count.sum())
    if not won:
        return said("funnel.nothing_won")
    column = "won_amount" if (frame.won_amount > 0).any() else "won_count"
    top = _first(frame[(frame[group] != no_group(group)) & (frame[column] > 0)], column)
    if top.empty:
        return said("funnel.won_unnamed", count=won)
    if len(top) > 1:
        return said("funnel.top_alike", count=len(top), base=won)
    row, who = top.iloc[0], {group: top.iloc[0][group]}
    if column == "won_count":
        return said(f"funnel.most_{group}", part=int(row.won_count), base=won, **who)
    return said(f"funnel.top_{group}", amount=float(row.won_amount), total_amount=float(frame.won_amount.sum()), **who)


def _first(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows with the largest value of a column: several, where they are alike."""
    return table[table[column] == table[column].max()]


def follow_up_headline(crm: Crm) -> Finding:
    """How many deals are open, and how many of them stuck (where stages are dated: else nobody knows)."""
    table = waiting.open_deals(crm)
    if table.empty:
        return said("funnel.no_open")
    if not crm.has("stage_changes"):
        return said("funnel.open_alone", count=len(table))
    return said("funnel.open", count=len(table), stuck_count=int(table.stuck.sum()))


def cohorts_headline(frame: pd.DataFrame) -> Finding:
    """What became of the newest ripe cohort with deals (or, without one, of the oldest shown)."""
    if frame.empty:
        return said("funnel.few_deals", count=0)
    ripe = frame[frame.ripe & (frame.lead_count > 0)]
    row = ripe.iloc[-1] if len(ripe) else frame.iloc[0]
    return said("funnel.cohorts", period=row.period, part=int(row.won_count), base=int(row.lead_count))


def stages_says(crm: Crm, headline: Finding) -> list[Finding]:
    """How sure the named step is, what it is compared with, and why this cohort."""
    values, least = headline.values, crm.business.min_base
    says = []
    if values.get("base"):
        low, high = interval(Share(values["part"], values["base"]))
        says.append(said("say.interval", part=values["part"], base=values["base"], low_share=low, high_share=high))
    if min(values.get("others_base", 0), values.get("before_base", 0)) >= least:
        says.append(Finding("say.others", values=values))
    return says + [said("say.matured")] * (cohorts.headline_cohort(crm).kind == "matured")


def win_rate_says(kpi: Kpi, crm: Crm) -> list[Finding]:
    change = kpi.change()
    says = [said("say.win_rate", part=kpi.part, base=kpi.base, period=crm.period)] if kpi.base else []
    return says + [said("say.steady")] * (change is not None and change.why == "usual_range")


def reasons_says(table: pd.DataFrame) -> list[Finding]:
    given = int(table.lost_count[table.reason != NONE_GIVEN].sum())
    return [said("say.reasons", part=given, base=int(table.lost_count.sum()))] if len(table) else []


def bottleneck_stage(crm: Crm, found: list[Finding]) -> str | None:
    """The stage from which this view's deals do not go on, to be marked (a team's own is none of the company's)."""
    return next((f.values["stage"] for f in found if f.severity == "problem" and f.evidence == "stages"), None)


def slower_stage(found: list[Finding]) -> str | None:
    return next((f.values["stage"] for f in found if f.rule == "funnel.slower"), None)


def grown_reason(found: list[Finding]) -> str | None:
    return next((f.values["reason"] for f in found if f.rule == "funnel.loss_reason"), None)


def calls_headline(calls: pd.DataFrame) -> Finding:
    return said("funnel.follow_up", count=len(calls)) if len(calls) else said("funnel.no_open")
