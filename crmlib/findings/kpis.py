"""What the four figures of CRM statistics say: rules with their thresholds, each tested at its edge."""

from dataclasses import replace

from ..crm import ALL, Crm
from ..kpi import Kpi
from ..metrics import acquisition
from ..metrics.customers import counts_by
from ..metrics.states import tally
from . import Finding, contribution, ordered, said
from .changes import changed
from .contribution import Moved, most_telling, moved

DEARER = 1.5  # times the next channel: from here on, and clearly above every other, a channel is clearly dearer
PAYS = 1.0  # what customers bring / what they cost: below it each new one loses money
HEALTHY = 3.0  # below it little is left for all other cost (Skok, SaaS Metrics 2.0)
PAYBACK_MONTHS = 12  # longer, and the cost is paid back later than within a year (the same)


def findings(crm: Crm, kpis: list[Kpi], stays: Moved) -> list[Finding]:
    """All findings of the page, the gravest first. `stays`: which customers moved retention."""
    if not tally(crm)["ever"]:
        return [said("kpis.no_customers")]
    by_name = {k.name: k for k in kpis if k.dimension is None}
    found = [
        *changed(by_name.get("churn_rate"), "kpis.churn", "retention", "problem"), *contribution.findings(stays, "retention-moved"), *worth_it(by_name.get("ltv_cac")), *dear_channel(crm),
        *payback(by_name.get("cac_payback")), *changed(by_name.get("sales_conversion_rate"), "kpis.conversion", "conversion"),
        *changed(judgeable(crm, by_name.get("cac")), "kpis.cac", "cac"),
    ]  # fmt: skip
    return ordered(found, "kpis.calm")


def dear_channel(crm: Crm) -> list[Finding]:
    """The dearest channel of the year, if it costs half as much again as the next, and clearly more than each of the others.

    Of channels with min_base new customers and six months of cost; the 99 % intervals of all comparisons hold at once (Bonferroni).
    """
    frame = acquisition.dearest_channel(crm)
    if frame is None:
        return []
    first, others = frame.iloc[0], frame.iloc[1:]
    if others.times.min() < DEARER or not (others.above > 1).all():
        return []
    following = others.iloc[0]
    values = {
        "channel": first.acquisition_channel, "amount": float(first.year_cac_amount), "cost_amount": float(first.year_cost_amount),
        "count": int(first.year_customers), "next_channel": following.acquisition_channel, "next_amount": float(following.year_cac_amount),
        "times_ratio": float(following.times),
    }  # fmt: skip
    return [Finding("kpis.dear_channel", "warning", values, "by-channel")]


def worth_it(kpi: Kpi | None) -> list[Finding]:
    """What a customer brings is less than what one costs (a problem), or less than three times that (a warning)."""
    ratio = _judged(kpi)
    if kpi is None or ratio is None or ratio >= HEALTHY:
        return []
    rule, severity = ("kpis.loses_money", "problem") if ratio < PAYS else ("kpis.earns_little", "warning")
    return [said(rule, severity, "ways", value_ratio=ratio, base=kpi.base)]


def payback(kpi: Kpi | None) -> list[Finding]:
    """It takes more than a year until a customer has paid what one costs."""
    months = _judged(kpi)
    if kpi is None or months is None or months <= PAYBACK_MONTHS:
        return []
    return [said("kpis.slow_payback", "warning", "ways", months_ratio=months, base=kpi.base)]


def _judged(kpi: Kpi | None) -> float | None:
    """The value of a figure that rests on enough new customers to be judged."""
    return kpi.value if kpi is not None and (kpi.base or 0) >= kpi.min_base else None


def judgeable(crm: Crm, kpi: Kpi | None) -> Kpi | None:
    """Acquisition cost beside those periods alone whose new customers are surely new (acquisition.settled_from).

    None while the period is not over: what is booked at its end is not in yet.
    """
    if kpi is None or crm.period.until is not None:
        return None
    settled = acquisition.settled_from(crm)
    surely = lambda view: settled is None or view.period.start >= settled  # noqa: E731
    return replace(
        kpi,
        previous=kpi.previous if surely(crm.previous) else None,
        year_before=kpi.year_before if surely(crm.year_before) else None,
    )


def retention_moved(crm: Crm, kpi: Kpi) -> Moved:
    """Which customers moved retention: of the groupings that the source knows the one whose leader did most, else the first."""
    groups = ["team"] * (crm.team == ALL and bool(crm.teams)) + [group for group in _GROUPS if crm.has("customers", group)]
    found = [moved(crm, kpi, counts_by, group, "kept_count", "start_count") for group in groups or ["team"]]
    return [*most_telling(*found), *found][0]


_GROUPS = ("acquisition_channel", "region", "tier")  # of customers
