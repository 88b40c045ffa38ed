"""What a new customer costs: in all, by channel, period by period, and what moved it."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..means import margin, together
from ..measures import count_if, total, within
from .costs import MARKETING, Window, added, booked, booked_in, first_booking, lagged, period_window, side, spend, year_window
from .customer_flows import customers_by_period
from .deals import NONE_GIVEN
from .lives import contractual, lives, of_customers
from .states import tally

LEAST_MONTHS = 6  # of cost and customers, before anything is said of how much a channel's figure moves by itself


@measured("money", "down")
def cac(crm: Crm) -> Figure:
    """Marketing and sales cost of the period / customers won in it.

    Needs costs: booked_on, kind, amount; what new_customers needs. → Figure in money, base = new customers
    Cost is that of the same days, or of business.cac_lag_days earlier. Cost of no team is in the company's figure alone. Undefined
    where nothing was booked, or nobody was won.
    """
    return _each(spend(crm, period_window(crm)), tally(crm)["new"])


@measured("money", "down", rolling=True)
def cac_year(crm: Crm) -> Figure:
    """The same of the year to the period's end, or as much of it as costs are booked for (costs.year_window).

    Needs the same as cac. → Figure in money, base = new customers of those days
    """
    if not crm.has("costs"):
        return NOT_DELIVERED
    window = year_window(crm)
    if window is None:
        return Figure(None, None, "no_costs")
    return _each(spend(crm, lagged(crm, *window)), int(_arrivals(crm).year_count.sum()))


def _each(cost: Figure, count: int) -> Figure:
    if cost.value is None:
        return cost
    return Figure(cost.value / count if count else None, count, None if count else "no_new_customers")


def cac_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The course of acquisition cost.

    Needs the same as cac. → frame: period (Period), cost_amount, new_customers, cac (NaN where undefined); oldest first
    """
    frame = customers_by_period(crm, count)[["period", "new_customers"]].reset_index(drop=True)
    costs = booked_in(crm, [lagged(crm, p.start, p.end) for p in frame.period]) if len(frame) else []
    frame.insert(1, "cost_amount", pd.Series(costs, dtype=float))
    return frame.assign(cac=frame.cost_amount / frame.new_customers.where(frame.new_customers > 0))


LAGS = (0, 30, 60, 90)


def cac_by_lag(crm: Crm) -> pd.DataFrame:
    """Acquisition cost of the year if its cost is taken from so many days earlier: how much hangs on when a cost works.

    Needs the same as cac. → frame: lag_days (LAGS), cost_amount, new_customers, cac_amount; NaN where costs do not reach back so far
    """
    first, window = first_booking(crm), year_window(crm)
    if first is None or window is None:
        return pd.DataFrame(columns=["lag_days", "cost_amount", "new_customers", "cac_amount"])
    windows = [(window[0] - timedelta(days=lag), window[1] - timedelta(days=lag)) for lag in LAGS]
    known = [start >= first.replace(day=1) for start, _ in windows]
    costs = pd.Series(booked_in(crm, windows)).where(known)
    count = int(_arrivals(crm).year_count.sum())
    frame = pd.DataFrame({"lag_days": LAGS, "cost_amount": costs, "new_customers": count})
    return frame.assign(cac_amount=costs / (count or math.nan))


def settled_from(crm: Crm) -> date | None:
    """From when on new customers are surely new: business.inactive_after_days after the first of all was seen; None where contracts say it.

    Who bought before the data began is new to them at the first purchase in them, so that acquisition cost is too low until then.
    """
    if contractual(crm):
        return None
    first = crm.company.once("first customer", lambda: lives(crm.company).since.min().execute())
    return None if pd.isna(first) else first.date() + timedelta(days=crm.business.inactive_after_days)


