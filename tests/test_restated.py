"""A figure that was published before with another value: the page and its facts say so, calmly and with both values."""

import json
import re
import shutil

import nbformat
import product
import pytest
import tiny
from tinysite import bring, broken, cells, outcome, read, tree

from crmlib import facts, ledger, places
from crmlib.execution import Outcome
from crmlib.plan import Job

MONEY = {
    "name": "won_amount",
    "label": {"$text": {"en": "Won <amount>", "zh": "成交金额"}},
    "unit": "money",
    "part": None,
    "base": 12,
}
DAYS = {"name": "sales_cycle_days", "label": {"$text": {"en": "Cycle", "zh": "周期"}}, "unit": "days", "part": None, "base": None}


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def made(team="north", as_of="2026-11-30", data="0", revision="abc", business=None, **figures):
    """The cells of a page with these values: figure=value, or figure=(value, base)."""
    kinds = {"win_rate": tiny.KPI, "won_amount": tiny.KPI | MONEY, "cycle": tiny.KPI | DAYS}
    kpis = []
    for name, said in figures.items():
        value, base = said if isinstance(said, tuple) else (said, kinds[name]["base"])
        kpis.append(kinds[name] | {"value": value, "base": base, "reason": "none" if value is None else None})
    footer = tiny.footer(as_of)
    provenance = footer["facts"]["provenance"]
    provenance |= {
        "data_sha256": {"orders": data * 64},
        "revision": revision,
        "parameters": {"business": business or {"currency": "EUR"}},
    }
    block = tiny.block(facts={"kpis": kpis})
    return [*(block if c is tiny.KPIS else c for c in cells(team)[:-1]), footer]


def show(out, **how):
    bring(out, outcome(out, made=made(**how)))
    return read(out, "north/2026-10/funnel.html")


def restated(out, name="funnel.json"):
    return [kpi.get("restated") for kpi in json.loads(read(out, f"north/2026-10/{name}"))["kpis"]]


def rows(page):
    table = re.search(r'<div class="scroll" id="restated-figures".*?</div>', page, re.S)
    cells_ = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>.*?</tr>", table[0])] if table else []
    return cells_[1:]


def test_the_page_and_its_facts_say_both_values(out):
    assert "restated" not in show(out, win_rate=0.41, won_amount=1250000.5, cycle=20.0)
    page = show(out, data="1", win_rate=0.43, won_amount=1250000.5, cycle=21.5)
    assert "Figures of this page that were published before with another value: 2." in page
    assert (
        page.index('<a href="#restated-figures">Before and now</a>')
        < page.index('class="body"')
        < page.index('id="restated-figures"')
    )
    assert rows(page) == [
        ["Win rate", "41.0%", "43.0%", "5 Nov 2026", "data"], ["Cycle", "20 days", "21.5 days", "5 Nov 2026", "data"],
    ]  # fmt: skip
    said = {"made_at": "2026-11-05T06:00:00", "changed": "data"}
    assert restated(out) == [said | {"value": 0.41}, None, said | {"value": 20.0}] == restated(out, "funnel.zh.json")
    chinese = read(out, "north/2026-10/funnel.zh.html")
    assert "本页有 2 项指标与此前发布的数值不同。" in chinese
    assert rows(chinese)[0] == ["赢单率", "41.0%", "43.0%", "2026年11月5日", "数据"]
    assert broken(out) == []


def test_facts_with_and_without_it_keep_the_contract(out):
    show(out, win_rate=0.41)
    first = json.loads(read(out, "north/2026-10/funnel.json"))
    facts.check(first)
    show(out, win_rate=0.43)
    second = json.loads(read(out, "north/2026-10/funnel.json"))
    facts.check(second)
    assert list(second["kpis"][0]) == [*first["kpis"][0], "restated"] and "restated" not in first["kpis"][0]


A, B = {"data": "1"}, {"revision": "new"}
CASES = [
    (A, "data"),
    (B, "calculation"),
    (A | B, "both"),
    ({"business": {"currency": "EUR", "min_base": 50}}, "calculation"),
    (A | {"business": {"currency": "EUR", "min_base": 50}}, "both"),
    ({}, "calculation"),  # the same data gave another value: a line of the notebook changed
]


