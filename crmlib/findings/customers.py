"""What the numbers of the customers say: rules with their thresholds, each tested at its edge."""

from dataclasses import replace

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi, Share
from ..metrics import arrivals, completeness, concentration, price_sense
from ..metrics.customers import counts_by
from ..metrics.states import tally
from . import Finding, ordered, said
from .changes import changed
from .contribution import Moved, most_telling, moved
from .contribution import findings as contributed

ONE_CUSTOMER, ONE_CUSTOMER_GRAVE = (
    0.1,
    0.25,
)  # of a year's sales by one: IFRS 8.34 has those from a tenth on named; from a quarter on a problem
FEW_CARRY = 0.3  # of a year's sales by the hundredth that buys most
FILLED_AT_LEAST = 0.8  # of a field that other figures need
FIELDS_AT_MOST = 2  # the emptiest: whoever is asked to fill all fills none
PRICE_FROM, PRICE_GRAVE = 0.1, 0.25  # of the buyers who can be judged; of the sales: from here on a warning
GROUPS = ("region", "acquisition_channel", "industry", "tier")  # that a change of the number of customers is told by


def findings(crm: Crm, kpis: list[Kpi]) -> list[Finding]:
    """All findings of the customers page, the gravest first."""
    if not tally(crm)["ever"]:
        return [said("customers.no_customers")]
    by_name = {k.name: comparable(crm, k) for k in kpis if k.dimension is None}
    found = [
        *growing(crm), *dried_up(crm), *one_customer(crm), *few_carry(crm), *changed(by_name.get("customer_count"), "customers.count", "customers", "problem"),
        *changed(by_name.get("new_customers"), "customers.new", "customers"),
        *changed(by_name.get("lost_customers"), "customers.lost", "customers"), *price_sensitive(crm), *quality_seeking(crm), *gaps(crm),
        *[f for it in most_telling(*moves(crm, by_name.get("customer_count"))) for f in contributed(it, "moved")],
    ]  # fmt: skip
    return ordered(found, "customers.calm")


def comparable(crm: Crm, kpi: Kpi) -> Kpi:
    """A figure without comparisons from before it is known who was new (arrivals.known_since): data that begin are no growth."""
    since = arrivals.known_since(crm)
    before = {
        name: value
        for name, value in (("previous", kpi.previous), ("year_before", kpi.year_before))
        if since and getattr(crm, name).period.start >= since
    }
    return replace(kpi, previous=before.get("previous"), year_before=before.get("year_before"))


def moves(crm: Crm, kpi: Kpi | None) -> list[Moved]:
    """What each group did to the number of customers, by all groups whose parts add up to the whole."""
    if kpi is None:
        return []
    figure = comparable(crm, kpi)
    return [moved(crm, figure, counts_by, group) for group in GROUPS if crm.has("customers", group)]


def growing(crm: Crm) -> list[Finding]:
    """Regions whose new customers grow clearly faster than elsewhere (metrics.arrivals says from where on)."""
    return [
        said("customers.growing", "opportunity", "arrivals", region=row.region, growth=row.growth_share, count=row.new_customers,
             before_count=row.before_new_customers, others_growth=row.others_growth_share, share=row.share, before_share=row.before_share)
        for row in arrivals.growing(crm, "region").itertuples()
    ]  # fmt: skip


def dried_up(crm: Crm) -> list[Finding]:
    """Acquisition channels that bring clearly fewer of the new customers than they did (metrics.arrivals says from where on)."""
    return [
        said("customers.dried_up", "warning", "by-acquisition-channel", channel=row.acquisition_channel, count=row.new_customers,
             usual_count=row.usual_count, share=row.share, before_share=row.before_share)
        for row in arrivals.dried_up(crm, "acquisition_channel").itertuples()
    ]  # fmt: skip


def one_customer(crm: Crm) -> list[Finding]:
    """One buyer brings a tenth of a year's sales or more, from a sufficient base on: fewer buyers cannot do otherwise."""
    figure = concentration.largest_customer_share(crm)
    if figure.value is None or (figure.base or 0) < crm.business.min_base or figure.value < ONE_CUSTOMER:
        return []
    severity = "problem" if figure.value >= ONE_CUSTOMER_GRAVE else "warning"
    return [said("customers.one_customer", severity, "largest", share=figure.value, base=figure.base)]


def few_carry(crm: Crm) -> list[Finding]:
    """The hundredth of the buyers who bought most brings three tenths of a year's sales or more, from a hundred buyers on."""
    figure = concentration.top_hundredth_share(crm)
    if figure.value is None or (figure.base or 0) < max(100, crm.business.min_base) or figure.value < FEW_CARRY:
        return []
    return [said("customers.few_carry", "warning", "concentration", share=figure.value, base=figure.base)]


def price_sensitive(crm: Crm) -> list[Finding]:
    """A tenth or more of the buyers who can be judged look at the price; a warning where they bring a quarter of the sales."""
    share = price_sense.price_sensitive_share(crm)
    if not isinstance(share, Share) or share.base < crm.business.min_base or share.part / share.base < PRICE_FROM:
        return []
    row = price_sense.buyers_by_kind(crm).set_index("price_sense").loc[price_sense.PRICE]
    if pd.isna(row.amount_share):
        return []
    severity = "warning" if row.amount_share >= PRICE_GRAVE else "opportunity"
    return [said(f"customers.price_sensitive_{severity}", severity, "price-sense", part=int(share.part), base=int(share.base), share=share.value,
                 sales_share=float(row.amount_share), discounted_share=float(row.discounted_share), days=crm.business.rfm_window_days)]  # fmt: skip


def quality_seeking(crm: Crm) -> list[Finding]:
    """Enough buyers take the dear and hardly anything at a discount."""
    kinds = price_sense.buyers_by_kind(crm).set_index("price_sense")
    if price_sense.QUALITY not in kinds.index or kinds.customer_count[price_sense.QUALITY] < crm.business.min_base:
        return []
    row = kinds.loc[price_sense.QUALITY]
    values = {"count": int(row.customer_count), "days": crm.business.rfm_window_days}
    return [Finding("customers.quality_seeking", "opportunity", values | {"amount": float(row.sales_amount)}, "price-sense")]


def gaps(crm: Crm) -> list[Finding]:
    """The emptiest fields that other figures need, where they are filled for less than four fifths of a sufficient base.

    A warning, but of birthdays: they serve the care list alone.
    """
    frame = completeness.completeness(crm) if crm.has("customers") else pd.DataFrame(columns=["field", "base", "share"])
    needed = [completeness.called(f) for f in completeness.NEEDED]
    poor = frame[frame.field.isin(needed) & (frame.base >= crm.business.min_base) & (frame.share < FILLED_AT_LEAST - 1e-9)]
    return [
        said("customers.gap", "info" if row.field == completeness.called("birthday") else "warning", "completeness", field=row.field, without_count=row.base - row.filled_count, base=row.base,
             share=row.share, needed=f"needed {row.field}")
        for row in poor.head(FIELDS_AT_MOST).itertuples()
    ]  # fmt: skip
