"""The command line. `make` and `python -m crmlib` say the same; every value can come from the environment."""

import errno
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from . import intake, places
from . import params as params_files
from .errors import CrmError, PublishError, UsageError
from .params import Params
from .periods import Period
from .plan import Job, Narrowing, choose_reports, counted, jobs, lines
from .progress import say

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="CRM reports.",
)

# what the machine lacks, not the program: room, or a permission
_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


class Stopped(BaseException):
    """A signal asked the run to stop."""

    def __init__(self, number: int):
        self.number = number


def _option(variable: str, help: str) -> Any:
    return typer.Option(envvar=f"CRM_{variable}", help=help, show_envvar=False)


ParamsArg = Annotated[str, typer.Argument(envvar="CRM_PARAMS", help="a params file", show_envvar=False)]
PeriodOpt = Annotated[str, _option("PERIOD", "2026-10, 2026-W42, 2026-Q3 or 2026; else the latest complete one")]
TeamOpt = Annotated[str, _option("TEAM", "all, or a team's name")]
ReportOpt = Annotated[str, _option("REPORT", "one of the reports of the params file")]
SourceOpt = Annotated[str, _option("SOURCE", "a name in params/sources, such a file, a folder or a .duckdb file")]
OutOpt = Annotated[str, _option("OUT", "a folder instead of reports_out")]
WorkersOpt = Annotated[str, _option("WORKERS", "how many notebooks run at once; else one a core")]
ForceOpt = Annotated[
    bool,
    typer.Option("--force", envvar="CRM_FORCE", help="run what is up to date as well", show_envvar=False),
]


@app.command()
def run(
    params: ParamsArg = "params/monthly.yml",
    period: PeriodOpt = "",
    team: TeamOpt = "",
    report: ReportOpt = "",
    source: SourceOpt = "",
    out: OutOpt = "",
    workers: WorkersOpt = "",
    force: ForceOpt = False,
) -> None:
    """Execute the notebooks of a params file and publish their pages."""
    from . import ageing, lock
    from .run import workers as how_many

    at_once = how_many(workers)
    chosen, asked = _start(params, Narrowing(period, team, report, source, force), out)
    with lock.one_run(places.out()) as unfinished:
        if unfinished:
            say(f"The run before ({unfinished}) did not come to its end; what it left is cleared away.")
        listed = _jobs(chosen, asked)
        say(counted(listed))
        outcomes, run_id = _execute(listed, chosen, at_once)
        ageing.tidy()
        if outcomes:
            _finish(outcomes, run_id)
        else:
            say(f"All {len(listed)} reports are up to date. Open {_shown(places.out() / 'site' / 'index.html')}")


@app.command()
def plan(
    params: ParamsArg = "params/monthly.yml",
    period: PeriodOpt = "",
    team: TeamOpt = "",
    report: ReportOpt = "",
    source: SourceOpt = "",
    out: OutOpt = "",
    force: ForceOpt = False,
) -> None:
    """Say what would run, and why, without running it."""
    chosen, asked = _start(params, Narrowing(period, team, report, source, force), out)
    for line in lines(_jobs(chosen, asked)):
        say(line)


@app.command()
def publish(out: OutOpt = "") -> None:
    """Publish the executed notebooks of the last run again, without executing them."""
    from . import lock
    from .run import last_run

    _use(out)
    with lock.one_run(places.out()):
        outcomes = last_run()
        if not outcomes:
            raise UsageError("There is no executed run to publish. Executed notebooks are kept for three runs. Run first.")
        _finish(outcomes, outcomes[0].executed.parent.name)


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=1, help="how many customers")] = intake.DEMO_CUSTOMERS,
    seed: Annotated[int, typer.Option(help="the same seed makes the same company")] = intake.DEMO_SEED,
    folder: Annotated[str, typer.Option(help="where to put it")] = intake.DEMO_FOLDER,
) -> None:
    """Make the demo company's data."""
    intake.make_demo(places.from_root(folder), customers, seed)


@app.command()
def prepare(params: ParamsArg = "params/monthly.yml", source: SourceOpt = "", out: OutOpt = "") -> None:
    """Check and clean a source once; every report then opens the prepared store."""
    chosen, asked = _start(params, Narrowing(source=source), out)
    ready = intake.open_source(asked.source or chosen.source)
    say(f"{ready.name} is prepared: {ready.first_day} to {ready.last_day}, key {ready.key[:12]}.")


