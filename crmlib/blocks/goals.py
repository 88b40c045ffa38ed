"""Targets in words: met or not, how much is attained, and within a period what should be there by now."""

import math
from datetime import timedelta

from .. import fmt, texts
from ..crm import Crm
from ..goals import set_elsewhere
from ..kpi import Kpi


def said(kpi: Kpi, crm: Crm, lang: str) -> str:
    """What is to be said of a figure's target; nothing of one without a target, or without a value."""
    currency, day = crm.business.currency, fmt.day(crm.period.end - timedelta(days=1), lang)
    return _attained(kpi, "page", lang, target=value(kpi, kpi.target, lang, currency), pace=due(kpi, lang, currency), day=day)


def reading(kpi: Kpi, lang: str) -> str:
    """The same beside the target itself, in few words."""
    return _attained(kpi, "readings", lang)


def _attained(kpi: Kpi, section: str, lang: str, **words: str) -> str:
    if kpi.target is None or kpi.value is None:
        return ""
    what = texts.say(f"{section}.{_rule(kpi)}", lang, **words)
    if kpi.target_attainment is None:
        return what
    attained = texts.say("page.attained", lang, share=fmt.share(kpi.target_attainment, lang))
    return texts.say("page.because", lang, what=what, why=attained)


def _rule(kpi: Kpi) -> str:
    """Which sentence it is."""
    if kpi.on_target is None:
        return "target_alone" if kpi.better is None else "target_small"
    met = "met" if kpi.on_target else "missed"
    if kpi.target_pace is not None:
        return f"pace_{met}" if kpi.better == "up" else f"limit_{met}"
    return f"target_{met}" if kpi.gone >= 1 else f"target_{met}_so_far"


def line(kpi: Kpi, crm: Crm, lang: str) -> str:
    """The line of a card."""
    words = said(kpi, crm, lang)
    if not words:
        return ""
    css, mark = {True: ("good", "✓ "), False: ("bad", "✗ "), None: ("flat", "")}[kpi.on_target]
    return f'<li><span class="d goal {css}">{mark}{words}</span></li>'


def value(kpi: Kpi, number: float | None, lang: str, currency: str) -> str:
    """A goal in the unit of its figure."""
    text = fmt.unit(number, kpi.unit, lang, currency)
    return texts.days(text, lang) if kpi.unit == "days" and number is not None else text


def due(kpi: Kpi, lang: str, currency: str) -> str:
    """What should be there by now; of things that are counted as many whole ones as it takes (of a limit: as it allows)."""
    pace = kpi.target_pace
    if pace is not None and kpi.unit == "count":
        pace = math.floor(pace + 1e-9) if kpi.better == "down" else math.ceil(pace - 1e-9)
    return value(kpi, pace, lang, currency)


def note(kpis: list[Kpi], crm: Crm, lang: str) -> str:
    """That goals are set for other periods alone, where they are: they are not worked out for this one."""
    if not set_elsewhere([k.name for k in kpis], crm):
        return ""
    return texts.say("page.targets_elsewhere", lang, period=fmt.period(crm.period.whole, lang))
