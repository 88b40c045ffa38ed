"""What drives each customer: team, person in charge, group, when they came, how much they do, when they stop."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .catalogue import REGIONS, TEAM_REGIONS
from .columns import chosen, numbered
from .ground import DAYS, FOREVER, TEAMS, stream
from .habits import BAD
from .lives import Lives, lives
from .reps import Staff
from .seasons import OFFICE_HOURS, OFFICE_WEEK, Rhythm
from .truths import Truths

_TIER_SHARE = (0.55, 0.25, 0.14, 0.06)
_TIER_PACE = np.array([0.88, 1.0, 1.15, 1.35])
_OLD_SHARE = 0.4  # customers before the first day of the data
_PROSPECTS = 0.12  # customers who never order


@dataclass(frozen=True)
class Accounts:
    """One entry a customer, in the order in which they came. Days count from the first one of the data."""

    ids: pa.Array
    team: np.ndarray
    created: np.ndarray  # second
    first_rep: np.ndarray
    second_rep: np.ndarray
    handover: np.ndarray  # first day of the second one
    tier: np.ndarray
    source: np.ndarray
    region: np.ndarray
    group: np.ndarray
    price_sensitive: np.ndarray
    payer: np.ndarray
    pace: np.ndarray  # how much a customer does, 1 = usual for the group
    buys: np.ndarray
    start: np.ndarray  # first day with activity
    lives: Lives

    def __len__(self) -> int:
        return len(self.team)

    @property
    def stop(self) -> np.ndarray:
        """First day without activity."""
        return self.lives.stop

    def rep_on(self, account: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The person in charge of each account on a day."""
        return np.where(day < self.handover[account], self.first_rep[account], self.second_rep[account])


def accounts(t: Truths, who: Staff) -> Accounts:
    """All customers but the canaries."""
    rng = stream(t.seed, "accounts")
    count = t.customers - len(TEAMS)
    created, team, region = _arrivals(t, rng, count)
    day = created // 86_400
    tier = chosen(rng, count, _TIER_SHARE)
    first, second, handover = _in_charge(rng, who, team, day)
    start = np.clip(day + 1, 0, DAYS - 1)
    source = chosen(rng, count, t.funnel.source_share)
    habits = stream(t.seed, "habits")
    group = chosen(habits, count, t.groups.shares)
    sensitive = habits.random(count) < t.prices.chances(group)
    payer = chosen(habits, count, t.payers.shares)
    return Accounts(
        ids=_ids(count),
        team=team,
        created=created,
        first_rep=first,
        second_rep=second,
        handover=handover,
        tier=tier,
        source=source,
        region=region,
        group=group,
        price_sensitive=sensitive,
        payer=payer,
        pace=habits.lognormal(0, t.groups.spread, count) * _TIER_PACE[tier],
        buys=habits.random(count) >= _PROSPECTS,
        start=start,
        lives=lives(t, day, start, _traits(t, tier, sensitive, payer)),
    )


def _traits(t: Truths, tier: np.ndarray, sensitive: np.ndarray, payer: np.ndarray) -> np.ndarray:
    """The logarithm of the monthly hazard that goes with what customers are."""
    _, by_price, by_payment, _, _ = t.leaving.coefficients
    return np.log(t.leaving.monthly)[tier] + by_price * sensitive + by_payment * (payer == BAD)


def _ids(count: int) -> pa.Array:
    """Customer ids; one of them begins with zeros, as real ones do."""
    ids = numbered("C", count, 6).to_pylist()
    ids[6] = "007"
    return pa.array(ids)


def _arrivals(t: Truths, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """When customers came (second), to which team, from which region; ever more of them from the growing one."""
    team = chosen(rng, count, t.team_share)
    region = _regions(rng, team)
    rhythm = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS, growing=True)
    fast = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS, growing=True, faster=(t.region.since, t.region.customers_per_year))
    old = np.arange(count) < int(count * _OLD_SHARE)
    created = np.empty(count, np.int64)
    created[old] = rhythm.at_hours(rng, -1 - np.floor(rng.random(int(old.sum())) ** 1.5 * 1700).astype(np.int64))
    for speed, rows in ((rhythm, ~old & ~_grows(t, region)), (fast, ~old & _grows(t, region))):
        created[rows] = speed.drawn(rng, int(rows.sum()))
    order = np.argsort(created, kind="stable")
    return created[order], team[order], region[order]


def _grows(t: Truths, region: np.ndarray) -> np.ndarray:
    return region == REGIONS.index(t.region.region)


def _in_charge(
    rng: np.random.Generator, who: Staff, team: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is in charge at first; who takes over, and when, where that person moves or leaves."""
    day = np.maximum(day, 0)
    first = who.on_duty(rng, team, day)
    last = who.last_day(first, team, day)
    ends = last < DAYS
    second = np.where(ends, who.on_duty(rng, team, np.where(ends, last + 1, day), lasting=True), first)
    return first, second, np.where(ends, last + 1, FOREVER)


def _regions(rng: np.random.Generator, team: np.ndarray) -> np.ndarray:
    region = np.zeros(len(team), np.int64)
    for t, name in enumerate(TEAMS):
        rows = team == t
        region[rows] = chosen(rng, int(rows.sum()), TEAM_REGIONS[name])
    assert region.max() < len(REGIONS)
    return region


def account_at(rng: np.random.Generator, who: Accounts, team: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """For each row some customer of its team who was there at that moment; -1 where there was none."""
    account = np.full(len(team), -1, np.int64)
    for t in range(len(TEAMS)):
        mine, rows = np.flatnonzero(who.team == t), np.flatnonzero(team == t)
        there = np.searchsorted(who.created[mine], moment[rows], side="left")
        pick = np.floor(rng.random(len(rows)) * there).astype(np.int64)
        account[rows] = np.where(there > 0, mine[np.minimum(pick, len(mine) - 1)], -1)
    return account
