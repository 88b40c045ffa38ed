"""What it brings to begin with the highest probabilities, and from which probability on a contact pays."""

import math

import numpy as np
import pandas as pd

PARTS = 10
_SAME = 1e-9  # probabilities that differ by less do not
DEEP = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)  # shares of the customers who are called
GAINED = ["decile", "base", "left_count", "left_share", "predicted_share", "lift_ratio", "gained_share"]
CALLED = [
    "called_share",
    "contact_count",
    "left_count",
    "precision_share",
    "recall_share",
    "contact_amount",
    "saved_amount",
    "net_amount",
]


def gain(left: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Tenths of the customers from the highest probability on: how many left, against how many would by chance.

    → frame: decile (1: the highest), base, left_count, left_share, predicted_share, lift_ratio (left_share / that of all),
      gained_share (of all who left, those in this tenth and the ones before it). Equal probabilities: as the rows come.
    """
    order = highest_first(probability)
    part: np.ndarray = np.arange(len(order)) * PARTS // max(len(order), 1) + 1
    frame = pd.DataFrame({"decile": part, "left": np.asarray(left, float)[order], "p": np.asarray(probability)[order]})
    found = (
        frame.groupby("decile")
        .agg(base=("left", "size"), left_count=("left", "sum"), predicted_share=("p", "mean"))
        .reset_index()
    )
    every = float(found.left_count.sum())
    found["left_share"] = found.left_count / found.base
    found["lift_ratio"] = found.left_share / (every / len(frame)) if every else math.nan
    found["gained_share"] = found.left_count.cumsum() / every if every else math.nan
    return found.astype({"left_count": int})[GAINED]


def lift_at_k(left: np.ndarray, probability: np.ndarray, k: float = 0.1) -> float:
    """How many times as many of the share `k` with the highest probabilities left as of all; NaN where nobody did.

    >>> lift_at_k(np.array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0]), np.linspace(1, 0.1, 10))
    5.0
    """
    first = highest_first(probability)[: called(len(probability), k)]
    every = float(np.mean(left)) if len(left) else 0.0
    return float(np.mean(np.asarray(left, float)[first]) / every) if every and len(first) else math.nan


def highest_first(values: np.ndarray) -> np.ndarray:
    """The places of values from the highest on; equal ones as they come."""
    return np.argsort(-np.asarray(values, dtype=float), kind="stable")


def called(count: int, share: float) -> int:
    """How many customers a share of them is, rounded up.

    >>> called(101, 0.1), called(0, 0.1)
    (11, 0)
    """
    return math.ceil(round(count * share, 9))


def pays(probability: np.ndarray, amount: np.ndarray, save_rate: float, contact_cost: float) -> np.ndarray:
    """Whether a contact pays: probability × money a year × save_rate > contact_cost. Where contacts cost nothing, or what a
    customer brings is not known, always.

    >>> pays(np.array([0.1, 0.1, 0.1]), np.array([400.0, 401.0, np.nan]), 0.3, 12.0).tolist()
    [False, True, True]
    """
    saved = np.asarray(probability, float) * np.asarray(amount, float) * save_rate
    return np.isnan(saved) | (contact_cost == 0) | (np.round(saved, 9) > contact_cost)


def warned(probability: np.ndarray, amount: np.ndarray, save_rate: float, contact_cost: float, share: float) -> np.ndarray:
    """Whom to call: the share of the customers with the highest probabilities, above the mean of all, as far as a contact pays.

    Of equal probabilities those who bring more come first, then those who stand first.

    >>> warned(np.array([0.5, 0.4, 0.4, 0.1]), np.array([9.0, 1.0, 2.0, 9.0]), 0.3, 0.0, 0.5).tolist()
    [True, False, True, False]
    """
    values, money = np.asarray(probability, float), np.nan_to_num(np.asarray(amount, float))
    chosen: np.ndarray = np.zeros(len(values), dtype=bool)
    chosen[np.lexsort([-money, -values])[: called(len(values), share)]] = True
    above = values > values.mean() + _SAME if len(values) else chosen
    return chosen & above & pays(values, amount, save_rate, contact_cost)


def calls(left: np.ndarray, probability: np.ndarray, amount: np.ndarray, save_rate: float, contact_cost: float) -> pd.DataFrame:
    """What calling the customers of the highest probabilities would have brought, the deeper the more of them.

    `amount`: what each brings a year (NaN: not known, 0 here). → frame: called_share, contact_count, left_count (of those called),
      precision_share (of those called who left), recall_share (of those who left who were called), contact_amount (cost),
      saved_amount (money a year of those called who left × save_rate), net_amount
    """
    order, rows = highest_first(probability), []
    gone, money = np.asarray(left, float)[order], np.nan_to_num(np.asarray(amount, float))[order]
    for share in DEEP:
        n = called(len(order), share)
        found, saved = gone[:n].sum(), (gone[:n] * money[:n]).sum() * save_rate
        rows.append(
            (share, n, int(found), _share(found, n), _share(found, gone.sum()), n * contact_cost, saved, saved - n * contact_cost)
        )
    return pd.DataFrame(rows, columns=CALLED).drop_duplicates("contact_count", keep="last").reset_index(drop=True)


def _share(part: float, base: float) -> float:
    return float(part / base) if base else math.nan
