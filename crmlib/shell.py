"""A notebook's cells run inside this process, on IPython's own shell: no kernel process, no sockets, nothing to wait for.

What a cell shows becomes the same outputs that a kernel would have sent. Meant for a process that ends after one notebook.
The shell has to be there before pandas and matplotlib are imported: both look for it at their import, and a chart that
nobody hooked up would be lost without a word.
"""

import base64
import builtins
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

_SURROGATE = re.compile("[\ud800-\udfff]")  # what is no text cannot be stored as one
_MOST = 1_000_000  # bytes that a program's text may have


def _output(kind: str, **parts: Any) -> Any:
    from nbformat import from_dict

    return from_dict({"output_type": kind, **parts})


def _stored(data: dict[str, Any]) -> dict[str, Any]:
    """A bundle as a notebook file stores it: bytes in base64, and of JSON what JSON has (a kernel sends it as text, too)."""
    from jupyter_client.jsonutil import json_default

    def one(value: Any) -> Any:
        if isinstance(value, bytes):
            return base64.b64encode(value).decode() + "\n"
        return json.loads(json.dumps(value, default=json_default)) if isinstance(value, dict | list) else value

    return {mime: one(value) for mime, value in data.items()}


class _Stream(io.TextIOBase):
    """sys.stdout or sys.stderr while cells run."""

    encoding = "utf-8"

    def __init__(self, shell: "ZMQFreeShell", name: str):
        self.shell, self.name = shell, name

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """For programs that are told to write where this process does."""
        return 1 if self.name == "stdout" else 2

    def write(self, text: str) -> int:
        if text:
            self.shell.written(self.name, text)
        return len(text)


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **kw):
        name = (transient or {}).get("display_id")
        if update:
            for shown in self.shell.by_id.get(name, []):
                shown["data"], shown["metadata"] = _stored(data), dict(metadata or {})
            return
        shown = _output("display_data", data=_stored(data), metadata=metadata or {})
        self.shell.show(shown)
        if name:
            self.shell.by_id.setdefault(name, []).append(shown)

    def clear_output(self, wait=False):
        self.shell.clear_next = wait
        if not wait:
            self.shell.outputs.clear()


class _Hook(DisplayHook):
    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        count = self.shell.execution_count
        shown = _output("execute_result", data=_stored(format_dict), metadata=md_dict or {}, execution_count=count)
        self.shell.show(shown)

    def finish_displayhook(self):
        pass


class ZMQFreeShell(InteractiveShell):
    """The shell. pandas tells a notebook by 'zmq' in the name of this class, and by whether it has a kernel."""

    kernel = None
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, *args: Any, **kw: Any):
        self.outputs: list[Any] = []  # of the cell that runs
        self.by_id: dict[str, list[Any]] = {}  # outputs that may still be updated
        self.clear_next = False  # when something is shown next, what was shown before goes
        self.raised: tuple[str, str, list[str]] | None = None
        super().__init__(*args, **kw)

    def show(self, output: Any) -> None:
        """One more output of the cell that runs."""
        if self.clear_next:
            self.outputs.clear()
            self.clear_next = False
        self.outputs.append(output)

    def written(self, name: str, text: str) -> None:
        """Text of a stream; what follows on each other is one output."""
        text = _SURROGATE.sub("\ufffd", text)
        if self.clear_next:
            self.outputs.clear()
            self.clear_next = False
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.show(_output("stream", name=name, text=text))

    def _showtraceback(self, etype, evalue, stb):
        self.raised = (etype.__name__, str(evalue), list(stb))

    def enable_gui(self, gui=None):
        pass

    def ask_exit(self):
        raise SystemExit("the cell asked to exit")


def make() -> ZMQFreeShell:
    """The one shell of this process."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    return ZMQFreeShell.instance(config=settings)


def run(cells: list[Any], starts: Callable, ends: Callable, fails: Callable) -> None:
    """Run the code cells in order, up to the first that fails; each of the three is told (cell, index)."""
    shell = make()
    with _captured(shell) as files:
        for index, cell in enumerate(cells):
            starts(cell, index)
            if cell["cell_type"] == "code" and cell["source"].strip() and not _ran(shell, cell, files):
                fails(cell, index)
                return
            ends(cell, index)


def _ran(shell: ZMQFreeShell, cell: Any, files: dict[str, Any]) -> bool:
    """One cell; whether it came to its end."""
    shell.outputs = []
    cell["outputs"] = shell.outputs
    shell.raised, shell.clear_next = None, False
    result = shell.run_cell(cell["source"], store_history=True)
    for name, file in files.items():
        if text := _beside(file):
            shell.written(name, text)
    cell["execution_count"] = shell.execution_count - 1
    for shown in shell.outputs:
        if shown["output_type"] == "execute_result":
            shown["execution_count"] = cell["execution_count"]
    error = result.error_in_exec or result.error_before_exec
    if error is None:
        return True
    no_trace: list[str] = []  # of what ends a cell without being shown: an exit
    name, value, trace = shell.raised or (type(error).__name__, str(error), no_trace)
    shell.outputs.append(_output("error", ename=name, evalue=value, traceback=trace))
    return False


@contextmanager
def _captured(shell: ZMQFreeShell) -> Iterator[dict[str, Any]]:
    """What cells and the programs that they start write is an output of the cell; nobody is there to be asked."""
    kept = sys.stdout, sys.stderr, builtins.input, os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            sys.stdout, sys.stderr, builtins.input = _Stream(shell, "stdout"), _Stream(shell, "stderr"), _nobody
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            yield {"stdout": out, "stderr": err}
        finally:
            sys.stdout, sys.stderr, builtins.input = kept[:3]
            for number, saved in enumerate(kept[3:], start=1):
                os.dup2(saved, number)
                os.close(saved)


def _beside(file: Any) -> str:
    """What was written past Python since the last look."""
    size = os.fstat(file.fileno()).st_size
    text = os.pread(file.fileno(), _MOST, 0).decode("utf-8", "replace") + (f"… (+{size - _MOST:,} bytes)" if size > _MOST else "")
    if text:
        os.ftruncate(file.fileno(), 0)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
    return text


def _nobody(prompt: object = "") -> str:
    raise RuntimeError("a cell asks for input, and nobody is there to answer; give it as a parameter")
