"""The door: which rows are left out and why, when that is too much, and that nothing else on the machine can be read."""

import json

import duckdb
import given
import pytest
from given import ORDERS, prepared, refusal, settings, table, values

from crmlib.coverage import connection
from crmlib.crm import Crm, rows
from crmlib.errors import CrmError
from crmlib.sources import prepare

GOOD = "1,2026-10-03,20\n"


def left_out(table, frame, **more):
    """Reasons by row, as the door gives them for a frame."""
    crm = Crm.of(period="2026-10", **{table: frame}, **more)
    if not crm.delivery.door["tables"][table]["left_out"]:
        return {}
    found = crm.delivery.con.raw_sql(f'select _row, reason, "column" from "{table}__left_out"').fetchall()
    return {row: f"{reason} {column}" for row, reason, column in found}


TICKETS = rows(
    "ticket_id opened_at satisfaction resolved_at",
    "1 2026-10-01 1 -",  # on the lower bound
    "2 2026-10-01 5 -",  # on the upper one
    "3 2026-10-01 0.99 -",  # just below
    "4 2026-10-01 5.01 -",  # just above
    "5 2026-10-01 - -",  # none
    "- 2026-10-01 3 -",  # no key
    "7 - 3 -",  # a required date is missing
    "8 2026-10-32 3 -",  # an impossible one
    "9 2026-10-01 x -",
    "10 2026-10-01 -1 2026-02-30",  # two faults: the first column's is told
)


def test_each_fault_is_named_with_its_row_and_column():
    assert left_out("tickets", TICKETS) == {
        3: "out_of_range satisfaction", 4: "out_of_range satisfaction", 6: "missing ticket_id", 7: "missing opened_at", 8: "bad_date opened_at",
        9: "bad_number satisfaction", 10: "bad_date resolved_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "frame", "expected"),
    [
        ("feedback", rows("feedback_id score nps", "1 1 0", "2 5 10", "3 0 5", "4 6 5", "5 3 -1", "6 3 11", "7 - -"),
         {3: "out_of_range score", 4: "out_of_range score", 5: "out_of_range nps", 6: "out_of_range nps"}),
        ("opportunities", rows("opportunity_id probability", "1 0", "2 1", "3 1.001", "4 -0.001", "5 90%", "6 -"),
         {3: "out_of_range probability", 4: "out_of_range probability", 5: "bad_number probability"}),
        ("order_lines", rows("order_id product quantity unit_price discount", "1 a -2 5 0", "1 a 0 0 1", "1 a 1 5 1.01"),
         {3: "out_of_range discount"}),                                                     # negative: returned
        ("orders", rows("order_id ordered_at amount", "1 2026-10-01 -20", "2 2026-10-01 0", "3 2026-10-01 1e400", "4 2026-10-01 12,5"),
         {3: "bad_number amount", 4: "bad_number amount"}),                                 # negative: a refund
        ("customers", rows("customer_id no_contact birthday", "1 maybe -", "2 yes 1990-13-01", "3 - 1899-12-31"),
         {1: "bad_flag no_contact", 2: "bad_date birthday", 3: "bad_date birthday"}),
        ("interactions", rows("interaction_id occurred_at channel duration_s", "1 2026-10-01 call 0", "2 2026-10-01 call -0.1", "3 2026-10-01 - 1"),
         {2: "out_of_range duration_s", 3: "missing channel"}),
    ],
)  # fmt: skip
def test_ranges_at_their_bounds(table, frame, expected):
    assert left_out(table, frame) == expected


def test_of_rows_with_the_same_key_the_earliest_counts():
    orders = rows(
        "order_id ordered_at amount",
        "a 2026-10-03 3",
        "a 2026-10-01 1",
        "a 2026-10-01 2",
        "b 2026-10-01 9",
        "a x 0",
        "A 2026-09-01 5",
    )
    assert left_out("orders", orders) == {1: "duplicate order_id", 3: "duplicate order_id", 5: "bad_date ordered_at"}
    kept = Crm.of(orders=orders).frame("orders", ["order_id", "amount"])
    assert sorted(map(tuple, kept.to_numpy())) == [("A", 5), ("a", 1), ("b", 9)]


