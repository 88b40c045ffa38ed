"""Key figures of who is about to leave: how many, what is at stake, whom to call, what that is worth, how good the model is.

They are of the period's own model: beside another period's page there are none, since that period had another model.
"""

from collections.abc import Callable

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Figure, measured
from ..measures import count_if, exact, total
from ..schema import UNASSIGNED
from . import churn
from .card import Card

OTHER_PERIOD = Figure(None, None, "of_this_period")
NO_MODEL = Figure(None, None, "no_model")
BY_TEAM = ["team", "customer_count", "expected_count", "warned_count", "left_alone_count", "loss_amount", "warned_amount"]


@measured("count", "down")
def expected_leavers(crm: Crm) -> Figure:
    """Customers who will have left within the horizon: the sum of their probabilities. → Figure: count, base = customers scored"""
    return _of_scores(crm, lambda sums: sums.expected_count)


@measured("money", "down")
def money_at_stake(crm: Crm) -> Figure:
    """Revenue of a year that will go with them: Σ probability × revenue of the last 365 days. → Figure in money, base = customers scored"""
    return _of_scores(crm, lambda sums: sums.loss_amount, needs="orders")


@measured("count")
def warned_customers(crm: Crm) -> Figure:
    """Customers to call: the highest probabilities among those who may be contacted, as many as can be (contact_share), as far as a
    contact pays. → Figure: count, base = customers scored"""
    return _of_scores(crm, lambda sums: sums.warned_count)


@measured("money", "up")
def call_value(crm: Crm) -> Figure:
    """What the calls are worth: expected loss of those to call × save_rate − calls × contact_cost. → Figure in money a year, base = calls"""
    if crm.beside is not None:
        return OTHER_PERIOD
    business, sums = crm.business, tally(crm)
    figure = _of_scores(crm, lambda s: s.warned_amount * business.save_rate - s.warned_count * business.contact_cost, "orders")
    return Figure(figure.value, int(sums.warned_count), figure.reason) if figure.value is not None else figure


@measured("ratio", "up")
def churn_auc(crm: Crm) -> Figure:
    """The chance that one who left had a higher score than one who stayed, on rows that the model had not seen. → Figure, base = rows"""
    return _of_card(crm, lambda card: Figure(card.auc, card.tested_rows, None, card.auc_error))


@measured("ratio", "up")
def churn_baseline_auc(crm: Crm) -> Figure:
    """The same of the one-line baseline: recency alone, or where no purchase is known a constant. → Figure, base = rows"""
    return _of_card(crm, lambda card: Figure(card.baseline_auc, card.tested_rows))


@measured("ratio", "up")
def churn_lift(crm: Crm) -> Figure:
    """How many times as many of the highest tenth left as of all (lift_at_k, k = 10 %), on rows not seen. → Figure, base = rows"""
    return _of_card(crm, lambda card: Figure(card.lift, card.tested_rows))


@measured("share", "down")
def churn_calibration_error(crm: Crm) -> Figure:
    """How far probabilities are from what came true (ece): over ten groups, Σ share × |predicted − left|, on rows not seen.
    → Figure 0..1, base = rows"""
    return _of_card(crm, lambda card: Figure(card.ece, card.tested_rows))


def _of_card(crm: Crm, figure: Callable[[Card], Figure]) -> Figure:
    if crm.beside is not None:
        return OTHER_PERIOD
    card = churn.report(crm).card
    return figure(card) if card else NO_MODEL


def _of_scores(crm: Crm, value: Callable[[pd.Series], float], needs: str | None = None) -> Figure:
    if crm.beside is not None:
        return OTHER_PERIOD
    if churn.report(crm).card is None:
        return NO_MODEL
    if needs and not crm.has(needs):
        return Figure(None, None, "not_delivered")
    sums = tally(crm)
    return Figure(float(value(sums)), int(sums.customer_count), None)


# ------------------------------------------------------------------------------------------------ side by side


def tally(crm: Crm) -> pd.Series:
    """The sums of this view's customers: the columns of `churn_by_team` but the team."""
    frame = _sums(crm)
    mine = frame if crm.team == ALL else frame[frame.team == crm.team]
    return mine.drop(columns="team").sum()


def churn_by_team(crm: Crm) -> pd.DataFrame:
    """Each team's customers: how many, how many are expected to leave, whom to call, what is at stake.

    → frame: team ("unassigned" last), customer_count, expected_count, warned_count, left_alone_count (as likely to leave as those
      to call, but asked not to be contacted), loss_amount (expected, a year), warned_amount (of those to call). Rows add up.
    """
    frame = _sums(crm).fillna({"team": UNASSIGNED})
    frame = frame.assign(_last=frame.team == UNASSIGNED).sort_values(["_last", "team"])
    return frame[BY_TEAM].reset_index(drop=True)


def _sums(crm: Crm) -> pd.DataFrame:
    return crm.company.once("churn sums", lambda: crm.company.kept("churn sums", _by_team).execute())


def _by_team(company: Crm):
    """Exact sums: of floats they would depend on how the engine shares out the rows."""
    table = churn.scores(company)
    loss = exact(table.expected_loss)
    sums = table.group_by("team").aggregate(
        customer_count=table.count(), expected_count=total(exact(table.probability, 9)), warned_count=count_if(table.warned),
        left_alone_count=count_if(table.left_alone), loss_amount=total(loss), warned_amount=total(loss, where=table.warned),
    )  # fmt: skip
    return sums.order_by("team")
