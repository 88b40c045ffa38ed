"""What customers buy, how often they come back for more, and what browsing has to do with it."""

import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from .states import tally


@measured("count", "up", adds=True)
def purchase_count(crm: Crm) -> Figure:
    """Purchases of this view's customers in the period: orders above 0 that count as revenue, with a customer.

    Needs orders: customer_id, ordered_at, amount; status as delivered. → Figure: count, none where no orders are delivered
    """
    return Figure(tally(crm)["purchases"] if crm.has("orders") else None)


@measured("ratio", "up")
def purchases_per_buyer(crm: Crm) -> Figure:
    """Purchases / customers who bought, in the period. Needs orders: customer_id, ordered_at, amount. → Figure, base = buyers"""
    counts = tally(crm)
    return Figure(*(counts["purchases"] / counts["buyers"], counts["buyers"]) if counts["buyers"] else (None, 0, "no_base"))


@measured("share", "up")
def repeat_purchase_rate(crm: Crm) -> Share:
    """Customers with two or more purchases in the period, as a share of those with at least one.

    Needs orders: customer_id, ordered_at, amount. → Share: part = bought twice or more, base = buyers
    """
    return Share(tally(crm)["repeaters"], tally(crm)["buyers"])


@measured("share", "up")
def repurchase_rate(crm: Crm) -> Share:
    """Share of the previous period's buyers who bought again in this one.

    Needs orders: customer_id, ordered_at, amount. → Share: part = those who bought again, base = buyers of the period before
    Counts customers, not orders. A buyer whose only order was refunded is not a buyer.
    Source: Farris et al., Marketing Metrics, ch. 5.

    >>> from crmlib.crm import rows
    >>> lines = ["1 a 2026-09-02 9", "2 b 2026-09-30 9", "3 a 2026-10-01 9", "4 c 2026-10-02 9", "5 b 2026-10-03 -9"]
    >>> repurchase_rate(Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", *lines)))
    Share(part=1, base=2)
    """
    return Share(tally(crm)["rebuyers"], tally(crm)["buyers_before"])


@measured("share", "up")
def browse_to_buy(crm: Crm) -> Share | Figure:
    """Of the customers at the period's start who browsed in it, the share who bought in it after they first browsed.

    Needs orders; interactions: channel browse. → Share: part = bought at or after the first browsing, base = browsed; a Figure without
    a value where either is not delivered.
    What goes together, not what causes what. Who became a customer in the period is left out: that takes a purchase.
    """
    if not (crm.has("interactions") and crm.has("orders")):
        return NOT_DELIVERED
    return Share(tally(crm)["browsers_bought"], tally(crm)["browsers"])


def browsing_and_buying(crm: Crm) -> pd.DataFrame:
    """Customers at the period's start who browsed in it, beside those who did not: how many of them bought in it.

    Needs orders; interactions: channel browse. → frame: browsing (browsed, not_browsed), base, buyer_count, share (0..1)
    """
    counts = tally(crm)
    frame = pd.DataFrame(
        [("browsed", counts["browsers"], counts["browsers_bought"]), ("not_browsed", counts["others"], counts["others_bought"])],
        columns=["browsing", "base", "buyer_count"],
    )
    return frame.assign(share=frame.buyer_count / frame.base.where(frame.base > 0))
