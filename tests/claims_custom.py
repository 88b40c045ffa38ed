"""What each sentence of a page without code claims, told by the page's own facts."""

from claiming import Claim, kpi, near

KINDS = ("share", "amount", "score", "nps", "ratio", "count")


def _moved(way: str, against: str) -> Claim:
    def claim(facts: dict, values: dict) -> bool:
        figure = kpi(facts, values["figure"], values.get("view"))
        kind = next(k for k in KINDS if k in values)
        if not (near(values[kind], figure["value"]) and near(values[f"before_{kind}"], figure[against])):
            return False
        return values[kind] > values[f"before_{kind}"] if way == "rose" else values[kind] < values[f"before_{kind}"]

    return claim


def steady(facts: dict, values: dict) -> bool:
    """It stands alone: where a key figure changed clearly, that is said instead."""
    return [f["rule"] for f in facts["findings"]] == ["custom.steady"]


CLAIMS: dict[str, Claim] = {
    "custom.steady": steady,
    **{f"custom.{way}_{against}": _moved(way, against) for way in ("rose", "fell") for against in ("previous", "year_before")},
}
