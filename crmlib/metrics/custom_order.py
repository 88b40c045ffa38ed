"""Groups of a view in their order, complete and by their names."""

import math

import pandas as pd

from ..asked import Measure
from ..crm import Crm
from ..custom import View
from ..schema import UNASSIGNED
from .activity import WEEKDAYS
from .custom_rows import periods
from .deals import NONE_GIVEN
from .names import customer_names, named

OTHERS = "all others"


def nothing(measure: Measure) -> float:
    """What a group without rows has: 0 of what is counted or added up, nothing of all else."""
    return 0.0 if measure.of in ("count", "distinct", "sum", "rows") else math.nan


def arranged(crm: Crm, view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in order, dimensions by their names, the drawn measure last."""
    frame = _complete(crm, view, frame)
    by: list[str] = []
    ascending: list[bool] = []
    for i, dimension in enumerate(view.dimensions):
        if dimension.kind != "time":
            frame[f"_r{i}"] = frame[f"d{i}"].map({NONE_GIVEN: 2, UNASSIGNED: 2, OTHERS: 1}).fillna(0)
            weight = _weight(crm, view, frame) if len(view.dimensions) == 1 else _of_both(view, frame, f"d{i}")
            frame[f"_w{i}"] = weight.fillna(-math.inf if not view.smallest_first else math.inf)
            by, ascending = [*by, f"_r{i}", f"_w{i}", f"d{i}"], [*ascending, True, view.smallest_first, True]
        else:
            by, ascending = [*by, f"d{i}"], [*ascending, True]
    frame = frame.sort_values(by, ascending=ascending) if by else frame
    names = {f"d{i}": d.name for i, d in enumerate(view.dimensions)}
    for i, dimension in enumerate(view.dimensions):
        frame[f"d{i}"] = _called(crm, view, dimension.kind, dimension.grain, frame[f"d{i}"])
    figures = [c for name in in_order(view) for c in (f"{name}_base", f"previous_{name}", name) if c in frame]
    return frame[[*names, *figures]].rename(columns=names).reset_index(drop=True)


def in_order(view: View) -> list[str]:
    """The measures as they stand side by side: as the file has them; where one is drawn, that one last."""
    names = [m.name for m in view.measures]
    return names if view.chart == "table" else [*names[1:], names[0]]


def _of_both(view: View, frame: pd.DataFrame, column: str) -> pd.Series:
    """What a group of two dimensions is ordered by: what it adds up to, of what does not add up its rows."""
    adds = any(m.name == view.order and m.of in ("count", "sum") for m in view.measures)
    return frame.groupby(column)[view.order if adds else "n"].transform("sum").astype(float)


def _weight(crm: Crm, view: View, frame: pd.DataFrame) -> pd.Series:
    """What groups are ordered by; those on few cases come last."""
    if f"{view.order}_base" not in frame:
        return frame[view.order].astype(float)
    return frame[view.order].where(frame[f"{view.order}_base"] >= crm.business.min_base).astype(float)


def _complete(crm: Crm, view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """Every weekday, hour or period of a view of one dimension, also those without rows."""
    every = {"weekday": range(7), "hour": range(24)}.get(view.grain, range(len(periods(crm, view))))
    frame = frame[frame["d0"].notna()] if view.grain and len(view.dimensions) == 1 else frame
    if len(view.dimensions) != 1 or not every:
        return frame
    frame = frame.set_index("d0").reindex(every).rename_axis("d0").reset_index()
    zero = {c: 0 for c in frame if c == "n" or c.endswith("_base")} | {m.name: 0 for m in view.measures if nothing(m) == 0}
    return frame.fillna(zero)


def _called(crm: Crm, view: View, kind: str, grain: str, values: pd.Series) -> pd.Series:
    """What groups are called on a page."""
    if kind == "rep":
        return named(crm, "rep", values)
    if kind == "customer":
        return customer_names(crm, values)
    if grain == "weekday":
        return values.map(dict(enumerate(WEEKDAYS)))
    if grain == "hour":
        return values.map(lambda h: f"{int(h):02d}:00")
    if kind == "time" and grain != "day":
        return values.map(dict(enumerate(periods(crm, view))))
    return values
