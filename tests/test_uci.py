"""A real shop's order lines (UCI Online Retail II) through the shipped mapping: its figures against SQL on the lines, and published ones."""

from functools import cache

import duckdb
import pandas as pd
import product
import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.metrics import customer_cohorts, retention
from crmlib.sources import prepare

FILE = places.ROOT.parent / "shared" / "data" / "uci_online_retail_II" / "online_retail_2009_2010.parquet"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the UCI retail data are not here")
SOURCE = "uci_online_retail_II"

# the cohort of December 2009: share of its 955 customers who bought in each month
PUBLISHED = {
    "2009-12": 1.0, "2010-01": 0.3529, "2010-02": 0.334, "2010-03": 0.4251, "2010-04": 0.3801, "2010-05": 0.3592, "2010-06": 0.377,
    "2010-07": 0.3424, "2010-08": 0.3361, "2010-09": 0.3623, "2010-10": 0.422, "2010-11": 0.4953,
}  # fmt: skip


def asked(sql: str) -> list[tuple]:
    return duckdb.sql(sql, params={"file": str(FILE)}).fetchall() if "$file" in sql else duckdb.sql(sql).fetchall()


@pytest.fixture(scope="module")
def sold() -> pd.DataFrame:
    """The invoices that are purchases of a known customer, worked out here: not cancelled, no bad debt, above zero; doubles taken once."""
    return duckdb.sql(
        """select Invoice as invoice, any_value("Customer ID")::bigint as customer, min(InvoiceDate)::timestamp as at, sum(Quantity * Price) as amount
        from (select distinct * from read_parquet($file)) where left(Invoice, 1) not in ('C', 'A') and "Customer ID" is not null
        group by 1 having sum(Quantity * Price) > 0""",
        params={"file": str(FILE)},
    ).df()


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uci")
    return cache(lambda period: product.facts("activity", folder, SOURCE, period))


def test_what_the_mapping_takes_in():
    """Every line but those of bad debts, doubles once; the money of the orders is the money of their lines."""
    store = prepare(SOURCE)
    assert (store.tables["orders"]["left_out"], store.tables["order_lines"]["left_out"]) == ({}, {})
    lines, net = asked(
        "select count(*), round(sum(Quantity * Price), 2) from (select distinct * from read_parquet($file)) where Invoice not like 'A%'"
    )[0]
    orders = asked(
        f"select round(sum(amount)::double, 2), count(*), count(customer_id) from read_parquet('{store.folder}/orders.parquet')"
    )[0]
    assert store.tables["order_lines"]["rows"] == lines == 525_461 - 6_865 - 3
    invoices, known = asked("""select count(distinct Invoice), count(distinct Invoice) filter ("Customer ID" is not null)
        from read_parquet($file) where Invoice not like 'A%'""")[0]  # fmt: skip
    assert orders == (net, invoices, known)


def test_revenue_of_known_customers_by_month(sold):
    """What the data set's README gives for lines above zero, doubles once: 8,798,233.744 in all."""
    gross = asked("""select round(sum(Quantity * Price), 3) from (select distinct * from read_parquet($file)) where Invoice not like 'C%'
        and Quantity > 0 and Price > 0 and "Customer ID" is not null""")[0][0]  # fmt: skip
    store = prepare(SOURCE)
    ours = asked(f"""select strftime(ordered_at, '%Y-%m'), round(sum(amount)::double, 2), count(*), count(distinct customer_id)
        from read_parquet('{store.folder}/orders.parquet') where amount > 0 and customer_id is not null group by 1 order by 1""")  # fmt: skip
    assert gross == 8_798_233.744 and round(sum(m[1] for m in ours), 2) == round(gross, 2)
    plain = (
        sold.assign(month=sold["at"].dt.strftime("%Y-%m"))
        .groupby("month")
        .agg(m=("amount", "sum"), n=("invoice", "size"), c=("customer", "nunique"))
    )
    assert ours == [(month, round(row.m, 2), row.n, row.c) for month, row in plain.iterrows()]


@pytest.mark.parametrize(
    "period", ["2010-11", pytest.param("2010-Q3", marks=pytest.mark.long), pytest.param("2010-05", marks=pytest.mark.long)]
)
def test_the_page_s_figures(facts, sold, period):
    window = pd.Period(period.replace("-Q", "Q"), freq="Q" if "Q" in period else "M")
    now, before = (sold[(sold["at"] >= w.start_time) & (sold["at"] <= w.end_time)] for w in (window, window - 1))
    buyers, earlier = now.customer.value_counts(), set(before.customer)
    first = sold.groupby("customer")["at"].min()
    expected = {
        "purchase_count": len(now), "active_customers": len(buyers), "purchases_per_buyer": len(now) / len(buyers),
        "repeat_purchase_rate": (buyers >= 2).mean(), "repurchase_rate": len(earlier & set(buyers.index)) / len(earlier),
        "new_customers": ((first >= window.start_time) & (first <= window.end_time)).sum(), "customers_ever": (first <= window.end_time).sum(),
    }  # fmt: skip
    figures = {k["name"]: k["value"] for k in facts(period)["kpis"]}
    assert {name: figures[name] for name in expected} == pytest.approx({k: float(v) for k, v in expected.items()}, rel=1e-11)


def test_the_cohort_of_december_2009(facts):
    (table,) = [t for t in facts("2010-11")["tables"] if t["name"] == "cohort_retention"]
    frame = pd.DataFrame(table["rows"], columns=table["columns"])
    first = frame[frame.first_purchase == "2009-12"]
    assert first.base.unique().tolist() == [955] and first.age.to_list() == list(range(12))
    assert dict(zip(PUBLISHED, first.share.astype(float).round(4), strict=True)) == PUBLISHED


def test_a_month_that_the_data_do_not_cover_is_left_out():
    periods = customer_cohorts.cohort_periods(open_crm(SOURCE, "2010-12"))  # the data end on 9 December
    assert (periods[0].label, periods[-1].label) == ("2009-12", "2010-11")


def test_everybody_who_ever_bought():
    """4,312 customers in the year's selection, as the data's own figures say."""
    view = open_crm(SOURCE, "2010-12")
    assert retention.customers_ever(view) == 4312
    assert retention.retention_rate(view).part + retention.churn_rate(view).part == retention.retention_rate(view).base
