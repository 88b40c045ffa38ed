"""What a page tells the ledger in bulk, held against its rows before any of it counts: what is wrong is that page's failure alone."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from . import ledger, restated, told
from .notebook import ReportFault
from .plan import Job
from .sql import literal
from .store import content_sha
from .told import Bulk

_FORM = {"kind": str, "report": str, "sha256": str, "count": int, "starts": str, "ends": str, "unit": str}


def bulks(job: Job, found: dict[str, Any], said: Iterable[dict[str, Any]], run: str) -> list[Bulk]:
    """The rows that a page's blocks refer to. `found`: its facts, for what their entries have in common."""
    made = [_bulk(job, found, one, run) for one in said]
    if len({bulk.about for bulk in made}) < len(made):
        raise ReportFault("it tells the ledger twice about the same report and days; one page.tells for each is right")
    return made


def _bulk(job: Job, found: dict[str, Any], said: dict[str, Any], run: str) -> Bulk:
    _check_form(said)
    starts, ends = (date.fromisoformat(said[name]) for name in ("starts", "ends"))
    if starts >= ends:
        raise ReportFault(
            f"what it tells the ledger is about the days from {starts} to {ends}; the end is the day after the last"
        )
    _check_rows(said)
    common = restated.common(job, found, run) | {
        "kind": said["kind"], "report": said["report"], "starts": starts, "ends": ends, "unit": said["unit"],
        "currency": restated.currency(found, said["unit"]), "base": None, "reason": None,
    }  # fmt: skip
    return Bulk(told.path_of(said["sha256"]), common)


def _check_form(said: dict[str, Any]) -> None:
    known = isinstance(said, dict) and set(said) == set(_FORM) and all(type(said[name]) is kind for name, kind in _FORM.items())
    good = known and said["kind"] in ledger.BULK and said["unit"] in told.UNITS
    if not good or not told.SHA.fullmatch(said["sha256"]):
        raise ReportFault("what it tells the ledger is of an unknown form; page.tells makes the right one")


def _check_rows(said: dict[str, Any]) -> None:
    """The rows are there, unchanged, and of the form that entries are made of."""
    path, what = told.path_of(said["sha256"]), f"the rows of {said['kind']} {said['report']} for the ledger"
    if not path.is_file():
        raise ReportFault(f"{what} are gone (work/{told.KIND}); run it again")
    if content_sha(path) != said["sha256"]:
        raise ReportFault(f"{what} were changed after its notebook had made them (work/{told.KIND}); run it again")
    try:
        with duckdb.connect() as con:
            rows = con.sql(f"from read_parquet({literal(path)})")
            form = dict(zip(rows.columns, (str(kind).lower() for kind in rows.types), strict=True))
            counted = told.counted(con, literal(path)) if form == told.ROWS else None
    except duckdb.Error as error:
        raise ReportFault(f"{what} cannot be read ({type(error).__name__}); page.tells makes the right ones") from None
    if counted != (said["count"], said["count"], said["count"], 0):
        raise ReportFault(f"{what} are not as its block says, one for each target; page.tells makes the right ones")
