"""One run at a time in an output folder. The system releases the lock when its holder dies, in any way."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from . import ledger
from .errors import UsageError

_ROOM = 1_000_000  # bytes that must be free: with less, not even one report could be written


@contextmanager
def one_run(out: Path) -> Iterator[str]:
    """Hold the folder; gives who held it last, where that run did not come to its end (else nothing)."""
    _writable(out)
    with (out / ".lock").open("a+", encoding="utf-8") as file:
        file.seek(0)
        holder = file.read().strip()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"Another run works in this folder: {holder or 'a process that just started'}. "
                "One run at a time is right. Wait for it, or give this one its own folder with OUT or --out."
            ) from None
        _sign(file, f"process {os.getpid()}, started {datetime.now():%Y-%m-%d %H:%M:%S}")
        try:
            ledger.adopt(out)  # a run that was killed may have shown pages that the ledger does not have yet
            yield holder
        finally:
            _sign(file, "")


def _sign(file, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _writable(out: Path) -> None:
    """Better refused now than after an hour of computing."""
    probe = out / f".probe-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(bytes(_ROOM))
        finally:
            probe.unlink(missing_ok=True)
        good = not (out / "site").exists() or (out / "site").is_symlink()
    except OSError as error:
        raise UsageError(
            f"The output folder {out.name!r} cannot be written to: {error.strerror}. "
            "A folder of your own is right. Change OUT or --out, or its permissions."
        ) from None
    if not good:
        raise UsageError(
            f"{out.name}/site is a folder of its own. It has to be a link that publishing replaces. Move it away, or change OUT."
        )
