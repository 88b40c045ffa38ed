"""What a chart draws of a table, and what it shows, in a sentence for those who cannot see it."""

from collections.abc import Callable

import pandas as pd

from .. import charts, fmt, texts
from .bundle import plain
from .columns import bases

# which columns of a metric's table a chart reads: the first is the name, the last the value where nothing else is said
_DRAWN: dict[str, dict[str, str]] = {
    "steps": {"value": "", "from_previous": "conversion_from_previous", "to_next": "conversion_to_next"},
    "ranges": {"value": "", "median": "median_days", "p90": "p90_days", "before": "median_before_days"},
    "bars": {"value": "share", "before": "before_share", "so_far": "cumulative_share", "group": "tone"},
}
_DOTS = (
    {"value": "csat_mean", "low": "low_score", "high": "high_score", "cases": "scores"},
    {"value": "nps", "low": "low_nps", "high": "high_nps", "cases": "nps_answers"},
)
MEASURE = {"steps": "count", "ranges": "median"}  # the chart's column without which there is nothing to draw


def drawn_of(chart: Callable, data: pd.DataFrame, min_base: int) -> pd.DataFrame:
    """A table under the column names that its chart reads, without shares of small bases: they are no percentages."""
    data = data.assign(**{c: data[c].where(base >= min_base) for c, base in bases(data).items()})
    names = {"name": data.columns[0], "value": data.columns[-1]} | _DRAWN.get(chart.__name__, {})
    if chart is charts.dots:
        names |= _DOTS[0] if "csat_mean" in data else _DOTS[1]
    if chart is charts.trend:
        names.pop("name")
    if chart is charts.heat:
        names = {"row": data.columns[0], "column": data.columns[1], "value": names["value"]}
    return data.rename(columns={column: called for called, column in names.items()})


def heads_of(chart: Callable, data: pd.DataFrame, lang: str) -> dict[str, tuple[str, str]]:
    """What a matrix's rows and columns are: the heads of its table's first two columns."""
    first, second = (texts.column(c, lang) for c in data.columns[:2])
    return {"heads": (first, second)} if chart is charts.heat else {}


def describe(chart: Callable, drawn: pd.DataFrame, lang: str, unit: str | None, currency: str) -> str:
    """The description of a drawn frame, from its own numbers."""
    if chart is charts.steps:
        first, last = drawn.iloc[0], drawn.iloc[-1]
        return texts.say("alts.steps", lang, count=len(drawn), first=_named(first, lang), last=_named(last, lang),
                         first_count=fmt.count(first["count"], lang), last_count=fmt.count(last["count"], lang))  # fmt: skip
    value = {"ranges": "median"}.get(chart.__name__, "value")
    shown = lambda v: texts.days(fmt.days(v, lang), lang) if unit == "days" else fmt.unit(v, unit or "count", lang, currency)  # noqa: E731
    known = drawn.dropna(subset=[value])
    if known.empty:
        return texts.say("reasons.no_data", lang)
    low, high = known.loc[known[value].astype(float).idxmin()], known.loc[known[value].astype(float).idxmax()]
    words = {"count": len(known), "low": shown(low[value]), "high": shown(high[value])}
    if chart is charts.trend:
        first, last = known.iloc[0], known.iloc[-1]
        return texts.say("alts.trend", lang, first=fmt.period(first["period"], lang), last=fmt.period(last["period"], lang),
                         start=shown(first[value]), finish=shown(last[value]), **words)  # fmt: skip
    return texts.say(f"alts.{chart.__name__}", lang, **words, low_name=_named(low, lang), high_name=_named(high, lang))


def _named(row: pd.Series, lang: str) -> str:
    """The name of a mark; of a cell of a matrix, its row's and its column's."""
    names = [row["row"], row["column"]] if "row" in row else [row["name"]]
    said = [fmt.period(n, lang) if hasattr(n, "label") else texts.word(n, lang) for n in names]
    return plain(texts.say("page.comma", lang).join(said))


def key_of(name: str) -> str:
    """An anchor's name as texts and facts write it."""
    return name.replace("-", "_")


def thing_of(need: str, lang: str) -> str:
    """What a report needs (a table, or table.column) in words."""
    table, _, column = need.partition(".")
    said = texts.column(column, lang) if column else texts.say(f"tables.{table}", lang)
    return said if said[:2].isupper() else said[:1].lower() + said[1:]  # within a sentence; NPS stays NPS
