"""What each sentence of the customers page claims, told by the page's own facts."""

from claiming import changed, kpi, least, level, near, table, total

NO_GROUP = ("unassigned", "none given")


def _named(facts, group: str) -> list[dict]:
    """The groups that have a name and customers."""
    rows = table(facts, f"by_{group}").to_dict("records")
    return [r for r in rows if r[group] not in NO_GROUP and r["customer_count"] > 0]


def largest_group(facts, values) -> bool:
    rows, whole = _named(facts, values["group"]), kpi(facts, "customer_count")["value"]
    most = [r for r in rows if r["customer_count"] == max(r["customer_count"] for r in rows)]
    own = [r[values["group"]] for r in most] == [values["who"]] and (values["count"], values["base"]) == (
        most[0]["customer_count"],
        whole,
    )
    return own and (
        (near(values["share"], values["count"] / whole) and whole >= least(facts)) if "share" in values else whole < least(facts)
    )


def largest_groups(facts, values) -> bool:
    rows, whole = _named(facts, values["group"]), kpi(facts, "customer_count")["value"]
    most = [r for r in rows if r["customer_count"] == max(r["customer_count"] for r in rows)]
    return values["groups_count"] == len(most) > 1 and (values["count"], values["base"]) == (most[0]["customer_count"], whole)


def no_group(facts, values) -> bool:
    return not _named(facts, values["group"])


def growing(facts, values) -> bool:
    """The region's new customers grew, by more than the others', and so did its share."""
    row = next(r for r in table(facts, "arrivals").to_dict("records") if r["region"] == values["region"])
    said = {"growth": "growth_share", "count": "new_customers", "before_count": "before_new_customers", "others_growth": "others_growth_share",
            "share": "share", "before_share": "before_share"}  # fmt: skip
    grown = row["growth_share"] >= 0.1 and row["growth_share"] > row["others_growth_share"] and row["share"] > row["before_share"]
    return all(near(values[k], row[c]) for k, c in said.items()) and grown


def arrivals_even(facts, values) -> bool:
    both = (total(facts, "arrivals", "new_customers"), total(facts, "arrivals", "before_new_customers"))
    return (values["count"], values["before_count"]) == both and not [
        f for f in facts["findings"] if f["rule"] == "customers.growing"
    ]


def dried_up(facts, values) -> bool:
    """It brought fewer than its share of the year before would let expect."""
    channels = set(table(facts, "by_acquisition_channel").get("acquisition_channel", []))
    return values["channel"] in channels and values["count"] < values["usual_count"] and values["share"] < values["before_share"]


def _share_of(name: str, from_on: float = 0.0, at_least: int = 0):
    """A share of a year's sales, on a sufficient base."""

    def claim(facts, values) -> bool:
        figure = kpi(facts, name)
        enough = figure["base"] >= max(least(facts), at_least) and figure["value"] >= from_on
        return near(values["share"], figure["value"]) and values["base"] == figure["base"] and enough

    return claim


def few_buyers(facts, values) -> bool:
    rows = table(facts, "concentration")
    return values["base"] == kpi(facts, "top_tenth_share")["base"] < least(facts) and near(
        values["amount"], rows.sales_amount.iloc[-1]
    )


def largest(facts, values) -> bool:
    rows = table(facts, "largest")
    said = near(values["share"], rows.amount_share[0]) and near(values["share"], kpi(facts, "largest_customer_share")["value"])
    return said and values["count"] == len(rows) and near(values["together_share"], rows.amount_share.astype(float).sum())


def largest_counts(facts, values) -> bool:
    rows = table(facts, "largest")
    return (
        near(values["amount"], rows.sales_amount[0])
        and values["count"] == len(rows)
        and kpi(facts, "largest_customer_share")["base"] < least(facts)
    )


def no_sales(facts, values) -> bool:
    return kpi(facts, "top_tenth_share")["value"] is None or table(facts, "largest").get("amount_share", []).isna().all()


def _price(facts, values) -> bool:
    figure, row = kpi(facts, "price_sensitive_share"), table(facts, "price_sense").set_index("price_sense").loc["price-sensitive"]
    counts = (values["part"], values["base"]) == (figure["part"], figure["base"]) and figure["part"] == row.customer_count
    return counts and ("discounted_share" not in values or near(values["discounted_share"], row.discounted_share))


def price(facts, values) -> bool:
    """Headline: what they bring is their share of sales."""
    row = table(facts, "price_sense").set_index("price_sense").loc["price-sensitive"]
    return _price(facts, values) and near(values["share"], row.amount_share) and values["base"] >= least(facts)


