"""Who is worth what: RFM's segments and map, tenths of the buyers, the distribution of values."""

from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import count_if, exact, total
from .rfm import SCORES, SEGMENTS, rfm
from .value import sums, value

QUIET = ("cannot lose", "at risk")  # bought much, and less lately than others
QUIET_PART = 2  # of the time after which customers are lost; scores alone would call two fifths of the keenest customers late
TENTHS, FIFTH = 10, 2


def segments(crm: Crm) -> pd.DataFrame:
    """RFM's segments of everybody who ever bought.

    Needs orders: customer_id, ordered_at, amount. → frame: rfm_segment (in the order of SEGMENTS), customer_count, customer_share
      (0..1), previous_count (at the end of the period before; NaN before the data began), sales_amount (of the last
      business.rfm_window_days, refunds taken off), amount_share (of these sales), value_amount (expected within the horizon; NaN without a model)
    """
    cells, before = _cells(crm), _cells(crm.previous, modeled=False)
    frame = (
        cells.groupby("rfm_segment")[["customer_count", "sales_amount", "value_amount"]].sum(min_count=1).reindex(list(SEGMENTS))
    )
    frame[["customer_count", "sales_amount"]] = frame[["customer_count", "sales_amount"]].fillna(0)
    known = crm.first_day is not None and crm.previous.end > crm.first_day
    then = before.groupby("rfm_segment").customer_count.sum().reindex(list(SEGMENTS), fill_value=0) if known else np.nan
    money = float(frame.sales_amount.sum())
    frame = frame.assign(
        customer_count=frame.customer_count.astype(int), customer_share=frame.customer_count / max(frame.customer_count.sum(), 1),
        previous_count=then, amount_share=frame.sales_amount / money if money > 0 else np.nan,
    )  # fmt: skip
    names = ["customer_count", "customer_share", "previous_count", "sales_amount", "amount_share", "value_amount"]
    return frame[names].reset_index(names="rfm_segment") if len(cells) else frame[names].reset_index(names="rfm_segment").iloc[:0]


def rfm_map(crm: Crm) -> pd.DataFrame:
    """Customers by recency and frequency.

    Needs orders: customer_id, ordered_at, amount. → frame: rfm_recency, rfm_frequency (5 to 1, 1 to 5), customer_count, sales_amount (as
      in segments); 25 rows, none where nobody bought
    """
    cells = _cells(crm)
    if cells.empty:
        return pd.DataFrame(columns=["rfm_recency", "rfm_frequency", "customer_count", "sales_amount"])
    every = pd.MultiIndex.from_product([SCORES[::-1], SCORES], names=["rfm_recency", "rfm_frequency"])
    found = cells.groupby(["rfm_recency", "rfm_frequency"])[["customer_count", "sales_amount"]].sum().reindex(every, fill_value=0)
    return found.reset_index().astype({"customer_count": int})


def is_quiet(crm: Crm, table: Any) -> Any:
    """Who went quiet: in a segment of QUIET, and no purchase for at least half of business.inactive_after_days."""
    return table.rfm_segment.isin(QUIET) & (QUIET_PART * table.since_days >= crm.business.inactive_after_days)


def quiet(crm: Crm) -> pd.Series:
    """How many of this view's customers went quiet, how many of them are of "cannot lose", and what they bought.

    → quiet_count, best_count, quiet_amount (of the last business.rfm_window_days, refunds taken off)
    """
    cells = _cells(crm, modeled=False)
    best_count = int(cells.quiet_count[cells.rfm_segment == QUIET[0]].sum())
    return pd.Series(
        {"quiet_count": int(cells.quiet_count.sum()), "best_count": best_count, "quiet_amount": float(cells.quiet_amount.sum())}
    )


def _cells(crm: Crm, modeled: bool = True) -> pd.DataFrame:
    """Customers and money by scores and segment."""

    def make() -> pd.DataFrame:
        table = value(crm) if modeled else rfm(crm)
        worth = {"value_amount": total(exact(table.clv_bgnbd)), "modeled": count_if(table.clv_bgnbd.notnull())} if modeled else {}
        quiet = is_quiet(crm, table)
        worth |= {"quiet_count": count_if(quiet), "quiet_amount": total(exact(table.money), where=quiet)}
        groups = table.group_by("rfm_recency", "rfm_frequency", "rfm_segment")
        frame = groups.aggregate(customer_count=table.count(), sales_amount=total(exact(table.money)), **worth).execute()
        frame = frame.sort_values(["rfm_recency", "rfm_frequency", "rfm_segment"])
        return frame.assign(value_amount=frame.value_amount.where(frame.modeled > 0)) if modeled else frame

    return crm.once(f"rfm cells {modeled}", make)


# ------------------------------------------------------------------------------------------------ concentration


