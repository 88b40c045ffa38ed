"""A key figure that changed clearly: the same rule for every report."""

from ..kpi import Kpi
from . import Finding


def changed(kpi: Kpi | None, rule: str, evidence: str, bad: str = "warning") -> list[Finding]:
    """A clear change on the year before, else on the period before (kpi.Kpi.change says what clear is).

    The finding is `<rule>_rose_year_before`, `<rule>_fell_previous` …; for the worse it is as grave as `bad` says, for the
    better an opportunity, and where neither way is better something to know.
    """
    against = clear_against(kpi)
    if kpi is None or against is None:
        return []
    delta = (kpi.value or 0.0) - getattr(kpi, against)
    kind = {"share": "share", "money": "amount", "score": "score", "points": "nps"}.get(kpi.unit, "count")
    values = {kind: kpi.value, f"before_{kind}": getattr(kpi, against), "base": kpi.base}
    values[f"delta_{kind}" if kind in ("score", "nps") else "delta"] = abs(delta)
    severity = "info" if kpi.better is None else "opportunity" if (delta > 0) == (kpi.better == "up") else bad
    said = {k: v for k, v in values.items() if v is not None}
    return [Finding(f"{rule}_{'rose' if delta > 0 else 'fell'}_{against}", severity, said, evidence)]


def clear_against(kpi: Kpi | None) -> str | None:
    """The comparison on which a figure changed clearly: the year before, else the period before, else none."""
    for against in ("year_before", "previous"):
        change = kpi.change(against) if kpi else None
        if change and change.clear and change.delta:
            return against
    return None


def level(kpi: Kpi, rule: str, undefined: str) -> Finding:
    """A figure beside the period before, and whether the change is clear: the sentence over its course.

    `<rule>_steady`, `_up` or `_down`; `_alone` where there is nothing to compare with; a share of a small base is said as its
    counts, `_counts`; without a value the finding is `undefined`.
    """
    if kpi.value is None:
        return Finding(undefined)
    counts = {"part": kpi.part, "base": kpi.base} if kpi.part is not None else {}
    if counts and (kpi.base or 0) < kpi.min_base:
        return Finding(f"{rule}_counts", values=counts)
    change, kind = kpi.change(), {"share": "share", "money": "amount"}.get(kpi.unit, "count")
    if change is None or change.why == "small_base":
        return Finding(f"{rule}_alone", values={kind: kpi.value, **counts})
    way = "steady" if not change.clear else "up" if (change.delta or 0) > 0 else "down"
    return Finding(f"{rule}_{way}", values={kind: kpi.value, f"before_{kind}": kpi.previous, **counts})
