"""What each sentence of the page of CRM figures claims, told by the page's own facts."""

import math

from claiming import changed, kpi, least, level, near, table, total


def rows(facts: dict, name: str) -> list[dict]:
    return table(facts, name).to_dict("records")


def known(value) -> bool:
    return value is not None and value == value


# ------------------------------------------------------------------------------------------------ cost


def moved(most: int, whole: int):
    """The cause with the largest effect, in which way it and the whole went; all effects are the figure's change."""

    def claim(facts: dict, values: dict) -> bool:
        found, figure = rows(facts, "cac_moves"), kpi(facts, "cac")
        change = math.fsum(r["change_amount"] for r in found)
        top = max(found, key=lambda r: abs(r["change_amount"]))
        before = figure["year_before"] if known(figure["year_before"]) else figure["previous"]
        said = near(values["amount"], abs(top["change_amount"])) and near(values["change_amount"], abs(change))
        ways = (top["change_amount"] > 0) is (most > 0) and (change > 0) is (whole > 0)
        same = [r["cac_cause"] for r in found if near(abs(r["change_amount"]), abs(top["change_amount"]))]
        return (
            said
            and ways
            and values["cause"] in same
            and math.isclose(change, figure["value"] - before, rel_tol=1e-9, abs_tol=1e-6)
        )

    return claim


def nothing_to_compare(facts, values) -> bool:
    figure = kpi(facts, "cac")
    return not rows(facts, "cac_moves") and (
        not known(figure["value"]) or not (known(figure["previous"]) or known(figure["year_before"]))
    )


def kinds(facts, values) -> bool:
    found = rows(facts, "cost_kinds")
    whole = math.fsum(r["cost_amount"] for r in found)
    sides = {
        side: math.fsum(r["cost_amount"] for r in found if r["cost_side"] == side) for side in ("marketing cost", "sales cost")
    }
    top = [r["cost_kind"] for r in found if r["cost_amount"] == max(r["cost_amount"] for r in found)]
    said = near(values["marketing_amount"], sides["marketing cost"]) and near(values["sales_amount"], sides["sales cost"])
    return values["cost_kind"] in top and math.isclose(values["share"], found[0]["cost_amount"] / whole, rel_tol=1e-9) and said


def kinds_amounts(facts, values) -> bool:
    found = rows(facts, "cost_kinds")
    return values["amount"] == max(r["cost_amount"] for r in found) and math.fsum(r["cost_amount"] for r in found) <= 0


# ------------------------------------------------------------------------------------------------ channels


def _channels(facts: dict) -> list[dict]:
    return [r for r in rows(facts, "by_channel") if known(r["year_cac_amount"])]


def by_channel(facts, values) -> bool:
    found = _channels(facts)
    own = next(r for r in found if r["acquisition_channel"] == values["channel"])
    top = own["year_cac_amount"] == max(r["year_cac_amount"] for r in found)
    said = near(values["amount"], own["year_cac_amount"]) and values["count"] == own["year_customers"]
    return top and said and math.isclose(own["year_cac_amount"], own["year_cost_amount"] / own["year_customers"], rel_tol=1e-9)


def dear(facts, values) -> bool:
    """Dearest of those with enough customers, half as much again as the next, its interval clear of the next one's value."""
    found = sorted(
        (r for r in _channels(facts) if r["year_customers"] >= least(facts) and known(r["low_amount"])),
        key=lambda r: -r["year_cac_amount"],
    )
    first, following = found[:2]
    named = (values["channel"], values["next_channel"]) == (first["acquisition_channel"], following["acquisition_channel"])
    amounts = near(values["amount"], first["year_cac_amount"]) and near(values["next_amount"], following["year_cac_amount"])
    times = math.isclose(values["times_ratio"], first["year_cac_amount"] / following["year_cac_amount"], rel_tol=1e-9)
    clear = first["low_amount"] > following["year_cac_amount"] and values["times_ratio"] >= 1.5
    return named and amounts and times and clear and values["count"] == first["year_customers"]


def brings_least(facts, values) -> bool:
    found = rows(facts, "returns")
    own = next(r for r in found if r["acquisition_channel"] == values["channel"])
    said = near(values["value_amount"], own["value_amount"]) and near(values["cost_amount"], own["year_cac_amount"])
    return (
        said and near(values["times_ratio"], own["return_ratio"]) and own["return_ratio"] == min(r["return_ratio"] for r in found)
    )


