"""What the ledger is told in bulk: a score or a segment of each customer, too many for a notebook's outputs or for objects in Python.

The rows lie in the content-keyed store until the notebook's page is published; the notebook holds a reference to them. Their
entries are written and read in DuckDB. Of what is read only the first entry of each key counts: later ones are revisions.
"""

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb

from . import ledger, places, store
from .errors import UsageError
from .sql import literal, quoted

KIND = "told"  # of the store's entries
ROWS = {"target": "varchar", "value": "double", "label": "varchar"}
READ = (*ROWS, "starts", "ends", "made_at", "as_of", "revision")
UNITS = ("count", "share", "money", "days", "hours", "score", "points", "ratio")  # the facts file's
COMPANY = "all"
SHA = re.compile("[0-9a-f]{64}")
_FILE = "rows.parquet"
# a double to 12 significant digits, as facts have it: the last bits differ between machines
_DIGITS = "case when value = round(value, 4) then nullif(value, 'nan'::double) else format('{:.12g}', value)::double end"


# ------------------------------------------------------------------------------------------------ a notebook's rows


def keep(rows: Any) -> tuple[str, int]:
    """Keep rows (an Arrow table: target, value, label), sorted by target → sha256 of their file, how many there are."""
    (places.work() / KIND).mkdir(mode=0o700, exist_ok=True)
    half = places.work() / KIND / f"{os.getpid()}.half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    try:
        with duckdb.connect(config={"threads": 1}) as con:  # the same bytes for the same rows
            con.register("given", rows)
            _refuse(*counted(con, "given"))
            said = f"select target, {_DIGITS} as value, label from given order by target"
            con.execute(f"copy ({said}) to {literal(half / _FILE)} (format parquet, compression zstd, parquet_version v2)")
        content = store.content_sha(half / _FILE)
        if not (path_of(content).is_file() and store.content_sha(path_of(content)) == content):
            shutil.rmtree(path_of(content).parent, ignore_errors=True)  # somebody changed what was kept
        store.once(KIND, _key(content), partial(_moved, half / _FILE))
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return content, len(rows)


def _moved(file: Path, folder: Path) -> None:
    file.rename(folder / file.name)


def counted(con: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, int, int, int]:
    """Of some rows: how many there are, how many have a target, how many targets that are, how many values are infinite."""
    counts = "count(*), count(target), count(distinct target), count(*) filter (isinf(value))"
    return con.execute(f"select {counts} from {rows}").fetchall()[0]


def _refuse(count: int, named: int, targets: int, infinite: int) -> None:
    wrong = (
        "no target" * (named < count)
        or "a target that another row has" * (targets < named)
        or "an infinite value" * (infinite > 0)
    )
    if wrong:
        raise UsageError(
            f"What the ledger is told has {count:,} rows, and some have {wrong}. "
            "Right is one row for each target, its value a number or missing. Correct the table that is given to page.tells."
        )


def _key(content: str) -> str:
    return content[:32]


def path_of(content: str) -> Path:
    """Where rows of this sha256 lie, if they are there."""
    return places.work() / KIND / _key(content) / _FILE


def is_there(content: str) -> bool:
    """Whether rows are still kept; from now on they count as lately used."""
    return bool(SHA.fullmatch(content)) and path_of(content).is_file() and store.touched(path_of(content).parent)


# ------------------------------------------------------------------------------------------------ into the ledger


@dataclass(frozen=True)
class Bulk:
    """The rows that a page tells, and what their entries have in common: all of an entry but target, value and label."""

    rows: Path
    common: dict[str, Any]

    @property
    def about(self) -> tuple:
        """What tells them from other rows: the key without its target."""
        return tuple(self.common[name] for name in ledger.KEY if name != "target")

    def news(self, before: Iterable[Path]) -> str:
        """Their entries as SQL, sorted by target: all but those that repeat the newest of their key in the files before."""
        same = " and ".join(f"{name} is not distinct from {_constant(self, name)}" for name in ledger.SAME if name not in ROWS)
        past = f"select target, arg_max(struct_pack(v := value, l := label, s := {same}), number) as told from ({ledger.selection(before)})"
        past = f"{past} where {' and '.join(f'{name} = {_constant(self, name)}' for name in ledger.KEY if name != 'target')} group by target"
        repeats = (
            "r.target = p.target and p.told.s and r.value is not distinct from p.told.v and r.label is not distinct from p.told.l"
        )
        rows = f"select r.* from read_parquet({literal(self.rows)}) r anti join ({past}) p on {repeats} order by r.target"
        columns = (name if name in ROWS else f"{_constant(self, name)} as {name}" for name in ledger.COLUMNS)
        return f"select {', '.join(columns)} from ({rows})"


def _constant(bulk: Bulk, name: str) -> str:
    value = bulk.common[name]
    return f"{'null' if value is None else literal(value)}::{ledger.COLUMNS[name]}"


# ------------------------------------------------------------------------------------------------ and out of it


def first(paths: Iterable[Path], kind: str, report: str, source: str, period: str) -> str:
    """What was told of the whole company in a period, as SQL: of each target and window the first entry."""
    asked = {"kind": kind, "source": source, "team": COMPANY, "report": report, "period": period}
    wanted = " and ".join(f"{name} = {literal(value)}" for name, value in asked.items())
    earliest = "row_number() over (partition by target, starts, ends order by number) = 1"
    return f"select {', '.join(READ)} from ({ledger.selection(paths)}) where {wanted} qualify {earliest}"


def into(con: duckdb.DuckDBPyConnection, name: str, out: Path, *asked: str) -> str:
    """Put what was told (asked: kind, report, source, period) into a table of a connection → its digest."""
    with ledger.readable(out):
        con.execute(f"create or replace table {quoted(name)} as {first(ledger.files(out), *asked)} order by target, starts, ends")
    return _digest(con, quoted(name))


def digest(out: Path, *asked: str) -> str:
    """The digest of what is told now (asked: kind, report, source, period): equal as long as a reader finds the same."""
    with ledger.readable(out):
        return _digest_of(tuple((path, path.stat().st_mtime_ns) for path in ledger.files(out)), asked)


@lru_cache(maxsize=64)
def _digest_of(files: tuple[tuple[Path, int], ...], asked: tuple[str, ...]) -> str:
    with duckdb.connect() as con:
        return _digest(con, f"({first([path for path, _ in files], *asked)})")


def _digest(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """In no order: the sum of the rows' hashes."""
    count, total = con.execute(f"select count(*), coalesce(sum(hash({', '.join(READ)})), 0)::varchar from {rows}").fetchall()[0]
    return store.digest(count, total)[:16]
