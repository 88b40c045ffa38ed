"""What was not used lately is dropped at the end of a run. Everything in work/ can be made again; nothing else ages."""

import fcntl
import shutil
import time
from pathlib import Path

from . import places, records

DAYS = 30  # since the last use: a store, a table or a note that no run and no analyst has asked for, a record that no plan has
KEEP_RUNS = 3  # the last runs are kept whole; of older ones what a record refers to, since it may be published again
_STORES = ("stores", "kept", "models", "told")
_NOTES = ("hashes", "records")


def tidy() -> None:
    """Drop what has aged."""
    work, now = places.work(), time.time()
    for folder in [p for kind in _STORES for p in (work / kind).glob("*") if p.is_dir() and _aged(p, now)]:
        _drop_store(folder, now)
    for note in [p for kind in _NOTES for p in (work / kind).glob("*") if _aged(p, now)]:
        note.unlink(missing_ok=True)
    _drop_runs(work / "runs")


def _aged(path: Path, now: float) -> bool:
    try:
        return now - path.stat().st_mtime > DAYS * 86_400
    except FileNotFoundError:  # its maker has given it its name at this moment
        return False


def _drop_store(folder: Path, now: float) -> None:
    """Drop an entry of the store, unless somebody makes it at this moment or has used it meanwhile."""
    lock = folder.with_name(f"{folder.name.removesuffix('.half')}.lock")
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _aged(folder, now):
            gone = folder.with_name(f"{folder.name}.gone")
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _ended(run: Path) -> tuple[int, str]:
    """When a run ended; names follow the clock, and that can be set back."""
    told = run / "run.json"
    return (told.stat().st_mtime_ns if told.is_file() else 0, run.name)


def _drop_runs(runs: Path) -> None:
    """Executed notebooks hold raw data: of older runs only those are kept that a record refers to."""
    needed = {record.executed for _, record in records.every()}
    for run in sorted((p for p in runs.glob("*") if p.is_dir()), key=_ended)[:-KEEP_RUNS]:
        kept = [p for p in run.iterdir() if f"{run.name}/{p.name}" in needed]
        if not kept:
            shutil.rmtree(run, ignore_errors=True)
            continue
        for path in run.iterdir():
            if path not in kept and path.is_file():
                path.unlink(missing_ok=True)