def test_a_dated_row_counts_before_an_undated_one_of_the_same_key():
    assert left_out("customers", rows("customer_id created_at", "a -", "a 2026-10-01", "b -", "b -")) == {
        1: "duplicate customer_id", 4: "duplicate customer_id"}  # fmt: skip


def test_a_move_is_no_duplicate_but_the_same_move_twice_is():
    reps = rows("rep_id name team active_from", "r Li north -", "r Li south 2026-01-01", "r Li east 2026-01-01", "r Li west -")
    assert left_out("reps", reps) == {3: "duplicate rep_id", 4: "duplicate rep_id"}


def test_rows_that_may_repeat_are_kept():
    twice = rows("opportunity_id stage entered_at", "1 lead 2026-10-01", "1 lead 2026-10-01")
    assert left_out("stage_changes", twice) == {}


def test_a_row_without_its_parent_is_an_orphan_where_parents_are_delivered():
    orders = rows(
        "order_id customer_id ordered_at amount",
        "1 c1 2026-10-01 1",
        "2 c2 2026-10-01 1",
        "3 - 2026-10-01 1",
        "4 C1 2026-10-01 1",
    )
    assert left_out("orders", orders) == {}  # customers are not delivered: nobody is accused
    assert left_out("orders", orders, customers=rows("customer_id", "-")) == {}
    assert left_out("orders", orders, customers=rows("customer_id", "c1")) == {2: "orphan customer_id", 4: "orphan customer_id"}


def test_what_hangs_on_a_row_left_out_is_left_out_too():
    orders = rows("order_id ordered_at amount", "1 2026-10-01 1", "2 2026-10-01 x")
    lines = rows("order_id product quantity unit_price", "1 a 1 1", "2 a 1 1", "3 a 1 1")
    assert left_out("order_lines", lines, orders=orders) == {2: "orphan order_id", 3: "orphan order_id"}


# ------------------------------------------------------------------------------------------------ how much is too much


@pytest.mark.parametrize(
    ("good", "bad", "limit", "refused"),
    [(49, 1, None, False), (48, 1, None, True), (50, 1, None, False), (0, 1, None, True), (0, 0, None, False), (9, 1, 0.1, False), (8, 1, 0.1, True),
     (999, 1, 0, True), (0, 3, 1, False)],
)  # fmt: skip
def test_up_to_the_limit_rows_are_left_out_above_it_the_source_is_refused(tmp_path, good, bad, limit, refused):
    content = ORDERS + "".join(f"{i},2026-10-01,1\n" for i in range(good)) + "".join(f"x{i},2026-10-01,?\n" for i in range(bad))
    business = "{}" if limit is None else f"{{max_left_out: {{orders: {limit}}}}}"
    path = settings(tmp_path, given.folder(tmp_path, orders=content), business, ", as_of: 2026-10-31")
    if refused:
        refusal(
            tmp_path, lambda: prepare(path), f"orders: {bad} of {good + bad} rows would be left out (bad_number {bad})", "allowed"
        )
    else:
        assert prepare(path).tables["orders"]["left_out"] == ({"bad_number": bad} if bad else {})


def test_a_refusal_names_the_first_rows_and_the_cure(tmp_path):
    content = (
        ORDERS
        + GOOD
        + "2,2026-02-30,20\n3,2026-10-03,12 EUR\n1,2026-10-03,20\n"
        + "4,,20\n5,2026-10-03,x\n6,2026-10-03,y\n7,2026-10-03,z\n"
    )
    message = refusal(tmp_path, lambda: prepared(tmp_path, orders=content), "orders: 7 of 8 rows would be left out",
                      "bad_date 1, bad_number 4, duplicate 1, missing 1", "more than the 2.0% allowed", "raise business.max_left_out.orders")  # fmt: skip
    first = ["row 2: bad_date in ordered_at ('2026-02-30')", "row 3: bad_number in amount ('12 EUR')", "row 4: duplicate in order_id ('1')",
             "row 5: missing in ordered_at", "row 6: bad_number in amount ('x')"]  # fmt: skip
    assert "; ".join(first) in message
    assert "row 7" not in message


