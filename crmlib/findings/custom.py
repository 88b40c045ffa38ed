"""What stands out on a page without code: the key figures that changed clearly, and the group that comes first."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..custom import View
from ..kpi import Kpi
from ..metrics.custom_order import OTHERS
from ..metrics.deals import NONE_GIVEN
from . import Finding, ordered

SEVERITY = {None: "info", True: "opportunity", False: "warning"}  # by whether the change is for the better


def findings(kpis: list[Kpi], views: Sequence[View] = ()) -> list[Finding]:
    """Clear changes of key figures on the year before, else on the period before; a page without one says so."""
    shown = {m.name: view.id for view in reversed(views) if view.table is None for m in view.measures}
    found = [finding for kpi in kpis for finding in _changed(kpi, kpi.dimension or shown.get(kpi.name))]
    return ordered(found, "custom.steady")


def _changed(kpi: Kpi, evidence: str | None) -> list[Finding]:
    for against in ("year_before", "previous"):
        change = kpi.change(against)
        if change and change.clear and change.delta:
            rose = change.delta > 0
            good = None if kpi.better is None else rose == (kpi.better == "up")
            kind = {"share": "share", "money": "amount", "score": "score", "points": "nps", "ratio": "ratio"}.get(
                kpi.unit, "count"
            )
            values = {"figure": kpi.name, kind: kpi.value, f"before_{kind}": getattr(kpi, against)}
            if kpi.dimension:
                values["view"] = kpi.dimension
            return [Finding(f"custom.{'rose' if rose else 'fell'}_{against}", SEVERITY[good], values, evidence)]
    return []


def first(view: View, frame: pd.DataFrame) -> list[Finding]:
    """The group that comes first, of rows counted or money added up: only where it is alone in that, and nothing is below zero."""
    kind = {("count", "count"): "count", ("sum", "money"): "amount"}.get((view.drawn.of, view.drawn.unit))
    if kind is None or len(view.dimensions) != 1 or view.grain:
        return []
    name, values = frame.columns[0], frame[view.drawn.name].astype(float)
    whole, top = float(values.sum()), float(values.max()) if len(values) else 0.0
    groups = frame[name][values == top]
    if whole <= 0 or values.min() < 0 or len(groups) != 1 or groups.iloc[0] in (OTHERS, NONE_GIVEN):
        return []
    counts: dict[str, Any] = {"part": int(top), "base": int(whole)} if kind == "count" else {"amount": top, "whole_amount": whole}
    return [Finding(f"say.custom_first_{kind}", values={"group": groups.iloc[0], "share": top / whole, **counts})]
