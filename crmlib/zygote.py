"""The warmed process: it loads everything once, in one thread, and forks one process for each notebook.

    python -m crmlib.zygote <number of the socket to the run>

The run sends the tasks; it is told what starts and what ended. When the socket closes, for
whatever reason, everything that this process has started ends with it.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from . import notebook  # noqa: F401  (before nbformat is imported: it leaves a slow grammar out)
from .crew import Crew
from .execution import KERNEL, Outcome, Task, failed_or_ok
from .process import sweep

POLL_SECONDS = 0.02


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the run decides what ends, and closes the socket
    link: Connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the run is over, or gone
        _serve(link)
    sweep(Path(os.environ["TMPDIR"]))
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)  # the run's scratch folder: the run itself may be gone
    os._exit(0)  # a frozen heap is not taken apart


def _serve(link: Any) -> None:
    tasks, at_once, engine = link.recv()
    loading = _loading(engine, {task.notebook for task in tasks})
    next(loading)
    crew = Crew(engine, min(at_once, len(tasks)), link)
    try:
        _run(tasks, crew, link, loading)
    finally:
        crew.stop()


def _loading(engine: str, notebooks: set[Path]) -> Iterator[None]:
    """Loads in steps: the first is what has to be there before a process is forked."""
    if engine != KERNEL:
        from .engine import warm

        yield from warm(notebooks)
    else:
        from . import kernel  # noqa: F401

        yield


def _run(tasks: list[Task], crew: Crew, link: Any, loading: Iterator[None]) -> None:
    todo, done = list(tasks), object()
    while todo or crew.children:
        while todo and len(crew.children) < crew.at_once:
            try:
                crew.start(todo[0])
            except OSError as error:  # no memory or no process left
                if crew.children:
                    break  # there will be when another one has ended
                said = f"no process could be started for it: {error.strerror}"
                link.send(("failed", todo[0].job, failed_or_ok(Outcome(todo[0].job, todo[0].executed), said)))
            todo.pop(0)
        rested = next(loading, done) is done
        _doze(crew, link, POLL_SECONDS if rested else 0)
        for outcome in crew.ended():
            link.send((outcome.state, outcome.job, outcome))


def _doze(crew: Crew, link: Any, seconds: float) -> None:
    """Until somebody says something, or it is time to look at the limits."""
    if link in wait([link, *(c.pipe for c in crew.children if not c.silent)], seconds):
        link.recv()  # nothing is sent any more, so the socket is closed: this raises


if __name__ == "__main__":
    main()
