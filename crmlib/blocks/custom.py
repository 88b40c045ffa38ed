"""The views of a page without code, each as its chart or table under its own title."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .. import charts, fmt, texts
from ..asked import Filter
from ..custom import IN_PERIOD, UNTIL_END, View
from ..findings.custom import first
from ..metrics.custom import cut
from ..metrics.custom_kpis import delivered
from ..metrics.custom_order import OTHERS
from ..metrics.custom_rows import window
from .bundle import Block, esc, plain
from .page import Page

SIGNS = {"!=": "≠", "<=": "≤", ">=": "≥"}


def shown(page: Page, views: Sequence[View]) -> Block:
    """All views in their order, as one block: a page has as many as its file says."""
    blocks = [_view(page, view) for view in views]
    html = {lang: "".join(block.html[lang] for block in blocks) for lang in page.languages}
    facts = {"tables": [table for block in blocks for table in (block.facts or {}).get("tables", [])]}
    entries = [{"id": block.id, "label": (block.page or {})["toc"]} for block in blocks]
    return Block(html, id="views", facts=facts, page={"entries": entries})


def _view(page: Page, view: View) -> Block:
    frame = cut(page.crm, view) if delivered(page.crm, view) else _none()
    put_together = any((frame[d.name] == OTHERS).any() for d in view.dimensions if d.name in frame)
    about: dict[str, Any] = {"window": lambda g: _about(page, view, g), "needs": view.needs, "units": view.units,
             "note": lambda g: _note(view, put_together, g)}  # fmt: skip
    if view.chart == "table" or frame.empty:
        return page.table(view.id, view.title, frame, **about)
    unit = view.units.get(view.drawn.name, view.drawn.unit)
    return page.figure(view.id, view.title, getattr(charts, view.chart), frame, unit=unit, says=first(view, frame), **about)


def _none() -> Any:
    import pandas as pd

    return pd.DataFrame()


def _note(view: View, put_together: bool, lang: str) -> str:
    """What the file says beside it, and that groups were put together."""
    own = [plain(view.note[lang])] if view.note else []
    said = [*own, *[texts.say("page.custom_others", lang, count=fmt.count(view.top, lang))] * put_together]
    return esc((" " if lang == "en" else "").join(said))


def _about(page: Page, view: View, lang: str) -> str:
    """Which rows a view is about: the table, the days, the conditions."""
    days = _days(page, view, lang)
    if view.table is None:
        return texts.say("page.custom_of_metrics", lang, days=days)
    if view.moment:
        days = texts.say("page.custom_dated", lang, days=days, what=texts.column(view.moment.name, lang))
    name = texts.say(f"tables.{view.table}", lang)
    said = texts.say("page.custom_of", lang, table=name[:1].upper() + name[1:], days=days)
    if not view.filters:
        return said
    conditions = texts.say("page.custom_and", lang).join(_condition(page, f, lang) for f in view.filters)
    return texts.say("page.custom_where", lang, what=said, filters=conditions)


def _days(page: Page, view: View, lang: str) -> str:
    start, end = window(page.crm, view)
    last = end - timedelta(days=1)
    if view.over == IN_PERIOD:
        return page.period(lang)
    if view.over == UNTIL_END and not view.grain:
        return texts.say("page.custom_until", lang, day=fmt.day(last, lang))
    return texts.say("page.window", lang, start=fmt.day(start, lang), end=fmt.day(last, lang))


def _condition(page: Page, condition: Filter, lang: str) -> str:
    """A condition in words."""
    what = texts.column(condition.field.name, lang)
    values = [_value(page, condition, value, lang) for value in condition.values]
    if condition.operator in ("is missing", "is given"):
        return texts.say(f"page.custom_{condition.operator.removeprefix('is ')}", lang, what=what)
    if condition.operator in ("in", "not in"):
        return texts.say(f"page.custom_{condition.operator.replace(' ', '_')}", lang, what=what, values=fmt.listing(values, lang))
    return texts.say(
        "page.custom_compare", lang, what=what, sign=SIGNS.get(condition.operator, condition.operator), value=values[0]
    )


def _value(page: Page, condition: Filter, value: Any, lang: str) -> str:
    if isinstance(value, bool):
        return texts.word("yes" if value else "no", lang)
    if isinstance(value, date):
        return fmt.day(value, lang)
    if isinstance(value, Decimal):
        return fmt.money(value, lang, page.crm.business.currency)
    if condition.field.type == "share":
        return fmt.share(value, lang)
    if isinstance(value, float):
        return fmt.number(value, lang, 0 if value == round(value) else 2)
    return plain(texts.word(value, lang) if condition.field.type == "word" else value)
