"""What each sentence of the activity page claims, told by the page's own facts."""

from claiming import apart, changed, company, kpi, least, level, near, table, total, wilson


def _top(facts: dict, name: str, column: str) -> tuple[list, float]:
    """The rows of a table that are highest in a column, and the column's highest value."""
    rows = table(facts, name)
    return [r for r in rows.to_dict("records") if r[column] == rows[column].max()], rows[column].max()


def top_kind(facts, values) -> bool:
    rows, most = _top(facts, "interactions_by_kind", "interaction_count")
    return [r["channel"] for r in rows] == [values["channel"]] and (values["part"], values["base"]) == (most, total(facts, "interactions_by_kind", "interaction_count"))  # fmt: skip


def top_kinds(facts, values) -> bool:
    rows, most = _top(facts, "interactions_by_kind", "interaction_count")
    return values["count"] == len(rows) > 1 and (values["part"], values["base"]) == (most, total(facts, "interactions_by_kind", "interaction_count"))  # fmt: skip


def peak(facts, values) -> bool:
    rows, _ = _top(facts, "hour_pattern", "per_day")
    said = [(r["weekday"], r["hours"], r["interaction_count"]) for r in rows]
    return said == [(values["weekday"], values["hours"], values["part"])] and values["base"] == total(facts, "hour_pattern", "interaction_count")  # fmt: skip


def peaks(facts, values) -> bool:
    rows, _ = _top(facts, "hour_pattern", "per_day")
    return values["count"] == len(rows) > 1 and values["base"] == total(facts, "hour_pattern", "interaction_count")


def no_hours(facts, values) -> bool:
    rows = table(facts, "hour_pattern")
    return rows[rows.interaction_count > 0].hours.nunique() == 1 and values["base"] == rows.interaction_count.sum()


def tiers(facts, values) -> bool:
    rows = table(facts, "tiers")
    none = (
        rows.customer_count[rows.tier == "no_activity"].sum()
        if (rows.tier == "no_activity").any()
        else rows.customer_count.iloc[-1]
    )
    return (values["tier"], values["part"], values["base"], values["none_count"]) == (rows.tier[0], rows.customer_count[0], rows.customer_count.sum(), none)  # fmt: skip


def tiers_moved(facts, values) -> bool:
    up, down = total(facts, "tiers", "up_count"), total(facts, "tiers", "down_count")
    more = max(up, down)
    clear = wilson(more, up + down)[0] > 0.5 and more >= 0.55 * (up + down) and up + down >= least(facts)
    return clear and (values["up_count"], values["down_count"]) == (up, down)


def drops(facts, values) -> bool:
    figure = kpi(facts, "activity_drops")
    return (values["part"], values["base"]) == (figure["part"], figure["base"]) and values["part"] > 0


def fallen(facts, values) -> bool:
    return drops(facts, values) and values["part"] >= 5 and wilson(values["part"], values["base"])[0] > values["chance_share"]


def fallen_as_chance(facts, values) -> bool:
    return drops(facts, values) and values["part"] >= 5 and wilson(values["part"], values["base"])[0] <= values["chance_share"]


def cohorts(facts, values) -> bool:
    rows = table(facts, "cohort_retention")
    rows = rows[rows.age == 1]
    part, base = rows.active_count.sum(), rows.base.sum()
    enough = "share" not in values or (
        base >= least(facts) and near(values["share"], part / base) and values["count"] == len(rows)
    )
    return (values["part"], values["base"]) == (part, base) and enough


def browsing(facts, values) -> bool:
    browsed, others = table(facts, "browsing").to_dict("records")
    said = {
        "share": browsed["share"],
        "others_share": others["share"],
        "part": browsed["buyer_count"],
        "base": browsed["base"],
        "others_base": others["base"],
    }
    enough = min(browsed["base"], others["base"]) >= least(facts)
    return all(near(v, said[k]) for k, v in values.items()) and enough is ("share" in values)


def browsers_buy(facts, values) -> bool:
    browsed, others = table(facts, "browsing").to_dict("records")
    return (
        browsing(facts, values)
        and browsed["share"] > others["share"]
        and apart(*((r["buyer_count"], r["base"]) for r in (browsed, others)))
    )


