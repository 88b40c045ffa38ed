"""What was sold in the period: amount, orders, units, buyers, order value, refunds; for any group, and period by period.

Revenue is the amount of the period's orders that count by their status as known at its end; money given back is taken off on the
day it was given back (an order below 0). An order counts as one only above 0. Every report takes these figures from here.
"""

import math
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Figure, measured
from ..schema import UNASSIGNED
from .activity import active_customers
from .customer_flows import customers_by_period
from .deals import NONE_GIVEN
from .names import named
from .sold import GROUPS, SUMS, WHOLE, first_order, has_begun, known, sold, sold_by_period, unknown

COLUMNS = ("revenue", "order_count", "units_sold", "buyer_count", "aov", "gross_sales", "refunded_amount", "refund_rate")
BEFORE = ("previous_revenue", "previous_order_count", "year_before_revenue", "year_before_order_count")


@measured("money", "up", adds=True)
def revenue(crm: Crm) -> Figure:
    """Sales of the period: the amounts of its orders that count, refunds deducted.

    Needs orders: ordered_at, amount; status as delivered. → Figure: money, base = orders; 0 where nothing was sold
    Orders that are cancelled, refunded or unavailable by the period's end count in nothing. A refund is an order below 0.

    >>> from crmlib.crm import rows
    >>> lines = ["1 2026-10-02 90 -", "2 2026-10-31 20 cancelled", "3 2026-10-31 -15 -", "4 2026-11-01 70 -"]
    >>> revenue(Crm.of(period="2026-10", orders=rows("order_id ordered_at amount status", *lines))).value
    75.0
    """
    return Figure(whole(crm)["revenue"], _orders(crm)) if known(crm) else unknown(crm)


@measured("count", "up", adds=True)
def order_count(crm: Crm) -> Figure:
    """Orders of the period with an amount above 0 that count. Needs orders: ordered_at, amount. → Figure: count"""
    return Figure(_orders(crm)) if known(crm) else unknown(crm)


@measured("count", "up", adds=True)
def units_sold(crm: Crm) -> Figure:
    """Units on the lines of the period's orders that count; what was given back is taken off.

    Needs orders; order_lines: quantity. → Figure: units, base = orders
    """
    return Figure(whole(crm)["units_sold"], _orders(crm)) if delivers_lines(crm) and known(crm) else unknown(crm, "order_lines")


@measured("count", "up")
def buyer_count(crm: Crm) -> Figure:
    """Distinct customers with an order of the period above 0 that counts. Needs orders: customer_id. → Figure: count

    Of this view's orders, whosever the customers are: over teams they may overlap. Orders without a customer have no buyer.
    """
    return Figure(int(whole(crm)["buyer_count"])) if crm.has("orders", "customer_id") and known(crm) else unknown(crm)


@measured("money", "up")
def aov(crm: Crm) -> Figure:
    """Average order value: sales of the period / its orders.

    Needs orders: ordered_at, amount. → Figure: money, base = orders
    Refunds of the period are deducted above the line, whenever the order was placed; a refund is no order below it.
    """
    return _quotient(crm, whole(crm)["revenue"], _orders(crm))


@measured("money", "up")
def arpu(crm: Crm) -> Figure:
    """Sales of the period / customers active in it (`active_customers`).

    Needs orders; what business.qualifying names. → Figure: money, base = active customers
    """
    active = active_customers(crm)
    if not known(crm) or active.value is None:
        return unknown(crm)
    base = int(active.value)
    return Figure(whole(crm)["revenue"] / base, base) if base else Figure(None, 0, "no_base")


@measured("money", "down", adds=True)
def refunded_amount(crm: Crm) -> Figure:
    """Money given back: refunds of the period (orders below 0 that count), and its orders whose status says refunded.

    Needs orders: amount; status as delivered. → Figure: money, base = orders
    """
    return Figure(whole(crm)["refunded_amount"], _orders(crm)) if known(crm) else unknown(crm)


@measured("share", "down")
def refund_rate(crm: Crm) -> Figure:
    """Money given back in the period / its sales before that (`gross_sales`).

    Needs orders: amount; status as delivered. → Figure 0..1 of an amount, base = orders
    A refund belongs to the period in which it was given back; the rate can pass 1 where little was sold.
    """
    return _quotient(crm, whole(crm)["refunded_amount"], whole(crm)["gross_sales"])


def delivers_lines(crm: Crm) -> bool:
    """Whether the source says what was on the orders."""
    return crm.has("orders") and crm.has("order_lines")


