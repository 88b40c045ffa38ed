"""How complete the customers' data are: of how many each field is filled. Personal fields are counted, never shown."""

from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..measures import count_if
from ..schema import UNASSIGNED
from .lives import lives, of_customers

FIELDS = (
    "rep_id",
    "region",
    "acquisition_channel",
    "industry",
    "tier",
    "tags",
    "name",
    "company",
    "gender",
    "job_title",
    "phone",
    "email",
    "birthday",
)
NEEDED = ("rep_id", "region", "acquisition_channel", "industry", "tier", "birthday")  # by other figures: what a gap costs is said


def called(field: str) -> str:
    """What tables and sentences call a field: phone is a channel's name, too."""
    return f"field {field}"


def completeness(crm: Crm) -> pd.DataFrame:
    """Of how many customers at the period's end each field is filled; a field is called "field <its column>".

    Needs customers: the fields (FIELDS), as delivered; a field that the source never delivers is left out.
    → frame: field, filled_count, base (customers), share (0..1), company_share (0..1 of the whole company: for team pages); the emptiest first
    """
    frame, company = _shares(_filled(crm)), _shares(_filled(crm.company))
    frame = frame.assign(company_share=frame.field.map(company.set_index("field").share))
    return frame.sort_values(["share", "field"]).reset_index(drop=True)


def completeness_by_team(crm: Crm) -> pd.DataFrame:
    """The same by team. → frame: field (in the order of FIELDS), team ("unassigned" last), filled_count, base, share"""
    found = _filled(crm).fillna({"team": UNASSIGNED})
    parts = [_shares(rows).assign(team=team) for team, rows in found.groupby("team")]
    frame = pd.concat(parts) if parts else _shares(found).assign(team=pd.Series(dtype=object))
    order = [called(f) for f in FIELDS]
    frame = frame.assign(_last=frame.team == UNASSIGNED, _field=frame.field.map(order.index)).sort_values(
        ["_field", "_last", "team"]
    )
    return frame[["field", "team", "filled_count", "base", "share"]].reset_index(drop=True)


def _shares(found: pd.DataFrame) -> pd.DataFrame:
    sums, fields = found.drop(columns="team").sum(), [f for f in FIELDS if f in found]
    base = int(sums["base"])
    frame = pd.DataFrame({"field": [called(f) for f in fields], "filled_count": [int(sums[f]) for f in fields], "base": base})
    return frame.assign(share=frame.filled_count / frame.base.where(frame.base > 0))


def _filled(crm: Crm) -> pd.DataFrame:
    """→ frame: team, base, and how many have each field"""
    return crm.once("filled", lambda: of_customers(crm, "filled fields", _counted).execute())


def _counted(crm: Crm) -> Any:
    fields = [f for f in FIELDS if crm.has("customers", f)]
    known = crm.table("customers", "customer_id", *fields)
    known = known.select("customer_id", **{f"is_{f}": _there(known[f]) for f in fields})
    people = lives(crm).filter(lambda t: t.in_end).select("customer_id", "team").inner_join(known, "customer_id")
    return people.group_by("team").aggregate(base=people.count(), **{f: count_if(people[f"is_{f}"]) for f in fields})


def _there(value: Any) -> Any:
    """Whether something is known: blanks are nothing."""
    return value.notnull() & (value.strip() != "") if value.type().is_string() else value.notnull()


@measured("share", "up")
def field_completeness(crm: Crm) -> Share | Figure:
    """Filled fields / all fields of the customers at the period's end, of the fields that the source delivers.

    Needs customers: the fields (FIELDS). → Share: part = filled, base = customers × fields
    """
    if not crm.has("customers"):
        return NOT_DELIVERED
    frame = completeness(crm)
    return Share(int(frame.filled_count.sum()), int(frame.base.sum()))
