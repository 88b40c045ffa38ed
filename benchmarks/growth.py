"""How a run grows with the number of teams, and with the number of orders (benchmarks/company.py)."""

import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from candidates import crmlib, executed, params_file
from company import PERIOD, deliver
from measure import Cost

FEW_ORDERS, SOME_TEAMS = 100_000, 6  # what stays the same while the other grows


@dataclass(frozen=True)
class Grown:
    """A company's size, and what its door and its first run cost (tables kept for all reports are made in it)."""

    teams: int
    orders: int
    notebooks: int
    door: Cost
    run: Cost


def sizes(teams: list[int], orders: list[int]) -> list[tuple[int, int]]:
    """Teams at few orders, then orders at some teams; a size that both name is measured once."""
    return list(dict.fromkeys([*((t, FEW_ORDERS) for t in teams), *((SOME_TEAMS, o) for o in orders)]))


def grown(place: Path, teams: int, orders: int, reports: list[str]) -> Grown:
    """One company of this size, taken in and reported on."""
    folder, out = place / f"company-{teams}-{orders}", place / "grown"
    deliver(folder, orders, teams)
    shutil.rmtree(out, ignore_errors=True)
    params = params_file(place / "grown.yml", str(folder), reports)
    door = crmlib("prepare", params, out)
    run = crmlib("run", params, out, "--period", PERIOD)
    shutil.rmtree(folder)
    return Grown(teams, orders, executed(run), door, run)


def table(found: list[Grown]) -> list[str]:
    lines = [f"{'teams':>5} {'orders':>11} {'notebooks':>9} | {'door s':>7} {'proc. s':>8} {'MiB':>7} | {'run s':>7} {'proc. s':>8} {'largest MiB':>11} "
             f"{'all MiB':>8} {'others':>6}"]  # fmt: skip
    for g in found:
        lines.append(f"{g.teams:5} {g.orders:11,} {g.notebooks:9} | {g.door.wall:7.1f} {g.door.work:8.1f} {g.door.together:7,.0f} | {g.run.wall:7.1f} "
                     f"{g.run.work:8.1f} {g.run.largest:11,.0f} {g.run.together:8,.0f} {g.run.others:6.0%}")  # fmt: skip
    return [*lines, "", *_ratios(found)]


def _ratios(found: list[Grown]) -> list[str]:
    """Each size beside the next smaller one that differs in one thing."""
    lines = []
    for what, same in (("teams", "orders"), ("orders", "teams")):
        common = FEW_ORDERS if what == "teams" else SOME_TEAMS
        row = sorted((g for g in found if getattr(g, same) == common), key=lambda g: getattr(g, what))
        for small, large in pairwise(row):
            lines.append(f"{getattr(large, what) / getattr(small, what):.3g} × the {what} ({getattr(small, what):,} → {getattr(large, what):,}): "
                         f"run {large.run.wall / small.run.wall:.2f} × the time, {large.run.work / small.run.work:.2f} × the processor time; "
                         f"door {large.door.wall / small.door.wall:.2f} × the time")  # fmt: skip
    return lines
