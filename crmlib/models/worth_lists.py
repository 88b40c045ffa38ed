"""Who is worth what, team by team, and the lists to work through on the teams' pages."""

from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import count_if, exact, total
from ..metrics.names import customer_names, named
from ..schema import UNASSIGNED
from .rfm import SEGMENTS
from .value import value
from .worth import is_quiet


def value_by_team(crm: Crm) -> pd.DataFrame:
    """What the teams' customers are worth. For the company's page.

    Needs orders: customer_id, ordered_at, amount; customers: team, or rep_id and reps: team.
    → frame: team, ever_bought_count, sales_amount (of the last year, refunds taken off), value_amount (expected; NaN
      without a model), value_share, quiet_count, quiet_amount (worth.is_quiet; of the last business.rfm_window_days); the largest value first
    """
    table = value(crm.company)
    quiet, worth = is_quiet(crm, table), table.clv_bgnbd
    frame = table.group_by("team").aggregate(
        ever_bought_count=table.count(), sales_amount=total(exact(table.revenue_year)), value_amount=total(exact(worth)),
        modeled=count_if(worth.notnull()), quiet_count=count_if(quiet), quiet_amount=total(exact(table.money), where=quiet),
    ).execute()  # fmt: skip
    frame = frame.assign(team=frame.team.fillna(UNASSIGNED), value_amount=frame.value_amount.where(frame.modeled > 0))
    whole = float(frame.value_amount.sum())
    frame = frame.assign(value_share=frame.value_amount / whole if whole > 0 else np.nan).sort_values(
        ["value_amount", "sales_amount", "team"], ascending=[False, False, True]
    )
    return frame[
        ["team", "ever_bought_count", "sales_amount", "value_amount", "value_share", "quiet_count", "quiet_amount"]
    ].reset_index(drop=True)


_STEPS = {name: f"rfm_{name.replace(' ', '_')}_step" for name in SEGMENTS}
LISTED = ["customer", "rfm_segment", "value_amount", "sales_amount", "purchase_count", "bought_on", "rep", "action"]


def high_value(crm: Crm, limit: int = 15) -> pd.DataFrame:
    """The customers of whom most is expected within the horizon (without a model: who bought most in the last year).

    Needs orders; customers: name, rep_id, no_contact. For team pages: names. → frame: the columns of LISTED; whoever asked not to
    be contacted is left out
    """
    return _listed(crm, lambda t: [ibis.coalesce(t.clv_bgnbd, t.revenue_year).desc(), t.customer_id], None, limit)


def going_quiet(crm: Crm, limit: int = 15) -> pd.DataFrame:
    """The customers who went quiet (worth.is_quiet), those who bought most in the last business.rfm_window_days first.

    Needs the same as high_value. For team pages: names. → frame: the columns of LISTED
    """
    return _listed(crm, lambda t: [t.money.desc(), t.customer_id], lambda t: is_quiet(crm, t), limit)


def _listed(crm: Crm, order: Any, chosen: Any, limit: int) -> pd.DataFrame:
    table = value(crm)
    table = table.filter(~table.no_contact.fill_null(False) & (chosen(table) if chosen else True))
    table = table.order_by(order(table)).limit(limit)
    columns = {"value_amount": "clv_bgnbd", "sales_amount": "money", "purchase_count": "frequency", "bought_on": "last_on"}
    frame = table.select("customer_id", "rep_id", "rfm_segment", **columns).execute()
    frame = frame.assign(
        customer=customer_names(crm, frame.customer_id),
        rep=named(crm, "rep", frame.rep_id),
        action=frame.rfm_segment.map(_STEPS),
    )
    return frame[LISTED]
