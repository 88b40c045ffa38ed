"""Execute many notebooks at once; every outcome is a record, and nothing is left running.

Each notebook has a process of its own, forked from a server that has papermill loaded already: one that is
killed, or runs out of memory, takes no other with it (a shared pool would break as a whole).
"""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from . import notebook, places, records, store
from .execution import START_SECONDS, Outcome, Task, failed_or_ok, work
from .params import Limits
from .plan import Job, folder

_GRACE_SECONDS = 15  # for a worker to notice its own limit
_POLL_SECONDS = 0.2

Tell = Callable[[str, Job, Outcome | None], None]


def workers(asked: str | None) -> int:
    """How many notebooks run at once: what was asked for, else one a core."""
    from .errors import UsageError

    if not asked:
        return os.cpu_count() or 1
    if not asked.isdecimal() or not 1 <= int(asked) <= 256:
        raise UsageError(f"WORKERS is {asked!r}. Right is a whole number from 1 to 256. Change WORKERS or --workers.")
    return int(asked)


def new_id(parent: Path) -> str:
    """The name of a run or release: when it began; the clock enters no page."""
    stamp = datetime.fromisoformat(os.environ.get("CRM_NOW") or datetime.now().isoformat()).strftime("%Y%m%d-%H%M%S")
    taken = {p.name.partition(".")[0] for p in parent.iterdir()} if parent.is_dir() else set()
    return next(name for n in range(1000) if (name := f"{stamp}-{n}" if n else stamp) not in taken)


def runs() -> Path:
    """Executed notebooks hold raw data: they lie in the work folder, which is for the owner's eyes alone."""
    path = places.work() / "runs"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def tasks(jobs: Iterable[Job], run: Path, limits: Limits) -> list[Task]:
    run.mkdir(mode=0o700)
    return [
        Task(
            job,
            notebook.path_of(job.report),
            run / f"{folder(job.team)}-{job.period}-{job.report}.ipynb",
            limits,
        )
        for job in jobs
    ]


def execute_all(todo: list[Task], at_once: int, tell: Tell) -> list[Outcome]:
    """Execute the tasks; an exception in this thread (a signal) stops all of them before it goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crmlib.execution", "crmlib.kernel", "papermill", "nbclient"])
    stopping = threading.Event()
    done: dict[Job, Outcome] = {}
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(_one, context, task, tell, stopping) for task in todo]
        try:
            for future in as_completed(futures):
                outcome = future.result()
                done[outcome.job] = outcome
                records.remember(outcome.job, outcome)
                tell(outcome.state, outcome.job, outcome)
        except BaseException:
            stopping.set()
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            _remember(todo[0].executed.parent if todo else None, done.values())
    return [done[task.job] for task in todo]


def _one(context: Any, task: Task, tell: Tell, stopping: threading.Event) -> Outcome:
    """One worker process, from its start to its end."""
    tell("started", task.job, None)
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, task), daemon=False)
    process.start()
    theirs.close()
    try:
        return _answer(ours, task, stopping)
    finally:
        ours.close()  # the worker ends with it, and its kernel with the worker
        process.join(5)
        process.kill()
        process.join()


def _answer(pipe: Any, task: Task, stopping: threading.Event) -> Outcome:
    began = time.monotonic()
    limit = task.limits.report_seconds + START_SECONDS + _GRACE_SECONDS
    while not pipe.poll(_POLL_SECONDS):
        if stopping.is_set() or time.monotonic() - began > limit:
            return _lost(task, began, f"it did not end within {limit} s and was stopped")
    try:
        return pipe.recv()
    except EOFError:
        return _lost(task, began, "its process died (out of memory?)")


def _lost(task: Task, began: float, problem: str) -> Outcome:
    return failed_or_ok(Outcome(task.job, task.executed, round(time.monotonic() - began, 1)), problem)


def _remember(run: Path | None, outcomes: Iterable[Outcome]) -> None:
    """What is finished is written down, also where the run was stopped; `publish` reads it."""
    if run is not None:
        found = [asdict(o) | {"executed": o.executed.name} for o in outcomes]
        store.write(run / "run.json", json.dumps(found, ensure_ascii=False, indent=1))


def last_run() -> list[Outcome]:
    """The outcomes of the newest run that came to any."""
    for run in sorted((p for p in runs().iterdir() if (p / "run.json").is_file()), reverse=True):
        if found := json.loads((run / "run.json").read_text("utf-8")):
            return [_outcome(run, record) for record in found]
    return []


def _outcome(run: Path, record: dict[str, Any]) -> Outcome:
    job = record["job"]
    return Outcome(
        Job(**job | {"languages": tuple(job["languages"])}),
        run / record["executed"],
        record["seconds"],
        record["error"],
    )
