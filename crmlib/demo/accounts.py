"""What drives each customer: team, person in charge, when they came, how often they buy, when they stop."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .catalogue import REGIONS, TEAM_REGIONS
from .columns import chosen, numbered
from .reps import FOREVER, Staff
from .seasons import OFFICE_HOURS, OFFICE_WEEK, Rhythm
from .truths import DAYS, TEAMS, Truths, stream

TIERS = ("standard", "silver", "gold", "platinum")
_TIER_SHARE = (0.55, 0.25, 0.14, 0.06)
_TIER_PACE = np.array([0.7, 1.1, 1.7, 2.6])
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
    pace: np.ndarray  # how much a customer does, 1 = usual
    buys: np.ndarray
    start: np.ndarray  # first day with activity
    stop: np.ndarray  # first day without

    def __len__(self) -> int:
        return len(self.team)

    def rep_on(self, account: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The person in charge of each account on a day."""
        return np.where(day < self.handover[account], self.first_rep[account], self.second_rep[account])


def accounts(t: Truths, who: Staff) -> Accounts:
    """All customers but the canaries."""
    rng = stream(t.seed, "accounts")
    count = t.customers - len(TEAMS)
    created = _created(t, rng, count)
    day = created // 86_400
    team = chosen(rng, count, t.team_share)
    tier = chosen(rng, count, _TIER_SHARE)
    first, second, handover = _in_charge(rng, who, team, day)
    start = np.maximum(day + 1, 0)
    return Accounts(
        ids=_ids(count),
        team=team,
        created=created,
        first_rep=first,
        second_rep=second,
        handover=handover,
        tier=tier,
        source=chosen(rng, count, t.funnel.source_share),
        region=_regions(rng, team),
        pace=rng.gamma(1.6, 1 / 1.6, count) * _TIER_PACE[tier],
        buys=rng.random(count) >= _PROSPECTS,
        start=np.minimum(start, DAYS - 1),
        stop=_stop(t, rng, tier, start),
    )


def _ids(count: int) -> pa.Array:
    """Customer ids; one of them begins with zeros, as real ones do."""
    ids = numbered("C", count, 6).to_pylist()
    ids[6] = "007"
    return pa.array(ids)


def _created(t: Truths, rng: np.random.Generator, count: int) -> np.ndarray:
    old = int(count * _OLD_SHARE)
    rhythm = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS, growing=True)
    before = rhythm.at_hours(rng, -1 - np.floor(rng.random(old) ** 1.5 * 1700).astype(np.int64))
    return np.sort(np.concatenate([before, rhythm.drawn(rng, count - old)]))


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


def _stop(t: Truths, rng: np.random.Generator, tier: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The day on which a customer stops for good: the better the tier, the later."""
    hazard = np.array([t.yearly_hazard[name] for name in TIERS])[tier]
    days = np.floor(rng.exponential(365.25, len(tier)) / hazard).astype(np.int64)
    return np.minimum(start + 20 + days, DAYS)


def account_at(rng: np.random.Generator, who: Accounts, team: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """For each row some customer of its team who was there at that moment; -1 where there was none."""
    account = np.full(len(team), -1, np.int64)
    for t in range(len(TEAMS)):
        mine, rows = np.flatnonzero(who.team == t), np.flatnonzero(team == t)
        there = np.searchsorted(who.created[mine], moment[rows], side="left")
        pick = np.floor(rng.random(len(rows)) * there).astype(np.int64)
        account[rows] = np.where(there > 0, mine[np.minimum(pick, len(mine) - 1)], -1)
    return account
