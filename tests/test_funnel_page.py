"""The funnel's page as readers get it: answers first, the same places in every period, nothing undefined, nothing active."""

import functools
import gzip
import html
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import product
import pytest

from crmlib import texts
from crmlib.blocks.bundle import plain
from crmlib.execution import Outcome
from crmlib.pages import Built
from crmlib.places import ROOT
from crmlib.plan import Job
from crmlib.publish import publish

PERIOD = "2026-10"
SECTIONS = ["data", "key-figures", "analysis", "findings", "actions", "appendix"]
FIGURES = [
    "stages",
    "cohorts",
    "win-rate",
    "time-in-stage",
    "reasons",
    "by-source",
    "by-product",
    "by-team",
    "by-rep",
    "open-by-stage",
    "follow-up",
]
TAGS = {"html", "head", "meta", "title", "style", "body", "a", "header", "nav", "div", "h1", "h2", "h3", "p", "span", "main", "section", "ul", "ol", "li", "b", "small", "svg", "path", "circle", "text", "desc", "figure", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "details", "summary", "i", "dl", "dt", "dd", "footer", "em", "strong"}  # fmt: skip
BAD = re.compile(r"\b(?:nan|NaN|None|inf|NaT)\b|<NA>|\d[eE][+-]\d|Rows: \d|Traceback|Warning:|[{][a-z_]+[}]")


class Reader(HTMLParser):
    """A page as its elements, and each text with the elements around it."""

    VOID = ("meta", "br", "path", "circle", "link", "img")

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((tuple(self.open), data.strip()))

    def of(self, tag: str) -> list[dict]:
        return [attrs for t, attrs in self.tags if t == tag]

    @property
    def said(self) -> list[str]:
        """What stands on the page; not its style."""
        return [text for around, text in self.texts if "style" not in around]


@pytest.fixture(scope="module")
def made(small_demo, tmp_path_factory) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    return {team: product.built("funnel", folder, str(small_demo), PERIOD, team) for team in ("all", "north")}


ALL = [("all", "en"), ("all", "zh"), ("north", "en"), ("north", "zh")]


@pytest.fixture(params=ALL, ids="-".join)
def one(made, request) -> Built:
    return made[request.param[0]][request.param[1]]


def each_figure(page: str) -> dict[str, str]:
    return {m[1]: m[0] for m in re.finditer(r'<figure class="fig" id="([^"]+)".*?</figure>', page, re.S)}


# ------------------------------------------------------------------------------------------------ the frame


def test_sections_stand_in_the_fixed_order_under_the_summary(one):
    ids = [a["id"] for a in Reader(one.html).of("section")]
    assert ids == ["summary", *SECTIONS]


def test_figures_keep_their_ids_and_their_order(made):
    for team, pages in made.items():
        expected = [f for f in FIGURES if f != "by-team" or team == "all"]
        for one in pages.values():
            assert list(each_figure(one.html)) == expected


def test_ids_are_the_same_in_every_language(made):
    for pages in made.values():
        ids = [[a["id"] for _, a in Reader(one.html).tags if "id" in a] for one in pages.values()]
        assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])


def test_every_link_leads_somewhere_on_the_page(one):
    reader = Reader(one.html)
    ids = {a["id"] for _, a in reader.tags if "id" in a}
    links = [a["href"] for a in reader.of("a")]
    assert [h for h in links if h.startswith("#") and h[1:] not in ids] == []
    assert [h for h in links if not h.startswith("#")] == ["funnel.json" if one.lang == "en" else "funnel.zh.json"]
    assert next(h for h in links if h.startswith("#")) == "#main"


def test_the_policy_comes_first_and_nothing_is_active_or_from_elsewhere(one):
    head = one.html.index("<head>") + len("<head>")
    assert one.html[head:].lstrip().startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\';')
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS
    assert not [
        a
        for _, attrs in reader.tags
        for a in attrs
        if a.startswith("on") or a in ("src", "srcset", "action", "formaction", "xlink:href")
    ]
    assert not re.search(r"https?://|//[a-z]|javascript:|@import|url\(", one.html.replace("http-equiv", ""))


