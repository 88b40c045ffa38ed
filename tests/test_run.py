"""Notebooks run side by side; every end is a record, and nothing is left running or half-judged."""

import json
import os
import stat
import time
from pathlib import Path

import pytest
import tiny

from crmlib import lock, notebook, places, process, run, zygote
from crmlib.errors import UsageError
from crmlib.execution import Outcome
from crmlib.params import Limits
from crmlib.plan import Job

JOB = Job("funnel", "2026-10", "north", "demo", ("en", "zh"))


def code(text, count=1, outputs=()):
    return {"cell_type": "code", "source": text, "execution_count": count, "outputs": list(outputs), "metadata": {}}


STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass"
HOLDS_THE_LOCK = "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"  # one call in native code: no interrupt is heard


def _batch(tmp_path_factory, engine):
    """Notebooks executed together once: a good one, and one for each way to fail."""
    root = tmp_path_factory.mktemp("ro{o}t")
    left = root / "left.txt"
    child = f"import os, subprocess\nown = [subprocess.Popen(['sleep', '60'], start_new_session=s).pid for s in (False, True)]\nopen({str(left)!r}, 'a').write(' '.join(map(str, own)) + ' ')"
    made = {
        "funnel": tiny.good(),
        "raises": tiny.notebook(tiny.markdown("## Win rate", "en"), child, "raise KeyError('amount\\nis gone')"),
        "killed": tiny.notebook(tiny.markdown("## Stages", "en"), child, "os.kill(os.getpid(), 9)"),
        "endless": tiny.notebook(tiny.markdown("## Waiting", "en"), child, STUBBORN),
        "holds": tiny.notebook(tiny.markdown("## Reasons", "en"), child, HOLDS_THE_LOCK),
        "leaves": tiny.notebook(tiny.markdown("## Open deals", "en"), child, "os._exit(0)"),
        "exits": tiny.notebook(tiny.markdown("## Follow-up", "en"), child, "import sys\nsys.exit(0)"),
        "forks": tiny.notebook(tiny.markdown("## Forking", "en"), "import os", "pid = os.fork()", "os._exit(0) if pid else None"),
        "boomer": tiny.notebook(tiny.markdown("## Baskets", "en"), "import boomer"),
        "signalled": tiny.notebook(tiny.markdown("## Baskets", "en"), "import os", "os.kill(os.getpid(), 40)"),
        "odd": tiny.notebook("from IPython.display import display", f"display({{{notebook.TWIN!r}: 'x'}}, raw=True)"),
        "greedy": tiny.notebook(tiny.markdown("## Baskets", "en"), "x = bytearray(3_000_000_000)"),
        "slow": tiny.notebook(tiny.markdown("## Slow", "en"), "import time", "time.sleep(60)"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "ROOT", root)
        patch.setenv("CRM_OUT", str(root / "out"))
        (root / "boomer.py").write_text("raise RuntimeError('boom')")
        for name, nb in made.items():
            tiny.write(root / "notebooks" / f"{name}.ipynb", nb)
        jobs = [Job(n, *JOB.key[1::-1], "demo", ("en", "zh")) for n in made]
        tasks = run.in_order(run.tasks(jobs, run.runs() / "1", Limits(cell_seconds=3, memory_mb=2000)), lambda _: None)
        told = []
        outcomes = run.execute_all(tasks, 12, lambda event, job, outcome: told.append((event, job.report)), engine)
        yield {o.job.report: o for o in outcomes}, told, left, run.last_run()


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    yield from _batch(tmp_path_factory, "crm")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    yield from _batch(tmp_path_factory, "kernel")


def test_a_good_notebook(batch):
    outcome = batch[0]["funnel"]
    assert (outcome.state, outcome.error) == ("ok", None)
    shown = [o["data"] for c in json.loads(outcome.executed.read_text())["cells"] for o in c.get("outputs", [])]
    assert shown[0][notebook.TWIN]["facts"]["team"] == "north"  # it was told its parameters


LIMIT = "ran longer than a cell may (3 s; limits.cell_seconds in the params file)"
SAYS = {
    "raises": "raises, team north, period 2026-10: the cell under 'Win rate' raised KeyError: 'amount\\nis gone'",
    "killed": "was killed (out of memory?",
    "endless": f"the cell under 'Waiting' {LIMIT}",
    "holds": f"the cell under 'Reasons' {LIMIT}",
    "leaves": "its process ended early, in the cell under 'Open deals'",
    "exits": "the cell under 'Follow-up' raised SystemExit: 0",
    "forks": "its process ended early, in the cell under 'Forking'",
    "slow": f"the cell under 'Slow' {LIMIT}",
    "boomer": "the cell under 'Baskets' raised RuntimeError: boom",
    "signalled": "its process died (Real-time signal 6) in the cell under 'Baskets'",
    "greedy": "the cell under 'Baskets' raised MemoryError. It had ",
}
SAYS_KERNEL = SAYS | {
    "killed": "the kernel died (out of memory?) in the cell under 'Stages'",
    "leaves": "the kernel died (out of memory?) in the cell under 'Open deals'",
    "exits": "Follow-up",
    "boomer": "Baskets",
    "signalled": "the kernel died (out of memory?) in the cell under 'Baskets'",
    "forks": "Forking",
}


@pytest.mark.parametrize("report", SAYS)
def test_a_failure_says_where_and_why_in_one_line(batch, report):
    _says(batch[0][report], SAYS[report])


@pytest.mark.long
@pytest.mark.parametrize("report", SAYS_KERNEL)
def test_a_failure_in_a_kernel_says_where_and_why_too(kernels, report):
    _says(kernels[0][report], SAYS_KERNEL[report])


def _says(outcome, text):
    assert text in outcome.error and "\n" not in outcome.error and "Traceback" not in outcome.error
    assert outcome.executed.is_file()  # as far as it came, for the analyst


def test_what_a_cell_started_does_not_outlive_it(batch):
    pids = [int(pid) for pid in batch[2].read_text().split()]
    assert len(pids) == 12
    deadline = time.monotonic() + 5
    while (alive := [pid for pid in pids if _lives(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive == []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_executed_notebooks_are_for_the_owner_alone(batch):
    path = batch[0]["funnel"].executed
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parent.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_the_run_is_told_and_remembered(batch):
    outcomes, told, _, remembered = batch
    assert sorted(told) == sorted([("started", n) for n in outcomes] + [(o.state, n) for n, o in outcomes.items()])
    assert {o.job.report: o for o in remembered} == outcomes


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([code("1")], None),
        ([code("print(1)", 1, [{"output_type": "stream", "name": "stdout", "text": "1"}])], None),
        ([code("", None)], None),  # an empty cell is never run
        ([code("1"), code("exit()", None)], "cell 2 never ran: the notebook ended early"),
        ([code("1", 1, [{"output_type": "execute_result", "data": {"text/plain": "1"}}])], "no block"),
        ([code("1", 1, [{"output_type": "display_data", "data": {"image/png": ""}}])], "no block"),
        ([code("1", 1, [{"output_type": "error", "ename": "A", "evalue": "b", "traceback": []}])], "raised A: b"),
        (
            [code("1", 1, [{"output_type": "stream", "name": "stderr", "text": "Traceback (most recent call last)"}])],
            "traceback to stderr",
        ),
        ([code("1", 1, [{"output_type": "stream", "name": "stderr", "text": "a warning"}])], None),
    ],
)
def test_judgement(cells, says):
    found = notebook.fault({"cells": cells})
    assert found is None if says is None else says in found


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda nb: nb.metadata.pop("kernelspec"), "kernel None"),
        (lambda nb: (nb.metadata.pop("language_info"), nb.metadata["kernelspec"].pop("language")), "no language python"),
        (lambda nb: nb.cells[2].metadata.pop("tags"), "0 code cells with the tag 'parameters'"),
        (lambda nb: nb.cells[2].update(source="source = 1\nperiod = 2\nteam = 3"), "no 'languages'"),
        (lambda nb: nb.cells[2].update(source="def ("), "not Python"),
    ],
)
def test_a_notebook_that_cannot_be_run_is_refused_before_the_run(tmp_path, spoil, says):
    nb = tiny.good()
    notebook.check(tiny.write(tmp_path / "good.ipynb", nb))
    spoil(nb)
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps(nb))
    with pytest.raises(UsageError, match=says) as refused:
        notebook.check(path)
    assert "bad.ipynb" in str(refused.value)


