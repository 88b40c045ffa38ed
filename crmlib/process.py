"""What every process of a run does at its start: it ends with the one that started it, and computes in one thread."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def die_with(parent: int) -> None:
    """Ask the system to end this process with its parent: a loop in native code never looks."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def sweep(scratch: Path) -> None:
    """End every other process that was told to keep its temporary files in this folder, in whatever session it runs."""
    mark = f"TMPDIR={scratch}".encode()
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it is another user's, or has ended meanwhile
            if place.parent.name != str(os.getpid()) and mark in place.read_bytes().split(b"\0"):
                os.kill(int(place.parent.name), signal.SIGKILL)


def environment(scratch: Path) -> dict[str, str]:
    """What a process that runs notebooks is told beside their parameters.

    Many run at once, so each computes in one thread (and a process with a second thread cannot be forked safely). A
    user's own start-up files do not count: a page must come out the same on every machine.
    """
    return dict.fromkeys(_ONE_THREAD, "1") | {
        "IPYTHONDIR": str(scratch / "ipython"),
        "TMPDIR": str(scratch),
        "PYTHONHASHSEED": "0",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def share(at_once: int, alone: bool) -> dict[str, str]:
    """What of the machine one of several notebooks may use for its queries; `alone`: the others wait for what it makes."""
    cores, memory = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    threads = cores if alone else max(1, cores // at_once)
    return {"CRM_THREADS": str(threads), "CRM_MEMORY": f"{int(0.7 * memory / at_once / 1e6)}MB"}
