"""What a notebook cell displays: HTML for the eye and, beside it, a machine-readable twin for every language of the run.

The only floor that writes HTML, hence the only one that escapes: everything that came from data goes through `esc`.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from .. import fmt
from ..periods import Period

MIME = "application/vnd.crmlib.block+json"
LONGEST = 300
_CONTROL = {c: chr(0x2400 + c) for c in range(0x20)} | {0x7F: "␡", 0x09: " ", 0x0A: " ", 0x0D: " "}
# direction marks, controls of the second block, ends of lines and paragraphs, and what is no character
_UNSEEN = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\x80-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


def plain(value: object, longest: int | None = LONGEST) -> str:
    """Text from data as it can be seen: control characters visible, direction marks out, very long text cut.

    >>> plain("a\\x00b")
    'a␀b'
    """
    text = str(value)
    more = f"… (+{len(text) - longest:,})" if longest and len(text) > longest else ""
    return _UNSEEN.sub("\ufffd", text[:longest].translate(_CONTROL)) + more


def esc(value: object) -> str:
    """Text from data, harmless on a page: `plain`, and escaped.

    >>> esc("<b>\\x00")
    '&lt;b&gt;␀'
    """
    return html.escape(plain(value), quote=True)


def told(sentence: str) -> str:
    """A sentence of ours, harmless on a page and whole: what it holds of the data was cut when it was filled in."""
    return html.escape(plain(sentence, None), quote=True)


def exact(value: Any, unit: str = "count") -> Any:
    """A value as facts keep it: full precision (sums of money as they are, other floats to 12 significant digits), never NaN."""
    if isinstance(value, Period):
        return value.label
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | str):
        return value
    if not fmt.known(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if unit == "money" and round(float(value), 4) == float(value):
        return round(float(value), 4)  # an exact sum; a mean falls through to 12 digits
    if unit in ("count", "days", "text", "word") and value == int(value):
        return int(value)
    return float(f"{float(value):.12g}")


def localised(languages: list[str], text: Callable[[str], str]) -> dict[str, Any]:
    """A text of the facts in every language; publishing takes each page's own."""
    return {"$text": {lang: text(lang) for lang in languages}}


@dataclass(frozen=True)
class Block:
    """One piece of a page: its HTML in every language, its facts, and what of it stands in the summary."""

    html: dict[str, str]
    kind: str = "content"
    id: str | None = None
    facts: dict[str, Any] | None = None
    summary: dict[str, str] | None = None
    page: dict[str, Any] | None = None
    style: str = field(default="", repr=False)  # for JupyterLab alone: the page brings its own

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        first, lang = next(iter(self.html.values())), next(iter(self.html))
        seen = f'<div class="crm" lang="{lang}">{self.style}{first}</div>'
        twin = {
            "kind": self.kind,
            "id": self.id,
            "facts": self.facts,
            "html": self.html,
            "summary": self.summary,
            "page": self.page,
        }
        return {"text/html": seen, "text/plain": re.sub(r"<[^>]+>", " ", first)[:200].strip(), MIME: twin}


def lab_style() -> str:
    """The page's style sheet for JupyterLab, kept inside the blocks so that Lab itself looks as ever."""
    sheet = (Path(__file__).parent.parent / "templates" / "report.css").read_text("utf-8")
    rules = sheet.split("@page", 1)[0].replace(":root:lang(zh)", "&:lang(zh)").replace(":root", "&")
    return f"<style>.crm{{background:var(--bg);color:var(--ink);font:16px/1.55 var(--font);padding:.25rem .5rem;{rules}}}</style>"
