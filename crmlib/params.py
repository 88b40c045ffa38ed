"""A params file: what is run, for whom, from which source, in which languages.

Nothing is retyped and nothing is guessed: a key that is not known, a `no` that YAML reads as False or a name
given twice stops the run before it starts.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from . import customfile, places, settings
from .errors import UsageError, nearest
from .schema import Language

_SECRET = re.compile(r"passw|secret|token|api_?key|credential|private_?key", re.I)
_ADDRESS = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*://|(?:s3|gs|https?|file|ftp|data):)", re.I)


def _distinct(values: list[str]) -> list[str]:
    if not values or len(set(values)) != len(values):
        raise ValueError("at least one entry is needed, and none twice")
    return values


def _local(source: str) -> str:
    """A setting must not become a network call."""
    if _ADDRESS.match(source) or not source.strip():
        raise ValueError("right is a name in params/sources, or a file or folder of this machine; never an address")
    return source


def _teams(value: object) -> object:
    """The word `all` means the company and every team; it is kept as a list of no names."""
    if value == "all":
        return []
    if isinstance(value, list):
        return _distinct(value)
    raise ValueError("right is all, or a list of names such as [all, north]")


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,60}$")]


class Limits(BaseModel):
    """What a cell, or a whole report, may take before it is stopped and counts as failed: seconds, and MB of memory (some 250 of them
    are what every report has loaded)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    cell_seconds: int = Field(300, gt=0, le=86_400)
    report_seconds: int = Field(900, gt=0, le=86_400)
    memory_mb: int | None = Field(None, ge=300, le=10_000_000)


class Params(BaseModel):
    """One params file. No names in `teams`: the company and every team there is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    every: Literal["week", "month", "quarter", "year"]
    source: Annotated[str, AfterValidator(_local)] = "demo"
    languages: Annotated[list[Language], AfterValidator(_distinct)] = ["en"]
    teams: Annotated[list[str], BeforeValidator(_teams)] = []
    reports: Annotated[list[Name], AfterValidator(_distinct)]
    limits: Limits = Limits()  # type: ignore[call-arg]


def load(path: str | Path) -> Params:
    """The params file at this path (a relative one counts from the project's root)."""
    file = places.from_root(path)
    if not file.is_file():
        known = [f"params/{p.name}" for p in places.from_root("params").glob("*.yml")]
        raise UsageError(
            f"There is no params file {str(path)!r}; {nearest(f'params/{file.name}', known)} Change PARAMS, or what follows run."
        )
    raw = settings.load(file)
    for key in raw:
        if _SECRET.search(str(key)):
            raise UsageError(
                f"{file.name} has the key {key!r}, which looks like a secret. "
                "Secrets come from the environment alone. Remove it there."
            )
    return _with_custom(settings.check(Params, raw, file), file)


def _with_custom(read: Params, file: Path) -> Params:
    """The word `custom` among the reports means every file of params/custom."""
    named = [
        [places.CUSTOM_NAME + slug for slug in customfile.slugs()] if name == places.CUSTOM else [name] for name in read.reports
    ]
    reports = list(dict.fromkeys(name for names in named for name in names))
    if not reports:
        raise UsageError(
            f"{file.name} lists `custom` alone, and params/custom has no file. Write one there, or name other reports."
        )
    return read.model_copy(update={"reports": reports})


def check_source(source: str) -> str:
    """A source given on the command line, held to the rule of the params file."""
    try:
        return _local(source)
    except ValueError as error:
        raise UsageError(f"The source {source[:60]!r} is not of this machine: {error}. Change SOURCE or --source.") from None
