"""The sales funnel: how many deals of a cohort reached each stage."""

import math
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Share, measured
from ..measures import count_if
from ..periods import Period
from .cohorts import Cohort, headline_cohort, period_cohort, shifted
from .deals import GROUPS, created, deals, no_group
from .names import named

STAGE_COLUMNS = [
    "stage",
    "count",
    "conversion_from_previous",
    "conversion_to_next",
    "cumulative_conversion",
    "stage_loss_rate",
]


@measured("share", "up", rolling=lambda crm: headline_cohort(crm).kind == "matured")
def cumulative_conversion(crm: Crm) -> Share:
    """Deals won as a share of the deals created, of the cohort that headlines use (metrics.funnel.headline_cohort).

    Needs opportunities: created_at, closed_at, is_won. → Share: part = reached the last stage, base = created
    """
    frame = stages(crm, headline_cohort(crm))
    return Share(int(frame["count"].iloc[-1]), int(frame["count"].iloc[0]))


def conversion_by_period(crm: Crm, periods: list[Period]) -> list[float | None]:
    """`cumulative_conversion` at the end of each of some periods, as known at this one's end.

    Needs opportunities: created_at, closed_at, is_won. → one value (0..1, None without deals) a period
    The cohorts are cut like this period's own: with the same long cycle.
    """
    if not periods:
        return []
    now = headline_cohort(crm)
    spans = [(*shifted(now, crm.period, period), period.end) for period in periods]
    frame = pd.DataFrame(spans, columns=["start", "end", "known"]).astype("datetime64[us]").assign(period=range(len(periods)))
    windows = ibis.memtable(frame, schema={**dict.fromkeys(["start", "end", "known"], "timestamp"), "period": "int64"})
    table = deals(crm).select("created_at", "closed_at", "is_won").cross_join(windows)
    table = table.filter((table.created_at >= table.start) & (table.created_at < table.end))
    won = count_if(table.is_won & (table.closed_at < table.known))
    found = table.group_by("period").aggregate(n=table.count(), won=won).execute().set_index("period")
    return [found.won[i] / found.n[i] if i in found.index else None for i in range(len(periods))]


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
    return converted(list(crm.business.stages), [int(n) for n in reached_by(crm, cohort, None).iloc[0]])


def stages_by(crm: Crm, group: str, cohort: Cohort | None = None) -> pd.DataFrame:
    """The stages for each team, rep, source or product. → frame: <group> and the columns of `stages`; groups by name."""
    cohort = cohort or period_cohort(crm)
    reached = reached_by(crm, cohort, group)
    reached[group] = named(crm, group, reached[group])
    reached = reached.sort_values(group)
    names = list(crm.business.stages)
    frames = [
        converted(names, [int(row[f"s{i}"]) for i in range(len(names))]).assign(**{group: row[group]})
        for _, row in reached.iterrows()
    ]
    empty = pd.DataFrame(columns=[group, *STAGE_COLUMNS])
    return pd.concat(frames, ignore_index=True)[[group, *STAGE_COLUMNS]] if frames else empty


def reached_by(crm: Crm, cohort: Cohort, group: str | None) -> pd.DataFrame:
    """Deals of a cohort that reached stage i or a later one: columns s0, s1 …, one row (or one a group); made once for a handle."""
    return crm.once(f"reached {cohort.start} {cohort.end} {group}", lambda: _reached_by(crm, cohort, group)).copy()


def _reached_by(crm: Crm, cohort: Cohort, group: str | None) -> pd.DataFrame:
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
    through, counts = ibis.literal(True), dict[str, Any]()
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
