"""A page without code: its views, each read word by word against the schema (asked.py)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from . import metric_list
from .asked import PERIOD, Dimension, Filter, Measure, dimension_of, filter_of, measure_of, metric_of
from .errors import nearest
from .fields import MOMENTS, TABLES, Field
from .fields import field as field_of
from .schema import tables

Words = Mapping[str, str]  # a text by language
CHARTS = {"bars": "one dimension that is no week, month, quarter or period", "trend": "one dimension of time: week, month, quarter or period",
          "heat": "two dimensions", "table": "any dimensions"}  # fmt: skip
IN_PERIOD, UNTIL_END = "period", "until end"
PERIODS = 13  # so many, where a metric's course is asked for and nothing says how many
MOST_METRIC_CELLS = 60  # each is a computation of its own
TOPS = {"bars": 12, "heat": 12, "table": 25, "trend": 60}
T = TypeVar("T")


class Wrong(ValueError):
    """Something in a view means nothing: where it stands below the view, the value seen, and what is right."""

    def __init__(self, where: tuple[str | int, ...], value: Any, said: str):
        super().__init__(said)
        self.where, self.value = where, value


@dataclass(frozen=True)
class View:
    """One figure or table of the page. `top`: so many groups are kept of each dimension, the others are put together."""

    id: str
    title: Words
    table: str | None  # None: of metrics
    measures: tuple[Measure, ...]
    chart: str
    dimensions: tuple[Dimension, ...] = ()
    filters: tuple[Filter, ...] = ()
    moment: Field | None = None  # what dates the rows; None: the table's own way
    over: str | int = IN_PERIOD
    order: str = ""  # the measure by which groups are ordered
    smallest_first: bool = False
    top: int = 25
    units: Mapping[str, str] = field(default_factory=dict)  # of measures that are said otherwise: unit, or unit.digits
    note: Words | None = None

    @property
    def drawn(self) -> Measure:
        """The measure that the chart shows."""
        return self.measures[0]

    @property
    def grain(self) -> str:
        """How fine its time is; of none nothing."""
        return next((d.grain for d in self.dimensions if d.kind == "time"), "")

    @property
    def fields(self) -> list[Field]:
        """Every column that it reads."""
        said = [
            *(f.field for f in self.filters),
            *(d.field for d in self.dimensions),
            *(m.field for m in self.measures),
            self.moment,
        ]
        return list(dict.fromkeys(f for f in said if f))

    @property
    def needs(self) -> list[str]:
        """What a source has to deliver: its table, and each column."""
        return [] if self.table is None else [self.table, *dict.fromkeys(f.need for f in self.fields)]

    @property
    def tables(self) -> list[str]:
        """The canonical tables that it reads."""
        if self.table is None:
            words = set().union(*(metric_list.needs(m.name) for m in self.measures))
            return [name for name in tables() if name in words]
        return list(dict.fromkeys([self.table, *(f.table for f in self.fields)]))


def view_of(raw: Mapping[str, Any]) -> View:
    """A view of a file, everything that it names looked up; what means nothing is `Wrong`."""
    if (raw["table"] is None) == (not raw["metrics"]):
        raise Wrong((), None, "right is either `table:`, or `metrics:` without it")
    made = _of_metrics(raw) if raw["table"] is None else _of_table(raw)
    made = replace(made, id=_id(made), chart=_chart(made, raw["chart"]), units=_units(made, raw["format"]))
    order, first = _order(made, raw["order"])
    return replace(made, order=order, smallest_first=first, top=raw["top"] or TOPS[made.chart])


def _of_table(raw: Mapping[str, Any]) -> View:
    table = raw["table"]
    if table not in TABLES:
        raise Wrong(("table",), table, f"there is no such table for a page; {nearest(table, TABLES)}")
    moment = _read(("date",), raw["date"], lambda said: field_of(table, said, MOMENTS)) if raw["date"] else None
    if moment and moment.steps:
        raise Wrong(("date",), raw["date"], f"rows are dated by a column of their own; right is one of {table}")
    dated = moment or _dated(table)
    dimensions = _each("dimensions", raw, lambda said: dimension_of(table, said, dated))
    if sum(d.kind == "time" for d in dimensions) > 1 or len({d.name for d in dimensions}) < len(dimensions):
        raise Wrong(("dimensions",), raw["dimensions"], "right are different dimensions, and one of time at most")
    measures = _distinct(_each("measures", raw, lambda said: measure_of(table, said)), raw["measures"], "measures")
    filters = _each("filters", raw, lambda said: filter_of(table, said))
    return View("", raw["title"], table, measures, "table", dimensions, filters, moment, raw["over"], note=raw["note"])


def _of_metrics(raw: Mapping[str, Any]) -> View:
    for key in ("filters", "date"):
        if raw[key]:
            raise Wrong(
                (key,),
                raw[key],
                "a metric has one definition of its own; right is to leave this out, or to count rows of a `table:`",
            )
    if raw["measures"] != ["count"]:
        raise Wrong(("measures",), raw["measures"], "right are measures with a `table:`, and metrics without one")
    for i, said in enumerate(raw["dimensions"]):
        if said not in ("team", PERIOD):
            raise Wrong(("dimensions", i), said, f"metrics are known by team, by {PERIOD} or by both: right are team, {PERIOD}")
    if raw["over"] == UNTIL_END:
        raise Wrong(("over",), raw["over"], f"a metric is of its period; right are {IN_PERIOD}, or a number of periods")
    dimensions = tuple(
        Dimension(said, "team" if said == "team" else "time", grain="" if said == "team" else PERIOD)
        for said in raw["dimensions"]
    )
    measures = _distinct(_each("metrics", raw, metric_of), raw["metrics"], "metrics")
    over = PERIODS if PERIOD in raw["dimensions"] and raw["over"] == IN_PERIOD else raw["over"]
    if PERIOD not in raw["dimensions"] and over != IN_PERIOD:
        raise Wrong(("over",), over, f"several periods are right where {PERIOD} is a dimension")
    if isinstance(over, int) and over * len(measures) > MOST_METRIC_CELLS:
        raise Wrong(
            ("over",),
            over,
            f"{len(measures)} metrics over {over} periods are too many; right are {MOST_METRIC_CELLS} figures at most",
        )
    return View("", raw["title"], None, measures, "table", dimensions, over=over, note=raw["note"])


def _dated(table: str) -> Field | None:
    """The column that dates a table's rows, where it is one of their own."""
    name = tables()[table].date
    column = tables()[table].columns[name or ""]
    return Field(table, column.name, column.type) if column.type in MOMENTS else None


