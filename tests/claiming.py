"""What claims are made with: a page's facts as figures and tables, and the statistics of its sentences worked out apart from the product.

A claim says of one rule whether its sentence is true: `CLAIMS[rule](facts, values)`, in tests/claims_<report>.py. It knows the
page's own facts and the sentence's values, and nothing else of the company. tests/test_claims.py puts them to the test.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pandas as pd

Claim = Callable[[dict, dict], bool]
Z = 2.5758293035489004  # 99 %, both sides
KINDS = {"share": "share", "money": "amount", "score": "score", "points": "nps"}


def kpi(facts: dict, name: str, dimension: str | None = None) -> dict:
    """A key figure; one that the page does not have is empty."""
    found = [k for k in facts["kpis"] if (k["name"], k["dimension"]) == (name, dimension)]
    return found[0] if found else dict.fromkeys(("value", "part", "base", "previous", "year_before", "target"))


def table(facts: dict, name: str) -> pd.DataFrame:
    """A table; one that the page does not have is empty, without columns."""
    found = [t for t in facts["tables"] if t["name"] == name]
    return pd.DataFrame(found[0]["rows"], columns=found[0]["columns"]) if found else pd.DataFrame()


def total(facts: dict, name: str, column: str) -> float:
    """Sum of a table's column; 0 where there is none."""
    rows = table(facts, name)
    return float(pd.to_numeric(rows[column]).sum()) if column in rows else 0


def least(facts: dict) -> int:
    """The base below which no percentage is said and no change is judged."""
    return facts["provenance"]["parameters"]["business"]["min_base"]


def company(facts: dict) -> bool:
    return facts["team"] == "all"


def near(a: Any, b: Any) -> bool:
    """The same number, as far as facts keep it (12 digits); nothing is the same as nothing."""
    if a is None or b is None or a != a or b != b:
        return (a is None or a != a) and (b is None or b != b)
    return math.isclose(float(a), float(b), rel_tol=1e-10, abs_tol=1e-9)


def wilson(part: float, base: float) -> tuple[float, float]:
    """Between which shares the true one lies, 99 %."""
    p, square = part / base, Z * Z
    wide = Z * math.sqrt(p * (1 - p) / base + square / (4 * base * base))
    return (p + square / (2 * base) - wide) / (1 + square / base), (p + square / (2 * base) + wide) / (1 + square / base)


def apart(now: tuple[float, float], then: tuple[float, float]) -> bool:
    """Whether two shares (part, base) clearly differ: the 99 % interval of their difference (Newcombe) leaves out zero."""
    p, q = now[0] / now[1], then[0] / then[1]
    (a, b), (c, d) = wilson(*now), wilson(*then)
    return p - q > math.hypot(p - a, d - q) or q - p > math.hypot(b - p, q - c)


def unusual(series: list[float], delta: float) -> bool:
    """Whether a change is larger than a moving-range chart allows; the series ends with the value itself."""
    moves = [abs(b - a) for a, b in pairwise(series[:-1]) if a == a and b == b]
    return len(moves) >= 5 and abs(delta) > 3.267 * sum(moves) / len(moves)


Course = tuple[str, str] | None  # (table, column) in which a page shows how a figure went


def _clear(facts: dict, name: str, against: str, course: Course) -> bool | None:
    """Whether a figure changed clearly, where the page shows enough to tell."""
    figure = kpi(facts, name)
    delta = figure["value"] - figure[against]
    if figure["part"] is not None:  # a share of cases; how many there were before is not told
        low, high = wilson(figure["part"], figure["base"])
        return False if figure["base"] < least(facts) or low <= figure[against] <= high else None
    if course is None or table(facts, course[0]).empty:
        return None
    shown = [float("nan") if v is None else float(v) for v in table(facts, course[0])[course[1]]]
    return unusual(shown, delta)


def _said(figure: dict, values: dict, against: str) -> bool:
    """The values that a sentence names are those of the figure."""
    kind = KINDS.get(figure["unit"], "count")
    named = {kind: figure["value"], f"before_{kind}": figure[against], "part": figure["part"], "base": figure["base"]}
    return all(near(values[k], v) for k, v in named.items() if k in values)


def level(prefix: str, name: str, undefined: str, course: Course = None) -> dict[str, Claim]:
    """Claims of the sentences over a figure's course (findings.changes.level)."""

    def moved(way: str) -> Claim:
        def claim(facts: dict, values: dict) -> bool:
            figure = kpi(facts, name)
            if figure["previous"] is None or not _said(figure, values, "previous"):
                return False
            clear, delta = _clear(facts, name, "previous", course), figure["value"] - figure["previous"]
            return clear is not True if way == "steady" else clear is not False and (delta > 0) is (way == "up")

        return claim

    def small(facts: dict, values: dict) -> bool:
        return _said(kpi(facts, name), values, "previous") and 0 < values["base"] < least(facts)

    return {
        undefined: lambda facts, values: kpi(facts, name)["value"] is None,
        f"{prefix}_alone": lambda facts, values: _said(kpi(facts, name), values, "previous"),
        f"{prefix}_counts": small, **{f"{prefix}_{way}": moved(way) for way in ("steady", "up", "down")},
    }  # fmt: skip


def changed(prefix: str, name: str, course: Course = None) -> dict[str, Claim]:
    """Claims of the findings of a figure that changed clearly (findings.changes.changed)."""

    def moved(way: str, against: str) -> Claim:
        def claim(facts: dict, values: dict) -> bool:
            figure = kpi(facts, name)
            if figure["value"] is None or figure[against] is None or not _said(figure, values, against):
                return False
            delta = figure["value"] - figure[against]
            said = next((values[k] for k in ("delta", "delta_score", "delta_nps") if k in values), abs(delta))
            return near(said, abs(delta)) and (delta > 0) is (way == "rose") and _clear(facts, name, against, course) is not False

        return claim

    return {
        f"{prefix}_{way}_{against}": moved(way, against) for way in ("rose", "fell") for against in ("year_before", "previous")
    }
