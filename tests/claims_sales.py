"""What each sentence of the sales page claims, told by the page's own facts."""

from claiming import changed, kpi, least, level, near, table, total

NOBODY = ("unassigned", "none given", "all others")


def _said(row: dict, values: dict, **names: str) -> bool:
    return all(near(values[value], row[column]) for value, column in names.items())


def falling_product(facts, values) -> bool:
    """Fewer orders than a year before, fewer by a fifth than the others' course, the interval below nothing."""
    row = next(r for r in table(facts, "falling_products").to_dict("records") if r["product"] == values["product"])
    fell = row["against_share"] <= -0.2 and row["upper_share"] < 0 and row["order_count"] < row["before_order_count"]
    same = near(values["fall_share"], -row["against_share"]) and near(values["low_share"], -row["upper_share"]) and near(values["high_share"], -row["lower_share"])  # fmt: skip
    numbers = _said(
        row, values, count="order_count", before_count="before_order_count", amount="amount", before_amount="before_amount"
    )
    return fell and same and numbers and row["before_order_count"] >= least(facts)


def _fallen(facts) -> list[dict]:
    return [r for r in table(facts, "falling_products").to_dict("records") if r["falling"]]


def growing_region(facts, values) -> bool:
    row = next(r for r in table(facts, "growing_regions").to_dict("records") if r["region"] == values["region"])
    ahead = row["against_share"] >= 0.15 and row["lower_share"] > 0 and row["new_against_share"] >= 0.1
    numbers = _said(row, values, growth="sales_growth_share", new_count="new_customers", before_count="before_new_customers", amount="amount", before_amount="before_amount")  # fmt: skip
    return ahead and numbers and row["sales_growth_share"] > max(values["others_growth"], 0)


def _target(met: bool, to_date: bool):
    def claim(facts, values) -> bool:
        figure = kpi(facts, "revenue")
        same = near(values["amount"], figure["value"]) and near(values["target_amount"], figure["target"])
        due = values["due_amount"]
        part = due < figure["target"] if to_date else near(due, figure["target"])
        share = near(values["share"], figure["value"] / figure["target"])
        missing = met or near(values["missing_amount"], due - figure["value"])
        return same and part and share and missing and (figure["value"] >= due - 1e-6) is met

    return claim


def pipeline_thin(facts, values) -> bool:
    coverage, amount = kpi(facts, "pipeline_coverage"), kpi(facts, "open_amount")["value"]
    return coverage["value"] < 1 and near(values["share"], coverage["value"]) and near(values["open_amount"], amount) and values["open_amount"] < values["missing_amount"]  # fmt: skip


# ------------------------------------------------------------------------------------------------ over the figures


def _groups(facts, group: str) -> list[list[dict]]:
    """The tables of sales by this group, as rows with a name and sales."""
    found = []
    for shown in facts["tables"]:
        if shown["columns"][0] == group and "revenue" in shown["columns"] and shown["name"].startswith("by_"):
            rows = [dict(zip(shown["columns"], row, strict=True)) for row in shown["rows"]]
            found.append([r for r in rows if r[group] not in NOBODY and r["revenue"] > 0])
    return found


def group_first(facts, values) -> bool:
    (rows,) = _groups(facts, values["group"])
    most = [r for r in rows if r["revenue"] == max(r["revenue"] for r in rows)]
    whole = near(values["whole_amount"], kpi(facts, "revenue")["value"])
    return [r[values["group"]] for r in most] == [values["who"]] and near(values["amount"], most[0]["revenue"]) and whole


def groups_alike(facts, values) -> bool:
    (rows,) = _groups(facts, values["group"])
    most = [r for r in rows if r["revenue"] == max(r["revenue"] for r in rows)]
    return len(most) == values["count"] > 1 and near(values["amount"], most[0]["revenue"])


def no_group(facts, values) -> bool:
    (rows,) = _groups(facts, values["group"])
    return rows == [] or kpi(facts, "revenue")["value"] <= 0


def _pairs(facts) -> list[dict]:
    rows = table(facts, "product_region").to_dict("records")
    return [r for r in rows if r["product"] not in NOBODY and r["region"] not in NOBODY and r["revenue"] > 0]


def pair_first(facts, values) -> bool:
    rows = _pairs(facts)
    row = next(r for r in rows if (r["product"], r["region"]) == (values["product"], values["region"]))
    whole = near(values["whole_amount"], kpi(facts, "revenue")["value"])
    return whole and near(values["amount"], row["revenue"]) and row["revenue"] == max(r["revenue"] for r in rows)


