"""What the door hands over to a handle, and what was read of it: all handles of one notebook share it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .schema import Business


@dataclass(frozen=True)
class Delivery:
    """What the door handed over: a connection with one table a canonical table, and what it says about each."""

    con: Any
    name: str
    title: str
    business: Business
    door: dict[str, Any]
    last_moment: datetime | None
    folder: Path | None = None  # of the prepared store; None: the tables are in the connection
    source: str = ""  # what the ledger knows it by
    read: set[str] = field(default_factory=set)  # tables of which rows were read
    asked: set[str] = field(default_factory=set)  # tables of which it was asked whether they are there
    told: dict[tuple[str, str, str], str] = field(
        default_factory=dict
    )  # what was read in the ledger (kind, report, period): its digest
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make()` returns, made once for the connection: equal handles share it."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def view(self, key: str, make: Callable[[], Any]) -> Any:
        """An expression as a view of the connection: else it would be compiled anew into every query that reads it."""

        def made() -> Any:
            expression = make()  # it may make views of its own first
            return self.con.create_view(f"view {len(self.made)}", expression)

        return self.once(f"view {key}", made)

    def raw(self, table: str) -> Any:
        """A table of the store as it is; its file is opened when it is first asked for."""
        path = self.folder and self.folder / f"{table}.parquet"
        return self.once(table, lambda: self.con.read_parquet(path, table_name=table) if path else self.con.table(table))
