"""What teams and people achieved in a period, table by table: orders, deals, customers, answers; persons within their team."""

from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if, quantile, total, within
from ..schema import UNASSIGNED
from .deals import NONE_GIVEN
from .deals import closed as closed_deals
from .feedback import SATISFIED, of_period
from .lives import lives, of_customers
from .sold import WHOLE, sold_of_teams
from .states import states

KEYS = {"team": ("team",), "rep": ("team", "rep_id")}  # a person's row in each team is what they did there
_NONE = {"team": UNASSIGNED, "rep_id": NONE_GIVEN}


def _groups(table: Any, group: str) -> dict[str, Any]:
    """The groups of a table's rows; those of no team or person are named, so that the rows add up to the view."""
    columns = {"team": "_team" if "_team" in table.columns else "team", "rep_id": "rep_id"}
    return {key: ibis.coalesce(table[columns[key]], _NONE[key]) for key in KEYS[group]}


def sold(crm: Crm, group: str) -> pd.DataFrame:
    """Sales amount and orders of the period, by team (or team and rep_id) of the order.

    Needs orders: ordered_at, amount; rep_id, status as delivered. → frame: team[, rep_id], revenue (money), order_count
    """
    frame = sold_of_teams(crm, WHOLE if group == "team" else group).rename(columns={"rep": "rep_id"})
    return frame[[*KEYS[group], "revenue", "order_count"]]


def closed(crm: Crm, group: str) -> pd.DataFrame:
    """The deals closed in the period, by team (or team and rep_id) of the deal.

    Needs opportunities: closed_at, is_won; created_at, amount as delivered.
    → frame: team[, rep_id], won_count, lost_count, closed_count, won_amount (money), sales_cycle_days (median of the won)
    """

    def make() -> pd.DataFrame:
        table = closed_deals(crm)
        sums = {"won_count": count_if(table.is_won), "lost_count": count_if(~table.is_won), "closed_count": table.count(),
                "won_amount": total(table.amount, where=table.is_won),
                "sales_cycle_days": quantile(table.cycle_days, 0.5, where=table.is_won)}  # fmt: skip
        return table.group_by(**_groups(table, group)).aggregate(**sums).execute()

    return crm.once(f"closed by {group}", make).copy()


def looked_after(crm: Crm, group: str) -> pd.DataFrame:
    """The customers whom a team (or team and rep_id) is in charge of at the period's end, and those of them who are new.

    Needs orders, opportunities or customers; customers: rep_id, team. → frame: team[, rep_id], customer_count, new_customers
    The same customers as metrics.retention counts: each is in one row.
    """

    def make() -> pd.DataFrame:
        found = of_customers(crm, "customers by post", _in_charge).execute()
        return found.groupby(list(KEYS[group]), as_index=False)[["customer_count", "new_customers"]].sum()

    return crm.once(f"looked after by {group}", make).copy()


def _in_charge(crm: Crm) -> Any:
    table = lives(crm)
    new = within(table.since, crm.period.start, crm.period.end)
    known = states(table, "start", "end", new, table.stirred)
    sums = {"customer_count": count_if(known["end"]), "new_customers": count_if(known["new"])}
    return table.group_by(**_groups(table, "rep")).aggregate(**sums)


def heard(crm: Crm, group: str) -> pd.DataFrame:
    """The scores given in the period, by team (or team and rep_id) of the answer.

    Needs feedback: given_at, score; rep_id as delivered. → frame: team[, rep_id], scores, satisfied_count (a score of 4 or 5)
    """

    def make() -> pd.DataFrame:
        table = of_period(crm)
        sums = {"scores": count_if(table.score.notnull()), "satisfied_count": count_if(table.score >= SATISFIED)}
        return table.group_by(**_groups(table, group)).aggregate(**sums).execute()

    return crm.once(f"heard by {group}", make).copy()


def work(crm: Crm) -> None:
    """Keep the customers of each team and person at the period's end; orders, deals and answers are kept by their own rooms."""
    looked_after(crm, "rep")
