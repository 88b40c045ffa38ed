"""The stretches of time before a day that features are counted in, and whose rows are counted."""

from typing import Any

from ..crm import Crm
from ..measures import day, days_between

MONTH, QUARTER, YEAR = 30, 90, 365  # days; what happened exactly so many days before the day still counts
BASELINE = 1095  # days of a customer's own past before the last 90: three years at most


def age(moment: Any, view: Crm) -> Any:
    """How many days before the view's end something happened; 1 = on its last day."""
    return days_between(moment.cast("timestamp"), day(view.end))


def before(days: Any) -> Any:
    """Whether an age lies in the baseline: before the last 90 days, and not longer ago than three years before them."""
    return (days > QUARTER) & (days <= QUARTER + BASELINE)


def rows(view: Crm, table: str, among: Any, *columns: str) -> Any:
    """The rows of a table that belong to a customer (`among`: to those with this customer_id alone)."""
    found = view.table(table, "customer_id", *columns)
    found = found.filter(found.customer_id.notnull())
    return found if among is None else found.semi_join(among, "customer_id")
