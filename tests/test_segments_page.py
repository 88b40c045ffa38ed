"""The segments' page as readers get it: what only it says, what it says where something lacks, who is named where."""

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


@pytest.mark.parametrize("team", ["all", "north"])
def test_figures_tables_and_matrices_say_the_same(pages, team):
    one = pages("segments", team)["en"]
    groups, flows, money = (table_of(one, name) for name in ("groups", "migration", "migration_money"))
    assert kpi_of(one, "segment_count")["value"] == len(groups) == len(table_of(one, "segment_traits"))
    assert groups.customer_count.sum() == kpi_of(one, "largest_segment_share")["base"]
    now = flows[flows.letter != "left_us"]
    assert now.customer_count.sum() == groups.customer_count.sum()
    assert now.groupby("letter").customer_count.sum().to_list() == groups.customer_count.to_list()
    rate, known = kpi_of(one, "migration_rate"), now[now.before_segment != "just_in"]
    assert known.customer_count.sum() == rate["base"]
    assert known.customer_count[known.before_segment != known.letter].sum() == rate["part"]
    assert len(money) == len(flows) and table_of(one, "rfm_beside").customer_count.sum() == groups.customer_count.sum()


def test_teams_add_up_to_the_company(pages):
    whole = table_of(pages("segments", "all")["en"], "by_team")
    north = table_of(pages("segments", "north")["en"], "groups")
    assert whole[whole.team == "north"].customer_count.sum() == north.customer_count.sum()
    assert set(north.segment) == set(table_of(pages("segments", "all")["en"], "groups").segment)


def test_names_are_words_in_both_languages(pages):
    for lang, one in pages("segments", "all").items():
        for segment in table_of(one, "groups").segment:
            said = texts.word(segment, lang)
            assert (
                said != segment
                and html.escape(said) in each_figure(one.html)["groups"]
                and segment not in re.sub("<[^>]*>", "", one.html)
            )


def test_names_of_customers_are_on_the_team_s_own_page_alone(small_demo, pages):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id"])
    company = json.dumps(pages("segments", "all")["en"].facts, ensure_ascii=False) + pages("segments", "all")["en"].html
    assert not [i for i in customers.customer_id if f">{i}<" in company or f'"{i}"' in company]
    assert "moved_down" not in {t["name"] for t in pages("segments", "all")["en"].facts["tables"]}
    own = open_crm(str(small_demo), PERIOD, "north").frame("customers", ["name", "no_contact"])
    listed = table_of(pages("segments", "north")["en"], "moved_down")
    asked = own.no_contact.fillna(False).astype(bool)
    assert set(listed.customer) <= set(own.name[~asked])


def test_where_nothing_was_told_it_is_called_a_back_cast(pages):
    for lang, words in (("en", "A back-cast"), ("zh", "此为回溯")):
        assert words in each_figure(pages("segments", "all")[lang].html)["migration"]


