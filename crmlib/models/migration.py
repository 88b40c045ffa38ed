"""Who moved: from the segments of the period before to this one's, in customers and in money.

The segments of the period before are those that the ledger was told then; where it was told nothing, they are found now from
what was known then (a back-cast). Money is a customer's revenue of the year: of who was in a segment then the year up to
then, of who is new the year up to now.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..kpi import Share
from ..measures import exact, total
from ..metrics.lives import accounts
from ..metrics.names import customer_names, named
from .segment_names import named as by_profile
from .segments import Segmentation, fitted, segments, with_names

NEW, LOST = "just_in", "left_us"  # what stands for the segment of who had none before, and of who is no customer any more
WORTH_LESS = 0.8  # a segment is worth less than another whose revenue per customer it has at most four fifths of
FLOWS = ["before", "now", "customer_count", "amount", "now_amount"]
MOVED = ["customer", "before_segment", "segment", "earlier_amount", "now_amount", "rep"]


@dataclass(frozen=True)
class Migration:
    """The customers of a view by their segments before and now."""

    flows: pd.DataFrame  # FLOWS: amount is the revenue before, of who is new (before: NEW) now
    worth: dict[str, float]  # a segment → the revenue a year of one of its customers, on the average over the company
    made_at: datetime | None  # when the segments before were told to the ledger; None: found now
    late: bool = False  # told when this period had ended already: a back-cast, too

    @property
    def stayed(self) -> pd.DataFrame:
        """Who had a segment before and has one now."""
        return self.flows[(self.flows.before != NEW) & (self.flows.now != LOST)]

    def less(self, before: str, now: str) -> bool:
        """Whether a segment is worth less than the one before."""
        a, b = self.worth.get(before), self.worth.get(now)
        return a is not None and b is not None and b <= WORTH_LESS * a

    @property
    def down(self) -> pd.DataFrame:
        return self.stayed[[self.less(r.before, r.now) for r in self.stayed.itertuples()]]

    @property
    def up(self) -> pd.DataFrame:
        return self.stayed[[self.less(r.now, r.before) for r in self.stayed.itertuples()]]


def earlier(crm: Crm, told: Any = None) -> tuple[Any, datetime | None]:
    """Everybody's segment at the end of the period before.

    `told`: what the ledger was told then (target, value, label, made_at). → ibis table: customer_id, segment, amount (revenue of the
    year before); when it was told (None: found now)
    """
    if told is not None and (made_at := told.aggregate(at=told.made_at.min()).execute()["at"].iloc[0]) is not pd.NaT:
        return told.filter(told.label.notnull()).select(customer_id="target", segment="label", amount="value"), made_at
    past = fitted(crm.whole_previous)
    names = Segmentation(past, tuple(by_profile(past.scaled)), frozenset())
    table = with_names(segments(crm.company.whole_previous), names)
    return table.filter(table.segment.notnull()).select("customer_id", "segment", "amount"), None


def migration(crm: Crm, found: Segmentation, told: Any = None) -> Migration:
    """The customers of this view by their segments before and now.

    Needs what segments needs. → Migration; its flows: one row a pair, before NEW and now LOST included; no rows where there are no segments
    Lost is who had a segment and is no customer any more; customers are this view's of today, wherever they were then.
    """
    table, made_at = earlier(crm, told)
    both = _both(crm, found, table)
    sums = {
        "customer_count": both.count(),
        "amount": total(exact(both.amount)),
        "now_amount": total(exact(both.now_amount)),
    }
    flows = both.group_by("before", "now").aggregate(**sums).execute()
    order = [NEW, *found.names, *sorted({*flows.before} - {NEW, *found.names}), LOST]
    flows = flows.sort_values(["before", "now"], key=lambda names: names.map(order.index), ignore_index=True)[FLOWS]
    return Migration(flows, _worth(crm, found, table), made_at, made_at is not None and made_at >= pd.Timestamp(crm.end))


def _both(crm: Crm, found: Segmentation, before: Any) -> Any:
    """One row a customer of this view who is or was in a segment. → ibis table: customer_id, rep_id, no_contact, before, now, amount, now_amount"""
    people = accounts(crm).select("customer_id", "rep_id", "no_contact")
    now = with_names(segments(crm), found).select("customer_id", now="segment", now_amount="amount")
    then = before.select("customer_id", before="segment", before_amount="amount")
    both = people.left_join(now, "customer_id", rname="_{name}").left_join(then, "customer_id", rname="__{name}")
    both = both.filter(both.now.notnull() | both.before.notnull())
    return both.select(
        "customer_id", "rep_id", "no_contact", "now_amount",
        before=both.before.fill_null(NEW), now=both.now.fill_null(LOST),
        amount=ibis.ifelse(both.before.notnull(), both.before_amount, both.now_amount),
    )  # fmt: skip


def _worth(crm: Crm, found: Segmentation, before: Any) -> dict[str, float]:
    """Revenue per customer: of the segments of today as they are today, of those that are no more as they were."""
    now = with_names(segments(crm.company), found)
    tables = [before, now.filter(now.segment.notnull()).select("customer_id", "segment", "amount")]
    worth: dict[str, float] = {}
    for table in tables:
        known = table.filter(table.amount.notnull())
        each = known.group_by("segment").aggregate(n=known.count(), amount=total(exact(known.amount))).execute()
        worth |= {r.segment: r.amount / r.n for r in each.itertuples()}
    return worth


def migration_share(moved: Migration) -> Share:
    """Of those who had a segment before and are still customers: how many are in another one. → Share"""
    stayed = moved.stayed
    return Share(int(stayed.customer_count[stayed.before != stayed.now].sum()), int(stayed.customer_count.sum()))


def matrix(moved: Migration, letters: dict[str, str], value: str) -> pd.DataFrame:
    """The flows as a matrix in tidy form: every pair of the segments that there were and are, 0 where nobody went.

    `letters`: segment → the letter by which it is called; one that is no more has none and goes by its name. → frame: before_segment
    (NEW first), letter (of the segment now; LOST last), and `value` (customer_count or amount, as earlier_amount); no row for who is
    new and lost at once
    """
    flows = moved.flows
    rows = [name for name in dict.fromkeys([NEW, *letters, *flows.before]) if name in set(flows.before)]
    columns = [*letters, *([LOST] if LOST in set(flows.now) else [])]
    whole = pd.MultiIndex.from_product([rows, columns], names=["before_segment", "now"])
    frame = (
        flows.set_index(["before", "now"])[value]
        .reindex(whole, fill_value=0)
        .rename("earlier_amount" if value == "amount" else value)
    )
    frame = frame.reset_index()
    frame = frame[~((frame.before_segment == NEW) & (frame.now == LOST))].reset_index(drop=True)
    frame = frame.assign(before_segment=frame.before_segment.replace(letters), now=frame.now.replace(letters))
    return frame.rename(columns={"now": "letter"})


def moved_down(crm: Crm, found: Segmentation, moved: Migration, told: Any = None, most: int = 15) -> pd.DataFrame:
    """The customers who went to a segment that is worth less, the largest revenue first. For team pages: names.

    → frame: customer, before_segment, segment, earlier_amount (revenue of the year, then), now_amount (now), rep
    Whoever asked not to be contacted is left out.
    """
    pairs = [(r.before, r.now) for r in moved.down.itertuples()]
    if not pairs:
        return pd.DataFrame(columns=MOVED)
    both = _both(crm, found, earlier(crm, told)[0])
    went = ibis.or_(*[(both.before == a) & (both.now == b) for a, b in pairs])
    frame = (
        both.filter(went & ~both.no_contact.fill_null(False)).order_by(both.amount.desc(), "customer_id").limit(most).execute()
    )
    frame = frame.rename(columns={"before": "before_segment", "now": "segment", "amount": "earlier_amount"})
    return frame.assign(customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id))[MOVED]
