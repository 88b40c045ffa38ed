"""How customers behave, in columns that can be compared: what groups of customers are found from.

Counts of the last 365 days become a pace a year, whether a customer is known for three years or three weeks: (count + the company's
mean pace × 90 days) / (days known + 90). Who came yesterday thus looks like everybody else until they have done something.
The value of an order and shares of orders lean to the company's mean as if one more order were an average one. Numbers without
an upper end count by their logarithm. Then every column has mean 0 and standard deviation 1 among the settled customers, and
what lies more than three standard deviations away counts as three: no single customer makes a group.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

PACES = ("orders_365", "logins_365", "browses_365", "events_365", "emails_365", "calls_365", "meetings_365", "chats_365")
SHARES = ("distance_share_365", "discounted_share_365")
BEHAVIOUR = (*PACES, "order_value_365", *SHARES, "recency_days", "quiet_days")
YEAR, PRIOR_DAYS, PRIOR_ORDERS = 365.0, 90.0, 1.0
BOUND = 3.0  # standard deviations
SETTLED_DAYS = 180  # so long a customer must be known for the groups to be found from what they do
NOT_DELIVERED, ALL_ALIKE = "not_delivered", "all_alike"


@dataclass(frozen=True)
class Behaviour:
    """One row a customer: the columns as they are compared, and what was left out and why."""

    table: pd.DataFrame  # transformed, not yet scaled; columns in the order of BEHAVIOUR
    settled: pd.Series  # whose groups are found; all others are given to the nearest
    left_out: dict[str, str]  # column → NOT_DELIVERED or ALL_ALIKE

    @property
    def means(self) -> np.ndarray:
        return self.table[self.settled].mean().to_numpy(float)

    @property
    def spreads(self) -> np.ndarray:
        return self.table[self.settled].std(ddof=0).to_numpy(float)


def behaviour(features: pd.DataFrame) -> Behaviour:
    """The behaviour of customers from their features (models.features), in the order of the rows.

    A column of what is not delivered, and one in which the settled customers are all alike, is left out. The days since the last
    purchase count where purchases are delivered, else the days since the last activity; a year is the most, also for who never bought.
    """
    wanted = [name for name in BEHAVIOUR if name != ("quiet_days" if _there(features, "recency_days") else "recency_days")]
    there = [name for name in wanted if _there(features, name)]
    table = pd.DataFrame({name: _compared(features, name) for name in there}, index=features.index)
    settled = _settled(features)
    alike = [name for name in there if not _differs(table.loc[settled, name])]
    left_out = {name: NOT_DELIVERED for name in wanted if name not in there} | dict.fromkeys(alike, ALL_ALIKE)
    return Behaviour(table.drop(columns=alike), settled, left_out)


def scaled(table: pd.DataFrame, means: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """The columns in standard deviations from the mean, bounded.

    >>> scaled(pd.DataFrame({"a": [1.0, 2.0, 9.0]}), np.array([1.0]), np.array([0.5])).tolist()
    [[0.0], [2.0], [3.0]]
    """
    return np.clip((table.to_numpy(float) - means) / spreads, -BOUND, BOUND)


def _there(features: pd.DataFrame, name: str) -> bool:
    return bool(features[name].notna().any())


def _differs(values: pd.Series) -> bool:
    return len(values) > 0 and float(values.max() - values.min()) > 1e-9


def _settled(features: pd.DataFrame) -> pd.Series:
    """Known for 180 days (or for nobody knows how long) and bought in the year (without orders: did anything in it).

    Where these are not half of all customers (the data are young), all who bought or did something, however new.
    """
    acts = [name for name in PACES if _there(features, name)]
    did = features["orders_365"] > 0 if "orders_365" in acts else features[acts].fillna(0).sum(axis=1) > 0
    old = did & (features["tenure_days"].isna() | (features["tenure_days"] >= SETTLED_DAYS))
    return old if 2 * old.sum() >= len(features) else did


def _compared(features: pd.DataFrame, name: str) -> pd.Series:
    if name in PACES:
        return np.log1p(_pace(features[name].fillna(0.0), features["tenure_days"].fillna(YEAR).clip(1.0, YEAR)))
    if name in ("recency_days", "quiet_days"):
        return np.log1p(features[name].fillna(YEAR).clip(0.0, YEAR))
    value = np.log1p(features[name].clip(lower=0.0)) if name == "order_value_365" else features[name]
    return _leaning(value, features["orders_365"].fillna(0.0))


def _pace(count: pd.Series, days: pd.Series) -> pd.Series:
    """Counts a year, leaning to the company's mean pace."""
    usual = count.sum() / days.sum()
    return (count + usual * PRIOR_DAYS) / (days + PRIOR_DAYS) * YEAR


def _leaning(value: pd.Series, orders: pd.Series) -> pd.Series:
    """A figure of a customer's orders, leaning to the mean of all customers as if one more order were an average one."""
    known = value.notna()
    return ((value * orders).where(known, 0.0) + value.mean() * PRIOR_ORDERS) / (orders.where(known, 0.0) + PRIOR_ORDERS)
