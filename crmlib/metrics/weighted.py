"""Open deals and what they may bring: their amounts weighted with the chance of winning, and how far they cover what is missing."""

from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import NOT_DELIVERED, Figure, measured, target
from ..measures import count_if, exact, ratio, total
from ..periods import year_earlier
from .closing import won_amount
from .deals import closed
from .views import of_view

UNKNOWN_STAGE = "unknown"


def open_deals(crm: Crm) -> pd.DataFrame:
    """The open deals of this view by stage: how many, what they are worth, and what that is weighted.

    Needs opportunities: created_at, closed_at, amount; stage or stage_changes, probability as delivered.
    → frame: stage (in the order of business.stages, the unknown last), open_count, open_amount, weighted_amount (of those with
      an amount and a chance), weighted_count (how many those are), estimated_count (of them by their stage)
    A deal's chance is the probability recorded. What is recorded at closing (1, 0) was not known before: where a deal was closed
    after the period's end it is the share won of the company's deals that had reached its stage, of those closed in the year
    before; where fewer than min_base were closed, there is none.
    """

    def make() -> pd.DataFrame:
        found = of_view(crm, "open deals", _by_stage).execute().set_index("stage")
        stages = [*crm.business.stages, *sorted(set(found.index) - {*crm.business.stages, UNKNOWN_STAGE}), UNKNOWN_STAGE]
        return found.reindex([s for s in stages if s in found.index]).reset_index()

    return crm.once("open deals", make)


def _by_stage(crm: Crm, *groups: str) -> Any:
    table = crm.table("opportunities", "opportunity_id", "created_at", "closed_at", "amount", "probability", "stage", "_team")
    table = table.filter(table.closed_at.isnull() & table.created_at.notnull())
    table = table.mutate(stage=ibis.coalesce(table.stage, UNKNOWN_STAGE)).left_join(_chances(crm), "stage", rname="of_{name}")
    chance = exact(ibis.coalesce(table.probability, table.chance), 6)
    known = table.amount.notnull() & chance.notnull()
    return table.group_by("stage", *groups).aggregate(
        open_count=table.count(), open_amount=total(table.amount), weighted_amount=total(exact(table.amount * chance)),
        weighted_count=count_if(known), estimated_count=count_if(known & table.probability.isnull()),
    )  # fmt: skip


def _chances(crm: Crm) -> Any:
    """The share won of the company's deals closed in the year before the end that had reached each stage. → ibis table: stage, chance"""
    table = closed(crm.company, year_earlier(crm.end), crm.end)
    stages = [
        table.filter(table.reached >= i)
        .aggregate(won=lambda t: count_if(t.is_won), n=lambda t: t.count())
        .mutate(stage=ibis.literal(s))
        for i, s in [*enumerate(crm.business.stages), (0, UNKNOWN_STAGE)]  # every deal has reached the first
    ]
    every = ibis.union(*stages)
    delivered = crm.has("opportunities", "probability")  # else nothing is estimated: no chance is known of any deal
    enough = (every.n >= crm.business.min_base) & ibis.literal(delivered)
    return every.select("stage", chance=ibis.ifelse(enough, ratio(every.won, every.n), ibis.null("float64")))


def _summed(crm: Crm, column: str) -> float:
    return float(open_deals(crm)[column].sum())


@measured("money", "up")
def open_amount(crm: Crm) -> Figure:
    """Amounts of the deals open at the period's end, added up. Needs opportunities: created_at, closed_at, amount. → Figure: money, base = open deals"""
    if not crm.has("opportunities", "amount"):
        return NOT_DELIVERED
    return Figure(_summed(crm, "open_amount"), int(_summed(crm, "open_count")))


@measured("money", "up")
def weighted_pipeline(crm: Crm) -> Figure:
    """Sum of amount × probability of the deals open at the period's end.

    Needs opportunities: created_at, closed_at, amount, probability. → Figure: money, base = open deals with both
    The chance is the one recorded (`open_deals` says what else it may be). Of an earlier period that a page compares with, the
    probabilities as they were then are not known unless every one of its open deals is still open: then there is no value.

    >>> from crmlib.crm import rows
    >>> lines = ["1 2026-10-02 3800 0.9", "2 2026-10-09 22500 0.2"]
    >>> weighted_pipeline(Crm.of(opportunities=rows("opportunity_id created_at amount probability", *lines))).value
    7920.0
    """
    if not crm.has("opportunities", "amount", "probability"):
        return NOT_DELIVERED
    count, known = int(_summed(crm, "open_count")), int(_summed(crm, "weighted_count"))
    if crm.beside and _summed(crm, "estimated_count"):
        return Figure(None, known, "probability_then")
    return Figure(_summed(crm, "weighted_amount"), known) if known or not count else Figure(None, 0, "no_base")


def remaining(crm: Crm) -> float | None:
    """What is still missing of the period's target for won_amount; below 0 where it is passed; None without a target.

    Needs targets: period, metric, value; opportunities: closed_at, is_won, amount. → money
    """
    goal = target("won_amount", crm)
    return None if goal is None else goal - won_amount(crm)


@measured("ratio", "up")
def pipeline_coverage(crm: Crm) -> Figure:
    """Amounts of the open deals / what is missing of the period's target for the amount won.

    Needs opportunities: amount; targets: won_amount of this period. → Figure: times, base = open deals
    Below 1 the open deals cannot make up for it even if all are won. Undefined where there is no target, or it is reached.
    """
    if not crm.has("opportunities", "amount"):
        return NOT_DELIVERED
    missing, count = remaining(crm), int(_summed(crm, "open_count"))
    if missing is None:
        return Figure(None, count, "no_target")
    return Figure(_summed(crm, "open_amount") / missing, count) if missing > 0 else Figure(None, count, "target_reached")


def unweighted_count(crm: Crm) -> int:
    """Open deals that no weight can be given: no amount, or no chance. Needs opportunities: amount, probability. → count"""
    return int(_summed(crm, "open_count") - _summed(crm, "weighted_count"))
