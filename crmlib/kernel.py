"""A notebook's kernel, where one is wanted (ENGINE=kernel): over sockets instead of open ports, and never left behind."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from .process import die_with

_listeners: list[Callable[[int], None]] = []


class Kernel(AsyncKernelManager):
    """Jupyter's manager, but the kernel starts through `main` below, and its process group is told."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        cmd = super().format_kernel_cmd(extra_arguments)
        # -X: nothing to Python, but a list of processes then shows what this one is
        return [sys.executable, "-X", "ipykernel", "-m", __name__, *cmd[cmd.index("-f") :]]

    async def _async_post_start_kernel(self, **kw: Any) -> None:
        await super()._async_post_start_kernel(**kw)
        for told in _listeners:
            told(self.provisioner.process.pid)  # type: ignore[union-attr]  # the leader of a session of its own


def settings(scratch: Path) -> dict[str, Any]:
    """How papermill is to start a kernel; its files and sockets lie in `scratch`, a short path."""
    from traitlets.config import Config

    here = {"transport": "ipc", "connection_file": str(scratch / "k.json"), "shutdown_wait_time": 1.0}
    return {"kernel_manager_class": Kernel, "config": Config({"KernelManager": here, "Kernel": here})}


def on_start(told: Callable[[int], None]) -> None:
    """Have somebody told of the process group of each kernel that starts: who is to end it and all that it starts."""
    _listeners.append(told)


def main() -> None:
    die_with(int(os.environ.get("JPY_PARENT_PID", os.getppid())))
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
