"""What the person who started a run sees meanwhile: a live bar on a terminal, plain lines elsewhere."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .plan import Job

if TYPE_CHECKING:
    from .execution import Outcome
    from .run import Tell


def say(text: str) -> None:
    print(text, flush=True)


def warn(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def watched(total: int) -> "Iterator[Tell]":
    """A place to tell what started and what ended."""
    if not sys.stdout.isatty():
        yield _lines(total)
        return
    with _bar(total) as tell:
        yield tell


def _line(number: int, total: int, job: Job, outcome: "Outcome") -> str:
    """
    >>> from pathlib import Path; from crmlib.execution import Outcome
    >>> job = Job("funnel", "2026-10", "north", "demo", ("en",))
    >>> _line(3, 14, job, Outcome(job, Path(), 2.1))
    '[ 3/14] funnel north 2026-10 … 2.1 s'
    """
    place = f"[{number:{len(str(total))}}/{total}]"
    return f"{place} {job} … {outcome.seconds:.1f} s{' FAILED' if outcome.error else ''}"


def _lines(total: int) -> "Tell":
    ended = 0

    def tell(event: str, job: Job, outcome: "Outcome | None" = None) -> None:
        nonlocal ended
        if outcome is not None:
            ended += 1
            say(_line(ended, total, job, outcome))

    return tell


@contextmanager
def _bar(total: int) -> "Iterator[Tell]":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    running: dict[str, None] = {}  # in the order in which they started
    failed = ended = 0
    lock = threading.Lock()  # "started" is told by the threads that start
    with Progress(*columns) as bar:
        task = bar.add_task("", total=total)

        def tell(event: str, job: Job, outcome: "Outcome | None" = None) -> None:
            nonlocal failed, ended
            with lock:
                if outcome is None:
                    running[str(job)] = None
                else:
                    running.pop(str(job), None)  # one that never started fails, too
                    ended, failed = ended + 1, failed + bool(outcome.error)
                    bar.console.print(_line(ended, total, job, outcome), markup=False, highlight=False)
                names = ", ".join(list(running)[:3]) + (" …" if len(running) > 3 else "")
                bar.update(task, completed=ended, description=f"failed {failed}  running: {names or '–'}")

        yield tell
