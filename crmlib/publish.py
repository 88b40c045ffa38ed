"""Executed notebooks → the site. All appears at once or not at all; a failed report keeps its old page."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import (
    exports,
    facts,
    index,
    ledger,
    navigation,
    notebook,
    pages,
    records,
    restated,
    statistics_table,
    telling,
    titles,
)
from .errors import CrmError
from .execution import Outcome, failed_or_ok
from .frame import maker
from .plan import Job, folder
from .releases import Entry, Release, current, release
from .run import new_id
from .store import sha
from .told import Bulk


@dataclass(frozen=True)
class Published:
    """What readers see now."""

    index: Path
    outcomes: tuple[Outcome, ...]
    pages: int

    @property
    def failed(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.error]


@dataclass(frozen=True)
class _Made:
    """One outcome: its entry, its new files by their place in the site, what the ledger keeps of it (none where it failed)."""

    outcome: Outcome
    entry: Entry
    files: dict[str, bytes]
    told: list[ledger.Entry] = field(default_factory=list)
    bulks: list[Bulk] = field(default_factory=list)


class Edition:
    """A new release in the making: pages are made one after the other, as their notebooks end, and shown all at once.

    `jobs`: what may be added; what was published of them before is looked up once.
    """

    def __init__(self, out: Path, jobs: Iterable[Job], run: str):
        ledger.adopt(out)
        maker()  # of the code that is loaded now, not of what may be edited while notebooks run
        self.out, self.run, self.old = out, run, current(out)
        self.before = {entry.key: _as_it_is(self.old, entry) for entry in self.old.entries}
        self.past = _past(out, list(jobs))
        self.made: list[_Made] = []

    def add(self, outcome: Outcome) -> Outcome:
        """Make the pages of one outcome; it comes back as failed where that cannot be done."""
        self.made.append(_make(outcome, self.before.get(outcome.job.key), self.run, self.past))
        return self.made[-1].outcome

    def show(self, languages: tuple[str, ...]) -> Published:
        """Release it: what was added, and everything else as it was."""
        entries = list((self.before | {m.entry.key: m.entry for m in self.made}).values())
        spoken = tuple(dict.fromkeys([*languages, *self.old.languages, *(g for e in entries for g in e.languages)]))
        files = {name: data for m in self.made for name, data in m.files.items()}
        kept = [name for entry in entries for name in entry.files if name not in files]
        files |= {name: self.old.read(name) or b"" for name in kept if name.endswith(".html")}  # their links may change
        kept = [name for name in kept if name not in files]
        entries, files = _with_navigation(entries, files, spoken)
        tables, same = self._statistics(entries, spoken, files)
        files |= tables | index.indexes(entries, spoken, {*tables, *same})
        kept = [*kept, *sorted(same)]
        name = new_id(self.out / "releases")
        release(self.out, name, self.run, Release(None, spoken, tuple(entries)), files, self.old, *self._told(), kept)
        count = sum(len(m.entry.languages) for m in self.made if not m.outcome.error)
        return Published(self.out / "site" / "index.html", tuple(m.outcome for m in self.made), count)

    def _statistics(
        self, entries: list[Entry], spoken: tuple[str, ...], files: dict[str, bytes]
    ) -> tuple[dict[str, bytes], set[str]]:
        """The tables of all key figures: those that the run touches, anew, and where the others lie that stay."""
        changed = {(m.entry.folder, m.entry.period) for m in self.made}
        todo, kept = statistics_table.due(entries, spoken, changed, self.old)
        asked = (
            {e.report for mine in todo for e in mine},
            {label for mine in todo for label in statistics_table.labels(mine[0].period)},
        )
        before = [entry for told in ledger.history(self.out, ledger.KPI, *asked).values() for entry in told]
        past = statistics_table.by_figure([*before, *(entry for m in self.made for entry in m.told)])
        made = (statistics_table.made(mine, spoken, lambda name: files.get(name) or self.old.read(name), past) for mine in todo)
        return {name: data for one in made for name, data in one.items()}, kept

    def _told(self) -> tuple[list[ledger.Entry], list[str]]:
        """What the ledger keeps of it: the pages' figures; of what they tell in bulk the SQL. What two pages tell, the later one tells."""
        bulks = {bulk.about: bulk for m in self.made for bulk in m.bulks}
        before = ledger.files(self.out)
        figures = ledger.news((entry for m in self.made for entry in m.told), self.past)
        return figures, [bulk.news(before) for _, bulk in sorted(bulks.items())]


