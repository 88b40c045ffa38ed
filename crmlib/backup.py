"""Copies of the ledger, and the proof that the newest of them is whole and complete.

A copy is a folder `<when>/`: the ledger's files, `site.json` (the manifest of what readers saw) and `SHA256SUMS`, as
`sha256sum -c` reads it. To put a copy back is to copy its folder `ledger` into the output folder.
"""

import os
import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from . import fmt, ledger, lock, places
from .errors import CrmError, PublishError, UsageError
from .progress import say
from .releases import manifest
from .run import new_id
from .store import content_sha

SUMS = "SHA256SUMS"
_WHEN = re.compile(r"(\d{8})-(\d{6})(?:-(\d+))?")
_HELP = "a folder of copies instead of `backups` beside the output folder"
ToOpt = Annotated[str, typer.Option("--to", envvar="CRM_BACKUP", help=_HELP, show_envvar=False)]
FromOpt = Annotated[str, typer.Option("--from", envvar="CRM_BACKUP", help=_HELP, show_envvar=False)]
OutOpt = Annotated[str, typer.Option(envvar="CRM_OUT", help="a folder instead of reports_out", show_envvar=False)]


def backup(to: ToOpt = "", out: OutOpt = "") -> None:
    """Copy the ledger (what was published and predicted) with checksums."""
    here = _out(out)
    place = copy(here, _copies(to, here))
    say(f"Copied {_counted(place)} to {places.short(place)}.")


def restore_drill(of: FromOpt = "", out: OutOpt = "") -> None:
    """Prove the newest backup: restored elsewhere, every checksum, every file, compared with the ledger."""
    here = _out(out)
    place = newest(_copies(of, here))
    say(f"{places.short(place)} is whole: {_counted(place)}.")
    say(compare(place, here))


def _out(asked: str) -> Path:
    return places.from_root(asked) if asked else places.out()


def _copies(asked: str, out: Path) -> Path:
    return places.from_root(asked) if asked else out.parent / "backups"


# ------------------------------------------------------------------------------------------------ there


def copy(out: Path, to: Path) -> Path:
    """A new copy, whole or not at all."""
    if not (out / "site").is_symlink() and not ledger.files(out):
        raise UsageError(
            f"Nothing was published in {out.name}, so it has no ledger. Run first, or name its folder with OUT or --out."
        )
    with lock.one_run(out):
        files = {f"ledger/{file.name}": file for file in ledger.files(out)}
        if (shown := manifest((out / "site").resolve())).is_file():
            files["site.json"] = shown
        half = to / f".half-{os.getpid()}"
        try:
            to.mkdir(mode=0o700, parents=True, exist_ok=True)
            _fill(half, files)
            return half.rename(to / new_id(to))
        except OSError as error:
            raise PublishError(
                f"The backup could not be written to {places.short(to)}: {error.strerror}. Nothing of it was kept. "
                "Make room or mend the permissions, or name another folder with BACKUP or --to."
            ) from None
        finally:
            shutil.rmtree(half, ignore_errors=True)


def _fill(half: Path, files: dict[str, Path]) -> None:
    for folder in (half, half / "ledger"):
        folder.mkdir(mode=0o700)
    # the sums of what is copied, not of the copies: so the drill proves these
    sums = {name: content_sha(file) for name, file in sorted(files.items())}
    for name, file in files.items():
        shutil.copyfile(file, half / name)
    (half / SUMS).write_text("".join(f"{sha}  {name}\n" for name, sha in sums.items()), "utf-8")
    for file in half.rglob("*"):
        if file.is_file():
            file.chmod(0o600)


# ------------------------------------------------------------------------------------------------ and back


def newest(copies: Path) -> Path:
    """The newest copy, proved: restored into a folder of its own, every sum right, every file read through."""
    there = [(m, p) for p in (copies.iterdir() if copies.is_dir() else ()) if (m := _WHEN.fullmatch(p.name)) and p.is_dir()]
    if not there:
        raise UsageError(
            f"There is no backup in {places.short(copies)}. Make one with `make backup`, or name its folder with BACKUP or --from."
        )
    place = max(there, key=lambda one: (one[0][1], one[0][2], int(one[0][3] or 0)))[1]
    with tempfile.TemporaryDirectory(prefix="crm-drill-") as scratch:
        if wrong := _wrong(place, Path(scratch) / "restored"):
            more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
            raise CrmError(
                f"The backup {places.short(place)} is damaged: {wrong[0]}{more}. Do not rely on it. "
                "Make another with `make backup` while the ledger is there, and look after the disk."
            )
    return place


def _wrong(place: Path, restored: Path) -> list[str]:
    """Restore a copy, and say what is not as it was."""
    try:
        shutil.copytree(place, restored)
    except shutil.Error as error:
        return [str(why) for _, _, why in error.args[0]]
    sums = _sums(restored)
    there = {p.relative_to(restored).as_posix() for p in restored.rglob("*") if p.is_file()} - {SUMS}
    missing = [f"{name} is missing" for name in sorted(sums.keys() - there)]
    strange = [f"{name} is not listed in {SUMS}" for name in sorted(there - sums.keys())]
    changed = [
        f"{name} differs from its checksum" for name in sorted(sums.keys() & there) if content_sha(restored / name) != sums[name]
    ]
    unread = [f"{path.name} cannot be read" for path in ledger.damaged(restored)]
    return missing + strange + changed + unread or ([] if sums else [f"{SUMS} is missing or empty"])


def _sums(place: Path) -> dict[str, str]:
    """What SHA256SUMS lists: name → sum."""
    file = place / SUMS
    lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    return {name: sha for sha, _, name in (line.partition("  ") for line in lines)}


def compare(place: Path, out: Path) -> str:
    """What came into the ledger since the copy was made; an error where the ledger lacks what the copy has."""
    copied = {sha: Path(name) for name, sha in _sums(place).items() if name.startswith("ledger/")}
    live = {content_sha(file): file for file in ledger.files(out)}
    if lost := [path for sha, path in copied.items() if sha not in live]:
        count, since = _of(place, lost)
        raise CrmError(
            f"The ledger of {out.name} lacks {fmt.count(count)} entries that the backup {places.short(place)} has, the first made on "
            f"{since:%Y-%m-%d %H:%M}: {', '.join(sorted(path.name for path in lost)[:3])}. A ledger only ever grows. "
            f"Copy these files from the backup's folder ledger into {out.name}/ledger, before the next run."
        )
    if bad := ledger.damaged(out):
        raise CrmError(
            f"The ledger of {out.name} is damaged: {bad[0].name} cannot be read, and this backup does not have it. The next run would refuse to publish. "
            "Move the file away, knowing that what it told is lost, and look after the disk."
        )
    count, since = _of(out, [path for sha, path in live.items() if sha not in copied])
    if not count:
        return "The ledger has nothing that this backup lacks."
    return f"The ledger has {fmt.count(count)} entries that this backup lacks, made since {since:%Y-%m-%d %H:%M}."


def _of(out: Path, files: list[Path]) -> tuple[int, datetime]:
    """How many entries some files of a ledger have, and when the first of them was made."""
    numbers = ", ".join(path.name[:6] for path in files)
    told = ledger.entries(out).filter(f"number in ({numbers})" if files else "false")
    return told.aggregate("count(*), min(made_at)").fetchall()[0]


def _counted(place: Path) -> str:
    count, _ = _of(place, ledger.files(place))
    return f"{fmt.count(count)} entries in {fmt.count(len(ledger.files(place)))} files"
