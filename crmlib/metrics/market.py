"""Our sales beside the market's size, which comes from outside."""

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import total
from .deals import NONE_GIVEN
from .revenue import own_sales, revenue

WHOLE = "whole market"


def sizes(crm: Crm) -> pd.DataFrame:
    """The market's size in the period, by region where it has regions; company-wide.

    Needs market: period, amount; region as delivered. → frame: region (WHOLE: rows without one), market_amount
    Where the market is given for this very period, that counts; else its months are added up, if all of them are there. Of a
    period, or month, to date it is as large a part as there are days of it.
    """
    whole, months = crm.period.whole, [m for m in crm.period.whole.months() if m.start < crm.end]
    ways = [{whole.label: float(crm.period.gone)}, {m.label: float(m.to_date(crm.end).gone) for m in months}]
    table = crm.market.group_by("period", region=ibis.coalesce(crm.market.region, WHOLE)).aggregate(
        amount=total(crm.market.amount)
    )
    found = table.filter(table.period.isin([label for way in ways for label in way])).execute()
    for parts in ways[: 1 if whole.kind == "week" else 2]:
        mine = found[found.period.isin(list(parts))]
        mine = mine.assign(market_amount=mine.amount * [parts[label] for label in mine.period])
        each = mine.groupby("region").agg(market_amount=("market_amount", "sum"), n=("period", "nunique"))
        each = each[each.n == len(parts)]
        if len(each):
            return each[["market_amount"]].reset_index()
    return pd.DataFrame({"region": pd.Series(dtype=object), "market_amount": pd.Series(dtype=float)})


def market_amount(crm: Crm) -> float | None:
    """The whole market's size: the row without a region, else the sum of its regions; None where it is not given."""
    frame = crm.once("market", lambda: sizes(crm))
    whole = frame[frame.region == WHOLE] if (frame.region == WHOLE).any() else frame
    amount = float(whole.market_amount.sum())
    return amount if amount > 0 else None


@measured("share", "up")
def market_share(crm: Crm) -> Figure:
    """Sales of the period / the market's size in it.

    Needs orders: amount; market: period, amount. → Figure 0..1, base = orders; a team's sales are beside the whole market, too
    """
    if not (crm.has("market") and crm.has("orders")):
        return NOT_DELIVERED
    amount, sales = market_amount(crm), revenue(crm)
    return Figure(None, sales.base, "no_market") if amount is None else Figure((sales.value or 0) / amount, sales.base)


def market_by_region(crm: Crm) -> pd.DataFrame:
    """Our sales beside the market's size in each region that the market has.

    Needs market: period, amount, region; orders: region or customers: region.
    → frame: region, revenue, market_amount, market_share, previous_market_share, year_before_market_share (0..1); largest market first
    """
    now = _shares(crm)
    for name, view in (("previous", crm.previous), ("year_before", crm.year_before)):
        then = _shares(view).set_index("region").market_share
        now[f"{name}_market_share"] = now.region.map(then).astype(float)
    now = now.sort_values(["market_amount", "region"], ascending=[False, True])
    return now.reset_index(drop=True)


def _shares(crm: Crm) -> pd.DataFrame:
    if not (crm.has("market") and crm.has("orders")):
        return pd.DataFrame(columns=["region", "revenue", "market_amount", "market_share"])
    frame = crm.once("market", lambda: sizes(crm))
    frame = frame[~frame.region.isin((WHOLE, NONE_GIVEN))]
    ours = own_sales(crm, "region").set_index("region").revenue
    frame = frame.assign(revenue=frame.region.map(ours).fillna(0.0).astype(float))
    return frame.assign(market_share=frame.revenue / frame.market_amount.where(frame.market_amount > 0))[
        ["region", "revenue", "market_amount", "market_share"]
    ]
