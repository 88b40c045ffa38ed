"""Files on their way in: what is read as it is, and what is refused, in words, before a row is taken from it."""

import os

import duckdb
import given
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from given import ORDERS, prepared, refusal, values

from crmlib.files import File, FileSpec
from crmlib.sources import prepare

ROW, OTHER = "1,2026-10-03,20\n", "2,2026-10-04,30\n"
REGION = "order_id,ordered_at,amount,region\n"


@pytest.mark.parametrize(
    "content",
    [
        ORDERS + ROW + OTHER,
        ORDERS + ROW + OTHER.rstrip("\n"),                                    # no newline at the end
        "\ufeff" + ORDERS + ROW + OTHER,
        (ORDERS + ROW + OTHER).replace("\n", "\r\n"),
        ("\ufeff" + ORDERS + ROW + OTHER).replace("\n", "\r\n"),
        ORDERS + ROW.replace("\n", "\r\n") + OTHER,
        (ORDERS + ROW).replace("\n", "\r\n") + OTHER,
        (ORDERS + ROW + OTHER).replace("\n", "\r"),                           # as old Macs wrote
        '"order_id","ordered_at","amount"\n"1","2026-10-03","20"\n"2","2026-10-04","30"\n',
        ORDERS + ROW + "\n\n" + OTHER + "\n",
        " order_id , ordered_at,amount\n" + ROW + OTHER,
        "order_id,ordered_at,amount,\n1,2026-10-03,20,\n2,2026-10-04,30,\n",  # a comma too many, as some exports write
        "order_id,ordered_at,amount,,\n1,2026-10-03,20,x,y\n2,2026-10-04,30,,\n",
        "amount,x'y,select,_row,r,t,order_id,raw,ordered_at,_fault,_raw\n20,,,9,,,1,,2026-10-03,,\n30,,,9,,,2,,2026-10-04,,\n",
        "order_id,ordered_at,amount,\"a\nb\"\n1,2026-10-03,20,\n2,2026-10-04,30,\n",
    ],
)  # fmt: skip
def test_the_same_two_orders_however_the_file_is_written(tmp_path, content):
    ready = prepared(tmp_path, orders=content)
    assert values(ready, "orders", "order_id, ordered_at::date::varchar, amount::double") == [
        ("1", "2026-10-03", 20),
        ("2", "2026-10-04", 30),
    ]
    assert ready.tables["orders"]["left_out"] == {}
    assert not (ready.folder / "scratch").exists()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quoted_fields_hold_newlines_commas_and_quotes(tmp_path, newline):
    content = (REGION + '1,2026-10-03,20,"a,b"\n2,2026-10-03,20,"a ""b"""\n').replace(
        "\n", newline
    ) + f'3,2026-10-03,20,"a\nb"{newline}'
    assert values(prepared(tmp_path, orders=content), "orders", "region") == ["a,b", 'a "b"', "a\nb"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ["orders.csv is empty: 0 bytes", "still has its header line", "Export it again"]),
        ("\n" + ORDERS + ROW, ["orders.csv has an empty first line"]),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", ["a web page, not a CSV file", "'<!DOCTYPE html><html><body>Sign in</body'"]),
        ("\n \n<html>Sign in</html>\n", ["orders.csv is a web page"]),
        ('<?xml version="1.0"?><Error/>', ["orders.csv is a web page"]),
        ((ORDERS + ROW).encode("utf-16"), ["orders.csv is UTF-16 or no text", "as CSV in UTF-8"]),
        ((ORDERS + ROW).encode("utf-16-le"), ["orders.csv is UTF-16 or no text"]),
        (b"PK\x03\x04\x14\x00\x06\x00", ["orders.csv is UTF-16 or no text"]),
        ("order_id,ordered_at,amount,地区\n".encode("gbk"), ["orders.csv, line 1, column 4: byte 27", "looks like GBK", "in UTF-8"]),
        (REGION.encode() + b"1,2026-10-03,20,a\n2,2026-10-03,20," + "北京".encode("gbk") + b"\n", ["orders.csv, line 3, column 4: byte 68", "looks like GBK"]),
        (REGION.encode() + b"1,2026-10-03,20,a\xff\n", ["orders.csv, line 2, column 4: byte 51", "looks like latin-1 or cp1252"]),
        (ORDERS + "1,2026-10-03,20,9\n" + OTHER, ["orders.csv, line 2: 4 fields where the header has 3", "Correct that line"]),
        (ORDERS + "1,2026-10-03\n" + OTHER, ["orders.csv, line 2: 2 fields where the header has 3"]),
        (ORDERS + ROW + "2,2026-10-04,30,zhang@example.com\n", ["orders.csv, line 3: 4 fields where the header has 3"]),
        (ORDERS + ROW + "2,2026-", ["orders.csv, line 3: 2 fields where the header has 3"]),                  # a file cut off
        (ORDERS.replace("\n", "\r\n") + ROW + "2,2026-", ["orders.csv, line 3: 2 fields"]),
        (REGION + '1,2026-10-03,20,"abc\n2,2026-10-03,20,x\n', ["orders.csv, line 2: a quotation mark that does not end its field"]),
        (REGION + '1,2026-10-03,20,"a"b\n', ["orders.csv, line 2: a quotation mark"]),
        ("order_id,ordered_at,amount,amount\n1,2026-10-03,20,30\n", ["orders.csv has the column 'amount' twice", "Rename one"]),
        ("order_id,ordered_at,amount,Amount\n1,2026-10-03,20,30\n", ["orders.csv has the column 'amount' twice"]),
        ("order_id,ordered_at,amuont\n" + ROW, ["orders.csv has no column 'amount'", "did you mean 'amuont'?", "It has: order_id, ordered_at, amuont",
                                               "Map it under orders in the source's file in params/sources, or add the column"]),
        ("Order_Id,ordered_at,amount\n" + ROW, ["no column 'order_id'", "did you mean 'Order_Id'?"]),
        ("order_id,ordered_at\n1,2026-10-03\n", ["no column 'amount'", "It has: order_id, ordered_at."]),
        ((ORDERS + ROW).replace(",", ";"), ["no column 'order_id'", "separated by ';'", "Commas are right"]),
        ((ORDERS + ROW).replace(",", "\t"), ["no column 'order_id'", r"separated by '\t'"]),
    ],
)  # fmt: skip
def test_a_file_that_breaks_the_contract_is_refused_with_its_place(tmp_path, content, says):
    message = refusal(tmp_path, lambda: prepared(tmp_path, orders=content), *says)
    assert "zhang" not in message


