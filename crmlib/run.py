"""Execute many notebooks at once; every outcome is a record, and nothing is left running.

Each notebook has a process of its own, forked from one that has everything loaded already (warmed.py): one that is
killed, or runs out of memory, takes no other with it.
"""

import json
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from . import notebook, places, records, store
from .execution import KERNEL, Outcome, Task, failed_or_ok
from .params import Limits
from .plan import PREPARE, Job, folder
from .warmed import LOG, warmed

ENGINE = "crm"  # in the warmed process's own forks; the other one, `kernel`, starts a kernel for each notebook

Tell = Callable[[str, Job, Outcome | None], None]


def workers(asked: str | None) -> int:
    """How many notebooks run at once: what was asked for, else one a core."""
    from .errors import UsageError

    if not asked:
        return os.cpu_count() or 1
    if not asked.isdecimal() or not 1 <= int(asked) <= 256:
        raise UsageError(f"WORKERS is {asked!r}. Right is a whole number from 1 to 256. Change WORKERS or --workers.")
    return int(asked)


def engine(asked: str | None) -> str:
    """How notebooks are run: what was asked for, else in forks of the warmed process."""
    from .errors import UsageError

    if asked and asked not in (ENGINE, KERNEL):
        raise UsageError(f"ENGINE is {asked!r}. Right are {ENGINE} and {KERNEL}. Change ENGINE or --engine.")
    return asked or ENGINE


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


def in_order(todo: Iterable[Task], seconds: Callable[[Job], float | None]) -> list[Task]:
    """What others build on first, and those who need its models last: till then they would wait at the store's lock. Else the
    longest first, by what it took before: the last to end is then a short one.
    """
    return sorted(todo, key=lambda task: (task.job.report != PREPARE, task.job.uses_models, -(seconds(task.job) or 0)))


def execute_all(
    todo: list[Task], at_once: int, tell: Tell, engine: str = ENGINE, meanwhile: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Execute the tasks; an exception here (a signal) stops all of them before it goes on. `meanwhile`: what can be done until
    the first of them starts.
    """
    done: dict[Job, Outcome] = {}
    try:
        with closing(_events(todo, at_once, engine, meanwhile)) as events:
            for event, job, outcome in events:
                if outcome is not None:
                    done[job] = outcome
                    records.remember(job, outcome)
                tell(event, job, outcome)
    finally:
        _remember(todo[0].executed.parent if todo else None, done.values())
    return [done[task.job] for task in todo]


def _events(
    todo: list[Task], at_once: int, engine: str, meanwhile: Callable[[], None]
) -> Generator[tuple[str, Job, Outcome | None]]:
    """What starts and what ends. Where the warmed process dies, another one goes on; what ran meanwhile is tried once more."""
    left = {task.job: task for task in todo}
    tried: set[Job] = set()
    fruitless = 0  # starts in a row after which nothing ran
    while left:
        running: set[Job] = set()
        with closing(warmed(list(left.values()), at_once, engine, meanwhile)) as events:
            for event, job, outcome in events:
                if outcome is None:
                    running.add(job)
                else:
                    running.discard(job)
                    del left[job]
                yield event, job, outcome
        fruitless = 0 if running else fruitless + 1
        lost = list(left) if fruitless > 1 else [job for job in left if job in running & tried]
        yield from (("failed", job, _lost(left.pop(job))) for job in lost)
        tried |= running


def _lost(task: Task) -> Outcome:
    log = places.short(task.executed.with_name(LOG))
    said = f"the process that runs the notebooks died (out of memory?); what it said last stands in {log}"
    return failed_or_ok(Outcome(task.job, task.executed), said)


def _remember(run: Path | None, outcomes: Iterable[Outcome]) -> None:
    """What is finished is written down, also where the run was stopped; `publish` reads it."""
    if run is not None:
        found = [asdict(o) | {"executed": o.executed.name} for o in outcomes]
        store.write(run / "run.json", json.dumps(found, ensure_ascii=False, indent=1))


def last_run() -> list[Outcome]:
    """The outcomes of the newest run that came to any."""
    told = list(runs().glob("*/run.json"))
    for path in sorted(
        told, key=lambda p: p.stat().st_mtime_ns, reverse=True
    ):  # names follow the clock, and that can be set back
        if found := json.loads(path.read_text("utf-8")):
            return [_outcome(path.parent, record) for record in found]
    return []


def _outcome(run: Path, record: dict[str, Any]) -> Outcome:
    job = record["job"]
    return Outcome(
        Job(**job | {"languages": tuple(job["languages"])}),
        run / record["executed"],
        record["seconds"],
        record["error"],
        record["cpu_seconds"],
    )
