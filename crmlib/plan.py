"""Which (report, period, team) to run, and why; and the name of the folder that each audience gets."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from . import causes, imports, notebook, places, records
from .errors import UsageError, nearest
from .params import Params
from .periods import Period
from .releases import Release
from .sources import called

if TYPE_CHECKING:
    from .sources import Prepared

COMPANY = "all"
PREPARE = "prepare"  # the notebook that does once what many others share; it is run first, for the whole company
_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_RESERVED = {COMPANY, "con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Narrowing:
    """What the person who started the run asked for; nothing: what the params file says."""

    period: str = ""
    team: str = ""
    report: str = ""
    source: str = ""
    force: bool = False

    def in_force(self) -> dict[str, str]:
        given = {"PERIOD": self.period, "TEAM": self.team, "REPORT": self.report, "SOURCE": self.source}
        return {name: value for name, value in given.items() if value} | ({"FORCE": "1"} if self.force else {})


@dataclass(frozen=True)
class Job:
    """One notebook, to be executed for one period and one audience."""

    report: str
    period: str
    team: str
    source: str
    languages: tuple[str, ...]
    reason: str = field(default="first run", compare=False)
    does: str = field(default="run", compare=False)  # run, publish (its executed notebook, again) or nothing
    made_of: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # what its record will say

    @property
    def key(self) -> tuple[str, str, str]:
        """What the page is known by in the site."""
        return (folder(self.team), self.period, self.report)

    @property
    def uses_models(self) -> bool:
        """Whether its notebook uses what is fitted."""
        return imports.reach_models(self.made_of.get("code", ()))

    def __str__(self) -> str:
        return f"{self.report} {self.team} {self.period}"


def folder(team: str) -> str:
    """The folder of an audience: a team's name itself where it is a safe one, else a slug with a short hash.

    >>> folder("all"), folder("north")
    ('all', 'north')
    >>> folder("../../etc").startswith("etc-")
    True
    """
    return COMPANY if team == COMPANY else slug(team)


def slug(name: str) -> str:
    """A team's folder. Two different names never share one, and no name reaches outside the site.

    >>> slug("all") == "all", slug("A B") == slug("a-b")
    (False, False)
    """
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{words or 'team'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def choose_period(label: str, every: str, first_day: date, last_day: date, fiscal_start: int) -> Period:
    """The period asked for, if the data reach it; else the latest complete one of the params file's kind."""
    latest = Period.containing(last_day + timedelta(days=1), every, fiscal_start).previous
    if not label:
        return latest
    period = Period.parse(label, fiscal_start)
    if period.start > last_day or period.end <= first_day:
        raise UsageError(
            f"{label} lies outside the data. They reach from {first_day} to {last_day}; "
            f"the latest complete {every} is {latest}. Change PERIOD or --period."
        )
    return period


def choose_teams(asked: list[str], only: str, there: list[str]) -> list[str]:
    """The company first, then the teams (no names: all there are); `only` narrows to one of them."""
    if COMPANY in there:
        raise UsageError(
            f"The source has a team called {COMPANY!r}. That word means the whole company. Rename the team in the source."
        )
    known = [COMPANY, *there]
    wanted = asked or known
    for team in [*wanted, *([only] if only else [])]:
        if team not in known:
            raise UsageError(_unknown("team", team, known, "TEAM, or teams in the params file"))
    return [only] if only else sorted(wanted, key=known.index)


def choose_reports(asked: list[str], only: str) -> list[str]:
    """The shared work first, where there is any; then those of the params file. `only` narrows to one of them, and what it hears of."""
    shared = [PREPARE] * (places.ROOT / "notebooks" / f"{PREPARE}.ipynb").is_file()
    known = list(dict.fromkeys([*shared, *asked]))
    custom = [name for name in asked if places.custom_slug(name)]
    if only == places.CUSTOM and custom:
        return [*shared * any(map(_hears_of_models, custom)), *custom]
    if only and only not in known:
        raise UsageError(_unknown("report", only, known, "REPORT, or reports in the params file"))
    return [*shared * (only != PREPARE and _hears_of_models(only)), only] if only else known


def _hears_of_models(report: str) -> bool:
    """Whether a report's notebook uses what is fitted: `prepare` tells the ledger of it, and later periods are judged by that."""
    notebook.check(notebook.path_of(report))
    return imports.reach_models(imports.of_report(report))


def jobs(params: Params, asked: Narrowing, prepared: "Prepared", site: Release) -> list[Job]:
    """All that the params file lists, in its order: what is to be done for each, and why. `site`: what is published already."""
    period = choose_period(
        asked.period,
        params.every,
        prepared.first_day,
        prepared.last_day,
        prepared.business.fiscal_year_starts,
    )
    teams = choose_teams(params.teams, asked.team, prepared.teams_at(period.end))
    _different_folders(teams)
    source = called(asked.source or params.source)
    listed = [
        Job(report, period.label, team, source, tuple(params.languages))
        for report in choose_reports(params.reports, asked.report)
        for team in ([COMPANY] if report == PREPARE else teams)
    ]
    made_of = cache(records.made_of)
    asked_for = lambda job: asked.force and _asked(asked.report, job.report)  # noqa: E731
    return [causes.judged(job, made_of(job.report, job.languages), prepared, site, asked_for(job)) for job in listed]


def _asked(only: str, report: str) -> bool:
    """Whether a report is among those that a run was narrowed to."""
    return only in ("", report) or (only == places.CUSTOM and places.custom_slug(report) is not None)


def lines(listed: list[Job]) -> list[str]:
    """The plan for a person to read, in the order in which it is listed."""
    width = max(len(str(job)) for job in listed)
    whys = [f"{job.does}: {job.reason}" if job.does != "nothing" else job.reason for job in listed]
    return [*(f"{job!s:{width}}  {why}" for job, why in zip(listed, whys, strict=True)), counted(listed)]


def counted(listed: Iterable[Job]) -> str:
    """How much there is to do.

    >>> counted([Job("funnel", "2026-10", "all", "demo", ("en",), does="nothing"), Job("sales", "2026-10", "all", "demo", ("en",))])
    '1 to run, 0 to publish again, 1 up to date.'
    """
    number = Counter(job.does for job in listed)
    return f"{number['run']} to run, {number['publish']} to publish again, {number['nothing']} up to date."


def _different_folders(teams: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for team in teams:
        other = seen.setdefault(folder(team), team)
        if other != team:
            raise UsageError(f"The teams {other!r} and {team!r} would share a folder. Rename one of them in the source.")


def _unknown(what: str, value: str, known: list[str], where: str) -> str:
    hint = nearest(value, known)
    end = "" if hint.endswith("?") else "."
    return f"There is no {what} {value!r}. {hint[0].upper()}{hint[1:]}{end} Change {where}."
