"""Segments held against other groupings of the same customers: RFM, and chance."""

from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..measures import exact, quantile, total, within
from ..metrics.lives import sales
from .migration import earlier
from .rfm import SEGMENTS, rfm
from .segment_groups import lettered
from .segments import Segmentation, segments, with_names

GROUPINGS = ("by_behaviour", "by_rfm", "at_random")
EXPLAINED = ["grouping", "group_count", "base", "share"]


def rfm_beside(crm: Crm, found: Segmentation, groups: pd.DataFrame) -> pd.DataFrame:
    """The customers of this view by both: their segment and their RFM segment.

    Needs orders. → frame: rfm (its segment, in the order of rfm.SEGMENTS; "never bought"), letter, customer_count; every pair, 0 where nobody is
    """
    if not found.names or not crm.has("orders"):
        return pd.DataFrame(columns=["rfm", "letter", "customer_count"])
    both = segments(crm).left_join(rfm(crm).select("customer_id", "rfm_segment"), "customer_id", rname="_{name}")
    counts = both.group_by("group", "rfm_segment").aggregate(n=both.count()).execute()
    letters = lettered(groups)
    counts = counts.assign(
        letter=[letters[found.names[int(i)]] for i in counts.group], rfm_segment=counts.rfm_segment.fillna("never bought")
    )
    there = [name for name in (*SEGMENTS, "never bought") if (counts.rfm_segment == name).any()]
    whole = pd.MultiIndex.from_product([there, groups.letter], names=["rfm", "letter"])
    frame = counts.rename(columns={"rfm_segment": "rfm"}).groupby(["rfm", "letter"]).n.sum().reindex(whole, fill_value=0)
    return frame.rename("customer_count").reset_index()


def explained(crm: Crm, told: Any = None) -> pd.DataFrame:
    """How much of what customers then bought in this period the groupings at its start tell apart, for the whole company.

    Needs orders. `told`: the segments that the ledger was told of the period before. → frame: grouping, group_count, base (customers), share
      (of the variance of ln(1 + revenue of the period) between the groups; of as many groups at random what is to be expected,
      (groups − 1) / (customers − 1)); no rows where nobody had a segment, or nobody bought
    """
    if not crm.has("orders"):
        return pd.DataFrame(columns=EXPLAINED)
    before, _ = earlier(crm, told)
    scores = rfm(crm.company.whole_previous).select("customer_id", "rfm_segment")
    table = before.select("customer_id", "segment").left_join(scores, "customer_id", rname="_{name}")
    table = table.left_join(_bought(crm.company), "customer_id", rname="__{name}").mutate(
        rfm_segment=lambda t: t.rfm_segment.fill_null("never bought")
    )
    bought = exact((ibis.greatest(table.bought.fill_null(0.0), 0.0) + 1.0).ln(), 6)
    table = table.mutate(y=bought, yy=exact(bought * bought, 6))
    cells = table.group_by("segment", "rfm_segment").aggregate(n=table.count(), y=total(table.y), yy=total(table.yy)).execute()
    return _told_apart(cells)


def _bought(crm: Crm) -> Any:
    """What each customer bought in the period. → ibis table: customer_id, bought"""
    sold = sales(crm).filter(lambda t: within(t["at"], crm.period.start, crm.period.end))
    return sold.group_by("customer_id").aggregate(bought=total(sold.amount))


def _told_apart(cells: pd.DataFrame) -> pd.DataFrame:
    """The share of the variance between groups, from the sums of each cell of two groupings."""
    n, y, yy = (float(cells[name].sum()) for name in ("n", "y", "yy"))
    spread = yy - y * y / n if n else 0.0
    if spread <= 0 or n < 2:
        return pd.DataFrame(columns=EXPLAINED)
    rows = []
    for name, column in zip(GROUPINGS, ("segment", "rfm_segment"), strict=False):
        each = cells.groupby(column)[["n", "y"]].sum()
        rows.append((name, len(each), int(n), (float((each.y**2 / each.n).sum()) - y * y / n) / spread))
    rows.append((GROUPINGS[2], rows[0][1], int(n), (rows[0][1] - 1) / (n - 1)))
    return pd.DataFrame(rows, columns=EXPLAINED)


def middles(crm: Crm, found: Segmentation, groups: pd.DataFrame) -> pd.DataFrame:
    """The customer in the middle of each segment of this view: how long ago they bought, what they spent in the year, as one point.

    Needs orders. → frame: since_purchase_days, year_amount (medians of those who bought), label (the segment's letter); no row of an empty segment
    """
    columns = ["since_purchase_days", "year_amount", "label"]
    if not found.names or not crm.has("orders"):
        return pd.DataFrame(columns=columns)
    table = with_names(segments(crm), found).filter(lambda t: t.recency_days.notnull())
    medians = {"since_purchase_days": quantile(table.recency_days, 0.5), "year_amount": quantile(table.amount, 0.5)}
    frame = table.group_by("segment").aggregate(**medians).execute().set_index("segment")
    letters = {name: letter for name, letter in lettered(groups).items() if name in frame.index}
    return frame.reindex(letters).assign(label=letters.values()).reset_index(drop=True)[columns]


def tried(found: Segmentation) -> pd.DataFrame:
    """What was tried: how well apart, and how stable, each number of groups is.

    → frame: group_count, silhouette_ratio, error_ratio (its standard error), stability_ratio, choice ("chosen", or nothing)
    """
    frame = found.fit.tried
    chosen = ["chosen" if is_it else None for is_it in frame.chosen]
    names = {
        "k": "group_count",
        "silhouette": "silhouette_ratio",
        "silhouette_error": "error_ratio",
        "stability": "stability_ratio",
    }
    return frame.rename(columns=names)[list(names.values())].assign(choice=chosen)


def tried_points(table: pd.DataFrame) -> pd.DataFrame:
    """The same as points. → frame: measure, group_count, value_ratio, label (of the chosen number's)"""
    columns = ["measure", "group_count", "value_ratio", "label"]
    parts = [
        table[["group_count", f"{name}_ratio", "choice"]].set_axis(columns[1:], axis=1).assign(measure=name)
        for name in ("stability", "silhouette")
    ]
    return pd.concat(parts, ignore_index=True)[columns]
