"""Findings, actions, definitions, and what can be unfolded."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from .. import charts, findings, fmt, texts
from ..crm import Crm
from ..findings import Finding
from ..kpi import Kpi
from .bundle import Block, esc, exact, localised, told
from .cards import called

_COLOUR = {"problem": "bad", "warning": "bad", "opportunity": "good", "info": ""}


def key(chart: Callable, lang: str, hot: Any, drawn: pd.DataFrame | None = None) -> str:
    """What the marks of a chart mean."""
    marks = charts.key(chart.__name__, lang, hot is not None, drawn)
    items = "".join(
        f'<li><i{"" if mark == "box" else f" class={mark}"} style="{"background" if mark == "box" else "color"}:var(--{token})"></i>{esc(words)}</li>'
        for mark, token, words in marks
    )
    return f'<ul class="key">{items}</ul>' if items else ""


def folded(title: str, body: str, lang: str, own: bool = False) -> str:
    """Something to unfold; `own`: under its own title, else as the numbers of the figure above."""
    summary = esc(title) if own else _titled(texts.say("page.more", lang), title, lang)
    return f'<div class="more"><details><summary>{summary}</summary>{body}</details></div>'


def _titled(what: str, title: str, lang: str) -> str:
    """Words of which there are many on a page; what they are about is said to those who hear them one by one."""
    return f'{what}<span class="vh">{esc(texts.say("page.titled", lang, what="", title=title))}</span>'


def findings_block(crm: Crm, found: list[Finding], languages: list[str], top: int) -> Block:
    """All findings with their evidence; the first ones as the summary's."""
    html = {g: f'<ul class="finds">{"".join(_finding(crm, f, i, g) for i, f in enumerate(found))}</ul>' for g in languages}
    summary = {g: f'<ul class="tops">{"".join(_top(crm, f, i, g) for i, f in enumerate(found[:top]))}</ul>' for g in languages}
    return Block(html, id="findings", summary=summary, facts={"findings": [_facts(crm, f, languages) for f in found]})


def _said(crm: Crm, finding: Finding, part: str, lang: str) -> str:
    return findings.render(finding, part, lang, crm.business.currency)


def _finding(crm: Crm, finding: Finding, i: int, lang: str) -> str:
    title, text = _said(crm, finding, "title", lang), _said(crm, finding, "text", lang)
    link = (
        f'<p><a href="#{finding.evidence}">{_titled(texts.say("page.evidence", lang), title, lang)}</a></p>'
        if finding.evidence
        else ""
    )
    return (
        f'<li id="f-{i + 1}" class="{_COLOUR[finding.severity]}"><p class="sev">{texts.say(f"severities.{finding.severity}", lang)}</p>'
        f"<div><h3>{told(title)}</h3><p>{told(text)}</p>{link}</div></li>"
    )


def _top(crm: Crm, finding: Finding, i: int, lang: str) -> str:
    title, text = _said(crm, finding, "title", lang), _said(crm, finding, "text", lang)
    owner, action = _said(crm, finding, "owner", lang), _said(crm, finding, "action", lang)
    who = texts.say("page.titled", lang, what=owner, title="")
    do = f'<p class="do"><b>{esc(who)}</b>{told(action)}</p>' if action else ""
    return (
        f'<li class="top {_COLOUR[finding.severity]}"><p class="sev">{texts.say(f"severities.{finding.severity}", lang)}</p>'
        f'<h3><a href="#f-{i + 1}">{told(title)}</a></h3><p>{told(text)}</p>{do}</li>'
    )


def _facts(crm: Crm, finding: Finding, languages: list[str]) -> dict[str, Any]:
    values = {k: exact(v, findings.unit_of(k)) for k, v in finding.values.items()}
    asked = _said(crm, finding, "action", languages[0])

    def sentence(lang: str) -> str:
        title, text = (_said(crm, finding, part, lang) for part in ("title", "text"))
        return texts.say("page.sentences", lang, title=title, text=text) if text else title

    return {
        "rule": finding.rule, "severity": finding.severity, "values": values, "text": localised(languages, sentence),
        "action": localised(languages, lambda g: _said(crm, finding, "action", g)) if asked else None,
    }  # fmt: skip


def actions_block(crm: Crm, found: list[Finding], languages: list[str]) -> Block:
    """One line an action: what, who, until when, how to tell that it worked."""
    asked = [f for f in found if _said(crm, f, "action", languages[0])]
    return Block({g: _actions(crm, asked, g) for g in languages}, id="action-list")


def _actions(crm: Crm, asked: Iterable[Finding], lang: str) -> str:
    if not asked:
        return f"<p>{texts.say('page.no_actions', lang)}</p>"
    heads = "".join(f'<th scope="col" class="w">{esc(texts.column(c, lang))}</th>' for c in ("action", "owner", "due", "success"))
    rows = "".join(
        f'<tr><th scope="row">{told(_said(crm, f, "action", lang))}</th><td class="w">{told(_said(crm, f, "owner", lang))}</td>'
        f'<td class="w"><span class="n">{fmt.day(findings.due(crm, f), lang)}</span></td><td class="w">{told(_said(crm, f, "success", lang))}</td></tr>'
        for f in asked
    )
    caption = texts.say("page.actions", lang)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{esc(texts.say("page.region", lang, caption=caption))}"><table>'
        f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def definitions_block(kpis: list[Kpi], terms: Iterable[str], languages: list[str]) -> Block:
    """The figures' and the page's own words, each in a sentence."""

    def said(lang: str) -> list[tuple[str, str]]:
        figures = [(called(k, lang), texts.definition(k.name, lang)) for k in kpis]
        return figures + [(texts.term(t, "name", lang), texts.term(t, "means", lang)) for t in terms]

    def html(lang: str) -> str:
        items = "".join(f"<dt>{esc(name)}</dt><dd>{told(means)}</dd>" for name, means in said(lang))
        return f'<p>{texts.say("page.definitions", lang)}</p><dl class="defs">{items}</dl>'

    return Block({g: html(g) for g in languages}, id="definitions", page={"definitions": {g: said(g) for g in languages}})
