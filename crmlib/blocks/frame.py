"""What stands around the figures: the opening, data source and coverage, and where the page comes from."""

from datetime import timedelta
from importlib.metadata import version
from typing import Any

from .. import fmt, texts, titles
from ..crm import ALL, Crm
from ..imports import revision
from ..marks import marks
from ..periods import Period
from ..schema import DEFAULT_MAX_LEFT_OUT
from .bundle import Block, esc, lab_style, localised, plain, told

SCHEMA = 1


def opening(crm: Crm, report: str, languages: list[str]) -> Block:
    """The masthead's words, the facts' head, and notes on what the reader must know first."""
    team = lambda g: plain(team_words(crm, g))  # noqa: E731
    moment = lambda g: {"period": fmt.period(crm.period, g), "day": fmt.day(crm.as_of, g)}  # noqa: E731
    words = lambda g: {"report": plain(titles.title(report, g)), "team": team(g), **moment(g)}  # noqa: E731
    title = {g: texts.say("page.title", g, **words(g)) for g in languages}
    page = {
        "name": {g: words(g)["report"] for g in languages},
        "title": title,
        "question": {g: plain(titles.question(report, g)) for g in languages},
        "as_of": {g: texts.say("page.as_of", g, day=words(g)["day"]) for g in languages},
        "head": {g: texts.say("page.head", g, **words(g)) for g in languages},
        "notes": [{g: note(g) for g in languages} for note in _notes(crm)],
    }
    facts = {
        "schema": SCHEMA, "report": report, "title": localised(languages, title.__getitem__), "team": crm.team, "period": window(crm.period.whole) | ({"until": crm.period.until.isoformat()} if crm.period.until else {}),
        "comparisons": {"previous": _days(crm.period.previous), "year_before": _days(crm.period.year_before)},
    }  # fmt: skip
    html = {g: f"<h1>{esc(title[g])}</h1>" for g in languages}
    return Block(html, kind="report", facts=facts, page=page, style=lab_style())


def team_words(crm: Crm, lang: str) -> str:
    """The audience in words."""
    return texts.say("page.company", lang) if crm.team == ALL else texts.word(crm.team, lang)


def window(period: Period) -> dict[str, str]:
    return {"label": period.label, **_days(period)}


