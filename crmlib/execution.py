"""Execute one notebook with papermill, and judge what came out."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import notebook, places
from .params import Limits
from .plan import Job

START_SECONDS = 60  # for a kernel to start
SAVE_SECONDS = 2.0
KERNEL = "kernel"  # the engine that runs a kernel for each notebook; any other name is one of papermill's engines
Tell = Callable[[str, Any], None]


@dataclass(frozen=True)
class Task:
    """A job, with the notebook to execute, where the executed one goes, and how long it may take."""

    job: Job
    notebook: Path
    executed: Path
    limits: Limits


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `error` says it in one sentence, without traceback or path; `cpu_seconds`: of processor time."""

    job: Job
    executed: Path
    seconds: float = 0.0
    error: str | None = None
    cpu_seconds: float = field(default=0.0, compare=False)

    @property
    def state(self) -> str:
        return "failed" if self.error else "ok"


@dataclass
class _Watch:
    """What is known of the notebook that runs: the live document, and the cell that it is in."""

    task: Task
    deadline: float
    tell: Tell
    nb: Any = None
    place: str = "its start"
    saved: float = 0.0

    def notebook_starts(self, notebook: Any) -> None:
        self.nb = notebook

    def cell_starts(self, cell: Any, cell_index: int) -> None:
        self.place = notebook.near(self.nb["cells"], cell_index)
        self.tell("cell", self.place)
        if time.monotonic() - self.saved > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """The notebook as far as it came, for the analyst who looks for what went wrong."""
        import nbformat

        if self.nb is not None:
            nbformat.write(self.nb, self.task.executed)
            self.saved = time.monotonic()

    def seconds_left(self) -> int:
        """A cell may take its own limit, or what is left of the report's, whichever is less."""
        return max(1, min(self.task.limits.cell_seconds, int(self.deadline - time.monotonic())))


def execute(task: Task, scratch: Path, engine: str, tell: Tell) -> Outcome:
    """Run the notebook and judge it; every failure becomes a record, none an exception."""
    began = time.monotonic()
    watch = _Watch(task, began + task.limits.report_seconds, tell)
    problem = _problem(watch, scratch, engine)
    return failed_or_ok(Outcome(task.job, task.executed, round(time.monotonic() - began, 1)), problem)


def failed_or_ok(outcome: Outcome, problem: str | None) -> Outcome:
    job = outcome.job
    said = f"{job.report}, team {job.team}, period {job.period}: {problem}" if problem else None
    return replace(outcome, error=said)


def _problem(watch: _Watch, scratch: Path, engine: str) -> str | None:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    task = watch.task
    try:
        return notebook.fault(_papermill(watch, scratch, engine))
    except PapermillExecutionError:
        return notebook.fault(watch.nb) or "a cell failed"
    except CellTimeoutError:
        problem = f"{watch.place} ran longer than {_limit(task.limits, watch)}"
    except DeadKernelError:
        problem = f"the kernel died (out of memory?) in {watch.place}"
    except OSError as error:
        free = shutil.disk_usage(task.executed.parent).free // 1_000_000
        problem = f"{error.strerror or error}; {free} MB free in the folder of executed notebooks"
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, it is this report's failure and not the batch's
        problem = notebook.short(type(error).__name__, str(error))
    with contextlib.suppress(Exception):  # what it is was named already: a full disk, no memory, what cannot be written
        watch.save()
    return problem


def _papermill(watch: _Watch, scratch: Path, engine: str) -> Any:
    import papermill

    task = watch.task
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all
    return papermill.execute_notebook(
        _unformatted(task.notebook),
        _unformatted(task.executed),
        parameters=parameters(task.job),
        request_save_on_cell_execute=False,
        progress_bar=False,
        log_output=False,
        cwd=str(places.ROOT),
        on_notebook_start=watch.notebook_starts,
        on_cell_start=watch.cell_starts,
        **_with(engine, watch, scratch),
    )


def _with(engine: str, watch: _Watch, scratch: Path) -> dict[str, Any]:
    """How papermill is to run the cells: on this process's own shell, or in a kernel."""
    if engine != KERNEL:
        return {"engine_name": engine}
    from . import kernel

    kernel.on_start(lambda group: watch.tell("group", group))
    return {
        "start_timeout": START_SECONDS,
        "timeout_func": lambda _cell: watch.seconds_left(),
        "iopub_timeout": 30,
        "shutdown_kernel": "immediate",
        **kernel.settings(scratch),
    }


def parameters(job: Job) -> dict[str, Any]:
    """What the notebook is told."""
    told = {"source": job.source, "period": job.period, "team": job.team, "languages": list(job.languages)}
    slug = places.custom_slug(job.report)
    return told | ({notebook.CUSTOM_PARAMETER: slug} if slug else {})


def _unformatted(path: Path) -> str:
    """Papermill fills parameters into paths; a folder with braces in its name must stay as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _limit(limits: Limits, watch: _Watch) -> str:
    if time.monotonic() >= watch.deadline - 1:
        return f"the report may ({limits.report_seconds} s; limits.report_seconds in the params file)"
    return f"a cell may ({limits.cell_seconds} s; limits.cell_seconds in the params file)"
