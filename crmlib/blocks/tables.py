"""Frames as tables: escaped, with scope and caption, units in the head, no percentage on a small base."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from .. import fmt, texts
from .bundle import esc, exact, localised

# what a column holds, by its name; all others are words
COUNTS = {"count", "lead_count", "won_count", "lost_count", "open_count", "stuck_count", "rows", "left_out", "undated", "reached",
          "through_all", "any_stage", "stays", "before_count", "base"}  # fmt: skip
SHARES = {
    "conversion_from_previous",
    "conversion_to_next",
    "cumulative_conversion",
    "stage_loss_rate",
    "win_rate",
    "share",
    "before_share",
}
MONEY = {"amount", "won_amount", "avg_deal_size", "open_amount"}
DAYS = {
    "median_days",
    "p90_days",
    "median_before_days",
    "limit_days",
    "days_in_stage",
    "sales_cycle_days",
    "sales_cycle_p90",
}
TEXTS = {"opportunity_id", "customer", "rep"}  # as the data have them, never translated
# the base of a share, from its row
_BASES: dict[str, Callable[[Any], float]] = {
    "win_rate": lambda r: r["won_count"] + r["lost_count"],
    "conversion_to_next": lambda r: r["count"],
    "stage_loss_rate": lambda r: r["count"],
    "conversion_from_previous": lambda r: _behind(r["count"], r["conversion_from_previous"]),
    "cumulative_conversion": lambda r: r["lead_count"] if "lead_count" in r else _behind(r["count"], r["cumulative_conversion"]),
    "share": lambda r: _behind(r["lost_count"], r["share"]),
    "before_share": lambda r: _behind(r["before_count"], r["before_share"]),
}


def _behind(part: float, share: float) -> float:
    return round(part / share) if share else float("inf")


def unit_of(column: str) -> str:
    for unit, names in (
        ("count", COUNTS),
        ("share", SHARES),
        ("money", MONEY),
        ("days", DAYS),
        ("text", TEXTS),
    ):
        if column in names:
            return unit
    return {
        "period": "period",
        "start": "day",
        "end": "day",
        "due": "day",
        "stuck": "flag",
        "ripe": "flag",
    }.get(column, "word")


def cell(row: Any, column: str, lang: str, min_base: int) -> str:
    """The text of one cell."""
    value, unit = row[column], unit_of(column)
    if unit == "flag":
        return (
            texts.say("page.stuck" if column == "stuck" else "page.ripe", lang)
            if value
            else (texts.say("page.unripe", lang) if column == "ripe" else "")
        )
    if not fmt.known(value):
        return fmt.MISSING
    if unit == "period":
        return fmt.period(value, lang)
    if unit in ("word", "text"):
        return f"<bdi>{esc(texts.word(value, lang) if unit == 'word' else value)}</bdi>"
    if unit == "share" and column in _BASES:
        base = _BASES[column](row)
        if base < min_base:
            return texts.say("page.of", lang, part=fmt.count(value * base, lang), base=fmt.count(base, lang))
    return fmt.plain_money(value, lang) if unit == "money" else fmt.unit(value, unit, lang)


def head(column: str, lang: str, currency: str) -> str:
    label = esc(texts.column(column, lang))
    if unit_of(column) == "money":
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
) -> str:
    """A frame as the page's table; `hot` names the value of the first column whose row is shaded."""
    columns = list(frame.columns)
    heads = "".join(f'<th scope="col"{_wide(c)}>{head(c, lang, currency)}</th>' for c in columns)
    body = "".join(_row(row, columns, lang, min_base, hot) for _, row in frame.iterrows())
    small = f"<small>{note}</small>" if note else ""
    wide = " wide" if len(columns) > 10 else ""
    return (
        f'<div class="scroll{wide}" role="region" tabindex="0" aria-label="{esc(texts.say("page.region", lang, caption=caption))}"><table>'
        f"<caption>{esc(caption)}{small}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Any, columns: list[str], lang: str, min_base: int, hot: Any) -> str:
    first, *rest = columns
    cells = "".join(f"<td{_wide(c)}>{cell(row, c, lang, min_base)}</td>" for c in rest)
    shaded = ' class="hot"' if hot is not None and row[first] == hot else ""
    return f'<tr{shaded}><th scope="row">{cell(row, first, lang, min_base)}</th>{cells}</tr>'


def _wide(column: str) -> str:
    return ' class="w"' if unit_of(column) in ("word", "text", "flag") else ""


def table_facts(name: str, frame: pd.DataFrame, languages: list[str], caption: Callable[[str], str]) -> dict[str, Any]:
    """A frame as the facts file keeps it."""
    rows = [[exact(v, unit_of(c)) for c, v in zip(frame.columns, row, strict=True)] for row in frame.itertuples(index=False)]
    return {
        "name": name,
        "caption": localised(languages, caption),
        "columns": list(frame.columns),
        "rows": rows,
    }