def _days(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _notes(crm: Crm) -> list[Any]:
    """Banners over the figures: the data end before the period does, or before it begins."""
    if crm.as_of.date() >= crm.period.whole.end - timedelta(days=1):
        return []
    if crm.period.until is None:  # not a day of it
        return [lambda g: esc(texts.say("page.nothing_yet", g, day=fmt.day(crm.as_of, g)))]
    compared = lambda g: _compared(crm, g)  # noqa: E731
    return [lambda g: esc(texts.say("page.partial", g, day=fmt.day(crm.as_of, g), windows=compared(g)))]


def coverage(crm: Crm, report: str, names: tuple[str, ...], notes: list[str], languages: list[str]) -> Block:
    """The tables read: rows of this audience by the period's end, what the door left out and why; whose row is it."""
    rule = f"team_rule_{report}"
    counted = [(n, found.rows, found.left_out) for n, found in crm.counted(*filter(crm.has, names)).items()]
    absent = [n for n in names if not crm.has(n)]

    def html(lang: str) -> str:
        listed = fmt.listing([texts.say(f"tables.{n}", lang) for n, *_ in counted], lang)
        intro = texts.say(
            "page.coverage_intro",
            lang,
            tables=listed,
            source=crm.delivery.title,
            day=fmt.day(crm.as_of, lang),
        )
        words = {"team": team_words(crm, lang), "period": fmt.period(crm.period, lang)}
        notes_said = [
            texts.say(f"page.{n}", lang, **words) for n in (*[rule] * texts.has(f"page.{rule}"), *_lacks(crm, names), *notes)
        ]
        lacks = fmt.listing([texts.say(f"tables.{n}", lang) for n in absent], lang)
        notes_said += [texts.say("page.not_delivered", lang, tables=lacks)] * bool(absent)
        said = "".join(f"<p>{told(s)}</p>" for s in [*notes_said, *_declared(crm, names, lang)])
        return f"<p>{esc(intro)}</p>{said}{_coverage_table(counted, lang)}"

    return Block({g: html(g) for g in languages}, id="coverage")


def _declared(crm: Crm, names: tuple[str, ...], lang: str) -> list[str]:
    """What the source declares of its own data, and the reader must know: dates that are none of the rows', limits that are raised."""
    called = lambda name: texts.say(f"tables.{name}", lang)  # noqa: E731
    dated = [called(n) for n in crm.delivery.door.get("dated_by_declaration", ()) if n in names]
    raised = {n: share for n, share in crm.business.max_left_out.items() if share > DEFAULT_MAX_LEFT_OUT and crm.has(n)}
    limits = fmt.listing([f"{called(n)} {fmt.share(share, lang, 0)}" for n, share in raised.items()], lang)
    said = (
        [
            texts.say(
                "page.dated_by_declaration", lang, tables=fmt.listing(dated, lang), day=fmt.day(crm.delivery.last_moment, lang)
            )
        ]
        if dated
        else []
    )
    usual = fmt.share(DEFAULT_MAX_LEFT_OUT, lang, 0)
    return said + [texts.say("page.raised_limits", lang, limits=limits, usual=usual)] * bool(raised)


def _lacks(crm: Crm, names: tuple[str, ...]) -> list[str]:
    """What the deals of a source do not say (keys of texts, page.…), where a report reads them and their stages."""
    if not {"opportunities", "stage_changes"} <= set(names) or not crm.has("opportunities"):
        return []
    if not crm.rows("opportunities"):
        return ["no_deals"]
    needs = {"no_stage_changes": ("stage_changes",), "no_closings": ("opportunities", "closed_at")}
    return [note for note, need in needs.items() if not crm.has(*need)]


def _coverage_table(counted: list[tuple[str, int, dict[str, int]]], lang: str) -> str:
    caption, note = texts.say("page.coverage", lang), texts.say("page.coverage_note", lang)
    heads = "".join(
        f'<th scope="col"{" class=w" if c == "why" else ""}>{esc(texts.column(c, lang))}</th>'
        for c in ("table", "rows", "left_out", "why")
    )
    rows = "".join(
        f'<tr><th scope="row">{esc(texts.say(f"tables.{name}", lang))}</th><td>{fmt.count(rows, lang)}</td><td>{fmt.count(sum(out.values()), lang)}</td>'
        f'<td class="w">{esc(reasons(out, lang))}</td></tr>'
        for name, rows, out in counted
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{esc(texts.say("page.region", lang, caption=caption))}"><table>'
        f"<caption>{esc(caption)}<small>{esc(note)}</small></caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def reasons(left_out: dict[str, int], lang: str) -> str:
    said = [f"{texts.say(f'faults.{reason}', lang)} {fmt.count(n, lang)}" for reason, n in left_out.items()]
    return fmt.listing(said, lang) if said else texts.say("page.left_out_none", lang)


def provenance(crm: Crm, report: str, languages: list[str]) -> Block:
    """Everything needed to make the page again, and to tell whether it still would be the same (`inputs`, for the machine)."""
    read = sorted(n for n in crm.delivery.read if crm.has(n))
    counted = crm.counted(*read)
    rows = {n: found.rows for n, found in counted.items()}
    left_out = {n: found.left_out for n, found in counted.items() if found.left_out}
    code = revision(report)
    parameters = {
        "source": crm.delivery.name,
        "period": crm.period.label,
        "team": crm.team,
        "business": crm.business.model_dump(mode="json"),
    }
    facts = {
        "source": crm.delivery.title, "data_sha256": {n: crm.delivery.door["tables"][n].get("sha256") for n in read}, "revision": code,
        "as_of": crm.as_of.isoformat(), "rows": rows, "left_out": left_out, "parameters": parameters,
        "versions": {p: version(p) for p in ("duckdb", "ibis-framework", "pandas")},
    }  # fmt: skip
    html = {g: _footer(crm, rows, left_out, code, g) for g in languages}
    inputs = marks(crm.delivery, crm.period.whole, crm.delivery.read, crm.delivery.asked)
    told = sorted([*asked, found] for asked, found in crm.delivery.told.items())
    return Block(html, kind="footer", facts={"provenance": facts}, page={"inputs": inputs, "heard": told})


def _footer(crm: Crm, rows: dict[str, int], left_out: dict[str, dict[str, int]], code: str, lang: str) -> str:
    names = lambda n: texts.say(f"tables.{n}", lang)  # noqa: E731
    out = (
        fmt.listing([f"{names(n)}: {reasons(why, lang)}" for n, why in left_out.items()], lang)
        if left_out
        else texts.say("page.left_out_none", lang)
    )
    business = crm.business
    items = {
        "page.footer_source": crm.delivery.title,
        "page.footer_period": _window_words(crm.period, lang),
        "page.footer_compared": _compared(crm, lang),
        "page.footer_rows": fmt.listing([f"{names(n)} {fmt.count(k, lang)}" for n, k in rows.items()], lang),
        "page.footer_left_out": out,
        "page.footer_parameters": f"min_base {business.min_base} · 99% · {business.time_zone}",
        "page.footer_revision": code,
        "page.footer_numbers": texts.say("page.footer_numbers_text", lang, currency=fmt.currency_name(business.currency, lang)),
    }
    said = "".join(f"<div><dt>{esc(texts.say(k, lang))}</dt><dd>{esc(v)}</dd></div>" for k, v in items.items())
    return f"<h2>{esc(texts.say('page.where_from', lang))}</h2><dl>{said}</dl>"


def _compared(crm: Crm, lang: str) -> str:
    """The days that the page's are compared with."""
    return fmt.listing([_window_words(p, lang) for p in (crm.period.previous, crm.period.year_before)], lang)


def _window_words(period: Period, lang: str) -> str:
    last = period.end - timedelta(days=1)
    return texts.say("page.window", lang, start=fmt.day(period.start, lang), end=fmt.day(last, lang))
