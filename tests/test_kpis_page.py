"""The page of CRM figures as readers get it: what must agree on it and with other pages, what it says where something lacks."""

import functools
import html
import math
import re
from collections.abc import Callable

import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure, kpi_of, table_of, variant

from crmlib import texts
from crmlib.crm import open_crm
from crmlib.metrics import customers, retention
from crmlib.pages import Built

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def made(pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team."""
    return {team: pages("kpis", team) for team in ("all", "north")}


# ------------------------------------------------------------------------------------------------ what agrees


@pytest.mark.parametrize("team", ["all", "north"])
def test_retention_and_churn_make_one_in_every_period(made, team):
    one = made[team]["en"]
    assert kpi_of(one, "retention_rate")["value"] + kpi_of(one, "churn_rate")["value"] == pytest.approx(1, abs=1e-11)
    course = table_of(one, "retention")
    assert (
        (course.retention_rate + course.churn_rate).dropna() - 1
    ).abs().max() < 1e-9 and course.retention_rate.notna().sum() > 5


@pytest.mark.parametrize("team", ["all", "north"])
def test_figures_and_tables_say_the_same(made, team):
    one = made[team]["en"]
    cost, kinds, moves = (table_of(one, n) for n in ("cac", "cost_kinds", "cac_moves"))
    cac = kpi_of(one, "cac")
    assert cost.cac.iloc[-1] == pytest.approx(cac["value"]) and cost.new_customers.iloc[-1] == cac["base"]
    assert kinds.cost_amount.sum() == pytest.approx(kpi_of(one, "acquisition_spend")["value"], abs=0.005)
    assert cac["value"] == pytest.approx(kinds.cost_amount.sum() / cac["base"])
    assert moves.change_amount.sum() == pytest.approx(cac["value"] - cac["year_before"], abs=0.01)
    assert kpi_of(one, "ltv_cac")["value"] == pytest.approx(
        kpi_of(one, "clv_margin")["value"] / kpi_of(one, "cac_year")["value"], rel=1e-6
    )
    won = table_of(one, "conversion").iloc[-1]
    assert won.prospect_count == kpi_of(one, "prospect_count")["value"] == kpi_of(one, "sales_conversion_rate")["base"]
    channels = table_of(one, "by_channel")
    assert channels.new_customers.sum() == kpi_of(one, "new_customers")["value"]
    assert channels.year_customers.sum() == kpi_of(one, "cac_year")["base"]


@pytest.mark.parametrize("team", ["all", "north"])
def test_values_are_those_of_the_value_page(made, pages, team):
    mine, theirs = made[team]["en"], pages("value", team)["en"]
    for name in ("clv_simple", "clv_margin", "clv_bgnbd"):
        assert kpi_of(mine, name) == kpi_of(theirs, name)
    assert table_of(mine, "ways").equals(table_of(theirs, "ways"))


def test_teams_and_unassigned_add_up_to_the_company(made, small_demo):
    one, teams = made["all"]["en"], table_of(made["all"]["en"], "by_team")
    assert teams.team.iloc[-1] == "unassigned" and teams.new_customers.sum() == kpi_of(one, "new_customers")["value"]
    assert teams.cost_amount.sum() == pytest.approx(kpi_of(one, "acquisition_spend")["value"], abs=0.005)
    assert teams.prospect_count.sum() == kpi_of(one, "prospect_count")["value"]
    north, own = made["north"]["en"], teams.set_index("team").loc["north"]
    assert (own.new_customers, own.start_count) == (
        kpi_of(north, "new_customers")["value"],
        kpi_of(north, "retention_rate")["base"],
    )
    assert own.cac == pytest.approx(kpi_of(north, "cac")["value"]) and own.retention_rate == pytest.approx(
        kpi_of(north, "retention_rate")["value"]
    )


def test_new_customers_by_channel_are_those_of_the_customers_page(made, small_demo):
    crm = open_crm(str(small_demo), PERIOD)
    theirs = customers.customers_by(crm, "acquisition_channel").set_index("acquisition_channel").new_customers
    mine = table_of(made["all"]["en"], "by_channel").set_index("acquisition_channel").new_customers
    assert mine[mine > 0].sort_index().to_dict() == theirs[theirs > 0].sort_index().to_dict()
    assert mine.sum() == retention.new_customers(crm)


def test_a_team_s_page_says_whose_cost_is_not_in_it(made):
    for lang, words in (("en", "cost of no team, such as advertising"), ("zh", "广告等不属任何团队的费用")):
        shown = {team: Reader(made[team][lang].html).said for team in made}
        assert any(words in said for said in shown["north"]) and not any("LTV:CAC looks better" in said for said in shown["all"])
        assert any(texts.say("page.campaigns_not_added", lang) in said for said in shown["all"])


def test_nobody_is_named(made, small_demo):
    people = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id"]).customer_id
    assert not [i for i in people if f">{i}<" in made["north"]["en"].html]
    assert "rep" not in {c for t in made["north"]["en"].facts["tables"] for c in t["columns"]}


# ------------------------------------------------------------------------------------------------ what a source does not have


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of sources with little, and of other kinds of periods."""
    place = tmp_path_factory.mktemp("lacking")
    sales = variant(place / "sales", small_demo, "customers", "orders")
    deals = variant(place / "deals", small_demo, "opportunities")
    costs = variant(place / "costs", small_demo, "costs")
    asked = {"sales": (sales, PERIOD, "all"), "deals": (deals, PERIOD, "all"), "costs": (costs, PERIOD, "all"),
             "week": (small_demo, "2026-W42", "all"), "quarter": (small_demo, "2026-Q3", "north"), "year": (small_demo, "2025", "all"),
             "early": (small_demo, "2023-12", "all")}  # fmt: skip
    return functools.cache(lambda which: product.built("kpis", place, *map(str, asked[which])))


EVERY = ("sales", "deals", "costs", "week", "quarter", "year", "early")


@pytest.mark.parametrize("which", [w if w == "deals" else pytest.param(w, marks=pytest.mark.long) for w in EVERY])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which):
    for one in lacking(which).values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert not [t for t in reader.said if BAD.search(t)]
        assert len(one.facts["findings"]) >= 1 and list(each_figure(one.html))[0] == "retention"


