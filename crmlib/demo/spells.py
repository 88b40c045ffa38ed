"""When customers do something: their time is cut where their mood turns, and each spell has its own pace."""

from dataclasses import dataclass

import numpy as np

from .accounts import Accounts
from .seasons import Rhythm


@dataclass(frozen=True)
class Spells:
    """Whose time it is, its first day, the day after its last one, how much is done in it."""

    account: np.ndarray
    first: np.ndarray
    last: np.ndarray
    pace: np.ndarray


def spells(who: Accounts, pace: np.ndarray, turn: np.ndarray, change: float) -> Spells:
    """Each customer's time before and after a mood begins, at their pace, and at so many times it."""
    turn, all_of_them = np.clip(turn, who.start, who.stop), np.arange(len(who))
    return Spells(
        np.concatenate([all_of_them, all_of_them]),
        np.concatenate([who.start, turn]),
        np.concatenate([turn, who.stop]),
        np.concatenate([pace, pace * change]),
    )


def happenings(
    rng: np.random.Generator, times: Spells, total: float, *rhythms: Rhythm, kind: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Who did something, and when: so many times about, by pace. `kind`: which of the rhythms is each account's."""
    own = np.zeros(len(times.account), np.int64) if kind is None else kind[times.account]
    wanted = times.pace.copy()
    for k, rhythm in enumerate(rhythms):
        wanted[own == k] *= rhythm.exposure(times.first[own == k], times.last[own == k])
    which = np.repeat(np.arange(len(wanted)), rng.poisson(wanted * total / wanted.sum()))
    moment = np.empty(len(which), np.int64)
    for k, rhythm in enumerate(rhythms):
        rows = np.flatnonzero(own[which] == k)
        moment[rows] = rhythm.within(rng, times.first[which[rows]], times.last[which[rows]])
    return times.account[which], moment
