"""What customers say: answers, their scores, and which of them are problems."""

from datetime import date
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, Share, measured
from ..means import Mean
from ..measures import count_if, total, within
from ..periods import Period

SATISFIED = 4  # of 5: the top two
UNHAPPY = 2  # of 5, and below
PROMOTERS, DETRACTORS = 9, 6  # of 10: from, up to
COMPLAINT_WORDS = ("complain", "投诉")


def feedback(crm: Crm) -> Any:
    """The answers known by the period's end, with whether each is a `problem`, and whether that can be `judged` at all.

    Needs feedback: feedback_id; given_at, source, category, product, score, nps, rep_id, customer_id as delivered.
    → an ibis table, made once for all teams
    A problem has a score of at most 2; where it carries no score, an NPS answer of at most 6; where it carries neither, a
    category or source that says complaint. Other answers without a rating are not judged, unless the source delivers no
    ratings at all and names complaints, of whatever team (`names_complaints`): then all are.
    """
    return crm.kept("answers", _judged, team="_team")


def _judged(crm: Crm) -> Any:
    columns = ("feedback_id", "given_at", "source", "category", "product", "score", "nps", "rep_id", "_team")
    table = crm.table("feedback", *columns).select(*columns)
    says = _says_complaint(table)
    rated = table.score.notnull() | table.nps.notnull()
    unhappy = ibis.coalesce(table.score <= UNHAPPY, table.nps <= DETRACTORS, says)
    judged = rated | says
    if not rates(crm):
        judged = judged | ibis.literal(names_complaints(crm))
    return table.mutate(problem=unhappy & judged, judged=judged)


def _says_complaint(table: Any) -> Any:
    words = ibis.coalesce(table.category, "").lower().concat(" ", ibis.coalesce(table.source, "").lower())
    return words.contains(COMPLAINT_WORDS[0]) | words.contains(COMPLAINT_WORDS[1])


def names_complaints(crm: Crm) -> bool:
    """Whether some answer of the company says complaint, known by the end of the page's own period: one rule for all its teams and periods."""
    company = crm.judge.company
    table = company.table("feedback", "category", "source")
    return bool(company.once("names complaints", lambda: _says_complaint(table).any().fill_null(False).execute()))


def rates(crm: Crm) -> bool:
    """Whether the source delivers ratings, scores or NPS."""
    return crm.has("feedback", "score") or crm.has("feedback", "nps")


def answers(crm: Crm, start: date | None = None, end: date | None = None) -> Any:
    """The answers given in the period (or from `start` until before `end`)."""
    table = feedback(crm)
    return table.filter(within(table.given_at, start or crm.period.start, end or crm.period.end))


def of_period(crm: Crm) -> Any:
    """The period's own answers, read once for all groupings."""
    return crm.once("answers of the period", lambda: answers(crm).cache())


def sums(table: Any) -> dict[str, Any]:
    """What every figure of some answers is made of: counts, and sums of scores and their squares."""
    score, nps = table.score, table.nps
    return {
        "answers": table.count(), "scores": count_if(score.notnull()), "score_total": total(score), "score_squares": total(score * score),
        "satisfied": count_if(score >= SATISFIED), "nps_answers": count_if(nps.notnull()), "promoters": count_if(nps >= PROMOTERS),
        "detractors": count_if(nps <= DETRACTORS), "judged": count_if(table.judged), "problem_count": count_if(table.problem),
    }  # fmt: skip


def score_of(row: Any) -> Mean:
    """The mean score of some sums."""
    return Mean(float(row["score_total"]), float(row["score_squares"]), int(row["scores"]))


def top_of(row: Any) -> Share:
    """The satisfied share of some sums."""
    return Share(int(row["satisfied"]), int(row["scores"]))


def nps_of(row: Any) -> Mean:
    """The NPS of some sums: the mean of +100 for a promoter, −100 for a detractor, 0 for all others."""
    up, down = int(row["promoters"]), int(row["detractors"])
    return Mean(100.0 * (up - down), 10_000.0 * (up + down), int(row["nps_answers"]))


