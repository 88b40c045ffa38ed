"""Check and clean at the door: what is kept, what is left out and why; too much left out is refused.

Everything is one pass of SQL per table inside DuckDB, on a connection that reads the declared files and nothing else.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from . import store
from .errors import CrmError, DataError, Tell, nearest
from .formats import PLAIN, Formats
from .inputs import ROW, DeclaredDay, Given, database, without_paths
from .leftout import mark_duplicates, mark_orphans, refuse_too_many
from .money import convert
from .parquet import write_tables
from .schema import Business, Table, tables
from .sql import literal, quoted
from .stages import derive
from .teams import find_teams, make_spans, moment_of_row, teams_since
from .typed import faults, trimmed, typed_value

if TYPE_CHECKING:
    from .sources import Source

_RECENT_DAYS = 1000
_NOTHING: dict[str, Any] = {"rows": 0, "delivered": [], "undated": 0, "left_out": {}}


def fill(folder: Path, source: "Source") -> None:
    """Fill a prepared store: one Parquet file a table, the rows left out, and door.json that counts them."""
    scratch = folder / "scratch"
    scratch.mkdir()
    with connection([f.path for f in source.files.values()], folder) as con:
        given = source.given(con, scratch, day := DeclaredDay(source.as_of))
        door = clean(con, given, source.business)
        contents = write_tables(con, door, folder)
    shutil.rmtree(scratch)
    for name, found in door["tables"].items():
        found["sha256"] = _delivered(given[name]) if name in given else None
        found["content"], found["left_out_content"] = contents[name], contents.get(f"{name}__left_out")
    door["spans"] = contents["spans"]
    door["dated_by_declaration"] = day.tables
    door["as_of"] = source.as_of.isoformat() if source.as_of else None
    door["first"] = door["first"] or door["as_of"]
    if door["first"] is None:
        raise DataError(
            f"{source.name} holds no row with a date, so no period can be reported. Orders, deals, tickets … need their dates. "
            "Check the files, or name the day of the data as mapping.as_of in a file in params/sources."
        )
    store.write(folder / "door.json", json.dumps(door, ensure_ascii=False, indent=1))


def _delivered(given: Given) -> str | None:
    """The sha256 of the file that a table is made of; of several files, that of their hashes."""
    shas = [f.sha for f in given.files]
    return shas[0] if len(shas) == 1 else store.digest(*shas)


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        con.execute(f"attach {literal(path)} as {database(path)} (read_only)")
    except duckdb.Error as e:
        raise DataError(
            f"{path.name} cannot be opened as a DuckDB file ({without_paths(str(e).splitlines()[0])[:120]}). "
            "A DuckDB file of this version is right. Write it again, or name another file."
        ) from None


@contextmanager
def connection(reads: list[Path], scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can read the declared files, write into `scratch`, and nothing else."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for path in {p for p in reads if p.suffix.lower() == ".duckdb"}:
            _attach(con, path)
        con.execute(f"set temp_directory = {literal(scratch / 'spill')}")
        con.execute(f"set allowed_paths = [{', '.join(literal(p.resolve()) for p in reads)}]")
        con.execute(f"set allowed_directories = [{literal(str(scratch.resolve()) + '/')}]")
        con.execute("set checkpoint_threshold = '1TB'")  # else tables that live for seconds are rewritten to be compact
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def clean(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, Given],
    business: Business,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Make a clean table of each canonical one that is given, in an order in which parents come first.

    `tell`: who hears of a table that breaks the contract; it then counts as not delivered. Without it the first one ends all.
    → {"tables": {name: {rows, delivered, undated, left_out: {reason: n}}}, "warnings", "teams", "history", "first", "last"}
    """
    door: dict[str, Any] = {"tables": {}, "warnings": []}
    _make_empty(con, [t for t in tables().values() if t.name not in given])
    for name, table in tables().items():
        door["tables"][name] = _taken(con, table, given.get(name), business, door, tell)
        if name == "reps":
            make_spans(con)
    derive(con, business, set(door["tables"]["opportunities"]["delivered"]))
    undated = con.execute("select count(*) from opportunities where _at is null").fetchall()[0][0]
    door["tables"]["opportunities"]["undated"] = undated
    delivered = [name for name, found in door["tables"].items() if found["rows"]]
    door["teams"] = teams_since(con, delivered)
    door["history"] = con.execute('select distinct "table", "column" from changes order by 1, 2').fetchall()
    door["first"], door["last"] = _dates(con, delivered)
    return door


def _taken(
    con: duckdb.DuckDBPyConnection, table: Table, given: Given | None, business: Business, door: dict[str, Any], tell: Tell | None
) -> dict[str, Any]:
    """Make the clean table and the table of what is left out; → the table's entry in door.json."""
    if given is None:
        return dict(_NOTHING)
    try:
        entry = _kept(con, table, given, business, door)
    except CrmError as e:
        if tell is None:
            raise
        tell(table.name, e)
        _make_empty(con, [table])
        return dict(_NOTHING)
    try:
        refuse_too_many(con, table, business, entry["rows"], entry["left_out"])
    except DataError as e:
        if tell is None:
            raise
        tell(table.name, e)
    return entry