# ------------------------------------------------------------------------------------------------ value, loyalty, teams


def against(name: str, value: str, low: float, high: float):
    """A figure within [low, high), on enough new customers."""

    def claim(facts: dict, values: dict) -> bool:
        figure = kpi(facts, name)
        return (
            near(values[value], figure["value"])
            and low <= figure["value"] < high
            and values["base"] == figure["base"] >= least(facts)
        )

    return claim


def ways(facts, values) -> bool:
    names = {"simple_amount": "clv_simple", "margin_amount": "clv_margin", "ahead_amount": "clv_bgnbd"}
    return all(near(values[said], kpi(facts, name)["value"]) for said, name in names.items())


def ways_known(facts, values) -> bool:
    return (values["count"], values["base"]) == (
        sum(known(kpi(facts, n)["value"]) for n in ("clv_simple", "clv_margin", "clv_bgnbd")),
        3,
    )


def loyal(facts, values) -> bool:
    figure = kpi(facts, "repeat_purchase_rate")
    enough = figure["base"] >= least(facts)
    said = (values["part"], values["base"]) == (figure["part"], figure["base"])
    return said and enough is ("share" in values) and near(values.get("share", figure["value"]), figure["value"])


def loyalty_known(facts, values) -> bool:
    found = rows(facts, "loyalty")
    return not known(kpi(facts, "repeat_purchase_rate")["value"]) and (values["count"], values["base"]) == (
        sum(known(r["share"]) for r in found),
        len(found),
    )


def by_team(facts, values) -> bool:
    teams = [r for r in rows(facts, "by_team") if r["team"] != "unassigned"]
    most = max(r["new_customers"] for r in teams)
    named = values["team"] in [r["team"] for r in teams if r["new_customers"] == most] and values["part"] == most > 0
    return named and values["count"] == total(facts, "by_team", "new_customers") == kpi(facts, "new_customers")["value"]


CLAIMS = {
    **level("kpis.cac", "cac", "kpis.no_costs", ("cac", "cac")), **changed("kpis.cac", "cac", ("cac", "cac")),
    **level("kpis.conversion", "sales_conversion_rate", "kpis.no_prospects"), **changed("kpis.conversion", "sales_conversion_rate"),
    **changed("kpis.churn", "churn_rate"),
    "kpis.no_costs": lambda facts, values: not known(kpi(facts, "acquisition_spend")["value"]) or total(facts, "cost_kinds", "cost_amount") == 0,
    "kpis.no_new_customers": lambda facts, values: known(kpi(facts, "acquisition_spend")["value"]) and kpi(facts, "new_customers")["value"] == 0,
    "kpis.nothing_to_compare": nothing_to_compare,
    **{f"kpis.moved_{a}_{b}": moved(x, y) for a, x in (("up", 1), ("down", -1)) for b, y in (("up", 1), ("down", -1))},
    "kpis.kinds": kinds, "kpis.kinds_amounts": kinds_amounts, "kpis.by_channel": by_channel, "kpis.dear_channel": dear,
    "kpis.no_channel_costs": lambda facts, values: not _channels(facts),
    "kpis.returns": brings_least, "kpis.no_returns": lambda facts, values: not rows(facts, "returns"),
    "kpis.loses_money": against("ltv_cac", "value_ratio", -math.inf, 1.0), "kpis.earns_little": against("ltv_cac", "value_ratio", 1.0, 3.0),
    "kpis.slow_payback": against("cac_payback", "months_ratio", 12.0, math.inf),
    "kpis.loyalty": loyal, "kpis.loyalty_counts": loyal, "kpis.loyalty_known": loyalty_known,
    "kpis.by_team": by_team,
    "kpis.by_team_none": lambda facts, values: values["count"] == total(facts, "by_team", "new_customers") == sum(r["new_customers"] for r in rows(facts, "by_team") if r["team"] == "unassigned"),
    "kpis.no_customers": lambda facts, values: not kpi(facts, "new_customers")["value"] and not kpi(facts, "retention_rate")["base"],
    "kpis.calm": lambda facts, values: [f["rule"] for f in facts["findings"]] == ["kpis.calm"],
    "value.ways": ways, "value.ways_known": ways_known,
}  # fmt: skip
