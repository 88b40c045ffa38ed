"""The figures of a page without code: rows put together as a view asks, and registered metrics by team and period."""

import math
from dataclasses import replace
from typing import Any

import ibis
import pandas as pd

from ..asked import Measure
from ..crm import ALL, Crm
from ..custom import IN_PERIOD, View
from ..kpi import Share, figured
from ..measures import count_if, exact, quantile, ratio, total
from ..schema import UNASSIGNED
from .custom_order import OTHERS, arranged, in_order, nothing
from .custom_rows import rows
from .deals import NONE_GIVEN
from .registry import metric


def cut(crm: Crm, view: View) -> pd.DataFrame:
    """What a view shows.

    Needs the view's table and columns. → frame: its dimensions, then its measures (before means and shares of a flag the
    cases they rest on, <measure>_base), the drawn one last; before it previous_<measure>, where the view is of one period
    and in one dimension that is no time. Groups in the order asked for, those past `top` put together as "all others", then
    those without a value; weekdays, hours, days and periods in their own order.
    """
    if view.table is None:
        return _of_metrics(crm, view)
    kept = _kept(crm, view)
    frame = figures(crm, view, kept)
    if view.over == IN_PERIOD and len(view.dimensions) == 1 and not view.grain:
        frame = _beside_previous(crm, view, kept, frame)
    return arranged(crm, view, frame)


def _beside_previous(crm: Crm, view: View, kept: list[list[str] | None], frame: pd.DataFrame) -> pd.DataFrame:
    """With the drawn measure in the period before, as it was known then; a period before the data began had none."""
    name, before = f"previous_{view.drawn.name}", figures(crm.previous, view, kept)
    known = crm.first_day is not None and crm.previous.end > crm.first_day
    before = before[["d0", view.drawn.name]].rename(columns={view.drawn.name: name})
    frame = frame.merge(before, on="d0", how="left", validate="one_to_one")
    if not known:
        return frame.assign(**{name: math.nan})
    return frame.fillna({name: 0}) if nothing(view.drawn) == 0 else frame


def figures(crm: Crm, view: View, kept: list[list[str] | None]) -> pd.DataFrame:
    """One row a group (columns d0, d1; n: its rows); groups that are not kept are put together."""
    table = rows(crm, view)
    for i, names in enumerate(kept):
        if names is not None:
            group = table[f"d{i}"]
            table = table.mutate(**{f"d{i}": ibis.ifelse(group.isin([*names, NONE_GIVEN, UNASSIGNED]), group, OTHERS)})
    keys = [f"d{i}" for i in range(len(view.dimensions))]
    grouped = table.group_by(keys).aggregate(**sums(view, table)) if keys else table.aggregate(**sums(view, table))
    return finished(crm, view, grouped)


def finished(crm: Crm, view: View, grouped: Any) -> pd.DataFrame:
    """The sums of groups as figures; the share of rows is of all groups together."""
    parts = [m for m in view.measures if m.of in ("mean", "share")]
    if parts:
        grouped = grouped.mutate(**{m.name: ratio(grouped[f"{m.name}_total"], grouped[f"{m.name}_base"]) for m in parts})
        grouped = grouped.drop(*(f"{m.name}_total" for m in parts))
    frame = grouped.execute()
    if any(m.of == "rows" for m in view.measures):
        every = int(frame["n"].sum())
        frame["rows_share"] = frame["n"] / every if every else math.nan
        if every < crm.business.min_base:  # said as counts of all; else their number need not stand in every row
            frame["rows_share_base"] = every
    return frame


def sums(view: View, table: Any) -> dict[str, Any]:
    """What a view's measures need of each group of rows, by name."""
    made: dict[str, Any] = {"n": table.count()}
    for measure in view.measures:
        made |= _sum(table, measure)
    return made


def _sum(table: Any, measure: Measure) -> dict[str, Any]:
    """What one measure needs; sums are exact."""
    name, of = measure.name, measure.of
    if of in ("count", "rows"):
        return {name: table.count()} if of == "count" else {}
    column = table[measure.field.name]  # type: ignore[union-attr]
    if of == "distinct":
        return {name: column.nunique()}
    if of in ("sum", "min", "max"):
        return {name: total(_exact(column)) if of == "sum" else (column.min() if of == "min" else column.max()).cast("float64")}
    if of == "median":
        return {name: quantile(column, 0.5), f"{name}_base": column.count()}
    part = count_if(column).cast("float64") if of == "share" else total(_exact(column))
    return {f"{name}_total": part, f"{name}_base": column.count()}


def _exact(column: Any) -> Any:
    return column if column.type().is_decimal() else exact(column)


def _kept(crm: Crm, view: View) -> list[list[str] | None]:
    """Of each dimension the groups that are shown by name; None: all."""
    return [None if d.kind in ("time", "team") else _first(crm, view, i) for i, d in enumerate(view.dimensions)]


def _first(crm: Crm, view: View, i: int) -> list[str] | None:
    """The first groups of a dimension in the order asked for; None where there are no more.

    Where a mean, a median or a share of few cases would come first, groups of at least min_base cases do.
    """
    table, by = rows(crm, view), next(m for m in view.measures if m.name == view.order)
    table = table.filter(table[f"d{i}"] != NONE_GIVEN)
    found = table.group_by(f"d{i}").aggregate(**sums(replace(view, measures=(by,)), table))
    value = found["n"] if by.of == "rows" else found[f"{by.name}_total" if by.of in ("mean", "share") else by.name]
    based = by.of in ("mean", "share", "median")
    few = found[f"{by.name}_base"] < crm.business.min_base if based else ibis.literal(False)
    found = found.mutate(few=few, value=ratio(value, found[f"{by.name}_base"]) if by.of in ("mean", "share") else value)
    order = found["value"] if view.smallest_first else found["value"].desc()
    first = found.order_by(found["few"], found["value"].isnull(), order, found[f"d{i}"]).limit(view.top + 1)
    names = first.execute()[f"d{i}"].to_list()
    return names[: view.top] if len(names) > view.top else None


# ------------------------------------------------------------------------------------------------ registered metrics


def _of_metrics(crm: Crm, view: View) -> pd.DataFrame:
    """Registered metrics by team, by period or by both; before shares their base. On a team's page the team is its own."""
    by_team = any(d.kind == "team" for d in view.dimensions)
    teams = crm.teams if by_team and crm.team == ALL else [crm.team]
    course = crm.period.trailing(int(view.over)) if view.grain else [crm.period]
    made = []
    for team in teams:
        for period in course:
            here = (team, period) == (crm.team, crm.period)
            seen = crm if here else replace(crm, team=team, period=period, beside=crm.judge)
            made.append({"team": team, "period": period} | _asked(seen, view))
    based = [m.name for m in view.measures if m.unit == "share"]
    names = [c for name in in_order(view) for c in (*[f"{name}_base"] * (name in based), name)]
    return pd.DataFrame(made, columns=[*(d.name for d in view.dimensions), *names])


def _asked(crm: Crm, view: View) -> dict[str, Any]:
    """The value and the base of each metric; of a share of amounts on a small base nothing is said.

    A period that was over before the data began has none.
    """
    before = crm.first_day is None or crm.end <= crm.first_day
    made: dict[str, Any] = {}
    for measure in view.measures:
        raw = None if before else metric(measure.name)(crm)
        value, base = figured(raw).value, figured(raw).base
        if measure.unit == "share" and not isinstance(raw, Share) and base is not None and base < crm.business.min_base:
            value = None
        made |= {measure.name: math.nan if value is None else value, f"{measure.name}_base": math.nan if base is None else base}
    return made
