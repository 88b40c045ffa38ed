"""What kinds of customers there are: four behavioural groups, price-sensitive buyers, late payers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .ground import rounded, stream

GROUPS = ("regular_bulk", "frequent_small", "online_bargain", "seasonal_project")
FREQUENT = GROUPS.index("frequent_small")
BARGAIN = GROUPS.index("online_bargain")
PROJECT = GROUPS.index("seasonal_project")


@dataclass(frozen=True)
class Groups:
    """How each group behaves, in the order of GROUPS; paces are relative, mixes are weights of the channels."""

    shares: tuple[float, ...]
    orders: tuple[float, ...]  # pace of buying
    own: tuple[float, ...]  # pace of logging in, browsing, taking part
    staffed: tuple[float, ...]  # pace of mails, calls, meetings, chats
    extra_lines: tuple[float, ...]  # on an order, beyond the first
    units: tuple[float, ...]  # times the usual quantity
    sales_mix: tuple[tuple[float, ...], ...] = (
        (1, 1, 0, 4, 4),
        (6, 1, 2, 1, 0),
        (0.3, 5.7, 4, 0, 0),
        (1, 1.5, 0.5, 2, 5),
    )
    own_mix: tuple[tuple[float, ...], ...] = (
        (0.82, 0.13, 0.03, 0.02),
        (0.60, 0.34, 0.03, 0.03),
        (0.36, 0.60, 0.02, 0.02),
        (0.36, 0.46, 0.15, 0.03),
    )
    staff_mix: tuple[tuple[float, ...], ...] = (
        (0.42, 0.50, 0.04, 0.04),
        (0.40, 0.14, 0.01, 0.45),
        (0.80, 0.03, 0.00, 0.17),
        (0.40, 0.12, 0.42, 0.06),
    )
    spread: float = 0.25  # of paces within a group (standard deviation of their logarithm)
    project_days: int = 45  # a seasonal customer's project: so long, twice a year, each customer's in its own months
    project_every: int = 182
    aside: float = 0.1  # what they buy between projects, times what they buy in them

    @classmethod
    def of(cls, seed: int) -> "Groups":
        rng = stream(seed, "groups")
        near = lambda *values: rounded(np.array(values) * rng.uniform(0.94, 1.06, len(values)), 4)  # noqa: E731
        shares = np.array(near(0.27, 0.31, 0.26, 0.16))
        return cls(
            shares=rounded(shares / shares.sum()),
            orders=near(12, 28, 9, 4),
            own=near(16, 20, 48, 20),
            staffed=near(26, 5, 2.5, 18),
            extra_lines=near(1.3, 0.4, 0.9, 2.6),
            units=near(2.0, 0.5, 0.9, 5.5),
        )

    def record(self) -> dict[str, Any]:
        return {
            "names": list(GROUPS),
            "shares": list(self.shares),
            "relative_pace": {"orders": self.orders, "own_activity": self.own, "contacts": self.staffed},
            "lines_an_order": [round(1 + extra, 4) for extra in self.extra_lines],
            "units": self.units,
            "project": {"days": self.project_days, "every": self.project_every, "pace_between": self.aside},
        }


@dataclass(frozen=True)
class PriceSensitive:
    """Buyers who take what is reduced: their share in the bargain group and elsewhere, the share of lines reduced."""

    share_of_bargain: float
    share_of_others: float
    discounted: float
    discounted_others: float

    @classmethod
    def of(cls, seed: int) -> "PriceSensitive":
        rng = stream(seed, "price sensitive")
        return cls(*rounded(np.array([0.6, 0.14, 0.75, 0.25]) * rng.uniform(0.95, 1.05, 4), 3))

    def chances(self, group: np.ndarray) -> np.ndarray:
        return np.where(group == BARGAIN, self.share_of_bargain, self.share_of_others)

    def record(self) -> dict[str, Any]:
        return {
            "share_of_lines_discounted": self.discounted,
            "share_of_lines_discounted_others": self.discounted_others,
            "share_in_online_bargain": self.share_of_bargain,
            "share_in_other_groups": self.share_of_others,
        }


PAYERS = ("punctual", "slow", "bad")
BAD = PAYERS.index("bad")


@dataclass(frozen=True)
class Payers:
    """Punctual, slow and bad payers: days after the due day, their spread, how many invoices are never paid."""

    shares: tuple[float, ...]
    late_days: tuple[float, ...]
    spread_days: tuple[float, ...] = (6.0, 14.0, 35.0)
    never_paid: tuple[float, ...] = (0.002, 0.02, 0.2)
    disputed: tuple[float, ...] = (0.01, 0.02, 0.09)
    on_account: tuple[float, ...] = (0.18, 0.24, 0.45)  # share of orders paid by invoice
    worse_days: float = 12.0  # slow and bad ones who are about to leave pay still later

    @classmethod
    def of(cls, seed: int) -> "Payers":
        rng = stream(seed, "payers")
        bad, slow = rng.uniform(0.06, 0.08), rng.uniform(0.19, 0.23)
        late = (-4.0, float(rng.uniform(12, 16)), float(rng.uniform(50, 62)))
        return cls(rounded(np.array([1 - slow - bad, slow, bad]), 4), rounded(np.array(late), 1))

    def record(self) -> dict[str, Any]:
        by_class = {
            "share": self.shares,
            "late_days": self.late_days,
            "spread_days": self.spread_days,
            "never_paid": self.never_paid,
            "disputed": self.disputed,
            "on_account": self.on_account,
        }
        rows = {name: {key: values[n] for key, values in by_class.items()} for n, name in enumerate(PAYERS)}
        return {"share": self.shares[BAD], "classes": rows, "worse_days_when_fading": self.worse_days}