def test_no_message_repeats_what_is_personal(tmp_path):
    customers = "customer_id,name,phone,email,company,birthday\n1,Zhang San,13812341234,zhang@example.com,Acme,31.12.1990\n,Li Si,13912341234,li@example.com,Acme,\n"
    message = refusal(
        tmp_path, lambda: prepared(tmp_path, customers=customers), "row 1: bad_date in birthday;", "row 2: missing in customer_id"
    )
    assert not [p for p in ("Zhang", "1381234", "example.com", "Acme", "1990", "Li Si") if p in message]


def test_a_long_value_is_cut(tmp_path):
    message = refusal(tmp_path, lambda: prepared(tmp_path, orders=ORDERS + f"1,2026-10-03,{'9' * 5000}x\n"), "'" + "9" * 40 + "'")
    assert len(message) < 400


# ------------------------------------------------------------------------------------------------ what it hands over


def test_the_door_counts_what_it_found(tmp_path):
    ready = prepared(
        tmp_path,
        customers="customer_id,creatd_at,name\n1,2026-01-01,NA\n2,,None\n3,,null\n",
        orders="order_id,customer_id,ordered_at,amount\n"
        + "".join(f"{i},1,2026-10-{i % 28 + 1:02d},1\n" for i in range(100))
        + "x,9,2026-10-01,1\n",
    )
    assert {n: (t["rows"], t["undated"], t["left_out"]) for n, t in ready.tables.items() if t["delivered"]} == {
        "customers": (3, 3, {}), "orders": (100, 0, {"orphan": 1})}  # fmt: skip
    assert ready.warnings == ["customers: the column 'creatd_at' is not read (did you mean 'created_at'?)"]
    assert values(ready, "customers", "name") == ["NA", "None", "null"]
    assert values(ready, "orders__left_out", '_row, reason, "column"') == [(101, "orphan", "customer_id")]
    assert json.loads(values(ready, "orders__left_out", "row")[0])["customer_id"] == "9"


def test_tables_that_are_not_delivered_are_there_typed_and_empty(tmp_path):
    ready = prepared(tmp_path, orders=ORDERS + GOOD)
    invoices = table(ready, "invoices")
    assert len(invoices) == 0
    kinds = dict(
        duckdb.sql(f"select column_name, column_type from (describe select * from '{ready.folder}/invoices.parquet')").fetchall()
    )
    assert {k: kinds[k] for k in ("invoice_id", "issued_on", "amount", "disputed", "_at", "_team")} == {
        "invoice_id": "VARCHAR", "issued_on": "DATE", "amount": "DECIMAL(18,4)", "disputed": "BOOLEAN", "_at": "TIMESTAMP", "_team": "VARCHAR"}  # fmt: skip


def test_a_row_keeps_its_place(tmp_path):
    orders = ORDERS + "".join(f"{i},2026-10-01,1\n" for i in range(3000, 0, -1))
    assert values(prepared(tmp_path, orders=orders), "orders", "order_id") == [str(i) for i in range(3000, 0, -1)]