def by_team(facts, values) -> bool:
    return near(values["count"], total(facts, "by_team", "customer_count")) and near(
        values["active_count"], total(facts, "by_team", "active_customers")
    )


def dropped(facts, values) -> bool:
    """A team's course or that of some hours: at least a tenth below what is usual, and the interval leaves out zero."""
    rows = table(facts, "team_activity")
    row = rows[rows.team == values["team"]].iloc[0]
    whole = near(values["fall_share"], -row.relative_share) and row.upper_share < 0 and (values["count"], near(values["before_count"], row.usual_count)) == (row.activity_count, True)  # fmt: skip
    hours = "hours" not in values or (values["hours"] == row.hours and near(values["hours_share"], -row.hours_share))
    return values["high_share"] >= values["low_share"] > 0 and hours and (whole or "hours" in values)


def calm(facts, values) -> bool:
    return [f["rule"] for f in facts["findings"]] == ["activity.calm"]


CLAIMS = {
    **level("activity.active", "active_customers", "activity.no_activity", ("active", "active_customers")),
    **level("activity.retention", "retention_rate", "activity.no_start"),
    **level("activity.purchases", "purchase_count", "activity.no_customers", ("purchases", "purchase_count")),
    **changed("activity.active", "active_customers", ("active", "active_customers")),
    **changed("activity.retention", "retention_rate"), **changed("activity.purchases", "purchase_count", ("purchases", "purchase_count")),
    "activity.no_customers": lambda facts, values: not kpi(facts, "customers_ever")["value"] or not kpi(facts, "customer_count")["value"] or kpi(facts, "purchase_count")["value"] is None,
    "activity.no_activity": lambda facts, values: kpi(facts, "active_customers")["value"] is None,
    "activity.no_interactions": lambda facts, values: total(facts, "interactions_by_kind", "interaction_count") == 0,
    "activity.no_own": lambda facts, values: total(facts, "hour_pattern", "interaction_count") == 0,
    "activity.top_kind": top_kind, "activity.top_kinds": top_kinds, "activity.peak": peak, "activity.peaks": peaks, "activity.no_hours": no_hours,
    "activity.tiers": tiers, "activity.tiers_up": lambda f, v: tiers_moved(f, v) and v["up_count"] > v["down_count"],
    "activity.tiers_down": lambda f, v: tiers_moved(f, v) and v["down_count"] > v["up_count"],
    "activity.lists": lambda facts, values: not company(facts) and values["count"] == len(table(facts, "tier_lists")),
    "activity.no_pasts": lambda facts, values: not kpi(facts, "activity_drops")["base"],
    "activity.nobody_fell": lambda facts, values: kpi(facts, "activity_drops")["part"] == 0 and values["base"] == kpi(facts, "activity_drops")["base"] > 0,
    "activity.fallen_headline": drops, "activity.fallen": fallen, "activity.fallen_as_chance": fallen_as_chance,
    "activity.no_courses": lambda facts, values: table(facts, "team_activity").empty,
    "activity.teams_steady": lambda facts, values: values["count"] == len(table(facts, "team_activity")) > 1,
    "activity.team_steady": lambda facts, values: [values["team"]] == list(table(facts, "team_activity").team),
    **dict.fromkeys(("activity.team_dropped", "activity.team_dropped_at_any_time", "activity.team_dropped_at_hours",
                     "activity.dropped", "activity.dropped_at_any_time", "activity.dropped_at_hours"), dropped),
    "activity.no_cohorts": lambda facts, values: table(facts, "cohort_retention").empty or not (table(facts, "cohort_retention").age == 1).any(),
    "activity.cohorts": cohorts, "activity.cohorts_counts": cohorts,
    "activity.no_browsers": lambda facts, values: not total(facts, "browsing", "base") or table(facts, "browsing").base[0] == 0,
    "activity.browsing": browsing, "activity.browsing_counts": browsing, "activity.browsers_buy": browsers_buy,
    "activity.by_team": by_team, "activity.calm": calm,
}  # fmt: skip
