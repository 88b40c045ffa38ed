"""`Page`: the blocks of one report for one team and period, in every language of the run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from .. import charts, fmt, texts, theme
from ..crm import Crm
from ..findings import Finding
from ..kpi import Kpi
from . import captions, cards, frame, lists
from .about import ABOUT
from .bundle import Block, esc, told
from .captions import Said
from .describe import MEASURE, describe, drawn_of, heads_of, key_of, numbers_of, thing_of
from .tables import table, table_facts
from .tells import tells
from .windows import to_date


@dataclass(frozen=True)
class Page:
    """One report's page. `languages`: the first is the one JupyterLab shows and the plain files are in."""

    crm: Crm
    report: str
    languages: Sequence[str] = texts.LANGUAGES

    # ------------------------------------------------------------------------------------------------ frame

    def opening(self) -> Block:
        """Title, period and comparisons; what a reader must know before the first figure."""
        return frame.opening(self.crm, self.report, list(self.languages))

    def coverage(self, *names: str, notes: Iterable[str] = ()) -> Block:
        """Which tables the report reads, how many rows exist, what was left out and why."""
        return frame.coverage(self.crm, self.report, names, list(notes), list(self.languages))

    def provenance(self) -> Block:
        """Where the page comes from: data, parameters, code, versions. The last block of a notebook."""
        return frame.provenance(self.crm, self.report, list(self.languages))

    # ------------------------------------------------------------------------------------------------ figures

    def kpis(self, kpis: list[Kpi], top: int = 6) -> Block:
        """The key figures as a table; the first `top` that are known stand as cards in the summary (at least three, known or not)."""
        if absent := self._absent(()):
            said = self._each(lambda g: self._missing(absent, g))
            return Block(said, id="kpis", facts={"kpis": []}, summary=said)
        html = self._each(lambda g: cards.figures_table(kpis, self.crm, g))
        known = [k for k in kpis if k.value is not None]
        first = [*known, *(k for k in kpis if k.value is None)][: max(3, min(top, len(known)))]
        summary = self._each(lambda g: cards.cards(first, self.crm, g))
        facts = {"kpis": [cards.kpi_facts(k, list(self.languages)) for k in kpis]}
        return Block(html, id="kpis", facts=facts, summary=summary)

    def figure(
        self, name: str, headline: Said, chart: Callable, data: pd.DataFrame, *, unit: str | None = None, units: Mapping[str, str] | None = None,
        table: str | None = None, needs: Iterable[str] = (), says: Iterable[Finding] = (), window: Callable[[str], str] | None = None, hot: Any = None,
        note: Callable[[str], str] | None = None, **options: Any,
    ) -> Block:  # fmt: skip
        """A chart under the sentence that it shows, with its numbers folded below.

        `chart`: a function of crmlib.charts · `data`: the table drawn, names first (scatter: group if any, x, y) · `says`:
        sentences beside it · `window`: the deals or days it is about, in words · `hot`: the row that is the finding ·
        `table`: what its table is called (default: as the figure) · `needs`: tables or table.column without which it says so ·
        `units`: of columns whose name does not say it
        """
        drawn, numbers = drawn_of(chart, data, self.crm.business.min_base), numbers_of(chart, data)
        if self._absent(needs) or not drawn[MEASURE.get(chart.__name__, "value")].fillna(0).any():
            return self.table(name, headline, numbers, window=window, table=table, needs=needs, note=note, units=units)
        drawn = drawn.assign(hot=drawn["name"] == hot) if chart in (charts.ranges, charts.dots) else drawn
        extra = options | ({"unit": unit} if unit else {}) | ({"highlight": hot} if chart in (charts.steps, charts.bars) else {})

        def html(lang: str) -> str:
            title = self._sentence(headline, "title", lang)
            more = heads_of(chart, data, lang) | (
                {"currency": self.crm.business.currency} if (unit or "").startswith("money") or chart is charts.scatter else {}
            )
            shape = {k: v(lang) if callable(v) else v for k, v in extra.items()}
            picture = theme.svg(
                chart(drawn, lang, **shape, **more),
                f"fig-{name}",
                title,
                describe(chart, drawn, lang, unit, self.crm.business.currency, more),
            )
            beside = "".join(f"<p>{told(self._sentence(s, 'title', lang))}</p>" for s in says)
            small = note(lang) if note else ""
            folded = self._table(table or name, numbers, lang, window, hot, small, headline, units)
            two = (
                f'<div class="two"><div>{lists.key(chart, lang, hot, drawn)}{picture}</div><div class="say">{beside}</div></div>'
            )
            return self._framed(
                name,
                title,
                self._sub(name, lang, window, headline) + to_date(drawn, lang),
                f"{two}{self._source(lang)}{lists.folded(title, folded, lang)}",
                lang,
            )

        facts = {"tables": [self._facts(table or name, numbers, window, headline, units)]}
        return Block(self._each(html), id=name, facts=facts, page=self._toc(name, headline))

    def table(
        self, name: str, headline: Said, data: pd.DataFrame, *, window: Callable[[str], str] | None = None, hot: Any = None,
        table: str | None = None, needs: Iterable[str] = (), note: Callable[[str], str] | None = None, units: Mapping[str, str] | None = None,
    ) -> Block:  # fmt: skip
        """A table under the sentence that it shows."""
        called, absent = table or name, self._absent(needs)

        def html(lang: str) -> str:
            if absent:
                return self._framed(name, self._caption(called, lang, window, headline), "", self._missing(absent, lang), lang)
            small = note(lang) if note else ""
            body = self._table(called, data, lang, window, hot, small, headline, units) if len(data) else self._nothing(lang)
            title = self._sentence(headline, "title", lang)
            return self._framed(name, title, self._sub(name, lang, window, headline), body + self._source(lang), lang)

        facts = {"tables": [self._facts(called, data, window, headline, units)]}
        return Block(self._each(html), id=name, facts=None if absent else facts, page=self._toc(name, headline))

    def folded(
        self,
        name: str,
        data: pd.DataFrame,
        *,
        needs: Iterable[str] = (),
        window: Callable[[str], str] | None = None,
        note: Callable[[str], str] | None = None,
    ) -> Block:
        """A table that readers unfold: what not everybody needs."""
        absent = self._absent(needs)

        def html(lang: str) -> str:
            rows = self._table(name, data, lang, window, None, note(lang) if note else "") if len(data) else self._nothing(lang)
            body = self._missing(absent, lang) if absent else rows
            return lists.folded(self._caption(name, lang, window), body, lang, own=True)

        return Block(self._each(html), id=name, facts=None if absent else {"tables": [self._facts(name, data, window)]})

    def data(self, name: str, data: pd.DataFrame) -> Block:
        """A table for the facts file and the downloads alone."""
        return Block(self._each(lambda g: ""), id=name, facts={"tables": [self._facts(name, data, None)]})

    def tells(self, kind: str, report: str, rows: Any, *, starts: date, ends: date, unit: str) -> Block:
        """Tell the ledger in bulk (a score or segment of each customer): `rows` has target, value and, if any, label."""
        return tells(self.crm, kind, report, rows, (starts, ends), unit, list(self.languages))

    def undated(self, count: int) -> Block:
        """How many of the report's rows have no date at all, where there are any; facts always hold the number."""
        said = (
            self.note(f"undated_{self.report}", count=lambda g: fmt.count(count, g)).html if count else self._each(lambda g: "")
        )
        return Block(said, id="undated", facts={"tables": [self._facts("undated", pd.DataFrame({"count": [count]}), None)]})

    def note(self, key: str, **values: object) -> Block:
        """A sentence of texts (`page.…`) in place of what cannot be shown."""
        words = lambda g: {k: v(g) if callable(v) else v for k, v in values.items()}  # noqa: E731
        return Block(self._each(lambda g: f"<p>{told(texts.say(f'page.{key}', g, **words(g)))}</p>"))

    # ------------------------------------------------------------------------------------------------ findings

    def findings(self, found: list[Finding], top: int = 3) -> Block:
        """Problems and opportunities; the first `top` stand in the summary."""
        return lists.findings_block(self.crm, found, list(self.languages), top)

    def actions(self, found: list[Finding]) -> Block:
        """What to do about them: who, until when, and how to tell that it worked."""
        return lists.actions_block(self.crm, found, list(self.languages))

    def definitions(self, kpis: list[Kpi], *terms: str) -> Block:
        """What the page's figures and words mean."""
        return lists.definitions_block(kpis, terms, list(self.languages))

    # ------------------------------------------------------------------------------------------------ words

    def _absent(self, needs: Iterable[str]) -> list[str]:
        """What of this was not delivered; without every table that a report is about, that alone is said."""
        missing = lambda names: [n for n in names if not self.crm.has(*n.split("."))]  # noqa: E731
        about = ABOUT.get(self.report, ())
        return missing(about) if missing(about) == list(about) != [] else missing(needs)

    def _missing(self, absent: list[str], lang: str) -> str:
        what = fmt.listing([thing_of(n, lang) for n in absent], lang)
        return f"<p>{esc(texts.say('page.absent', lang, what=what))}</p>"

    def team(self, lang: str) -> str:
        """The audience in words."""
        return frame.team_words(self.crm, lang)

    def period(self, lang: str) -> str:
        return fmt.period(self.crm.period, lang)

    def _each(self, make: Callable[[str], str]) -> dict[str, str]:
        return {lang: make(lang) for lang in self.languages}

    def _sentence(self, said: Said, part: str, lang: str) -> str:
        return captions.sentence(said, part, lang, self.crm.business.currency)

    def _toc(self, name: str, said: Said) -> dict[str, Any]:
        return {"toc": self._each(lambda g: captions.short(self.report, name, g, said))}

    def _words(self, lang: str, window: Callable[[str], str] | None) -> dict[str, str]:
        return {
            "team": self.team(lang), "period": self.period(lang), "day": fmt.day(self.crm.as_of, lang), "window": window(lang) if window else "",
        }  # fmt: skip

    def _caption(self, name: str, lang: str, window: Callable[[str], str] | None, said: Said | None = None) -> str:
        return captions.caption(self.report, name, lang, self._words(lang, window), said)

    def _sub(self, name: str, lang: str, window: Callable[[str], str] | None, said: Said) -> str:
        return captions.sub(self.report, name, lang, self._words(lang, window), said)

    def _table(self, name: str, data: pd.DataFrame, lang: str, window: Any, hot: Any, note: str = "", said: Said | None = None,
               units: Mapping[str, str] | None = None) -> str:  # fmt: skip
        business = self.crm.business
        return table(data, self._caption(name, lang, window, said), lang, business.currency, business.min_base, note, hot, units)

    def _facts(
        self, name: str, data: pd.DataFrame, window: Any, said: Said | None = None, units: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return table_facts(key_of(name), data, list(self.languages), lambda g: self._caption(name, g, window, said), units)

    def _nothing(self, lang: str) -> str:
        return f"<p>{esc(texts.say('page.no_rows', lang, period=self.period(lang)))}</p>"

    def _source(self, lang: str) -> str:
        day = fmt.day(self.crm.as_of, lang)
        return f'<p class="src">{esc(texts.say("page.source", lang, source=self.crm.delivery.title, day=day))}</p>'

    def _framed(self, name: str, title: str, sub: str, body: str, lang: str) -> str:
        sub = f'<p class="sub">{told(sub)}</p>' if sub else ""
        return (
            f'<figure class="fig" id="{name}" aria-labelledby="{name}-h"><h3 id="{name}-h">{told(title)}</h3>{sub}{body}</figure>'
        )
