"""Closed deals: how many won, how much, how often, how long they took, why the others were lost."""

from datetime import date
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, Share, measured
from ..measures import count_if, quantile, total
from ..periods import year_earlier
from .deals import NONE_GIVEN, closed, open_count


@measured("count", "up", adds=True)
def won_count(crm: Crm) -> int:
    """Deals closed in the period and won. Needs opportunities: closed_at, is_won. → count"""
    return int(_outcome(crm)["won"])


@measured("count", "down", adds=True)
def lost_count(crm: Crm) -> int:
    """Deals closed in the period and lost. Needs opportunities: closed_at, is_won. → count"""
    return int(_outcome(crm)["lost"])


@measured("money", "up", adds=True)
def won_amount(crm: Crm) -> float:
    """Sum of the amounts of deals won in the period.

    Needs opportunities: closed_at, is_won, amount. → money, 0 where nothing was won
    """
    return float(_outcome(crm)["won_amount"])


@measured("share", "up")
def win_rate(crm: Crm) -> Share:
    """Deals won as a share of those won and lost, by close date.

    Needs opportunities: closed_at, is_won. → Share: part = won, base = won + lost
    """
    if not crm.has("opportunities", "closed_at"):
        return Share(0, 0)  # wins are dated by their stages, losses by nothing
    out = _outcome(crm)
    return Share(int(out["won"]), int(out["won"] + out["lost"]))


@measured("share", "up")
def win_rate_value(crm: Crm) -> Figure:
    """Amount won as a share of the amount closed, by close date.

    Needs opportunities: closed_at, is_won, amount. → Figure 0..1, base = closed deals
    Undefined where deals were lost and none of them carries an amount: it would always be 100 %.
    """
    out = _outcome(crm)
    base = int(out["won"] + out["lost"])
    if out["lost"] and not out["lost_with_amount"]:
        return Figure(None, base, "lost_without_amount")
    amount = out["won_amount"] + out["lost_amount"]
    return Figure(out["won_amount"] / amount if amount else None, base, None if amount else "no_base")


@measured("money", "up")
def avg_deal_size(crm: Crm) -> Figure:
    """Won amount / won deals. Needs opportunities: closed_at, is_won, amount. → Figure in money, base = won deals"""
    out = _outcome(crm)
    return Figure(
        out["won_amount"] / out["won"] if out["won"] else None,
        int(out["won"]),
        None if out["won"] else "no_base",
    )


@measured("days", "down")
def sales_cycle_days(crm: Crm) -> Figure:
    """Days from creation to close of the deals won in the period, median.

    Needs opportunities: created_at, closed_at, is_won. → Figure in calendar days, base = won deals with both dates
    """
    return _cycle(crm, 0.5)


@measured("days", "down")
def sales_cycle_p90(crm: Crm) -> Figure:
    """Days within which nine in ten of the deals won in the period were closed (linear interpolation).

    Needs opportunities: created_at, closed_at, is_won. → Figure in calendar days, base = won deals with both dates
    """
    return _cycle(crm, 0.9)


def _cycle(crm: Crm, q: float) -> Figure:
    out = _outcome(crm)
    value = out["cycle_median" if q == 0.5 else "cycle_p90"]
    return Figure(None if pd.isna(value) else float(value), int(out["cycles"]), None if out["cycles"] else "no_base")


@measured("money", "up")
def sales_velocity(crm: Crm) -> Figure:
    """Open deals × win rate × average deal size / median sales cycle: what the pipeline earns a day.

    Needs opportunities: created_at, closed_at, is_won, amount. → Figure in money a day, base = won deals
    Source: the usual sales velocity equation; opportunities = deals open at the period's end.
    """
    rate, size, cycle = win_rate(crm).value, avg_deal_size(crm).value, sales_cycle_days(crm)
    if rate is None or size is None or not cycle.value:
        return Figure(None, cycle.base, "no_base")
    return Figure(open_count(crm) * rate * size / cycle.value, cycle.base)


def _outcome(crm: Crm) -> dict[str, Any]:
    """All closing figures of the period in one query, made once for a handle."""
    return crm.once("outcome", lambda: _closing(closed(crm)).execute().iloc[0].to_dict())


def _closing(table: Any) -> Any:
    lost = ~table.is_won
    return table.aggregate(
        won=count_if(table.is_won),
        lost=count_if(lost),
        won_amount=total(table.amount, where=table.is_won),
        lost_amount=total(table.amount, where=lost),
        lost_with_amount=count_if(lost & table.amount.notnull() & (table.amount != 0)),
        cycle_median=quantile(table.cycle_days, 0.5, where=table.is_won),
        cycle_p90=quantile(table.cycle_days, 0.9, where=table.is_won),
        cycles=count_if(table.is_won & table.cycle_days.notnull()),
    )


def lost_reasons(crm: Crm, start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Why deals were lost, by close date, in the period (or from `start` until before `end`).

    Needs opportunities: closed_at, is_won, lost_reason. → frame: reason ("none given" where there is none), lost_count, share
    (0..1 of all lost); the largest first
    """
    return crm.once(f"lost reasons {start} {end}", lambda: _lost_reasons(crm, start, end)).copy()


def _lost_reasons(crm: Crm, start: date | None, end: date | None) -> pd.DataFrame:
    table = closed(crm, start, end)
    table = table.filter(~table.is_won)
    frame = (
        table.group_by(reason=ibis.coalesce(table.lost_reason, NONE_GIVEN)).aggregate(lost_count=lambda t: t.count()).execute()
    )
    frame["share"] = frame.lost_count / frame.lost_count.sum() if len(frame) else pd.Series(dtype=float)
    return frame.sort_values(["lost_count", "reason"], ascending=[False, True]).reset_index(drop=True)


def lost_reasons_compared(crm: Crm) -> pd.DataFrame:
    """Why deals were lost in the period, beside the twelve months before it.

    Needs opportunities: closed_at, is_won, lost_reason. → frame: reason, lost_count, share, before_count, before_share (0..1)
    """
    start = crm.period.start
    before = lost_reasons(crm, year_earlier(start), start).rename(columns={"lost_count": "before_count", "share": "before_share"})
    frame = lost_reasons(crm).merge(before, on="reason", how="left", validate="one_to_one")
    return frame.fillna({"before_count": 0, "before_share": 0.0}) if len(before) else frame
