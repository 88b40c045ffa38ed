"""The table of all key figures of an audience and period, each once, with its history and charts: one workbook a language.

Made of the facts of the pages that are published, and of what the ledger says of the periods before. A period's value is
the latest that was published of it; one that was another before, when its period was complete already, is marked.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import explained, exports, fmt, ledger, restated
from .cells import names
from .frame import words
from .navigation import audience, file_name
from .notebook import STATISTICS
from .periods import Period
from .releases import Entry, Release
from .sheets import Column, Line, Sheet, workbook
from .subjects import DRAWN, SUBJECTS, place_of, subject_of

BACK = 24  # so many periods before
FIGURES = ("value", "previous", "year_before", "target", "change")
_SAME = ("name", "dimension", "unit", "value")  # what makes figures of several reports one
_BESIDE = ("previous", "year_before", "target")
Read = Callable[[str], bytes | None]
Page = tuple[Entry, dict[str, Any]]
Past = Mapping[tuple, Sequence[ledger.Entry]]  # by source, team, report, period, figure: oldest first


@dataclass
class Row:
    """A figure, the reports that show it, and its values in the periods before: (value, whether restated) by label."""

    kpi: dict[str, Any]
    currency: str
    reports: list[str] = field(default_factory=list)
    before: dict[str, tuple[float | None, bool]] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        return f"money:{self.currency}" if self.kpi["unit"] == "money" else self.kpi["unit"]

    def agrees(self, kpi: dict[str, Any], found: dict[str, Any]) -> bool:
        """Whether a figure of another page is this one; a page may leave a comparison out."""
        same = all(self.kpi[part] == kpi[part] for part in _SAME) and self.currency == exports.currency(found)
        return same and all(kpi[part] in (None, self.kpi[part]) or self.kpi[part] is None for part in _BESIDE)

    def take(self, kpi: dict[str, Any], report: str) -> None:
        """What a page says of it, where nothing was said before."""
        self.kpi |= {part: value for part, value in kpi.items() if self.kpi.get(part) is None}
        self.reports += [report] if report not in self.reports else []


def due(
    entries: Iterable[Entry], languages: Sequence[str], changed: set[tuple[str, str]], old: Release
) -> tuple[list[list[Entry]], set[str]]:
    """The pages of each table that is to be made, and where the others lie that stay as they are.

    `changed`: (folder, period) of the pages that are new; a table of a later period looks back on them too.
    """
    places: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted((e for e in entries if e.sha256), key=lambda e: e.key):
        places.setdefault((entry.folder, entry.period), []).append(entry)
    todo, kept = [], set()
    for (folder, period), mine in places.items():
        there = {name for name in file_names(folder, period, languages).values() if old.has(name)}
        if len(there) < len(languages) or any((folder, label) in changed for label in labels(period)):
            todo.append(mine)
        else:
            kept |= there
    return todo, kept


def labels(period: str) -> list[str]:
    """A period and those that stand beside it, oldest first."""
    return [p.label for p in Period.parse(period).trailing(BACK + 1)]


def file_names(folder: str, period: str, languages: Iterable[str]) -> dict[str, str]:
    """Where the table of a folder and period lies, by language."""
    spoken = list(languages)
    return {lang: f"{folder}/{period}/{file_name(STATISTICS, spoken, lang, 'xlsx')}" for lang in spoken}


def by_figure(told: Iterable[ledger.Entry]) -> Past:
    """Entries of the ledger in their order, by what a row is looked up with."""
    found: dict[tuple, list[ledger.Entry]] = {}
    for entry in told:
        found.setdefault((entry.source, entry.team, entry.report, entry.period, entry.target), []).append(entry)
    return found


def made(mine: Sequence[Entry], languages: Sequence[str], read: Read, past: Past) -> dict[str, bytes]:
    """The files of one table; none where its pages have no key figure. `mine`: the pages of its folder and period."""
    files = {}
    for lang, name in file_names(mine[0].folder, mine[0].period, languages).items():
        pages = [(entry, _facts(entry, lang, read)) for entry in sorted(mine, key=lambda e: e.report)]
        if rows := _rows(pages, past):
            files[name] = _workbook(pages, rows, lang)
    return files


def _facts(entry: Entry, lang: str, read: Read) -> dict[str, Any]:
    """A page's facts in the reader's language, else in its first."""
    spoken = lang if lang in entry.languages else entry.languages[0]
    name = f"{entry.folder}/{entry.period}/{file_name(entry.report, entry.languages, spoken, 'json')}"
    return json.loads(read(name) or b"")


# ------------------------------------------------------------------------------------------------ rows


def _rows(pages: Sequence[Page], past: Past) -> list[Row]:
    """Every figure once, in the order of subjects and reports; figures that do not agree stay apart."""
    rows: list[Row] = []
    for entry, found in pages:
        for kpi in found["kpis"]:
            row = next((row for row in rows if row.agrees(kpi, found)), None)
            if row is None:
                row = Row(dict(kpi), exports.currency(found))
                rows.append(row)
            row.take(kpi, _title(entry, found))
            for label in labels(entry.period)[:-1]:
                told = past.get((entry.source, entry.team, entry.report, label, restated.target(kpi)))
                if told and label not in row.before:
                    row.before[label] = (told[-1].value, _is_restated(told))
    return sorted(rows, key=lambda row: place_of(row.kpi["name"]))


def _title(entry: Entry, found: dict[str, Any]) -> str:
    return entry.cards.get(found["language"], {}).get("title") or entry.title


def _is_restated(told: Sequence[ledger.Entry]) -> bool:
    """Whether a complete period was published before with another value."""
    return told[-1].complete and any(entry.complete and entry.value != told[-1].value for entry in told)


# ------------------------------------------------------------------------------------------------ workbook


def _workbook(pages: Sequence[Page], rows: Sequence[Row], lang: str) -> bytes:
    """A sheet a subject, the charts, the notes."""
    t, (entry, found) = words(lang), pages[0]
    period = Period.parse(entry.period)
    title = t("statistics_title", team=audience(entry.team, lang), period=fmt.period(period, lang))
    known = [label for label in labels(entry.period) if any(row.before.get(label, (None,))[0] is not None for row in rows)]
    shown = [label for label in labels(entry.period) if label >= min([*known, entry.period])]
    subjects = [s for s in SUBJECTS if any(subject_of(row.kpi["name"]) == s for row in rows)]
    called = names([*(t(f"subject_{s}") for s in subjects), t("sheet_charts"), t("sheet_notes")])
    sheets = [
        _subject([row for row in rows if subject_of(row.kpi["name"]) == s], name, title, shown, lang)
        for s, name in zip(subjects, called, strict=False)
    ]
    charts = _charts(sheets, len(shown))
    sheets += [Sheet(called[-2], [], [], (title,), charts=charts)] * bool(charts)
    sheets.append(Sheet(called[-1], [Column(t(f"note_{c}")) for c in explained.COLUMNS], _notes(pages, rows, title, lang)))
    created = max(datetime.fromisoformat(f["provenance"]["as_of"]) for _, f in pages).replace(tzinfo=None, microsecond=0)
    return workbook(sheets, title=title, created=created, currency=exports.currency(found), lang=lang)


def _subject(rows: Sequence[Row], name: str, title: str, shown: Sequence[str], lang: str) -> Sheet:
    """The figures of one subject, and their history, oldest left, this period last."""
    t = words(lang)
    heads = [Column(t("col_figure")), Column(t("col_report")), *(Column(t(f"col_{c}"), None, c == "change") for c in FIGURES)]
    heads += [Column(t("col_unit")), Column(t("col_base"), "count"), Column(t("col_reason")), Column(t("col_name"))]
    first = len(heads) + 1
    cells, marked = [], set()
    for number, row in enumerate(rows):
        kpi, before = row.kpi, row.before | {shown[-1]: (row.kpi["value"], "restated" in row.kpi)}
        course = [before.get(label, (None, False)) for label in shown]
        marked |= {(number, first + place) for place, (_, again) in enumerate(course) if again}
        again = ", ".join(label for label, (_, is_restated) in zip(shown, course, strict=True) if is_restated)
        figures = [exports.change(kpi["value"], kpi["previous"]) if c == "change" else kpi[c] for c in FIGURES]
        said = [explained.unit_name(kpi["unit"], lang, row.currency), kpi["base"], kpi["reason"], kpi["name"], again]
        cells.append([exports.called(kpi), ", ".join(row.reports), *figures, *said, *(value for value, _ in course)])
    heads += [Column(t("col_restated")), *(Column(label, None) for label in shown)]
    return Sheet(name, heads, cells, (title,), [row.unit for row in rows], frozenset(marked))


def _charts(sheets: Sequence[Sheet], count: int) -> list[Line]:
    """The main figures over their periods, where two values are known at least."""
    at: dict[str, tuple[Sheet, int]] = {}
    for sheet in sheets:
        name = len(sheet.columns) - count - 2
        for number, row in enumerate(sheet.rows):
            if sum(value is not None for value in row[-count:]) > 1:
                at.setdefault(row[name], (sheet, number))
    charts = []
    for drawn in DRAWN:
        if there := [at[name] for name in drawn if name in at]:
            sheet, wide = there[0][0], len(there[0][0].columns)
            rows = tuple(number for of, number in there if of is sheet)
            charts.append(Line(sheet.name, rows, wide - count, wide - 1, sheet.units[rows[0]]))
    return charts


def _notes(pages: Sequence[Page], rows: Sequence[Row], title: str, lang: str) -> list[explained.Note]:
    """Period, pages and their data, how to read it, what each figure means."""
    t, (entry, found) = words(lang), pages[0]
    money = exports.currency(found)
    about = [
        (t("notes_page"), t("note_title"), title, "", STATISTICS),
        (t("notes_page"), t("audience"), audience(entry.team, lang), "", entry.team),
        (t("notes_page"), t("period"), explained.window(found["period"], lang), "", entry.period),
        *((t("notes_page"), t(f"col_{c}"), explained.window(span, lang), "", c) for c, span in found["comparisons"].items()),
    ]
    read = [(t("notes_reading"), t(f"read_{key}"), t(f"read_{key}_means"), "", "") for key in ("history", "reports")]
    as_of = [(t("note_as_of"), _title(e, f), f["provenance"]["as_of"], f["provenance"]["source"], e.report) for e, f in pages]
    return [
        *about,
        *as_of,
        *explained.reading(lang, money),
        *read,
        *explained.meanings([row.kpi for row in rows], (), lang, money),
    ]
