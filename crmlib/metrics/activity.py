"""How active customers are: who, how often, through which channel, at what time of the week."""

from datetime import timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, measured
from ..measures import count_if, day, within
from ..schema import UNASSIGNED
from .drops import drops_by_team
from .lives import OWN, events, lives, states, tally

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_DAYS, WEEK_DAYS = 30, 7
HOURS = 3  # in a band of the day


@measured("count", "up")
def active_customers(crm: Crm) -> int:
    """Customers with at least one qualifying activity in the period (business.qualifying; prospects are none).

    Needs orders or interactions. → count
    """
    return tally(crm)["active"]


@measured("ratio", "up")
def login_frequency(crm: Crm) -> Figure:
    """Log-ins in the period / customers who logged in or were otherwise active in it.

    Needs interactions: channel login. → Figure: log-ins a customer and period, base = those customers
    """
    if not crm.has("interactions"):
        return Figure(None, None, "no_data")
    return _mean(tally(crm)["logins"], tally(crm)["users"])


@measured("ratio")
def interaction_frequency(crm: Crm) -> Figure:
    """Interactions of every channel in the period / customers they were with.

    Needs interactions: customer_id. → Figure: interactions a customer, base = customers contacted. This team's own rows;
    those without a customer are left out.
    """

    def make() -> Any:
        table = crm.table("interactions", "customer_id", "occurred_at")
        chosen = table.filter(within(table.occurred_at, crm.period.start, crm.period.end) & table.customer_id.notnull())
        return chosen.aggregate(n=chosen.count(), customers=chosen.customer_id.nunique()).execute().iloc[0]

    counts = crm.once("contacted", make)
    return _mean(int(counts.n), int(counts.customers))


def _mean(count: float, base: int) -> Figure:
    return Figure(count / base if base else None, base, None if base else "no_base")


# -------------------------------------------------------------------------------------------- a day, a week, a month


def _longer_than_the_period(crm: Crm) -> bool:
    return (crm.period.end - crm.period.start).days < MONTH_DAYS


@measured("ratio", "up", rolling=_longer_than_the_period)
def dau(crm: Crm) -> Figure:
    """Customers active on a day, on average over the 30 days to the period's end.

    Needs orders or interactions. → Figure: customers a day, base = customers active in those 30 days
    """
    return Figure(_recent(crm)["daily"] / MONTH_DAYS, _recent(crm)["month"])


@measured("count", "up")
def wau(crm: Crm) -> int:
    """Customers active in the 7 days to the period's end. Needs orders or interactions. → count"""
    return _recent(crm)["week"]


@measured("count", "up", rolling=_longer_than_the_period)
def mau(crm: Crm) -> int:
    """Customers active in the 30 days to the period's end. Needs orders or interactions. → count"""
    return _recent(crm)["month"]


@measured("share", "up", rolling=_longer_than_the_period)
def stickiness(crm: Crm) -> Figure:
    """Customers active on an average day / customers active in the month (dau / mau, both of the 30 days to the period's end).

    Needs orders or interactions. → Figure 0..1, base = customers active in those 30 days
    """
    return _mean(dau(crm).value or 0, _recent(crm)["month"])


def _recent(crm: Crm) -> dict[str, int]:
    """Customers with a qualifying activity in the last 7 and 30 days, and the sum of each day's."""

    def make() -> dict[str, int]:
        acts, customers = events(crm), lives(crm).filter(lambda t: t.in_end | t.lost_end)
        acts = acts.filter(acts.qualifies & within(acts.at, crm.end - timedelta(days=MONTH_DAYS), crm.end))
        days = acts.semi_join(customers, "customer_id").select("customer_id", on=acts.at.date()).distinct()
        last = days.on.cast("timestamp") >= day(crm.end - timedelta(days=WEEK_DAYS))
        row = days.aggregate(daily=days.count(), month=days.customer_id.nunique(), week=days.customer_id.nunique(where=last))
        return {k: int(v) for k, v in row.execute().iloc[0].items()}

    return crm.once("recent", make)


