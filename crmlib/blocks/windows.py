"""The days, or the deals, that a figure is about, in words: functions of the language."""

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd

from .. import fmt, texts
from ..crm import Crm
from ..metrics.cohorts import Cohort
from .bundle import esc

Words = Callable[[str], str]


def between(start: date, end: date) -> Words:
    """The days from `start` until before `end`."""
    return lambda g: texts.say("page.window", g, **_days(start, end, g))


def of_cohort(crm: Crm, cohort: Cohort | None) -> Words:
    """The deals of a cohort."""

    def words(lang: str) -> str:
        if cohort is None or cohort.kind == "period":
            return texts.say("page.period_window", lang, period=fmt.period(crm.period, lang))
        return texts.say("page.matured_window", lang, days=cohort.p90_days, **_days(cohort.start, cohort.end, lang))

    return words


def of_history(history: pd.DataFrame) -> Words:
    """The periods of a history, from the first to the last; of none a dash."""
    ends = (None, None) if history.empty else (history.period.iloc[0], history.period.iloc[-1])
    words = lambda period, g: fmt.period(period, g) if period else fmt.MISSING  # noqa: E731
    return lambda g: texts.say("page.window", g, start=words(ends[0], g), end=words(ends[1], g))


def to_date(drawn: pd.DataFrame, lang: str) -> str:
    """That the last point of a course is to date, where it is: to follow what stands under the headline."""
    last = drawn["period"].iloc[-1] if "period" in drawn else None
    if last is None or not last.until:
        return ""
    days = texts.days(fmt.days((last.end - last.start).days, lang), lang)
    return " " + texts.say("page.to_date", lang, period=fmt.period(last, lang), days=days)


def compared(crm: Crm, against: str) -> Words:
    """The period and the one that it is compared with (`previous` or `year_before`), of one to date both as far as they go."""
    periods = (crm.period, getattr(crm.period, against))
    return lambda g: texts.say("page.against", g, now=fmt.period(periods[0], g), before=fmt.period(periods[1], g))


def unripe(cohort: Cohort | None) -> Words:
    """Why low rates of this cohort are no finding; nothing for a ripe one."""
    return lambda g: "" if cohort is None or cohort.ripe else esc(texts.say("page.not_ripe", g, days=cohort.p90_days))


def _days(start: date, end: date, lang: str) -> dict[str, str]:
    return {"start": fmt.day(start, lang), "end": fmt.day(end - timedelta(days=1), lang)}