def test_rows_keep_their_place_whatever_is_looked_up_for_them(tmp_path):
    """More rows than one thread takes at a time, of people who moved, with customers' people and without any."""
    n = 150_000
    customers = "customer_id,rep_id\n" + "".join(f"c{i},{'r1' if i % 2 else ''}\n" for i in range(10))
    orders = "order_id,customer_id,ordered_at,amount,rep_id\n" + "".join(
        f"{i},c{i % 10},2026-0{i % 9 + 1}-01,1,{['r1', 'r2', ''][i % 3]}\n" for i in range(n, 0, -1)
    )
    reps = "rep_id,name,team,active_from\nr1,Li,north,\nr1,Li,south,2026-05-01\nr2,Wu,east,2026-03-01\n"
    deals = "opportunity_id,customer_id\n" + "".join(f"{i},c1\n" for i in range(3000, 0, -1))
    stages = "opportunity_id,stage,entered_at\n" + "".join(f"{i},lead,2026-01-0{i % 9 + 1}\n" for i in range(3000, 0, -1))
    ready = prepared(tmp_path, customers=customers, orders=orders, reps=reps, opportunities=deals, stage_changes=stages)
    assert values(ready, "orders", "order_id") == [str(i) for i in range(n, 0, -1)]
    assert values(ready, "opportunities", "opportunity_id") == [str(i) for i in range(3000, 0, -1)]
    assert values(ready, "stage_changes", "opportunity_id") == [str(i) for i in range(3000, 0, -1)]
    assert values(ready, "orders", "_team")[:9] == ["south", "south", "east", "north", None, "north", "north", "south", "east"]


def test_the_order_of_rows_changes_no_content(tmp_path):
    lines = ["b,2026-10-02,2\n", "a,2026-10-01,1\n", "c,2026-10-02,3\n", "a,2026-10-05,9\n"]
    business = "{max_left_out: {orders: 1}}"
    found = []
    for order in (lines, lines[::-1]):
        path = settings(tmp_path, given.folder(tmp_path, orders=ORDERS + "".join(order)), business)
        found.append(sorted(values(prepare(path), "orders", "order_id, amount::int")))
    assert found[0] == found[1] == [("a", 1), ("b", 2), ("c", 3)]


def test_first_and_last_days_are_those_of_what_happened(tmp_path):
    ready = prepared(
        tmp_path,
        reps="rep_id,name,team,active_from,active_to\nr,Li,north,2019-01-01,2031-01-01\n",  # contracts are no events
        campaigns="campaign_id,name,started_on,ended_on\n1,x,2018-01-01,2032-01-01\n",
        orders=ORDERS + GOOD,
        opportunities="opportunity_id,created_at,expected_close_on,closed_at\n1,2026-01-05,2033-01-01,2026-11-04\n",
    )
    assert (str(ready.first_day), ready.last_moment.isoformat()) == ("2026-01-05", "2026-11-04T00:00:00")


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    def full(self, query, *args):
        if query.startswith("copy"):
            raise duckdb.IOException("IO Error: Could not write file: No space left on device")
        return self.con.execute(query, *args)

    class Full:
        execute = full

        def __init__(self, con):
            self.con = con

    from crmlib import coverage

    real = coverage.write_tables
    monkeypatch.setattr(coverage, "write_tables", lambda con, door, folder: real(Full(con), door, folder))
    with pytest.raises(CrmError, match=r"cannot be written; its disk has [\d,]+ MB free.*--out"):
        prepared(tmp_path, orders=ORDERS + "on a full disk,2026-10-03,20\n")


# ------------------------------------------------------------------------------------------------ the locked door


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('{secret}')",
        "select * from read_csv('{secret}')",
        "select * from glob('{folder}/*')",
        "copy (select 1) to '{folder}/stolen.csv'",
        "attach '{folder}/other.duckdb'",
        "install httpfs",
        "load httpfs",
        "select * from read_csv('https://example.com/a.csv')",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "set lock_configuration = false",
        "export database '{folder}/all'",
        "select * from read_text('{scratch}/../secret.txt')",
        "copy (select 1) to '{scratch}/../stolen.csv'",
    ],
)
def test_the_connection_reads_the_declared_files_and_nothing_else(tmp_path, query):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    orders, secret = given.folder(tmp_path, orders=ORDERS + GOOD) / "orders.csv", tmp_path / "secret.txt"
    secret.write_text("secret")
    with connection([orders], scratch) as con:
        assert con.execute(f"select count(*) from read_csv('{orders}')").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error, match="ermission|disabled|locked|not allowed|annot"):
            con.execute(query.format(secret=secret, folder=tmp_path, scratch=scratch)).fetchall()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["acme", "scratch", "secret.txt"]
