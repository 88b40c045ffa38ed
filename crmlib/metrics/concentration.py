"""How much of a year's sales hangs on how few customers."""

import math
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import count_if, exact, total
from ..models.rfm import rfm
from .names import customer_names, named

PARTS = (1, 5, 10, 20, 30, 50, 100)  # per cent of the buyers, those who bought most first


def concentration(crm: Crm) -> pd.DataFrame:
    """This view's buyers of a year, those who bought most first, in bands: the largest 1 %, the next up to 5 %, 10 % …, and what each brought.

    Needs orders: customer_id, ordered_at, amount. → frame: buyer_band ("0–1%" …), customer_count, customer_share (0..1), sales_amount (of the year
      to the period's end, refunds taken off), amount_share (of all of it; NaN where that is not above 0), running_share (added up: Lorenz's curve)
    Buyers, order and amounts are those of models.worth.tenths, so that the first fifth is `top_fifth_share`. Equal amounts in the order
    of the ids; a buyer on the edge belongs to the larger ones. Bands that no buyer falls into are left out.
    """
    found = _parts(crm)
    count, money = int(found.customers.sum()), float(found.money.sum())
    lows = (0, *PARTS[:-1])
    frame = pd.DataFrame({
        "buyer_band": [f"{lows[i]}–{PARTS[i]}%" for i in found.part], "customer_count": found.customers.astype(int),
        "customer_share": found.customers / max(count, 1), "sales_amount": found.money.astype(float),
        "amount_share": found.money / money if money > 0 else math.nan,
    })  # fmt: skip
    return frame.assign(running_share=frame.amount_share.cumsum())


def _parts(crm: Crm) -> pd.DataFrame:
    """Buyers and money between one of PARTS and the next, and what Gini's coefficient is made of; one query for all figures."""

    def make() -> pd.DataFrame:
        table = _ranked(crm)
        edges = [(100 * table.place < table.buyers * part, i) for i, part in enumerate(PARTS[:-1])]
        kept = exact(ibis.greatest(table.revenue_year, 0.0))
        return table.group_by(part=ibis.cases(*edges, else_=len(PARTS) - 1)).aggregate(
            customers=table.count(), money=total(exact(table.revenue_year)), largest=table.revenue_year.max(), kept=total(kept),
            weighed=total(kept * (table.buyers - 2 * table.place - 1)), holders=count_if(table.revenue_year > 0),
        ).order_by("part").execute()  # fmt: skip

    return crm.once("concentration", make)


def _ranked(crm: Crm) -> Any:
    """The buyers of the year with their places from 0 on, those who bought most first, and how many they are."""
    table = rfm(crm)
    table = table.filter(table.orders_year > 0)
    place = ibis.row_number().over(order_by=[table.revenue_year.desc(), table.customer_id])
    return table.mutate(place=place, buyers=table.count().over(ibis.window()))


@measured("share", rolling=True)
def top_hundredth_share(crm: Crm) -> Figure:
    """Share of the last year's sales that the hundredth of the buyers who bought most brought. Neither way is better as such.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    """
    return _of(crm, lambda frame, money: float(frame.money[frame.part <= PARTS.index(1)].sum()) / money)


@measured("share", rolling=True)
def top_tenth_share(crm: Crm) -> Figure:
    """Share of the last year's sales that the tenth of the buyers who bought most brought. Neither way is better as such.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    """
    return _of(crm, lambda frame, money: float(frame.money[frame.part <= PARTS.index(10)].sum()) / money)


@measured("share", "down", rolling=True)
def largest_customer_share(crm: Crm) -> Figure:
    """Share of the last year's sales that the one largest buyer brought.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    """
    return _of(crm, lambda frame, money: float(frame.largest.max()) / money)


@measured("ratio", rolling=True)
def sales_gini(crm: Crm) -> Figure:
    """Gini's coefficient of the last year's sales over its buyers: 0 = all bought alike, near 1 = one bought all.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    Σ (n + 1 − 2·place) · sales / (n · Σ sales), place 1 = the largest. Who got more back than they bought counts as 0.
    Source: Gini 1912; as twice the area between Lorenz's curve (1905) and the diagonal.
    """

    def gini(frame: pd.DataFrame, money: float) -> float:
        return float(frame.weighed.sum()) / (float(frame.customers.sum()) * float(frame.kept.sum()))

    return _of(crm, gini)


def _of(crm: Crm, figure: Any) -> Figure:
    """A share of the year's sales: none where nobody bought, or all together is not above 0."""
    if not crm.has("orders"):
        return NOT_DELIVERED
    frame = _parts(crm)
    base, money = int(frame.customers.sum()), float(frame.money.sum())
    return Figure(figure(frame, money), base) if money > 0 else Figure(None, base, "no_base")


def largest_customers(crm: Crm, limit: int = 10) -> pd.DataFrame:
    """The buyers who bought most in the last year: by name on their own team's page, by id on the company's.

    Needs orders; customers: name, rep_id as delivered. → frame: customer, team, rep, sales_amount, amount_share (0..1 of all sales of the year), running_share
    (NaN where fewer than min_base bought)
    """
    columns = ["customer", "team", "rep", "sales_amount", "amount_share", "running_share"]
    if not crm.has("orders"):
        return pd.DataFrame(columns=columns)
    table = _ranked(crm)
    frame = table.filter(table.place < limit).order_by("place").select("customer_id", "team", "rep_id", "revenue_year").execute()
    found = _parts(crm)
    money, enough = float(found.money.sum()), int(found.customers.sum()) >= crm.business.min_base
    share = frame.revenue_year / money if money > 0 and enough else math.nan
    frame = frame.assign(
        customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id), sales_amount=frame.revenue_year,
        amount_share=share,
    )  # fmt: skip
    return frame.assign(running_share=frame.amount_share.cumsum())[columns]
