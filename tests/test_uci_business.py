"""The business figures of a real shop (UCI Online Retail II) against SQL on the uploader's own lines: in all, by country, by product."""

import duckdb
import pandas as pd
import pytest

from crmlib import places
from crmlib.crm import Crm, open_crm
from crmlib.metrics import retention, revenue
from crmlib.metrics.customers import customers_by
from crmlib.periods import Period

FILE = places.ROOT.parent / "shared" / "data" / "uci_online_retail_II" / "online_retail_2009_2010.parquet"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the UCI retail data are not here")
PERIODS = ["2010-11", *(pytest.param(p, marks=pytest.mark.long) for p in ("2009-12", "2010-05", "2010-Q3", "2010-W20", "2010"))]
LINES = "(select distinct * from read_parquet($file) where Invoice not like 'A%')"
ORDERS = f"""(select Invoice, min(InvoiceDate)::timestamp as moment, min("Customer ID")::bigint as customer, min(Country) as country,
    sum((Quantity * Price)::decimal(18, 4)) as amount, sum(Quantity) as units from {LINES} group by 1)"""
SOLD = f"""select {{group}} as grp, sum(amount)::double as revenue, count(*) filter (amount > 0) as order_count, sum(units)::double as units_sold,
    count(distinct customer) filter (amount > 0) as buyer_count, coalesce(-sum(amount) filter (amount < 0), 0)::double as refunded_amount
    from {ORDERS} where moment >= $start and moment < $end group by 1"""
LIVES = f"""with bought as (select customer, moment from {ORDERS} where customer is not null and amount > 0 and moment < $end),
    home as (select "Customer ID"::bigint as customer, min(Country) as country from {LINES} where "Customer ID" is not null group by 1),
    lives as (select customer, country, min(moment) as since, max(moment) as last from bought join home using (customer) group by all)
select country, count(*) filter (last >= $end - to_days(180)) as customer_count, count(*) filter (since >= $start) as new_customers from lives group by 1"""


@pytest.fixture(scope="module", params=PERIODS)
def asked(request) -> tuple[Crm, dict]:
    period = Period.parse(request.param)
    return open_crm("uci_online_retail_II", request.param), {"file": str(FILE), "start": period.start, "end": period.end}


def by(sql: str, window: dict) -> pd.DataFrame:
    found = duckdb.execute(sql, window).df()
    return found.set_index(found.columns[0])


def test_in_all(asked):
    crm, window = asked
    plain = by(SOLD.format(group="'all'"), window).iloc[0]
    for name, value in plain.items():
        assert round(getattr(revenue, name)(crm).value, 2) == round(float(value), 2), name
    assert revenue.aov(crm).value == pytest.approx(plain.revenue / plain.order_count, rel=1e-12)
    gross = plain.revenue + plain.refunded_amount
    assert revenue.refund_rate(crm).value == pytest.approx(plain.refunded_amount / gross, rel=1e-12)


def test_by_country(asked):
    crm, window = asked
    ours, plain = revenue.sales_by(crm, "region").set_index("region"), by(SOLD.format(group="country"), window)
    for name in plain.columns:
        assert ours.loc[plain.index, name].astype(float).round(2).to_dict() == plain[name].astype(float).round(2).to_dict(), name
    assert not ours.drop(plain.index)[list(plain.columns)].any().any()


@pytest.mark.long
def test_by_product(asked):
    crm, window = asked
    sql = f"""with o as (select Invoice, moment from {ORDERS}) select trim(StockCode) as product, sum(Quantity * Price)::double as revenue, sum(Quantity)::double as units_sold
        from {LINES} join o using (Invoice) where moment >= $start and moment < $end group by 1"""
    ours, plain = revenue.sales_by(crm, "product").set_index("product"), by(sql, window)
    for name in plain.columns:
        assert ours.loc[plain.index, name].round(2).to_dict() == pytest.approx(plain[name].round(2).to_dict(), abs=0.011), name


@pytest.mark.long
def test_customers_by_country(asked):
    crm, window = asked
    plain = by(LIVES, window)
    ours = customers_by(crm, "region").set_index("region")
    for name in plain.columns:
        assert getattr(retention, name)(crm) == plain[name].sum() == ours[name].sum()
        assert ours[name][ours[name] > 0].to_dict() == plain[name][plain[name] > 0].to_dict(), name


@pytest.mark.long
def test_the_year_s_money_is_that_of_the_data_set_s_own_figures():
    """Every line, bad debts and doubles among them, is worth 9,539,484.634 by the data set's README; without them it is the product's."""
    every, doubles, debts = duckdb.execute(
        """select sum(Quantity * Price), sum(Quantity * Price) - (select sum(Quantity * Price) from (select distinct * from read_parquet($file))),
        sum(Quantity * Price) filter (Invoice like 'A%') from read_parquet($file)""",
        {"file": str(FILE)},
    ).fetchall()[0]
    ours = sum(revenue.revenue(open_crm("uci_online_retail_II", year)).value for year in ("2009", "2010"))
    assert round(every, 3) == 9_539_484.634 and round(ours, 2) == round(every - doubles - debts, 2)
