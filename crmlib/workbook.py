"""A sheet of an Excel workbook on its way in: its cells as the text that a CSV file would hold."""

import csv
import re
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from .errors import DataError, nearest


def sheet_as_csv(path: Path, file: str, sheet: str | None, skip: int, plain: Path) -> Path:
    """Write one sheet (default: the first with cells) as a UTF-8 CSV file at `plain`; → that.

    Numbers are written plainly, days and times as ISO; formulas count with the value that was last calculated. `skip` lines
    of the sheet stand before the header, blank ones counted; later blank lines are no rows. Every line is as wide as the header.
    """
    import openpyxl  # here: sources without a workbook need not wait for it

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as e:  # openpyxl raises whatever its XML and zip readers raise
        raise DataError(
            f"{file} cannot be read as an Excel workbook ({type(e).__name__}). A workbook saved as .xlsx is right. Save it again so."
        ) from None
    sheets = {s.title: s for s in book.worksheets}
    name = sheet or next(iter(sheets), "")
    if name not in sheets:
        hint = nearest(name, sheets) if sheets else "it has none"
        raise DataError(f"{file} has no sheet {name!r}; {hint} Change sheet: under files in the source's file.")
    lines = ([_text(value) for value in row] for row in sheets[name].iter_rows(values_only=True))
    header = next(islice(lines, skip, None), [])
    if not any(header):
        raise DataError(
            f"{file} has no header in line {skip + 1}. The first line (after skip: lines) names the columns. Correct the sheet, or skip."
        )
    wide = max(i for i, cell in enumerate(header, 1) if cell)
    with plain.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(header[:wide])
        writer.writerows((cells + [""] * wide)[:wide] for cells in lines if any(cells))
    book.close()
    return plain


def _text(value: Any) -> str:
    """A cell as text; three decimals get a fourth, so that no number looks like thousands with a point between.

    >>> _text(7.0), _text(7.25), _text(12.345), _text(date(2026, 10, 3)), _text(None)
    ('7', '7.25', '12.3450', '2026-10-03', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        said = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return said + "0" * (re.fullmatch(r"-?\d+\.\d{3}", said) is not None)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