def test_colours_come_from_the_page_s_tokens(one):
    styles = [a["style"] for _, a in Reader(one.html).tags if "style" in a]
    assert styles and not [s for s in styles if re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", s)]
    assert set(re.findall(r"var\((--[\w-]+)\)", " ".join(styles))) <= set(re.findall(r"(--[\w-]+):", one.html))
    assert not re.search(r'\b(?:fill|stroke|color|bgcolor)="', one.html)


def test_one_heading_of_the_first_level_and_none_skipped(one):
    levels = [int(t[1]) for t, _ in Reader(one.html).tags if re.fullmatch("h[1-6]", t)]
    assert levels.count(1) == 1 and levels[0] == 1 and all(b <= a + 1 for a, b in itertools.pairwise(levels))
    assert len(Reader(one.html).of("main")) == 1 and one.html.startswith("<!doctype html>") and one.html.endswith("</html>\n")


@pytest.mark.parametrize(
    ("team", "lang", "title"),
    [("all", "en", "Sales funnel: Company, October 2026"), ("north", "zh", "销售漏斗：北区，2026年10月")],
)
def test_the_title_says_what_of_whom_and_when(made, team, lang, title):
    page = made[team][lang].html
    assert f"<title>{title}</title>" in page and f"<h1>{title}</h1>" in page
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page


def test_it_is_light(one):
    raw = one.html.encode()
    assert len(raw) <= 300 * 1024 and len(gzip.compress(raw, 9)) <= 80 * 1024


# ------------------------------------------------------------------------------------------------ what it says


def test_it_answers_first(one):
    summary = re.search(r'<section id="summary".*?</section>', one.html, re.S)[0]
    assert one.html.index("<h1") < one.html.index(summary) < one.html.index('class="toc"')
    cards = re.findall(r'<li class="kpi">.*?</ul></li>', summary, re.S)
    assert len(cards) == 6 and all(re.search(r'<p class="v">[^<]', c) for c in cards)
    tops = re.findall(r'<li class="top[ a-z]*">', summary)
    assert 1 <= len(tops) <= 5 and len(one.facts["findings"]) >= len(tops)
    assert one.facts["findings"][0]["text"].startswith(html.unescape(re.search(r'<h3><a href="#f-1">(.*?)</a>', summary)[1]))


def test_every_card_says_which_way_is_good_and_every_change_has_words(one):
    better = {texts.say(f"page.better_{k}", one.lang) for k in ("up", "down", "none")}
    for card in re.findall(r'<li class="kpi">.*?</ul></li>', one.html, re.S):
        assert html.unescape(re.findall(r"<li>([^<]*)</li>", card)[-1]) in better
        for css, mark, words in re.findall(r'<span class="d (\w+)"><span aria-hidden="true">(.)</span>([^<]*)</span>[^<]*', card):
            assert css in ("good", "bad", "flat") and mark in "▲▼≈" and (words.strip() or mark == "≈")
            assert (mark == "≈") <= (css == "flat")
    flat = texts.say("page.reading_flat", one.lang)
    cards = " ".join(re.findall(r'<ul class="kpis">.*?</section>', one.html, re.S))
    assert cards.count("≈") == cards.count(flat)


def test_nothing_is_undefined_unfilled_or_a_print(one):
    for around, text in Reader(one.html).texts:
        assert {"style", "bdi"} & set(around) or not BAD.search(text), text  # a customer may be called None
        assert not re.fullmatch("None|nan|NaT|inf|<NA>", text), text
    assert not BAD.search(json.dumps(one.facts["findings"], ensure_ascii=False))


def test_percentages_are_written_on_sufficient_bases_alone(made):
    """The team of the small company has few deals a month: its win rate is counts, in the card, the headline and the picture."""
    page = made["north"]["en"].html
    rate = next(k for k in made["north"]["en"].facts["kpis"] if k["name"] == "win_rate")
    assert rate["base"] < 30 and rate["value"] == pytest.approx(rate["part"] / rate["base"])
    figure = each_figure(page)["win-rate"]
    assert (
        "%" not in re.sub(r'<p class="sub">.*?</p>', "", figure)
        and f"Closed deals: {rate['base']}, of which won: {rate['part']}" in figure
    )
    for row in re.findall(r"<tr>.*?</tr>", page, re.S):
        for part, base in re.findall(r">([\d,]+) of ([\d,]+)<", row):
            assert int(part.replace(",", "")) <= int(base.replace(",", "")) < 30


def test_each_figure_has_headline_sub_source_and_picture_or_table(one):
    for name, figure in each_figure(one.html).items():
        seen = Reader(figure)
        assert seen.of("h3")[0]["id"] == f"{name}-h" == seen.of("figure")[0]["aria-labelledby"]
        assert len(seen.of("h3")) == 1 and re.search(r"<h3[^>]*>[^<]{5,}</h3>", figure)
        assert re.search(r'<p class="sub">[^<]{10,}</p>', figure) and re.search(r'<p class="src">[^<]{10,}</p>', figure)
        for svg in seen.of("svg"):
            assert svg["role"] == "img" and svg["aria-labelledby"] == f"fig-{name}-t fig-{name}-d"
        for kind in ("title", "desc") if seen.of("svg") else ():
            assert re.search(rf'<{kind} id="fig-{name}-{kind[0]}">[^<]{{5,}}</{kind}>', figure)
        assert len(seen.of("table")) == len(seen.of("caption")) >= 1
        assert (not seen.of("svg")) or seen.of("details")  # the numbers of every picture are there, folded


def test_every_table_is_one_for_everybody(one):
    reader = Reader(one.html)
    assert len(reader.of("table")) == len(reader.of("caption")) == len([d for d in reader.of("div") if d.get("role") == "region"])
    assert all(th.get("scope") in ("col", "row") for th in reader.of("th"))
    assert not re.search(r"<th[^>]*>\s*</th>", one.html)


def test_the_chinese_page_is_chinese(made):
    for pages in made.values():
        for around, text in Reader(pages["zh"].html).texts:
            if not {"style", "code", "bdi"} & set(around):
                assert not re.search(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){3}", text), text
        assert not [t for a, t in Reader(pages["en"].html).texts if not {"style", "bdi"} & set(a) and re.search("[，。：；]", t)]


def test_facts_carry_units_labels_and_keys(one):
    known = set(texts._book("en")["columns"]) | set(texts._book("en")["metrics"])
    for kpi in one.facts["kpis"]:
        assert kpi["unit"] in ("count", "share", "money", "days") and kpi["label"] == texts.name(kpi["name"], one.lang)
        assert kpi["value"] is not None or kpi["reason"]
    assert {"win_rate", "lead_count", "won_amount", "sales_cycle_days", "cumulative_conversion"} <= {
        k["name"] for k in one.facts["kpis"]
    }
    for table in one.facts["tables"]:
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", c) for c in table["columns"]) and set(table["columns"]) <= known, table[
            "name"
        ]
        assert all(len(row) == len(table["columns"]) for row in table["rows"]) and not BAD.search(table["caption"])
    names = [t["name"] for t in one.facts["tables"]]
    assert len(set(names)) == len(names) and {
        "stages",
        "stages_matured",
        "time_in_stage",
        "reasons",
        "follow_up",
        "undated",
    } <= set(names)


