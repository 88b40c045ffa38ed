"""What groups of customers are called: by what stands out in their profile, and as they were called the period before.

A name holds the one or two aspects in which a group differs most from the average customer, each with one of two words. It is a key
of texts (`frequent_small_customers`), no sentence; the ledger keeps it. A group that is near one of the last period's keeps
that one's name: the pairs are those whose distances add up to the least (Kuhn 1955), and a pair further apart than half a standard
deviation, on the average over the columns that both know, is none.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from .clusters import MOST

# aspect → its columns (their mean decides), and the words for much and little of it; the order in which a name says them
ASPECTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "recency": (("recency_days", "quiet_days"), "quiet", "recent"),
    "frequency": (("orders_365",), "frequent", "rare"),
    "value": (("order_value_365",), "large", "small"),
    "online": (("logins_365", "browses_365", "distance_share_365"), "online", "offline"),
    "contact": (("emails_365", "calls_365", "meetings_365", "chats_365"), "attended", "unattended"),
    "price": (("discounted_share_365",), "bargain", "full_price"),
}
STANDS_OUT = 0.4  # standard deviations from the average customer
NEAR = 0.5  # how far a group may have moved since the period before, and still be the same
AVERAGE, ENDING = "average", "_customers"
_WORDS = [word for _, much, little in ASPECTS.values() for word in (much, little)]


def aspects(centres: pd.DataFrame) -> pd.DataFrame:
    """How much of each aspect every group has, in standard deviations from the average customer.

    `centres`: one row a group, scaled columns. → frame: one row a group, a column an aspect of which any column is there
    """
    known = {name: [c for c in columns if c in centres] for name, (columns, _, _) in ASPECTS.items()}
    return pd.DataFrame({name: centres[columns].mean(axis=1) for name, columns in known.items() if columns}, index=centres.index)


def words(group: pd.Series) -> list[str]:
    """What stands out in a group, the most outstanding first.

    >>> words(pd.Series({"frequency": 0.9, "value": -1.2, "price": 0.1}))
    ['small', 'frequent']
    """
    most = group[group.abs() >= STANDS_OUT]
    ranked = most.iloc[np.argsort(-most.abs().to_numpy(), kind="stable")]
    return [ASPECTS[name][1] if value > 0 else ASPECTS[name][2] for name, value in ranked.items()]


def named(centres: pd.DataFrame, before: dict[int, str] | None = None) -> list[str]:
    """The names of the groups: those they had (`before`: group → name), else by their profiles; no two have the same.

    >>> named(pd.DataFrame({"orders_365": [1.0, -1.0, 0.0], "order_value_365": [-0.8, 0.1, 0.1]}))
    ['frequent_small_customers', 'rare_customers', 'average_customers']
    """
    kept, scores = before or {}, aspects(centres)
    given = {i: kept[i] for i in range(len(centres)) if i in kept}
    strongest = sorted(range(len(centres)), key=lambda i: (-scores.iloc[i].abs().max() if scores.shape[1] else 0.0, i))
    for i in (i for i in strongest if i not in given):
        given[i] = next(name for name in _candidates(words(scores.iloc[i]), i) if name not in {*given.values()})
    return [given[i] for i in range(len(centres))]


def _candidates(outstanding: list[str], i: int) -> Iterator[str]:
    """Names for a group, the most telling first: two words, one word; then a number: its own, or one that no other group kept."""
    yield from (called(pair) for pair in combinations(outstanding, 2))
    yield from (called([word]) for word in outstanding or [AVERAGE])
    yield from (called([f"group_{n + 1}"]) for n in (i, *range(MOST)))


def called(said: Iterable[str]) -> str:
    """The key of a name, its words in the order of ASPECTS.

    >>> called(["small", "frequent"])
    'frequent_small_customers'
    """
    return "_".join(sorted(said, key=lambda word: _WORDS.index(word) if word in _WORDS else len(_WORDS))) + ENDING


def leading(name: str) -> str:
    """The first word of a name: by it a treatment is suggested.

    >>> leading("full_price_customers"), leading("frequent_small_customers"), leading("group_2_customers")
    ('full_price', 'frequent', 'average')
    """
    return next((word for word in _WORDS if name.removesuffix(ENDING).startswith(word)), AVERAGE)


def matched(now: pd.DataFrame, before: pd.DataFrame, spreads: pd.Series) -> dict[int, str]:
    """Which of this period's groups is which of the last period's: group number → name.

    `now`, `before`: one row a group, columns in their own units, `before` by name; `spreads`: of this period's columns.
    """
    from scipy.optimize import linear_sum_assignment

    columns = [c for c in now if c in before]
    if not columns or now.empty or before.empty:
        return {}
    a, b = (f[columns].to_numpy(float) / spreads[columns].to_numpy(float) for f in (now, before))
    apart = np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).mean(axis=2))
    rows, found = linear_sum_assignment(apart)
    return {int(i): str(before.index[j]) for i, j in zip(rows, found, strict=True) if apart[i, j] <= NEAR}
