"""Cohort retention on a real shop (UCI Online Retail II), through the product: the published cohort to four places."""

import duckdb
import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.metrics import customer_cohorts, retention

FILE = places.ROOT.parent / "shared" / "data" / "uci_online_retail_II" / "online_retail_2009_2010.parquet"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the UCI retail data are not here")

# the cohort of December 2009: share of its 955 customers who bought in each month
PUBLISHED = {
    "2009-12": 1.0, "2010-01": 0.3529, "2010-02": 0.334, "2010-03": 0.4251, "2010-04": 0.3801, "2010-05": 0.3592, "2010-06": 0.377,
    "2010-07": 0.3424, "2010-08": 0.3361, "2010-09": 0.3623, "2010-10": 0.422, "2010-11": 0.4953,
}  # fmt: skip
ORDERS = """select Invoice as order_id, cast(cast("Customer ID" as bigint) as varchar) as customer_id, min(cast(InvoiceDate as timestamp)) as ordered_at,
        round(sum(Quantity * Price), 2) as amount
    from read_parquet($file) where Invoice not like 'C%' and Quantity > 0 and Price > 0 and "Customer ID" is not null group by 1, 2"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> str:
    """A folder source with the shop's orders: one an invoice, without cancellations."""
    folder = tmp_path_factory.mktemp("uci") / "shop"
    folder.mkdir()
    duckdb.sql(ORDERS, params={"file": str(FILE)}).write_parquet(str(folder / "orders.parquet"))
    return str(folder)


def test_the_cohort_of_december_2009(shop):
    frame = customer_cohorts.cohort_retention(open_crm(shop, "2010-11"))
    first = frame[frame.first_purchase.map(str) == "2009-12"]
    assert first.base.unique().tolist() == [955]
    assert first.age.to_list() == list(range(12))
    assert dict(zip(PUBLISHED, first.share.round(4), strict=True)) == PUBLISHED


def test_a_month_that_the_data_do_not_cover_is_left_out(shop):
    periods = customer_cohorts.cohort_periods(open_crm(shop, "2010-12"))  # the data end on 9 December
    assert (periods[0].label, periods[-1].label) == ("2009-12", "2010-11")


def test_everybody_who_ever_bought(shop):
    """4,312 customers in the year's selection, as the data's own figures say."""
    view = open_crm(shop, "2010-12")
    assert retention.customers_ever(view) == 4312
    assert retention.retention_rate(view).part + retention.churn_rate(view).part == retention.retention_rate(view).base
