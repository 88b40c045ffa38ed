"""`Crm`: the canonical tables as one team saw them at a period's end. Everything an analyst does starts here."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.backends.duckdb  # else its 0.1 s would be the first open_crm's
import pandas as pd

from . import coverage, heard, kept, marks
from .asof import looked_up, view_of
from .delivery import Delivery
from .errors import UsageError, nearest
from .inputs import Given, of_frame
from .kept import Counted, Entry
from .periods import Period
from .schema import Business, Table, tables
from .sources import Prepared, called, prepare

ALL = "all"
ROW_LIMIT = 2_000_000


@dataclass(frozen=True)
class Crm:
    """The tables of one team (or `all`) up to the end of a period; `crm.orders` is an ibis table.

    Where the data end before the period does, it is one to date (periods.py): it ends with the data, and so does what it is compared
    with, after as many days. As of: rows dated after the period's end do not exist, and a column that is overwritten in place is null before the
    day that dates it (schema.yml). Absent tables and columns are there, typed, empty.
    """

    delivery: Delivery
    period: Period
    team: str = ALL
    beside: "Crm | None" = field(default=None, repr=False)  # the view that this one is a comparison for

    @classmethod
    def of(
        cls, period: str = "2026-10", team: str = ALL, business: dict | None = None, until: date | None = None, **frames: pd.DataFrame
    ) -> "Crm":  # fmt: skip
        """A handle from pandas frames, cast by the schema and checked like any source: for tests and examples.

        A few rows do not say where the data end: the period is whole, unless `until` names the last day of the data.

        >>> crm = Crm.of(period="2026-10", orders=rows("order_id ordered_at amount", "1 2026-10-03 20", "2 2026-11-01 5"))
        >>> crm.frame("orders", ["order_id"]).order_id.to_list()
        ['1']
        """
        con = duckdb.connect(config={"threads": 1})  # a few rows: starting a second thread costs more than it saves
        meaning = Business.model_validate({"max_left_out": dict.fromkeys(tables(), 1.0), **(business or {})})
        for name in frames:
            _known(name)
        given = {name: Given(of_frame(con, name, frame)) for name, frame in frames.items()}
        door = coverage.clean(con, given, meaning)
        last = max((datetime.fromisoformat(m) for m in door["last"]), default=None)
        last = datetime.combine(until, time(23, 59, 59)) if until else last
        delivery = Delivery(ibis.duckdb.from_connection(con), "frames", "frames", meaning, door, last)
        asked = Period.parse(period, meaning.fiscal_year_starts)
        return cls(delivery, asked.to_date(until + timedelta(days=1)) if until else asked, team)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.table(name)

    def table(self, name: str, *columns: str) -> ibis.Table:
        """A canonical table as of the period's end, this team's rows; `columns`: the only ones that will be used (quicker)."""
        historical = looked_up(self, _known(name), columns or None)
        self.delivery.read.add(name)
        key = f"{name} {self.end} {self.team} {historical}"
        return self.delivery.view(key, lambda: view_of(self, name, columns or None))

    def kept(self, name: str, make: Callable[["Crm"], Any], team: str = "team") -> ibis.Table:
        """What `make(company)` returns, made once for all notebooks (kept.py); of it this team's rows, by its column `team`."""
        table = kept.opened(self, name, make)
        return table if self.team == ALL else table.filter(table[team] == self.team)

    def entries(self) -> list[Entry]:
        """The kept tables of this period that have been opened so far."""
        return kept.entries(self)

    def model(self, name: str, make: Callable[["Crm"], dict[str, Any]]) -> dict[str, Any]:
        """What `make(company)` returns (fitted models, arrays, numbers, words), made once for all notebooks (saved.py)."""
        from . import saved  # what it loads costs a second, and few pages ask for a model

        return saved.opened(self, name, make)

    def told(self, kind: str, report: str, period: Period) -> ibis.Table:
        """What the ledger was told first of the whole company in an earlier period (heard.py): target, value, label, and when."""
        return heard.opened(self, kind, report, period)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make()` returns, made once for this handle: several figures share one intermediate table."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @cached_property
    def _made(self) -> dict[str, Any]:
        return {}

    @property
    def business(self) -> Business:
        return self.delivery.business

    @property
    def end(self) -> date:
        """The day from which nothing is known yet: the period's end, or the data's where they stop within it."""
        return self.period.end

    @cached_property
    def previous(self) -> "Crm":
        """The same handle one period earlier; of a period to date after as many days of that one."""
        return replace(self, period=self.period.previous, beside=self.judge)

    @cached_property
    def whole_previous(self) -> "Crm":
        """The same handle at the end of the period before: what the ledger was told then, and where this period began."""
        if not self.previous.period.until:
            return self.previous
        return replace(self, period=self.period.shift(-1), beside=self.judge)

    @cached_property
    def year_before(self) -> "Crm":
        """The same handle a year earlier; of a period to date after as many days of that one."""
        return replace(self, period=self.period.year_before, beside=self.judge)

    @property
    def judge(self) -> "Crm":
        """The view whose knowledge chooses a definition: of a comparison the one it stands beside, else one page would have two."""
        return self.beside or self

    @cached_property
    def company(self) -> "Crm":
        """The same moment for the whole company: for comparisons, never for lists."""
        return self if self.team == ALL else replace(self, team=ALL)

    @property
    def teams(self) -> list[str]:
        """The teams that exist by the period's end, by name."""
        return marks.teams_at(self.delivery.door, self.end)

    def has(self, table: str, *columns: str) -> bool:
        """Was the table delivered with rows, and with these columns?"""
        found = self.delivery.door["tables"][_known(table).name]
        self.delivery.asked.add(table)
        return bool(found["rows"]) and set(columns) <= set(found["delivered"])

    def frame(self, table: str, columns: list[str] | None = None, limit: int = ROW_LIMIT) -> pd.DataFrame:
        """A table, or some of its columns, as pandas; more than `limit` rows are refused."""
        view = self.table(table)
        for column in columns or []:
            if column not in _known(table).columns:
                raise UsageError(f"{table} has no column {column!r}: {nearest(column, _known(table).columns)}")
        view = view.select(columns or list(_known(table).columns))
        frame = view.limit(limit + 1).execute()
        if len(frame) > limit:
            raise UsageError(
                f"{table} has more than {limit:,} rows for {self.team}, {self.period}. Aggregate it with ibis first (crm.{table}), "
                "name fewer rows, or raise limit= in the call."
            )
        return frame

    def rows(self, table: str) -> int:
        """How many rows of a table exist for this team by the period's end."""
        return self.counted(table)[table].rows

    def left_out(self, table: str) -> dict[str, int]:
        """Rows of the whole source left out at the door by the period's end, by reason (undated ones included)."""
        return self.counted(table)[table].left_out

    def counted(self, *names: str) -> dict[str, Counted]:
        """The rows of tables, and those left out: those asked for together are counted together."""
        known = self.once("counted", dict)
        if missing := tuple(_known(n).name for n in names if n not in known):
            known |= kept.counted(self, missing)
        return {name: known[name] for name in names}

    @property
    def first_day(self) -> date | None:
        """The first day of the data."""
        first = self.delivery.door["first"]
        return date.fromisoformat(first) if first else None

    @property
    def as_of(self) -> datetime:
        """The last moment this view can know about: the period's end, or the data's where they stop before it."""
        return marks.known_until(self.end, self.delivery.last_moment)


def open_crm(source: str, period: str, team: str = ALL) -> Crm:
    """Open a source's prepared store (made at the first call): milliseconds, nothing is read yet."""
    prepared = prepare(source)
    moment = Period.parse(period, prepared.business.fiscal_year_starts)
    if team != ALL and team not in prepared.teams_at(moment.end):
        raise UsageError(
            f"There is no team {team!r} by the end of {moment}: {nearest(team, prepared.teams_at(moment.end))} Change `team`."
        )
    return Crm(_opened(prepared, called(source)), moment.to_date(prepared.last_day + timedelta(days=1)), team)


def _opened(prepared: Prepared, source: str) -> Delivery:
    con = ibis.duckdb.connect(**_share())
    con.raw_sql("set TimeZone = 'UTC'")
    door = (prepared.business, prepared.door, prepared.last_moment, prepared.folder)
    return Delivery(con, prepared.name, prepared.title, *door, source)


def _share() -> dict[str, Any]:
    """What of the machine a connection may use: all, or what a run with many at once allows it; what does not fit goes to the disk."""
    asked = {"threads": os.environ.get("CRM_THREADS"), "memory_limit": os.environ.get("CRM_MEMORY")}
    spill = Path(tempfile.gettempdir()) / f"crm-spill-{os.getpid()}"
    return {name: value for name, value in asked.items() if value} | {"temp_directory": str(spill)}


def rows(columns: str, *lines: str) -> pd.DataFrame:
    """A small frame written as text: column names, then one line a row; `-` is missing.

    >>> rows("a b", "1 x", "- y").to_dict("list")
    {'a': ['1', None], 'b': ['x', 'y']}
    """
    names = columns.split()
    return pd.DataFrame([[None if v == "-" else v for v in line.split()] for line in lines], columns=names, dtype=object)


def _known(table: str) -> Table:
    if table not in tables():
        raise AttributeError(f"There is no table {table!r}: {nearest(table, tables())}")
    return tables()[table]
