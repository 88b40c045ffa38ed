"""Customer lifetime value three ways, each of an average customer, and what of it is known for sure.

They answer different questions and are not meant to agree: the simple one is sales over a whole life, the discounted margin is
what that life earns in today's money, the probabilistic one is what a customer earns within the horizon, from what each bought.
"""

import math

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..measures import count_if, exact, total
from ..metrics.lives import of_customers
from ..metrics.states import tally
from ..periods import year_earlier
from .holdout import held_out
from .value import COST, DECLARED, SALES, basis, sums, value

NO_YEAR = Figure(None, 0, "no_year_of_customers")


@measured("money", "up", rolling=True)
def clv_simple(crm: Crm) -> Figure:
    """Average order value × orders of a customer a year × lifetime in years, all of the year before the period's end.

    Needs orders: customer_id, ordered_at, amount; what lives needs. → Figure in money (sales), base = customers a year before the end
    Average order value: sales of known customers (refunds taken off) / purchases. Orders a year: purchases / mean of the customers
    a year before the end and at it. Lifetime: 1 / share of the customers a year before who are lost at the end. Undefined
    where the data are younger than a year, or nobody was lost (the lifetime would have no end).

    Source: Farris et al., Marketing Metrics, ch. 5.
    """
    if undefined := _undefined(crm):
        return undefined
    stays = yearly_retention(crm)
    if stays.part == stays.base:
        return Figure(None, int(stays.base), "nobody_lost")
    return Figure(yearly_sales(crm) / (1 - stays.part / stays.base), int(stays.base))


@measured("money", "up", rolling=True)
def clv_margin(crm: Crm) -> Figure:
    """Σ over the years to come of margin a year × share of customers still there, discounted: m · (1 + d) / (1 + d − r).

    Needs the same as clv_simple; cost as delivered. → Figure in money, base = customers a year before the end
    m: sales of a customer a year × margin (value.basis: from cost, else business.margin_rate, else sales as they are); r: share
    of the customers of a year ago still there; d: business.discount_rate. The first year counts in full, each later one for the
    share still there: without discount, and with sales for margin, this is clv_simple.

    Source: Gupta and Lehmann, Customers as Assets, Journal of Interactive Marketing 17 (2003).
    """
    if undefined := _undefined(crm):
        return undefined
    stays, rate = yearly_retention(crm), crm.business.discount_rate
    kept = stays.part / stays.base
    if kept >= 1 + rate:
        return Figure(None, int(stays.base), "nobody_lost")
    return Figure(yearly_sales(crm) * basis(crm).margin * (1 + rate) / (1 + rate - kept), int(stays.base))


@measured("money", "up")
def clv_bgnbd(crm: Crm) -> Figure:
    """Purchases expected within the horizon (BG/NBD) × amount expected of each (Gamma-Gamma) × margin, discounted; mean of the customers.

    Needs orders: customer_id, ordered_at, amount; cost as delivered. → Figure in money, base = customers at the end who ever bought
    Models are fitted for a page's own period alone: the period before has none here. Undefined where they could not be fitted.
    """
    ahead = _ahead(crm)
    if isinstance(ahead, Figure):
        return ahead
    base = int(ahead["customers"])
    return Figure(ahead["customers_value"] / base if base else None, base, None if base else "no_base")


@measured("money", "up")
def expected_value(crm: Crm) -> Figure:
    """The same (clv_bgnbd) of everybody who ever bought, added up: lost customers too, with the little that is to expect of them.

    Needs the same as clv_bgnbd. → Figure in money, base = everybody who ever bought
    """
    ahead = _ahead(crm)
    return ahead if isinstance(ahead, Figure) else Figure(ahead["value"], int(ahead["ever"]))


def _undefined(crm: Crm) -> Figure | None:
    """Why nothing can be said of a customer's year."""
    if not crm.has("orders"):
        return NOT_DELIVERED
    if not yearly_retention(crm).base:
        return NO_YEAR
    return None if sums(crm)["orders_year"] else Figure(None, 0, "no_base")


def yearly_retention(crm: Crm) -> Share:
    """Of the customers a year before the period's end those still there at it; of 0 where the data are younger than a year."""
    if crm.first_day is None or crm.first_day > year_earlier(crm.end):
        return Share(0, 0)
    return Share(tally(crm)["stayed"], tally(crm)["year"])


def yearly_sales(crm: Crm) -> float:
    """Sales of a customer a year (refunds taken off): average order value × orders a year. Customers: mean of a year before and now."""
    there = (tally(crm)["year"] + tally(crm)["end"]) / 2
    return sums(crm)["revenue_year"] / there if there else float("nan")


def work(crm: Crm) -> None:
    """Do what the pages of value share, and those that show these figures: it is kept, and they find it ready."""
    if not crm.has("orders"):
        return
    for view in (crm, crm.previous, crm.year_before):
        if view.first_day is None or view.end > view.first_day:
            sums(view)
    expected_value(crm)
    held_out(crm)


def _ahead(crm: Crm) -> Figure | dict[str, float]:
    """What is to expect of this view's customers; a Figure that says why nothing is."""
    if crm.beside is not None:
        return Figure(None, None, "not_refitted")
    if not crm.has("orders"):
        return NOT_DELIVERED

    def make(view: Crm) -> ibis.Table:
        table = value(view)
        worth = exact(table.clv_bgnbd)
        amounts = {"value": total(worth), "customers_value": total(worth, where=table.is_customer)}
        counts = {
            "ever": count_if(table.clv_bgnbd.notnull()),
            "customers": count_if(table.is_customer & table.clv_bgnbd.notnull()),
        }
        return table.group_by("team").aggregate(**amounts, **counts)

    found = crm.once("value sums", lambda: of_customers(crm, "value sums", make).execute()).drop(columns="team").sum()
    if not sums(crm)["ever"]:
        return Figure(None, 0, "no_base")
    return {str(k): float(v) for k, v in found.items()} if found.ever else Figure(None, None, "no_fit")


WAYS = ("simple", "discounted margin", "probabilistic")


def three_ways(crm: Crm) -> pd.DataFrame:
    """The three figures side by side, with what each counts, how far it looks and what it takes for granted.

    Needs the same as each. → frame: clv_way (WAYS), value_amount (NaN where undefined), counts (sales, margin from cost, declared
      margin), covers (how far it looks) and assumption (words of texts)
    """
    figures = [metric(crm) for metric in (clv_simple, clv_margin, clv_bgnbd)]
    earned = {COST: "margin from cost", DECLARED: "declared margin", SALES: "sales"}[basis(crm).source]
    return pd.DataFrame(
        {
            "clv_way": list(WAYS),
            "value_amount": [math.nan if f.value is None else f.value for f in figures],
            "counts": ["sales", earned, earned],
            "covers": ["a lifetime", "a lifetime, discounted", "the horizon, discounted"],
            "assumption": [f"{way} assumes" for way in WAYS],
        }
    )
