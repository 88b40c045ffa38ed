"""The navigation of a page: what else there is for this reader. It links only what is published."""

import re
from collections.abc import Iterable

from . import fmt, texts
from .frame import environment, words
from .periods import Period
from .plan import COMPANY
from .releases import Entry

CODES = {"en": "en", "zh": "zh-CN"}
TONGUES = {"en": "English", "zh": "中文"}
_BAR = re.compile(r'<nav class="bar".*?</nav>', re.S)
Link = tuple[str, str | None, str | None]  # text; where to (None: here); its language, or in what sense here


def file_name(report: str, languages: Iterable[str], lang: str, kind: str = "html") -> str:
    """The first language has the plain name.

    >>> file_name("funnel", ("en", "zh"), "zh")
    'funnel.zh.html'
    """
    return f"{report}.{kind}" if lang == next(iter(languages), lang) else f"{report}.{lang}.{kind}"


def audience(team: str, lang: str) -> str:
    """What readers call an audience."""
    return words(lang)("company") if team == COMPANY else texts.word(team, lang)


def period_name(entry: Entry, lang: str) -> str:
    return fmt.period(Period.parse(entry.period), lang)


def tongues(name: str, languages: Iterable[str], lang: str) -> list[Link]:
    """The same page in the other languages."""
    spoken = list(languages)
    return [(TONGUES[g], file_name(name, spoken, g), CODES[g]) for g in spoken if g != lang]


def bar(label: str, left: list[Link], right: list[Link]) -> str:
    return environment().get_template("bar.html.j2").render(label=label, left=left, right=right)


def stamped(page: str, entry: Entry, lang: str, entries: Iterable[Entry], languages: tuple[str, ...]) -> str:
    """A page with its navigation as it is right for what is published now."""
    there = [e for e in entries if e.sha256]
    return _BAR.sub(lambda _: _page_bar(entry, lang, there, languages), page, count=1)


def _page_bar(entry: Entry, lang: str, there: list[Entry], languages: tuple[str, ...]) -> str:
    t, index = words(lang), f"../{file_name('index', languages, lang)}"
    left: list[Link] = [(t("all_reports", team=audience(entry.team, lang)), index, None)]
    before, after = _neighbours(entry, there)
    if before:
        left.append(("← " + period_name(before, lang), _href(before, lang), None))
    left.append((period_name(entry, lang), None, "page"))
    if after:
        left.append((period_name(after, lang) + " →", _href(after, lang), None))
    right = [*_teams(entry, lang, there), *tongues(entry.report, entry.languages, lang)]
    return bar(t("reports"), left, right)


def _teams(entry: Entry, lang: str, there: list[Entry]) -> list[Link]:
    """The company's page leads to the teams'; a team's to no other: each folder is guarded by itself."""
    here: list[Link] = [(audience(entry.team, lang), None, "true")]
    if entry.folder != COMPANY:
        return here
    same = [e for e in there if (e.period, e.report) == (entry.period, entry.report) and e.folder != COMPANY]
    links = [(audience(e.team, lang), f"../../{e.folder}/{e.period}/{_file(e, lang)}", None) for e in same]
    return here + sorted(links)


def _neighbours(entry: Entry, there: list[Entry]) -> tuple[Entry | None, Entry | None]:
    """The same report's pages nearest before and after, among periods of the same kind."""
    kind = Period.parse(entry.period).kind
    row = [e for e in there if (e.folder, e.report) == (entry.folder, entry.report)]
    row = sorted((e for e in row if Period.parse(e.period).kind == kind), key=lambda e: e.period)
    before = [e for e in row if e.period < entry.period]
    after = [e for e in row if e.period > entry.period]
    return (before[-1] if before else None), (after[0] if after else None)


def _href(entry: Entry, lang: str) -> str:
    return f"../{entry.period}/{_file(entry, lang)}"


def _file(entry: Entry, lang: str) -> str:
    """A page that is not there in the reader's language is linked in its first."""
    return file_name(entry.report, entry.languages, lang if lang in entry.languages else entry.languages[0])
