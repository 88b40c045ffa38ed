"""Blocks: whatever the data hold is inert on the page, small bases are no percentages, and what is missing is said in words."""

import json
import math
import re
from datetime import date, datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from crmlib import charts, texts
from crmlib.blocks import Page, cards, lists, tables
from crmlib.blocks.bundle import LONGEST, MIME, esc, exact, lab_style
from crmlib.crm import Crm, rows
from crmlib.findings import said
from crmlib.kpi import Change, Kpi
from crmlib.periods import Period

LANGUAGES = list(texts.LANGUAGES)
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>", "</td></table><h1>", "[x](https://evil.example)",
    "=HYPERLINK(\"https://evil\")", "$x_1^2$ | {share} {} %s", "&lt;b&gt;", "🎉 👩‍👩‍👧", "شركة الاتصالات", "ab" * 200,
]  # fmt: skip


class Seen(HTMLParser):
    """The elements of some HTML, and its text."""

    def __init__(self, made: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.cells: list[tuple[str, dict, str]] = []
        self.text = ""
        self.feed(made)
        self.close()
        assert self.open == [], "an element is left open"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "path", "circle", "img"):
            self.open.append(tag)
        if tag in ("th", "td", "caption"):
            self.cells.append((tag, dict(attrs), ""))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.cells and any(t in self.open for t in ("th", "td", "caption")):
            tag, attrs, text = self.cells[-1]
            self.cells[-1] = (tag, attrs, text + data)

    def of(self, tag: str) -> list[dict]:
        return [attrs for t, attrs in self.tags if t == tag]


def crm(*lines: str, head="opportunity_id created_at closed_at is_won lead_source", **more) -> Crm:
    return Crm.of(opportunities=rows(head, *lines), **more)


DEALS = ["a 2026-10-01 2026-10-09 true web", "b 2026-10-02 2026-10-08 false fair", "c 2026-10-03 - - -"]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(crm(*DEALS), "funnel")


