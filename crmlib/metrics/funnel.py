"""The sales funnel: how many deals reached each stage, where they do not go on."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Share, difference, measured
from ..measures import count_if, quantile
from ..periods import year_earlier
from ..schema import UNASSIGNED
from .deals import GROUPS, closed, created, deals, named, no_group, which

STAGE_COLUMNS = [
    "stage",
    "count",
    "conversion_from_previous",
    "conversion_to_next",
    "cumulative_conversion",
    "stage_loss_rate",
]


@dataclass(frozen=True)
class Cohort:
    """Deals created from `start` until before `end`; `ripe` if nine in ten had time to close by the period's end."""

    start: date
    end: date
    ripe: bool
    p90_days: int | None
    kind: str = "period"  # period, matured, or before

    @property
    def table(self) -> str:
        """The name of its table of stages."""
        return "stages_matured" if self.kind == "matured" else "stages"


def cycle_p90_days(crm: Crm) -> int | None:
    """One long cycle: whole days within which nine in ten deals won in the last twelve months were closed; None without any."""
    table = closed(crm, year_earlier(crm.end), crm.end)
    value = quantile(table.cycle_days, 0.9, where=table.is_won).execute()
    return None if pd.isna(value) else math.ceil(value)


def period_cohort(crm: Crm) -> Cohort:
    """The deals created in the period: ripe where one long cycle is no longer than the period."""
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    length = (crm.period.end - crm.period.start).days
    return Cohort(crm.period.start, crm.period.end, p90 is None or p90 <= length, p90)


def matured_cohort(crm: Crm) -> Cohort | None:
    """The deals created in the year that ended one long cycle before the period's end; None where no cycle is known."""
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    if p90 is None:
        return None
    end = crm.end - timedelta(days=p90)
    return Cohort(year_earlier(end), end, True, p90, "matured")


def headline_cohort(crm: Crm) -> Cohort:
    """The cohort that headline and bottleneck use: the period's own where it is ripe, else the matured one."""
    own = period_cohort(crm)
    return own if own.ripe else matured_cohort(crm) or own


def other_cohort(crm: Crm) -> Cohort | None:
    """Of the period's own and the matured cohort the one that is not the headline's."""
    return period_cohort(crm) if headline_cohort(crm).kind == "matured" else matured_cohort(crm)


def windows(crm: Crm) -> pd.DataFrame:
    """The cohorts used. → frame: cohort (name of its table), start, end (half-open), cycle_p90 (days), ripe"""
    used = [c for c in (period_cohort(crm), matured_cohort(crm)) if c]
    return pd.DataFrame([{"cohort": c.table, "start": c.start, "end": c.end, "cycle_p90": c.p90_days, "ripe": c.ripe} for c in used])


@measured("share", "up")
def cumulative_conversion(crm: Crm) -> Share:
    """Deals won as a share of the deals created, of the cohort that headlines use (metrics.funnel.headline_cohort).

    Needs opportunities: created_at, closed_at, is_won. → Share: part = reached the last stage, base = created
    """
    frame = stages(crm, headline_cohort(crm))
    return Share(int(frame["count"].iloc[-1]), int(frame["count"].iloc[0]))


def year_before(cohort: Cohort) -> Cohort:
    """The twelve months before a cohort began: what it is measured against."""
    return Cohort(year_earlier(cohort.start), cohort.start, True, cohort.p90_days, "before")


def stages(crm: Crm, cohort: Cohort | None = None) -> pd.DataFrame:
    """How many deals of a cohort (default: created in the period) had reached each stage, or a later one, by the period's end.

    Needs opportunities: created_at; stage_changes, or stage.
    → frame: stage, count, conversion_from_previous, conversion_to_next, cumulative_conversion, stage_loss_rate (0..1); in
      the order of business.stages. conversion_to_next of the last stage is 1, its loss 0; a zero base gives NaN.
    Every deal created has reached the first stage; a deal won has reached the last.

    >>> from crmlib.crm import rows
    >>> crm = Crm.of(period="2026-10", business={"stages": ["lead", "won"]},
    ...     opportunities=rows("opportunity_id created_at stage", "a 2026-10-01 lead", "b 2026-10-02 lead"),
    ...     stage_changes=rows("opportunity_id stage entered_at", "a won 2026-10-09"))
    >>> stages(crm)[["stage", "count", "conversion_to_next"]].values.tolist()
    [['lead', 2, 0.5], ['won', 1, 1.0]]
    """
    cohort = cohort or period_cohort(crm)
    reached = crm.once(f"reached {cohort.start} {cohort.end}", lambda: _reached(crm, cohort, None))
    return converted(list(crm.business.stages), [int(v) for v in reached.iloc[0]])


