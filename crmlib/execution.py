"""Execute one notebook in a process of its own: papermill, the limits, and the judgement of what came out."""

import contextlib
import logging
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import notebook, places
from .params import Limits
from .plan import Job

START_SECONDS = 60  # for a kernel to start


@dataclass(frozen=True)
class Task:
    """A job, with the notebook to execute, where the executed one goes, and how long it may take."""

    job: Job
    notebook: Path
    executed: Path
    limits: Limits


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `error` says it in one sentence, without traceback or path."""

    job: Job
    executed: Path
    seconds: float = 0.0
    error: str | None = None

    @property
    def state(self) -> str:
        return "failed" if self.error else "ok"


@dataclass
class _Watch:
    """What the hooks of the notebook client saw last: the live notebook, and the cell that runs."""

    deadline: float
    nb: Any = None
    cell: int = 0


def work(pipe: Any, task: Task) -> None:
    """The whole life of a worker process: execute, answer, end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what to stop
    os.umask(0o077)
    scratch = Path(tempfile.mkdtemp(prefix="crm-"))  # short: a socket's path has at most 107 characters
    threading.Thread(target=_end_with_parent, args=(pipe, scratch), daemon=True).start()
    try:
        pipe.send(execute(task, scratch))
    finally:
        _tidy(scratch)


def _end_with_parent(pipe: Any, scratch: Path) -> None:
    """The parent never sends; its end of the pipe closes when it stops this job, or dies in any way."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        _tidy(scratch)
        os._exit(1)


def _tidy(scratch: Path) -> None:
    from . import kernel

    kernel.kill_all()
    shutil.rmtree(scratch, ignore_errors=True)


def execute(task: Task, scratch: Path) -> Outcome:
    """Run the notebook and judge it; every failure becomes a record, none an exception."""
    began = time.monotonic()
    watch = _Watch(began + task.limits.report_seconds)
    problem = _problem(task, watch, scratch)
    return failed_or_ok(Outcome(task.job, task.executed, round(time.monotonic() - began, 1)), problem)


def failed_or_ok(outcome: Outcome, problem: str | None) -> Outcome:
    job = outcome.job
    said = f"{job.report}, team {job.team}, period {job.period}: {problem}" if problem else None
    return replace(outcome, error=said)


def _problem(task: Task, watch: _Watch, scratch: Path) -> str | None:
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from . import kernel

    try:
        nb = _papermill(task, watch, scratch)
        return notebook.fault(nb)
    except PapermillExecutionError:
        return notebook.fault(watch.nb) or "a cell failed"
    except CellTimeoutError:
        problem = f"{_place(watch)} ran longer than {_limit(task.limits, watch)}"
    except DeadKernelError:
        problem = f"the kernel died (out of memory?) in {_place(watch)}"
    except OSError as error:
        free = shutil.disk_usage(task.executed.parent).free // 1_000_000
        problem = f"{error.strerror or error}; {free} MB free in the folder of executed notebooks"
    except Exception as error:  # whatever it is, it is this report's failure and not the batch's
        problem = notebook.short(type(error).__name__, str(error))
    finally:
        kernel.kill_all()
    if watch.nb is not None:
        with contextlib.suppress(OSError):  # a full disk is named already
            nbformat.write(watch.nb, task.executed)
    return problem


def _papermill(task: Task, watch: _Watch, scratch: Path) -> Any:
    import papermill

    from . import kernel

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all
    os.environ.update(kernel.environment(scratch))
    return papermill.execute_notebook(
        _unformatted(task.notebook),
        _unformatted(task.executed),
        parameters=parameters(task.job),
        request_save_on_cell_execute=False,
        progress_bar=False,
        log_output=False,
        start_timeout=START_SECONDS,
        cwd=str(places.ROOT),
        timeout_func=_time_left(task.limits, watch),
        iopub_timeout=30,
        shutdown_kernel="immediate",
        on_notebook_start=lambda notebook: setattr(watch, "nb", notebook),
        on_cell_start=lambda cell, cell_index: setattr(watch, "cell", cell_index),
        **kernel.settings(scratch),
    )


def parameters(job: Job) -> dict[str, Any]:
    """What the notebook is told."""
    return {"source": job.source, "period": job.period, "team": job.team, "languages": list(job.languages)}


def _unformatted(path: Path) -> str:
    """Papermill fills parameters into paths; a folder with braces in its name must stay as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _time_left(limits: Limits, watch: _Watch) -> Callable[[Any], int]:
    """A cell may take its own limit, or what is left of the report's, whichever is less."""
    return lambda _cell: max(1, min(limits.cell_seconds, int(watch.deadline - time.monotonic())))


def _limit(limits: Limits, watch: _Watch) -> str:
    if time.monotonic() >= watch.deadline - 1:
        return f"the report may ({limits.report_seconds} s; limits.report_seconds in the params file)"
    return f"a cell may ({limits.cell_seconds} s; limits.cell_seconds in the params file)"


def _place(watch: _Watch) -> str:
    return notebook.near(watch.nb["cells"], watch.cell) if watch.nb is not None else "its start"
