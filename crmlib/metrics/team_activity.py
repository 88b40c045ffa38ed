"""Teams whose customers became less active: each team beside its own twelve periods before and the other teams' same course."""

import math
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..crm import ALL, Crm
from ..kpi import LEVEL
from ..measures import within
from ..periods import Period
from ..schema import UNASSIGNED
from .deals import which
from .lives import OWN

PERIODS, LEAST_PERIODS = 12, 6  # a team's own past, and how much of it there must be
AT_LEAST_LESS, AT_LEAST_LESS_THEN = 0.1, 0.2  # smaller losses, in all and in a band of the day, are none to speak of
BANDS = ("00:00–06:00", "06:00–12:00", "12:00–18:00", "18:00–24:00")
BAND_LEVEL = 1 - (1 - LEVEL) / len(BANDS)  # each of four looks: together as sure as one


@dataclass(frozen=True)
class Gap:
    """Activity in the period, its mean a period before, the others' change, and the change against them (−0.3: 30 % less) with its interval."""

    count: int
    usual: float
    others: float
    change: float
    low: float
    high: float

    def lost(self, least: float) -> bool:
        """Whether it fell clearly: the interval leaves out 0, and at least so much is missing."""
        return self.high < 0 and self.change <= -least


@dataclass(frozen=True)
class Course:
    """A team's own activity in all, and in each band of the day where enough happens and times are recorded."""

    team: str
    whole: Gap
    bands: dict[str, Gap]

    @property
    def hours(self) -> str | None:
        """The band of the day with the largest loss: of those that fell clearly, else of all; None where no time is recorded."""
        clear = [h for h, gap in self.bands.items() if gap.lost(AT_LEAST_LESS_THEN)]
        return min(clear or self.bands, key=lambda h: self.bands[h].change, default=None)

    @property
    def dropped(self) -> bool:
        """Whether it fell clearly, by a tenth in all or by a fifth in a band of the day."""
        return self.whole.lost(AT_LEAST_LESS) or any(gap.lost(AT_LEAST_LESS_THEN) for gap in self.bands.values())


def activity_counts(crm: Crm) -> pd.DataFrame:
    """Own activities (log-in, browsing, taking part, feedback) by team in the period and the twelve before, by band of the day.

    Needs interactions: occurred_at, channel. → frame: team ("unassigned" for none), period (0 the oldest, 12 this one), band (0–3), n
    All periods are counted for the customers that a team has at the period's end, whoever looked after them before: a person
    who moves and takes customers along is no loss of activity. Without a customers table: the rows' own team.
    """
    frame = crm.company.kept("own activities", lambda company: _counted(company, company.period.trailing(PERIODS + 1))).execute()
    frame["band"] = frame.hour // 6
    return frame.groupby(["team", "period", "band"], as_index=False).n.sum()


def _counted(company: Crm, periods: list[Period]) -> Any:
    """→ ibis table: team, period, hour, n"""
    table = company.table("interactions", "customer_id", "occurred_at", "channel")
    chosen = table.filter(table.channel.isin(OWN) & within(table.occurred_at, periods[0].start, periods[-1].end))
    chosen = chosen.select("customer_id", "occurred_at", team=chosen["_team"])
    if company.has("customers"):
        customers = company.table("customers", "customer_id", "rep_id", "team")
        chosen = chosen.drop("team").left_join(customers.select("customer_id", team=customers["_team"]), "customer_id")
    groups = {
        "team": ibis.coalesce(chosen.team, UNASSIGNED),
        "period": which(chosen.occurred_at, periods),
        "hour": chosen.occurred_at.hour(),
    }
    return chosen.group_by(**groups).aggregate(n=lambda t: t.count())


def courses(crm: Crm) -> list[Course]:
    """Every team of this view (the company's: all) beside its past and the other teams, the largest fall first.

    Needs interactions: occurred_at, channel; customers as delivered. Only periods that the data cover whole; at least six
    before this one, and at least min_base activities to be expected of the team and of the others.
    The change is a difference in differences of logarithms: ln(now / mean before) of the team − the same of all other teams.
    Its interval comes from the team's own past: how much ln(team / others) moves from one period to the next (the median
    move, which one real change does not touch; never less than chance alone would give), Student's t at 99 % (bands of
    the day: 99.75 %, since there are four).
    """
    return crm.once("courses", lambda: _courses(crm))


