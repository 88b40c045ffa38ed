"""A file of params/custom: a page without code. It is read and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from . import places, settings
from .custom import View, Words, Wrong, view_of
from .errors import UsageError, nearest
from .schema import Language

LONGEST = 300  # signs of a title


def _by_language(value: object) -> object:
    """One text is used in every language."""
    return dict.fromkeys(get_args(Language), value) if isinstance(value, str) else value


def _said(value: dict[str, str]) -> dict[str, str]:
    if not value or not all(0 < len(text.strip()) <= LONGEST for text in value.values()):
        raise ValueError(f"right is a text of 1 to {LONGEST} signs, or one for each language: {{en: …, zh: …}}")
    first = next(iter(value.values()))
    return {lang: value.get(lang, first) for lang in get_args(Language)}


def _window(value: object) -> object:
    good = value in ("period", "until end") or (type(value) is int and 2 <= value <= 60)
    if not good:
        raise ValueError(
            "right are `period` (rows dated in it), `until end` (all until the period's end), or a number of periods from 2 to 60"
        )
    return value


Text = Annotated[dict[Language, str], BeforeValidator(_by_language), AfterValidator(_said)]
STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class Format(BaseModel):
    """How a measure is said: its unit, and how many digits after the point."""

    model_config = STRICT

    unit: Literal["count", "share", "money", "days", "hours", "score", "points", "ratio"] | None = None
    digits: int | None = Field(None, ge=0, le=6)


class ViewFile(BaseModel):
    """One view as its file has it; what its words mean is for custom.py."""

    model_config = STRICT

    title: Text
    note: Text | None = None
    table: str | None = None
    metrics: list[str] = Field([], max_length=8)
    filters: list[str] = Field([], max_length=20)
    date: str | None = None
    over: Annotated[str | int, AfterValidator(_window)] = "period"
    dimensions: list[str] = Field([], max_length=2)
    measures: list[str] = Field(["count"], min_length=1, max_length=8)
    chart: str | None = None
    order: str | None = None
    top: int | None = Field(None, ge=1, le=200)
    format: dict[str, Format] = {}


class File(BaseModel):
    """A whole page."""

    model_config = STRICT

    title: Text
    question: Text
    views: list[ViewFile] = Field(min_length=1, max_length=12)


@dataclass(frozen=True)
class Custom:
    """A page without code: the report's name, its title and question by language, its views."""

    report: str
    title: Words
    question: Words
    views: tuple[View, ...]

    @property
    def tables(self) -> list[str]:
        """The canonical tables that its views read."""
        return list(dict.fromkeys(name for view in self.views for name in view.tables))


def slugs() -> list[str]:
    """The files of params/custom, by name."""
    return sorted(path.stem for path in (places.ROOT / "params" / "custom").glob("*.yml"))


def load(slug: str) -> Custom:
    """The page of this name, every word of it looked up."""
    path = places.custom_file(slug)
    if slug not in slugs():
        hint = nearest(slug, slugs()) if slugs() else "params/custom is empty"
        raise UsageError(f"There is no file params/custom/{slug}.yml; {hint} Change reports in the params file, or write it.")
    file = settings.check(File, settings.load(path), path)
    views = [_view(path, i, one.model_dump()) for i, one in enumerate(file.views)]
    return Custom(places.CUSTOM_NAME + slug, dict(file.title.items()), dict(file.question.items()), _named_apart(views))


def _view(path: Path, i: int, raw: Mapping[str, Any]) -> View:
    try:
        return view_of(raw)
    except Wrong as wrong:
        raise settings.refused(path, ("views", i, *wrong.where), wrong.value, str(wrong)) from None


def _named_apart(views: list[View]) -> tuple[View, ...]:
    """Views of one id are numbered."""
    seen: dict[str, int] = {}
    made = []
    for view in views:
        seen[view.id] = seen.get(view.id, 0) + 1
        made.append(replace(view, id=f"{view.id}-{seen[view.id]}") if seen[view.id] > 1 else view)
    return tuple(made)
