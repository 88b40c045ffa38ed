"""What of a source a report depends on: two pages made from equal marks show the same figures.

An executed notebook's footer says them as they were; before the next run they are taken again from the source as it is.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from .periods import Period
from .schema import Business


class Handed(Protocol):
    """What the door hands over, to a notebook or to the machine."""

    @property
    def title(self) -> str: ...
    @property
    def business(self) -> Business: ...
    @property
    def door(self) -> dict[str, Any]: ...
    @property
    def last_moment(self) -> datetime | None: ...


def marks(given: Handed, period: Period, read: Iterable[str], asked: Iterable[str] = ()) -> dict[str, Any]:
    """The marks of the tables that a report read, of those it only asked for, and of what else the door says.

    → {"read": names, "asked": names, "tables": {name: mark; None: not delivered}, "door": {what else: value}}
    """
    read, door = sorted(set(read)), given.door
    asked = sorted(set(asked) - set(read))
    rows = {name: _rows(door, name) for name in [*read, *_read_with(door, read)]}
    there = {name: _there(door, name) for name in asked if name not in rows}
    return {"read": read, "asked": asked, "tables": there | rows, "door": _besides(given, period, {*read, *asked})}


def known_until(end: date, last: datetime | None) -> datetime:
    """The last moment that a view up to the day `end` can know about: where the data stop before it, their last one."""
    before_end = datetime.combine(end, datetime.min.time()) - timedelta(seconds=1)
    return before_end if last is None else min(before_end, last)


def teams_at(door: dict[str, Any], day: date) -> list[str]:
    """The teams that exist before a day, by name."""
    return sorted(t for t, since in door["teams"].items() if since is None or date.fromisoformat(since) < day)


def _read_with(door: dict[str, Any], read: list[str]) -> list[str]:
    """What every view of these tables reads beside them (asof.py): stages, who is in which team, the history of fields."""
    beside = {"opportunities": "stage_changes", "customers": "spans"}
    also = [other for name, other in beside.items() if name in read]
    return also + ["changes"] * any(_history(door, name) for name in read)


def _rows(door: dict[str, Any], name: str) -> dict[str, Any] | None:
    if name == "spans":
        return {"content": door.get("spans")}
    found = door["tables"].get(name)
    if not found or not found["rows"]:
        return None
    kept = {key: found.get(key) for key in ("content", "left_out_content")}
    return kept | {"delivered": found["delivered"], "history": _history(door, name)}


def _there(door: dict[str, Any], name: str) -> dict[str, Any] | None:
    found = door["tables"].get(name)
    return {"delivered": found["delivered"]} if found and found["rows"] else None


def _history(door: dict[str, Any], name: str) -> list[str]:
    return [column for table, column in door["history"] if table == name]


def _besides(given: Handed, period: Period, names: set[str]) -> dict[str, Any]:
    door, last = given.door, given.last_moment
    dated = names & set(door.get("dated_by_declaration", ()))
    return {
        "as_of": known_until(period.end, last).isoformat(),
        "first_day": door["first"],
        "teams": teams_at(door, period.end),
        "dated": [*sorted(dated), str(last.date())] if dated and last else [],
        "business": given.business.model_dump(mode="json"),
        "title": given.title,
    }
