"""What a command costs: the clock, processor time and memory of the whole tree of processes, and what others used meanwhile."""

import contextlib
import ctypes
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.25  # between two looks at the memory: each costs some milliseconds, and counts as others' work
QUIET, PATIENCE = 0.15, 30  # wait so many seconds at most for one in which less than this share of the machine is busy
_PR_SET_CHILD_SUBREAPER = 36
_TICKS, _CORES = os.sysconf("SC_CLK_TCK"), os.cpu_count() or 1


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds by the clock and of the processors (user and system, every process of the tree); MiB of the
    largest single process and of all together at their peak (PSS); the share of the machine that others used; what it said, and when.
    """

    wall: float
    work: float
    largest: float
    together: float
    others: float
    said: list[tuple[float, str]]


def measured(command: list[str], **more: str) -> Cost:
    """Run a command of this project to its end; one that fails ends the benchmark with what it said."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what a command leaves behind is ours to wait for, and to count
    _wait_for_quiet()
    busy, begun = _busy(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                               cwd=ROOT, env=environment() | more)  # fmt: skip
    said: list[tuple[float, str]] = []
    peak, over = [0.0], threading.Event()
    listener = threading.Thread(target=_listen, args=(process.stdout, said, begun), daemon=True)
    watcher = threading.Thread(target=_watch, args=(peak, over), daemon=True)
    listener.start()
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    every = [used, *_left_behind()]
    over.set()
    listener.join(5)
    work = sum(u.ru_utime + u.ru_stime for u in every)
    others = max(0.0, _busy() - busy - work) / ((time.perf_counter() - begun) * _CORES)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n" + "\n".join(line for _, line in said[-30:]))
    return Cost(wall, work, max(u.ru_maxrss for u in every) / 1024, peak[0] / 1024, others, said)


def environment() -> dict[str, str]:
    """This one, without what would narrow a run, and with this checkout's own crmlib."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return plain | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _left_behind() -> list:
    """What the processes used that outlived their parent (a server that ends by itself a moment later)."""
    used = []
    with contextlib.suppress(ChildProcessError):
        while True:
            used.append(os.wait4(-1, 0)[2])
    return used


def _listen(stream, said: list[tuple[float, str]], begun: float) -> None:
    for line in stream:
        said.append((time.perf_counter() - begun, line.rstrip()))


def _watch(peak: list[float], over: threading.Event) -> None:
    while not over.wait(SAMPLE_SECONDS):
        peak[0] = max(peak[0], sum(map(_pss, _descendants(os.getpid()))))


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            parent = stat.read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, todo = [], list(children.get(root, []))
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def _pss(process: int) -> int:
    """A process' own share of the memory, in kB: what several hold in common is divided among them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _busy() -> float:
    """Processor seconds that the whole machine has used."""
    with Path("/proc/stat").open() as f:
        return sum(map(int, f.readline().split()[1:4])) / _TICKS


def _wait_for_quiet() -> None:
    for _ in range(PATIENCE):
        before = _busy()
        time.sleep(1)
        if (_busy() - before) / _CORES < QUIET:
            return


def spread(values: Iterable[float], form: str = ",.1f") -> str:
    """The median, and the least and the most where there are several."""
    found = sorted(values)
    middle = f"{statistics.median(found):{form}}"
    return middle if len(found) == 1 else f"{middle} [{found[0]:{form}} to {found[-1]:{form}}]"


def machine() -> str:
    """What this was measured on, when, and of which state of the project."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("duckdb", "ibis-framework", "pandas", "matplotlib", "papermill", "nbconvert", "ipykernel")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return (f"{datetime.now():%Y-%m-%d %H:%M}, commit {_commit()}; {_CORES} cores ({platform.machine()}), {memory:.0f} GiB, {platform.system()}\n"
            f"Python {platform.python_version()}, {versions}")  # fmt: skip


def _commit() -> str:
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "crmlib", "notebooks"], capture_output=True, text=True, check=False)
    return f"{found or 'unknown'}{' with changes' if changed.stdout.strip() else ''}"
