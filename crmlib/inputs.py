"""The files a source consists of, each checked for what makes it unreadable before a single row is taken from it."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator

from . import csvfile, store, workbook
from .errors import DataError, nearest
from .formats import Formats, checked_dates, checked_numbers, checked_zone
from .schema import Table, tables
from .sql import literal, quoted

KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".duckdb")


class Written(BaseModel):
    """How values are written; said of a file, of a table or of one column."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    dates: str | list[str] = Field([], description="how days and times are written, such as '%d.%m.%Y'; one way or several")
    numbers: str = Field("", description="how 1234.56 is written, such as '1.234,56'")
    time_zone: str = Field("", description="zone in which times are written (default: the business's)")

    @field_validator("dates")
    @classmethod
    def _dates(cls, value: str | list[str]) -> list[str]:
        return [checked_dates(form) for form in ([value] if isinstance(value, str) else value)]

    @field_validator("numbers")
    @classmethod
    def _numbers(cls, value: str) -> str:
        return checked_numbers(value) if value else value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return checked_zone(value) if value else value

    @property
    def formats(self) -> Formats:
        return Formats(tuple(self.dates), self.numbers, self.time_zone)


class FileSpec(Written):
    """One file of a source and how it is written (`files:` of a mapping)."""

    path: str = Field("", description="within the folder; not needed for a table of a .duckdb file")
    encoding: str = Field("utf-8", description="utf-8, gbk, latin-1, utf-16 …")
    delimiter: str = Field(",", description="what separates columns: one sign, or tab")
    skip: int = Field(0, ge=0, le=1000, description="lines before the header")
    sheet: str | None = Field(None, description="sheet of an Excel workbook (default: the first)")
    table: str | None = Field(None, description="table of a .duckdb file")
    rows: int | None = Field(None, ge=0, description="how many rows it must have: another number is refused")
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="what its content must be: another one is refused")

    @field_validator("delimiter")
    @classmethod
    def _one_sign(cls, value: str) -> str:
        value = {"tab": "\t"}.get(value, value)
        if len(value) != 1 or value in "\r\n\"'":
            raise ValueError("a delimiter is one sign, such as ';', or the word tab")
        return value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"{value!r} is no encoding; right are such as utf-8, gbk, latin-1, utf-16") from None
        return value


@dataclass(frozen=True)
class File:
    """A file as delivered: what mappings call it, where it lies, how it is written."""

    name: str
    path: Path
    spec: FileSpec = field(default_factory=lambda: FileSpec())  # type: ignore[call-arg]

    @property
    def called(self) -> str:
        """How messages call it: the file's name, never its path."""
        part = (self.spec.table or self.name) if self.path.suffix == ".duckdb" else self.spec.sheet
        return f"{self.path.name}:{part}" if part else self.path.name

    @property
    def sha(self) -> str:
        return store.file_sha(self.path)


@dataclass(frozen=True)
class Given:
    """A canonical table on its way in: what makes the view `raw` of it, the files it is made of, how its columns are written.

    `relation(table)` makes the view and returns the columns it has and their types; the door evaluates it once.
    """

    relation: Callable[[Table], dict[str, str]]
    files: tuple[File, ...] = ()
    formats: Mapping[str, Formats] = field(default_factory=dict)

    def unreadable(self, table: str, error: duckdb.Error) -> DataError:
        """What the engine says while it reads the table, about the file that it names (else the first)."""
        blamed = [f for f in self.files if f.path.name in str(error)] or [*self.files, File(table, Path(table))]
        return unreadable(blamed[0], error)


def inputs_in(place: Path) -> dict[str, File]:
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
    known = {name: File(name, found[name]) for name in tables() if name in found}
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


def reader(file: File, scratch: Path) -> str:
    """The SQL that reads a file, in the order of its rows; columns of text files and sheets are all text."""
    kind, spec = file.path.suffix.lower(), file.spec
    if kind == ".duckdb":
        return f"delivered.{quoted(spec.table or file.name)}"
    if kind == ".parquet":
        return f"read_parquet({literal(file.path)})"
    if kind == ".xlsx":
        decimal = "," if spec.numbers.rstrip(" €%")[-3:-2] == "," else "."
        plain, delimiter = workbook.sheet_as_csv(file.path, file.called, spec.sheet, decimal, scratch), ","
    else:
        plain, delimiter = csvfile.as_utf8(file.path, file.called, spec.encoding, scratch), spec.delimiter
    names = ", ".join(f"{literal(h)}: 'VARCHAR'" for h in csvfile.header(plain, file.called, delimiter, spec.skip))
    return f"""read_csv({literal(csvfile.with_one_newline(plain, scratch))}, columns={{{names}}}, header=true, skip={spec.skip},
        auto_detect=false, delim={literal(delimiter)}, quote='"', escape='"', nullstr='', strict_mode=true, max_line_size=10000000,
        buffer_size=32000000)"""


def as_delivered(
    con: duckdb.DuckDBPyConnection, file: File, table: Table, scratch: Path, dated: str | None = None
) -> dict[str, str]:
    """Make the view `raw` of a file that has the columns of a canonical table already; → its columns and their types.

    `dated`: the day that a table without its date column is of.
    """
    try:
        rows = reader(file, scratch)
        con.execute(f"create or replace view raw as select * from {rows}")
        types = described(con, "raw")
        undated = bool(dated) and table.date not in types
        _check_columns(file, table, list(types), {table.date} if undated else set())
        _check_once(con, file, table, types)
        if undated:
            con.execute(f"create or replace view raw as select *, {literal(dated)} as {table.date} from {rows}")
    except duckdb.Error as e:
        raise unreadable(file, e) from None
    return described(con, "raw")


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
    if doubted and file.path.suffix.lower() == ".parquet":
        names = [n for (n,) in con.execute(f"select name from parquet_schema({literal(file.path)})").fetchall()]
        twice = [c for c in doubted if names.count(c) > 1]
        if twice:
            raise DataError(
                f"{file.called} has the column {twice[0]!r} twice. Each name may stand once. Rename one of the two there."
            )


def unreadable(file: File, error: duckdb.Error) -> DataError:
    """DuckDB's complaint about a file, without its path and its advice about options that nobody can set here."""
    said, text = str(error), file.path.suffix.lower() in (".csv", ".tsv", ".txt")
    if text and "nicode" in said:
        return csvfile.not_utf8(file.path, file.called)
    if text and (where := csvfile.broken(said)):
        return DataError(f"{file.called}{where}. {csvfile.advice()}")
    return DataError(f"{file.called} cannot be read: {without_paths(said.splitlines()[0])[:200]}. Export it again.")


def without_paths(said: str) -> str:
    """
    >>> without_paths("Cannot open file '/data/a b/orders.parquet': no")
    "Cannot open file 'orders.parquet': no"
    """
    return re.sub(r"(?<![\w.])/(?:[^/'\"\n]*/)+", "", said).rstrip(" .")
