"""The sections of a page: the notebook's prose, cleaned, and its blocks, where they stand."""

import html
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markupsafe import Markup

from . import twins
from .frame import TEMPLATES, text_of
from .notebook import ReportFault
from .twins import Block, Piece, Story

_TAGS = {
    "p", "h3", "h4", "ul", "ol", "li", "strong", "em", "b", "i", "code", "pre", "a", "br", "blockquote",
    "sub", "sup", "small", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_HEADING = re.compile(r"\A\s*#{1,2}\s+(.+?)\s*#*\s*(?:\n|\Z)")
_H3 = re.compile(r"<h3\b[^>]*>(.*?)</h3>", re.S)


@dataclass
class Section:
    """A section of the page: its fixed id, heading and parts, and its entries of the second level."""

    id: str
    title: str = ""
    parts: list[Markup] = field(default_factory=list)
    entries: list[tuple[str, str]] = field(default_factory=list)


def sections(story: Story, lang: str) -> list[Section]:
    """The sections in the notebook's order."""
    made: dict[str, Section] = {}
    for piece in story.pieces:
        if piece.section is None:
            _refuse_early(piece)
            continue
        here = made.setdefault(piece.section, Section(piece.section))
        if piece.block is None:
            _add_prose(here, piece, lang)
        elif piece.block.kind == "content":
            _add_block(here, piece.block, lang)
    for section in made.values():
        if not section.title:
            raise ReportFault(f"the section {section.id!r} has no heading in the language {lang!r}")
    return list(made.values())


def intro(story: Story, lang: str) -> Markup:
    """The notebook's opening (who asks, what is decided) without its title: the masthead has that."""
    first = [text for p in story.pieces if p.section is None and (text := p.prose(lang))]
    return Markup("".join(clean(_markdown(_HEADING.sub("", text)), "") for text in first))


def _refuse_early(piece: Piece) -> None:
    if piece.block and piece.block.kind == "content" and any(piece.block.html.values()):
        raise ReportFault("a block stands before the first section; give the heading above it a tag such as section:data")


def _add_prose(section: Section, piece: Piece, lang: str) -> None:
    text = piece.prose(lang)
    if text is None:
        return
    if heading := _HEADING.match(text):
        if not piece.opens:
            raise ReportFault(f"the heading {heading[1]!r} has no tag section:…; headings inside a section start with ###")
        section.title = text_of(_markdown(heading[1]))
        text = text[heading.end() :]
    if text.strip():
        section.parts.append(_numbered(section, clean(_markdown(text), section.title)))


def _numbered(section: Section, prose: str) -> Markup:
    """Sub-headings in prose get an id by their place: the same in every language and period."""

    def one(match: re.Match[str]) -> str:
        entry = f"{section.id}-{sum(i.startswith(section.id + '-') for i, _ in section.entries) + 1}"
        section.entries.append((entry, text_of(match[1])))
        return f'<h3 id="{entry}">{match[1]}</h3>'

    return Markup(_H3.sub(one, prose))


def _add_block(section: Section, block: Block, lang: str) -> None:
    made = twins.spoken(block.html, lang, f"the block {block.id or ''}".strip())
    if not made:
        return
    section.parts.append(Markup(made))
    for entry in block.page.get("entries", ()):  # of a block of several figures
        section.entries.append((entry["id"], twins.spoken(entry["label"], lang, "a label")))
    heading = _H3.search(made)
    if block.id and heading and f'id="{block.id}"' in made:
        short = block.page.get("toc")  # a shorter label than the headline, where the block has one
        label = twins.spoken(short, lang, "a label") if short else text_of(heading[1])
        section.entries.append((block.id, label))


def clean(made: str, label: str) -> str:
    """Markdown's HTML without anything active; its tables get what a screen reader needs.

    >>> clean('<p onclick="x()">a<script>b</script><a href="javascript:c">d</a></p>', "")
    '<p>a<a rel="noopener noreferrer">d</a></p>'
    """
    import nh3

    made = nh3.clean(made, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})
    made = made.replace("<th>", '<th scope="col">')
    return made.replace("<table>", f'<table aria-label="{html.escape(label)}">')


def _markdown(text: str) -> str:
    return exporter().markdown2html({}, text)


@cache
def exporter() -> Any:
    """Nbconvert with a template of our own: no code cells, and everything escaped that is not our markup."""
    from nbconvert.exporters import HTMLExporter, TemplateExporter

    class Page(HTMLExporter):
        def from_notebook_node(self, nb, resources=None, **kw):
            # HTMLExporter would parse the page again, to mend what our template does not leave broken.
            return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    made = Page(
        extra_template_basedirs=[str(TEMPLATES)],
        template_name="report",
        exclude_anchor_links=True,
        preprocessors=[],
    )
    made.environment.autoescape = True
    return made
