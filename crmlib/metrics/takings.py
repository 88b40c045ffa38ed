"""What the reports on sales share of a period's work: done once, and they find it ready."""

from ..crm import Crm
from .product_course import product_courses
from .region_course import region_courses
from .revenue import sales_by_period
from .sold import known, sold


def work(crm: Crm) -> None:
    """The sums of the period and of those it is compared with, their course, and the courses of products and regions.

    Needs orders; all else as delivered.
    """
    if not crm.has("orders"):
        return
    for view in (crm, crm.previous, crm.year_before):
        if known(view):
            sold(view)
    sales_by_period(crm)
    product_courses(crm)
    region_courses(crm)
