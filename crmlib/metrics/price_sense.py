"""What buyers look at: the price, or the quality. Told from the lines of what they bought."""

import math
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, Share, measured
from ..measures import count_if, exact, ratio, total
from ..models.rfm import rfm
from ..schema import REVENUE_STATUSES_LEFT_OUT
from .lives import of_customers
from .names import customer_names, named

PRICE, QUALITY, NEITHER, FEW = "price-sensitive", "quality-seeking", "neither of both", "too few lines"
KINDS = (PRICE, QUALITY, NEITHER, FEW)
LEAST_LINES, MOSTLY = 8, 0.5  # price-sensitive: of so many lines more than half at a discount,
USUAL_TIMES = 1.25  # and so many times the share of all lines, where discounts are common
LEAST_DEAR_LINES, SELDOM, DEARER = (
    12,
    0.1,
    0.6,
)  # quality-seeking: of so many lines at most a tenth at a discount, six tenths dear
CHANCE = 2.326  # standard errors: what chance alone exceeds in one of a hundred


def tells(crm: Crm) -> bool:
    """Whether the source says which lines were sold at a discount."""
    return crm.has("orders") and crm.has("order_lines", "discount")


def limit(company_share: float) -> float:
    """The share of discounted lines above which a buyer is price-sensitive; above 1: discounts are the rule, nobody can be told apart.

    >>> limit(0.35), limit(0.6), limit(0.9)
    (0.5, 0.75, 1.125)
    """
    return max(MOSTLY, USUAL_TIMES * company_share)


def price_sense(crm: Crm) -> Any:
    """Everybody of this view who bought in the last business.rfm_window_days, with what their lines say.

    Needs orders; order_lines: discount; category, unit_price for quality. → ibis table, made once for the company: customer_id, team, line_count
      (lines of purchases whose discount is known), discounted_count (those with one above 0), priced_count (those with a price and a category), dear_count (those dearer than
      usual: above the median unit price of the category's lines in the time, of the whole company), company_share (of all lines at a discount), kind (of KINDS)
    Lines that take something back (quantity not above 0) and orders that do not count are left out.
    """
    return of_customers(crm, "price sense", _judged)


def _judged(crm: Crm) -> Any:
    lines = _lines(crm)
    usual = lines.group_by("category").aggregate(usual_price=lines.unit_price.cast("float64").median())
    lines = lines.left_join(usual, "category", rname="_{name}")
    priced = lines.usual_price.notnull() & lines.unit_price.notnull()
    table = lines.group_by("customer_id", "team").aggregate(
        line_count=count_if(lines.discount.notnull()), discounted_count=count_if(lines.discount > 0), priced_count=count_if(priced),
        dear_count=count_if(priced & (lines.unit_price.cast("float64") > lines.usual_price)),
    )  # fmt: skip
    whole = table.aggregate(company_share=ratio(table.discounted_count.sum(), table.line_count.sum()).fill_null(0.0))
    table = table.cross_join(whole)
    return table.mutate(kind=_kind(table))


def _kind(table: Any) -> Any:
    """Which of KINDS a buyer is, by the thresholds at the top of this room."""
    few = table.line_count < LEAST_LINES
    least = ibis.greatest(ibis.literal(MOSTLY), table.company_share * USUAL_TIMES)
    reduced = ratio(table.discounted_count, table.line_count)
    dear, chance = (
        ratio(table.dear_count, table.priced_count),
        ratio(ibis.literal(CHANCE / 2), table.priced_count.cast("float64").sqrt()),
    )
    seldom = (reduced <= SELDOM) & (reduced < table.company_share)
    quality = (table.line_count >= LEAST_DEAR_LINES) & (table.priced_count >= LEAST_DEAR_LINES) & seldom
    quality = quality & (dear >= DEARER) & (dear > 0.5 + chance)
    return ibis.cases((few, FEW), (reduced > least, PRICE), (quality.fill_null(False), QUALITY), else_=NEITHER)


def _lines(crm: Crm) -> Any:
    """The lines of the purchases of the time, with their buyer."""
    known = rfm(crm).select("customer_id", "team")
    orders = crm.table("orders", "order_id", "customer_id", "ordered_at", "amount", "status")
    counts = ~orders.status.isin(REVENUE_STATUSES_LEFT_OUT).fill_null(False) & (orders.amount > 0)
    since = ibis.literal(crm.end).cast("timestamp") - ibis.interval(days=crm.business.rfm_window_days)
    bought = (
        orders.filter(counts & (orders.ordered_at >= since)).select("order_id", "customer_id").inner_join(known, "customer_id")
    )
    lines = crm.table("order_lines", "order_id", "quantity", "unit_price", "category", "discount")
    lines = lines.filter((lines.quantity > 0) & (lines["_at"] >= since))
    return lines.select("order_id", "unit_price", "category", "discount").inner_join(bought, "order_id")


