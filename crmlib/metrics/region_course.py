"""Regions that grow faster than the others: their orders, sales and new customers of a year beside the year before."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if, total, within
from .deals import NONE_GIVEN, which
from .lives import lives, of_customers
from .paces import Pace, Span, a_year, covered, pace, spans, together
from .sold import named as value_of
from .sold import orders_of
from .views import of_view

AT_LEAST_MORE, AT_LEAST_MORE_NEW = 0.15, 0.1  # orders, and new customers, against the others; smaller leads are none to speak of
NEW_LEVEL = 0.90  # new customers only have to bear out what orders, far more of them, show beyond doubt


@dataclass(frozen=True)
class RegionCourse:
    """A region's year beside the year before: orders, new customers, and sales."""

    region: str
    orders: Pace
    newcomers: Pace | None
    amount: float
    before_amount: float
    others_growth: float  # of all other regions' sales

    @property
    def growth(self) -> float:
        return self.amount / self.before_amount - 1 if self.before_amount > 0 else float("nan")

    @property
    def growing(self) -> bool:
        """Orders grew clearly faster than in all other regions (the interval leaves out 0), by 15 % or more; new customers did, by a
        tenth or more; and sales grew, and faster."""
        new = self.newcomers
        more = self.orders.low > 0 and self.orders.change >= AT_LEAST_MORE
        borne_out = new is not None and new.low > 0 and new.change >= AT_LEAST_MORE_NEW
        return more and borne_out and self.growth > max(self.others_growth, 0)


def region_courses(crm: Crm) -> list[RegionCourse]:
    """Every region of this view that can be judged, the fastest first.

    Needs orders: region (or customers: region); customers: region, for new customers.
    The twelve months to the period's end (on weekly pages: 52 weeks) against the twelve before them, so that seasons cancel; the
    course of all other regions is taken off (paces.pace). Only where the data cover both years and a region has min_base cases.
    """
    return crm.once("region courses", lambda: _courses(crm))


def _courses(crm: Crm) -> list[RegionCourse]:
    year, times = a_year(crm), spans(crm, 2)
    if not crm.has("orders") or not covered(crm, times) or not (crm.has("orders", "region") or crm.has("customers", "region")):
        return []
    sold = of_view(crm, "region courses", partial(_sold, times)).execute()
    orders, amounts = (_matrix(sold, v, len(times)) for v in ("n", "amount"))
    came = _matrix(of_customers(crm, "newcomers by region", partial(_came, times)).execute(), "n", len(times))
    found = []
    for region in orders.index:
        judged = _judged(orders, region, crm, together(len(orders)))
        if judged:
            worth, whole = amounts.loc[region].to_numpy(dtype=float), amounts.to_numpy(dtype=float).sum(axis=0)
            rest = whole - worth
            others = float(rest[year:].sum() / rest[:year].sum() - 1) if rest[:year].sum() > 0 else float("nan")
            new = _judged(came, region, crm, NEW_LEVEL, repeats=False) if region in came.index else None
            found.append(RegionCourse(region, judged, new, float(worth[year:].sum()), float(worth[:year].sum()), others))
    return sorted(found, key=lambda c: (-c.orders.change, c.region))


def _judged(table: pd.DataFrame, region: str, crm: Crm, level: float, repeats: bool = True) -> Pace | None:
    mine, whole = table.loc[region].to_numpy(dtype=float), table.to_numpy(dtype=float).sum(axis=0)
    year = a_year(crm)
    return pace(mine, whole - mine, year, year, level, crm.business.min_base, repeats)


def _matrix(frame: pd.DataFrame, value: str, spans: int) -> pd.DataFrame:
    """A row a region, a column a span; rows of no region are none."""
    known = frame[frame.region != NONE_GIVEN]
    return known.pivot_table(value, "region", "period", "sum", fill_value=0).reindex(columns=range(spans), fill_value=0)


def _sold(times: list[Span], crm: Crm, *groups: str) -> Any:
    table = orders_of(crm, times)
    table = table.mutate(region=value_of(table, "region"))
    sums = {"n": count_if(table.purchase), "amount": total(table.amount, where=table.counts)}
    return table.group_by("region", "period", *groups).aggregate(**sums)


def _came(times: list[Span], crm: Crm) -> Any:
    """→ ibis table: team, region, period, n: customers by the span in which they became one"""
    people = lives(crm).filter(lambda t: within(t.since, times[0].start, times[-1].end))
    homes = crm.table("customers", "customer_id", "region").select("customer_id", "region")
    table = people.left_join(homes, "customer_id", rname="home_{name}")
    table = table.mutate(region=ibis.coalesce(table.region, NONE_GIVEN), period=which(table.since, times))
    return table.group_by("team", "region", "period").aggregate(n=lambda t: t.count())


COLUMNS = ["region", "amount", "before_amount", "sales_growth_share", "against_share", "lower_share", "upper_share",
           "new_customers", "before_new_customers", "new_against_share"]  # fmt: skip


def region_course(crm: Crm) -> pd.DataFrame:
    """The regions' courses as a table.

    Needs the same as `region_courses`. → frame: region, amount, before_amount (sales of the year and of the one before), sales_growth_share,
      against_share (change of orders against the other regions), lower_share, upper_share (99 %
      interval for all regions together), new_customers, before_new_customers, new_against_share, growing (flag); the fastest first
    """
    rows = []
    for c in region_courses(crm):
        new = (c.newcomers.count, c.newcomers.before, c.newcomers.change) if c.newcomers else (None, None, None)
        rows.append((c.region, c.amount, c.before_amount, c.growth, c.orders.change, c.orders.low, c.orders.high, *new, c.growing))  # fmt: skip
    return pd.DataFrame(rows, columns=[*COLUMNS, "growing"])


def growing_regions(crm: Crm) -> list[RegionCourse]:
    """The regions that grow clearly faster than all others, the fastest first. Needs the same as `region_courses`."""
    return [c for c in region_courses(crm) if c.growing]
