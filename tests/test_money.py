"""One currency: what is converted, at which day's rate, and what is refused."""

import pytest

from crmlib.crm import Crm, rows
from crmlib.errors import DataError

RATES = rows("currency valid_from rate", "USD 2026-01-01 7", "USD 2026-10-01 7.5", "EUR 2026-01-01 8")


def amounts(table="orders", **frames):
    return Crm.of(period="2026-10", **frames).frame(table).set_index(f"{table[:-1]}_id").amount.astype(float).to_dict()


def test_amounts_are_converted_at_the_rate_of_their_day():
    orders = rows(
        "order_id ordered_at amount currency",
        "before 2026-09-30T23:59:59 10 USD",  # the old rate still
        "on 2026-10-01 10 USD",  # the new rate from its first day on
        "after 2026-10-02 10 USD",
        "refund 2026-10-02 -10 EUR",
        "own 2026-10-02 10 CNY",
        "unsaid 2026-10-02 10 -",  # no currency is the report's own
        "third 2026-10-02 0.3333 USD",
    )
    assert amounts(orders=orders, exchange_rates=RATES) == {
        "before": 70, "on": 75, "after": 75, "refund": -80, "own": 10, "unsaid": 10, "third": 2.4998}  # fmt: skip


def test_every_amount_of_a_row_is_converted_and_its_currency_kept():
    orders = rows("order_id ordered_at amount cost currency", "1 2026-10-02 10 4 USD", "2 2026-10-02 10 - USD")
    frame = Crm.of(orders=orders, exchange_rates=RATES).frame("orders", ["amount", "cost", "currency"])
    assert frame.astype({"amount": float, "cost": float}).fillna(-1).to_numpy().tolist() == [[75, 30, "USD"], [75, -1, "USD"]]


def test_lines_follow_the_currency_and_day_of_their_order():
    orders = rows("order_id ordered_at amount currency", "1 2026-09-30 10 USD", "2 2026-10-02 10 USD", "3 2026-10-02 10 -")
    lines = rows("order_id product quantity unit_price discount", "1 a 1 2 0.5", "2 a 1 2 -", "3 a 1 2 -")
    crm = Crm.of(orders=orders, order_lines=lines, exchange_rates=RATES)
    assert crm.frame("order_lines").set_index("order_id").unit_price.astype(float).to_dict() == {"1": 14, "2": 15, "3": 2}
    assert crm.frame("order_lines").discount.dropna().tolist() == [0.5]


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        (rows("order_id ordered_at amount currency", "1 2026-10-02 10 USD", "2 2026-10-02 5 CNY"), "orders has 1 amounts in USD"),
        (rows("order_id ordered_at amount currency", "1 2026-10-02 10 GBP", "2 2026-10-02 5 GBP"), "orders has 2 amounts in GBP"),
    ],
)
def test_without_a_rate_unlike_currencies_are_refused(orders, says):
    with pytest.raises(
        DataError,
        match=f"{says} .the first in row 1., but the report's currency is CNY .* Deliver exchange_rates .* or set business.currency",
    ):
        Crm.of(orders=orders)


@pytest.mark.parametrize(("day", "refused"), [("2025-12-31", True), ("2026-01-01", False), ("2026-01-02", False)])
def test_a_rate_is_none_before_its_first_day(day, refused):
    orders = rows("order_id ordered_at amount currency", f"1 {day} 10 EUR")
    if refused:
        with pytest.raises(DataError, match="no rate of their day"):
            Crm.of(orders=orders, exchange_rates=RATES)
    else:
        assert amounts(orders=orders, exchange_rates=RATES) == {"1": 80}


def test_a_row_without_an_amount_needs_no_rate():
    deals = rows("opportunity_id created_at amount currency", "1 2026-10-02 - GBP", "2 - - GBP", "3 2026-10-02 10 EUR")
    frame = Crm.of(opportunities=deals, exchange_rates=RATES).frame("opportunities").set_index("opportunity_id")
    assert frame.amount.astype(float).fillna(-1).to_dict() == {"1": -1, "2": -1, "3": 80}


def test_a_row_at_fault_needs_no_rate():
    orders = rows("order_id ordered_at amount currency", "1 2026-02-30 10 GBP", "2 2026-10-02 10 CNY")
    assert amounts(orders=orders) == {"2": 10}


def test_an_undated_amount_in_another_currency_is_refused():
    with pytest.raises(DataError, match="opportunities has 1 amounts in EUR"):
        Crm.of(opportunities=rows("opportunity_id created_at amount currency", "1 - 10 EUR"), exchange_rates=RATES)


def test_an_amount_too_large_once_converted_is_left_out():
    orders = rows("order_id ordered_at amount currency", "1 2026-10-02 99999999999999 USD", "2 2026-10-02 1 USD")
    crm = Crm.of(orders=orders, exchange_rates=RATES)
    assert crm.left_out("orders") == {"out_of_range": 1}
    assert crm.frame("orders").order_id.tolist() == ["2"]


def test_the_report_s_currency_is_the_business_s():
    orders = rows("order_id ordered_at amount currency", "1 2026-10-02 10 USD", "2 2026-10-02 10 -")
    assert Crm.of(orders=orders, business={"currency": "USD"}).frame("orders").amount.astype(float).tolist() == [10, 10]
