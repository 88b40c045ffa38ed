"""Every word that readers see: the same keys in every language, the same places to fill, nothing empty, nothing left in English."""

import inspect
import pkgutil
import re
from importlib import import_module
from string import Formatter

import pytest
import yaml

from crmlib import metrics, texts, typed
from crmlib.schema import Business, tables

BOOKS = {lang: texts._book(lang) for lang in texts.LANGUAGES}
PLACEHOLDER = re.compile("[a-z_]+")


def flat(book: dict, above: str = "") -> dict[str, object]:
    """Every text by its whole key; where a key has parts, each part."""
    out: dict[str, object] = {}
    for key, value in book.items():
        if isinstance(value, dict):
            out |= flat(value, f"{above}{key} / ")
        else:
            out[f"{above}{key}"] = value
    return out


TEXTS = {lang: flat(book) for lang, book in BOOKS.items()}


def placeholders(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


def test_both_languages_hold_the_same_keys_in_the_same_sections():
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    assert list(BOOKS["en"]) == list(BOOKS["zh"])


def test_the_same_places_are_filled_in_both_languages():
    differing = {k: (v, TEXTS["zh"][k]) for k, v in TEXTS["en"].items() if placeholders(v) != placeholders(TEXTS["zh"][k])}
    assert differing == {}


def test_places_to_fill_are_plain_names():
    """No attributes, indices or formats: `{x.__class__}` would let a text reach into what fills it."""
    for lang, book in TEXTS.items():
        for key, text in book.items():
            for _, name, spec, conversion in Formatter().parse(text):
                assert name is None or (PLACEHOLDER.fullmatch(name) and not spec and not conversion), (lang, key)


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_text_is_a_text_and_not_empty(lang):
    assert {k: v for k, v in TEXTS[lang].items() if not isinstance(v, str) or not v.strip()} == {}
    assert {k: v for k, v in TEXTS[lang].items() if "<" in v and k != "page / of"} == {}  # words, no markup


def test_no_key_stands_twice():
    """YAML lets the last one win, silently."""

    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(k) for k, _ in node.value]
        assert len(keys) == len(set(keys)), [k for k in keys if keys.count(k) > 1]
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for lang in texts.LANGUAGES:
        files = [yaml.load(p.read_text("utf-8"), Loader) for p in (texts.Path(texts.__file__).parent / lang).glob("*.yml")]
        keys = [(section, key) for file in files for section, entries in file.items() for key in entries]
        assert len(keys) == len(set(keys)), [k for k in keys if keys.count(k) > 1]


def test_chinese_texts_are_chinese():
    """No sentence left in English; a term such as Kaplan–Meier, CRM or P90 may stand."""
    english = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){3}")
    assert {k: v for k, v in TEXTS["zh"].items() if english.search(re.sub(r"\{\w+\}", "·", v))} == {}
    own = {k: v for k, v in TEXTS["zh"].items() if not re.search("[一-鿿]", re.sub(r"\{\w+\}", "", v))}
    same = {k for k, v in own.items() if v == TEXTS["en"][k] or not re.search("[a-z]{3}", re.sub(r"\{\w+\}", "", v))}
    assert set(own) == same


def test_english_texts_are_english():
    assert {k: v for k, v in TEXTS["en"].items() if re.search("[一-鿿，。：；（）]", v)} == {}


def test_chinese_texts_use_chinese_marks_between_chinese_words():
    bad = re.compile(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]|[一-鿿]\.$")
    assert {k: v for k, v in TEXTS["zh"].items() if bad.search(v)} == {}


def measured_metrics() -> list[str]:
    """Every function of crmlib.metrics that says of itself in which unit it is."""
    found = set()
    for module in pkgutil.walk_packages(metrics.__path__, "crmlib.metrics."):
        found |= {n for n, f in inspect.getmembers(import_module(module.name), inspect.isfunction) if hasattr(f, "unit")}
    return sorted(found)


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_figure_has_a_name_and_says_what_it_means(lang):
    assert len(measured_metrics()) >= 12
    for metric in measured_metrics():
        assert texts.name(metric, lang) and texts.definition(metric, lang), metric
        assert texts.name(metric, lang) != metric
        assert texts.definition(metric, lang)[-1] in ".。", metric


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_table_and_every_reason_for_leaving_out_has_a_name(lang):
    assert set(BOOKS[lang]["tables"]) == set(tables())
    assert {*typed._REASONS.values(), "missing", "out_of_range", "duplicate", "orphan"} <= set(BOOKS[lang]["faults"])


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_finding_that_asks_for_an_action_says_who_and_how_to_tell(lang):
    for rule, parts in BOOKS[lang]["findings"].items():
        assert set(parts) <= {"title", "text", "action", "owner", "success"} and "title" in parts, rule
        assert ("action" in parts) == ("owner" in parts) == ("success" in parts), rule
        if "action" in parts:
            assert "text" in parts, rule
        assert parts["title"][-1] not in ".。", rule


@pytest.mark.parametrize("count", ["1", "+1", "−1"])
def test_one_day_is_no_days(count):
    assert (texts.days(count, "en"), texts.days(count, "zh")) == (f"{count} day", f"{count} 天")


@pytest.mark.parametrize("count", ["0", "2", "1.5", "11", "–"])
def test_days(count):
    assert texts.days(count, "en") == f"{count} days"


def test_words_of_the_data_and_words_that_nobody_knows():
    assert texts.word("won", "zh") == "成交客户" and texts.word("Engaging", "zh") == "Engaging"
    assert texts.word("{x} <b>", "en") == "{x} <b>" and texts.word(None, "en") == "None"
    assert texts.column("no_such_column", "en") == "no_such_column"
    assert texts.report("custom-x", "name", "zh") == "custom-x" and texts.report("custom-x", "question", "zh") == ""


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_what_counts_as_active_is_said_as_the_default_has_it(lang):
    said = texts.definition("active_customers", lang)
    assert "business.qualifying" in said and [w for w in Business().qualifying if w not in said] == []


@pytest.mark.parametrize(("lang", "words"), [("en", "at most half"), ("zh", "不超过平常的一半")])
def test_exactly_half_is_quiet_in_every_sentence_about_it(lang, words):
    assert words in texts.definition("activity_drops", lang) and words in texts.term("fallen_quiet", "means", lang)
