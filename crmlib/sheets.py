"""Excel workbooks: typed cells under one header row, and nothing that a spreadsheet would run. The only room that writes them.

The same sheets give the same bytes: no clock, no chance, no name of a machine.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any

from . import fmt
from .cells import leads, shown, wide

ROWS, TEXT, NAME, EXACT = (
    1_048_576,
    32_767,
    31,
    10**15,
)  # what Excel holds: rows, characters of a cell, of a sheet's name; whole numbers
MUTE, LINE = "#F1F4F7", "#8593A0"
_NUMBERS = {
    "count": "#,##0", "share": "0.0%", "gap": "0.0%", "days": "#,##0.0", "hours": "#,##0.0", "score": "0.00", "points": "0.0",
    "ratio": "#,##0.00", "fine": "0.0000", "day": "yyyy-mm-dd", "fraction": "#,##0.00",
}  # fmt: skip
_MEASURES = ("count", "share", "money", "days", "hours", "score", "points", "ratio")  # of which a bar says something


@dataclass(frozen=True)
class Column:
    """A column: its head, the unit of its values (none: each row has its own), and whether they are changes and show their sign."""

    head: str
    unit: str | None = "text"
    signed: bool = False


@dataclass(frozen=True)
class Line:
    """A line chart of rows of one sheet: a line a row, over the columns from `first` to `last`."""

    sheet: str
    rows: tuple[int, ...]
    first: int
    last: int
    unit: str


@dataclass(frozen=True)
class Sheet:
    """One table. `lead`: lines above its header · `units`: a row's own unit · `marked`: cells that stand out, by row and column."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    lead: Sequence[str] = ()
    units: Sequence[str] = ()
    marked: frozenset[tuple[int, int]] = frozenset()
    bars: bool = False
    charts: Sequence[Line] = field(default=())