# ------------------------------------------------------------------------------------------------ what a source does not have


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of a team without a customer, and of sources with little: interactions alone, orders alone, neither; and of other periods."""
    place = tmp_path_factory.mktemp("lacking")
    whole = variant(place / "whole", small_demo, "customers", "interactions", "orders", "reps")
    with (whole / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (whole / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    only = {n: (variant(place / n, small_demo, n), PERIOD, "all") for n in ("interactions", "orders", "opportunities")}
    asked = only | {
        "team": (whole, PERIOD, "empty"),
        "first": (whole, "2023-11", "all"),
        "week": (whole, "2026-W42", "all"),
        "year": (whole, "2026", "all"),
    }
    return functools.cache(lambda which: product.built("segments", place, *map(str, asked[which])))


@pytest.mark.parametrize(
    "which",
    [
        "opportunities",
        *(pytest.param(p, marks=pytest.mark.long) for p in ("orders", "interactions", "team", "first", "week", "year")),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which, lang):
    one = lacking(which)[lang]
    reader = Reader(one.html)
    assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
    assert not [t for t in reader.said if BAD.search(t)]
    assert next(iter(each_figure(one.html))) == "groups" and len(one.facts["findings"]) >= 1


def test_deals_alone_are_not_enough(lacking):
    one = lacking("opportunities")["en"]
    (finding,) = one.facts["findings"]
    assert finding["rule"] == "segments.few_columns" and finding["values"]["needed_count"] == 2
    assert (
        "Not enough data for segments: 0 kinds of behaviour" in html.unescape(one.html) and '<svg class="chart"' not in one.html
    )


@pytest.mark.long
def test_in_the_first_month_there_is_no_past(lacking):
    one = lacking("first")["en"]
    assert kpi_of(one, "migration_rate")["value"] is None and kpi_of(one, "migration_rate")["reason"] == texts.say(
        "reasons.no_earlier_segments", "en"
    )


@pytest.mark.long
def test_orders_alone_make_groups_of_what_orders_say(lacking):
    one = lacking("orders")["en"]
    said = set(table_of(one, "profile").behaviour)
    assert {"buying", "order_value", "since_purchase"} <= said and not said & {"logins", "calls"}
    assert "Kinds of behaviour that the source does not deliver" in one.html and "<svg" in each_figure(one.html)["rfm-beside"]


@pytest.mark.long
def test_interactions_alone_make_groups_without_money(lacking):
    one = lacking("interactions")["en"]
    figures = each_figure(one.html)
    for name in ("migration-money", "rfm-beside", "explained", "middles"):
        assert "This source delivers no orders" in figures[name], name
    assert table_of(one, "groups").year_amount.isna().all() and kpi_of(one, "richest_segment_share")["value"] is None
    assert kpi_of(one, "segment_count")["value"] >= 2 and "<svg" in figures["profile"]


@pytest.mark.long
def test_an_empty_team_reads_so(lacking):
    for lang in ("en", "zh"):
        one = lacking("team")[lang]
        assert [f["rule"] for f in one.facts["findings"]] == ["segments.nobody"]
        assert texts.finding("segments.nobody", "title", lang) in one.html


@pytest.mark.parametrize("team", [pytest.param("all", marks=pytest.mark.long), HOSTILE[0]], ids=["company", "team"])
def test_hostile_names_are_shown_and_do_nothing(tmp_path, team):
    """Teams, customers and staff with names that would be markup."""
    data = tmp_path / "data"
    data.mkdir()
    pd.DataFrame([{"rep_id": f"r{i}", "name": n, "team": HOSTILE[0]} for i, n in enumerate(HOSTILE)]).to_parquet(
        data / "reps.parquet"
    )
    people = [{"customer_id": f"c{i}", "name": HOSTILE[i % 4], "rep_id": f"r{i % 4}"} for i in range(60)]
    pd.DataFrame(people).to_parquet(data / "customers.parquet")
    early = [
        (f"c{i}", pd.Timestamp("2026-03-01") + pd.Timedelta(days=2 * j), 900.0 + 40 * i)
        for i in range(30)
        for j in range(2 + i % 7)
    ]
    late = [
        (f"c{i}", pd.Timestamp("2026-10-02") + pd.Timedelta(days=j), 5.0 + i % 3)
        for i in range(60)
        for j in range(1 + (i >= 30) * 9)
    ]
    orders = pd.DataFrame(early + late, columns=["customer_id", "ordered_at", "amount"])
    orders.assign(order_id=[f"o{i}" for i in range(len(orders))]).to_parquet(data / "orders.parquet")
    one = product.built("segments", tmp_path, str(data), PERIOD, team, ("en",))["en"]
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS and not [
        a for _, attrs in reader.tags for a in attrs if a.startswith("on") or a == "src"
    ]
    assert kpi_of(one, "segment_count")["value"] >= 2