@pytest.mark.parametrize(("how", "changed"), CASES)
def test_what_changed_in_between(out, how, changed):
    show(out, win_rate=0.41)
    show(out, **how, win_rate=0.43)
    assert restated(out)[0]["changed"] == changed


def test_what_changes_after_the_value_did_is_not_taken_for_its_cause(out):
    show(out, win_rate=0.41)
    show(out, data="1", win_rate=0.43)
    show(out, data="1", revision="new", win_rate=0.43)
    assert restated(out)[0]["changed"] == "data"
    show(out, data="2", revision="newer", win_rate=0.43)
    assert restated(out)[0] == {"value": 0.41, "made_at": "2026-11-05T06:00:00", "changed": "data"}


def test_the_value_before_is_the_newest_other_one(out, monkeypatch):
    for day, value in enumerate([0.41, 0.42, 0.43, 0.41], 6):
        monkeypatch.setenv("CRM_NOW", f"2026-11-{day:02d}T06:00:00")
        page = show(out, data=str(day - 6), win_rate=value)
    assert rows(page) == [["Win rate", "43.0%", "41.0%", "8 Nov 2026", "data"]]


def test_the_same_page_again_is_the_same_bytes_and_no_news(out):
    show(out, win_rate=0.41)
    show(out, data="1", win_rate=0.43)
    before, kept = tree(out), ledger.files(out)
    show(out, data="1", win_rate=0.43)
    assert tree(out) == before and ledger.files(out) == kept


@pytest.mark.parametrize(
    ("first", "then"), [("2026-10-30", "2026-11-30"), ("2026-11-30", "2026-10-30"), ("2026-10-20", "2026-10-30")]
)
def test_a_period_that_was_or_is_not_complete_restates_nothing(out, first, then):
    show(out, as_of=first, win_rate=0.41)
    page = show(out, as_of=then, data="1", win_rate=0.43)
    assert restated(out) == [None] and rows(page) == []


@pytest.mark.parametrize("as_of", ["2026-10-31", "2026-10-31T23:59:59", "2026-12-01"])
def test_a_period_is_complete_from_its_last_day_on(out, as_of):
    show(out, as_of=as_of, win_rate=0.41)
    show(out, as_of=as_of, data="1", win_rate=0.43)
    assert restated(out)[0]["value"] == 0.41


def test_what_a_partial_page_said_in_between_is_passed_over(out):
    show(out, win_rate=0.41)
    show(out, as_of="2026-10-30", data="1", win_rate=0.2)
    show(out, data="2", win_rate=0.43)
    assert restated(out)[0]["value"] == 0.41


def test_other_teams_sources_and_figures_restate_nothing_here(out):
    bring(out, outcome(out, team="east", made=made("east", win_rate=0.41)))
    show(out, won_amount=5.0)
    show(out, data="1", win_rate=0.43)
    assert restated(out) == [None]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"win_rate": (2 / 7, 7)}, {"win_rate": (3 / 7, 7)}, ["2 of 7", "3 of 7"]),  # no percentage on a small base
        ({"win_rate": (0.25, 29)}, {"win_rate": (0.25 + 1e-3, 30)}, ["7 of 29", "25.1%"]),
        ({"win_rate": None}, {"win_rate": 0.43}, ["–", "43.0%"]),
        ({"win_rate": 0.43}, {"win_rate": None}, ["43.0%", "–"]),
        ({"won_amount": 1250000.5}, {"won_amount": 900.25}, ["€1,250,000", "€900.25"]),
        ({"cycle": 1.0}, {"cycle": 2.0}, ["1 day", "2 days"]),
        ({"win_rate": 0.41}, {"win_rate": 0.410000000001}, ["41.0%", "41.0%"]),
    ],
)  # fmt: skip
def test_values_are_said_as_the_cards_say_them(out, before, now, said):
    show(out, **before)
    (row,) = rows(show(out, data="1", **now))
    assert row[1:3] == said
    assert row[4] == ("data; the values differ in finer digits" if said[0] == said[1] else "data")


