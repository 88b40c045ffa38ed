"""Teams whose customers became less active: each team beside its own twelve periods before and the other teams' same course."""

import math
from dataclasses import dataclass

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
AT_LEAST_LESS = 0.1  # a smaller loss is none that a page should speak of
BANDS = ("00:00–06:00", "06:00–12:00", "12:00–18:00", "18:00–24:00")


@dataclass(frozen=True)
class Course:
    """A team's own activity in the period, its mean a period before, and its change against the other teams' (0..: −0.3 = 30 % less).

    `low`, `high`: the 99 % interval of that change; `hours`: the band of the day with the largest loss, of `hours_change`.
    """

    team: str
    count: int
    usual: float
    others: float
    change: float
    low: float
    high: float
    hours: str | None
    hours_change: float

    @property
    def dropped(self) -> bool:
        """Whether it fell clearly: the interval leaves out 0, and by at least a tenth."""
        return self.high < 0 and self.change <= -AT_LEAST_LESS


def activity_counts(crm: Crm) -> pd.DataFrame:
    """Own activities (log-in, browsing, taking part, feedback) of every team in the period and the twelve before, by band of the day.

    Needs interactions: occurred_at, channel. → frame: team ("unassigned" for none), period (0 the oldest, 12 this one), band (0–3), n
    A row belongs to the team that its customer was with on its day.
    """
    company = crm.company
    return company.once("activity counts", lambda: _counted(company, company.period.trailing(PERIODS + 1)))


def _counted(company: Crm, periods: list[Period]) -> pd.DataFrame:
    table = company.table("interactions", "occurred_at", "channel")
    chosen = table.filter(table.channel.isin(OWN) & within(table.occurred_at, periods[0].start, periods[-1].end))
    groups = {
        "team": chosen["_team"].fill_null(UNASSIGNED),
        "period": which(chosen.occurred_at, periods),
        "hour": chosen.occurred_at.hour(),
    }
    frame = chosen.group_by(**groups).aggregate(n=lambda t: t.count()).execute()
    frame["band"] = frame.hour // 6
    return frame.groupby(["team", "period", "band"], as_index=False).n.sum()


def courses(crm: Crm) -> list[Course]:
    """Every team of this view (the company's: all) beside its past and the other teams, the largest fall first.

    Needs interactions: occurred_at, channel. Only periods that the data cover whole; at least six before this one, and at
    least min_base activities to be expected of the team and of the others.
    The change is a difference in differences of logarithms: ln(now / mean before) of the team − the same of all other teams.
    Its interval comes from the team's own past: how much ln(team / others) moves from one period to the next (the median
    move, which one real change does not touch; never less than chance alone would give), Student's t.
    """
    counts, first = activity_counts(crm), _first_whole(crm)
    teams = [t for t in sorted(counts.team.unique()) if t != UNASSIGNED and crm.team in (ALL, t)]
    found = [course(counts, team, first, crm.business.min_base) for team in teams]
    return sorted((c for c in found if c), key=lambda c: (c.change, c.team))


def _first_whole(crm: Crm) -> int:
    """The index of the first of the thirteen periods that begins with the data or later."""
    begins = [p.start for p in crm.period.trailing(PERIODS + 1)]
    return sum(crm.first_day is not None and day < crm.first_day for day in begins)


def course(counts: pd.DataFrame, team: str, first: int, min_base: int) -> Course | None:
    """One team's course; None where its past is too short, or too little happens, to judge it."""
    mine, rest = (series[first:].sum(axis=1) for series in _both(counts, team))
    while len(mine) and not mine[0]:  # the team was not there yet
        mine, rest = mine[1:], rest[1:]
    past, others = mine[:-1], rest[:-1]
    if len(past) < LEAST_PERIODS or min(past.min(), others.min(), rest[-1]) <= 0:
        return None
    usual, course_of_others = past.mean(), rest[-1] / others.mean()
    if min(usual * course_of_others, others.mean()) < min_base:
        return None
    change = math.log(max(mine[-1], 0.5) / usual / course_of_others)
    reach = _spread(past, others, usual * course_of_others, rest[-1]) * stdtrit(len(past) - 1, (1 + LEVEL) / 2)
    hours, lost = _worst(bands(counts, team, first, min_base))
    low, high = (math.expm1(change + side * reach) for side in (-1, 1))
    return Course(team, int(mine[-1]), float(usual), course_of_others - 1, math.expm1(change), low, high, hours, lost)