# -------------------------------------------------------------------------------------------- side by side


def interactions_by_kind(crm: Crm) -> pd.DataFrame:
    """Interactions of the period by channel, beside the period before and a year before; this team's own rows.

    Needs interactions: channel. → frame: channel, interaction_count, share (0..1 of all), customers, previous_count,
      year_before_count; what customers do of their own accord first, then the contacts, the most frequent first
    """
    table = crm.table("interactions", "customer_id", "occurred_at", "channel")
    now, previous, year = (
        within(table.occurred_at, p.start, p.end) for p in (crm.period, crm.period.previous, crm.period.year_before)
    )
    frame = (
        table.filter(now | previous | year).group_by("channel")
        .aggregate(interaction_count=count_if(now), customers=table.customer_id.nunique(where=now), previous_count=count_if(previous),
                   year_before_count=count_if(year)).execute()
    )  # fmt: skip
    frame["share"] = frame.interaction_count / max(int(frame.interaction_count.sum()), 1)
    frame["_contact"] = ~frame.channel.isin(OWN)
    frame = frame.sort_values(["_contact", "interaction_count", "channel"], ascending=[True, False, True])
    names = ["channel", "interaction_count", "share", "customers", "previous_count", "year_before_count"]
    return frame[names].reset_index(drop=True)


def hour_pattern(crm: Crm) -> pd.DataFrame:
    """When customers are active of their own accord: by time of day and weekday, in the period; this team's own rows.

    Needs interactions: occurred_at with a time; channels login, browse, event, feedback.
    → frame: hours (three of the day, "09–12"), weekday, interaction_count, per_day (on average a day of that name); all
      56, in order, Monday first
    """
    table = crm.table("interactions", "occurred_at", "channel")
    chosen = table.filter(within(table.occurred_at, crm.period.start, crm.period.end) & table.channel.isin(OWN))
    cells = {"hour": chosen.occurred_at.hour(), "weekday": chosen.occurred_at.date().day_of_week.index()}
    found = chosen.group_by(**cells).aggregate(n=lambda t: t.count()).execute()
    counted = found.groupby([found.hour // HOURS, found.weekday]).n.sum().to_dict() if len(found) else {}
    days = pd.date_range(crm.period.start, crm.period.end, inclusive="left").dayofweek.value_counts()
    cells_ = [(band, weekday) for band in range(24 // HOURS) for weekday in range(len(WEEKDAYS))]
    frame = pd.DataFrame(
        [(f"{b * HOURS:02d}–{(b + 1) * HOURS:02d}", WEEKDAYS[w], int(counted.get((b, w), 0))) for b, w in cells_],
        columns=["hours", "weekday", "interaction_count"],
    )
    return frame.assign(per_day=[n / days[w] for n, (_, w) in zip(frame.interaction_count, cells_, strict=True)])


def activity_by_team(crm: Crm) -> pd.DataFrame:
    """Each team's customers: how many, how many active, kept, new, lost, fallen quiet, and their purchases.

    Needs the same as retention_rate. → frame: team ("unassigned" last), customer_count, active_customers, start_count,
      retention_rate (0..1), new_customers, lost_customers, purchase_count, drop_count. Rows add up to the whole view.
    """
    table = lives(crm)
    groups = states(table, "start", "end", within(table.since, crm.period.start, crm.period.end), table.stirred)
    columns = {"customer_count": "end", "start_count": "start", "kept": "kept", "new_customers": "new", "lost_customers": "lost"}
    sums = {name: count_if(groups[key]) for name, key in columns.items()}
    team = ibis.coalesce(table.team, UNASSIGNED)
    frame = (
        table.group_by(team=team)
        .aggregate(
            active_customers=count_if(groups["ever"] & table.active), purchase_count=table.purchases.sum().fill_null(0), **sums
        )
        .execute()
    )
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
