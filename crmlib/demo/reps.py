"""Sales and service people: who is in which team when. Some move to another team, some join, some leave."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .columns import days, numbered
from .ground import DAYS, FOREVER, TEAMS, stream
from .names import people
from .truths import Truths


@dataclass(frozen=True)
class Posting:
    """One person's time in one team, from its first to its last day."""

    rep: int
    team: int
    first: int
    last: int = FOREVER


@dataclass(frozen=True)
class Staff:
    """All postings, and who stands in for whom."""

    postings: tuple[Posting, ...]
    ids: pa.Array
    names: pa.Array

    def anchor(self, team: int) -> int:
        """The person of a team who never moves and never leaves: the first ones are."""
        return team

    def on_duty(self, rng: np.random.Generator, team: np.ndarray, day: np.ndarray, lasting: bool = False) -> np.ndarray:
        """Someone of each row's team who is in it on that day (`lasting`: and stays in it)."""
        rep = np.zeros(len(team), np.int64)
        for t in range(len(TEAMS)):
            rows = np.flatnonzero(team == t)
            mine = [p for p in self.postings if p.team == t and (p.last == FOREVER or not lasting)]
            rep[rows] = _one_of(rng, mine, day[rows])
        return rep

    def last_day(self, rep: np.ndarray, team: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The last day of the posting in which a person is on a day."""
        last = np.full(len(rep), FOREVER)
        for p in self.postings:
            last[(rep == p.rep) & (team == p.team) & (day >= p.first) & (day <= p.last)] = p.last
        return last


def _one_of(rng: np.random.Generator, postings: list[Posting], day: np.ndarray) -> np.ndarray:
    day = np.clip(day, 0, DAYS - 1)
    there = np.array([(day >= p.first) & (day <= p.last) for p in postings])
    so_far = np.cumsum(there, axis=0)
    wanted = np.floor(rng.random(len(day)) * so_far[-1]).astype(np.int64)
    return np.array([p.rep for p in postings])[(so_far <= wanted).sum(axis=0)]


def staff(t: Truths) -> Staff:
    """Who works here: the first six are their teams' anchors, of the others some join late, move or leave."""
    rng = stream(t.seed, "reps")
    others = rng.permutation(np.arange(len(TEAMS), t.reps))
    late, movers, leavers = np.split(others, np.cumsum([max(1, t.reps // 8), max(1, t.reps // 10)]))
    leavers = leavers[: max(1, t.reps // 20)]
    postings: list[Posting] = []
    for rep in range(t.reps):
        first = int(rng.integers(60, 700)) if rep in late else -int(rng.integers(30, 1800))
        last = int(rng.integers(400, 1000))
        team = rep % len(TEAMS)
        postings.append(Posting(rep, team, first, last if rep in (*movers, *leavers) else FOREVER))
        if rep in movers:
            postings.append(Posting(rep, (team + 1 + int(rng.integers(len(TEAMS) - 1))) % len(TEAMS), last + 1))
    names, _ = people(rng, t.reps)
    return Staff(tuple(postings), numbered("R", t.reps, 3), names)


def reps_table(who: Staff) -> pa.Table:
    """The table `reps`: one row a posting."""
    rep = pa.array([p.rep for p in who.postings])
    last = np.array([p.last for p in who.postings])
    return pa.table(
        {
            "rep_id": who.ids.take(rep),
            "name": who.names.take(rep),
            "team": pa.array([TEAMS[p.team] for p in who.postings]),
            "active_from": days(np.array([p.first for p in who.postings])),
            "active_to": days(np.where(last == FOREVER, 0, last), last == FOREVER),
        }
    )


def moves(who: Staff) -> list[dict[str, str]]:
    """The moves as truth.json tells them."""
    ids, out = who.ids.to_pylist(), []
    for before, after in zip(who.postings, who.postings[1:], strict=False):
        if before.rep == after.rep:
            day = days(np.array([after.first])).to_pylist()[0]
            out.append(
                {
                    "rep_id": ids[after.rep],
                    "from": TEAMS[before.team],
                    "to": TEAMS[after.team],
                    "on": day.isoformat(),
                }
            )
    return out
