"""Processes that are killed, wherever they stand: the site stays, the next run goes on, and nothing is left."""

import os
import signal

import pytest
from tinyproject import crm, make, marked, out, started, until
from tinysite import tree

from crmlib import places

STUBBORN = """import pathlib, signal, subprocess, time
if pathlib.Path("wait").exists() and team == "north":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    subprocess.Popen(["sleep", "300"])
    pathlib.Path("waiting").touch()
    while pathlib.Path("wait").exists():
        time.sleep(0.05)"""


@pytest.fixture(scope="module", params=["crm", pytest.param("kernel", marks=pytest.mark.long)])
def project(tmp_path_factory, request):
    root = make(tmp_path_factory.mktemp("project"), STUBBORN)
    assert crm(root, "run").returncode == 0
    return root, request.param


@pytest.fixture
def waiting(project):
    """A run in the middle of a cell that heeds no signal and has started another program."""
    root, engine = project
    mark = f"CRM_TEST_MARK={os.getpid()}-{engine}"
    (root / "wait").touch()
    run = started(root, "run", "--force", CRM_ENGINE=engine, CRM_TEST_MARK=mark.partition("=")[2])
    until((root / "waiting").exists)
    yield root, run, mark
    run.kill()
    (root / "wait").unlink(missing_ok=True), (root / "waiting").unlink(missing_ok=True)
    until(lambda: not marked(mark), 10)


def of(mark, word):
    return [pid for pid, command in marked(mark).items() if word in command]


def test_the_run_is_killed(waiting):
    root, run, mark = waiting
    before = tree(out(root))
    assert of(mark, "sleep 300")
    run.kill()
    run.wait()
    until(lambda: not marked(mark), 10)
    assert tree(out(root)) == before
    (root / "wait").unlink()
    again = crm(root, "run", "--force")
    assert again.returncode == 0 and "did not come to its end" in again.stdout and tree(out(root)) == before


def test_the_warmed_process_is_killed_once_and_what_ran_is_run_again(waiting):
    root, run, mark = waiting
    zygote = min(of(mark, "crmlib.zygote"))
    (root / "wait").unlink()
    os.kill(zygote, signal.SIGKILL)
    said, errors = run.communicate(timeout=60)
    assert (run.returncode, errors) == (0, "") and "Published 6 pages" in said


@pytest.mark.long
def test_the_warmed_process_is_killed_each_time(waiting):
    """What it ran at the time is given up after the second time; everything else is published."""
    root, run, mark = waiting
    for _ in range(2):
        until(lambda: of(mark, "sleep 300"))
        (root / "waiting").unlink()
        zygote = min(of(mark, "crmlib.zygote"))
        os.kill(zygote, signal.SIGKILL)
        if run.poll() is None and _ == 0:
            until((root / "waiting").exists)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "team north, period 2026-10: the process that runs the notebooks died" in errors


@pytest.mark.long
def test_twenty_whole_runs_in_a_row(tmp_path, small_demo):
    """No hang, no lost chart, no process left over: each run gives the same bytes as the first."""
    mark, first = f"CRM_TEST_MARK={os.getpid()}-row", None
    for _ in range(20):
        words = ["run", "--force", "--source", str(small_demo), "--period", "2026-10", "--out", str(tmp_path)]
        done = crm(places.ROOT, *words, CRM_TEST_MARK=mark.partition("=")[2])
        assert (done.returncode, done.stderr) == (0, "")
        until(lambda: not marked(mark), 10)
        first = first or tree(tmp_path)
        assert tree(tmp_path) == first
    assert sum(page.count(b'<svg class="chart"') for name, page in first.items() if name.endswith(".html")) > 100