@pytest.mark.parametrize("value", [0.1 + 0.2, 0.41 + 1e-14])
def test_the_last_bits_of_a_sum_restate_nothing(out, value):
    show(out, win_rate=round(value, 6))
    show(out, data="1", win_rate=value)
    assert restated(out) == [None]


def test_an_amount_keeps_the_currency_in_which_it_was_published(out):
    show(out, business={"currency": "EUR"}, won_amount=500.0)
    (row,) = rows(show(out, business={"currency": "CNY"}, won_amount=4000.0))
    assert (row[1], row[2], row[4]) == ("€500", "¥4,000", "calculation")


def test_names_of_figures_are_escaped(out):
    show(out, won_amount=500.0)
    page = show(out, won_amount=600.0)
    assert rows(page)[0][0] == "Won &lt;amount&gt;" and "Won <amount>" not in page


def test_a_figure_that_a_page_shows_twice_counts_once(out):
    twice = made(win_rate=0.41)
    twice.insert(-1, tiny.block(facts={"kpis": [tiny.KPI | {"value": 0.5}, tiny.KPI | {"value": 0.6, "dimension": "web"}]}))
    for _ in range(2):
        bring(out, outcome(out, made=twice))
    assert restated(out) == [None, None, None]
    assert ledger.entries(out).order("target").select("target", "value").fetchall() == [("win_rate", 0.41), ("win_rate/web", 0.6)]


def test_a_dimension_that_has_a_name_in_each_language_is_one(out):
    both = {"$text": {"en": "web", "zh": "网站"}}
    for value in (0.41, 0.43):
        block = tiny.block(facts={"kpis": [tiny.KPI | {"value": value, "dimension": both}]})
        bring(out, outcome(out, made=[block if c is tiny.KPIS else c for c in cells()]))
    assert [r["value"] for r in [*restated(out), *restated(out, "funnel.zh.json")]] == [0.41, 0.41]


@pytest.mark.long
def test_a_deal_that_arrives_late_restates_a_real_page(small_demo, tmp_path):
    """The whole way, from a row that is delivered after October was published to the notice on October's page."""
    out, company = tmp_path / "out", shutil.copytree(small_demo, tmp_path / "company")
    pages = []
    for late in ("", "LATE1,2026-10-20 10:00:00,,,,,false,1.00,CNY,0,lead,,,,\n"):
        with (company / "opportunities.csv").open("a") as file:
            file.write(late)
        path = tmp_path / f"{len(pages)}.ipynb"
        nbformat.write(
            product.executed("funnel", source=str(company), period="2026-10", team="all", languages=["en", "zh"]), path
        )
        bring(out, Outcome(Job("funnel", "2026-10", "all", str(company), ("en", "zh")), path))
        pages.append(json.loads(read(out, "all/2026-10/funnel.json")))
    before, now = ({kpi["name"]: kpi for kpi in page["kpis"]} for page in pages)
    assert now["lead_count"]["value"] == before["lead_count"]["value"] + 1
    assert (
        now["lead_count"]["restated"]["value"] == before["lead_count"]["value"]
        and now["lead_count"]["restated"]["changed"] == "data"
    )
    changed = {name for name, kpi in now.items() if "restated" in kpi}
    assert changed == {name for name in now if now[name]["value"] != before[name]["value"]} and "won_count" not in changed
    assert "与此前发布的数值不同" in read(out, "all/2026-10/funnel.zh.html")


def test_what_was_published_before_the_period_had_ended_was_no_last_word(out, monkeypatch):
    """A row of the last day says nothing of how much of that day is still to come."""
    monkeypatch.setenv("CRM_NOW", "2026-10-31T22:00:00")
    show(out, win_rate=0.41)
    monkeypatch.setenv("CRM_NOW", "2026-11-01T06:00:00")
    show(out, win_rate=0.42)
    assert restated(out) == [None]
    monkeypatch.setenv("CRM_NOW", "2026-11-02T06:00:00")
    show(out, win_rate=0.43)
    assert restated(out)[0]["value"] == 0.42
