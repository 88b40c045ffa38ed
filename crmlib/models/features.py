"""What was known of each customer at a day, in numbers: what all models of customers are made from.

The day is the end of the handle's period, always: `features(view)` of an earlier handle is how a model's past is made. Whoever
is in at that day has a row (a customer and not lost: metrics/lives.py), prospects have none. A suffix says how many days before
that day count: `_90` begins with the 90th day before it, so that what happened exactly 90 days before still counts.

Whatever happened later does not exist (`crm.table`): a ticket's satisfaction that was given later is unknown, an invoice paid
later is unpaid and late so far, an order refunded later is a purchase. What nothing dates (tier, industry, channel, person in
charge, without a field history) is as recorded.
"""

from typing import Any

import ibis

from ..crm import Crm
from ..measures import day, ratio
from ..metrics.lives import ALWAYS, of_customers, standing
from .features_contacts import contacts, service
from .features_money import invoices, lines, orders
from .windows import BASELINE, QUARTER, YEAR, age

WHO = ("customer_id", "team", "rep_id", "no_contact")
WORDS = ("tier", "acquisition_channel", "industry")
NUMBERS = ("tenure_days", "recency_days", "quiet_days", "quiet_gaps", "orders_90", "orders_365", "amount_90", "amount_365", "order_value_365",
           "orders_trend", "amount_trend", "logins_30", "logins_90", "logins_365", "browses_90", "browses_365", "events_365",
           "own_90", "own_drop", "orders_drop", "emails_365", "calls_365", "meetings_365", "chats_365", "contacts_90",
           "opened_share", "replied_share", "tickets_90", "tickets_365", "satisfaction_90", "lowest_90", "feedback_365",
           "late_days_365", "overdue_share", "discounted_share_365", "distance_share_365")  # fmt: skip
COLUMNS = (*WHO, *WORDS, *NUMBERS)

MOST_GAPS = 30.0  # usual gaps that a silence counts for at most
AT_MOST = 2.0  # times the own baseline: more than twice as usual counts as twice
MOST_PACE = 365 / 90  # of a trend: nothing in the year but in its last 90 days
COUNTED = {"orders": ("orders_90", "orders_365", "orders_before", "amount_90", "amount_365"),
           "interactions": ("acts_90", "acts_before", "logins_30", "logins_90", "logins_365", "browses_90", "browses_365", "events_365",
                            "emails_365", "calls_365", "meetings_365", "chats_365", "contacts_90"),
           "tickets": ("tickets_90", "tickets_365"), "feedback": ("feedback_365",)}  # fmt: skip


def features(crm: Crm) -> Any:
    """What was known of each customer who is in at the period's end.

    Needs orders or interactions; customers, order_lines, opportunities, tickets, feedback, invoices as delivered.
    → ibis table, kept, one row a customer: customer_id, team, rep_id, no_contact; WORDS (text), NUMBERS (float64)
    A column of what is not delivered is null throughout. Counts and amounts of those who did nothing are 0; what they would
    be divided by is then 0, and the ratio null: there is nothing to judge by, which is not "bad".
      tenure_days: since they are in (null: no date is known) · recency_days: since the last purchase · quiet_days: since the
      last activity of their own, or purchase · quiet_gaps: the same in units of the customer's own mean gap between these,
      before the silence, 0 to 30 (null where there were fewer than two) · orders: purchases · amount: revenue (refunds taken
      off) · order_value: revenue / purchases · trend: the pace of the last 90 days / the pace of the year (of those who first
      bought within it: since then, 90 days at least), 0 to 4.06; 1 = as before · own: log-in, browsing, taking part, feedback,
      a purchase · drop: the last 90 days / the customer's own baseline before them (from the first activity on, three years at
      most; null where that is less than 90 days, or nothing), 0 to 2; 1 = as usual, 0 = nothing any more.
      The rest: see features_money and features_contacts.
    """
    return of_customers(crm, "features", features_of)


