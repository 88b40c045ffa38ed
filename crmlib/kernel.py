"""A notebook's kernel: over sockets instead of open ports, in one thread, and never left behind."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

_PR_SET_PDEATHSIG = 1
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
_groups: list[int] = []


class Kernel(AsyncKernelManager):
    """Jupyter's manager, but the kernel starts through `main` below and its process group is remembered."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        cmd = super().format_kernel_cmd(extra_arguments)
        # -X: nothing to Python, but a list of processes then shows what this one is
        return [sys.executable, "-X", "ipykernel", "-m", __name__, *cmd[cmd.index("-f") :]]

    async def _async_post_start_kernel(self, **kw: Any) -> None:
        await super()._async_post_start_kernel(**kw)
        _groups.append(self.provisioner.process.pid)  # type: ignore[union-attr]  # the leader of a session of its own


def settings(scratch: Path) -> dict[str, Any]:
    """How papermill is to start a kernel; its files and sockets lie in `scratch`, a short path."""
    from traitlets.config import Config

    here = {"transport": "ipc", "connection_file": str(scratch / "k.json"), "shutdown_wait_time": 1.0}
    return {"kernel_manager_class": Kernel, "config": Config({"KernelManager": here, "Kernel": here})}


def environment(scratch: Path) -> dict[str, str]:
    """What a kernel is told beside its parameters.

    Many kernels run at once, so each computes in one thread. A user's own start-up files do not count: a page
    must come out the same on every machine.
    """
    return dict.fromkeys(_ONE_THREAD, "1") | {"IPYTHONDIR": str(scratch / "ipython"), "PYTHONHASHSEED": "0"}


def kill_all() -> None:
    """End the kernels of this process and everything that their cells have started."""
    while _groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(_groups.pop(), signal.SIGKILL)


def _die_with_parent() -> None:
    """Ask the system to end this process with its parent: a loop in native code never looks."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(os.environ.get("JPY_PARENT_PID", os.getppid())):
        sys.exit("The process that started this kernel is gone.")


def main() -> None:
    _die_with_parent()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
