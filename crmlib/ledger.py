"""What was published and predicted, kept for good: one Parquet file a release, append-only.

A release writes its file beside itself and then shows its pages; only then is the file moved here, in one rename. So an
entry counts exactly if its page was shown. Files carry a number in the order in which they came: the clock may stand
still or be set back. Nothing here can be made again: no clean and no ageing touches it.
"""

import errno
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path

import duckdb

from .errors import PublishError
from .sql import literal

KPI = "kpi"
SCORE, SEGMENT, CENTRE = BULK = ("score", "segment", "centre")  # told in bulk (told.py)
KEY = ("kind", "source", "team", "report", "period", "target", "starts", "ends")
SAME = ("value", "label", "data", "revision", "settings", "as_of")  # what makes another entry of the same key worth keeping
_TYPES = {
    str: "varchar", str | None: "varchar", float | None: "double", date: "date", datetime: "timestamp", bool: "boolean",
}  # fmt: skip
_NAME = re.compile(r"(\d{6})-.+\.parquet")


@dataclass(frozen=True)
class Entry:
    """A figure, forecast, score or segment as a page said it. `period` is the page's, `starts` to `ends` (half-open) the one it is about."""

    kind: str
    report: str
    team: str
    period: str
    starts: date
    ends: date
    source: str
    target: str  # the figure's name, and its dimension after a slash; of a score whom it is about
    unit: str
    currency: str | None
    value: float | None
    base: float | None
    reason: str | None  # why there is no value
    as_of: datetime  # up to then the data told what happened
    complete: bool  # the data reached the period's end
    made_at: datetime
    data: str  # a hash of the tables that were read
    revision: str | None  # of the code
    settings: str  # a hash of what the figures mean: the source's `business`
    run: str
    label: str | None = None  # what it is called beside its value: the segment, whether the customer was warned of

    @property
    def key(self) -> tuple:
        """What it is about: later entries of the same key are revisions of the first."""
        return tuple(getattr(self, name) for name in KEY)

    def repeats(self, other: "Entry | None") -> bool:
        """Whether it says nothing that the other does not say."""
        return other is not None and all(getattr(self, name) == getattr(other, name) for name in (*KEY, *SAME))


COLUMNS = {field.name: _TYPES[field.type] for field in fields(Entry)}  # type: ignore[index]
History = Mapping[tuple, list[Entry]]  # entries of each key, oldest first: the newest, and those between which the value changed
NOTHING: History = {}


def clock() -> datetime:
    """When an entry is made, as the clocks of the place say; CRM_NOW sets it."""
    return datetime.fromisoformat(os.environ.get("CRM_NOW") or datetime.now().isoformat()).replace(tzinfo=None)


def files(out: Path) -> list[Path]:
    """The files of the ledger, oldest first."""
    folder = out / "ledger"
    return sorted(p for p in folder.iterdir() if _NAME.fullmatch(p.name)) if folder.is_dir() else []


def entries(out: Path) -> duckdb.DuckDBPyRelation:
    """All entries, as a relation to filter: nothing is read yet, and then only the columns and row groups that are asked for.

    Besides an entry's columns: `number` of its file, in the order in which they came, and `predicted`: made before the
    period it is about had ended; all others are back-casts.
    """
    return duckdb.connect().sql(selection(files(out)))


def selection(paths: Iterable[Path]) -> str:
    """The entries of some files, as SQL. Where all of them are of an older form, a column that came later is there, empty."""
    form = ", ".join(f"null::{kind} as {name}" for name, kind in COLUMNS.items())
    form = f"select {form}, null::varchar as filename where false"
    if listed := ", ".join(literal(path) for path in paths):
        form += f" union all by name from read_parquet([{listed}], union_by_name = true, filename = true)"
    number = "left(parse_filename(filename), 6)::integer as number"
    return f"select {', '.join(COLUMNS)}, {number}, made_at < ends as predicted from ({form})"


