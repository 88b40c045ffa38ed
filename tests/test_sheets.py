"""Workbooks: typed cells, texts that stay texts, the limits of Excel, the same bytes twice."""

import re
import zipfile
from datetime import datetime
from io import BytesIO

import pytest
from downloads import assert_safe, opened, rows
from reading import HOSTILE

from crmlib import cells, sheets
from crmlib.sheets import Column, Line, Sheet

DAY = datetime(2026, 10, 31, 23, 59, 59)
FORMULAS = [
    '=HYPERLINK("https://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1", "|calc", "%0A=1", "'=1", "=cmd|' /C calc'!A0",
    "https://evil.example", "mailto:a@b.c", "internal:Sheet!A1", "{=1}", "-5", "007", "1e5", "a\x00b", "a\u202eb", "\ud800", "<b>", "&amp;",
]  # fmt: skip


def made(*given: Sheet, **more) -> bytes:
    return sheets.workbook(given, **{"title": "A & B", "created": DAY, "currency": "CNY", "lang": "en"} | more)


def one(unit: str, *values, **more):
    """The cells of a column of this unit."""
    book = opened(made(Sheet("one", [Column("head", unit)], [[value] for value in values]), **more))
    return [row[0] for row in book.active.iter_rows(min_row=2)]


@pytest.mark.parametrize(
    ("unit", "value", "kind", "form"),
    [
        ("count", 12345, "n", "#,##0"), ("count", 1.5, "n", "#,##0.00"), ("share", 0.1234, "n", "0.0%"), ("money", 12.3456, "n", "[$¥]#,##0.00"),
        ("money", -7, "n", "[$¥]#,##0.00"), ("money:EUR", 5, "n", "[$€]#,##0.00"), ("days", 2.5, "n", "#,##0.0"), ("score", 4.25, "n", "0.00"), ("day", "1899-12-31", "s", "General"),
        ("word", "won", "s", "General"), ("text", "2026-10-31", "s", "General"), ("flag", True, "b", "General"), ("gap", -0.02, "n", "+0.0%;-0.0%;0.0%"),
        ("what nobody knows", 7, "n", "General"), ("count", "n/a", "s", "General"), ("text", 10**15, "s", "General"), ("text", 10**15 - 1, "n", "General"),
    ],
)  # fmt: skip
def test_a_cell_has_the_type_of_its_value_and_the_form_of_its_unit(unit, value, kind, form):
    (cell,) = one(unit, value)
    assert (cell.data_type, cell.number_format) == (kind, form)
    assert cell.value == (str(value) if value == 10**15 else value)


@pytest.mark.parametrize("said", ["2026-10-31", "2026-10-31T23:59:59"])
def test_a_day_is_a_date(said):
    (cell,) = one("day", said)
    assert (cell.value, cell.number_format, cell.is_date) == (datetime(2026, 10, 31), "yyyy-mm-dd", True)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf")])
def test_what_is_not_defined_is_an_empty_cell(value):
    (cell, after) = one("money", value, 3)
    assert cell.value is None and after.value == 3


@pytest.mark.parametrize("value", [0.1 + 0.2, 123456789012.34, 1e-9, 999_999_999_999_999, 0.333333333333])
def test_numbers_are_whole(value):
    (cell,) = one("ratio", value)
    assert cell.value == (value if isinstance(value, int) else float(f"{value:.16g}"))


@pytest.mark.parametrize("text", [*HOSTILE, *FORMULAS])
def test_a_text_stays_a_text_wherever_it_stands(text):
    sheet = Sheet(
        cells.names([text])[0], [Column(text), Column(text, "day"), Column(text, "money")], [[text, text, text]], (text, text)
    )
    data = made(sheet, title=text)
    assert_safe({"x.xlsx": data})
    read = [cell for row in opened(data).active.iter_rows() for cell in row if cell.value is not None]
    assert len(read) == 8 and {cell.data_type for cell in read} == {"s"} and {cell.value for cell in read} == {cells.shown(text)}
    assert {cell.quotePrefix for cell in read} == {cells.leads(cells.shown(text))}  # also after somebody edits the cell


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    whole, over = "x" * 32_767, "客" * 40_000
    kept, cut = one("text", whole, over)
    assert kept.value == whole and cut.value == over[:32_747] + "… (+7,253)" and len(cut.value) <= 32_767
    (wide,) = one("text", "😀" * 20_000)  # two units of Excel each
    assert len(wide.value.encode("utf-16-le")) // 2 <= 32_767 and wide.value.endswith(")")


