"""What each sentence of the customers' page claims, told by the page's own facts."""

from statistics import NormalDist

import pandas as pd
from claiming import changed, company, kpi, least, level, near, table, total

COURSE = "customers"
NO_GROUP = "none given"
FIELDS = ("rep_id", "region", "acquisition_channel", "industry", "tier", "birthday")  # that other figures need


def no_customers(facts, values) -> bool:
    return not kpi(facts, "customers_ever")["value"] or not kpi(facts, "customer_count")["value"]


def calm(facts, values) -> bool:
    return len(facts["findings"]) == 1 and kpi(facts, "customers_ever")["value"] > 0


# ------------------------------------------------------------------------------------------------ groups


def _groups(facts, group: str) -> pd.DataFrame:
    """The groups that have a name and customers, the largest first."""
    rows = table(facts, f"by_{group}")
    rows = rows[(rows[group] != (NO_GROUP if group != "team" else "unassigned")) & (rows.customer_count > 0)]
    return rows.sort_values("customer_count", ascending=False)


def _largest(facts, values) -> pd.DataFrame | None:
    """The groups with the most customers, if the sentence has their numbers right."""
    rows = _groups(facts, values["group"])
    right = (
        len(rows) > 0 and values["count"] == rows.customer_count.max() and values["base"] == kpi(facts, "customer_count")["value"]
    )
    return rows[rows.customer_count == rows.customer_count.max()] if right else None


def largest_group(facts, values) -> bool:
    top = _largest(facts, values)
    if top is None or top[values["group"]].to_list() != [values["who"]]:
        return False
    enough = values["base"] >= least(facts)
    return enough is ("share" in values) and (not enough or near(values["share"], values["count"] / values["base"]))


def largest_groups(facts, values) -> bool:
    top = _largest(facts, values)
    return top is not None and len(top) == values["groups_count"] > 1


def no_group(facts, values) -> bool:
    return _groups(facts, values["group"]).empty


# ------------------------------------------------------------------------------------------------ where they come from


def _grows(facts, row) -> bool:
    rows = table(facts, "arrivals")
    limit = NormalDist().inv_cdf(1 - 0.01 / len(rows) / 2)
    rest = [rows[c].sum() - row[c] for c in ("new_customers", "before_new_customers")]
    enough = min(row["new_customers"], row["before_new_customers"], *rest) >= least(facts)
    return (
        enough
        and row["region"] != NO_GROUP
        and row["trend_ratio"] > limit - 1e-9
        and row["growth_share"] - row["others_growth_share"] >= 0.1 - 1e-8
    )


def growing(facts, values) -> bool:
    rows = table(facts, "arrivals")
    (row,) = rows[rows.region == values["region"]].to_dict("records")
    said = {"count": "new_customers", "before_count": "before_new_customers", "growth": "growth_share", "others_growth": "others_growth_share",
            "share": "share", "before_share": "before_share"}  # fmt: skip
    right = all(near(values[name], row[column]) for name, column in said.items())
    return right and near(values["growth"], row["new_customers"] / row["before_new_customers"] - 1) and _grows(facts, row)


def arrivals_even(facts, values) -> bool:
    rows = table(facts, "arrivals")
    none = not any(
        _grows(facts, row)
        for row in rows.to_dict("records")
        if row["trend_ratio"] is not None and row["growth_share"] is not None
    )
    return none and (values["count"], values["before_count"]) == (rows.new_customers.sum(), rows.before_new_customers.sum())


def dried_up(facts, values) -> bool:
    rows = table(facts, "arrivals_lately")
    (row,) = rows[rows.acquisition_channel == values["channel"]].to_dict("records")
    right = values["count"] == row["new_customers"] and near(
        values["usual_count"], row["before_share"] * rows.new_customers.sum()
    )
    return right and values["usual_count"] >= least(facts) and row["new_customers"] <= 0.5 * values["usual_count"] + 1e-9


# ------------------------------------------------------------------------------------------------ on whom sales hang


def _share_is(name: str, low: float, bases: int = 0):
    def claim(facts, values) -> bool:
        figure = kpi(facts, name)
        enough = figure["base"] >= max(least(facts), bases) and figure["value"] >= low
        return near(values["share"], figure["value"]) and values["base"] == figure["base"] and enough

    return claim


def no_sales(facts, values) -> bool:
    return not total(facts, "concentration", "sales_amount") > 0


def few_buyers(facts, values) -> bool:
    base = kpi(facts, "top_tenth_share")["base"]
    return values["base"] == base < least(facts) and near(values["amount"], total(facts, "concentration", "sales_amount"))


def largest(facts, values) -> bool:
    rows, money = table(facts, "largest"), total(facts, "concentration", "sales_amount")
    shares = near(values["share"], rows.sales_amount.max() / money) and near(
        values["together_share"], rows.sales_amount.sum() / money
    )
    return shares and values["count"] == len(rows) and kpi(facts, "largest_customer_share")["base"] >= least(facts)


def largest_counts(facts, values) -> bool:
    rows = table(facts, "largest")
    return (
        near(values["amount"], rows.sales_amount.max())
        and values["count"] == len(rows)
        and kpi(facts, "largest_customer_share")["base"] < least(facts)
    )


# ------------------------------------------------------------------------------------------------ what they look at


def _of_kind(facts, kind: str) -> dict:
    rows = table(facts, "price_sense")
    return rows[rows.price_sense == kind].iloc[0].to_dict()


