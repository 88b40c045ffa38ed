"""What the sentences over contributions claim, told by the figure and by the table of what each group did."""

from claiming import kpi, near

_LEADS, _OUT = 0.5, 1.5


def _moves(facts: dict, values: dict) -> list[list[tuple]]:
    """The tables that may be meant: rows of (group, before, now, change, size before); of ratios the size is their base."""
    found = []
    for one in facts["tables"]:
        columns, metric = one["columns"], values["metric"]
        if columns[0] == values.get("group", columns[0]) and columns[-1] in (f"change_{metric}", "change_gap", "change_amount"):
            at = columns.index
            level = columns[-1].removeprefix("change_").replace("gap", "share")
            size = "before_base" if "before_base" in columns else f"before_{level}"
            if f"before_{level}" in columns and level in columns:
                found.append([(r[0], r[at(f"before_{level}")], r[at(level)], r[-1], r[at(size)] or 0) for r in one["rows"]])
    return found


def _whole(facts: dict, values: dict) -> float | None:
    """The change of the whole, where the sentence says it rightly."""
    figure = kpi(facts, values["metric"])
    if not near(figure["value"], values["whole_now"]) or not near(figure[values["against"]], values["whole_before"]):
        return None
    delta = figure["value"] - figure[values["against"]]
    return delta if near(values["whole_change"], abs(delta)) else None


def _parts(rows: list[tuple], delta: float) -> list[tuple]:
    """Of each group its part of the change, and its part of the whole before."""
    sizes = sum(r[4] for r in rows)
    return [(r[0], r[3] / delta, r[4] / sizes if sizes > 0 else 0.0) for r in rows if r[3] is not None]


def _adds_up(rows: list[tuple], delta: float) -> bool:
    return abs(sum(r[3] or 0 for r in rows) - delta) <= 1e-6 * max(1.0, abs(delta))


def _stands_out(part: float, size: float) -> bool:
    return part >= _LEADS - 1e-6 and part >= _OUT * size - 1e-6


def led(way: int):
    def claim(facts: dict, values: dict) -> bool:
        delta = _whole(facts, values)
        if not delta or (delta > 0) is not (way > 0):
            return False
        for rows in _moves(facts, values):
            own = [r for r in rows if str(r[0]) == values.get("who", r[0]) and near(abs(r[3] or 0), values["change"])]
            said = own and all(near(values[k], own[0][i]) for i, k in ((1, "before"), (2, "now")) if k in values)
            outstanding = {str(name) for name, part, size in _parts(rows, delta) if _stands_out(part, size)}
            if said and str(own[0][0]) in outstanding and _adds_up(rows, delta):
                return True
        return False

    return claim


def even(way: int):
    def claim(facts: dict, values: dict) -> bool:
        """Nobody stands out; of ratios a group on a small base cannot."""
        delta = _whole(facts, values)
        if not delta or (delta > 0) is not (way > 0):
            return False
        ratio = any(
            t["columns"][-1] in ("change_gap", "change_amount") for t in facts["tables"] if t["columns"][0] == values["group"]
        )
        tried = [
            [n for n, part, size in _parts(rows, delta) if n != "all others" and _stands_out(part, size)]
            for rows in _moves(facts, values)
        ]
        return ratio or any(not names for names in tried)

    return claim


def one_group(facts: dict, values: dict) -> bool:
    return _whole(facts, values) is not None and any(
        [str(r[0]) for r in rows] == [values["who"]] for rows in _moves(facts, values)
    )


def overlapping(facts: dict, values: dict) -> bool:
    delta = _whole(facts, values)
    return delta is not None and any(not _adds_up(rows, delta) for rows in _moves(facts, values))


def nothing_before(facts: dict, values: dict) -> bool:
    figure = kpi(facts, values["metric"])
    return figure["value"] is None or figure["previous"] is None or not any(_moves(facts, values))


CLAIMS = {
    **{f"changes.led_{way}{ending}": led(sign) for way, sign in (("rose", 1), ("fell", -1)) for ending in ("", "_better", "_worse")},
    **{f"changes.unnamed_{way}": led(sign) for way, sign in (("rose", 1), ("fell", -1))},
    **{f"changes.even_{way}": even(sign) for way, sign in (("rose", 1), ("fell", -1))},
    "changes.one_group": one_group, "changes.overlapping": overlapping, "changes.nothing_before": nothing_before,
    "changes.steady": lambda facts, values: _whole(facts, values) is not None,
}  # fmt: skip
