"""Whom to congratulate: birthdays, and days on which somebody became a customer, that lie in the period to come."""

from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import day
from ..models.rfm import rfm
from .arrivals import known_since
from .lives import lives
from .names import customer_names, named

BIRTHDAY, ANNIVERSARY = "birthday", "anniversary"
LISTED = ["celebrated_on", "customer", "occasion", "year_count", "rep"]


def care_list(crm: Crm, limit: int = 60) -> pd.DataFrame:
    """Birthdays, and days on which somebody became a customer, in the period after this one. For team pages: names.

    Needs customers: birthday, name, rep_id, no_contact; orders or opportunities for anniversaries. → frame: celebrated_on (day), customer, occasion
      (birthday, anniversary), year_count (as a customer; none of birthdays), rep (in charge); by day, the largest buyers of the last year where
      there are more than `limit`
    No year of birth and no age is read out. Customers at the period's end alone; whoever asked not to be contacted is left out.
    29 February is kept on the 28th where there is none. First purchases so near the data's first day that they may not be the
    first are no anniversary (arrivals.known_since); contracts say themselves since when they run.
    """
    found = crm.once("care", lambda: _occasions(crm).execute())
    first = found.sort_values(["money", "customer_id", "occasion"], ascending=[False, True, True]).head(limit)
    frame = first.sort_values(["celebrated_on", "occasion", "customer_id"], ascending=[True, False, True])
    frame = frame.assign(customer=customer_names(crm, frame.customer_id), rep=named(crm, "rep", frame.rep_id))
    return frame[LISTED].reset_index(drop=True)


def care_counts(crm: Crm) -> dict[str, int]:
    """How many birthdays and anniversaries there are. Needs the same as care_list. → {occasion: count}"""
    counts = crm.once("care", lambda: _occasions(crm).execute()).occasion.value_counts()
    return {name: int(counts.get(name, 0)) for name in (BIRTHDAY, ANNIVERSARY)}


def _occasions(crm: Crm) -> Any:
    """→ ibis table: customer_id, rep_id, money (of the last year), celebrated_on, occasion, year_count"""
    people = lives(crm).filter(lambda t: t.in_end & ~t.no_contact.fill_null(False))
    known = crm.table("customers", "customer_id", "birthday").select("customer_id", "birthday")
    spent = rfm(crm).select("customer_id", money="revenue_year")
    people = (
        people.select("customer_id", "rep_id", "since", "contracts").left_join(known, "customer_id").drop("customer_id_right")
    )
    people = people.left_join(spent, "customer_id").drop("customer_id_right").mutate(money=lambda t: t.money.fill_null(0.0))
    born, came = people.birthday.cast("timestamp"), people.since
    sure = people.contracts | (came >= day(known_since(crm) or crm.end))
    parts = [_on(crm, people, born, born.notnull(), BIRTHDAY), _on(crm, people, came, sure.fill_null(False), ANNIVERSARY)]
    return ibis.union(*parts)


def _on(crm: Crm, people: Any, moment: Any, chosen: Any, occasion: str) -> Any:
    """Those whose day returns in the period to come, and on which day that is."""
    marked = people.mutate(mark=moment.month() * 100 + moment.day(), began=moment.year()).filter(chosen)
    met = marked.inner_join(_coming(crm), "mark")
    years = (met.year - met.began).cast("int64")
    met = met.mutate(year_count=ibis.null("int64") if occasion == BIRTHDAY else years, occasion=ibis.literal(occasion)).filter(
        years > 0
    )
    return met.select("customer_id", "rep_id", "money", "celebrated_on", "occasion", "year_count")


def _coming(crm: Crm) -> Any:
    """The days of the period to come, each with month and day as a number; 29 February also on the 28th of a year without one."""
    start, end = crm.period.end, crm.period.shift(1).end
    days = [start + timedelta(days=i) for i in range((end - start).days)]
    lines = [(d.month * 100 + d.day, d.year, d) for d in days]
    lines += [(229, d.year, d) for d in days if (d.month, d.day) == (2, 28) and not _leap(d)]
    return ibis.memtable(
        pd.DataFrame(lines, columns=["mark", "year", "celebrated_on"]),
        schema={"mark": "int64", "year": "int64", "celebrated_on": "date"},
    )


def _leap(on: date) -> bool:
    return (on + timedelta(days=1)).month == 2


def window(crm: Crm) -> tuple[date, date]:
    """The first and the last day of the period to come."""
    return crm.period.end, crm.period.shift(1).end - timedelta(days=1)
