"""Pages without code as readers get them: in words what is not delivered, harmless whatever the file says, nobody's names on the company's."""

import json

import pandas as pd
import pytest
from product import built
from reading import HOSTILE, Reader, each_figure, kpi_of, table_of, variant

from crmlib import places, texts
from crmlib.blocks import Page
from crmlib.crm import open_crm

PERIOD = "2026-10"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Writes a file of params/custom and builds its page."""
    custom = tmp_path / "custom"
    custom.mkdir()
    monkeypatch.setattr(places, "custom_file", lambda slug: custom / f"{slug}.yml")
    monkeypatch.setattr("crmlib.customfile.slugs", lambda: sorted(p.stem for p in custom.glob("*.yml")))

    def made(views: list, source, team: str = "all", title="T", **more):
        said = {"title": title, "question": "Q?", "views": views} | more
        (custom / "mine.yml").write_text(json.dumps(said, ensure_ascii=False), "utf-8")  # JSON is YAML
        return built("custom-mine", tmp_path, str(source), PERIOD, team)

    return made


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A source of five orders and nothing else, with names that would act if they were not escaped."""
    folder = tmp_path_factory.mktemp("few")
    names = [*HOSTILE, "a,b"]
    orders = pd.DataFrame({"order_id": range(5), "ordered_at": "2026-10-05", "amount": 10, "sales_channel": names})
    orders.to_csv(folder / "orders.csv", index=False)
    return folder


def test_the_title_and_question_of_the_file_are_the_page_s(pages):
    one = pages("custom-lead-sources", "all")
    assert one["en"].card["title"] == "Lead sources and teams" and one["zh"].card["title"] == "线索来源与团队"
    assert one["zh"].facts["title"] == "线索来源与团队：全公司，2026年10月" and one["en"].facts["report"] == "custom-lead-sources"
    assert one["en"].card["question"].startswith("Which lead sources bring deals to which team")


def test_the_views_stand_in_the_order_of_the_file_in_text_and_contents(pages):
    one = pages("custom-order-times", "all")["en"]
    ids = ["orders-weekday-sales-channel", "orders-hour", "orders-payment-method"]
    assert list(each_figure(one.html)) == ids
    links = [a["href"][1:] for a in Reader(one.html).of("a") if a["href"].startswith("#orders-")]
    assert links == ids


def test_a_view_and_the_registered_figure_of_the_same_rows_agree(pages):
    for team in ("all", "north"):
        one = pages("custom-lead-sources", team)["en"]
        won = table_of(one, "opportunities_lead_source")
        assert won.opportunities_count.sum() == kpi_of(one, "won_count")["value"]
        assert table_of(one, "win_rate_period").win_rate.iloc[-1] == kpi_of(one, "win_rate")["value"]


def test_a_title_of_its_own_is_all_that_is_said_whatever_texts_call_by_that_name(few):
    """`course` is a figure of other reports, which texts describe."""
    page = Page(open_crm(str(few), PERIOD), "late-orders", ("en", "zh"))
    said = page.table("course", {"en": "Mine"}, pd.DataFrame({"team": ["a"], "count": [1]}), window=lambda g: "these days")
    assert texts.has("subs.course") and said.page == {"toc": {"en": "Mine", "zh": "Mine"}}
    assert '<p class="sub">these days</p>' in said.html["en"] and "<caption>Mine</caption>" in said.html["zh"]
    assert said.facts["tables"][0]["caption"] == {"$text": {"en": "Mine", "zh": "Mine"}}


def test_hostile_words_of_file_and_data_are_shown_and_do_nothing(page, few):
    bad = HOSTILE[0] + " {share} $x$"
    views = [{"title": word, "note": word, "table": "orders", "dimensions": ["sales_channel"]} for word in HOSTILE]
    views.append(
        {"title": "F", "table": "orders", "filters": [f"sales_channel in \"{HOSTILE[0]}\", 'x'"], "measures": ["sum of amount"]}
    )
    for one in page(views, few, title=bad, question=bad).values():
        tags = {t for t, _ in Reader(one.html).tags}
        assert "script" not in tags and "img" not in tags and "alert(1)" in one.html
        assert not [a for _, attrs in Reader(one.html).tags for a in attrs if a.startswith("on")]
        assert one.facts["title"].startswith(bad) and len(each_figure(one.html)) == 5
        assert table_of(one, "orders_sales_channel").orders_count.sum() == 5
        assert table_of(one, "orders").sum_orders_amount.iloc[0] == 10  # the one whose channel is that text