def _falls(count: int | None):
    """How many products fall: the table shows the ten largest falls, and who falls clearly is among them."""

    def claim(facts, values) -> bool:
        rows = table(facts, "falling_products")
        if count is None:
            return rows.empty
        least_shown = len(rows) == min(values["base"], 10)
        named = count != 1 or [r["product"] for r in _fallen(facts)] == [values["product"]]
        return (
            least_shown
            and named
            and (len(_fallen(facts)) == count if count < 2 else len(_fallen(facts)) == min(values["count"], 10) > 1)
        )

    return claim


def _grows(some: bool | None):
    def claim(facts, values) -> bool:
        rows = table(facts, "growing_regions").to_dict("records")
        if some is None:
            return rows == []
        grown = [r for r in rows if r["growing"]]
        same = len(rows) == values["base"] and bool(grown) is some
        return same and (
            not some or (grown[0]["region"] == values["region"] and near(values["growth"], grown[0]["sales_growth_share"]))
        )

    return claim


def _channels(facts) -> list[dict]:
    return [r for r in table(facts, "new_customers").to_dict("records") if r["acquisition_channel"] not in NOBODY]


def source_first(facts, values) -> bool:
    rows, base = _channels(facts), total(facts, "new_customers", "new_customers")
    most = [r["acquisition_channel"] for r in rows if r["new_customers"] == values["part"]]
    return most == [values["channel"]] and values["part"] == max(r["new_customers"] for r in rows) and values["base"] == base


def sources_alike(facts, values) -> bool:
    rows, base = _channels(facts), total(facts, "new_customers", "new_customers")
    most = [r for r in rows if r["new_customers"] == values["part"]]
    return len(most) == values["count"] > 1 and values["part"] == max(r["new_customers"] for r in rows) and values["base"] == base


def no_newcomers(facts, values) -> bool:
    return not sum(r["new_customers"] for r in _channels(facts))


def _values(long: bool):
    def claim(facts, values) -> bool:
        rows = table(facts, "order_values").set_index("statistic").size_amount
        same = near(values["median_amount"], rows["median"]) and near(values["mean_amount"], rows["mean"])
        return same and (rows["mean"] > rows["median"] or not long)

    return claim


def _open(weighted: bool):
    def claim(facts, values) -> bool:
        rows = table(facts, "open_deals")
        same = values["count"] == rows.open_count.sum() > 0 and near(values["amount"], kpi(facts, "open_amount")["value"])
        figure = kpi(facts, "weighted_pipeline")["value"]
        return same and (near(values["weighted_amount"], figure) if weighted else figure is None)

    return claim


def no_orders(facts, values) -> bool:
    """No sales are known, or of none a rate or a size can be told."""
    return not kpi(facts, "order_count")["value"]


CLAIMS = {
    **level("sales.course", "revenue", "sales.no_orders", ("course", "revenue")),
    **level("sales.refund_rate", "refund_rate", "sales.no_orders"),
    **level("sales.market", "market_share", "sales.no_market"),
    **changed("sales.revenue", "revenue", ("course", "revenue")),
    **changed("sales.refunds", "refund_rate"),
    "sales.nothing": lambda facts, values: kpi(facts, "revenue")["value"] is None and kpi(facts, "open_amount")["value"] is None,
    "sales.calm": lambda facts, values: not _fallen(facts) and len(facts["findings"]) == 1,
    "sales.falling_product": falling_product,
    "sales.more_falling": lambda facts, values: len(_fallen(facts)) == min(values["count"] + 3, 10),
    "sales.growing_region": growing_region,
    "sales.target_reached": _target(True, False), "sales.target_missed": _target(False, False),
    "sales.ahead": _target(True, True), "sales.behind": _target(False, True),
    "sales.pipeline_thin": pipeline_thin,
    "sales.no_orders": no_orders,
    "sales.no_parts": lambda facts, values: table(facts, "sales_parts").empty,
    "sales.group_first": group_first, "sales.groups_alike": groups_alike, "sales.no_group": no_group,
    "sales.no_pairs": lambda facts, values: not _pairs(facts), "sales.pair_first": pair_first,
    "sales.no_courses": _falls(None), "sales.none_falls": _falls(0), "sales.one_falls": _falls(1), "sales.some_fall": _falls(2),
    "sales.no_region_courses": _grows(None), "sales.none_grows": _grows(False), "sales.one_grows": _grows(True),
    "sales.no_newcomers": no_newcomers, "sales.source_first": source_first, "sales.sources_alike": sources_alike,
    "sales.order_values": _values(False), "sales.long_tail": _values(True),
    "sales.no_open": lambda facts, values: total(facts, "open_deals", "open_count") == 0, "sales.open": _open(False), "sales.open_weighted": _open(True),
}  # fmt: skip
