"""What feedback says, and whether we acted: rules with their thresholds, each tested at its edge."""

from datetime import date, timedelta
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi, Share, difference
from ..means import Mean, mean_difference, together
from ..metrics import feedback_groups as groups
from ..metrics import improvements, proofs, themes
from ..metrics.deals import no_group
from ..periods import year_earlier
from . import Finding, ordered, said
from .changes import changed

CLEARLY = {"score": 0.2, "nps": 10.0}  # a smaller difference of means is none that customers would notice
THEME_BY, PRODUCT_BY = 0.02, 0.05  # a theme's and a product's share differ by at least so much
HALF, FEW = 0.5, 3  # so much of all problems in one in so many categories


def findings(crm: Crm, kpis: list[Kpi]) -> list[Finding]:
    """All findings of the feedback page, the gravest first."""
    if not crm.rows("feedback"):
        return [said("feedback.no_answers")]
    by_name = {k.name: k for k in kpis if k.dimension is None}
    moved = changed(by_name.get("csat_mean"), "feedback.csat_mean", "satisfaction")
    moved = moved or changed(by_name.get("nps"), "feedback.nps", "satisfaction")
    found = [
        *fell(crm), *cured(crm), *moved, *below(crm, "category"), *below(crm, "source"), *theme_rose(crm), *product(crm),
        *overdue(crm), *no_effect(crm), *concentrated(crm),
    ]  # fmt: skip
    return ordered(found, "feedback.quiet")


def fell(crm: Crm) -> list[Finding]:
    """The category whose mean fell the most below its own twelve months before: clearly (99 %, Welch) and by 0.2 (NPS: 10)."""
    measure, start = groups.measure_of(crm), crm.period.start
    if measure is None:
        return []
    now, before = _means(crm, "category", measure), _means(crm, "category", measure, (year_earlier(start), start))
    pairs = [(c, now[c], before[c]) for c in now if c in before and c != no_group("category")]
    lower = [(c, a, b) for c, a, b in pairs if _lower(a, b, CLEARLY[measure], crm.business.min_base)]
    return [
        said(
            f"feedback.category_fell{_ending(measure)}", "problem", "by-category", category=c, **_valued(measure, a, b, "before")
        )
        for c, a, b in sorted(lower, key=_distance)[:1]
    ]


def below(crm: Crm, group: str) -> list[Finding]:
    """The category or source whose mean lies the furthest below all others together: clearly (99 %, Welch) and by 0.2 (NPS: 10)."""
    measure = groups.measure_of(crm)
    if measure is None:
        return []
    means = _means(crm, group, measure)
    whole = sum(means.values(), Mean(0, 0, 0))
    pairs = [(g, m, whole - m) for g, m in means.items() if g != no_group(group)]
    lower = [(g, a, b) for g, a, b in pairs if _lower(a, b, CLEARLY[measure], crm.business.min_base)]
    return [
        said(f"feedback.{group}_below{_ending(measure)}", "warning", f"by-{group}", **{group: g}, **_valued(measure, a, b, "others"))
        for g, a, b in sorted(lower, key=_distance)[:1]
    ]  # fmt: skip


def _means(crm: Crm, group: str, measure: str, window: tuple[date, date] | None = None) -> dict[str, Mean]:
    frame = groups.sums_by(crm, group, *(window or ()))
    return {row[group]: groups.mean_of(row, measure) for row in frame.to_dict("records")}


def _lower(a: Mean, b: Mean, least: float, min_base: int) -> bool:
    if min(a.base, b.base) < min_base or a.value is None or b.value is None:
        return False
    return b.value - a.value >= least - 1e-9 and mean_difference(a, b)[1] < 0


def _distance(found: tuple[str, Mean, Mean]) -> tuple[float, str]:
    name, a, b = found
    return (a.value or 0) - (b.value or 0), name


def _ending(measure: str) -> str:
    return "" if measure == "score" else "_nps"


def _valued(measure: str, a: Mean, b: Mean, other: str) -> dict[str, Any]:
    return {measure: a.value, "base": int(a.base), f"{other}_{measure}": b.value, f"{other}_base": int(b.base)}


def theme_rose(crm: Crm) -> list[Finding]:
    """The criticism and the praise that grew the most: clearly on the twelve months before (metrics.themes) and by two percentage points."""
    if not crm.has("feedback", "comment"):
        return []
    frame = themes.themes(crm)
    grown = frame.share - frame.before_share
    frame = frame.assign(_grown=grown)[frame.rose.astype(bool) & (grown >= THEME_BY - 1e-9)]
    frame = frame.sort_values("_grown", ascending=False, kind="stable").drop_duplicates("tone")
    return [
        said(f"feedback.{r.tone}_rose", "warning" if r.tone == themes.CRITICISM else "opportunity", "themes", theme=r.theme, share=r.share,
             part=int(r.comment_count), base=int(r.base), before_share=r.before_share, before_base=int(r.before_base))
        for r in frame.itertuples()
    ]  # fmt: skip


