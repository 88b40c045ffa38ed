"""RFM: how recently, how often and for how much customers bought, as scores 1 to 5, and the segment they make.

Everybody who ever bought by the period's end is scored, the whole company together: a team's customers keep the scores that
they have in the company. Recency is the last purchase, however long ago; frequency (days with a purchase) and money (refunds
taken off) are those of the last business.rfm_window_days, so that who bought much long ago does not count as frequent for ever.

The rule for ties: equal values have the equal score. A score is the fifth of all customers in which the middle of those with
that value stands: 1 + ⌊5 × (share with less + half the share with the same)⌋. Values that all differ make quintiles; where all
are the same, all have 3. Where many have the same value, fewer than five scores are given.
"""

from typing import Any

import ibis

from ..crm import Crm
from ..metrics.lives import of_customers
from .buyers import buyers

SCORES = (1, 2, 3, 4, 5)
SEGMENTS = ("champions", "loyal", "promising", "newcomers", "need attention", "at risk", "cannot lose", "hibernating")
# recency score → the segment by worth (the mean of the scores of frequency and money, half upward) from 1 to 5
GRID = {
    5: ("newcomers", "promising", "promising", "champions", "champions"),
    4: ("newcomers", "promising", "promising", "loyal", "champions"),
    3: ("hibernating", "need attention", "need attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
    1: ("hibernating", "hibernating", "at risk", "cannot lose", "cannot lose"),
}


def rfm(crm: Crm) -> Any:
    """Everybody of this view who ever bought by the period's end, with scores and segment.

    Needs orders: customer_id, ordered_at, amount; customers, cost as delivered.
    → ibis table, made once for the company: the columns of buyers.buyers; rfm_recency (5 = bought most recently), rfm_frequency,
      rfm_money (1–5), rfm_segment (a name of SEGMENTS)
    """
    return of_customers(crm, "rfm", lambda view: scored(buyers(view)))


def scored(table: Any) -> Any:
    """A table of buyers with its scores and segments."""
    table = table.mutate(rfm_recency=score(-table.since_days), rfm_frequency=score(table.frequency), rfm_money=score(table.money))
    return table.mutate(rfm_segment=segment(table.rfm_recency, table.rfm_frequency, table.rfm_money))


def score(value: Any) -> Any:
    """The score of each row's value among all rows (the rule is at the top of this room)."""
    below, above = ibis.rank().over(order_by=value), ibis.rank().over(order_by=value.desc())
    everybody = value.count().over(ibis.window())
    return (1 + (5 * (everybody + below - above)) // (2 * everybody)).cast("int64")


def segment(recency: Any, frequency: Any, money: Any) -> Any:
    """The segment of three scores."""
    worth = (frequency + money + 1) // 2
    named = [((recency == r) & (worth == w), name) for r, names in GRID.items() for w, name in zip(SCORES, names, strict=True)]
    return ibis.cases(*named)
