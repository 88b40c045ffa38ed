"""The benchmarks measure what they say: the floor makes the notebooks' calls, the company passes the door, no process is forgotten."""

import ast
import json
import subprocess
import sys

import pytest

from crmlib import places, sources
from crmlib.crm import open_crm

FOLDER = places.ROOT / "benchmarks"
NOTEBOOKS = sorted((places.ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_floor_makes_every_call_of_a_notebook(path):
    from floor import module_of

    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    code = [ast.parse("".join(c["source"])).body for c in cells if "parameters" not in c["metadata"].get("tags", [])]
    made = ast.parse(module_of(path.stem)).body
    (run,) = [node for node in made if isinstance(node, ast.FunctionDef)]
    shown = [ast.unparse(n.value.args[0]) for n in run.body if ast.unparse(n).startswith("show(")]
    assert shown == [ast.unparse(lines[-1].value) for lines in code if isinstance(lines[-1], ast.Expr)] and len(shown) > 5
    assert len(run.body) + len(made) - 1 == sum(map(len, code))
    assert [a.arg for a in run.args.args] == ["show", "source", "period", "team", "languages"]


@pytest.mark.parametrize("teams", [1, 8])
def test_a_company_of_any_size_passes_the_door(tmp_path, monkeypatch, teams):
    from company import DELIVERY, PERIOD, deliver, team_names

    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    deliver(tmp_path / "company", 3_000, teams)
    prepared = sources.prepare(str(tmp_path / "company"))
    assert {name for name, t in prepared.tables.items() if t["rows"]} == set(DELIVERY)
    crm = open_crm(str(tmp_path / "company"), PERIOD)
    assert sorted(crm.teams) == sorted(team_names(teams))
    assert {n: crm.rows(n) for n in ("interactions", "opportunities", "feedback")} == {
        "interactions": 3_000, "opportunities": 300, "feedback": 300,
    }  # fmt: skip
    open_deals = crm.frame("opportunities", ["closed_at"])["closed_at"].isna().sum()
    assert 20 < open_deals < 150 and 2_900 < crm.rows("orders") < 3_000


def test_what_a_command_leaves_behind_is_waited_for_and_counted():
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    code = f"import sys, measure; measure.PATIENCE = 0; c = measure.measured([sys.executable, '-c', {leave!r}]); print(c.work)"
    said = subprocess.run([sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True).stdout
    assert 0.6 <= float(said) < 10
