"""Who buys when: customers at the pace of their group, new ones soon after they came, the campaign's, passers-by."""

import numpy as np

from .accounts import Accounts
from .catalogue import REGIONS
from .ground import DAYS, stream
from .habits import PROJECT
from .reach import Contacts, prompted
from .seasons import ONLINE_HOURS, ONLINE_WEEK, Rhythm
from .spells import Spells, happenings, spells
from .truths import Truths

ORDERS_A_CUSTOMER = 12.2
_PASSERS_BY = 0.015


def purchases(t: Truths, rng: np.random.Generator, who: Accounts, reached: Contacts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every purchase: when, who (-1: a passer-by), whether the campaign that works brought it."""
    rhythm = Rhythm.of(t, ONLINE_WEEK, ONLINE_HOURS)
    first = np.flatnonzero(who.buys & (who.created >= 0) & (who.start < DAYS - 1))
    soon = who.start[first] + np.floor(rng.exponential(6, len(first))).astype(np.int64)
    soon = rhythm.at_hours(rng, np.minimum(soon, who.stop[first] - 1))
    buyer, bought = prompted(t, who, reached)
    total = t.customers * ORDERS_A_CUSTOMER - len(first) - len(buyer)
    account, moment = _regular(t, rng, who, total, rhythm)
    passing = rhythm.drawn(rng, int(total * _PASSERS_BY))
    moment = np.concatenate([moment, soon, passing, bought])
    account = np.concatenate([account, first, np.full(len(passing), -1), buyer])
    return moment, account, np.arange(len(moment)) >= len(moment) - len(buyer)


def _regular(t: Truths, rng: np.random.Generator, who: Accounts, total: float, rhythm: Rhythm) -> tuple[np.ndarray, np.ndarray]:
    """What customers buy as they always do: in the growing region ever more."""
    faster = Rhythm.of(t, ONLINE_WEEK, ONLINE_HOURS, faster=(t.region.since, t.region.orders_per_year))
    growing = (who.region == REGIONS.index(t.region.region)).astype(np.int64)
    times, kept = _at_their_pace(t, who)
    drawn = total * times.pace.sum() / (times.pace * kept[times.account]).sum()
    account, moment = happenings(rng, times, drawn, rhythm, faster, kind=growing)
    stays = ~_between_projects(t, who, account, moment) | (rng.random(len(account)) < t.groups.aside)
    return account[stays], moment[stays]


def _at_their_pace(t: Truths, who: Accounts) -> tuple[Spells, np.ndarray]:
    """Everybody's pace, and what share of it is kept: seasonal customers hardly buy between their projects."""
    g = t.groups
    share = g.project_days / g.project_every
    kept = np.where(who.group == PROJECT, share + g.aside * (1 - share), 1.0)
    pace = who.pace * np.array(g.orders)[who.group] * who.buys
    return spells(who, pace / kept, who.lives.fading, t.leaving.fading_orders), kept


def _between_projects(t: Truths, who: Accounts, account: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Which moments lie outside a seasonal customer's projects; each has its own months."""
    phase = stream(t.seed, "projects").integers(t.groups.project_every, size=len(who))[account]
    into = (moment // 86_400 + phase) % t.groups.project_every
    return (who.group[account] == PROJECT) & (into >= t.groups.project_days)
