"""How many customers there are, who came, who went, who stayed. Retention has its one definition here (and in lives)."""

from ..crm import Crm
from ..kpi import Figure, Share, measured
from .states import tally


@measured("share", "up")
def retention_rate(crm: Crm) -> Share:
    """Customers at the period's start who are not lost at its end, as a share of the customers at its start.

    Needs orders, opportunities or customers: created_at, churned_at; interactions as delivered.
    → Share: part = kept, base = customers at the start. What was won in the period counts in neither.
    """
    return Share(tally(crm)["kept"], tally(crm)["start"])


@measured("share", "down")
def churn_rate(crm: Crm) -> Share:
    """Customers at the period's start who are lost at its end, as a share of the customers at its start: 1 − retention.

    Needs the same as retention_rate. → Share: part = dropped, base = customers at the start
    """
    return Share(tally(crm)["dropped"], tally(crm)["start"])


@measured("count", "up")
def customer_count(crm: Crm) -> int:
    """Customers who are in and not lost at the period's end. Needs the same as retention_rate. → count"""
    return tally(crm)["end"]


@measured("count")
def customers_ever(crm: Crm) -> int:
    """Everybody who ever was a customer by the period's end, lost or not. Needs the same as retention_rate. → count"""
    return tally(crm)["ever"]


@measured("count", "up", adds=True)
def new_customers(crm: Crm) -> int:
    """Customers whose first purchase or won deal (contracts: whose entry) lies in the period.

    Needs the same as retention_rate. → count. Whoever came and went within a long period is among the new and the lost.
    """
    return tally(crm)["new"]


@measured("count", "down")
def lost_customers(crm: Crm) -> int:
    """Customers lost in the period: in at its start, come or come back in it, and lost at its end.

    Needs the same as retention_rate. → count. The churn rate counts only those who were in at the start.
    """
    return tally(crm)["lost"]


@measured("count", "up")
def won_back_customers(crm: Crm) -> int:
    """Customers lost at the period's start who bought or were active again in it (none where contracts say who is lost).

    Needs the same as retention_rate. → count. Customers at the end = at the start − lost + new + won back.
    """
    return tally(crm)["won_back"]


@measured("share", "up")
def new_customer_share(crm: Crm) -> Figure:
    """New customers / customers at the period's start. Needs the same as retention_rate. → Figure 0.., base = at the start"""
    counts = tally(crm)
    return _quotient(counts["new"], counts["start"])


@measured("share", "up")
def customer_growth_yoy(crm: Crm) -> Figure:
    """Customers at the period's end / customers at the end of the same period a year before − 1, as known now.

    Needs the same as retention_rate. → Figure −1.., base = customers a year before; none before the data began
    """
    counts, before = tally(crm), crm.period.year_before.end
    if crm.first_day is None or before <= crm.first_day:
        return Figure(None, None, "no_data")
    grown = _quotient(counts["end"], counts["year"])
    return grown if grown.value is None else Figure(grown.value - 1, grown.base)


def _quotient(part: int, base: int) -> Figure:
    return Figure(part / base if base else None, base, None if base else "no_base")