def test_columns_of_which_one_seems_a_copy_are_two_columns(tmp_path):
    ready = prepared(tmp_path, orders="order_id,ordered_at,amount,amount_1\n1,2026-10-03,20,30\n")
    assert values(ready, "orders", "amount::int") == [20]


def test_a_header_alone_is_an_empty_table(tmp_path):
    for content in ("ticket_id,opened_at\n", "ticket_id,opened_at", "\ufeffticket_id,opened_at\r\n"):
        ready = prepared(tmp_path, orders=ORDERS + ROW, tickets=content)
        found = ready.tables["tickets"]
        assert found == {"rows": 0, "delivered": ["ticket_id", "opened_at"], "undated": 0, "left_out": {}, "sha256": found["sha256"],
                         "content": "0-0", "left_out_content": None}  # fmt: skip


def test_a_file_of_any_size_is_looked_through_for_its_newlines(tmp_path, monkeypatch):
    monkeypatch.setattr("crmlib.csvfile._CHUNK", 7)  # CR and LF fall into different pieces
    for content in (ORDERS + ROW, (ORDERS + ROW).replace("\n", "\r\n"), ORDERS.replace("\n", "\r\n") + ROW):
        assert values(prepared(tmp_path, orders=content), "orders", "order_id") == ["1"]


# ------------------------------------------------------------------------------------------------ Parquet, DuckDB


def parquet(tmp_path, **columns):
    place = given.folder(tmp_path)
    pq.write_table(pa.table(columns), place / "orders.parquet")
    return place


def good(**more):
    return {"order_id": ["1", "2"], "ordered_at": ["2026-10-03", "2026-10-04"], "amount": ["20", "30"], **more}


