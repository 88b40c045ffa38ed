"""The files a source consists of, each checked for what makes it unreadable before a single row is taken from it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from . import csvfile, store, workbook
from .errors import DataError, Tell, nearest
from .files import File
from .formats import Formats
from .schema import Table, tables
from .sql import literal, quoted

if TYPE_CHECKING:
    import pandas as pd

ROW = "row in file"  # a column of `raw`, where the mapping leaves rows out before the door counts them
KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".duckdb")


@dataclass(frozen=True)
class Given:
    """A canonical table on its way in: what makes the view `raw` of it, the files it is made of, how its columns are written.

    `relation(table)` makes the view and returns the columns it has and their types; the door evaluates it once.
    """

    relation: Callable[[Table], dict[str, str]]
    files: tuple[File, ...] = ()
    formats: Mapping[str, Formats] = field(default_factory=dict)
    place: str = ""  # where its mapping stands; none: the file has the canonical columns

    def unreadable(self, table: str, error: duckdb.Error) -> DataError:
        """What the engine says while it reads the table, about the file that it names (else the first)."""
        if self.place and isinstance(error, duckdb.ConversionException) and "CSV" not in str(error):
            return DataError(
                f"{self.place}: a value cannot be turned into what an expression of {table} casts it to. Use try_cast, number() or "
                "moment(), which leave out that row alone. Change it there."
            )
        blamed = [f for f in self.files if f.path.name in str(error)] or [*self.files, File(table, Path(table))]
        return unreadable(blamed[0], error)


def inputs_in(place: Path, tell: Tell | None = None) -> dict[str, File]:
    """The canonical tables found in a folder (<table>.csv, <table>.parquet) or a DuckDB file.

    `tell`: who hears of a table that is delivered twice (it is then taken from its CSV file); else it ends all.
    """
    if place.is_file():
        found = _tables_of(place)
    else:
        files = sorted(p for p in place.iterdir() if p.suffix.lower() in (".csv", ".parquet"))
        twice = {p.stem for p in files if sum(q.stem == p.stem for q in files) > 1}
        for name in sorted(twice & set(tables())):
            fault = DataError(
                f"{name} is delivered twice in {place.name}/, as CSV and as Parquet. One file a table is right. Remove one of the two there."
            )
            if tell is None:
                raise fault
            tell(name, fault)
        found = {p.stem: p for p in reversed(files)}
    known = {name: File(name, found[name]) for name in tables() if name in found}
    if not known:
        hint = "; ".join(f"{n}: {nearest(n, tables())}" for n in sorted(found)[:3]) or "it holds no CSV or Parquet file"
        raise DataError(
            f"{place.name} holds none of the canonical tables ({hint}). Name the files after the tables (customers.csv, "
            "orders.parquet …), or map them in a file in params/sources."
        )
    return known


def _tables_of(path: Path) -> dict[str, Path]:
    if path.suffix.lower() != ".duckdb":
        raise DataError(f"{path.name} is no source: a source is a .yml file, a folder or a .duckdb file. Check SOURCE.")
    try:
        with duckdb.connect(path, read_only=True) as con:
            names = con.execute(
                "select table_name from duckdb_tables() union all select view_name from duckdb_views() where not internal"
            )
            return {name: path for (name,) in names.fetchall()}
    except duckdb.Error as e:
        raise DataError(
            f"{path.name} cannot be opened as a DuckDB file ({without_paths(str(e).splitlines()[0])[:120]}). "
            "A DuckDB file of this version is right. Write it again, or give SOURCE another file."
        ) from None


def reader(file: File, scratch: Path) -> str:
    """The SQL that reads a file, in the order of its rows; columns of text files and sheets are all text."""
    spec = file.spec
    if file.kind == ".duckdb":
        return f"{quoted(database(file.path))}.{quoted(spec.table or file.name)}"
    if file.kind == ".parquet":
        return f"read_parquet({literal(file.path)})"
    if file.kind == ".xlsx":
        plain = workbook.sheet_as_csv(file.path, file.called, spec.sheet, spec.skip, file.copy_in(scratch, "sheet"))
        delimiter, skip = ",", 0
    else:
        plain = csvfile.as_utf8(file.path, file.called, spec.encoding, file.copy_in(scratch, "utf8"))
        delimiter, skip = spec.delimiter, spec.skip
    names = ", ".join(f"{literal(h)}: 'VARCHAR'" for h in csvfile.header(plain, file.called, delimiter, skip))
    return f"""read_csv({literal(csvfile.with_one_newline(plain, file.copy_in(scratch, "lines")))}, columns={{{names}}}, header=true, skip={skip},
        auto_detect=false, delim={literal(delimiter)}, quote='"', escape='"', nullstr='', strict_mode=true, max_line_size=10000000,
        buffer_size=64000000)"""


def of_frame(con: duckdb.DuckDBPyConnection, name: str, frame: "pd.DataFrame") -> Callable[[Table], dict[str, str]]:
    """What makes the view `raw` of a pandas frame: all values enter as text, the way a CSV file would deliver them."""
    text = frame.astype(object)
    text = text.where(frame.notna(), None).map(lambda v: v if v is None else str(v)).astype(object)

    def view(table: Table) -> dict[str, str]:
        columns = ", ".join(f'"{c}"::varchar as "{c}"' for c in frame.columns)
        con.register(f"frame_{name}", text)
        con.execute(f"create or replace temp table raw as select {columns} from frame_{name}")
        missing = [c for c in table.required if c not in frame.columns]
        if missing:
            raise DataError(f"{name} has no column {missing[0]!r}. It has: {', '.join(frame.columns)}. Add it to the frame.")
        return dict.fromkeys(frame.columns, "VARCHAR")

    return view


def database(path: Path) -> str:
    """What an attached DuckDB file is called on the door's connection."""
    return f"delivered_{store.digest(str(path))[:12]}"


