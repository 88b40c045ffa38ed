"""What our figures cost beside the same pictures by matplotlib's own writers: processor milliseconds and bytes, in one run.

    python benchmarks/charts.py [repeats, default 5]

- ours: the shape of crmlib.charts and theme.svg, as a page gets it (text in the page's own font, colours by name);
- svg: seaborn and matplotlib, `savefig(format="svg", bbox_inches="tight")`, text kept as text;
- png: the same figure with `bbox_inches="tight"`, which is what a notebook stores by default.

Each figure is drawn anew every time, from its frame to its bytes, in turn; the first of each warms up and is not counted.
"""

import io
import math
import statistics
import sys
import time
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from measure import ROOT, machine

from crmlib import charts, theme
from crmlib.periods import Period

RESULTS = ROOT / "benchmarks" / "results" / "charts.txt"
Draw = Callable[[], object]
CHANCE = np.random.default_rng(1)
MONTHS = Period.parse("2026-10").trailing(25)
STAGES = ["lead", "contacted", "needs", "proposal", "negotiation", "won"]


def _funnel() -> pd.DataFrame:
    counts = pd.Series([1240, 992, 744, 558, 301, 214])
    return pd.DataFrame(
        {"name": STAGES, "count": counts, "from_previous": counts / counts.shift(1), "to_next": counts.shift(-1) / counts}
    )


def _points(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"x": CHANCE.gamma(2, 40, n), "y": np.exp(CHANCE.normal(7, 1.2, n)), "group": CHANCE.choice(["a", "b", "c"], n)}
    )


TREND = pd.DataFrame({"period": MONTHS, "value": [0.2 + 0.03 * math.sin(i) for i in range(25)]})
RANGES = pd.DataFrame(
    {"name": STAGES[:5], "median": [4, 7, 12, 24, 9], "p90": [11, 18, 27, 51, 20], "before": [4, 8, 11, 17, 9], "hot": False}
)
BARS = pd.DataFrame(
    {"name": [f"Reason {i}" for i in range(8)], "value": np.linspace(0.3, 0.02, 8), "before": np.linspace(0.25, 0.03, 8)}
)
DOTS = pd.DataFrame({"name": [f"Subject {i}" for i in range(8)], "value": np.linspace(4.4, 3.2, 8), "low": np.linspace(4.3, 3, 8),
                     "high": np.linspace(4.5, 3.4, 8), "cases": 40, "hot": False})  # fmt: skip
HEAT = pd.DataFrame(
    [(MONTHS[i], j, 1.0 if j == 0 else 0.4 / j) for i in range(13) for j in range(13 - i)], columns=["row", "column", "value"]
)
FUNNEL, FEW, MANY = _funnel(), _points(300), _points(100_000)


# ------------------------------------------------------------------------------------------------ seaborn's


def _rows(frame: pd.DataFrame, value: str) -> object:
    return sns.barplot(frame, x=value, y="name", color="#0b64a8")


def _trend() -> object:
    axes = sns.lineplot(x=[p.label for p in MONTHS], y=TREND["value"])
    axes.axhline(0.18, ls="--")
    axes.tick_params(axis="x", rotation=60)
    return axes


def _ranges() -> object:
    axes = sns.scatterplot(RANGES, x="median", y="name")
    axes.hlines(RANGES["name"], RANGES["median"], RANGES["p90"])
    axes.scatter(RANGES["before"], RANGES["name"], facecolor="none", edgecolor="gray")
    return axes


def _dots() -> object:
    axes = sns.scatterplot(DOTS, x="value", y="name")
    axes.hlines(DOTS["name"], DOTS["low"], DOTS["high"])
    return axes


def _heat() -> object:
    table = HEAT.assign(row=[p.label for p in HEAT["row"]]).pivot(index="row", columns="column", values="value")
    return sns.heatmap(table, annot=True, fmt=".0%", cbar=False)


def _scatter(frame: pd.DataFrame) -> object:
    axes = sns.scatterplot(frame, x="x", y="y", hue="group", s=12)
    axes.set_yscale("log")
    return axes


SHAPES: dict[str, tuple[Draw, Draw]] = {
    "steps": (lambda: charts.steps(FUNNEL, "en", "proposal"), lambda: _rows(FUNNEL, "count")),
    "trend": (lambda: charts.trend(TREND, "en", "share", target=0.18), _trend),
    "ranges": (lambda: charts.ranges(RANGES, "en", "days"), _ranges),
    "bars": (lambda: charts.bars(BARS, "en", "share"), lambda: _rows(BARS, "value")),
    "dots": (lambda: charts.dots(DOTS, "en", "score"), _dots),
    "heat": (lambda: charts.heat(HEAT, "en", "share"), _heat),
    "scatter, 300 points": (lambda: charts.scatter(FEW, "en", log="y"), lambda: _scatter(FEW)),
    "scatter, 100,000": (lambda: charts.scatter(MANY, "en", log="y"), lambda: _scatter(MANY)),
}


def ours(draw: Draw) -> bytes:
    return theme.svg(draw(), "fig", "title", "description").encode()  # type: ignore[arg-type]


def stored(draw: Draw, kind: str) -> bytes:
    """The figure as matplotlib's own writer stores it, at the size that a notebook gives it."""
    draw()
    out = io.BytesIO()
    plt.gcf().savefig(out, format=kind, bbox_inches="tight")
    plt.close("all")
    return out.getvalue()


def cost(make: Callable[[], bytes]) -> tuple[float, int]:
    """Processor milliseconds, and bytes."""
    begun = time.process_time()
    made = make()
    return (time.process_time() - begun) * 1000, len(made)


def main(repeats: int) -> None:
    mpl.use("agg")
    mpl.rcParams["svg.fonttype"] = "none"
    lines = [f"{machine()}\n", f"processor ms and bytes of a figure, median of {repeats}\n",
             f"{'':20}{'ours':>16}{'svg, tight':>18}{'png, tight':>16}{'ours/svg':>10}{'ours/png':>9}"]  # fmt: skip
    print(*lines, sep="\n")
    for name, (our, their) in SHAPES.items():
        lines.append(row(name, our, their, repeats))
        print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n", "utf-8")


def row(name: str, our: Draw, their: Draw, repeats: int) -> str:
    """One shape, all ways in turn."""
    ways = (lambda: ours(our), lambda: stored(their, "svg"), lambda: stored(their, "png"))
    found = [[cost(make) for make in ways] for _ in range(repeats + 1)][1:]
    ms = [statistics.median(each[way][0] for each in found) for way in range(3)]
    size = [found[0][way][1] for way in range(3)]
    return (f"{name:20}{ms[0]:7,.0f} {size[0]:8,}{ms[1]:7,.0f} {size[1]:10,}{ms[2]:7,.0f} {size[2]:8,}"
            f"{ms[0] / ms[1]:10.2f}{ms[0] / ms[2]:9.2f}")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