def test_a_parquet_file_with_types_of_its_own(tmp_path):
    arizona = pd.Timestamp("2026-03-31 16:00", tz="America/Phoenix")
    place = parquet(
        tmp_path,
        order_id=pa.array([7, 9007199254740993, 3, 4], pa.int64()),
        customer_id=pa.array([7.0, None, float("nan"), 12.0], pa.float64()),  # integers with a gap, as pandas writes them
        ordered_at=pa.array([arizona] * 4, pa.timestamp("us", "UTC")),
        amount=pa.array([20.1, 30.25, 999999999.99, -5.0], pa.float64()),
        status=pa.array(["paid", " ", "NA", ""]).dictionary_encode(),
        status_changed_at=pa.array([pd.Timestamp("2026-04-01").date(), None, None, None], pa.date32()),
    )
    ready = prepare(given.settings(tmp_path, place, "{time_zone: America/Phoenix}"))
    assert values(ready, "orders", "order_id, customer_id, amount::varchar, status, status_changed_at::varchar") == [
        ("7", "7", "20.1000", "paid", "2026-04-01 00:00:00"), ("9007199254740993", None, "30.2500", None, None),
        ("3", None, "999999999.9900", "NA", None), ("4", "12", "-5.0000", None, None),
    ]  # fmt: skip
    assert set(values(ready, "orders", "ordered_at::varchar")) == {"2026-03-31 16:00:00"}


@pytest.mark.parametrize(
    ("column", "typed", "reason"),
    [
        ("amount", pa.array([20.0, float("nan")], pa.float64()), {"bad_number": 1}),
        ("amount", pa.array([20.0, float("inf")], pa.float64()), {"bad_number": 1}),
        ("amount", pa.array([20.0, 1e15], pa.float64()), {"bad_number": 1}),
        ("amount", pa.array([20.0, None], pa.float64()), {"missing": 1}),
        ("amount", pa.array([20, 30], pa.int32()), {}),
        ("ordered_at", pa.array([5, 6], pa.int64()), {"bad_date": 2}),                     # a number of what since when?
        ("ordered_at", pa.array(pd.to_datetime(["2026-10-03", "1899-12-31"]).values), {"bad_date": 1}),
        ("ordered_at", pa.array(pd.to_datetime(["1900-01-01", "2200-01-01"]).values), {"bad_date": 1}),
        ("ordered_at", pa.array(pd.to_datetime(["2026-10-03", None]).values), {"missing": 1}),
        ("cost", pa.array([1.0, float("nan")], pa.float64()), {"bad_number": 1}),
        ("cost", pa.array([None, None], pa.null()), {}),
    ],
    ids=str,
)  # fmt: skip
def test_faults_of_typed_columns(tmp_path, column, typed, reason):
    place = parquet(tmp_path, **good(**{column: typed}))
    ready = prepare(given.settings(tmp_path, place, "{max_left_out: {orders: 1}}", ", as_of: 2026-10-31"))
    assert ready.tables["orders"]["left_out"] == reason


def test_a_flag_may_be_a_number_but_nothing_is_not_true(tmp_path):
    place = given.folder(tmp_path, orders=ORDERS + ROW)
    for kind, numbers in (
        (pa.float64(), [1, 0, None, float("nan")]),
        (pa.int8(), [1, 0, None, None]),
        (pa.bool_(), [True, False, None, None]),
    ):
        pq.write_table(
            pa.table({"customer_id": list("abcd"), "no_contact": pa.array(numbers, kind)}), place / "customers.parquet"
        )
        ready = prepare(given.settings(tmp_path, place, "{max_left_out: {customers: 1}}"))
        assert values(ready, "customers", "no_contact")[:3] == [True, False, None]
        assert ready.tables["customers"]["left_out"] == ({"bad_flag": 1} if kind == pa.float64() else {})


