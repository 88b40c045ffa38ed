"""What is sold where: products by region, as a matrix."""

from typing import Any

import pandas as pd

from ..crm import Crm
from ..measures import count_if, total
from .deals import NONE_GIVEN
from .sold import lines_of
from .sold import named as value_of
from .views import of_view

OTHERS = "all others"
PRODUCTS, REGIONS = 12, 5  # more regions would not be legible on a phone


def products_by_region(crm: Crm, products: int = PRODUCTS, regions: int = REGIONS) -> pd.DataFrame:
    """The period's sales of each product in each region.

    Needs orders, order_lines: product; orders: region or customers: region.
    → frame: product, region, revenue (money); products and regions with the largest sales first, the rest (also what carries
      no region) as "all others", what carries no product last; every pair, 0 where nothing was sold. Adds up to the sales of the whole view.
    """
    frame = of_view(crm, "products by region", _cells).execute()
    if frame.empty:
        return pd.DataFrame(columns=["product", "region", "revenue"])
    kept = {name: _largest(frame, name, most) for name, most in (("product", products), ("region", regions))}
    for name, order in kept.items():
        frame[name] = frame[name].where(
            frame[name].isin(order), OTHERS
        )  # a region of its own for few unknown ones costs a column
    table = frame.pivot_table("revenue", "product", "region", "sum", fill_value=0.0)
    rows, columns = (
        [v for v in order if v in axis] for order, axis in ((kept["product"], table.index), (kept["region"], table.columns))
    )
    return table.reindex(index=rows, columns=columns).stack().rename("revenue").reset_index()


def _largest(frame: pd.DataFrame, name: str, most: int) -> list[str]:
    """The values with the largest sales, then the rest, then none."""
    sums = frame.groupby(name).revenue.sum().sort_values(ascending=False, kind="stable")
    known = [v for v in sums.index if v not in (NONE_GIVEN, OTHERS)]
    return [*known[:most], OTHERS] if name == "region" and known else [*known[:most], OTHERS, NONE_GIVEN]


def _cells(crm: Crm, *groups: str) -> Any:
    table = lines_of(crm, [crm.period])
    table = table.mutate(product=value_of(table, "product"), region=value_of(table, "region"))
    cells = table.group_by("product", "region", *groups).aggregate(
        revenue=total(table.amount, where=table.counts), n=count_if(table.counts)
    )
    return cells.filter(cells.n > 0).drop("n")
