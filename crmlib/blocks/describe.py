"""What a chart shows, in a sentence for those who cannot see it."""

from collections.abc import Callable

import pandas as pd

from .. import charts, fmt, texts


def describe(chart: Callable, drawn: pd.DataFrame, lang: str, unit: str | None, currency: str) -> str:
    """The description of a drawn frame, from its own numbers."""
    if chart is charts.steps:
        first, last = drawn.iloc[0], drawn.iloc[-1]
        return texts.say("alts.steps", lang, count=len(drawn), first=texts.word(first["name"], lang), last=texts.word(last["name"], lang),
                         first_count=fmt.count(first["count"], lang), last_count=fmt.count(last["count"], lang))  # fmt: skip
    value = {"ranges": "median"}.get(chart.__name__, "value")
    shown = lambda v: fmt.unit(v, unit or "count", lang, currency)  # noqa: E731
    known = drawn.dropna(subset=[value])
    if known.empty:
        return texts.say("reasons.no_data", lang)
    low, high = known.loc[known[value].astype(float).idxmin()], known.loc[known[value].astype(float).idxmax()]
    words = {"count": len(drawn), "low": shown(low[value]), "high": shown(high[value])}
    if chart is charts.trend:
        first, last = known.iloc[0], known.iloc[-1]
        return texts.say("alts.trend", lang, first=fmt.period(first["period"], lang), last=fmt.period(last["period"], lang),
                         start=shown(first[value]), finish=shown(last[value]), **words)  # fmt: skip
    named = {"low_name": texts.word(low["name"], lang), "high_name": texts.word(high["name"], lang)}
    return texts.say(f"alts.{chart.__name__}", lang, **words, **named)
