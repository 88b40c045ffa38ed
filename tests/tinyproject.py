"""A project of its own with two teams and one tiny notebook, and the command line in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import tiny

PARAMS = "every: month\nsource: data/tiny\nlanguages: [en, zh]\nreports: [funnel]\nlimits: {report_seconds: 60}\n"


def make(root, *cells):
    """The project in this folder; `cells` stand before the notebook's first block."""
    (root / "params").mkdir(parents=True)
    (root / "params" / "monthly.yml").write_text(PARAMS)
    (root / "data" / "tiny").mkdir(parents=True)
    (root / "data" / "tiny" / "reps.csv").write_text("rep_id,name,team\n1,Ann,north\n2,Bo,south\n")
    days = "\n".join(f"{n},2026-{m:02d}-{d:02d},10.00,{n % 2 + 1}" for n, (m, d) in enumerate([(8, 3), (9, 30), (10, 31)]))
    (root / "data" / "tiny" / "orders.csv").write_text(f"order_id,ordered_at,amount,rep_id\n{days}\n")
    nb = tiny.good()
    nb.cells[4:4] = [tiny.new_code_cell(cell) for cell in cells]
    tiny.write(root / "notebooks" / "funnel.ipynb", nb)
    return root


def environment(root, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("CRM_")}
    return env | {"CRM_ROOT": str(root), "CRM_WORKERS": "2", "CRM_TEAM": ""} | more


def crm(root, *words, **more):
    """The command line, to its end."""
    command = [sys.executable, "-m", "crmlib", *words]
    return subprocess.run(command, env=environment(root, **more), cwd=root, capture_output=True, text=True, timeout=120)


def started(root, *words, **more):
    """The command line, on its way."""
    command = [sys.executable, "-m", "crmlib", *words]
    return subprocess.Popen(command, env=environment(root, **more), cwd=root, stdout=-1, stderr=-1, text=True)


def out(root):
    return root / "reports_out"


def until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def marked(mark):
    """Processes that have our mark in their environment, however they were started: {number: command}."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (
                mark.encode() in (place / "environ").read_bytes()
                and (place / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
            ):
                found[int(place.name)] = (place / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found