def _chart(view: View, said: str | None) -> str:
    """The chart asked for, if it fits; else the one that fits best."""
    course = view.grain in ("week", "month", "quarter", PERIOD)
    count = len(view.dimensions)
    fits = {"table": True, "heat": count == 2, "trend": count == 1 and course, "bars": count == 1 and not course}
    if said is None:
        return next((name for name in ("trend", "bars", "heat") if fits[name]), "table")
    if said not in CHARTS:
        raise Wrong(("chart",), said, f"there is no such chart; {nearest(said, CHARTS)}")
    if not fits[said]:
        right = ", ".join(name for name, good in fits.items() if good)
        raise Wrong(("chart",), said, f"it shows {CHARTS[said]}, and this view has {count or 'none'}; right are {right}")
    return said


def _order(view: View, said: str | None) -> tuple[str, bool]:
    """By which measure groups are ordered, and whether the smallest comes first."""
    words, _, first = (said or "").partition(",")
    if first.strip() not in ("", "largest first", "smallest first"):
        raise Wrong(("order",), said, "right is a measure of this view, with `, smallest first` after it or not")
    read = metric_of if view.table is None else lambda word: measure_of(view.table, word)
    measure = _read(("order",), words.strip(), read) if words.strip() else view.drawn
    if measure not in view.measures:
        raise Wrong(("order",), said, f"right is one of the measures of this view: {_asked(view)}")
    return measure.name, first.strip() == "smallest first"


def _asked(view: View) -> str:
    """The measures of a view by their names."""
    return ", ".join(measure.name for measure in view.measures)


def _units(view: View, said: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """How measures are said that are not said in their usual way."""
    read = metric_of if view.table is None else lambda word: measure_of(view.table, word)
    made = {}
    for word, how in said.items():
        measure = _read(("format", word), word, read)
        if measure not in view.measures:
            raise Wrong(("format", word), word, f"right is one of the measures of this view: {_asked(view)}")
        digits = "" if how["digits"] is None else f".{how['digits']}"
        made[measure.name] = f"{how['unit'] or measure.unit}{digits}"
    return made


def _id(view: View) -> str:
    """What the view is known by in facts and links: what it is of, and by what; it does not depend on its place or title."""
    parts = [view.table or view.drawn.name]
    for dimension in view.dimensions:
        own = dimension.kind == "word" and dimension.field and dimension.field.table == view.table
        parts.append(dimension.field.column if own and dimension.field else dimension.grain or dimension.name)
    return "-".join(re.sub(r"[^a-z0-9]+", "-", part) for part in parts)


def _each(key: str, raw: Mapping[str, Any], make: Callable[[str], T]) -> tuple[T, ...]:
    return tuple(_read((key, i), said, make) for i, said in enumerate(raw[key]))


def _read(where: tuple[str | int, ...], said: str, make: Callable[[str], T]) -> T:
    try:
        return make(said)
    except ValueError as error:
        raise Wrong(where, said, str(error)) from None


def _distinct(found: tuple[T, ...], said: Any, key: str) -> tuple[T, ...]:
    if len(set(found)) < len(found):
        raise Wrong((key,), said, "one stands twice; right is each once")
    return found
