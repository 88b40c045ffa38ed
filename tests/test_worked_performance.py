"""The worked example of the design, through the product: 业绩 of January 2023, in 万, to the digit."""

import html

import pandas as pd
import product
import pytest
from reading import kpi_of, table_of


def company(folder):
    """January 2023: 100万元 on 50 orders of 50 new customers, 200 件; 小张 sold 10万元, 小李 looks after 30 customers.

    A year before 90.909091万元, and 100 customers at its end; now 120: 50 came, 30 of the old ones went.
    """
    sold = {"小张": [20_000] * 5, "小李": [20_000] * 30, "小王": [20_000] * 15}
    ids, staff = {"小张": "r1", "小李": "r2", "小王": "r3"}, ["小张"] * 5 + ["小李"] * 30 + ["小王"] * 15
    new = [{"customer_id": f"N{i}", "rep_id": ids[rep], "created_at": "2023-01-31"} for i, rep in enumerate(staff)]
    old = [{"customer_id": f"A{i}", "rep_id": ids["小王"], "created_at": "2022-01-05"} for i in range(100)]
    amounts = [amount for rep in sold for amount in sold[rep]]
    now = [{"order_id": f"n{i}", "customer_id": f"N{i}", "ordered_at": "2023-01-31", "amount": a, "rep_id": ids[rep]}
           for i, (rep, a) in enumerate(zip(staff, amounts, strict=True))]  # fmt: skip
    then = [{"order_id": f"a{i}", "customer_id": f"A{i}", "ordered_at": "2022-01-05", "amount": a, "rep_id": "r3"}
            for i, a in enumerate([9_090.90] * 99 + [9_091.81])]  # fmt: skip
    logins = [
        {"interaction_id": f"i{i}", "customer_id": f"A{i}", "occurred_at": "2022-12-01", "channel": "login"} for i in range(70)
    ]
    tables = {
        "orders": now + then, "customers": new + old, "interactions": logins,
        "order_lines": [{"order_id": f"n{i}", "product": "设备", "quantity": 4, "unit_price": 5_000} for i in range(50)],
        "reps": [{"rep_id": i, "name": name, "team": "一组"} for name, i in ids.items()],
    }  # fmt: skip
    data = folder / "data"
    data.mkdir()
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(data / f"{name}.csv", index=False)
    return data


@pytest.fixture(scope="module")
def january(tmp_path_factory):
    folder = tmp_path_factory.mktemp("january")
    return product.built("performance", folder, str(company(folder)), "2023-01", languages=("zh",))["zh"]


def test_amount_units_and_new_customers(january):
    assert [kpi_of(january, name)["value"] for name in ("revenue", "units_sold", "new_customers")] == [1_000_000, 200, 50]
    assert "¥100万" in html.unescape(january.html) and kpi_of(january, "order_count")["value"] == 50


def test_people(january):
    people, results = table_of(january, "people").set_index("rep"), table_of(january, "people_results").set_index("rep")
    assert people.revenue["小张"] == 100_000 and people.revenue.sum() == 1_000_000
    assert results.customer_count["小李"] == 30 and results.new_customers["小李"] == 30


def test_growth_on_the_year_before(january):
    """+10 % of the amount, +20 % of the customers."""
    assert kpi_of(january, "revenue")["year_before"] == pytest.approx(909_090.91)
    assert round(kpi_of(january, "yoy")["value"], 6) == 0.1 and kpi_of(january, "customer_growth_yoy")["value"] == 0.2
    assert kpi_of(january, "customer_count")["value"] == 120 and kpi_of(january, "customer_growth_yoy")["base"] == 100
    assert "10.0%" in january.html and "20.0%" in january.html
