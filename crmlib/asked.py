"""What a view of a custom page asks for: words of its file, each read against the schema and turned into a record.

A word that means nothing is a ValueError that names what is right, the nearest first.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from . import metric_list
from .errors import nearest
from .fields import MOMENTS, NAMES, NUMBERS, Field, field, known_columns, said_in
from .schema import tables

GRAINS = ("day", "week", "month", "quarter", "weekday", "hour")
PERIOD = "period"  # the page's own kind of period
OPERATORS = ("is missing", "is given", "not in", "in", "!=", "<=", ">=", "=", "<", ">")
AGGREGATES = ("sum", "mean", "median", "min", "max")  # of numbers; a share is of a flag
_FILTER = re.compile(r"\s*([\w.]+)\s*(is missing|is given|not in(?=\s)|in(?=\s)|!=|<=|>=|=|<|>)\s*(.*?)\s*", re.S)
_MEASURE = re.compile(r"(count|share of rows)|(count of distinct|share of|sum of|mean of|median of|min of|max of) ([\w.]+)")
_YES, _NO = ("yes", "true"), ("no", "false")


@dataclass(frozen=True)
class Filter:
    """A condition on the rows: a column, an operator, the values it is held against, in the column's type."""

    field: Field
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Dimension:
    """What rows are put together by. `kind`: word (a column), team, rep, customer, or time (`grain` says how fine)."""

    name: str  # of the column in frames
    kind: str
    field: Field | None = None
    grain: str = ""


@dataclass(frozen=True)
class Measure:
    """A figure of each group. `of`: count, distinct, sum, mean, median, min, max, share (of a flag's yes), rows (their share), metric."""

    name: str  # of the column in frames; of a metric its own
    of: str
    unit: str
    field: Field | None = None


def filter_of(table: str, said: str) -> Filter:
    """A condition such as `amount >= 100`, `status not in cancelled, refunded`, `resolved_at is missing`.

    >>> filter_of("orders", "amount >= 100").values
    (Decimal('100'),)
    """
    found = _FILTER.fullmatch(said)
    if not found:
        raise ValueError(
            f"{said!r} is no condition. Right is a column, one of {', '.join(OPERATORS)}, and a value, such as `{known_columns(table)[0]} is given`"
        )
    column, operator, value = field(table, found[1]), found[2], found[3]
    if value[:1] in ("=", "<", ">"):
        raise ValueError(f"{said!r}: there is no operator {operator + value[:1]!r}; right are {', '.join(OPERATORS)}")
    if operator.startswith("is "):
        if value:
            raise ValueError(f"{said!r} has {value!r} after {operator!r}; right is nothing after it")
        return Filter(column, operator)
    if operator in ("<", "<=", ">", ">=") and column.type not in (*NUMBERS, *MOMENTS):
        raise ValueError(
            f"{said!r}: {found[1]} is a {column.type}, and has no order; right are =, !=, in, not in, is missing, is given"
        )
    texts = _listed(value) if operator in ("in", "not in") else [_unquoted(value)]
    return Filter(column, operator, tuple(_typed(column, text, said) for text in texts))


def dimension_of(table: str, said: str, moment: Field | None) -> Dimension:
    """What rows are put together by: a column, team, rep, or a grain of time. `moment`: the column that dates the rows.

    >>> dimension_of("orders", "customers.region", None).name
    'customers_region'
    """
    if said in GRAINS or said == PERIOD:
        if said == "hour" and moment and moment.type == "day":
            raise ValueError(f"{moment.need} is a day and has no hour; right are {', '.join((*GRAINS[:-1], PERIOD))}")
        return Dimension(said if said in ("day", "weekday", "hour") else PERIOD, "time", grain=said)
    if said == "team":
        return Dimension("team", "team")
    if said == "rep":
        if "rep_id" not in tables()[table].columns:
            raise ValueError(f"{table} has no person in charge; {_nearest_dimension(table, said)}")
        return Dimension("rep", "rep", field(table, "rep_id"))
    try:
        found = field(table, said, (*NAMES, "flag", "number", "count"))
    except ValueError as error:
        if re.fullmatch(r"[\w.]+", said) and "has no column" not in str(error):
            raise
        raise ValueError(f"there is no dimension {said!r}; {_nearest_dimension(table, said)}") from None
    return Dimension("customer", "customer", found) if found.column == "customer_id" else Dimension(found.name, "word", found)


