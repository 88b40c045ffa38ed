"""What each group did to a change: of amounts and counts its own change, of ratios the effect of its rate and of its weight."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pandas as pd

from .deals import no_group

MOST = 8  # rows of a figure: the largest changes, and the rest as one
ALL_OTHERS = "all others"
_CHANGES = {"share": ("share", "gap"), "money": ("amount", "amount")}  # what a ratio and a difference of two are called, by unit


def contributions(now: pd.DataFrame, before: pd.DataFrame, group: str, measure: str, most: int = MOST) -> pd.DataFrame:
    """By how much each group changed an amount or a count: the changes add up to that of the whole, to the cent.

    Needs two frames with the columns `group` and `measure`, of this period and of the one compared with.
    → frame: <group>, before_<measure>, <measure>, change_<measure>; the largest change first, at most `most` rows: the rest
      are one row, "all others"
    A group that is new was 0 before, one that is gone is 0 now, and one that is 0 in both is left out. Rows without a name are
    one group (`no_group`), rows without an amount add nothing. Customers who can be in several groups add up to no whole: their
    counts do not belong here.
    """
    then, here = _added(before, group, measure), _added(now, group, measure)
    rows: list[tuple[Any, ...]] = [(g, then[g], here[g], here[g] - then[g]) for g in {**here, **then} if here[g] or then[g]]
    rows.sort(key=lambda row: (-abs(row[3]), str(row[0])))
    if len(rows) > most:
        rest = rows[most - 1 :]
        rows = [*rows[: most - 1], (ALL_OTHERS, *(sum(row[i] for row in rest) for i in (1, 2, 3)))]
    columns = [group, f"before_{measure}", measure, f"change_{measure}"]
    kind = "int64" if _whole(now, measure) and _whole(before, measure) else "float64"
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], kind) | {group: object})


def mixed(
    now: pd.DataFrame, before: pd.DataFrame, group: str, part: str, base: str, unit: str = "share", most: int = MOST
) -> pd.DataFrame:
    """By how much each group changed a ratio: through its own rate, and through its weight in the whole.

    Needs two frames with the columns `group`, `part` and `base`, of this period and of the one compared with.
    → frame: <group>, before_base, base, before_share, share, rate_gap, weight_gap, change_gap (0..1; of money before_amount, amount,
      rate_amount …); the largest change first, at most `most` rows, the rest as "all others"; without a ratio now or before: no rows
    With w = base / whole base and r = part / base: rate = mean weight × change of r; weight = change of w × (mean r − mean ratio
    of the whole): more weight helps only where the rate is above the whole's. Both together add up to the change of the whole
    ratio. A group that is new or gone has no rate to change: all it did is weight.

    Source: the symmetric (midpoint) form of Kitagawa's decomposition (Kitagawa 1955).
    """
    name, ending = _CHANGES.get(unit, (unit, unit))
    columns = ["before_base", "base", f"before_{name}", name, f"rate_{ending}", f"weight_{ending}", f"change_{ending}"]
    sums = [{g: float(v) for g, v in _added(t, group, c).items()} for t in (before, now) for c in (part, base)]
    whole = [sum(s.values()) for s in sums]
    rows = [(g, *(s.get(g, 0.0) for s in sums)) for g in {**sums[3], **sums[2], **sums[1], **sums[0]}]
    rows = [(g, *values) for g, *values in rows if any(values)] if whole[1] and whole[3] else []
    rows.sort(key=lambda row: (-abs(_effects(row[1:], whole)[-1]), str(row[0])))
    if len(rows) > most:
        rows = [*rows[: most - 1], (ALL_OTHERS, *(sum(row[i] for row in rows[most - 1 :]) for i in (1, 2, 3, 4)))]
    made = [(g, v[1], v[3], _ratio(v[0], v[1]), _ratio(v[2], v[3]), *_effects(v, whole)) for g, *v in rows]
    kinds = dict.fromkeys(columns, "float64") | {group: object}
    kinds |= dict.fromkeys(columns[:2], "int64") if _whole(now, base) and _whole(before, base) else {}
    return pd.DataFrame(made, columns=[group, *columns]).astype(kinds)


def _effects(values: Any, whole: list[float]) -> tuple[float, float, float]:
    """Of one group (part and base before, part and base now): the effect of its rate, of its weight, and both."""
    p0, b0, p1, b1 = values
    (w0, w1), middle = (b0 / whole[1], b1 / whole[3]), (whole[0] / whole[1] + whole[2] / whole[3]) / 2
    both = p1 / whole[3] - p0 / whole[1] - (w1 - w0) * middle
    rate = (w0 + w1) / 2 * (p1 / b1 - p0 / b0) if b0 and b1 else 0.0
    return rate, both - rate, both


def _ratio(part: float, base: float) -> float:
    return part / base if base else float("nan")


def _added(frame: pd.DataFrame, group: str, measure: str) -> defaultdict[Any, Decimal]:
    """The exact sum of each group, in the order of its first row."""
    sums: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for name, value in zip(frame[group], frame[measure], strict=True):
        if not pd.isna(value):
            sums[no_group(group) if pd.isna(name) else name] += Decimal(str(value)).quantize(Decimal("0.0001"))
    return sums


def _whole(frame: pd.DataFrame, measure: str) -> bool:
    """Whether a column holds whole numbers by its kind (an empty one may)."""
    return frame.empty or pd.api.types.is_integer_dtype(frame[measure])