def _judged(facts, values) -> bool:
    rows = table(facts, "price_sense")
    base = rows.customer_count[rows.price_sense != "too few lines"].sum()
    return (values["part"], values["base"]) == (_of_kind(facts, "price-sensitive")["customer_count"], base)


def price_sensitive(grave: bool):
    def claim(facts, values) -> bool:
        row = _of_kind(facts, "price-sensitive")
        right = (
            _judged(facts, values)
            and near(values["sales_share"], row["amount_share"])
            and near(values["discounted_share"], row["discounted_share"])
        )
        share = values["part"] / values["base"]
        return (
            right
            and near(values["share"], share)
            and share >= 0.1
            and values["base"] >= least(facts)
            and (values["sales_share"] >= 0.25) is grave
        )

    return claim


def quality_seeking(facts, values) -> bool:
    row = _of_kind(facts, "quality-seeking")
    return values["count"] == row["customer_count"] >= least(facts) and near(values["amount"], row["sales_amount"])


def price(facts, values) -> bool:
    return (
        _judged(facts, values)
        and values["base"] >= least(facts)
        and near(values["share"], _of_kind(facts, "price-sensitive")["amount_share"])
    )


def price_no_sales(facts, values) -> bool:
    return _judged(facts, values) and not total(facts, "price_sense", "sales_amount") > 0


# ------------------------------------------------------------------------------------------------ their data, care


def _filled(facts) -> pd.DataFrame:
    """Every field with its share, the emptiest first."""
    rows = table(facts, "completeness").groupby("field")[["filled_count", "base"]].sum().reset_index()
    return rows.assign(share=rows.filled_count / rows.base).sort_values(["share", "field"])


def gap(facts, values) -> bool:
    (row,) = _filled(facts)[lambda t: t.field == values["field"]].to_dict("records")
    right = near(values["share"], row["share"]) and (values["without_count"], values["base"]) == (
        row["base"] - row["filled_count"],
        row["base"],
    )
    return right and row["share"] < 0.8 and row["base"] >= least(facts) and values["field"] in [f"field {f}" for f in FIELDS]


def emptiest(facts, values) -> bool:
    row = _filled(facts).iloc[0]
    right = (values["part"], values["base"]) == (row.filled_count, row.base) and near(values["part"] / values["base"], row.share)
    named = values["field"] in _filled(facts)[lambda t: (t.share - row.share).abs() < 1e-12].field.to_list()
    return right and named and ("share" in values) is (values["base"] >= least(facts))


def no_fields(facts, values) -> bool:
    return not total(facts, "completeness", "base")


def care(facts, values) -> bool:
    rows, every = table(facts, "care"), values["birthday_count"] + values["anniversary_count"]
    days = [str(values[n]) for n in ("start_on", "end_on")]
    inside = bool(rows.celebrated_on.between(*days).all()) and facts["period"].get("until", facts["period"]["end"]) == days[0]
    kinds = all((rows.occasion == kind).sum() <= values[f"{kind}_count"] for kind in ("birthday", "anniversary"))
    return not company(facts) and inside and kinds and values["count"] == len(rows) == min(every, 60)


def nothing(name: str):
    return lambda facts, values: table(facts, name).empty


CLAIMS = {
    **level("customers.count", "customer_count", "customers.no_customers", (COURSE, "customer_count")),
    **changed("customers.count", "customer_count", (COURSE, "customer_count")),
    **changed("customers.new", "new_customers", (COURSE, "new_customers")),
    **changed("customers.lost", "lost_customers", (COURSE, "lost_customers")),
    "customers.no_customers": no_customers,
    "customers.calm": calm,
    "customers.no_groups": nothing("moved"),
    "customers.nothing_to_compare": nothing("moved"),
    "customers.no_group": no_group,
    "customers.largest_group": largest_group,
    "customers.largest_group_counts": largest_group,
    "customers.largest_groups": largest_groups,
    "customers.growing": growing,
    "customers.dried_up": dried_up,
    "customers.arrivals_short": nothing("arrivals"),
    "customers.no_arrivals": nothing("arrivals"),
    "customers.arrivals_even": arrivals_even,
    "customers.one_customer": _share_is("largest_customer_share", 0.1),
    "customers.few_carry": _share_is("top_hundredth_share", 0.3, 100),
    "customers.tenth": _share_is("top_tenth_share", -1e9),
    "customers.no_sales": no_sales,
    "customers.few_buyers": few_buyers,
    "customers.largest": largest,
    "customers.largest_counts": largest_counts,
    "customers.price_sensitive_opportunity": price_sensitive(False),
    "customers.price_sensitive_warning": price_sensitive(True),
    "customers.quality_seeking": quality_seeking,
    "customers.price": price,
    "customers.price_counts": lambda facts, values: _judged(facts, values) and values["base"] < least(facts),
    "customers.price_no_sales": price_no_sales,
    "customers.no_lines": nothing("price_sense"),
    "customers.price_list": lambda facts, values: values["count"] == len(table(facts, "price_sensitive")) > 0,
    "customers.nobody_price_sensitive": nothing("price_sensitive"),
    "customers.gap": gap,
    "customers.emptiest": emptiest,
    "customers.emptiest_counts": emptiest,
    "customers.no_fields": no_fields,
    "customers.care": care,
    "customers.nothing_to_congratulate": nothing("care"),
}
