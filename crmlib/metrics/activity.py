"""How active customers are: who, how often, through which channel, at what time of the week."""

import math
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured
from ..measures import count_if, within
from ..schema import UNASSIGNED
from .drops import drops_by_team
from .lives import OWN, shows_activity
from .states import tally, tally_by_team
from .views import of_view

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = 3  # in a band of the day


@measured("count", "up")
def active_customers(crm: Crm) -> Figure:
    """Customers with at least one qualifying activity in the period (business.qualifying; prospects are none).

    Needs orders or interactions. → Figure: count, none where nothing is delivered that business.qualifying names
    """
    return Figure(tally(crm)["active"]) if shows_activity(crm) else NOT_DELIVERED


@measured("ratio", "up")
def login_frequency(crm: Crm) -> Figure:
    """Log-ins in the period / customers who logged in or were otherwise active in it.

    Needs interactions: channel login. → Figure: log-ins a customer and period, base = those customers
    """
    if not crm.has("interactions"):
        return NOT_DELIVERED
    logins, users = tally(crm)["logins"], tally(crm)["users"]
    return Figure(logins / users if users else None, users, None if users else "no_base")


# -------------------------------------------------------------------------------------------- side by side


def interactions_by_kind(crm: Crm) -> pd.DataFrame:
    """Interactions of the period by channel, beside the period before and a year before; this team's own rows.

    Needs interactions: channel. → frame: channel, interaction_count, share (0..1 of all), customers, previous_count,
      year_before_count; what customers do of their own accord first, then the contacts, the most frequent first
    """
    frame = of_view(crm, "kinds", _kinds).execute()
    frame["share"] = frame.interaction_count / max(int(frame.interaction_count.sum()), 1)
    frame["_contact"] = ~frame.channel.isin(OWN)
    frame = frame.sort_values(["_contact", "interaction_count", "channel"], ascending=[True, False, True])
    names = ["channel", "interaction_count", "share", "customers", "previous_count", "year_before_count"]
    return frame[names].reset_index(drop=True)


def _kinds(crm: Crm, *groups: str) -> Any:
    table = crm.table("interactions", "customer_id", "occurred_at", "channel")
    now, previous, year = (
        within(table.occurred_at, p.start, p.end) for p in (crm.period, crm.period.previous, crm.period.year_before)
    )
    return table.filter(now | previous | year).group_by(*groups, "channel").aggregate(
        interaction_count=count_if(now), customers=table.customer_id.nunique(where=now), previous_count=count_if(previous),
        year_before_count=count_if(year),
    )  # fmt: skip


def hour_pattern(crm: Crm) -> pd.DataFrame:
    """When customers are active of their own accord: by time of day and weekday, in the period; this team's own rows.

    Needs interactions: occurred_at with a time; channels login, browse, event, feedback.
    → frame: hours (three of the day, "09–12"), weekday, interaction_count, per_day (on average a day of that name; NaN where
      the data have none yet); all 56, in order, Monday first
    """
    found = crm.kept("hours", _hours).execute()
    counted = found.groupby([found.hour // HOURS, found.weekday]).n.sum().to_dict() if len(found) else {}
    days = pd.date_range(crm.period.start, crm.period.end, inclusive="left").day_of_week.value_counts()
    cells_ = [(band, weekday) for band in range(24 // HOURS) for weekday in range(len(WEEKDAYS))]
    frame = pd.DataFrame(
        [(f"{b * HOURS:02d}–{(b + 1) * HOURS:02d}", WEEKDAYS[w], int(counted.get((b, w), 0))) for b, w in cells_],
        columns=["hours", "weekday", "interaction_count"],
    )
    return frame.assign(per_day=[n / days.get(w, math.nan) for n, (_, w) in zip(frame.interaction_count, cells_, strict=True)])


def _hours(crm: Crm) -> Any:
    """Own activities of the period. → ibis table: team (whose row it is), hour, weekday, n"""
    table = crm.table("interactions", "occurred_at", "channel")
    chosen = table.filter(within(table.occurred_at, crm.period.start, crm.period.end) & table.channel.isin(OWN))
    cells = {"hour": chosen.occurred_at.hour(), "weekday": chosen.occurred_at.date().day_of_week.index()}
    return chosen.group_by(team="_team", **cells).aggregate(n=lambda t: t.count())


def activity_by_team(crm: Crm) -> pd.DataFrame:
    """Each team's customers: how many, how many active, kept, new, lost, fallen quiet, and their purchases.

    Needs the same as retention_rate. → frame: team ("unassigned" last), customer_count, active_customers (NaN: not delivered), start_count,
      retention_rate (0..1), new_customers, lost_customers, purchase_count, drop_count. Rows add up to the whole view.
    """
    columns = {"team": "team", "end": "customer_count", "start": "start_count", "kept": "kept", "new": "new_customers", "lost": "lost_customers",
               "active": "active_customers", "purchases": "purchase_count"}  # fmt: skip
    frame = tally_by_team(crm)[list(columns)].rename(columns=columns).fillna({"team": UNASSIGNED})
    frame["active_customers"] = frame.active_customers if shows_activity(crm) else math.nan
    frame["retention_rate"] = frame.kept / frame.start_count.where(frame.start_count > 0)
    frame["drop_count"] = frame.team.map(drops_by_team(crm)).fillna(0).astype(int)
    frame = frame.assign(_last=frame.team == UNASSIGNED).sort_values(["_last", "team"])
    names = [
        "team",
        "customer_count",
        "active_customers",
        "start_count",
        "retention_rate",
        "new_customers",
        "lost_customers",
        "purchase_count",
        "drop_count",
    ]
    return frame[names].reset_index(drop=True)
