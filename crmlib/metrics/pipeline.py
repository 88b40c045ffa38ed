"""The deals' figures side by side: for each team, person, source or product, and period by period."""

import math
from collections.abc import Callable
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import count_if, quantile, ratio, total, within
from .deals import GROUPS, deals, no_group, which
from .names import named

CLOSING_COLUMNS = ["lead_count", "won_count", "lost_count", "open_count", "win_rate", "won_amount", "avg_deal_size",
                   "sales_cycle_days", "sales_cycle_p90"]  # fmt: skip


def deals_by(crm: Crm, group: str) -> pd.DataFrame:
    """The closing figures for each team, rep, source or product.

    Needs opportunities: created_at, closed_at, is_won, amount and the group's column.
    → frame: <group>, lead_count, won_count, lost_count, open_count, win_rate (0..1), won_amount, avg_deal_size (money),
      sales_cycle_days, sales_cycle_p90 (days); largest won amount first, rows of no group ("unassigned") last.
    Rows add up to the figures of the whole view.
    """
    key = GROUPS[group]
    table = deals(crm)
    now = within(table.created_at, crm.period.start, crm.period.end)
    done = within(table.closed_at, crm.period.start, crm.period.end)
    won, lost = done & table.is_won.fill_null(False), done & ~table.is_won.fill_null(True)
    frame = (
        table.group_by(**{group: ibis.coalesce(table[key], no_group(group))})
        .aggregate(
            lead_count=count_if(now), won_count=count_if(won), lost_count=count_if(lost), open_count=count_if(table.open),
            won_amount=total(table.amount, where=won), sales_cycle_days=quantile(table.cycle_days, 0.5, where=won),
            sales_cycle_p90=quantile(table.cycle_days, 0.9, where=won),
        )
        .mutate(win_rate=lambda t: ratio(t.won_count, t.won_count + t.lost_count), avg_deal_size=lambda t: ratio(t.won_amount, t.won_count))
        .execute()
    )  # fmt: skip
    frame = frame[frame[["lead_count", "won_count", "lost_count", "open_count"]].sum(axis=1) > 0]
    frame["_last"] = frame[group] == no_group(group)
    frame[group] = named(crm, group, frame[group])
    frame = frame.sort_values(["_last", "won_amount", group], ascending=[True, False, True])
    return frame[[group, *CLOSING_COLUMNS]].reset_index(drop=True)


def deals_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The closing figures of the periods up to this one, as known at its end.

    Needs opportunities: created_at, closed_at, is_won, amount.
    → frame: period (Period), lead_count, won_count, lost_count, open_count, win_rate, won_amount, avg_deal_size,
      sales_cycle_days; oldest first. Periods before the data began are left out.
    """
    periods, table = crm.period.trailing(count), deals(crm)
    began, ended = which(table.created_at, periods), which(table.closed_at, periods)
    made = _by(table.filter(table.created_at.notnull()), began, lambda t: {"lead_count": t.count()}, count)
    gone = _by(table.filter(table.created_at.notnull() & table.closed_at.notnull()), ended, lambda t: {"n": t.count()}, count)
    done = _by(table.filter(table.is_won.notnull()), ended, _sums, count).iloc[1:].reset_index(drop=True)
    frame = pd.DataFrame({"period": periods, "lead_count": made.lead_count.iloc[1:].to_numpy()})
    frame["open_count"] = (made.lead_count.cumsum() - gone.n.cumsum()).iloc[1:].to_numpy()
    frame = frame.join(done)
    frame["win_rate"] = frame.won_count / (frame.won_count + frame.lost_count).replace(0, math.nan)
    frame["avg_deal_size"] = frame.won_amount / frame.won_count.replace(0, math.nan)
    alive = frame[["lead_count", "won_count", "lost_count", "open_count"]].sum(axis=1) > 0
    return frame[alive.cummax()].reset_index(drop=True)


def _by(table: Any, index: Any, figures: Callable, count: int) -> pd.DataFrame:
    """Figures for each period's index, −1 (all before) first; 0 where there is nothing."""
    table = table.mutate(_period=index)
    frame = table.group_by("_period").aggregate(**figures(table)).execute().set_index("_period")
    return frame.reindex(range(-1, count)).fillna(dict.fromkeys(frame.columns.drop("sales_cycle_days", errors="ignore"), 0))


def _sums(table: Any) -> dict[str, Any]:
    return {
        "won_count": count_if(table.is_won), "lost_count": count_if(~table.is_won), "won_amount": total(table.amount, where=table.is_won),
        "sales_cycle_days": quantile(table.cycle_days, 0.5, where=table.is_won),
    }  # fmt: skip
