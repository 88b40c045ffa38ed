"""The two engines: a notebook shows the same whether it runs in a fork of the warmed process or in a kernel of its own."""

import json
import re
import subprocess
import sys

import pytest
import tiny

from crmlib import places, run
from crmlib.params import Limits
from crmlib.plan import Job

SHOWN = [
    "print('a'); print('b', end='')",
    "import sys; print('to stderr', file=sys.stderr)",
    "import pandas as pd\nfrom IPython.display import HTML, Markdown, display, update_display",
    "pd.DataFrame({f'c{i}': [i] for i in range(30)})",  # how many columns are shown depends on where pandas thinks it is
    "pd.Series([1.5, None], name='x')",
    "display(HTML('<b>1</b>')); print('between'); display(Markdown('*2*')); 3",
    "display('first', display_id='d')\nupdate_display('second', display_id='d')",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2]);",  # drawn when the cell ends
    "plt.figure(figsize=(2, 1)); plt.bar(['a'], [1]); plt.show(); print('after')",
    "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "_ + ' twice'",
    "%precision 3\n1/3",
    "class Bundle:\n    def _repr_mimebundle_(self, **kw):\n        return {'text/html': '<i>x</i>', 'application/x+json': {'a': [1]}}\nBundle()",
    "from IPython.display import clear_output\nprint('gone'); clear_output(); print('stays')",
    "print('\\udc80 no text')",
    "import numpy, datetime\nclass Odd:\n    def _repr_mimebundle_(self, **kw):\n        return {'application/x+json': {'n': numpy.int64(3), 'd': datetime.datetime(2026, 1, 2)}}\nOdd()",
    "print('kept until'); clear_output(wait=True)",
    "print('goes'); clear_output(wait=True); print('comes')",
    "import os; (os.getcwd() == os.environ['CRM_ROOT'] if 'CRM_ROOT' in os.environ else None, __name__)",
    "None",
    "x = 5; x;",
    "get_ipython().execution_count",
]


def executed(engine, folder, root, reports, **job):
    jobs = [
        Job(report, job.get("period", "2026-10"), job.get("team", "north"), job.get("source", "demo"), ("en", "zh"))
        for report in reports
    ]
    tasks = run.tasks(jobs, run.runs() / f"{folder}-{engine}", Limits(cell_seconds=120))
    outcomes = run.execute_all(tasks, 2, lambda *told: None, engine)
    assert [o.error for o in outcomes if o.error and "no block" not in o.error] == []
    return {o.job.report: json.loads(o.executed.read_text("utf-8")) for o in outcomes}


def outputs(nb):
    """What the code cells show, without what differs from one run to the next of the same engine."""
    text = json.dumps([(c["outputs"], c["execution_count"]) for c in nb["cells"] if c["cell_type"] == "code"], sort_keys=True)
    return json.loads(re.sub(r"T_[0-9a-f]{5}|0x[0-9a-f]+", "…", text))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return tmp_path


def test_all_kinds_of_outputs_are_the_same(here, monkeypatch):
    monkeypatch.setattr(places, "ROOT", here)
    tiny.write(here / "notebooks" / "shown.ipynb", tiny.notebook(*SHOWN))
    ours, theirs = (outputs(executed(engine, "shown", here, ["shown"])["shown"]) for engine in (run.ENGINE, "kernel"))
    assert len(ours) == len(theirs)
    for code, mine, its in zip(["parameters", *SHOWN], ours[-len(SHOWN) - 1 :], theirs[-len(SHOWN) - 1 :], strict=True):
        assert mine == its, code
    assert "image/png" in json.dumps(ours)  # the charts are there, not equal for being lost in both


def test_what_a_program_started_by_a_cell_writes_is_shown(here, monkeypatch):
    monkeypatch.setattr(places, "ROOT", here)
    tiny.write(
        here / "notebooks" / "beside.ipynb",
        tiny.notebook(
            "import os, subprocess, sys",
            "os.system('echo hello'); print('own')",
            "subprocess.run(['echo', 'by a program'], stdout=sys.stdout)",
            "os.system('echo oh >&2')",
        ),
    )
    shown = outputs(executed(run.ENGINE, "beside", here, ["beside"])["beside"])
    streams = [(o["name"], "".join(o["text"])) for cell, _ in shown for o in cell if o["output_type"] == "stream"]
    assert ("stdout", "own\nhello\n") in streams and ("stdout", "by a program\n") in streams and ("stderr", "oh\n") in streams


def test_papermill_itself_knows_the_engine(here):
    """`papermill --engine crm`: by the entry point, in a process that never heard of us."""
    nb = tiny.write(here / "a.ipynb", tiny.notebook("1 + 1"))
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        run.ENGINE,
        "--no-progress-bar",
        str(nb),
        str(here / "b.ipynb"),
        "-p",
        "team",
        "x",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads((here / "b.ipynb").read_text("utf-8"))
    assert made["cells"][-1]["outputs"][0]["data"]["text/plain"] in ("2", ["2"])


@pytest.mark.long
@pytest.mark.parametrize("team", ["all", "north"])
def test_every_notebook_shows_the_same_in_both(here, small_demo, team):
    reports = sorted(p.stem for p in (places.ROOT / "notebooks").glob("*.ipynb"))
    job = {"source": str(small_demo), "team": team}
    ours, theirs = (executed(engine, team, here, reports, **job) for engine in (run.ENGINE, "kernel"))
    for report in reports:
        assert outputs(ours[report]) == outputs(theirs[report]), report
