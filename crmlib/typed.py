"""A column as delivered → the canonical type, and what is wrong with a value that cannot become it: pieces of SQL.

Text is read strictly: plain numbers with a decimal point, ISO dates, finite values; anything else is a fault of its row.
"""

from collections.abc import Iterator
from functools import partial

from .formats import PLAIN, Formats, declared_moment, has_hours, in_zone, plain_number
from .schema import Column
from .sql import literal

EARLIEST, LATEST = "1900-01-01", "2200-01-01"  # a day outside is a slip of the keyboard, not a date
SPACES = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
_REASONS = {"money": "bad_number", "number": "bad_number", "share": "bad_number", "count": "bad_number", "flag": "bad_flag",
            "day": "bad_date", "time": "bad_date"}  # fmt: skip


def trimmed(column: Column, kind: str) -> str:
    """A column of the view `raw` without spaces around it; a text with nothing in it is none.

    trim() costs as much as all the rest, so it is asked only for texts that begin or end with what may be a space.
    """
    name = f'"{column.name}"'
    if kind != "VARCHAR":
        return name
    ends = " or ".join(f"{name} like '%{space}'" for space in " \t\n\r")
    wide = " or ".join(f"{name} like '{space}%' or {name} like '%{space}'" for space in "\u00a0\u3000")
    asked = f"{name} < '!' or {ends} or (strlen({name}) > length({name}) and ({wide}))"  # more bytes than signs: not ASCII alone
    return f"case when {asked} then nullif(trim({name}, {SPACES}), '') else {name} end"


def typed_value(column: Column, kind: str | None, zone: str, formats: Formats = PLAIN) -> str:
    """The SQL that turns a `trimmed` column of `r` (`kind` is its type there; None: not delivered) into its canonical type.

    `zone`: the business's, into which times are turned; `formats`: how the source writes numbers and times, as declared.
    """
    if kind is None:
        return f"null::{column.sql_type}"
    read = _from_text if kind == "VARCHAR" else partial(_from_typed, kind=kind)
    return read(column, f'r."{column.name}"', zone, formats)


def _from_text(column: Column, value: str, zone: str, formats: Formats) -> str:
    if column.type in ("id", "text", "word"):
        return value
    if column.type == "flag":
        return f"case when lower({value}) in {_TRUE} then true when lower({value}) in {_FALSE} then false end"
    if column.type in ("day", "time"):
        return _moment(column, value, zone, formats)
    plain = plain_number(value, formats) if formats.numbers or formats.usual else value
    number = f"try_cast({plain} as {column.sql_type})"  # DuckDB would read 1_000
    return f"case when not contains({value}, '_'){_finite(number) if column.sql_type == 'DOUBLE' else ''} then {number} end"


def _from_typed(column: Column, value: str, zone: str, formats: Formats, kind: str) -> str:
    cast = f"try_cast({value} as {column.sql_type})"
    floating = kind in ("DOUBLE", "FLOAT")
    if column.type in ("day", "time"):
        local = f"({value} at time zone {literal(zone)})" if kind == "TIMESTAMP WITH TIME ZONE" else value
        if kind.startswith("TIMESTAMP") and local == value and formats.time_zone:
            local = in_zone(value, formats.time_zone, zone)
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


def _moment(column: Column, value: str, zone: str, formats: Formats) -> str:
    moment = f"({text_moment(value, zone, formats)})::{column.sql_type}"
    return _in_range(moment, column) if formats.dates else moment  # an ISO text is held to the range as it stands


def text_moment(value: str, zone: str, formats: Formats) -> str:
    """SQL: a text → its moment on the business's clocks: ISO, or one of the declared ways; null where it is neither.

    An explicit offset (or zone) wins over the source's zone, and that over the business's; a day without an hour stays the day it is.
    """
    declared = [_local(declared_moment(value, form), has_hours(form), zone, formats) for form in formats.dates]
    iso = _iso_moment(value, zone, formats)
    return f"coalesce({', '.join(declared)}, {iso})" if declared else iso


def _iso_moment(value: str, zone: str, formats: Formats) -> str:
    seconds = f"{value} like '{'_' * 16}:%'"
    plain = f"length({value}) <= 16 or (length({value}) = 19 and {seconds} and {value} not like '%Z')"  # quicker than the search
    offset = f"not ({plain}) and regexp_matches(substr({value}, 17), '[A-Za-z+-]')"
    whole = f"regexp_replace({value}, '^(.{{16}})([Zz+-])', '\\1:00\\2')"  # DuckDB wants seconds before an offset
    whole = f"case when {seconds} then {value} else {whole} end"
    local = f"try_cast({whole} as timestamptz) at time zone {literal(zone)}"
    naive = f"try_cast({value} as timestamp)"
    if formats.time_zone not in ("", zone):
        naive = f"case when length({value}) > 10 then {in_zone(naive, formats.time_zone, zone)} else {naive} end"
    iso = f"{value} like '____-__-__%' and {value} >= {literal(EARLIEST)} and {value} < {literal(LATEST)} and not contains({value}, 'BC')"
    return f"case when {iso} then case when {offset} then {local} else {naive} end end"


def _local(moment: str, timed: bool, zone: str, formats: Formats) -> str:
    """A moment of the source's clocks on the business's."""
    return in_zone(moment, formats.time_zone, zone) if timed and formats.time_zone not in ("", zone) else moment


def _in_range(moment: str, column: Column) -> str:
    low, high = (f"{literal(day)}::{column.sql_type}" for day in (EARLIEST, LATEST))
    return f"case when {moment} >= {low} and {moment} < {high} then {moment} end"


def faults(column: Column) -> Iterator[str]:
    """The WHEN clauses that name what is wrong with a column of a row (typed value `t`, as delivered `t.r`)."""
    name = column.name
    if column.type in _REASONS:
        yield f'when t."{name}" is null and t.r."{name}" is not null then \'{_REASONS[column.type]}:{name}\''
    if column.required:
        yield f"when t.\"{name}\" is null then 'missing:{name}'"
    bounds = [f't."{name}" {sign} {bound}' for sign, bound in (("<", column.low), (">", column.high)) if bound is not None]
    if bounds:
        yield f"when {' or '.join(bounds)} then 'out_of_range:{name}'"
