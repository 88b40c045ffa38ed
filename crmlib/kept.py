"""Tables that many notebooks share: made once for the whole company, kept in the content-keyed store, opened by every process.

A metric says how a table is made; where it lies is decided here. An entry's key is everything that it is made from: the
prepared store, the code of the numbers, the period, and the period of the page that it stands beside.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from . import store
from .asof import literal_day
from .periods import Period
from .schema import tables

if TYPE_CHECKING:
    from .crm import Crm

# what a figure can depend on: when one of these changes, every kept table is made again
ROOMS = (
    "metrics/*.py",
    "models/*.py",
    "measures.py",
    "means.py",
    "kpi.py",
    "periods.py",
    "asof.py",
    "crm.py",
    "kept.py",
    "schema.*",
)
_ROWS, _READ = "rows.parquet", "read.json"


@dataclass(frozen=True)
class Entry:
    """A kept table that was opened, and the canonical tables read in making it."""

    name: str
    period: Period
    table: Any
    read: list[str]


def opened(crm: "Crm", name: str, make: Callable[["Crm"], Any]) -> Any:
    """The table that `make(company)` returns: from the store if anybody has made it, else made now and left there.

    Without a prepared store (`Crm.of`) it is made in memory. The tables read in making it count as read by this page,
    also where it was ready.
    """
    delivery, key = crm.delivery, _key(crm, name)
    made = _stored if delivery.folder else _in_memory
    entry = delivery.once(f"kept {key}", lambda: Entry(name, crm.period, *made(_apart(crm), key, make)))
    delivery.read.update(entry.read)
    return entry.table


def entries(crm: "Crm") -> list[Entry]:
    """The tables of this period that its handles have opened so far, by name."""
    found = [e for e in crm.delivery.made.values() if isinstance(e, Entry) and e.period == crm.period]
    return sorted(found, key=lambda e: e.name)


def counted(crm: "Crm", names: tuple[str, ...]) -> dict[str, int]:
    """How many rows of some canonical tables exist for a handle's team by its period's end."""

    def make(company: "Crm") -> Any:
        views = [company.table(name, tables()[name].required[0]).mutate(table=ibis.literal(name)) for name in names]
        return ibis.union(*[view.group_by("table", team="_team").aggregate(n=lambda t: t.count()) for view in views])

    frame = opened(crm, f"rows of {names}", make).execute()
    mine = (
        frame
        if crm.team == "all"
        else frame[(frame.team == crm.team) | frame.table.map(lambda n: tables()[n].scope == ("company",))]
    )
    return dict.fromkeys(names, 0) | {name: int(n) for name, n in mine.groupby("table").n.sum().items()}


def left_out(crm: "Crm") -> pd.DataFrame:
    """How many rows of each table the door left out by the period's end, undated ones included. → frame: table, reason, n; by reason"""
    names = [name for name, found in crm.delivery.door["tables"].items() if found["left_out"]]

    def make(company: "Crm") -> Any:
        out = [company.delivery.raw(f"{name}__left_out").select("reason", "_at", table=ibis.literal(name)) for name in names]
        every = ibis.union(*out).filter(lambda t: (t._at < literal_day(company.end)) | t._at.isnull())
        return every.group_by("table", "reason").aggregate(n=lambda t: t.count())

    frame = opened(crm, "left out", make).execute() if names else pd.DataFrame(columns=["table", "reason", "n"])
    return frame.sort_values(["table", "reason"])


def _key(crm: "Crm", name: str) -> str:
    """The hash of everything that an entry is made from."""
    folder, judge = crm.delivery.folder, crm.judge
    moments = [[str(c.period.start), c.period.kind, str(c.as_of)] for c in (crm, judge)]
    return store.digest(folder.name if folder else "", numbers(), name, moments)[:32]


@cache
def numbers() -> str:
    """The hash of the code that figures depend on."""
    room = Path(__file__).parent
    return store.digest([[p.name, p.read_text("utf-8")] for pattern in ROOMS for p in sorted(room.glob(pattern))])


def _apart(crm: "Crm") -> "Crm":
    """The company's handle that remembers nothing, so that all that is read in making a table is seen."""
    delivery = replace(crm.delivery, read=set())
    beside = crm.beside and replace(crm.beside, delivery=delivery, team="all")
    return replace(crm, delivery=delivery, team="all", beside=beside)


def _in_memory(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> tuple[Any, list[str]]:
    return _typed(company, key, make).cache(), sorted(company.delivery.read)


def _stored(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> tuple[Any, list[str]]:
    folder = store.once("kept", key, partial(_fill, company, key, make))
    table = company.delivery.con.read_parquet(folder / _ROWS, table_name=f"kept_{key}")
    return table, json.loads((folder / _READ).read_text("utf-8"))


def _fill(company: "Crm", key: str, make: Callable[["Crm"], Any], folder: Path) -> None:
    _typed(company, key, make).to_parquet(folder / _ROWS, compression="zstd")
    store.write(folder / _READ, json.dumps(sorted(company.delivery.read)))


def _typed(company: "Crm", key: str, make: Callable[["Crm"], Any]) -> Any:
    """What is made, in the types that it says of itself: DuckDB sums whole numbers to wider ones, which Parquet holds as floats."""
    table = make(company)
    return company.delivery.con.create_view(f"making_{key}", table, overwrite=True).cast(table.schema())