def measure_of(table: str, said: str) -> Measure:
    """A figure of each group: count, count of distinct customer_id, sum of amount, share of reopened, share of rows …

    >>> measure_of("orders", "sum of amount")
    Measure(name='sum_orders_amount', of='sum', unit='money', field=Field(table='orders', column='amount', type='money', steps=()))
    """
    found = _MEASURE.fullmatch(said)
    if not found:
        raise ValueError(_no_measure(table, said))
    if said == "count":
        return Measure(f"{table}_count", "count", "count")
    if said == "share of rows":
        return Measure("rows_share", "rows", "share")
    of = found[2].removesuffix(" of")
    if of == "count of distinct":
        column = field(table, found[3], NAMES)
        return Measure(f"distinct_{column.name}", "distinct", "count", column)
    column = field(table, found[3], ("flag",) if of == "share" else NUMBERS)
    return Measure(f"{of}_{column.name}", of, said_in(column.spec), column)


def metric_of(said: str) -> Measure:
    """A registered metric.

    >>> metric_of("win_rate")
    Measure(name='win_rate', of='metric', unit='share', field=None)
    """
    if said not in metric_list.askable():
        raise ValueError(f"there is no metric {said!r}; {nearest(said, metric_list.askable())}")
    return Measure(said, "metric", metric_list.metrics()[said].unit)


def _no_measure(table: str, said: str) -> str:
    if said in metric_list.metrics():
        return (
            f"{said} is a metric: it stands under `metrics:` of a view without `table:`, by team, by period or by both, "
            f"because it has one definition of its own"
        )
    known = ["count", "share of rows", *(f"{of} of {c}" for of in AGGREGATES for c in known_columns(table, NUMBERS))]
    known += [f"count of distinct {c}" for c in known_columns(table, ("id",))] + [
        f"share of {c}" for c in known_columns(table, ("flag",))
    ]
    return f"there is no measure {said!r}; {nearest(said, known)}"


def _nearest_dimension(table: str, said: str) -> str:
    own = ["team", *["rep"] * ("rep_id" in tables()[table].columns), *GRAINS, PERIOD]
    return nearest(said, [*own, *known_columns(table, (*NAMES, "flag", "number", "count"))])


def _listed(value: str) -> list[str]:
    """Values between commas; one with a comma of its own stands in quotes."""
    found = next(csv.reader([value], skipinitialspace=True), [])
    return [text.strip() for text in found]


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _typed(column: Field, text: str, said: str) -> Any:
    """A value in the column's type, within its range."""
    if not text:
        raise ValueError(f"{said!r} names no value. Say `{column.column} is missing` for rows that have none")
    value = _value(column, text, said)
    low, high = column.spec.low, column.spec.high
    if column.type in NUMBERS and ((low is not None and value < low) or (high is not None and value > high)):
        reach = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
        raise ValueError(f"{said!r}: {column.column} lies in {reach}, and {text} does not")
    return value


def _value(column: Field, text: str, said: str) -> Any:
    right = {"flag": "yes or no", "day": "a day such as 2026-10-31", "time": "a day such as 2026-10-31"}.get(
        column.type, "a number"
    )
    try:
        if column.type in NUMBERS:
            number = Decimal(text)
            if not number.is_finite() or abs(number) >= 10**14:
                raise ValueError
            return number if column.type == "money" else float(number)
        if column.type in MOMENTS:
            return date.fromisoformat(text)
        if column.type == "flag":
            return {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}[text.lower()]
    except (InvalidOperation, ValueError, KeyError):
        raise ValueError(f"{said!r}: {column.column} is a {column.type}, and {text!r} is none; right is {right}") from None
    return text
