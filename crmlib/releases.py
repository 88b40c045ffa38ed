"""Releases of the site: built whole beside the one that readers see, then switched in one rename.

A release is a folder, and beside it a manifest that records its pages. Unchanged files are hard links to the
release before; `site` is a relative link to the newest.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import ledger, store
from .errors import PublishError

KEEP = 3


@dataclass(frozen=True)
class Entry:
    """One page of the site in all its languages, as the manifest records it."""

    team: str
    folder: str
    period: str
    report: str
    languages: tuple[str, ...] = ()
    title: str = ""
    state: str = "ok"
    as_of: str | None = None
    error: str | None = None
    run: str = ""
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    source: str = ""
    executed: str = ""  # sha256 of the executed notebook that it was made from
    maker: str = ""  # the hash of the code and templates that made it

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.folder, self.period, self.report)

    @property
    def files(self) -> list[str]:
        """Where its files lie in the site."""
        return [f"{self.folder}/{self.period}/{name}" for name in self.sha256]


@dataclass(frozen=True)
class Release:
    """What readers see now; `folder` is None before the first one."""

    folder: Path | None = None
    languages: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def read(self, name: str) -> bytes | None:
        path = self.folder / name if self.folder else None
        return path.read_bytes() if path and path.is_file() else None

    def has(self, name: str) -> bool:
        return self.folder is not None and (self.folder / name).is_file()

    def entry(self, key: tuple[str, str, str]) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def holds(self, entry: Entry) -> bool:
        """Whether all files of a page are there."""
        return all(self.has(name) for name in entry.files)


def current(out: Path) -> Release:
    """The release that `site` points to."""
    link = out / "site"
    if not link.is_symlink():
        return Release()
    folder = out / link.readlink()
    try:
        content = json.loads(manifest(folder).read_text("utf-8"))
        entries = tuple(Entry(**page | {"languages": tuple(page["languages"])}) for page in content["pages"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishError(
            f"The manifest {folder.name}.json of the published site cannot be read ({type(error).__name__}). "
            "It stands beside the release's folder. Restore it, or remove the link site to start a new one."
        ) from None
    return Release(folder, tuple(content["languages"]), entries)


def manifest(folder: Path) -> Path:
    """Where a release records its pages."""
    return folder.with_name(folder.name + ".json")


def _told(folder: Path) -> Path:
    """The ledger's file of a release, until readers see it."""
    return folder.with_name(folder.name + ".parquet")


def release(
    out: Path, name: str, run: str, new: Release, files: dict[str, bytes], old: Release, told: Sequence[ledger.Entry] = (), more: Sequence[str] = (),
    kept: Iterable[str] = (),
) -> Path:  # fmt: skip
    """Build a release and let readers see it; they see all of it or nothing.

    `kept`: what stays as it is in the old release, without being read · `told`, `more` (as SQL): what the ledger keeps of it, if it is shown.
    """
    folder = out / "releases" / name
    try:
        for path, data in files.items():
            _put(folder, path, data, old)
        for path in kept:
            _keep(folder, path, old)
        _write_manifest(folder, run, new)
        if told or more:
            ledger.write(_told(folder), told, more)
        _switch(out, folder)
    except BaseException as error:
        if current(out).folder != folder:  # a signal may come just after the switch: readers are there already
            shutil.rmtree(folder, ignore_errors=True)
            for beside in (manifest(folder), _told(folder)):
                beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise PublishError(_why(error, out)) from None
        raise
    with contextlib.suppress(OSError, PublishError):  # what cannot be taken in or removed now is next time
        ledger.adopt(out)
        _forget_old(out, folder)
    return folder


def _put(folder: Path, name: str, data: bytes, old: Release) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PublishError(f"The page {name!r} would lie outside the site. Nothing was published. Rename the team or report.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if old.folder and old.read(name) == data:
        with contextlib.suppress(OSError):  # a file system without hard links, or too many of one file
            os.link(old.folder / name, path)
            return
    half = path.with_name(f".{path.name}.part")
    half.write_bytes(data)
    half.replace(path)


def _keep(folder: Path, name: str, old: Release) -> None:
    """The same file in both releases."""
    if old.folder is None:
        raise AssertionError("there is nothing to keep before the first release")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old.folder / name, folder / name)
    except OSError:  # a file system without hard links, or too many of one file
        shutil.copyfile(old.folder / name, folder / name)


def _write_manifest(folder: Path, run: str, new: Release) -> None:
    pages = [asdict(entry) for entry in new.entries]
    content = {"schema": 1, "id": folder.name, "run": run, "languages": new.languages, "pages": pages}
    store.write(manifest(folder), json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _switch(out: Path, folder: Path) -> None:
    link = out / f".site-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(out))
    try:
        link.replace(out / "site")
    finally:
        link.unlink(missing_ok=True)


def _forget_old(out: Path, newest: Path) -> None:
    """Keep the last few: a reader may be in the middle of one. A folder without manifest is half-made."""
    folders = [p for p in (out / "releases").iterdir() if p.is_dir() and p != newest]
    done = sorted((p for p in folders if manifest(p).is_file()), key=lambda p: manifest(p).stat().st_mtime_ns)
    for folder in _without(folders, done[-(KEEP - 1) :]):
        shutil.rmtree(folder, ignore_errors=True)
        manifest(folder).unlink(missing_ok=True)


def _without(folders: Iterable[Path], kept: Iterable[Path]) -> list[Path]:
    return [folder for folder in folders if folder not in set(kept)]


def _why(error: OSError, out: Path) -> str:
    free = shutil.disk_usage(out).free // 1_000_000
    return (
        f"The site could not be written: {error.strerror}; {out.name} has {free} MB free. "
        "The old site was kept as it was. Make room or mend the permissions; then `python -m crmlib publish`."
    )
