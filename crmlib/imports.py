"""The code and the words that make a page: what a notebook's imports reach in crmlib, and the data files beside it.

Import lines are found by their form: reading all of them through `ast` would cost each page a tenth of a second.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from . import metric_list, places, store

LIB = Path(__file__).parent
FRAME = "site"  # the section of texts that pages and indexes are framed with, after a notebook was executed
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|[ \t]*\n)+", re.M)
_FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n(]+))", re.M)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+(crmlib[.\w]*)", re.M)


def code(notebook: Path) -> dict[str, str]:
    """The files of crmlib on which a notebook's figures depend, each with the hash of its content."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    source = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return reached(imported(source, [])) | data()


def of_report(report: str) -> dict[str, str]:
    """The files of crmlib on which a report's figures depend; of a page without code also those of the metrics that it names."""
    slug = places.custom_slug(report)
    path = places.custom_file(slug) if slug else None
    named = metric_list.named_in(path.read_text("utf-8", "replace")) if path and path.is_file() else []
    return dict(sorted((code(places.notebook(report)) | reached(named)).items()))


def reach_models(files: Iterable[str]) -> bool:
    """Whether these files of crmlib are code that uses what is fitted."""
    return any(name.startswith("models/") for name in files)


def reached(modules: Iterable[str]) -> dict[str, str]:
    """The files of these modules and of all that they import, in turn."""
    found: dict[str, str] = {}
    todo = [part for module in modules for part in _with_packages(module)]
    while todo:
        if (room := _room(LIB, todo.pop())) and room[0] not in found:
            found[room[0]] = room[1]
            todo += room[2]
    return dict(sorted(found.items()))


def data() -> dict[str, str]:
    """The data files of crmlib that are no texts."""
    return {p.name: _sha(p.read_bytes()) for p in sorted(LIB.glob("*.yml"))}


def texts() -> dict[str, str]:
    """The words of blocks, by file; those of the frame are not among them."""
    return {f"{p.parent.name}/{p.name}": _sha(_sections(p, False)) for p in _books()}


def frame_texts() -> dict[str, str]:
    """The words of the frame, by file."""
    said = {f"texts/{p.parent.name}/{p.name}": _sections(p, True) for p in _books()}
    return {place: _sha(words) for place, words in said.items() if words}


def revision(report: str) -> str:
    """The code that makes a report's page, as one short hash, the same wherever it lies."""
    there = places.notebook(report).is_file()
    files = of_report(report) if there else {str(p): _sha(p.read_bytes()) for p in sorted(LIB.rglob("*.py"))}
    return store.digest(files, texts(), own_file(report))[:12]


def own_file(report: str) -> str:
    """The hash of a page's file in params/custom; of all other reports nothing."""
    slug = places.custom_slug(report)
    path = places.custom_file(slug) if slug else None
    return _sha(path.read_bytes()) if path and path.is_file() else ""


def imported(source: str, package: list[str]) -> Iterator[str]:
    """The modules of crmlib that a text imports, with those that a name taken from one may be.

    >>> sorted(set(imported("from crmlib.metrics import deals, closing\\nfrom ..periods import Period", ["blocks"])))
    ['', 'metrics', 'metrics.closing', 'metrics.deals', 'periods', 'periods.Period']
    """
    source = _FOR_TYPES.sub("", source)
    for module, in_brackets, in_line in _FROM.findall(source):
        if (base := _absolute(module, package)) is not None:
            names = re.sub(r"#.*", "", in_brackets or in_line).split(",")
            given = [".".join([*base, name.split()[0]]) for name in names if name.split()]
            yield from (part for each in given for part in _with_packages(each))
    yield from (part for module in _IMPORT.findall(source) for part in _with_packages(module.partition(".")[2]))


def _absolute(module: str, package: list[str]) -> list[str] | None:
    """Where in crmlib an import leads; None: elsewhere."""
    name = module.lstrip(".")
    parts = [part for part in name.split(".") if part]
    if level := len(module) - len(name):
        return [*package[: len(package) - level + 1], *parts]
    return parts[1:] if parts[0] == "crmlib" else None


def _with_packages(module: str) -> list[str]:
    parts = module.split(".")
    return list(dict.fromkeys(["", *(".".join(parts[:n]) for n in range(1, len(parts) + 1))]))


@cache
def _room(lib: Path, module: str) -> tuple[str, str, tuple[str, ...]] | None:
    """A module's file within crmlib, the hash of its content, and what it imports; None: there is no such module."""
    place = lib.joinpath(*module.split(".")) if module else lib
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not path.is_file():
        return None
    content = path.read_bytes()
    package = path.relative_to(lib).parent.parts
    return path.relative_to(lib).as_posix(), _sha(content), tuple(set(imported(content.decode(), list(package))))


def _books() -> list[Path]:
    return sorted((LIB / "texts").glob("*/*.yml"))


def _sections(path: Path, frame: bool) -> bytes:
    """A file of texts: its section for the frame, or all others."""
    sections = re.split(r"^(?=\S)", path.read_text("utf-8"), flags=re.M)
    return "".join(s for s in sections if s.startswith(f"{FRAME}:") == frame).encode()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
