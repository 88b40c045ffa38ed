"""The formulas of the KPIs as they are taught (CAC, CLV, retention, churn, conversion), through the product: a small source → page and facts, to the digit."""

import html

import pandas as pd
import product
import pytest
from reading import kpi_of, table_of

from crmlib import texts

# Ten customers on 1 October; two of them buy no more from August on and are lost in October (60 days); three are won in it, of five
# prospects; everybody buys once a month for 100, of which the goods cost 60. A year before there were the same ten.
STAYED, LEFT, WON, PROSPECTS = 8, 2, 3, 2
MARKETING, SALES = 500.0, 400.0


def source(folder) -> str:
    months = [str(p) for p in pd.period_range("2025-08", "2026-10", freq="M")]
    bought = [(f"s{i}", f"{m}-05") for m in months for i in range(STAYED)]
    bought += [(f"l{i}", f"{m}-05") for m in months if m < "2026-08" for i in range(LEFT)] + [
        (f"l{i}", "2026-08-15") for i in range(LEFT)
    ]
    bought += [(f"w{i}", "2026-10-20") for i in range(WON)]
    orders = pd.DataFrame(bought, columns=["customer_id", "ordered_at"]).assign(amount=100, cost=60)
    data = folder / "data"
    data.mkdir()
    orders.assign(order_id=range(len(orders))).to_csv(data / "orders.csv", index=False)
    people = {f"{kind}{i}": day for kind, n, day in (("s", STAYED, "2025-08-01"), ("l", LEFT, "2025-08-01"), ("w", WON, "2026-10-02"),
                                                     ("p", PROSPECTS, "2026-10-03")) for i in range(n)}  # fmt: skip
    customers = pd.DataFrame({"customer_id": list(people), "created_at": list(people.values()), "acquisition_channel": "web"})
    customers.to_csv(data / "customers.csv", index=False)
    costs = pd.DataFrame([("2026-10-05", "advertising", MARKETING, "web"), ("2026-10-25", "salary", SALES, None)],
                         columns=["booked_on", "kind", "amount", "channel"])  # fmt: skip
    costs.to_csv(data / "costs.csv", index=False)
    path = folder / "worked.yml"
    path.write_text(
        f"title: worked\nbusiness: {{inactive_after_days: 60, min_base: 2, discount_rate: 0.1}}\nmapping: {{folder: {data}}}\n",
        "utf-8",
    )
    return str(path)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worked")
    return product.built("kpis", folder, source(folder), "2026-10")


ORDERS = 12 * STAYED + 10 * LEFT + WON  # of the year: who left bought ten times, the last one in August
MEAN = (STAYED + LEFT + STAYED + WON) / 2  # customers a year before the end, and at it
FIGURES = {
    "retention_rate": STAYED / (STAYED + LEFT),  # who was won in the period is not among those kept
    "churn_rate": LEFT / (STAYED + LEFT),
    "new_customers": WON,
    "acquisition_spend": MARKETING + SALES,
    "cac": (MARKETING + SALES) / WON,
    "cac_year": (MARKETING + SALES) / WON,
    "sales_conversion_rate": WON / (WON + PROSPECTS),
    "prospect_count": WON + PROSPECTS,
    "clv_simple": 100 * (ORDERS / MEAN) * (1 / (LEFT / (STAYED + LEFT))),  # order value × orders a year × lifetime in years
    "clv_margin": 100 * (ORDERS / MEAN) * 0.4 * 1.1 / (1.1 - STAYED / (STAYED + LEFT)),
    "ltv_cac": 100 * (ORDERS / MEAN) * 0.4 * 1.1 / (1.1 - STAYED / (STAYED + LEFT)) / 300,
    "cac_payback": 300 / (100 * (ORDERS / MEAN) * 0.4 / 12),
    "repeat_purchase_rate": 0.0,
    "repurchase_rate": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure(pages, name):
    for one in pages.values():
        assert kpi_of(one, name)["value"] == pytest.approx(FIGURES[name], rel=1e-9), name
        assert texts.name(name, one.lang) in html.unescape(one.html)


def test_retention_and_churn_make_one(pages):
    one = pages["en"]
    assert kpi_of(one, "retention_rate")["value"] + kpi_of(one, "churn_rate")["value"] == 1
    assert "retention and churn make 100%" in html.unescape(one.html)
    assert "Cost and new customers are of the same days: no lag between them." in html.unescape(one.html)


def test_by_channel_is_marketing_s_cost_alone(pages):
    channels = table_of(pages["en"], "by_channel").set_index("acquisition_channel")
    assert channels.cac_amount["web"] == pytest.approx(MARKETING / WON) and list(channels.index) == ["web"]
    kinds = table_of(pages["en"], "cost_kinds")
    assert kinds.cost_amount.sum() == MARKETING + SALES and kinds.cost_side.to_list() == ["marketing cost", "sales cost"]


def test_the_page_says_what_was_worked_out(pages):
    said = html.unescape(pages["zh"].html)
    assert "80.0%" in said and "¥300" in said and "60.0%" in said
