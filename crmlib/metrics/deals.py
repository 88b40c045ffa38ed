"""Deals by when they were created and closed: how many, how much, how often won, how long they took."""

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Figure, Share, measured
from ..measures import count_if, day, days_between, quantile, ratio, total, within
from ..periods import Period, year_earlier
from ..schema import UNASSIGNED

GROUPS = {"team": "_team", "rep": "rep_id", "source": "lead_source", "product": "product"}
NONE_GIVEN = "none given"


def no_group(group: str) -> str:
    """What rows without a group are called: unassigned to a team, else none given."""
    return UNASSIGNED if group == "team" else NONE_GIVEN


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
    return names.map(rep_names(crm)).fillna(names) if group == "rep" else names


def deals(crm: Crm) -> Any:
    """The opportunities known by the period's end, one row each, with the index of the furthest stage `reached`.

    Needs opportunities: opportunity_id; created_at, closed_at, is_won, amount, stage or stage_changes as delivered.
    → an ibis table, made once for a handle; `cycle_days` = close − creation; `open` = dated and not closed by the end
    """

    def make() -> Any:
        columns = ("opportunity_id", "customer_id", "rep_id", "lead_source", "product", "amount", "created_at", "closed_at", "is_won",
                   "lost_reason", "stage", "stage_since", "reached", "_team")  # fmt: skip
        table = crm.table("opportunities", *columns)
        return table.select(
            *columns,
            cycle_days=ibis.greatest(days_between(table.created_at, table.closed_at), 0),
            open=table.closed_at.isnull() & table.created_at.notnull(),
        ).cache()

    return crm.once("deals", make)


def created(crm: Crm, start: date | None = None, end: date | None = None) -> Any:
    """The deals created in the period (or from `start` until before `end`)."""
    table = deals(crm)
    return table.filter(within(table.created_at, start or crm.period.start, end or crm.period.end))


def closed(crm: Crm, start: date | None = None, end: date | None = None) -> Any:
    """The deals won or lost in the period (or from `start` until before `end`), by close date."""
    table = deals(crm)
    return table.filter(within(table.closed_at, start or crm.period.start, end or crm.period.end) & table.is_won.notnull())


@measured("count", "up")
def lead_count(crm: Crm) -> int:
    """Leads and deals created in the period.

    Needs opportunities: created_at. → count. Deals that were never dated are not among them (`undated_count`).
    """
    return int(created(crm).count().execute())


def undated_count(crm: Crm) -> int:
    """Deals with no date at all, neither creation nor close: in no cohort, not among the open ones, counted here.

    Needs opportunities: opportunity_id. → count
    """
    table = deals(crm)
    return int(table.filter(table.created_at.isnull() & table.closed_at.isnull()).count().execute())


@measured("count", "up")
def won_count(crm: Crm) -> int:
    """Deals closed in the period and won. Needs opportunities: closed_at, is_won. → count"""
    return int(_outcome(crm)["won"])


@measured("count", "down")
def lost_count(crm: Crm) -> int:
    """Deals closed in the period and lost. Needs opportunities: closed_at, is_won. → count"""
    return int(_outcome(crm)["lost"])


@measured("count")
def open_count(crm: Crm) -> int:
    """Deals created and not closed by the period's end. Needs opportunities: created_at, closed_at. → count"""
    return int(count_if(deals(crm).open).execute())


@measured("money", "up")
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


def which(moment: Any, periods: list[Period]) -> Any:
    """The index of the period in which a moment lies: −1 before the first, null where there is none."""
    return ibis.cases((moment < day(periods[0].start), -1), *[(moment < day(p.end), i) for i, p in enumerate(periods)])


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


def lost_reasons(crm: Crm, start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Why deals were lost, by close date, in the period (or from `start` until before `end`).

    Needs opportunities: closed_at, is_won, lost_reason. → frame: reason ("none given" where there is none), lost_count, share
    (0..1 of all lost); the largest first
    """
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
