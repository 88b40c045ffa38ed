"""The history of fields that are overwritten in place: the table `changes`."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .columns import days, moments, numbered, picked, same
from .deals import Deals
from .ground import FOREVER, SECONDS, TIERS, stream
from .reps import Staff
from .truths import Truths

_CHANGED_TIER = 0.14


def changes_table(
    t: Truths, who: Accounts, reps: Staff, book: Deals, pushes: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> pa.Table:
    """Every field with a history has its first value too, dated when the row was entered."""
    deal, second, day = pushes
    pushed = _rows(
        "opportunities",
        "expected_close_on",
        numbered("D", len(book), 6).take(pa.array(deal)),
        days(day),
        second,
    )
    whole = pa.concat_tables([pushed, *_tiers(t, who), *_handovers(who, reps)])
    return whole.sort_by([("changed_at", "ascending"), ("table", "ascending"), ("id", "ascending")])


def _rows(table: str, column: str, ids: pa.Array, value: pa.Array, second: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "table": same(table, len(ids)),
            "id": ids,
            "column": same(column, len(ids)),
            "value": value.cast(pa.string()),
            "changed_at": moments(second),
        }
    )


def _tiers(t: Truths, who: Accounts) -> list[pa.Table]:
    """Some customers came in a lower or higher tier than they are in now."""
    rng = stream(t.seed, "tier_changes")
    moved = np.flatnonzero((rng.random(len(who)) < _CHANGED_TIER) & (who.created < SECONDS - 40 * 86_400))
    before = np.where(rng.random(len(moved)) < 0.7, who.tier[moved] - 1, who.tier[moved] + 1)
    before = np.where(before < 0, 1, np.where(before >= len(TIERS), len(TIERS) - 2, before))
    start = np.maximum(who.created[moved], 0)
    when = start + 86_400 + np.floor(rng.random(len(moved)) * (SECONDS - start - 2 * 86_400)).astype(np.int64)
    ids = who.ids.take(pa.array(moved))
    return [
        _rows("customers", "tier", ids, picked(TIERS, before), who.created[moved]),
        _rows("customers", "tier", ids, picked(TIERS, who.tier[moved]), when),
    ]


def _handovers(who: Accounts, reps: Staff) -> list[pa.Table]:
    """Customers of people who moved or left have someone else from the next morning on."""
    passed = np.flatnonzero(who.handover < FOREVER)
    ids = who.ids.take(pa.array(passed))
    return [
        _rows("customers", "rep_id", ids, reps.ids.take(pa.array(who.first_rep[passed])), who.created[passed]),
        _rows(
            "customers",
            "rep_id",
            ids,
            reps.ids.take(pa.array(who.second_rep[passed])),
            who.handover[passed] * 86_400 + 28_800,
        ),
    ]
