"""Teams whose money moved against the other teams': each beside its own usual share, so that a season is nobody's merit or fault."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..crm import ALL, Crm
from ..means import together
from ..schema import UNASSIGNED
from .sold import sold_of_teams_by_period

PERIODS, LEAST_PERIODS = 12, 6  # a team's own past, and how much of it there must be
AT_LEAST = 0.1  # a smaller change is none to speak of


@dataclass(frozen=True)
class Course:
    """A team's money now, what its usual share of the others' would be, and the change against that (−0.3: 30 % less), with its interval."""

    team: str
    amount: float
    usual: float
    change: float
    low: float
    high: float
    periods: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0, and a tenth at least is missing or more."""
        return (self.low > 0 or self.high < 0) and abs(self.change) >= AT_LEAST - 1e-9


def courses(crm: Crm) -> list[Course]:
    """Every team of this view (the company's: all) beside its own past and the other teams, the largest fall first.

    Needs orders: ordered_at, amount; teams. Only periods that the data cover whole, at least six before this one, all with
    sales above 0 of the team and of the others; at least min_base orders now and in the mean of those before.
    The change is ln(team / all others) now − its mean before; its interval is that of one more value of a normal variable
    (Student's t, s·√(1 + 1/n)), at 99 % for all teams at once (Bonferroni).
    """
    found = crm.company.once("money courses", lambda: _courses(crm.company))
    return [course for course in found if crm.team in (ALL, course.team)]


def _courses(company: Crm) -> list[Course]:
    periods = [p for p in company.period.trailing(PERIODS + 1) if company.first_day is None or p.end > company.first_day]
    if not periods or not company.has("orders"):
        return []
    counts = sold_of_teams_by_period(company, periods)
    first = sum(company.first_day is not None and p.start < company.first_day for p in periods)  # the first covered whole
    money = counts.pivot_table(index="team", columns="period", values="revenue", aggfunc="sum", fill_value=0.0)
    orders = counts.pivot_table(index="team", columns="period", values="order_count", aggfunc="sum", fill_value=0)
    money, orders = (table.reindex(columns=range(first, len(periods)), fill_value=0) for table in (money, orders))
    teams = [t for t in money.index if t != UNASSIGNED and _enough(orders.loc[t], company.business.min_base)]
    level = together(len(teams))
    found = [course(t, money.loc[t].to_numpy(), (money.sum() - money.loc[t]).to_numpy(), level) for t in teams]
    return sorted((c for c in found if c), key=lambda c: (c.change, c.team))


def _enough(orders: pd.Series, min_base: int) -> bool:
    return len(orders) > LEAST_PERIODS and min(orders.iloc[-1], orders.iloc[:-1].mean()) >= min_base


def course(team: str, mine: np.ndarray, rest: np.ndarray, level: float) -> Course | None:
    """One team's course, the last value being now; None where its past is too short or knows a period without sales."""
    there = np.flatnonzero(mine > 0)
    mine, rest = (values[there[0] :] for values in (mine, rest)) if len(there) else (mine[:0], rest[:0])
    if len(mine) <= LEAST_PERIODS or min(mine.min(), rest.min()) <= 0:
        return None
    parts = np.log(mine / rest)
    past, n = parts[:-1], len(parts) - 1
    change = float(parts[-1] - past.mean())
    reach = float(past.std(ddof=1) * math.sqrt(1 + 1 / n) * stdtrit(n - 1, (1 + level) / 2))
    usual = float(rest[-1] * math.exp(past.mean()))
    return Course(team, float(mine[-1]), usual, math.expm1(change), math.expm1(change - reach), math.expm1(change + reach), n)
