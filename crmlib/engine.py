"""Papermill's engine `crm`: the notebook runs inside the process that asks, in one that has everything loaded already.

`papermill --engine crm` works with it; our runs fork a warmed process for each notebook (zygote.py).
"""

import ast
import contextlib
import gc
import importlib
import signal
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat

from . import imports, shell

NAME = "crm"
IMPORT_SECONDS = 30.0
MODELS = f"{__package__}.models."


@cache
def _engine() -> type:
    from papermill.engines import Engine

    class Warm(Engine):
        """Runs the cells on this process's own shell."""

        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, *, on_notebook_start=None, on_cell_start=None, **kw):
            def starts(cell: Any, index: int) -> None:
                nb_man.cell_start(cell, index)
                if on_cell_start:
                    on_cell_start(cell=cell, cell_index=index)

            if on_notebook_start:
                on_notebook_start(notebook=nb_man.nb)
            shell.run(nb_man.nb.cells, starts, nb_man.cell_complete, nb_man.cell_exception)

    return Warm


def __getattr__(name: str) -> type:
    """`Warm`, made when papermill asks for it: it asks while it is imported itself, and so must not be imported from here."""
    if name == "Warm":
        return _engine()
    raise AttributeError(name)


def register() -> None:
    """Make the engine known to papermill, also where the package was not installed with its entry point."""
    from papermill.engines import papermill_engines

    papermill_engines.register(NAME, _engine())


def warm(notebooks: Collection[Path]) -> Iterator[None]:
    """Load what these notebooks import, once, for all that are forked from this process.

    The first step is what every notebook needs; each further one loads something that is imported only where it is needed, and
    can be taken while the first notebooks run already.
    """
    register()
    cells = [code for path in notebooks for code in _code(path)]
    with shell.make().builtin_trap:  # get_ipython has to be visible while pandas is imported
        for _ in _loaded(name for code in cells for name in _imports(code)):
            pass
    if duckdb := sys.modules.get("duckdb"):
        duckdb.default_connection().close()  # it has a thread for each core; whoever asks for it opens it again
    freeze()
    yield
    if any(room.__name__.startswith(MODELS) for room in _our_rooms()):
        importlib.import_module(f"{__package__}.saved")  # pages load what was fitted: each would take a second for that
    with shell.make().builtin_trap:
        yield from _loaded(name for room in _our_rooms() for name in _imports(Path(room.__file__ or "").read_text("utf-8")))
    for room in _our_rooms():
        if ready := getattr(room, "make_ready", None):  # a room that works something out at its first use
            ready()
            yield
    for path in notebooks:
        with contextlib.suppress(OSError, ValueError, KeyError):  # a notebook that is gone or spoilt: its own process will say so
            imports.code(path)
    freeze()


def _code(notebook: Path) -> list[str]:
    """The code of a notebook's cells; of one that cannot be read none: its own process will say so."""
    try:
        return [cell.get("source", "") for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError):
        return []


def _our_rooms() -> list[ModuleType]:
    """The rooms of this package that are loaded by now: what they load or work out only when it is needed will be needed soon."""
    return [m for name, m in list(sys.modules.items()) if name.startswith(f"{__package__}.") and m.__file__]


def _loaded(names: Iterable[str]) -> Iterator[None]:
    """Import each; one step for each that was not there before."""
    for name in dict.fromkeys(names):
        if name not in sys.modules:
            with (
                contextlib.suppress(Exception, SystemExit),
                _at_most(IMPORT_SECONDS),
            ):  # the cell that needs it will say what is wrong with it
                importlib.import_module(name)
            yield


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer: it runs under no report's limit here."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def freeze() -> None:
    """What is loaded by now is nobody's garbage: forked processes share its memory instead of copying it to look through."""
    gc.collect()
    gc.freeze()


def _imports(code: str) -> list[str]:
    """The modules that a piece of code imports, and what it takes from them: `from a import b` may mean the module a.b."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a magic line, or an error that running it will show
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names
