"""The key figures of a page without code: its registered metrics, and the whole of what its views count."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..asked import Measure
from ..crm import Crm
from ..custom import IN_PERIOD, View
from ..kpi import NOT_DELIVERED, Figure, Kpi, Share, compare, measured
from .custom import cut, figures, finished, sums
from .custom_order import nothing
from .custom_rows import moment_of, rows
from .deals import which
from .registry import metric

COURSE = 13  # periods by which a change of a total is judged


def kpis(crm: Crm, views: Sequence[View]) -> list[Kpi]:
    """The registered metrics of a page, then the whole of what its views count, each once and beside its comparisons.

    A metric's course is its view's, where that has one. The whole of a course is its last period. Where views count
    different rows of one table, each figure is told apart by its view.
    """
    of_metrics = [view for view in views if view.table is None]
    courses = [cut(crm, view) for view in of_metrics if [d.kind for d in view.dimensions] == ["time"]]
    names = dict.fromkeys(m.name for view in of_metrics for m in view.measures)
    series = {name: next((c[name] for c in courses if name in c), ()) for name in names}
    made = [compare(metric(name), crm, series[name]) for name in names]
    wholes = _wholes(views)
    several = {v.table for v, _ in wholes for w, _ in wholes if v.table == w.table and _counts_of(v) != _counts_of(w)}
    return [*made, *(_whole_kpi(crm, view, measure, view.table in several) for view, measure in wholes)]


def delivered(crm: Crm, view: View) -> bool:
    """Whether the source delivers all that a view reads."""
    missing = [need for need in view.needs if not crm.has(*need.split("."))]  # all are asked for: the page depends on each
    return not missing


def _wholes(views: Sequence[View]) -> list[tuple[View, Measure]]:
    """What is counted of which rows, without dimensions, each once; the share of all rows is no figure."""
    made: dict[Any, tuple[View, Measure]] = {}
    for view in (v for v in views if v.table):
        whole = replace(view, dimensions=(), over=IN_PERIOD if view.grain else view.over)
        for measure in (m for m in view.measures if m.of != "rows"):
            made.setdefault((*_counts_of(whole), measure), (whole, measure))
    return list(made.values())


def _counts_of(view: View) -> tuple[Any, ...]:
    """Which rows a view counts."""
    return view.table, view.filters, view.moment, view.over


def _whole_kpi(crm: Crm, view: View, measure: Measure, told_apart: bool) -> Kpi:
    """A measure of all rows of a view, under the measure's name, for the view's id."""

    def whole(seen: Crm) -> Figure | Share:
        return _whole(seen, view, measure) if delivered(crm, view) else NOT_DELIVERED

    whole.__name__ = measure.name
    measured(measure.unit, rolling=isinstance(view.over, int))(whole)
    series = _course(crm, view)[measure.name] if view.over == IN_PERIOD and delivered(crm, view) else ()
    return replace(compare(whole, crm, series, view.id), about=view.title if told_apart else None)


def _whole(crm: Crm, view: View, measure: Measure) -> Figure | Share:
    row = crm.once(f"whole {_counts_of(view)} {view.measures}", lambda: figures(crm, view, [])).iloc[0]
    value, base = row[measure.name], row.get(f"{measure.name}_base")
    if measure.of == "share":
        return Share(round(value * base) if base else 0, int(base or 0))
    return Figure(
        None if pd.isna(value) else float(value), None if base is None else int(base), "no_data" if pd.isna(value) else None
    )


def _course(crm: Crm, view: View) -> pd.DataFrame:
    """The measures of a view in the periods up to this one, as known at its end; those before the data began left out."""

    def make() -> pd.DataFrame:
        periods = crm.period.trailing(COURSE)
        table = rows(crm, replace(view, over=COURSE))
        table = table.mutate(at=which(moment_of(view, table), periods))
        frame = finished(crm, view, table.group_by("at").aggregate(**sums(view, table)))
        frame = frame.set_index("at").reindex(range(COURSE)).fillna({m.name: 0 for m in view.measures if nothing(m) == 0})
        return frame[[crm.first_day is not None and p.end > crm.first_day for p in periods]]

    return crm.once(f"course {_counts_of(view)} {view.measures}", make)
