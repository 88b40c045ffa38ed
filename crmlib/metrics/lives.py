"""Customers' lives: since when each is a customer, what they did and when, and whether they are lost.

A purchase is an order with an amount above 0, a customer, and a status that counts as revenue at the period's end (a
refund is none; a buyer whose only order was refunded is no buyer). A customer is in from the first purchase or the
first won deal on, whichever is earlier; where contracts are kept (`contractual`: some `churned_at` is known by the end of
the page's own period, whose rule holds for all that it is compared with), or neither orders nor deals are delivered, from
`created_at` on (without a date: always). All others are prospects.

Lost as of a day: contracts: the contract ended before it. Else: nothing in the `inactive_after_days` days before it,
neither a purchase, nor a deal won, nor another qualifying activity (business.qualifying), nor the day on which they became a
customer.
What happened exactly `inactive_after_days` before still counts.

Customers are judged by all their orders and interactions, whosever they are, so that teams add up to the company.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import ibis

from ..crm import ALL, Crm
from ..measures import count_if, day, within
from ..periods import Period
from ..schema import REVENUE_STATUSES_LEFT_OUT
from .deals import which

OWN = ("login", "browse", "event", "feedback")  # what customers do of their own accord; all other channels are contacts
BASELINE = 6  # periods before this one that a customer's own past is made of
ALWAYS = date(1, 1, 1)  # since when those are in of whom no date is known
_WIN = "deal won"  # the channel of what is no interaction


def contractual(crm: Crm) -> bool:
    """Whether contracts say who is lost: some `churned_at`, of whatever team, is known by the end of the page's own period.

    Of the views a page is compared with, too (`crm.previous`, `crm.year_before`): one page has one definition of lost.
    """
    if not crm.has("customers", "churned_at"):
        return False
    company = crm.judge.company
    return company.once("contractual", lambda: bool(company.kept("contracts", _contracts).execute().known.iloc[0]))


def _contracts(company: Crm) -> Any:
    table = company.table("customers", "churned_at")
    return table.aggregate(known=table.churned_at.notnull().any().fill_null(False))


def accounts(crm: Crm) -> Any:
    """Everybody who is or may become a customer of this view.

    Needs customers; without it whoever orders, deals or interactions of this view name.
    → ibis table: customer_id, created_at, churned_at, rep_id, no_contact, team
    """
    if crm.has("customers"):
        columns = ("customer_id", "created_at", "churned_at", "rep_id", "team", "no_contact")
        table = crm.table("customers", *columns)
        return table.select("customer_id", "created_at", "churned_at", "rep_id", "no_contact", team=table._team)
    named = [crm.table(name, "customer_id").select("customer_id") for name in ("orders", "opportunities", "interactions")]
    ids = ibis.union(*named, distinct=True).filter(lambda t: t.customer_id.notnull())
    nothing = {"created_at": "timestamp", "churned_at": "date", "rep_id": "string", "no_contact": "boolean", "team": "string"}
    return ids.mutate(**{name: ibis.null(kind) for name, kind in nothing.items()})


def _judged_by(crm: Crm) -> Crm:
    """The handle whose rows a customer is judged by: the whole company's; without customers, who belong to teams, its own."""
    return crm.company if crm.has("customers") else crm


def of_customers(crm: Crm, name: str, make: Callable[[Crm], Any]) -> Any:
    """The table that `make` returns, of this view's customers by its column `team`: made once for the whole company (`crm.kept`).

    Without customers, who belong to teams, a team has its own rows alone: then it is made of those.
    """
    if crm.team == ALL or crm.has("customers"):
        return crm.kept(name, make)
    return crm.once(name, lambda: make(crm).cache())


def sales(crm: Crm) -> Any:
    """The orders of this view's customers that count as revenue by the period's end, refunds (below 0) among them.

    Needs orders: customer_id, ordered_at, amount; cost, status as delivered. → ibis table: customer_id, at, amount, cost
    """
    orders = _judged_by(crm).table("orders", "customer_id", "ordered_at", "amount", "cost", "status")
    counts = ~orders.status.isin(REVENUE_STATUSES_LEFT_OUT).fill_null(False)
    chosen = orders.filter(counts & orders.customer_id.notnull())
    return _own_customers(crm, chosen.select("customer_id", "amount", "cost", at="ordered_at"))


