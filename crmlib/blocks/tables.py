"""Frames as tables: escaped, with scope and caption, units in the head, no percentage on a small base."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from .. import fmt, reasons, texts
from ..metrics.contribution import ALL_OTHERS
from ..schema import NONE_GIVEN
from .bundle import esc, exact, localised
from .columns import OF_CHANGE, OF_MONEY, bases, unit_of


def counts(share: float, base: float, lang: str) -> str:
    """A share as its counts, "3 of 7"; of an unknown base only nothing can be known.

    >>> counts(3 / 7, 7, "en"), counts(0.0, float("nan"), "en")
    ('3 of 7', '0')
    """
    if not fmt.known(base):
        return fmt.count(share, lang)
    return texts.say("page.of", lang, part=fmt.count(share * base, lang), base=fmt.count(base, lang))


_LIKE_NOTHING = ("none", "nan", "null", "nat", "inf", "-inf", "<na>")  # names that read as if there were none
_FLAGS = {
    ("stuck", True): "page.stuck",
    ("rose", True): "page.rose",
    ("ripe", True): "page.ripe",
    ("ripe", False): "page.unripe",
    ("chosen", True): "page.chosen",
    ("falling", True): "page.falling",
    ("growing", True): "page.growing",
}


def cell(value: Any, column: str, lang: str, base: float | None = None, min_base: int = 0, said_in: str = "") -> str:
    """The text of one cell; a share below `min_base` is its counts (of money and of changes: nothing). `said_in`: another unit than the column's."""
    unit, _, digits = (said_in or unit_of(column)).partition(".")
    if not fmt.known(value) or not str(value).strip():
        return fmt.MISSING
    if unit == "flag":
        return texts.say(_FLAGS[column, bool(value)], lang) if (column, bool(value)) in _FLAGS else ""
    if unit == "period":
        return fmt.period(value, lang)
    if unit == "reasons":
        return "<br>".join(esc(reasons.said(reason, lang)) for reason in value.split("; "))
    if unit in ("word", "text"):
        said = texts.word(value, lang) if unit == "word" or value in (NONE_GIVEN, ALL_OTHERS) else str(value)
        return f"<bdi>{esc(f'“{said}”' if said.lower() in _LIKE_NOTHING else said)}</bdi>"
    if unit == "share" and base is not None and not base >= min_base:
        return fmt.MISSING if column in (*OF_MONEY, *OF_CHANGE) else counts(value, base, lang)
    shown = (
        fmt.unit(value, f"{unit}.{digits}", lang)
        if digits
        else fmt.plain_money(value, lang)
        if unit == "money"
        else fmt.unit(value, unit, lang)
    )
    return f"+{shown}" if column.startswith("change_") and value > 0 else shown


def head(column: str, lang: str, currency: str, said_in: str = "") -> str:
    label = esc(texts.column(column, lang))
    if (said_in or unit_of(column)).startswith("money"):
        symbol = fmt.currency_symbol(currency, lang)
        return f"{label}, {symbol}" if lang == "en" else f"{label}（{symbol}）"
    if column in ("sales_cycle_days", "sales_cycle_p90"):
        return f"{label}, days" if lang == "en" else f"{label}，天"
    return label


def table(
    frame: pd.DataFrame,
    caption: str,
    lang: str,
    currency: str,
    min_base: int,
    note: str = "",
    hot: Any = None,
    units: Mapping[str, str] | None = None,
) -> str:
    """A frame as the page's table; `hot` names the value of the first column whose row is shaded. `units`: of columns whose name
    does not say it."""
    columns, own = list(frame.columns), units or {}
    heads = "".join(f'<th scope="col"{_wide(c)}>{head(c, lang, currency, own.get(c, ""))}</th>' for c in columns)
    based = bases(frame).to_dict("records") or [{}] * len(frame)
    body = ""
    for row, base in zip(frame.itertuples(index=False, name=None), based, strict=True):
        cells = [cell(v, c, lang, base.get(c), min_base, own.get(c, "")) for c, v in zip(columns, row, strict=True)]
        body += _row(cells, columns, hot is not None and row[0] == hot)
    small = f"<small>{note}</small>" if note else ""
    wide = " wide" if len(columns) > 10 else ""
    return (
        f'<div class="scroll{wide}" role="region" tabindex="0" aria-label="{esc(texts.say("page.region", lang, caption=caption))}"><table>'
        f"<caption>{esc(caption)}{small}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: list[str], columns: list[str], hot: bool) -> str:
    rest = "".join(f"<td{_wide(c)}>{said}</td>" for c, said in zip(columns[1:], cells[1:], strict=True))
    return f'<tr{" class=hot" if hot else ""}><th scope="row">{cells[0]}</th>{rest}</tr>'


def _wide(column: str) -> str:
    return ' class="w"' if unit_of(column) in ("word", "text", "flag", "reasons") else ""


def table_facts(
    name: str, frame: pd.DataFrame, languages: list[str], caption: Callable[[str], str], units: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A frame as the facts file keeps it. `units`: of columns whose name does not say it."""
    own = units or {}
    rows = [[exact(v, unit_of(c)) for c, v in zip(frame.columns, row, strict=True)] for row in frame.itertuples(index=False)]
    return {
        "name": name,
        "caption": localised(languages, caption),
        "columns": list(frame.columns),
        "labels": [localised(languages, partial(texts.column, c)) for c in frame.columns],
        "units": [own.get(c, unit_of(c)).partition(".")[0] for c in frame.columns],
        "rows": rows,
    }
