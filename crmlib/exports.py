"""The downloads of a page, made of the facts that the page shows: a workbook in each language, and each table as a CSV file.

CSV files hold the canonical names and words, the same in every language: UTF-8 with a mark at the beginning (without it
Excel takes Chinese for something else; programs read it as `utf-8-sig`), lines and quotes by RFC 4180, numbers in full.
A text that a spreadsheet could take for a formula has an apostrophe before it there; the facts file has it as it is.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import explained, fmt, reasons, restated, texts
from .cells import leads, names, shown
from .frame import words
from .navigation import file_name
from .schema import NONE_GIVEN
from .sheets import Column, Sheet, workbook

KPI_COLUMNS = ("value", "previous", "year_before", "target")
Terms = Sequence[Sequence[str]]  # (name, meaning)


def make_ready() -> None:
    """Load what workbooks are written with, before the first one is."""
    import xlsxwriter  # noqa: F401


def workbook_name(report: str, languages: Iterable[str], lang: str) -> str:
    return file_name(report, languages, lang, "xlsx")


def csv_names(report: str, tables: Iterable[dict[str, Any]]) -> list[str]:
    """The files of a page's tables; the name of a table has no hyphen, so that the last one ends the report's.

    >>> csv_names("funnel", [{"name": "by-team"}, {"name": "by_team"}])
    ['funnel-by_team.csv', 'funnel-by_team.2.csv']
    """
    made: list[str] = []
    for table in tables:
        stem = f"{report}-{table['name'].replace('-', '_')}"
        again = sum(name.startswith(f"{stem}.") for name in made)
        made.append(f"{stem}.{again + 1}.csv" if again else f"{stem}.csv")
    return made


def links(report: str, languages: Sequence[str], lang: str, found: dict[str, Any]) -> dict[str, Any]:
    """What a page links: its workbook, its facts, and (caption, file) of each table."""
    captions = [table["caption"] for table in found["tables"]]
    return {
        "workbook": workbook_name(report, languages, lang),
        "facts": file_name(report, languages, lang, "json"),
        "tables": list(zip(captions, csv_names(report, found["tables"]), strict=True)),
    }


def files(report: str, languages: Sequence[str], told: Mapping[str, tuple[dict[str, Any], Terms]]) -> dict[str, bytes]:
    """All downloads of a page but its facts. `told`: by language its facts, and the words that it explains."""
    made = {workbook_name(report, languages, lang): page_workbook(*said) for lang, said in told.items()}
    tables = told[languages[0]][0]["tables"]
    return made | {name: csv_file(table) for name, table in zip(csv_names(report, tables), tables, strict=True)}


# ------------------------------------------------------------------------------------------------ CSV


def csv_file(table: dict[str, Any]) -> bytes:
    """One table: a header with its canonical names, then its rows."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow([plain(column) for column in table["columns"]])
    writer.writerows([plain(value) for value in row] for row in table["rows"])
    return made.getvalue().encode("utf-8-sig")


def plain(value: Any) -> str:
    """A value as a CSV file has it; nothing for an undefined one.

    >>> plain(None), plain(True), plain(0.00001), plain(-5), plain("-5"), plain("=1+1")
    ('', 'true', '0.00001', '-5', "'-5", "'=1+1")
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = shown(value, None)
        return f"'{text}" if leads(text) else text
    return "" if value is None else format(Decimal(repr(value)), "f")


# ------------------------------------------------------------------------------------------------ workbook


def page_workbook(found: dict[str, Any], terms: Terms) -> bytes:
    """Key figures first, then a sheet a table, notes last."""
    lang, tables, t = found["language"], found["tables"], words(found["language"])
    called = names([t("sheet_kpis"), *(table["caption"] for table in tables), t("sheet_notes")])
    sheets = [_kpis(found, called[0]), *(_table(table, name, lang) for table, name in zip(tables, called[1:-1], strict=True))]
    notes = explained.notes(found, terms, called, csv_names(found["report"], tables))
    sheets.append(Sheet(called[-1], [Column(t(f"note_{c}")) for c in explained.COLUMNS], notes))
    return workbook(sheets, title=found["title"], created=_day(found), currency=currency(found), lang=lang)


def currency(found: dict[str, Any]) -> str:
    return str(restated.currency(found, "money"))


def _day(found: dict[str, Any]) -> datetime:
    """What the workbook says of its own day: up to when the data told what happened."""
    return datetime.fromisoformat(found["provenance"]["as_of"]).replace(tzinfo=None, microsecond=0)


def _kpis(found: dict[str, Any], name: str) -> Sheet:
    """The key figures, each in its unit; where it was published before with another value, that too."""
    t, kpis = words(found["language"]), found["kpis"]
    before = ["before"] if any("restated" in kpi for kpi in kpis) else []
    figures = [*KPI_COLUMNS, "change", *before]
    heads = [Column(t("col_figure")), *(Column(t(f"col_{c}"), None, c == "change") for c in figures), Column(t("col_unit"))]
    heads += [Column(t("col_part"), "count"), Column(t("col_base"), "count"), Column(t("col_reason")), Column(t("col_name"))]
    rows = [[called(kpi), *(_figure(kpi, c) for c in figures), explained.unit_name(kpi["unit"], found["language"], currency(found)),
             kpi["part"], kpi["base"], kpi["reason"], kpi["name"]] for kpi in kpis]  # fmt: skip
    day = fmt.day(_day(found), found["language"])
    return Sheet(name, heads, rows, (found["title"], t("as_of", day=day)), [kpi["unit"] for kpi in kpis])


def _figure(kpi: dict[str, Any], column: str) -> float | None:
    if column == "before":
        return kpi["restated"]["value"] if "restated" in kpi else None
    return change(kpi["value"], kpi["previous"]) if column == "change" else kpi[column]


def called(kpi: dict[str, Any]) -> str:
    """A figure's label, with what it is of where it is there for several."""
    of = kpi["dimension"]
    said = ", ".join(str(value) for value in of.values()) if isinstance(of, dict) else of
    return kpi["label"] if of is None else f"{kpi['label']} ({said})"


def change(value: float | None, before: float | None) -> float | None:
    """A difference in the unit of its two figures, exact in the digits that they have.

    >>> change(0.3, 0.1), change(5, None)
    (0.2, None)
    """
    if value is None or before is None:
        return None
    return float(Decimal(repr(value)) - Decimal(repr(before)))


def _table(table: dict[str, Any], name: str, lang: str) -> Sheet:
    """A table under what the page calls its columns; words of the data in the reader's language."""
    units = table.get("units") or ["text"] * len(table["columns"])
    heads = [Column(label, unit) for label, unit in zip(table.get("labels") or table["columns"], units, strict=True)]
    rows = [[said(value, unit, lang) for value, unit in zip(row, units, strict=True)] for row in table["rows"]]
    return Sheet(name, heads, rows, bars=True)


def said(value: Any, unit: str, lang: str) -> Any:
    """A value of the facts as the page says it, where it is a word; any other as it is.

    >>> said("won", "word", "zh"), said("won", "text", "zh"), said(0.25, "share", "zh")
    ('成交客户', 'won', 0.25)
    """
    if not isinstance(value, str):
        return value
    if unit == "reasons":
        return "; ".join(reasons.said(reason, lang) for reason in value.split("; ")) if value else value
    return texts.word(value, lang) if unit == "word" or value == NONE_GIVEN else value
