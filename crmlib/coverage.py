"""Check and clean at the door: what is kept, what is left out and why; too much left out is refused.

Everything is one pass of SQL per table inside DuckDB, on a connection that reads the declared files and nothing else.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from . import store
from .errors import DataError, nearest
from .inputs import Input, literal, relation, unreadable
from .money import convert
from .schema import Business, Column, Table, tables
from .teams import make_spans, team_of_row, teams_since

if TYPE_CHECKING:
    from .sources import Prepared, Source

EARLIEST, LATEST = "1900-01-01", "2200-01-01"  # a day outside is a slip of the keyboard, not a date
_RECENT_DAYS = 1000


def fill(folder: Path, source: "Source") -> None:
    """Fill a prepared store: one Parquet file a table, the rows left out, and door.json that counts them."""
    with connection([i.path for i in source.inputs.values()], folder) as con:
        views = {name: _view(con, i) for name, i in source.inputs.items()}
        door = clean(con, views, source.business)
        for name in [
            "spans",
            *door["tables"],
            *(f"{n}__left_out" for n, t in door["tables"].items() if t["left_out"]),
        ]:
            con.execute(
                f'copy "{name}" to {literal(folder / f"{name}.parquet")} (format parquet, compression zstd)'
            )
    for name, found in door["tables"].items():
        found["sha256"] = source.hashes.get(name)
    door["as_of"] = source.as_of.isoformat() if source.as_of else None
    store.write(folder / "door.json", json.dumps(door, ensure_ascii=False, indent=1))


@contextmanager
def connection(reads: list[Path], scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can read the declared files, write into `scratch`, and nothing else."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for path in {p for p in reads if p.suffix == ".duckdb"}:
            con.execute(f"attach {literal(path)} as delivered (read_only)")
        con.execute(f"set temp_directory = {literal(scratch / 'spill')}")
        con.execute(f"set allowed_paths = [{', '.join(literal(p.resolve()) for p in reads)}]")
        con.execute(f"set allowed_directories = [{literal(str(scratch.resolve()) + '/')}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def _view(con: duckdb.DuckDBPyConnection, source: Input) -> Callable[[Table], dict[str, str]]:
    return lambda table: relation(con, source, table)


def clean(con: duckdb.DuckDBPyConnection, views: dict[str, Callable], business: Business) -> dict[str, Any]:
    """Make a clean table of each canonical one from its view `raw`, in an order in which parents come first.

    `views`: table → function that makes the view `raw` and returns its columns and types.
    → {"tables": {name: {rows, delivered, undated, left_out: {reason: n}}}, "warnings", "teams", "first", "last"}
    """
    door: dict[str, Any] = {"tables": {}, "warnings": []}
    for name, table in tables().items():
        types = views[name](table) if name in views else {}
        door["warnings"] += [w for w in _near_misses(table, types)]
        try:
            _check(con, table, types, business)
        except duckdb.Error as e:
            raise unreadable(Input(name, Path(f"{name}.csv")), e) from None
        door["tables"][name] = _keep(con, table, types, business, door["tables"])
        if name == "reps":
            make_spans(con)
    door["teams"] = teams_since(con)
    door["history"] = con.execute('select distinct "table", "column" from changes order by 1, 2').fetchall()
    door["first"], door["last"] = _dates(con)
    return door


def _near_misses(table: Table, types: dict[str, str]) -> Iterator[str]:
    """Extra columns are ignored; one whose name is close to an absent optional column deserves a word."""
    absent = [c for c in table.columns if c not in types]
    for extra in types:
        if (
            types
            and extra not in table.columns
            and extra != "_row"
            and nearest(extra, absent).startswith("did")
        ):
            yield f"{table.name}: the column {extra!r} is not read ({nearest(extra, absent)})"


def _check(con: duckdb.DuckDBPyConnection, table: Table, types: dict[str, str], business: Business) -> None:
    """The table `checked`: typed columns, `_row`, `_at`, and `_fault` (reason:column) with `_raw` where a row is at fault."""
    if not types:
        empty = ", ".join(f'null::{c.sql_type} as "{c.name}"' for c in table.columns.values())
        con.execute(
            f"create or replace table checked as select 0::bigint as _row, {empty}, null::varchar as _fault, null::json as _raw limit 0"
        )
        return
    typed = {c.name: typed_value(c, types.get(c.name), business.time_zone) for c in table.columns.values()}
    whens = [w for c in table.columns.values() if c.name in types for w in _faults(c, types[c.name])]
    fault = f"case {' '.join(whens)} end" if whens else "null"
    given = ", ".join(f'"{c}" := r."{c}"' for c in types if c in table.columns)
    columns = ", ".join(f'{expression} as "{name}"' for name, expression in typed.items())
    con.execute(
        f"""create or replace table checked as
        select t.*, {fault}::varchar as _fault, case when {fault} is not null then to_json(r) end as _raw
        from (select _row, {columns}, struct_pack({given}) as r from raw r) t"""
        if given
        else "create or replace table checked as select 0::bigint as _row limit 0"
    )
    con.execute("alter table checked drop r")
    _mark_duplicates(con, table)
    _mark_orphans(con, table)
    convert(con, table, business)


def typed_value(column: Column, kind: str | None, zone: str) -> str:
    """The SQL that turns a column as delivered (`kind` is its type there; None: not delivered) into the canonical type."""
    name = f'r."{column.name}"'
    if kind is None:
        return f"null::{column.sql_type}"
    if kind == "VARCHAR":
        value = f"nullif(trim({name}), '')"
        if column.type in ("id", "text", "word"):
            return value
        if column.type == "flag":
            return f"case lower({value}) when 'true' then true when '1' then true when 'yes' then true when 't' then true when 'false' then false when '0' then false when 'no' then false when 'f' then false end"
        if column.type in ("day", "time"):
            return _moment(column, value, zone)
        number = f"case when position('_' in {value}) = 0 then try_cast({value} as {column.sql_type}) end"
        return (
            number
            if column.type in ("money", "count")
            else f"(select case when isfinite(x) then x end from (select {number} as x))"
        )
    if column.type in ("day", "time"):
        local = f"{name} at time zone {literal(zone)}" if kind == "TIMESTAMP WITH TIME ZONE" else name
        return _in_range(f"try_cast({local} as {column.sql_type})", column)
    if column.type in ("number", "share"):
        return f"case when isfinite(try_cast({name} as double)) then {name}::double end"
    if column.type == "money" and kind in ("DOUBLE", "FLOAT"):
        return f"case when isfinite({name}) then try_cast({name} as {column.sql_type}) end"
    value = f"try_cast({name} as {column.sql_type})"
    return f"nullif({value}, '')" if column.sql_type == "VARCHAR" else value


def _moment(column: Column, value: str, zone: str) -> str:
    """ISO dates and times only; an explicit offset wins over the business's zone."""
    offset = f"length({value}) > 16 and regexp_matches(substr({value}, 17), '[Z+-]')"
    local = f"case when {offset} then try_cast({value} as timestamptz) at time zone {literal(zone)} else try_cast({value} as timestamp) end"
    return _in_range(
        f"case when {value} like '____-__-__%' and not contains({value}, 'BC') then ({local})::{column.sql_type} end",
        column,
    )


