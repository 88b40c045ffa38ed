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


def view_of(crm: "Crm", name: str) -> ibis.Table:
    """The rows of a table that exist at the period's end, with what was known then, of this team."""
    table = tables()[name]
    view, end = crm.delivery.raw(name), literal_day(crm.end)
    if name == "opportunities":
        view = _staged(crm, view)
    view = view.filter((view._at < end) | view._at.isnull())
    view = _with_history(crm, table, view)
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


def _with_history(crm: "Crm", table: Table, view: ibis.Table) -> ibis.Table:
    """Columns whose field history is delivered: the value set last by then; unknown before the first one set."""
    columns = [
        c
        for t, c in crm.delivery.door["history"]
        if t == table.name and c in table.columns and c not in table.key
    ]
    for name in columns:
        column = table.columns[name]
        if column.dated:
            continue  # those are dated by their own column already
        changes = crm.delivery.raw("changes")
        changes = changes.filter((changes.table == table.name) & (changes.column == name))
        known = changes.changed_at < literal_day(crm.end)
        newest = changes.group_by("id").agg(
            _value=changes.value.argmax(changes.changed_at, where=known), _known=known.any()
        )
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
    """Opportunities with `stage` as of the period's end and `reached`, the index of the furthest stage by then.

    The last stage entered by then; where stage_changes has no row for the deal, its recorded stage, a closing one only
    from closed_at on (before that: open, stage unknown; a source that dates no closing at all: as recorded). Every deal
    has reached the first stage. A deal dated by its stages alone began with the first, and was won with the last of them.
    """
    stages, end = crm.business.stages, literal_day(crm.end)
    joined = deals.left_join(_entries(crm, end), "opportunity_id")
    won_stage = ibis.coalesce(joined.won_entered.notnull(), False) | (
        joined.won_entered.isnull() & joined.no_history & (joined.stage == stages[-1])
    )
    dates_closings = crm.has("opportunities", "closed_at")
    closed_at = ibis.coalesce(joined.closed_at, joined.won_entered)
    unknown = ibis.null("boolean") if crm.has("opportunities", "is_won") else ibis.literal(False)
    is_won = ibis.coalesce(
        joined.is_won,
        ibis.ifelse(closed_at.notnull(), ibis.ifelse(won_stage, True, unknown), ibis.null("boolean")),
    )
    visible = (closed_at < end) | (
        closed_at.isnull() & ((joined.stage != stages[-1]) | ibis.literal(not dates_closings))
    )
    recorded = ibis.ifelse(joined.no_history & visible, joined.stage, ibis.null("string"))
    stage = ibis.coalesce(joined.stage_then, recorded)
    won_by_then = ibis.coalesce(is_won & (closed_at < end), False)
    reached = ibis.greatest(
        ibis.coalesce(joined.furthest, 0),
        ibis.coalesce(_index(stage, stages), 0),
        ibis.ifelse(won_by_then, len(stages) - 1, 0),
    )
    created_at = ibis.coalesce(joined.created_at, joined.first_entered)
    out = joined.mutate(
        created_at=created_at,
        closed_at=closed_at,
        is_won=is_won,
        stage=stage,
        reached=reached,
        _at=created_at,
    )
    return out.select(*deals.columns, "reached", "stage_since")


def _entries(crm: "Crm", end: Any) -> ibis.Table:
    """What a deal's stage history says: when it first entered any stage and the last one, where it stood at the end."""
    stages = crm.business.stages
    history = crm.delivery.raw("stage_changes")
    history = history.mutate(position=_index(history.stage, stages))
    known = history.entered_at < end
    # of two entries at the same moment the later stage counts; the name settles what is in no order
    order = [ibis.desc("entered_at"), ibis.desc(ibis.coalesce(history.position, 999)), ibis.desc("stage")]
    last = history.filter(known).mutate(_n=ibis.row_number().over(group_by="opportunity_id", order_by=order))
    last = last.filter(last._n == 0).select("opportunity_id", stage_then="stage", stage_since="entered_at")
    every = history.group_by("opportunity_id").agg(
        first_entered=history.entered_at.min(),
        won_entered=history.entered_at.min(where=history.position == len(stages) - 1),
        furthest=history.position.max(where=known),
    )
    deals = crm.delivery.raw("opportunities").select("opportunity_id")
    out = (
        deals.left_join(every, "opportunity_id")
        .drop("opportunity_id_right")
        .left_join(last, "opportunity_id")
    )
    return out.drop("opportunity_id_right").mutate(no_history=out.first_entered.isnull())


def _index(stage: Any, stages: tuple[str, ...]) -> Any:
    return ibis.cases(*[(stage == s, i) for i, s in enumerate(stages)], else_=ibis.null("int64"))
