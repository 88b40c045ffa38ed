"""Performance's page as readers get it: who is named where, what adds up, what it says where something lacks."""

import html
import json
import math
import re

import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure, kpi_of, table_of, variant

from crmlib.crm import open_crm
from crmlib.pages import Built

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def made(pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team."""
    return {team: pages("performance", team) for team in ("all", "north")}


def everything(one: Built) -> str:
    return json.dumps(one.facts, ensure_ascii=False) + html.unescape(one.html)


# ------------------------------------------------------------------------------------------------ what adds up


def test_teams_and_people_add_up_to_the_company(made):
    one = made["all"]["en"]
    teams, people, results = table_of(one, "teams"), table_of(one, "people"), table_of(one, "people_results")
    whole = kpi_of(one, "revenue")
    for frame in (teams, people):
        assert frame.revenue.sum() == pytest.approx(whole["value"], abs=0.001)
    assert teams.previous_revenue.sum() == pytest.approx(whole["previous"], abs=0.001)
    assert results.customer_count.sum() == kpi_of(one, "customer_count")["value"]
    assert results.won_count.sum() == kpi_of(one, "won_count")["value"]
    for table in ("moved_by_team", "moved_by_rep"):
        assert table_of(one, table).change_revenue.sum() == pytest.approx(whole["value"] - whole["previous"], abs=0.001)


def test_a_team_s_row_is_what_its_own_page_says(made):
    company, own = made["all"]["en"], made["north"]["en"]
    row = table_of(company, "teams").set_index("team").loc["north"]
    assert row.revenue == kpi_of(own, "revenue")["value"] and row.target_amount == kpi_of(own, "revenue")["target"]
    for rate in ("yoy", "mom"):
        assert row[rate] == pytest.approx(kpi_of(own, rate)["value"] or math.nan, nan_ok=True), rate
    results = table_of(company, "team_results").set_index("team").loc["north"]
    assert (
        results.win_rate == kpi_of(own, "win_rate")["value"] and results.customer_count == kpi_of(own, "customer_count")["value"]
    )
    mine = table_of(company, "people")
    mine = mine[mine.team == "north"].set_index("rep").revenue
    assert mine.to_dict() == table_of(own, "people").set_index("rep").revenue.to_dict()


def test_the_company_beside_a_team_is_the_company(made):
    beside = table_of(made["north"]["en"], "beside").set_index("view").loc["whole company"]
    for column in ("win_rate", "csat_top_box", "money_per_person", "deals_per_person", "yoy"):
        assert beside[column] == pytest.approx(kpi_of(made["all"]["en"], column)["value"]), column


# ------------------------------------------------------------------------------------------------ who is named where


def test_no_customer_is_named_anywhere(small_demo, made):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id", "name"])
    reps = set(open_crm(str(small_demo), PERIOD).frame("reps", ["name"]).name)
    for team in made:
        said = everything(made[team]["en"])
        assert not [
            n for n in set(customers.name.dropna()) - reps - {"NA", "None", "null"} if f">{n}<" in said or f'"{n}"' in said
        ]
        assert not [i for i in customers.customer_id if f">{i}<" in said or f'"{i}"' in said]


def test_a_team_s_page_names_no_other_team_and_none_of_its_people(small_demo, made):
    reps = open_crm(str(small_demo), PERIOD).frame("reps", ["name", "team"])
    others = set(reps.name) - set(reps.name[reps.team == "north"])
    said = everything(made["north"]["en"])
    assert others and not [n for n in others if n in said]
    assert not [t for t in set(reps.team) - {"north"} if re.search(rf'[">]{t}["<]', said, re.I)]


# ------------------------------------------------------------------------------------------------ ranks, and what lacks


def test_no_rank_and_no_percentage_on_a_small_base(made):
    for team in made:
        rates = table_of(made[team]["en"], "people_rates")
        few = rates.closed_count < 30
        assert rates["rank"].isna().eq(few).all() and rates.low_share.isna().eq(few).all()
    figure = each_figure(made["all"]["en"].html)["people-rates"]
    assert re.search(r"\d+ of \d+", figure) or not few.any()


@pytest.mark.parametrize(
    ("tables", "absent", "figures"),
    [
        pytest.param(
            ("customers", "orders"), ["win_rate", "deals_per_person"], {"team-rates", "people-rates"}, marks=pytest.mark.long
        ),
        (("opportunities",), ["revenue", "money_per_person"], {"territories"}),
        pytest.param(("feedback",), ["revenue", "win_rate"], set(), marks=pytest.mark.long),
    ],
)
def test_a_page_that_lacks_something_is_a_whole_page(small_demo, tmp_path, tables, absent, figures):
    source = variant(tmp_path / "source", small_demo, *tables)
    for one in product.built("performance", tmp_path, str(source), PERIOD).values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert not [t for t in reader.said if BAD.search(t)] and len(one.facts["findings"]) >= 1
        known = {k["name"]: k["value"] for k in one.facts["kpis"]}
        assert all(known.get(name) is None for name in absent)
        drawn = each_figure(one.html)
        assert all("<svg" not in drawn[name] and "<table" not in drawn[name] for name in figures)


@pytest.mark.long
@pytest.mark.parametrize(("period", "team"), [("2026-W42", "north"), ("2026-Q3", "all"), ("2025", "north"), ("2023-11", "all"), ("2026-11", "all")])  # fmt: skip
def test_weeks_quarters_years_the_first_month_and_one_without_data(small_demo, tmp_path, period, team):
    for one in product.built("performance", tmp_path, str(small_demo), period, team).values():
        assert not [t for t in Reader(one.html).said if BAD.search(t)] and len(one.facts["findings"]) >= 1
