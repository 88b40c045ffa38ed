"""Customers period by period: who was in, came, went and came back, and what they did."""

import math
from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if, day
from ..periods import Period
from .deals import which
from .lives import events, keeps, lives, of_customers, shows_activity
from .states import states
from .usage import with_usage

# names of the states of lives.states, and of what customers did, as columns
_FLOWS = {"start": "start_count", "new": "new_customers", "won_back": "won_back_customers", "lost": "lost_customers", "end": "customer_count",
          "kept": "kept_count", "ever": "customers_ever"}  # fmt: skip
_DEEDS = ("logins", "purchase_count")
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
    names = [*_FLOWS.values(), *_DONE]
    frame = pd.DataFrame(columns=names, dtype=int)
    if periods:
        found = of_customers(crm, f"flows {count}", lambda view: _flows(view, periods)).execute()
        frame = found.groupby("period")[names].sum().reindex(range(len(periods)), fill_value=0)
    frame.insert(0, "period", pd.Series(periods, dtype=object))
    return with_usage(crm, _rated(crm, frame))


def _flows(crm: Crm, periods: list[Period]) -> Any:
    """How many customers came and went, and what they did, in each period: two rows for each team and period that add up.

    → ibis table: team, period (its index), the columns of _FLOWS and _DONE
    """
    days = _days(crm, periods)
    people, deeds = _people(crm, periods, days), _deeds(crm, periods, days)
    people = people.mutate(**{name: ibis.literal(0, "int64") for name in _DEEDS})
    deeds = deeds.mutate(**{name: ibis.literal(0, "int64") for name in people.columns if name not in deeds.columns})
    return people.union(deeds.select(people.columns))


def _people(crm: Crm, periods: list[Period], days: Any) -> Any:
    """How many customers were in which state, and active.

    What each did is kept as one number with a bit a period (`_marks`), so that the table of all customers in all periods
    is only counted, and never held.
    """
    known = lives(crm).select("customer_id", "team", "since", "churned_at", "contracts")
    table = known.left_join(_marks(crm, periods), "customer_id").cross_join(days)
    bit = lambda mark, place: (table[mark].fill_null(0) & table[place]) != 0  # noqa: E731
    found: dict[str, Any] = {}
    for name in ("start", "end"):
        here, least = (table.since < table[name]).fill_null(False), table[f"{name}_least"]
        stays = bit("kept", f"{name}_bit") | (here & (table.since >= least))
        lost = ibis.ifelse(table.contracts, (table.churned_at.cast("timestamp") < table[name]).fill_null(False), ~stays)
        found |= {f"in_{name}": here & ~lost, f"lost_{name}": here & lost}
    new = (table.since >= table.start) & (table.since < table.end)
    table = table.mutate(**found, came=new, **{mark: bit(mark, "end_bit") for mark in ("stirred", "active", "used", "bought")})
    groups = states(table, "start", "end", table.came, table.stirred)
    customer = groups["ever"]
    sums = {"active_customers": customer & table.active, "users": customer & table.used, "buyers": table.bought}
    sums |= {name: groups[key] for key, name in _FLOWS.items()}
    return table.group_by("team", "period").aggregate(**{name: count_if(condition) for name, condition in sums.items()})


def _marks(crm: Crm, periods: list[Period]) -> Any:
    """What each customer did, as bits. → ibis table: customer_id; stirred, active, used, bought: bit i + 1 for period i; kept: bit i
    for the i-th of the moments between periods, if something shortly before it keeps the customer until then
    """
    acts, moments = _in_periods(crm, periods), [periods[0].start, *(p.end for p in periods)]
    lasts, one = timedelta(days=crm.business.inactive_after_days), ibis.literal(1, "int64")
    until = ibis.cases(*[(acts.at < day(m - lasts), i) for i, m in enumerate(moments)], else_=len(moments))
    here, kept = one << (acts.period + 1), (one << until) - (one << (acts.period + 1))  # from its period's end to its last moment
    marks = {
        "stirred": keeps(acts),
        "active": acts.qualifies,
        "used": acts.qualifies | (acts.channel == "login"),
        "bought": acts.channel.isnull(),
    }
    return acts.group_by("customer_id").aggregate(
        kept=kept.bit_or(where=keeps(acts)), **{name: here.bit_or(where=condition) for name, condition in marks.items()}
    )


def _deeds(crm: Crm, periods: list[Period], days: Any) -> Any:
    """How often they logged in as customers, and bought. → ibis table: team, period, logins, purchase_count"""
    known = lives(crm).select("customer_id", "team", "since")
    acts = _in_periods(crm, periods).inner_join(known, "customer_id").inner_join(days.select("period", "end"), "period")
    return acts.group_by("team", "period").aggregate(
        logins=lambda t: count_if((t.channel == "login") & (t.since < t.end)),
        purchase_count=lambda t: count_if(t.channel.isnull()),
    )


def _in_periods(crm: Crm, periods: list[Period]) -> Any:
    """The events with the index of their period (−1: before all of them)."""
    acts = events(crm)
    return acts.mutate(period=which(acts.at, periods).cast("int64")).filter(lambda t: t.period.notnull())


def _days(crm: Crm, periods: list[Period]) -> Any:
    """Each period's index, start and end, the first moments from which something keeps a customer until then, and their bits."""
    lasts = timedelta(days=crm.business.inactive_after_days)
    lines = [(i, p.start, p.end, p.start - lasts, p.end - lasts, 1 << i, 1 << (i + 1)) for i, p in enumerate(periods)]
    moments, numbers = ["start", "end", "start_least", "end_least"], ["start_bit", "end_bit"]
    frame = pd.DataFrame(lines, columns=["period", *moments, *numbers]).astype(dict.fromkeys(moments, "datetime64[us]"))
    return ibis.memtable(
        frame, schema={"period": "int64", **dict.fromkeys(moments, "timestamp"), **dict.fromkeys(numbers, "int64")}
    )


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
