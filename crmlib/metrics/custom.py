"""The figures of a page without code: rows put together as a view asks, and registered metrics by team and period."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import ibis
import pandas as pd

from ..asked import Measure
from ..crm import ALL, Crm
from ..custom import IN_PERIOD, View
from ..kpi import NOT_DELIVERED, Figure, Kpi, Share, compare, figured, measured
from ..measures import count_if, exact, quantile, ratio, total
from ..schema import UNASSIGNED
from .custom_order import OTHERS, arranged, nothing
from .custom_rows import rows
from .deals import NONE_GIVEN, which
from .registry import metric

COURSE = 13  # periods by which a change of a total is judged


def cut(crm: Crm, view: View) -> pd.DataFrame:
    """What a view shows.

    Needs the view's table and columns. → frame: its dimensions, then its measures (of shares and means the base before
    them, <measure>_base), the drawn one last, before it previous_<measure> where the view is of one period and in one
    dimension that is no time. Groups in the order asked for, those past `top` put together as "all others", then those
    without a value; weekdays, hours, days and periods in their own order.
    """
    if view.table is None:
        return _of_metrics(crm, view)
    frame = _figures(crm, view, kept := _kept(crm, view))
    if view.over == IN_PERIOD and len(view.dimensions) == 1 and not view.grain:
        before = _figures(crm.previous, view, kept)
        known = crm.first_day is not None and crm.previous.end > crm.first_day
        before = before[["d0", view.drawn.name]].rename(columns={view.drawn.name: f"previous_{view.drawn.name}"})
        frame = frame.merge(before, on="d0", how="left", validate="one_to_one")
        frame[f"previous_{view.drawn.name}"] = frame[f"previous_{view.drawn.name}"].fillna(
            nothing(view.drawn) if known else math.nan
        )
    return arranged(crm, view, frame)


def _figures(crm: Crm, view: View, kept: list[list[str] | None]) -> pd.DataFrame:
    """One row a group, groups that are not kept put together."""
    table = rows(crm, view)
    for i, names in enumerate(kept):
        if names is not None:
            table = table.mutate(
                **{f"d{i}": ibis.ifelse(table[f"d{i}"].isin([*names, NONE_GIVEN, UNASSIGNED]), table[f"d{i}"], OTHERS)}
            )
    keys = [f"d{i}" for i in range(len(view.dimensions))]
    return _finished(
        view, table.group_by(keys).aggregate(**_sums(view, table)) if keys else table.aggregate(**_sums(view, table))
    )


def _finished(view: View, grouped: Any) -> pd.DataFrame:
    """The sums of groups as figures."""
    means = [m for m in view.measures if m.of == "mean"]
    if means:
        grouped = grouped.mutate(**{m.name: ratio(grouped[f"{m.name}_total"], grouped[f"{m.name}_base"]) for m in means})
        grouped = grouped.drop(*(f"{m.name}_total" for m in means))
    frame = grouped.execute()
    if any(m.of == "share" for m in view.measures):
        frame["share_base"] = frame["n"].sum()
        frame["share"] = frame["n"] / frame["share_base"].where(frame["share_base"] > 0)
    return frame


def _sums(view: View, table: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"n": table.count()}
    for measure in view.measures:
        made |= _sum(table, measure)
    return made


def _sum(table: Any, measure: Measure) -> dict[str, Any]:
    """What a measure needs of a group's rows; sums are exact."""
    name, of = measure.name, measure.of
    if of in ("count", "share"):
        return {name: table.count()} if of == "count" else {}
    column = table[measure.field.name]  # type: ignore[union-attr]
    if of == "distinct":
        return {name: column.nunique()}
    if of == "sum":
        return {name: total(_exact(column))}
    if of == "mean":
        part = count_if(column).cast("float64") if column.type().is_boolean() else total(_exact(column))
        return {f"{name}_total": part, f"{name}_base": column.count()}
    if of == "median":
        return {name: quantile(column, 0.5), f"{name}_base": column.count()}
    return {name: (column.min() if of == "min" else column.max()).cast("float64")}


def _exact(column: Any) -> Any:
    return column if column.type().is_decimal() else exact(column)


def _kept(crm: Crm, view: View) -> list[list[str] | None]:
    """Of each dimension the groups that are shown by name; None: all."""
    return [None if d.kind in ("time", "team") else _first(crm, view, i) for i, d in enumerate(view.dimensions)]


def _first(crm: Crm, view: View, i: int) -> list[str] | None:
    """The first groups of a dimension in the order asked for; None where there are no more.

    Where a mean, a median or a share of few cases would come first, groups of at least min_base cases do.
    """
    table = rows(crm, view)
    by = next(m for m in view.measures if m.name == view.order)
    table = table.filter(table[f"d{i}"] != NONE_GIVEN)
    grouped = table.group_by(f"d{i}").aggregate(**_sums(replace(view, measures=(by,)), table))
    value = {"mean": lambda: ratio(grouped[f"{by.name}_total"], grouped[f"{by.name}_base"]), "share": lambda: grouped["n"]}.get(
        by.of, lambda: grouped[by.name]
    )()
    few = grouped[f"{by.name}_base"] < crm.business.min_base if by.of in ("mean", "median") else ibis.literal(False)
    ranked = grouped.mutate(few=few, value=value)
    value = ranked["value"] if view.smallest_first else ranked["value"].desc()
    found = (
        ranked.order_by(ranked["few"], ranked["value"].isnull(), value, ranked[f"d{i}"])
        .limit(view.top + 1)
        .select(f"d{i}")
        .execute()
    )
    return found[f"d{i}"].to_list()[: view.top] if len(found) > view.top else None


