"""The four figures of CRM statistics (retention, churn, acquisition cost, conversion) period by period and team by team."""

import pandas as pd

from ..crm import Crm
from ..measures import total, within
from ..schema import UNASSIGNED
from .acquisition import cac_by_period
from .costs import period_window
from .customer_flows import customers_by_period
from .prospects import conversion_by_period, conversion_by_team
from .states import tally_by_team


def figures_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The course of the figures: customers_by_period with cost and conversion beside it.

    Needs what each needs. → frame: the columns of customers_by_period, acquisition_spend, cac, prospect_count, sales_conversion_rate (NaN
      where undefined); oldest first
    """
    frame = customers_by_period(crm, count).reset_index(drop=True)
    costs = cac_by_period(crm, count)
    frame["acquisition_spend"], frame["cac"] = costs.cost_amount, costs.cac
    won = conversion_by_period(crm, count).set_index("period")
    for name in ("prospect_count", "sales_conversion_rate"):
        frame[name] = won[name].reindex(frame.period).to_numpy(float)
    return frame


def figures_by_team(crm: Crm) -> pd.DataFrame:
    """The teams side by side.

    Needs what each needs; customers: team, or rep_id and reps. → frame: team ("unassigned": of none), start_count, retention_rate,
      new_customers, prospect_count, sales_conversion_rate, cost_amount (booked on the team; NaN where no costs are delivered), cac; rows
      add up to the company's, where "unassigned" has the cost of no team; by name, "unassigned" last
    """
    states = tally_by_team(crm).rename(columns={"start": "start_count", "new": "new_customers"})
    parts = [
        _by(states, "start_count", "kept", "new_customers"),
        _by(conversion_by_team(crm), "prospect_count", "won_customers"),
        _costs(crm),
    ]
    frame = pd.concat(parts, axis=1).rename_axis("team")
    counts = frame.columns.drop("cost_amount")
    frame[counts] = frame[counts].fillna(0).astype(int)
    for name, part, base in (("retention_rate", "kept", "start_count"), ("sales_conversion_rate", "won_customers", "prospect_count"),
                             ("cac", "cost_amount", "new_customers")):  # fmt: skip
        frame[name] = frame[part] / frame[base].where(frame[base] > 0)
    frame = frame.reset_index().assign(_last=lambda t: t.team == UNASSIGNED).sort_values(["_last", "team"], ignore_index=True)
    names = [
        "team",
        "start_count",
        "retention_rate",
        "new_customers",
        "prospect_count",
        "won_customers",
        "sales_conversion_rate",
        "cost_amount",
        "cac",
    ]
    return frame[names]


def _by(frame: pd.DataFrame, *counts: str) -> pd.DataFrame:
    return frame.assign(team=frame.team.fillna(UNASSIGNED)).groupby("team")[list(counts)].sum()


def _costs(crm: Crm) -> pd.Series:
    """The cost of the period by the team it is booked on."""
    if not crm.has("costs"):
        return pd.Series(dtype=float, name="cost_amount", index=pd.Index([], name="team"))
    table = crm.table("costs", "booked_on", "amount", "_team")
    table = table.filter(within(table.booked_on.cast("timestamp"), *period_window(crm)))
    found = table.group_by(team=table._team.fill_null(UNASSIGNED)).aggregate(cost_amount=total(table.amount)).execute()
    return found.set_index("team").cost_amount
