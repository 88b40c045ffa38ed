"""What makes a notebook one of ours before it is run, and good after it was run."""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

from . import places
from .errors import CrmError, UsageError, nearest

PARAMETERS = ("source", "period", "team", "languages")
STATISTICS = "statistics"  # the table of all key figures is called so
CUSTOM_PARAMETER = "file"  # of the notebook of pages without code: which file of params/custom
TWIN = "application/vnd.crmlib.block+json"
_RIGHT = {
    "kernel": "Right is a kernelspec called python3",
    "language": "Right is the language python",
    "name": "Right is any other name",
    "tag": "Right is one code cell with the tag 'parameters'",
}


# jsonschema's optional check of addresses builds a grammar when nbformat is first imported: one second a
# process, and no notebook has an address to check. Without that package the check is left out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


class ReportFault(CrmError):
    """One report cannot be published; the others go on."""


def path_of(report: str) -> Path:
    """The notebook of a report's name; a name without one is refused with the nearest."""
    found = places.notebook(report)
    if not found.is_file():
        known = [p.stem for p in found.parent.glob("*.ipynb") if p.stem != places.CUSTOM]
        hint = nearest(report, known) if known else "notebooks/ is empty"
        raise UsageError(f"There is no notebook notebooks/{found.name}; {hint} Change reports in the params file.")
    return found


def check(path: Path) -> None:
    """Refuse a notebook that could not be run with our parameters, before anything is started."""
    try:
        nb = json.loads(path.read_text("utf-8"))
        cells, meta = nb["cells"], nb["metadata"]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path.name} is no notebook. Right is Jupyter's format 4. Save it again in JupyterLab.") from None
    if path.stem == STATISTICS:
        _refuse(path, "has the name of the table of all key figures", "name")
    spec = meta.get("kernelspec") or {}
    if spec.get("name") != "python3":
        _refuse(path, f"names the kernel {spec.get('name')!r}", "kernel")
    if ((meta.get("language_info") or {}).get("name") or spec.get("language")) != "python":
        _refuse(path, "names no language python", "language")
    tagged = [c for c in cells if c["cell_type"] == "code" and "parameters" in tags(c)]
    if len(tagged) != 1:
        _refuse(path, f"has {len(tagged)} code cells with the tag 'parameters'", "tag")
    _check_names(path, source(tagged[0]))


def _refuse(path: Path, wrong: str, right: str) -> None:
    raise UsageError(f"notebooks/{path.name} {wrong}. {_RIGHT[right]}. Change it in JupyterLab and save.")


def _check_names(path: Path, code: str) -> None:
    try:
        body = ast.parse(code).body
    except SyntaxError:
        raise UsageError(f"The parameters cell of notebooks/{path.name} is not Python. Change it in JupyterLab.") from None
    targets = [t for s in body for t in (s.targets if isinstance(s, ast.Assign) else [getattr(s, "target", None)])]
    names = {t.id for t in targets if isinstance(t, ast.Name)}
    needed = (*PARAMETERS, CUSTOM_PARAMETER) if path.stem == places.CUSTOM else PARAMETERS
    for name in needed:
        if name not in names:
            raise UsageError(
                f"The parameters cell of notebooks/{path.name} has no {name!r}. "
                f"It has: {', '.join(sorted(names)) or 'nothing'}. "
                f"Needed are {', '.join(needed)}; add them there."
            )


def tags(cell: dict[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def source(cell: dict[str, Any]) -> str:
    """A cell's text; the file format allows a list of lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def section(cell: dict[str, Any]) -> str | None:
    """The id of the section that a heading cell opens."""
    return next((tag.partition(":")[2] for tag in tags(cell) if tag.startswith("section:")), None)


def in_language(cell: dict[str, Any], lang: str) -> bool:
    """Whether a Markdown cell goes on the pages of this language; one without a language goes on all."""
    spoken = {tag for tag in tags(cell) if tag in ("en", "zh")}
    return not spoken or lang in spoken


def title(nb: dict[str, Any], lang: str) -> str | None:
    """What a notebook calls itself, in a language: its first heading."""
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown" and in_language(cell, lang) and (m := _heading(source(cell))):
            return m[1]
    return None


def _heading(text: str) -> re.Match[str] | None:
    return re.search(r"^#{1,4}\s+(.+?)\s*#*$", text, re.M)


def near(cells: list[Any], index: int, lang: str = "en") -> str:
    """Where a cell stands, as its author knows it: the nearest heading above."""
    for cell in reversed(cells[: index + 1]):
        if cell["cell_type"] == "markdown" and in_language(cell, lang) and (m := _heading(source(cell))):
            return f"the cell under {m[1]!r}"
    return f"cell {index + 1}"


def fault(nb: dict[str, Any]) -> str | None:
    """Why an executed notebook must not be published; None where it is good. What raised is said first."""
    found = []
    for i, cell in enumerate(nb["cells"]):
        if cell["cell_type"] != "code" or not source(cell).strip():
            continue
        wrong = [w for w in map(_wrong, cell["outputs"]) if w]
        if not wrong and cell.get("execution_count") is None:
            wrong = ["never ran: the notebook ended early"]
        found += [f"{near(nb['cells'], i)} {w}" for w in wrong]
    return next((f for f in found if " raised " in f), found[0] if found else None)


def _wrong(output: dict[str, Any]) -> str | None:
    kind = output["output_type"]
    if kind == "error":
        return f"raised {short(output['ename'], output['evalue'])}"
    if kind == "stream":
        trace = output["name"] == "stderr" and "Traceback (most recent call last)" in "".join(output["text"])
        return "wrote a traceback to stderr" if trace else None
    if TWIN not in output.get("data", {}):
        return "shows something that is no block; wrap it in page.table or page.figure, or end the line with ;"
    return None


def short(name: str, value: str) -> str:
    """An exception in one line: its name and message, without traceback."""
    text = " ".join(str(value).split())
    return f"{name}: {text[:300]}" if text else name


def without_paths(text: str) -> str:
    """A message without the places of this machine.

    >>> without_paths("No such file: '/srv/crm/data/x.csv'")
    "No such file: '…/x.csv'"
    """
    return re.sub(r"(?:~|[A-Za-z]:)?(?:[/\\][^\s/'\":]+){2,}", lambda m: "…/" + re.split(r"[/\\]", m[0])[-1], text)