def cac_moves(crm: Crm) -> pd.DataFrame:
    """What moved the figure of the period since the year before, or since the period before where the year before has none.

    Needs the same as cac. → frame: cac_cause (each kind of cost; new customers), before_cost_amount, cost_amount (what was booked; of new
      customers NaN), change_amount (what it did to the cost of a customer: they add up to the change exactly); largest first

    A kind's change counts at the mean of both periods' 1 / new customers, the customers' change at the mean of both costs: the
    two halves of the change of a quotient, whichever is changed first (Shapley).
    """
    before = compared_with(crm)
    names = ["cac_cause", "before_cost_amount", "cost_amount", "change_amount"]
    if before is None:
        return pd.DataFrame(columns=names)
    each = [1 / tally(view)["new"] for view in (before, crm)]
    kinds = pd.DataFrame({"before": _kinds(before), "now": _kinds(crm)}, dtype=float).fillna(0.0)
    rows = [(kind, b, n, (n - b) * sum(each) / 2) for kind, b, n in kinds.itertuples()]
    whole = added(kinds.before) + added(kinds.now)
    rows.append(("new customers", math.nan, math.nan, (each[1] - each[0]) * whole / 2))
    frame = pd.DataFrame(rows, columns=names)
    return frame.iloc[np.lexsort((frame.cac_cause, -frame.change_amount.abs()))].reset_index(drop=True)


def compared_with(crm: Crm) -> Crm | None:
    """The view whose acquisition cost the period's is taken apart against: the year before, else the period before; None without either."""
    began = [v for v in (crm.year_before, crm.previous) if v.first_day is None or v.end > v.first_day]
    known = [view for view in began if cac(view).value is not None]
    return known[0] if known and cac(crm).value is not None else None


def _kinds(view: Crm) -> pd.Series:
    return booked(view, period_window(view)).groupby("kind").amount.agg(added)


# ------------------------------------------------------------------------------------------------ by channel


def cac_by_channel(crm: Crm) -> pd.DataFrame:
    """What a customer won by each channel cost in what is booked for that channel: marketing, not the salaries of sales.

    Needs costs: booked_on, kind, amount, channel; customers: acquisition_channel.
    → frame: acquisition_channel, cost_amount, new_customers, cac_amount (of the period), year_cost_amount, year_customers, low_amount,
      high_amount (99 % interval of the next), year_cac_amount (of the year, or what of it has costs); the dearest first, NaN where
      nobody was won or nothing was booked; last what belongs to no channel: marketing cost without one, customers without one

    The interval is of the ratio of two sums, from how each calendar month's cost departs from it (linearised; Student's t), and never
    narrower than chance alone makes it (Poisson: 1 / customers); none of fewer than LEAST_MONTHS months.
    """
    names = ["acquisition_channel", "cost_amount", "new_customers", "cac_amount", "year_cost_amount", "year_customers",
             "low_amount", "high_amount", "year_cac_amount"]  # fmt: skip
    window = year_window(crm)
    if window is None:
        return pd.DataFrame(columns=names)
    monthly, now = _monthly(crm, window), _of_channels(booked(crm, period_window(crm)))
    frame = monthly.groupby("channel")[["cost", "year_count", "period_count"]].agg(
        {"cost": added, "year_count": "sum", "period_count": "sum"}
    )
    frame = frame.rename(columns={"cost": "year_cost_amount", "year_count": "year_customers", "period_count": "new_customers"})
    frame["cost_amount"] = now.reindex(frame.index).fillna(0.0)
    named = pd.Series(frame.index != NONE_GIVEN, frame.index)
    for cost, count, name in (
        ("cost_amount", "new_customers", "cac_amount"),
        ("year_cost_amount", "year_customers", "year_cac_amount"),
    ):
        frame[name] = (frame[cost] / frame[count]).where(named & (frame[cost] > 0) & (frame[count] > 0))
    reach = {c: _reach(rows) for c, rows in monthly.groupby("channel")}
    wide = np.array([margin([it]) if (it := reach[c]) else math.nan for c in frame.index])
    frame["low_amount"], frame["high_amount"] = (frame.year_cac_amount * np.exp(way * wide) for way in (-1, 1))
    frame = frame.assign(named=named).rename_axis("acquisition_channel").reset_index()
    frame = frame.sort_values(["named", "year_cac_amount", "acquisition_channel"], ascending=[False, False, True])
    return frame[names].reset_index(drop=True)


