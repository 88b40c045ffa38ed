"""How large orders are: their middle, their spread, and how many of which size."""

import math
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import quantile, ratio, total
from .sold import orders_of
from .views import of_view

STATISTICS = ("mean", "median", "standard_deviation", "lowest", "lower_quartile", "upper_quartile", "p90", "highest")
EDGES = tuple(float(f"{m}e{k}") for k in range(-2, 12) for m in (1, 2, 5))
TAIL = 0.02  # of the orders may be in the first class and in the last, so that few extreme ones do not thin out all others
MOST = 12
WIDE = "decimal(38, 4)"  # powers of amounts, added up exactly: sums of floats depend on the order in which threads come to them


def order_values(crm: Crm) -> pd.DataFrame:
    """Centre and spread of the amounts of the period's orders, beside the period before and the year before; before refunds.

    Needs orders: amount. → frame: statistic (STATISTICS), size_amount, previous_amount, year_before_amount (money; NaN without orders)
    Quartiles and P90 with linear interpolation; the standard deviation is that of a sample (n − 1).
    """
    now, previous, before = (_moments(c) for c in (crm, crm.previous, crm.year_before))
    frame = pd.DataFrame({"statistic": list(STATISTICS)})
    for column, found in (("size_amount", now), ("previous_amount", previous), ("year_before_amount", before)):
        frame[column] = [found.get(s, math.nan) for s in STATISTICS]
    return frame if now.get("n") else frame.iloc[:0]


def skewness(crm: Crm) -> float:
    """The skew of the amounts of the period's orders: 0 symmetric, above 1 a long tail of large orders; NaN of fewer than three, or all alike.

    Needs orders: amount. → number. Source: the adjusted Fisher–Pearson coefficient (as spreadsheets' SKEW).
    """
    found = _moments(crm)
    return float(found.get("skew", math.nan))


def order_sizes(crm: Crm) -> pd.DataFrame:
    """How many of the period's orders are how large; classes grow 1 – 2 – 5 as amounts do, whatever the currency.

    Needs orders: amount. → frame: amount_class (from – up to, money), order_count, sold_amount,
      amount_share (of their money), share (0..1 of the orders); the first and the last class take in what lies beyond
    """
    found = of_view(crm, "order sizes", _sizes).execute().set_index("size")[["order_count", "sold_amount"]]
    if found.empty:
        return pd.DataFrame(columns=["amount_class", "order_count", "sold_amount", "amount_share", "share"])
    low, high = _ends(found.order_count)
    found = found.groupby(found.index.to_series().clip(low, high)).sum().reindex(range(low, high + 1), fill_value=0)
    names = [_class(i, low, high) for i in found.index]
    count, money = found.order_count.astype(int).to_numpy(), found.sold_amount.to_numpy(dtype=float)
    parts = {"sold_amount": money, "amount_share": money / money.sum(), "share": count / count.sum()}
    return pd.DataFrame({"amount_class": names, "order_count": count, **parts})


def _ends(counts: pd.Series) -> tuple[int, int]:
    """The first and the last class that are shown: beyond each lie few orders."""
    counts = counts.sort_index()
    upto = counts.cumsum() / counts.sum()
    low = int(upto.index[(upto > TAIL).argmax()])
    high = int(upto.index[(upto >= 1 - TAIL).argmax()])
    return low, min(high, low + MOST - 1)


def _class(i: int, low: int, high: int) -> str:
    """The name of the class below EDGES[i].

    >>> _class(EDGES.index(2000.0), 0, 40), _class(EDGES.index(200.0), EDGES.index(200.0), 40), _class(30, 3, 30)
    ('1,000–2,000', '< 200', '≥ 50,000,000')
    """
    said = lambda v: f"{v:,.0f}" if v >= 1 else f"{v:g}"  # noqa: E731
    if i == low == high:
        return f"≥ {said(EDGES[i - 1])}" if i else f"< {said(EDGES[0])}"
    if i == low:
        return f"< {said(EDGES[i])}"
    return f"≥ {said(EDGES[i - 1])}" if i == high else f"{said(EDGES[i - 1])}–{said(EDGES[i])}"


def _bought(crm: Crm) -> Any:
    table = orders_of(crm, [crm.period])
    return table.filter(table.purchase)


def _sizes(crm: Crm, *groups: str) -> Any:
    table = _bought(crm)
    size = ibis.cases(*[(table.amount < edge, i) for i, edge in enumerate(EDGES)], else_=len(EDGES))
    return table.group_by(*groups, size=size).aggregate(order_count=table.count(), sold_amount=total(table.amount))


def _moments(crm: Crm) -> dict[str, float]:
    """STATISTICS, n and skew of the orders' amounts; nothing where there are none."""

    def make() -> dict[str, float]:
        found = of_view(crm, "order values", _centre).execute()
        if found.empty or not found.n.iloc[0]:
            return {}
        return _spread({name: float(v) for name, v in found.iloc[0].items()})

    return crm.once("order values", make)


def _spread(row: dict[str, float]) -> dict[str, float]:
    """The sums of an amount's powers as standard deviation and skew; what is left of equal amounts is the rounding of floats."""
    n, mean = row["n"], row["mean"]
    second = row["squares"] / n - mean**2
    second = second if second > 1e-12 * mean**2 else 0.0
    third = row["cubes"] / n - 3 * mean * row["squares"] / n + 2 * mean**3
    skewed = math.sqrt(n * (n - 1)) / (n - 2) * third / second**1.5 if n > 2 and second else math.nan
    return row | {"standard_deviation": math.sqrt(second * n / (n - 1)) if n > 1 else math.nan, "skew": skewed}


def _centre(crm: Crm, *groups: str) -> Any:
    table = _bought(crm)
    amount = table.amount.cast("float64")
    found = table.group_by(*groups, _all=ibis.literal(0)).aggregate(
        n=table.count(), mean=ratio(total(table.amount), table.count()), lowest=amount.min(), highest=amount.max(),
        median=quantile(table.amount, 0.5), lower_quartile=quantile(table.amount, 0.25), upper_quartile=quantile(table.amount, 0.75),
        p90=quantile(table.amount, 0.9), squares=total((amount**2).cast(WIDE)), cubes=total((amount**3).cast(WIDE)),
    )  # fmt: skip
    return found.drop("_all")
