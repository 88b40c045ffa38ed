"""Customers period by period: who was in, came, went and came back, and what they did."""

import math
from typing import Any

import pandas as pd

from ..crm import Crm
from ..measures import count_if, within
from ..periods import Period
from .lives import keeps, lives_at, shows_activity
from .states import states
from .usage import with_usage

# names of the states of lives.states, and of what customers did, as columns
_FLOWS = {"start": "start_count", "new": "new_customers", "won_back": "won_back_customers", "lost": "lost_customers", "end": "customer_count",
          "kept": "kept_count", "ever": "customers_ever"}  # fmt: skip
_DONE = ("active_customers", "users", "logins", "purchase_count", "buyers")


def customers_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """Customers and what they did in the periods up to this one, as known at its end.

    Needs orders, opportunities or customers; interactions as delivered.
    → frame: period (Period), start_count, new_customers, won_back_customers, lost_customers, customer_count, kept_count,
      customers_ever, retention_rate, churn_rate, new_customer_share (0..1), active_customers, login_frequency, purchase_count,
      purchases_per_buyer, dau, wau, mau, stickiness, interaction_frequency; oldest first.
      Periods before the data began are left out; what was not delivered is NaN.
    """
    return crm.once(f"customers by period {count}", lambda: _by_period(crm, count)).copy()


def _by_period(crm: Crm, count: int) -> pd.DataFrame:
    periods = [p for p in crm.period.trailing(count) if crm.first_day is None or p.end > crm.first_day]
    days = {str(i): p.start for i, p in enumerate(periods)} | {str(len(periods)): crm.end}
    doings = {k: v for i in range(len(periods)) for k, v in _doings(i).items()}
    table = lives_at(crm, days, periods or [crm.period], **doings).cache()
    sums = {k: v for i, p in enumerate(periods) for k, v in _sums(table, i, p).items()}
    row = table.aggregate(**sums).fill_null(0).execute().iloc[0] if sums else {}
    names = [*_FLOWS.values(), *_DONE]
    frame = pd.DataFrame([{n: int(row[f"{n}_{i}"]) for n in names} for i in range(len(periods))], columns=names)
    frame.insert(0, "period", pd.Series(periods, dtype=object))
    return with_usage(crm, _rated(crm, frame))


def _doings(i: int) -> dict[str, Any]:
    inside = lambda t: t.period == i  # noqa: E731
    return {
        f"active_{i}": lambda t: (t.qualifies & inside(t)).any(),
        f"stirred_{i}": lambda t: (keeps(t) & inside(t)).any(),
        f"logins_{i}": lambda t: count_if((t.channel == "login") & inside(t)),
        f"purchases_{i}": lambda t: count_if(t.channel.isnull() & inside(t)),
    }


def _sums(table: Any, i: int, period: Period) -> dict[str, Any]:
    groups = states(table, str(i), str(i + 1), within(table.since, period.start, period.end), table[f"stirred_{i}"])
    customer, active, logins, bought = groups["ever"], table[f"active_{i}"], table[f"logins_{i}"], table[f"purchases_{i}"]
    sums = {"active_customers": count_if(customer & active), "users": count_if(customer & (active | (logins > 0))),
            "logins": logins.sum(where=customer), "purchase_count": bought.sum(), "buyers": count_if(bought > 0)}  # fmt: skip
    return {f"{name}_{i}": v for name, v in ({n: count_if(groups[k]) for k, n in _FLOWS.items()} | sums).items()}


def _rated(crm: Crm, frame: pd.DataFrame) -> pd.DataFrame:
    start, users, buyers = (frame[c].replace(0, math.nan) for c in ("start_count", "users", "buyers"))
    frame["retention_rate"] = frame.kept_count / start
    frame["churn_rate"] = 1 - frame.retention_rate
    frame["new_customer_share"] = frame.new_customers / start
    frame["active_customers"] = frame.active_customers if shows_activity(crm) else math.nan
    frame["login_frequency"] = frame.logins / users if crm.has("interactions") else math.nan
    frame["purchases_per_buyer"] = frame.purchase_count / buyers
    frame["purchase_count"] = frame.purchase_count if crm.has("orders") else math.nan
    return frame.drop(columns=["users", "logins", "buyers"])