def test_the_page_and_its_facts_say_the_same_counts(one):
    (stages,) = [t for t in one.facts["tables"] if t["name"] == "stages_matured"]
    counts = [row[stages["columns"].index("count")] for row in stages["rows"]]
    svg = re.search("<svg.*?</svg>", each_figure(one.html)["stages"], re.S)[0]
    assert [f"{n:,}" for n in counts] == re.findall(r">([\d,]+)</text>", svg)[: len(counts)] or all(
        f">{n:,}<" in svg for n in counts
    )


# ------------------------------------------------------------------------------------------------ what a source does not have


def variant(folder: Path, demo: Path, *names: str) -> Path:
    """The demo's folder with these tables alone."""
    folder.mkdir()
    for path in demo.iterdir():
        if path.stem in names:
            shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> dict[str, dict[str, Built]]:
    """Pages of a team without a deal, of a source without deals, and of one with nothing else."""
    place = tmp_path_factory.mktemp("lacking")
    whole = variant(place / "whole", small_demo, "customers", "opportunities", "reps", "stage_changes", "targets")
    with (whole / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (whole / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    orders, deals = (
        variant(place / "orders", small_demo, "customers", "orders"),
        variant(place / "deals", small_demo, "opportunities"),
    )
    build = lambda source, team: product.built("funnel", place, str(source), PERIOD, team)  # noqa: E731
    return {"team": build(whole, "empty"), "orders": build(orders, "all"), "deals": build(deals, "all")}


@pytest.mark.parametrize("which", ["team", "orders", "deals"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_that_lacks_something_is_a_whole_page(lacking, which, lang):
    one = lacking[which][lang]
    reader = Reader(one.html)
    assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
    assert not [t for t in reader.said if BAD.search(t)]
    assert next(iter(each_figure(one.html))) == "stages" and len(one.facts["findings"]) >= 1
    for svg in re.findall(r'<svg class="chart".*?</svg>', one.html, re.S):
        assert "<path" in svg or "<circle" in svg


def test_a_team_without_a_deal_reads_so(lacking):
    for lang, words in (
        ("en", "There are no deals in this source for empty by the end of October 2026."),
        ("zh", "截至2026年10月末，数据源中没有empty的商机。"),
    ):
        one = lacking["team"][lang]
        assert "<svg" not in one.html and words in one.html
        assert texts.finding("funnel.no_deals", "title", lang) in one.html and [f["rule"] for f in one.facts["findings"]] == [
            "funnel.no_deals"
        ]
        assert "%" not in re.sub(r"<style>.*?</style>", "", re.search(r'<section id="summary".*?</section>', one.html, re.S)[0])


def test_without_deals_every_figure_says_that_they_are_not_delivered(lacking):
    for lang, words in (("en", "This source delivers no opportunities"), ("zh", "数据源没有提供商机")):
        one = lacking["orders"][lang]
        for name, figure in each_figure(one.html).items():
            assert words in figure and "<table" not in figure and "<svg" not in figure, name
        assert words in re.search(r'<section id="summary".*?</section>', one.html, re.S)[0] and one.facts["kpis"] == []


def test_deals_alone_are_enough_for_a_funnel(lacking):
    one = lacking["deals"]["en"]
    figures = each_figure(one.html)
    assert "<svg" in figures["stages"] and "<svg" in figures["win-rate"]
    assert (
        "This source delivers no stage history" in figures["time-in-stage"]
        and "stuck" not in re.search("<h3.*?</h3>", figures["open-by-stage"])[0]
    )
    assert texts.say("page.no_stage_changes", "en") in one.html
    assert "stage_views" not in {t["name"] for t in one.facts["tables"]}  # it would hold noughts that nobody counted


# ------------------------------------------------------------------------------------------------ hostile names

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'><svg/onload=alert(1)>", "</td></table></style><h1>x", "[x](https://evil.example)",
    '=HYPERLINK("https://evil.example","x")', "$x_1^2$ | a_b {share} {} %s", "a\x00b\x1b[31m", "abc\u202egnp.exe", "🎉 👩‍👩‍👧", "شركة الاتصالات العربية",
    "Donaudampfschifffahrt" * 20, "javascript:alert(1)",
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of a company whose every text (deals, customers, staff, stages, sources, products, teams) is hostile; made when asked for."""
    place = tmp_path_factory.mktemp("hostile")
    data = place / "data"
    data.mkdir()
    n, stages = len(HOSTILE), [*(f"{t} {i}" for i, t in enumerate(HOSTILE[:5])), "won <b>"]
    turn = lambda i: HOSTILE[i % n]  # noqa: E731
    reps = pd.DataFrame([{"rep_id": f"r{i}", "name": turn(i), "team": turn(i // 4)} for i in range(n)])
    customers = pd.DataFrame([{"customer_id": f"c{i}", "name": turn(i), "company": turn(i), "tags": turn(i)} for i in range(n)])
    deals, changes = [], []
    for i in range(20 * n):
        day, state = pd.Timestamp("2026-08-01") + pd.Timedelta(days=i % 90), i % 3
        ended = day + pd.Timedelta(days=3)
        deals.append({"opportunity_id": f"d{i}", "created_at": day, "customer_id": f"c{i % n}", "rep_id": f"r{i % n}", "lead_source": turn(i), "product": turn(i + 1),
                      "amount": 100.0 + i, "closed_at": None if state == 2 else ended, "is_won": None if state == 2 else state == 0,
                      "lost_reason": turn(i // 3) if state == 1 else None})  # fmt: skip
        changes += [
            {"opportunity_id": f"d{i}", "stage": stages[j], "entered_at": day + pd.Timedelta(hours=j)} for j in range(1 + i % 5)
        ]
    for name, frame in {
        "reps": reps,
        "customers": customers,
        "opportunities": pd.DataFrame(deals),
        "stage_changes": pd.DataFrame(changes),
    }.items():
        frame.to_parquet(data / f"{name}.parquet")
    source = place / "hostile.yml"
    source.write_text(
        f"title: 'A <b>title</b> & more'\nbusiness: {{stages: {json.dumps(stages)}}}\nmapping: {{folder: '{data}', as_of: 2026-10-31}}\n",
        "utf-8",
    )
    return functools.cache(lambda team: product.built("funnel", place, str(source), PERIOD, team))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("team", ["all", pytest.param(HOSTILE[0], marks=pytest.mark.long, id="team")])
def test_hostile_names_are_shown_and_do_nothing(hostile, team, lang):
    one = hostile(team)[lang]
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS
    assert not [a for _, attrs in reader.tags for a in attrs if a.startswith("on") or a in ("src", "action", "srcdoc")]
    assert [a["href"] for a in reader.of("a") if not a["href"].startswith("#")] == [
        "funnel.json" if lang == "en" else "funnel.zh.json"
    ]
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", one.html)
    assert len(one.html.encode()) <= 300 * 1024
    shown = {text for around, text in reader.texts if "bdi" in around}
    everywhere = HOSTILE if team == "all" else HOSTILE[:4]
    assert [t for t in everywhere if plain(t) not in shown] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_hostile_names_stand_in_pictures_as_they_are(hostile, lang):
    pictures = re.findall(r'<svg class="chart".*?</svg>', hostile("all")[lang].html, re.S)
    assert len(pictures) >= 3
    for picture in pictures:
        assert {t for t, _ in Reader(picture).tags} <= {"svg", "title", "desc", "text", "path", "circle"}
    said = html.unescape(" ".join(pictures))
    assert "<script>" in said and "شركة" in said and "$x_1^2$" in said


def test_facts_of_hostile_names_are_valid_and_keep_them(hostile):
    from crmlib import facts

    for one in hostile("all").values():
        facts.check(one.facts)
        json.loads(facts.dump(one.facts))
    (table,) = [t for t in hostile("all")["en"].facts["tables"] if t["name"] == "by_source"]
    assert {row[0] for row in table["rows"]} == set(HOSTILE)


# ------------------------------------------------------------------------------------------------ the page in a browser

CHECKS = ROOT.parent / "shared" / "checks"
MODULES = os.environ.get("CRM_NODE_MODULES", "")
BARS = {"max_raw_kb": 300, "max_gzip_kb": 80, "max_external": 0, "max_axe": 0, "max_axe_dark": 0, "max_load_ms": 5000, "max_overflow_px_320": 0,
        "max_inline_handlers": 0, "max_imgs_bad_alt": 0, "max_th_no_scope": 0, "max_tables_no_caption": 0,
        "require": ["lang", "title", "skip_link", "main", "h1_one", "nav", "csp", "as_of", "print_css", "dark_css", "no_js_errors"]}  # fmt: skip


@pytest.fixture(scope="module")
def site(small_demo, tmp_path_factory) -> Path:
    """A published site: the company's page and one team's, with their navigation and their index."""
    out, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("notebooks")
    outcomes = []
    for team in ("all", "north"):
        nb = product.executed("funnel", source=str(small_demo), period=PERIOD, team=team, languages=["en", "zh"])
        path = folder / f"{team}.ipynb"
        nbformat.write(nb, path)
        outcomes.append(Outcome(Job("funnel", PERIOD, team, str(small_demo), ("en", "zh")), path))
    assert publish(out, outcomes, ("en", "zh"), "run-1").pages == 4
    return (out / "site").resolve()


@pytest.mark.long
@pytest.mark.skipif(not (CHECKS / "site_audit.py").is_file(), reason="the site's checks are not here")
def test_the_site_passes_its_audit(site, small_demo):
    canaries = json.loads((small_demo / "truth.json").read_text("utf-8"))["canaries"]
    asked = [a for c in canaries for a in ("--canary", c["email"], "--canary", c["phone"])]
    run = subprocess.run([sys.executable, CHECKS / "site_audit.py", site, *asked], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def browser_is_here() -> bool:
    tools = shutil.which("node") and (os.environ.get("CHROMIUM") or shutil.which("chromium"))
    found = all((Path(MODULES) / "node_modules" / m).is_dir() for m in ("playwright-core", "axe-core"))
    return bool(MODULES and tools and found and (CHECKS / "page_bar.mjs").is_file())


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(
    not browser_is_here(),
    reason="needs chromium, node, the page's checks, and CRM_NODE_MODULES with playwright-core and axe-core",
)
@pytest.mark.parametrize("which", ["site", "hostile", "lacking"])
def test_the_page_in_a_browser(request, tmp_path, which):
    found = request.getfixturevalue(which)
    found = {team: found(team) for team in ("all", HOSTILE[0])} if which == "hostile" else found
    if which == "site":
        files = sorted(found.glob("*/2026-10/*.html"))
    else:
        files = [tmp_path / f"{i}.{one.lang}.html" for i, pages in enumerate(found.values()) for one in pages.values()]
        for path, one in zip(files, [one for pages in found.values() for one in pages.values()], strict=True):
            path.write_text(one.html, "utf-8")
    (tmp_path / "bars.json").write_text(json.dumps(BARS), "utf-8")
    script = shutil.copy(CHECKS / "page_bar.mjs", Path(MODULES) / "page_bar_of_the_tests.mjs")  # imports are looked for beside it
    try:
        run = subprocess.run(
            ["node", script, "--json", "--bars", tmp_path / "bars.json", *files],
            cwd=MODULES,
            capture_output=True,
            text=True,
            timeout=600,
        )
    finally:
        Path(script).unlink()
    broken = {Path(page["file"]).name: page["broken"] for page in map(json.loads, run.stdout.splitlines()) if page["broken"]}
    assert run.returncode == 0 and not broken, (broken, run.stderr[-500:])