def test_rows_beyond_the_end_of_a_sheet_are_left_out(monkeypatch):
    monkeypatch.setattr(sheets, "ROWS", 4)
    book = opened(made(Sheet("s", [Column("n", "count")], [[n] for n in range(9)])))
    assert rows(book.active) == [[0], [1], [2]] and book.active.auto_filter.ref == "A1:A4"


def test_an_empty_table_has_its_header():
    book = opened(made(Sheet("s", [Column("n", "count"), Column("名称")], [])))
    assert [c.value for c in book.active[1]] == ["n", "名称"] and rows(book.active) == []
    assert book.active.freeze_panes == "A2" and book.active.auto_filter.ref == "A1:B2"


def test_header_stands_still_and_columns_are_as_wide_as_their_texts():
    sheet = Sheet("s", [Column("n"), Column("a"), Column("b"), Column("c")], [["x", "y" * 30, "客" * 30, 1]], ("Title", "Day"))
    book = opened(made(sheet))
    width = {key: value.width for key, value in book.active.column_dimensions.items()}
    assert book.active.freeze_panes == "B4" and book.active.auto_filter.ref == "A3:D4"
    assert width["B"] > 30 and width["C"] > 60 and width["A"] < 12


def test_bars_stand_in_one_column_of_measures_at_most():
    columns = [Column("n"), Column("c", "count"), Column("m", "money")]
    data = made(Sheet("s", columns, [["a", 1, 2], ["b", 2, 3], ["c", 3, 4]], bars=True), Sheet("t", columns, [], bars=True))
    book = opened(data)
    assert [str(r.sqref) for r in book["s"].conditional_formatting] == ["B2:B4"] and not list(book["t"].conditional_formatting)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (["a", "A", "a"], ["a", "A (2)", "a (3)"]), (["", "''", "[]"], ["-", "- (2)", "- (3)"]), (["x" * 40, "x" * 40], ["x" * 31, "x" * 27 + " (2)"]),
        (["客" * 40], ["客" * 31]), (["😀" * 20], ["😀" * 15]), (["History"], ["History_"]), (["'quoted'"], ["quoted"]),
        (["各阶段，" + "十月" * 20], ["各阶段"]), (["a\x00b\nc"], ["a␀b c"]),
    ],
)  # fmt: skip
def test_names_of_sheets(wanted, got):
    assert cells.names(wanted) == got
    book = opened(made(*(Sheet(name, [Column("x")], []) for name in got)))
    assert book.sheetnames == got


def test_the_same_sheets_give_the_same_bytes_and_no_clock():
    sheet = Sheet("s", [Column("n", "day")], [["2026-10-31"]])
    assert made(sheet) == made(sheet)
    with zipfile.ZipFile(BytesIO(made(sheet))) as parts:
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = parts.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}[^<]*)<", core) == ["2026-10-31T23:59:59Z"] * 2


def test_charts_draw_the_cells_of_their_rows():
    table = Sheet(
        "It's",
        [Column("figure"), Column("2026-09", None), Column("2026-10", None)],
        [["A", 1, 2], ["B", 3, None]],
        ("Title",),
        ["count"] * 2,
    )
    book = opened(
        made(table, Sheet("charts", [], [], charts=[Line("It's", (0, 1), 1, 2, "count"), Line("It's", (1,), 1, 2, "share")]))
    )
    first, second = book["charts"]._charts
    refs = [(s.tx.strRef.f, s.cat.strRef.f, s.val.numRef.f) for s in first.series]
    assert refs == [
        ("'It''s'!$A$3", "'It''s'!$B$2:$C$2", "'It''s'!$B$3:$C$3"),
        ("'It''s'!$A$4", "'It''s'!$B$2:$C$2", "'It''s'!$B$4:$C$4"),
    ]
    assert (
        first.display_blanks == "gap"
        and second.title.tx.strRef.f == "'It''s'!$A$4"
        and second.y_axis.number_format.formatCode == "0%"
    )
