"""Read an executed notebook: the machine-readable twins of its blocks and its prose, in their sections."""

from dataclasses import dataclass
from typing import Any

from .notebook import TWIN, ReportFault, in_language, near, section, source

SECTIONS = ("data", "key-figures", "analysis", "findings", "actions", "appendix")
_KINDS = ("report", "content", "footer")


@dataclass(frozen=True)
class Block:
    """One block's output: its facts, and its rendering in every language of the run."""

    kind: str
    id: str | None
    facts: dict[str, Any]
    html: dict[str, str]
    summary: dict[str, str] | None
    page: dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A Markdown cell or a block, in order. `section`: where it stands (None: before the first)."""

    section: str | None
    opens: bool
    cell: dict[str, Any]
    block: Block | None = None

    def prose(self, lang: str) -> str | None:
        """A Markdown cell's text, where it goes on the pages of this language."""
        if self.block is not None or not in_language(self.cell, lang):
            return None
        return source(self.cell)


@dataclass(frozen=True)
class Story:
    """What one executed notebook has to say."""

    report: Block
    pieces: tuple[Piece, ...]
    footer: Block | None

    @property
    def blocks(self) -> list[Block]:
        return [piece.block for piece in self.pieces if piece.block]


def read(nb: dict[str, Any]) -> Story:
    """The blocks and the prose of an executed notebook."""
    pieces: list[Piece] = []
    here: str | None = None
    for i, cell in enumerate(nb["cells"]):
        opened = section(cell) if cell["cell_type"] == "markdown" else None
        if opened is not None and opened not in SECTIONS:
            raise ReportFault(f"{near(nb['cells'], i)} opens a section {opened!r}; known are {', '.join(SECTIONS)}")
        here = opened or here
        pieces += _pieces(cell, here, opened is not None, near(nb["cells"], i))
    return _story(pieces)


def _pieces(cell: dict[str, Any], here: str | None, opens: bool, where: str) -> list[Piece]:
    if cell["cell_type"] == "markdown":
        return [Piece(here, opens, cell)]
    twins = [o["data"][TWIN] for o in cell.get("outputs", []) if TWIN in o.get("data", {})]
    return [Piece(here, False, cell, _block(twin, where)) for twin in twins]


def _block(twin: dict[str, Any], where: str) -> Block:
    if twin.get("kind") not in _KINDS or not isinstance(twin.get("html"), dict):
        raise ReportFault(f"{where} shows a block of an unknown form; blocks come from crmlib.blocks alone")
    return Block(
        twin["kind"],
        twin.get("id"),
        twin.get("facts") or {},
        twin["html"],
        twin.get("summary"),
        twin.get("page") or {},
    )


def _story(pieces: list[Piece]) -> Story:
    reports = [p.block for p in pieces if p.block and p.block.kind == "report"]
    footers = [p.block for p in pieces if p.block and p.block.kind == "footer"]
    if len(reports) != 1 or len(footers) > 1:
        raise ReportFault(
            f"the notebook shows {len(reports)} report blocks and {len(footers)} footers; "
            "right is one of each, the report block first"
        )
    return Story(reports[0], tuple(pieces), footers[0] if footers else None)


def spoken(texts: dict[str, str], lang: str, what: str) -> str:
    """The text of a language; a run asked for that language, so a block without it is a fault."""
    if lang not in texts:
        raise ReportFault(f"{what} was not made in the language {lang!r}; its block needs the languages of the run")
    return texts[lang]


def localised(value: Any, lang: str) -> Any:
    """Facts in one language: every {"$text": {language: text}} becomes that language's text.

    >>> localised({"label": {"$text": {"en": "Won", "zh": "成交"}}, "value": 1}, "zh")
    {'label': '成交', 'value': 1}
    """
    if isinstance(value, dict):
        if set(value) == {"$text"}:
            return spoken(value["$text"], lang, "a text of the facts")
        return {key: localised(inner, lang) for key, inner in value.items()}
    return [localised(inner, lang) for inner in value] if isinstance(value, list) else value
