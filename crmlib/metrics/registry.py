"""Every metric by its name: one definition, one place. A room is imported when a metric is looked for, not before."""

import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from ..errors import UsageError, nearest

_ROOMS = ("metrics", "models")
_LIB = __package__.rpartition(".")[0]
Metric = Callable[..., Any]


@cache
def metrics() -> dict[str, Metric]:
    """All functions of metrics/ and models/ that say of themselves in which unit they measure, by name.

    Two of one name are refused: a figure has one definition.
    """
    found: dict[str, Metric] = {}
    for name, function in sorted((each for module in _modules() for each in _measured(module)), key=lambda each: each[0]):
        if name in found:
            raise ValueError(f"{name} is defined in {found[name].__module__} and in {function.__module__}; one of them is right")
        found[name] = function
    return found


def metric(name: str) -> Metric:
    """The metric of this name.

    >>> metric("win_rate").unit
    'share'
    """
    found = next((function for module in _modules() for known, function in _measured(module) if known == name), None)
    if found is None:
        raise UsageError(f"There is no metric {name!r}; {nearest(name, metrics())} Change the name where it is asked for.")
    return found


def _modules() -> Iterator[ModuleType]:
    """The rooms one after the other, each imported when it is its turn: those of metrics/ cost little, those of models/ a second."""
    for room in _ROOMS:
        package = import_module(f"{_LIB}.{room}")
        yield from (import_module(m.name) for m in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))


def _measured(module: ModuleType) -> list[tuple[str, Metric]]:
    own = [(name, f) for name, f in vars(module).items() if getattr(f, "__module__", "") == module.__name__]
    return [(name, f) for name, f in own if hasattr(f, "unit") and hasattr(f, "rolling")]
