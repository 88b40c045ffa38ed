"""Activity's page as readers get it: what only it says, what it says where something lacks, who is named where."""

import functools
import html
import json
import re
from collections.abc import Callable

import pandas as pd
import product
import pytest
from reading import BAD, HOSTILE, SECTIONS, TAGS, Reader, each_figure, kpi_of, table_of, variant

from crmlib import texts
from crmlib.crm import open_crm
from crmlib.pages import Built

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def made(pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team."""
    return {team: pages("activity", team) for team in ("all", "north")}


# ------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize("team", ["all", "north"])
def test_retention_and_churn_make_one_and_the_flows_add_up(made, team):
    one = made[team]["en"]
    assert kpi_of(one, "retention_rate")["value"] + kpi_of(one, "churn_rate")["value"] == pytest.approx(1, abs=1e-9)
    flows = table_of(one, "retention")
    assert (
        flows.start_count - flows.lost_customers + flows.new_customers + flows.won_back_customers == flows.customer_count
    ).all()
    assert flows.start_count.to_list()[1:] == flows.customer_count.to_list()[:-1]
    last = flows.iloc[-1]
    assert (last.customer_count, last.retention_rate) == (
        kpi_of(one, "customer_count")["value"],
        kpi_of(one, "retention_rate")["value"],
    )


def test_figures_tables_and_teams_say_the_same(made):
    one = made["all"]["en"]
    assert table_of(one, "active").active_customers.iloc[-1] == kpi_of(one, "active_customers")["value"]
    assert table_of(one, "purchases").purchase_count.iloc[-1] == kpi_of(one, "purchase_count")["value"]
    assert table_of(one, "tiers").customer_count.sum() == kpi_of(one, "customer_count")["value"]
    teams = table_of(one, "by_team").set_index("team")
    sums = {"customer_count": "customer_count", "active_customers": "active_customers", "new_customers": "new_customers",
            "lost_customers": "lost_customers", "purchase_count": "purchase_count"}  # fmt: skip
    assert {c: teams[c].sum() for c in sums} == {c: kpi_of(one, k)["value"] for c, k in sums.items()}
    assert (
        teams.drop_count.sum() == kpi_of(one, "activity_drops")["part"]
        and teams.start_count.sum() == kpi_of(one, "retention_rate")["base"]
    )
    assert teams.customer_count["north"] == kpi_of(made["north"]["en"], "customer_count")["value"]


def test_what_lost_means_stands_beside_the_figure(made):
    for lang, words in (("en", "in the last 180 days"), ("zh", "最近180 天内")):
        assert words in each_figure(made["all"][lang].html)["retention"]


def test_pictures_of_the_week_and_the_cohorts_have_their_heads(made):
    for team, lang, words in (("all", "en", ("Weekday", "Mon", "21–24")), ("north", "zh", ("星期", "周一", "21–24"))):
        figure = each_figure(made[team][lang].html)["hour-pattern"]
        picture = re.search("<svg.*?</svg>", figure, re.S)[0]
        assert all(f">{w}<" in picture for w in words)
        assert re.search(r"<desc[^>]*>56 ", picture)
    cohorts = re.search("<svg.*?</svg>", each_figure(made["all"]["en"].html)["cohort-retention"], re.S)[0]
    assert ">2025-11<" in cohorts and ">11<" in cohorts


def test_small_cohorts_are_drawn_as_counts(made):
    """The team's cohorts of the small company have a handful of members each: no percentage is said of them."""
    figure = each_figure(made["north"]["en"].html)["cohort-retention"]
    assert table_of(made["north"]["en"], "cohort_retention").base.max() < 30
    assert "%" not in re.search("<h3.*?</h3>", figure, re.S)[0] + "".join(re.findall("<svg.*?</svg>", figure, re.S))


# ------------------------------------------------------------------------------------------------ who is named where


def test_names_are_on_the_team_s_own_page_alone(small_demo, made):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id", "name", "team", "no_contact"])
    company, north = (json.dumps(made[t]["en"].facts, ensure_ascii=False) + made[t]["en"].html for t in ("all", "north"))
    assert not [i for i in customers.customer_id if f">{i}<" in company or f'"{i}"' in company]
    assert "tier_lists" not in {t["name"] for t in made["all"]["en"].facts["tables"]}
    lists = table_of(made["north"]["en"], "tier_lists")
    own = open_crm(str(small_demo), PERIOD, "north").frame("customers", ["customer_id", "name", "no_contact"])
    assert set(lists.customer) <= set(own.name) and len(lists) >= 8
    elsewhere = set(customers.name) - set(own.name) - {"NA", "None", "null", None}
    reps = set(open_crm(str(small_demo), PERIOD).frame("reps", ["name"]).name)
    assert not [n for n in elsewhere - reps if f">{html.escape(str(n))}<" in north]


def test_who_asked_not_to_be_contacted_is_on_no_list(small_demo, pages):
    for team in open_crm(str(small_demo), PERIOD).teams:
        own = open_crm(str(small_demo), PERIOD, team).frame("customers", ["name", "no_contact"])
        asked = own.no_contact.fillna(False).astype(bool)
        left_alone = set(own.name[asked]) - set(own.name[~asked])
        if left_alone:
            break
    assert left_alone
    for name in ("tier_lists", "early_warning"):
        assert not left_alone & set(table_of(pages("activity", team)["en"], name).customer)


# ------------------------------------------------------------------------------------------------ what a source does not have


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of a team without a customer, and of sources with little: interactions alone, orders alone, neither; and of a week."""
    place = tmp_path_factory.mktemp("lacking")
    whole = variant(place / "whole", small_demo, "customers", "interactions", "orders", "reps")
    with (whole / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (whole / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    only = {n: (variant(place / n, small_demo, n), PERIOD, "all") for n in ("interactions", "orders", "opportunities")}
    asked = only | {"team": (whole, PERIOD, "empty"), "week": (whole, "2026-W42", "all"), "year": (whole, "2026", "all")}
    return functools.cache(lambda which: product.built("activity", place, *map(str, asked[which])))


@pytest.mark.parametrize(
    "which",
    ["opportunities", *(pytest.param(p, marks=pytest.mark.long) for p in ("team", "orders", "interactions", "week", "year"))],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which, lang):
    one = lacking(which)[lang]
    reader = Reader(one.html)
    assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
    assert not [t for t in reader.said if BAD.search(t)]
    assert next(iter(each_figure(one.html))) == "active" and len(one.facts["findings"]) >= 1
    for svg in re.findall(r'<svg class="chart".*?</svg>', one.html, re.S):
        assert "<path" in svg or "<circle" in svg


def test_deals_alone_say_who_is_a_customer_and_who_stays(lacking):
    for lang in ("en", "zh"):
        one = lacking("opportunities")[lang]
        figures = {k["name"]: k for k in one.facts["kpis"]}
        assert figures["retention_rate"]["base"] > 0 and figures["customers_ever"]["value"] > 0
        silent = texts.say("reasons.not_delivered", lang)
        assert {n: figures[n]["reason"] for n in ("active_customers", "login_frequency", "mau")} == dict.fromkeys(
            ("active_customers", "login_frequency", "mau"), silent
        )
        drawn = each_figure(one.html)
        assert "<svg" in drawn["retention"] and not [
            n for n in ("active", "by-kind", "hour-pattern", "purchases") if "<svg" in drawn[n]
        ]


def test_orders_alone_say_all_but_what_interactions_say(lacking):
    one = lacking("orders")["en"]
    figures = each_figure(one.html)
    for name in ("team-activity", "by-kind", "hour-pattern", "browsing"):
        assert "This source delivers no interactions" in figures[name], name
    assert all("<svg" in figures[n] for n in ("active", "retention", "tiers", "purchases", "cohort-retention"))
    assert (
        kpi_of(one, "login_frequency")["reason"] == "the source does not deliver it"
        and kpi_of(one, "retention_rate")["value"] is not None
    )


@pytest.mark.long
def test_interactions_alone_say_all_but_what_orders_say(lacking):
    one = lacking("interactions")["en"]
    figures = each_figure(one.html)
    for name in ("purchases", "cohort-retention", "browsing"):
        assert "This source delivers no orders" in figures[name], name
    assert all("<svg" in figures[n] for n in ("active", "by-kind", "hour-pattern", "tiers"))
    assert (
        kpi_of(one, "purchase_count")["reason"] == "no data" and kpi_of(one, "new_customers")["value"] == 0
    )  # nobody knows since when


def test_an_empty_team_reads_so(lacking):
    for lang in ("en", "zh"):
        one = lacking("team")[lang]
        assert [f["rule"] for f in one.facts["findings"]] == ["activity.no_customers"] and '<svg class="chart"' not in one.html
        assert texts.finding("activity.no_customers", "title", lang) in one.html


@pytest.mark.parametrize("team", [pytest.param("all", marks=pytest.mark.long), HOSTILE[0]], ids=["company", "team"])
def test_hostile_names_are_shown_and_do_nothing(tmp_path, team):
    """Teams, channels, customers and staff with names that would be markup."""
    names = HOSTILE
    data = tmp_path / "data"
    data.mkdir()
    pd.DataFrame([{"rep_id": f"r{i}", "name": n, "team": names[0]} for i, n in enumerate(names)]).to_parquet(
        data / "reps.parquet"
    )
    pd.DataFrame([{"customer_id": f"c{i}", "name": names[i % 4], "rep_id": f"r{i % 4}"} for i in range(40)]).to_parquet(
        data / "customers.parquet"
    )
    orders = [
        {
            "order_id": f"o{i}",
            "customer_id": f"c{i % 40}",
            "ordered_at": pd.Timestamp("2026-05-01") + pd.Timedelta(days=i),
            "amount": 5.0,
        }
        for i in range(184)
    ]
    pd.DataFrame(orders).to_parquet(data / "orders.parquet")
    seen = [{"interaction_id": f"i{i}", "customer_id": f"c{i % 40}", "occurred_at": pd.Timestamp("2026-05-01") + pd.Timedelta(hours=3 * i),
             "channel": [*names, "login", "browse"][i % 6]} for i in range(1472)]  # fmt: skip
    pd.DataFrame(seen).to_parquet(data / "interactions.parquet")
    one = product.built("activity", tmp_path, str(data), PERIOD, team, ("en",))["en"]
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS and not [
        a for _, attrs in reader.tags for a in attrs if a.startswith("on") or a == "src"
    ]
    shown = {text for around, text in reader.texts if "bdi" in around}
    assert set(names) <= shown
