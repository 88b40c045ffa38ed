"""What a customer brings against what one costs to win: both of the same year, both of the same view."""

from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Figure, measured
from ..measures import count_if, exact, total
from ..metrics.acquisition import cac_by_channel, cac_year
from ..metrics.deals import NONE_GIVEN
from ..metrics.lives import of_customers
from .clv import clv_margin, yearly_sales
from .value import SALES, basis, value

MONTHS = 12


@measured("ratio", "up", rolling=True)
def ltv_cac(crm: Crm) -> Figure:
    """Discounted margin CLV / acquisition cost, both of the year to the period's end.

    Needs what clv_margin and cac_year need; orders: cost, or business.margin_rate. → Figure, base = new customers of the year
    On the same basis: money earned against money spent, of this view. Undefined without a margin (sales are not earned) and where
    either is undefined, or nothing was spent on balance.
    """
    cost, worth = cac_year(crm), clv_margin(crm)
    reason = worth.reason if worth.value is None else _undefined(crm, cost)
    if reason or cost.value is None or worth.value is None:
        return Figure(None, cost.base, cost.reason or reason)
    return Figure(worth.value / cost.value, cost.base)


@measured("ratio", "down", rolling=True)
def cac_payback(crm: Crm) -> Figure:
    """Months until the margin of an average customer has paid what one costs to win.

    Needs the same as ltv_cac. → Figure in months, base = new customers of the year
    Acquisition cost of the year / (sales of a customer a year × margin / 12): customers who leave earlier, and interest, are not taken off
    (ltv_cac has both). Undefined where customers earn nothing.

    Source: Farris et al., Marketing Metrics, ch. 5 (break-even).
    """
    cost, worth = cac_year(crm), clv_margin(crm)
    known = worth.value is not None or worth.reason == "nobody_lost"  # a lifetime without an end pays back all the same
    reason = _undefined(crm, cost) if known else worth.reason
    if reason or cost.value is None:
        return Figure(None, cost.base, cost.reason or reason)
    monthly = yearly_sales(crm) * basis(crm).margin / MONTHS
    return Figure(cost.value / monthly, cost.base) if monthly > 0 else Figure(None, cost.base, "earns_nothing")


def _undefined(crm: Crm, cost: Figure) -> str | None:
    """Why what customers earn cannot be set against what they cost."""
    if cost.value is None:
        return cost.reason
    if basis(crm).source == SALES:
        return "no_margin"
    return "nothing_spent" if cost.value <= 0 else None


def value_by_channel(crm: Crm) -> pd.DataFrame:
    """What is expected of the customers that each channel won, beside what a new one costs there.

    Needs what cac_by_channel and clv_bgnbd need. → frame: acquisition_channel, customer_count (at the period's end who ever bought),
      year_cac_amount (cac_by_channel: what is booked for the channel), value_amount (probabilistic value within the horizon, mean; NaN
      without a model), return_ratio (value / cost); the least return first

    The value is of all customers of the channel, old and new: it says whose customers are worth more, not what a new one will bring.
    """
    names = ["acquisition_channel", "customer_count", "year_cac_amount", "value_amount", "return_ratio"]
    costs = cac_by_channel(crm).set_index("acquisition_channel").year_cac_amount
    if costs.empty or not crm.has("orders") or not crm.has("customers", "acquisition_channel"):
        return pd.DataFrame(columns=names)
    found = crm.once("value by channel", lambda: of_customers(crm, "value by channel", _valued).execute())
    sums = found.groupby("channel")[["customer_count", "worth"]].sum()
    frame = sums.assign(value_amount=sums.worth / sums.customer_count.where(sums.customer_count > 0)).drop(
        index=NONE_GIVEN, errors="ignore"
    )
    frame["year_cac_amount"] = costs.reindex(frame.index)
    frame = frame[frame.year_cac_amount.notna() & frame.value_amount.notna()]
    frame["return_ratio"] = frame.value_amount / frame.year_cac_amount
    frame = frame.rename_axis("acquisition_channel").reset_index()
    return frame.sort_values(["return_ratio", "acquisition_channel"], ignore_index=True)[names]


def _valued(crm: Crm) -> Any:
    known = crm.table("customers", "customer_id", "acquisition_channel").select("customer_id", "acquisition_channel")
    table = value(crm).left_join(known, "customer_id", rname="_{name}")
    there = table.is_customer & table.clv_bgnbd.notnull()
    return table.group_by("team", channel=table.acquisition_channel.fill_null(NONE_GIVEN)).aggregate(
        customer_count=count_if(there), worth=total(exact(table.clv_bgnbd), where=there)
    )
