"""Cohorts of customers: those who first bought in the same month, and how many of them bought again in each later one."""

from datetime import timedelta
from typing import Any

import pandas as pd

from ..crm import Crm
from ..periods import Period
from .deals import which
from .lives import accounts, of_customers, purchases

COUNT = 12  # cohorts, the newest that of the last whole period


def cohort_periods(crm: Crm, count: int = COUNT) -> list[Period]:
    """The last whole months (of a quarter's page quarters, of a year's years) that the data reach the end of, oldest first."""
    kind = "month" if crm.period.kind == "week" else crm.period.kind
    last = Period.containing(crm.end - timedelta(days=1), kind, crm.period.fiscal_start)
    known = min(crm.end, crm.as_of.date() + timedelta(days=1))
    while last.end > known:
        last = last.previous
    return last.trailing(count)


def cohort_retention(crm: Crm, count: int = COUNT) -> pd.DataFrame:
    """Cohort members with a purchase in the k-th month after their first one, as a share of the cohort.

    Needs orders: customer_id, ordered_at, amount; status as delivered.
    → frame: first_purchase (Period), age (months since; quarters and years on such pages), base (members),
      active_count, share (0..1; age 0: 1); oldest cohort first. Months that are not over, or that the data do not reach the
      end of, are left out, and so are cohorts without a member.
    """
    periods = cohort_periods(crm, count)
    found = of_customers(crm, f"cohorts {count}", lambda view: _buyers(view, periods)).execute()
    counted = {(int(c), int(t)): int(n) for (c, t), n in found.groupby(["cohort", "then"]).n.sum().items()}
    lines = [
        {"first_purchase": periods[c], "age": t - c, "base": counted[c, c], "active_count": counted.get((c, t), 0)}
        for c in range(len(periods))
        if (c, c) in counted
        for t in range(c, len(periods))
    ]
    frame = pd.DataFrame(lines, columns=["first_purchase", "age", "base", "active_count"])
    return frame.assign(share=frame.active_count / frame.base)


def _buyers(crm: Crm, periods: list[Period]) -> Any:
    """How many customers of each cohort bought in each period. → ibis table: team, cohort, then (indices of periods), n"""
    table = purchases(crm)
    firsts = table.group_by("customer_id").aggregate(first=table.at.min())
    firsts = firsts.left_join(accounts(crm).select("customer_id", "team"), "customer_id").drop("customer_id_right")
    joined = table.inner_join(firsts, "customer_id")
    joined = joined.mutate(cohort=which(joined["first"], periods), then=which(joined["at"], periods))
    joined = joined.filter((joined.cohort >= 0) & joined.then.notnull())
    return joined.group_by("team", "cohort", "then").aggregate(n=lambda t: t.customer_id.nunique())
