"""What else loyal customers do: buy from several categories, recommend, and say that they would."""

from datetime import date
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..measures import count_if, within
from ..schema import REVENUE_STATUSES_LEFT_OUT
from . import feedback
from .lives import accounts, lives, of_customers
from .purchases import repeat_purchase_rate, repurchase_rate


@measured("share", "up")
def cross_sell_rate(crm: Crm) -> Share | Figure:
    """Customers who bought from two or more product categories in the period / those of its buyers whose categories are known.

    Needs orders: customer_id, ordered_at, amount; order_lines: category, quantity. → Share: part = two categories or more, base = buyers
    with a line that names one; a Figure without a value where no categories are delivered.
    Over all of a customer's purchases of the period, not within one; lines given back (quantity of 0 or less) are none.
    """
    if not (crm.has("orders") and crm.has("order_lines", "category")):
        return NOT_DELIVERED
    found = crm.once("cross-selling", lambda: of_customers(crm, "cross-selling", _crossing).execute())
    return Share(int(found.crossed.sum()), int(found.buyers.sum()))


def _crossing(crm: Crm) -> Any:
    """How many customers bought from how many categories. → ibis table: team, buyers, crossed"""
    buyer = _categories(crm, crm.period.start, crm.period.end)
    owners = accounts(crm).select("customer_id", "team")
    table = buyer.inner_join(owners, "customer_id")
    return table.group_by("team").aggregate(buyers=table.count(), crossed=count_if(table.categories >= 2))


def _categories(crm: Crm, start: date, end: date) -> Any:
    """Buyers with the number of categories that they bought from. → ibis table: customer_id, categories"""
    orders = crm.table("orders", "order_id", "customer_id", "ordered_at", "amount", "status")
    counts = ~orders.status.isin(REVENUE_STATUSES_LEFT_OUT).fill_null(False)
    chosen = orders.filter(counts & orders.customer_id.notnull() & (orders.amount > 0) & within(orders.ordered_at, start, end))
    lines = crm.table("order_lines", "order_id", "category", "quantity")
    lines = lines.filter(lines.category.notnull() & (lines.quantity > 0)).select("order_id", "category")
    bought = chosen.select("order_id", "customer_id").inner_join(lines, "order_id")
    return bought.group_by("customer_id").aggregate(categories=lambda t: t.category.nunique())


@measured("share", "up")
def referral_rate(crm: Crm) -> Share | Figure:
    """Customers at the period's end who have referred somebody / all customers at its end.

    Needs customers: referred_by. → Share: part = referred one or more who were entered by the period's end, base = customers; a Figure
    without a value where nothing is recorded. Whom they referred need not have bought; who names themselves has referred nobody.
    """
    if not crm.has("customers", "referred_by"):
        return NOT_DELIVERED
    found = crm.once("referrals", lambda: of_customers(crm, "referrals", _referring).execute())
    return Share(int(found.referrers.sum()), int(found.customers.sum()))


def _referring(crm: Crm) -> Any:
    """→ ibis table: team, customers (at the end), referrers among them"""
    people = crm.table("customers", "customer_id", "referred_by")
    named = people.filter(people.referred_by.notnull() & (people.referred_by != people.customer_id))
    referrers = named.select(customer_id="referred_by").distinct().mutate(refers=ibis.literal(True))
    here = lives(crm).select("customer_id", "team", "in_end").left_join(referrers, "customer_id", rname="_{name}")
    return here.group_by("team").aggregate(customers=count_if(here.in_end), referrers=count_if(here.in_end & here.refers))


@measured("share", "up")
def promoter_share(crm: Crm) -> Share | Figure:
    """Answers of the period that would recommend us with 9 or 10 of 10: what referral_rate is when it is asked for in a survey.

    Needs feedback: given_at, nps. → Share: part = 9 or 10, base = answers to this question; a Figure without a value where nobody is asked
    """
    if not crm.has("feedback", "nps"):
        return NOT_DELIVERED
    row = feedback.totals(crm)
    return Share(int(row["promoters"]), int(row["nps_answers"]))


LOYALTY = {
    "bought twice": repeat_purchase_rate, "bought again": repurchase_rate, "bought across": cross_sell_rate,
    "referred somebody": referral_rate, "would recommend": promoter_share,
}  # fmt: skip


def loyalty(crm: Crm) -> pd.DataFrame:
    """The figures of loyalty side by side.

    Needs what each needs. → frame: loyalty_figure (LOYALTY), part_count, base, share (0..1; NaN where undefined), earlier_share_base, earlier_share
      (of the year before)
    """
    rows = []
    for name, metric in LOYALTY.items():
        now, before = (_parts(metric(view), view) for view in (crm, crm.year_before))
        rows.append((name, *now, *before[1:]))
    return pd.DataFrame(rows, columns=["loyalty_figure", "part_count", "base", "share", "earlier_share_base", "earlier_share"])


def _parts(found: Share | Figure, view: Crm) -> tuple[float, float, float]:
    """Part, base and share; NaN of what is undefined, or before the data began."""
    nothing = (float("nan"),) * 3
    if isinstance(found, Figure) or not found.base or (view.first_day is not None and view.end <= view.first_day):
        return nothing
    return found.part, found.base, found.part / found.base
