"""The worked funnels of the design, through the product: a small source file and folder → the facts file, to the digit."""

import json
import subprocess
import sys
from datetime import date

import pandas as pd
import product
import pytest

from crmlib import places
from crmlib.crm import Crm
from crmlib.kpi import compare
from crmlib.metrics import revenue

FUNNELS = {
    "first": ("潜在客户 初步接触 需求分析 方案提供 谈判阶段 成交客户", [1000, 600, 300, 150, 75, 30]),
    "second": ("线索 潜在客户 商机 成交", [100, 20, 2, 1]),
}
EXPECTED = {
    "first": {
        "conversion_from_previous": [None, 0.6, 0.5, 0.5, 0.5, 0.4],
        "cumulative_conversion": [1, 0.6, 0.3, 0.15, 0.075, 0.03],
    },
    "second": {"conversion_to_next": [0.2, 0.1, 0.5, 1], "stage_loss_rate": [0.8, 0.9, 0.5, 0]},
}


def source(folder, name: str, history: bool) -> str:
    """A source with so many deals in each stage, with their stage history, or with the recorded stage alone."""
    stages, counts = FUNNELS[name][0].split(), FUNNELS[name][1]
    data = folder / f"{name}-{history}"
    data.mkdir()
    furthest = [max(i for i, n in enumerate(counts) if deal < n) for deal in range(counts[0])]
    deals = pd.DataFrame({"opportunity_id": range(counts[0]), "created_at": "2026-10-02", "stage": [stages[i] for i in furthest]})
    if history:
        entries = [(deal, stages[i], f"2026-10-{2 + i:02d}") for deal, last in enumerate(furthest) for i in range(last + 1)]
        pd.DataFrame(entries, columns=["opportunity_id", "stage", "entered_at"]).to_csv(data / "stage_changes.csv", index=False)
        deals = deals.drop(columns="stage")
    deals.to_csv(data / "opportunities.csv", index=False)
    path = folder / f"{name}-{history}.yml"
    listed = "[" + ", ".join(stages) + "]"
    path.write_text(f"title: {name}\nbusiness: {{stages: {listed}}}\nmapping: {{folder: {data}, as_of: 2026-10-31}}\n", "utf-8")
    return str(path)


def check(found: dict, name: str) -> None:
    (stages,) = [t for t in found["tables"] if t["name"] == "stages"]
    frame = {c: [row[i] for row in stages["rows"]] for i, c in enumerate(stages["columns"])}
    assert frame["stage"] == FUNNELS[name][0].split() and frame["count"] == FUNNELS[name][1]
    for column, expected in EXPECTED[name].items():
        assert frame[column] == expected, column


@pytest.mark.parametrize("name", FUNNELS)
@pytest.mark.parametrize("history", [True, False])
def test_worked_funnels(tmp_path, name, history):
    check(product.facts("funnel", tmp_path, source(tmp_path, name, history), "2026-10"), name)


@pytest.mark.long
def test_through_the_command_line(tmp_path):
    given = [
        "run",
        "--source",
        source(tmp_path, "first", True),
        "--period",
        "2026-10",
        "--team",
        "all",
        "--out",
        str(tmp_path / "out"),
    ]
    run = subprocess.run([sys.executable, "-m", "crmlib", *given], capture_output=True, text=True, cwd=places.ROOT)
    assert run.returncode == 0, run.stderr
    place = tmp_path / "out" / "site" / "all" / "2026-10"
    for name in ("funnel.json", "funnel.zh.json"):
        check(json.loads((place / name).read_text("utf-8")), "first")
    page = (place / "funnel.zh.html").read_text("utf-8")
    assert "潜在客户" in page and "60.0%" in page and "3.0%" in page


# of a shop with one order a day: (period, last day of the data, orders of the period, of the one before, of the year before)
WINDOWS = [
    ("2026-06", "2026-12-31", 30, 31, 30),  # June with May as a month
    ("2026-10", "2026-10-30", 30, 30, 30),  # thirty days with the thirty of the month before, never 29
    ("2026-03", "2026-03-30", 30, 28, 30),  # a month that has no thirty days is compared as far as it goes
    ("2026-W42", "2026-12-31", 7, 7, 7), ("2026-Q3", "2026-12-31", 92, 91, 92), ("2024", "2026-12-31", 366, 365, 365), ("2025", "2026-12-31", 365, 366, 366),
]  # fmt: skip


@pytest.mark.parametrize(("period", "last", "now", "previous", "year_before"), WINDOWS)
def test_windows_compare_equals(period, last, now, previous, year_before):
    days = pd.date_range("2022-12-01", last).strftime("%Y-%m-%d 12:00:00")
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "amount": 1, "customer_id": "c"})
    crm = Crm.of(period, orders=orders, until=date.fromisoformat(last))
    kpi = compare(revenue.order_count, crm)
    assert (kpi.value, kpi.previous, kpi.year_before) == (now, previous, year_before)
