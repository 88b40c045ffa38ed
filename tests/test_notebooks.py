"""Every notebook that is published: sentences ask and short cells answer, in a fixed order, in both languages; nothing else."""

import ast
import builtins
import json
import re

import nbformat
import pytest
import yaml

from crmlib import places
from crmlib.twins import SECTIONS

NOTEBOOKS = sorted((places.ROOT / "notebooks").glob("*.ipynb"))
REPORTS = [p for p in NOTEBOOKS if p.stem != "prepare"]
LANGUAGES = ("en", "zh")
PARAMETERS = {"source": "str", "period": "str", "team": "str", "languages": "list"}
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.Lambda, ast.Global,
             ast.Delete, ast.Raise, ast.Assert, ast.Await)  # fmt: skip
CALLS = {
    "open",
    "exec",
    "eval",
    "compile",
    "input",
    "print",
    "display",
    "HTML",
    "Markdown",
    "SVG",
    "Javascript",
    "Image",
    "get_ipython",
    "breakpoint",
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def nb(request):
    return nbformat.read(request.param, 4)


@pytest.fixture(params=REPORTS, ids=lambda p: p.stem)
def report(request):
    return nbformat.read(request.param, 4)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def code(nb) -> list:
    return [c for c in nb.cells if c.cell_type == "code"]


def prose(nb, lang: str) -> list:
    return [c for c in nb.cells if c.cell_type == "markdown" and lang in tags(c)]


def test_there_is_one_for_every_report_that_is_run():
    listed = {
        r for path in (places.ROOT / "params").glob("*.yml") for r in yaml.safe_load(path.read_text("utf-8")).get("reports") or []
    }
    assert {r if isinstance(r, str) else next(iter(r)) for r in listed} - {"custom"} <= {p.stem for p in NOTEBOOKS}


def test_it_is_a_valid_notebook_without_outputs(nb):
    nbformat.validate(nb)
    for cell in code(nb):
        assert cell.outputs == [] and cell.execution_count is None
    assert not [c for c in nb.cells if c.get("attachments")]


def test_it_says_what_runs_it(nb):
    assert nb.metadata.kernelspec.name == "python3" and nb.metadata.kernelspec.display_name
    assert nb.metadata.kernelspec.language == nb.metadata.language_info.name == "python"
    assert set(nb.metadata) == {"kernelspec", "language_info"}  # no trace of whoever last saved it
    assert set(nb.metadata.language_info) == {"name"}


def test_ids_of_cells_differ_and_stay(nb):
    ids = [c.id for c in nb.cells]
    assert len(set(ids)) == len(ids)


def test_one_cell_holds_the_four_parameters_typed_and_commented(nb, request):
    (cell,) = [c for c in code(nb) if "parameters" in tags(c)]
    lines = cell.source.splitlines()
    made = [ast.parse(line).body[0] for line in lines]
    further = {"file": "str"} if request.node.callspec.id == "custom" else {}  # the one notebook of many pages: which of them
    assert {n.target.id: ast.unparse(n.annotation) for n in made} == PARAMETERS | further
    assert all(isinstance(n, ast.AnnAssign) and n.value is not None for n in made)
    assert all(re.search(r"  # \w.{10,}", line) for line in lines)


def test_its_defaults_are_the_shipped_demo(nb):
    (cell,) = [c for c in code(nb) if "parameters" in tags(c)]
    names: dict = {}
    exec(cell.source, names)
    assert (places.ROOT / "params" / "sources" / f"{names['source']}.yml").is_file() and names["source"] == "demo"
    assert names["team"] == "all" and names["languages"] == ["en", "zh"] and re.fullmatch(r"\d{4}-\d{2}", names["period"])


def test_cells_compute_and_show_and_define_nothing(nb):
    for cell in code(nb):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, FORBIDDEN), (cell.id, type(node).__name__)
            if isinstance(node, ast.ImportFrom):
                assert not any(a.name == "*" for a in node.names), cell.id
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert {(getattr(node, "module", None) or a.name).split(".")[0] for a in node.names} <= {
                    "crmlib",
                    "pandas",
                    "ibis",
                }, cell.id
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert called not in CALLS and not called.startswith("to_html"), (cell.id, called)


