"""What tests read downloads with: workbooks and CSV files as values, held against the facts cell by cell, and against what could act."""

import csv
import io
import re
import warnings
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl

from crmlib import cells, exports

LEAD = re.compile(r"^\s*[=+\-@|%＝＋－＠]|^[\t\r\x00]")  # what a spreadsheet could run
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def opened(data: bytes) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not know bars that begin at zero
        return openpyxl.load_workbook(io.BytesIO(data))


def rows(sheet, top: int = 0) -> list[list]:
    """The values below the header, which stands after `top` lines."""
    return [list(row) for row in sheet.iter_rows(min_row=top + 2, values_only=True)]


def csv_rows(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf") and data.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def assert_same(found: dict, files: dict[str, bytes]) -> None:
    """Workbook and CSV files of a page hold its facts, every cell of them."""
    (book,) = (opened(data) for name, data in files.items() if name.endswith(".xlsx"))
    kpis = rows(book.worksheets[0], 2)
    assert [row[0] for row in kpis] == [exports.called(kpi) for kpi in found["kpis"]]
    for row, kpi in zip(kpis, found["kpis"], strict=True):
        assert row[1:5] == [kpi[name] for name in ("value", "previous", "year_before", "target")], kpi["name"]
    assert len(book.worksheets) == len(found["tables"]) + 2
    names = exports.csv_names(found["report"], found["tables"])
    for table, sheet, name in zip(found["tables"], book.worksheets[1:-1], names, strict=True):
        told = [
            [_cell(value, unit, found["language"]) for value, unit in zip(row, table["units"], strict=True)]
            for row in table["rows"]
        ]
        assert rows(sheet) == told, table["name"]
        head, *lines = csv_rows(files[name])
        assert head == table["columns"]
        assert [[_read(text, value) for text, value in zip(line, row, strict=True)] for line, row in zip(lines, table["rows"], strict=True)] == [
            [cells.shown(value, None) if isinstance(value, str) else value for value in row] for row in table["rows"]
        ], name  # fmt: skip


def _cell(value, unit: str, lang: str):
    """What a cell of the workbook must hold."""
    if isinstance(value, str) and unit == "day":
        return datetime.fromisoformat(value).replace(hour=0, minute=0, second=0)
    said = exports.said(value, unit, lang)
    return (cells.shown(said) or None) if isinstance(said, str) else said


def _read(text: str, value):
    """A text of a CSV file as a program reads it that knows what it is."""
    if value is None:
        assert text == ""
        return None
    if isinstance(value, bool):
        return text == "true"
    if isinstance(value, str):
        return text.removeprefix("'") if not value.startswith("'") else text
    assert Decimal(text) == Decimal(repr(value))
    return type(value)(text) if isinstance(value, float) else int(text)


def assert_safe(files: dict[str, bytes]) -> None:
    """No formula, no link, nothing unseen; no text of a CSV file that a spreadsheet could take for a formula."""
    for name, data in files.items():
        if name.endswith(".csv"):
            texts = [cell for row in csv_rows(data) for cell in row]
            assert [c for c in texts if CONTROL.search(c) or (LEAD.match(c) and not re.fullmatch(r"-?\d+(\.\d+)?", c))] == [], (
                name
            )
        elif name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                made = {part: parts.read(part).decode() for part in parts.namelist() if part.endswith((".xml", ".rels"))}
            assert not [
                part for part, text in made.items() if part.startswith("xl/worksheets/") and re.search(r"<f[ >]|<hyperlink", text)
            ]
            assert not [part for part, text in made.items() if 'TargetMode="External"' in text or "externalLink" in part]
            assert not CONTROL.search(made["xl/sharedStrings.xml"])
