"""Where deals do not go on: each step beside its own past and the other teams."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Share, difference
from ..schema import UNASSIGNED
from .cohorts import headline_cohort, year_before
from .funnel import reached_by


@dataclass(frozen=True)
class Step:
    """The step from one stage to the next, for a cohort, its year before and the other teams' same cohort."""

    team: str
    stage: str
    next_stage: str
    now: Share
    before: Share
    others: Share | None

    def low(self, min_base: int) -> bool:
        """Whether it is clearly below both comparisons: 99 % intervals of the differences, on sufficient bases."""
        rivals = [self.before, *([self.others] if self.others is not None else [])]
        if any(s.base < min_base for s in (self.now, *rivals)):
            return False
        return all(difference(self.now, r)[1] < 0 for r in rivals)


def steps(crm: Crm, team: str | None = None) -> list[Step]:
    """Each step of the headline cohort beside its own year before and the other teams' pooled same cohort.

    `team`: one team seen from the whole company's view (default: the view itself, which for `all` has no others).
    """
    cohort = headline_cohort(crm)
    company, earlier = (reached_by(crm.company, c, "team") for c in (cohort, year_before(cohort)))
    name = team or crm.team
    mine, before = _pick(company, name), _pick(earlier, name)
    rest = None if name == ALL else company[(company.team != name) & (company.team != UNASSIGNED)].drop(columns="team").sum()
    names = crm.business.stages
    return [
        Step(
            name,
            names[i],
            names[i + 1],
            _step(mine, i),
            _step(before, i),
            None if rest is None or not rest["s0"] else _step(rest, i),
        )
        for i in range(len(names) - 1)
    ]


def _pick(counts: pd.DataFrame, name: str) -> pd.Series:
    return (counts if name == ALL else counts[counts.team == name]).drop(columns="team").sum()


def _step(counts: Any, i: int) -> Share:
    return Share(int(counts[f"s{i + 1}"]), int(counts[f"s{i}"]))


def bottlenecks(crm: Crm) -> list[Step]:
    """The steps where clearly fewer deals go on than in the team's own year before and in the other teams.

    Needs opportunities: created_at, closed_at; stage_changes or stage. → the steps, the lowest conversion first; on `all`,
    each team's own.
    """
    teams = crm.teams if crm.team == ALL else [crm.team]
    found = [s for team in teams for s in steps(crm, team) if s.low(crm.business.min_base)]
    return sorted(found, key=lambda s: (s.now.value or 0, s.team, s.stage))


def lowest_step(crm: Crm) -> Step | None:
    """The step with the lowest conversion to next on a sufficient base: it is named, not judged."""
    able = [s for s in steps(crm) if s.now.base >= crm.business.min_base]
    return min(able, key=lambda s: (s.now.value or 0, s.stage), default=None)