# ------------------------------------------------------------------------------------------------ how many


def bar(crm: Crm) -> float:
    """The share of discounted lines above which a buyer of this source is price-sensitive (`limit`). Needs the same as price_sense."""
    found = price_sense(crm.company).aggregate(share=lambda t: t.company_share.max())
    return limit(float(crm.company.once("discounted lines", lambda: found.execute().share.fillna(0.0).iloc[0])))


def buyers_by_kind(crm: Crm) -> pd.DataFrame:
    """Who looks at the price, who at the quality: how many, what they bought, how much of it at a discount.

    Needs the same as price_sense. → frame: price_sense (of KINDS), customer_count, customer_share (0..1), sales_amount (of the last
      business.rfm_window_days, refunds taken off), amount_share, line_count, discounted_share (of their lines); no rows where nobody
      bought, or no discounts are delivered
    """
    return crm.once("buyers by kind", lambda: _by_kind(crm)).copy()


def _by_kind(crm: Crm) -> pd.DataFrame:
    columns = ["customer_count", "sales_amount", "line_count", "discounted_count"]
    if not tells(crm):
        return pd.DataFrame(
            columns=[
                "price_sense",
                "customer_count",
                "customer_share",
                "sales_amount",
                "amount_share",
                "line_count",
                "discounted_share",
            ]
        )
    table = price_sense(crm).inner_join(rfm(crm).select("customer_id", "money"), "customer_id")
    found = table.group_by("kind").aggregate(
        customer_count=table.count(), sales_amount=total(exact(table.money)), line_count=table.line_count.sum(),
        discounted_count=table.discounted_count.sum(),
    ).execute()  # fmt: skip
    frame = found.set_index("kind")[columns].reindex(list(KINDS), fill_value=0).rename_axis("price_sense").reset_index()
    frame = frame if frame.customer_count.sum() else frame.iloc[:0]
    money = float(frame.sales_amount.sum())
    frame = frame.assign(
        customer_share=frame.customer_count / max(int(frame.customer_count.sum()), 1),
        amount_share=frame.sales_amount / money if money > 0 else math.nan,
        discounted_share=frame.discounted_count / frame.line_count.where(frame.line_count > 0),
    )  # fmt: skip
    return frame[
        ["price_sense", "customer_count", "customer_share", "sales_amount", "amount_share", "line_count", "discounted_share"]
    ]


@measured("share", rolling=True)
def price_sensitive_share(crm: Crm) -> Share | Figure:
    """Buyers of the last business.rfm_window_days who look at the price: more than half of their lines at a discount.

    Needs orders; order_lines: discount. → Share: part = price-sensitive, base = buyers with at least LEAST_LINES lines
    """
    return _share(crm, PRICE)


@measured("share", rolling=True)
def quality_seeking_share(crm: Crm) -> Share | Figure:
    """Buyers who take the dear and hardly anything at a discount (price_sense says from where on).

    Needs orders; order_lines: discount, category, unit_price. → Share: part = quality-seeking, base = buyers with at least LEAST_LINES lines
    """
    return _share(crm, QUALITY) if crm.has("order_lines", "category") else Figure(None, None, "not_delivered")


def _share(crm: Crm, kind: str) -> Share | Figure:
    if not tells(crm):
        return Figure(None, None, "not_delivered")
    counts = buyers_by_kind(crm).set_index("price_sense").customer_count
    return Share(int(counts.get(kind, 0)), int(counts.drop(FEW, errors="ignore").sum()))


def price_sensitive_customers(crm: Crm, limit: int = 15) -> pd.DataFrame:
    """The price-sensitive buyers who bought most. For team pages: names.

    Needs the same as price_sense; customers: name, rep_id, no_contact. → frame: customer, line_count, discounted_share, sales_amount, rep;
      whoever asked not to be contacted is left out
    """
    columns = ["customer", "line_count", "discounted_share", "sales_amount", "rep"]
    if not tells(crm):
        return pd.DataFrame(columns=columns)
    table = price_sense(crm).select("customer_id", "kind", "line_count", "discounted_count")
    table = table.inner_join(rfm(crm).select("customer_id", "money", "rep_id", "no_contact"), "customer_id")
    table = table.filter((table.kind == PRICE) & ~table.no_contact.fill_null(False))
    frame = table.order_by([table.money.desc(), table.customer_id]).limit(limit).execute()
    frame = frame.assign(
        customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id), sales_amount=frame.money,
        discounted_share=frame.discounted_count / frame.line_count.replace(0, np.nan),
    )  # fmt: skip
    return frame[columns]
