"""What the numbers of sales say: rules with their thresholds, each tested at its edge."""

from ..crm import Crm
from ..kpi import Kpi
from ..metrics import product_course, region_course, weighted
from ..metrics.contribution import ALL_OTHERS
from ..metrics.revenue import own_sales
from . import Finding, ordered, said
from .changes import changed
from .contribution import Moved, most_telling, moved
from .contribution import findings as led

GROUPS = ("team", "region", "sales_channel", "product", "tier")  # what a change of sales is looked for in
MOST = 3  # falling products that are said one by one
COVERED = 1.0  # times what is missing: with less in the open deals the target cannot be reached even if all are won


def findings(crm: Crm, kpis: list[Kpi], parts: list[Moved]) -> list[Finding]:
    """All findings of the sales page, the gravest first. `parts`: what moved the sales (`moved_by`)."""
    by_name = {k.name: k for k in kpis if k.dimension is None}
    if not (crm.has("orders") or crm.has("opportunities")):
        return [said("sales.nothing")]
    found = [
        *falling(crm), *changed(by_name.get("revenue"), "sales.revenue", "course", "problem"), *growing(crm),
        *[f for part in most_telling(*parts) for f in led(part, "moved")], *refunds(by_name.get("refund_rate")),
        *goal(by_name.get("revenue")), *pipeline(crm),
    ]  # fmt: skip
    return ordered(found, "sales.calm")


def moved_by(crm: Crm, kpi: Kpi) -> list[Moved]:
    """What each team, region, channel, product and tier did to the sales; groupings that the source does not have are left out.

    Needs orders; reps, customers, order_lines as delivered.
    """
    found = [moved(crm, kpi, own_sales, group) for group in GROUPS]
    return [part for part in found if len(part.frame[part.frame[part.group] != ALL_OTHERS]) > 1]


def falling(crm: Crm) -> list[Finding]:
    """Product lines that fall clearly (metrics.product_course), the largest loss of money first; the fourth and on are counted."""
    courses = product_course.falling_products(crm)
    found = [
        said("sales.falling_product", "problem", "falling-products", product=c.product, fall_share=-c.pace.change, low_share=-c.pace.high,
             high_share=-c.pace.low, count=c.pace.count, before_count=c.pace.before, amount=c.amount, before_amount=c.before_amount)
        for c in courses[:MOST]
    ]  # fmt: skip
    more = len(courses) - MOST
    return found + [said("sales.more_falling", "warning", "falling-products", count=more)] * (more > 0)


def growing(crm: Crm) -> list[Finding]:
    """Regions that grow clearly faster than all others, in orders, sales and new customers (metrics.region_course)."""
    return [
        said("sales.growing_region", "opportunity", "growing-regions", region=c.region, growth=c.growth, others_growth=c.others_growth,
             new_count=c.newcomers.count, before_count=c.newcomers.before, amount=c.amount, before_amount=c.before_amount)
        for c in region_course.growing_regions(crm) if c.newcomers
    ]  # fmt: skip


def refunds(kpi: Kpi | None) -> list[Finding]:
    """A refund rate that rose clearly; that it fell is no finding."""
    return [f for f in changed(kpi, "sales.refunds", "refunds") if "_rose_" in f.rule]


def goal(kpi: Kpi | None) -> list[Finding]:
    """The period's target for sales: reached or missed, within the period ahead of what it asks for by now, or behind (goals.py)."""
    if kpi is None or kpi.value is None or not kpi.target or kpi.on_target is None:
        return []
    due = kpi.target if kpi.target_pace is None else kpi.target_pace
    rule = (
        ("target_reached" if kpi.on_target else "target_missed")
        if kpi.target_pace is None
        else "ahead"
        if kpi.on_target
        else "behind"
    )
    values = {"amount": kpi.value, "target_amount": kpi.target, "share": kpi.value / kpi.target, "due_amount": due}
    if not kpi.on_target:
        values["missing_amount"] = due - kpi.value
    return [Finding(f"sales.{rule}", "info" if kpi.on_target else "warning", values, "course")]


def pipeline(crm: Crm) -> list[Finding]:
    """Open deals that are worth less than what is missing of the target for the amount won."""
    coverage = weighted.pipeline_coverage(crm)
    missing = weighted.remaining(crm)
    if coverage.value is None or missing is None or coverage.value >= COVERED:
        return []
    values = {"open_amount": coverage.value * missing, "missing_amount": missing, "count": coverage.base, "share": coverage.value}
    return [said("sales.pipeline_thin", "warning", "open-deals", **values)]
