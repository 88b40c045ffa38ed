"""What the code asks of ibis and DuckDB: passes with the pinned versions; raise a pin only when it passes with the new ones."""

import decimal

import ibis
import pandas as pd
import pytest


@pytest.fixture
def con():
    return ibis.duckdb.connect()


FRAME = pd.DataFrame({"k": ["a", "b", "a"], "x": [1, 2, 3]})


def test_create_overwrite_and_drop(con):
    table = con.create_table("t", FRAME)
    assert table.count().execute() == 3
    con.create_table("t", FRAME.head(1), overwrite=True)
    assert con.table("t").count().execute() == 1
    con.create_view("v", con.table("t"))
    con.drop_view("v")
    con.drop_table("t")
    assert con.list_tables() == []


def test_sql(con):
    con.create_table("t", FRAME)
    assert con.sql("select sum(x) as s from t").execute().s[0] == 6
    assert con.table("t").sql("select max(x) as m from t").execute().m[0] == 3
    con.raw_sql("create table u as select 1 as a")
    assert con.table("u").execute().a[0] == 1


def test_a_connection_of_ones_own(con):
    import duckdb

    plain = duckdb.connect()
    plain.execute("create table t as select 5 as a")
    wrapped = ibis.duckdb.from_connection(plain)
    assert "t" in wrapped.list_tables()
    assert wrapped.table("t").execute().a[0] == 5


def test_cache(con):
    cached = con.create_table("t", FRAME).filter(lambda t: t.x > 1).cache()
    assert sorted(cached.x.execute()) == [2, 3]


def test_memtable_and_batches():
    table = ibis.memtable(FRAME)
    assert table.group_by("k").agg(s=table.x.sum()).order_by("k").execute().to_numpy().tolist() == [["a", 4], ["b", 2]]
    assert sum(len(batch) for batch in table.to_pyarrow_batches()) == 3


def test_parquet(con, tmp_path):
    con.create_table("t", FRAME).to_parquet(tmp_path / "t.parquet")
    assert con.read_parquet(tmp_path / "t.parquet", table_name="r").x.max().execute() == 3


def test_quantile_median_and_argmax(con):
    table = con.create_table("t", pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}))
    assert table.x.quantile(0.5).execute() == 2.5
    assert table.x.quantile(0.25, where=table.x > 2).execute() == 3.25
    assert table.x.argmax(-table.x).execute() == 1


def test_sums_of_decimals_are_exact_and_become_floats(con):
    schema = {"m": "decimal(18, 4)"}
    table = con.create_table("t", schema=schema, obj=pd.DataFrame({"m": [decimal.Decimal("0.1")] * 3}))
    assert table.m.sum().cast("float64").execute() == 0.3
    assert table.m.type() == ibis.dtype("decimal(18, 4)")


def test_windows_and_joins(con):
    table = con.create_table("t", FRAME)
    ranked = table.mutate(n=ibis.row_number().over(group_by="k", order_by=[ibis.desc("x")]))
    assert ranked.filter(ranked.n == 0).order_by("k").x.execute().tolist() == [3, 2]
    other = ibis.memtable(pd.DataFrame({"k": ["a"], "name": ["A"]}))
    assert table.left_join(other, "k").order_by("x").name.execute().isna().tolist() == [False, True, False]


def test_a_cast_within_a_division_stays_when_the_column_is_selected_too(con):
    table = con.create_table("t", pd.DataFrame({"a": [1], "n": [2]}))
    assert table.select("a", "n", r=table.a.cast("float64") / table.n.nullif(0)).execute().r[0] == 0.5


def test_a_session_at_utc_whatever_the_machine_says(con):
    con.raw_sql("set TimeZone = 'UTC'")
    assert con.sql("select cast(timestamptz '2026-10-03 10:00:00+00' as varchar) as t").execute().t[0] == "2026-10-03 10:00:00+00"