def whole(crm: Crm) -> dict[str, float]:
    """SUMS of the period's orders of this view; `gross_sales` = sales before money given back = revenue + refunded_amount."""

    def make() -> dict[str, float]:
        row = sold(crm)
        row = row[row.group == WHOLE]
        return {name: float(row[name].sum()) for name in SUMS}

    return crm.once("sold in all", make)


def _orders(crm: Crm) -> int:
    return int(whole(crm)["order_count"])


def _quotient(crm: Crm, part: float, base: float) -> Figure:
    if not known(crm):
        return unknown(crm)
    return Figure(part / base, _orders(crm)) if base else Figure(None, _orders(crm), "no_base")


# -------------------------------------------------------------------------------------------- by group, and by period


def sales_by(crm: Crm, group: str) -> pd.DataFrame:
    """The sales figures for each value of a group: team, rep, region, sales_channel, payment_method, tier, industry,
    acquisition_channel (the last three the buyer's), product or category.

    Needs orders and the group's column; order_lines for products and units.
    → frame: <group>, COLUMNS, BEFORE (NaN before the first order); largest revenue first, rows of no group last.
    Amounts and units add up to the whole view's; of products also orders do not (one has several), and what orders are
    worth beyond their lines is of no product. Who sold nothing now but did before stands there with 0.
    """
    views = {"": crm, "previous_": crm.previous, "year_before_": crm.year_before}
    frames = {before: _of_group(view, group) for before, view in views.items()}
    values = (
        pd.Index([], dtype=object).union(frames[""].index).union(frames["previous_"].index).union(frames["year_before_"].index)
    )
    frame = rated(frames[""].reindex(values, fill_value=0))
    for before, view in list(views.items())[1:]:
        known = has_begun(view)
        for name in ("revenue", "order_count"):
            frame[before + name] = frames[before][name].reindex(values, fill_value=0) if known else math.nan
    frame["_last"] = frame.index == (UNASSIGNED if group == "team" else NONE_GIVEN)
    frame = frame.rename_axis(group).reset_index()
    frame[group] = named(crm, group, frame[group])
    frame = frame.sort_values(["_last", "revenue", group], ascending=[True, False, True])
    return frame[[group, *COLUMNS, *BEFORE]].reset_index(drop=True)


def own_sales(crm: Crm, group: str) -> pd.DataFrame:
    """The same of this period alone, which asks nothing of others: what contributions compare.

    Needs orders and the group's column. → frame: <group>, COLUMNS; by name
    """
    frame = rated(_of_group(crm, group)).rename_axis(group).reset_index()
    frame[group] = named(crm, group, frame[group])
    return frame.sort_values(group)[[group, *COLUMNS]].reset_index(drop=True)


def _of_group(crm: Crm, group: str) -> pd.DataFrame:
    if group not in GROUPS:
        raise ValueError(f"{group!r} is no group of sales: {', '.join(GROUPS)}")
    frame = sold(crm)
    return frame[frame.group == group].set_index("value")[list(SUMS)]


def rated(frame: pd.DataFrame) -> pd.DataFrame:
    """Sums with the figures that follow from them: aov, refund_rate; NaN where their base is 0."""
    return frame.assign(
        aov=_ratio(frame.revenue, frame.order_count), refund_rate=_ratio(frame.refunded_amount, frame.gross_sales)
    )


def _ratio(part: Any, base: Any) -> Any:
    return part / base.where(base != 0)


def sales_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The sales figures of the periods up to this one, each as known at its own end: what its own page shows.

    Needs orders; order_lines as delivered.
    → frame: period (Period), COLUMNS, arpu; oldest first. Periods before the first order are left out; what is not delivered is NaN.
    """
    return crm.once(f"sales by period {count}", lambda: _course(crm, count)).copy()


def _course(crm: Crm, count: int) -> pd.DataFrame:
    first = first_order(crm)
    periods = [p for p in crm.period.trailing(count) if first is None or p.end > first]
    if not periods or not crm.has("orders"):
        return pd.DataFrame(columns=["period", *COLUMNS, "arpu"])
    frame = rated(sold_by_period(crm, periods))
    frame.insert(0, "period", pd.Series(periods, dtype=object))
    active = customers_by_period(crm, count).set_index("period").active_customers
    frame["arpu"] = _ratio(frame.revenue, frame.period.map(active).astype(float))
    frame["units_sold"] = frame.units_sold if delivers_lines(crm) else math.nan
    return frame[["period", *COLUMNS, "arpu"]]
