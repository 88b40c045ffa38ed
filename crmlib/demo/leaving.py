"""Why customers stop: a hazard with known drivers, each of which leaves its trace in the tables before the stop."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .ground import TIERS, rounded, stream

DRIVERS = ("young", "price_sensitive", "bad_payer", "fading", "upset")
SNAPSHOTS = ("2025-04", "2025-10", "2026-04")
HORIZONS = (90, 180)
WINDING_DOWN = 60  # days before customers stop in which they do half as much
YOUNG_DAYS = 365
SIGNS = 100  # days for which a mood shows before it acts on the hazard


@dataclass(frozen=True)
class Leaving:
    """The monthly hazard: its size by tier, times e to the power of the sum of the coefficients that apply.

    By chance, customers begin to fade (they buy and log in less) or to be upset (they complain, with low scores).
    It shows for about three months before it acts on the hazard, and lasts until they stop.
    """

    monthly: tuple[float, ...]  # by tier
    coefficients: tuple[float, ...]  # by driver
    turning: tuple[float, ...]  # share of customers who begin to fade, or to be upset, in a month
    fading_orders: float  # what fading customers still buy, times what they bought
    fading_own: float  # the same of their own activity
    upset_tickets: float  # how many times more tickets the upset open
    upset_score: float  # what is missing in their scores

    @classmethod
    def of(cls, seed: int) -> "Leaving":
        rng = stream(seed, "leaving")
        near = lambda *values: rounded(np.array(values) * rng.uniform(0.95, 1.05, len(values)), 4)  # noqa: E731
        monthly, coefficients = near(0.0066, 0.0036, 0.0019, 0.001), near(0.8, 0.8, 0.8, 2.3, 3.1)
        return cls(monthly, coefficients, near(0.004, 0.012), *near(0.3, 0.14, 16.0, 1.7))

    def record(self) -> dict[str, Any]:
        return {
            "monthly_hazard": dict(zip(TIERS, self.monthly, strict=True)),
            "log_coefficients": dict(zip(DRIVERS, self.coefficients, strict=True)),
            "turning_per_month": dict(zip(DRIVERS[-2:], self.turning, strict=True)),
            "traces": {
                "fading_orders": self.fading_orders,
                "fading_own_activity": self.fading_own,
                "upset_tickets": self.upset_tickets,
                "upset_score": -self.upset_score,
                "last_days": WINDING_DOWN,
            },
            "signs_before_days": SIGNS,
            "young_days": YOUNG_DAYS,
        }
