"""The facts file of a page: the numbers behind it, for other programs. facts.schema.json is the contract."""

import json
import math
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from .notebook import ReportFault
from .twins import Story, localised

KPI = (
    "name",
    "label",
    "value",
    "unit",
    "part",
    "base",
    "previous",
    "year_before",
    "target",
    "target_attainment",
    "target_pace",
    "better",
    "dimension",
    "reason",
)
TABLE = ("name", "caption", "columns", "rows")
FINDING = ("rule", "severity", "values", "text", "action")
_DIGITS = 12


def build(story: Story, lang: str) -> dict[str, Any]:
    """One language's facts, in the fixed order of keys."""
    head = localised(story.report.facts, lang)
    found: dict[str, Any] = {
        "schema": head.get("schema"), "report": head.get("report"), "title": head.get("title"),
        "language": lang, "team": head.get("team"),
        "period": head.get("period"), "comparisons": head.get("comparisons"),
    }  # fmt: skip
    for key, keys in {"kpis": KPI, "tables": TABLE, "findings": FINDING}.items():
        items = [item for block in story.blocks for item in block.facts.get(key) or []]
        found[key] = [_in_order(localised(item, lang), keys) for item in items]
    found["provenance"] = localised(story.footer.facts.get("provenance"), lang) if story.footer else None
    return _exact(found, "facts")


def make_ready() -> None:
    """Compile the contract, before the first page needs it."""
    _good()


def check(facts: dict[str, Any]) -> None:
    """Hold the facts against the contract; the first breach is named with its place."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _good()(facts)
    except JsonSchemaValueException:
        _refuse(facts)
    for table in facts["tables"]:
        beside = [table[key] for key in ("labels", "units") if key in table]
        if any(len(row) != len(table["columns"]) for row in [*table["rows"], *beside]):
            raise ReportFault(f"the table {table['name']!r} of its facts has rows that differ in length from its columns")


def _refuse(facts: dict[str, Any]) -> None:
    """Say which breach it is: slower, and in better words."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(_contract()).iter_errors(facts))
    if error is None:
        raise AssertionError("two readers of facts.schema.json disagree")
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path).lstrip(".") or "the file"
    raise ReportFault(f"its facts break facts.schema.json at {place}: {error.message[:160]}; correct the block")


def complete(facts: dict[str, Any]) -> bool:
    """Whether the data reach the period's end."""
    last = date.fromisoformat(facts["period"]["end"]) - timedelta(days=1)
    return facts["provenance"]["as_of"][:10] >= last.isoformat()


def dump(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def _contract() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("facts.schema.json").read_text("utf-8"))


@cache
def _good() -> Callable[[Any], Any]:
    """The contract as a function made for it: fifty times quicker than to walk through the contract for each page."""
    import fastjsonschema

    return fastjsonschema.compile(_contract(), use_formats=False)


def _in_order(item: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The keys of the contract, absent ones as null; an unknown key stays, for the check to name it."""
    return {key: item.get(key) for key in keys} | {key: value for key, value in item.items() if key not in keys}


def _exact(value: Any, place: str) -> Any:
    """Floats to 12 significant digits, so that the last bits of a sum do not differ between machines.

    A number of at most four decimals (money is one) is exact as it is and stays.

    >>> _exact([0.1 + 0.2, 12345678901234.56], "facts")
    [0.3, 12345678901234.56]
    """
    if isinstance(value, dict):
        return {key: _exact(inner, f"{place}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner, f"{place}[{i}]") for i, inner in enumerate(value)]
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ReportFault(f"{place} is {value}; an undefined value is null, with a reason")
    return value if value == round(value, 4) else float(f"{value:.{_DIGITS}g}")
