"""Key figures: the cards of the summary and the table beside every comparison."""

from typing import Any

from .. import charts, fmt, texts
from ..crm import Crm
from ..kpi import Change, Kpi
from .bundle import esc, exact, localised


def value_text(kpi: Kpi, value: float | None, lang: str, currency: str, base: float | None = None) -> str:
    """A figure's value in words: on a small base the counts, not the percentage."""
    if kpi.unit == "share" and value is not None and base is not None and base < kpi.min_base:
        return texts.say("page.of", lang, part=fmt.count(round(value * base), lang), base=fmt.count(base, lang))
    return fmt.unit(value, kpi.unit, lang, currency)


def delta_text(kpi: Kpi, change: Change, lang: str, currency: str) -> str:
    """A difference with its sign: points of shares, per cent of money, both of counts.

    >>> delta_text(Kpi("lead_count", 12, "count", "up", previous=10), Change(2, 0.2, True), "en", "EUR")
    '+2 (+20.0%)'
    """
    delta = change.delta or 0.0
    shown = round(delta, 3 if kpi.unit == "share" else 1)  # as far as it is printed: no "+0.0"
    sign = "+" if shown > 0 else "−" if shown < 0 else "±"
    relative = f"{sign}{fmt.share(abs(change.relative), lang)}" if change.relative is not None else ""
    if kpi.unit == "share":
        return texts.say("page.points", lang, value=sign + fmt.points(abs(delta), lang))
    if kpi.unit == "money":
        return relative or sign + fmt.money(abs(delta), lang, currency)
    if kpi.unit == "days":
        return texts.say("page.days", lang, value=sign + fmt.days(abs(delta), lang))
    return f"{sign}{fmt.unit(abs(delta), kpi.unit, lang)}" + (f" ({relative})" if relative else "")


def judged(kpi: Kpi, change: Change) -> tuple[str, str]:
    """(class, mark) of a change: good or bad only where it is clear and one way is better."""
    if not change.clear:
        return "flat", "≈"
    rose = (change.delta or 0) > 0
    good = None if kpi.better is None else rose == (kpi.better == "up")
    return ("flat" if good is None else "good" if good else "bad"), ("▲" if rose else "▼")


def _against(kpi: Kpi, crm: Crm, against: str, lang: str) -> str:
    change = kpi.change(against)
    if change is None:
        return ""
    css, mark = judged(kpi, change)
    period = crm.period.previous if against == "previous" else crm.period.year_before
    small = f" ({reading(kpi, change, lang)})" if change.why == "small_base" else ""
    why = f"{texts.say('page.comma', lang)}{texts.say('page.reading_flat', lang)}{small}" if not change.clear else ""
    delta = delta_text(kpi, change, lang, crm.business.currency)
    on = texts.say("page.compared", lang, period=fmt.period(period, lang))
    return f'<li><span class="d {css}"><span aria-hidden="true">{mark}</span> {delta}</span> {on}{why}</li>'


def reading(kpi: Kpi, change: Change, lang: str) -> str:
    """Why a change is not clear, or which way it went."""
    if change.why:
        return texts.say(f"page.{change.why}", lang, min_base=kpi.min_base)
    return texts.say("page.reading_clear_up" if (change.delta or 0) > 0 else "page.reading_clear_down", lang)


def _target(kpi: Kpi, lang: str, currency: str) -> str:
    if kpi.target is None or kpi.value is None or kpi.better is None:
        return ""
    met = kpi.value >= kpi.target if kpi.better == "up" else kpi.value <= kpi.target
    words = texts.say(
        "page.target_met" if met else "page.target_missed",
        lang,
        target=fmt.unit(kpi.target, kpi.unit, lang, currency),
    )
    return f'<li><span class="d {"good" if met else "bad"}">{"✓" if met else "✗"} {words}</span></li>'


def _spark(kpi: Kpi, crm: Crm, lang: str) -> str:
    known = [v for v in kpi.series if v is not None]
    if len(known) < 2:
        return ""
    shown = lambda v: fmt.unit(v, kpi.unit, lang, crm.business.currency)  # noqa: E731
    first, last = crm.period.shift(1 - len(kpi.series)), crm.period
    desc = texts.say("page.spark", lang, count=len(kpi.series), first=fmt.period(first, lang), last=fmt.period(last, lang),
                     start=shown(known[0]), finish=shown(known[-1]), low=shown(min(known)), high=shown(max(known)))  # fmt: skip
    return charts.spark(list(kpi.series), desc)


