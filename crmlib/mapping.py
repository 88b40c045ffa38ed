"""How a source maps on the canonical tables: what `mapping:` in a file of params/sources may say."""

import re
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .errors import nearest
from .files import FileSpec, Written
from .formats import Formats
from .schema import tables

_READ = re.compile(r'\s*(?P<how>money|number|moment)\(\s*"(?P<column>[^"]+)"\s*\)\s*')


class ColumnSpec(Written):
    """A column of a canonical table: a column of the file or an expression, its values in other words."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    of: str = Field(alias="from", description="a column of the file, or one scalar SQL expression")
    values: dict[str, str] = Field({}, description="value in the file → word of this product")

    @property
    def column(self) -> str:
        """The column meant, where it is one alone: `Amount`, or `money("Amount")`, which says the same with a usual format."""
        called = _READ.fullmatch(self.of)
        return called["column"] if called else self.of

    @property
    def formats(self) -> Formats:
        called = _READ.fullmatch(self.of)
        usual = "$1,234.56" if called and called["how"] != "moment" else ""
        return replace(super().formats, usual=usual)


def _whole(value: object) -> object:
    """`amount: Price` is short for `amount: {from: Price}`."""
    if not isinstance(value, str | dict):
        raise ValueError(f"a column is given by the name of a column or an expression; {value!r} is no text. Put it in quotes")
    return {"from": value} if isinstance(value, str) else value


class TableSpec(Written):
    """One canonical table: from which file, joined with what, or by which query."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    of: str = Field("", alias="from", description="a name under files, or a file's name in the folder")
    join: dict[str, str] = Field({}, description="name under files → condition; each row finds at most one")
    where: str = Field("", description="a scalar condition: other rows are none of this table's")
    query: str = Field("", description="one SELECT over the files, instead of from, join and where")
    columns: dict[str, ColumnSpec] = Field(
        {}, description="canonical column → column or expression (default: those of the same name)"
    )

    @field_validator("columns", mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {k: _whole(v) for k, v in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_way(self) -> "TableSpec":
        if bool(self.query) == bool(self.of):
            raise ValueError("a table needs either from: or query:")
        if self.query and (self.join or self.where or self.columns):
            raise ValueError("query: stands alone; join, where and columns go with from:")
        return self


class Mapping(BaseModel):
    """How a source maps on the canonical tables."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    folder: str = Field(description="folder or .duckdb file; relative to the project's root")
    as_of: date | None = Field(None, description="the day up to which the data are complete; it dates tables without a date")
    files: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$")], FileSpec] = Field(
        {}, description="files and how they are written"
    )
    tables: dict[str, TableSpec] = Field(
        {}, description="canonical tables (without any: the folder's files have their names and columns)"
    )

    @field_validator("tables")
    @classmethod
    def _canonical(cls, value: dict[str, TableSpec]) -> dict[str, TableSpec]:
        for name, spec in value.items():
            if name not in tables():
                raise ValueError(f"there is no table {name!r}; {nearest(name, tables())}")
            for column in spec.columns:
                if column not in tables()[name].columns:
                    raise ValueError(f"{name} has no column {column!r}; {nearest(column, tables()[name].columns)}")
        return value

    @field_validator("files")
    @classmethod
    def _differ(cls, value: dict[str, FileSpec]) -> dict[str, FileSpec]:
        folded = [name.casefold() for name in value]
        for name in value:
            if folded.count(name.casefold()) > 1:
                raise ValueError(f"the name {name!r} stands twice, but for small and capital letters")
        return value

    @model_validator(mode="after")
    def _files_are_tables(self) -> "Mapping":
        """Without tables: each declared file is a canonical table, with its columns, only written otherwise."""
        for name in () if self.tables else self.files:
            if name not in tables():
                raise ValueError(
                    f"files has {name!r}, but tables says nothing of it, and it is no canonical table; {nearest(name, tables())}"
                )
        return self

    @property
    def as_they_are(self) -> dict[str, TableSpec]:
        return {} if self.tables else {name: TableSpec.model_validate({"from": name}) for name in self.files}

    @property
    def aliases(self) -> dict[str, FileSpec]:
        """The declared files, and those that tables name outright."""
        named = {t.of: FileSpec(path=t.of) for t in self.tables.values() if t.of and t.of not in self.files and "." in t.of}  # type: ignore[call-arg]
        return named | self.files
