"""The content-keyed store: computed once, shared by all processes, never stale.

An entry is a folder named by the hash of everything it was made from. It is built beside its place and moved there in
one rename, so that a half-made entry never counts; a lock keeps two processes from making the same one.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from . import places

_RACY_SECONDS = 2.0


def digest(*parts: object) -> str:
    """The hash of some values (by their JSON).

    >>> digest("a", 1) == digest("a", 1) != digest("a", 2)
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content_sha(path: Path) -> str:
    """The sha256 of a file's bytes, read now."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


_LIBRARIES = ("duckdb", "ibis-framework", "sqlglot", "pandas", "numpy", "scipy", "scikit-learn", "skops", "rjieba", "openpyxl")


@cache
def toolchain() -> list[str]:
    """Python and the libraries that tables are made with: what another version made is made again."""
    return [platform.python_version(), *(f"{name} {version(name)}" for name in _LIBRARIES)]


def file_sha(path: Path) -> str:
    """The sha256 of a file's bytes; not read again while its size and times of change stay as they were.

    A file changed within the last two seconds is always read: its next change might not show in its time.
    """
    stat = path.stat()
    mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    note = places.work() / "hashes" / digest(str(path.resolve()))[:32]
    try:
        remembered, content = json.loads(note.read_text())
        if remembered == mark:
            os.utime(note)
            return content
    except (OSError, ValueError):
        pass  # no note yet, or one cut off: the file itself is asked
    content = content_sha(path)
    if time.time() - max(stat.st_mtime, stat.st_ctime) > _RACY_SECONDS:
        note.parent.mkdir(exist_ok=True)
        write(note, json.dumps([mark, content]))
    return content


def once(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of entry `key`; `make(folder)` fills it if nobody has yet."""
    folder = places.work() / kind / key
    if touched(folder):
        return folder
    folder.parent.mkdir(exist_ok=True)
    with locked(folder.with_name(f"{key}.lock")):
        if not touched(folder):
            half = folder.with_name(f"{key}.half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            make(half)
            half.rename(folder)
    return folder


def touched(path: Path) -> bool:
    """Whether it is there; from now on it counts as lately used, and ageing leaves it alone."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system releases when its holder dies."""
    while True:
        with path.open("a") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            if _is_at(f.fileno(), path):  # else ageing has dropped the file meanwhile: the lock is that of a new one
                yield
                return


def _is_at(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, "utf-8")
    half.replace(path)
