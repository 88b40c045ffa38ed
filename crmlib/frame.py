"""What all pages have in common: the style sheet, the words of the frame, and how a text is shown safely."""

import html
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from . import imports, store, texts

# what makes a page and its facts of an executed notebook: where one of these changed, pages are published again
MAKERS = ("publish.py", "pages.py", "facts.py", "facts.schema.json", "twins.py", "sections.py", "frame.py", "navigation.py", "index.py", "restated.py",
          "exports.py", "explained.py", "cells.py", "sheets.py", "statistics_table.py", "subjects.py", "notebook.py", "fmt.py", "reasons.py", "periods.py", "texts/__init__.py")  # fmt: skip
TEMPLATES = Path(__file__).with_name("templates")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@cache
def maker() -> str:
    """The hash of everything that makes pages: rooms, templates, style sheet, the frame's words."""
    files = [*(imports.LIB / name for name in MAKERS), *sorted(p for p in imports.LIB.glob("templates/**/*") if p.is_file())]
    contents = {p.relative_to(imports.LIB).as_posix(): store.sha(p.read_bytes()) for p in files}
    return store.digest(contents, imports.frame_texts())[:16]


@cache
def css() -> Markup:
    """The style sheet, small: a page carries it inline."""
    return Markup(minified((TEMPLATES / "report.css").read_text("utf-8")))


def minified(sheet: str) -> str:
    """
    >>> minified("/* 1 */ a , b {\\n  color : red; margin: 0 calc(1px + 2px);\\n}")
    'a,b{color :red;margin:0 calc(1px + 2px)}'
    """
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    sheet = re.sub(r"\s+", " ", sheet)
    sheet = re.sub(r" ?([{};,>]) ?", r"\1", sheet)
    return re.sub(r": ", ":", sheet).replace(";}", "}").strip()


def css_text(text: str) -> Markup:
    """A text as a CSS string: whatever is not a plain letter is written as its number.

    >>> print(css_text('</style>"x'))
    "\\3c \\2f style\\3e \\22 x"
    """
    plain = "".join(c if c.isalnum() or c in " ,.:·–-" else f"\\{ord(c):x} " for c in text)
    return Markup(f'"{plain}"')


def text_of(made: str) -> str:
    """The words of some HTML.

    >>> text_of("24 <small>days</small> &amp; more")
    '24 days & more'
    """
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", made)).split())


def visible(text: object) -> str:
    """A name as it is shown: control characters as signs, and nothing that turns the line around.

    >>> visible("a\\x00b")
    'a␀b'
    """
    signs = "".join(chr(0x2400 + ord(c)) if ord(c) < 32 else "␡" if c == "\x7f" else c for c in str(text))
    return _DIRECTIONS.sub("�", signs)


def words(lang: str) -> Callable[..., str]:
    """`site.<key>` in a language."""
    return partial(_word, lang)


def _word(lang: str, key: str, **values: object) -> str:
    return texts.say(f"site.{key}", lang, **{k: visible(v) for k, v in values.items()})


@cache
def environment() -> Any:
    """The templates of what is no notebook: navigation and index pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    return made
