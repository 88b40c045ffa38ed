"""A real shop's sales (UCI Online Retail II) through the shipped mapping, against pandas on its lines."""

import pandas as pd
import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.metrics import order_values, revenue

FILE = places.ROOT.parent / "shared" / "data" / "uci_online_retail_II" / "online_retail_2009_2010.parquet"
pytestmark = [pytest.mark.long, pytest.mark.skipif(not FILE.is_file(), reason="the UCI retail data are not here")]
SOURCE = "uci_online_retail_II"


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """The lines of the shop without bad debts, doubles taken once; the amount of each in hundredths, so that sums are exact."""
    found = pd.read_parquet(FILE).drop_duplicates()
    found = found[~found.Invoice.astype(str).str.startswith("A")]
    worth = (found.Quantity * (found.Price * 10_000).round().astype("int64")).astype("int64")
    return found.assign(worth=worth, at=pd.to_datetime(found.InvoiceDate))


@pytest.mark.parametrize("period", ["2010-01", "2010-06", "2010-11"])
def test_sales_of_a_month_are_those_of_plain_pandas(lines, period):
    crm = open_crm(SOURCE, period)
    mine = lines[lines["at"].dt.strftime("%Y-%m") == period]
    orders = mine.groupby("Invoice").agg(amount=("worth", "sum"), customer=("Customer ID", "first"))
    bought = orders[orders.amount > 0]
    assert revenue.revenue(crm).value == pytest.approx(orders.amount.sum() / 10_000, abs=0.01)
    assert revenue.order_count(crm).value == len(bought)
    assert revenue.buyer_count(crm).value == bought.customer.nunique()
    assert revenue.units_sold(crm).value == mine.Quantity.sum()
    assert revenue.refunded_amount(crm).value == pytest.approx(-orders.amount[orders.amount < 0].sum() / 10_000, abs=0.01)
    statistics = order_values.order_values(crm).set_index("statistic").size_amount
    assert statistics["median"] == pytest.approx(bought.amount.median() / 10_000, abs=0.01)
    assert statistics.standard_deviation == pytest.approx(bought.amount.std() / 10_000, rel=1e-6)
    assert order_values.skewness(crm) == pytest.approx(bought.amount.skew(), rel=1e-5)
    assert revenue.sales_by(crm, "product").revenue.sum() == pytest.approx(revenue.revenue(crm).value, abs=0.01)
