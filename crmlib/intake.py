"""The source of a run, prepared by the door; the demo company is made where it is asked for and not there."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from . import places
from .errors import UsageError
from .progress import say

if TYPE_CHECKING:
    from .sources import Prepared

DEMO, DEMO_FOLDER, DEMO_CUSTOMERS, DEMO_SEED = "demo", "data/demo", 20_000, 1


def open_source(source: str) -> "Prepared":
    """The prepared store of a source, made once and quick afterwards."""
    from . import sources

    folder = places.from_root(DEMO_FOLDER)
    if source == DEMO and not folder.exists():
        say(f"The demo company's data are not there yet: making them ({DEMO_FOLDER}) …")
        make_demo(folder, DEMO_CUSTOMERS, DEMO_SEED)
    return sources.prepare(source)


def make_demo(folder: Path, customers: int, seed: int) -> None:
    """The demo company's data: whole, or not there at all."""
    from . import demo

    if folder.exists():
        raise UsageError(f"{folder.name} is there already. The demo company needs a new folder. Say --folder.")
    half = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        half.parent.mkdir(parents=True, exist_ok=True)
        demo.make(half, customers=customers, seed=seed)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    say(f"Made the demo company: {customers} customers, in {folder.name}.")
