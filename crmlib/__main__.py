"""The command line. `make` and `python -m crmlib` say the same; every value can come from the environment."""

import errno
import os
import signal
import sys
import tempfile
from typing import Annotated, Any

import typer

from . import backup, intake, places
from . import params as params_files
from .errors import CrmError, PublishError, UsageError
from .params import Params
from .plan import Narrowing, counted, lines
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
EngineOpt = Annotated[str, _option("ENGINE", "crm (in a warmed process's forks), or kernel (a Jupyter kernel for each notebook)")]
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
    engine: EngineOpt = "",
    force: ForceOpt = False,
) -> None:
    """Execute the notebooks of a params file and publish their pages."""
    from . import ageing, batch, lock
    from . import run as running

    how = (running.workers(workers), running.engine(engine))
    chosen, asked = _start(params, Narrowing(period, team, report, source, force), out)
    with lock.one_run(places.out()) as unfinished:
        if unfinished:
            say(f"The run before ({unfinished}) did not come to its end; what it left is cleared away.")
        listed = batch.planned(chosen, asked)
        say(counted(listed))
        done = batch.carried_out(listed, chosen, *how)
        ageing.tidy()
        if done:
            _end(not done.failed)
        else:
            say(f"All {len(listed)} reports are up to date. Open {places.short(places.out() / 'site' / 'index.html')}")


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
    from .batch import planned

    for line in lines(planned(*_start(params, Narrowing(period, team, report, source, force), out))):
        say(line)


@app.command()
def publish(out: OutOpt = "") -> None:
    """Publish the executed notebooks of the last run again, without executing them."""
    from . import lock
    from .batch import published_again
    from .run import last_run

    _use(out)
    with lock.one_run(places.out()):
        outcomes = last_run()
        if not outcomes:
            raise UsageError("There is no executed run to publish. Executed notebooks are kept for three runs. Run first.")
        _end(not published_again(outcomes).failed)


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


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="what the report is called in files and links, such as late-orders")],
    params: Annotated[str, typer.Option(help="the params file whose reports it joins")] = "params/monthly.yml",
    title: Annotated[str, typer.Option(help="its title in English; in both languages where no other is given")] = "",
    title_zh: Annotated[str, typer.Option(help="its title in Chinese")] = "",
    question: Annotated[str, typer.Option(help="the question that it answers, in English")] = "",
    question_zh: Annotated[str, typer.Option(help="the question in Chinese")] = "",
) -> None:
    """Make a report of your own: a notebook that runs at once, listed in a params file."""
    from . import newreport

    path = newreport.make(name, {"en": title, "zh": title_zh}, {"en": question, "zh": question_zh}, params)
    say(f"Made notebooks/{path.name}, and listed it in {params}. Publish it: make {places.from_root(params).stem} REPORT={name}")
    say(
        "Change it in JupyterLab (make lab): its first cells are its title and question, each further pair of cells asks and answers."
    )


app.command()(backup.backup)
app.command("restore-drill")(backup.restore_drill)


def _use(out: str) -> None:
    """The notebooks and the stores read the folder from the environment, as this process does."""
    if out:
        os.environ["CRM_OUT"] = out


def _start(params: str, asked: Narrowing, out: str) -> tuple[Params, Narrowing]:
    from .batch import begun

    _use(out)
    return begun(params, asked)


def _end(good: bool) -> None:
    if not good:
        raise typer.Exit(1)


def _stop(number: int, _frame: object) -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # once is enough: what follows ends the workers and leaves
    raise Stopped(number)


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT):  # set also where a background shell has them ignored
        signal.signal(each, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _stop)
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
    except (Stopped, RuntimeError) as error:
        stopped = error if isinstance(error, Stopped) else error.__cause__  # DuckDB makes it an error of its own
        if not isinstance(stopped, Stopped):
            raise
        print(f"Stopped by {signal.Signals(stopped.number).name}; the site is as it was.", file=sys.stderr)
        sys.exit(128 + stopped.number)


if __name__ == "__main__":
    main()
