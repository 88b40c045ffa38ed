"""Every report's page as readers get it: answers first, the same places in every period, nothing undefined, nothing active."""

import gzip
import html
import itertools
import json
import re

import pytest
from downloads import assert_safe, assert_same
from reading import BAD, SECTIONS, TAGS, Reader, each_figure

from crmlib import exports, fmt, texts
from crmlib.pages import Built
from crmlib.periods import Period

# what each page holds: figures in their order (company's: only on its page; team: only on a team's), and names that its facts must have
REPORTS = {
    "funnel": {
        "figures": ["stages", "cohorts", "win-rate", "time-in-stage", "reasons", "by-source", "by-product", "by-team", "by-rep", "open-by-stage", "follow-up"],
        "company": ["by-team"], "team": [], "title": {"en": "Sales funnel: Company, October 2026", "zh": "销售漏斗：北区，2026年10月"},
        "kpis": ["win_rate", "lead_count", "won_amount", "sales_cycle_days", "cumulative_conversion"],
        "tables": ["stages", "stages_matured", "time_in_stage", "reasons", "follow_up", "undated"],
    },
    "activity": {
        "figures": ["active", "retention", "team-activity", "by-kind", "hour-pattern", "tiers", "tier-lists", "early-warning", "purchases", "cohort-retention",
                    "browsing", "by-team"],
        "company": ["by-team"], "team": ["tier-lists", "early-warning"], "title": {"en": "Customer activity: Company, October 2026", "zh": "客户活跃度：北区，2026年10月"},
        "kpis": ["active_customers", "login_frequency", "retention_rate", "purchase_count", "activity_drops", "new_customers"],
        "tables": ["retention", "interactions_by_kind", "hour_pattern", "tiers", "cohort_retention", "browsing", "team_activity", "hour_bands"],
    },
    "feedback": {
        "figures": ["satisfaction", "by-category", "by-source", "pareto", "themes", "words", "by-line", "by-product", "by-team", "by-rep", "improvements", "proofs"],
        "company": ["by-team"], "team": [], "title": {"en": "Customer feedback: Company, October 2026", "zh": "客户反馈：北区，2026年10月"},
        "kpis": ["csat_mean", "csat_top_box", "nps", "problem_rate", "answer_count", "open_improvements"],
        "tables": ["answers_by_period", "pareto", "themes", "words", "improvements", "proofs", "undated"],
    },
    "value": {
        "figures": ["segments", "rfm-map", "rfm-money", "tenths", "value-distribution", "ways", "high-value", "going-quiet", "by-team", "holdout", "holdout-ways"],
        "company": ["by-team"], "team": ["high-value", "going-quiet"], "title": {"en": "Customer value: Company, October 2026", "zh": "客户价值：北区，2026年10月"},
        "kpis": ["expected_value", "clv_bgnbd", "clv_margin", "clv_simple", "quiet_amount", "top_fifth_share"],
        "tables": ["segments", "rfm_map", "rfm_money", "tenths", "value_distribution", "ways", "holdout", "holdout_ways", "value_parameters"],
    },
    "custom-lead-sources": {
        "figures": ["opportunities-lead-source-team", "opportunities-lead-source", "win-rate-team", "win-rate-period"],
        "company": [], "team": [], "title": {"en": "Lead sources and teams: Company, October 2026", "zh": "线索来源与团队：北区，2026年10月"},
        "kpis": ["win_rate", "won_count", "sales_cycle_days", "opportunities_count", "sum_opportunities_amount"],
        "tables": ["opportunities_lead_source_team", "opportunities_lead_source", "win_rate_team", "win_rate_period"],
    },
    "sales": {
        "figures": ["course", "moved", "product-region", "by-product", "by-category", "falling-products", "by-region", "growing-regions", "by-channel", "by-payment",
                    "new-customers", "refunds", "order-sizes", "open-deals", "market", "by-team"],
        "company": ["by-team"], "team": [], "title": {"en": "Sales: Company, October 2026", "zh": "销售：北区，2026年10月"},
        "kpis": ["revenue", "order_count", "units_sold", "buyer_count", "aov", "refund_rate", "weighted_pipeline", "market_share", "new_customers"],
        "tables": ["course", "sales_parts", "product_region", "by_product", "falling_products", "growing_regions", "refunds", "order_sizes", "order_values", "open_deals", "market"],
    },
    "customers": {
        "figures": ["customers", "moved", "by-region", "by-acquisition-channel", "by-industry", "by-tier", "by-tag", "arrivals", "concentration", "largest", "price-sense", "price-sensitive", "completeness", "care", "by-team"],
        "company": ["by-team"], "team": ["price-sensitive", "care"], "title": {"en": "Customers: Company, October 2026", "zh": "客户构成：北区，2026年10月"},
        "kpis": ["customer_count", "new_customers", "lost_customers", "customer_growth_yoy", "new_customer_share", "top_tenth_share", "price_sensitive_share", "field_completeness"],
        "tables": ["customers", "moved", "by_region", "by_tag", "arrivals", "concentration", "largest", "price_sense", "completeness"],
    },
    "performance": {
        "figures": ["course", "teams", "beside", "people", "moved-by-team", "moved-by-rep", "team-results", "efficiency", "people-results", "team-rates",
                    "win-rate-by-team", "people-rates", "territories"],
        "company": ["teams", "moved-by-team", "team-results", "efficiency", "team-rates", "win-rate-by-team"], "team": ["beside"],
        "title": {"en": "Performance: Company, October 2026", "zh": "业绩：北区，2026年10月"},
        "kpis": ["revenue", "win_rate", "new_customers", "csat_top_box", "money_per_person", "deals_per_person", "yoy", "mom", "customer_growth_yoy"],
        "tables": ["people", "people_results", "people_rates", "moved_by_rep", "territories", "course"],
    },
    "kpis": {
        "figures": ["retention", "retention-moved", "cac", "cac-moves", "cost-kinds", "by-channel", "returns", "ways", "conversion", "loyalty", "by-team"],
        "company": ["by-team"], "team": [], "title": {"en": "CRM figures: Company, October 2026", "zh": "CRM指标：北区，2026年10月"},
        "kpis": ["retention_rate", "churn_rate", "cac", "clv_margin", "sales_conversion_rate", "ltv_cac", "cac_payback", "referral_rate"],
        "tables": ["retention", "cac", "cac_moves", "cac_by_lag", "cost_kinds", "by_channel", "returns", "ways", "conversion", "loyalty"],
    },
    "prepare": {
        "figures": ["shared", "models", "card", "named", "languages"],
        "company": [], "team": [], "title": {"en": "Shared work and models: Company, October 2026", "zh": "共用计算与模型：北区，2026年10月"},
        "kpis": ["churn_auc", "churn_calibration_error", "churn_lift", "customers_ever", "customer_count", "judged_customers", "named_share", "assigned_share", "read_comments", "themed_share"],
        "tables": ["shared", "made_from", "models", "card", "value_parameters", "named", "languages"],
    },
}  # fmt: skip
ALL = [("all", "en"), ("all", "zh"), ("north", "en"), ("north", "zh")]