def concentrated(crm: Crm) -> list[Finding]:
    """The few categories that make half of the problems: at most one in three, of at least three that are named."""
    if "problem_count" not in (frame := groups.pareto(crm)):
        return []
    total, least = int(frame.problem_count.sum()), crm.business.min_base
    named = frame[frame.category != no_group("category")]
    if total < least or len(named) < FEW or frame.category.iloc[0] == no_group("category"):
        return []
    count = int((named.problem_count.cumsum() / total < HALF - 1e-9).sum()) + 1
    if count * FEW > len(named):
        return []
    part = int(named.problem_count.head(count).sum())
    values = {"count": count, "categories_count": len(named), "share": part / total, "part": part, "base": total}
    return [said("feedback.concentrated", "info", "pareto", category=named.category.iloc[0], **values)]


def product(crm: Crm) -> list[Finding]:
    """The product with clearly more problems among its answers than all others together, and by five percentage points.

    Clearly: by a 99 % interval that holds for all products at once; one of many is the worst by chance.
    """
    frame = groups.sums_by(crm, "product")
    whole, least, found = Share(int(frame.problem_count.sum()), int(frame.judged.sum())), crm.business.min_base, []
    named = frame[(frame["product"] != no_group("product")) & (frame.judged >= least)]
    for row in named.to_dict("records"):
        own = Share(int(row["problem_count"]), int(row["judged"]))
        rest = Share(whole.part - own.part, whole.base - own.base)
        if rest.base < least or own.part / own.base - rest.part / rest.base < PRODUCT_BY - 1e-9:
            continue
        if difference(own, rest, together(len(named)))[0] > 0:
            found.append(said("feedback.product", "warning", "by-product", product=row["product"], share=own.value, part=int(own.part),
                              base=int(own.base), others_share=rest.value, others_base=int(rest.base)))  # fmt: skip
    return sorted(found, key=lambda f: (f.values["others_share"] - f.values["share"], f.values["product"]))[:1]


def cured(crm: Crm) -> list[Finding]:
    """Measures whose category improved (proofs.Proof.verdict), as long as their ninety days of evidence reach into the period."""
    found = _lately(crm, lambda row: row.done_on + timedelta(days=proofs.WINDOW_DAYS) > crm.period.start)
    found = found[found.verdict == "improved"]
    if found.empty:
        return []
    states = improvements.improvements(crm).set_index("improvement_id").state
    return [_cured(row, proofs.kind_of(crm), states[row.improvement_id]) for row in found.itertuples()]


def _cured(row: Any, kind: str, state: str) -> Finding:
    rule = "feedback.cured" + ("" if kind == "score" else "_share") + ("" if state == "told" else "_untold")
    ends = sorted(abs(getattr(row, f"{end}_{kind}")) for end in ("low", "high"))
    unit = {"score": "score", "share": "delta"}[kind]
    values = {
        f"before_{kind}": getattr(row, f"before_{kind}"),
        "before_base": row.before_base,
        f"low_{unit}": ends[0],
        f"high_{unit}": ends[1],
    }
    return said(rule, "opportunity", "proofs", category=row.category, improvement=row.improvement_id, done_on=row.done_on,
                **values, **{kind: getattr(row, f"after_{kind}"), "base": row.after_base})  # fmt: skip


def no_effect(crm: Crm) -> list[Finding]:
    """Measures done ninety days ago, in this period for the first time, after which nothing changed clearly."""
    found = _lately(crm, lambda row: crm.period.start < row.done_on + timedelta(days=proofs.WINDOW_DAYS) <= crm.end)
    found = found[found.verdict == "no clear change"]
    if len(found) > 1:
        return [said("feedback.no_effect_several", "info", "proofs", count=len(found))]
    return [
        said("feedback.no_effect", "info", "proofs", improvement=r.improvement_id, category=r.category, done_on=r.done_on,
             base=int(r.after_base), before_base=int(r.before_base))
        for r in found.itertuples()
    ]  # fmt: skip


def _lately(crm: Crm, holds: Any) -> pd.DataFrame:
    if not crm.has("improvements"):
        return pd.DataFrame(columns=["verdict", "improvement_id"])
    frame = proofs.proofs(crm)
    return frame[pd.Series([bool(holds(row)) for row in frame.itertuples()], index=frame.index, dtype=bool)]


def overdue(crm: Crm) -> list[Finding]:
    """Open measures that are overdue, and the one that is the longest."""
    if not crm.has("improvements"):
        return []
    frame = improvements.improvements(crm)
    late = frame[frame.state == "overdue"].sort_values(["late_days", "improvement_id"], ascending=[False, True])
    if late.empty:
        return []
    first, is_open = late.iloc[0], int(frame.state.isin(["open", "overdue"]).sum())
    return [said("feedback.overdue", "warning", "improvements", count=len(late), base=is_open, days=first.late_days,
                 improvement=first.improvement_id, category=first.category)]  # fmt: skip
