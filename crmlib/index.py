"""Each audience's index, and the list of audiences."""

from collections.abc import Collection
from datetime import date
from itertools import product
from typing import Any

from markupsafe import Markup

from . import fmt
from .frame import css, environment, words
from .navigation import CODES, Link, audience, bar, file_name, period_name, tongues
from .notebook import STATISTICS
from .periods import Period
from .plan import COMPANY
from .releases import Entry

STATES = ("published", "partial", "stale", "missing")
_EMPTY = {"question": "", "value": "", "label": "", "finding": "", "as_of": "", "state": "published"}


def indexes(entries: list[Entry], languages: tuple[str, ...], tables: Collection[str] = ()) -> dict[str, bytes]:
    """Every index page of the site, by its place. `tables`: where tables of all key figures lie."""
    made = {}
    for lang in languages:
        name = file_name("index", languages, lang)
        made[name] = _audiences(entries, languages, lang)
        for folder in sorted({e.folder for e in entries}):
            mine = [e for e in entries if e.folder == folder]
            made[f"{folder}/{name}"] = _index(mine, entries, languages, lang, tables)
    return {name: (text + "\n").encode("utf-8", "backslashreplace") for name, text in made.items()}


def _age(entry: Entry) -> tuple[date, date]:
    period = Period.parse(entry.period)
    return (period.end, period.start)


def _audiences(entries: list[Entry], languages: tuple[str, ...], lang: str) -> str:
    """The company first, then the teams by name; no figures: everybody may open this page."""
    t, name = words(lang), file_name("index", languages, lang)
    newest = {e.folder: e for e in sorted(entries, key=_age)}.values()
    rows = [
        {"name": audience(e.team, lang), "href": f"{e.folder}/{name}", "newest": period_name(e, lang)}
        for e in sorted(newest, key=lambda e: (e.folder != COMPANY, e.team))
    ]
    made = bar(t("reports"), [(t("audiences"), None, "page")], tongues("index", languages, lang))
    return _fill("audiences", lang, t("title_site"), made, audiences=rows)


def _index(mine: list[Entry], entries: list[Entry], languages: tuple[str, ...], lang: str, tables: Collection[str]) -> str:
    t, me, name = words(lang), mine[0], file_name("index", languages, lang)
    left: list[Link] = [(t("all_audiences"), f"../{name}", None), (audience(me.team, lang), None, "page")]
    if me.folder == COMPANY:
        teams = {e.folder: e.team for e in entries if e.folder != COMPANY}
        left += sorted((audience(team, lang), f"../{folder}/{name}", None) for folder, team in teams.items())
    title = t("title_company") if me.folder == COMPANY else t("title_team", team=audience(me.team, lang))
    return _fill(
        "index",
        lang,
        title,
        bar(t("reports"), left, tongues("index", languages, lang)),
        **_listing(mine, lang, {n for n in tables if n.endswith(f"/{file_name(STATISTICS, languages, lang, 'xlsx')}")}),
    )


def _listing(mine: list[Entry], lang: str, tables: Collection[str]) -> dict[str, Any]:
    """What an audience's index lists: newest period first, one row a report; and the table of all its key figures."""
    groups: dict[str, Any] = {}
    for entry in sorted(sorted(mine, key=lambda e: e.report), key=_age, reverse=True):
        table = next((n.partition("/")[2] for n in tables if n.startswith(f"{entry.folder}/{entry.period}/")), None)
        group: dict[str, Any] = {"id": entry.period, "name": period_name(entry, lang), "rows": [], "table": table}
        groups.setdefault(entry.period, group)["rows"].append(_row(entry, lang))
    rows = [row for group in groups.values() for row in group["rows"]]
    reports = {row["report"]: row["card"]["title"] for row in reversed(rows)}
    there = [state for state in STATES if any(row["state"] == state for row in rows)]
    return {
        "groups": list(groups.values()),
        "reports": sorted(reports.items()),
        "states": [(state, words(lang)("state_" + state)) for state in there],
        "periods": [(group["id"], group["name"]) for group in groups.values()],
        "rules": _rules(sorted(reports), there, list(groups)),
        "newest": next(iter(groups.values()))["name"],
        "as_of": next((row["card"]["as_of"] for row in rows if row["href"]), ""),
        "behind": sum(row["state"] in ("stale", "missing") for row in rows),
    }


def _row(entry: Entry, lang: str) -> dict[str, Any]:
    """One report of one period: its page, or that there is none yet."""
    tongue = lang if lang in entry.cards else next(iter(entry.cards), lang)
    card = _EMPTY | {"title": entry.title} | entry.cards.get(tongue, {})
    row: dict[str, Any] = {
        "report": entry.report,
        "card": card,
        "href": None,
        "others": [],
        "day": "",
        "as_of": "",
    }
    if not entry.sha256:
        return row | {"state": "missing", "card": card | {"finding": words(lang)("no_page")}}
    day = (entry.as_of or "")[:10]
    shown = fmt.day(date.fromisoformat(day), lang) if day else ""
    others = [(text, f"{entry.period}/{file}", code) for text, file, code in tongues(entry.report, entry.languages, tongue)]
    here = f"{entry.period}/{file_name(entry.report, entry.languages, tongue)}"
    state = card["state"] if entry.state == "ok" else "stale"
    return row | {"state": state, "href": here, "others": others, "as_of": day, "day": shown}


def _rules(reports: list[str], states: list[str], periods: list[str]) -> list[Markup]:
    """The filter, in CSS alone: what is not chosen is hidden; a period where nothing is left says so."""

    def on(group: str, value: str | None) -> str:
        return f":has(#{group}-{value}:checked)" if value else ""

    hide = "{display:none}"
    rules = [f'body{on("r", r)} .row:not([data-r="{r}"]){hide}' for r in reports]
    rules += [f'body{on("s", s)} .row:not([data-s="{s}"]){hide}' for s in states]
    rules += [f"body{on('p', p)} .period:not(#m-{p}){hide}" for p in periods]
    for r, s in list(product([None, *reports], [None, *states]))[1:]:
        wanted = (f'[data-r="{r}"]' if r else "") + (f'[data-s="{s}"]' if s else "")
        rules.append(f"body{on('r', r)}{on('s', s)} .period:not(:has(.row{wanted})) .none{{display:block}}")
    return [Markup(rule) for rule in rules]


def _fill(template: str, lang: str, title: str, navigation: str, **values: Any) -> str:
    return (
        environment()
        .get_template(f"{template}.html.j2")
        .render(t=words(lang), code=CODES[lang], css=css(), title=title, bar=Markup(navigation), **values)
    )
