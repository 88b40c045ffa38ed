"""The rows that a view of a page without code is about, each with the groups that it belongs to."""

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis

from ..asked import PERIOD, Filter
from ..crm import Crm
from ..custom import IN_PERIOD, UNTIL_END, View
from ..measures import day, within
from ..periods import Period
from ..schema import UNASSIGNED
from .deals import NONE_GIVEN, which

MOST_PERIODS = 60  # of a course
_KINDS = ("week", "month", "quarter")


def rows(crm: Crm, view: View) -> Any:
    """The rows that a view is about, as this team saw them at the period's end; columns are called <table>_<column>.

    Needs the view's table and columns. → ibis table: a column for each dimension (d0, d1) and for each field
    A row without a value fulfils no condition but `!=`, `not in` and `is missing`.
    """
    table = _with_parents(crm, view)
    table = table.filter(_dated(crm, view, table), *(_fulfils(table, f) for f in view.filters))
    return table.mutate(**{f"d{i}": _group(crm, view, table, i) for i in range(len(view.dimensions))})


def _with_parents(crm: Crm, view: View) -> Any:
    """A view's own rows with its fields, those of other tables looked up for each row; whichever team they belong to."""
    own = crm.table(view.table or "", *dict.fromkeys([*_own(view), *(f.steps[0][0] for f in view.fields if f.steps)]))
    table = own.mutate(**{f"{view.table}_{c}": own[c] for c in _own(view)})
    ways = sorted({f.steps[: n + 1] for f in view.fields for n in range(len(f.steps))}, key=len)
    for steps in ways:
        column, parent = steps[-1]
        wanted = [f.column for f in view.fields if f.table == parent] + [s[-1][0] for s in ways if s[:-1] == steps]
        there = crm.company.table(parent, *dict.fromkeys([column, *wanted]))
        there = there.select(**{f"{parent}_{c}": there[c] for c in dict.fromkeys([column, *wanted])})
        key = column if len(steps) == 1 else f"{steps[-2][1]}_{column}"
        table = table.left_join(there, table[key] == there[f"{parent}_{column}"])
    return table


def _own(view: View) -> list[str]:
    return [f.column for f in view.fields if not f.steps]


def moment_of(view: View, table: Any) -> Any:
    """What dates each row of a view."""
    return table[view.moment.name].cast("timestamp") if view.moment else table["_at"]


def _dated(crm: Crm, view: View, table: Any) -> Any:
    """Whether a row lies in the days that a view is about."""
    moment = moment_of(view, table)
    start, end = window(crm, view)
    if view.over == UNTIL_END and not view.grain:
        return ibis.literal(True) if view.moment is None else ibis.coalesce(moment < day(end), False)
    return within(moment, start, end)


def window(crm: Crm, view: View) -> tuple[date, date]:
    """The days that a view is about: the first, and the day after the last."""
    course = periods(crm, view)
    if isinstance(view.over, int):
        return crm.period.trailing(view.over)[0].start, crm.end
    if view.over == UNTIL_END:
        return (course[0].start if course else crm.first_day or crm.period.start), crm.end
    return crm.period.start, crm.end


def periods(crm: Crm, view: View) -> list[Period]:
    """The periods of a view's course, oldest first; none where it has none."""
    kind = crm.period.kind if view.grain == PERIOD else view.grain
    if kind not in (*_KINDS, "year"):
        return []
    last = Period.containing(date.fromordinal(crm.end.toordinal() - 1), kind, crm.business.fiscal_year_starts)
    start = crm.period.start if view.over == IN_PERIOD else crm.first_day or crm.period.start
    if isinstance(view.over, int):
        start = crm.period.trailing(view.over)[0].start
    return [p for p in last.trailing(MOST_PERIODS) if p.end > start]


def _fulfils(table: Any, condition: Filter) -> Any:
    """Whether a row fulfils a condition; only what is not, or not among them, is so also without a value."""
    column, values = table[condition.field.name], [_literal(condition, v) for v in condition.values]
    without = condition.operator in ("!=", "not in")
    if condition.operator in ("is missing", "is given"):
        return column.isnull() if condition.operator == "is missing" else column.notnull()
    if condition.field.type == "time":
        column = column.date()
    compared: dict[str, Callable[[], Any]] = {
        "=": lambda: column == values[0], "!=": lambda: column != values[0], "<": lambda: column < values[0], ">": lambda: column > values[0],
        "<=": lambda: column <= values[0], ">=": lambda: column >= values[0], "in": lambda: column.isin(values), "not in": lambda: column.notin(values),
    }  # fmt: skip
    return ibis.coalesce(compared[condition.operator](), without)


def _literal(condition: Filter, value: Any) -> Any:
    return ibis.date(value.isoformat()) if isinstance(value, date) else ibis.literal(value)


def _group(crm: Crm, view: View, table: Any, i: int) -> Any:
    """A dimension's value of each row; without one the row is of none."""
    dimension = view.dimensions[i]
    if dimension.kind == "team":
        return ibis.coalesce(table["_team"], UNASSIGNED)
    if dimension.kind == "time":
        return _time(crm, view, moment_of(view, table), dimension.grain)
    column = table[dimension.field.name]  # type: ignore[union-attr]
    if dimension.field and dimension.field.type == "flag":
        column = ibis.ifelse(column, "yes", "no")
    return ibis.coalesce(column.cast("string"), NONE_GIVEN)


def _time(crm: Crm, view: View, moment: Any, grain: str) -> Any:
    if grain == "day":
        return moment.date().strftime("%Y-%m-%d")
    if grain == "weekday":
        return moment.date().day_of_week.index().cast("int64")
    if grain == "hour":
        return moment.hour().cast("int64")
    return which(moment, periods(crm, view))
