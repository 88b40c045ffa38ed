"""What every process of a run does at its start: it ends with the one that started it, and computes in one thread."""

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


def environment(scratch: Path) -> dict[str, str]:
    """What a process that runs notebooks is told beside their parameters.

    Many run at once, so each computes in one thread (and a process with a second thread cannot be forked safely). A
    user's own start-up files do not count: a page must come out the same on every machine.
    """
    return dict.fromkeys(_ONE_THREAD, "1") | {
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYTHONHASHSEED": "0",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
