"""What the funnel's numbers say: rules with their thresholds, each tested at its edge."""

from typing import Any

from ..crm import ALL, Crm
from ..kpi import Kpi, Share, difference
from ..metrics import closing, cohorts, funnel, steps, waiting
from ..metrics.deals import NONE_GIVEN
from ..periods import year_earlier
from . import Finding, ordered, said
from .changes import changed

STUCK_AT_LEAST = 5  # fewer stuck deals are a matter for their owner, not for a page
SLOWER_BY = 1.5  # a stage is slower if its median wait grew by half …
SLOWER_DAYS = 3  # … and by three days


def findings(crm: Crm, kpis: list[Kpi]) -> list[Finding]:
    """All findings of the funnel page, the gravest first."""
    if not crm.rows("opportunities"):
        return [said("funnel.no_deals")]
    by_name = {k.name: k for k in kpis if k.dimension is None}
    found = [
        *bottleneck(crm), *changed(by_name.get("win_rate"), "funnel.win_rate", "win-rate", "problem"), *loss_reason(crm), *slower(crm), *stuck(crm),
        *changed(by_name.get("lead_count"), "funnel.lead_count", "by-source"), *best_source(crm),
    ]  # fmt: skip
    if not any(f.rule.startswith("funnel.bottleneck") for f in found):
        found += lowest(crm)
    return ordered(found, "funnel.quiet")


def bottleneck(crm: Crm) -> list[Finding]:
    """Steps clearly below the team's own year before and the other teams, where there are any (metrics.steps.bottlenecks)."""
    rule, evidence = ("funnel.bottleneck_in_team", "by-team") if crm.team == ALL else ("funnel.bottleneck", "stages")
    return [_step(rule if step.others else f"{rule}_alone", "problem", step, evidence) for step in steps.bottlenecks(crm)]


def lowest(crm: Crm) -> list[Finding]:
    """The lowest step is only named: low may be quite normal here."""
    step = steps.lowest_step(crm)
    return [] if step is None else [_step("funnel.lowest_step", "info", step, "stages")]


def _step(rule: str, severity: str, step: steps.Step, evidence: str) -> Finding:
    values: dict[str, Any] = {"team": step.team, "stage": step.stage, "next_stage": step.next_stage}
    values |= {"share": step.now.value, "part": step.now.part, "base": step.now.base}
    for name, rival in (("before", step.before), ("others", step.others)):
        if rival is not None and rival.base:
            values |= {f"{name}_share": rival.value, f"{name}_base": rival.base}
    return Finding(rule, severity, values, evidence)


def loss_reason(crm: Crm) -> list[Finding]:
    """The reason for losing whose share grew clearly on the twelve months before (99 %, both bases sufficient)."""
    now = closing.lost_reasons(crm)
    before = closing.lost_reasons(crm, year_earlier(crm.period.start), crm.period.start)
    n, m = int(now.lost_count.sum()), int(before.lost_count.sum())
    if min(n, m) < crm.business.min_base:
        return []
    then = dict(zip(before.reason, before.lost_count, strict=True))
    grown = [
        said("funnel.loss_reason", "warning", "reasons", reason=r.reason, share=r.lost_count / n, part=int(r.lost_count), base=n,
             before_share=then.get(r.reason, 0) / m, before_base=m)
        for r in now.itertuples()
        if r.reason != NONE_GIVEN and difference(Share(r.lost_count, n), Share(then.get(r.reason, 0), m))[0] > 0
    ]  # fmt: skip
    return sorted(grown, key=lambda f: f.values["before_share"] - f.values["share"])[:1]


def slower(crm: Crm) -> list[Finding]:
    """The stage whose median wait grew the most: by at least half and three days, on sufficient stays now and before."""
    if not crm.has("stage_changes"):
        return []
    table, before = waiting.time_in_stage(crm), stays_before(crm)
    enough = (table.stays >= crm.business.min_base) & (table.stage.map(before).fillna(0) >= crm.business.min_base)
    table = table.assign(grown=table.median_days - table.median_before_days)
    table = table[enough & (table.median_days >= SLOWER_BY * table.median_before_days) & (table.grown >= SLOWER_DAYS)]
    table = table.sort_values("grown", ascending=False, kind="stable")
    return [
        said("funnel.slower", "warning", "time-in-stage", stage=r.stage, days=r.median_days, before_days=r.median_before_days,
             base=int(r.stays), before_base=before[r.stage])
        for r in table.head(1).itertuples()
    ]  # fmt: skip


def stays_before(crm: Crm) -> dict[str, int]:
    """How many stays began in each stage in the twelve months that `waiting.time_in_stage` compares with."""
    start = waiting.waiting_window(crm)[0]
    return {stage: int(n) for stage, n in waiting.lengths(crm, year_earlier(start), start).groupby("stage").n.sum().items()}


def stuck(crm: Crm) -> list[Finding]:
    """Open deals that have waited longer than nine in ten of the last twelve months' deals, from five on."""
    table = waiting.open_deals(crm)
    waits = table[table.stuck]
    if len(waits) < STUCK_AT_LEAST:
        return []
    counted = waits.stage.value_counts().sort_index()
    values = {"count": len(waits), "base": len(table), "stage": counted.idxmax(), "stage_count": int(counted.max())}
    if waits.amount.notna().any():
        values |= {"amount": float(waits.amount.sum())}
    rule = "funnel.stuck" if "amount" in values else "funnel.stuck_without_amount"
    return [Finding(rule, "warning", values, "follow-up")]


def best_source(crm: Crm) -> list[Finding]:
    """The source from which clearly more deals are won than from all others together (99 %, both bases sufficient)."""
    frame = funnel.stages_by(crm, "source", cohorts.headline_cohort(crm))
    first, last = crm.business.stages[0], crm.business.stages[-1]
    base = frame[frame.stage == first].set_index("source")["count"]
    won = frame[frame.stage == last].set_index("source")["count"]
    least, found = crm.business.min_base, []
    for source in base.index.drop(NONE_GIVEN, errors="ignore"):
        one = Share(won[source], base[source])
        rest = Share(won.sum() - won[source], base.sum() - base[source])
        if min(one.base, rest.base) >= least and difference(one, rest)[0] > 0:
            found.append(said("funnel.best_source", "opportunity", "by-source", source=source, share=one.value, part=int(one.part),
                              base=int(one.base), others_share=rest.value))  # fmt: skip
    return sorted(found, key=lambda f: -f.values["share"])[:1]