def publish(out: Path, outcomes: Iterable[Outcome], languages: tuple[str, ...], run: str) -> Published:
    """A new release with what these outcomes bring and everything else as it was."""
    outcomes = list(outcomes)
    edition = Edition(out, [outcome.job for outcome in outcomes], run)
    for outcome in outcomes:
        edition.add(outcome)
    return edition.show(languages)


def _as_it_is(old: Release, entry: Entry) -> Entry:
    """A page whose files were lost is none, and the index says so."""
    if old.holds(entry):
        return entry
    return replace(entry, state="failed", languages=(), sha256={}, error="its page was lost; run it again")


def _past(out: Path, jobs: list[Job]) -> ledger.History:
    """What was published before on the pages that are made now."""
    return ledger.history(out, ledger.KPI, {job.report for job in jobs}, {job.period for job in jobs})


def ready(job: Job) -> Outcome:
    """The executed notebook on record, to be published again."""
    record = records.read(job) or records.Record()
    return Outcome(job, record.path, record.seconds or 0.0)


def _make(outcome: Outcome, before: Entry | None, run: str, past: ledger.History) -> _Made:
    if outcome.error is None:
        try:
            return _good(outcome, run, past)
        except CrmError as error:
            outcome = failed_or_ok(outcome, str(error))
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:  # a block of a form nobody foresaw
            said = f"its page could not be made: {notebook.short(type(error).__name__, str(error))}"
            outcome = failed_or_ok(outcome, said)
    return _Made(outcome, _failed(outcome, before, run), {})


def _good(outcome: Outcome, run: str, past: ledger.History) -> _Made:
    job = outcome.job
    built = pages.build(job, outcome.executed, past)
    files = {}
    for one in built:
        files[_place(job, one.lang, "html")] = one.html.encode("utf-8", "backslashreplace")
        files[_place(job, one.lang, "json")] = facts.dump(one.facts)
    told = {one.lang: (one.facts, one.terms) for one in built}
    files |= {
        f"{folder(job.team)}/{job.period}/{name}": data for name, data in exports.files(job.report, job.languages, told).items()
    }
    entry = Entry(
        job.team, folder(job.team), job.period, job.report, job.languages, built[0].card["title"],
        as_of=built[0].facts["provenance"]["as_of"], run=run, cards={one.lang: one.card for one in built},
        sha256={name.rpartition("/")[2]: sha(data) for name, data in files.items()},
        source=job.source, executed=sha(outcome.executed.read_bytes()), maker=maker(),
    )  # fmt: skip
    figures = list(restated.figures(job, built[0].facts, run).values())
    return _Made(outcome, entry, files, figures, telling.bulks(job, built[0].facts, built[0].told, run))


def _failed(outcome: Outcome, before: Entry | None, run: str) -> Entry:
    """The last good page stays; where there is none, the index says so under the notebook's own title."""
    job = outcome.job
    error = notebook.without_paths(outcome.error or "")
    if before is not None:
        return replace(before, state="failed", error=error, run=run)
    titles = {lang: _title(job, lang) for lang in job.languages}
    cards = {lang: {"title": title} for lang, title in titles.items()}
    first = titles[job.languages[0]]
    return Entry(
        job.team, folder(job.team), job.period, job.report, (), first, "failed", None, error, run, cards, source=job.source
    )


def _title(job: Job, lang: str) -> str:
    try:
        return titles.title(job.report, lang)
    except (CrmError, OSError, ValueError, AttributeError):  # whatever form the file has
        return job.report


def _place(job: Job, lang: str, kind: str) -> str:
    return f"{folder(job.team)}/{job.period}/{navigation.file_name(job.report, job.languages, lang, kind)}"


def _with_navigation(
    entries: list[Entry], files: dict[str, bytes], languages: tuple[str, ...]
) -> tuple[list[Entry], dict[str, bytes]]:
    """Every page with the links that are right now: what is new changes its neighbours' links too."""
    stamped, done = dict(files), []
    for entry in entries:
        hashes = dict(entry.sha256)
        for lang in entry.languages:
            name = navigation.file_name(entry.report, entry.languages, lang)
            place = f"{entry.folder}/{entry.period}/{name}"
            page = navigation.stamped(files[place].decode("utf-8"), entry, lang, entries, languages)
            stamped[place] = page.encode("utf-8")
            hashes[name] = sha(stamped[place])
        done.append(replace(entry, sha256=hashes))
    return done, stamped