def stages_by(crm: Crm, group: str, cohort: Cohort | None = None) -> pd.DataFrame:
    """The stages for each team, rep, source or product. → frame: <group> and the columns of `stages`; groups by name."""
    cohort = cohort or period_cohort(crm)
    reached = _reached(crm, cohort, group)
    reached[group] = named(crm, group, reached[group])
    reached = reached.sort_values(group)
    names = list(crm.business.stages)
    frames = [
        converted(names, [int(row[f"s{i}"]) for i in range(len(names))]).assign(**{group: row[group]})
        for _, row in reached.iterrows()
    ]
    empty = pd.DataFrame(columns=[group, *STAGE_COLUMNS])
    return pd.concat(frames, ignore_index=True)[[group, *STAGE_COLUMNS]] if frames else empty


def _reached(crm: Crm, cohort: Cohort, group: str | None) -> pd.DataFrame:
    """Deals of a cohort that reached stage i or a later one: columns s0, s1 …, one row (or one a group)."""
    table = created(crm, cohort.start, cohort.end)
    counts = {f"s{i}": count_if(table.reached >= i) for i in range(len(crm.business.stages))}
    if group is None:
        return table.aggregate(**counts).execute()
    return table.group_by(**{group: ibis.coalesce(table[GROUPS[group]], no_group(group))}).aggregate(**counts).execute()


def converted(names: list[str], counts: list[int]) -> pd.DataFrame:
    """Counts a stage → both conversion conventions, the cumulative one and the loss.

    >>> converted(["线索", "潜在客户", "商机", "成交"], [100, 20, 2, 1]).stage_loss_rate.tolist()
    [0.8, 0.9, 0.5, 0.0]
    """
    frame = pd.DataFrame({"stage": names, "count": counts})
    base = frame["count"].astype(float).where(frame["count"] > 0)
    frame["conversion_from_previous"] = frame["count"] / base.shift(1)
    to_next = frame["count"].shift(-1) / base
    to_next.iloc[-1] = 1.0 if counts[-1] else math.nan
    frame["conversion_to_next"] = to_next
    frame["cumulative_conversion"] = frame["count"] / base.iloc[0]
    frame["stage_loss_rate"] = (1 - to_next).round(12)
    return frame[STAGE_COLUMNS]


def stage_views(crm: Crm, cohort: Cohort | None = None) -> pd.DataFrame:
    """Two other readings of the same cohort, from the recorded stage entries by the period's end.

    Needs opportunities: created_at; stage_changes.
    → frame: stage, reached (it or a later one), through_all (it and every stage before it), any_stage (it, by whatever way)
    The first stage counts as entered by creation, the last by winning.
    """
    cohort = cohort or period_cohort(crm)
    names = list(crm.business.stages)
    table = created(crm, cohort.start, cohort.end)
    entries = crm.stage_changes
    seen = entries.group_by("opportunity_id").aggregate(**{f"e{i}": (entries.stage == s).any() for i, s in enumerate(names)})
    joined = table.left_join(seen, "opportunity_id")
    entered = [joined[f"e{i}"].fill_null(False) for i in range(len(names))]
    entered[0], entered[-1] = (
        ibis.literal(True) | entered[0],
        entered[-1] | (joined.reached >= len(names) - 1),
    )
    through, counts = ibis.literal(True), {}
    for i, here in enumerate(entered):
        through = through & here
        counts |= {
            f"r{i}": count_if(joined.reached >= i),
            f"t{i}": count_if(through),
            f"a{i}": count_if(here),
        }
    row = joined.aggregate(**counts).execute().iloc[0]
    return pd.DataFrame(
        {
            "stage": s,
            "reached": int(row[f"r{i}"]),
            "through_all": int(row[f"t{i}"]),
            "any_stage": int(row[f"a{i}"]),
        }
        for i, s in enumerate(names)
    )


