"""A run from its words to its pages: what was asked for, what has to be done, doing it, showing it."""

import os

from . import intake, notebook, params, places, records, run
from .execution import Outcome
from .params import Params
from .periods import Period
from .plan import Job, Narrowing, choose_reports, jobs
from .progress import say, warn, watched
from .publish import publish, ready
from .releases import current


def begun(path: str, asked: Narrowing) -> tuple[Params, Narrowing]:
    """Read the params file, and say everything that narrows or redirects it."""
    chosen = params.load(path)
    if asked.period:
        Period.parse(asked.period)  # an unreadable one is refused before a source is opened
    if asked.source:
        params.check_source(asked.source)
    shown = asked.in_force() | ({"OUT": os.environ["CRM_OUT"]} if os.environ.get("CRM_OUT") else {})
    if shown:
        say("Narrowed by " + " ".join(f"{name}={value}" for name, value in shown.items()))
    for report in choose_reports(chosen.reports, asked.report):
        notebook.check(notebook.path_of(report))
    return chosen, asked


def planned(chosen: Params, asked: Narrowing) -> list[Job]:
    """Every job that was asked for, with what is to be done for it, and why."""
    return jobs(chosen, asked, intake.open_source(asked.source or chosen.source), current(places.out()))


def executed(listed: list[Job], chosen: Params, at_once: int, engine: str) -> tuple[list[Outcome], str]:
    """Execute what has to be; → those outcomes and the ones that are published again, and the run's name."""
    folder = run.runs() / run.new_id(run.runs())
    outcomes = [ready(job) for job in listed if job.does == "publish"]
    if todo := [job for job in listed if job.does == "run"]:
        tasks = run.in_order(run.tasks(todo, folder, chosen.limits), records.seconds)
        with watched(len(tasks)) as tell:
            outcomes += run.execute_all(tasks, at_once, tell, engine)
    return outcomes, folder.name


def brought_out(outcomes: list[Outcome], run_id: str) -> bool:
    """Publish, and say what came of it; → whether all went well."""
    done = publish(places.out(), outcomes, outcomes[0].job.languages, run_id)
    for outcome in done.failed:
        records.remember(outcome.job, outcome)  # also one whose page could not be made
        warn(f"failed: {outcome.error}")
        warn(f"        its notebook as far as it came: {places.short(outcome.executed)}")
    kept = f"; {len(done.failed)} failed, their last good pages were kept" if done.failed else ""
    say(f"Published {done.pages} pages{kept}. Open {places.short(done.index)}")
    return not done.failed
