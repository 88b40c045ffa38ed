"""What the people of a team achieve each: money and deals per person, and the view beside the company."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from . import closing, feedback
from .customer_flows import customers_by_period
from .feedback_groups import answers_by_period
from .performance import money_of, performance_by
from .pipeline import deals_by_period
from .posts import posts, present
from .revenue import has_begun, order_count, revenue, sales_by_period

COMPANY = "whole company"  # what the company is called beside a team


@measured("count")
def people_count(crm: Crm) -> Figure:
    """Persons who were in this view's teams on at least one day of the period. Needs reps: rep_id, team. → Figure: count"""
    return Figure(posts(crm).rep_id.nunique()) if crm.has("reps") else NOT_DELIVERED


@measured("money", "up")
def money_per_person(crm: Crm) -> Figure:
    """Sales amount (where no orders are delivered the won amount) of the view / its persons, each counted for the days they were there.

    Needs orders: ordered_at, amount, or opportunities: closed_at, is_won, amount; reps: rep_id, team.
    → Figure in money for a person who was there all the period
    """
    return _per_person(crm, money(crm))


@measured("ratio", "up")
def deals_per_person(crm: Crm) -> Figure:
    """Deals won in the period / persons, each counted for the days they were there.

    Needs opportunities: closed_at, is_won; reps: rep_id, team. → Figure: deals for a person who was there all the period
    """
    return _per_person(crm, closing.won_count(crm)) if crm.has("opportunities") else NOT_DELIVERED


def _per_person(crm: Crm, made: float) -> Figure:
    if not crm.has("reps"):
        return NOT_DELIVERED
    there = present(crm, crm.period)
    return Figure(made / there if there else None, None, None if there else "no_base")


def money(crm: Crm) -> float:
    """The money by which this source's teams and people are compared (performance.money_of), of the whole view."""
    return float((revenue(crm).value or 0.0) if money_of(crm) == "revenue" else closing.won_amount(crm))


@measured("share", "up", growth=True)
def yoy(crm: Crm) -> Figure:
    """Sales amount (where no orders are delivered the won amount) / the same of the year before − 1.

    Needs orders: ordered_at, amount, or opportunities: closed_at, is_won, amount. → Figure −1.., base = the fewer orders
    (won deals) of now and then; none before the data began, or on fewer than min_base
    """
    return _growth(crm, crm.year_before)


@measured("share", "up", growth=True)
def mom(crm: Crm) -> Figure:
    """Sales amount (where no orders are delivered the won amount) / the same of the period before − 1. Needs as `yoy`. → Figure −1.."""
    return _growth(crm, crm.previous)


def _growth(crm: Crm, before: Crm) -> Figure:
    """As in the rows of `performance_by`: none on fewer than min_base orders (won deals) now or then."""
    if not has_begun(before):
        return Figure(None, None, "no_data")
    then, cases = money(before), min(_cases(crm), _cases(before))
    if then <= 0 or cases < crm.business.min_base:
        return Figure(None, cases, "no_base" if then <= 0 else "few_cases")
    return Figure(money(crm) / then - 1, cases)


def _cases(crm: Crm) -> int:
    return int(order_count(crm).value or 0) if money_of(crm) == "revenue" else closing.won_count(crm)


def of_deals(crm: Crm) -> tuple[Callable[[Crm], Any], ...]:
    """The figures of deals, where a source delivers them: the win rate, then the others."""
    return (closing.win_rate, closing.won_amount, closing.won_count, closing.sales_cycle_days) if crm.has("opportunities") else ()


def efficiency_by_team(crm: Crm) -> pd.DataFrame:
    """Persons of each team, and what they achieve each.

    Needs reps: rep_id, team; orders, opportunities as delivered.
    → frame: team, people_count (there on at least one day), people_ratio (each counted for the days they were there),
      money_per_person, won_count, deals_per_person; the most money per person first
    A team's money and deals of no person are its persons' together.
    """
    here = posts(crm).groupby("team").agg(people_count=("rep_id", "nunique"), people_ratio=("here_share", "sum"))
    frame = here.reset_index().merge(performance_by(crm, "team"), on="team", how="left", validate="one_to_one")
    won, brought = frame.won_count.fillna(0).astype(int), frame[money_of(crm)].fillna(0.0)
    frame = frame.assign(won_count=won, money_per_person=brought / frame.people_ratio)
    frame = frame.assign(deals_per_person=frame.won_count / frame.people_ratio)
    frame = frame.sort_values(["money_per_person", "team"], ascending=[False, True], ignore_index=True)
    return frame[["team", "people_count", "people_ratio", "money_per_person", "won_count", "deals_per_person"]]


def beside_company(crm: Crm) -> pd.DataFrame:
    """This view beside the whole company: rates, durations and figures per person, which do not grow with size.

    Needs as each figure. → frame: view (the team, then the company), closed_count, win_rate, sales_cycle_days, scores,
      csat_top_box, mom, yoy, money_per_person, deals_per_person. No other team is named.
    """
    views = [crm] if crm.team == ALL else [crm, crm.company]
    return pd.DataFrame([_line(view) for view in views])


def _line(view: Crm) -> dict[str, Any]:
    closed = closing.win_rate(view) if view.has("opportunities") else Share(0, 0)
    told = feedback.csat_top_box(view) if view.has("feedback", "score") else Share(0, 0)
    return {"view": COMPANY if view.team == ALL else view.team, "closed_count": int(closed.base), "win_rate": closed.value,
            "sales_cycle_days": closing.sales_cycle_days(view).value, "scores": int(told.base), "csat_top_box": told.value,
            "mom": mom(view).value, "yoy": yoy(view).value, "money_per_person": money_per_person(view).value,
            "deals_per_person": deals_per_person(view).value}  # fmt: skip


def performance_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The view's own figures period by period, for the course of each. → frame: period (Period), figures as delivered; oldest first"""
    frame = customers_by_period(crm, count)[["period", "new_customers", "customer_count"]].reset_index(drop=True)
    parts = [(crm.has("orders"), sales_by_period, ["revenue", "order_count", "units_sold"]),
             (crm.has("opportunities"), deals_by_period, ["won_count", "won_amount", "win_rate", "sales_cycle_days"]),
             (crm.has("feedback", "score"), answers_by_period, ["csat_top_box"])]  # fmt: skip
    for delivered, by_period, columns in parts:
        if delivered:
            found = by_period(crm, count)[["period", *columns]].reset_index(drop=True)  # one's index is called period, too
            frame = frame.merge(found, on="period", how="left", validate="one_to_one")
    frame = frame if money_of(crm) in frame else frame.assign(**{money_of(crm): math.nan})  # neither orders nor deals
    there = pd.Series([present(crm, period) for period in frame.period], index=frame.index, dtype=float)
    of_person = {"money_per_person": money_of(crm), "deals_per_person": "won_count"}
    return frame.assign(**{name: frame[of] / there.where(there > 0) for name, of in of_person.items() if of in frame})
