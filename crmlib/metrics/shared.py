"""The work that the reports of a period share: done once for all of them, and what it rests on."""

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..measures import count_if, within
from . import (
    activity,
    customer_cohorts,
    customer_flows,
    deals,
    drops,
    feedback,
    team_activity,
    themes,
    tiers,
    usage,
    waiting,
    words,
)
from .lexicon import THEMES
from .lives import contractual, lives
from .states import tally, tally_by_team

NAMED = ("orders", "interactions", "opportunities", "feedback")  # the tables whose rows may belong to a customer
LANGUAGES = {True: "chinese comments", False: "other comments"}
_COUNTS = "rows of"  # kept too, and work of one page


def work(crm: Crm) -> pd.DataFrame:
    """Do what the notebooks of the period share, as far as the source delivers it: it is kept, and they find it ready.

    → frame: shared_table, row_count, table_count (canonical tables that it is made from); by name
    """
    views = [v for v in (crm, crm.previous, crm.year_before) if v.first_day is None or v.end > v.first_day]
    for view in views:
        _customers(view)
        if view.has("opportunities"):
            deals.deals(view)
        if view.has("feedback"):
            feedback.feedback(view)
            feedback.totals(view)
            feedback.complaint_rate(view)
    _courses(crm)
    return _held(crm)


def _customers(view: Crm) -> None:
    contractual(view), lives(view)  # also where all that is made from them is ready: they are listed
    tally(view)
    drops.fallen(view)
    usage.mau(view)
    usage.interaction_frequency(view)


def _courses(crm: Crm) -> None:
    """What only the page's own period needs."""
    customer_flows.customers_by_period(crm)
    tiers.activity_tiers(crm)
    customer_cohorts.cohort_retention(crm)
    team_activity.courses(crm)
    activity.hour_pattern(crm)
    activity.interactions_by_kind(crm)
    if crm.has("stage_changes"):
        waiting.spells(crm)
        waiting.stuck_limits(crm)
    if crm.has("feedback", "comment"):
        themes.themes(crm)
        words.standing_out(crm)


def _held(crm: Crm) -> pd.DataFrame:
    lines = [
        (_stem(entry.name), int(entry.table.count().execute()), len(entry.read))
        for entry in crm.entries()
        if entry.read and not entry.name.startswith(_COUNTS)
    ]
    frame = pd.DataFrame(lines, columns=["shared_table", "row_count", "table_count"])
    return frame.groupby("shared_table", as_index=False).agg({"row_count": "sum", "table_count": "max"})


def made_from(crm: Crm) -> pd.DataFrame:
    """Which canonical tables each shared table is made from. → frame: shared_table, table; by name"""
    pairs = {(_stem(e.name), name) for e in crm.entries() if not e.name.startswith(_COUNTS) for name in e.read}
    return pd.DataFrame(sorted(pairs), columns=["shared_table", "table"])


def _stem(name: str) -> str:
    """What a shared table is called, whatever the number of its periods."""
    return f"shared {name.rstrip('0123456789 ')}"


# -------------------------------------------------------------------------------------------- what it rests on


def rows_named(crm: Crm) -> pd.DataFrame:
    """How many rows of the period belong to a customer: all others are in no customer's figures.

    Needs orders, interactions, opportunities, feedback: customer_id, as delivered. → frame: table, named_count, base (rows), share (0..1)
    """
    names = [name for name in NAMED if crm.has(name)]

    def make(company: Crm) -> ibis.Table:
        views = [(name, company.table(name, "customer_id", "_at", "_team")) for name in names]
        chosen = [
            v.filter(within(v["_at"], company.period.start, company.period.end)).select(
                "_team", "customer_id", table=ibis.literal(n)
            )
            for n, v in views
        ]
        counted = ibis.union(*chosen).group_by("table", team="_team")
        return counted.aggregate(named_count=lambda t: count_if(t.customer_id.notnull()), base=lambda t: t.count())

    found = crm.kept("named rows", make).execute() if names else pd.DataFrame(columns=["table", "named_count", "base"])
    frame = found.groupby("table")[["named_count", "base"]].sum().reindex(names, fill_value=0).astype(int)
    return frame.assign(share=frame.named_count / frame.base.where(frame.base > 0)).rename_axis("table").reset_index()


def comments_by_language(crm: Crm) -> pd.DataFrame:
    """Of how many comments of the period the list of words knows a theme, by language (with Chinese words, or without).

    Needs feedback: given_at, comment. → frame: language, themed_count, base (comments), share (0..1)
    """
    now = themes.spoken(crm).groupby(["theme", "chinese"]).now.sum()
    every, none = ([int(now.get((theme, chinese), 0)) for chinese in LANGUAGES] for theme in (len(THEMES) + 1, len(THEMES)))
    frame = pd.DataFrame(
        {"language": list(LANGUAGES.values()), "themed_count": [e - n for e, n in zip(every, none, strict=True)], "base": every}
    )
    return frame.assign(share=frame.themed_count / frame.base.where(frame.base > 0))


@measured("count", "up", adds=True)
def read_comments(crm: Crm) -> Figure:
    """Comments of the period that were read. Needs feedback: given_at, comment. → Figure: count"""
    return Figure(int(comments_by_language(crm).base.sum())) if crm.has("feedback", "comment") else NOT_DELIVERED


@measured("share", "up")
def themed_share(crm: Crm) -> Share:
    """Comments of the period with at least one theme that the list of words knows.

    Needs feedback: given_at, comment. → Share: part = with a theme, base = comments
    """
    frame = comments_by_language(crm) if crm.has("feedback", "comment") else pd.DataFrame({"themed_count": [0], "base": [0]})
    return Share(int(frame.themed_count.sum()), int(frame.base.sum()))


@measured("share", "up")
def named_share(crm: Crm) -> Share:
    """Rows of the period (orders, interactions, deals, answers) that belong to a customer.

    Needs orders, interactions, opportunities or feedback: customer_id. → Share: part = with a customer, base = rows
    """
    frame = rows_named(crm)
    return Share(int(frame.named_count.sum()), int(frame.base.sum()))


@measured("share", "up")
def assigned_share(crm: Crm) -> Share:
    """Customers at the period's end who belong to a team.

    Needs customers: team, or rep_id and reps: team. → Share: part = with a team, base = customers at the end
    """
    frame = tally_by_team(crm)
    return Share(int(frame.end[frame.team.notna()].sum()), int(frame.end.sum()))


@measured("count", "up")
def judged_customers(crm: Crm) -> int:
    """Customers at the period's start with a past long enough to tell whether they fell quiet. Needs interactions or orders. → count"""
    return tally(crm)["judged"]
