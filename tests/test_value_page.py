"""Value's page as readers get it: what only it says, what it says where something lacks, who is named where."""

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
from crmlib.models import value
from crmlib.pages import Built

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def made(pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team."""
    return {team: pages("value", team) for team in ("all", "north")}


# ------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize("team", ["all", "north"])
def test_figures_and_tables_say_the_same(made, team):
    one = made[team]["en"]
    segments, cells, money = (table_of(one, n) for n in ("segments", "rfm_map", "rfm_money"))
    assert segments.customer_count.sum() == cells.customer_count.sum() == kpi_of(one, "expected_value")["base"]
    assert segments.sales_amount.sum() == pytest.approx(money.sales_amount.sum())
    assert segments.value_amount.sum() == pytest.approx(kpi_of(one, "expected_value")["value"], abs=0.1)
    assert table_of(one, "value_distribution").value_amount.sum() == pytest.approx(
        kpi_of(one, "expected_value")["value"], abs=0.1
    )
    tenths = table_of(one, "tenths")
    assert tenths.amount_share.head(2).sum() == pytest.approx(kpi_of(one, "top_fifth_share")["value"])
    assert tenths.customer_count.sum() == kpi_of(one, "top_fifth_share")["base"]
    ways = table_of(one, "ways").value_amount.to_list()
    assert ways == [kpi_of(one, n)["value"] for n in ("clv_simple", "clv_margin", "clv_bgnbd")]


def test_teams_add_up(made):
    teams = table_of(made["all"]["en"], "by_team").set_index("team")
    assert teams.value_amount.sum() == pytest.approx(kpi_of(made["all"]["en"], "expected_value")["value"], abs=0.1)
    assert teams.quiet_amount.sum() == pytest.approx(kpi_of(made["all"]["en"], "quiet_amount")["value"], abs=0.1)
    assert teams.value_amount["north"] == pytest.approx(kpi_of(made["north"]["en"], "expected_value")["value"], abs=0.1)


def test_the_model_is_the_company_s_on_every_page(made, small_demo):
    assert table_of(made["all"]["en"], "holdout_ways").equals(table_of(made["north"]["en"], "holdout_ways"))
    parameters = table_of(made["north"]["en"], "value_parameters").set_index("parameter")
    fits = value.fits(open_crm(str(small_demo), PERIOD))
    assert parameters.estimate["r"] == pytest.approx(fits[value.BUYING].values["r"]) and parameters.error["v"] > 0


def test_the_first_screen_says_what_to_do(made):
    for lang in ("en", "zh"):
        for team in ("all", "north"):
            summary = re.search(r'<section id="summary".*?</section>', made[team][lang].html, re.S)[0]
            assert summary.count('class="do"') >= 2


def test_what_the_values_rest_on_stands_beside_them(made):
    for lang, words in (
        ("en", ("from the cost of the last year", "The horizon is 365 days", "10.0% a year less")),
        ("zh", ("订单的成本", "展望期为365 天")),
    ):
        ways = each_figure(made["all"][lang].html)["ways"]
        assert all(w in ways for w in words), words
        assert texts.say("says.score", lang) in each_figure(made["all"][lang].html)["holdout"]


def test_the_holdout_is_drawn_expected_beside_bought(made):
    for lang, words in (("en", ("bought", "expected", "7+")), ("zh", ("实际", "预计", "7+"))):
        picture = re.search("<svg.*?</svg>", each_figure(made["all"][lang].html)["holdout"], re.S)[0]
        assert all(f">{w}<" in picture for w in words)


# ------------------------------------------------------------------------------------------------ who is named where


def test_names_are_on_the_team_s_own_page_alone(small_demo, made):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id", "name"])
    company, north = (json.dumps(made[t]["en"].facts, ensure_ascii=False) + made[t]["en"].html for t in ("all", "north"))
    assert not [i for i in customers.customer_id if f">{i}<" in company or f'"{i}"' in company]
    assert not {"high_value", "going_quiet"} & {t["name"] for t in made["all"]["en"].facts["tables"]}
    own = open_crm(str(small_demo), PERIOD, "north").frame("customers", ["customer_id", "name", "no_contact"])
    best = table_of(made["north"]["en"], "high_value")
    assert len(best) == 15 and set(best.customer) <= set(own.name)
    elsewhere = set(customers.name) - set(own.name) - {"NA", "None", "null", None}
    reps = set(open_crm(str(small_demo), PERIOD).frame("reps", ["name"]).name)
    assert not [n for n in elsewhere - reps if f">{html.escape(str(n))}<" in north]


def test_who_asked_not_to_be_contacted_is_on_no_list(small_demo, pages):
    for team in open_crm(str(small_demo), PERIOD).teams:
        own = open_crm(str(small_demo), PERIOD, team).frame("customers", ["name", "no_contact"])
        asked = own.no_contact.fillna(False).astype(bool)
        if left_alone := set(own.name[asked]) - set(own.name[~asked]):
            break
    assert left_alone
    for name in ("high_value", "going_quiet"):
        assert not left_alone & set(table_of(pages("value", team)["en"], name).customer)


# ------------------------------------------------------------------------------------------------ what a source does not have


def write(folder, **frames: list[dict]):
    folder.mkdir(parents=True)
    for name, rows in frames.items():
        pd.DataFrame(rows).to_parquet(folder / f"{name}.parquet")
    return folder


def orders(*lines: tuple) -> list[dict]:
    return [
        {"order_id": f"o{i}", "customer_id": c, "ordered_at": pd.Timestamp(day), "amount": float(a)}
        for i, (c, day, a) in enumerate(lines)
    ]


SPREAD = pd.date_range("2024-01-01", "2026-10-30")
SOURCES = {
    "nobody": orders((None, "2026-10-01", 5)),
    "one": orders(("a", "2026-10-01", 5)),
    "five": orders(*[(c, f"2026-0{i + 1}-01", 10 * (i + 1)) for i, c in enumerate("abcde")], ("a", "2026-10-03", 9)),
    "once": orders(*[(f"c{i}", SPREAD[i * 7 % 1000], 10 + i % 7) for i in range(200)]),
    "refunds": orders(*[(f"c{i}", SPREAD[i * 7 % 1000], -10) for i in range(40)]),
    "regular": orders(*[(f"c{i}", SPREAD[d], 10) for i in range(120) for d in range(i % 30, 1030, 30)]),
}  # fmt: skip


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of sources with little, of a team without customers, and of other kinds of periods."""
    place = tmp_path_factory.mktemp("lacking")
    whole = variant(place / "whole", small_demo, "customers", "orders", "reps")
    with (whole / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (whole / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    asked = {name: (write(place / name, orders=rows), PERIOD, "all") for name, rows in SOURCES.items()}
    asked |= {"deals": (variant(place / "deals", small_demo, "opportunities"), PERIOD, "all"), "team": (whole, PERIOD, "empty"),
              "week": (whole, "2026-W42", "all"), "quarter": (whole, "2026-Q3", "north"), "year": (whole, "2025", "all"),
              "early": (whole, "2023-12", "all")}  # fmt: skip
    return functools.cache(lambda which: product.built("value", place, *map(str, asked[which])))


EVERY = [*SOURCES, "deals", "team", "week", "quarter", "year", "early"]
LONG = ("nobody", "one", "refunds", "regular", "team", "five", "week", "quarter", "year", "early")


@pytest.mark.parametrize("which", [p if p not in LONG else pytest.param(p, marks=pytest.mark.long) for p in EVERY])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which):
    for one in lacking(which).values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert not [t for t in reader.said if BAD.search(t)]
        assert next(iter(each_figure(one.html))) == "segments" and len(one.facts["findings"]) >= 1
        for svg in re.findall(r'<svg class="chart".*?</svg>', one.html, re.S):
            assert "<path" in svg or "<circle" in svg


@pytest.mark.parametrize(
    ("which", "rule", "words"),
    [
        pytest.param("nobody", "value.no_buyers", None, marks=pytest.mark.long),
        pytest.param("refunds", "value.no_buyers", None, marks=pytest.mark.long),
        ("team", "value.no_buyers", None),
        ("deals", "value.no_buyers", "This source delivers no orders"),
        pytest.param("one", "value.few_buyers", "customers 1, needed 100", marks=pytest.mark.long),
        ("five", "value.few_buyers", "customers 5, needed 100"),
        ("once", "value.few_repeaters", "customers who bought again 0, needed 30"),
        pytest.param("regular", "value.buying_failed", "a parameter ran to the edge of the search", marks=pytest.mark.long),
    ],
)
def test_what_lacks_is_said(lacking, which, rule, words):
    one = lacking(which)["en"]
    assert rule in [f["rule"] for f in one.facts["findings"]]
    assert words is None or words in html.unescape(one.html)
    assert "value.calm" not in [f["rule"] for f in one.facts["findings"]]


def test_without_a_model_the_simple_figures_stay(lacking):
    one = lacking("once")["en"]
    assert kpi_of(one, "clv_simple")["value"] > 0 and kpi_of(one, "clv_margin")["value"] > 0
    assert kpi_of(one, "clv_bgnbd")["reason"] == texts.say("reasons.no_fit", "en")
    assert table_of(one, "segments").customer_count.sum() == 200


def test_of_few_customers_no_percentage_is_said(lacking):
    for one in lacking("five").values():
        figures = each_figure(one.html)
        assert not [n for n in ("segments", "rfm-map", "rfm-money", "tenths") if re.search(r"\d%", figures[n])], one.lang


@pytest.mark.long
def test_everybody_who_buys_often_is_nobody_gone_quiet(lacking):
    assert kpi_of(lacking("regular")["en"], "quiet_amount")["value"] == 0


@pytest.mark.parametrize("team", [pytest.param("all", marks=pytest.mark.long), HOSTILE[0]], ids=["company", "team"])
def test_hostile_names_are_shown_and_do_nothing(tmp_path, team):
    """Teams, customers and staff with names that would be markup."""
    reps = [{"rep_id": f"r{i}", "name": n, "team": HOSTILE[0]} for i, n in enumerate(HOSTILE)]
    customers = [{"customer_id": f"c{i}", "name": HOSTILE[i % 4], "rep_id": f"r{i % 4}"} for i in range(8)]
    bought = orders(*[(f"c{i % 8}", pd.Timestamp("2026-05-01") + pd.Timedelta(days=i), 5) for i in range(100)])
    data = write(tmp_path / "data", reps=reps, customers=customers, orders=bought)
    one = product.built("value", tmp_path, str(data), PERIOD, team, ("en",))["en"]
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS and not [
        a for _, attrs in reader.tags for a in attrs if a.startswith("on") or a == "src"
    ]
    shown = {text for around, text in reader.texts if "bdi" in around}
    assert (set(HOSTILE) if team != "all" else {HOSTILE[0]}) <= shown


def test_purchases_expected_are_whole_numbers(made):
    for lang in ("en", "zh"):
        ways = each_figure(made["all"][lang].html)["holdout-ways"]
        assert not re.search(r"\d{3}\.\d", ways), lang


def test_the_first_screen_promises_nothing(made):
    """What is expected anyway is not to win; what was bought in two years is not all at risk; of what time a value is stands in its name."""
    for lang, never, time in (
        ("en", ("to win", "Sales at risk"), "within the horizon"),
        ("zh", ("可争取", "面临流失"), "展望期内"),
    ):
        summary = html.unescape(re.search(r'<section id="summary".*?</section>', made["all"][lang].html, re.S)[0])
        assert not [w for w in never if w in summary] and summary.count(time) >= 2
