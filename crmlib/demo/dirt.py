"""Rows at fault, of every kind that the door must catch, each a copy of a good row with one thing wrong.

A copy has a key of its own, so no good row hangs on a faulty one, and what is left out makes no orphans.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..schema import tables
from .ground import stream
from .truths import Truths


@dataclass(frozen=True)
class Fault:
    """What is wrong (the door's word for it), where, and the wrong value; a duplicate is a whole row twice."""

    reason: str
    column: str = ""
    value: object = None


FAULTS = {
    "customers": (
        Fault("bad_date", "created_at", "2026-02-30"),
        Fault("bad_date", "birthday", "0000-00-00"),
        Fault("missing", "customer_id"),
        Fault("duplicate"),
    ),
    "opportunities": (
        Fault("bad_number", "amount", "abc"),
        Fault("bad_number", "amount", "12,5"),
        Fault("bad_date", "created_at", "2026-02-30"),
        Fault("bad_date", "expected_close_on", "9999-12-31"),
        Fault("missing", "opportunity_id"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
        Fault("out_of_range", "probability", "1.7"),
    ),
    "stage_changes": (
        Fault("bad_date", "entered_at", "0000-00-00"),
        Fault("missing", "stage"),
        Fault("orphan", "opportunity_id", "D9999999"),
    ),
    "orders": (
        Fault("missing", "amount"),
        Fault("missing", "ordered_at"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
    ),
    "order_lines": (
        Fault("missing", "product"),
        Fault("out_of_range", "discount", 1.7),
        Fault("orphan", "order_id", "O99999999"),
    ),
    "interactions": (
        Fault("missing", "channel"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
        Fault("out_of_range", "quality", 9),
        Fault("out_of_range", "duration_s", -5),
    ),
    "feedback": (
        Fault("bad_number", "score", "abc"),
        Fault("bad_date", "given_at", "9999-12-31"),
        Fault("missing", "feedback_id"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
        Fault("out_of_range", "score", "9"),
        Fault("out_of_range", "nps", "15"),
    ),
    "campaign_contacts": (
        Fault("bad_date", "contacted_at", "2026-02-30"),
        Fault("missing", "campaign_id"),
        Fault("orphan", "customer_id", "C9999999"),
        Fault("orphan", "campaign_id", "K999"),
    ),
    "costs": (
        Fault("bad_number", "amount", "12,5"),
        Fault("bad_date", "booked_on", "0000-00-00"),
        Fault("missing", "kind"),
    ),
    "tickets": (
        Fault("bad_date", "opened_at", "2026-02-30"),
        Fault("missing", "opened_at"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
        Fault("out_of_range", "satisfaction", "0"),
    ),
    "invoices": (
        Fault("bad_number", "amount", "1e400"),
        Fault("bad_number", "amount", "abc"),
        Fault("bad_date", "due_on", "0000-00-00"),
        Fault("missing", "customer_id"),
        Fault("duplicate"),
        Fault("orphan", "customer_id", "C9999999"),
    ),
    "changes": (Fault("bad_date", "changed_at", "9999-12-31"), Fault("missing", "id")),
}


def soiled(t: Truths, name: str, table: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """The table with faulty rows strewn in, and how many of each reason."""
    if name not in FAULTS:
        return table, {}
    rng = stream(t.seed, f"dirt {name}")
    faults = [f for f in FAULTS[name] for _ in range(_times(len(table)))]
    copied = rng.choice(len(table), len(faults), replace=False)
    rows = table.take(pa.array(copied)).to_pylist()
    for n, (row, fault) in enumerate(zip(rows, faults, strict=True)):
        _spoil(name, row, fault, n)
    whole = pa.concat_tables([table, pa.Table.from_pylist(rows, schema=table.schema)])
    places = rng.integers(1, len(table), len(faults)) - 0.5
    order = np.argsort(np.concatenate([np.arange(len(table)), places]), kind="stable")
    return whole.take(pa.array(order)), dict(sorted(Counter(f.reason for f in faults).items()))


def _times(rows: int) -> int:
    """How often each fault is made: up to three times in a large table."""
    return 1 + (rows >= 10_000) + (rows >= 100_000)


def _spoil(name: str, row: dict, fault: Fault, n: int) -> None:
    if fault.reason == "duplicate":
        return
    key = tables()[name].key
    if key:
        row[key[0]] = f"{row[key[0]]}-{n + 2}"
    row[fault.column] = fault.value