def first(told: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Of each key the first entry: it is the one that counts, what came later are revisions."""
    ranked = f"row_number() over (partition by {', '.join(KEY)} order by number)"
    return told.query("told", f"select * from told qualify {ranked} = 1")


def history(out: Path, kind: str, reports: Iterable[str], periods: Iterable[str]) -> dict[tuple, list[Entry]]:
    """What was said before on the pages of some reports and periods, however often it was repeated."""
    asked = {"kind": [kind], "report": sorted(set(reports)), "period": sorted(set(periods))}
    if not all(asked.values()):
        return {}
    wanted = " and ".join(f"{column} in ({', '.join(map(literal, values))})" for column, values in asked.items())
    past = f"window past as (partition by {', '.join(KEY)}, complete order by number)"
    kept = "lead(number) over past is null or value is distinct from lag(value) over past or value is distinct from lead(value) over past"
    told = f"select {', '.join(COLUMNS)} from told where {wanted} {past} qualify {kept} order by number"
    with readable(out):
        rows = entries(out).query("told", told).fetchall()
    found: dict[tuple, list[Entry]] = {}
    for entry in (Entry(*row) for row in rows):
        found.setdefault(entry.key, []).append(entry)
    return found


@contextmanager
def readable(out: Path) -> Iterator[None]:
    """Name the damaged file where the ledger cannot be read."""
    try:
        yield
    except duckdb.Error as error:
        if not (bad := damaged(out)):
            raise
        raise PublishError(
            f"The ledger cannot be read: {bad[0].name} is damaged ({type(error).__name__}). Nothing was published. "
            "Put the file back from a backup (`make restore-drill` proves the newest)."
        ) from None


def damaged(out: Path) -> list[Path]:
    """The files that cannot be read through."""
    return [path for path in files(out) if not _reads(path)]


def _reads(path: Path) -> bool:
    try:
        return bool(duckdb.connect().sql(selection([path])).aggregate("count(columns(*))").fetchall())
    except duckdb.Error:
        return False


def news(made: Iterable[Entry], past: History) -> list[Entry]:
    """What is worth keeping: all but those that repeat the newest entry of their key."""
    newest = {key: told[-1] for key, told in past.items()}
    return [entry for entry in {e.key: e for e in made}.values() if not entry.repeats(newest.get(entry.key))]


def write(path: Path, made: Iterable[Entry], more: Iterable[str] = ()) -> None:
    """A file of entries, whole or not at all, for the owner's eyes alone; sorted, so that a reader finds his without reading all.

    `more`: further entries as SQL, each piece in an order of its own (told.py). Of no entry at all there is no file.
    """
    rows, half = (path.with_name(f".{path.name}.{end}") for end in ("rows", "part"))
    columns = ", ".join(f"{name}: {literal(kind)}" for name, kind in COLUMNS.items())
    told = f"from read_json({literal(rows)}, format = 'newline_delimited', columns = {{{columns}}}) order by {', '.join(KEY)}"
    pieces = " union all ".join(f"({piece})" for piece in (told, *more))
    try:
        for private in (rows, half):
            private.touch(0o600)
        with rows.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(json.dumps(vars(entry), default=str, ensure_ascii=False) + "\n" for entry in made)
        with duckdb.connect(config={"threads": 1}) as con:  # in order, and the same bytes for the same entries
            form = "format parquet, compression zstd, parquet_version v2, use_tmp_file false"
            count = con.execute(f"copy (from ({pieces})) to {literal(half)} ({form})").fetchall()[0][0]
        if not count:
            return
        with half.open("rb") as file:
            os.fsync(file.fileno())  # the release is shown next: a power cut must not leave its entries empty
        half.replace(path)
    except duckdb.Error as error:
        raise OSError(errno.EIO, f"the entries of the ledger: {str(error).splitlines()[0]}") from None
    finally:
        for rest in (rows, half):
            rest.unlink(missing_ok=True)


def adopt(out: Path) -> None:
    """Take in the file of the release that readers see; those of releases that were never shown are dropped.

    Called with the output folder locked: right after a release is shown, and at the start of every run for what a killed one left.
    """
    shown = out / "site"
    name = shown.readlink().name if shown.is_symlink() else None
    try:
        for rest in (out / "releases").glob(".*.parquet.*"):
            rest.unlink()
        for path in (out / "releases").glob("*.parquet"):
            if path.stem == name:
                path.rename(_next_place(out, path.name))
            else:
                path.unlink()
    except OSError as error:
        raise PublishError(
            f"The ledger cannot take in what was published: {error.strerror}. It is the folder {out.name}/ledger, on the same disk "
            "as the site. Make room or mend its permissions, and run again: nothing is lost so far."
        ) from None


def _next_place(out: Path, name: str) -> Path:
    folder = out / "ledger"
    folder.mkdir(mode=0o700, exist_ok=True)
    last = int(there[-1].name[:6]) if (there := files(out)) else 0
    return folder / f"{last + 1:06d}-{name}"
