"""What is true of the demo company: every planted parameter, drawn from the seed before any row is made.

Every table's function is given the same truths, so a further one (a hazard, a segment, an uplift) is planted
by adding a field here and using it there; truth.json records them all.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..schema import Business

TEAMS = ("north", "south", "east", "west", "central", "online")
STAGES = Business().stages  # type: ignore[call-arg]
STEPS = len(STAGES) - 1
SOURCES = ("website", "trade_fair", "referral", "outbound", "partner", "email")
FIRST = np.datetime64("2023-11-01", "s")
END = np.datetime64("2026-11-01", "s")  # half-open: the last event lies before it
DAYS = int((END - FIRST).astype(int)) // 86_400
SECONDS = DAYS * 86_400
MONTHS = 36
BOTTLENECK_STARTS = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04")


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one group of tables; another group's never disturb them."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def day_of(when: str) -> int:
    """How many days after the first one a day lies."""
    return int((np.datetime64(when, "D") - FIRST.astype("datetime64[D]")).astype(int))


@dataclass(frozen=True)
class Bottleneck:
    """The one team whose deals stop going on from `stage`, if they entered it after the start of a month."""

    team: str
    stage: str
    start: str
    rate_before: float
    rate_after: float
    slower: float  # how many times longer the deals wait there

    @property
    def step(self) -> int:
        return STAGES.index(self.stage)

    @property
    def since(self) -> int:
        return day_of(f"{self.start}-01") * 86_400


@dataclass(frozen=True)
class Funnel:
    """How deals move: the chance of each step, what their source does to it (log-odds), the days in a stage."""

    rates: tuple[float, ...]
    source_share: tuple[float, ...]
    source_odds: tuple[float, ...]
    stage_days: tuple[float, ...]
    scale_days: float  # one scale for all stages: their sum is a gamma again
    stuck_share: float  # of the deals that are lost, those nobody closes for very long
    bottleneck: Bottleneck


@dataclass(frozen=True)
class Truths:
    """All that is planted."""

    seed: int
    customers: int
    team_share: tuple[float, ...]
    season: tuple[float, ...]  # January .. December, mean 1
    growth: float  # a year, in new customers and leads
    yearly_hazard: dict[str, float]  # customers who stop buying, by tier
    falling_product: str
    falls_from: str
    falling_rate: float  # a year, share of its sales lost
    improvement: dict[str, Any]
    funnel: Funnel

    @property
    def factor(self) -> float:
        """How large this company is, the default being 1."""
        return self.customers / 20_000

    @property
    def reps(self) -> int:
        return max(2 * len(TEAMS), self.customers // 500)


def truths(customers: int, seed: int) -> Truths:
    """All planted parameters of a company."""
    rng = stream(seed, "truths")
    season = np.array([1.0, 0.72, 0.95, 0.96, 1.0, 1.02, 0.94, 0.93, 1.04, 1.02, 1.2, 1.28])
    season = season * rng.uniform(0.985, 1.015, 12)
    share = rng.uniform(0.94, 1.06, len(TEAMS))
    return Truths(
        seed=seed,
        customers=customers,
        team_share=_rounded(share / share.sum()),
        season=_rounded(season / season.mean()),
        growth=round(float(rng.uniform(0.10, 0.16)), 4),
        yearly_hazard={"standard": 0.42, "silver": 0.30, "gold": 0.20, "platinum": 0.12},
        falling_product=("label_printer", "desk_phone")[int(rng.integers(2))],
        falls_from="2025-06-01",
        falling_rate=0.55,
        improvement={"category": "delivery", "done_on": "2026-03-16", "score_lift": 0.5},
        funnel=_funnel(rng, seed),
    )


def _funnel(rng: np.random.Generator, seed: int) -> Funnel:
    rates = np.array([0.80, 0.72, 0.68, 0.62, 0.70]) + rng.uniform(-0.01, 0.01, STEPS)
    step = STAGES.index("proposal" if seed % 2 else "needs")
    bottleneck = Bottleneck(
        team=TEAMS[int(rng.integers(len(TEAMS)))],
        stage=STAGES[step],
        start=BOTTLENECK_STARTS[int(rng.integers(len(BOTTLENECK_STARTS)))],
        rate_before=round(float(rates[step]), 4),
        rate_after=0.2,
        slower=1.3,
    )
    return Funnel(
        rates=_rounded(rates),
        source_share=(0.30, 0.10, 0.15, 0.20, 0.10, 0.15),
        source_odds=(0.0, 0.05, 0.30, -0.30, 0.10, -0.05),
        stage_days=(3.0, 4.1, 5.1, 5.9, 5.1),
        scale_days=5.16,
        stuck_share=0.05,
        bottleneck=bottleneck,
    )


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(v), 5) for v in values)


def record(t: Truths) -> dict[str, Any]:
    """The planted truths as truth.json tells them."""
    f, b = t.funnel, t.funnel.bottleneck
    return {
        "seed": t.seed,
        "customers": t.customers,
        "first_day": str(FIRST.astype("datetime64[D]")),
        "last_day": str((END - 1).astype("datetime64[D]")),
        "teams": dict(zip(TEAMS, t.team_share, strict=True)),
        "season": {f"{m:02d}": v for m, v in enumerate(t.season, 1)},
        "trend": {"growth_per_year": t.growth},
        "churn": {"yearly_hazard": t.yearly_hazard},
        "falling_product": {
            "product": t.falling_product,
            "from": t.falls_from,
            "lost_per_year": t.falling_rate,
        },
        "improvement": t.improvement,
        "funnel": {
            "stages": list(STAGES),
            "stage_rates": dict(zip(STAGES[:-1], f.rates, strict=True)),
            "source_share": dict(zip(SOURCES, f.source_share, strict=True)),
            "source_log_odds": dict(zip(SOURCES, f.source_odds, strict=True)),
            "stage_days": dict(zip(STAGES[:-1], f.stage_days, strict=True)),
            "stuck_share_of_lost": f.stuck_share,
            "bottleneck": {
                "team": b.team,
                "stage": b.stage,
                "next_stage": STAGES[b.step + 1],
                "from": b.start,
                "rate_before": b.rate_before,
                "rate_after": b.rate_after,
                "slower": b.slower,
            },
        },
    }