def test_what_the_source_does_not_deliver_is_said_in_words(page, few):
    views = [
        {"title": "A", "table": "tickets", "dimensions": ["product"]},
        {"title": "B", "table": "orders", "dimensions": ["customers.region"]},
        {"title": "C", "table": "orders", "measures": ["sum of cost"]},
        {"title": "D", "metrics": ["win_rate"], "dimensions": ["period"]},
        {"title": "E", "table": "orders", "filters": ["amount > 1000"], "dimensions": ["sales_channel"]},
    ]
    one = page(views, few)
    said = each_figure(one["en"].html)
    assert "This source delivers no tickets and product" in said["tickets-product"]
    assert "no region" in said["orders-customers-region"] and "no cost of goods" in said["orders"].lower()
    assert "There are none in October 2026" in said["orders-sales-channel"]
    assert "工单" in each_figure(one["zh"].html)["tickets-product"]
    assert kpi_of(one["en"], "win_rate")["value"] is None and kpi_of(one["en"], "tickets_count")["reason"]


@pytest.mark.parametrize("names", [("customers", "orders"), ("opportunities",)])
def test_every_shipped_file_on_a_source_of_few_tables(tmp_path, small_demo, names):
    source = variant(tmp_path / "few", small_demo, *names)
    for report in ("custom-lead-sources", "custom-open-tickets", "custom-order-times"):
        for one in built(report, tmp_path, str(source), PERIOD).values():
            assert len(each_figure(one.html)) >= 3


def test_shares_of_few_cases_are_said_as_counts_and_the_unit_asked_for(page, few):
    view = {"title": "S", "table": "orders", "dimensions": ["sales_channel"], "measures": ["share of rows"], "chart": "table"}
    one = page([view], few)["en"]
    assert "1 of 5" in each_figure(one.html)["orders-sales-channel"] and "20.0%" not in one.html
    sums = {"title": "S", "table": "orders", "measures": ["sum of amount"], "format": {"sum of amount": {"digits": 2}}}
    assert '<th scope="row">50.00</th>' in page([sums], few)["en"].html


def test_no_customer_is_named_on_the_company_s_page(page, small_demo):
    view = [{"title": "C", "table": "orders", "dimensions": ["customer_id"], "measures": ["sum of amount"], "top": 5}]
    customers = pd.read_csv(small_demo / "customers.csv", dtype=str)
    names = set(customers.name.dropna())
    company = table_of(page(view, small_demo)["en"], "orders_customer").customer
    assert not set(company) & names and len(company) >= 6
    team = table_of(page(view, small_demo, "north")["en"], "orders_customer").customer
    assert set(team) & names


def test_an_empty_team_has_a_page(page, tmp_path):
    folder = tmp_path / "two"
    folder.mkdir()
    pd.DataFrame({"rep_id": ["1", "2"], "name": ["A", "B"], "team": ["full", "empty"]}).to_csv(folder / "reps.csv", index=False)
    pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-05"], "amount": [5], "rep_id": ["1"]}).to_csv(
        folder / "orders.csv", index=False
    )
    views = [
        {"title": "A", "table": "orders", "dimensions": ["weekday"]},
        {"title": "B", "table": "orders", "dimensions": ["rep"], "measures": ["sum of amount", "mean of amount"]},
        {"title": "C", "table": "orders", "dimensions": ["month", "rep"], "over": 13},
        {"title": "D", "table": "orders", "dimensions": ["period"], "over": 13},
    ]
    one = page(views, folder, "empty")["en"]
    assert len(each_figure(one.html)) == 4 and kpi_of(one, "orders_count")["value"] == 0
