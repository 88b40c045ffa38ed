"""Who is worth what: RFM's segments and map, tenths of the buyers, the distribution of values, teams, and the lists to work through."""

from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, measured
from ..measures import count_if, total
from ..metrics.names import customer_names, named
from ..schema import UNASSIGNED
from .rfm import SCORES, SEGMENTS, rfm
from .value import sums, value

QUIET = ("cannot lose", "at risk")  # bought much, and not for long
MONEY = "decimal(18, 4)"  # floats added up in any order would differ in their last digits
TENTHS, FIFTH = 10, 2


def segments(crm: Crm) -> pd.DataFrame:
    """RFM's segments of everybody who ever bought.

    Needs orders: customer_id, ordered_at, amount. → frame: rfm_segment (in the order of SEGMENTS), customer_count, customer_share
      (0..1), previous_count (at the end of the period before; NaN before the data began), amount (of the last
      business.rfm_window_days, refunds taken off), share (of that amount), value_amount (expected within the horizon; NaN without a model)
    """
    cells, before = _cells(crm), _cells(crm.previous, modeled=False)
    frame = cells.groupby("rfm_segment")[["customer_count", "amount", "value_amount"]].sum(min_count=1).reindex(list(SEGMENTS))
    frame[["customer_count", "amount"]] = frame[["customer_count", "amount"]].fillna(0)
    known = crm.first_day is not None and crm.previous.end > crm.first_day
    then = before.groupby("rfm_segment").customer_count.sum().reindex(list(SEGMENTS), fill_value=0) if known else np.nan
    money = float(frame.amount.sum())
    frame = frame.assign(
        customer_count=frame.customer_count.astype(int), customer_share=frame.customer_count / max(frame.customer_count.sum(), 1),
        previous_count=then, share=frame.amount / money if money > 0 else np.nan,
    )  # fmt: skip
    names = ["customer_count", "customer_share", "previous_count", "amount", "share", "value_amount"]
    return frame[names].reset_index(names="rfm_segment") if len(cells) else frame[names].reset_index(names="rfm_segment").iloc[:0]


def rfm_map(crm: Crm) -> pd.DataFrame:
    """Customers by recency and frequency.

    Needs orders: customer_id, ordered_at, amount. → frame: rfm_recency, rfm_frequency (5 to 1, 1 to 5), customer_count, amount (as
      in segments); 25 rows, none where nobody bought
    """
    cells = _cells(crm)
    if cells.empty:
        return pd.DataFrame(columns=["rfm_recency", "rfm_frequency", "customer_count", "amount"])
    every = pd.MultiIndex.from_product([SCORES[::-1], SCORES], names=["rfm_recency", "rfm_frequency"])
    found = cells.groupby(["rfm_recency", "rfm_frequency"])[["customer_count", "amount"]].sum().reindex(every, fill_value=0)
    return found.reset_index().astype({"customer_count": int})


def _cells(crm: Crm, modeled: bool = True) -> pd.DataFrame:
    """Customers and money by scores and segment."""

    def make() -> pd.DataFrame:
        table = value(crm) if modeled else rfm(crm)
        worth = {"value_amount": total(table.clv_bgnbd.cast(MONEY)), "modeled": count_if(table.clv_bgnbd.notnull())} if modeled else {}
        groups = table.group_by("rfm_recency", "rfm_frequency", "rfm_segment")
        frame = groups.aggregate(customer_count=table.count(), amount=total(table.money.cast(MONEY)), **worth).execute()
        frame = frame.sort_values(["rfm_recency", "rfm_frequency", "rfm_segment"])
        return frame.assign(value_amount=frame.value_amount.where(frame.modeled > 0)) if modeled else frame

    return crm.once(f"rfm cells {modeled}", make)


# ------------------------------------------------------------------------------------------------ concentration