def dearest_channel(crm: Crm) -> "pd.DataFrame | None":
    """The channels that can be compared, the dearest first, with `above`: how many times dearer the first is, at least (99 %).

    Only channels with min_base new customers and LEAST_MONTHS months; None where there are not two of them.
    """
    window = year_window(crm)
    if window is None:
        return None
    frame = cac_by_channel(crm).set_index("acquisition_channel")
    reach = {c: _reach(rows) for c, rows in _monthly(crm, window).groupby("channel")}
    known = [c for c in frame.index if reach[c] and pd.notna(frame.year_cac_amount[c])]
    frame = frame.loc[[c for c in known if frame.year_customers[c] >= crm.business.min_base]]
    if len(frame) < 2:
        return None
    first, level = frame.index[0], together(len(frame) - 1)
    ratios = frame.year_cac_amount[first] / frame.year_cac_amount
    wide = [margin([r for r in (reach[first], reach[c]) if r], level) for c in frame.index]
    return frame.assign(times=ratios, above=ratios * np.exp(-np.array(wide))).reset_index()


def _reach(months: pd.DataFrame) -> tuple[float, float] | None:
    """(standard error, cases) of the logarithm of Σ cost / Σ customers over months."""
    count, cost, customers = len(months), float(months.cost.sum()), float(months.year_count.sum())
    if count < LEAST_MONTHS or cost <= 0 or customers <= 0:
        return None
    away = (months.cost - cost / customers * months.year_count).to_numpy(float)
    empirical = count / (count - 1) * float((away**2).sum()) / cost**2
    return math.sqrt(max(empirical, 1 / customers)), count


def _monthly(crm: Crm, window: Window) -> pd.DataFrame:
    """Cost and new customers of the year by channel and calendar month. → frame: channel, month, cost, year_count, period_count"""

    def make() -> pd.DataFrame:
        came = _arrivals(crm).set_index(["channel", "month"])
        spent = _spent(crm, lagged(crm, *window)).set_index(["channel", "month"])
        frame = came.join(spent, how="outer").fillna(0.0)
        months = sorted(set(frame.index.get_level_values("month")))
        every = pd.MultiIndex.from_product(
            [sorted(set(frame.index.get_level_values("channel"))), months], names=["channel", "month"]
        )
        return frame.reindex(every, fill_value=0.0).reset_index().astype({"year_count": int, "period_count": int})

    return crm.once("cost and customers by channel", make)


def _of_channels(costs: pd.DataFrame) -> pd.Series:
    """Bookings for channels, and marketing's for none. → channel → amount"""
    mine = costs[costs.channel.notna() | (costs.kind.map(side) == MARKETING)]
    return mine.assign(channel=mine.channel.fillna(NONE_GIVEN)).groupby("channel").amount.agg(added)


def _spent(crm: Crm, window: Window) -> pd.DataFrame:
    table = crm.table("costs", "booked_on", "kind", "amount", "channel")
    moment = table.booked_on.cast("timestamp")
    found = table.filter(within(moment, *window)).group_by("kind", "channel", month=moment.month())
    frame = found.aggregate(amount=total(table.amount)).execute()
    parts = [_of_channels(rows).rename("cost").reset_index().assign(month=month) for month, rows in frame.groupby("month")]
    return pd.concat(parts) if parts else pd.DataFrame({"channel": [], "month": [], "cost": []})


def _arrivals(crm: Crm) -> pd.DataFrame:
    """New customers of the year (those of the period, too) by channel and calendar month. → frame: channel, month, year_count, period_count"""

    def make(view: Crm) -> Any:
        people = lives(view).select("customer_id", "team", "since")
        known = view.table("customers", "customer_id", "acquisition_channel").select("customer_id", "acquisition_channel")
        window = year_window(view) or (view.end, view.end)
        here = people.filter(within(people.since, *window)).left_join(known, "customer_id", rname="_{name}")
        here = here.mutate(channel=here.acquisition_channel.fill_null(NONE_GIVEN), month=here.since.month())
        now = within(here.since, view.period.start, view.period.end)
        return here.group_by("team", "channel", "month").aggregate(year_count=here.count(), period_count=count_if(now))

    found = crm.once("new by channel", lambda: of_customers(crm, "new by channel", make).execute())
    return found.groupby(["channel", "month"], as_index=False)[["year_count", "period_count"]].sum()
