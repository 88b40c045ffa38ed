"""Segments: groups of customers who behave alike, found anew at every period's end for the whole company.

Of whoever is in at the period's end (models.features): their behaviour of a year (models.behaviour), grouped by k-means
(models.clusters), named by what stands out and by what the groups were called before (models.segment_names). A team's
customers are in the company's groups. A group describes what customers did; it says neither why nor what they will do.
"""

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from .behaviour import BEHAVIOUR, behaviour, scaled
from .clusters import STABLE, clusters, nearest
from .features import features
from .segment_names import matched, named

LEAST_COLUMNS = 2  # of behaviour: of one alone nothing like a group can be told
CUSTOMER = {"customer_id": "string", "team": "string", "rep_id": "string", "no_contact": "boolean", "group": "int64", "amount": "float64",
             "amount_90": "float64", "recency_days": "float64", "tenure_days": "float64"}  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """The groups of a period, by number: their middles, how they were chosen, what they were found from."""

    columns: list[str]
    left_out: dict[str, str]
    means: np.ndarray
    spreads: np.ndarray
    centres: np.ndarray  # scaled
    profile: pd.DataFrame  # one row a group: its members' means, in the columns' own units
    tried: pd.DataFrame  # clusters.COLUMNS
    customers: int
    settled: int
    lacking: str  # customers, different, columns: of what there is too little; empty: there are groups
    count: int
    needed: int

    @property
    def scaled(self) -> pd.DataFrame:
        return pd.DataFrame(self.centres, columns=self.columns)

    @property
    def unscaled(self) -> pd.DataFrame:
        """The middles as the columns are compared, whatever a period's scale: what the ledger keeps of them."""
        return self.scaled * self.spreads + self.means

    @property
    def best(self) -> pd.Series | None:
        """The number of groups that was chosen, with its silhouette and stability; none where there are no groups."""
        return None if self.lacking else self.tried[self.tried.chosen].iloc[0]

    @property
    def stable(self) -> bool:
        return self.best is not None and bool(self.best.stability >= STABLE)


def fitted(crm: Crm) -> Fitted:
    """The groups of the company at the period's end, found once. Needs what features needs."""
    return _of_dict(crm.model("segments", _found))


def segments(crm: Crm) -> Any:
    """Each customer's group, by number.

    → ibis table, kept, one row a customer who is in: customer_id, team, rep_id, no_contact, group (null: there are no groups), amount
      (revenue of the year before), amount_90 (of the last 90 days), recency_days, tenure_days
    """
    return crm.kept("segments", _assigned)


def _frame(company: Crm) -> pd.DataFrame:
    """The features of all customers, in an order that has nothing to do with them and does not depend on the table's."""
    wanted = ("customer_id", "team", "rep_id", "no_contact", "tenure_days", "amount_365", "amount_90", *BEHAVIOUR)
    frame = features(company).select(*wanted).execute().sort_values("customer_id", ignore_index=True)
    return frame.iloc[np.argsort(pd.util.hash_array(frame.customer_id.to_numpy(object)), kind="stable")].reset_index(drop=True)


def _found(company: Crm) -> dict[str, Any]:
    frame = _frame(company)
    seen = behaviour(frame)
    columns, means, spreads = list(seen.table), seen.means, seen.spreads
    about = {"columns": columns, "left_out": seen.left_out, "customers": len(frame), "settled": int(seen.settled.sum())}
    if len(frame) and len(columns) < LEAST_COLUMNS:
        return about | {"lacking": "columns", "count": len(columns), "needed": LEAST_COLUMNS}
    points = scaled(seen.table, means, spreads)
    found = clusters(points[seen.settled.to_numpy()])
    lacking = "" if found.k else "customers" if found.count == seen.settled.sum() else "different"
    if lacking:
        return about | {"lacking": lacking, "count": found.count, "needed": found.needed}
    members = frame[columns].groupby(nearest(points, found.centres)).mean().reindex(range(found.k))
    tried = {name: found.tried[name].to_numpy() for name in found.tried}
    arrays = {"means": means, "spreads": spreads, "centres": found.centres, "profile": members.to_numpy(float)}
    return about | arrays | tried | {"lacking": "", "count": found.count, "needed": found.needed}


