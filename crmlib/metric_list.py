"""Which metrics there are, found by their form: the machine knows their names and imports none of them.

crmlib/metrics/registry.py has the functions themselves; a test holds the two against each other.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LIB = Path(__file__).parent
ROOMS = ("metrics", "models")
_MEASURED = re.compile(
    r'^@measured\((?P<how>.*?)\)\ndef (?P<name>\w+)\((?P<asks>[^)]*)\)[^\n]*:\n\s+"""(?P<means>.*?)"""', re.M | re.S
)


@dataclass(frozen=True)
class Metric:
    """A metric's name, the module of crmlib that defines it, its unit, whether it is asked of a view (`Crm`) alone, what it needs."""

    name: str
    module: str
    unit: str
    of_view: bool
    needs: frozenset[str]  # the words in which it says so: tables, columns, other metrics


@cache
def metrics() -> dict[str, Metric]:
    """All of them by name, in the order of the alphabet."""
    found = [m for room in ROOMS for path in sorted((LIB / room).glob("*.py")) for m in _defined(path)]
    return {m.name: m for m in sorted(found, key=lambda m: m.name)}


def askable() -> list[str]:
    """The names of those that can be asked of any view."""
    return [m.name for m in metrics().values() if m.of_view]


def named_in(text: str) -> list[str]:
    """The modules of the metrics that a text names.

    >>> named_in("metrics: [win_rate, won_count]")
    ['metrics.closing']
    """
    return sorted({metrics()[word].module for word in set(re.findall(r"\w+", text)) & metrics().keys()})


def needs(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The words in which a metric says what it needs, with those of the metrics that it names there.

    >>> {"opportunities", "closed_at"} <= needs("win_rate"), "customers" in needs("churn_rate")
    (True, True)
    """
    words = metrics()[name].needs
    others = (words & metrics().keys()) - {name, *seen}
    return set(words).union(*(needs(other, seen | {name}) for other in others))


def _needed(docstring: str) -> frozenset[str]:
    said = re.search(r"Needs (.*?)→", docstring, re.S)
    return frozenset(re.findall(r"\w+", said[1]) if said else ())


def _defined(path: Path) -> list[Metric]:
    module = f"{path.parent.name}.{path.stem}"
    return [
        Metric(m["name"], module, re.search(r'"(\w+)"', m["how"])[1], m["asks"] == "crm: Crm", _needed(m["means"]))  # type: ignore[index]
        for m in _MEASURED.finditer(path.read_text("utf-8"))
    ]
