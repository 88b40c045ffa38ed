"""What a whole run costs, beside the loop people write and beside the floor; and how it grows. See benchmarks/README.md.

python benchmarks/run.py [--rounds 3] [--source demo] [--reports funnel …] [--only-teams all north] [--loop-every 3]
                         [--teams 1 6 12 24] [--orders 100000 1000000 10000000]
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml
from candidates import NAMES, Setting, executed, one_round, own_work, params_file, phases, prepared
from company import PERIOD
from growth import grown, sizes, table
from measure import ROOT, Cost, machine, spread

RESULTS = ROOT / "benchmarks" / "results" / "run.txt"
LIGHT = 1.5  # seconds of processor time up to which a report's own work counts as light
Rounds = list[dict[str, Cost]]


def asked() -> argparse.Namespace:
    reports = yaml.safe_load((ROOT / "params" / "monthly.yml").read_text("utf-8"))["reports"]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="of all candidates in turn; 0: growth alone")
    parser.add_argument("--source", default="demo", help="what the candidates report on")
    parser.add_argument("--reports", nargs="+", default=reports)
    parser.add_argument("--only-teams", nargs="+", default="all", help="audiences, the company being all; default: every one")
    parser.add_argument("--loop-every", type=int, default=1, help="the loop runs every so many-th job, and is scaled up")
    parser.add_argument("--teams", nargs="*", type=int, default=[1, 6, 12, 24], help="growth: so many teams")
    parser.add_argument("--orders", nargs="*", type=int, default=[100_000, 1_000_000, 10_000_000], help="growth: so many orders")
    return parser.parse_args()


def side_by_side(setting: Setting, rounds: Rounds) -> Iterator[str]:
    """The candidates' costs, and the ratios within a round."""
    scale = len(setting.jobs) / len(setting.looped)
    yield f"{len(setting.jobs)} notebooks, each a page in {' and '.join(setting.jobs[0]['languages'])}; median [least to most] of {len(rounds)} rounds"
    if setting.every > 1:
        yield f"the loop ran {len(setting.looped)} of them, spread over all; its times are scaled up by {scale:.2f}"
    yield f"\n{'':32}{'wall s':>26}{'processor s':>26}{'largest MiB':>12}{'all MiB':>9}{'others':>8}"
    for key, name in NAMES.items():
        costs, times = [r[key] for r in rounds], scale if key == "loop" else 1
        yield (f"{name:32}{spread(c.wall * times for c in costs):>26}{spread(c.work * times for c in costs):>26}"
               f"{max(c.largest for c in costs):12,.0f}{max(c.together for c in costs):9,.0f}{statistics.median(c.others for c in costs):8.0%}")  # fmt: skip
    yield ""
    for name, above, below, times in (("a/b", "loop", "run", scale), ("b/d", "run", "floor", 1), ("b/c", "run", "again", 1)):
        ratio = lambda of, a=above, b=below, t=times: spread((of(r[a]) * t / of(r[b]) for r in rounds), ".2f")  # noqa: E731
        yield f"{name}  {ratio(lambda c: c.wall):>22} by the clock, {ratio(lambda c: c.work):>22} by processor time"


def whereabouts(setting: Setting, rounds: Rounds) -> Iterator[str]:
    """What the reports' own work is, and where the rest of our run goes."""
    runs, floors = [r["run"] for r in rounds], [r["floor"] for r in rounds]
    yield f"executed: {executed(runs[0])} notebooks in b, {executed(rounds[0]['again'])} in c"
    for name in phases(runs[0]):
        yield f"b, {name}: {spread(phases(run)[name] for run in runs)} s"
    over = [(run.work - floor.work) / len(setting.jobs) for run, floor in zip(runs, floors, strict=True)]
    yield f"b over d, processor time a notebook: {spread(over, '.2f')} s"
    yield "\na report's own processor seconds (d), over its audiences:"
    for report, seconds in own_work(floors).items():
        yield f"  {report:20}{spread(seconds, '.2f'):>24}{'   light' if statistics.median(seconds) <= LIGHT else ''}"


def main() -> None:
    options, lines = asked(), [f"{machine()}\n"]

    def tell(more: Iterator[str] | list[str]) -> None:
        for line in more:
            print(line, flush=True)
            lines.append(line)

    with tempfile.TemporaryDirectory(prefix="crm-bench-") as scratch:
        place = Path(scratch)
        if options.rounds:
            _compare(options, place, tell)
        found = []
        for teams, orders in sizes(options.teams, options.orders):
            found.append(grown(place, teams, orders, options.reports))
            print(f"{teams} teams, {orders:,} orders: {found[-1].run.wall:.1f} s", flush=True)
        tell(["", *table(found)] if found else [])
    RESULTS.write_text("\n".join(lines) + "\n", "utf-8")


def _compare(options: argparse.Namespace, place: Path, tell: Callable) -> None:
    params = params_file(place / "bench.yml", options.source, options.reports, options.only_teams)
    setting = prepared(place, params, PERIOD, options.loop_every)
    rounds = []
    for turn in range(options.rounds):
        rounds.append(one_round(setting, turn))
        print(f"round {turn + 1}: {json.dumps({k: round(c.wall, 1) for k, c in rounds[-1].items()})}", flush=True)
    tell([*side_by_side(setting, rounds), "", *whereabouts(setting, rounds)])


if __name__ == "__main__":
    main()
