"""What was sold: each order with what it counts for as known at its period's end, and the sums of any group of orders."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import ibis
import pandas as pd

from ..crm import ALL, Crm
from ..kpi import NOT_DELIVERED, Figure
from ..measures import count_if, exact, subtotal, total, within
from ..periods import Period
from ..schema import NONE_GIVEN, REVENUE_STATUSES_LEFT_OUT, UNASSIGNED
from .deals import which
from .paces import Span
from .views import of_each_view, of_view

OF_ORDERS = {"team": "_team", "rep": "rep_id", "region": "region", "sales_channel": "sales_channel", "payment_method": "payment_method"}  # fmt: skip
OF_CUSTOMERS = ("tier", "industry", "acquisition_channel")
OF_LINES = ("product", "category")
GROUPS = {**OF_ORDERS, **{name: name for name in (*OF_CUSTOMERS, *OF_LINES)}}
WHOLE = "all"  # the group that all orders are in
GIVEN_BACK = "refunded"  # the status of an order whose money was given back
Spans = Sequence[Period | Span]
SUMS = ("revenue", "gross_sales", "refunded_amount", "order_count", "units_sold", "buyer_count")


def sold(crm: Crm) -> pd.DataFrame:
    """The sums of this view's orders in the period: of all of them, and for each value of each group.

    Needs orders: ordered_at, amount; order_lines and customers as delivered.
    → frame: group (WHOLE or one of GROUPS), value, and SUMS; made once for the company and all its teams.
    An order belongs to the team it is a row of (data-model.md), whosever customer the buyer is, so that teams and "unassigned"
    add up; distinct customers may be in several groups.
    """
    return crm.once("sold", lambda: of_view(crm, "sold", _by_groups).execute())


def sold_by_period(crm: Crm, periods: Spans) -> pd.DataFrame:
    """The sums of this view's orders in each of some periods, each as known at its own end.

    Needs orders; order_lines as delivered. → frame: SUMS, one row a period in their order; 0 where nothing was sold
    """
    frame = of_view(crm, f"sold in {len(periods)}", partial(_by_period, periods)).execute().set_index("period")
    return frame.reindex(range(len(periods)), fill_value=0)[list(SUMS)]


def sold_of_teams(crm: Crm, group: str) -> pd.DataFrame:
    """The sums of this view's orders in the period for each value of a group (WHOLE or one of GROUPS) within each team.

    Needs orders; the group's column. → frame: team ("unassigned" for none), <group>, SUMS
    """
    frame = crm.company.once("sold of teams", lambda: of_each_view(crm, "sold", _by_groups).execute())
    frame = frame[(frame.group == group) & (frame["view"] != ALL)]
    frame = frame.assign(team=frame["view"].fillna(UNASSIGNED)).rename(columns={"value": group})
    return frame.loc[(crm.team == ALL) | (frame.team == crm.team), ["team", group, *SUMS]].reset_index(drop=True)


def sold_of_teams_by_period(crm: Crm, periods: Spans) -> pd.DataFrame:
    """The sums of each team's orders in each of some periods, each as known at its own end. → frame: team, period (index), SUMS"""
    frame = of_each_view(crm, f"sold in {len(periods)}", partial(_by_period, periods)).execute()
    frame = frame[frame["view"] != ALL]
    return frame.assign(team=frame["view"].fillna(UNASSIGNED))[["team", "period", *SUMS]].reset_index(drop=True)


def _by_period(periods: Spans, crm: Crm, *groups: str) -> Any:
    table = orders_of(crm, periods)
    return table.group_by("period", *groups).aggregate(**_sums(table))


def _by_groups(crm: Crm, *groups: str) -> Any:
    orders, lines = orders_of(crm, [crm.period]), lines_of(crm, [crm.period])
    parts = [_summed(orders, WHOLE, ibis.literal(WHOLE), *groups)]
    parts += [_summed(orders, name, named(orders, name), *groups) for name in (*OF_ORDERS, *OF_CUSTOMERS)]
    parts += [_summed(lines, name, named(lines, name), *groups) for name in OF_LINES]
    return ibis.union(*parts)


def _summed(table: Any, group: str, value: Any, *groups: str) -> Any:
    # the groups' own keys are renamed: a column that is grouped by twice would lose its name
    keys = {f"_{name}": table[name] for name in groups}
    found = table.group_by(value=value, **keys).aggregate(**_sums(table)).mutate(group=ibis.literal(group))
    return found.select("group", "value", *SUMS, **{name: f"_{name}" for name in groups})


def named(table: Any, group: str) -> Any:
    """The value of a group, and what rows of none are called."""
    return ibis.coalesce(table[GROUPS[group]], UNASSIGNED if group == "team" else NONE_GIVEN)


def _sums(table: Any) -> dict[str, Any]:
    """SUMS of some orders or lines."""
    back, bought, amount = table.refund | table.returned, table.purchase, table.amount
    # several lines are of one order: then the orders are to be told apart
    orders = table.order_id.nunique(where=bought) if "product" in table.columns else count_if(bought)
    return {
        "revenue": total(amount, where=table.counts),
        "gross_sales": total(amount, where=bought | table.returned),
        "refunded_amount": total(ibis.ifelse(table.refund, -amount, amount), where=back),
        "order_count": orders.cast("int64"),
        "units_sold": total(table.units, where=table.counts),
        "buyer_count": table.customer_id.nunique(where=bought).cast("int64"),
    }


def known(crm: Crm) -> bool:
    """Whether sales of this view's period are known: orders are delivered, and they had begun."""
    return crm.has("orders") and has_begun(crm)