def test_no_notebook_of_a_name_gives_the_nearest(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    tiny.write(tmp_path / "notebooks" / "funnel.ipynb", tiny.good())
    with pytest.raises(UsageError, match=r"did you mean 'funnel'"):
        notebook.path_of("funel")


@pytest.mark.parametrize(
    ("at_once", "alone", "threads"), [(1, False, 8), (2, False, 4), (3, False, 2), (16, False, 1), (16, True, 8)]
)
def test_each_of_many_gets_its_share_of_the_machine(monkeypatch, at_once, alone, threads):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10**7}[name])
    memory = f"{int(0.7 * 40_960 / at_once)}MB"
    assert process.share(at_once, alone) == {"CRM_THREADS": str(threads), "CRM_MEMORY": memory}


def test_prepare_runs_first_what_needs_its_models_last_and_of_the_others_the_longest_next():
    took = {"churn": 50.0, "funnel": 2.0, "activity": 5.0, "prepare": 1.0, "new": None}
    code = {"churn": {"models/churn.py": "", "kpi.py": ""}, "funnel": {"kpi.py": ""}}
    jobs = [Job(report, "2026-10", "all", "demo", ("en",), made_of={"code": code.get(report, {})}) for report in took]
    tasks = [run.Task(job, Path(), Path(), Limits()) for job in jobs]
    assert [t.job.report for t in run.in_order(tasks, lambda job: took[job.report])] == [
        *"prepare activity funnel new churn".split()
    ]


