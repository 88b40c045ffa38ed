"""Goals: what is set for a figure in this very period, how much of it is attained, and what should be there by now.

A goal counts for the period that it was set for. Months' goals are not added up to a quarter's, and a quarter's is not divided into
months: nobody set those, and a business does not aim at the same in July and in December.
"""

from typing import Any

import pandas as pd

from .crm import ALL, Crm

MEASURED_FROM_ZERO = ("count", "money", "share", "ratio", "days", "hours")  # of a scale (scores, NPS) no part is attained


def target(name: str, crm: Crm) -> float | None:
    """The goal of this team (or the company) for this very period, if one is set; two goals for the same are none."""
    found = _goals(crm)
    mine = found.value[(found.metric == name) & (found.period == crm.period.label)]
    return float(mine.iloc[0]) if len(mine) == 1 else None


def set_elsewhere(names: list[str], crm: Crm) -> bool:
    """Whether these figures have goals of this team, and none of them in this period."""
    found = _goals(crm)
    periods = set(found.period[found.metric.isin(names)])
    return bool(periods) and crm.period.label not in periods


def _goals(crm: Crm) -> pd.DataFrame:
    """The goals of this team (or the company), of all periods; those of persons are none. → frame: period, metric, value"""

    def make() -> Any:
        if not crm.has("targets"):
            return pd.DataFrame(columns=["period", "metric", "value"])
        goals = crm.company.targets
        goals = goals.filter(goals.rep_id.isnull() & (goals.team.isnull() if crm.team == ALL else goals.team == crm.team))
        return goals.select("period", "metric", "value").execute()

    return crm.once("goals", make)


def attainment(value: float | None, goal: float | None, unit: str, better: str | None) -> float | None:
    """Value / goal: how much of it is attained.

    None of what should be low (a limit is kept or not: 80 % of the days allowed is no shortfall), of a goal of 0 or less, and of a
    figure on a scale that does not begin at zero.

    >>> attainment(90.0, 120.0, "count", "up"), attainment(20.0, 22.0, "days", "down")
    (0.75, None)
    """
    if value is None or goal is None or goal <= 0 or better == "down" or unit not in MEASURED_FROM_ZERO:
        return None
    return value / goal


def pace(goal: float | None, gone: float) -> float | None:
    """What should be there by now of a figure that adds up over its days: the goal × days gone / days of the period.

    None of a whole period, whose goal itself is due. Every day counts alike: what is known of weekdays and seasons is not in it.

    >>> pace(310.0, 20 / 31), pace(310.0, 1.0)
    (200.0, None)
    """
    return None if goal is None or gone >= 1 else goal * gone