@pytest.fixture(scope="module", params=REPORTS)
def report(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def made(report, pages) -> dict[str, dict[str, Built]]:
    """The pages of the company and of one team, in both languages."""
    return {team: pages(report, team) for team in ("all", "north")}


@pytest.fixture(params=ALL, ids="-".join)
def one(made, request) -> Built:
    return made[request.param[0]][request.param[1]]


# ------------------------------------------------------------------------------------------------ the frame


def test_sections_stand_in_the_fixed_order_under_the_summary(one):
    ids = [a["id"] for a in Reader(one.html).of("section")]
    assert ids == ["summary", *SECTIONS]


def test_figures_keep_their_ids_and_their_order(made, report):
    for team, pages in made.items():
        absent = REPORTS[report]["team" if team == "all" else "company"]
        expected = [f for f in REPORTS[report]["figures"] if f not in absent]
        for one in pages.values():
            assert list(each_figure(one.html)) == expected


def test_ids_are_the_same_in_every_language(made):
    for pages in made.values():
        ids = [[a["id"] for _, a in Reader(one.html).tags if "id" in a] for one in pages.values()]
        assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])


def test_every_link_leads_somewhere_on_the_page(one, report):
    reader = Reader(one.html)
    ids = {a["id"] for _, a in reader.tags if "id" in a}
    links = [a["href"] for a in reader.of("a")]
    assert [h for h in links if h.startswith("#") and h[1:] not in ids] == []
    tongue = "" if one.lang == "en" else ".zh"
    tables = [f"{report}-{t['name']}.csv" for t in one.facts["tables"]]
    beside = [f"{report}{tongue}.xlsx", f"{report}{tongue}.json", *tables]
    assert sorted(h for h in links if not h.startswith("#")) == sorted(beside)
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


