"""What became of each job: what its page was made from, where its executed notebook lies, how long it took.

One file a job in work/records, written as soon as its notebook has ended, so that a run that is stopped loses nothing of
what it finished. The next plan compares it with what is there then.
"""

import contextlib
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from . import imports, notebook, places, store, told

if TYPE_CHECKING:
    from .execution import Outcome
    from .plan import Job

ENGINE = 1  # raise it when executed notebooks come out otherwise although nothing that they import has changed


@dataclass(frozen=True)
class Record:
    """The last good execution of a job, and whether one after it failed. Nothing executed: never a good one."""

    made_of: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None  # marks of what it read; None: its footer does not say
    seconds: float | None = None
    executed: str = ""  # its place in the folder of runs
    sha256: str = ""
    failed: bool = False
    heard: list[list[str]] = field(default_factory=list)  # what it read in the ledger: kind, report, period, digest
    told: list[str] = field(default_factory=list)  # sha256 of the rows that it tells the ledger

    @property
    def path(self) -> Path:
        """Where the executed notebook lies."""
        return places.work() / "runs" / self.executed

    @property
    def is_whole(self) -> bool:
        """Whether the executed notebook is still there, as it was."""
        return bool(self.executed) and self.path.is_file() and store.sha(self.path.read_bytes()) == self.sha256

    @property
    def is_told(self) -> bool:
        """Whether what it tells the ledger is still kept."""
        missing = [rows for rows in self.told if not told.is_there(rows)]  # all are asked for: then they count as used
        return not missing


def made_of(report: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """Everything but data and ledger that decides what comes out of a report's notebook, as it is now."""
    path = notebook.path_of(report)
    return {
        "notebook": _content(path),
        "code": imports.of_report(report),
        **({"custom": own} if (own := imports.own_file(report)) else {}),
        "lock": _content(places.ROOT / "requirements.lock"),
        "parameters": {"languages": list(languages)},
        "texts": imports.texts(),
        "annotations": _content(places.ROOT / "params" / "annotations.yml"),
        "engine": f"Python {platform.python_version()}, engine {ENGINE}",
    }


def read(job: "Job") -> Record | None:
    """What is known of a job. A record that cannot be read, or of another form, is none: then the job is run."""
    path = _path(job)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = Record(**json.loads(path.read_text("utf-8"))["record"])
        store.touched(path)
        return found
    return None


def remember(job: "Job", outcome: "Outcome") -> None:
    """Write down what became of a job; to be called for every outcome as soon as it is there, and when its page could not be made.

    A failure keeps what is known of the last good execution. What cannot be written down is run again.
    """
    with contextlib.suppress(
        OSError, ValueError, TypeError, AttributeError, KeyError
    ):  # a block of any form: its page will say so
        _write(job, replace(read(job) or Record(), failed=True) if outcome.error else _good(job, outcome))


def seconds(job: "Job") -> float | None:
    """What a job took last, else what its report takes on average, else nothing is known."""
    if (record := read(job)) and record.seconds is not None:
        return record.seconds
    folder = _folder()
    taken = _taken(folder, folder.stat().st_mtime_ns).get(job.report)
    return fmean(taken) if taken else None


def every() -> Iterator[tuple[dict[str, Any], Record]]:
    """All there is: (job, record)."""
    for path in sorted(_folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(path.read_text("utf-8"))
            yield found["job"], Record(**found["record"])


@lru_cache(maxsize=1)
def _taken(_folder: Path, _changed: int) -> dict[str, list[float]]:
    """Seconds by report."""
    taken: dict[str, list[float]] = {}
    for job, record in every():
        if record.seconds is not None:
            taken.setdefault(job["report"], []).append(record.seconds)
    return taken


def _good(job: "Job", outcome: "Outcome") -> Record:
    data, path = outcome.executed.read_bytes(), outcome.executed
    shown = _twins(data)
    footer = next((twin["page"] or {} for twin in reversed(shown) if twin["kind"] == "footer"), {})
    rows = [str(twin["page"]["told"]["sha256"]) for twin in shown if "told" in (twin["page"] or {})]
    heard = [[str(kind), str(report), str(period), str(found)] for kind, report, period, found in footer.get("heard", ())]
    place = f"{path.parent.name}/{path.name}"
    return Record(job.made_of, footer.get("inputs"), outcome.seconds, place, store.sha(data), heard=heard, told=rows)


def _twins(executed: bytes) -> list[dict[str, Any]]:
    """What the blocks of an executed notebook say to machines."""
    shown = [output.get("data", {}) for cell in json.loads(executed)["cells"] for output in cell.get("outputs", ())]
    return [{"kind": None, "page": None} | data[notebook.TWIN] for data in shown if notebook.TWIN in data]


def _write(job: "Job", record: Record) -> None:
    said = {"report": job.report, "period": job.period, "team": job.team, "source": job.source}
    store.write(_path(job), json.dumps({"job": said, "record": asdict(record)}, ensure_ascii=False, indent=1))


def _path(job: "Job") -> Path:
    return _folder() / f"{store.digest(job.report, job.period, job.team, job.source)[:32]}.json"


def _folder() -> Path:
    path = places.work() / "records"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _content(path: Path) -> str:
    return store.sha(path.read_bytes()) if path.is_file() else ""