def purchases(crm: Crm) -> Any:
    """The purchases of this view's customers by the period's end. → ibis table: customer_id, at"""
    return sales(crm).filter(lambda t: t.amount > 0).select("customer_id", "at")


def events(crm: Crm) -> Any:
    """What this view's customers bought and did, and what contacts they had, by the period's end.

    Needs orders or interactions. → ibis table: customer_id, at, channel (null: a purchase), qualifies, own (of their own
    accord: log-in, browsing, taking part, feedback, a purchase)
    """
    seen = _judged_by(crm).table("interactions", "customer_id", "occurred_at", "channel")
    seen = _own_customers(crm, seen.filter(seen.customer_id.notnull()).select("customer_id", "channel", at="occurred_at"))
    bought = purchases(crm).mutate(channel=ibis.null("string"))
    won = _own_customers(crm, _wins(crm).select("customer_id", at="closed_at", channel=ibis.literal(_WIN)))
    both = bought.union(seen.select(bought.columns)).union(won.select(bought.columns))
    words = [w for w in crm.business.qualifying if w != "order"]
    return both.mutate(
        qualifies=ibis.ifelse(both.channel.isnull(), "order" in crm.business.qualifying, both.channel.isin(words)),
        own=both.channel.isnull() | both.channel.isin(OWN),
    )


def shows_activity(crm: Crm) -> bool:
    """Whether the source delivers a table that qualifying activity comes from (business.qualifying): else nobody can be called inactive."""
    return any(crm.has("orders" if word == "order" else "interactions") for word in crm.business.qualifying)


def _own_customers(crm: Crm, table: Any) -> Any:
    return table if crm.team == ALL or not crm.has("customers") else table.semi_join(accounts(crm), "customer_id")


# -------------------------------------------------------------------------------------------- one row a customer


def lives(crm: Crm) -> Any:
    """One row a customer or prospect.

    Needs orders or interactions; customers, opportunities as delivered.
    → ibis table: customer_id, team, rep_id, no_contact, churned_at, since, contracts; `in_<day>` (customer and not lost), `lost_<day>` (customer
      and lost) for the days start, end and year (the end of the same period a year before); first_at, last_at (of own
      activities); in the period: active (a qualifying activity), stirred (that or a purchase), logins, browsed_at, bought_at (the last purchase), purchases, active_days (days with
      any own activity); purchases_before, active_days_before (in the period before); own_0 … own_6 (own activities, now
      and in each of the six periods before)
    """
    days = {"start": crm.period.start, "end": crm.period.end, "year": crm.period.year_before.end}
    return of_customers(crm, "lives", lambda view: _lives_at(view, days, crm.period.trailing(BASELINE + 1), **_doings()))


def _doings() -> dict[str, Any]:
    """What `lives` says of each customer's own activities: name → a function of the events with the index of their period."""
    now, before = BASELINE, BASELINE - 1
    inside = lambda t, i: t.period == i  # noqa: E731
    doings = {
        "first_at": lambda t: t.at.min(),
        "last_at": lambda t: t.at.max(where=t.own),
        "active": lambda t: (t.qualifies & inside(t, now)).any(),
        "stirred": lambda t: (keeps(t) & inside(t, now)).any(),
        "logins": lambda t: count_if((t.channel == "login") & inside(t, now)),
        "browsed_at": lambda t: t.at.min(where=(t.channel == "browse") & inside(t, now)),
        "bought_at": lambda t: t.at.max(where=t.channel.isnull() & inside(t, now)),
        "purchases": lambda t: count_if(t.channel.isnull() & inside(t, now)),
        "purchases_before": lambda t: count_if(t.channel.isnull() & inside(t, before)),
        "active_days": lambda t: t.at.date().nunique(where=t.own & inside(t, now)),
        "active_days_before": lambda t: t.at.date().nunique(where=t.own & inside(t, before)),
    }
    return doings | {f"own_{i}": lambda t, i=i: count_if(t.own & inside(t, now - i)) for i in range(BASELINE + 1)}


