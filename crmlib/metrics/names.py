"""What people are called on a page: staff by name, customers by name on their own team's pages alone."""

import pandas as pd

from ..crm import ALL, Crm


def rep_names(crm: Crm) -> dict[str, str]:
    """The names of all persons by id; a name that two persons share carries the id.

    Needs reps: rep_id, name. → {rep_id: name}
    """

    def make() -> dict[str, str]:
        table = crm.company.reps
        found = table.group_by("rep_id").aggregate(name=table.name.max()).order_by("rep_id").execute()
        shared = found.name.duplicated(keep=False)
        return {
            r.rep_id: f"{r.name} ({r.rep_id})" if twice else r.name for r, twice in zip(found.itertuples(), shared, strict=True)
        }

    return crm.once("rep names", make)


def named(crm: Crm, group: str, names: pd.Series) -> pd.Series:
    """The names of a column of groups: persons by name, all others as they are."""
    if group != "rep":
        return names
    known = rep_names(crm)
    return names.map(lambda i: known.get(i, i), na_action="ignore")


def customer_names(crm: Crm, ids: pd.Series) -> pd.Series:
    """Names of this team's own customers; ids of all others, and on the company's page."""
    if crm.team == ALL or not crm.has("customers", "name") or ids.dropna().empty:
        return ids
    table = crm.table("customers", "customer_id", "name")
    found = table.filter(table.customer_id.isin(sorted(set(ids.dropna())))).select("customer_id", "name").execute()
    names = dict(found.itertuples(index=False))
    return ids.map(lambda i: names.get(i, i), na_action="ignore")
