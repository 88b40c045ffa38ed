"""What happens to the company: campaigns that work, goods bought together, a problem and its cure, a region that grows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .catalogue import REGIONS
from .ground import OWN_CHANNELS, SOURCES, TEAMS, date_of, day_of, drawn_month, rounded, stream


@dataclass(frozen=True)
class Acquisition:
    """What a new customer costs in advertising, by the channel that won it; one channel is clearly dearer."""

    cost: tuple[float, ...]  # yuan, in the order of SOURCES
    noise: float = 0.12  # of a month's cost (standard deviation of its logarithm)

    @classmethod
    def of(cls, seed: int) -> "Acquisition":
        rng = stream(seed, "acquisition")
        levels = np.array([260, 420, 640, 900, 1250]) * rng.uniform(0.96, 1.04, 5)
        dear = int(rng.choice([1, 3, 4, 0]))  # never referrals or mail
        return cls(rounded(np.insert(rng.permutation(levels), dear, rng.uniform(2600, 3100)), 0))

    def record(self) -> dict[str, Any]:
        by_channel = dict(zip(SOURCES, self.cost, strict=True))
        return {"cac": by_channel, "dearest": max(by_channel, key=by_channel.__getitem__), "noise": self.noise}


@dataclass(frozen=True)
class Campaign:
    """The one campaign that works: of those it reached, some order who would not have."""

    number: int  # of the campaign, counted from 0
    reach: float  # share of the buyers of that time
    held_out: float
    extra: float  # chance of one more order within the window
    window_days: int = 30

    @classmethod
    def of(cls, seed: int, campaigns: int) -> "Campaign":
        rng = stream(seed, "campaign")
        number = int(rng.integers(campaigns - 22, campaigns - 6))
        return cls(number, 0.4, 0.2, round(float(rng.uniform(0.2, 0.25)), 4))

    @property
    def id(self) -> str:
        return f"K{self.number + 1:03d}"

    def record(self) -> dict[str, Any]:
        return {
            "campaign_id": self.id,
            "window_days": self.window_days,
            "held_out": self.held_out,
            "reach": self.reach,
            "extra_order": self.extra,
        }


_TOGETHER = (
    ("laptop", "security_suite"),
    ("desk", "office_chair"),
    ("projector", "whiteboard"),
    ("crm_licence", "training"),
    ("laser_printer", "maintenance"),
    ("backup_plan", "installation"),
    ("monitor", "cleaning_kit"),
)


@dataclass(frozen=True)
class Rule:
    """Whoever buys one product buys another with it, in the same order, that often."""

    antecedent: str
    consequent: str
    confidence: float

    @classmethod
    def drawn(cls, seed: int) -> "tuple[Rule, ...]":
        rng = stream(seed, "rules")
        pairs = [_TOGETHER[n] for n in np.sort(rng.choice(len(_TOGETHER), 4, replace=False))]
        return tuple(cls(a, b, c) for (a, b), c in zip(pairs, rounded(rng.uniform(0.36, 0.5, 4), 3), strict=True))


LIFT_FLOOR = 2.0


@dataclass(frozen=True)
class Problem:
    """Slow deliveries from a month on, until a measure cures them."""

    start: str  # month
    done: int  # day of the cure
    opened: int  # day on which the measure was opened
    number: int  # of the measure, counted from 0
    drop: float
    lift: float
    slow_before: float  # share of the bad comments on deliveries that tell of slowness
    slow_during: float
    category: str = "delivery"
    theme: str = "slow delivery"

    @classmethod
    def of(cls, seed: int, measures: int) -> "Problem":
        rng = stream(seed, "problem")
        done = day_of(drawn_month(rng, "2025-12", "2026-05")) + int(rng.integers(3, 26))
        start = np.datetime64(date_of(done), "M") - int(rng.integers(6, 9))
        drop, lift = rng.uniform(0.85, 0.95), rng.uniform(0.75, 0.85)
        opened = done - int(rng.integers(40, 60))
        slow = rounded(rng.uniform((0.14, 0.68), (0.2, 0.76)), 3)
        return cls(str(start), done, opened, int(rng.integers(measures)), round(float(drop), 3), round(float(lift), 3), *slow)

    @property
    def improvement_id(self) -> str:
        return f"M{self.number + 1:03d}"

    def shift(self, day: np.ndarray) -> np.ndarray:
        """What the scores of the category have more or less on each day than before it all."""
        return np.where(day >= self.done, self.lift - self.drop, np.where(day >= day_of(self.start), -self.drop, 0.0))

    def slow(self, day: np.ndarray) -> np.ndarray:
        """How many of the bad comments tell of slowness on each day."""
        return np.where((day >= day_of(self.start)) & (day < self.done), self.slow_during, self.slow_before)

    def record(self) -> dict[str, Any]:
        common = {"category": self.category}
        slow = {"before": self.slow_before, "during": self.slow_during, "after": self.slow_before}
        return {
            "problem": common
            | {"theme": self.theme, "from": self.start, "score_drop": self.drop, "slow_share_of_bad_comments": slow},
            "improvement": common
            | {
                "improvement_id": self.improvement_id,
                "opened_on": date_of(self.opened),
                "done_on": date_of(self.done),
                "score_lift": self.lift,
            },
        }


@dataclass(frozen=True)
class GrowingRegion:
    """The region that wins customers, and sells to them, ever faster from a month on."""

    region: str
    start: str  # month
    customers_per_year: float  # growth of new customers
    orders_per_year: float  # growth of what each customer there buys

    @classmethod
    def of(cls, seed: int) -> "GrowingRegion":
        rng = stream(seed, "growing region")
        region, start = REGIONS[int(rng.integers(len(REGIONS)))], drawn_month(rng, "2024-08", "2025-02")
        return cls(region, start, *rounded(rng.uniform((0.42, 0.25), (0.5, 0.31)), 3))

    @property
    def since(self) -> int:
        return day_of(self.start)

    def record(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "from": self.start,
            "new_customers_per_year": self.customers_per_year,
            "orders_of_a_customer_per_year": self.orders_per_year,
        }


@dataclass(frozen=True)
class ActivityDrop:
    """The team whose customers are seldom active in the evening from a month on."""

    team: str
    start: str  # month
    kept: float = 0.35
    hours: tuple[int, int] = (18, 24)

    @classmethod
    def of(cls, seed: int, not_team: str) -> "ActivityDrop":
        rng = stream(seed, "activity drop")
        others = [team for team in TEAMS if team != not_team]
        return cls(others[int(rng.integers(len(others)))], drawn_month(rng, "2026-01", "2026-06"))

    def hits(self, team: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Which moments of which teams' customers fall into the hours in question."""
        hour = second % 86_400 // 3600
        evening = (hour >= self.hours[0]) & (hour < self.hours[1])
        return evening & (team == TEAMS.index(self.team)) & (second >= day_of(self.start) * 86_400)

    def record(self) -> dict[str, Any]:
        return {
            "team": self.team,
            "from": self.start,
            "hours": list(self.hours),
            "kept": self.kept,
            "channels": list(OWN_CHANNELS),
        }
