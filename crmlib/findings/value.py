"""What the numbers of value say: rules with their thresholds, each tested at its edge."""

import math

import pandas as pd

from ..crm import ALL, Crm
from ..models import holdout, value, worth
from . import Finding, ordered, said

QUIET_AT_LEAST = 5  # fewer customers who went quiet are a matter for whoever looks after them, not for a page
QUIET_GRAVE = 0.2  # of the sales of all: from here on it is a problem, below a warning
BEST_AT_LEAST = 0.5  # of the sales: from here on the best customers are worth a programme of their own
CONCENTRATED = 0.8  # of a year's sales by the fifth that buys most
FAR_OFF = 0.2  # of what was bought in the time held out: a sum of expectations so far off is no plan


def findings(crm: Crm) -> list[Finding]:
    """All findings of the value page, the gravest first."""
    table = worth.segments(crm)
    if table.empty:
        return [said("value.no_buyers")]
    found = [*quiet(crm, table), *model(crm), *concentrated(crm), *promising(crm, table), *best(crm, table)]
    return ordered(found, "value.calm")


# by whether it is the company's page, and whether shares of all customers may be said
_GONE_QUIET = {
    (True, True): "value.quiet_company", (True, False): "value.quiet_company_counts",
    (False, True): "value.quiet_team", (False, False): "value.quiet_team_counts",
}  # fmt: skip


def quiet(crm: Crm, table: pd.DataFrame) -> list[Finding]:
    """Customers who bought much and went quiet, from five on; a problem from a fifth of the sales on. Of a small base no share is said."""
    found, sales_amount = worth.quiet(crm), float(table.sales_amount.sum())
    if found.quiet_count < QUIET_AT_LEAST or found.quiet_amount <= 0:
        return []
    share = found.quiet_amount / sales_amount
    values = {"count": int(found.quiet_count), "amount": float(found.quiet_amount), "best_count": int(found.best_count),
              "days": crm.business.rfm_window_days, "quiet_days": math.ceil(crm.business.inactive_after_days / worth.QUIET_PART)}  # fmt: skip
    if enough(crm, table):
        values |= {"share": share}
    rule = _GONE_QUIET[crm.team == ALL, "share" in values]
    severity = "problem" if share >= QUIET_GRAVE else "warning"
    return [
        Finding(rule, severity, values, "segments" if crm.team == ALL else "going-quiet")
    ]  # lists with names are on team pages


def enough(crm: Crm, table: pd.DataFrame) -> bool:
    """Whether shares of all customers may be said."""
    return int(table.customer_count.sum()) >= crm.business.min_base


def concentrated(crm: Crm) -> list[Finding]:
    """A fifth of the buyers of a sufficient base brings four fifths of a year's sales, or more."""
    figure = worth.top_fifth_share(crm)
    if figure.value is None or (figure.base or 0) < crm.business.min_base or figure.value < CONCENTRATED:
        return []
    return [said("value.concentrated", "warning", "tenths", share=figure.value, base=figure.base)]


def promising(crm: Crm, table: pd.DataFrame) -> list[Finding]:
    """Customers who bought lately and little so far, from a sufficient base on."""
    row = table.set_index("rfm_segment").loc["promising"]
    if row.customer_count < crm.business.min_base:
        return []
    rule, values = "value.promising", {"count": int(row.customer_count), "share": float(row.customer_share)}
    if pd.notna(row.value_amount):
        rule, values = (
            "value.promising_worth",
            values | {"amount": float(row.value_amount), "days": crm.business.value_horizon_days},
        )
    return [Finding(rule, "opportunity", values, "segments")]


def best(crm: Crm, table: pd.DataFrame) -> list[Finding]:
    """Champions and loyal customers, who bring at least half of the sales: from a sufficient base on."""
    part = table[table.rfm_segment.isin(("champions", "loyal"))]
    count, share = int(part.customer_count.sum()), float(part.amount_share.sum(min_count=1))
    if count < crm.business.min_base or not share >= BEST_AT_LEAST:
        return []
    return [said("value.best", "opportunity", "segments", count=count, customers_share=float(part.customer_share.sum()), share=share,
                 days=crm.business.rfm_window_days)]  # fmt: skip


# ------------------------------------------------------------------------------------------------ the model


def model(crm: Crm) -> list[Finding]:
    """Whether the probabilistic value can be used: fitted, better than counting, and near what came in the time held out."""
    failed = [(part, fit) for part, fit in value.fits(crm).items() if not fit.converged]
    if failed:
        part, fit = failed[0]
        if fit.few:
            return [said(_FEW[str(fit.reason)], "info", "ways", count=fit.n, needed_count=fit.needed)]
        return [said(_FAILED[part], "warning", "ways")]
    judged = holdout.held_out(crm)
    if judged.reason is not None:
        return []  # the figure of the hold-out says why
    way = judged.by_way.set_index("way").loc[holdout.MODEL]
    return [*_beaten(judged), *_far_off(judged, way)]


_FEW = {"few_buyers": "value.few_buyers", "few_repeaters": "value.few_repeaters"}
_FAILED = {value.BUYING: "value.buying_failed", value.SPENDING: "value.spending_failed"}


def _beaten(judged: holdout.Judged) -> list[Finding]:
    errors = judged.by_way.set_index("way").root_error
    other = errors.drop(holdout.MODEL).idxmin()
    rule, severity = _VERDICTS[judged.better]
    return [said(rule, severity, "holdout-ways", way=other, error_ratio=errors[holdout.MODEL], other_ratio=errors[other],
                 base=judged.customers, days=judged.days)]  # fmt: skip


_VERDICTS = {True: ("value.model_better", "info"), None: ("value.model_as_good", "info"), False: ("value.model_worse", "warning")}


def _far_off(judged: holdout.Judged, way: pd.Series) -> list[Finding]:
    """The money, or where it is not known the purchases, expected of all customers together were at least a fifth off."""
    kind, off = ("amount", way.amount_error_share) if pd.notna(way.amount_error_share) else ("purchases", way.error_share)
    if not abs(off) >= FAR_OFF:
        return []
    return [said(_OFF[kind, off > 0], "warning", "holdout-ways", share=abs(float(off)), days=judged.days)]


_OFF = {
    ("amount", True): "value.amount_over", ("amount", False): "value.amount_under",
    ("purchases", True): "value.purchases_over", ("purchases", False): "value.purchases_under",
}  # fmt: skip
