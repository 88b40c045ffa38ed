"""Executed notebook → its pages and facts, one a language. The page answers first: summary, then sections."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from . import exports, facts, navigation, notebook, restated, twins
from .frame import css, css_text, text_of, words
from .ledger import NOTHING, History
from .notebook import ReportFault
from .plan import Job
from .restated import Changes
from .sections import clean, exporter, intro, sections
from .twins import Story


@dataclass(frozen=True)
class Built:
    """One language of one report: page, facts, what the index says of it, and what its blocks tell the ledger."""

    lang: str
    html: str
    facts: dict[str, Any]
    card: dict[str, Any]
    told: tuple[dict[str, Any], ...] = ()
    terms: tuple[tuple[str, str], ...] = ()  # the words that it explains: (name, meaning)


def make_ready() -> None:
    """Load and compile what every page is made with, before the first one is."""
    import nbformat  # noqa: F401

    facts.make_ready()
    exports.make_ready()
    exporter().template  # noqa: B018  (it is compiled when it is first asked for)
    clean("", "")


def build(job: Job, executed: Path, past: History = NOTHING) -> list[Built]:
    """Everything that is published of an executed notebook; a ReportFault where it must not be. `past`: what was published before."""
    import nbformat

    nb = nbformat.read(executed, as_version=4)
    if wrong := notebook.fault(nb):
        raise ReportFault(wrong)
    story = twins.read(nb)
    found = {lang: _facts(story, job, lang) for lang in job.languages}
    changed = restated.changes(job, found[job.languages[0]], past)
    called = story.report.page.get("name") or {}  # a page without code has another title than its notebook
    return [
        _built(story, job, lang, called.get(lang) or notebook.title(nb, lang), found[lang], changed) for lang in job.languages
    ]


def _facts(story: Story, job: Job, lang: str) -> dict[str, Any]:
    found = facts.build(story, lang)
    facts.check(found)
    if (found["report"], found["team"], found["period"]["label"]) != (job.report, job.team, job.period):
        raise ReportFault("its report block names another report, team or period than it was run for")
    return found


def _built(story: Story, job: Job, lang: str, title: str | None, found: dict[str, Any], changed: Changes) -> Built:
    found = restated.marked(found, changed)
    page = _page(story, found, lang)
    if changed:
        page["notes"].append(restated.note(changed, lang))
        first = page["sections"][0].parts if page["sections"] else page["notes"]  # data source and coverage
        first.append(restated.table(found, changed, lang))
    _refuse_broken_anchors(page)
    page["downloads"] = exports.links(job.report, job.languages, lang, found)
    told = tuple(block.page["told"] for block in story.blocks if "told" in block.page)
    return Built(lang, _render(page), found, _card(page, found, title or found["title"]), told, _terms(story, lang))


def _terms(story: Story, lang: str) -> tuple[tuple[str, str], ...]:
    """What the page's definitions explain."""
    given = [b.page["definitions"].get(lang) or () for b in story.blocks if "definitions" in b.page]
    return tuple((str(name), str(means)) for said in given for name, means in said)


def _page(story: Story, found: dict[str, Any], lang: str) -> dict[str, Any]:
    """What the template fills in."""
    head = _head(story.report.page, lang)
    return {
        "lang": lang, "t": words(lang), "code": navigation.CODES[lang], **head,
        "state": "published" if facts.complete(found) else "partial",
        "notes": [_note(twins.spoken(n, lang, "a note")) for n in story.report.page.get("notes") or []],
        "summary": [Markup(twins.spoken(b.summary, lang, "a summary")) for b in story.blocks if b.summary],
        "intro": intro(story, lang), "sections": sections(story, lang),
        "footer": Markup(twins.spoken(story.footer.html, lang, "the footer") if story.footer else ""),
        "css": css(), "running": css_text(head.get("head") or f"{head['title']} · {head['as_of']}"),
    }  # fmt: skip


def _head(says: dict[str, Any], lang: str) -> dict[str, str]:
    """The masthead's words, from the report block."""
    if missing := [key for key in ("title", "as_of") if not says.get(key)]:
        raise ReportFault(f"its report block says nothing of {missing[0]!r} for the page")
    given = [key for key in ("title", "question", "as_of", "head") if says.get(key)]
    return {key: twins.spoken(says[key], lang, f"the page's {key}") for key in given}


def _note(text: str) -> Markup:
    return Markup(text if text.lstrip().startswith("<p") else f'<p class="note">{text}</p>')


def _refuse_broken_anchors(page: dict[str, Any]) -> None:
    """Two things of one id, or a link to none: every link of the site leads somewhere, and to one place."""
    parts = [part for section in page["sections"] for part in section.parts]
    made = "".join([*page["notes"], *page["summary"], *parts, page["footer"]])
    ids = [
        *re.findall(r'\sid="([^"]+)"', made),
        *(s.id for s in page["sections"]),
        "summary",
        "main",
        "toc-h",
    ]
    if double := [i for i, n in Counter(ids).items() if n > 1]:
        raise ReportFault(f"two things on the page have the id {double[0]!r}; name one of the blocks otherwise")
    if dead := [i for i in re.findall(r'\shref="#([^"]+)"', made) if i not in ids]:
        raise ReportFault(f"a link leads to #{dead[0]}, and nothing on the page has that id; correct the block")


def _card(page: dict[str, Any], found: dict[str, Any], title: str) -> dict[str, Any]:
    """What the index says of a page: its first figure and its first finding, word for word."""
    made = "".join(page["summary"])
    kpi = re.search(r'<li class="kpi".*?<h3[^>]*>(.*?)</h3>.*?<p class="v">(.*?)</p>', made, re.S)
    top = re.search(r'<ul class="tops">.*?<h3[^>]*>(.*?)</h3>', made, re.S)
    finding = text_of(top[1]) if top else next((f["text"] for f in found["findings"]), "")
    label, value = (text_of(kpi[1]), text_of(kpi[2])) if kpi else ("", "")
    said = {"title": title, "question": page.get("question", ""), "label": label, "value": value}
    return said | {"finding": finding, "as_of": page["as_of"], "state": page["state"]}


def _render(page: dict[str, Any]) -> str:
    from nbformat.v4 import new_notebook

    made, _ = exporter().from_notebook_node(new_notebook(), {"page": page})
    return made + "\n"
