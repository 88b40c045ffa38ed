"""Every report on a source that delivers little: a whole page, each section shown or switched off in words, nothing undefined."""

import re

import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure, variant

from crmlib.pages import Built

SOURCES = {"orders": ("orders",), "customers and orders": ("customers", "orders"), "deals": ("opportunities",)}


@pytest.fixture(scope="module")
def sources(small_demo, tmp_path_factory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("few")
    return {name: str(variant(place / name.replace(" ", "-"), small_demo, *tables)) for name, tables in SOURCES.items()}


@pytest.fixture(scope="module", params=product.some_reports())
def report(request) -> str:
    return request.param


@pytest.fixture(scope="module", params=SOURCES)
def made(request, report, sources, tmp_path_factory) -> dict[str, Built]:
    return product.built(report, tmp_path_factory.mktemp("pages"), sources[request.param], "2026-10")


def test_it_is_a_whole_page(made):
    for one in made.values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert not [t for around, t in reader.texts if not {"style", "bdi"} & set(around) and BAD.search(t)]
        assert len(one.facts["findings"]) >= 1


def test_every_section_shows_something_or_says_why_not(made, report):
    for lang, one in made.items():
        for name, figure in each_figure(one.html).items():
            told = re.sub(r"<[^>]+>", " ", figure.split("</h3>", 1)[-1])
            assert (
                "<table" in figure or "<svg" in figure or len(told.split()) >= 3 or (lang == "zh" and len(told.strip()) >= 8)
            ), name
        for section in re.findall(r'<section id="(?:data|key-figures|analysis|findings|appendix)".*?</section>', one.html, re.S):
            assert len(re.sub(r"<[^>]+>", "", section).strip()) > 20, section[:80]


def test_no_figure_is_0_where_nothing_of_it_was_delivered(made):
    """What is undefined is null with a reason."""
    for kpi in made["en"].facts["kpis"]:
        assert kpi["value"] is not None or kpi["reason"], kpi["name"]