@pytest.mark.parametrize("content", [b"", b"order_id,ordered_at\n" * 10, b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_parquet_file_that_is_none(tmp_path, content):
    (given.folder(tmp_path) / "orders.parquet").write_bytes(content)
    message = refusal(tmp_path, lambda: prepare(str(tmp_path / "acme")), "orders.parquet cannot be read", "Export it again")
    assert "quotes" not in message


def test_a_column_twice_in_a_parquet_file(tmp_path):
    place = given.folder(tmp_path)
    names = ["order_id", "ordered_at", "amount", "amount"]
    pq.write_table(
        pa.Table.from_arrays([pa.array(["1"]), pa.array(["2026-10-03"]), pa.array([1]), pa.array([2])], names),
        place / "orders.parquet",
    )
    refusal(tmp_path, lambda: prepare(str(place)), "orders.parquet has the column 'amount' twice")


def test_a_table_delivered_twice_or_not_at_all(tmp_path):
    place = parquet(tmp_path, **good())
    (place / "notes.csv").write_text("a\n")
    (place / "notes.parquet").write_bytes(b"")  # whatever else lies there is nobody's business
    assert list(prepare(str(place)).tables) and prepare(str(place)).tables["orders"]["rows"] == 2
    (place / "orders.csv").write_text(ORDERS + ROW)
    refusal(tmp_path, lambda: prepare(str(place)), "orders is delivered twice in acme/", "Remove one of the two")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ordres.csv", "ordres: did you mean 'orders'?"),
        ("notes.txt", "it holds no CSV or Parquet file"),
        ("Orders.csv", "did you mean 'orders'?"),
    ],
)
def test_a_folder_without_any_table(tmp_path, name, says):
    (given.folder(tmp_path) / name).write_text(ORDERS + ROW)
    refusal(
        tmp_path,
        lambda: prepare(str(tmp_path / "acme")),
        "acme holds none of the canonical tables",
        says,
        "Name the files after the tables",
    )


def test_an_ending_in_capitals_is_an_ending(tmp_path):
    (given.folder(tmp_path) / "orders.CSV").write_text(ORDERS + ROW)
    assert prepare(str(tmp_path / "acme")).tables["orders"]["rows"] == 1


def test_a_duckdb_file_with_tables_and_views(tmp_path):
    path = tmp_path / "acme.duckdb"
    with duckdb.connect(path) as con:
        con.execute("create table deliveries as select 7 as id, timestamptz '2026-04-01 06:30:00+00' as moment, 20.5 as worth")
        con.execute("create view orders as select id as order_id, moment as ordered_at, worth as amount from deliveries")
        con.execute("create table customers as select '007' as customer_id, 'NA' as name")
    ready = prepare(given.settings(tmp_path, path, "{time_zone: America/Phoenix}"))
    assert values(ready, "orders", "order_id, ordered_at::varchar, amount::double") == [("7", "2026-03-31 23:30:00", 20.5)]
    assert values(ready, "customers", "customer_id, name") == [("007", "NA")]


def test_a_view_cannot_read_another_file_through_the_door(tmp_path):
    secret, path = tmp_path / "secret.csv", tmp_path / "acme.duckdb"
    secret.write_text(ORDERS + ROW)
    with duckdb.connect(path) as con:
        con.execute(f"create view orders as select * from read_csv('{secret}', all_varchar=true)")
    message = refusal(tmp_path, lambda: prepare(str(path)), "acme.duckdb:orders cannot be read")
    assert "2026-10-03" not in message


@pytest.mark.parametrize(
    ("name", "content"), [("acme.duckdb", b"order_id\n1\n"), ("acme.duckdb", b""), ("acme.xlsx", b"PK"), ("orders.csv", b"a")]
)
def test_a_file_that_is_no_source(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refusal(tmp_path, lambda: prepare(str(tmp_path / name)), name)


def test_a_duckdb_file_lacks_a_column(tmp_path):
    path = tmp_path / "acme.duckdb"
    with duckdb.connect(path) as con:
        con.execute("create table orders as select 1 as order_id, date '2026-10-03' as ordered_on, 5 as amount")
    refusal(tmp_path, lambda: prepare(str(path)), "acme.duckdb:orders has no column 'ordered_at'", "did you mean 'ordered_on'?")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    place = given.folder(tmp_path, orders=ORDERS + ROW)
    (place / "orders.csv").chmod(0)
    refusal(tmp_path, lambda: prepare(str(place)), "orders.csv")


def test_what_a_writer_has_not_moved_into_its_file_yet_is_another_content(tmp_path):
    path = tmp_path / "acme.duckdb"
    with duckdb.connect(path) as con:
        con.execute("create table orders as select 1 as order_id")
    file = File("orders", path, FileSpec(path=path.name))
    before = file.sha
    (tmp_path / "acme.duckdb.wal").write_bytes(b"another row")
    assert file.sha != before
    (tmp_path / "acme.duckdb.wal").unlink()
    assert file.sha == before
