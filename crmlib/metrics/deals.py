"""Deals as one table, made once for a handle; how many were created and are open, and what groups of them are called."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis

from ..crm import Crm
from ..kpi import measured
from ..measures import count_if, day, days_between, within
from ..schema import NONE_GIVEN, UNASSIGNED

GROUPS = {"team": "_team", "rep": "rep_id", "source": "lead_source", "product": "product"}


def deals(crm: Crm) -> Any:
    """The opportunities known by the period's end, one row each, with the index of the furthest stage `reached`.

    Needs opportunities: opportunity_id; created_at, closed_at, is_won, amount, stage or stage_changes as delivered.
    → an ibis table, made once for all teams; `cycle_days` = close − creation; `open` = dated and not closed by the end
    """
    return crm.kept("deals", _deals, team="_team")


def _deals(crm: Crm) -> Any:
    columns = ("opportunity_id", "customer_id", "rep_id", "lead_source", "product", "amount", "created_at", "closed_at", "is_won",
               "lost_reason", "stage", "stage_since", "reached", "_team")  # fmt: skip
    table = crm.table("opportunities", *columns)
    return table.select(
        *columns,
        cycle_days=ibis.greatest(days_between(table.created_at, table.closed_at), 0),
        open=table.closed_at.isnull() & table.created_at.notnull(),
    )


def created(crm: Crm, start: date | None = None, end: date | None = None) -> Any:
    """The deals created in the period (or from `start` until before `end`)."""
    table = deals(crm)
    return table.filter(within(table.created_at, start or crm.period.start, end or crm.period.end))


def closed(crm: Crm, start: date | None = None, end: date | None = None) -> Any:
    """The deals won or lost in the period (or from `start` until before `end`), by close date."""
    table = deals(crm)
    return table.filter(within(table.closed_at, start or crm.period.start, end or crm.period.end) & table.is_won.notnull())


@measured("count", "up", adds=True)
def lead_count(crm: Crm) -> int:
    """Leads and deals created in the period.

    Needs opportunities: created_at. → count. Deals that were never dated are not among them (`undated_count`).
    """
    return _counts(crm)["created"]


def undated_count(crm: Crm) -> int:
    """Deals with no date at all, neither creation nor close: in no cohort, not among the open ones, counted here.

    Needs opportunities: opportunity_id. → count
    """
    return _counts(crm)["undated"]


@measured("count")
def open_count(crm: Crm) -> int:
    """Deals created and not closed by the period's end. Needs opportunities: created_at, closed_at. → count"""
    return _counts(crm)["open"]


def _counts(crm: Crm) -> dict[str, int]:
    """The counts of deals in one query, made once for a handle."""

    def make() -> dict[str, int]:
        table = deals(crm)
        groups = {"created": within(table.created_at, crm.period.start, crm.period.end), "open": table.open,
                  "undated": table.created_at.isnull() & table.closed_at.isnull()}  # fmt: skip
        row = table.aggregate(**{name: count_if(condition) for name, condition in groups.items()}).execute().iloc[0]
        return {name: int(row[name]) for name in groups}

    return crm.once("deal counts", make)


def which(moment: Any, periods: Sequence[Any]) -> Any:
    """The index of the period in which a moment lies: −1 before the first, null where there is none."""
    return ibis.cases((moment < day(periods[0].start), -1), *[(moment < day(p.end), i) for i, p in enumerate(periods)])


def no_group(group: str) -> str:
    """What rows without a group are called: unassigned to a team, else none given."""
    return UNASSIGNED if group == "team" else NONE_GIVEN
