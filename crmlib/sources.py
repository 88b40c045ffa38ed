"""Open a source: a file in params/sources, a folder of CSV or Parquet files, or a DuckDB file with the canonical tables."""

import json
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from pydantic import BaseModel, ConfigDict

from . import coverage, marks, places, store
from .errors import CrmError, DataError, Tell, UsageError, nearest
from .files import File, FileSpec
from .inputs import KINDS, DeclaredDay, Given, as_delivered, inputs_in
from .mapped import Mapped
from .mapping import Mapping, TableSpec
from .schema import Business
from .settings import check, line_of, load

# what a prepared store is made by: when one of these changes, it is made again
ROOMS = ("schema.yml", "schema.py", "files.py", "inputs.py", "csvfile.py", "workbook.py", "formats.py", "mapping.py", "mapped.py", "expressions.py", "sql.py",
         "typed.py", "coverage.py", "parquet.py", "leftout.py", "teams.py", "stages.py", "money.py")  # fmt: skip
FOLDER = places.ROOT / "params" / "sources"


class SourceFile(BaseModel):
    """params/sources/<name>.yml"""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: str = ""
    business: Business = Business()  # type: ignore[call-arg]
    mapping: Mapping


@dataclass(frozen=True)
class Source:
    """Where the canonical tables come from and what their figures mean.

    `files` by what mappings call them; `tables`: how they map on canonical ones (empty: each file is a canonical table).
    """

    name: str
    title: str
    business: Business
    files: dict[str, File]
    tables: dict[str, TableSpec] = field(default_factory=dict)
    as_of: date | None = None
    settings: Path | None = None

    @cached_property
    def hashes(self) -> dict[str, str]:
        """sha256 of each file."""
        return {name: file.sha for name, file in self.files.items()}

    @property
    def key(self) -> str:
        specs = [[k, v.model_dump_json()] for k, v in [*self.tables.items(), *((k, f.spec) for k, f in self.files.items())]]
        return store.digest(_DOOR, self.hashes, self.title, self.business.model_dump(), str(self.as_of), specs)[:32]

    def given(self, con: duckdb.DuckDBPyConnection, scratch: Path, day: DeclaredDay) -> dict[str, Given]:
        """Each canonical table on its way in, on the door's connection."""
        if not self.tables:
            return {n: Given(partial(as_delivered, con, f, scratch=scratch, day=day), (f,)) for n, f in self.files.items()}
        mapped = Mapped(con, self.files, scratch, self.place, self.business.time_zone, day)
        return {name: mapped.given(name, spec) for name, spec in self.tables.items()}

    def place(self, *keys: str) -> str:
        """Where something stands in the source's file, in words."""
        return f"{self.settings.name}, line {line_of(self.settings, ('mapping', *keys))}" if self.settings else self.name


# the hash of the door itself, as it was loaded: what an older door prepared, or one on other libraries, is prepared again
_DOOR = store.digest([Path(__file__).with_name(room).read_text("utf-8") for room in ROOMS], store.toolchain())


@dataclass(frozen=True)
class Prepared:
    """A source, checked and cleaned: the prepared store that every report opens."""

    name: str
    title: str
    business: Business
    key: str
    folder: Path
    door: dict[str, Any]

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """What the door found in each table: rows, delivered columns, left out, sha256."""
        return self.door["tables"]

    @property
    def warnings(self) -> list[str]:
        return self.door["warnings"]

    @cached_property
    def first_day(self) -> date:
        return date.fromisoformat(self.door["first"])

    @cached_property
    def last_moment(self) -> datetime:
        """The newest row that is not in the future: up to then the data tell what happened."""
        if self.door["as_of"]:
            return datetime.fromisoformat(self.door["as_of"] + "T23:59:59")
        now = _now(self.business.time_zone)
        past = [m for m in self.door["last"] if datetime.fromisoformat(m) <= now]
        return datetime.fromisoformat(max(past, default=min(self.door["last"])))

    @property
    def last_day(self) -> date:
        return self.last_moment.date()

    def teams_at(self, day: date) -> list[str]:
        """The teams that exist before a day, by name."""
        return marks.teams_at(self.door, day)


def _now(zone: str) -> datetime:
    """The business's own local time, whatever zone the machine is in; CRM_NOW sets it."""
    said = os.environ.get("CRM_NOW")
    moment = datetime.fromisoformat(said) if said else datetime.now(UTC)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment


