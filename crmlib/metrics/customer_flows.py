"""Customers period by period: who was in, came, went and came back, and what they did."""

import math
from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if
from ..periods import Period
from .deals import which
from .lives import events, keeps, lives, of_customers, shows_activity
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
    names = [*_FLOWS.values(), *_DONE]
    frame = pd.DataFrame(columns=names, dtype=int)
    if periods:
        found = of_customers(crm, f"flows {count}", lambda view: _flows(view, periods)).execute()
        frame = found.groupby("period")[names].sum().reindex(range(len(periods)), fill_value=0)
    frame.insert(0, "period", pd.Series(periods, dtype=object))
    return with_usage(crm, _rated(crm, frame))


def _flows(crm: Crm, periods: list[Period]) -> Any:
    """How many customers came and went, and what they did, in each period. → ibis table: team, period (its index), _FLOWS, _DONE"""
    table = _courses(crm, periods)
    groups = states(table, "start", "end", (table.since >= table.start) & (table.since < table.end), table.kept_in.notnull())
    customer, active, logins, bought = groups["ever"], table.active, table.logins, table.purchases
    sums = {"active_customers": count_if(customer & active), "users": count_if(customer & (active | (logins > 0))),
            "logins": logins.sum(where=customer).fill_null(0), "purchase_count": bought.sum().fill_null(0), "buyers": count_if(bought > 0)}  # fmt: skip
    return table.group_by("team", "period").aggregate(**{name: count_if(groups[key]) for key, name in _FLOWS.items()}, **sums)


def _courses(crm: Crm, periods: list[Period]) -> Any:
    """One row a customer and period: in or lost at its start and end (as in `lives`), and what they did in it (`_doings`).

    Long, since a customer in a row of its own for each period is aggregated in one pass, whatever the number of periods.
    """
    known = lives(crm).select("customer_id", "team", "since", "churned_at", "contracts")
    table = known.filter(known.since.notnull()).cross_join(_days(crm, periods))
    table = table.left_join(_doings(crm, periods), ["customer_id", "period"]).drop("customer_id_right", "period_right")
    table = table.mutate(
        active=table.active.fill_null(False), logins=table.logins.fill_null(0), purchases=table.purchases.fill_null(0)
    )
    until = lambda last: table.kept_in.max().over(group_by="customer_id", order_by="period", rows=(None, last))  # noqa: E731
    table = table.mutate(kept_start=until(-1), kept_end=until(0)).filter(lambda t: t.period >= 0)
    found: dict[str, Any] = {}
    for name in ("start", "end"):
        here, least = table.since < table[name], table[f"{name}_least"]
        stays = (table[f"kept_{name}"] >= least).fill_null(False) | ((table.since >= least) & here)
        lost = ibis.ifelse(table.contracts, (table.churned_at.cast("timestamp") < table[name]).fill_null(False), ~stays)
        found |= {f"in_{name}": here & ~lost, f"lost_{name}": here & lost}
    return table.mutate(**found)


def _days(crm: Crm, periods: list[Period]) -> Any:
    """Each period's index, start and end, and the first moments from which something keeps a customer until then; −1: all before."""
    lasts = timedelta(days=crm.business.inactive_after_days)
    spans = [(periods[0].start, periods[0].start), *((p.start, p.end) for p in periods)]
    lines = [(i - 1, start, end, start - lasts, end - lasts) for i, (start, end) in enumerate(spans)]
    moments = ["start", "end", "start_least", "end_least"]
    frame = pd.DataFrame(lines, columns=["period", *moments])
    return ibis.memtable(
        frame.astype(dict.fromkeys(moments, "datetime64[us]")), schema={"period": "int64", **dict.fromkeys(moments, "timestamp")}
    )


def _doings(crm: Crm, periods: list[Period]) -> Any:
    """What customers did in each period (−1: before all of them); `kept_in`: the last moment of what keeps a customer."""
    acts = events(crm)
    acts = acts.mutate(period=which(acts.at, periods).cast("int64")).filter(lambda t: t.period.notnull())
    return acts.group_by("customer_id", "period").aggregate(
        kept_in=acts.at.max(where=keeps(acts)), active=acts.qualifies.any(), logins=count_if(acts.channel == "login"),
        purchases=count_if(acts.channel.isnull()),
    )  # fmt: skip


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
