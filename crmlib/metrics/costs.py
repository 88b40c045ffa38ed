"""What marketing and sales cost, as booked: by kind, side and channel.

All bookings of the table `costs` count, refunds of them (below 0) taken off: the table holds marketing and sales cost and nothing
else (data-model.md). `SIDES` says which kinds are marketing and which are sales; a kind that it does not know counts too, on neither side.
What `campaigns.cost` says is not added: it is what a campaign cost in all, and the same money is booked in `costs`.
A booking counts on its day, for the team it is booked on; what is booked on no team is the company's alone.
"""

import math
from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import total, within
from ..periods import year_earlier

MARKETING, SALES, OTHER = "marketing cost", "sales cost", "other cost"
SIDES = {
    **dict.fromkeys(("advertising", "marketing", "events", "event", "trade_fair", "content", "agency", "campaign", "promotion", "sponsoring",
                     "print", "seo", "public_relations", "referral_bonus", "市场", "广告", "活动", "推广", "会展"), MARKETING),
    **dict.fromkeys(("sales", "commission", "salary", "salaries", "wages", "bonus", "tools", "software", "travel", "training", "recruiting",
                     "销售", "佣金", "提成", "工资", "薪酬", "工具", "差旅", "培训"), SALES),
}  # fmt: skip

Window = tuple[date, date]


def side(kind: str) -> str:
    """Marketing, sales, or neither of both.

    >>> side("Advertising"), side("salary"), side("legal")
    ('marketing cost', 'sales cost', 'other cost')
    """
    return SIDES.get(kind.strip().lower().replace(" ", "_"), OTHER)


@measured("money", "down")
def acquisition_spend(crm: Crm) -> Figure:
    """Marketing and sales cost booked in the period (or so many days earlier as business.cac_lag_days says).

    Needs costs: booked_on, kind, amount. → Figure in money; none where nothing was booked: that is not known to be 0
    """
    return spend(crm, period_window(crm))


def spend(crm: Crm, window: Window) -> Figure:
    """The cost of a window of this view."""
    if not crm.has("costs"):
        return NOT_DELIVERED
    found = booked(crm, window)
    return Figure(added(found.amount), None) if len(found) else Figure(None, None, "no_costs")


def booked(crm: Crm, window: Window) -> pd.DataFrame:
    """The cost booked in a window.

    Needs costs: booked_on, kind, amount; channel, team as delivered. → frame: kind, channel (None where none), amount; one row each
    """

    def make() -> pd.DataFrame:
        table = crm.table("costs", "booked_on", "kind", "amount", "channel")
        table = table.filter(within(table.booked_on.cast("timestamp"), *window))
        found = table.group_by("kind", "channel").aggregate(amount=total(table.amount)).execute()
        found["channel"] = found.channel.astype(object).where(found.channel.notna(), None)
        return found.sort_values(["kind", "channel"], ignore_index=True)

    return crm.once(f"costs {window}", make)


def booked_in(crm: Crm, windows: list[Window]) -> list[float]:
    """The whole cost of many windows at once; NaN of those in which nothing was booked."""
    if not crm.has("costs"):
        return [float("nan")] * len(windows)
    table = crm.table("costs", "booked_on", "amount")
    inside = [within(table.booked_on.cast("timestamp"), *window) for window in windows]
    sums = {f"sum_{i}": total(table.amount, where=there) for i, there in enumerate(inside)}
    row = (
        table.aggregate(**sums, **{f"any_{i}": there.any().fill_null(False) for i, there in enumerate(inside)}).execute().iloc[0]
    )
    return [float(row[f"sum_{i}"]) if row[f"any_{i}"] else float("nan") for i in range(len(windows))]


def added(amounts: Iterable[float]) -> float:
    """Amounts of money added up, the same in any order."""
    return round(math.fsum(amounts), 4)


# ------------------------------------------------------------------------------------------------ windows


def period_window(crm: Crm) -> Window:
    """The days whose cost stands against the period's new customers."""
    return lagged(crm, crm.period.start, crm.period.end)


def lagged(crm: Crm, start: date, end: date) -> Window:
    """The days whose cost stands against the new customers of some days: business.cac_lag_days earlier."""
    lag = timedelta(days=crm.business.cac_lag_days)
    return start - lag, end - lag


def year_window(crm: Crm) -> Window | None:
    """The days of the year to the period's end whose new customers stand against a cost: since the month in which it was first booked.

    None where no cost is booked for any of them.
    """
    first = first_booking(crm)
    if first is None:
        return None
    start = max(year_earlier(crm.end), first.replace(day=1) + timedelta(days=crm.business.cac_lag_days))
    return (start, crm.end) if start < crm.end else None


def first_booking(crm: Crm) -> date | None:
    """When cost was first booked, of whatever team."""
    if not crm.has("costs"):
        return None

    def make() -> date | None:
        found = crm.company.table("costs", "booked_on").booked_on.min().execute()
        return None if pd.isna(found) else pd.Timestamp(found).date()

    return crm.company.once("first booking", make)


def unassigned(crm: Crm) -> bool:
    """Whether some cost is booked on no team, and hence in the company's figures alone."""
    if not crm.has("costs"):
        return False
    company = crm.company
    table = company.table("costs", "booked_on", "_team")
    return bool(company.once("costs of no team", lambda: table._team.isnull().any().fill_null(False).execute()))


# ------------------------------------------------------------------------------------------------ by kind


def costs_by_kind(crm: Crm) -> pd.DataFrame:
    """What the cost of the period was for, beside the same of the year before.

    Needs costs: booked_on, kind, amount. → frame: cost_kind, cost_side, cost_amount, before_amount (the year before), earlier_share, cost_share
      (of all cost, 0..1; NaN where there was none); the largest first
    """
    names = ["cost_kind", "cost_side", "cost_amount", "before_amount", "earlier_share", "cost_share"]
    if not crm.has("costs"):
        return pd.DataFrame(columns=names)
    now, before = (booked(view, period_window(view)).groupby("kind").amount.agg(added) for view in (crm, crm.year_before))
    frame = (
        pd.DataFrame({"cost_amount": now, "before_amount": before}, dtype=float)
        .rename_axis("cost_kind")
        .fillna(0.0)
        .reset_index()
    )
    if before.empty:
        frame["before_amount"] = math.nan  # what was not booked is not known to be 0
    frame["cost_side"] = [side(kind) for kind in frame.cost_kind]
    frame["earlier_share"], frame["cost_share"] = (_shares(frame[name]) for name in ("before_amount", "cost_amount"))
    return frame.sort_values(["cost_amount", "cost_kind"], ascending=[False, True], ignore_index=True)[names]


def _shares(amounts: pd.Series) -> pd.Series:
    whole = added(amounts)
    return amounts / whole if whole > 0 else amounts * math.nan