def reasons(one: Built) -> dict[str, str]:
    return {k["name"]: k["reason"] for k in one.facts["kpis"] if k["value"] is None}


def test_with_customers_and_orders_alone_cost_is_undefined_in_words(lacking):
    for one in lacking("sales").values():
        said, lacks = html.unescape(one.html), reasons(one)
        assert lacks["cac"] == lacks["ltv_cac"] == lacks["cac_payback"] == texts.say("reasons.not_delivered", one.lang)
        assert {
            "retention_rate",
            "clv_simple",
            "clv_margin",
            "sales_conversion_rate",
            "repeat_purchase_rate",
            "referral_rate",
        }.isdisjoint(lacks)
        figures = each_figure(one.html)
        assert all("<svg" not in figures[name] for name in ("cac", "cac-moves", "cost-kinds", "by-channel", "returns"))
        assert texts.say("page.absent", one.lang, what=texts.say("tables.costs", one.lang)) in said
        assert "dear_channel" not in str(one.facts["findings"])


@pytest.mark.long
def test_with_deals_alone_there_are_retention_and_conversion(lacking):
    one = lacking("deals")["en"]
    assert kpi_of(one, "sales_conversion_rate")["value"] > 0 and kpi_of(one, "retention_rate")["value"] > 0
    assert {"cac", "clv_simple", "clv_margin", "clv_bgnbd", "cross_sell_rate"} <= set(reasons(one))


@pytest.mark.long
def test_of_a_week_without_a_booking_the_year_says_what_a_customer_costs(lacking):
    one = lacking("week")["en"]
    assert kpi_of(one, "cac")["value"] is None and reasons(one)["cac"] == texts.say("reasons.no_costs", "en")
    assert kpi_of(one, "cac_year")["value"] > 0 and not math.isnan(table_of(one, "by_channel").year_cac_amount.max())


@pytest.mark.long
def test_young_data_say_that_cost_is_too_low(lacking):
    for lang, one in lacking("early").items():
        assert texts.say("page.new_to_the_data", lang) in html.unescape(one.html)
        assert kpi_of(one, "ltv_cac")["value"] is None


def test_the_first_screen_has_the_four_figures(made):
    for lang in ("en", "zh"):
        summary = html.unescape(re.search(r'<section id="summary".*?</section>', made["all"][lang].html, re.S)[0])
        for name in ("retention_rate", "churn_rate", "cac", "clv_margin", "sales_conversion_rate", "ltv_cac"):
            assert texts.name(name, lang) in summary
