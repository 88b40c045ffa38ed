"""Key figures: the cards of the summary and the table beside every comparison."""

from typing import Any

from .. import charts, fmt, texts
from ..crm import Crm
from ..kpi import Change, Kpi
from . import goals
from .bundle import esc, exact, localised, plain
from .tables import counts


def value_text(kpi: Kpi, value: float | None, lang: str, currency: str, base: float | None = None) -> str:
    """A figure's value in words: on a small base the counts, not the percentage (of an amount there are none)."""
    if kpi.unit == "share" and value is not None and base is not None and base < kpi.min_base:
        return counts(value, base, lang) if kpi.part is not None else fmt.MISSING
    text = fmt.unit(value, kpi.unit, lang, currency)
    return texts.days(text, lang) if kpi.unit == "days" and value is not None else text


def called(kpi: Kpi, lang: str) -> str:
    """What a figure is called; where its name alone does not say it, with what it is of."""
    name = texts.name(kpi.name, lang)
    return texts.say("page.titled", lang, what=plain(kpi.about[lang]), title=name) if kpi.about else name


def delta_text(kpi: Kpi, change: Change, lang: str, currency: str) -> str:
    """A difference with its sign: points of shares, per cent of money, both of counts; no percentage of a small base.

    >>> delta_text(Kpi("lead_count", 112, "count", "up", previous=100), Change(12, 0.12, True), "en", "EUR")
    '+12 (+12.0%)'
    """
    delta = change.delta or 0.0
    relative = None if change.why == "small_base" or change.relative is None else _signed(change.relative * 100, lang, 1) + "%"
    if kpi.unit == "share":
        return "" if change.why == "small_base" else texts.say("page.points", lang, value=_signed(delta * 100, lang, 1))
    if kpi.unit == "money":
        return relative or _sign(delta) + fmt.money(abs(delta), lang, currency)
    if kpi.unit == "days":
        return texts.days(_signed(delta, lang, 0 if delta == round(delta) else 1), lang)
    if kpi.unit in ("score", "points"):
        return _signed(delta, lang, 2 if kpi.unit == "score" else 1)  # of a scale: no percentage of it
    small = kpi.unit == "count" and kpi.value is not None and abs(kpi.value - delta) < kpi.min_base
    shown = _sign(round(delta, 2)) + fmt.unit(abs(delta), kpi.unit, lang)
    return shown if relative is None or small else texts.say("page.because", lang, what=shown, why=relative)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else "±"


def _signed(value: float, lang: str, places: int) -> str:
    """A number with its sign as far as it is printed: no "+0.0"."""
    return _sign(round(value, places)) + fmt.number(abs(value), lang, places)


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
    delta = delta_text(kpi, change, lang, crm.business.currency)
    on = texts.say("page.compared", lang, period=fmt.period(period, lang))
    said = texts.say("page.comma", lang) + _unclear(kpi, change, lang) if not change.clear else ""
    if not delta:  # of a small base no difference is said, only that there is none to speak of
        return f'<li><span class="d {css}"><span aria-hidden="true">{mark}</span> {_unclear(kpi, change, lang)}</span> {on}</li>'
    return f'<li><span class="d {css}"><span aria-hidden="true">{mark}</span> {delta}</span> {on}{said}</li>'


def _unclear(kpi: Kpi, change: Change, lang: str) -> str:
    """That a change is not clear, and why where the reader could not tell."""
    return judgement(kpi, change, lang) if change.why == "small_base" else texts.say("page.reading_flat", lang)


def judgement(kpi: Kpi, change: Change, lang: str) -> str:
    """Which way a figure went, or that there is no clear change, and why not."""
    if change.clear:
        return reading(kpi, change, lang)
    return texts.say("page.because", lang, what=texts.say("page.reading_flat", lang), why=reading(kpi, change, lang))


def reading(kpi: Kpi, change: Change, lang: str) -> str:
    """Why a change is not clear, or which way it went."""
    if change.why:
        return texts.say(f"page.{change.why}", lang, min_base=kpi.min_base)
    return texts.say("page.reading_clear_up" if (change.delta or 0) > 0 else "page.reading_clear_down", lang)


