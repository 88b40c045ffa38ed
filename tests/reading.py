"""What tests of pages read them with: a page as its elements and texts, its figures, and sources that lack something."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd

SECTIONS = ["data", "key-figures", "analysis", "findings", "actions", "appendix"]
TAGS = {"html", "head", "meta", "title", "style", "body", "a", "header", "nav", "div", "h1", "h2", "h3", "p", "span", "main", "section", "ul", "ol", "li", "b", "small", "svg", "path", "circle", "text", "desc", "figure", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "details", "summary", "i", "dl", "dt", "dd", "footer", "em", "strong"}  # fmt: skip
BAD = re.compile(r"\b(?:nan|NaN|None|inf|NaT)\b|<NA>|\d[eE][+-]\d|Rows: \d|Traceback|Warning:|[{][a-z_]+[}]")
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><svg/onload=alert(1)>",
    "[x](https://evil.example)",
    "$x_1^2$ {share}",
]  # names that would act if they were not escaped


class Reader(HTMLParser):
    """A page as its elements, and each text with the elements around it."""

    VOID = ("meta", "br", "path", "circle", "link", "img")

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((tuple(self.open), data.strip()))

    def of(self, tag: str) -> list[dict]:
        return [attrs for t, attrs in self.tags if t == tag]

    @property
    def said(self) -> list[str]:
        """What stands on the page; not its style."""
        return [text for around, text in self.texts if "style" not in around]


def table_of(one: Any, name: str) -> pd.DataFrame:
    """A table of a built page's facts."""
    (table,) = [t for t in one.facts["tables"] if t["name"] == name]
    return pd.DataFrame(table["rows"], columns=table["columns"])


def kpi_of(one: Any, name: str) -> dict:
    """A key figure of a built page's facts."""
    return next(k for k in one.facts["kpis"] if k["name"] == name)


def each_figure(page: str) -> dict[str, str]:
    return {m[1]: m[0] for m in re.finditer(r'<figure class="fig" id="([^"]+)".*?</figure>', page, re.S)}


def variant(folder: Path, demo: Path, *names: str) -> Path:
    """The demo's folder with these tables alone."""
    folder.mkdir()
    for path in demo.iterdir():
        if path.stem in names:
            shutil.copy(path, folder)
    return folder