def open_source(ref: str, tell: Tell | None = None) -> Source:
    """The source a user names: a name in params/sources, a path to such a file, a folder, or a DuckDB file.

    `tell`: who hears of files that are not there or there twice; without it the first of them ends all.
    """
    if "://" in ref:
        raise UsageError(f"{ref!r} is an address, and nothing is fetched from the network. Name a source, a file or a folder.")
    path = _path(ref)
    if _is_name(ref):
        return _from_file(FOLDER / f"{ref}.yml", ref, tell)
    if path and path.suffix in (".yml", ".yaml") and path.is_file():
        return _from_file(path, path.stem, tell)
    if path:
        return Source(path.stem, path.stem, Business(), inputs_in(path, tell))  # type: ignore[call-arg]
    known = [p.stem for p in FOLDER.glob("*.yml")]
    raise UsageError(
        f"There is no source {ref[:80]!r}: no such name in params/sources, no such file or folder ({nearest(ref, known)}). "
        "Right are a name, a path to a source file, a folder or a .duckdb file. Change SOURCE or --source."
    )


def called(ref: str) -> str:
    """What a source is known by in the ledger and in records, by whatever path it was named; it opens the same source.

    A name in params/sources, or the place of a file or folder: from the project's root where it lies below it.
    """
    path = None if _is_name(ref) else _path(ref)
    if path is None:
        return ref
    place = path.resolve()
    if place.parent == FOLDER.resolve() and place.suffix == ".yml" and _is_name(place.stem):
        return place.stem
    return str(place.relative_to(places.ROOT.resolve()) if place.is_relative_to(places.ROOT.resolve()) else place)


def _is_name(ref: str) -> bool:
    return bool(re.fullmatch(r"[\w-]{1,60}", ref)) and (FOLDER / f"{ref}.yml").is_file()


def _path(ref: str) -> Path | None:
    """What lies there, if anything does; a text that can be no path (too long, a NUL in it) names nothing."""
    try:
        path = places.from_root(ref)
        return path if ref.strip() and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _from_file(path: Path, name: str, tell: Tell | None) -> Source:
    file = check(SourceFile, load(path), path)
    if "://" in file.mapping.folder:
        raise UsageError(
            f"{path.name}: mapping.folder is an address. A folder or a .duckdb file of this machine is right. Change it there."
        )
    folder = _path(file.mapping.folder)
    if folder is None:
        raise DataError(
            f"{path.name}: mapping.folder is {file.mapping.folder!r}, which does not exist. "
            "It is counted from the project's root. Correct it there, or put the data in that place."
        )
    given = file.mapping
    files = _declared(folder, path, given, tell) if given.aliases else inputs_in(folder, tell)
    specs = given.as_they_are or given.tables
    there = {n: s for n, s in specs.items() if tell is None or not ({s.of, *s.join} & set(given.aliases) - set(files))}
    return Source(name, file.title or name, file.business, files, there, given.as_of, path)


def _declared(folder: Path, settings: Path, mapping: Mapping, tell: Tell | None) -> dict[str, File]:
    files = {}
    for name, spec in mapping.aliases.items():
        try:
            files[name] = _file(name, spec, folder, settings, mapping)
        except CrmError as e:
            if tell is None:
                raise
            tell(name, e)
    return files


def _file(name: str, spec: FileSpec, folder: Path, settings: Path, mapping: Mapping) -> File:
    """A declared file, if it is there."""
    path = folder if folder.is_file() else folder / spec.path
    where = ("mapping", "files", name) if name in mapping.files else ("mapping", "tables")
    at = f"{settings.name}, line {line_of(settings, where)}"
    if "://" in spec.path:
        raise UsageError(f"{at}: {name} is an address, and nothing is fetched from the network. Name a file in the folder.")
    if not path.is_file():
        there = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        raise DataError(
            f"{at}: there is no file {spec.path!r} in {folder.name}/ ({nearest(spec.path, there)}). Correct path there."
        )
    if path.suffix.lower() not in KINDS:
        raise UsageError(
            f"{at}: {path.name} is of no kind that can be read. Right are {', '.join(KINDS)}. Export it as one of them."
        )
    return File(name, path, spec)


def prepare(ref: str) -> Prepared:
    """The prepared store of a source: made once for the same data and settings, opened in milliseconds after that."""
    source = open_source(ref)
    folder = store.once("stores", source.key, lambda half: coverage.fill(half, source))
    door = json.loads((folder / "door.json").read_text("utf-8"))
    return Prepared(source.name, source.title, source.business, source.key, folder, door)
