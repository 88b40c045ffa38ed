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
    rng: np.random.Generator,
    times: Spells,
    total: float,
    rhythm: Rhythm,
    fast: Rhythm | None = None,
    quick: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Whose and when: about so many, by pace; what the `quick` accounts do has a rhythm of its own."""
    exposure = rhythm.exposure(times.first, times.last)
    if fast is not None:
        exposure = np.where(quick[times.account], fast.exposure(times.first, times.last), exposure)
    wanted = times.pace * exposure
    which = np.repeat(np.arange(len(wanted)), rng.poisson(wanted * total / wanted.sum()))
    account, first, last = times.account[which], times.first[which], times.last[which]
    moment = rhythm.within(rng, first, last)
    if fast is not None:
        rows = np.flatnonzero(quick[account])
        moment[rows] = fast.within(rng, first[rows], last[rows])
    return account, moment
