"""Who may import whom, how long a room may grow, and what no room may do. The table is house.md's."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import ibis
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from crmlib import places, texts
from crmlib.schema import tables

ROOT = places.ROOT
LIB = ROOT / "crmlib"
LONGEST_FILE, LONGEST_FUNCTION = 250, 36

FOUNDATIONS = {
    "errors",
    "periods",
    "fmt",
    "texts",
    "store",
    "places",
    "settings",
    "sql",
    "ledger",
    "told",
    "imports",
    "reasons",
    "metric_list",
    "titles",
}
DOOR = {"schema", "formats", "typed", "files", "workbook", "expressions", "mapping", "mapped", "csvfile", "inputs", "stages", "teams", "money",
        "coverage", "parquet", "leftout", "checkup", "sources", "crm", "asof", "marks", "kept", "delivery", "heard", "saved", "fields", "asked", "custom", "customfile"}  # fmt: skip
NUMBERS = {"measures", "means", "goals", "kpi", "metrics", "models"}
PICTURES = {"theme", "raster", "charts"}
MACHINE = {"params", "plan", "run", "publish", "pages", "facts", "twins", "navigation", "index", "releases", "lock", "kernel", "execution", "notebook",
           "sections", "frame", "intake", "progress", "batch", "process", "shell", "engine", "crew", "zygote", "warmed", "restated", "telling", "backup", "records", "causes", "ageing", "newreport", "cells", "sheets", "exports", "explained", "statistics_table", "subjects", "__main__"}  # fmt: skip
MAY_IMPORT = {
    **dict.fromkeys(FOUNDATIONS, FOUNDATIONS),
    **dict.fromkeys(DOOR, FOUNDATIONS | DOOR),
    "measures": {"errors"},
    "means": set(),
    "goals": {"periods", "crm"},
    "kpi": {"errors", "periods", "schema", "crm", "measures", "means", "goals"},
    **{room: {"errors", "periods", "schema", "asked", "custom", "crm"} | NUMBERS for room in ("metrics", "models")},
    "findings": FOUNDATIONS | NUMBERS | {"schema", "custom", "crm", "findings"},
    **dict.fromkeys(PICTURES, {"errors", "periods", "fmt", "texts"} | PICTURES),
    "blocks": FOUNDATIONS | NUMBERS | PICTURES | {"schema", "fields", "asked", "custom", "crm", "marks", "findings", "blocks"},
    "demo": FOUNDATIONS | {"schema", "demo"},
    **dict.fromkeys(MACHINE, FOUNDATIONS | DOOR | MACHINE | {"demo"}),
}
# what these rooms would need to touch the disk, the clock, chance, the network or the page
FOREIGN = {
    "metrics": {
        "matplotlib",
        "seaborn",
        "IPython",
        "os",
        "pathlib",
        "time",
        "random",
        "subprocess",
        "socket",
        "urllib",
        "requests",
        "duckdb",
        "sys",
    },
    "charts": {"ibis", "duckdb", "IPython", "os", "subprocess", "random", "time"},
    "measures": {"pandas", "duckdb", "matplotlib", "os"},
}
FOREIGN["models"] = FOREIGN["metrics"]


class Room:
    """One file of crmlib: its name, its tree, what it imports."""

    def __init__(self, path: Path):
        self.path, self.tree = path, ast.parse(path.read_text("utf-8"))
        self.parts = [p for p in path.relative_to(LIB).with_suffix("").parts if p != "__init__"]
        self.name = ".".join(self.parts)
        self.package = list(path.relative_to(LIB).parent.parts)

    def __repr__(self) -> str:
        return self.name or "crmlib"

    @property
    def room(self) -> str:
        return self.parts[0] if self.parts else ""

    def imports(self) -> list[tuple[str, list[str]]]:
        """(module within crmlib, names taken from it) of each import that runs; those for type checkers alone do not."""
        typing = {
            id(n)
            for i in ast.walk(self.tree)
            if isinstance(i, ast.If) and "TYPE_CHECKING" in ast.unparse(i.test)
            for n in ast.walk(i)
        }
        found = []
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.ImportFrom)
                and id(node) not in typing
                and (node.level or (node.module or "").startswith("crmlib"))
            ):
                base = self.package[: len(self.package) - node.level + 1] if node.level else []
                module = [m for m in (node.module or "").removeprefix("crmlib").split(".") if m]
                if module:
                    found.append((".".join(base + module), [a.name for a in node.names]))
                else:
                    found += [(".".join([*base, a.name]), [a.name]) for a in node.names]
        return found

    def foreign(self) -> set[str]:
        nodes = [n for n in ast.walk(self.tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        absolute = [n.module for n in nodes if isinstance(n, ast.ImportFrom) and not n.level and n.module]
        return {m.split(".")[0] for m in absolute} | {
            a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names
        }


@cache
def rooms() -> tuple[Room, ...]:
    return tuple(Room(p) for p in sorted(LIB.rglob("*.py")))


def functions(room: Room):
    return [n for n in ast.walk(room.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_room_has_its_floor():
    assert {r.room for r in rooms()} - {""} <= set(MAY_IMPORT)


def test_imports_go_downward_only():
    wrong = [f"{r} imports {m}" for r in rooms() if r.room for m, _ in r.imports() if m.split(".")[0] not in MAY_IMPORT[r.room]]
    assert wrong == []


def test_no_room_imports_itself_by_a_detour():
    graph = {r.name: {m for m, _ in r.imports()} for r in rooms()}
    known = set(graph)
    graph = {n: {m if m in known else m.rpartition(".")[0] for m in ms} - {n, n.partition(".")[0]} for n, ms in graph.items()}

    def reached(start):
        seen, todo = set(), [start]
        while todo:
            for step in graph.get(todo.pop(), ()):
                if step not in seen:
                    seen.add(step)
                    todo.append(step)
        return seen

    assert [n for n in graph if n and n in reached(n)] == []


def test_numbers_touch_no_disk_no_clock_no_page():
    wrong = [f"{r} imports {m}" for r in rooms() for m in sorted(r.foreign() & FOREIGN.get(r.room, set()))]
    clock = re.compile(r"\b(date|datetime|Timestamp|time)\.(today|now|utcnow|time)\(")
    wrong += [
        f"{r} asks the time"
        for r in rooms()
        if r.room in ("metrics", "models", "findings", "charts", "kpi", "asof") and clock.search(ast.unparse(r.tree))
    ]
    assert wrong == []


def test_nobody_waits_for_what_fits_models_but_who_fits_one():
    """A page that only reads tables must not pay a second for it, and nothing of it may have run when notebooks are forked."""
    tops = [(r, n) for r in rooms() for n in r.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [f"{r}: line {n.lineno}" for r, n in tops if re.search(r"\b(sklearn|skops)\b", ast.unparse(n))] == []


def test_numbers_are_handed_what_the_ledger_holds():
    """A kept table is keyed by the data and the code; what a notebook reads in the ledger is noted of its page alone."""
    calls = [(r, n) for r in rooms() if r.room in NUMBERS | {"findings"} for n in ast.walk(r.tree) if isinstance(n, ast.Call)]
    asks = [(r, n.lineno) for r, n in calls if isinstance(n.func, ast.Attribute) and n.func.attr == "told" and len(n.args) == 3]
    assert asks == []


def test_nobody_takes_another_s_private_parts():
    wrong = [
        f"{r} takes {m}.{n}"
        for r in rooms()
        for m, names in r.imports()
        for n in names
        if n.startswith("_") and not n.startswith("__")
    ]
    assert wrong == []


def test_rooms_and_functions_stay_small():
    long = [f"{r}: {n} lines" for r in rooms() if (n := len(r.path.read_text("utf-8").splitlines())) > LONGEST_FILE]
    for room in rooms():
        for f in functions(room):
            first = f.body[1] if ast.get_docstring(f) and len(f.body) > 1 else f.body[0]
            if (f.end_lineno or 0) - first.lineno >= LONGEST_FUNCTION:
                long.append(f"{room}.{f.name}: {(f.end_lineno or 0) - first.lineno + 1} lines")
    assert long == []


def test_no_room_is_a_drawer_for_the_rest():
    assert [r for r in rooms() if {"utils", "util", "helpers", "common", "misc", "base"} & set(r.parts)] == []


def test_no_failure_is_swallowed():
    wrong = []
    for room in rooms():
        for node in (n for n in ast.walk(room.tree) if isinstance(n, ast.ExceptHandler)):
            broad = node.type is None or "Exception" in ast.unparse(node.type).replace("duckdb.", "")
            if broad and all(isinstance(s, ast.Pass | ast.Continue) for s in node.body):
                wrong.append(f"{room}: line {node.lineno}")
    assert wrong == []


def test_only_the_command_line_prints():
    wrong = [f"{r}: line {n.lineno}" for r in rooms() if r.room not in ("__main__", "progress") for n in ast.walk(r.tree)
             if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"]  # fmt: skip
    assert wrong == []


# ------------------------------------------------------------------------------------------------ numbers


EXPRESSIONS = {"mutate", "agg", "aggregate", "select", "filter", "order_by", "group_by", "cases", "ifelse"}


def test_no_metric_divides_or_adds_money_within_an_ibis_expression():
    """What is written outright; conftest.py watches what happens in every test."""
    wrong, money = [], {c for t in tables().values() for c in t.money}
    for room in (r for r in rooms() if r.room in ("metrics", "models")):
        calls = [
            n
            for n in ast.walk(room.tree)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in EXPRESSIONS
        ]
        inside = [n for call in calls for value in [*call.args, *(k.value for k in call.keywords)] for n in ast.walk(value)]
        wrong += [f"{room}: / in line {n.lineno}" for n in inside if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
        wrong += [f"{room}: money in line {n.lineno}" for n in inside if isinstance(n, ast.Attribute) and n.attr in ("sum", "mean")
                  and isinstance(n.value, ast.Attribute) and n.value.attr in money]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("t.a / t.n", "ratio"),
        ("1 / t.n", "ratio"),
        ("t.m.sum()", "total"),
        ("t.m.mean()", "total"),
        ("t.a.sum()", None),
        ("t.a + t.n", None),
        ("3 / 2", None),
    ],
)
def test_the_watch_over_divisions_and_sums_is_awake(code, caught):
    table = ibis.table({"a": "int64", "n": "int64", "m": "decimal(18, 4)"}, name="t")
    run = compile(code, str(LIB / "metrics" / "example.py"), "eval")
    if caught:
        with pytest.raises(AssertionError, match=caught):
            eval(run, {"t": table})
    else:
        eval(run, {"t": table})
    eval(compile(code, __file__, "eval"), {"t": table})  # elsewhere it is nobody's business


def test_what_metrics_measure_has_a_name_and_a_meaning_in_both_languages():
    marked = [(r, f.name) for r in rooms() if r.room in ("metrics", "models") for f in functions(r)
              if any(ast.unparse(d).startswith("measured(") for d in f.decorator_list)]  # fmt: skip
    assert marked
    for lang in ("en", "zh"):
        metrics = texts._book(lang)["metrics"]
        assert [f"{r}.{name}" for r, name in marked if not {"name", "means"} <= set(metrics.get(name, ()))] == [], lang


def test_every_metric_says_what_it_needs_and_returns():
    marked = [
        (r, f)
        for r in rooms()
        if r.room == "metrics"
        for f in functions(r)
        if any(ast.unparse(d).startswith("measured(") for d in f.decorator_list)
    ]
    wrong = [f"{r}.{f.name}" for r, f in marked if not re.search(r"Needs \w+.*→", ast.get_docstring(f) or "", re.S)]
    assert wrong == []


# ------------------------------------------------------------------------------------------------ words, dependencies


def leaves(node, path=""):
    if isinstance(node, dict):
        return {k: v for key, inner in node.items() for k, v in leaves(inner, f"{path}.{key}").items()}
    return {path: node}


def test_both_languages_say_the_same_things_with_the_same_values():
    en, zh = (leaves(texts._book(lang)) for lang in ("en", "zh"))
    differ = sorted(k for k in set(en) ^ set(zh) if not k.startswith(".words."))  # a word of the data may stand as it is
    assert differ == []
    holes = {key: [set(re.findall(r"{(\w+)[^}]*}", str(book[key]))) for book in (en, zh)] for key in set(en) & set(zh)}
    assert {key: pair for key, pair in holes.items() if pair[0] != pair[1]} == {}
    assert [k for book in (en, zh) for k, v in book.items() if v is None or str(v).strip() == ""] == []


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked() -> dict[str, Version]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): Version(version) for name, version in lines}


def test_the_lock_holds_all_that_the_project_asks_for():
    asked = [Requirement(r) for r in [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]]
    missing = [
        str(r) for r in asked if (v := locked().get(re.sub(r"[-_.]+", "-", r.name).lower())) is None or v not in r.specifier
    ]
    assert missing == []


def test_the_lock_names_no_index_and_pins_every_file():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"^--?(extra-)?(index|find)|https?://|file:|/home/|/work/", text, re.M)
    entries = [e for e in re.split(r"\n(?=\S)", text.strip()) if not e.startswith("#")]
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []


def test_there_is_no_second_list_of_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    version = project()["requires-python"].removeprefix(">=")
    assert environment["dependencies"] == [f"python={version}", "pip", {"pip": ["-r requirements.lock"]}]
    assert not [
        p.name
        for p in ROOT.iterdir()
        if (p.name.startswith("requirements") and p.name != "requirements.lock") or p.name in ("setup.py", "Pipfile")
    ]


def test_no_file_names_a_place_on_this_machine():
    files = [
        p
        for folder in ("crmlib", "params", "notebooks", "tests")
        for p in (ROOT / folder).rglob("*")
        if p.suffix in (".py", ".yml", ".ipynb", ".j2", ".css")
    ]
    here = re.compile(rf"{re.escape(str(ROOT))}|/(?:home|root|Users)/\w")
    found = [
        f"{p.name}: {m[0]}"
        for p in files
        if ".ipynb_checkpoints" not in p.parts
        for m in [here.search(p.read_text("utf-8"))]
        if m
    ]
    assert found == []


def test_what_readers_of_the_readme_are_sent_to_is_there():
    named = re.findall(r"`((?:crmlib|notebooks|tests)/[\w./-]*)`", (ROOT / "README.md").read_text("utf-8"))
    assert named and [n for n in named if not (ROOT / n).exists()] == []
