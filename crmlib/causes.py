"""Why a job is run, or its page published again, or neither: in words for people, all that apply."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import places, records, told
from .frame import maker
from .marks import Handed, marks
from .periods import Period
from .records import Record
from .releases import Entry, Release

if TYPE_CHECKING:
    from .plan import Job

UP_TO_DATE = "up to date"
_NAMED = 3  # so many files are named; of more only the number is said
_ONE = {
    "notebook": "the notebook changed",
    "lock": "requirements.lock changed",
    "annotations": "the annotations changed",
    "custom": "its file in params/custom changed",
}
_MANY = {"code": "crmlib changed", "texts": "texts changed", "parameters": "the parameters changed"}
_TABLES = {  # what changed of a table → (of one, of several)
    "content": ("has other rows", "have other rows"),
    "delivered": ("has other columns", "have other columns"),
    "left_out_content": ("has other rows left out", "have other rows left out"),
    "history": ("has the history of other columns", "have the history of other columns"),
    "there": ("is delivered now", "are delivered now"),
    "gone": ("is no longer delivered", "are no longer delivered"),
}
_DOOR = {
    "first_day": "the data begin on another day",
    "teams": "there are other teams",
    "dated": "the declared day of the data changed",
    "title": "the source has another title",
}


def judged(job: "Job", made_of: dict[str, Any], prepared: Handed, site: Release, force: bool) -> "Job":
    """The job with what is to be done for it, and why."""
    record, entry = records.read(job), site.entry(job.key)
    whys, does = ["asked for"] * force + _to_run(job, record, entry, made_of, prepared), "run"
    if not whys and record:
        whys, does = _to_publish(job, record, entry, site), "publish"
        if not record.is_told and whys:  # asked in any case: what is asked for does not age
            whys, does = [*whys, "what it told the ledger is no longer kept"], "run"
    return replace(job, made_of=made_of, does=does if whys else "nothing", reason="; ".join(whys) or UP_TO_DATE)


def _to_run(job: "Job", record: Record | None, entry: Entry | None, made_of: dict[str, Any], prepared: Handed) -> list[str]:
    shown = entry is not None and entry.source == job.source
    if record is None or not record.sha256:
        failed = record.failed if record else shown and entry is not None and entry.state == "failed"
        return ["failed last time" if failed else "no executed notebook is left" if shown else "first run"]
    period = Period.parse(job.period, prepared.business.fiscal_year_starts)
    return [
        *["failed last time"] * record.failed,
        *made_of_causes(record.made_of, made_of),
        *data_causes(record.inputs, prepared, period),
        *ledger_causes(record.heard, job.source),
        *["no executed notebook is left"] * (not record.is_whole),
    ]


def _to_publish(job: "Job", record: Record, entry: Entry | None, site: Release) -> list[str]:
    if entry is None or not entry.sha256:
        return ["not on the site"]
    if entry.source != job.source:
        return ["another source's page is on the site"]
    return [
        *["executed, but not published yet"] * (entry.executed != record.sha256),
        *["its page is marked as failed"] * (entry.state != "ok"),
        *["the page's template or style changed"] * (entry.maker != maker()),
        *["its page is missing from the site"] * (not site.holds(entry)),
    ]


def made_of_causes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs in code, words and settings."""
    said = []
    for part in now:
        if before.get(part) != now[part]:
            old, new = before.get(part), now[part]
            said.append(
                f"{_MANY[part]}: {_named(_differ(old or {}, new))}" if part in _MANY else _ONE.get(part, f"{part}: {new}")
            )
    return said


def data_causes(inputs: dict[str, Any] | None, prepared: Handed, period: Period) -> list[str]:
    """What differs in the data that were read."""
    inputs = inputs or {}
    now = marks(prepared, period, inputs.get("read", ()), inputs.get("asked", ()))
    if inputs.keys() != now.keys() or inputs["door"].keys() != now["door"].keys():
        return ["does not say what it read"]  # nothing, or in the way of another version
    return _table_causes(inputs["tables"], now["tables"]) + _door_causes(inputs["door"], now["door"])


def ledger_causes(heard: Iterable[list[str]], source: str) -> list[str]:
    """What differs in what was read in the ledger; `heard`: kind, report, period, and the digest of what was found."""
    other = {period for kind, report, period, found in heard if told.digest(places.out(), kind, report, source, period) != found}
    return [f"what the ledger tells of {', '.join(sorted(other))} has changed"] * bool(other)


def _table_causes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    changed: dict[str, list[str]] = {}
    for name in sorted({*before, *now}):
        for what in _what(before.get(name), now.get(name)):
            changed.setdefault(what, []).append(name)
    said = []
    for what, names in changed.items():
        known = [name for name in names if name != "spans"]
        said += [f"{', '.join(known)} {_TABLES[what][len(known) > 1]}"] * bool(known)
        said += ["people are in other teams"] * ("spans" in names)
    return said


def _what(before: dict[str, Any] | None, now: dict[str, Any] | None) -> list[str]:
    if before is None or now is None:
        return [] if before == now else ["gone" if now is None else "there"]
    return _differ(before, now)


def _door_causes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    said = []
    if before["as_of"] != now["as_of"]:
        said.append(f"the data reach {'further' if before['as_of'] < now['as_of'] else 'less far'} ({now['as_of'][:10]})")
    if settings := _differ(before["business"], now["business"]):
        said.append(f"business settings changed: {_named(settings)}")
    return said + [words for part, words in _DOOR.items() if before[part] != now[part]]


def _differ(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return sorted(key for key in {*before, *now} if before.get(key) != now.get(key))


def _named(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} files"
