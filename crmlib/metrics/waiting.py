"""How long deals wait in a stage, which are stuck, and whom to call."""

from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import day, days_between, within
from ..periods import year_earlier
from .deals import deals
from .names import customer_names, named

WINDOW_DAYS = 90


def spells(crm: Crm) -> Any:
    """Every stay of a deal in a stage by the period's end: `days` from entry to exit, or so far where it has not `ended`.

    Needs stage_changes; opportunities: closed_at. → ibis table: opportunity_id, stage, entered_at, days, ended
    A stay ends with the next stage entered or with the close; only stages of business.stages before the last count.
    """
    return crm.kept("spells", _spells, team="_team")


def _spells(crm: Crm) -> Any:
    entries, end = crm.stage_changes, day(crm.end)
    stay = entries.filter(entries.stage.isin(crm.business.stages[:-1]))
    stay = stay.left_join(deals(crm).select("opportunity_id", "closed_at"), "opportunity_id")
    left = ibis.coalesce(stay._until, stay.closed_at)
    ended = ibis.coalesce(left < end, False)
    days = ibis.greatest(days_between(stay.entered_at, ibis.ifelse(ended, left, end)), 0)
    return stay.select("opportunity_id", "stage", "entered_at", "_team", days=days, ended=ended)


def waiting_window(crm: Crm) -> tuple[date, date]:
    """The days in which a stay must have begun to count as now: the period, at least the 90 days to its end."""
    return min(crm.period.start, crm.end - timedelta(days=WINDOW_DAYS)), crm.end


def time_in_stage(crm: Crm) -> pd.DataFrame:
    """Days in each stage, median and P90, of stays begun in the window to the period's end, beside the year before it.

    Needs stage_changes; opportunities: closed_at.
    → frame: stage, stays, median_days, p90_days, median_before_days (NaN where so many have not left yet); in stage order
    Deals still in the stage are censored, not left out: Kaplan and Meier's estimate (1958).
    """
    return crm.once("time in stage", lambda: _time_in_stage(crm)).copy()


def _time_in_stage(crm: Crm) -> pd.DataFrame:
    start, end = waiting_window(crm)
    now, before = lengths(crm, start, end), lengths(crm, year_earlier(start), start)
    out = [
        {"stage": stage, "stays": int(here.n.sum()), "median_days": waited(here, 0.5), "p90_days": waited(here, 0.9),
         "median_before_days": waited(before[before.stage == stage], 0.5)}
        for stage in crm.business.stages[:-1]
        for here in [now[now.stage == stage]]
    ]  # fmt: skip
    return pd.DataFrame(out, columns=["stage", "stays", "median_days", "p90_days", "median_before_days"])


def lengths(crm: Crm, start: date, end: date) -> pd.DataFrame:
    """Stays begun in a window, counted by stage, length and whether they ended."""

    def make() -> pd.DataFrame:
        table = spells(crm)
        chosen = table.filter(within(table.entered_at, start, end))
        return chosen.group_by("stage", "days", "ended").aggregate(n=lambda t: t.count()).execute()

    return crm.once(f"lengths {start} {end}", make)


def waited(lengths: pd.DataFrame, q: float) -> float:
    """The q-quantile of waiting times, some not ended (columns days, ended, n): Kaplan and Meier 1958; NaN if not reached.

    >>> waited(pd.DataFrame({"days": [1, 2, 9], "ended": [True, True, False], "n": [1, 1, 2]}), 0.5)
    2.0
    """
    if lengths.empty:
        return float("nan")
    days, place = np.unique(lengths["days"].to_numpy(dtype=float), return_inverse=True)
    n = lengths["n"].to_numpy(dtype=float)
    every, left = np.bincount(place, n), np.bincount(place, n * lengths["ended"].to_numpy(dtype=bool))
    still = np.cumprod(1 - left / every[::-1].cumsum()[::-1])
    done = days[still <= 1 - q + 1e-12]
    return float(done[0]) if len(done) else float("nan")


def stuck_limits(crm: Crm) -> dict[str, float]:
    """Days after which a deal counts as stuck, by stage: longer than 90 % of the company's stays begun in the last twelve months."""
    company = crm.company

    def make() -> dict[str, float]:
        stays = lengths(company, year_earlier(company.end), company.end)
        return {s: waited(stays[stays.stage == s], 0.9) for s in company.business.stages[:-1]}

    return company.once("stuck limits", make)


def open_deals(crm: Crm) -> pd.DataFrame:
    """The deals open at the period's end with the days they have been in their stage and whether they are stuck.

    Needs opportunities; stage_changes for `stuck`.
    → frame: stage, opportunity_id, customer_id, rep_id, amount, days_in_stage, limit_days, stuck
    """

    def make() -> pd.DataFrame:
        table = deals(crm)
        table = table.filter(table.open)
        since = ibis.coalesce(table.stage_since, table.created_at)
        end = day(crm.end)
        frame = table.select(
            "stage", "opportunity_id", "customer_id", "rep_id", amount=table.amount.cast("float64"), days_in_stage=days_between(since, end)
        ).execute()  # fmt: skip
        limits = stuck_limits(crm) if crm.has("stage_changes") else {}
        frame["limit_days"] = frame.stage.map(limits).astype(float)
        frame["stuck"] = (frame.days_in_stage > frame.limit_days).fillna(False)
        return frame

    return crm.once("open deals", make)


def open_by_stage(crm: Crm) -> pd.DataFrame:
    """Open deals by the stage they stand in.

    → frame: stage, open_count, stuck_count, open_amount, limit_days; in stage order, "unknown" last where there are any
    """
    frame, limits = open_deals(crm), stuck_limits(crm) if crm.has("stage_changes") else {}
    frame = frame.assign(stage=frame.stage.fillna("unknown"))
    known = list(crm.business.stages[:-1])
    names = [*known, *sorted(set(frame.stage) - set(known))]
    out = [
        {"stage": s, "open_count": len(here), "stuck_count": int(here.stuck.sum()), "open_amount": float(here.amount.sum()),
         "limit_days": limits.get(s, float("nan"))}
        for s in names
        for here in [frame[frame.stage == s]]
    ]  # fmt: skip
    return pd.DataFrame(out, columns=["stage", "open_count", "stuck_count", "open_amount", "limit_days"])


def follow_up(crm: Crm, per_stage: int = 5) -> pd.DataFrame:
    """Whom to call: in each stage the stuck deals, the largest first, then the largest others.

    Needs opportunities; customers: name (on team pages only: the company's page shows ids).
    → frame: stage, opportunity_id, customer, rep, amount, days_in_stage, limit_days, stuck; at most `per_stage` rows a stage
    """
    frame = open_deals(crm)
    frame = frame[frame.stage.isin(crm.business.stages[:-1])]
    order = {s: i for i, s in enumerate(crm.business.stages)}
    frame = frame.assign(_stage=frame.stage.map(order)).sort_values(
        ["_stage", "stuck", "amount", "days_in_stage", "opportunity_id"],
        ascending=[True, False, False, False, True],
        na_position="last",
    )
    frame = frame.groupby("_stage", sort=False).head(per_stage).reset_index(drop=True)
    frame["customer"] = customer_names(crm, frame.customer_id)
    frame["rep"] = named(crm, "rep", frame.rep_id)
    return frame[["stage", "opportunity_id", "customer", "rep", "amount", "days_in_stage", "limit_days", "stuck"]]
