"""How long customers are silent and still come back: what `inactive_after_days` should be, by their own gaps."""

from datetime import timedelta
from typing import Any

import ibis

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import count_if, day, quantile
from .lives import events, keeps, shows_activity

WITHIN = 730  # days to the period's end in which gaps are looked at
NEARLY_ALL = 0.95
LEAST_GAPS = 2  # of a customer


@measured("days")
def suggested_inactive_days(crm: Crm) -> Figure:
    """The silence that 95 % of the customers never exceeded and then came back: what `inactive_after_days` should be.

    Needs orders or interactions. → Figure in days, base = customers with at least two gaps
    A gap: the days between two activities that keep a customer (a purchase, a deal won, another qualifying activity), both
    within the two years before the period's end. Of each customer the longest counts; the one that still lasts is none.
    """
    if crm.beside is not None:
        return Figure(None, None, "of_this_period")
    if not shows_activity(crm):
        return NOT_DELIVERED
    found = crm.company.kept("longest gaps", _longest).execute().iloc[0]
    known = int(found["customers"])
    return Figure(float(found["days"]) if known else None, known, None if known else "no_base")


def _longest(company: Crm) -> Any:
    """→ ibis table, one row: customers, days (the 95th percentile of their longest gaps)"""
    acts = events(company)
    acts = acts.filter(keeps(acts) & (acts.at >= day(company.end - timedelta(days=WITHIN))))
    days = acts.select("customer_id", on=acts.at.date()).distinct()
    before = days.on.lag().over(group_by=days.customer_id, order_by=days.on)
    gaps = days.mutate(gap=days.on.delta(before, unit="day"))
    each = gaps.group_by("customer_id").aggregate(longest=lambda t: t.gap.max(), gaps=lambda t: count_if(t.gap.notnull()))
    each = each.filter(each.gaps >= LEAST_GAPS)
    return each.aggregate(customers=each.count(), days=quantile(each.longest, NEARLY_ALL).fill_null(ibis.literal(0.0)))
