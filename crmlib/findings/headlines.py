"""The sentence over each figure, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from .. import fmt, texts
from ..crm import Crm
from ..kpi import Kpi, Share, interval
from ..metrics import cohorts, funnel, waiting
from ..metrics.deals import NONE_GIVEN, no_group
from . import Finding, said


def stages_headline(crm: Crm, found: list[Finding]) -> Finding:
    """What the stages figure shows: the bottleneck, else the lowest step, else how many deals there are."""
    for finding in found:
        if finding.evidence == "stages":
            return finding
    cohort = cohorts.headline_cohort(crm)
    return said("funnel.few_deals", count=int(funnel.stages(crm, cohort)["count"].iloc[0]))


def win_rate_headline(kpi: Kpi) -> Finding:
    """The win rate beside the period before; whether the change is clear."""
    if kpi.value is None:
        return said("funnel.nothing_closed")
    change = kpi.change()
    if change is None:
        return said("funnel.win_rate_alone", share=kpi.value, part=kpi.part, base=kpi.base)
    if not change.clear:
        return said("funnel.win_rate_steady", share=kpi.value, before_share=kpi.previous, part=kpi.part, base=kpi.base)
    rose = change.delta > 0  # type: ignore[operator]
    return said(
        f"funnel.win_rate_{'up' if rose else 'down'}",
        share=kpi.value,
        before_share=kpi.previous,
        delta=abs(change.delta or 0),
    )


def waiting_headline(table: pd.DataFrame, found: list[Finding]) -> Finding:
    """The stage that became slower, else the one where deals wait longest."""
    for finding in found:
        if finding.rule == "funnel.slower":
            return finding
    known = table.dropna(subset=["median_days"])
    if known.empty:
        return said("funnel.waits_unknown")
    longest = known.sort_values(["median_days", "stage"], ascending=[False, True]).iloc[0]
    return said("funnel.longest_wait", stage=longest.stage, days=longest.median_days, base=int(longest.stays))


def reasons_headline(table: pd.DataFrame) -> Finding:
    """The most frequent reason for losing, and of how many."""
    given = table[table.reason != NONE_GIVEN]
    lost = int(table.lost_count.sum())
    if given.empty:
        return said("funnel.no_reasons", count=lost)
    top = given.iloc[0]
    return said("funnel.top_reason", reason=top.reason, part=int(top.lost_count), base=lost)


def groups_headline(frame: pd.DataFrame, group: str) -> Finding:
    """Who won the largest amount."""
    named = frame[(frame[group] != no_group(group)) & (frame.won_amount > 0)]
    if named.empty:
        return said("funnel.nothing_won")
    top = named.iloc[0]
    return said(
        f"funnel.top_{group}",
        amount=float(top.won_amount),
        total_amount=float(frame.won_amount.sum()),
        **{group: top[group]},
    )


def follow_up_headline(crm: Crm) -> Finding:
    """How many deals are open, and how many of them stuck."""
    table = waiting.open_deals(crm)
    return said("funnel.open", count=len(table), stuck_count=int(table.stuck.sum())) if len(table) else said("funnel.no_open")


def cohorts_headline(frame: pd.DataFrame) -> Finding:
    """What became of the newest ripe cohort (or, without one, of the oldest shown)."""
    if frame.empty:
        return said("funnel.few_deals", count=0)
    ripe = frame[frame.ripe]
    row = ripe.iloc[-1] if len(ripe) else frame.iloc[0]
    return said("funnel.cohorts", period=row.period, part=int(row.won_count), base=int(row.lead_count))


def stages_says(crm: Crm, headline: Finding) -> list[Finding]:
    """How sure the named step is, what it is compared with, and why this cohort."""
    says = []
    if "part" in headline.values and headline.values["base"]:
        low, high = interval(Share(headline.values["part"], headline.values["base"]))
        says.append(
            said(
                "say.interval",
                part=headline.values["part"],
                base=headline.values["base"],
                low_share=low,
                high_share=high,
            )
        )
    if {"others_share", "before_share"} <= set(headline.values):
        says.append(Finding("say.others", values=headline.values))
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
    return next((f.values["stage"] for f in found if f.rule == "funnel.bottleneck"), None)


def slower_stage(found: list[Finding]) -> str | None:
    return next((f.values["stage"] for f in found if f.rule == "funnel.slower"), None)


def grown_reason(found: list[Finding]) -> str | None:
    return next((f.values["reason"] for f in found if f.rule == "funnel.loss_reason"), None)


def span(history: pd.DataFrame):
    """The periods of a history in words: from the first to the last."""
    return lambda g: texts.say(
        "page.window",
        g,
        start=fmt.period(history.period.iloc[0], g),
        end=fmt.period(history.period.iloc[-1], g),
    )


def calls_headline(calls: pd.DataFrame) -> Finding:
    return said("funnel.follow_up", count=len(calls)) if len(calls) else said("funnel.no_open")