def price_sensitive(from_on: float, below: float):
    def claim(facts, values) -> bool:
        row = table(facts, "price_sense").set_index("price_sense").loc["price-sensitive"]
        enough = values["base"] >= least(facts) and values["part"] / values["base"] >= 0.1 and from_on <= row.amount_share < below
        return (
            _price(facts, values)
            and near(values["share"], values["part"] / values["base"])
            and near(values["sales_share"], row.amount_share)
            and enough
        )

    return claim


def quality_seeking(facts, values) -> bool:
    row = table(facts, "price_sense").set_index("price_sense").loc["quality-seeking"]
    return values["count"] == row.customer_count >= least(facts) and near(values["amount"], row.sales_amount)


def _fields(facts):
    """How many customers have each field filled; the company's page says it team by team."""
    rows = table(facts, "completeness").groupby("field", as_index=False)[["filled_count", "base"]].sum()
    return rows.assign(share=rows.filled_count / rows.base)


def emptiest(facts, values) -> bool:
    rows = _fields(facts)
    row = rows[rows.field == values["field"]].iloc[0]
    said = (values["part"], values["base"]) == (row.filled_count, row.base) and row.filled_count / row.base <= (
        rows.filled_count / rows.base
    ).min() + 1e-12
    return said and (
        (row.base >= least(facts) and near(values["share"], row.share)) if "share" in values else row.base < least(facts)
    )


def gap(facts, values) -> bool:
    rows = _fields(facts)
    row = rows[rows.field == values["field"]].iloc[0]
    said = (values["without_count"], values["base"]) == (row.base - row.filled_count, row.base) and near(
        values["share"], row.share
    )
    return said and row.share < 0.8 and row.base >= least(facts)


def care(facts, values) -> bool:
    """On a team's page the list has a row for each, or as many as a page holds."""
    rows, both = table(facts, "care"), values["birthday_count"] + values["anniversary_count"]
    days = [str(d)[:10] for d in rows.get("celebrated_on", [])]
    inside = all(str(values["start_on"]) <= d <= str(values["end_on"]) for d in days)
    return facts["team"] != "all" and values["count"] == len(rows) <= both and inside


CLAIMS = {
    **level("customers.count", "customer_count", "customers.no_customers", ("customers", "customer_count")),
    **changed("customers.count", "customer_count", ("customers", "customer_count")), **changed("customers.new", "new_customers", ("customers", "new_customers")),
    "customers.no_customers": lambda facts, values: not kpi(facts, "customer_count")["value"],
    "customers.calm": lambda facts, values: [f["rule"] for f in facts["findings"]] == ["customers.calm"],
    "customers.growing": growing, "customers.dried_up": dried_up, "customers.arrivals_even": arrivals_even,
    "customers.arrivals_short": lambda facts, values: table(facts, "arrivals").empty,
    "customers.one_customer": _share_of("largest_customer_share", 0.1), "customers.few_carry": _share_of("top_hundredth_share", 0.3, 100),
    "customers.tenth": _share_of("top_tenth_share"), "customers.few_buyers": few_buyers, "customers.no_sales": no_sales,
    "customers.largest": largest, "customers.largest_counts": largest_counts,
    "customers.no_groups": lambda facts, values: table(facts, "moved").empty,
    "customers.no_group": no_group, "customers.largest_group": largest_group, "customers.largest_group_counts": largest_group,
    "customers.largest_groups": largest_groups, "customers.price": price, "customers.price_no_sales": _price,
    "customers.price_counts": lambda facts, values: _price(facts, values) and values["base"] < least(facts),
    "customers.price_sensitive_warning": price_sensitive(0.25, 10), "customers.price_sensitive_opportunity": price_sensitive(-10, 0.25),
    "customers.quality_seeking": quality_seeking, "customers.no_lines": lambda facts, values: table(facts, "price_sense").empty,
    "customers.price_list": lambda facts, values: values["count"] == len(table(facts, "price_sensitive")) > 0,
    "customers.nobody_price_sensitive": lambda facts, values: table(facts, "price_sensitive").empty,
    "customers.no_fields": lambda facts, values: not total(facts, "completeness", "base"),
    "customers.emptiest": emptiest, "customers.emptiest_counts": emptiest, "customers.gap": gap, "customers.care": care,
    "customers.nothing_to_congratulate": lambda facts, values: table(facts, "care").empty,
}  # fmt: skip
