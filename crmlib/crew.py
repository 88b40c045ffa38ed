"""The processes that run notebooks: one forked for each, its limits, its end, the judgement, and what it leaves behind.

Whether a notebook came to its end is told by the process itself, as its last word, and by its exit status; never by the
notebook's own marks (a kernel that died leaves "completed" in every cell).
"""

import contextlib
import errno
import gc
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, NoReturn

from .execution import START_SECONDS, Outcome, Task, execute, failed_or_ok
from .plan import PREPARE
from .process import die_with, environment, share, sweep

GRACE_SECONDS = 5  # to end by itself once it was interrupted


@dataclass
class Child:
    """One process and what is known of it."""

    task: Task
    pid: int
    pipe: Any
    scratch: Path
    began: float = field(default_factory=time.monotonic)
    cell_began: float = field(default_factory=time.monotonic)
    place: str = "its start"
    groups: set[int] = field(default_factory=set)  # of processes that it has started: a kernel
    problem: str | None = None  # why it was stopped
    kill_at: float = float("inf")
    last_word: Outcome | None = None
    silent: bool = False  # its end of the pipe is closed


@dataclass
class Crew:
    """All that run now. `link`: to the run, which hears what starts and in which process groups, so that it can end them, too."""

    engine: str
    at_once: int
    link: Any
    children: list[Child] = field(default_factory=list)

    def start(self, task: Task) -> None:
        """Fork a process for the task."""
        ours, theirs = Pipe(duplex=False)
        scratch, parent = Path(tempfile.mkdtemp(prefix="crm-")), os.getpid()  # short: a socket's path has at most 107 characters
        try:
            pid = os.fork()
        except OSError:
            for end in (ours, theirs):
                end.close()
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        if pid == 0:
            os.environ.update(environment(scratch) | share(self.at_once, task.job.report == PREPARE))
            _live(theirs, task, self.engine, scratch, parent, [ours, self.link, *(c.pipe for c in self.children)])
        theirs.close()
        child = Child(task, pid, ours, scratch)
        self.children.append(child)
        self.link.send(("started", task.job, pid))

    def ended(self) -> Iterator[Outcome]:
        """Those that came to an end since the last look; the limits of the others are kept."""
        for child in list(self.children):
            self._listen(child)
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                yield self._outcome(child)
            else:
                _hold_to_limits(child, self.engine)

    def stop(self) -> None:
        """End all of them now."""
        for child in list(self.children):
            _kill(child)
            self._outcome(child)

    def _outcome(self, child: Child) -> Outcome:
        _kill(child)  # before it is reaped: until then its number is nobody else's
        _, status, used = os.wait4(child.pid, 0)
        sweep(child.scratch)
        self._listen(child)
        child.pipe.close()
        self.children.remove(child)
        shutil.rmtree(child.scratch, ignore_errors=True)
        return _judged(child, os.waitstatus_to_exitcode(status), used)

    def _listen(self, child: Child) -> None:
        """What the process has said since the last look."""
        try:
            while not child.silent and child.pipe.poll():
                self._heard(child, *child.pipe.recv())
        except (EOFError, OSError):
            child.silent = True  # it ends: its exit status will tell

    def _heard(self, child: Child, kind: str, pid: int, word: Any) -> None:
        if pid != child.pid:
            return  # a process that a cell forked, and that takes itself for the notebook
        if kind == "cell":
            child.place, child.cell_began = word, time.monotonic()
        elif kind == "group":
            child.groups.add(word)
            self.link.send(("started", child.task.job, word))
        else:
            child.last_word = word


def _hold_to_limits(child: Child, engine: str) -> None:
    """Interrupt what runs too long, and kill it where it does not heed that."""
    now, limits = time.monotonic(), child.task.limits
    if now > child.kill_at:
        _kill(child)
    if child.problem:
        return
    late = (START_SECONDS + 3 * GRACE_SECONDS) if engine == "kernel" else 0  # the kernel's client holds to the limits itself
    if now - child.began > limits.report_seconds + late:
        child.problem = (
            f"{child.place} ran longer than the report may ({limits.report_seconds} s; limits.report_seconds in the params file)"
        )
    elif now - child.cell_began > limits.cell_seconds + late:
        child.problem = (
            f"{child.place} ran longer than a cell may ({limits.cell_seconds} s; limits.cell_seconds in the params file)"
        )
    if child.problem:
        child.kill_at = now + GRACE_SECONDS
        os.kill(child.pid, signal.SIGINT)


def _kill(child: Child) -> None:
    """The process with everything that it has started."""
    for group in (*child.groups, child.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)


def _judged(child: Child, code: int, used: resource.struct_rusage) -> Outcome:
    """Good is only what said so at its end, and then ended in order."""
    seconds, limit = round(time.monotonic() - child.began, 1), child.task.limits.memory_mb
    outcome = Outcome(child.task.job, child.task.executed, seconds)
    if child.last_word and code == 0 and not child.problem:
        outcome = child.last_word
    else:
        outcome = failed_or_ok(outcome, child.problem or f"{_end_of(code)} in {child.place}")
    if outcome.error and "memory" in outcome.error.lower():
        may = f", and may have {limit} MB (limits.memory_mb in the params file)" if limit else ""
        outcome = replace(outcome, error=f"{outcome.error}. It had {used.ru_maxrss // 1000} MB{may}")
    return replace(outcome, cpu_seconds=round(used.ru_utime + used.ru_stime, 2))


def _end_of(code: int) -> str:
    if code == errno.ENOMEM:
        return "its process ran out of memory"
    if code == -signal.SIGKILL:
        return "its process was killed (out of memory?)"
    return f"its process died ({signal.strsignal(-code) or f'signal {-code}'})" if code < 0 else "its process ended early,"


# ------------------------------------------------------------------------------------------ the child's side


def _live(pipe: Any, task: Task, engine: str, scratch: Path, parent: int, others: list[Any]) -> NoReturn:
    """The whole life of a forked process. It never returns: what its parent was about to do is none of its business."""
    code = 1
    try:
        for connection in others:
            connection.close()
        _settle(parent, task)

        def tell(kind: str, word: Any) -> None:
            pipe.send((kind, os.getpid(), word))

        tell("end", execute(task, scratch, engine, tell))
        code = 0
    except MemoryError:
        code = errno.ENOMEM
    finally:
        os._exit(code)


def _settle(parent: int, task: Task) -> None:
    os.setsid()
    tempfile.tempdir = None  # its own folder, by what the environment says now
    die_with(parent)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a program on a terminal of its own (!command) ends with the hang-up
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    gc.set_threshold(100_000, 50, 100)  # it lives for seconds: garbage is looked for less often
    if task.limits.memory_mb:
        limit = task.limits.memory_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # else every child would draw the same numbers