def _spark(kpi: Kpi, crm: Crm, lang: str) -> str:
    known = [(p, v) for p, v in zip(crm.period.trailing(len(kpi.series)), kpi.series, strict=True) if v is not None]
    if len(known) < 2 or (kpi.unit == "share" and (kpi.base or 0) < kpi.min_base):
        return ""  # nothing to compare, or shares of small bases, which are not said as percentages
    (first, start), (last, finish) = known[0], known[-1]
    shown = lambda v: value_text(kpi, v, lang, crm.business.currency)  # noqa: E731
    low, high = min(v for _, v in known), max(v for _, v in known)
    desc = texts.say("page.spark", lang, count=len(known), first=fmt.period(first, lang), last=fmt.period(last, lang),
                     start=shown(start), finish=shown(finish), low=shown(low), high=shown(high))  # fmt: skip
    return charts.spark(list(kpi.series), desc)


def card(kpi: Kpi, crm: Crm, lang: str) -> str:
    """One card: value, sparkline, changes with arrow and word, target, which way is better."""
    currency = crm.business.currency
    value, number = value_text(kpi, kpi.value, lang, currency, kpi.base), fmt.days(kpi.value, lang)
    if kpi.unit == "days" and kpi.value is not None:
        value = f"{number} <small>{value.removeprefix(number).strip()}</small>"
    reason = f"<li>{_undefined(kpi, lang)}</li>" if kpi.value is None and kpi.reason else ""
    better = texts.say(f"page.better_{kpi.better or 'none'}", lang)
    lines = reason + _against(kpi, crm, "previous", lang) + _against(kpi, crm, "year_before", lang) + goals.line(kpi, crm, lang)
    return (
        f'<li class="kpi"><h3>{esc(called(kpi, lang))}</h3><p class="v">{value}</p>{_spark(kpi, crm, lang)}'
        f"<ul>{lines}<li>{better}</li></ul></li>"
    )


def _undefined(kpi: Kpi, lang: str) -> str:
    why = texts.say(f"reasons.{kpi.reason}", lang)
    return texts.say("page.titled", lang, what=texts.say("page.undefined", lang), title=why)


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
    note = " ".join(filter(None, [note, goals.note(kpis, crm, lang)]))
    rows = "".join(_figure_row(k, crm, lang) for k in kpis)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{esc(caption)}"><table><caption>{esc(caption)}<small>{esc(note)}</small>'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _figure_row(kpi: Kpi, crm: Crm, lang: str) -> str:
    currency = crm.business.currency
    value = lambda v, base=None: value_text(kpi, v, lang, currency, base)  # noqa: E731
    previous, year = kpi.change("previous"), kpi.change("year_before")
    said = judgement(kpi, previous, lang) if previous else texts.say(f"reasons.{kpi.reason}", lang) if kpi.reason else fmt.MISSING
    if year and year.clear:
        said = texts.say("page.on_year", lang, previous=said, year=judgement(kpi, year, lang))
    if target := goals.reading(kpi, lang):
        said = target if said == fmt.MISSING else texts.say("page.on_target", lang, reading=said, target=target)
    cells = [
        value(kpi.value, kpi.base), fmt.count(kpi.base, lang),
        value(kpi.previous, kpi.previous_base), _mark(kpi, previous, lang, currency), value(kpi.year_before, kpi.year_before_base),
        _mark(kpi, year, lang, currency), value(kpi.target),
    ]  # fmt: skip
    return f'<tr><th scope="row">{esc(called(kpi, lang))}</th>{"".join(f"<td>{c}</td>" for c in cells)}<td class="w">{said}</td></tr>'


def _mark(kpi: Kpi, change: Change | None, lang: str, currency: str) -> str:
    if change is None:
        return fmt.MISSING
    css, mark = judged(kpi, change)
    said = delta_text(kpi, change, lang, currency) or reading(kpi, change, lang)
    return f'<span class="d {css}"><span aria-hidden="true">{mark}</span> {said}</span>'


def kpi_facts(kpi: Kpi, languages: list[str]) -> dict[str, Any]:
    """A key figure as the facts file keeps it."""
    reason = localised(languages, lambda g: texts.say(f"reasons.{kpi.reason}", g)) if kpi.reason else None
    numbers = {k: exact(getattr(kpi, k), kpi.unit) for k in ("previous", "year_before", "target")}
    numbers |= {"target_attainment": exact(kpi.target_attainment, "ratio"), "target_pace": exact(kpi.target_pace, "ratio")}
    return {
        "name": kpi.name, "label": localised(languages, lambda g: called(kpi, g)), "value": exact(kpi.value, kpi.unit),
        "unit": kpi.unit, "part": exact(kpi.part), "base": exact(kpi.base), **numbers, "better": kpi.better,
        "dimension": kpi.dimension, "reason": reason,
    }  # fmt: skip