# ------------------------------------------------------------------------------------------------ escaping


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_text_on_the_page(text):
    seen = Seen(f'<p title="{esc(text)}">{esc(text)}</p>')
    assert [t for t, _ in seen.tags] == ["p"] and list(seen.of("p")[0]) == ["title"]
    assert seen.text.startswith(text[:LONGEST])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"), ("\x1b[31m", "␛[31m"), ("a\tb\nc\rd", "a b c d"), ("\x7f", "␡"), ("a\x85b\x9f", "a\ufffdb\ufffd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"), ("a\u2066b\u2069\u200f\u061c", "a\ufffdb\ufffd\ufffd\ufffd"), ("a\u2028b\u2029", "a\ufffdb\ufffd"),
        ("\ud800x", "\ufffdx"), ("\ufffe\uffff", "\ufffd\ufffd"), ("👩‍👩‍👧", "👩‍👩‍👧"), ("שלום", "שלום"), ("", ""), (None, "None"), (3, "3"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_made_visible(text, shown):
    assert esc(text) == shown
    esc(text).encode("utf-8")


@pytest.mark.parametrize(
    ("size", "shown"), [(300, "x" * 300), (301, "x" * 300 + "… (+1)"), (5_000_000, "x" * 300 + "… (+4,999,700)")]
)
def test_long_text_is_cut_and_says_by_how_much(size, shown):
    assert esc("x" * size) == shown


def test_cutting_never_cuts_an_escape():
    assert esc("<" * 400).startswith("&lt;" * 300 + "… (+100)")


# ------------------------------------------------------------------------------------------------ exact values


@pytest.mark.parametrize(
    ("value", "unit", "kept"),
    [
        (math.nan, "share", None), (math.inf, "money", None), (None, "count", None), (pd.NA, "word", None), (pd.NaT, "day", None),
        (np.datetime64("NaT"), "day", None), (np.float64("nan"), "days", None),
        (3.0, "count", 3), (np.int64(3), "count", 3), (12.0, "days", 12), (12.5, "days", 12.5), (3.0, "share", 3.0), (0.0, "money", 0.0),
        (0.1 + 0.2, "share", 0.3), (1 / 3, "share", 0.333333333333), (1234567.8901, "money", 1234567.8901), (100 / 3, "money", 33.3333333333),
        (True, "flag", True), (np.bool_(False), "flag", False), ("007", "text", "007"), ("nan", "word", "nan"), ("", "word", ""),
        (date(2026, 10, 1), "day", "2026-10-01"), (datetime(2026, 10, 1, 12), "day", "2026-10-01T12:00:00"),
        (pd.Timestamp("2026-10-01"), "day", "2026-10-01T00:00:00"), (Period.parse("2026-Q3"), "period", "2026-Q3"),
        (9007199254740993, "count", 9007199254740993), (-0.0, "count", 0),
    ],
)  # fmt: skip
def test_facts_keep_the_value_and_never_what_is_no_number(value, unit, kept):
    made = exact(value, unit)
    assert made == kept and type(made) is type(kept)
    json.dumps(made, allow_nan=False)


# ------------------------------------------------------------------------------------------------ tables


def made(frame: pd.DataFrame, lang="en", min_base=30, **more) -> Seen:
    return Seen(tables.table(frame, "A caption", lang, "EUR", min_base, **more))


STAGES = pd.DataFrame(
    {"stage": ["lead", "offer", "won"], "count": [40, 20, 0], "conversion_from_previous": [math.nan, 0.5, 0.0], "conversion_to_next": [0.5, 0.0, math.nan],
     "cumulative_conversion": [1, 0.5, 0.0], "stage_loss_rate": [0.5, 1.0, math.nan]}
)  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_table_has_a_caption_scopes_and_a_region_that_the_keyboard_reaches(lang):
    seen = made(STAGES, lang)
    assert [t for t, _ in seen.tags[:3]] == ["div", "table", "caption"]
    region = seen.of("div")[0]
    assert (region["role"], region["tabindex"]) == ("region", "0") and "A caption" in region["aria-label"]
    assert len(seen.of("caption")) == 1
    heads = [(a.get("scope"), text.strip()) for t, a, text in seen.cells if t == "th"]
    assert [s for s, _ in heads] == ["col"] * 6 + ["row"] * 3 and all(text for _, text in heads)


def texts_of(seen: Seen) -> list[list[str]]:
    cells = [text for t, a, text in seen.cells if t == "td" or a.get("scope") == "row"]
    wide = sum(a.get("scope") == "col" for t, a, _ in seen.cells)
    return [cells[i : i + wide] for i in range(0, len(cells), wide)]


def test_a_share_of_few_is_its_counts():
    """40 → 20 → 0 deals: shares of 40 are percentages, shares of 20 counts, also where nothing went on."""
    assert texts_of(made(STAGES)) == [
        ["Lead", "40", "–", "50.0%", "100.0%", "50.0%"],
        ["offer", "20", "50.0%", "0 of 20", "50.0%", "20 of 20"],
        ["Won", "0", "0 of 20", "–", "0.0%", "–"],
    ]
    assert texts_of(made(STAGES, "zh"))[1] == ["offer", "20", "50.0%", "20 中的 0", "50.0%", "20 中的 20"]
    assert texts_of(made(STAGES, min_base=41))[0] == ["Lead", "40", "–", "20 of 40", "40 of 40", "20 of 40"]
    assert texts_of(made(STAGES, min_base=40))[0][3] == "50.0%"


def test_the_stages_of_each_group_have_their_own_bases():
    frame = pd.concat([STAGES.assign(source="web"), STAGES.assign(source="fair", count=[2, 1, 0])], ignore_index=True)
    frame = frame[["source", *STAGES.columns]]
    shown = texts_of(made(frame))
    assert shown[2][3] == "0 of 20" and shown[3][3] == "–"  # the first stage of a group has none before it
    assert shown[4] == ["fair", "offer", "1", "1 of 2", "0 of 1", "1 of 2", "1 of 1"] and shown[5][5] == "0 of 2"


def test_shares_of_reasons_and_of_closed_deals():
    frame = pd.DataFrame(
        {
            "reason": ["price", "timing"],
            "lost_count": [3, 0],
            "share": [1.0, 0.0],
            "before_count": [10, 0],
            "before_share": [0.25, 0.0],
        }
    )
    assert texts_of(made(frame)) == [["Price", "3", "3 of 3", "10", "25.0%"], ["Timing", "0", "0 of 3", "0", "0.0%"]]
    none = frame.assign(before_count=0, before_share=0.0)
    assert [r[4] for r in texts_of(made(none))] == ["0", "0"]  # of how many nobody can tell from here
    rates = pd.DataFrame({"team": ["n", "s"], "won_count": [15, 0], "lost_count": [15, 0], "win_rate": [0.5, math.nan]})
    assert texts_of(made(rates)) == [["n", "15", "15", "50.0%"], ["s", "0", "0", "–"]]


def test_money_days_flags_and_what_is_missing():
    frame = pd.DataFrame({
        "customer": ["<b>won</b>", "won", None], "amount": [1234567.5, 0.5, math.nan], "days_in_stage": [3.0, 2.5, math.nan],
        "stuck": [True, False, None], "ripe": [True, False, None], "stage": ["won", None, ""], "start": [date(2026, 10, 1), None, pd.NaT],
    })  # fmt: skip
    assert texts_of(made(frame)) == [
        ["<b>won</b>", "1,234,568", "3", "stuck", "yes", "Won", "1 Oct 2026"],
        ["won", "0.50", "2.5", "", "not ripe yet", "–", "–"],  # a person's name is never translated
        ["–", "–", "–", "–", "–", "–", "–"],
    ]
    assert [t for _, _, t in made(frame).cells][2] == "Amount, €" and [t for _, _, t in made(frame, "zh").cells][2] == "金额（€）"


@pytest.mark.parametrize(
    ("name", "shown"), [("None", "“None”"), ("nan", "“nan”"), ("NULL", "“NULL”"), ("Nan Li", "Nan Li"), ("NA", "NA")]
)
def test_a_name_that_reads_as_if_there_were_none_stands_in_quotes(name, shown):
    assert tables.cell(name, "customer", "en") == tables.cell(name, "source", "en") == f"<bdi>{shown}</bdi>"


def test_the_row_of_the_finding_is_marked():
    assert [a.get("class") for a in made(STAGES, hot="offer").of("tr")] == [None, None, "hot", None]
    assert "hot" not in str(made(STAGES, hot=None).tags)


@pytest.mark.parametrize("text", [*HOSTILE, "a\x00b", "\u202eabc"])
def test_no_cell_head_caption_or_note_breaks_out_of_its_table(text):
    frame = pd.DataFrame({"reason": [text], text or "x": [text], "customer": [text]})
    seen = Seen(tables.table(frame, text, "en", "EUR", 30))
    assert {t for t, _ in seen.tags} == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi"}
    assert not [a for _, attrs in seen.tags for a in attrs if a.startswith("on") or a in ("href", "src")]


def test_facts_keep_shares_of_few_as_values():
    facts = tables.table_facts("stages", STAGES, LANGUAGES, lambda g: f"caption {g}")
    assert facts["rows"][1] == ["offer", 20, 0.5, 0.0, 0.5, 1.0] and facts["rows"][2][3] is None
    assert facts["columns"] == list(STAGES.columns) and facts["caption"] == {"$text": {"en": "caption en", "zh": "caption zh"}}
    assert facts["labels"][0] == {"$text": {"en": "Stage", "zh": "阶段"}} and facts["units"][:3] == ["word", "count", "share"]


def test_facts_say_the_unit_that_a_page_gives_a_column():
    facts = tables.table_facts("stages", STAGES, LANGUAGES, lambda g: g, {"count": "money", "stage_loss_rate": "share.3"})
    assert dict(zip(facts["columns"], facts["units"], strict=True))["count"] == "money" and "share.3" not in facts["units"]


# ------------------------------------------------------------------------------------------------ cards


def kpi(value=0.5, unit="share", better="up", **more) -> Kpi:
    name = {"share": "win_rate", "money": "won_amount", "count": "lead_count", "days": "sales_cycle_days"}[unit]
    return Kpi(name, value, unit, better, **more)


@pytest.mark.parametrize(
    ("unit", "change", "lang", "text"),
    [
        ("share", Change(0.041, 0.1, True), "en", "+4.1 points"), ("share", Change(-0.041, -0.1, True), "zh", "−4.1 个百分点"),
        ("share", Change(0.0004, 0.1, False), "en", "±0.0 points"), ("share", Change(0.2, 0.1, False, "small_base"), "en", ""),
        ("money", Change(1000, 0.25, True), "en", "+25.0%"), ("money", Change(-1e-9, -1e-12, False), "en", "±0.0%"),
        ("money", Change(1000, None, False), "en", "+€1,000"), ("money", Change(-1000, -0.5, False, "small_base"), "en", "−€1,000"),
        ("days", Change(1, 0.1, True), "en", "+1 day"), ("days", Change(-2.5, 0.1, True), "en", "−2.5 days"), ("days", Change(0.0, 0.0, False), "zh", "±0 天"),
        ("count", Change(5, 0.05, True), "en", "+5 (+5.0%)"), ("count", Change(5, 0.05, True), "zh", "+5（+5.0%）"), ("count", Change(5, None, True), "en", "+5"),
    ],
)  # fmt: skip
def test_a_difference_with_its_sign_as_far_as_it_is_printed(unit, change, lang, text):
    assert cards.delta_text(kpi(105, unit), change, lang, "EUR") == text


def test_a_few_more_deals_are_no_percentage():
    assert cards.delta_text(kpi(4, "count"), Change(1, 1 / 3, False), "en", "EUR") == "+1"  # from 3
    assert cards.delta_text(kpi(36, "count"), Change(6, 0.2, False), "en", "EUR") == "+6 (+20.0%)"  # from 30


@pytest.mark.parametrize(
    ("better", "delta", "clear", "css", "mark"),
    [
        ("up", 1, True, "good", "▲"), ("up", -1, True, "bad", "▼"), ("down", 1, True, "bad", "▲"), ("down", -1, True, "good", "▼"),
        (None, 1, True, "flat", "▲"), ("up", 1, False, "flat", "≈"), ("up", 0, False, "flat", "≈"),
    ],
)  # fmt: skip
def test_an_arrow_only_for_a_clear_change_and_a_judgement_only_where_one_way_is_better(better, delta, clear, css, mark):
    assert cards.judged(kpi(better=better), Change(delta, delta, clear, None if clear else "usual_range")) == (css, mark)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (kpi(0.5, part=15, base=30), "50.0%"), (kpi(3 / 7, part=3, base=7), "3 of 7"), (kpi(None, part=0, base=0), "–"),
        (kpi(0.6, base=7), "–"),                                     # a share of an amount: no counts stand behind it
        (kpi(0.6, base=70), "60.0%"), (kpi(1.0, "days"), "1 day"), (kpi(24.0, "days"), "24 days"), (kpi(None, "days"), "–"),
        (kpi(41800.0, "money"), "€41,800"),
    ],
)  # fmt: skip
def test_a_value_on_a_small_base_is_its_counts(given, text):
    assert cards.value_text(given, given.value, "en", "EUR", given.base) == text


def card(given: Kpi, lang="en") -> Seen:
    return Seen(cards.card(given, crm(*DEALS), lang))


def test_a_card_says_value_change_target_and_which_way_is_good():
    given = kpi(
        0.31,
        part=31,
        base=100,
        previous=0.5,
        previous_base=100,
        year_before=0.35,
        year_before_base=100,
        target=0.4,
        series=(0.5, 0.4, 0.31),
    )
    seen = card(given)
    words = " ".join(seen.text.split())
    assert (
        "31.0%" in words
        and "▼ −19.0 points on September 2026" in words
        and "no clear change" in words
        and "✗ target 40.0% missed" in words
    )
    assert words.endswith("higher is better")
    assert [a["class"] for a in seen.of("span") if "class" in a] == ["d bad", "d flat", "d goal bad"]
    assert [a.get("aria-hidden") for a in seen.of("span") if "class" not in a] == [
        "true",
        "true",
    ]  # the arrow; the sign says it, too
    (spark,) = seen.of("svg")
    assert (
        spark["role"] == "img"
        and spark["aria-label"] == "3 periods, August 2026 to October 2026: from 50.0% to 31.0%, lowest 31.0%, highest 50.0%"
    )


def test_a_card_on_a_small_base_shows_no_percentage_at_all():
    given = kpi(1 / 3, part=1, base=3, previous=0.5, previous_base=10, series=(0.5, 1 / 3))
    seen = card(given)
    assert (
        "1 of 3" in seen.text
        and "no clear change (base below 30)" in seen.text
        and "%" not in seen.text
        and "points" not in seen.text
    )
    assert (
        seen.of("svg") == []
        and "no clear change" not in card(given, "zh").text
        and "无明显变化（基数低于 30）" in card(given, "zh").text
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_card_without_a_value_says_why(lang):
    seen = card(kpi(None, part=0, base=0, reason="no_base", previous=0.5, previous_base=100, target=0.4), lang)
    assert texts.say("page.undefined", lang) in seen.text and texts.say("reasons.no_base", lang) in seen.text
    assert [a for a in seen.of("span") if a.get("class")] == [] and "None" not in seen.text


def test_the_course_of_a_figure_begins_where_it_is_known():
    words = card(kpi(3.0, "count", series=(None, 5.0, None, 3.0))).of("svg")[0]["aria-label"]
    assert words == "2 periods, August 2026 to October 2026: from 5 to 3, lowest 3, highest 5"
    assert card(kpi(3.0, "count", series=(3.0,))).of("svg") == [] and card(kpi(3.0, "count")).of("svg") == []


@pytest.mark.parametrize(
    ("value", "better", "met"), [(5, "up", True), (4.9, "up", False), (5, "down", True), (5.1, "down", False), (5, None, None)]
)
def test_a_target_is_met_on_it(value, better, met):
    words = card(kpi(value, "days", better, target=5)).text
    assert ("target 5 days met" in words, "target 5 days missed" in words) == (met is True, met is False)


def test_the_table_of_figures_has_every_comparison_and_its_reading():
    given = kpi(0.31, part=31, base=100, previous=0.5, previous_base=100, year_before=0.9, year_before_base=9, target=0.4)
    steady = kpi(50, "count", previous=49, year_before=10, series=(50, 49, 50, 49, 50, 49, 50, 50))
    seen = Seen(cards.figures_table([given, steady, kpi(None, reason="no_data")], crm(*DEALS), "en"))
    shown = texts_of(seen)
    assert shown[0] == [
        "Win rate",
        "31.0%",
        "100",
        "50.0%",
        "▼ −19.0 points",
        "8 of 9",
        "≈ base below 30",
        "40.0%",
        "fell; target missed (77.5% of it)",
    ]
    assert shown[1] == [
        "New deals",
        "50",
        "–",
        "49",
        "≈ +1 (+2.0%)",
        "10",
        "▲ +40",
        "–",
        "no clear change (within the usual range); on the year: rose",
    ]
    assert shown[2][1:] == ["–"] * 7 + ["no data"]


# ------------------------------------------------------------------------------------------------ blocks and their twins


def test_a_block_is_html_in_the_first_language_and_a_twin_for_every_language(page):
    bundle = page.opening()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", MIME}
    assert (
        bundle["text/html"].startswith('<div class="crm" lang="en"><style>')
        and "<h1>Sales funnel: Company, October 2026</h1>" in bundle["text/html"]
    )
    assert list(bundle[MIME]["html"]) == LANGUAGES and "销售漏斗" in bundle[MIME]["html"]["zh"]
    assert "销售漏斗" in Page(page.crm, "funnel", ["zh", "en"]).opening()._repr_mimebundle_()["text/html"]
    json.dumps(bundle, allow_nan=False)


def test_every_block_of_a_page_speaks_every_language(page):
    finding = said("funnel.open", count=1, stuck_count=0)
    frame = pd.DataFrame({"reason": ["price"], "lost_count": [40], "share": [1.0]})
    blocks = [page.opening(), page.coverage("opportunities"), page.kpis([kpi(part=15, base=30)]), page.figure("reasons", finding, charts.bars, frame, unit="share"),
              page.table("reasons", finding, frame), page.folded("reasons", frame), page.data("reasons", frame), page.undated(3), page.undated(0),
              page.findings([finding]), page.actions([finding]), page.definitions([kpi()], "ripe"), page.provenance()]  # fmt: skip
    for block in blocks:
        assert list(block.html) == LANGUAGES
        for html in [*block.html.values(), *(block.summary or {}).values()]:
            Seen(html)
        assert block.summary is None or list(block.summary) == LANGUAGES
        json.dumps(block._repr_mimebundle_(), allow_nan=False)


def selectors(sheet: str, above: str = "") -> list[tuple[str, str]]:
    """Every rule of a style sheet with nesting: (the selectors it stands in, its own)."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    out, start, i = [], 0, 0
    while i < len(sheet):
        if sheet[i] == ";":
            start = i + 1
        elif sheet[i] == "{":
            depth, end = 1, i + 1
            while depth:
                depth += {"{": 1, "}": -1}.get(sheet[end], 0)
                end += 1
            own = sheet[start:i].strip()
            out.append((above, own))
            out += selectors(sheet[i + 1 : end - 1], f"{above} {own}".strip())
            start = i = end
            continue
        assert sheet[i] != "}", "a brace too many"
        i += 1
    return out


def test_in_jupyterlab_the_style_stays_inside_the_blocks():
    sheet = lab_style()
    assert sheet.startswith("<style>.crm{") and sheet.endswith("}</style>") and sheet.count("<") == 2
    found = selectors(sheet.removeprefix("<style>").removesuffix("</style>"))
    assert [own for above, own in found if not above] == [".crm"]  # the only rule at the top: all others stand in it
    assert len(found) > 50 and not [
        own for _, own in found if ":root" in own or own.startswith(("@import", "@font-face", "@page", "@layer", "@keyframes"))
    ]
    assert all(above.startswith(".crm") for above, own in found if own != ".crm")


def test_the_page_s_words_of_a_hostile_team_are_harmless():
    reps = pd.DataFrame({"rep_id": ["r"], "name": ["x"], "team": ["a\x00<b>\u202e" + "y" * 400]})
    made = Page(
        Crm.of(team=reps.team[0], reps=reps, opportunities=rows("opportunity_id created_at rep_id", "a 2026-10-01 r")), "funnel"
    ).opening()
    assert made.page["title"]["en"].startswith("Sales funnel: a␀<b>\ufffdyyy") and len(made.page["title"]["en"]) < 400
    assert {t for t, _ in Seen(made.html["en"]).tags} == {"h1"}


# ------------------------------------------------------------------------------------------------ figures


REASONS = pd.DataFrame({"reason": ["price", "<script>alert(1)</script>"], "lost_count": [40, 20], "share": [2 / 3, 1 / 3]})
TOP = said("funnel.top_reason", reason="price", part=40, base=60)


def figure(data=REASONS, needs=(), at=None, **more) -> tuple[object, Seen]:
    at = at or Page(crm(*DEALS), "funnel")
    block = at.figure("reasons", TOP, charts.bars, data, unit="share", needs=needs, **more)
    return block, Seen(block.html["en"])


def test_a_figure_is_headline_picture_source_and_its_numbers_folded(page):
    block, seen = figure(says=[said("say.reasons", part=40, base=60)])
    order = [t for t, _ in seen.tags]
    assert order[:3] == ["figure", "h3", "p"] and order.index("svg") < order.index("details") < order.index("table")
    assert (
        seen.of("figure")[0] == {"class": "fig", "id": "reasons", "aria-labelledby": "reasons-h"}
        and seen.of("h3")[0]["id"] == "reasons-h"
    )
    svg = re.search("<svg.*</svg>", block.html["en"], re.S)[0]
    assert '<title id="fig-reasons-t">“Price” is the most frequent reason: 40 of 60 lost deals</title>' in svg
    assert re.search('<desc id="fig-reasons-d">2 bars, the largest 66.7% at Price, the smallest 33.3% at &lt;script&gt;', svg)
    assert "Source: frames, as of" in seen.text and "40 of 60 lost deals carry a reason." in seen.text
    assert block.facts["tables"][0]["rows"] == [["price", 40, exact(2 / 3)], ["<script>alert(1)</script>", 20, exact(1 / 3)]]
    assert "script" not in {t for t, _ in seen.tags}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (REASONS.head(0), "There are none in October 2026."),
        (REASONS.assign(share=0.0), "0.0%"),
        (REASONS.assign(share=math.nan), "–"),
        (REASONS.assign(lost_count=[2, 1]), "2 of 3"),  # a picture would print percentages of three
    ],
)
def test_a_figure_without_data_is_words_or_numbers_and_no_empty_chart(data, words):
    block, seen = figure(data)
    assert seen.of("svg") == [] and words in seen.text and seen.of("figure")[0]["id"] == "reasons"
    assert len(block.facts["tables"][0]["rows"]) == len(data)


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (["stage_changes"], "This source delivers no stage history: what needs it is left out here."),
        (["opportunities.lost_reason"], "This source delivers no reason for losing: what needs it is left out here."),
        (["stage_changes", "orders"], "This source delivers no stage history and orders: what needs it is left out here."),
    ],
)
def test_what_a_source_does_not_deliver_is_said_in_words(page, needs, words):
    block, seen = figure(needs=needs)
    assert words in seen.text and seen.of("svg") == seen.of("table") == [] and block.facts is None
    assert "：此处略去" in block.html["zh"] and not re.search("stage_changes|lost_reason|orders", block.html["zh"])
    for other in (page.table("reasons", TOP, REASONS, needs=needs), page.folded("reasons", REASONS, needs=needs)):
        assert words in Seen(other.html["en"]).text and other.facts is None and "<table" not in other.html["en"]


def test_nothing_is_said_of_deals_that_a_source_does_not_deliver():
    at = Page(Crm.of(orders=rows("order_id ordered_at amount", "1 2026-10-01 5")), "funnel")
    _, seen = figure(at=at)
    assert "This source delivers no opportunities" in seen.text and seen.of("table") == []
    figures = at.kpis([kpi(0, "count")])
    assert figures.facts == {"kpis": []} and "opportunities" in figures.html["en"] == figures.summary["en"]


def test_what_the_deals_do_not_say_is_said_with_the_coverage():
    lacking = Page(Crm.of(opportunities=rows("opportunity_id created_at stage", "a 2026-10-01 lead")), "funnel").coverage(
        "opportunities", "stage_changes"
    )
    assert (
        texts.say("page.no_stage_changes", "en") in Seen(lacking.html["en"]).text
        and texts.say("page.no_closings", "zh") in lacking.html["zh"]
    )
    reps = rows("rep_id name team", "r Ann north", "s Bob south")
    empty = Page(
        Crm.of(team="south", reps=reps, opportunities=rows("opportunity_id created_at rep_id", "a 2026-10-01 r")), "funnel"
    ).coverage("opportunities", "stage_changes")
    assert "There are no deals in this source for south by the end of October 2026." in Seen(empty.html["en"]).text.replace(
        "South", "south"
    )


def test_a_trend_leaves_out_periods_of_few(page):
    history = pd.DataFrame(
        {
            "period": Period.parse("2026-10").trailing(3),
            "won_count": [20, 1, 30],
            "lost_count": [20, 2, 30],
            "win_rate": [0.5, 1 / 3, 0.5],
        }
    )
    block = page.figure("win-rate", said("funnel.nothing_closed"), charts.trend, history, unit="share")
    assert "33.3%" not in block.html["en"] and "1 of 3" in block.html["en"] and "<svg" in block.html["en"]
    assert block.facts["tables"][0]["rows"][1][3] == exact(1 / 3)


def test_stages_print_no_share_of_few_in_the_picture(page):
    block = page.figure("stages", said("funnel.few_deals", count=40), charts.steps, STAGES, window=lambda g: "w")
    svg = re.search("<svg.*</svg>", block.html["en"], re.S)[0]
    assert "50.0%" in svg and not re.search(r">0\.0%|100\.0%", svg)


# ------------------------------------------------------------------------------------------------ findings and definitions


BOTTLENECK = said("funnel.bottleneck", "problem", "stages", team="north", stage="lead", next_stage="needs", share=0.2, part=20, base=100,
                  before_share=0.5, before_base=90, others_share=0.6, others_base=300)  # fmt: skip
QUIET = said("funnel.quiet")


def test_findings_with_evidence_and_the_top_of_them_with_what_to_do(page):
    block = page.findings([BOTTLENECK, QUIET], top=1)
    seen = Seen(block.html["en"])
    assert [a.get("id") for a in seen.of("li")] == ["f-1", "f-2"] and [a["href"] for a in seen.of("a")] == ["#stages"]
    assert "Problem" in seen.text and "To know" in seen.text
    top = Seen(block.summary["en"])
    assert [a["href"] for a in top.of("a")] == [
        "#f-1"
    ] and "Head of sales, North: Go through the deals waiting in Lead" in top.text
    assert "销售负责人：" in block.summary["zh"]
    facts = block.facts["findings"]
    assert facts[0]["values"]["share"] == 0.2 and facts[0]["action"]["$text"]["zh"].startswith("与负责人")
    assert facts[1]["action"] is None and facts[1]["text"]["$text"]["en"].startswith("Nothing lies outside its usual range")


def test_actions_have_who_and_until_when(page):
    seen = Seen(page.actions([BOTTLENECK, QUIET]).html["en"])
    assert (
        texts_of(seen)[0][1:] == ["Head of sales, North", "15 Nov 2026", "conversion back at 50.0%"] and len(texts_of(seen)) == 1
    )
    assert "Nothing in these figures asks for an action" in page.actions([QUIET]).html["en"]


def test_hostile_words_in_a_finding_are_words(page):
    hostile = said(
        "funnel.loss_reason",
        "warning",
        "reasons",
        reason='"><script>x()</script>\x00' + "z" * 5000,
        share=0.2,
        part=6,
        base=30,
        before_share=0.1,
        before_base=90,
    )
    block = page.findings([hostile])
    for html in (*block.html.values(), *block.summary.values(), *page.actions([hostile]).html.values()):
        assert (
            "script" not in {t for t, _ in Seen(html).tags}
            and "\x00" not in html
            and "&lt;script&gt;" in html
            and len(html) < 4000
        )


def test_definitions_name_each_figure_and_term_once(page):
    seen = Seen(page.definitions([kpi(), kpi(1, "count")], "ripe", "stuck").html["en"])
    assert len(seen.of("dt")) == len(seen.of("dd")) == 4 and "Win rate" in seen.text and "Stuck deal" in seen.text


def test_what_unfolds_says_what_it_unfolds():
    assert (
        Seen(lists.folded("A & B", "<p>x</p>", "en")).text == "Numbers: A & Bx"
        and Seen(lists.folded("A", "", "zh")).text == "数据：A"
    )
    assert Seen(lists.folded("A & B", "<p>x</p>", "en", own=True)).text == "A & Bx"


def test_where_the_page_comes_from(page):
    page.crm.rows("opportunities")
    block = page.provenance()
    facts = block.facts["provenance"]
    assert facts["rows"]["opportunities"] == 3 and facts["parameters"]["team"] == "all" and len(facts["revision"]) == 12
    assert "1 Oct 2026 to 31 Oct 2026" in Seen(block.html["en"]).text and block.kind == "footer"


@pytest.mark.parametrize(
    ("columns", "drawn"),
    [
        (["channel", "new_customers", "year_before_new_customers", "note_count"], {"value": 3.0, "before": 2.0}),
        (["channel", "new_customers", "year_cac_amount"], {"value": 2.0}),  # counts are no money: what stands last is drawn
        (["channel", "share", "year_count"], {"value": 3.0}),  # a share, with nothing beside it
    ],
)
def test_bars_draw_what_the_table_is_about(columns, drawn):
    from crmlib.blocks.describe import drawn_of

    row = ["a", *(float(3 - i) for i in range(len(columns) - 1))]
    shown = drawn_of(charts.bars, pd.DataFrame([row], columns=columns), 1).iloc[0]
    assert {name: shown[name] for name in ("value", "before") if name in shown} == drawn
