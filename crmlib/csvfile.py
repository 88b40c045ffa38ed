"""A CSV file on its way in: what makes it unreadable is found, and said, before a single row is taken from it."""

import codecs
import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

from .errors import DataError

_CHUNK = 1 << 20  # fits the processor's cache
_EXPORT = (
    "Export it again as CSV in UTF-8, with commas and double quotes, or say under files in the source's file how it is written "
    "(encoding, delimiter, skip)."
)


def header(path: Path, file: str, delimiter: str = ",", skip: int = 0) -> list[str]:
    """The column names of a CSV file in UTF-8 (`file`: how messages call it), once it is clear that it is one.

    `skip`: lines that stand before the names.
    """
    if path.stat().st_size == 0:
        raise DataError(f"{file} is empty: 0 bytes. A table without rows still has its header line. Export it again.")
    with path.open("rb") as f:
        start = f.read(100_000)
    first = re.split(rb"[\r\n]", start, maxsplit=1)[0]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first:
        raise DataError(f"{file} is UTF-16 or no text at all: its first line has bytes that no UTF-8 text has. {_EXPORT}")
    text = start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        raise DataError(f"{file} is a web page, not a CSV file: it begins with {text.strip()[:40]!r}. {_EXPORT}")
    text = "".join(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)[skip:])  # as the engine does: at no other sign
    names = [n.strip() for n in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]
    if any("\ufffd" in n for n in names):
        raise not_utf8(path, file, delimiter)
    if not any(names):
        where = f"line {skip + 1}" if skip else "first line"
        raise DataError(f"{file} has an empty {where}. The first line names the columns. {_EXPORT}")
    return _distinct([n or f"_{i}" for i, n in enumerate(names, 1)], file)  # a comma at the line's end names nothing


def _distinct(names: list[str], file: str) -> list[str]:
    folded = [n.casefold() for n in names]
    twice = [n for n in names if folded.count(n.casefold()) > 1]
    if twice:
        raise DataError(f"{file} has the column {twice[0]!r} twice. Each name may stand once. Rename one of the two there.")
    return names


def separated_by(names: list[str]) -> str:
    """The sign that seems to separate the columns, where everything landed in one."""
    return next((sign for sign in ";\t|" if len(names) == 1 and sign in names[0]), "")


def as_utf8(path: Path, file: str, encoding: str, copy: Path) -> Path:
    """The file itself where it is declared to be UTF-8, else a copy in UTF-8, made at `copy`."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return path
    try:
        with path.open(encoding=encoding, newline="") as given, copy.open("w", encoding="utf-8", newline="") as plain:
            shutil.copyfileobj(given, plain, _CHUNK)
    except UnicodeError as e:
        raise DataError(
            f"{file}, about line {_line_at(path, getattr(e, 'start', 0))}: it is declared as {encoding}, but has bytes that {encoding} has not. "
            "Say its real encoding under files in the source's file, or export it again in UTF-8."
        ) from None
    return copy


def _line_at(path: Path, offset: int) -> int:
    with path.open("rb") as f:
        return f.read(offset).count(b"\n") + 1


def with_one_newline(path: Path, copy: Path) -> Path:
    """The file itself, or a copy made at `copy` where it mixes CRLF and LF or ends its lines with CR: DuckDB reads one kind a file."""
    if not _mixed(path):
        return path
    how: Any = {"encoding": "utf-8", "errors": "surrogateescape"}  # whatever the bytes are, they stay as they are
    with path.open(**how) as given, copy.open("w", newline="\n", **how) as plain:
        shutil.copyfileobj(given, plain, _CHUNK)
    return copy


def ends_well(path: Path) -> bool:
    """Whether a file ends with the end of a line; one that does not may be cut off there."""
    with path.open("rb") as f:
        f.seek(max(path.stat().st_size - 1, 0))
        return f.read() in (b"", b"\n", b"\r")


def _mixed(path: Path) -> bool:
    """Does the file end lines in two ways, or with CR alone? A file without any CR, the usual one, costs one quick search."""
    cr = lf = False
    with path.open("rb", buffering=0) as f:
        while chunk := f.read(_CHUNK):
            if b"\r" in chunk:
                chunk += f.read(1) if chunk.endswith(b"\r") else b""  # its LF may be the next byte
                cr = True
                chunk = chunk.replace(b"\r\n", b"")
            lf = lf or b"\n" in chunk
            if cr and (lf or b"\r" in chunk):
                return True
    return False


def not_utf8(path: Path, file: str, delimiter: str = ",") -> DataError:
    """Where the first byte lies that is no UTF-8, and what it may be instead."""
    offset, number, line, place = _first_bad(path)
    before = next(csv.reader([line[:place].decode("latin-1")], delimiter=delimiter), [""])
    return DataError(
        f"{file}, line {number}, column {max(len(before), 1)}: byte {offset} of the file is no UTF-8 (it looks like {_guess(line)}). {_EXPORT}"
    )


def _first_bad(path: Path) -> tuple[int, int, bytes, int]:
    """The offset of the first byte that is no UTF-8, the number of its line, that line, and the byte's place in it."""
    passed = 0
    with path.open("rb") as f:
        for number, line in enumerate(f, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as e:
                return passed + e.start, number, line, e.start
            passed += len(line)
    return passed, 1, b"", 0


def _guess(line: bytes) -> str:
    if not re.search(rb"[\x80-\xff]{2}", line):
        return "latin-1 or cp1252"  # Chinese comes in pairs of such bytes, umlauts come alone
    try:
        line.decode("gb18030")
    except UnicodeDecodeError:
        return "another encoding"
    return "GBK"


def broken(error: str) -> str:
    """DuckDB's complaint about a line of a CSV file, in the words of a message; "" where it is about something else."""
    line = re.search(r"Line: (\d+)", error)
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", error)
    if not line:
        return ""
    if fields:
        return f", line {line[1]}: {fields[2]} fields where the header has {fields[1]}"
    if "quote" in error:
        return f", line {line[1]}: a quotation mark that does not end its field"
    return f", line {line[1]}: {error.splitlines()[1].strip()[:120] if chr(10) in error else 'no CSV'}"


def advice() -> str:
    return f"Every line needs as many fields as the header. Correct that line, or: {_EXPORT[:1].lower()}{_EXPORT[1:]}"
