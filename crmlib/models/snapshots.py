"""Earlier days on which customers are known to have left or stayed afterwards: what a churn model learns from, and is tested on.

A snapshot is the features of a cut-off (the end of a month) beside what came of each customer:
- contracts (metrics/lives.contractual): left = the contract ended within the horizon after the cut-off. Known at its end.
- without contracts: left = nothing that keeps a customer (a purchase, a deal won, another qualifying activity) in the
  `inactive_after_days` days after the horizon: so many days from now they will have done their last. Whoever fell silent
  already and stays silent has left too. Known `inactive_after_days` after the horizon's end.
The features know nothing after the cut-off; what came of them is read from the page's own handle, which knows nothing after its
end. Who never bought is in no snapshot: prospects do not leave.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import within
from ..metrics.lives import accounts, contractual, events, keeps
from ..periods import Period, add_months
from .features import COLUMNS, NUMBERS, WHO, WORDS, features_of

FITTED, TESTED = 40_000, 20_000  # rows at most
SNAPSHOTS, APART = 4, 2  # at most so many to learn from, so many months apart where there is room
LEAST_DAYS = 90  # of data before a cut-off
_DRAWN = 4  # times as many customers are looked at as are wanted: some are not in on that day


@dataclass(frozen=True)
class Cutoffs:
    """The days of a page's snapshots: `test` the latest whose end is known; `compared` those known before it, from which models
    are fitted that are tested on it; `fitted` those that the model which scores is fitted on. Without a `test`: no such day.
    """

    test: date | None
    compared: tuple[date, ...]
    fitted: tuple[date, ...]
    days: int  # of orders and interactions
    needed: int  # for one snapshot
    needed_to_test: int  # for two, of which the earlier one is known before the later one begins


def known_after(crm: Crm) -> int:
    """How many days after a cut-off it is known who left."""
    return crm.business.churn_horizon_days + silence(crm)


def silence(crm: Crm) -> int:
    """How many days after the horizon it is known who left: contracts end on a day, others have to be silent for so long."""
    return 0 if contractual(crm) else crm.business.inactive_after_days


def known_until(crm: Crm) -> date:
    """The day from which nothing is known: the period's end, or that of the data where they stop before it."""
    return crm.as_of.date() + timedelta(days=1)


def cutoffs(crm: Crm) -> Cutoffs:
    """The days of this page's snapshots; the same for all teams.

    Ends of months, each with at least 90 days of orders or interactions before it; at most four to learn from, two months apart where there
    are so many, else one.
    """
    waits, end = timedelta(days=known_after(crm)), known_until(crm)
    needed = LEAST_DAYS + waits.days
    first = _first_day(crm.company) or end
    known = _month_ends(first + timedelta(days=LEAST_DAYS), end - waits)
    test = known[-1] if known else None
    before = [c for c in known if test and c + waits <= test]
    return Cutoffs(test, _spread(before), _spread(known), (end - first).days, needed, needed + waits.days)


def _first_day(company: Crm) -> date | None:
    """The first day on which anything is known of customers' doings: older dates (of people, of contracts) are no data to learn from."""
    moment = company.once("first activity", lambda: events(company).at.min().execute())
    return None if pd.isna(moment) else moment.date()


def _month_ends(first: date, last: date) -> list[date]:
    """The first days of months from one day to another, both included."""
    found, day = [], add_months(first - timedelta(days=1), 1)
    while day <= last:
        found.append(day)
        day = add_months(day, 1)
    return found


def _spread(days: list[date]) -> tuple[date, ...]:
    """The latest days, apart where there is room."""
    step = APART if len(days) > APART * (SNAPSHOTS - 1) else 1
    return tuple(sorted(days[::-1][::step][:SNAPSHOTS]))


# -------------------------------------------------------------------------------------------- their rows


def compared(crm: Crm) -> pd.DataFrame:
    """The rows that models are compared by: fitted on these, tested on `tested`.

    → frame: the columns of features, cutoff (day), left (bool); by cut-off and customer; at most 40,000 rows, the customers
      drawn by a hash of their id
    """
    return _rows(crm, cutoffs(crm).compared, FITTED)


