"""The sentence over each figure of the customers, and those beside it: what its own numbers show, judged or not."""

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from .. import fmt, texts
from ..crm import Crm
from ..kpi import Kpi
from ..metrics import arrivals, care, concentration, price_sense
from ..metrics.deals import no_group
from ..metrics.states import tally
from . import Finding, said
from .changes import level
from .contribution import Moved, headline, most_telling
from .customers import growing


def count_headline(kpi: Kpi) -> Finding:
    return level(kpi, "customers.count", "customers.no_customers") if kpi.value else said("customers.no_customers")


def shown_move(moves: list[Moved]) -> Moved | None:
    """Which of the groupings is drawn: the one that tells most, else the first that a source delivers."""
    return next(iter([*most_telling(*moves), *moves]), None)


def moved_headline(it: Moved | None) -> Finding:
    if it is None:
        return said("customers.no_groups")
    return said("customers.nothing_to_compare") if it.frame.empty else headline(it)


def moved_rows(it: Moved | None) -> pd.DataFrame:
    """What each group did; nothing where there are no groups."""
    columns = ["region", "before_customer_count", "customer_count", "change_customer_count"]
    return it.frame if it else pd.DataFrame(columns=columns)


def group_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """The group with the most customers; of a small base as counts."""
    group, base = frame.columns[0], tally(crm)["end"]
    known = frame[(frame[group] != no_group(group)) & (frame.customer_count > 0)]
    if known.empty:
        return said("customers.no_group", group=group)
    top = known.iloc[0]
    values = {"group": group, "who": top[group], "count": int(top.customer_count), "base": base}
    if len(known[known.customer_count == top.customer_count]) > 1:
        return Finding(
            "customers.largest_groups", values=values | {"groups_count": int((known.customer_count == top.customer_count).sum())}
        )
    if base < crm.business.min_base:
        return Finding("customers.largest_group_counts", values=values)
    return Finding("customers.largest_group", values=values | {"share": float(top.share)})


def tags_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.several_tags")] if len(frame) else []


def arrivals_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """The region that grows clearly faster, else that none does."""
    found = growing(crm)
    if found:
        return found[0]
    if frame.empty and not arrivals.long_enough(crm):
        return said("customers.arrivals_short", days=crm.business.inactive_after_days)
    if frame.empty:
        return said("customers.no_arrivals")
    return said(
        "customers.arrivals_even", count=int(frame.new_customers.sum()), before_count=int(frame.before_new_customers.sum())
    )


def fastest(crm: Crm) -> str | None:
    """The region that is the finding."""
    return next((f.values["region"] for f in growing(crm)), None)


def arrivals_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.arrivals_rule", growth=arrivals.GROWN_BY)] if len(frame) else []


def arrivals_heads(lang: str) -> tuple[str, str]:
    """What stands over the shares of the last twelve months and of the twelve before."""
    return texts.say("charts.last_year", lang), texts.say("charts.year_earlier", lang)


def concentration_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What the tenth that bought most brings; of few buyers only how many there are."""
    figure = concentration.top_tenth_share(crm)
    if figure.value is None:
        return said("customers.no_sales")
    if (figure.base or 0) < crm.business.min_base:
        return said("customers.few_buyers", base=figure.base, amount=float(frame.sales_amount.sum()))
    return said("customers.tenth", share=figure.value, base=figure.base)


def concentration_heads(lang: str) -> tuple[str, str]:
    return texts.say("charts.of_sales", lang), texts.say("charts.of_customers", lang)


def largest_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What the largest buyer brings, and the largest ones together."""
    figure = concentration.largest_customer_share(crm)
    if figure.value is None or frame.empty:
        return said("customers.no_sales")
    if (figure.base or 0) < crm.business.min_base:
        return said("customers.largest_counts", amount=float(frame.sales_amount.iloc[0]), count=len(frame))
    together = float(frame.running_share.iloc[-1])
    return said("customers.largest", share=float(frame.amount_share.iloc[0]), count=len(frame), together_share=together)


def price_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many buyers look at the price, and what they bring."""
    if frame.empty:
        return said("customers.no_lines")
    share = price_sense.price_sensitive_share(crm)
    part, base = int(share.part), int(share.base)
    if base < crm.business.min_base:
        return said("customers.price_counts", part=part, base=base)
    sales = frame.set_index("price_sense").amount_share[price_sense.PRICE]
    return (
        said("customers.price_no_sales", part=part, base=base)
        if pd.isna(sales)
        else said("customers.price", part=part, base=base, share=float(sales))
    )


def price_says(crm: Crm, frame: pd.DataFrame) -> list[Finding]:
    """The rules, with their thresholds; where discounts are the rule, that nobody can be told apart."""
    if frame.empty:
        return []
    bar = price_sense.bar(crm)
    price = said("say.price_rule", count=price_sense.LEAST_LINES, share=bar) if bar <= 1 else said("say.discounts_are_the_rule")
    quality = said(
        "say.quality_rule", count=price_sense.LEAST_DEAR_LINES, share=price_sense.SELDOM, dear_share=price_sense.DEARER
    )
    return [price, quality, said("say.score")]


def price_list_headline(frame: pd.DataFrame) -> Finding:
    return said("customers.price_list", count=len(frame)) if len(frame) else said("customers.nobody_price_sensitive")


def completeness_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """The emptiest field."""
    if frame.empty or not frame.base.max():
        return said("customers.no_fields")
    top = frame.iloc[0]
    values = {"field": top.field, "part": int(top.filled_count), "base": int(top.base)}
    if top.base < crm.business.min_base:
        return Finding("customers.emptiest_counts", values=values)
    return Finding("customers.emptiest", values=values | {"share": float(top.share)})


def care_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many birthdays and anniversaries there are, and in which days."""
    start, last = care.window(crm)
    counts = care.care_counts(crm)
    if frame.empty:
        return said("customers.nothing_to_congratulate", start_on=start, end_on=last)
    return said("customers.care", birthday_count=counts[care.BIRTHDAY], anniversary_count=counts[care.ANNIVERSARY], start_on=start, end_on=last,
                count=len(frame))  # fmt: skip


def care_window(crm: Crm) -> Callable[[str], str]:
    """The days of the list, in words."""
    start, last = care.window(crm)
    return lambda lang: texts.say("page.window", lang, start=fmt.day(start, lang), end=fmt.day(last, lang))


def arrivals_window(crm: Crm) -> Callable[[str], str]:
    """The months that new customers are counted in, in words."""
    months = arrivals.months(crm)
    start, last = months[arrivals.YEAR].start, months[-1].end - timedelta(days=1)
    return lambda lang: texts.say("page.window", lang, start=fmt.day(start, lang), end=fmt.day(last, lang))