def _of_dict(made: dict[str, Any]) -> Fitted:
    """The same as it is worked with."""
    columns, none = made["columns"], np.empty((0, len(made["columns"])))
    names = ("k", "silhouette", "silhouette_error", "stability", "chosen")
    tried = pd.DataFrame({name: made.get(name, []) for name in names})
    return Fitted(
        columns, made["left_out"], made.get("means", np.zeros(len(columns))), made.get("spreads", np.ones(len(columns))), made.get("centres", none),
        pd.DataFrame(made.get("profile", none), columns=columns), tried,
        made["customers"], made["settled"], made["lacking"], made["count"], made["needed"],
    )  # fmt: skip


def _assigned(company: Crm) -> Any:
    fit, frame = fitted(company), _frame(company)
    group = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    if not fit.lacking:
        points = scaled(behaviour(frame).table[fit.columns], fit.means, fit.spreads)
        group = pd.Series(nearest(points, fit.centres), index=frame.index, dtype="Int64")
    frame = frame.assign(group=group, amount=frame.amount_365)[list(CUSTOMER)].sort_values("customer_id", ignore_index=True)
    return ibis.memtable(frame, schema=CUSTOMER)


# ------------------------------------------------------------------------------------------------ by name


@dataclass(frozen=True)
class Segmentation:
    """The groups of a period with their names, and of which ones of the period before they are the same."""

    fit: Fitted
    names: tuple[str, ...]
    kept: frozenset[str]  # names that go on from the period before
    made_at: Any = None  # when the names before were told to the ledger; None: worked out now


def segmentation(crm: Crm, centres: Any = None) -> Segmentation:
    """The groups of the company with their names.

    `centres`: what the ledger was told of the period before (`crm.told("centre", "segments", …)`: target, value); where it was told
    nothing, the groups of the period before are found now and named by their profiles alone (a back-cast).
    """
    fit = fitted(crm)
    before, made_at = told_centres(centres), None
    if before.empty:
        past = fitted(crm.whole_previous)
        before = past.unscaled.set_axis(named(past.scaled), axis=0)
    else:
        made_at = _made_at(centres)
    found = matched(fit.unscaled, before, pd.Series(fit.spreads, index=fit.columns)) if not fit.lacking else {}
    return Segmentation(fit, tuple(named(fit.scaled, found)), frozenset(found.values()), made_at)


def told_centres(centres: Any) -> pd.DataFrame:
    """The middles that the ledger was told. → frame: one row a segment, by name; its columns"""
    if centres is None:
        return pd.DataFrame()
    frame = centres.select("target", "value").execute()
    both = frame.target.str.rsplit("/", n=1, expand=True).reindex(columns=[0, 1])
    return frame.assign(segment=both[0], column=both[1]).pivot(index="segment", columns="column", values="value").dropna(axis=1)


def _made_at(told: Any) -> Any:
    return told.aggregate(made_at=told.made_at.min()).execute().made_at.iloc[0] if "made_at" in told.columns else None


def with_names(table: Any, found: Segmentation) -> Any:
    """A table with `group` by number, with `segment` by name (null where there are no groups)."""
    if not found.names:
        return table.mutate(segment=ibis.null("string"))
    return table.mutate(
        segment=ibis.cases(*[(table.group == i, name) for i, name in enumerate(found.names)], else_=ibis.null("string"))
    )


def told(crm: Crm, found: Segmentation) -> tuple[Any, pd.DataFrame]:
    """What the ledger is told of a period: each customer's segment, and the middle of each segment.

    → ibis table: target (customer_id), value (revenue of the year before), label (the segment's name); frame: target
      ("<segment>/<column>"), value; both without rows where there are no groups
    """
    table = with_names(segments(crm.company), found)
    each = table.filter(table.segment.notnull()).select(target="customer_id", value="amount", label="segment")
    middles = found.fit.unscaled.set_axis(list(found.names), axis=0)
    rows = [(f"{name}/{column}", float(middles.loc[name, column])) for name in found.names for column in found.fit.columns]
    return each, pd.DataFrame(rows, columns=["target", "value"]).astype({"target": "string", "value": "float64"})
