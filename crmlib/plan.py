"""Which (report, period, team) to run, and why; and the name of the folder that each audience gets."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from .errors import UsageError, nearest
from .params import Params
from .periods import Period

COMPANY = "all"
PREPARE = "prepare"  # the notebook that works out, once a period, what the others share
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

    @property
    def key(self) -> tuple[str, str, str]:
        """What the page is known by in the site."""
        return (folder(self.team), self.period, self.report)

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
    if only and only not in asked:
        raise UsageError(_unknown("report", only, asked, "REPORT, or reports in the params file"))
    return [only] if only else asked


def jobs(params: Params, asked: Narrowing, prepared, states: dict[tuple[str, str, str], str]) -> list[Job]:
    """Everything to run, in the order of the params file; `states` is what is published already, by key."""
    period = choose_period(
        asked.period,
        params.every,
        prepared.first_day,
        prepared.last_day,
        prepared.business.fiscal_year_starts,
    )
    teams = choose_teams(params.teams, asked.team, prepared.teams_at(period.end))
    _different_folders(teams)
    source = asked.source or params.source
    return [
        _reasoned(Job(report, period.label, team, source, tuple(params.languages)), asked, states)
        for report in choose_reports(params.reports, asked.report)
        for team in teams
    ]


def _reasoned(job: Job, asked: Narrowing, states: dict[tuple[str, str, str], str]) -> Job:
    reason = {"ok": "published before", "failed": "failed last time"}.get(states.get(job.key, ""), "first run")
    return Job(job.report, job.period, job.team, job.source, job.languages, "asked for" if asked.force else reason)


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
