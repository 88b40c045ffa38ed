"""A canonical table as it stood at a period's end, and whose rows it holds. The rules are data-model.md's "As of"."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis

from .schema import Column, Table, tables

if TYPE_CHECKING:
    from .crm import Crm


def literal_day(day: date) -> Any:
    """A day as the timestamp at which it begins."""
    return ibis.timestamp(day.year, day.month, day.day, 0, 0, 0)


def view_of(crm: "Crm", name: str, columns: tuple[str, ...] | None = None) -> ibis.Table:
    """The rows of a table that exist at the period's end, with what was known then, of this team.

    `columns`: those that will be used (default all); the field history of the others is not looked up.
    """
    table = tables()[name]
    view, end = crm.delivery.raw(name), literal_day(crm.end)
    if name == "opportunities":
        view = _staged(crm, view)
    view = view.filter((view._at < end) | view._at.isnull())
    view = _with_history(crm, table, view, columns)
    view = view.mutate(**{c.name: _if_known(view, c, end) for c in table.columns.values() if c.dated})
    if name == "customers":
        view = _in_charge(crm, view)
    if crm.team == "all" or table.scope == ("company",):
        return view
    return view.filter(view._team == crm.team)


def _if_known(view: ibis.Table, column: Column, end: Any) -> Any:
    """The value, but null before the day that dates it."""
    since = view[column.dated].cast("timestamp")
    return ibis.ifelse(since.isnull() | (since < end), view[column.name], ibis.null(view[column.name].type()))


def looked_up(crm: "Crm", table: Table, wanted: tuple[str, ...] | None) -> list[str]:
    """The columns, of those wanted, whose field history is delivered (not those that a column dates already)."""
    changed = [table.columns[c] for t, c in crm.delivery.door["history"] if t == table.name and c in table.columns]
    return [c.name for c in changed if not c.dated and c.name not in table.key and (wanted is None or c.name in wanted)]


def _with_history(crm: "Crm", table: Table, view: ibis.Table, wanted: tuple[str, ...] | None) -> ibis.Table:
    """Columns whose field history is delivered: the value set last by then; unknown before the first one set."""
    for name in looked_up(crm, table, wanted):
        changes = crm.delivery.raw("changes")
        changes = changes.filter((changes.table == table.name) & (changes.column == name))
        known = changes.changed_at < literal_day(crm.end)
        newest = changes.group_by("id").agg(_value=changes.value.argmax(changes.changed_at, where=known), _known=known.any())
        joined = view.left_join(newest, view[table.key[0]] == newest.id)
        then = joined._value.try_cast(view[name].type())
        value = ibis.ifelse(
            joined._known.isnull(),
            joined[name],
            ibis.ifelse(joined._known, then, ibis.null(view[name].type())),
        )
        view = joined.mutate(**{name: value}).select(view.columns)
    return view


def _in_charge(crm: "Crm", customers: ibis.Table) -> ibis.Table:
    """Customers belong to the team that their person is in on the period's last day, else to their own."""
    spans, day = crm.delivery.raw("spans"), ibis.date((crm.end - timedelta(days=1)).isoformat())
    then = spans.filter((spans.since <= day) & (spans.until > day)).select("rep_id", then="team")
    joined = customers.left_join(then, "rep_id")
    return joined.mutate(_team=ibis.coalesce(joined.then, joined.team)).select(customers.columns)


# -------------------------------------------------------------------------------------------- stages of deals


def _staged(crm: "Crm", deals: ibis.Table) -> ibis.Table:
    """Opportunities with `stage` as of the period's end, `stage_since`, and `reached`, the index of the furthest stage by then.

    The last stage entered by then; where stage_changes has no row for the deal, its recorded stage, a closing one only
    from closed_at on (before that: open, stage unknown; a source that dates no closing at all: as recorded). Every deal
    has reached the first stage, a deal won has reached the last. The probability of a deal that is closed later was written when
    it was closed (1 or 0): it is not known yet, unless its history is delivered (then that counts).
    """
    stages, end = crm.business.stages, literal_day(crm.end)
    history = crm.delivery.raw("stage_changes")
    here = history.filter((history.entered_at < end) & (history._until.isnull() | (history._until >= end)))
    here = here.select("opportunity_id", stage_then="stage", stage_since="entered_at", furthest="_furthest")
    joined = deals.left_join(here, "opportunity_id")
    as_recorded = ibis.literal(not crm.has("opportunities", "closed_at"))
    closed = ibis.coalesce(joined.closed_at < end, False)
    visible = closed | (joined.closed_at.isnull() & ((joined.stage != stages[-1]) | as_recorded))
    stage = ibis.coalesce(joined.stage_then, ibis.ifelse(joined._no_history & visible, joined.stage, ibis.null("string")))
    won = ibis.ifelse(closed & joined.is_won, len(stages) - 1, 0)
    chance = ibis.ifelse((joined.closed_at >= end).fill_null(False), ibis.null("float64"), joined.probability)
    reached = ibis.greatest(ibis.coalesce(joined.furthest, 0), ibis.coalesce(_index(stage, stages), 0), ibis.coalesce(won, 0))
    return joined.mutate(stage=stage, reached=reached, probability=chance).select(*deals.columns, "reached", "stage_since")


def _index(stage: Any, stages: tuple[str, ...]) -> Any:
    return ibis.cases(*[(stage == s, i) for i, s in enumerate(stages)], else_=ibis.null("int64"))
