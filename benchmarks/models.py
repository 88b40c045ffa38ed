"""What the models of a period cost, part by part, on the demo company or on a made-up one of any size.

python benchmarks/models.py [customers, default 20000]     # up to 100,000 the demo company, above it company.py's
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import machine, measured

DEMO_UP_TO, ORDERS_EACH = 100_000, 5
PERIOD = "2026-10"


def main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder, out = Path(made) / "company", Path(made) / "out"
        (_demo if customers <= DEMO_UP_TO else _made_up)(folder, customers)
        door = measured([sys.executable, "-m", "crmlib", "check", str(folder)], CRM_OUT=str(out))
        cost = measured(
            [sys.executable, __file__, "--parts", str(folder)], CRM_OUT=str(out), CRM_MEMORY=os.environ.get("CRM_MEMORY", "2GB")
        )
    print(f"python benchmarks/models.py {customers}\n\n{machine()}")
    print(f"the door before it: {door.work:.1f} s of processor time, {door.largest:,.0f} MiB\n")
    print("\n".join(line for _, line in cost.said))
    print(
        f"\nin all {cost.work:.1f} s of processor time, {cost.wall:.1f} s by the clock, at most {cost.largest:,.0f} MiB; others used {cost.others:.0%}"
    )


def _demo(folder: Path, customers: int) -> None:
    from crmlib import demo

    demo.make(folder, customers=customers, seed=1)


def _made_up(folder: Path, customers: int) -> None:
    import company

    company.deliver(folder, customers * ORDERS_EACH, customers=customers)


def parts(source: str) -> None:
    """Every part in the order in which prepare.ipynb has it done: processor seconds, and what it is about."""
    from crmlib.crm import open_crm
    from crmlib.metrics.lives import lives
    from crmlib.models import churn, clv, features, holdout, segment_checks, segments, snapshots, value

    crm = open_crm(source, period=PERIOD)
    count = lambda table: f"{table.count().execute():,} customers"  # noqa: E731
    rows = lambda frame: f"{len(frame):,} rows"  # noqa: E731
    did: dict[str, Callable[[], object]] = {
        "who is a customer": lambda: count(lives(crm)),
        "features of today": lambda: count(features.features(crm)),
        "churn: snapshots to compare on": lambda: rows(snapshots.compared(crm)),
        "churn: the later snapshot": lambda: rows(snapshots.tested(crm)),
        "churn: snapshots to fit to": lambda: rows(snapshots.fitted(crm)),
        "churn: comparison, calibration, drivers": lambda: _taken(churn.report(crm)),
        "churn: scores": lambda: count(churn.scores(crm)),
        "churn: drift": lambda: rows(churn.drifted(crm)),
        "segments: choice and fit": lambda: f"{len(segments.fitted(crm).centres)} groups",
        "segments: everybody's": lambda: count(segments.segments(crm)),
        "segments: the period before, and the check": lambda: rows(segment_checks.explained(crm)),
        "value: what buyers bought, fits, scores": lambda: count(value.value(crm)),
        "value: hold-out": lambda: f"{holdout.held_out(crm).customers:,} customers",
        "value: sums": partial(clv.work, crm),
    }
    for name, do in did.items():
        begun = time.process_time()
        said = do()
        print(f"{time.process_time() - begun:7.1f} s  {name}{f': {said}' if said else ''}", flush=True)


def _taken(report) -> str:
    if report.card is None:
        return f"not enough data: {report.lacks}"
    table = report.frames["comparison"]
    compared = ", ".join(f"{r.model} {r.auc:.3f}" for r in table.itertuples())
    return f"AUC {compared}; taken {report.card.model}"


if __name__ == "__main__":
    parts(sys.argv[2]) if sys.argv[1:2] == ["--parts"] else main(int(sys.argv[1]) if sys.argv[1:] else 20_000)