def _kept(con: duckdb.DuckDBPyConnection, table: Table, given: Given, business: Business, door: dict[str, Any]) -> dict[str, Any]:
    try:
        types = given.relation(table)
        door["warnings"] += _near_misses(table, types)
        _check(con, table, types, business, given.formats)
        find_teams(con, table)
        return _keep(con, table, types)
    except duckdb.Error as e:
        raise given.unreadable(table.name, e) from None


def _make_empty(con: duckdb.DuckDBPyConnection, absent: list[Table]) -> None:
    """Tables that are not delivered are there, typed, without a row."""
    for table in absent:
        columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in table.columns.values())
        con.execute(f'create table "{table.name}" ({columns}, _at timestamp, _team varchar)')


def _check(
    con: duckdb.DuckDBPyConnection, table: Table, types: dict[str, str], business: Business, formats: Mapping[str, Formats]
) -> None:
    """The table `checked`: typed columns, `_fault` (reason:column) and `_raw` where a row is at fault; rowid + 1 is its row.

    Layers, so that each value is trimmed and typed once: as delivered (`r`), typed (`t`), its fault, what was delivered.
    """
    given = [c for c in table.columns.values() if c.name in types]
    delivered = ", ".join([*(f'{trimmed(c, types[c.name])} as "{c.name}"' for c in given), *[quoted(ROW)] * (ROW in types)])
    typed = ", ".join(
        f'{typed_value(c, types.get(c.name), business.time_zone, formats.get(c.name, PLAIN))} as "{c.name}"'
        for c in table.columns.values()
    )
    whens = " ".join(w for c in given for w in faults(c))
    place = f"{quoted(ROW)} as _row, " if ROW in types else ""  # in its file, where the mapping leaves rows out before
    names, at = ", ".join(f'"{c}"' for c in table.columns), moment_of_row(table, business.fiscal_year_starts)
    con.execute(
        f"""create or replace table checked as
        select {names}, {at} as _at, null::varchar as _team, {place}_fault, case when _fault is not null then to_json(r) end as _raw from
        (select *, case {whens} end::varchar as _fault from (select {typed}, r{f", r.{quoted(ROW)}" if ROW in types else ""} from (select {delivered} from raw) r) t) t"""
    )
    mark_duplicates(con, table)
    mark_orphans(con, table)
    convert(con, table, business)


def _near_misses(table: Table, types: dict[str, str]) -> list[str]:
    """Extra columns are ignored; one whose name is close to an absent optional column deserves a word."""
    absent = [c for c in table.columns if c not in types]
    hints = {extra: nearest(extra, absent) for extra in types if extra not in table.columns and extra != ROW}
    return [f"{table.name}: the column {c!r} is not read ({hint})" for c, hint in hints.items() if hint.startswith("did")]


def _keep(con: duckdb.DuckDBPyConnection, table: Table, types: dict) -> dict[str, Any]:
    """Move what is left out from `checked` to a table of its own; the rest is the clean table. → the entry in door.json.

    What is left of `checked` gets the table's name where it is: large tables are made once, and no row leaves its place.
    """
    name = table.name
    own_at = (
        f'"{table.date}"::timestamp' if table.date and table.columns[table.date].type in ("day", "time") else "null::timestamp"
    )
    own_row = ["_row"] * (ROW in types)
    values = ", ".join(f"'{c}': \"{c}\"" for c in [*table.columns, "_fault", "_raw"])
    con.execute(
        f"""create table "{name}__left_out" as select {(*own_row, "rowid + 1")[0]} as _row, split_part(_fault, ':', 1) as reason, split_part(_fault, ':', 2) as column,
        {own_at} as _at, coalesce(_raw, to_json({{{values}}})) as row from checked where _fault is not null order by rowid"""
    )
    con.execute("delete from checked where _fault is not null")
    for column in ("_fault", "_raw", *own_row):
        con.execute(f"alter table checked drop column {column}")
    con.execute(f'alter table checked rename to "{name}"')
    rows, undated = con.execute(f'select count(*), count(*) filter (_at is null) from "{name}"').fetchall()[0]
    left_out = dict(con.execute(f'select reason, count(*) from "{name}__left_out" group by 1 order by 1').fetchall())
    delivered = [c for c in table.columns if c in types]
    dated = undated if table.date and rows else 0
    return {"rows": rows, "delivered": delivered, "undated": dated, "left_out": left_out}


def _dates(con: duckdb.DuckDBPyConnection, delivered: list[str]) -> tuple[str | None, list[str]]:
    """The first dated moment, and the newest moment of each of the last days on which anything happened."""
    moments = []
    for name in delivered:
        table = tables()[name]
        happened = [c.name for c in table.columns.values() if c.dated == c.name and c.name != "active_to"]
        if table.date and name not in ("exchange_rates", "campaigns", "reps"):
            moments += [f'select {c}::timestamp as m from "{name}"' for c in ("_at", *(f'"{h}"' for h in happened))]
    every = " union all ".join(moments or ["select null::timestamp as m"])
    first = con.execute(f"select min(m) from ({every})").fetchall()[0][0]
    last = con.execute(
        f"select max(m) from ({every}) where m is not null group by m::date order by 1 desc limit {_RECENT_DAYS}"
    ).fetchall()
    return (first.date().isoformat() if first else None), [m.isoformat() for (m,) in last]
