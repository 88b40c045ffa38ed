"""The sentence over each figure of sales, and those beside it: what its own numbers show, judged or not."""

import math
from collections.abc import Callable

import pandas as pd

from .. import fmt, texts
from ..crm import Crm
from ..kpi import Kpi
from ..metrics import market, order_values, weighted
from ..metrics.contribution import ALL_OTHERS
from ..metrics.customers import customers_by
from ..metrics.deals import NONE_GIVEN, no_group
from ..metrics.revenue import COLUMNS, sales_by
from ..schema import UNASSIGNED
from . import Finding, said
from .changes import level
from .contribution import Moved, most_telling
from .contribution import headline as moved_headline

ROWS = 15  # of a table of groups; the rest are one row
NOBODY = (UNASSIGNED, NONE_GIVEN, ALL_OTHERS)
LONG_TAIL = 1.0  # skew from which on the mean says little of an ordinary order
_ADDED = ("revenue", "order_count", "units_sold", "gross_sales", "refunded_amount", "previous_revenue", "year_before_revenue")


def course_headline(kpi: Kpi) -> Finding:
    return level(kpi, "sales.course", "sales.no_orders")


def course_says(crm: Crm, kpi: Kpi) -> list[Finding]:
    """That each point is what its own page said, and how far the target is reached."""
    says = [said("say.own_page")]
    if kpi.target and kpi.value is not None:
        says.append(said("say.of_target", share=kpi.value / kpi.target, amount=kpi.target))
    return says


# -------------------------------------------------------------------------------------------- what moved it


def shown(parts: list[Moved]) -> Moved | None:
    """The grouping that is drawn: the one whose leader did most, else the first."""
    return next(iter([*most_telling(*parts), *parts]), None)


def shown_headline(parts: list[Moved]) -> Finding:
    part = shown(parts)
    return moved_headline(part) if part else said("sales.no_parts")


def shown_frame(parts: list[Moved]) -> pd.DataFrame:
    part = shown(parts)
    return part.frame if part else pd.DataFrame(columns=["region", "before_revenue", "revenue", "change_revenue"])


def all_parts(parts: list[Moved]) -> pd.DataFrame:
    """Every grouping's contributions in one table. → frame: grouping, member, before_revenue, revenue, change_revenue"""
    frames = [part.frame.rename(columns={part.group: "member"}).assign(grouping=part.group) for part in parts]
    names = ["grouping", "member", "before_revenue", "revenue", "change_revenue"]
    return pd.concat(frames, ignore_index=True)[names] if frames else pd.DataFrame(columns=names)


# -------------------------------------------------------------------------------------------- by group


def grouped(crm: Crm, group: str, *columns: str) -> pd.DataFrame:
    """The sales by a group, at most ROWS rows: what is beyond is added up to "all others", so that rows add up."""
    frame = sales_by(crm, group)
    named, none = frame[frame[group] != no_group(group)], frame[frame[group] == no_group(group)]
    if len(named) > ROWS:
        rest = named.iloc[ROWS - 1 :]
        row = {c: rest[c].sum(min_count=1) for c in _ADDED} | {group: ALL_OTHERS, "buyer_count": math.nan}
        row |= {"aov": row["revenue"] / row["order_count"] if row["order_count"] else math.nan}
        row |= {"refund_rate": row["refunded_amount"] / row["gross_sales"] if row["gross_sales"] else math.nan}
        named = pd.concat([named.head(ROWS - 1), pd.DataFrame([row])], ignore_index=True)
    names = list(columns) or [
        c for c in (*COLUMNS, "previous_revenue", "year_before_revenue") if c not in ("gross_sales", "refunded_amount")
    ]
    return pd.concat([named, none], ignore_index=True)[[group, *names]]


def drawn(crm: Crm, group: str) -> pd.DataFrame:
    """What the bars of a group show, and the year before's tick."""
    return grouped(crm, group, "order_count", "aov", "year_before_revenue", "revenue")


def group_headline(frame: pd.DataFrame, group: str) -> Finding:
    """Which value of a group brings most, and how much of all that is."""
    named, whole = frame[~frame[group].isin(NOBODY)], float(frame.revenue.sum())
    if named.empty or named.revenue.max() <= 0 or whole <= 0:
        return said("sales.no_group", group=group)
    top = named[named.revenue == named.revenue.max()]
    if len(top) > 1:
        return said("sales.groups_alike", group=group, count=len(top), amount=float(top.revenue.iloc[0]))
    amount = float(top.revenue.iloc[0])
    return said("sales.group_first", group=group, who=str(top[group].iloc[0]), amount=amount, whole_amount=whole)


def sales_heads(lang: str) -> tuple[str, str]:
    """What stands over the two columns of the bars."""
    return texts.say("charts.this_period", lang), texts.say("charts.year_before", lang)


def matrix_headline(frame: pd.DataFrame) -> Finding:
    """The pair of product and region with the largest sales."""
    named = frame[~frame["product"].isin(NOBODY) & ~frame.region.isin(NOBODY)]
    if named.empty or named.revenue.max() <= 0:
        return said("sales.no_pairs")
    row = named.loc[named.revenue.idxmax()]
    return said(
        "sales.pair_first",
        product=row["product"],
        region=row.region,
        amount=float(row.revenue),
        whole_amount=float(frame.revenue.sum()),
    )


def falling_headline(frame: pd.DataFrame) -> Finding:
    if frame.empty:
        return said("sales.no_courses")
    fallen = frame[frame.falling]
    if fallen.empty:
        return said("sales.none_falls", base=len(frame))
    if len(fallen) > 1:
        return said("sales.some_fall", count=len(fallen), base=len(frame))
    return said("sales.one_falls", product=fallen["product"].iloc[0], base=len(frame))


