"""A sheet of an Excel workbook on its way in: its cells as the text that a CSV file would hold."""

import csv
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from .errors import DataError, nearest


def sheet_as_csv(path: Path, file: str, sheet: str | None, decimal: str, scratch: Path) -> Path:
    """Write one sheet (default: the first) as a UTF-8 CSV file; → its path.

    Numbers are written with the file's own decimal sign (typed cells and text cells are then read alike), days and times as
    ISO. Formulas count with the value that was last calculated. Lines end where the sheet's last headed column does.
    """
    import openpyxl  # here: sources without a workbook need not wait for it

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as e:  # openpyxl raises whatever its XML and zip readers raise
        raise DataError(
            f"{file} cannot be read as an Excel workbook ({type(e).__name__}). A workbook saved as .xlsx is right. Save it again so."
        ) from None
    name = sheet or book.sheetnames[0]
    if name not in book.sheetnames:
        raise DataError(
            f"{file} has no sheet {name!r}; {nearest(name, book.sheetnames)} Change sheet: under files in the source's file."
        )
    plain = scratch / f"sheet-{path.stem}-{book.sheetnames.index(name)}.csv"
    with plain.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        for row in book[name].iter_rows(values_only=True):
            cells = [_text(value, decimal) for value in row]
            if any(cells):  # a line without anything in it is no row
                writer.writerow(cells)
    book.close()
    return plain


def _text(value: Any, decimal: str) -> str:
    """
    >>> _text(7.0, "."), _text(7.25, ","), _text(date(2026, 10, 3), "."), _text(None, ".")
    ('7', '7,25', '2026-10-03', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).replace(".", decimal)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
