"""Who belongs to what was planted: each customer's group, who looks for low prices, who pays late, who stopped and when."""

from typing import Any

import numpy as np

from .company import Company
from .ground import DAYS, date_of, day_of
from .habits import BAD, GROUPS
from .leaving import HORIZONS, SNAPSHOTS
from .lives import chances


def members(firm: Company) -> dict[str, Any]:
    """Membership, customer by customer; a text has one sign for each of them, in the order of their numbers.

    The first sign is C000001's; the seventh customer is called 007. The canaries are in none.
    """
    who = firm.accounts
    ids = np.array(who.ids.to_pylist(), object)
    stopped = np.flatnonzero(who.stop < DAYS)
    return {
        "groups": {"members": _signs(who.group), "sizes": dict(zip(GROUPS, np.bincount(who.group).tolist(), strict=True))},
        "price_sensitive": {"members": _signs(who.price_sensitive), "share": round(float(who.price_sensitive.mean()), 4)},
        "late_payers": {"customer_ids": ids[who.payer == BAD].tolist()},
        "churn": {
            "stopped_on": {ids[n]: date_of(who.stop[n]) for n in stopped},
            "snapshots": {f"{month}-01": _snapshot(firm, ids, month) for month in SNAPSHOTS},
        },
    }


def _signs(codes: np.ndarray) -> str:
    return "".join(codes.astype(np.int64).astype(str).tolist())


def _snapshot(firm: Company, ids: np.ndarray, month: str) -> dict[str, Any]:
    """The chance to stop of everybody who is a customer on that day, and how well it ranks those who then did."""
    who, day = firm.accounts, day_of(month)
    there = np.flatnonzero((who.start < day) & (who.stop >= day))
    out: dict[str, Any] = {"customer_ids": ids[there].tolist()}
    for horizon in HORIZONS:
        chance = chances(firm.truths, who.lives, month, horizon)[there]
        out[f"within_{horizon}"] = np.round(chance, 4).tolist()
        out[f"auc_{horizon}"] = round(_auc(chance, who.stop[there] < day + horizon), 4)
    return out


def _auc(score: np.ndarray, happened: np.ndarray) -> float:
    """How often one who stopped had a higher score than one who did not; ties count half."""
    _, place, sizes = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    ones, zeros = int(happened.sum()), int((~happened).sum())
    return float((rank[happened].sum() - ones * (ones + 1) / 2) / (ones * zeros)) if ones and zeros else 0.5
