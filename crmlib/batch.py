"""A run from its words to its pages: what was asked for, what has to be done, doing it, showing it."""

import os

from . import customfile, intake, notebook, pages, params, places, records, run
from .execution import Outcome
from .params import Params
from .periods import Period
from .plan import Job, Narrowing, choose_reports, jobs
from .progress import say, warn, watched
from .publish import Edition, Published, publish, ready
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
        if slug := places.custom_slug(report):
            customfile.load(slug)
    return chosen, asked


def planned(chosen: Params, asked: Narrowing) -> list[Job]:
    """Every job that was asked for, with what is to be done for it, and why."""
    return jobs(chosen, asked, intake.open_source(asked.source or chosen.source), current(places.out()))


def carried_out(listed: list[Job], chosen: Params, at_once: int, engine: str) -> Published | None:
    """Do what has to be done: execute, make each page as soon as its notebook has ended, show all at once.

    → what readers see now; None where there was nothing to do.
    """
    again, todo = ([job for job in listed if job.does == does] for does in ("publish", "run"))
    if not again and not todo:
        return None
    folder = run.runs() / run.new_id(run.runs())
    edition = Edition(places.out(), [*again, *todo], folder.name)
    if todo:
        tasks = run.in_order(run.tasks(todo, folder, chosen.limits), records.seconds)
        with watched(len(tasks)) as tell:

            def heard(event: str, job: Job, outcome: Outcome | None) -> None:
                tell(event, job, outcome)
                if outcome is not None:
                    edition.add(outcome)

            run.execute_all(tasks, at_once, heard, engine, meanwhile=pages.make_ready)
    for job in again:
        edition.add(ready(job))
    return shown(edition.show(tuple(chosen.languages)))


def published_again(outcomes: list[Outcome]) -> Published:
    """Publish what was executed before."""
    return shown(publish(places.out(), outcomes, outcomes[0].job.languages, outcomes[0].executed.parent.name))


def shown(done: Published) -> Published:
    """Say what came of it."""
    for outcome in done.failed:
        records.remember(outcome.job, outcome)  # also one whose page could not be made
        warn(f"failed: {outcome.error}")
        warn(f"        its notebook as far as it came: {places.short(outcome.executed)}")
    kept = f"; {len(done.failed)} failed, their last good pages were kept" if done.failed else ""
    say(f"Published {done.pages} pages{kept}. Open {places.short(done.index)}")
    return done
