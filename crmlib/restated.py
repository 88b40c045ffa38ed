"""What the ledger keeps of a page, and which of its figures were published before with another value."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from . import facts, fmt, ledger, store, texts
from .frame import environment, words
from .ledger import Entry, History
from .plan import Job
from .schema import Business

ID = "restated-figures"


@dataclass(frozen=True)
class Change:
    """A figure of a complete period before and now; `changed` between the two: data, calculation or both."""

    before: Entry
    now: Entry
    changed: str


Changes = dict[int, Change]  # by the figure's place among the facts' kpis: that is the same in every language


def figures(job: Job, found: dict[str, Any], run: str) -> dict[int, Entry]:
    """The key figures of a page (its facts in the first language) as the ledger keeps them, by their place; each once."""
    page = common(job, found, run)
    made: dict[int, Entry] = {}
    for place, kpi in enumerate(found["kpis"]):
        entry = Entry(**page, **_figure(kpi, found))
        if entry.key not in {e.key for e in made.values()}:
            made[place] = entry
    return made


def common(job: Job, found: dict[str, Any], run: str) -> dict[str, Any]:
    """What all entries of a page have in common, unless they are about other days than its period."""
    provenance, period, now = found["provenance"], found["period"], ledger.clock()
    starts, ends = (date.fromisoformat(period[name]) for name in ("start", "end"))
    return {
        "kind": ledger.KPI, "report": job.report, "team": job.team, "period": job.period, "source": job.source, "starts": starts, "ends": ends,
        "as_of": datetime.fromisoformat(provenance["as_of"]), "complete": facts.complete(found) and now.date() >= ends, "made_at": now,
        "data": store.digest(provenance["data_sha256"]), "revision": provenance["revision"],
        "settings": store.digest(provenance["parameters"]), "run": run,
    }  # fmt: skip


def target(kpi: dict[str, Any]) -> str:
    """What the ledger calls a figure."""
    dimension = kpi["dimension"]
    said = dimension if isinstance(dimension, str) else json.dumps(dimension, sort_keys=True, ensure_ascii=False)
    return kpi["name"] if dimension is None else f"{kpi['name']}/{said}"


def _figure(kpi: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {
        "target": target(kpi), "unit": kpi["unit"],
        "currency": currency(found, kpi["unit"]), "value": kpi["value"], "base": kpi["base"], "reason": kpi["reason"],
    }  # fmt: skip


def currency(found: dict[str, Any], unit: str) -> str | None:
    """What the page's money is in."""
    return _business(found)["currency"] if unit == "money" else None


def _business(found: dict[str, Any]) -> dict[str, Any]:
    """What the page's figures mean, as far as their display needs it."""
    usual = Business()  # type: ignore[call-arg]
    return usual.model_dump() | found["provenance"]["parameters"].get("business", {})


def changes(job: Job, found: dict[str, Any], past: History) -> Changes:
    """The figures that were published before with another value; only where the period was complete, then and now."""
    made: Changes = {}
    for place, now in figures(job, found, "").items() if past else ():
        if not now.complete:
            break
        told = [entry for entry in past.get(now.key, []) if entry.complete]
        other = [i for i, entry in enumerate(told) if entry.value != now.value]
        if other:
            # what has had the present value since then says what changed: a later run may differ in more
            before, since = told[other[-1]], [*told, now][other[-1] + 1]
            made[place] = Change(before, now, _what(before, since))
    return made


def _what(before: Entry, since: Entry) -> str:
    """The same data with another value were calculated otherwise, also where no trace of it is kept (a notebook's own lines)."""
    if before.data == since.data:
        return "calculation"
    return "data" if (before.revision, before.settings) == (since.revision, since.settings) else "both"


def marked(found: dict[str, Any], changed: Changes) -> dict[str, Any]:
    """Facts in which restated figures have their value before."""
    if not changed:
        return found
    kpis = [
        kpi | {"restated": _fact(changed[place])} if place in changed else kpi
        for place, kpi in enumerate(found["kpis"])
    ]  # fmt: skip
    found = found | {"kpis": kpis}
    facts.check(found)
    return found


def _fact(change: Change) -> dict[str, Any]:
    return {"value": change.before.value, "made_at": change.before.made_at.isoformat(), "changed": change.changed}


def note(changed: Changes, lang: str) -> Markup:
    """The notice near the top."""
    t = words(lang)
    said = t("restated", count=fmt.count(len(changed), lang))
    return Markup('<p class="note">{} <a href="#{}">{}</a></p>').format(said, ID, t("restated_see"))


def table(found: dict[str, Any], changed: Changes, lang: str) -> Markup:
    """Every restated figure with both values."""
    t = words(lang)
    rows = [_row(found["kpis"][place], change, _business(found)["min_base"], lang) for place, change in changed.items()]
    return Markup(environment().get_template("restated.html.j2").render(t=t, id=ID, rows=rows))


def _row(kpi: dict[str, Any], change: Change, min_base: float, lang: str) -> dict[str, str]:
    t, (before, now) = words(lang), (_said(entry, kpi, min_base, lang) for entry in (change.before, change.now))
    changed = t("restated_" + change.changed)
    if before == now:
        changed = t("restated_finer", what=changed)
    return {"label": kpi["label"], "before": before, "now": now, "day": fmt.day(change.before.made_at, lang), "changed": changed}


def _said(entry: Entry, kpi: dict[str, Any], min_base: float, lang: str) -> str:
    """A value as the page's cards say it: on a small base the counts, not the percentage."""
    value, base = entry.value, entry.base
    if value is not None and entry.unit == "share" and base is not None and base < min_base:
        counts = {"part": fmt.count(value * base, lang), "base": fmt.count(base, lang)}
        return texts.say("page.of", lang, **counts) if kpi["part"] is not None else fmt.MISSING
    text = fmt.unit(value, entry.unit, lang, entry.currency)
    return texts.days(text, lang) if value is not None and entry.unit == "days" else text