def tenths(crm: Crm, modeled: bool = True) -> pd.DataFrame:
    """This view's buyers of the last year in ten equal parts, by what they bought (refunds taken off): the tenth that bought most first.

    Needs orders: customer_id, ordered_at, amount. → frame: tenth (1–10), customer_count, amount (of the year), share (of all of it,
      0..1), cumulative_share, value_share (of what is expected of these customers within the horizon; NaN without a model)
    Equal amounts are put in the order of the ids. Fewer than ten buyers make fewer parts. Refunds can make the last part negative.
    """
    table = value(crm) if modeled else rfm(crm)
    table = table.filter(table.orders_year > 0)
    place = ibis.row_number().over(order_by=[table.revenue_year.desc(), table.customer_id])
    table = table.mutate(tenth=(TENTHS * place) // table.count().over(ibis.window()) + 1)
    worth = {"value_amount": total(table.clv_bgnbd.cast(MONEY))} if modeled else {}
    frame = table.group_by("tenth").aggregate(customer_count=table.count(), amount=total(table.revenue_year.cast(MONEY)), **worth)
    frame = frame.order_by("tenth").execute()
    share = lambda column: column / column.sum() if column.sum() > 0 else column * np.nan  # noqa: E731
    frame = frame.assign(share=share(frame.amount), value_share=share(frame.value_amount) if modeled else np.nan)
    frame = frame.assign(cumulative_share=frame.share.cumsum())
    return frame[["tenth", "customer_count", "amount", "share", "cumulative_share", "value_share"]]


@measured("share", rolling=True)
def top_fifth_share(crm: Crm) -> Figure:
    """Share of the last year's sales that the fifth of the buyers who bought most brought. Neither way is better as such.

    Needs orders: customer_id, ordered_at, amount. → Figure 0..1, base = buyers of the year
    """
    frame = crm.once("tenths", lambda: tenths(crm, modeled=False))
    base = int(frame.customer_count.sum())
    known = bool(base) and frame.share.notna().all()
    return Figure(float(frame.share[frame.tenth <= FIFTH].sum()) if known else None, base, None if known else "no_base")


@measured("money", "down", rolling=True)
def quiet_amount(crm: Crm) -> Figure:
    """What customers in RFM's segments "cannot lose" and "at risk" bought in the last business.rfm_window_days, refunds taken off.

    Needs orders: customer_id, ordered_at, amount. → Figure in money, base = those customers; none where nobody ever bought
    """
    if not sums(crm)["ever"]:
        return Figure(None, 0, "no_base")
    cells = _cells(crm, modeled=False)
    quiet = cells[cells.rfm_segment.isin(QUIET)]
    return Figure(float(quiet.amount.sum()), int(quiet.customer_count.sum()))


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
    found = table.group_by(group=group).aggregate(customer_count=table.count(), value_amount=total(table.clv_bgnbd.cast(MONEY)))
    found = found.execute().set_index("group")
    if found.empty:
        return pd.DataFrame(columns=["value_class", "customer_count", "share", "value_amount"])
    last = int(found.index.max())
    lowest = max(last - CLASSES + 1, min(int(found.index.min()), last))
    found = found.groupby(found.index.to_series().clip(lower=lowest)).sum().reindex(range(lowest, last + 1), fill_value=0)
    names = [_class(i, i == lowest) for i in found.index]
    count = found.customer_count.astype(int).to_numpy()
    return pd.DataFrame({"value_class": names, "customer_count": count, "share": count / count.sum(), "value_amount": found.value_amount.to_numpy()})


def _class(i: int, lowest: bool) -> str:
    """The name of the class below EDGES[i].

    >>> _class(EDGES.index(2000.0), False), _class(EDGES.index(200.0), True), _class(len(EDGES), False)
    ('1,000–2,000', '< 200', '≥ 500,000,000,000')
    """
    said = lambda v: f"{v:,.0f}" if v >= 1 else f"{v:g}"  # noqa: E731
    if i == len(EDGES):
        return f"≥ {said(EDGES[-1])}"
    return f"< {said(EDGES[i])}" if lowest or not i else f"{said(EDGES[i - 1])}–{said(EDGES[i])}"


# ------------------------------------------------------------------------------------------------ teams and lists


def value_by_team(crm: Crm) -> pd.DataFrame:
    """What the teams' customers are worth. For the company's page.

    Needs orders: customer_id, ordered_at, amount; customers: team, or rep_id and reps: team.
    → frame: team, customer_count (ever bought), amount (of the last year, refunds taken off), value_amount (expected; NaN without a
      model), share (of the value), quiet_count, quiet_amount (in QUIET; of the last business.rfm_window_days); the largest value first
    """
    table = value(crm.company)
    quiet, worth = table.rfm_segment.isin(QUIET), table.clv_bgnbd
    frame = table.group_by("team").aggregate(
        customer_count=table.count(), amount=total(table.revenue_year.cast(MONEY)), value_amount=total(worth.cast(MONEY)),
        modeled=count_if(worth.notnull()), quiet_count=count_if(quiet), quiet_amount=total(table.money.cast(MONEY), where=quiet),
    ).execute()  # fmt: skip
    frame = frame.assign(team=frame.team.fillna(UNASSIGNED), value_amount=frame.value_amount.where(frame.modeled > 0))
    whole = float(frame.value_amount.sum())
    frame = frame.assign(share=frame.value_amount / whole if whole > 0 else np.nan).sort_values(
        ["value_amount", "amount", "team"], ascending=[False, False, True]
    )
    return frame[["team", "customer_count", "amount", "value_amount", "share", "quiet_count", "quiet_amount"]].reset_index(drop=True)


_STEPS = {name: f"rfm_{name.replace(' ', '_')}_step" for name in SEGMENTS}
LISTED = ["customer", "rfm_segment", "value_amount", "amount", "purchase_days_count", "last_on", "rep", "action"]


def high_value(crm: Crm, limit: int = 15) -> pd.DataFrame:
    """The customers of whom most is expected within the horizon (without a model: who bought most in the last year).

    Needs orders; customers: name, rep_id, no_contact. For team pages: names. → frame: the columns of LISTED; whoever asked not to
    be contacted is left out
    """
    return _listed(crm, lambda t: [ibis.coalesce(t.clv_bgnbd, t.revenue_year).desc(), t.customer_id], SEGMENTS, limit)


def going_quiet(crm: Crm, limit: int = 15) -> pd.DataFrame:
    """The customers in the segments "cannot lose" and "at risk", those who bought most in the last business.rfm_window_days first.

    Needs the same as high_value. For team pages: names. → frame: the columns of LISTED
    """
    return _listed(crm, lambda t: [t.money.desc(), t.customer_id], QUIET, limit)


def _listed(crm: Crm, order: Any, chosen: tuple[str, ...], limit: int) -> pd.DataFrame:
    table = value(crm)
    table = table.filter(table.rfm_segment.isin(chosen) & ~table.no_contact.fill_null(False)).order_by(order(table)).limit(limit)
    columns = {"value_amount": "clv_bgnbd", "amount": "money", "purchase_days_count": "purchase_days"}
    frame = table.select("customer_id", "rep_id", "rfm_segment", "last_on", **columns).execute()
    frame = frame.assign(
        customer=customer_names(crm, frame.customer_id),
        rep=named(crm, "rep", frame.rep_id),
        action=frame.rfm_segment.map(_STEPS),
    )
    return frame[LISTED]
