"""Which group moved a key figure, and by how much: said of figures whose change is clear, and of no other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi
from ..metrics.contribution import ALL_OTHERS, contributions, mixed
from ..metrics.deals import no_group
from . import Finding, said
from .changes import clear_against

LEADS = 0.5  # a group stands out if it alone made at least half of the change …
OUT_OF_PROPORTION = 1.5  # … and at least half as much again as its part of the whole before would let expect
_NEAR = 1e-6  # a ten-thousandth of a cent, a ten-thousandth of a point: less is the rounding of floats


@dataclass(frozen=True)
class Moved:
    """A key figure, the comparison that its contributions are against, and what each group did (largest first)."""

    kpi: Kpi
    against: str
    group: str
    frame: pd.DataFrame
    min_base: int

    @property
    def change(self) -> float:
        """The change of the whole."""
        return (self.kpi.value or 0.0) - (getattr(self.kpi, self.against) or 0.0)

    @property
    def clear(self) -> bool:
        change = self.kpi.change(self.against)
        return change is not None and change.clear and abs(self.change) > _NEAR

    @property
    def adds_up(self) -> bool:
        """Whether the groups' changes are the whole's: not where a customer or an answer can be in several groups."""
        return abs(self.frame.iloc[:, -1].sum() - self.change) <= max(_NEAR, abs(self.change) * 1e-9)

    @property
    def leader(self) -> Any:
        """The group that stands out, or None: LEADS and OUT_OF_PROPORTION; of ratios on sufficient bases now and before alone."""
        if not self.clear or len(self.frame) < 2 or not self.adds_up:
            return None
        rows = self.frame[self.frame[self.group] != ALL_OTHERS]
        part = rows.iloc[:, -1] / self.change
        if "base" in rows:
            part = part.where(rows[["before_base", "base"]].min(axis=1) >= self.min_base, 0.0)
        out = rows[(part >= LEADS - _NEAR) & (part >= OUT_OF_PROPORTION * self._weights().reindex(rows.index) - _NEAR)]
        return out[self.group].loc[part[out.index].idxmax()] if len(out) else None

    def _weights(self) -> pd.Series:
        """Each group's part of the whole before; of a whole that was nothing, or less, there are no parts."""
        sizes = self.frame["before_base" if "base" in self.frame else self.frame.columns[1]].astype(float)
        return sizes / sizes.sum() if sizes.sum() > 0 else sizes * 0.0


def moved(
    crm: Crm, kpi: Kpi, by: Callable[[Crm, str], pd.DataFrame], group: str, part: str | None = None, base: str | None = None,
    measure: str | None = None,
) -> Moved:  # fmt: skip
    """What each group did to a figure since the comparison whose change is clear (else since the period before).

    `by(crm, group)`: the metric's frame by group (revenue.sales_by, deals_by …). An amount or count is in the column `measure`
    (default: named as the figure), a ratio is made of the columns `part` and `base`.
    """
    against = clear_against(kpi) or "previous"
    now, before = by(crm, group), by(getattr(crm, against), group)
    if getattr(kpi, against) is None or kpi.value is None:
        now, before = now.head(0), before.head(0)  # nothing to compare with: no rows
    ratio = part is not None and base is not None
    frame = mixed(now, before, group, part, base, kpi.unit) if ratio else contributions(now, before, group, measure or kpi.name)  # type: ignore[arg-type]
    return Moved(kpi, against, group, frame, crm.business.min_base)


def headline(it: Moved) -> Finding:
    """The sentence over the figure of the contributions: who stands out, that nobody does, or that the whole did not move clearly."""
    values = _values(it)
    if it.kpi.value is None or getattr(it.kpi, it.against) is None:
        return said("changes.nothing_before", metric=it.kpi.name)
    if not it.clear:
        return said("changes.steady", **values)
    if it.frame.empty:
        return said("changes.no_groups", **values)
    if not it.adds_up:
        return said("changes.overlapping", **values)
    way = "rose" if it.change > 0 else "fell"
    if len(it.frame) < 2:
        return said("changes.one_group", who=str(it.frame[it.group].iloc[0]), **values)
    if it.leader is None:
        return said(f"changes.even_{way}", **values)
    if it.leader == no_group(it.group):
        return said(f"changes.unnamed_{way}", change=_own(it)["change"], **values)
    return Finding(f"changes.led_{way}", values=values | _own(it))


def findings(it: Moved, evidence: str) -> list[Finding]:
    """The group that stands out, with what to do about it: for the worse a warning, for the better an opportunity."""
    over, rose = headline(it), it.change > 0
    if not over.rule.startswith("changes.led"):
        return []
    if it.kpi.better is None:
        return [Finding(over.rule, "info", over.values, evidence)]
    better = rose == (it.kpi.better == "up")
    return [
        Finding(f"{over.rule}_{'better' if better else 'worse'}", "opportunity" if better else "warning", over.values, evidence)
    ]


def most_telling(*found: Moved) -> list[Moved]:
    """Of several groupings of one figure the one whose leader made the most of the change; none where nobody stands out."""
    named = [it for it in found if it.leader is not None and it.leader != no_group(it.group)]
    return sorted(named, key=lambda it: -abs(_own(it)["change"]))[:1]


def _values(it: Moved) -> dict[str, Any]:
    before, unit = getattr(it.kpi, it.against), it.kpi.unit
    whole = {"whole_before": before, "whole_now": it.kpi.value, "whole_change": abs(it.change)}
    return {"metric": it.kpi.name, "group": it.group, "unit": unit, "against": it.against, **whole}


def _own(it: Moved) -> dict[str, Any]:
    """What the leader was before, is now, and did."""
    row = it.frame[it.frame[it.group] == it.leader].iloc[0].to_dict()
    ending = it.frame.columns[-1].removeprefix("change_")
    name = {"gap": "share"}.get(ending, ending)
    return {"who": str(it.leader), "before": row[f"before_{name}"], "now": row[name], "change": abs(row[f"change_{ending}"])}