def _in_range(moment: str, column: Column) -> str:
    return f"(select case when x >= {literal(EARLIEST)}::{column.sql_type} and x < {literal(LATEST)}::{column.sql_type} then x end from (select {moment} as x))"


_BAD = {"money": "bad_number", "number": "bad_number", "share": "bad_number", "count": "bad_number", "flag": "bad_flag", "day": "bad_date", "time": "bad_date"}  # fmt: skip


def _faults(column: Column, kind: str) -> Iterator[str]:
    """The WHEN clauses that name what is wrong with a column of a row (typed value `t`, as delivered `r`)."""
    name = column.name
    if column.type in _BAD:
        given = (
            f"nullif(trim(r.\"{name}\"), '') is not null" if kind == "VARCHAR" else f'r."{name}" is not null'
        )
        yield f"when t.\"{name}\" is null and {given} then '{_BAD[column.type]}:{name}'"
    if column.required:
        yield f"when t.\"{name}\" is null then 'missing:{name}'"
    bounds = [f't."{name}" < {column.low}'] * (column.low is not None) + [f't."{name}" > {column.high}'] * (
        column.high is not None
    )
    if bounds:
        yield f"when {' or '.join(bounds)} then 'out_of_range:{name}'"


def _mark_duplicates(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Of rows with the same key the earliest (then the first in the file) counts."""
    if not table.key:
        return
    key = ", ".join(f'"{k}"' for k in table.key)
    at = f'"{table.date}"' if table.date else "_row"
    con.execute(
        f"""update checked set _fault = 'duplicate:{table.key[0]}' where _row in (
            select _row from (select _row, row_number() over (partition by {key} order by {at} nulls last, _row) as n from checked
                where _fault is null and ({key}) in (select ({key}) from checked where _fault is null group by {key} having count(*) > 1))
            where n > 1)"""
        if len(table.key) == 1
        else f"""update checked set _fault = 'duplicate:{table.key[0]}' where _row in (
            select _row from (select _row, row_number() over (partition by {key} order by _row) as n from checked where _fault is null)
            where n > 1)"""
    )


def _mark_orphans(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    for column, parent in table.parents.items():
        if not con.execute(f'select exists (from "{parent}")').fetchall()[0][0]:
            continue  # a table that is not delivered accuses nobody
        key = tables()[parent].key[0]
        con.execute(
            f"""update checked set _fault = 'orphan:{column}' where _fault is null and "{column}" is not null
            and "{column}" not in (select "{key}" from "{parent}")"""
        )


def _keep(
    con: duckdb.DuckDBPyConnection, table: Table, types: dict, business: Business, so_far: dict
) -> dict[str, Any]:
    """Split `checked` into the clean table and what is left out; → the table's entry in door.json."""
    name = table.name
    at, join, team = team_of_row(table, so_far)
    columns = ", ".join(f't."{c}"' for c in table.columns)
    con.execute(
        f'create table "{name}" as select {columns}, {at} as _at, {team} as _team from checked t {join} where t._fault is null'
    )
    own_at = (
        f'"{table.date}"::timestamp'
        if table.date and table.columns[table.date].type in ("day", "time")
        else "null::timestamp"
    )
    con.execute(
        f"""create table "{name}__left_out" as select _row, split_part(_fault, ':', 1) as reason, split_part(_fault, ':', 2) as column,
        {own_at} as _at, coalesce(_raw, to_json(checked)) as row from checked where _fault is not null order by _row"""
    )
    rows, undated = con.execute(f'select count(*), count(*) filter (_at is null) from "{name}"').fetchall()[0]
    left_out = dict(
        con.execute(f'select reason, count(*) from "{name}__left_out" group by 1 order by 1').fetchall()
    )
    _refuse_too_many(con, table, business, rows, left_out)
    delivered = [c for c in table.columns if c in types]
    dated = undated if table.date and rows else 0
    return {"rows": rows, "delivered": delivered, "undated": dated, "left_out": left_out}


def _refuse_too_many(
    con: duckdb.DuckDBPyConnection, table: Table, business: Business, rows: int, left_out: dict[str, int]
) -> None:
    out, limit = sum(left_out.values()), business.may_leave_out(table.name)
    if not out or out <= limit * (rows + out):
        return
    found = con.execute(
        f'select _row, reason, "column", row from "{table.name}__left_out" order by _row limit 5'
    ).fetchall()
    examples = "; ".join(
        f"row {row}: {reason} in {column}{_shown(table, column, raw)}" for row, reason, column, raw in found
    )
    raise DataError(
        f"{table.name}: {out} of {rows + out} rows would be left out ({', '.join(f'{r} {n}' for r, n in left_out.items())}), "
        f"more than the {limit:.1%} allowed. First ones: {examples}. Correct them in the source, or raise "
        f"business.max_left_out.{table.name} in its file."
    )


def _shown(table: Table, column: str, raw: str) -> str:
    """The value at fault, unless the column is personal."""
    value = json.loads(raw).get(column)
    return "" if value is None or table.columns[column].personal else f" ({str(value)[:40]!r})"


def _dates(con: duckdb.DuckDBPyConnection) -> tuple[str | None, list[str]]:
    """The first dated moment, and the newest moment of each of the last days on which anything happened."""
    moments = []
    for name, table in tables().items():
        happened = [c.name for c in table.columns.values() if c.dated == c.name and c.name != "active_to"]
        if table.date and name not in ("exchange_rates", "campaigns", "reps"):
            moments += [
                f'select {c}::timestamp as m from "{name}"' for c in ("_at", *(f'"{h}"' for h in happened))
            ]
    every = " union all ".join(moments)
    first = con.execute(f"select min(m) from ({every})").fetchall()[0][0]
    last = con.execute(
        f"select max(m) from ({every}) where m is not null group by m::date order by 1 desc limit {_RECENT_DAYS}"
    ).fetchall()
    return (first.date().isoformat() if first else None), [m.isoformat() for (m,) in last]


def describe(prepared: "Prepared") -> list[dict[str, Any]]:
    """What a source delivers, table by table: rows, left out by reason, columns absent."""
    return [
        {
            "table": name,
            "rows": found["rows"],
            "left_out": found["left_out"],
            "undated": found["undated"],
            "absent": [c for c in tables()[name].columns if c not in found["delivered"]],
        }
        for name, found in prepared.tables.items()
        if found["delivered"]
    ]