def _both(counts: pd.DataFrame, team: str) -> tuple[np.ndarray, np.ndarray]:
    """A team's series and that of all others, those of no team among them."""
    return _series(counts[counts.team == team]), _series(counts[counts.team != team])


def _series(counts: pd.DataFrame) -> np.ndarray:
    """Counts as a matrix: a row a period, a column a band of the day."""
    table = np.zeros((PERIODS + 1, len(BANDS)))
    np.add.at(table, (counts.period.to_numpy(dtype=int), counts.band.to_numpy(dtype=int)), counts.n.to_numpy(dtype=float))
    return table


def _spread(past: np.ndarray, others: np.ndarray, expected: float, others_now: float) -> float:
    """The standard error of a new logarithm of team / others beside the mean of those before."""
    moves = np.abs(np.diff(np.log(past / others)))
    usual_move = np.median(moves) / 0.9539  # the median move of a normal variable is 0.9539 of its standard deviation
    chance = math.sqrt(1 / expected + 1 / others_now)
    return max(usual_move, chance) * math.sqrt(1 + 1 / len(past))


def bands(counts: pd.DataFrame, team: str, first: int, min_base: int) -> pd.DataFrame:
    """A team's own activity by band of the day. → frame as of `hour_bands`; NaN where too little was to be expected."""
    mine, rest = (series[first:] for series in _both(counts, team))
    if len(mine) < 2 or (mine.sum(axis=0) > 0).sum() < 2:
        return pd.DataFrame(columns=_BAND_COLUMNS)  # no past, or no times of day
    usual, others = mine[:-1].mean(axis=0), rest[:-1].mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        course_of_others = rest[-1] / others
        change = np.where(usual * course_of_others >= min_base, mine[-1] / (usual * course_of_others) - 1, math.nan)
    found = {"hours": list(BANDS), "activity_count": mine[-1].astype(int), "usual_count": usual}
    return pd.DataFrame(found | {"others_change_share": course_of_others - 1, "relative_share": change}).assign(team=team)[
        _BAND_COLUMNS
    ]


_BAND_COLUMNS = ["team", "hours", "activity_count", "usual_count", "others_change_share", "relative_share"]


def _worst(table: pd.DataFrame) -> tuple[str | None, float]:
    """The band with the largest loss against the other teams' same band."""
    known = table.dropna(subset=["relative_share"])
    if known.empty:
        return None, math.nan
    row = known.loc[known.relative_share.astype(float).idxmin()]
    return str(row.hours), float(row.relative_share)


def hour_bands(crm: Crm) -> pd.DataFrame:
    """Where in the day each team of this view gained and lost own activity, against the other teams' same hours.

    Needs interactions: occurred_at with a time, channel. → frame: team, hours, activity_count, usual_count (mean of the periods
      before), others_change_share (the other teams' change), relative_share (against them; NaN where fewer than min_base were to be expected)
    """
    counts, first = activity_counts(crm), _first_whole(crm)
    found = [bands(counts, c.team, first, crm.business.min_base) for c in sorted(courses(crm), key=lambda c: c.team)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_BAND_COLUMNS)


def team_activity(crm: Crm) -> pd.DataFrame:
    """The teams' courses as a table.

    Needs the same as `courses`. → frame: team, activity_count, usual_count (mean of the periods before), others_change_share (the other
      teams' change), relative_share (against them), lower_share, upper_share (99 % interval), hours (largest loss), hours_share
    """
    names = [
        "team",
        "activity_count",
        "usual_count",
        "others_change_share",
        "relative_share",
        "lower_share",
        "upper_share",
        "hours",
        "hours_share",
    ]
    lines = [(c.team, c.count, c.usual, c.others, c.change, c.low, c.high, c.hours, c.hours_change) for c in courses(crm)]
    return pd.DataFrame(lines, columns=names)
