"""Tables that many notebooks share: made once for the whole company, kept in the content-keyed store, opened by every process.

A metric says how a table is made; where it lies is decided here. An entry's key is everything that it is made from: the
prepared store, the code of the numbers, the period, and the period of the page that it stands beside.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from . import store
from .asof import literal_day
from .periods import Period
from .schema import tables

if TYPE_CHECKING:
    from .crm import Crm

# what a figure can depend on: when one of these changes, every kept table is made again
ROOMS = ("metrics/*.py", "models/*.py", "measures.py", "means.py", "goals.py", "kpi.py", "periods.py", "asof.py", "crm.py", "delivery.py", "kept.py", "saved.py", "schema.*")  # fmt: skip
_ROWS, _SEEN = "rows.parquet", "read.json"


@dataclass(frozen=True)
class Entry:
    """A kept table that was opened, and the canonical tables read, and asked for, in making it."""

    name: str
    period: Period
    table: Any
    read: list[str]
    asked: list[str]


def opened(crm: "Crm", name: str, make: Callable[["Crm"], Any]) -> Any:
    """The table that `make(company)` returns: from the store if anybody has made it, else made now and left there.

    Without a prepared store (`Crm.of`) it is made in memory. The tables read, and asked for, in making it count as read and
    asked for by this page, also where it was ready.
    """
    delivery, key = crm.delivery, key_of(crm, name)
    made = _stored if delivery.folder and not edited() else _in_memory
    entry = delivery.once(f"kept {key}", lambda: Entry(name, crm.period, *made(apart(crm), key, make)))
    delivery.read.update(entry.read)
    delivery.asked.update(entry.asked)
    return entry.table


def entries(crm: "Crm") -> list[Entry]:
    """The tables of this period that its handles have opened so far, by name."""
    found = [e for e in crm.delivery.made.values() if isinstance(e, Entry) and e.period == crm.period]
    return sorted(found, key=lambda e: e.name)


@dataclass(frozen=True)
class Counted:
    """How many rows of a table exist for a team by its period's end, and how many the door left out by then, by reason."""

    rows: int
    left_out: dict[str, int]


def counted(crm: "Crm", names: tuple[str, ...]) -> dict[str, Counted]:
    """The rows of some canonical tables, and of the whole source those left out (undated ones included)."""

    def make(company: "Crm") -> Any:
        counts = []
        for name in names:
            there = company.table(name, tables()[name].required[0]).select(team="_team", reason=ibis.null("string"))
            counts.append(there.mutate(table=ibis.literal(name)))
            if company.delivery.door["tables"][name]["left_out"]:
                out = company.delivery.raw(f"{name}__left_out")
                out = out.filter((out._at < literal_day(company.end)) | out._at.isnull())
                counts.append(out.select("reason", team=ibis.null("string"), table=ibis.literal(name)).select(counts[-1].columns))
        return ibis.union(*counts).group_by("table", "team", "reason").aggregate(n=lambda t: t.count())

    frame = opened(crm, f"rows of {names}", make).execute()
    everybody_s = [name for name in names if crm.team == "all" or tables()[name].scope == ("company",)]
    mine = (frame.team == crm.team) | frame.table.isin(everybody_s)
    rows = frame[frame.reason.isna() & mine].groupby("table").n.sum()
    out = frame[frame.reason.notna()].sort_values("reason")
    reasons = {name: {r.reason: int(r.n) for r in out[out.table == name].itertuples()} for name in names}
    return {name: Counted(int(rows.get(name, 0)), reasons[name]) for name in names}


def key_of(crm: "Crm", name: str) -> str:
    """The hash of everything that an entry is made from."""
    folder, judge = crm.delivery.folder, crm.judge
    moments = [[str(c.period.start), c.period.kind, str(c.end), str(c.as_of)] for c in (crm, judge)]
    return store.digest(folder.name if folder else "", NUMBERS, name, moments)[:32]


def rooms() -> list[Path]:
    """The files of the code that figures depend on."""
    return [path for pattern in ROOMS for path in sorted(Path(__file__).parent.glob(pattern))]


# the hash of that code as it was loaded, and the libraries that it runs on
_LOADED_AT = time.time()
NUMBERS = store.digest([[path.name, path.read_text("utf-8")] for path in rooms()], store.toolchain())


def edited() -> bool:
    """Whether the code was changed since it was loaded: who has it reloaded (an analyst at work) must not leave tables for others."""
    return any(path.stat().st_mtime > _LOADED_AT for path in rooms())


def apart(crm: "Crm") -> "Crm":
    """The company's handle that remembers nothing, so that all that is read in making a table is seen."""
    delivery = replace(crm.delivery, read=set(), asked=set())
    beside = crm.beside and replace(crm.beside, delivery=delivery, team="all")
    return replace(crm, delivery=delivery, team="all", beside=beside)


def _in_memory(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> tuple[Any, list[str], list[str]]:
    return _typed(company, key, make).cache(), *seen(company)


def _stored(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> tuple[Any, list[str], list[str]]:
    folder = store.once("kept", key, partial(_fill, company, key, make))
    table = company.delivery.con.read_parquet(folder / _ROWS, table_name=f"kept_{key}")
    return table, *json.loads((folder / _SEEN).read_text("utf-8"))


def _fill(company: "Crm", key: str, make: Callable[["Crm"], Any], folder: Path) -> None:
    _typed(company, key, make).to_parquet(folder / _ROWS, compression="zstd")
    store.write(folder / _SEEN, json.dumps(seen(company)))


def seen(company: "Crm") -> tuple[list[str], list[str]]:
    """What was read, and what was asked for."""
    return sorted(company.delivery.read), sorted(company.delivery.asked)


def _typed(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> Any:
    """What is made, in the types that it says of itself: DuckDB sums whole numbers to wider ones, which Parquet holds as floats."""
    table = make(company)
    return company.delivery.con.create_view(f"making_{key}", table, overwrite=True).cast(table.schema())