def workbook(sheets: Sequence[Sheet], *, title: str, created: datetime, currency: str, lang: str) -> bytes:
    """The workbook of some sheets (their names as `names` gives them); `created` is what it says of its own day."""
    from xlsxwriter import Workbook

    made = BytesIO()
    book = Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": shown(title)[:255], "created": created, "author": "", "comments": ""})
    style = _styles(book, currency, lang)
    places = [book.add_worksheet(sheet.name) for sheet in sheets]
    for place, sheet in zip(places, sheets, strict=True):
        _fill(place, sheet, style, title)
        for number, chart in enumerate(sheet.charts):
            place.insert_chart(1 + number // 2 * 16, number % 2 * 8, _chart(book, chart, places, sheets))
    book.close()
    return made.getvalue()


Style = Callable[..., Any]


def _styles(book: Any, currency: str, lang: str) -> Style:
    """Formats by unit, each made once; `money:EUR` is money of another currency than the workbook's."""

    @cache
    def style(unit: str = "", signed: bool = False, **more: Any) -> Any:
        kind, _, other = unit.partition(":")
        form = _money(other or currency, lang) if kind == "money" else _NUMBERS.get(kind)
        form = f"+{form};-{form};{form}" if form and signed else form
        return book.add_format({"valign": "top"} | ({"num_format": form} if form else {}) | more)

    return style


def _money(currency: str, lang: str) -> str:
    sign = re.sub(r'[\[\]";$]', "", fmt.currency_symbol(currency, lang)) or "$"
    return f"[${sign}]#,##0.00"


def _fill(place: Any, sheet: Sheet, style: Style, title: str) -> None:
    top, room = len(sheet.lead), ROWS - len(sheet.lead) - 1
    for row, text in enumerate(sheet.lead):
        _text(place, row, 0, text, style, {"bold": True, "font_size": 14} if row == 0 else {})
    for col, column in enumerate(sheet.columns):
        head = {"bold": True, "text_wrap": True, "bottom": 1, "bg_color": MUTE, "border_color": LINE}
        _text(place, top, col, column.head, style, head)
    for row, values in enumerate(sheet.rows[:room]):
        for col, (value, column) in enumerate(zip(values, sheet.columns, strict=True)):
            unit = sheet.units[row] if column.unit is None else column.unit
            more = {"italic": True, "bg_color": "#FFF2CC"} if (row, col) in sheet.marked else {}
            more |= {"signed": True} if column.signed or unit == "gap" else {}
            _cell(place, top + 1 + row, col, value, unit, style, more)
    if sheet.columns:
        _arrange(place, sheet, top, min(len(sheet.rows), room))
    _for_print(place, title, top)


def _cell(place: Any, row: int, col: int, value: Any, unit: str, style: Style, more: dict[str, Any]) -> None:
    """One cell by what its value is; an undefined one stays empty."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        place.write_boolean(row, col, value, style("", **more))
    elif isinstance(value, str):
        when = _day(value) if unit == "day" else None
        if when:
            place.write_datetime(row, col, when, style("day", **more))
        else:
            _text(place, row, col, value, style, more | {"text_wrap": len(value) > 40})
    elif math.isfinite(value):
        if abs(value) >= EXACT and isinstance(value, int):
            place.write_string(row, col, str(value), style("", align="right", **more))
        else:
            place.write_number(row, col, value, style("fraction" if unit == "count" and value != int(value) else unit, **more))


def _text(place: Any, row: int, col: int, value: str, style: Style, more: dict[str, Any]) -> None:
    """Always a text; one that looks like a formula stays a text also when somebody edits its cell."""
    text = shown(value)
    place.write_string(row, col, text, style("", quote_prefix=leads(text), **more))


def _day(text: str) -> date | None:
    """A day or moment, where Excel has one for it."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.date() if when.year >= 1900 else None


def _arrange(place: Any, sheet: Sheet, top: int, count: int) -> None:
    """Header in sight, filters, widths, and one column of bars at most."""
    last = len(sheet.columns) - 1
    place.freeze_panes(top + 1, 1 if last > 2 else 0)
    place.autofilter(top, 0, top + max(count, 1), last)
    for col, column in enumerate(sheet.columns):
        values = (row[col] for row in sheet.rows[:200])
        place.set_column(col, col, min(max([wide(column.head) + 3, *map(wide, values)]), 60) + 1)
    bars = [c for c, column in enumerate(sheet.columns) if column.unit in _MEASURES]
    if sheet.bars and bars and count > 2:
        bar = {"type": "data_bar", "bar_color": "#A5CAE7", "bar_solid": True, "data_bar_2010": True}
        place.conditional_format(top + 1, bars[0], top + count, bars[0], bar)


def _for_print(place: Any, title: str, top: int) -> None:
    place.set_landscape()
    place.set_paper(9)
    place.fit_to_pages(1, 0)
    place.repeat_rows(top)
    place.set_header("&L" + shown(title).replace("&", "&&")[:200] + "&R&A")
    place.set_footer("&R&P / &N")


def _chart(book: Any, line: Line, places: list[Any], sheets: Sequence[Sheet]) -> Any:
    """A native chart: categories are the header's cells, names the first column's; a period without a value is a gap."""
    of = next(i for i, sheet in enumerate(sheets) if sheet.name == line.sheet)
    top, name = len(sheets[of].lead), line.sheet
    made = book.add_chart({"type": "line"})
    for row in line.rows:
        at = top + 1 + row
        made.add_series({
            "name": [name, at, 0], "categories": [name, top, line.first, top, line.last], "values": [name, at, line.first, at, line.last],
            "marker": {"type": "circle", "size": 4}, "line": {"width": 2},
        })  # fmt: skip
    made.show_blanks_as("gap")
    made.set_size({"width": 500, "height": 300})
    made.set_legend({"position": "bottom"} if len(line.rows) > 1 else {"none": True})
    made.set_title(
        {"name": [name, top + 1 + line.rows[0], 0], "name_font": {"size": 11}} if len(line.rows) == 1 else {"none": True}
    )
    made.set_x_axis({"label_position": "low"})
    made.set_y_axis(
        {
            "num_format": {"share": "0%", "money": "#,##0", "count": "#,##0"}.get(line.unit.partition(":")[0], "General"),
            "major_gridlines": {"visible": True, "line": {"color": "#E8EBEF"}},
        }
    )
    return made
