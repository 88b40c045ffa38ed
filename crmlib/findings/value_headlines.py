"""The sentence over each figure of value, and those beside it: what its own numbers show, judged or not."""

from collections.abc import Callable

import pandas as pd

from .. import fmt, texts
from ..crm import Crm
from ..models import holdout, value, worth
from ..models.likelihood import Fit
from . import Finding, render, said

_LATELY, _OFTEN = 4, 4  # scores from which on customers bought lately, and often


def segments_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What champions and loyal customers are among all, and what they bring."""
    if frame.empty:
        return said("value.no_buyers")
    best = frame[frame.rfm_segment.isin(("champions", "loyal"))]
    count, base = int(best.customer_count.sum()), int(frame.customer_count.sum())
    if base < crm.business.min_base or frame.amount_share.isna().any():
        return said("value.segments_counts", count=count, base=base)
    return said("value.segments", count=count, base=base, share=float(best.amount_share.sum()))


def segments_says(crm: Crm, frame: pd.DataFrame) -> list[Finding]:
    """How the scores are made; what the bars and ticks are."""
    return [said("say.rfm_rule", days=crm.business.rfm_window_days), said("say.rfm_bars")] if len(frame) else []


def segments_heads(lang: str) -> tuple[str, str]:
    """What stands over the two columns of the bars."""
    return texts.say("charts.of_sales", lang), texts.say("charts.of_customers", lang)


def map_headline(frame: pd.DataFrame) -> Finding:
    """How many bought both lately and often."""
    if frame.empty:
        return said("value.no_buyers")
    both = frame[(frame.rfm_recency >= _LATELY) & (frame.rfm_frequency >= _OFTEN)]
    return said("value.map", part=int(both.customer_count.sum()), base=int(frame.customer_count.sum()))


def money_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What those bring who bought both lately and often."""
    money = float(frame.sales_amount.sum()) if len(frame) else 0.0
    if money <= 0:
        return said("value.no_sales")
    both = frame[(frame.rfm_recency >= _LATELY) & (frame.rfm_frequency >= _OFTEN)]
    amount = float(both.sales_amount.sum())
    if frame.customer_count.sum() < crm.business.min_base:
        return said("value.map_amount", amount=amount)
    return said("value.map_money", share=amount / money, amount=amount)


def tenths_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What the fifth that buys most brings."""
    figure = worth.top_fifth_share(crm)
    if figure.value is None:
        return said("value.no_sales")
    if (figure.base or 0) < crm.business.min_base:
        return said("value.tenths_counts", base=figure.base, amount=float(frame.sales_amount.sum()))
    if frame.value_share.isna().any():
        return said("value.tenths_alone", share=figure.value, base=figure.base)
    return said(
        "value.tenths",
        share=figure.value,
        base=figure.base,
        value_share=float(frame.value_share[frame.tenth <= worth.FIFTH].sum()),
    )


def distribution_headline(frame: pd.DataFrame) -> Finding:
    """The class that holds the most customers."""
    if frame.empty:
        return said("value.no_values")
    top = frame.loc[frame.customer_count.idxmax()]
    return said("value.distribution", term=top.value_class, count=int(top.customer_count), base=int(frame.customer_count.sum()))


def ways_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """The three values of an average customer, or how many of them there are."""
    amounts = dict(zip(("simple_amount", "margin_amount", "ahead_amount"), frame.value_amount, strict=True))
    if frame.value_amount.isna().any():
        return said("value.ways_known", count=int(frame.value_amount.notna().sum()), base=len(frame))
    return Finding("value.ways", values=amounts | {"days": crm.business.value_horizon_days})


def ways_says(crm: Crm) -> list[Finding]:
    """What of a sale is margin, how far the horizon is, and what money of later years is worth."""
    basis = value.basis(crm)
    rule = {value.COST: "say.margin_cost", value.DECLARED: "say.margin_declared", value.SALES: "say.margin_none"}[basis.source]
    margin = Finding(rule, values={} if basis.source == value.SALES else {"share": basis.margin})
    horizon = said("say.horizon", days=crm.business.value_horizon_days)
    return [margin, horizon, said("say.discounted", share=crm.business.discount_rate)]


def ways_notes(crm: Crm) -> Callable[[str], str]:
    """The same as one small text under the table's caption, a function of the language."""
    return lambda lang: " ".join(render(f, "title", lang, crm.business.currency) for f in ways_says(crm))


# ------------------------------------------------------------------------------------------------ the model


def holdout_headline(judged: holdout.Judged) -> Finding:
    """What was expected and what came; why it could not be judged."""
    if judged.reason is not None:
        return _why_not(judged)
    way = judged.by_way.set_index("way").loc[holdout.MODEL]
    return said(
        "value.holdout",
        expected_count=float(way.expected_purchases),
        count=int(way.purchase_count),
        base=judged.customers,
        days=judged.days,
    )


def _why_not(judged: holdout.Judged) -> Finding:
    if judged.reason == "short":
        return said("value.holdout_short", span_days=judged.n, needed_days=judged.needed)
    few = {"few_buyers": "value.holdout_few_buyers", "few_repeaters": "value.holdout_few_repeaters"}
    if judged.reason in few:
        return said(few[judged.reason], count=judged.n, needed_count=judged.needed)
    return said("value.holdout_failed")


def holdout_says(judged: holdout.Judged) -> list[Finding]:
    return [said("say.holdout_rule", days=judged.days), said("say.score")] if judged.reason is None else []


def holdout_heads(lang: str) -> tuple[str, str]:
    return texts.say("charts.bought", lang), texts.say("charts.expected", lang)


def verdict_headline(judged: holdout.Judged) -> Finding:
    """Whether the model beats counting."""
    if judged.reason is not None:
        return _why_not(judged)
    rule = {True: "value.verdict_better", None: "value.verdict_as_good", False: "value.verdict_worse"}[judged.better]
    errors = judged.by_way.set_index("way").root_error
    other = errors.drop(holdout.MODEL).idxmin()
    return said(rule, way=other, error_ratio=errors[holdout.MODEL], other_ratio=errors[other])


def parameters_notes(crm: Crm) -> Callable[[str], str]:
    """On how many customers each model was fitted, and whether the search ended: a function of the language."""
    return lambda lang: " ".join(_ended(part, fit, lang) for part, fit in value.fits(crm).items())


def _ended(part: str, fit: Fit, lang: str) -> str:
    words = {
        "count": fmt.count(fit.n, lang),
        "needed": fmt.count(fit.needed, lang),
        "height": fmt.number(fit.log_likelihood, lang, 1),
    }
    return texts.say(f"page.fit_{fit.reason or 'ended'}", lang, model=value.called(part, fit), **words)


def quiet_headline(frame: pd.DataFrame) -> Finding:
    return said("value.quiet_list" if len(frame) else "value.nobody_quiet", count=len(frame))


def best_headline(frame: pd.DataFrame) -> Finding:
    return said("value.best_list" if len(frame) else "value.no_buyers", count=len(frame))


def teams_headline(frame: pd.DataFrame) -> Finding:
    """Whose customers are worth most; without a model whose bought most."""
    if frame.empty:
        return said("value.no_buyers")
    top = frame.iloc[0]
    if pd.isna(top.value_share):
        return said("value.by_team_counts", count=len(frame))
    return said("value.by_team", team=top.team, amount=float(top.value_amount), share=float(top.value_share))
