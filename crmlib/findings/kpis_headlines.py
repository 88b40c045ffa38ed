"""The sentence over each figure of the four figures of CRM statistics, and those beside it."""

from collections.abc import Callable

import pandas as pd

from .. import texts
from ..crm import ALL, Crm
from ..kpi import Kpi
from ..metrics import acquisition, costs, retention
from ..schema import UNASSIGNED
from . import Finding, render, said
from .changes import level

_UNDEFINED = {"no_costs": "kpis.no_costs", "no_new_customers": "kpis.no_new_customers", "not_delivered": "kpis.no_costs"}


def notes(crm: Crm) -> list[str]:
    """What must be known of costs before the first figure: keys of texts (`page.…`)."""
    first, window, settled = costs.first_booking(crm), costs.year_window(crm), acquisition.settled_from(crm)
    said_of = {
        "costs_of_the_team": crm.team != ALL and costs.unassigned(crm),
        "campaigns_not_added": crm.has("costs") and crm.has("campaigns", "cost"),
        "costs_begin_late": first is not None and first.replace(day=1) > crm.period.start,
        "new_to_the_data": bool(window and settled and window[0] < settled),
    }
    return [key for key, there in said_of.items() if there]


def flows(history: pd.DataFrame) -> pd.DataFrame:
    """What retention's course is made of."""
    states = ["start_count", "new_customers", "won_back_customers", "lost_customers", "customer_count"]
    return history[["period", *states, "churn_rate", "retention_rate"]]


def whole_says(crm: Crm) -> list[Finding]:
    """That retention and churn are of the same customers."""
    stays, leaves = retention.retention_rate(crm), retention.churn_rate(crm)
    if not stays.base:
        return []
    return [said("say.make_whole", kept_count=int(stays.part), lost_count=int(leaves.part), base=int(stays.base))]


def cac_headline(kpi: Kpi) -> Finding:
    return level(kpi, "kpis.cac", _UNDEFINED.get(str(kpi.reason), "kpis.no_costs"))


def cac_says(crm: Crm) -> list[Finding]:
    """From when the cost is; when it counts."""
    days = crm.business.cac_lag_days
    return [said("say.cac_lag", days=days) if days else said("say.cac_no_lag"), said("say.cac_booked")]


def moves_headline(frame: pd.DataFrame) -> Finding:
    """What moved acquisition cost most."""
    if frame.empty:
        return said("kpis.nothing_to_compare")
    top = frame.iloc[0]
    change = float(frame.change_amount.sum())
    rule = f"kpis.moved_{'up' if top.change_amount > 0 else 'down'}_{'up' if change > 0 else 'down'}"
    return said(rule, cause=str(top.cac_cause), amount=abs(float(top.change_amount)), change_amount=abs(change))


def moves_says(crm: Crm, frame: pd.DataFrame) -> list[Finding]:
    """How the change is taken apart, and since when."""
    before = acquisition.compared_with(crm)
    if before is None or frame.empty:
        return []
    return [said("say.moves_rule"), said("say.moves_since", period=before.period)]


def kinds_headline(frame: pd.DataFrame) -> Finding:
    """The kind of cost that is the most, and what marketing and sales cost."""
    if frame.empty or not frame.cost_amount.any():
        return said("kpis.no_costs")
    top, sides = frame.iloc[0], frame.groupby("cost_side").cost_amount.sum()
    if pd.isna(top.cost_share):
        return said("kpis.kinds_amounts", cost_kind=top.cost_kind, amount=float(top.cost_amount))
    marketing, sales = (float(sides.get(side, 0.0)) for side in (costs.MARKETING, costs.SALES))
    return said(
        "kpis.kinds", cost_kind=top.cost_kind, share=float(top.cost_share), marketing_amount=marketing, sales_amount=sales
    )


def kinds_says(frame: pd.DataFrame) -> list[Finding]:
    """Which kinds are of neither side."""
    unknown = frame[frame.cost_side == costs.OTHER]
    return [
        said("say.cost_sides"),
        *[said("say.cost_unknown", count=len(unknown), amount=float(unknown.cost_amount.sum()))] * bool(len(unknown)),
    ]


def channels_headline(frame: pd.DataFrame, found: list[Finding]) -> Finding:
    """The channel that is clearly dearer, else the one at the head of the list."""
    dear = [f for f in found if f.rule == "kpis.dear_channel"]
    if dear:
        return dear[0]
    known = frame[frame.year_cac_amount.notna()]
    if known.empty:
        return said("kpis.no_channel_costs")
    top = known.iloc[0]
    return said(
        "kpis.by_channel", channel=top.acquisition_channel, amount=float(top.year_cac_amount), count=int(top.year_customers)
    )


def channels_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.channel_rule")] if len(frame) else []


def returns_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.channel_value")] if len(frame) else []


def dear(found: list[Finding]) -> str | None:
    """The channel to mark."""
    return next((f.values["channel"] for f in found if f.rule == "kpis.dear_channel"), None)


def channels_heads(lang: str) -> tuple[str, str]:
    return texts.say("charts.of_value", lang), texts.say("charts.of_cost", lang)


def returns_headline(frame: pd.DataFrame) -> Finding:
    """The channel whose customers bring least for what they cost."""
    if frame.empty:
        return said("kpis.no_returns")
    last = frame.iloc[0]
    return said("kpis.returns", channel=last.acquisition_channel, value_amount=float(last.value_amount), cost_amount=float(last.year_cac_amount),
                times_ratio=float(last.return_ratio))  # fmt: skip


def conversion_headline(kpi: Kpi) -> Finding:
    return level(kpi, "kpis.conversion", "kpis.no_prospects")


def conversion_says(crm: Crm) -> list[Finding]:
    return [said("say.conversion_rule", days=crm.business.inactive_after_days)]


def loyalty_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many of the buyers bought twice; of few, their number."""
    twice = frame.set_index("loyalty_figure").loc["bought twice"]
    if pd.isna(twice.share):
        return said("kpis.loyalty_known", count=int(frame.share.notna().sum()), base=len(frame))
    if twice.base < crm.business.min_base:
        return said("kpis.loyalty_counts", part=int(twice.part_count), base=int(twice.base))
    return said("kpis.loyalty", share=float(twice.share), part=int(twice.part_count), base=int(twice.base))


def teams_headline(frame: pd.DataFrame) -> Finding:
    """How many customers were won, and by which team most of them."""
    teams, count = frame[frame.team != UNASSIGNED], int(frame.new_customers.sum())
    if teams.empty or not teams.new_customers.any():
        return said("kpis.by_team_none", count=count)
    top = teams.loc[teams.new_customers.idxmax()]
    return said("kpis.by_team", count=count, team=str(top.team), part=int(top.new_customers))


def ways_note(crm: Crm, ways: Callable[[str], str]) -> Callable[[str], str]:
    """What the three values take for granted, and from which acquisition cost they are looked at."""
    figure = acquisition.cac_year(crm)
    if figure.value is None:
        return ways
    own = said("say.cac_of_the_year", amount=figure.value, base=figure.base)
    return lambda lang: ways(lang) + " " + render(own, "title", lang, crm.business.currency)