def unknown(crm: Crm, table: str = "orders") -> Figure:
    """Why they are not."""
    return Figure(None, None, "before_orders") if crm.has("orders") and crm.has(table) else NOT_DELIVERED


def has_begun(crm: Crm) -> bool:
    """Whether orders had begun by the end of this view's period: of a time before the first one, sales are unknown, not 0.

    The first is the company's, as known by the end of the page's own period. Needs orders: ordered_at.
    """
    first = first_order(crm.judge)
    return (crm.first_day is None or crm.end > crm.first_day) and (first is None or crm.end > first)


def first_order(crm: Crm) -> date | None:
    """The day of the company's first order; None where there is none. Needs orders: ordered_at."""

    def make() -> date | None:
        found = crm.company.kept("first order", _first_order).execute().first.iloc[0]
        return None if pd.isna(found) else pd.Timestamp(found).date()

    return crm.company.once("first order", make)


def _first_order(company: Crm) -> Any:
    table = company.table("orders", "ordered_at")
    return table.aggregate(first=table.ordered_at.min())


# -------------------------------------------------------------------------------------------- one row an order, or a line


def orders_of(crm: Crm, periods: Spans) -> Any:
    """This view's orders in some periods that follow each other, and what each counts for by the end of its own period.

    Needs orders: ordered_at, amount; all else as delivered.
    → ibis table, one row an order: order_id, customer_id, ordered_at, amount, _team, the columns of GROUPS but of the lines, period (index),
      units (of its lines), counts (in revenue), purchase (counts, above 0), refund (counts, below 0), returned (its status says
      that the money was given back)
    A region is the order's; where orders carry none at all, the customer's.
    """
    book, key = crm.table("orders"), _key(crm, periods)
    # as a view of its own: many sums of it stand in one query, and each would be compiled with all that is in it
    table = crm.delivery.view(f"orders that count {key}", lambda: _flagged(book, periods))
    return _with_units(crm, periods, _with_buyers(crm, table)).select(
        "order_id", "customer_id", "ordered_at", "amount", *OF_ORDERS.values(), *OF_CUSTOMERS, "period", "units",
        "counts", "purchase", "refund", "returned",
    )  # fmt: skip


def _key(crm: Crm, periods: Spans) -> str:
    return f"{crm.end} {crm.team} {periods[0].start} {periods[-1].end} {len(periods)}"


def _flagged(table: Any, periods: Spans) -> Any:
    """The orders of some periods, with what each counts for."""
    table = table.filter(within(table.ordered_at, periods[0].start, periods[-1].end))
    table = table.mutate(period=which(table.ordered_at, periods))
    ends = ibis.cases(*[(table.period == i, ibis.literal(p.end).cast("timestamp")) for i, p in enumerate(periods)])
    status = ibis.ifelse((table.status_changed_at < ends).fill_null(True), table.status, ibis.null("string"))
    counts = ~status.isin(REVENUE_STATUSES_LEFT_OUT).fill_null(False)
    return table.mutate(
        counts=counts, purchase=counts & (table.amount > 0), refund=counts & (table.amount < 0),
        returned=(status == GIVEN_BACK).fill_null(False) & (table.amount > 0),
    )  # fmt: skip


def _with_buyers(crm: Crm, table: Any) -> Any:
    """The orders with what is known of their buyers, whosever customers they are."""
    buyers = crm.company.table("customers", "customer_id", "region", *OF_CUSTOMERS)
    buyers = buyers.select("customer_id", *OF_CUSTOMERS, home="region")
    table = table.left_join(buyers, "customer_id", rname="buyer_{name}")
    return table if crm.has("orders", "region") else table.mutate(region=table.home)


def _with_units(crm: Crm, periods: Spans, table: Any) -> Any:
    lines = _lines(crm, periods)
    units = lines.group_by("order_id").aggregate(units=subtotal(exact(lines.quantity)))
    return table.left_join(units, "order_id", rname="line_{name}")


def _lines(crm: Crm, periods: Spans) -> Any:
    lines = crm.table("order_lines")
    chosen = within(lines._at, periods[0].start, periods[-1].end)
    return crm.delivery.view(f"lines of orders {_key(crm, periods)}", lambda: lines.filter(chosen))


def lines_of(crm: Crm, periods: Spans) -> Any:
    """The lines of this view's orders in some periods, with what their orders count for; `amount` is quantity × unit price.

    Needs orders, order_lines: quantity, unit_price (what was paid for a unit: a discount is off already); category as delivered.
    → ibis table: the columns of `orders_of`, product, category. What an order's lines do not add up to (no lines, postage, a
    discount on the whole) is a line of no product, so that all lines add up to the orders exactly.
    """
    orders, lines = orders_of(crm, periods), _lines(crm, periods)
    kept = [name for name in orders.columns if name not in ("amount", "units")]
    worth = exact(lines.quantity * lines.unit_price.cast("float64"))
    own = lines.select("order_id", "product", "category", units=exact(lines.quantity), worth=worth)
    sums = own.group_by("order_id").aggregate(worth=subtotal(own.worth))
    rest = orders.left_join(sums, "order_id", rname="line_{name}")
    rest = rest.mutate(worth=exact(rest.amount - rest.worth.fill_null(0))).filter(lambda t: t.worth != 0)
    unknown = {"product": ibis.null("string"), "category": ibis.null("string"), "units": exact(ibis.literal(0.0))}
    own = own.inner_join(orders.drop("amount", "units"), "order_id")
    return own.select(*kept, "product", "category", "units", amount="worth").union(
        rest.drop("amount", "units").mutate(**unknown).select(*kept, "product", "category", "units", amount="worth")
    )
