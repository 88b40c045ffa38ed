"""Colours, text and the fragment that a page gets; marks are looked at as elements, never as pixels."""

import logging
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import matplotlib
import pytest

from crmlib import theme
from crmlib.charts.marks import bar, dot, line, sheet, write

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "$x_1^2$ {a} \\frac",
    "& \" ' &amp;",
    "a\x00b\x1b\nc\x7f\x85",
    "🎉 👩‍👩‍👧",
    "شركة عربية",
    "\u202egnp.exe",
    "\ud800 \uffff \u2028",
    "]]>",
    "潜在客户",
]


def picture(words="Lead"):
    fig, ax = sheet(100, left=60, right=20, top=10, bottom=10)
    ax.set(xlim=(0, 10), ylim=(1.5, -0.5))
    bar(ax, 0, 0, 5, 0.6, "c1")
    bar(ax, 0, 1, 2.5, 0.6, "c1")
    line(ax, [0, 10], [1, 1], "ink-3", dashes=(4, 3))
    dot(ax, 5, 1, "c2")
    write(ax, 0, 0, words, row=True)
    write(ax, 456, 20, "12", size=theme.SMALL, tone="ink-2", ha="right", bold=True)
    return fig


def drawn(words="Lead", title="A title", desc="What it shows"):
    return theme.svg(picture(words), "fig-a", title, desc)


def elements(svg, tag):
    return list(ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)).iter(SVG + tag))


def test_the_fragment_is_what_the_page_expects():
    root = elements(drawn(), "svg")[0]
    assert root.attrib == {
        "class": "chart",
        "viewBox": "0 0 460 100",
        "role": "img",
        "aria-labelledby": "fig-a-t fig-a-d",
    }
    assert [(e.tag.removeprefix(SVG), e.get("id"), e.text) for e in list(root)[:2]] == [
        ("title", "fig-a-t", "A title"),
        ("desc", "fig-a-d", "What it shows"),
    ]


def test_nothing_of_matplotlib_is_left():
    assert not re.search(r"#|<style|<defs|<metadata|clip|font|<g|rdf|xlink|url\(|NaN|nan|inf", drawn())


def test_marks_stand_where_the_data_say():
    paths = [(e.get("d"), e.get("style")) for e in elements(drawn(), "path")]
    assert paths == [
        ("M60 18H250V42H60zM60 58H155V82H60z", "fill:var(--c1)"),  # 380 units are 10; a row is 40
        ("M60 70H440", "stroke:var(--ink-3);stroke-dasharray:4 3"),
    ]
    (circle,) = elements(drawn(), "circle")
    assert (circle.get("cx"), circle.get("cy"), circle.get("r")) == ("250", "70", "3.5")
    assert circle.get("style") == "fill:var(--c2);stroke:var(--bg);stroke-width:1.5"


def test_text_stays_text_with_classes_of_the_page():
    name, count = elements(drawn(), "text")
    assert name.attrib == {"class": "l", "x": "0", "y": "34.5"}  # the middle of row 0 is 30
    assert count.attrib == {
        "class": "s b",
        "x": "456",
        "y": "20",
        "text-anchor": "end",
        "style": "fill:var(--ink-2)",
    }


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_drawn_literally_and_does_nothing(words):
    svg = drawn(words, title=words, desc=words)
    assert elements(svg, "text")[0].text == theme.clean(words)
    assert elements(svg, "title")[0].text == elements(svg, "desc")[0].text == theme.clean(words)
    assert len(elements(svg, "text")) == 2 and not elements(svg, "script")
    assert len(svg.encode("utf-8")) < 2000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\r\n", "a␉b␍␊"),
        ("\x7f", "␡"),
        ("\x9b", "�"),
        ("\u202ea", "�a"),
        ("\ud800", "�"),
        ("👩‍👧", "👩‍👧"),
        ("é$_{}", "é$_{}"),
    ],
)
def test_controls_become_visible(text, shown):
    assert theme.clean(text) == shown


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("Lead", 100, "Lead"),
        ("", 0, ""),
        ("潜在客户与商机", 60, "潜在客…"),
        ("Needs analysis", 60, "Need…"),
        ("abc", 1, "…"),
    ],
)
def test_long_text_is_shortened(text, room, shown):
    assert theme.fit(text, room) == shown


def test_the_mark_of_a_shortened_arabic_name_stands_at_its_end():
    assert theme.fit("شركة الاتصالات العربية", 80).endswith("…\u200f")


def test_same_bytes_twice_and_in_threads():
    fig = picture()
    once = theme.svg(fig, "fig-a", "A title", "What it shows")
    assert once == theme.svg(fig, "fig-a", "A title", "What it shows") == drawn()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: drawn(), range(12))) == {once}


def test_settings_of_the_user_change_nothing_and_are_left_alone():
    plain, before = drawn("$a$ 潜在"), dict(matplotlib.rcParams)
    theirs = {
        "font.family": ["No Such Font"],
        "font.size": 40,
        "text.parse_math": True,
        "lines.linewidth": 9,
        "lines.linestyle": ":",
        "lines.marker": "s",
        "patch.linewidth": 5,
        "patch.force_edgecolor": True,
        "figure.dpi": 200,
        "savefig.dpi": 300,
        "axes.grid": True,
        "axes.facecolor": "black",
        "path.sketch": (1, 100, 2),
        "figure.constrained_layout.use": True,
        "lines.scale_dashes": False,
        "text.color": "red",
        "axes.xmargin": 0.3,
    }
    with matplotlib.rc_context(theirs):
        assert drawn("$a$ 潜在") == plain
    with matplotlib.rc_context({"text.usetex": True}):
        assert drawn("$a$ 潜在") == plain
    assert dict(matplotlib.rcParams) == before


def test_handdrawn_style_of_the_user_changes_nothing():
    from matplotlib import patheffects

    with matplotlib.rc_context({"path.effects": [patheffects.withStroke(linewidth=4, foreground="w")]}):
        assert drawn() == drawn()
    assert "var(--c1)" in drawn()


def test_no_font_is_looked_up_and_no_warning_raised(caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.DEBUG, logger="matplotlib.font_manager"):
        warnings.simplefilter("error")
        for words in HOSTILE:
            drawn(words)
    assert not caplog.records


def test_a_colour_that_is_no_token_is_refused():
    fig = picture()
    fig.axes[0].patches[0].set_facecolor("red")
    with pytest.raises(ValueError, match="no colour of the page"):
        theme.svg(fig, "fig-a", "", "")


@pytest.mark.parametrize("name", ["", "1a", "a b", 'a"', "a<b", "ä"])
def test_a_name_that_cannot_be_an_id_is_refused(name):
    with pytest.raises(ValueError, match="cannot name a figure"):
        theme.svg(picture(), name, "", "")


def test_stand_in_colours_are_distinct_and_no_real_ones():
    assert len(set(theme.COLOR.values())) == len(theme.TOKENS)
    assert all(value.startswith("#a1b2") for value in theme.COLOR.values())
