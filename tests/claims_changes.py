"""What each sentence about contributions claims, told by the figure and the table of the page's own facts."""

import pandas as pd
from claiming import Claim, kpi, least, near

NAMELESS = ("none given", "unassigned")
REST = "all others"
HALF, MORE = 0.5, 1.5  # of the change; of the part of the whole before
ROUND = 1e-6


def whole(facts: dict, values: dict) -> float | None:
    """The change of the figure, if the sentence tells it as the page's figures do."""
    figure = kpi(facts, values["metric"])
    now, before = figure["value"], figure[values["against"]]
    if now is None or before is None or not (near(values["whole_now"], now) and near(values["whole_before"], before)):
        return None
    return now - before if near(values["whole_change"], abs(now - before)) else None


def parts(facts: dict, values: dict) -> list[pd.DataFrame]:
    """The tables of contributions by the sentence's group. → frames: who, before, now, change, weight (of the whole before), enough"""
    found = []
    for shown in facts["tables"]:
        rows = pd.DataFrame(shown["rows"], columns=shown["columns"])
        if rows.empty or not shown["columns"][-1].startswith("change_"):
            continue
        if {"grouping", "member"} <= set(rows):
            rows = rows[rows.grouping == values["group"]].drop(columns="grouping")
        elif shown["columns"][0] != values["group"]:
            continue
        if len(rows):
            found.append(_parts(rows, least(facts)))
    return found


def _parts(rows: pd.DataFrame, few: int) -> pd.DataFrame:
    ending = rows.columns[-1].removeprefix("change_")
    name = {"gap": "share"}.get(ending, ending)
    ratio = "base" in rows
    size = pd.to_numeric(rows["before_base"] if ratio else rows[f"before_{name}"])
    enough = (rows.base >= few) & (rows.before_base >= few) if ratio else True
    return pd.DataFrame(
        {"who": rows.iloc[:, 0].astype(str), "before": rows[f"before_{name}"], "now": rows[name], "change": pd.to_numeric(rows.iloc[:, -1]),
         "weight": size / size.sum() if size.sum() > 0 else 0.0, "enough": enough}
    )  # fmt: skip


def adds_up(rows: pd.DataFrame, change: float) -> bool:
    return abs(rows.change.sum() - change) <= max(ROUND, abs(change) * 1e-9)


def outstanding(rows: pd.DataFrame, change: float) -> pd.DataFrame:
    """Who made at least half of the change, out of proportion."""
    part = rows.change / change
    chosen = (part >= HALF - ROUND) & (part >= MORE * rows.weight - ROUND) & rows.enough & (rows.who != REST)
    return rows[chosen].sort_values("change", ascending=change < 0, kind="stable")


def _rose(change: float | None, rule: str) -> bool:
    return change is not None and change != 0 and (change > 0) is ("rose" in rule)


def led(rule: str) -> Claim:
    def claim(facts: dict, values: dict) -> bool:
        change = whole(facts, values)
        if change is None or not _rose(change, rule) or values["who"] in (*NAMELESS, REST):
            return False
        for rows in parts(facts, values):
            first = outstanding(rows, change).head(1)
            if len(rows) > 1 and adds_up(rows, change) and list(first.who) == [values["who"]]:
                row = first.iloc[0]
                return (
                    near(values["before"], row.before)
                    and near(values["now"], row.now)
                    and near(values["change"], abs(row.change))
                )
        return False

    return claim


def judged(rule: str, better: str) -> Claim:
    """As `led`, with what is to be done: for the better or the worse."""
    good = ("rose" in rule) is (better == "up")
    return lambda facts, values: kpi(facts, values["metric"])["better"] == better and good is rule.endswith("better") and led(rule)(facts, values)  # fmt: skip


def either(rule: str) -> Claim:
    return lambda facts, values: any(judged(rule, way)(facts, values) for way in ("up", "down"))


def even(rule: str) -> Claim:
    def claim(facts: dict, values: dict) -> bool:
        change = whole(facts, values)
        return _rose(change, rule) and any(
            len(rows) > 1 and adds_up(rows, change) and outstanding(rows, change).empty for rows in parts(facts, values)
        )

    return claim


def unnamed(rule: str) -> Claim:
    def claim(facts: dict, values: dict) -> bool:
        change = whole(facts, values)
        if not _rose(change, rule):
            return False
        firsts = [outstanding(rows, change).head(1) for rows in parts(facts, values)]
        return any(len(f) and f.who.iloc[0] in NAMELESS and near(values["change"], abs(f.change.iloc[0])) for f in firsts)

    return claim


def one_group(facts: dict, values: dict) -> bool:
    return whole(facts, values) is not None and any(list(rows.who) == [values["who"]] for rows in parts(facts, values))


def overlapping(facts: dict, values: dict) -> bool:
    change = whole(facts, values)
    return change is not None and any(not adds_up(rows, change) for rows in parts(facts, values))


def no_groups(facts: dict, values: dict) -> bool:
    return whole(facts, values) is not None and not parts(facts, values)


def steady(facts: dict, values: dict) -> bool:
    return whole(facts, values) is not None


def nothing_before(facts: dict, values: dict) -> bool:
    figure = kpi(facts, values["metric"])
    return figure["value"] is None or figure["previous"] is None


CLAIMS: dict[str, Claim] = {
    **{f"changes.led_{way}": led(f"led_{way}") for way in ("rose", "fell")},
    **{f"changes.led_{way}_{ending}": either(f"led_{way}_{ending}") for way in ("rose", "fell") for ending in ("better", "worse")},
    **{f"changes.even_{way}": even(f"even_{way}") for way in ("rose", "fell")},
    **{f"changes.unnamed_{way}": unnamed(f"unnamed_{way}") for way in ("rose", "fell")},
    "changes.one_group": one_group, "changes.overlapping": overlapping, "changes.no_groups": no_groups, "changes.steady": steady,
    "changes.nothing_before": nothing_before,
}  # fmt: skip
