"""What the segments say: rules with their thresholds, each tested at its edge."""

from typing import Any

from ..crm import ALL, Crm
from ..kpi import Share, difference, interval
from ..models.migration import NEW, migration_share
from ..models.segment_figures import Seen
from ..models.segment_groups import paces, shares
from ..models.segments import Fitted
from . import Finding, ordered, said

MOVED_MONEY = 0.005  # of the revenue: less of it in other hands is no news
SIZE_CHANGED = 0.02  # points of the customers: a segment that grew or shrank by less is as it was
CARRIES, OVER_ITS_SIZE = 0.25, 1.5  # of the revenue, and times the segment's share of the customers
MANY, UNDER_ITS_SIZE = 0.2, 0.5  # of the customers, and the same of the revenue
FALLS_BEHIND = 0.9  # of the other segments' course


def findings(crm: Crm, seen: Seen) -> list[Finding]:
    """All findings of the segments' page, the gravest first."""
    if not seen.found.names:
        return [not_enough(seen.found.fit)]
    if not seen.customers:
        return [said("segments.nobody")]
    found = [
        *unstable(seen.found.fit),
        *moved(crm, seen),
        *falling(crm, seen),
        *resized(crm, seen),
        *carrying(crm, seen),
        *waiting(crm, seen),
    ]
    return ordered(found, "segments.calm")


def not_enough(fit: Fitted) -> Finding:
    """Why there are no groups: how many customers, different customers or columns of behaviour there are, and how many are needed."""
    return said(f"segments.few_{fit.lacking}", "info", count=fit.count, needed_count=fit.needed)


def unstable(fit: Fitted) -> list[Finding]:
    """No number of groups could be found again in samples of the customers: nobody should steer by them."""
    best = fit.best
    if best is None or fit.stable:
        return []
    return [said("segments.unstable", "warning", "choice", count=int(best.k), stability_score=float(best.stability))]


def moved(crm: Crm, seen: Seen) -> list[Finding]:
    """How many customers went to a segment that is worth less, and how many to one that is worth more.

    A warning, or an opportunity, where it is clearly not half and half (99 %, of a sufficient number), and at least half a per cent of
    the view's revenue went the one way; else something to know. Nothing where nobody had a segment before.
    """
    moves, share = seen.moved, migration_share(seen.moved)
    if not share.base:
        return []
    counts = {"down": int(moves.down.customer_count.sum()), "up": int(moves.up.customer_count.sum())}
    money = {"down": float(moves.down.amount.sum()), "up": float(moves.up.amount.sum())}
    way, other = ("down", "up") if counts["down"] > counts["up"] else ("up", "down")
    both, whole = counts[way] + counts[other], float(moves.stayed.amount.sum())
    if both < crm.business.min_base or interval(Share(counts[way], both))[0] <= 0.5 or not money[way] >= MOVED_MONEY * whole > 0:
        even = {"part": int(share.part), "base": int(share.base), "down_count": counts["down"], "up_count": counts["up"]}
        return [said("segments.moved_evenly", "info", "migration", **even)]
    values = {"count": counts[way], "others_count": counts[other], "amount": money[way]}
    where = "down_lists" if way == "down" and crm.team == ALL else way
    return [said(f"segments.moved_{where}", "warning" if way == "down" else "opportunity", _list(crm, way), **values)]


def _list(crm: Crm, way: str) -> str:
    return "moved-down" if way == "down" and crm.team != ALL else "migration"


def falling(crm: Crm, seen: Seen) -> list[Finding]:
    """A segment with at least a quarter of the revenue, whose revenue of late falls behind the others' course by a tenth or more, clearly."""
    found = paces(crm, seen.found)
    money = seen.groups.set_index("segment").revenue_share
    behind = found[(found.high < 1) & (found.relative <= FALLS_BEHIND) & (found.base >= crm.business.min_base)]
    rows = [r for r in behind.itertuples() if money[r.segment] >= CARRIES]
    return [
        said("segments.falling", "problem", "groups", segment=r.segment, fall_share=1 - r.relative, low_share=1 - r.high, high_share=1 - r.low,
             share=money[r.segment], base=r.base) for r in rows
    ]  # fmt: skip


def resized(crm: Crm, seen: Seen) -> list[Finding]:
    """Segments whose share of the customers clearly changed since the period before: by two points and more (99 %, bases sufficient)."""
    before = int(seen.moved.flows.customer_count[seen.moved.flows.before != NEW].sum())
    found, least = [], crm.business.min_base
    for r in seen.groups.itertuples():
        now, change = shares(seen.groups)[r.segment], r.share - r.earlier_share
        if not (abs(change) >= SIZE_CHANGED and min(now.base, before) >= least and r.segment in seen.found.kept):
            continue
        low, high = difference(now, Share(r.earlier_share * before, before))
        if low > 0 or high < 0:
            rule = "segments.grew" if change > 0 else "segments.shrank"
            values = {"share": r.share, "before_share": r.earlier_share, "count": int(r.customer_count)}
            found.append(said(rule, "info", "sizes", segment=r.segment, **values))
    return found


def carrying(crm: Crm, seen: Seen) -> list[Finding]:
    """The segment whose revenue most exceeds its size: at least a quarter of the revenue, and half as much again as its customers."""
    table = seen.groups[(seen.groups.revenue_share >= CARRIES) & (seen.groups.revenue_share >= OVER_ITS_SIZE * seen.groups.share)]
    if table.empty or seen.customers < crm.business.min_base:
        return []
    return [_brings("segments.carries", "opportunity", table.loc[(table.revenue_share / table.share).idxmax()])]


def waiting(crm: Crm, seen: Seen) -> list[Finding]:
    """The segment that brings least for its size: at least a fifth of the customers, and at most half as much revenue as customers."""
    table = seen.groups[(seen.groups.share >= MANY) & (seen.groups.revenue_share <= UNDER_ITS_SIZE * seen.groups.share)]
    if table.empty or seen.customers < crm.business.min_base:
        return []
    return [_brings("segments.waits", "info", table.loc[(table.revenue_share / table.share).idxmin()])]


def _brings(rule: str, severity: str, row: Any) -> Finding:
    values = {"share": row.share, "revenue_share": row.revenue_share, "amount": row.customer_amount, "treatment": row.treatment}
    return said(rule, severity, "groups", segment=row.segment, **values)
