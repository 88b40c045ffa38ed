"""The files a source consists of, each checked for what makes it unreadable before a single row is taken from it."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from . import csvfile
from .errors import DataError, nearest
from .schema import Table, tables
from .typed import literal


@dataclass(frozen=True)
class Input:
    """One canonical table as delivered: a CSV or Parquet file, or a table of a DuckDB file."""

    table: str
    path: Path

    @property
    def file(self) -> str:
        """How messages call it: the file's name, never its path."""
        return f"{self.path.name}:{self.table}" if self.path.suffix == ".duckdb" else self.path.name


def inputs_in(place: Path) -> dict[str, Input]:
    """The canonical tables found in a folder (<table>.csv, <table>.parquet) or a DuckDB file."""
    if place.is_file():
        found = _tables_of(place)
    else:
        files = sorted(p for p in place.iterdir() if p.suffix.lower() in (".csv", ".parquet"))
        twice = {p.stem for p in files if sum(q.stem == p.stem for q in files) > 1}
        if twice := twice & set(tables()):
            raise DataError(
                f"{min(twice)} is delivered twice in {place.name}/, as CSV and as Parquet. One file a table is right. "
                "Remove one of the two there."
            )
        found = {p.stem: p for p in files}
    known = {name: Input(name, found[name]) for name in tables() if name in found}
    if not known:
        hint = "; ".join(f"{n}: {nearest(n, tables())}" for n in sorted(found)[:3]) or "it holds no CSV or Parquet file"
        raise DataError(
            f"{place.name} holds none of the canonical tables ({hint}). Name the files after the tables (customers.csv, "
            "orders.parquet …), or map them in a file in params/sources."
        )
    return known


def _tables_of(path: Path) -> dict[str, Path]:
    if path.suffix != ".duckdb":
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


def relation(con: duckdb.DuckDBPyConnection, source: Input, table: Table, scratch: Path) -> dict[str, str]:
    """Make the view `raw` of an input as it is delivered; → its columns and their types. CSV columns are all text."""
    try:
        con.execute(f"create or replace view raw as select * from {_reader(source, scratch)}")
        types = {name: kind for name, kind, *_ in con.execute("describe raw").fetchall()}
        _check_columns(source, table, list(types))
        _check_once(con, source, table, types)
    except duckdb.Error as e:
        raise unreadable(source, e) from None
    return types


def _reader(source: Input, scratch: Path) -> str:
    """The SQL that reads an input, in the order of its rows."""
    if source.path.suffix == ".duckdb":
        return f'delivered."{source.table}"'
    if source.path.suffix.lower() == ".parquet":
        return f"read_parquet({literal(source.path)})"
    names = ", ".join(f"{literal(h)}: 'VARCHAR'" for h in csvfile.header(source.path, source.file))
    return f"""read_csv({literal(csvfile.with_one_newline(source.path, scratch))}, columns={{{names}}}, header=true,
        auto_detect=false, delim=',', quote='"', escape='"', nullstr='', strict_mode=true, max_line_size=10000000,
        buffer_size=64000000)"""


def _check_columns(source: Input, table: Table, columns: list[str]) -> None:
    missing = [c for c in table.required if c not in columns]
    if not missing:
        return
    has = f"{source.file} has no column {missing[0]!r}"
    if sign := csvfile.separated_by(columns):
        raise DataError(f"{has}: its columns are separated by {sign!r}. Commas are right. Export it again with commas.")
    hint = nearest(missing[0], [c for c in columns if c not in table.columns] or columns)
    raise DataError(
        f"{has}{f' ({hint})' if hint.startswith('did') else ''}. It has: {', '.join(columns) or 'nothing'}. "
        f"Map it under {table.name} in the source's file in params/sources, or add the column."
    )


def _check_once(con: duckdb.DuckDBPyConnection, source: Input, table: Table, types: dict[str, str]) -> None:
    """A Parquet file may hold a name twice; DuckDB calls the second one `…_1`."""
    doubted = [c for c in types if c in table.columns and f"{c}_1" in types]
    if doubted and source.path.suffix.lower() == ".parquet":
        names = [n for (n,) in con.execute(f"select name from parquet_schema({literal(source.path)})").fetchall()]
        twice = [c for c in doubted if names.count(c) > 1]
        if twice:
            raise DataError(
                f"{source.file} has the column {twice[0]!r} twice. Each name may stand once. Rename one of the two there."
            )


def unreadable(source: Input, error: duckdb.Error) -> DataError:
    """DuckDB's complaint about a file, without its path and its advice about options that nobody can set here."""
    said, csv = str(error), source.path.suffix.lower() == ".csv"
    if csv and "nicode" in said:
        return csvfile.not_utf8(source.path, source.file)
    if csv and (where := csvfile.broken(said)):
        return DataError(f"{source.file}{where}. {csvfile.advice()}")
    return DataError(f"{source.file} cannot be read: {without_paths(said.splitlines()[0])[:200]}. Export it again.")


def without_paths(said: str) -> str:
    """
    >>> without_paths("Cannot open file '/data/a b/orders.parquet': no")
    "Cannot open file 'orders.parquet': no"
    """
    return re.sub(r"(?<![\w.])/(?:[^/'\"\n]*/)+", "", said).rstrip(" .")