# ------------------------------------------------------------------------------------------------ registered metrics


def _of_metrics(crm: Crm, view: View) -> pd.DataFrame:
    """Registered metrics by team, by period or by both. → frame: team, period (as asked), of each metric <metric>_base and its value"""
    teams = [d.name for d in view.dimensions if d.kind == "team"] and (crm.teams if crm.team == ALL else [crm.team])
    course = crm.period.trailing(int(view.over)) if view.grain else [crm.period]
    made = []
    for team in teams or [crm.team]:
        for period in course:
            seen = crm if (team, period) == (crm.team, crm.period) else replace(crm, team=team, period=period, beside=crm.judge)
            made.append({"team": team, "period": period} | _asked(seen, view))
    keys = [d.name for d in view.dimensions]
    figures = [c for m in [*view.measures[1:], view.drawn] for c in (f"{m.name}_base", m.name)]
    frame = pd.DataFrame(made, columns=["team", "period", *figures]).dropna(axis="columns", how="all")
    return frame.reindex(columns=[*keys, *(c for c in figures if c in frame or not c.endswith("_base"))])


def _asked(crm: Crm, view: View) -> dict[str, Any]:
    """The value and the base of each metric; of a share of amounts on a small base nothing is said."""
    before = crm.first_day is None or crm.end <= crm.first_day
    made: dict[str, Any] = {}
    for measure in view.measures:
        raw = None if before else metric(measure.name)(crm)
        value, base = figured(raw).value, figured(raw).base
        if measure.unit == "share" and not isinstance(raw, Share) and base is not None and base < crm.business.min_base:
            value = None
        made |= {measure.name: math.nan if value is None else value, f"{measure.name}_base": math.nan if base is None else base}
    return made


# ------------------------------------------------------------------------------------------------ key figures


def kpis(crm: Crm, views: Iterable[View]) -> list[Kpi]:
    """The key figures of a page: its registered metrics, each once, then the whole of what each other view counts.

    → each beside the period before and the year before; a metric's course is its view's, where that has one
    """
    of_metrics = [view for view in views if view.table is None]
    made: dict[str, Kpi] = {}
    for view in of_metrics:
        frame = cut(crm, view) if [d.kind for d in view.dimensions] == ["time"] else pd.DataFrame()
        for measure in view.measures:
            made.setdefault(measure.name, compare(metric(measure.name), crm, frame.get(measure.name, ())))
    counted = [(view, m) for view in views if view.table for m in view.measures if m.of != "share"]
    return [*made.values(), *(_whole_kpi(crm, view, measure) for view, measure in counted)]


def delivered(crm: Crm, view: View) -> bool:
    """Whether the source delivers all that a view reads."""
    return all(crm.has(*need.split(".")) for need in view.needs)


def _whole_kpi(crm: Crm, view: View, measure: Measure) -> Kpi:
    """A measure of all rows of a view, under the measure's name, told apart by the view."""

    def whole(seen: Crm) -> Figure | Share:
        return _whole(seen, view, measure) if delivered(crm, view) else NOT_DELIVERED

    whole.__name__ = measure.name
    measured(measure.unit, rolling=isinstance(view.over, int))(whole)
    series = _course(crm, view)[measure.name] if view.over == IN_PERIOD and delivered(crm, view) else ()
    return replace(compare(whole, crm, series, view.id), about=view.title)


def _whole(crm: Crm, view: View, measure: Measure) -> Figure | Share:
    row = crm.once(f"whole {view.id}", lambda: _figures(crm, replace(view, dimensions=()), [])).iloc[0]
    value, base = row[measure.name], row.get(f"{measure.name}_base")
    if measure.unit == "share" and measure.field and measure.field.type == "flag":
        return Share(round(value * base) if base else 0, int(base or 0))
    return Figure(
        None if pd.isna(value) else float(value), None if base is None else int(base), "no_data" if pd.isna(value) else None
    )


def _course(crm: Crm, view: View) -> pd.DataFrame:
    """The measures of a view in the periods up to this one, as known at its end; None before the data began."""

    def make() -> pd.DataFrame:
        periods = crm.period.trailing(COURSE)
        table = rows(crm, replace(view, over=COURSE, dimensions=()))
        moment = table[view.moment.name].cast("timestamp") if view.moment else table["_at"]
        grouped = table.mutate(at=which(moment, periods)).group_by("at")
        frame = _finished(view, grouped.aggregate(**_sums(view, table.mutate(at=which(moment, periods)))))
        frame = frame.set_index("at").reindex(range(COURSE))
        frame = frame.fillna({m.name: 0 for m in view.measures if nothing(m) == 0})
        return frame[[crm.first_day is not None and p.end > crm.first_day for p in periods]]

    return crm.once(f"course {view.id}", make)
