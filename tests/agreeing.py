"""What several pages show is one figure: whether the facts of a run agree with each other, and teams add up to the company."""

import html
import math
import re
from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

SAME = ("value", "unit", "part", "base", "previous", "year_before", "target", "better", "reason")
# figures of counts or money of which teams are no parts, and why
NOT_PARTS = {
    "aov": "a mean", "arpu": "a mean", "avg_deal_size": "a mean", "cac": "a mean; cost of no team is the company's alone",
    "buyer_count": "a customer may buy of several teams", "sales_velocity": "a product of means", "median_order": "a median",
}  # fmt: skip


def told_twice(pages: Iterable[dict]) -> list[str]:
    """Figures that two pages of one team and period show differently."""
    seen: dict[tuple, dict[str, tuple]] = defaultdict(dict)
    for facts in pages:
        for kpi in facts["kpis"]:
            where = (facts["team"], facts["period"]["label"], kpi["name"], kpi["dimension"])
            seen[where][facts["report"]] = tuple(kpi[k] for k in SAME)
    return [f"{' '.join(map(str, where))}: {said}" for where, said in seen.items() if len(set(said.values())) > 1]


def shown_twice(pages: Iterable[dict]) -> list[str]:
    """Rows of the same group and column that two tables of one team and period show differently."""
    seen: dict[tuple, dict[str, object]] = defaultdict(dict)
    for facts in pages:
        for table, column, group, value in cells(facts):
            seen[facts["team"], facts["period"]["label"], table, column, group][facts["report"]] = value
    return [f"{where}: {said}" for where, said in seen.items() if len(set(map(str, said.values()))) > 1]


def cells(facts: dict) -> Iterable[tuple[str, str, str, object]]:
    """Of tables by a group, a row each: (table, column, group, value)."""
    for table in facts["tables"]:
        groups = [row[0] for row in table["rows"]]
        if f"by_{table['columns'][0]}" == table["name"] and len(set(groups)) == len(groups):
            for row in table["rows"]:
                yield from ((table["name"], c, row[0], v) for c, v in zip(table["columns"][1:], row[1:], strict=True))


def beside_own_page(company: dict, teams: dict[str, dict]) -> list[str]:
    """What a company's page says of a team otherwise than the team's own page of the same report."""
    wrong = []
    for table, column, team, value in cells(company):
        own = {k["name"]: k["value"] for k in teams.get(team, {"kpis": []})["kpis"] if k["dimension"] is None}
        if table == "by_team" and column in own and not same(value, own[column]):
            wrong.append(f"{company['report']}, {team}, {column}: {value} beside {own[column]} on its own page")
    return wrong


def not_adding_up(company: dict) -> list[str]:
    """Amounts and counts of which teams and those of no team do not make up the company's."""
    wrong, sums = [], defaultdict(list)
    for table, column, _, value in cells(company):
        if table == "by_team":
            sums[column].append(value)
    for kpi in company["kpis"]:
        name, parts = kpi["name"], sums.get(kpi["name"])
        if parts and kpi["unit"] in ("count", "money") and not NOT_PARTS.get(name) and kpi["value"] is not None:
            added = math.fsum(0 if p is None else p for p in parts)
            if not same(added, kpi["value"]):
                wrong.append(f"{company['report']} {name}: teams make {added}, the company has {kpi['value']}")
    return wrong


def same(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    return abs(pd.to_numeric(a) - pd.to_numeric(b)) <= 1e-9 * max(1.0, abs(pd.to_numeric(b))) if a != b else True


_CARD = re.compile(r'<li class="kpi"><h3>(.*?)</h3><p class="v">(.*?)</p>', re.S)


def cards(page: str) -> int:
    """How many cards a page has."""
    return len(_CARD.findall(page))


def cards_beside_facts(page: str, facts: dict) -> list[str]:
    """Key figures on cards of an English page whose number is not the facts' value, as far as it is printed."""
    labels, wrong = defaultdict(list), []
    for kpi in facts["kpis"]:
        labels[kpi["label"]].append(kpi)
    for label, shown in _CARD.findall(page):
        text, told = re.sub(r"<[^>]+>", "", html.unescape(shown)), html.unescape(label)
        known = next((found for name, found in labels.items() if told == name or told.endswith(f": {name}")), [])
        if not any(_prints(text, kpi) for kpi in known):
            wrong.append(f"{facts['report']}, {told}: {text} beside {[k['value'] for k in known]}")
    return wrong


def _prints(text: str, kpi: dict) -> bool:
    value, number = kpi["value"], re.search(r"[\d,]+(?:\.(\d+))?", text)
    if value is None or number is None:
        return value is None and number is None
    if counts := re.fullmatch(r"([\d,]+) of ([\d,]+)", text.strip()):
        part, base = (float(n.replace(",", "")) for n in counts.groups())
        return part == round(value * base) and (kpi["base"] is None or base == kpi["base"])
    scale = 100 if "%" in text else 1
    off = abs(float(number[0].replace(",", "")) - abs(value) * scale)
    return off <= 0.5 * 10 ** -len(number[1] or "") + 1e-9 and (value < 0) is (
        ("-" in text or "−" in text) and round(value * scale, 4) != 0
    )