def as_delivered(con: duckdb.DuckDBPyConnection, file: File, table: Table, scratch: Path, day: "DeclaredDay") -> dict[str, str]:
    """Make the view `raw` of a file that has the columns of a canonical table already; → its columns and their types."""
    try:
        rows = f"select * from {reader(file, scratch)}"
        types = described(con, f"({rows})")
        _check_columns(file, table, list(types), day.fills(table))
        _check_once(con, file, table, types)
        con.execute(f"create or replace view raw as {day.added(con, table, rows)}")
    except duckdb.Error as e:
        raise unreadable(file, e) from None
    return described(con, "raw")


@dataclass
class DeclaredDay:
    """The day that a source declares for what carries no date of its own, and the tables that it dated."""

    day: date | None = None
    tables: list[str] = field(default_factory=list)

    def fills(self, table: Table) -> set[str]:
        """The column that the day may stand in for: an event's; people and campaigns exist without a date, a day would hide them."""
        dated = self.day and table.date and table.name not in ("customers", "reps", "campaigns", "exchange_rates")
        own = table.columns.get(table.date or "") if dated else None
        return {own.name} if own and own.type in ("day", "time") else set()

    def added(self, con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> str:
        """SQL: the rows of a table with the declared day where they have no date column."""
        missing = self.fills(table) - set(described(con, f"({rows})"))
        if not missing:
            return rows
        self.tables.append(table.name)
        return f"select *, {literal(self.day)} as {quoted(missing.pop())} from ({rows})"


def described(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    """The columns of a view or query and their types."""
    return {name: kind for name, kind, *_ in con.execute(f"describe {view}").fetchall()}


def _check_columns(file: File, table: Table, columns: list[str], filled: set) -> None:
    missing = [c for c in table.required if c not in columns and c not in filled]
    if not missing:
        return
    has = f"{file.called} has no column {missing[0]!r}"
    if sign := csvfile.separated_by(columns):
        raise DataError(
            f"{has}: its columns are separated by {sign!r}. Commas are right. Export it again with commas, or say delimiter: {sign!r} "
            "under files in the source's file."
        )
    hint = nearest(missing[0], [c for c in columns if c not in table.columns] or columns)
    raise DataError(
        f"{has}{f' ({hint})' if hint.startswith('did') else ''}. It has: {', '.join(columns) or 'nothing'}. "
        f"Map it under {table.name} in the source's file in params/sources, or add the column."
    )


def _check_once(con: duckdb.DuckDBPyConnection, file: File, table: Table, types: dict[str, str]) -> None:
    """A Parquet file may hold a name twice; DuckDB calls the second one `…_1`."""
    doubted = [c for c in types if c in table.columns and f"{c}_1" in types]
    if doubted and file.kind == ".parquet":
        names = [n for (n,) in con.execute(f"select name from parquet_schema({literal(file.path)})").fetchall()]
        twice = [c for c in doubted if names.count(c) > 1]
        if twice:
            raise DataError(
                f"{file.called} has the column {twice[0]!r} twice. Each name may stand once. Rename one of the two there."
            )


def unreadable(file: File, error: duckdb.Error) -> DataError:
    """DuckDB's complaint about a file, without its path and its advice about options that nobody can set here."""
    said, text = str(error), file.kind in (".csv", ".tsv", ".txt")
    if text and "nicode" in said:
        return csvfile.not_utf8(file.path, file.called, file.spec.delimiter)
    if text and (where := csvfile.broken(said)):
        return DataError(f"{file.called}{where}. {csvfile.advice()}")
    return DataError(f"{file.called} cannot be read: {without_paths(said.splitlines()[0])[:200]}. Export it again.")


def without_paths(said: str) -> str:
    """
    >>> without_paths("Cannot open file '/data/a b/orders.parquet': no")
    "Cannot open file 'orders.parquet': no"
    """
    return re.sub(r"(?<![\w.])/(?:[^/'\"\n]*/)+", "", said).rstrip(" .")