@pytest.mark.parametrize(("team", "lang"), [("all", "en"), ("north", "zh")])
def test_the_title_says_what_of_whom_and_when(made, report, team, lang):
    page, title = made[team][lang].html, REPORTS[report]["title"][lang]
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
    cards = " ".join(re.findall(r'<ul class="kpis">.*?</ul></li></ul>', one.html, re.S))
    assert cards.count("≈") == cards.count(flat)


def test_nothing_is_undefined_unfilled_or_a_print(one):
    for around, text in Reader(one.html).texts:
        assert {"style", "bdi"} & set(around) or not BAD.search(text), text  # a customer may be called None
        assert not re.fullmatch("None|nan|NaT|inf|<NA>", text), text
    assert not BAD.search(json.dumps(one.facts["findings"], ensure_ascii=False))


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
        assert len(seen.of("table")) == len(seen.of("caption"))
        assert (
            seen.of("table")
            or texts.say("page.no_rows", one.lang, period=fmt.period(Period.parse("2026-10"), one.lang)) in seen.said
        )
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


def test_facts_carry_units_labels_and_keys(one, report):
    known = set(texts._book("en")["columns"]) | set(texts._book("en")["metrics"])
    named = lambda c: c in known or (report.startswith("custom-") and texts.column(c, "en") != c)  # noqa: E731
    for kpi in one.facts["kpis"]:
        assert kpi["unit"] in ("count", "share", "money", "days", "ratio", "score", "points") and kpi["label"].endswith(
            texts.name(kpi["name"], one.lang)
        )
        assert kpi["value"] is not None or kpi["reason"]
    assert set(REPORTS[report]["kpis"]) <= {k["name"] for k in one.facts["kpis"]}
    for table in one.facts["tables"]:
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", c) for c in table["columns"]) and all(map(named, table["columns"])), table[
            "name"
        ]
        assert all(len(row) == len(table["columns"]) for row in table["rows"]) and not BAD.search(table["caption"])
    names = [t["name"] for t in one.facts["tables"]]
    assert len(set(names)) == len(names) and set(REPORTS[report]["tables"]) <= set(names)


# ------------------------------------------------------------------------------------------------ downloads


def test_workbook_and_csv_files_hold_what_the_facts_hold(one):
    files = exports.files(one.facts["report"], [one.lang], {one.lang: (one.facts, one.terms)})
    assert_same(one.facts, files)
    assert_safe(files)
    links = [attrs["href"] for attrs in Reader(one.html).of("a") if "download" in attrs]
    plain = {name.replace(".zh.", ".") for name in (links if one.lang == "zh" else files)}
    assert plain | {f"{one.facts['report']}.json"} == {n.replace(".zh.", ".") for n in links} and {*files} <= plain


def test_every_column_has_a_name_and_a_unit(one):
    for table in one.facts["tables"]:
        assert len(table["labels"]) == len(table["units"]) == len(table["columns"]) and all(table["labels"]), table["name"]