def test_no_magic_and_no_shell(nb):
    assert not [c.id for c in code(nb) if re.search(r"^\s*[%!?]|[?]\s*$", c.source, re.M)]


def test_cells_are_short(nb):
    for cell in code(nb):
        if "parameters" not in tags(cell):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert 1 <= len(lines) <= 6 and max(map(len, lines)) <= 140, cell.id


def test_no_name_hides_one_of_python_s(nb):
    bound = {
        n.id for c in code(nb) for n in ast.walk(ast.parse(c.source)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    assert not bound & set(dir(builtins))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_there_is_at_least_as_much_prose_as_code(nb, lang):
    """By cells, both languages together; in each of them at least one sentence for every two cells that compute."""
    told, answers = len(prose(nb, lang)), len([c for c in code(nb) if "parameters" not in tags(c)])
    assert sum(len(prose(nb, g)) for g in LANGUAGES) >= answers and told >= answers / 2, (told, answers)


def test_every_prose_cell_is_in_one_language_and_both_languages_say_the_same_things(nb):
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            assert len(set(tags(cell)) & set(LANGUAGES)) == 1, cell.id
    kinds = {g: [[t for t in tags(c) if t != g] for c in prose(nb, g)] for g in LANGUAGES}
    assert kinds["en"] == kinds["zh"]
    places_ = {g: [sum(d.cell_type == "code" for d in nb.cells[: nb.cells.index(c)]) for c in prose(nb, g)] for g in LANGUAGES}
    assert places_["en"] == places_["zh"]  # side by side, before the same cells


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sections_stand_in_the_fixed_order(report, lang):
    opened = [t.removeprefix("section:") for c in prose(report, lang) for t in tags(c) if t.startswith("section:")]
    assert opened == list(SECTIONS)
    for cell in prose(report, lang):
        heading = re.match(r"(#+) ", cell.source)
        level = 1 if cell is prose(report, lang)[0] else 2 if any(t.startswith("section:") for t in tags(cell)) else None
        assert (len(heading[1]) if heading else None) == level or (level is None and len(heading[1]) > 2), cell.id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_prose_states_no_figure(nb, lang):
    """The same notebook is published for many periods: a typed number would be somebody else's."""
    for cell in prose(nb, lang):
        words = re.sub(r"P90|99 ?%|`[^`]*`", "", cell.source)
        assert not re.search(r"\d|[一二三四五六七八九十百]成(?![商果为])", words), (cell.id, cell.source)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_prose_is_plain_text(nb, lang):
    for cell in prose(nb, lang):
        assert not re.search(r"<[a-zA-Z/!]|\]\(|!\[|\$", cell.source), cell.id
        english = re.findall(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){3}", cell.source)
        assert lang == "en" or not english, (cell.id, english)
        assert lang == "zh" or not re.search("[一-鿿]", cell.source), cell.id


def test_the_page_is_opened_first_and_closed_last(report):
    shown = [c.source.splitlines()[-1] for c in code(report)]
    opened = [i for i, line in enumerate(shown) if line == "page.opening()"]
    assert len(opened) == 1 and shown[-1] == "page.provenance()"
    first = next(i for i, c in enumerate(report.cells) if any(t.startswith("section:") for t in tags(c)))
    assert "page.opening()" in "".join(c.source for c in report.cells[:first])


def test_the_file_ends_as_the_tools_end_it(nb, request):
    path = next(p for p in NOTEBOOKS if p.stem == request.node.callspec.params["nb"].stem)
    text = path.read_bytes()
    assert text.endswith(b"}\n") and b"\r" not in text and json.loads(text)["nbformat"] == 4
