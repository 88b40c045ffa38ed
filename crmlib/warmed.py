"""The run's side of the warmed process (zygote.py): it is started, told what to run, heard to its end, and ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from . import places
from .execution import Outcome, Task
from .plan import Job
from .process import environment, sweep

Event = tuple[str, Job, Outcome | None]
_PATIENCE_SECONDS = 4  # longer than one step of its loading takes; it ends everything it has started by itself
LOG = "engine.log"


def warmed(tasks: list[Task], at_once: int, engine: str, meanwhile: Callable[[], None]) -> Generator[Event]:
    """What a warmed process says while it runs the tasks: (started, job, nothing), (ok or failed, job, outcome).

    It ends early where that process dies. `meanwhile` is done while that process loads what it needs.
    """
    running: dict[Job, list[int]] = {}
    with tempfile.TemporaryDirectory(prefix="crm-", ignore_cleanup_errors=True) as scratch:
        process, link = _started(Path(scratch), tasks[0].executed.parent)
        try:
            with contextlib.suppress(EOFError, OSError):  # it died: who asked sees what is missing
                link.send((tasks, at_once, engine))
            meanwhile()
            with contextlib.suppress(EOFError, OSError):
                yield from _heard(link, len(tasks), running)
        finally:
            link.close()  # it ends all that it has started, and itself
            _ended(process, [group for groups in running.values() for group in groups], Path(scratch))


def _heard(link: Any, count: int, running: dict[Job, list[int]]) -> Iterator[Event]:
    """Events until so many tasks have ended; `running`: the process groups of those that have not."""
    while count:
        event, job, word = link.recv()
        if event != "started":
            running.pop(job, None)
            count -= 1
            yield event, job, word
        elif job in running:
            running[job].append(word)  # a kernel, in a group of its own
        else:
            running[job] = [word]
            yield event, job, None


def _started(scratch: Path, run: Path) -> tuple[subprocess.Popen, Any]:
    ours, theirs = socket.socketpair()
    with theirs, (run / LOG).open("a") as file:
        # a session of its own: Ctrl-C is meant for the run, which decides what to stop
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd=places.ROOT,
            env=os.environ | environment(scratch),
        )  # fmt: skip
    return process, Connection(ours.detach())


def _ended(process: subprocess.Popen, groups: list[int], scratch: Path) -> None:
    """Wait for its end, then make sure: where it was killed it could not end what it had started."""
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    sweep(scratch)
