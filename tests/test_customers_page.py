"""The customers' page as readers get it: what only it says, what it says where something lacks, who is named where."""

import functools
import html
import json
from collections.abc import Callable

import pandas as pd
import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure, kpi_of, table_of, variant

from crmlib import texts
from crmlib.crm import open_crm
from crmlib.metrics import retention
from crmlib.pages import Built

PERIOD = "2026-10"
GROUPS = ("region", "acquisition_channel", "industry", "tier")
PERSONAL = ("phone", "email", "birthday", "company")


@pytest.fixture(scope="module")
def made(pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team."""
    return {team: pages("customers", team) for team in ("all", "north")}


# ------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize("team", ["all", "north"])
def test_groups_add_up_to_the_key_figures(made, team):
    one = made[team]["en"]
    for group in GROUPS:
        table = table_of(one, f"by_{group}")
        for name in ("customer_count", "new_customers", "lost_customers", "won_back_customers"):
            assert table[name].sum() == kpi_of(one, name)["value"], (group, name)
        assert table.previous_customer_count.sum() == kpi_of(one, "customer_count")["previous"]
        assert table.share.sum() == pytest.approx(1)
    assert table_of(one, "by_tag").customer_count.sum() > kpi_of(one, "customer_count")["value"]  # several tags: said beside it
    assert html.escape(texts.say("says.several_tags", "en")) in each_figure(one.html)["by-tag"]


def test_what_moved_it_adds_up_to_the_change(made):
    for pages in made.values():
        one, figure = pages["en"], kpi_of(pages["en"], "customer_count")
        moved = table_of(one, "moved")
        assert moved.change_customer_count.sum() in (
            figure["value"] - figure["previous"],
            figure["value"] - figure["year_before"],
        )


def test_key_figures_are_those_of_the_activity_page(made, pages):
    """One definition: the same names have the same values on every page."""
    for team in made:
        activity = {k["name"]: k for k in pages("activity", team)["en"].facts["kpis"]}
        shared = [k for k in made[team]["en"].facts["kpis"] if k["name"] in activity]
        assert len(shared) >= 7 and [k for k in shared if k != activity[k["name"]]] == []


def test_teams_add_up(made, small_demo):
    teams = table_of(made["all"]["en"], "by_team").set_index("team")
    assert teams.customer_count.sum() == kpi_of(made["all"]["en"], "customer_count")["value"]
    assert teams.customer_count["north"] == kpi_of(made["north"]["en"], "customer_count")["value"]
    assert teams.new_customers["north"] == retention.new_customers(open_crm(str(small_demo), PERIOD, "north"))


def test_concentration_s_bands_and_figures_say_the_same(made):
    for pages in made.values():
        bands = table_of(pages["en"], "concentration").set_index("buyer_band")
        assert bands.running_share["10–20%"] == pytest.approx(kpi_of(pages["en"], "top_fifth_share")["value"])
        assert bands.running_share["5–10%"] == pytest.approx(kpi_of(pages["en"], "top_tenth_share")["value"])
        assert bands.customer_count.sum() == kpi_of(pages["en"], "sales_gini")["base"]
        largest = table_of(pages["en"], "largest")
        assert largest.amount_share[0] == pytest.approx(kpi_of(pages["en"], "largest_customer_share")["value"])


def test_price_sense_says_the_same_as_its_figure(made):
    for pages in made.values():
        kinds, share = table_of(pages["en"], "price_sense"), kpi_of(pages["en"], "price_sensitive_share")
        assert kinds.customer_count[0] == share["part"] and kinds.customer_count[:3].sum() == share["base"]
        assert kinds.amount_share.sum() == pytest.approx(1) and kinds.customer_share.sum() == pytest.approx(1)


# ------------------------------------------------------------------------------------------------ who is named where


def test_names_are_on_the_team_s_own_page_alone(small_demo, made):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id", "name"])
    company, north = (json.dumps(made[t]["en"].facts, ensure_ascii=False) + made[t]["en"].html for t in ("all", "north"))
    assert not {"care", "price_sensitive"} & {t["name"] for t in made["all"]["en"].facts["tables"]}
    assert set(table_of(made["all"]["en"], "largest").customer) <= set(customers.customer_id)
    own = open_crm(str(small_demo), PERIOD, "north").frame("customers", ["name"])
    for name in ("care", "price_sensitive", "largest"):
        assert len(table_of(made["north"]["en"], name)) and set(table_of(made["north"]["en"], name).customer) <= set(own.name)
    reps = set(open_crm(str(small_demo), PERIOD).frame("reps", ["name"]).name)
    names = set(customers.name) - reps - {"NA", "None", "null", None}
    assert not [n for n in names if f">{html.escape(str(n))}<" in company]
    assert not [n for n in names - set(own.name) if f">{html.escape(str(n))}<" in north]


def test_no_personal_value_but_names_is_anywhere(small_demo, made):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", list(PERSONAL))
    said = "".join(json.dumps(one.facts, ensure_ascii=False) + one.html for pages in made.values() for one in pages.values())
    for column in ("phone", "email", "company"):
        assert not [v for v in customers[column].dropna().astype(str) if len(v) > 5 and v in said]
    born = [str(v)[:10] for v in customers.birthday.dropna()]
    assert not [v for v in born if v in said]


def test_the_care_list_is_of_the_days_to_come(made):
    care = table_of(made["north"]["en"], "care")
    assert care.celebrated_on.between("2026-11-01", "2026-11-30").all() and care.celebrated_on.is_monotonic_increasing
    assert set(care.occasion) == {"birthday", "anniversary"} and care.year_count[care.occasion == "birthday"].isna().all()
    for lang, words in (("en", "1 Nov 2026 to 30 Nov 2026"), ("zh", "2026年11月1日至2026年11月30日")):
        assert words in each_figure(made["north"][lang].html)["care"]


# ------------------------------------------------------------------------------------------------ what a source does not have

SOURCES = {
    "buyers": ("customers", "orders"),
    "orders": ("orders",),
    "deals": ("opportunities",),
    "people": ("customers",),
    "contacts": ("interactions",),
}


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of sources with little, of a team without customers, and of other kinds of periods."""
    place = tmp_path_factory.mktemp("lacking")
    asked = {name: (variant(place / name, small_demo, *tables), PERIOD, "all") for name, tables in SOURCES.items()}
    whole = variant(place / "whole", small_demo, "customers", "orders", "order_lines", "reps")
    with (whole / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (whole / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    asked |= {"team": (whole, PERIOD, "empty"), "week": (whole, "2026-W42", "north"), "quarter": (whole, "2026-Q3", "all"),
              "year": (whole, "2025", "north"), "early": (whole, "2023-10", "all")}  # fmt: skip
    return functools.cache(lambda which: product.built("customers", place, *map(str, asked[which])))


QUICK = ("deals",)
EVERY = [*SOURCES, "team", "week", "quarter", "year", "early"]


@pytest.mark.parametrize("which", [p if p in QUICK else pytest.param(p, marks=pytest.mark.long) for p in EVERY])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which):
    for one in lacking(which).values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert not [t for t in reader.said if BAD.search(t)]
        assert next(iter(each_figure(one.html))) == "customers" and len(one.facts["findings"]) >= 1


@pytest.mark.parametrize(
    ("which", "figure", "words"),
    [
        ("buyers", "price-sense", "This source delivers no order lines and discount: "),
        ("deals", "by-region", "This source delivers no region: "),
        ("deals", "concentration", "This source delivers no orders: "),
        ("deals", "moved", "This source delivers no customers: "),
        pytest.param("orders", "completeness", "This source delivers no customers: ", marks=pytest.mark.long),
    ],
)
def test_what_lacks_is_said(lacking, which, figure, words):
    assert words in html.unescape(each_figure(lacking(which)["en"].html)[figure])


def test_who_won_deals_is_a_customer_where_there_are_no_orders(lacking, small_demo):
    one = lacking("deals")["en"]
    deals = open_crm(str(small_demo), PERIOD).frame("opportunities", ["customer_id", "closed_at", "is_won"])
    won = deals[deals.is_won.fillna(False).astype(bool) & deals.customer_id.notna() & (deals.closed_at < "2026-11-01")]
    assert kpi_of(one, "customers_ever")["value"] == won.customer_id.nunique() > 0
    assert kpi_of(one, "top_tenth_share")["reason"] == texts.say("reasons.not_delivered", "en")
    first = pd.to_datetime(won.groupby("customer_id").closed_at.min())
    assert kpi_of(one, "new_customers")["value"] == (first >= "2026-10-01").sum()


@pytest.mark.long
def test_nobody_is_told_of_a_team_without_customers(lacking):
    one = lacking("team")["en"]
    assert [f["rule"] for f in one.facts["findings"]] == ["customers.no_customers"]
    assert not [name for name, figure in each_figure(one.html).items() if "<svg" in figure]