def card(kpi: Kpi, crm: Crm, lang: str) -> str:
    """One card: value, sparkline, changes with arrow and word, target, which way is better."""
    currency = crm.business.currency
    value = value_text(kpi, kpi.value, lang, currency, kpi.base)
    unit = (
        f" <small>{texts.say('page.days', lang, value='').strip()}</small>"
        if kpi.unit == "days" and kpi.value is not None
        else ""
    )
    reason = f"<li>{texts.say('page.undefined', lang)}: {texts.say(f'reasons.{kpi.reason}', lang)}</li>" if kpi.reason else ""
    better = texts.say(f"page.better_{kpi.better or 'none'}", lang)
    lines = reason + _against(kpi, crm, "previous", lang) + _against(kpi, crm, "year_before", lang) + _target(kpi, lang, currency)
    return (
        f'<li class="kpi"><h3>{esc(texts.name(kpi.name, lang))}</h3><p class="v">{value}{unit}</p>{_spark(kpi, crm, lang)}'
        f"<ul>{lines}<li>{better}</li></ul></li>"
    )


def cards(kpis: list[Kpi], crm: Crm, lang: str) -> str:
    return f'<ul class="kpis">{"".join(card(k, crm, lang) for k in kpis)}</ul>'


def figures_table(kpis: list[Kpi], crm: Crm, lang: str) -> str:
    """Every key figure beside the period before, the year before and its target."""
    names = (
        "figure",
        "value",
        "base",
        "previous",
        "change",
        "year_before",
        "change_year",
        "target",
        "reading",
    )
    heads = "".join(f'<th scope="col"{" class=w" if n == "reading" else ""}>{esc(texts.column(n, lang))}</th>' for n in names)
    caption = texts.say("page.key_figures", lang, period=fmt.period(crm.period, lang))
    note = texts.say(
        "page.key_figures_note",
        lang,
        previous=fmt.period(crm.period.previous, lang),
        year_before=fmt.period(crm.period.year_before, lang),
    )
    rows = "".join(_figure_row(k, crm, lang) for k in kpis)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{esc(caption)}"><table><caption>{esc(caption)}<small>{esc(note)}</small>'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _figure_row(kpi: Kpi, crm: Crm, lang: str) -> str:
    currency = crm.business.currency
    value = lambda v, base=None: value_text(kpi, v, lang, currency, base)  # noqa: E731
    previous, year = kpi.change("previous"), kpi.change("year_before")
    said = reading(kpi, previous, lang) if previous else texts.say(f"reasons.{kpi.reason}", lang) if kpi.reason else fmt.MISSING
    unit = f" {texts.say('page.days', lang, value='').strip()}" if kpi.unit == "days" else ""
    cells = [
        value(kpi.value, kpi.base) + (unit if kpi.value is not None else ""), fmt.count(kpi.base, lang) if kpi.base is not None else fmt.MISSING,
        value(kpi.previous, kpi.previous_base), _mark(kpi, previous, lang, currency), value(kpi.year_before, kpi.year_before_base),
        _mark(kpi, year, lang, currency), value(kpi.target),
    ]  # fmt: skip
    return f'<tr><th scope="row">{esc(texts.name(kpi.name, lang))}</th>{"".join(f"<td>{c}</td>" for c in cells)}<td class="w">{said}</td></tr>'


def _mark(kpi: Kpi, change: Change | None, lang: str, currency: str) -> str:
    if change is None:
        return fmt.MISSING
    css, mark = judged(kpi, change)
    return f'<span class="d {css}"><span aria-hidden="true">{mark}</span> {delta_text(kpi, change, lang, currency)}</span>'


def kpi_facts(kpi: Kpi, languages: list[str]) -> dict[str, Any]:
    """A key figure as the facts file keeps it."""
    reason = localised(languages, lambda g: texts.say(f"reasons.{kpi.reason}", g)) if kpi.reason else None
    numbers = {k: exact(getattr(kpi, k), kpi.unit) for k in ("previous", "year_before", "target")}
    return {
        "name": kpi.name, "label": localised(languages, lambda g: texts.name(kpi.name, g)), "value": exact(kpi.value, kpi.unit),
        "unit": kpi.unit, "part": exact(kpi.part), "base": exact(kpi.base), **numbers, "better": kpi.better,
        "dimension": kpi.dimension, "reason": reason,
    }  # fmt: skip
