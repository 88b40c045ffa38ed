"""How deals go through the stages: which go on, how long they stay, when they are won or lost."""

from dataclasses import dataclass

import numpy as np

from .ground import SECONDS, STEPS, TEAMS, stream
from .seasons import from_work, to_work
from .truths import Truths

_BLOCK = 20
_NEVER = 2**62


@dataclass(frozen=True)
class Course:
    """Of every deal: the second it entered each stage (never: far away), its stage at the data's end, its close."""

    entered: tuple[np.ndarray, ...]
    stage: np.ndarray
    closed: np.ndarray
    is_won: np.ndarray
    is_lost: np.ndarray

    @property
    def is_closed(self) -> np.ndarray:
        return self.is_won | self.is_lost


def course(t: Truths, created: np.ndarray, team: np.ndarray, source: np.ndarray) -> Course:
    """The course of every deal; what would happen after the data's end is cut off."""
    rng = stream(t.seed, "course")
    entered, lost_at = [created], np.full(len(created), _NEVER)
    there = np.arange(len(created))
    for step in range(STEPS):
        stays = _stays(t, rng, step, team[there], entered[step][there])
        leaves = _later(entered[step][there], stays)
        goes_on = _evened(rng, team[there]) < _chances(t, step, team[there], source[there], entered[step][there])
        entered.append(np.full(len(created), _NEVER))
        entered[-1][there[goes_on]] = leaves[goes_on]
        stuck = rng.random(len(there)) < t.funnel.stuck_share
        dragged = _later(leaves, np.where(stuck, rng.lognormal(np.log(240), 0.8, len(there)), 0.02 * stays))
        lost_at[there[~goes_on]] = dragged[~goes_on]
        there = there[goes_on]
    return _by_the_end(entered, lost_at)


def _by_the_end(entered: list[np.ndarray], lost_at: np.ndarray) -> Course:
    stage = sum((e < SECONDS).astype(np.int64) for e in entered[1:])
    is_won, is_lost = entered[-1] < SECONDS, lost_at < SECONDS
    return Course(tuple(entered), stage, np.where(is_won, entered[-1], lost_at), is_won, is_lost)


def _stays(t: Truths, rng: np.random.Generator, step: int, team: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Days in a stage: a gamma, skewed to the right; longer behind the bottleneck."""
    f = t.funnel
    days = rng.gamma(f.stage_days[step] / f.scale_days, f.scale_days, len(team)) + 0.01
    return np.where(_is_bottleneck(t, step, team, since), days * f.bottleneck.slower, days)


def _chances(t: Truths, step: int, team: np.ndarray, source: np.ndarray, since: np.ndarray) -> np.ndarray:
    """The chance to go on: the stage's, moved by the source (on log-odds), dropped in the bottleneck."""
    rate = np.where(_is_bottleneck(t, step, team, since), t.funnel.bottleneck.rate_after, t.funnel.rates[step])
    odds = np.log(rate / (1 - rate)) + np.array(t.funnel.source_odds)[source]
    return 1 / (1 + np.exp(-odds))


def _is_bottleneck(t: Truths, step: int, team: np.ndarray, since: np.ndarray) -> np.ndarray:
    b = t.funnel.bottleneck
    return (step == b.step) & (team == TEAMS.index(b.team)) & (since >= b.since)


def _evened(rng: np.random.Generator, team: np.ndarray) -> np.ndarray:
    """Uniform numbers that are even within every twenty successive deals of a team.

    So the rates of any window lie near the truth, and chance alone makes no second bottleneck.
    """
    u = np.empty(len(team))
    for t in range(len(TEAMS)):
        rows = np.flatnonzero(team == t)
        blocks = -(-len(rows) // _BLOCK)
        places = np.argsort(rng.random((blocks, _BLOCK)), axis=1, kind="stable")
        u[rows] = ((places + rng.random((blocks, _BLOCK))) / _BLOCK).ravel()[: len(rows)]
    return u


def _later(moment: np.ndarray, days: np.ndarray) -> np.ndarray:
    """So many days of office time later, and at least ten minutes."""
    return np.maximum(from_work(to_work(moment) + days * 86_400), moment + 600)
