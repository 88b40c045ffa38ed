"""Whom to ask before they leave: the customers warned of on a team's page, with the reasons, what is at stake, and what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import quantile
from ..metrics.names import customer_names, named
from .features import NUMBERS, features

Predict = Callable[[pd.DataFrame], np.ndarray]  # the columns of features → the probability of each row

# what customers may be asked about: features that say the same are one theme, the most telling ones first
THEMES = {
    "silence": ("quiet_gaps", "quiet_days", "recency_days"),
    "activity": ("own_drop", "own_90", "logins_30", "logins_90", "logins_365", "browses_90", "browses_365", "events_365"),
    "purchases": ("orders_drop", "orders_90", "orders_trend", "amount_trend", "amount_90", "orders_365", "amount_365", "order_value_365"),
    "service": ("tickets_90", "lowest_90", "satisfaction_90", "tickets_365", "feedback_365"),
    "payment": ("late_days_365", "overdue_share"),
    "price": ("discounted_share_365",),
    "contact": ("contacts_90", "replied_share", "opened_share", "calls_365", "meetings_365", "emails_365", "chats_365"),
    "channel": ("distance_share_365",),
    "start": ("tenure_days",),
}  # fmt: skip
NO_THEME = "no theme"
MOST_REASONS, LEAST_PART = 3, 0.1  # of a customer; of the probability that a reason must account for
LISTED = ["customer", "probability", "reasons", "loss_amount", "rep", "action"]


def warning_list(crm: Crm, scores: Any, predict: Predict, limit: int = 20) -> pd.DataFrame:
    """The customers warned of who may be contacted, the largest expected loss first. For team pages: names.

    Needs the same as features; customers: name, no_contact; reps: name. `scores`: an ibis table of this view's customers:
    customer_id, rep_id, no_contact, probability, warned, expected_loss. `predict`: the model that made them.
    → frame: customer, probability (0..1), reasons (text, as `told`; the strongest first; "" where nothing stands out), loss_amount
      (expected loss: as in `scores`), rep, action (a word for the theme of the first reason: "act silence" …); at most `limit` rows
    """
    first = in_order(scores, limit)
    known = features(crm)
    known = known.filter(known.customer_id.isin(first.customer_id.to_list())).execute().set_index("customer_id")
    found = reasons(known.reindex(first.customer_id).reset_index(), usual(crm), predict)
    actions = [f"act {one[0][0]}" if one else f"act {NO_THEME}" for one in found]
    return briefly(crm, first).assign(reasons=[told(one) for one in found], action=actions)[LISTED]


def in_order(scores: Any, limit: int, after: int = 0) -> pd.DataFrame:
    """The customers warned of who may be contacted, the largest expected loss first. → frame: customer_id, rep_id, probability, expected_loss"""
    chosen = scores.filter(scores.warned & ~scores.no_contact.fill_null(False))
    order = [chosen.expected_loss.desc(), chosen.probability.desc(), chosen.customer_id]
    wanted = chosen.select("customer_id", "rep_id", "probability", "expected_loss").order_by(order)
    return wanted.limit(limit, offset=after).execute()


def briefly(crm: Crm, chosen: pd.DataFrame) -> pd.DataFrame:
    """Customers of a list by name. → frame: customer, probability, loss_amount, rep"""
    names = {"customer": customer_names(crm, chosen.customer_id), "rep": named(crm, "rep", chosen.rep_id)}
    return chosen.assign(**names, loss_amount=chosen.expected_loss)[["customer", "probability", "loss_amount", "rep"]]


def usual(crm: Crm) -> pd.Series:
    """What is usual in the company: the median of each feature over all its customers. → feature → value (NaN: not delivered)"""

    def make(company: Crm) -> Any:
        table = features(company)
        return table.aggregate(**{name: quantile(table[name], 0.5) for name in NUMBERS})

    return crm.company.kept("usual features", make).execute().iloc[0].astype(float)


Reason = tuple[str, str, float, float]  # theme, feature, the customer's value, what is usual


def told(found: list[Reason]) -> str:
    """Reasons as facts keep them, and pages say in words: `feature value usual`, one after the other.

    >>> told([("silence", "quiet_gaps", 7.25, 0.5), ("service", "tickets_90", 4.0, 0.0)])
    'quiet_gaps 7.25 0.5; tickets_90 4 0'
    """
    return "; ".join(f"{feature} {value:.6g} {typical:.6g}" for _, feature, value, typical in found)


def reasons(customers: pd.DataFrame, typical: pd.Series, predict: Predict) -> list[list[Reason]]:
    """Why the model expects each of these customers to leave, by theme: what would be less if they were as is usual.

    A theme's part is the probability − the probability with all of the theme's features as is usual (the other columns as they
    are): features that say the same speak together, or each would seem to matter little. It is a reason from a tenth of the
    probability on; at most three, the largest first. It is told by the feature of which the same, of that feature alone, is
    most; what is not known of a customer is not told. It describes the model, it is no cause.
    """
    if customers.empty:
        return []
    now = np.asarray(predict(customers), dtype=float)
    themes = {theme: [f for f in names if pd.notna(typical.get(f))] for theme, names in THEMES.items()}
    variants = {(theme, *names): names for theme, names in themes.items() if names}
    variants |= {(theme, f): [f] for theme, names in themes.items() for f in names}
    gains = _gains(customers, typical, predict, now, variants)
    return [
        _of_one(customers.iloc[i], now[i], {k: float(v[i]) for k, v in gains.items()}, themes, typical) for i in range(len(now))
    ]


def _gains(
    customers: pd.DataFrame, typical: pd.Series, predict: Predict, now: np.ndarray, variants: dict
) -> dict[tuple, np.ndarray]:
    """How much less probable it would be, of all customers, with some features as is usual: asked of the model at once."""
    changed = [customers.assign(**{f: typical[f] for f in names}) for names in variants.values()]
    if not changed:
        return {}
    said = np.asarray(predict(pd.concat(changed, ignore_index=True)), dtype=float).reshape(len(changed), len(customers))
    return {key: now - then for key, then in zip(variants, said, strict=True)}


def _of_one(row: pd.Series, probability: float, gains: dict, themes: dict, typical: pd.Series) -> list[Reason]:
    found = []
    for theme, names in themes.items():
        part = gains[(theme, *names)] if names else 0.0
        differing = [f for f in names if pd.notna(row[f]) and row[f] != typical[f]]
        if differing and part > 0 and part >= LEAST_PART * probability:
            feature = max(differing, key=lambda f: gains[(theme, f)])  # of equal ones the first
            found.append((part, (theme, feature, float(row[feature]), float(typical[feature]))))
    return [reason for _, reason in sorted(found, key=lambda pair: -pair[0])][:MOST_REASONS]
