"""What a chart draws of a table, and what it shows, in a sentence for those who cannot see it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from .. import charts, findings, fmt, texts
from .bundle import plain
from .columns import bases, unit_of

# which columns of a metric's table a chart reads: the first is the name, the last the value where nothing else is said
_DRAWN: dict[str, dict[str, str]] = {
    "steps": {"value": "", "from_previous": "conversion_from_previous", "to_next": "conversion_to_next"},
    "ranges": {"value": "", "median": "median_days", "p90": "p90_days", "before": "median_before_days"},
}
_BARS = (
    {"value": "share", "before": "before_share", "so_far": "cumulative_share", "group": "tone"},
    {"value": "amount_share", "before": "customer_share", "so_far": "running_share"},
    {"value": "actual", "before": "expected"},
    {"value": "left_share", "before": "predicted_share", "so_far": "gained_share"},
    {"value": "expected_share", "group": "feature"},
    {"value": "new_customers", "before": "year_before_new_customers"},
    {"value": "revenue", "before": "year_before_revenue"},
    {"value": "value_amount", "before": "year_cac_amount"},
)
_DOTS = (
    {"value": "win_rate", "low": "low_share", "high": "high_share", "cases": "closed_count", "expected": "expected_rate"},
    {"value": "csat_mean", "low": "low_score", "high": "high_score", "cases": "scores"},
    {"value": "nps", "low": "low_nps", "high": "high_nps", "cases": "nps_answers"},
)
MEASURE = {"steps": "count", "ranges": "median", "scatter": "y"}  # the chart's column without which there is nothing to draw


def drawn_of(chart: Callable, data: pd.DataFrame, min_base: int) -> pd.DataFrame:
    """A table under the column names that its chart reads, without shares of small bases: they are no percentages."""
    if chart is charts.scatter:
        return data.rename(columns=_scattered(data))
    data = data.assign(**{c: data[c].where(base >= min_base) for c, base in bases(data).items()})
    names = {"name": data.columns[0], "value": data.columns[-1]} | _DRAWN.get(chart.__name__, {})
    if chart is charts.dots:
        names |= next(known for known in _DOTS if known["value"] in data)
    if chart is charts.bars:
        names |= next((known for known in _BARS if _fits(known, data)), {"before": f"previous_{data.columns[-1]}"})
    if chart is charts.bars and "earlier_share" in data:
        names |= {"before": "earlier_share"}
    if chart is charts.trend:
        names.pop("name")
    if chart is charts.deltas:
        names |= _deltas(data)
    if chart is charts.heat:
        names = {"row": data.columns[0], "column": data.columns[1], "value": names["value"]}
    return data.rename(columns={column: called for called, column in names.items()})


def _fits(known: dict[str, str], data: pd.DataFrame) -> bool:
    """Whether bars show these columns: shares also alone, anything else with what stands beside it."""
    return known["value"] in data and (known["value"].endswith("share") or known.get("before", known["value"]) in data)


def _deltas(data: pd.DataFrame) -> dict[str, str]:
    """The columns beside a change: what it is now and was before (metrics.contribution)."""
    of = {"gap": "share"}.get(ending := data.columns[-1].removeprefix("change_"), ending)
    return {called: c for called, c in {"now": of, "before": f"before_{of}"}.items() if c in data}


def _scattered(data: pd.DataFrame) -> dict[str, str]:
    """What a table of points calls its group (names, if it begins with them) and its two measures."""
    called = ("x", "y") if is_numeric_dtype(data.iloc[:, 0]) else ("group", "x", "y")
    return dict(zip(data.columns, called, strict=False))


def numbers_of(chart: Callable, data: pd.DataFrame) -> pd.DataFrame:
    """The table under a chart: what it draws; of points, which can be a million, how many there are and their medians.

    Points that all are called by name are few, and are listed.
    """
    if chart is not charts.scatter or data.empty:
        return data
    called = {v: k for k, v in _scattered(data).items()}
    if "label" in data and data.label.notna().all():
        return data[["label", *called.values()]]
    groups = data.groupby(called["group"], sort=False, dropna=False, observed=True) if "group" in called else [(None, data)]
    rows = [
        ({called["group"]: name} if "group" in called else {})
        | {"point_count": _counts(rows).sum()}
        | {f"median_{called[of]}": _median(rows[called[of]], _counts(rows)) for of in ("x", "y")}
        for name, rows in groups
    ]
    return pd.DataFrame(rows)


def _counts(points: pd.DataFrame) -> np.ndarray:
    """How many each row stands for."""
    return points["count"].to_numpy() if "count" in points else np.ones(len(points), int)


def _median(values: pd.Series, counts: np.ndarray) -> float:
    """The middle of the values that are known, each taken as often as it counts.

    >>> _median(pd.Series([1.0, 5.0, 9.0]), np.array([1, 1, 2]))
    7.0
    """
    known = values.notna().to_numpy()
    order = values.to_numpy(float)[known].argsort(kind="stable")
    ordered, upto = values.to_numpy(float)[known][order], counts[known][order].cumsum()
    if not len(ordered):
        return float("nan")
    middle = np.searchsorted(upto, [(upto[-1] - 1) // 2 + 1, upto[-1] // 2 + 1])
    return float(ordered[middle].mean())


def heads_of(chart: Callable, data: pd.DataFrame, lang: str) -> dict[str, tuple[str, str]]:
    """What a matrix's rows and columns are: the heads of its table's first two columns; of points, their two measures and units."""
    if chart is charts.scatter:
        measures = [c for c, called in _scattered(data).items() if called in ("x", "y")]
        x, y = ((texts.column(c, lang), unit_of(c)) for c in measures)
        return {"heads": (x[0], y[0]), "units": (x[1], y[1])}
    first, second = (texts.column(c, lang) for c in data.columns[:2])
    return {"heads": (first, second)} if chart is charts.heat else {}


def describe(chart: Callable, drawn: pd.DataFrame, lang: str, unit: str | None, currency: str, heads: dict | None = None) -> str:
    """The description of a drawn frame, from its own numbers."""
    if chart is charts.steps:
        first, last = drawn.iloc[0], drawn.iloc[-1]
        return texts.say("alts.steps", lang, count=len(drawn), first=_named(first, lang), last=_named(last, lang),
                         first_count=fmt.count(first["count"], lang), last_count=fmt.count(last["count"], lang))  # fmt: skip
    if chart is charts.scatter:
        return _described(drawn, lang, heads or {}, currency)
    value = {"ranges": "median"}.get(chart.__name__, "value")
    shown = _shown(chart, unit or "count", lang, currency)
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


def _shown(chart: Callable, unit: str, lang: str, currency: str) -> Callable[[float], str]:
    """How a value is said: of changes with the sign, shares' in points."""
    if chart is charts.deltas:
        return lambda v: findings.signed(v, unit, lang, currency)
    return lambda v: texts.days(fmt.days(v, lang), lang) if unit == "days" else fmt.unit(v, unit, lang, currency)


def _described(points: pd.DataFrame, lang: str, heads: dict, currency: str) -> str:
    """How many points there are, and from where to where."""
    words = {"count": fmt.count(_counts(points).sum(), lang)}
    for of, head, unit in zip("xy", heads["heads"], heads["units"], strict=True):
        low, high = (fmt.unit(v, unit, lang, currency) for v in (points[of].min(), points[of].max()))
        words |= {of: head, f"{of}_low": low, f"{of}_high": high}
    return texts.say("alts.scatter", lang, **words)


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
    if column and said == column:  # no report calls it by a name of its own
        said = texts.column(f"{table}_{column}", lang)
    return said if said[:2].isupper() else said[:1].lower() + said[1:]  # within a sentence; NPS stays NPS