@app.command()
def check(source: Annotated[str, typer.Argument(help="a source as for run")]) -> None:
    """Hold a source against the contract, table by table: what is mapped, absent, left out and why. Nothing is written."""
    from .checkup import checkup

    with tempfile.TemporaryDirectory(prefix="crm-check-") as nothing_kept:
        _use(nothing_kept)
        found = checkup(params_files.check_source(source))
    for table in found.tables:
        for line in table.lines(found.business.may_leave_out(table.table)):
            say(line)
    for problem in found.files:
        say(f"problem: {problem}")
    for note in found.notes:
        say(f"note: {note}")
    say(
        f"{len(found.problems)} problem{'s' * (len(found.problems) > 1)}."
        if found.problems
        else f"{found.source} can be reported on."
    )
    if found.problems:
        raise typer.Exit(max(p.exit_code for p in found.problems))


def _use(out: str) -> None:
    """The notebooks and the stores read the folder from the environment, as this process does."""
    if out:
        os.environ["CRM_OUT"] = out


def _start(path: str, asked: Narrowing, out: str) -> tuple[Params, Narrowing]:
    """Read the params file, and say everything that narrows or redirects it."""
    from . import notebook

    _use(out)
    chosen = params_files.load(path)
    if asked.period:
        Period.parse(asked.period)  # an unreadable one is refused before a source is opened
    if asked.source:
        params_files.check_source(asked.source)
    shown = asked.in_force() | ({"OUT": os.environ["CRM_OUT"]} if os.environ.get("CRM_OUT") else {})
    if shown:
        say("Narrowed by " + " ".join(f"{name}={value}" for name, value in shown.items()))
    for report in choose_reports(chosen.reports, asked.report):
        notebook.check(notebook.path_of(report))
    return chosen, asked


def _jobs(chosen: Params, asked: Narrowing) -> list[Job]:
    from .releases import current

    return jobs(chosen, asked, intake.open_source(asked.source or chosen.source), current(places.out()))


def _execute(listed: list[Job], chosen: Params, at_once: int) -> tuple[list[Any], str]:
    """Execute what has to be; → those outcomes and the ones that are published again, and the run's name."""
    from . import run as batch
    from .progress import watched
    from .publish import ready

    folder = batch.runs() / batch.new_id(batch.runs())
    outcomes = [ready(job) for job in listed if job.does == "publish"]
    if todo := [job for job in listed if job.does == "run"]:
        tasks = batch.tasks(todo, folder, chosen.limits)
        with watched(len(tasks)) as tell:
            outcomes += batch.execute_all(tasks, at_once, tell)
    return outcomes, folder.name


def _finish(outcomes: list[Any], run_id: str) -> None:
    """Publish, and say what came of it."""
    from . import records
    from .publish import publish as bring_out

    done = bring_out(places.out(), outcomes, outcomes[0].job.languages, run_id)
    for outcome in done.failed:
        records.remember(outcome.job, outcome)  # also one whose page could not be made
        print(f"failed: {outcome.error}", file=sys.stderr)
        print(f"        its notebook as far as it came: {_shown(outcome.executed)}", file=sys.stderr)
    kept = f"; {len(done.failed)} failed, their last good pages were kept" if done.failed else ""
    say(f"Published {done.pages} pages{kept}. Open {_shown(done.index)}")
    if done.failed:
        raise typer.Exit(1)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _stop(number: int, _frame: object) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # once is enough: what follows ends the workers and leaves
    raise Stopped(number)


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT):  # set also where a background shell has them ignored
        signal.signal(each, _stop)
    try:
        app()
    except CrmError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _MACHINE:
            raise
        print(f"error: {error.strerror}: {error.filename or places.out()}. The site is as it was.", file=sys.stderr)
        sys.exit(PublishError.exit_code)
    except Stopped as stopped:
        print(f"Stopped by {signal.Signals(stopped.number).name}; the site is as it was.", file=sys.stderr)
        sys.exit(128 + stopped.number)


if __name__ == "__main__":
    main()
