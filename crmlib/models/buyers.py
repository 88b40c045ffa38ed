"""Buyers: everybody who ever bought, one row a customer, with what recency, frequency, money and value are made from.

Several purchases of a customer on one day count once, as in the literature (Fader, Hardie and Lee's data have days): a
basket typed as two orders is no second visit. Purchases are those of metrics.lives: refunds reduce money and are no purchase.
"""

from datetime import date, timedelta
from typing import Any

from ..crm import Crm
from ..measures import count_if, day, days_between, ratio, subtotal, total, within
from ..metrics.lives import accounts, sales
from ..periods import year_earlier

BOUGHT = ("first_on", "last_on", "purchase_days", "repeats", "span_days", "age_days", "since_days", "repeat_spend", "frequency", "money",
          "orders_year", "sales_year", "revenue_year", "margin_year", "costed_year")  # fmt: skip


def buyers(crm: Crm, end: date | None = None) -> Any:
    """One row a customer of this view who ever bought before `end` (default: the period's end).

    Needs orders: customer_id, ordered_at, amount; customers, cost as delivered.
    → ibis table: customer_id, team, rep_id, no_contact · first_on, last_on (days) · purchase_days (days with a purchase),
      repeats (those after the first), span_days (first to last), age_days (first to the last day known), since_days (last to the
      last day known) · repeat_spend (mean amount bought on a repeat day; null of none) · of the last business.rfm_window_days:
      frequency (days with a purchase), money (refunds taken off) · of the last year: orders_year (purchases, two on a day are two),
      sales_year (bought), revenue_year (refunds taken off), margin_year (revenue − cost) and costed_year (revenue) of the orders that carry a cost

    A purchase on the last day known is 0 days ago. Who bought nothing in a window has 0 there, or less by refunds.
    """
    end = end or crm.end
    bought = _by_customer(_by_day(crm, end), end, crm.business.rfm_window_days)
    people = accounts(crm).select("customer_id", "team", "rep_id", "no_contact")
    return people.inner_join(bought, "customer_id").select(*people.columns, *BOUGHT)


def _by_day(crm: Crm, end: date) -> Any:
    """What each customer bought on each day, and gave back. Money stays exact: it is added up again."""
    sold = sales(crm).filter(lambda t: t.at < day(end)).mutate(on=lambda t: t.at.truncate("D"))
    costed = sold.cost.notnull()
    return sold.group_by("customer_id", "on").aggregate(
        bought=(sold.amount > 0).any(),
        orders=count_if(sold.amount > 0),
        gross=subtotal(sold.amount, where=sold.amount > 0),
        net=subtotal(sold.amount),
        costed=subtotal(sold.amount, where=costed),
        cost=subtotal(sold.cost, where=costed),
    )


def _by_customer(days: Any, end: date, window: int) -> Any:
    bought, last = days.bought, day(end - timedelta(days=1))
    recent, year = within(days.on, end - timedelta(days=window), end), within(days.on, year_earlier(end), end)
    table = days.group_by("customer_id").aggregate(
        first=days.on.min(where=bought),
        final=days.on.max(where=bought),
        purchase_days=count_if(bought),
        gross=total(days.gross),
        opening=days.gross.argmin(days.on, where=bought).cast("float64"),
        frequency=count_if(bought & recent),
        money=total(days.net, where=recent),
        orders_year=days.orders.sum(where=year).fill_null(0),
        sales_year=total(days.gross, where=year),
        revenue_year=total(days.net, where=year),
        costed_year=total(days.costed, where=year),
        cost_year=total(days.cost, where=year),
    )
    table = table.filter(table.purchase_days > 0)
    repeats = table.purchase_days - 1
    return table.mutate(
        first_on=table["first"].date(),
        last_on=table.final.date(),
        repeats=repeats,
        span_days=days_between(table["first"], table.final),
        age_days=days_between(table["first"], last),
        since_days=days_between(table.final, last),
        repeat_spend=ratio(table.gross - table.opening, repeats),
        margin_year=table.costed_year - table.cost_year,
    )
