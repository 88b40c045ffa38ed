"""A reason of a warning (`feature value usual`, as models tell it) in words: on the page and in its workbook the same."""

from . import fmt, texts

_UNITS = {
    "_drop": "share",
    "_share": "share",
    "_trend": "share",
    "_gaps": "ratio",
    "_days": "days",
    "amount_": "count",
    "value_": "count",
    "satisfaction_": "score",
}


def said(told: str, lang: str) -> str:
    feature, value, typical = told.split(" ")
    unit = next((u for ending, u in _UNITS.items() if ending in feature), "count")
    now, then = (fmt.unit(float(v), unit, lang) for v in (value, typical))
    return texts.say("page.reason", lang, what=texts.word(f"feature {feature}", lang), value=now, usual=then)