def tested(crm: Crm) -> pd.DataFrame:
    """The rows of the latest cut-off of which it is known who left: what came of `compared` was known by then.

    → frame, as `compared`; at most 20,000 rows
    """
    test = cutoffs(crm).test
    return _rows(crm, (test,) if test else (), TESTED)


def fitted(crm: Crm) -> pd.DataFrame:
    """The rows that the model which scores is fitted on: the latest that are known. → frame, at most 40,000 rows"""
    return _rows(crm, cutoffs(crm).fitted, FITTED)


def _rows(crm: Crm, days: tuple[date, ...], most: int) -> pd.DataFrame:
    tables = [_snapshot(crm, c) for c in days]
    frames = [t.filter(t.place < most // len(days)).drop("place").execute() for t in tables]
    if not frames:
        return pd.DataFrame(_no_rows())
    return pd.concat(frames).sort_values(["cutoff", "customer_id"]).reset_index(drop=True)


def _no_rows() -> dict[str, pd.Series]:
    words = dict.fromkeys((*WHO, *WORDS), "object")
    kinds = {**words, **dict.fromkeys(NUMBERS, "float64"), "cutoff": "datetime64[s]", "left": "bool"}
    return {name: pd.Series(dtype=kind) for name, kind in kinds.items()}


def _snapshot(crm: Crm, cutoff: date) -> Any:
    """A snapshot, kept: as many customers as anybody asks for, by the `place` of a hash of their id among those who are in."""
    make = partial(_labelled, cutoff=cutoff, wanted=_wanted(cutoffs(crm), cutoff))
    return crm.company.kept(f"churn rows {cutoff:%Y%m%d}", make)


def _labelled(company: Crm, cutoff: date, wanted: int) -> Any:
    drawn = company.once(f"drawn {wanted}", lambda: _placed(accounts(company), wanted * _DRAWN).cache())
    table = _placed(features_of(at(company, cutoff), drawn), wanted)
    table = table.left_join(happened(company, cutoff, company.business.churn_horizon_days), "customer_id", rname="{name}_then")
    left = table.happened.notnull() if contractual(company) else table.happened.isnull()
    return table.select(*COLUMNS, "place", cutoff=ibis.date(cutoff.isoformat()), left=left)


def _wanted(days: Cutoffs, cutoff: date) -> int:
    """How many rows of a cut-off are asked for."""
    shares = [FITTED // len(group) for group in (days.compared, days.fitted) if cutoff in group]
    return max([*shares, TESTED if cutoff == days.test else 0])


def _placed(table: Any, most: int) -> Any:
    """The first rows by a hash of the customer's id, which says nothing of the customer; `place` counts from 0."""
    order = [table.customer_id.hexdigest("md5"), table.customer_id]
    return table.mutate(place=ibis.row_number().over(order_by=order)).filter(lambda t: t.place < most)


def happened(company: Crm, cutoff: date, horizon: int) -> Any:
    """Who did what decides it: whose contract ended; without contracts, who did something that keeps a customer. → customer_id, happened"""
    low = cutoff + timedelta(days=horizon)
    if contractual(company):
        ended = accounts(company)
        found = ended.filter(within(ended.churned_at.cast("timestamp"), cutoff, low))
    else:
        acts = events(company)
        found = acts.filter(keeps(acts) & within(acts.at, low, low + timedelta(days=silence(company))))
    return found.select("customer_id", happened=ibis.literal(True)).distinct()


def at(crm: Crm, cutoff: date) -> Crm:
    """The handle of the month, or the period of the page's kind, that ends at a cut-off; this page's definition of lost holds for it."""
    kinds = [crm.period.kind, "month"]
    ending = [Period.containing(cutoff - timedelta(days=1), kind, crm.period.fiscal_start) for kind in kinds]
    return replace(crm, period=next((p for p in ending if p.end == cutoff), ending[-1]), beside=crm.judge)
