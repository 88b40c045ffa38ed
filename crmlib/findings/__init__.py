"""Rules turn numbers into findings: a rule's id, named values, severity. The sentences are templates in texts/."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .. import fmt, texts
from ..crm import ALL, Crm

SEVERITIES = ("problem", "warning", "opportunity", "info")
# the unit in which a named value is said; names ending in one of these are in that unit too (before_share …)
UNITS = {
    "share": "share", "delta": "gap", "low": "gap", "high": "gap", "part": "count", "base": "count", "count": "count",
    "amount": "money", "value_money": "money", "days": "days", "limit": "days", "growth": "share", "score": "score", "nps": "points", "on": "day",
    "ratio": "ratio",
}  # fmt: skip
NAMES = ("rep", "customer", "improvement", "term")  # of people and things: said as they are, never translated
MEMBERS = ("who",)  # a member of the group that the finding names beside it (`group`: region, rep …)
MEASURED = (
    "before",
    "now",
    "change",
    "whole_before",
    "whole_now",
    "whole_change",
)  # in the unit that the finding names beside them (`unit`)
LONGEST = 120  # of a name in a sentence


@dataclass(frozen=True)
class Finding:
    """A sentence that the numbers bear out: `rule` names its templates in texts, `values` fill them."""

    rule: str
    severity: str = "info"
    values: dict[str, Any] = field(default_factory=dict)
    evidence: str | None = None  # id of the figure that shows it


def said(rule: str, severity: str = "info", evidence: str | None = None, **values: Any) -> Finding:
    return Finding(rule, severity, values, evidence)


def render(finding: Finding, part: str, lang: str, currency: str | None = None) -> str:
    """One sentence of a finding in a language: its title, text, action, owner or success.

    >>> render(said("funnel.lowest_step", stage="lead", next_stage="contacted", share=0.25, part=25, base=100), "title", "en")
    'Lowest step: 25.0% of deals go on from Lead to First contact'
    """
    words = {name: _worded(name, value, lang, currency, finding.values) for name, value in finding.values.items()}
    return texts.finding(finding.rule, part, lang).format(**words)


def _worded(name: str, value: Any, lang: str, currency: str | None, beside: dict[str, Any]) -> str:
    if isinstance(value, str):
        said = _named(name, value, lang, beside)
        return said if len(said) <= LONGEST else said[:LONGEST] + "…"
    if hasattr(value, "label"):
        return fmt.period(value, lang)
    if name in MEASURED:
        return _quantity(value, beside.get("unit", "count"), name.endswith("change"), lang, currency)
    unit = unit_of(name)
    if unit == "gap" and fmt.known(value):
        return fmt.points(abs(value), lang)
    return texts.days(fmt.days(value, lang), lang) if unit == "days" else fmt.unit(value, unit, lang, currency)


def _quantity(value: Any, unit: str, change: bool, lang: str, currency: str | None) -> str:
    """A value with its unit; a difference of shares in points."""
    if unit == "share" and change:
        return texts.say("page.points", lang, value=fmt.points(value, lang))
    said = fmt.unit(value, unit, lang, currency)
    return texts.days(said, lang) if unit == "days" and fmt.known(value) else said


def signed(change: float, unit: str, lang: str, currency: str | None = None) -> str:
    """A change with its sign and unit.

    >>> signed(-0.0421, "share", "en"), signed(2.0, "days", "en")
    ('−4.2 points', '+2 days')
    """
    sign = fmt.signed(change, unit, lang, currency)[0]
    return sign + _quantity(abs(change), unit, True, lang, currency)


def _named(name: str, value: str, lang: str, beside: dict[str, Any]) -> str:
    if name in ("group", "against") and texts.has(f"called.{value}", lang):
        return texts.say(f"called.{value}", lang)
    if name in ("metric", "group"):
        return texts.column(value, lang)
    if name in MEMBERS and beside.get("group") in NAMES:
        return value
    if (name, value) == ("team", ALL):
        return texts.say("page.company", lang)
    if name == "figure":
        return texts.name(value, lang)
    return value if name in NAMES else texts.word(value, lang)


def unit_of(name: str) -> str:
    """The unit of a named value.

    >>> unit_of("before_share"), unit_of("stage_count")
    ('share', 'count')
    """
    return UNITS.get(name) or UNITS.get(name.rpartition("_")[2], "count")


def ordered(findings: list[Finding], rule_when_none: str) -> list[Finding]:
    """The gravest first; where nothing stands out, the finding says so."""
    graded = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
    return graded or [said(rule_when_none)]


def due(crm: Crm, finding: Finding) -> Any:
    """The day by which an action is due: counted from the period's end, sooner for the graver."""
    return crm.end + timedelta(days={"problem": 14, "warning": 21}.get(finding.severity, 30))
