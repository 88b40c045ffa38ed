"""The demo company: a made-up, believable business in all canonical tables, with planted truths and faulty rows.

It sells office equipment and supplies; deals are its projects, orders its daily trade. The same seed makes the
same bytes.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import UsageError
from . import dirt
from .canaries import canaries
from .canaries import record as canary_record
from .canary_rows import canary_rows
from .columns import text
from .company import Company, company
from .customers import ODD_NAMES
from .folder import PARQUET, made_whole, write_table, write_truth
from .measured import measured
from .reps import moves
from .truths import record, truths

SMALLEST = 500


def make(folder: Path, customers: int = 20_000, seed: int = 1) -> None:
    """Write the demo company's tables and truth.json into a folder; one that is there is replaced."""
    if customers < SMALLEST or seed < 0:
        raise UsageError(
            f"A demo company of {customers} customers with seed {seed} cannot be made. It needs {SMALLEST} customers or "
            "more, and a seed of 0 or more. Change these two numbers."
        )
    planted = truths(customers, seed)
    firm = company(planted)
    birds = canaries(firm.deals, firm.reps)
    with made_whole(Path(folder)) as half:
        counted = _written(half, firm, canary_rows(birds))
        write_truth(half, _truth(firm) | counted | {"canaries": canary_record(birds)})


def _written(half: Path, firm: Company, extra: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Write every table with its faulty rows and canaries; → how many rows and faults it has."""
    rows, faults, without = {}, {}, {}
    for name, table in firm.tables():
        birds = pa.Table.from_pylist(extra.get(name, []), schema=table.schema)
        if name not in PARQUET:
            table, birds = text(table), text(birds)
        if name in ("orders", "opportunities"):
            without[name] = table["customer_id"].null_count
        table, found = dirt.soiled(firm.truths, name, table)
        table = pa.concat_tables([table, birds])
        write_table(half, name, table)
        rows[name] = len(table)
        if found:
            faults[name] = found
    return {"rows": rows, "dirt": faults, "without_customer": without}


def _truth(firm: Company) -> dict[str, Any]:
    """What was planted, what came out of it, and which good rows look wrong."""
    planted, found = record(firm.truths), measured(firm)
    truth = {name: planted.get(name, {}) | found[name] if name in found else planted[name] for name in planted | found}
    return truth | {"moves": moves(firm.reps), "odd": {"names": list(ODD_NAMES), "customer_ids": ["007"]}}
