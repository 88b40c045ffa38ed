"""What customers bought and how they pay, as of a day: the part of their features that orders, their lines and invoices tell."""

from typing import Any

import ibis

from ..crm import Crm
from ..measures import count_if, day, days_between, ratio, total
from ..schema import REVENUE_STATUSES_LEFT_OUT
from .windows import QUARTER, YEAR, age, before, rows


def orders(view: Crm, among: Any = None) -> Any:
    """What each customer bought.

    Needs orders: customer_id, ordered_at, amount; status, rep_id, sales_channel as delivered.
    → ibis table: customer_id, recency_days, bought_since (days since the last and the first purchase), orders_90, orders_365,
      orders_before (in the baseline), amount_90, amount_365, distance_share_365
    Purchases as in metrics/lives.py (above 0, of a status that counts); amounts are revenue, refunds taken off.
    distance_share: of the year's purchases with a sales channel, the share through channels at a distance: those in which
    purchases without a sales person are more common than in the company as a whole, in that year. Null where `rep_id` or
    `sales_channel` is not delivered.
    """
    book = _revenue(view, among).left_join(_at_a_distance(view), "sales_channel", rname="{name}_of_all")
    bought, year = book.bought, book.age <= YEAR
    return book.group_by("customer_id").aggregate(
        recency_days=book.age.min(where=bought),
        bought_since=book.age.max(where=bought),
        orders_90=count_if(bought & (book.age <= QUARTER)),
        orders_365=count_if(bought & year),
        orders_before=count_if(bought & before(book.age)),
        amount_90=total(book.amount, where=book.age <= QUARTER),
        amount_365=total(book.amount, where=year),
        distance_share_365=ratio(count_if(bought & year & book.far), count_if(bought & year & book.far.notnull())),
    )


def _revenue(view: Crm, among: Any = None) -> Any:
    """The orders of customers that count as revenue, how many days ago they were made, and whether they are purchases."""
    book = rows(view, "orders", among, "order_id", "ordered_at", "amount", "status", "rep_id", "sales_channel")
    book = book.filter(~book.status.isin(REVENUE_STATUSES_LEFT_OUT).fill_null(False))
    return book.select(
        "customer_id", "order_id", "amount", "rep_id", "sales_channel", age=age(book.ordered_at, view), bought=book.amount > 0
    )


def _at_a_distance(view: Crm) -> Any:
    """Which sales channels are at a distance, in the year before. → ibis table: sales_channel, far; empty where nobody can tell"""
    book = _revenue(view)
    book = book.filter(book.bought & (book.age <= YEAR) & ibis.literal(view.has("orders", "rep_id", "sales_channel")))
    alone = lambda t: ratio(count_if(t.rep_id.isnull()), t.count())  # noqa: E731
    by_channel = book.filter(book.sales_channel.notnull()).group_by("sales_channel").aggregate(alone=alone)
    whole = book.aggregate(of_all=alone)
    return by_channel.cross_join(whole).select("sales_channel", far=lambda t: t.alone > t.of_all)


def lines(view: Crm, among: Any = None) -> Any:
    """How much of what each customer bought in the year was reduced.

    Needs order_lines: order_id, discount; orders as above. → ibis table: customer_id, discounted_share_365
    The share of the lines of purchases, of those of which the discount is known, that carry one above 0.
    """
    bought = _revenue(view, among).filter(lambda t: t.bought & (t.age <= YEAR)).select("customer_id", "order_id")
    found = view.table("order_lines", "order_id", "discount")
    found = found.filter((age(found["_at"], view) <= YEAR) & found.discount.notnull())
    found = found.select("order_id", "discount").inner_join(bought, "order_id")
    return found.group_by("customer_id").aggregate(discounted_share_365=ratio(count_if(found.discount > 0), found.count()))


def invoices(view: Crm, among: Any = None) -> Any:
    """How each customer pays the invoices of the year.

    Needs invoices: customer_id, issued_on, amount; due_on, paid_on, paid_amount as delivered.
    → ibis table: customer_id, late_days_365, overdue_share
    late_days: the mean over the invoices that are due or paid; one paid in time counts 0, one not paid is late since the due
    day (the due day itself is not late). overdue_share: of what was invoiced, the part that is due and not paid; an invoice
    with a day of payment and no amount is paid in full.
    """
    book = rows(view, "invoices", among, "issued_on", "due_on", "amount", "paid_on", "paid_amount")
    book = book.filter((age(book.issued_on, view) <= YEAR) & (book.amount > 0))
    due_at, paid_at = book.due_on.cast("timestamp"), book.paid_on.cast("timestamp")
    due = (due_at < day(view.end)).fill_null(False)
    late = ibis.greatest(days_between(due_at, ibis.coalesce(paid_at, day(view.end))), 0)
    judged = book.due_on.notnull() & (due | book.paid_on.notnull())
    nothing = ibis.literal(0).cast(book.amount.type())
    paid = ibis.coalesce(book.paid_amount, ibis.ifelse(book.paid_on.notnull(), book.amount, nothing))
    open_ = ibis.greatest(book.amount - paid, nothing)
    return book.group_by("customer_id").aggregate(
        late_days_365=ratio(late.sum(where=judged), count_if(judged)),
        overdue_share=ratio(total(open_, where=due), total(book.amount, where=book.due_on.notnull())),
    )
