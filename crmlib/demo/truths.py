"""What is true of the demo company: every planted parameter, drawn from the seed before any row is made.

Every table's function is given the same truths, so a further one (a hazard, a segment, an uplift) is planted
by adding a field here and using it there; truth.json records them all.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .effects import LIFT_FLOOR, Acquisition, ActivityDrop, Campaign, GrowingRegion, Problem, Rule
from .ground import END, FIRST, SOURCES, STAGES, STEPS, TEAMS, day_of, rounded, stream
from .habits import Groups, Payers, PriceSensitive
from .leaving import Leaving

CAMPAIGNS = 72
MEASURES = 48  # the rows of the table `improvements`
BOTTLENECK_STARTS = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04")


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
    falling_product: str
    falls_from: str
    falling_rate: float  # a year, share of its sales lost
    funnel: Funnel
    groups: Groups
    prices: PriceSensitive
    payers: Payers
    leaving: Leaving
    acquisition: Acquisition
    campaign: Campaign
    rules: tuple[Rule, ...]
    problem: Problem
    region: GrowingRegion
    drop: ActivityDrop

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
    growth, falling = rng.uniform(0.10, 0.16), rng.integers(2)
    funnel = _funnel(rng, seed)
    return Truths(
        seed=seed,
        customers=customers,
        team_share=rounded(share / share.sum()),
        season=rounded(season / season.mean()),
        growth=round(float(growth), 4),
        falling_product=("label_printer", "desk_phone")[int(falling)],
        falls_from="2025-06-01",
        falling_rate=0.55,
        funnel=funnel,
        groups=Groups.of(seed),
        prices=PriceSensitive.of(seed),
        payers=Payers.of(seed),
        leaving=Leaving.of(seed),
        acquisition=Acquisition.of(seed),
        campaign=Campaign.of(seed, CAMPAIGNS),
        rules=Rule.drawn(seed),
        problem=Problem.of(seed, MEASURES),
        region=GrowingRegion.of(seed),
        drop=ActivityDrop.of(seed, not_team=funnel.bottleneck.team),
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
        rates=rounded(rates),
        source_share=(0.30, 0.10, 0.15, 0.20, 0.10, 0.15),
        source_odds=(0.0, 0.05, 0.30, -0.30, 0.10, -0.05),
        stage_days=(3.0, 4.1, 5.1, 5.9, 5.1),
        scale_days=5.16,
        stuck_share=0.05,
        bottleneck=bottleneck,
    )


def record(t: Truths) -> dict[str, Any]:
    """The planted truths as truth.json tells them."""
    return {
        "seed": t.seed,
        "customers": t.customers,
        "first_day": str(FIRST.astype("datetime64[D]")),
        "last_day": str((END - 1).astype("datetime64[D]")),
        "teams": dict(zip(TEAMS, t.team_share, strict=True)),
        "season": {f"{m:02d}": v for m, v in enumerate(t.season, 1)},
        "trend": {"growth_per_year": t.growth},
        "falling_product": {
            "product": t.falling_product,
            "from": t.falls_from,
            "lost_per_year": t.falling_rate,
        },
        "funnel": _funnel_record(t.funnel),
        "groups": t.groups.record(),
        "price_sensitive": t.prices.record(),
        "late_payers": t.payers.record(),
        "churn": t.leaving.record(),
        "acquisition": t.acquisition.record(),
        "campaign": t.campaign.record(),
        "cross_selling": {"rules": [asdict(rule) for rule in t.rules], "lift_floor": LIFT_FLOOR},
        "growing_region": t.region.record() | {"new_customers_per_year_elsewhere": t.growth},
        "activity_drop": t.drop.record(),
    } | t.problem.record()


def _funnel_record(f: Funnel) -> dict[str, Any]:
    b = f.bottleneck
    return {
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
    }
