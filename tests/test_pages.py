"""A page answers first, says the same in every language, and is refused where it breaks the contract of blocks."""

import re

import pytest
import tiny
from tinysite import Links, bring, broken, cells, outcome, read, tree

from crmlib import places


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def test_two_languages_from_one_notebook(out):
    assert bring(out, outcome(out)).pages == 2
    assert sorted(tree(out)) == [
        "index.html", "index.zh.html", "north/2026-10/funnel-stages.csv",
        *(f"north/2026-10/funnel.{end}" for end in ("html", "json", "xlsx", "zh.html", "zh.json", "zh.xlsx")),
        "north/2026-10/statistics.xlsx", "north/2026-10/statistics.zh.xlsx",
        "north/index.html", "north/index.zh.html",
    ]  # fmt: skip
    english, chinese = read(out, "north/2026-10/funnel.html"), read(out, "north/2026-10/funnel.zh.html")
    assert '<html lang="en">' in english and '<html lang="zh-CN">' in chinese
    assert "关键指标" in chinese and "关键指标" not in english and "Key figures" not in chinese
    assert Links(english).ids == Links(chinese).ids


def test_the_page_answers_first(out):
    bring(out, outcome(out))
    page = read(out, "north/2026-10/funnel.html")
    order = ["Content-Security-Policy", "charset", "<title>", 'class="skip"', "<h1>", 'id="summary"', 'class="kpis"',
             'class="tops"', 'class="toc"', 'id="key-figures"', 'id="analysis"', "<footer>"]  # fmt: skip
    places_ = [page.index(mark) for mark in order]
    assert places_ == sorted(places_)
    assert page.index("<head>") + len("<head>\n") == page.index('<meta http-equiv="Content-Security-Policy"')
    assert page.count("<h1") == 1 and page.rstrip().endswith("</html>")
    assert not {"script", "iframe", "form", "img", "link"} & set(Links(page).tags)


def test_the_contents_list_names_figures_and_headings(out):
    bring(out, outcome(out))
    toc = re.search(r'<nav class="toc".*?</nav>', read(out, "north/2026-10/funnel.html"), re.S)[0]
    assert Links(toc).links == ["#summary", "#key-figures", "#analysis", "#analysis-1", "#stages"]
    assert broken(out) == []


def test_a_headline_may_have_a_short_name_in_the_contents(out):
    figure = tiny.FIGURE | {"page": {"toc": tiny.both("Stages")}}
    bring(out, outcome(out, made=[figure if c is tiny.FIGURE else c for c in cells()]))
    assert '<li><a href="#stages">Stages</a></li>' in read(out, "north/2026-10/funnel.html")


def test_notes_stand_above_the_figures(out):
    made = cells()
    made[2] = tiny.report("north", notes=[tiny.both("<b>Revised</b>")])
    bring(out, outcome(out, made=made))
    page = read(out, "north/2026-10/funnel.html")
    assert page.index('<p class="note"><b>Revised</b></p>') < page.index('id="summary"')


def test_a_period_that_the_data_do_not_fill_is_marked(out):
    bring(out, outcome(out, as_of="2026-10-30"), outcome(out, team="east", as_of="2026-10-31T23:59:59"))
    assert "Period not complete" in read(out, "north/2026-10/funnel.html")
    assert "Period not complete" not in read(out, "east/2026-10/funnel.html")


def test_prose_is_cleaned(out):
    bad = '<script>x()</script><img src=//e.example> <a href="javascript:y">l</a> <b onclick="z()">ok</b>'
    bring(out, outcome(out, extra=[tiny.markdown(bad, "en")]))
    page = read(out, "north/2026-10/funnel.html")
    assert "<b>ok</b>" in page
    assert not re.search(r"<script|<img|javascript:|onclick", page)


def test_code_and_streams_are_not_published(out):
    print_ = tiny.new_code_cell("print('hello')", execution_count=9)
    print_.outputs = [tiny.nbformat.v4.new_output("stream", name="stdout", text="Rows: 4000")]
    bring(out, outcome(out, extra=[print_]))
    page = read(out, "north/2026-10/funnel.html")
    assert "Rows: 4000" not in page and "hello" not in page and "show()" not in page


def test_the_same_input_gives_the_same_bytes(out):
    bring(out, outcome(out), outcome(out, team="all"))
    first = tree(out)
    bring(out, outcome(out), outcome(out, team="all"))
    assert tree(out) == first


FAULTS = [
    ([tiny.block(html="<p>x", name=None) | {"html": {"en": "x"}}], "'zh'"),
    ([tiny.markdown("## Loose", "en")], "no tag section"),
    ([tiny.markdown("## Odd", "en", "section:odd")], "'odd'"),
    ([tiny.markdown("## Findings", "en", "section:findings")], "no heading in the language 'zh'"),
    ([tiny.block(html='<p id="stages">')], "two things on the page have the id 'stages'"),
    ([tiny.block(html='<p><a href="#gone">')], "leads to #gone"),
    ([tiny.report()], "2 report blocks"),
    ([{"kind": "other"}], "unknown form"),
    ([tiny.block(facts={"kpis": [tiny.KPI | {"value": None}]})], r"kpis\[1\].reason"),
    ([tiny.block(facts={"kpis": [tiny.KPI | {"unit": "percent"}]})], r"kpis\[1\].unit.*'percent'"),
    ([tiny.block(facts={"kpis": [tiny.KPI | {"colour": "red"}]})], "'colour'"),
    ([tiny.block(facts={"kpis": [tiny.KPI | {"value": "41%"}]})], "'41%'"),
    ([tiny.block(facts={"findings": [tiny.FINDING | {"severity": "bad"}]})], "'bad'"),
    ([tiny.block(facts={"tables": [tiny.TABLE | {"rows": [["lead"]]}]})], "'stages'.*length"),
]


@pytest.mark.parametrize(("extra", "says"), FAULTS)
def test_a_breach_of_the_contract_is_this_reports_failure(out, extra, says):
    done = bring(out, outcome(out, extra=extra), outcome(out, team="east"))
    assert [o.job.team for o in done.failed] == ["north"]
    assert re.search(says, done.failed[0].error)
    assert done.failed[0].error.startswith("funnel, team north, period 2026-10: ")
    assert not (out / "site/north/2026-10").exists() and (out / "site/east/2026-10/funnel.html").is_file()


def test_a_notebook_of_another_team_is_not_published_as_this_ones(out):
    wrong = outcome(out, made=cells(team="south"))
    assert "another report, team or period" in bring(out, wrong).failed[0].error