@dataclass(frozen=True)
class Step:
    """The step from one stage to the next, for a cohort, its year before and the other teams' same cohort."""

    team: str
    stage: str
    next_stage: str
    now: Share
    before: Share
    others: Share | None

    def low(self, min_base: int) -> bool:
        """Whether it is clearly below both comparisons: 99 % intervals of the differences, on sufficient bases."""
        rivals = [self.before] + [self.others] * (self.others is not None)
        if any(s.base < min_base for s in (self.now, *rivals)):
            return False
        return all(difference(self.now, r)[1] < 0 for r in rivals)


def steps(crm: Crm, team: str | None = None) -> list[Step]:
    """Each step of the headline cohort beside its own year before and the other teams' pooled same cohort.

    `team`: one team seen from the whole company's view (default: the view itself, which for `all` has no others).
    """
    cohort = headline_cohort(crm)
    company = _counts_by_team(crm.company, cohort)
    earlier = _counts_by_team(crm.company, year_before(cohort))
    name = team or crm.team
    mine, before = _pick(company, name), _pick(earlier, name)
    rest = None if name == ALL else company[(company.team != name) & (company.team != UNASSIGNED)].drop(columns="team").sum()
    names = crm.business.stages
    return [
        Step(
            name,
            names[i],
            names[i + 1],
            _step(mine, i),
            _step(before, i),
            None if rest is None or not rest["s0"] else _step(rest, i),
        )
        for i in range(len(names) - 1)
    ]


def _counts_by_team(company: Crm, cohort: Cohort) -> pd.DataFrame:
    return company.once(f"by team {cohort.start} {cohort.end}", lambda: _reached(company, cohort, "team"))


def _pick(counts: pd.DataFrame, name: str) -> pd.Series:
    return (counts if name == ALL else counts[counts.team == name]).drop(columns="team").sum()


def _step(counts: Any, i: int) -> Share:
    return Share(int(counts[f"s{i + 1}"]), int(counts[f"s{i}"]))


def bottlenecks(crm: Crm) -> list[Step]:
    """The steps where clearly fewer deals go on than in the team's own year before and in the other teams.

    Needs opportunities: created_at, closed_at; stage_changes or stage. → the steps, the lowest conversion first; on `all`,
    each team's own.
    """
    teams = crm.teams if crm.team == ALL else [crm.team]
    found = [s for team in teams for s in steps(crm, team) if s.low(crm.business.min_base)]
    return sorted(found, key=lambda s: (s.now.value or 0, s.team, s.stage))


def lowest_step(crm: Crm) -> Step | None:
    """The step with the lowest conversion to next on a sufficient base: it is named, not judged."""
    able = [s for s in steps(crm) if s.now.base >= crm.business.min_base]
    return min(able, key=lambda s: (s.now.value or 0, s.stage), default=None)


def cohorts(crm: Crm, count: int = 12) -> pd.DataFrame:
    """Deals by the period they were created in: how many, how many of them won by now, and whether the cohort is ripe.

    Needs opportunities: created_at, closed_at, is_won.
    → frame: period (Period), lead_count, won_count, lost_count, open_count, cumulative_conversion (0..1), ripe; oldest first
    """
    periods, table = crm.period.trailing(count), deals(crm)
    p90 = crm.once("p90", lambda: cycle_p90_days(crm))
    table = table.mutate(_period=which(table.created_at, periods)).filter(lambda t: t._period >= 0)
    won = count_if(table.is_won & table.closed_at.notnull())
    frame = (
        table.group_by("_period").aggregate(lead_count=table.count(), won_count=won, open_count=count_if(table.open)).execute()
    )
    frame = frame.set_index("_period").reindex(range(count)).fillna(0).astype(int)
    frame["lost_count"] = frame.lead_count - frame.won_count - frame.open_count
    frame["cumulative_conversion"] = frame.won_count / frame.lead_count.replace(0, math.nan)
    frame["ripe"] = [p90 is None or p.end + timedelta(days=p90) <= crm.end for p in periods]
    frame["period"] = periods
    frame = frame[(frame.lead_count > 0).cummax()].reset_index(drop=True)
    return frame[["period", "lead_count", "won_count", "lost_count", "open_count", "cumulative_conversion", "ripe"]]
