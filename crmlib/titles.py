"""What a report is called and which question it answers: by the texts, else by its own file.

A page without code has both in its file, an analyst's own notebook in its first cells: a heading, and the sentence after it.
"""

import json
import re
from typing import Any

from . import places, settings, texts

_HEADING = re.compile(r"\A\s*#\s+(.+?)\s*#*\s*(?:\n|\Z)")
_SENTENCE = re.compile(r"\A.+?[.?!。？！](?=\s|$|[^\x00-\x7f])|\A.+", re.S)


def title(report: str, lang: str) -> str:
    """What a report is called.

    >>> title("funnel", "en")
    'Sales funnel'
    """
    return _own(report, "title", lang) or texts.report(report, "name", lang)


def question(report: str, lang: str) -> str:
    """The question that a report answers."""
    return _own(report, "question", lang) or texts.report(report, "question", lang)


def _own(report: str, part: str, lang: str) -> str:
    slug = places.custom_slug(report)
    if slug:
        said = settings.load(places.custom_file(slug)).get(part) or ""
        return said if isinstance(said, str) else str(said.get(lang) or next(iter(said.values()), ""))
    return "" if texts.has(f"reports.{report}") else _first_cell(report, lang)[part]


def _first_cell(report: str, lang: str) -> dict[str, str]:
    """The heading of a notebook's first cell in a language (of all, where none is in it), and the sentence below it."""
    path = places.notebook(report)
    cells = json.loads(path.read_text("utf-8"))["cells"] if path.is_file() else []
    prose = [c for c in cells if c["cell_type"] == "markdown" and _HEADING.match("".join(c["source"]))]
    found = next((c for c in prose if _in(c, lang)), prose[0] if prose else None)
    text = "".join(found["source"]) if found else ""
    heading = _HEADING.match(text)
    below = _SENTENCE.match(text[heading.end() :].strip()) if heading else None
    return {"title": heading[1] if heading else "", "question": " ".join(below[0].split()) if below else ""}


def _in(cell: dict[str, Any], lang: str) -> bool:
    return lang in cell.get("metadata", {}).get("tags", [])