def standing(crm: Crm, among: Any = None) -> Any:
    """Who is in, and who is lost, at the period's end alone: much cheaper than `lives`, and the same. Not kept.

    Needs the same as `lives`. → ibis table, one row a customer or prospect (`among`: of those with this customer_id alone):
      customer_id, team, rep_id, no_contact, churned_at, since, contracts, in_end, lost_end
    """
    return _lives_at(crm, {"end": crm.end}, [crm.period], among)


def _lives_at(crm: Crm, days: dict[str, date], periods: list[Period], among: Any = None, **doings: Any) -> Any:
    """One row a customer: `in_<name>` and `lost_<name>` as of each named day, and what `doings` say of their events.

    The events carry the index of the `period` that they lie in (−1: before all of them), so that many doings stay cheap.
    """
    people, acts = accounts(crm), events(crm)
    if among is not None:
        people, acts = people.semi_join(among, "customer_id"), acts.semi_join(among, "customer_id")
    contracts, dated_by_sales = contractual(crm), crm.has("orders") or crm.has("opportunities")
    lasts = timedelta(days=crm.business.inactive_after_days)
    acts = acts.mutate(period=which(acts.at, periods))
    lively = {f"lively_{n}": (keeps(acts) & within(acts.at, d - lasts, d)).any() for n, d in days.items()}
    done = acts.group_by("customer_id").aggregate(
        first_buy=acts.at.min(where=acts.channel.isnull()), **lively, **{name: make(acts) for name, make in doings.items()}
    )
    table = people.left_join(done, "customer_id", rname="_{name}").left_join(_first_wins(crm), "customer_id", rname="__{name}")
    entered = ibis.coalesce(table.created_at, day(ALWAYS))
    came = entered if contracts or not dated_by_sales else ibis.least(*_known(table.first_buy, table.first_win))
    table = table.mutate(since=came, **{n: _of_none(table[n]) for n in doings})
    known: dict[str, Any] = {}
    for name, when in days.items():
        here = (table.since < day(when)).fill_null(False)
        stays = table[f"lively_{name}"].fill_null(False) | within(table.since, when - lasts, when)
        lost = (table.churned_at.cast("timestamp") < day(when)).fill_null(False) if contracts else ~stays
        known |= {f"in_{name}": here & ~lost, f"lost_{name}": here & lost}
    table = table.mutate(**known, contracts=ibis.literal(contracts))
    return table.select("customer_id", "team", "rep_id", "no_contact", "churned_at", "since", "contracts", *known, *doings)


def _of_none(done: Any) -> Any:
    """What those did who did nothing: no times, never; moments stay unknown."""
    return done.fill_null(False) if done.type().is_boolean() else done if done.type().is_temporal() else done.fill_null(0)


def keeps(acts: Any) -> Any:
    """What keeps a customer: a purchase and a deal won always, whatever else qualifies."""
    return acts.channel.isnull() | acts.qualifies | (acts.channel == _WIN)


def _known(*moments: Any) -> Iterable[Any]:
    """Moments for `least`, each with the other where it is missing: engines differ in what null is least of."""
    a, b = moments
    return ibis.coalesce(a, b), ibis.coalesce(b, a)


def _wins(crm: Crm) -> Any:
    """The deals won by the period's end. Needs opportunities: customer_id, closed_at, is_won."""
    deals = _judged_by(crm).table("opportunities", "customer_id", "closed_at", "is_won")
    return deals.filter(deals.is_won & deals.closed_at.notnull() & deals.customer_id.notnull())


def _first_wins(crm: Crm) -> Any:
    """When each customer's first deal was won."""
    return _wins(crm).group_by("customer_id").aggregate(first_win=lambda t: t.closed_at.min())
