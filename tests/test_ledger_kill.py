"""A publishing process is killed at any moment: what readers saw is in the ledger, once, and nothing else is."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from crmlib import ledger, lock

TEAMS, CUSTOMERS = ("all", "north"), 3000
# A warmed process that forks a publisher for each line it is told. A publisher publishes again and again, each time with the
# next value on both teams' pages; with its second release it kills itself at the step named.
NURSERY = """
import os, signal, sys
from pathlib import Path
import duckdb, pyarrow, tiny
from tinysite import bring, cells, outcome
from crmlib import ledger, lock, pages, places, releases, told

def page(out, team, value):
    kpis = tiny.block(facts={"kpis": [tiny.KPI | {"value": value}]})
    rows = {"target": [f"c{n}" for n in range(CUSTOMERS)], "value": [value] * CUSTOMERS, "label": ["x"] * CUSTOMERS}
    sha256, count = told.keep(pyarrow.table(rows))
    said = {"kind": "score", "report": "churn", "sha256": sha256, "count": count, "unit": "share", "starts": "2026-11-01", "ends": "2027-02-01"}
    scores = tiny.block(page={"told": said})
    return outcome(out, team=team, made=[*(kpis if c is tiny.KPIS else c for c in cells(team)), scores])

def dies(room, name, when):
    real, die = getattr(room, name), lambda: os.kill(os.getpid(), signal.SIGKILL)
    def step(*words, **more):
        if when == "before":
            die()
        real(*words, **more)
        die()
    setattr(room, name, step)

def publish(out, first, moment):
    places.ROOT = out.parent
    for n in range(first, first + 100):
        if moment != "any" and n == first + 1:
            room, name, when = moment.split(".")
            dies({"ledger": ledger, "releases": releases}[room], name, when)
        with lock.one_run(out):
            bring(out, *(page(out, team, n / 1000) for team in ("all", "north")))

warm = page(Path(sys.argv[1]), "all", 0.0)
pages.build(warm.job, warm.executed)
for line in sys.stdin:
    out, first, moment = line.split()
    pid = os.fork()
    if not pid:
        publish(Path(out), int(first), moment)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    folders = os.pathsep.join(str(p) for p in (Path(__file__).parent, Path(__file__).parent.parent))
    start = [sys.executable, "-c", NURSERY.replace("CUSTOMERS", str(CUSTOMERS)), str(tmp_path_factory.mktemp("warm") / "out")]
    env = os.environ | {"PYTHONPATH": folders}
    with subprocess.Popen(start, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def publisher(nursery, out, first, moment="any"):
    """The id of a process that publishes."""
    nursery.stdin.write(f"{out} {first} {moment}\n")
    return int(nursery.stdout.readline())


def look(out):
    """What readers see now: each team's value."""
    seen = set()
    for team in TEAMS:
        page = out / "site" / team / "2026-10" / "funnel.json"
        if page.is_file():
            seen.add((team, json.loads(page.read_text("utf-8"))["kpis"][0]["value"]))
    return seen


def proved(out, seen):
    """The ledger after the next start, held against what readers saw."""
    with lock.one_run(out):
        pass
    assert ledger.damaged(out) == [] and list((out / "releases").glob("*.parquet*")) == []
    told = Counter(ledger.entries(out).filter("kind = 'kpi'").select("team", "value").fetchall())
    assert set(told.values()) == {1}  # none twice
    scores = Counter(ledger.entries(out).filter("kind = 'score' and label = 'x'").select("team", "value").fetchall())
    assert scores == dict.fromkeys(told, CUSTOMERS)  # every customer's, told with the page's figures or not at all
    assert seen <= told.keys()  # none is missing
    assert look(out) == {
        (team, max(v for t, v in told if t == team)) for team in TEAMS
    }  # none that was never shown: values only rise
    return told.keys()


MOMENTS = {
    "ledger.write.before": 1, "ledger.write.after": 1, "releases._switch.before": 1, "releases._switch.after": 2,
    "ledger._next_place.before": 2, "releases._forget_old.before": 2,
}  # fmt: skip


@pytest.mark.parametrize(("moment", "shown"), MOMENTS.items())
def test_killed_between_two_steps(nursery, out, moment, shown):
    """The second release dies at this step; before the switch it was never shown, after it its entries count."""
    publisher(nursery, out, 1, moment)
    assert int(nursery.stdout.readline()) == -signal.SIGKILL
    seen = look(out)
    assert seen == {(team, shown / 1000) for team in TEAMS}
    assert proved(out, seen) == {(team, n / 1000) for team in TEAMS for n in range(1, shown + 1)}
    publisher(nursery, out, 3, moment)  # and the next run goes on
    assert int(nursery.stdout.readline()) == -signal.SIGKILL
    assert len(proved(out, seen | look(out))) == 4 * shown


@pytest.mark.parametrize("moments", [pytest.param(20, marks=pytest.mark.long)])
def test_killed_at_random_moments(nursery, out, moments):
    chance, seen, first = random.Random(moments), set(), 1
    for _ in range(moments):
        pid = publisher(nursery, out, first)
        began = time.monotonic()
        while not (now := look(out)) or max(value for _, value in now) * 1000 < first:  # until it has published once
            assert time.monotonic() < began + 60
            time.sleep(0.001)
        deadline = time.monotonic() + chance.uniform(0, 0.5)
        while time.monotonic() < deadline:
            seen |= look(out)
        os.kill(pid, signal.SIGKILL)
        assert int(nursery.stdout.readline()) == -signal.SIGKILL
        told = proved(out, seen | look(out))
        first = round(max(value for _, value in told) * 1000) + 1
    assert first > moments
