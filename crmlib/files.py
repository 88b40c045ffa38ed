"""A file of a source: where it lies, and how it is written as far as it says so itself or `files:` declares it."""

import codecs
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from . import store
from .formats import Formats, checked_dates, checked_numbers, checked_zone


class Written(BaseModel):
    """How values are written; said of a file, of a table or of one column."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    dates: str | list[str] = Field([], description="how days and times are written, such as '%d.%m.%Y'; one way or several")
    numbers: str = Field("", description="how 1234.56 is written, such as '1.234,56'")
    time_zone: str = Field("", description="zone in which times are written (default: the business's)")

    @field_validator("dates")
    @classmethod
    def _dates(cls, value: str | list[str]) -> list[str]:
        return [checked_dates(form) for form in ([value] if isinstance(value, str) else value)]

    @field_validator("numbers")
    @classmethod
    def _numbers(cls, value: str) -> str:
        return checked_numbers(value) if value else value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return checked_zone(value) if value else value

    @property
    def formats(self) -> Formats:
        return Formats(tuple(self.dates), self.numbers, self.time_zone)


class FileSpec(Written):
    """One file of a source and how it is written (`files:` of a mapping)."""

    path: str = Field(
        "", description="within the folder (a file, or a folder and a file); not needed for a table of a .duckdb file"
    )
    encoding: str = Field("utf-8", description="utf-8, gbk, latin-1, utf-16 …")
    delimiter: str = Field(",", description="what separates columns: one sign, or tab")
    skip: int = Field(0, ge=0, le=1000, description="lines before the header")
    sheet: str | None = Field(None, description="sheet of an Excel workbook (default: the first)")
    table: str | None = Field(None, description="table of a .duckdb file")
    rows: int | None = Field(None, ge=0, description="how many rows it must have: another number is refused")
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="what its content must be: another one is refused")

    @field_validator("path")
    @classmethod
    def _within(cls, value: str) -> str:
        if ".." in Path(value).parts or Path(value).is_absolute():
            raise ValueError("a path lies within the folder: no .., and no / at its begin. Set mapping.folder higher if need be")
        return value

    @field_validator("delimiter")
    @classmethod
    def _one_sign(cls, value: str) -> str:
        value = {"tab": "\t"}.get(value, value)
        if len(value) != 1 or value in "\r\n\"'":
            raise ValueError("a delimiter is one sign, such as ';', or the word tab")
        return value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"{value!r} is no encoding; right are such as utf-8, gbk, latin-1, utf-16") from None
        return value


@dataclass(frozen=True)
class File:
    """A file as delivered: what mappings call it, where it lies, how it is written."""

    name: str
    path: Path
    spec: FileSpec = field(default_factory=lambda: FileSpec())  # type: ignore[call-arg]

    @property
    def kind(self) -> str:
        """Its ending, in small letters."""
        return self.path.suffix.lower()

    @property
    def formats(self) -> Formats:
        """How its values are written."""
        return replace(self.spec.formats, sheet=self.kind == ".xlsx")

    def copy_in(self, scratch: Path, what: str) -> Path:
        """Where a converted copy of it goes: under what mappings call it, since files of two folders may have one name."""
        return scratch / f"{store.digest(self.name)[:16]}-{what}.csv"

    @property
    def called(self) -> str:
        """How messages call it: the file's name, never its path."""
        part = (self.spec.table or self.name) if self.kind == ".duckdb" else self.spec.sheet
        return f"{self.path.name}:{part}" if part else self.path.name

    @property
    def sha(self) -> str:
        """Of the file; of a DuckDB file with what its writer has not moved into it yet."""
        log = self.path.with_name(f"{self.path.name}.wal")
        if self.kind == ".duckdb" and log.is_file():
            return store.digest(store.file_sha(self.path), store.file_sha(log))
        return store.file_sha(self.path)