def growing_headline(frame: pd.DataFrame) -> Finding:
    if frame.empty:
        return said("sales.no_region_courses")
    grown = frame[frame.growing]
    if grown.empty:
        return said("sales.none_grows", base=len(frame))
    return said("sales.one_grows", region=grown.region.iloc[0], growth=float(grown.sales_growth_share.iloc[0]), base=len(frame))


def sources(crm: Crm) -> pd.DataFrame:
    """New customers by the channel that won them, the most first. → frame: acquisition_channel, year_before_new_customers, new_customers"""
    frame = customers_by(crm, "acquisition_channel")
    frame = frame.assign(_last=frame.acquisition_channel.isin(NOBODY))
    frame = frame.sort_values(["_last", "new_customers", "acquisition_channel"], ascending=[True, False, True])
    return frame[["acquisition_channel", "year_before_new_customers", "new_customers"]].reset_index(drop=True)


def sources_headline(frame: pd.DataFrame) -> Finding:
    """Which channel won most new customers."""
    count = int(frame.new_customers.sum()) if len(frame) else 0
    named = frame[~frame.acquisition_channel.isin(NOBODY)]
    if not count or named.empty or not named.new_customers.max():
        return said("sales.no_newcomers")
    top = named[named.new_customers == named.new_customers.max()]
    if len(top) > 1:
        return said("sales.sources_alike", count=len(top), part=int(top.new_customers.iloc[0]), base=count)
    return said("sales.source_first", channel=top.acquisition_channel.iloc[0], part=int(top.new_customers.iloc[0]), base=count)


def refunds_headline(kpi: Kpi) -> Finding:
    """How much was given back of what was sold, beside the period before."""
    return level(kpi, "sales.refund_rate", "sales.no_orders")


def refunds_frame(crm: Crm) -> pd.DataFrame:
    """What was given back by product, the most first."""
    frame = grouped(crm, "product", "order_count", "gross_sales", "refunded_amount", "refund_rate")
    frame = frame.assign(_last=frame["product"].isin(NOBODY)).sort_values(
        ["_last", "refunded_amount"], ascending=[True, False], kind="stable"
    )
    return frame.drop(columns="_last").reset_index(drop=True)


# -------------------------------------------------------------------------------------------- order values, deals, market


def sizes_headline(crm: Crm) -> Finding:
    """Half of the orders are worth at most the median; where the tail is long the mean says something else."""
    frame = order_values.order_values(crm)
    if frame.empty:
        return said("sales.no_orders")
    level = frame.set_index("statistic").size_amount
    rule = (
        "sales.long_tail" if order_values.skewness(crm) > LONG_TAIL and level["mean"] > level["median"] else "sales.order_values"
    )
    return said(rule, median_amount=float(level["median"]), mean_amount=float(level["mean"]))


def sizes_says(crm: Crm, frame: pd.DataFrame) -> list[Finding]:
    """What the largest class brings; the skew."""
    skew = order_values.skewness(crm)
    says = [said("say.skew", skew_ratio=skew)] if not math.isnan(skew) else []
    enough = len(frame) and frame.order_count.sum() >= crm.business.min_base and frame.amount_share.notna().all()
    if enough:
        last = frame.iloc[-1]
        says.append(
            said("say.largest", count=int(last.order_count), share=float(last.share), money_share=float(last.amount_share))
        )
    return says


def deals_headline(crm: Crm) -> Finding:
    """How many deals are open, what they are worth, and what that is weighted."""
    frame = weighted.open_deals(crm)
    count = int(frame.open_count.sum())
    if not count:
        return said("sales.no_open")
    values = {"count": count, "amount": float(frame.open_amount.sum())}
    figure = weighted.weighted_pipeline(crm)
    if figure.value is None:
        return Finding("sales.open", values=values)
    return Finding("sales.open_weighted", values=values | {"weighted_amount": figure.value})


def deals_notes(crm: Crm) -> Callable[[str], str]:
    """Whose chance is estimated, whose is unknown, how the target is covered: a sentence in each language."""
    return lambda lang: _deals_note(crm, lang)


def _deals_note(crm: Crm, lang: str) -> str:
    frame, coverage = weighted.open_deals(crm), weighted.pipeline_coverage(crm)
    says = []
    if estimated := int(frame.estimated_count.sum()):
        says.append(texts.say("page.chances_estimated", lang, count=fmt.count(estimated, lang)))
    if crm.has("opportunities", "probability") and (without := weighted.unweighted_count(crm)):
        says.append(texts.say("page.chances_unknown", lang, count=fmt.count(without, lang)))
    if coverage.value is not None:
        missing = fmt.money(weighted.remaining(crm), lang, crm.business.currency)
        says.append(texts.say("page.covered", lang, ratio=fmt.unit(coverage.value, "ratio", lang), amount=missing))
    return (" " if lang == "en" else "").join(says)


def market_headline(kpi: Kpi) -> Finding:
    """Our part of the market, beside the period before."""
    return level(kpi, "sales.market", "sales.no_market")


def market_frame(crm: Crm) -> pd.DataFrame:
    """By region where the market has regions, else the whole."""
    frame = market.market_by_region(crm)
    if len(frame):
        return frame
    amount = market.market_amount(crm)
    if amount is None:
        return frame
    shares = [market.market_share(c).value for c in (crm, crm.previous, crm.year_before)]
    return pd.DataFrame([(market.WHOLE, (shares[0] or 0) * amount, amount, *shares)], columns=frame.columns)
