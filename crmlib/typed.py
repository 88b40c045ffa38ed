"""A column as delivered → the canonical type, and what is wrong with a value that cannot become it: pieces of SQL.

Text is read strictly: plain numbers with a decimal point, ISO dates, finite values; anything else is a fault of its row.
"""

from collections.abc import Iterator

from .schema import Column, literal

EARLIEST, LATEST = "1900-01-01", "2200-01-01"  # a day outside is a slip of the keyboard, not a date
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
_REASONS = {"money": "bad_number", "number": "bad_number", "share": "bad_number", "count": "bad_number", "flag": "bad_flag",
            "day": "bad_date", "time": "bad_date"}  # fmt: skip


def typed_value(column: Column, kind: str | None, zone: str) -> str:
    """The SQL that turns a column of `r` as delivered (`kind` is its type there; None: not delivered) into its canonical type."""
    if kind is None:
        return f"null::{column.sql_type}"
    if kind == "VARCHAR":
        return _from_text(column, f"trim(r.\"{column.name}\")", zone)
    return _from_typed(column, kind, f'r."{column.name}"', zone)


def _from_text(column: Column, value: str, zone: str) -> str:
    if column.type in ("id", "text", "word"):
        return f"nullif({value}, '')"
    if column.type == "flag":
        return f"case when lower({value}) in {_TRUE} then true when lower({value}) in {_FALSE} then false end"
    if column.type in ("day", "time"):
        return _moment(column, value, zone)
    number = f"try_cast({value} as {column.sql_type})"  # DuckDB would read 1_000
    return f"case when not contains({value}, '_'){_finite(number) if column.sql_type == 'DOUBLE' else ''} then {number} end"


def _from_typed(column: Column, kind: str, value: str, zone: str) -> str:
    cast = f"try_cast({value} as {column.sql_type})"
    floating = kind in ("DOUBLE", "FLOAT")
    if column.type in ("day", "time"):
        local = f"({value} at time zone {literal(zone)})" if kind == "TIMESTAMP WITH TIME ZONE" else value
        return _in_range(f"try_cast({local} as {column.sql_type})", column)
    if column.type == "flag":
        return f"case try_cast({value} as double) when 1 then true when 0 then false end"
    if column.type in ("id", "text", "word"):
        return _plain(value) if floating else f"nullif(trim({cast}), '')"
    if floating or column.sql_type == "DOUBLE":
        return f"case when true{_finite(f'try_cast({value} as double)')} then {cast} end"
    return cast


def _finite(number: str) -> str:
    return f" and isfinite({number})"


def _plain(value: str) -> str:
    """Identifiers that a tool stored as floats, because one was missing: 7.0 is the 7 it was; not a number is none."""
    whole = f"{value} = trunc({value}) and abs({value}) < 9007199254740992"
    return f"case when not isfinite({value}) then null when {whole} then {value}::bigint::varchar else {value}::varchar end"


def _moment(column: Column, value: str, zone: str) -> str:
    """ISO dates and times only; an explicit offset (or zone) wins over the business's zone."""
    offset = f"length({value}) > 16 and regexp_matches(substr({value}, 17), '[A-Za-z+-]')"
    whole = f"regexp_replace({value}, '^(.{{16}})([Zz+-])', '\\1:00\\2')"  # DuckDB wants seconds before an offset
    local = f"try_cast({whole} as timestamptz) at time zone {literal(zone)}"
    moment = f"case when {offset} then {local} else try_cast({value} as timestamp) end"
    iso = f"{value} like '____-__-__%' and not contains({value}, 'BC')"
    return _in_range(f"case when {iso} then ({moment})::{column.sql_type} end", column)


def _in_range(moment: str, column: Column) -> str:
    """Null outside of the range: list_filter looks at a value twice without computing it twice."""
    kind = column.sql_type
    return f"list_filter([{moment}], lambda x: x >= {literal(EARLIEST)}::{kind} and x < {literal(LATEST)}::{kind})[1]"


def faults(column: Column, kind: str) -> Iterator[str]:
    """The WHEN clauses that name what is wrong with a column of a row (typed value `t`, as delivered `t.r`)."""
    name, given = column.name, f't.r."{column.name}"'
    if column.type in _REASONS:
        there = f"trim({given}) <> ''" if kind == "VARCHAR" else f"{given} is not null"
        yield f"when t.\"{name}\" is null and {there} then '{_REASONS[column.type]}:{name}'"
    if column.required:
        yield f"when t.\"{name}\" is null then 'missing:{name}'"
    bounds = [f't."{name}" {sign} {bound}' for sign, bound in (("<", column.low), (">", column.high)) if bound is not None]
    if bounds:
        yield f"when {' or '.join(bounds)} then 'out_of_range:{name}'"
