"""Customers by groups of theirs: how many each has, who came, went and came back. The states are those of states.py."""

import math
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if, within
from .deals import no_group
from .lives import lives, of_customers
from .states import states

# what customers are grouped by, and the column of `customers` that says it (team and rep: of those in charge at the period's end)
GROUPS = {
    "team": "team", "rep": "rep_id", "region": "region", "industry": "industry", "tier": "tier",
    "acquisition_channel": "acquisition_channel", "tag": "tags",
}  # fmt: skip
SEVERAL = ("tag",)  # of these a customer may have several and counts in each: rows do not add up
_COUNTS = {"end": "customer_count", "start": "start_count", "kept": "kept_count", "new": "new_customers", "lost": "lost_customers",
           "won_back": "won_back_customers", "year": "in_year_count"}  # fmt: skip
_THEN = ("customer_count", "new_customers")  # what is shown of the period before and of a year before, too
COLUMNS = ["customer_count", "share", "new_customers", "lost_customers", "won_back_customers", "start_count", "kept_count", "retention_rate",
           "new_customer_share", "customer_growth_yoy", "previous_customer_count", "previous_new_customers",
           "year_before_customer_count", "year_before_new_customers"]  # fmt: skip
SHOWN = ["customer_count", "share", "start_count", "new_customers", "won_back_customers", "lost_customers", "retention_rate", "year_before_customer_count",
         "customer_growth_yoy"]  # in a table of its own  # fmt: skip


def customers_by(crm: Crm, group: str) -> pd.DataFrame:
    """The customers of this view by a group of theirs (GROUPS): how many, who came, went, came back and stayed.

    Needs the same as retention_rate; customers: the group's column (where it lacks, all are of no group).
    → frame: <group> (`no_group` last), customer_count, share (0..1 of all customers), new_customers, lost_customers,
      won_back_customers, start_count, kept_count, retention_rate, new_customer_share, customer_growth_yoy (0.., each as in
      retention.py), previous_customer_count, previous_new_customers, year_before_customer_count, year_before_new_customers
      (NaN before the data began); the largest first
    Rows add up to retention.customer_count and its like, but for `tag`: a customer with several tags counts in each.
    Groups are those of the period's end (then: of the earlier period's end), so whoever moves leaves one and enters another.
    The growth compares those who are of the group now with those of them who were in a year ago, as customer_growth_yoy does.
    """
    return crm.once(f"customers by {group}", lambda: _by(crm, group)).copy()


def counts_by(crm: Crm, group: str) -> pd.DataFrame:
    """The counts of customers_by alone, without those of earlier periods: for those who compare periods themselves.

    Needs the same. → frame: <group>, customer_count, start_count, kept_count, new_customers, lost_customers, won_back_customers, in_year_count (in a year ago)
    """
    return _counted(crm, group).rename_axis(group).reset_index()


def _by(crm: Crm, group: str) -> pd.DataFrame:
    frame = _counted(crm, group)
    for name, other in (("previous", crm.previous), ("year_before", crm.year_before)):
        known = other.first_day is not None and other.end > other.first_day
        then = _counted(other, group)[list(_THEN)] if known else pd.DataFrame(columns=list(_THEN), dtype=float)
        frame = frame.join(then.add_prefix(f"{name}_"), how="outer")
        earlier = [f"{name}_{column}" for column in _THEN]
        frame[earlier] = frame[earlier].fillna(0) if known else math.nan
    frame = frame.fillna(dict.fromkeys(_COUNTS.values(), 0)).astype(dict.fromkeys(_COUNTS.values(), int))
    frame = _rated(crm, frame).rename_axis(group).reset_index()
    frame = frame.assign(_last=frame[group] == no_group(group))
    frame = frame.sort_values(["_last", "customer_count", group], ascending=[True, False, True])
    return frame[[group, *COLUMNS]].reset_index(drop=True)


def _rated(crm: Crm, frame: pd.DataFrame) -> pd.DataFrame:
    base = lambda column: frame[column].where(frame[column] > 0)  # noqa: E731
    began = crm.first_day is not None and crm.period.year_before.end > crm.first_day
    return frame.assign(
        share=frame.customer_count / (_everybody(crm) or math.nan),
        retention_rate=frame.kept_count / base("start_count"),
        new_customer_share=frame.new_customers / base("start_count"),
        customer_growth_yoy=frame.customer_count / base("in_year_count") - 1 if began else math.nan,
    )


def _everybody(crm: Crm) -> int:
    return int(_counted(crm, "team").customer_count.sum())


def _counted(crm: Crm, group: str) -> pd.DataFrame:
    """The counts of one kind of groups, by its names."""
    cube = crm.once("customer groups", lambda: of_customers(crm, "customer groups", _grouped).execute())
    mine = cube[cube["group"] == group]
    return mine.groupby(mine.name.fillna(no_group(group)))[list(_COUNTS.values())].sum()


def _grouped(crm: Crm) -> Any:
    """How many customers of each group are in which state. → ibis table: team, group (of GROUPS), name, the columns of _COUNTS"""
    people = with_groups(crm, lives(crm))
    new = within(people.since, crm.period.start, crm.period.end)
    found = states(people, "start", "end", new, people.stirred) | {"year": people.in_year}
    people = people.mutate(**{column: found[name] for name, column in _COUNTS.items()})
    people = people.filter(ibis.or_(*[people[column] for column in _COUNTS.values()]))
    return ibis.union(*[_of_one(people, group) for group in GROUPS])


def _of_one(people: Any, group: str) -> Any:
    labelled = people.mutate(name=people[GROUPS[group]]) if group not in SEVERAL else _each_label(people, GROUPS[group])
    counts = {column: count_if(labelled[column]) for column in _COUNTS.values()}
    return labelled.group_by("team", "name").aggregate(**counts).mutate(group=ibis.literal(group))


def _each_label(people: Any, column: str) -> Any:
    """A row for each of a customer's labels (semicolon-separated; each once), and one for whoever has none."""
    labels = people.select("customer_id", name=people[column].split(";").unnest())
    labels = labels.mutate(name=labels.name.strip()).filter(lambda t: t.name != "").distinct()
    return people.left_join(labels, "customer_id")


def with_groups(crm: Crm, people: Any) -> Any:
    """A table with customer_id, team and rep_id, and what else customers are grouped by, as of the period's end."""
    columns = [column for column in GROUPS.values() if column not in people.columns]
    known = crm.table("customers", "customer_id", *columns).select("customer_id", *columns)
    return people.left_join(known, "customer_id").drop("customer_id_right")
