"""The key figures of the segments, each of what a period's segments are; they are not found anew for other periods."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Figure, Kpi, Share, compare, measured
from .migration import NEW, Migration, migration_share
from .segment_groups import groups, size_psi
from .segments import Segmentation

NONE = Figure(None, None, "no_segments")


@dataclass(frozen=True)
class Seen:
    """What a page says of the segments of its view."""

    found: Segmentation
    moved: Migration
    groups: pd.DataFrame

    @classmethod
    def of(cls, crm: Crm, found: Segmentation, moved: Migration) -> "Seen":
        return cls(found, moved, groups(crm, found, moved))

    @property
    def customers(self) -> int:
        return int(self.groups.customer_count.sum())


@measured("count")
def segment_count(seen: Seen) -> Figure:
    """How many groups of customers there are. → Figure: count"""
    return Figure(len(seen.found.names)) if seen.found.names else NONE


@measured("share")
def largest_segment_share(seen: Seen) -> Share | Figure:
    """The customers of the largest segment, as a share of all. → Share"""
    return Share(int(seen.groups.customer_count.max()), seen.customers) if seen.customers else NONE


@measured("share")
def richest_segment_share(seen: Seen) -> Figure:
    """The revenue of the year of the segment that brings most, as a share of all. → Figure, base = customers"""
    share = seen.groups.revenue_share.max()
    return Figure(float(share), seen.customers) if share == share and seen.customers else NONE


@measured("share")
def migration_rate(seen: Seen) -> Share | Figure:
    """Of those who had a segment in the period before and are still customers, the share who are in another one. → Share"""
    share = migration_share(seen.moved)
    return share if share.base else Figure(None, None, "no_earlier_segments")


@measured("ratio", "up")
def segment_stability(seen: Seen) -> Figure:
    """How well refits on samples agree about who belongs together: 1 = always the same. → Figure, base = customers grouped"""
    best = seen.found.fit.best
    return NONE if best is None else Figure(float(best.stability), seen.found.fit.settled)


@measured("ratio", "up")
def segment_silhouette(seen: Seen) -> Figure:
    """How much nearer customers are to their own group than to the next, from −1 to 1. → Figure, base = customers grouped"""
    best = seen.found.fit.best
    return NONE if best is None else Figure(float(best.silhouette), seen.found.fit.settled)


@measured("ratio", "down")
def segment_drift(seen: Seen) -> Figure:
    """How much the sizes of the segments differ from the period before (population stability index). → Figure, base = customers"""
    psi = size_psi(seen.moved)
    return Figure(psi, seen.customers) if psi == psi else Figure(None, None, "no_earlier_segments")


FIGURES = (
    segment_count,
    largest_segment_share,
    richest_segment_share,
    migration_rate,
    segment_stability,
    segment_silhouette,
    segment_drift,
)


def key_figures(crm: Crm, seen: Seen) -> list[Kpi]:
    """The key figures of a view; beside the number and the largest share what they were in the period before, where that is known.

    The number is the company's: of those before a team knows only the ones in which it had customers, so it stands on the company's page.
    """
    kpis = {metric.__name__: compare(_of(metric, seen), crm) for metric in FIGURES}
    before = seen.moved.flows[seen.moved.flows.before != NEW].groupby("before").customer_count.sum()
    if len(before) and len(seen.groups):
        if crm.team == ALL:
            kpis["segment_count"] = replace(kpis["segment_count"], previous=float(len(before)))
        top = seen.groups.loc[seen.groups.customer_count.idxmax()]
        largest, then = kpis["largest_segment_share"], float(top.earlier_share)
        kpis["largest_segment_share"] = replace(largest, previous=then, previous_base=float(before.sum()))
    return list(kpis.values())


def _of(metric: Callable[[Seen], Any], seen: Seen) -> Callable[[Crm], Any]:
    """A metric of this period's segments as one of a view: of the views that it would be compared with it says nothing."""

    @wraps(metric)  # its unit and which way is good, too
    def figure(crm: Crm) -> Any:
        return metric(seen) if crm.beside is None else Figure(None)

    return figure
