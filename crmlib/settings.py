"""Settings files (YAML) → checked records: no duplicate keys, no retyping, unknown keys refused with the nearest right one."""

import reprlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from .errors import UsageError, nearest

M = TypeVar("M", bound=BaseModel)
MAX_BYTES = 1_000_000
_SHORT = reprlib.Repr()  # a value is shown in short: ten lines of YAML can unfold into millions
_SHORT.maxlevel, _SHORT.maxstring = 2, 80


_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times quicker, where PyYAML was built with libyaml


def own(path: Path) -> dict[str, Any]:
    """What a YAML file of this package holds: the tests have looked for its faults."""
    return yaml.load(path.read_text("utf-8"), _QUICK)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, but a key that stands twice is refused (YAML itself lets the last one win, silently)."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    seen: set = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | date | None):
            raise yaml.MarkedYAMLError(problem="a key is no plain word", problem_mark=key_node.start_mark)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(path: Path) -> dict[str, Any]:
    """The mapping a settings file holds."""
    if not path.is_file():
        raise UsageError(f"There is no settings file {path.name} in {path.parent.name}/. Name one that exists, or write it.")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path.name} is larger than 1 MB. A settings file holds a few dozen lines. Check the path.")
    try:
        data = yaml.load(path.read_text("utf-8-sig"), _Loader)
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else "?"
        raise UsageError(f"{path.name}, line {line}: {e.problem}. Write plain YAML. Correct that line.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as e:
        raise UsageError(
            f"{path.name} cannot be read as YAML in UTF-8 ({type(e).__name__}). Save it as plain UTF-8 text, or check the path."
        ) from None
    except ValueError as e:  # a date such as 2026-02-30
        raise UsageError(f"{path.name} holds a value that does not exist: {e}. Correct it there.") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path.name} holds no `key: value` lines. See the shipped files in params/ for the keys.")
    return data


def line_of(path: Path, keys: Sequence[str | int]) -> int:
    """The line in which a key of a settings file stands (the last of the keys that is there); a number counts the items of a list."""
    node, line = yaml.compose(path.read_text("utf-8-sig"), yaml.SafeLoader), 1
    for key in keys:
        found = _below(node, key)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _below(node: Any, key: str | int) -> tuple[Any, Any] | None:
    """What stands under a key, or at a place of a list: where it begins, and what it is."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next(((k, v) for k, v in pairs if k.value == str(key)), None)


def refused(path: Path, keys: Sequence[str | int], value: object, said: str) -> UsageError:
    """The error of a value that means nothing: file and line, place, value, what is right, where to change it."""
    seen = "" if value is None else f" is {_SHORT.repr(value)}"
    end = "" if said.endswith(("?", ".")) else "."
    where = ".".join(map(str, keys)) or "the file"
    return UsageError(f"{path.name}, line {line_of(path, keys)}: {where}{seen}: {said}{end} Change it in {path.name}.")


def check(model: type[M], data: object, path: Path) -> M:
    """`data` (what the file holds) as a record of `model`; the first thing wrong is said with its line, what is right and the file."""
    try:
        return model.model_validate(data)
    except ValidationError as e:
        # a misspelt key is said before the one that it leaves missing
        wrong = sorted(e.errors(), key=lambda error: error["type"] != "extra_forbidden")[0]
        raise UsageError(_sentence(model, wrong, path)) from None


def _sentence(model: type[BaseModel], error: Any, path: Path) -> str:
    keys = tuple(p if isinstance(p, int) else str(p) for p in error["loc"])
    where, file = ".".join(map(str, keys)) or "the file", path.name
    at = f"{file}, line {line_of(path, keys)}" if keys and path.is_file() else file
    if error["type"] == "extra_forbidden":
        hint = nearest(str(keys[-1]), _keys(model, error["loc"]))
        return f"{at}: {file} has the key {where!r}, which nothing reads: {hint}"
    if error["type"] == "missing":
        return f"{file} has no {where!r}. It is needed. Add it there."
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch":
        said = f"right is {_field(model, error['loc']).description or said}"
    end = "" if said.endswith("?") else "."
    if isinstance(error.get("input"), dict) and error["type"] == "value_error":  # about several keys together
        return f"{at}: {where}: {said[:1].lower()}{said[1:]}{end} Change it in {file}."
    value = _SHORT.repr(error.get("input"))
    quoted = " Put it in quotes if it is meant as text." if error["type"] == "string_type" else ""
    return f"{at}: {where} is {value}: {said[:1].lower()}{said[1:]}{end}{quoted} Change it in {file}."


def _keys(model: type[BaseModel], loc: tuple) -> list[str]:
    """The keys that may stand where the last of `loc` does."""
    for part in loc[:-1]:
        model = _model_in(model.model_fields[str(part)].annotation) if str(part) in model.model_fields else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The record that a field holds, or a mapping of records."""
    found = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
    return found[-1] if found else BaseModel


def _field(model: type[BaseModel], loc: tuple) -> Any:
    """The field at `loc`; of a mapping's key, the mapping."""
    field = None
    for part in loc:
        if str(part) in model.model_fields:
            field = model.model_fields[str(part)]
            model = _model_in(field.annotation)
    return field