def _courses(crm: Crm) -> list[Course]:
    counts, begins = activity_counts(crm), [p.start for p in crm.period.trailing(PERIODS + 1)]
    first = sum(crm.first_day is not None and day < crm.first_day for day in begins)  # the first that the data cover whole
    teams = [t for t in sorted(counts.team.unique()) if t != UNASSIGNED and crm.team in (ALL, t)]
    found = [course(counts, team, first, crm.business.min_base) for team in teams]
    return sorted((c for c in found if c), key=lambda c: (c.whole.change, c.team))


def course(counts: pd.DataFrame, team: str, first: int, min_base: int) -> Course | None:
    """One team's course; None where its past is too short, or too little happens, to judge it."""
    mine, rest = (_series(counts[counts.team == team]), _series(counts[counts.team != team]))
    there = np.flatnonzero(mine.sum(axis=1))
    since = max(first, int(there[0])) if len(there) else len(mine)  # the team was not there before
    mine, rest = mine[since:], rest[since:]
    whole = gap(mine.sum(axis=1), rest.sum(axis=1), LEVEL, min_base)
    if whole is None:
        return None
    timed = (mine.sum(axis=0) > 0).sum() > 1  # days without a time of day all lie in the first band
    looked = {b: gap(mine[:, i], rest[:, i], BAND_LEVEL, min_base) for i, b in enumerate(BANDS) if timed}
    return Course(team, whole, {b: found for b, found in looked.items() if found})


def _series(counts: pd.DataFrame) -> np.ndarray:
    """Counts as a matrix: a row a period, a column a band of the day."""
    table = np.zeros((PERIODS + 1, len(BANDS)))
    np.add.at(table, (counts.period.to_numpy(dtype=int), counts.band.to_numpy(dtype=int)), counts.n.to_numpy(dtype=float))
    return table


def gap(mine: np.ndarray, rest: np.ndarray, level: float, min_base: int) -> Gap | None:
    """A series (its last value: now) beside that of the others; None where nothing can be said."""
    past, others = mine[:-1], rest[:-1]
    if len(past) < LEAST_PERIODS or min(past.min(), others.min(), rest[-1]) <= 0:
        return None
    now, others_now, usual = float(mine[-1]), float(rest[-1]), float(past.mean())
    grown = others_now / float(others.mean())
    if min(usual * grown, others.mean()) < min_base:
        return None
    change = math.log(max(now, 0.5) / (usual * grown))  # nothing at all counts as half an activity
    reach = _spread(past, others, usual * grown, others_now) * stdtrit(len(past) - 1, (1 + level) / 2)
    return Gap(int(now), usual, grown - 1, *(math.expm1(change + side * reach) for side in (0, -1, 1)))


def _spread(past: np.ndarray, others: np.ndarray, expected: float, others_now: float) -> float:
    """The standard error of a new logarithm of team / others beside the mean of those before."""
    moves = np.abs(np.diff(np.log(past / others)))
    usual_move = np.median(moves) / 0.9539  # the median move of a normal variable is 0.9539 of its standard deviation
    chance = math.sqrt(1 / expected + 1 / others_now)
    return max(usual_move, chance) * math.sqrt(1 + 1 / len(past))


_NUMBERS = ["activity_count", "usual_count", "others_change_share", "relative_share", "lower_share", "upper_share"]


def _numbers(found: Gap) -> tuple:
    return found.count, found.usual, found.others, found.change, found.low, found.high


def team_activity(crm: Crm) -> pd.DataFrame:
    """The teams' courses as a table.

    Needs the same as `courses`. → frame: team, activity_count, usual_count (mean of the periods before), others_change_share (the
      other teams' change), relative_share (the team's change against them), lower_share, upper_share (99 % interval),
      hours (the largest loss), hours_share; the largest fall first
    """
    lines = [(c.team, *_numbers(c.whole), c.hours, c.bands[c.hours].change if c.hours else math.nan) for c in courses(crm)]
    return pd.DataFrame(lines, columns=["team", *_NUMBERS, "hours", "hours_share"])


def hour_bands(crm: Crm) -> pd.DataFrame:
    """Where in the day each team of this view gained and lost own activity, against the other teams' same hours.

    Needs interactions: occurred_at with a time, channel. → frame: team, hours, and the numbers of `team_activity`; only bands with
      enough activity to judge
    """
    lines = [
        (c.team, hours, *_numbers(found)) for c in sorted(courses(crm), key=lambda c: c.team) for hours, found in c.bands.items()
    ]
    return pd.DataFrame(lines, columns=["team", "hours", *_NUMBERS])
