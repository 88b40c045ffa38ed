"""Product lines that fall: what is sold of each beside its own year before, and beside the course of all other products."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from ..crm import Crm
from ..measures import total
from .paces import Pace, Span, a_year, covered, pace, spans, together
from .revenue import delivers_lines
from .sold import lines_of
from .views import of_view

NOW = 3  # spans in a row that a product must have fallen in
AT_LEAST_LESS = 0.2  # against the others; smaller falls are none to speak of


@dataclass(frozen=True)
class ProductCourse:
    """A product's orders in the last three months beside the same months a year before."""

    product: str
    pace: Pace
    amount: float
    before_amount: float

    @property
    def falling(self) -> bool:
        """Clearly fewer than the others' course lets expect (the interval leaves out 0), by a fifth or more, in each of the three
        months, and fewer than a year before whatever the others did."""
        found = self.pace
        return found.high < 0 and found.change <= -AT_LEAST_LESS and found.in_a_row == NOW and found.count < found.before


def product_courses(crm: Crm) -> list[ProductCourse]:
    """Every product of this view that can be judged, the largest fall first.

    Needs orders, order_lines: product, quantity, unit_price.
    Orders with the product are counted (a single large order is no trend) in the last three months to the period's end (on weekly
    pages: three times four weeks), against the same months a year before: season and the course of all other products are
    taken off (paces.pace). Only where the data cover those months, and the product had min_base orders in them, and is to be
    expected to have them now.
    """
    return crm.once("product courses", lambda: _courses(crm))


def _courses(crm: Crm) -> list[ProductCourse]:
    year = a_year(crm)
    times = spans(crm, 1, NOW)
    if not delivers_lines(crm) or not covered(crm, times):
        return []
    frame = of_view(crm, "product courses", partial(_counted, times)).execute()
    counts, amounts = (frame.pivot_table(v, "product", "period", "sum", fill_value=0).reindex(columns=range(len(times)), fill_value=0)
                       for v in ("n", "amount"))  # fmt: skip
    whole, found = counts.to_numpy(dtype=float).sum(axis=0), []
    for product, mine in zip(counts.index, counts.to_numpy(dtype=float), strict=True):
        judged = pace(mine, whole - mine, NOW, year, together(len(counts) * year), crm.business.min_base)
        if judged:
            worth = amounts.loc[product].to_numpy(dtype=float)
            found.append(ProductCourse(product, judged, float(worth[-NOW:].sum()), float(worth[:NOW].sum())))
    return sorted(found, key=lambda c: (c.pace.change, c.product))


def _counted(times: list[Span], crm: Crm, *groups: str) -> Any:
    table = lines_of(crm, times)
    table = table.filter(table.product.notnull())
    return table.group_by("product", "period", *groups).aggregate(
        n=table.order_id.nunique(where=table.purchase).cast("int64"), amount=total(table.amount, where=table.counts)
    )


COLUMNS = [
    "product",
    "order_count",
    "before_order_count",
    "against_share",
    "lower_share",
    "upper_share",
    "amount",
    "before_amount",
]


def product_course(crm: Crm) -> pd.DataFrame:
    """The products' courses as a table.

    Needs the same as `product_courses`. → frame: product, order_count (last three months), before_order_count (the same a year
      before), against_share (change against the other products), lower_share, upper_share (99 % interval for all products
      together), amount, before_amount (money), falling (flag); the largest fall first
    """
    rows = [(c.product, c.pace.count, c.pace.before, c.pace.change, c.pace.low, c.pace.high, c.amount, c.before_amount, c.falling)
            for c in product_courses(crm)]  # fmt: skip
    return pd.DataFrame(rows, columns=[*COLUMNS, "falling"])


def falling_products(crm: Crm) -> list[ProductCourse]:
    """The products that fall clearly, the largest loss of money first. Needs the same as `product_courses`."""
    return sorted((c for c in product_courses(crm) if c.falling), key=lambda c: (c.amount - c.before_amount, c.product))
