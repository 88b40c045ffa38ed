"""The notes of a workbook: where its numbers come from, how to read them, and what every figure and column means."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from . import fmt, restated, texts
from .frame import words
from .navigation import audience
from .sheets import ROWS

COLUMNS = ("about", "what", "says", "unit", "name")
Note = tuple[str, str, str, str, str]


def notes(found: dict[str, Any], terms: Sequence[Sequence[str]], called: Sequence[str], files: Sequence[str]) -> list[Note]:
    """All lines of the notes of a page's workbook. `called`: its sheets' names; `files`: the CSV files of its tables."""
    currency = str(restated.currency(found, "money"))
    return [
        *_page(found),
        *_data(found),
        *reading(found["language"], currency),
        *_tables(found, called, files),
        *meanings(found["kpis"], terms, found["language"], currency),
        *_columns(found, called, currency),
    ]


def _page(found: dict[str, Any]) -> Iterator[Note]:
    lang, t = found["language"], words(found["language"])
    period, compared = found["period"], found["comparisons"]
    yield (t("notes_page"), t("note_title"), found["title"], "", found["report"])
    yield (t("notes_page"), t("audience"), audience(found["team"], lang), "", found["team"])
    yield (t("notes_page"), t("period"), window(period, lang), "", period["label"])
    for name in ("previous", "year_before"):
        yield (t("notes_page"), t(f"col_{name}"), window(compared[name], lang), "", name)


def _data(found: dict[str, Any]) -> Iterator[Note]:
    lang, from_ = found["language"], found["provenance"]
    t = words(lang)
    about = t("notes_data")
    yield (about, t("note_source"), from_["source"], "", "source")
    yield (about, t("note_as_of"), from_["as_of"], "", "as_of")
    yield (about, t("note_revision"), from_["revision"] or "", "", "revision")
    for table, count in from_["rows"].items():
        yield (about, t("note_rows", table=_known(f"tables.{table}", table, lang)), fmt.count(count, lang), "", table)
    for table, out in from_["left_out"].items():
        why = fmt.listing([f"{_known(f'faults.{reason}', reason, lang)} {fmt.count(n, lang)}" for reason, n in out.items()], lang)
        yield (about, t("note_left_out", table=_known(f"tables.{table}", table, lang)), why, "", table)
    parameters = from_["parameters"]
    for name, value in (parameters | parameters.get("business", {})).items():
        if name != "business":
            yield (
                t("notes_parameters"),
                name,
                value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                "",
                name,
            )


def reading(lang: str, currency: str) -> Iterator[Note]:
    """How the cells are to be read."""
    t = words(lang)
    for key in ("empty", "share", "change", "clear", "cut"):
        yield (t("notes_reading"), t(f"read_{key}"), t(f"read_{key}_means", rows=fmt.count(ROWS - 1, lang)), "", "")
    yield (t("notes_reading"), t("unit_money", currency=""), fmt.currency_name(currency, lang), "", currency)


def _tables(found: dict[str, Any], called: Sequence[str], files: Sequence[str]) -> Iterator[Note]:
    """Which sheet is which table; of a longer one than Excel holds, how much is there."""
    t, lang = words(found["language"]), found["language"]
    for table, name, file in zip(found["tables"], called[1:-1], files, strict=True):
        rows = len(table["rows"])
        cut = " " + t("read_cut_here", rows=fmt.count(rows, lang), held=fmt.count(ROWS - 1, lang)) if rows > ROWS - 1 else ""
        yield (t("notes_tables"), name, table["caption"] + cut, "", file)


def meanings(kpis: Sequence[dict[str, Any]], terms: Sequence[Sequence[str]], lang: str, currency: str) -> Iterator[Note]:
    """What each figure means, then each further word; each once."""
    t, seen = words(lang), set()
    for kpi in kpis:
        if kpi["name"] not in seen and (means := _means(kpi["name"], lang)):
            seen |= {kpi["name"], kpi["label"]}
            yield (t("notes_figures"), kpi["label"], means, unit_name(kpi["unit"], lang, currency), kpi["name"])
    for name, means in terms:
        if name not in seen:
            seen.add(name)
            yield (t("notes_terms"), name, means, "", "")


def _columns(found: dict[str, Any], called: Sequence[str], currency: str) -> Iterator[Note]:
    """Every column of every sheet; what it means where it is a figure."""
    t, lang = words(found["language"]), found["language"]
    for table, sheet in zip(found["tables"], called[1:-1], strict=True):
        blank = [""] * len(table["columns"])
        for column, label, unit in zip(table["columns"], table.get("labels") or blank, table.get("units") or blank, strict=True):
            yield (
                t("notes_columns", sheet=sheet),
                label or column,
                _means(column, lang),
                unit_name(unit, lang, currency),
                column,
            )


def unit_name(unit: str, lang: str, currency: str) -> str:
    """What a figure or column is counted in, in words."""
    key = f"site.unit_{unit}"
    return texts.say(key, lang, currency=fmt.currency_name(currency, lang)) if texts.has(key, lang) else ""


def _means(name: str, lang: str) -> str:
    return texts.definition(name, lang) if texts.has(f"metrics.{name}", lang) else ""


def _known(key: str, otherwise: str, lang: str) -> str:
    return texts.say(key, lang) if texts.has(key, lang) else otherwise


def window(span: dict[str, str], lang: str) -> str:
    """A span in words, its last day included."""
    start, end = (date.fromisoformat(span[name]) for name in ("start", "end"))
    return texts.say("page.window", lang, start=fmt.day(start, lang), end=fmt.day(end - timedelta(days=1), lang))