def features_of(view: Crm, among: Any = None) -> Any:
    """The same, not kept, of those with the customer_id of `among` alone: what snapshots are made from."""
    table = standing(view, among).filter(lambda t: t.in_end)
    for n, part in enumerate((_words, orders, lines, contacts, service, invoices)):
        table = table.left_join(part(view, among), "customer_id", rname=f"{{name}}_{n}")
    for delivered, names in COUNTED.items():
        table = table.mutate(**{n: table[n].fill_null(0) if view.has(delivered) else ibis.null("int64") for n in names})
    table = _judged(_seen(table, view))
    return table.select(*WHO, *WORDS, **{name: table[name].cast("float64") for name in NUMBERS})


def _words(view: Crm, among: Any) -> Any:
    return view.table("customers", "customer_id", *WORDS).select("customer_id", *WORDS)


def _seen(table: Any, view: Crm) -> Any:
    """How long they are in, and how long they were quiet; what they did of their own accord, purchases among it."""
    since = table.since.nullif(day(ALWAYS))
    both = {f"own_{span}": _added(table[f"orders_{span}"], table[f"acts_{span}"]) for span in ("90", "before")}
    return table.mutate(
        tenure_days=age(since, view),
        quiet_days=ibis.least(*_either(table.recency_days, table.acted_days)),
        own_since=ibis.greatest(*_either(table.bought_since, table.acted_since)),
        **both,
    )


def _judged(table: Any) -> Any:
    """The last 90 days beside the year, and beside the customers' own past."""
    year = ibis.greatest(ibis.least(table.bought_since, YEAR), QUARTER)
    trend = lambda now, then: ratio(now * year.cast("float64"), then * float(QUARTER))  # noqa: E731
    earned = ibis.ifelse(table.amount_365 > 0, table.amount_365, ibis.null("float64"))
    return table.mutate(
        order_value_365=ratio(table.amount_365, table.orders_365),
        orders_trend=trend(table.orders_90, table.orders_365),
        amount_trend=_bounded(trend(table.amount_90, earned), MOST_PACE),
        quiet_gaps=_gaps(table),
        own_drop=_drop(table.own_90, table.own_before, table.own_since),
        orders_drop=_drop(table.orders_90, table.orders_before, table.bought_since),
    )


def _drop(now: Any, before: Any, since: Any) -> Any:
    """The last 90 days / what the days before them, three years at most, let expect of 90 days."""
    days = ibis.least(since - QUARTER, BASELINE)
    usual = ibis.ifelse(days >= QUARTER, before * float(QUARTER), ibis.null("float64"))
    return _bounded(ratio(now * days, usual), AT_MOST)


def _gaps(table: Any) -> Any:
    """The silence / the mean gap between own activities before it."""
    span = ibis.least(table.own_since, QUARTER + BASELINE) - table.quiet_days
    several = table.own_90 + table.own_before > 1
    usual = ibis.ifelse(several & (span > 0), span.cast("float64"), ibis.null("float64"))
    return _bounded(ratio(table.quiet_days * (table.own_90 + table.own_before - 1), usual), MOST_GAPS)


def _bounded(value: Any, most: float) -> Any:
    """Within 0 and `most`; what is not known stays unknown, whatever an engine's `least` makes of null."""
    return ibis.ifelse(value.notnull(), ibis.greatest(ibis.least(value, most), 0.0), ibis.null("float64"))


def _either(a: Any, b: Any) -> tuple[Any, Any]:
    """Two numbers, each with the other where it is missing: engines differ in what null is least of."""
    return ibis.coalesce(a, b), ibis.coalesce(b, a)


def _added(a: Any, b: Any) -> Any:
    """The sum of two counts, of which either may not be delivered."""
    return ibis.ifelse(a.isnull() & b.isnull(), ibis.null("int64"), a.fill_null(0) + b.fill_null(0))
