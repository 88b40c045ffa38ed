"""What is measured side by side, on the same notebooks, the same prepared stores and the same data.

Before the clock starts, one run of everything makes the prepared store and the kept tables; each candidate that fills an
output folder gets its own with these alone: no records, no executed notebooks, no site. The floor reads the same ones.
"""

import json
import os
import re
import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Cost, measured

STORES = ("stores", "kept", "hashes")  # what is in an output folder's work/ before the clock starts
LANGUAGES = ["en", "zh"]
NAMES = {
    "loop": "a  the loop people write",
    "run": "b  our run, nothing run before",
    "again": "c  our run, nothing changed",
    "floor": "d  the floor",
    "plan": "   our plan alone",
}
_ENDED = re.compile(r"\[ *\d+/\d+\] (.+) … ([\d.]+) s")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Setting:
    """A scratch folder, the params file of the run, its jobs (longest first), and every how many of them the loop runs."""

    place: Path
    params: Path
    jobs: list[dict]
    every: int = 1

    @property
    def looped(self) -> list[dict]:
        return self.jobs[:: self.every]


def params_file(path: Path, source: str, reports: list[str], teams: list[str] | str = "all") -> Path:
    """What is run; the limits are wide, so that a busy machine does not fail a report."""
    what = {"every": "month", "source": source, "languages": LANGUAGES, "teams": teams, "reports": reports,
            "limits": {"cell_seconds": 3600, "report_seconds": 7200}}  # fmt: skip
    path.write_text(json.dumps(what), "utf-8")  # JSON is YAML
    return path


def crmlib(what: str, params: Path, out: Path, *more: str) -> Cost:
    """One of the product's own commands, with an output folder of its own."""
    return measured([sys.executable, "-m", "crmlib", what, str(params), *more], CRM_OUT=str(out))


def prepared(place: Path, params: Path, period: str, every: int) -> Setting:
    """Everything once, untimed: the stores for all candidates, and the jobs as the run recorded them."""
    crmlib("run", params, place / "prepared", "--period", period)
    (told,) = (place / "prepared" / "work" / "runs").glob("*/run.json")
    records = sorted(json.loads(told.read_text("utf-8")), key=lambda r: -r["seconds"])
    jobs = [record["job"] for record in records]
    for name, chosen in (("jobs", jobs), ("looped", jobs[::every])):
        (place / f"{name}.json").write_text(json.dumps(chosen), "utf-8")
    return Setting(place, params, jobs, every)


def fresh(setting: Setting, name: str) -> Path:
    """An output folder with the prepared stores alone (hard links; the stores are never changed in place)."""
    out = setting.place / name
    shutil.rmtree(out, ignore_errors=True)
    for kind in STORES:
        if (made := setting.place / "prepared" / "work" / kind).is_dir():
            shutil.copytree(made, out / "work" / kind, copy_function=os.link)
    return out


def one_round(setting: Setting, turn: int) -> dict[str, Cost]:
    """Every candidate once; who begins changes from round to round."""
    period = setting.jobs[0]["period"]

    def ours() -> dict[str, Cost]:
        out = fresh(setting, "ours")
        asked = (setting.params, out, "--period", period)
        return {"plan": crmlib("plan", *asked), "run": crmlib("run", *asked), "again": crmlib("run", *asked)}

    steps: list[Callable[[], dict[str, Cost]]] = [
        ours,
        lambda: {"floor": _script(setting, "floor", "jobs")},
        lambda: {"loop": _script(setting, "loop", "looped")},
    ]
    done: dict[str, Cost] = {}
    for step in [*steps[turn % 3 :], *steps[: turn % 3]]:
        done |= step()
    return done


def _script(setting: Setting, name: str, jobs: str) -> Cost:
    out, folder = fresh(setting, name), setting.place / f"{name}-made"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return measured(
        [sys.executable, str(_HERE / f"{name}.py"), str(setting.place / f"{jobs}.json"), str(folder)], CRM_OUT=str(out)
    )


# ------------------------------------------------------------------------------------------------ what they said


def executed(cost: Cost) -> int:
    """How many notebooks a run executed, by its own lines."""
    return len(_ended(cost))


def phases(cost: Cost) -> dict[str, float]:
    """The seconds of a run before its first notebook began, while notebooks ran, and after the last one had ended;
    and how long cores had no notebook meanwhile, divided among all.
    """
    if not (ended := _ended(cost)):
        return {}
    first, last = min(when - seconds for when, seconds in ended), max(when for when, _ in ended)
    filled = sum(seconds for _, seconds in ended) / (os.cpu_count() or 1)
    return {"before the first notebook": first, "while notebooks ran": last - first, "of it no notebook on a core": last - first - filled,
            "after the last": cost.wall - last}  # fmt: skip


def _ended(cost: Cost) -> list[tuple[float, float]]:
    """When each notebook had ended, and its seconds."""
    return [(when, float(found[2])) for when, line in cost.said if (found := _ENDED.search(line))]


def own_work(floors: list[Cost]) -> dict[str, list[float]]:
    """The processor seconds of each report's own calls: per team, the median of the rounds."""
    seen: dict[tuple[str, str], list[float]] = {}
    for done in (json.loads(line) for floor in floors for _, line in floor.said if line.startswith("{")):
        seen.setdefault((done["report"], done["team"]), []).append(done["work"])
    reports: dict[str, list[float]] = {}
    for (report, _), seconds in seen.items():
        reports.setdefault(report, []).append(statistics.median(seconds))
    return reports