@pytest.mark.parametrize(("asked", "engine"), [("", "crm"), (None, "crm"), ("kernel", "kernel"), ("crm", "crm")])
def test_engine(asked, engine):
    assert run.engine(asked) == engine
    with pytest.raises(UsageError, match="ENGINE is 'fast'. Right are crm and kernel"):
        run.engine("fast")


@pytest.mark.parametrize(("asked", "count"), [("", os.cpu_count()), ("3", 3)])
def test_workers(asked, count):
    assert run.workers(asked) == count


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1.5", "9999"])
def test_workers_refused(asked):
    with pytest.raises(UsageError, match="WORKERS"):
        run.workers(asked)


def test_run_names_follow_the_clock_and_never_repeat(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_NOW", "2026-11-05T06:12:33")
    assert run.new_id(tmp_path) == "20261105-061233"
    (tmp_path / "20261105-061233").mkdir()
    assert run.new_id(tmp_path) == "20261105-061233-1"


def test_a_second_run_is_refused_by_name_of_the_first(tmp_path):
    with lock.one_run(tmp_path) as unfinished:
        assert unfinished == ""
        with pytest.raises(UsageError, match=rf"process {os.getpid()}, started 20\d\d-"), lock.one_run(tmp_path):
            pass
    with lock.one_run(tmp_path) as unfinished:  # released, and nothing left to say
        assert unfinished == ""


def test_a_run_that_was_killed_is_said(tmp_path):
    (tmp_path / ".lock").write_text("process 1, started 2026-01-01 00:00:00")
    with lock.one_run(tmp_path) as unfinished:
        assert unfinished == "process 1, started 2026-01-01 00:00:00"


def test_an_output_folder_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"), lock.one_run(tmp_path / "out"):
        pass
    (tmp_path / "other" / "site").mkdir(parents=True)
    with pytest.raises(UsageError, match="a link"), lock.one_run(tmp_path / "other"):
        pass


def test_an_outcome_is_failed_when_it_has_an_error():
    assert [Outcome(JOB, Path()).state, Outcome(JOB, Path(), 1, "x").state] == ["ok", "failed"]


@pytest.mark.parametrize("others", [0, 1])
def test_where_no_process_can_be_started_a_report_waits_for_the_others_or_fails_by_name(monkeypatch, others):
    class Full:
        at_once, children, tries = 2, [None] * others, 0

        def start(self, task):
            self.tries += 1
            raise OSError(11, "Resource temporarily unavailable")

        def ended(self):
            self.children.clear()  # the other one has ended
            return []

    class Link:
        said = []  # noqa: RUF012

        def send(self, word):
            self.said.append(word)

    crew, link = Full(), Link()
    crew.children, link.said = [None] * others, []
    monkeypatch.setattr(zygote, "_doze", lambda *_: None)
    zygote._run([run.Task(JOB, Path(), Path(), Limits())], crew, link, iter(()))
    ((event, job, outcome),) = link.said
    assert (event, job, crew.tries) == ("failed", JOB, 1 + others)
    assert outcome.error.endswith("no process could be started for it: Resource temporarily unavailable")
