"""The funnel's page as readers get it: what only it says, what it says where something lacks, and hostile names."""

import functools
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure, variant

from crmlib import texts
from crmlib.blocks.bundle import plain
from crmlib.execution import Outcome
from crmlib.pages import Built
from crmlib.places import ROOT
from crmlib.plan import Job
from crmlib.publish import publish

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def made(small_demo, tmp_path_factory) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    return {team: product.built("funnel", folder, str(small_demo), PERIOD, team) for team in ("all", "north")}


ALL = [("all", "en"), ("all", "zh"), ("north", "en"), ("north", "zh")]


@pytest.fixture(params=ALL, ids="-".join)
def one(made, request) -> Built:
    return made[request.param[0]][request.param[1]]


# ------------------------------------------------------------------------------------------------ what it says


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


def test_the_page_and_its_facts_say_the_same_counts(one):
    (stages,) = [t for t in one.facts["tables"] if t["name"] == "stages_matured"]
    counts = [row[stages["columns"].index("count")] for row in stages["rows"]]
    svg = re.search("<svg.*?</svg>", each_figure(one.html)["stages"], re.S)[0]
    assert [f"{n:,}" for n in counts] == re.findall(r">([\d,]+)</text>", svg)[: len(counts)] or all(
        f">{n:,}<" in svg for n in counts
    )


# ------------------------------------------------------------------------------------------------ what a source does not have


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


@pytest.mark.parametrize("which", ["deals", *(pytest.param(p, marks=pytest.mark.long) for p in ("team", "orders"))])
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
    away = [a["href"] for a in reader.of("a") if not a["href"].startswith("#")]
    assert (
        away and [h for h in away if not re.fullmatch(r"funnel(-[a-z_]+[.]csv|([.]zh)?[.](json|xlsx))", h)] == []
    )  # its downloads alone
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