def tenths(crm: Crm, modeled: bool = True) -> pd.DataFrame:
    """This view's buyers of the last year in ten equal parts, by what they bought (refunds taken off): the tenth that bought most first.

    Needs orders: customer_id, ordered_at, amount. → frame: tenth (1–10), customer_count, sales_amount (of the year), amount_share (of all
      of it, 0..1), running_share (added up), value_share (of what is expected of these customers within the horizon; NaN without a model)
    Equal amounts are put in the order of the ids. Fewer than ten buyers make fewer parts. Refunds can make the last part negative.
    """
    table = value(crm) if modeled else rfm(crm)
    table = table.filter(table.orders_year > 0)
    place = ibis.row_number().over(order_by=[table.revenue_year.desc(), table.customer_id])
    table = table.mutate(tenth=(TENTHS * place) // table.count().over(ibis.window()) + 1)
    worth = {"value_amount": total(exact(table.clv_bgnbd))} if modeled else {}
    frame = table.group_by("tenth").aggregate(
        customer_count=table.count(), sales_amount=total(exact(table.revenue_year)), **worth
    )
    frame = frame.order_by("tenth").execute()
    share = lambda column: column / column.sum() if column.sum() > 0 else column * np.nan  # noqa: E731
    frame = frame.assign(amount_share=share(frame.sales_amount), value_share=share(frame.value_amount) if modeled else np.nan)
    frame = frame.assign(running_share=frame.amount_share.cumsum())
    return frame[["tenth", "customer_count", "sales_amount", "amount_share", "running_share", "value_share"]]


@measured("share", rolling=True)
def top_fifth_share(crm: Crm) -> Figure:
    """Share of the last year's sales that the fifth of the buyers who bought most brought. Neither way is better as such.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    """
    if not crm.has("orders"):
        return NOT_DELIVERED
    frame = crm.once("tenths", lambda: tenths(crm, modeled=False))
    base = int(frame.customer_count.sum())
    known = bool(base) and frame.amount_share.notna().all()
    return Figure(float(frame.amount_share[frame.tenth <= FIFTH].sum()) if known else None, base, None if known else "no_base")


@measured("money", "down", rolling=True)
def quiet_amount(crm: Crm) -> Figure:
    """What customers who went quiet bought in the last business.rfm_window_days, refunds taken off.

    Needs orders: customer_id, ordered_at, amount. → Figure in money, base = those customers; none where nobody ever bought
    Went quiet: RFM's segments "cannot lose" and "at risk", and no purchase for at least half of business.inactive_after_days.
    """
    if not crm.has("orders"):
        return NOT_DELIVERED
    if not sums(crm)["ever"]:
        return Figure(None, 0, "no_base")
    found = quiet(crm)
    return Figure(float(found.quiet_amount), int(found.quiet_count))


# ------------------------------------------------------------------------------------------------ distribution


EDGES = tuple(float(f"{m}e{k}") for k in range(-2, 12) for m in (1, 2, 5))
CLASSES = 10


def distribution(crm: Crm) -> pd.DataFrame:
    """How many customers are expected to be worth how much within the horizon; classes grow 1 – 2 – 5, as values do.

    Needs orders: customer_id, ordered_at, amount. → frame: value_class (from – up to, money), customer_count, share (0..1), value_amount; at most
      ten classes up to the highest value, all below the lowest of them in one; none without a model
    """
    table = value(crm)
    table = table.filter(table.clv_bgnbd.notnull())
    group = ibis.cases(*[(table.clv_bgnbd < edge, i) for i, edge in enumerate(EDGES)], else_=len(EDGES))
    found = table.group_by(group=group).aggregate(customer_count=table.count(), value_amount=total(exact(table.clv_bgnbd)))
    found = found.execute().set_index("group")
    if found.empty:
        return pd.DataFrame(columns=["value_class", "customer_count", "share", "value_amount"])
    last = int(found.index.max())
    lowest = max(last - CLASSES + 1, min(int(found.index.min()), last))
    found = found.groupby(found.index.to_series().clip(lower=lowest)).sum().reindex(range(lowest, last + 1), fill_value=0)
    names = [_class(i, i == lowest) for i in found.index]
    count = found.customer_count.astype(int).to_numpy()
    return pd.DataFrame(
        {
            "value_class": names,
            "customer_count": count,
            "share": count / count.sum(),
            "value_amount": found.value_amount.to_numpy(),
        }
    )


def _class(i: int, lowest: bool) -> str:
    """The name of the class below EDGES[i].

    >>> _class(EDGES.index(2000.0), False), _class(EDGES.index(200.0), True), _class(len(EDGES), False)
    ('1,000–2,000', '< 200', '≥ 500,000,000,000')
    """
    said = lambda v: f"{v:,.0f}" if v >= 1 else f"{v:g}"  # noqa: E731
    if i == len(EDGES):
        return f"≥ {said(EDGES[-1])}"
    return f"< {said(EDGES[i])}" if lowest or not i else f"{said(EDGES[i - 1])}–{said(EDGES[i])}"
