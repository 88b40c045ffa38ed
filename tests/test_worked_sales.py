"""The worked examples of sales through the product: January 2023 (its part without forecast), a weighted pipeline, a window; to the digit."""

import html

import pandas as pd
import product
import pytest
from reading import kpi_of, table_of


def source(folder, **frames: pd.DataFrame) -> str:
    folder.mkdir()
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return str(folder)


@pytest.fixture(scope="module")
def january(tmp_path_factory):
    """100 orders of 10,000 yuan and two units each, by 80 customers; 30 of them had bought in January of the year before, for
    1,000,000 / 1.1 yuan in all. 小张 sold ten of the orders."""
    place = tmp_path_factory.mktemp("january")
    now = pd.DataFrame(
        [(f"n{i}", f"c{i % 80}", f"2023-01-{1 + i % 31:02d}", 10_000, "r1" if i < 10 else "r2") for i in range(100)],
        columns=["order_id", "customer_id", "ordered_at", "amount", "rep_id"],
    )
    then = pd.DataFrame(
        [(f"t{i}", f"c{50 + i % 30}", "2022-01-15", 10_000, "r2") for i in range(50)]
        + [(f"u{i}", "c51", "2022-01-16", 409_090.90 / 10, "r2") for i in range(10)],
        columns=now.columns,
    )
    lines = pd.DataFrame({"order_id": now.order_id, "product": "X", "quantity": 2, "unit_price": 5_000})
    reps = pd.DataFrame({"rep_id": ["r1", "r2"], "name": ["小张", "小李"], "team": ["north", "north"]})
    given = source(place / "data", orders=pd.concat([then, now]), order_lines=lines, reps=reps)
    return product.built("sales", place, given, "2023-01")


def test_january_2023(january):
    one = january["zh"]
    assert kpi_of(one, "revenue")["value"] == 1_000_000 and kpi_of(one, "units_sold")["value"] == 200
    assert kpi_of(one, "order_count")["value"] == 100 and kpi_of(one, "aov")["value"] == 10_000
    assert kpi_of(one, "new_customers")["value"] == 50  # c0 to c49: the thirty others bought a year before
    assert kpi_of(one, "revenue")["value"] / kpi_of(one, "revenue")["year_before"] - 1 == pytest.approx(0.1)
    assert table_of(one, "by_team").revenue.to_list() == [1_000_000]
    assert table_of(one, "course").revenue.iloc[-1] == 1_000_000 and table_of(one, "course").revenue.iloc[0] == pytest.approx(
        909_090.9
    )


def test_january_2023_in_the_units_of_its_readers(january):
    assert "¥100万" in html.unescape(january["zh"].html) and "¥1,000,000" in html.unescape(january["en"].html)
    assert "+10.0%" in html.unescape(january["zh"].html) and "2022年1月" in january["zh"].html


def test_a_weighted_pipeline_and_its_coverage(tmp_path):
    deals = pd.DataFrame(
        [("d1", "2026-10-05", 3_800, 0.9, "", ""), ("d2", "2026-10-20", 22_500, 0.2, "", ""), ("d3", "2026-09-01", 5_000, 1, "2026-10-09", "true")],
        columns=["opportunity_id", "created_at", "amount", "probability", "closed_at", "is_won"],
    )  # fmt: skip
    targets = pd.DataFrame({"period": ["2026-10"], "metric": ["won_amount"], "value": [18_150]})
    given = source(tmp_path / "data", opportunities=deals, targets=targets)
    found = product.built("sales", tmp_path, given, "2026-10", languages=("en",))["en"]
    assert kpi_of(found, "weighted_pipeline")["value"] == 7_920
    assert kpi_of(found, "open_amount")["value"] == 26_300
    assert kpi_of(found, "pipeline_coverage")["value"] == 2  # 26,300 / (18,150 − 5,000)
    assert table_of(found, "open_deals").weighted_amount.sum() == 7_920
    assert "weighted with their chances ¥7,920" in html.unescape(found.html)
    assert kpi_of(found, "revenue")["value"] is None and "delivers no" in html.unescape(found.html)


@pytest.mark.long
def test_june_compares_with_may_as_a_month(tmp_path):
    """Money of 1 and 31 May counts, of 30 April and 1 July does not: a month beside a month, not thirty days."""
    days = ["2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01", "2026-06-30", "2026-07-01"]
    orders = pd.DataFrame({"order_id": range(6), "ordered_at": days, "amount": [1, 20, 300, 4_000, 50_000, 600_000]})
    found = product.built("sales", tmp_path, source(tmp_path / "data", orders=orders), "2026-06", languages=("en",))["en"]
    figure = kpi_of(found, "revenue")
    assert (figure["value"], figure["previous"]) == (54_000, 320)
