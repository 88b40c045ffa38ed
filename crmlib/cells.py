"""What a cell of a spreadsheet may hold: texts that stay texts, and names of sheets that Excel takes."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from .frame import visible

TEXT, NAME = 32_767, 31  # the longest that Excel takes: the text of a cell, the name of a sheet
_LEAD = re.compile(r"\s*[=+\-@|%＝＋－＠]")
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff\x80-\x9f\u2028\u2029]")


def shown(value: object, longest: int | None = TEXT) -> str:
    """A text as a cell holds it: what cannot be seen made visible as on the page, and cut where Excel would refuse it.

    >>> shown("a\\tb\\x00")
    'a b␀'
    """
    text = _NO_CHARACTER.sub("\ufffd", visible(re.sub(r"[\t\r\n]", " ", str(value))))
    if not longest or _size(text) <= longest:
        return text
    kept = text[: longest - 20].encode("utf-16-le")[: 2 * (longest - 20)].decode("utf-16-le", "ignore")
    return f"{kept}… (+{len(text) - len(kept):,})"


def _size(text: str) -> int:
    """Its length as Excel counts, in units of sixteen bits."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def leads(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula.

    >>> leads("=1+1"), leads(" @x"), leads("－5"), leads("Acme")
    (True, True, True, False)
    """
    return _LEAD.match(text) is not None


def names(wanted: Iterable[str]) -> list[str]:
    """Names of sheets that Excel takes, each once: a long one loses what follows its first comma, or its end.

    >>> names(["A/B", "a b", "History", "Stages, deals that were created in October 2026"])
    ['A B', 'a b (2)', 'History_', 'Stages']
    """
    taken: set[str] = set()
    made = []
    for text in wanted:
        name = " ".join(_NO_NAME.sub(" ", shown(text)).split()).strip("' ") or "-"
        name = re.split("[,，：]", name)[0] if len(name) > NAME else name
        name = name + "_" if name.lower() == "history" else name
        made.append(_free(name, taken))
        taken.add(made[-1].lower())
    return made


def _free(name: str, taken: set[str]) -> str:
    """The name itself, else with the first number that is free; counted as Excel counts, in units of sixteen bits."""
    for end in ("", *(f" ({n})" for n in range(2, len(taken) + 3))):
        short = name
        while _size(short + end) > NAME:
            short = short[:-1]
        if (short.rstrip("' ") + end).lower() not in taken:
            return short.rstrip("' ") + end
    raise AssertionError("one of n+1 names is free of n taken ones")


def wide(value: Any) -> int:
    """The width of a cell's text in letters; a Chinese character is two.

    >>> wide("ab"), wide("客户"), wide(1234.5), wide(None)
    (2, 4, 8, 0)
    """
    if isinstance(value, str):
        text = value[:80]
        return len(text) if text.isascii() else sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
    return 0 if value is None else 5 if isinstance(value, bool) else len(f"{value:,.2f}")