def problems_of(row: Any) -> Share:
    """The problems of some sums, of the answers that can be judged."""
    return Share(int(row["problem_count"]), int(row["judged"]))


def totals(crm: Crm) -> dict[str, Any]:
    """The sums of the period's answers in one query, made once for a handle."""

    def make() -> dict[str, Any]:
        table = answers(crm)
        return table.aggregate(**sums(table)).execute().iloc[0].to_dict()

    return crm.once("feedback totals", make)


@measured("count", adds=True)
def answer_count(crm: Crm) -> int:
    """Survey answers, reviews, complaints and comments given in the period.

    Needs feedback: given_at. → count. Answers that were never dated are not among them (`undated_count`).
    """
    return int(totals(crm)["answers"])


@measured("score", "up")
def csat_mean(crm: Crm) -> Figure:
    """Mean of the scores from 1 to 5 given in the period.

    Needs feedback: given_at, score. → Figure in scores, base = answers with a score, error = its standard error
    A change is judged by Welch's 99 % interval of the difference.
    """
    return _figure(score_of(totals(crm)), "no_scores")


@measured("share", "up")
def csat_top_box(crm: Crm) -> Share:
    """Satisfied answers: those with a score of 4 or 5 as a share of all with a score.

    Needs feedback: given_at, score. → Share: part = satisfied, base = answers with a score
    """
    return top_of(totals(crm))


@measured("points", "up")
def nps(crm: Crm) -> Figure:
    """Share of promoters (9–10) minus share of detractors (0–6), −100 to 100.

    Needs feedback: given_at, nps. → Figure in points, base = answers to this question, error = its standard error
    The variance is the multinomial's: that of a mean of +100, 0 and −100. Source: Reichheld, HBR, December 2003.
    """
    return _figure(nps_of(totals(crm)), "no_nps")


def _figure(mean: Mean, reason: str) -> Figure:
    return Figure(mean.value, int(mean.base), None if mean.base else reason, mean.error)


@measured("share", "down")
def problem_rate(crm: Crm) -> Share:
    """Problems as a share of the answers that can be judged (`feedback` says which are).

    Needs feedback: given_at; score, nps, or complaints named as category or source. → Share: part = problems, base = judged
    """
    return problems_of(totals(crm))


@measured("share", "down", rolling=False)
def complaint_rate(crm: Crm) -> Figure:
    """Complaints (answers that are problems) / orders of the period.

    Needs feedback: given_at and ratings; orders: ordered_at, amount. → Figure 0..1, base = orders
    An order counts once, whatever its status; a refund (negative amount) is no order. A complaint may be about an earlier
    order, so it is no share of cases.
    """
    if not crm.has("orders"):
        return NOT_DELIVERED
    if not totals(crm)["judged"]:
        return Figure(None, None, "no_ratings")
    count = order_counts(crm, [crm.period])[0]
    return Figure(totals(crm)["problem_count"] / count if count else None, count, None if count else "no_base")


def order_counts(crm: Crm, periods: list[Period]) -> list[int]:
    """How many orders each of some periods has (refunds are none). Needs orders: ordered_at, amount."""
    days = crm.once("orders a day", lambda: crm.kept("orders a day", _orders).execute())
    inside = lambda p: (days.day >= pd.Timestamp(p.start)) & (days.day < pd.Timestamp(p.end))  # noqa: E731
    return [int(days.n[inside(period)].sum()) for period in periods]


def _orders(crm: Crm) -> Any:
    table = crm.table("orders", "order_id", "ordered_at", "amount")
    table = table.filter((table.amount >= 0) & table.ordered_at.notnull())
    return table.group_by(team="_team", day=table.ordered_at.date().cast("timestamp")).aggregate(n=lambda t: t.count())


def undated_count(crm: Crm) -> int:
    """Answers without a date: in no period, counted here. Needs feedback: feedback_id. → count"""
    table = crm.table("feedback", "feedback_id", "given_at")
    return int(table.given_at.isnull().sum().fill_null(0).execute())
