"""A source held against the contract without keeping anything of it: table by table what was mapped, what is absent, what is left out and why."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from . import coverage, csvfile
from .errors import CrmError, nearest
from .expressions import FILES
from .inputs import KINDS, DeclaredDay, described
from .leftout import shown_value
from .mapping import TableSpec
from .schema import REVENUE_STATUSES_LEFT_OUT, Business, tables
from .sources import Source, open_source
from .sql import quoted

EXAMPLES = 3


@dataclass
class Checked:
    """What the door made of one table."""

    table: str
    called: str  # the files it comes from
    rows: int = 0
    mapped: dict[str, str] = field(default_factory=dict)  # canonical column → what it is made of
    absent: dict[str, str] = field(default_factory=dict)  # canonical column → a column of the file that may be meant
    left_out: list[str] = field(default_factory=list)
    left_out_rows: int = 0
    problem: CrmError | None = None

    def lines(self, allowed: float) -> Iterator[str]:
        """The table in words."""
        made = f" from {self.called}" if self.called else ""
        yield f"{self.table}{made}: {'not read' if self.problem and not self.rows and not self.left_out else f'{self.rows:,} rows'}"
        if self.problem:
            yield f"  problem: {self.problem}"
        if self.mapped:
            yield "  mapped: " + ", ".join(c if c == made else f"{c} ← {made}" for c, made in self.mapped.items())
        if self.absent:
            yield "  absent: " + ", ".join(f"{c} (is it {hint!r}?)" if hint else c for c, hint in self.absent.items())
        if self.left_out:
            every = self.rows + self.left_out_rows
            yield f"  left out: {self.left_out_rows:,} of {every:,} rows ({self.left_out_rows / every:.1%}; {allowed:.1%} allowed)"
            yield from (f"    {line}" for line in self.left_out)


@dataclass
class Checkup:
    """All tables of a source, and what is wrong beyond single rows."""

    source: str
    business: Business
    tables: list[Checked]
    files: list[CrmError]  # what is wrong with files, before any table
    notes: list[str]

    @property
    def problems(self) -> list[CrmError]:
        return [*self.files, *(t.problem for t in self.tables if t.problem)]


def checkup(ref: str) -> Checkup:
    """Take a source in as a run would, into a folder that is gone afterwards; a fault of one table does not hide the next one's."""
    files: dict[str, CrmError] = {}
    source, troubles = open_source(ref, files.setdefault), dict[str, CrmError]()
    with tempfile.TemporaryDirectory(prefix="crm-check-") as place:
        folder = Path(place)
        with coverage.connection([f.path for f in source.files.values()], folder) as con:
            given = source.given(con, folder, day := DeclaredDay(source.as_of))
            door = coverage.clean(con, given, source.business, troubles.setdefault)
            words = list(_unknown_words(con, source.business, door))
            found = [
                _checked(con, source, name, door["tables"][name], given[name], troubles.get(name))
                for name in tables()
                if name in given
            ]
    dated = [f"{name} has no date of its own: all its rows count as of {day.day}, the declared day" for name in day.tables]
    notes = [*dated, *words, *door["warnings"], *_cut_off(source), *_not_read(source)]
    return Checkup(source.name, source.business, found, list(files.values()), notes)


def _checked(
    con: duckdb.DuckDBPyConnection, source: Source, name: str, entry: dict[str, Any], given: Any, problem: CrmError | None
) -> Checked:
    delivered = entry["delivered"]
    spec = source.tables.get(name)
    made = {c: " ".join(spec.columns[c].of.split()) if spec and c in spec.columns else c for c in delivered}
    unused = [c for c in _offered(con, spec) if c not in made.values()]
    absent = {c: _alike(c, unused) for c in tables()[name].columns if c not in delivered} if delivered else {}
    out = list(_faults(con, name)) if entry["left_out"] else []
    called = ", ".join(f.called for f in given.files)
    return Checked(name, called, entry["rows"], made, absent, out, sum(entry["left_out"].values()), problem)


def _offered(con: duckdb.DuckDBPyConnection, spec: TableSpec | None) -> list[str]:
    """The columns of the files that a table is mapped from."""
    there = {name for (name,) in con.execute("select view_name from duckdb_views() where schema_name = ?", [FILES]).fetchall()}
    return (
        [c for alias in (spec.of, *spec.join) if alias in there for c in described(con, f"{FILES}.{quoted(alias)}")]
        if spec
        else []
    )


def _faults(con: duckdb.DuckDBPyConnection, name: str) -> Iterator[str]:
    """What is wrong with rows, by reason and column, the first rows of each with their values."""
    groups = con.execute(
        f"""select reason, "column", count(*), min_by(_row, _row, {EXAMPLES}), min_by(row, _row, {EXAMPLES})
        from "{name}__left_out" group by all order by min(_row)"""
    ).fetchall()
    for reason, column, count, rows, raws in groups:
        shown = ", ".join(f"row {row}{shown_value(tables()[name], column, raw)}" for row, raw in zip(rows, raws, strict=True))
        yield f"{reason} in {column}: {count:,} row{'s' * (count != 1)}: {shown}{' …' * (count > EXAMPLES)}"


def _alike(column: str, unused: list[str]) -> str:
    """The column of the file that may be meant by an absent canonical one; "" where none is near."""
    plain = {re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_"): name for name in unused}
    close = get_close_matches(column, plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else ""


def _unknown_words(con: duckdb.DuckDBPyConnection, business: Business, door: dict[str, Any]) -> Iterator[str]:
    """Words of the data on which figures depend: stages that are none, statuses and channels beside those that mean something."""
    seen = lambda table, column: dict(  # noqa: E731
        con.execute(f'select "{column}", count(*) as n from "{table}" where "{column}" is not null group by 1 order by n desc, 1 limit 12').fetchall()
        if column in door["tables"][table]["delivered"] else []
    )  # fmt: skip
    listed = lambda words: ", ".join(f"{word!r} ({n:,})" for word, n in words.items())  # noqa: E731
    stages = {**seen("opportunities", "stage"), **seen("stage_changes", "stage")}
    if odd := {s: n for s, n in stages.items() if s not in business.stages}:
        yield f"stages that business.stages does not name: {listed(odd)}. Deals in them count as in no stage. It names: {', '.join(business.stages)}"
    if statuses := seen("orders", "status"):
        yield f"statuses of orders: {listed(statuses)}. Only {', '.join(REVENUE_STATUSES_LEFT_OUT)} count in no revenue; say others with values:"
    channels = seen("interactions", "channel")
    if channels and (absent := [w for w in business.qualifying if w != "order" and w not in channels]):
        yield f"channels of interactions: {listed(channels)}. None is {' or '.join(absent)}, which business.qualifying names: say them with values:"


def _cut_off(source: Source) -> Iterator[str]:
    for file in source.files.values():
        if file.path.suffix.lower() == ".csv" and not csvfile.ends_well(file.path):
            yield f"{file.called} does not end with a line end: it may be cut off in its last line. Compare that line with the original."


def _not_read(source: Source) -> Iterator[str]:
    """Files that lie beside those that are read; where files are found by their names, which table may be meant."""
    folder = next((f.path.parent for f in source.files.values() if f.path.suffix != ".duckdb"), None)
    read = {f.path for f in source.files.values()}
    beside = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in KINDS and p not in read] if folder else []
    hints = {p.name: "" if source.tables else nearest(p.stem.casefold(), tables()) for p in beside}
    if hints:
        yield "not read: " + ", ".join(f"{name} ({hint})" if hint.startswith("did") else name for name, hint in hints.items())
