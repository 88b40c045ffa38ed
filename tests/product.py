"""Run a report's notebook in this process, cell by cell, and build what the machine would publish of it.

The same cells, blocks, twins and pages as a run of the machine, without the seconds that a kernel takes to start:
tests of what pages say use it; tests of running and publishing use the machine.
"""

import ast
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from crmlib import customfile, pages, places
from crmlib.plan import Job
from crmlib.sources import prepare


def executed(report: str, **parameters) -> nbformat.NotebookNode:
    """A report's notebook with its outputs; of a page without code the one that they have in common."""
    nb = nbformat.read(places.notebook(report), 4)
    parameters |= {"file": slug} if (slug := places.custom_slug(report)) else {}
    names: dict = {}
    for count, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), 1):
        shown = _run(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names.update(parameters)
        cell.execution_count = count
        if shown is not None:
            cell.outputs = [new_output("execute_result", shown._repr_mimebundle_(), execution_count=count)]
    return nb


def _run(source: str, names: dict):
    """What the cell's last line shows, as a notebook would."""
    lines = ast.parse(source).body
    last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
    exec(compile(ast.Module(lines, []), "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def built(
    report: str, folder: Path, source: str, period: str, team: str = "all", languages=("en", "zh")
) -> dict[str, pages.Built]:
    """Page and facts in every language: what would be published."""
    nb = executed(report, source=source, period=period, team=team, languages=list(languages))
    path = folder / f"{abs(hash((source, period, team)))}.ipynb"
    nbformat.write(nb, path)
    made = pages.build(Job(report, period, team, source, tuple(languages)), path)
    return {one.lang: one for one in made}


def facts(report: str, folder: Path, source: str, period: str, team: str = "all", languages=("en",)) -> dict:
    return built(report, folder, source, period, team, languages)[languages[0]].facts


def every_report() -> list[str]:
    """All reports there are: notebooks, and the files of params/custom in place of the one notebook that they share."""
    names = {p.stem for p in (places.ROOT / "notebooks").glob("*.ipynb")} - {places.CUSTOM}
    return sorted(names | {places.CUSTOM_NAME + slug for slug in customfile.slugs()})


def some_reports(*quick: str) -> list:
    """All reports to parametrise a test by; those that are not named are long."""
    names = every_report()
    assert set(quick) <= set(names)
    return [name if name in quick else pytest.param(name, marks=pytest.mark.long) for name in names]


def nothing_kept(folder: Path, patch: pytest.MonkeyPatch, source: str) -> None:
    """A folder of the test's own for what is made, where the source is prepared and nothing else is: no kept table, no model."""
    stores = prepare(source).folder.parent
    patch.setenv("CRM_OUT", str(folder / "out"))
    (places.work() / stores.name).symlink_to(stores)
    assert [p.name for p in places.work().iterdir()] == [stores.name]
