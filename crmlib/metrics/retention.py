"""How many customers there are, who came, who went, who stayed. Retention has its one definition here (and in lives)."""

import math
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Figure, Share, measured
from ..measures import count_if, within
from .lives import lives_at, states, tally


@measured("share", "up")
def retention_rate(crm: Crm) -> Share:
    """Customers at the period's start who are not lost at its end, as a share of the customers at its start.

    Needs orders, opportunities or customers: created_at, churned_at; interactions as delivered.
    → Share: part = kept, base = customers at the start. What was won in the period counts in neither.
    """
    return Share(tally(crm)["kept"], tally(crm)["start"])


@measured("share", "down")
def churn_rate(crm: Crm) -> Share:
    """Customers at the period's start who are lost at its end, as a share of the customers at its start: 1 − retention.

    Needs the same as retention_rate. → Share: part = dropped, base = customers at the start
    """
    return Share(tally(crm)["dropped"], tally(crm)["start"])


@measured("count", "up")
def customer_count(crm: Crm) -> int:
    """Customers who are in and not lost at the period's end. Needs the same as retention_rate. → count"""
    return tally(crm)["end"]


@measured("count")
def customers_ever(crm: Crm) -> int:
    """Everybody who ever was a customer by the period's end, lost or not. Needs the same as retention_rate. → count"""
    return tally(crm)["ever"]


@measured("count", "up")
def new_customers(crm: Crm) -> int:
    """Customers whose first purchase or won deal (contracts: whose entry) lies in the period.

    Needs the same as retention_rate. → count. Whoever came and went within a long period is among the new and the lost.
    """
    return tally(crm)["new"]


@measured("count", "down")
def lost_customers(crm: Crm) -> int:
    """Customers lost in the period: in at its start, come or come back in it, and lost at its end.

    Needs the same as retention_rate. → count. The churn rate counts only those who were in at the start.
    """
    return tally(crm)["lost"]


@measured("count", "up")
def won_back_customers(crm: Crm) -> int:
    """Customers lost at the period's start who bought or were active again in it (none where contracts say who is lost).

    Needs the same as retention_rate. → count. Customers at the end = at the start − lost + new + won back.
    """
    return tally(crm)["won_back"]


@measured("share", "up")
def new_customer_share(crm: Crm) -> Figure:
    """New customers / customers at the period's start. Needs the same as retention_rate. → Figure 0.., base = at the start"""
    counts = tally(crm)
    return _quotient(counts["new"], counts["start"])


@measured("share", "up")
def customer_growth_yoy(crm: Crm) -> Figure:
    """Customers at the period's end / customers at the end of the same period a year before − 1, as known now.

    Needs the same as retention_rate. → Figure −1.., base = customers a year before; none before the data began
    """
    counts, before = tally(crm), crm.period.year_before.end
    if crm.first_day is None or before <= crm.first_day:
        return Figure(None, None, "no_data")
    grown = _quotient(counts["end"], counts["year"])
    return grown if grown.value is None else Figure(grown.value - 1, grown.base)


def _quotient(part: int, base: int) -> Figure:
    return Figure(part / base if base else None, base, None if base else "no_base")


# -------------------------------------------------------------------------------------------- period by period

_FLOWS = {"start": "start_count", "new": "new_customers", "won_back": "won_back_customers", "lost": "lost_customers", "end": "customer_count",
          "kept": "kept_count", "ever": "customers_ever"}  # fmt: skip


def course(crm: Crm, count: int = 13) -> pd.DataFrame:
    """Customers and what they did in the periods up to this one, as known at its end.

    Needs the same as retention_rate.
    → frame: period (Period), start_count, new_customers, won_back_customers, lost_customers, customer_count, kept_count,
      customers_ever, retention_rate, churn_rate (0..1), active_customers, login_frequency, purchase_count; oldest first.
      Periods before the data began are left out.
    """
    return crm.once(f"course {count}", lambda: _course(crm, count)).copy()


def _course(crm: Crm, count: int) -> pd.DataFrame:
    periods = [p for p in crm.period.trailing(count) if crm.first_day is None or p.end > crm.first_day]
    days = {str(i): p.start for i, p in enumerate(periods)} | {str(len(periods)): crm.end}
    inside = lambda t, i: within(t.at, periods[i].start, periods[i].end)  # noqa: E731
    doings: dict[str, Any] = {}
    for i in range(len(periods)):
        doings |= {
            f"active_{i}": lambda t, i=i: (t.qualifies & inside(t, i)).any(),
            f"stirred_{i}": lambda t, i=i: ((t.channel.isnull() | t.qualifies) & inside(t, i)).any(),
            f"logins_{i}": lambda t, i=i: count_if((t.channel == "login") & inside(t, i)),
            f"purchases_{i}": lambda t, i=i: count_if(t.channel.isnull() & inside(t, i)),
        }
    table, sums = lives_at(crm, days, **doings).cache(), dict[str, Any]()
    for i, period in enumerate(periods):
        groups = states(table, str(i), str(i + 1), within(table.since, period.start, period.end), table[f"stirred_{i}"])
        customer, active = groups["ever"], table[f"active_{i}"]
        sums |= {f"{name}_{i}": count_if(groups[key]) for key, name in _FLOWS.items()}
        sums |= {
            f"active_customers_{i}": count_if(customer & active),
            f"users_{i}": count_if(customer & (active | (table[f"logins_{i}"] > 0))),
        }
        sums |= {f"logins_{i}": table[f"logins_{i}"].sum(where=customer), f"purchase_count_{i}": table[f"purchases_{i}"].sum()}
    return _rates(table.aggregate(**sums).fill_null(0).execute().iloc[0], periods)


def _rates(row: pd.Series, periods: list) -> pd.DataFrame:
    names = [*_FLOWS.values(), "active_customers", "users", "logins", "purchase_count"]
    frame = pd.DataFrame([{n: int(row[f"{n}_{i}"]) for n in names} for i in range(len(periods))], columns=names)
    start, users = (frame[c].replace(0, math.nan) for c in ("start_count", "users"))
    rates = {"retention_rate": frame.kept_count / start, "login_frequency": frame.logins / users}
    frame = frame.assign(**rates, churn_rate=1 - rates["retention_rate"])
    frame.insert(0, "period", pd.Series(periods, dtype=object))
    return frame.drop(columns=["users", "logins"])
