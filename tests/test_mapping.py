"""A source file's mapping: what it may say, what it reads, what it refuses and how that is said."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal

import duckdb
import openpyxl
import pytest
from given import refusal, values

from crmlib.crm import open_crm
from crmlib.inputs import DeclaredDay
from crmlib.schema import tables
from crmlib.sources import open_source, prepare

DEALS = 'Deal Id,Amount,Stage,Agent,Closed\nD1,"$1,200.50",Closed Won,A1,"15 Apr, 2026 00:03:00"\nD2,$30,Open,A2,\nD3,,Closed Lost,,"16 Apr, 2026 10:00:00"\n'
AGENTS = "Agent,Team\nA1,North\nA2,South\n"
TABLES = """
    opportunities:
      from: deals
      columns:
        opportunity_id: Deal Id
        amount: money("Amount")
        rep_id: Agent
        stage: {from: Stage, values: {Closed Won: won, Closed Lost: lost}}
        closed_at: Closed
        is_won: case Stage when 'Closed Won' then true when 'Closed Lost' then false end
"""
FILES = """
    deals: {path: Deals.csv, dates: "%d %b, %Y %H:%M:%S", numbers: "$1,234.56"}
    agents: {path: Agents.csv}
"""


def written(
    tmp_path,
    tables_=TABLES,
    files=FILES,
    more="",
    business="{stages: [lead, won], max_left_out: {opportunities: 0.9, orders: 0.9}}",
    **content,
):
    """A source file and its folder; → the file's path."""
    place = tmp_path / "exports"
    place.mkdir(exist_ok=True)
    for name, text in ({"Deals.csv": DEALS, "Agents.csv": AGENTS} | content).items():
        (place / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    path = tmp_path / "acme.yml"
    listed = f"  tables:{tables_}" if tables_.strip() else ""
    path.write_text(f"business: {business}\nmapping:\n  folder: {place}\n{more}  files:{files}{listed}", "utf-8")
    return str(path)


def test_columns_expressions_and_translations(tmp_path):
    ready = prepare(written(tmp_path))
    assert values(ready, "opportunities", "opportunity_id, amount, stage, closed_at, is_won, rep_id") == [
        ("D1", Decimal("1200.5000"), "won", datetime(2026, 4, 15, 0, 3), True, "A1"),
        ("D2", Decimal("30.0000"), "Open", None, None, "A2"),
        ("D3", None, "lost", datetime(2026, 4, 16, 10, 0), False, None),
    ]
    assert ready.tables["opportunities"]["delivered"] == ["opportunity_id", "rep_id", "amount", "stage", "closed_at", "is_won"]
    assert ready.tables["opportunities"]["sha256"] == hashlib.sha256(DEALS.encode()).hexdigest()


def test_what_is_not_written_as_declared_is_left_out_as_it_was_delivered(tmp_path):
    deals = DEALS + 'D4,"1.200,50",Open,,\nD5,n/a,Open,,\nD6,5,Open,,16.4.2026\nD7,12x,Open,,\n'
    ready = prepare(written(tmp_path, **{"Deals.csv": deals}))
    assert ready.tables["opportunities"]["left_out"] == {"bad_date": 1, "bad_number": 3}
    raw = dict(values(ready, "opportunities__left_out", "_row, row"))
    assert (json.loads(raw[5])["amount"], json.loads(raw[6])["closed_at"]) == ("n/a", "16.4.2026")


def test_expressions_never_turn_a_bad_value_into_an_empty_one(tmp_path):
    more = """
    orders:
      from: deals
      columns: {order_id: Deal Id, ordered_at: moment("Closed"), amount: number("Amount") * 2}
"""
    deals = 'Deal Id,Amount,Stage,Agent,Closed\nD1,"$1,200.50",x,,"15 Apr, 2026 00:03:00"\nD2,n/a,x,,"15 Apr, 2026 00:03:00"\nD3,1,x,,soon\nD4,1,x,,2026-04-01\n'
    ready = prepare(written(tmp_path, more, **{"Deals.csv": deals}))
    assert values(ready, "orders", "order_id, amount") == [("D1", Decimal("2401.0000")), ("D4", Decimal("2.0000"))]
    assert ready.tables["orders"]["left_out"] == {"bad_date": 1, "bad_number": 1}


def test_joins_and_filters(tmp_path):
    joined = """
    orders:
      from: deals
      join: {agents: deals.Agent = agents.Agent}
      where: Stage <> 'Open'
      columns: {order_id: Deal Id, ordered_at: Closed, amount: "coalesce(\\"Amount\\", '1')", region: Team}
"""
    ready = prepare(written(tmp_path, joined))
    assert values(ready, "orders", "order_id, region, amount") == [
        ("D1", "North", Decimal("1200.5000")),
        ("D3", None, Decimal("1.0000")),
    ]
    assert ready.tables["orders"]["sha256"] not in (
        hashlib.sha256(DEALS.encode()).hexdigest(),
        None,
    )  # two files: the hash of both
    twice = written(tmp_path, joined, **{"Agents.csv": AGENTS + "A1,West\n"})
    refusal(tmp_path, lambda: prepare(twice), "acme.yml, line 10", "4 rows out of 3", "agents has several rows for one")


def test_a_query_makes_a_table_of_several_files(tmp_path):
    lines = "Invoice,Agent,Qty,Price,When\n7,A1,2,1.25,2026-10-01\n7,A1,1,0.10,2026-10-01\n8,A2,3,1,2026-10-02\n"
    query = """
    orders:
      query: |
        with sums as (select Invoice, any_value(Agent) as who, min("When") as day, sum(Qty::int * Price::decimal(9, 2)) as total from lines group by 1)
        select Invoice as order_id, day as ordered_at, total as amount, Team as region
        from sums left join agents on agents.Agent = sums.who
    reps:
      from: agents
      columns: {rep_id: Agent, name: Agent, team: Team}
"""
    path = written(tmp_path, query, "\n    lines: {path: Lines.csv}\n    agents: {path: Agents.csv}\n", **{"Lines.csv": lines})
    ready = prepare(path)
    expected = {("7", Decimal("2.6000"), "North"), ("8", Decimal("3.0000"), "South")}
    assert set(values(ready, "orders", "order_id, amount, region")) == expected
    assert open_crm(path, "2026-10").rows("orders") == 2


def test_canonical_columns_need_no_columns(tmp_path):
    orders = "order_id;ordered_at;amount;note\n1;3.10.2026;1.234,50;x\n"
    files = '\n    orders: {path: o.csv, delimiter: ";", dates: "%d.%m.%Y", numbers: "1.234,56"}\n'
    path = written(tmp_path, "\n", files, **{"o.csv": orders}).replace("x", "x")
    ready = prepare(path)  # no tables: every declared file is a canonical table
    assert values(ready, "orders", "ordered_at, amount") == [(datetime(2026, 10, 3), Decimal("1234.5000"))]
    ready = prepare(written(tmp_path, "\n    orders: {from: o.csv}\n", "\n    x: {path: o.csv}\n", **{"o.csv": orders.replace(";", ",").replace("1.234,50", "12").replace("3.10.2026", "2026-10-03")}))  # fmt: skip
    assert values(ready, "orders", "amount") == [Decimal("12.0000")]


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "latin-1", "utf-8-sig", "big5"])
def test_declared_encodings(tmp_path, encoding):
    name = "Müller" if encoding == "latin-1" else "北京"
    text = f"id\tname\n1\t{name}\n".encode(encoding)
    files = f"\n    people: {{path: p.txt, encoding: {encoding}, delimiter: tab}}\n"
    more = "\n    customers: {from: people, columns: {customer_id: id, name: name, created_at: \"'2026-10-01'\"}}\n"
    assert values(prepare(written(tmp_path, more, files, **{"p.txt": text})), "customers", "name") == [name]


def test_a_wrong_declaration_of_the_encoding(tmp_path):
    files = "\n    deals: {path: Deals.csv, encoding: gbk}\n"
    path = written(
        tmp_path,
        "\n    customers: {from: deals, columns: {customer_id: Deal Id}}\n",
        files,
        **{"Deals.csv": b"Deal Id\n1\n\xff\xff\n"},
    )
    refusal(tmp_path, lambda: prepare(path), "Deals.csv, about line 3", "declared as gbk")


def test_lines_before_the_header(tmp_path):
    text = 'Report of 2026\n"Printed, today"\nid,day,sum\n1,2026-10-01,5\n'
    files = "\n    sold: {path: s.csv, skip: 2}\n"
    more = "\n    orders: {from: sold, columns: {order_id: id, ordered_at: day, amount: sum}}\n"
    assert values(prepare(written(tmp_path, more, files, **{"s.csv": text})), "orders", "order_id, amount") == [
        ("1", Decimal("5.0000"))
    ]


def book(tmp_path, rows, sheet="Orders"):
    workbook = openpyxl.Workbook()
    workbook.active.title = "Notes"
    page = workbook.create_sheet(sheet)
    for row in rows:
        page.append(row)
    path = tmp_path / "b.xlsx"
    workbook.save(path)
    return path.read_bytes()


def test_a_sheet_of_a_workbook(tmp_path):
    rows = [
        ["Printed today"], ["Order", "Day", "Sum", "Paid", "Who"], ["007", datetime(2026, 10, 3, 14, 30), 1234.5, True, "A, \"B\"\nC"],
        [8, date(2026, 10, 4), "1.000,25", False, None], [None, None, None, None, None], [9.0, "05.10.2026", 0.1, None, "=x"],
    ]  # fmt: skip
    files = '\n    sold: {path: b.xlsx, sheet: Orders, skip: 1, numbers: "1.234,56", dates: "%d.%m.%Y"}\n'
    more = "\n    orders: {from: sold, columns: {order_id: Order, ordered_at: Day, amount: Sum, region: Who}}\n"
    ready = prepare(written(tmp_path, more, files, **{"b.xlsx": book(tmp_path, rows)}))
    assert values(ready, "orders", "order_id, ordered_at, amount") == [
        ("007", datetime(2026, 10, 3, 14, 30), Decimal("1234.5000")), ("8", datetime(2026, 10, 4), Decimal("1000.2500")),
        ("9", datetime(2026, 10, 5), Decimal("0.1000")),
    ]  # fmt: skip
    path = written(tmp_path, more, files.replace("Orders", "Ordres"))
    refusal(tmp_path, lambda: prepare(path), "b.xlsx:Ordres has no sheet 'Ordres'", "did you mean 'Orders'?")
    path = written(tmp_path, more, files, **{"b.xlsx": b"<html>no</html>"})
    refusal(tmp_path, lambda: prepare(path), "b.xlsx:Orders cannot be read as an Excel workbook", "saved as .xlsx")


def test_a_table_of_a_duckdb_file_and_a_parquet_file(tmp_path):
    place = tmp_path / "exports"
    place.mkdir()
    with duckdb.connect(place / "crm.duckdb") as con:
        con.execute("create table Sales as select 7 as No, date '2026-10-01' as Day, 2.5::double as Sum")
        con.execute(f"copy (select 'a' as who, 7.0::double as No) to '{place / 'who.parquet'}' (format parquet)")
    files = "\n    sales: {path: crm.duckdb, table: Sales}\n    who: {path: who.parquet}\n"
    more = '\n    orders: {from: sales, join: {who: sales.No = who.No}, columns: {order_id: "No", ordered_at: Day, amount: Sum, region: who}}\n'
    path = written(tmp_path, more, files)
    ready = prepare(path)
    assert values(ready, "orders", "order_id, amount, region") == [("7", Decimal("2.5000"), "a")]


def test_ids_that_are_missing_are_counted_and_a_day_is_declared_for_what_has_none(tmp_path):
    remarks = "text,kind\nGood,Returns\nBad,Orders\n"
    more = "\n    feedback: {from: remarks, columns: {feedback_id: row_number() over (), category: kind, comment: text}}\n"
    path = written(tmp_path, more, "\n    remarks: {path: r.csv}\n", "  as_of: 2026-08-31\n", **{"r.csv": remarks})
    ready = prepare(path)
    assert values(ready, "feedback", "feedback_id, given_at, category") == [
        ("1", datetime(2026, 8, 31), "Returns"), ("2", datetime(2026, 8, 31), "Orders")]  # fmt: skip
    assert ready.tables["feedback"]["undated"] == 0 and ready.door["dated_by_declaration"] == ["feedback"]
    without = written(tmp_path, more, "\n    remarks: {path: r.csv}\n", **{"r.csv": remarks})
    refusal(tmp_path, lambda: prepare(without), "holds no row with a date", "mapping.as_of")


def test_which_tables_a_declared_day_dates(tmp_path):
    day = DeclaredDay(date(2026, 8, 31))
    dated = {n for n, t in tables().items() if day.fills(t)}
    assert dated == {"opportunities", "orders", "interactions", "stage_changes", "feedback", "improvements", "campaign_contacts", "costs", "tickets",
                     "invoices", "changes"}  # fmt: skip
    assert not any(DeclaredDay().fills(t) for t in tables().values())
    place = tmp_path / "plain"
    place.mkdir()
    (place / "tickets.csv").write_text("ticket_id\nT1\n")
    (place / "customers.csv").write_text("customer_id\n1\n")
    (tmp_path / "plain.yml").write_text(f"mapping: {{folder: {place}, as_of: 2026-08-31}}\n")
    ready = prepare(str(tmp_path / "plain.yml"))
    assert values(ready, "tickets", "opened_at") == [datetime(2026, 8, 31)] and values(ready, "customers", "created_at") == [None]
    assert ready.door["dated_by_declaration"] == ["tickets"]


REFUSED = [
    # what is said (line 8 is the table's), what the message says, the exit code
    ("amount: (select 1)", ["opportunities.columns.amount", "a subquery"], 2),
    ("amount: 1) from deals; drop table x; select (1", ["is no SQL of this kind"], 2),
    ("amount: 1), (2", ["more than one expression"], 2),
    ("amount: 1) from given.deals where (true", ["more than one expression"], 2),
    ("amount: Amout", ["line 12", "'Amout'", "did you mean 'Amount'?", "It has: Deal Id, Amount"], 3),
    ("amount: Deal Idd", ["is no SQL of this kind", "did you mean 'Deal Id'?"], 2),
    ("amount: nosuch(Amount)", ["opportunities.amount cannot be worked out", "nosuch"], 2),
    ("amount: sum(Stage::int)", ["opportunities", "cannot be worked out"], 2),
    ("amonut: Amount", ["opportunities has no column 'amonut'", "did you mean 'amount'?"], 2),
    ("stage: {from: Stage, values: {1: won}}", ["string"], 2),
    ('closed_at: {from: Closed, dates: "dd.mm"}', ["is no way to write a day"], 2),
    ('amount: {from: Amount, numbers: "1.2.3"}', ["is given by an example"], 2),
]


@pytest.mark.parametrize(("column", "says", "code"), REFUSED)
def test_columns_that_are_refused(tmp_path, column, says, code):
    one = f"\n    opportunities:\n      from: deals\n      columns:\n        opportunity_id: Deal Id\n        {column}\n"
    refusal(tmp_path, lambda: prepare(written(tmp_path, one)), "acme.yml", *says, code=code)


SECRET = "the file beside it"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select * from read_text('{beside}')", ["reads something other than the declared files"]),
        ("select content as order_id, 1 as amount from read_blob('{beside}')", ["reads something other than the declared files"]),
        ("select * from read_csv('http://127.0.0.1/x.csv')", ["reads something other than the declared files"]),
        ("copy deals to '{beside}'", ["is no SQL of this kind"]),
        ("attach '{beside}' as x", ["is no SQL of this kind"]),
        ("set lock_configuration = false", ["is no SQL of this kind"]),
        ("select 1; select 2", ["more than one statement"]),
        ("select * from dealz", ["'dealz', which is no declared file", "Declared are: agents, deals"]),
        ("select * from main.orders", ["which is no declared file"]),
        ("select * from '{beside}'", ["which is no declared file"]),
        ("select nope from deals", ["'nope'", "It has: Deal Id"]),
        ("selec 1", ["is no SQL of this kind"]),
    ],
)
def test_queries_that_are_refused(tmp_path, query, says):
    beside = tmp_path / "beside.txt"
    beside.write_text(SECRET)
    one = f"\n    orders:\n      query: |\n        {query.format(beside=beside)}\n"
    message = refusal(
        tmp_path, lambda: prepare(written(tmp_path, one)), "acme.yml, line 9", *says, code=3 if "nope" in query else 2
    )
    assert SECRET not in message and beside.read_text() == SECRET


@pytest.mark.parametrize(
    ("tables_", "files", "says", "code"),
    [
        ("\n    orders: {from: nobody}\n", FILES, ["'nobody', which is no declared file", "known: agents, deals"], 2),
        ("\n    orders: {from: deals, query: select 1}\n", FILES, ["a table needs either from: or query:"], 2),
        ("\n    orders: {}\n", FILES, ["a table needs either from: or query:"], 2),
        ("\n    ordres: {from: deals}\n", FILES, ["there is no table 'ordres'", "did you mean 'orders'?"], 2),
        (
            "\n    orders: {from: deals, columns: {order_id: Deal Id}}\n",
            FILES,
            ["line 8", "orders gets no 'ordered_at'", "It gets: order_id"],
            3,
        ),
        ("\n    orders: {from: deals}\n", FILES, ["no column of Deals.csv has the name of one of orders's"], 3),
        (TABLES, "\n    deals: {path: Deal.csv}\n", ["line 5", "no file 'Deal.csv' in exports/", "did you mean 'Deals.csv'?"], 3),
        (TABLES, "\n    deals: {path: 'http://x/y.csv'}\n", ["is an address"], 2),
        (TABLES, "\n    deals: {path: Deals.csv, delimeter: ';'}\n", ["delimeter"], 2),
        (TABLES, "\n    deals: {path: Deals.csv, delimiter: '::'}\n", ["one sign"], 2),
        (TABLES, "\n    deals: {path: Deals.csv, encoding: utf-9}\n", ["is no encoding"], 2),
        (TABLES, "\n    deals: {path: Deals.csv, time_zone: Mars}\n", ["is no time zone"], 2),
        (TABLES, "\n    deals: {path: Deals.csv, rows: 4}\n", ["Deals.csv has 3 rows", "line 5 declares 4", "cut off"], 3),
        (
            TABLES,
            f"\n    deals: {{path: Deals.csv, sha256: {'a' * 64}}}\n",
            ["is not the file that acme.yml, line 5 declares"],
            3,
        ),
        ("\n", "\n    deals: {path: Deals.csv}\n", ["'deals'", "no canonical table"], 2),
    ],
)
def test_settings_that_are_refused(tmp_path, tables_, files, says, code):
    refusal(tmp_path, lambda: prepare(written(tmp_path, tables_, files)), "acme.yml", *says, code=code)


def test_a_control_total_that_holds(tmp_path):
    files = f"\n    deals: {{path: Deals.csv, rows: 3, sha256: {hashlib.sha256(DEALS.encode()).hexdigest()}, numbers: '$1,234.56', dates: '%d %b, %Y %H:%M:%S'}}\n"
    assert prepare(written(tmp_path, files=files)).tables["opportunities"]["rows"] == 3


def test_another_mapping_is_another_store(tmp_path):
    keys = {
        open_source(written(tmp_path, files=FILES.replace("$1,234.56", example))).key
        for example in ("$1,234.56", "1,234.56", "1.234,56")
    }
    keys |= {open_source(written(tmp_path, TABLES.replace('money("Amount")', "Amount"))).key}
    assert len(keys) == 4


def test_files_of_one_name_in_two_folders_are_two_files(tmp_path):
    place = tmp_path / "exports"
    for year, day in (("2025", "1.2.2025"), ("2026", "1.2.2026")):
        (place / year).mkdir(parents=True)
        (place / year / "Sold.csv").write_bytes(f"No;Day;Wert\nÄ{year};{day};5\n".encode("latin-1"))
    files = "".join(f'\n    y{y}: {{path: {y}/Sold.csv, encoding: latin-1, delimiter: ";"}}' for y in (2025, 2026))
    query = """
    orders:
      dates: "%d.%m.%Y"
      query: select "No" as order_id, "Day" as ordered_at, Wert as amount from y2025 union all select "No", "Day", Wert from y2026
"""
    assert sorted(values(prepare(written(tmp_path, query, files + "\n")), "orders", "order_id")) == ["Ä2025", "Ä2026"]


def test_tables_of_two_duckdb_files(tmp_path):
    place = tmp_path / "exports"
    place.mkdir()
    for name, table in (("a.duckdb", "o"), ("b.DUCKDB", "c")):
        with duckdb.connect(place / name) as con:
            con.execute(f"create table {table} as select '7' as id, date '2026-10-01' as day, 2 as amount")
    files = "\n    a: {path: a.duckdb, table: o}\n    b: {path: b.DUCKDB, table: c}\n"
    more = "\n    orders: {from: a, columns: {order_id: id, ordered_at: day, amount: amount}}\n    customers: {from: b, columns: {customer_id: id}}\n"
    ready = prepare(written(tmp_path, more, files))
    assert values(ready, "orders", "order_id") == values(ready, "customers", "customer_id") == ["7"]
    (place / "b.DUCKDB").write_bytes(b"no database at all, but a text of some length")
    refusal(tmp_path, lambda: prepare(written(tmp_path, more, files)), "b.DUCKDB cannot be opened as a DuckDB file")


@pytest.mark.parametrize(
    ("column", "says", "code"),
    [
        ("product: unnest(string_split(Stage, ' '))", ["makes several rows of one"], 2),
        ("created_at: now()", ["calls now()", "another value each time"], 2),
        ("created_at: current_date", ["another value each time"], 2),
        ("amount: random()", ["calls random()"], 2),
        ("amount: (Stage)::int", ["line 8", "a value cannot be turned", "try_cast, number() or moment()"], 3),
    ],
)
def test_expressions_that_are_not_the_same_for_the_same_row_or_break_on_one(tmp_path, column, says, code):
    one = f"\n    opportunities:\n      from: deals\n      columns:\n        opportunity_id: Deal Id\n        {column}\n"
    message = refusal(tmp_path, lambda: prepare(written(tmp_path, one)), "acme.yml", *says, code=code)
    assert "Closed Won" not in message


@pytest.mark.parametrize(
    "sql",
    [
        "select * from query('select 1 as a')",
        "select * from duckdb_settings()",
        "describe deals",
        "select * from deals using sample 1",
    ],
)
def test_queries_read_the_declared_files_alone_and_all_of_them(tmp_path, sql):
    one = f"\n    orders:\n      query: {sql}\n"
    refusal(tmp_path, lambda: prepare(written(tmp_path, one)), "acme.yml, line 9", "the query of orders", code=2)


def test_rows_are_called_by_their_place_in_the_file(tmp_path):
    one = """
    orders:
      from: deals
      where: Stage <> 'Open'   -- all but the second
      join: {agents: deals.Agent = agents.Agent  -- at most one}
      columns: {order_id: Deal Id, ordered_at: Closed, amount: Amount}
"""
    ready = prepare(written(tmp_path, one))
    assert values(ready, "orders__left_out", '_row, reason, "column"') == [(3, "missing", "amount")]
    assert "row in file" not in json.dumps(ready.door) and ready.warnings == []


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/hostname", "x/../../y.csv"])
def test_paths_stay_within_the_folder(tmp_path, path):
    refusal(
        tmp_path,
        lambda: prepare(written(tmp_path, files=f"\n    deals: {{path: {path}}}\n")),
        "a path lies within the folder",
        code=2,
    )


def test_names_of_files_differ_by_more_than_capital_letters(tmp_path):
    files = FILES + "    Deals: {path: Agents.csv}\n"
    refusal(tmp_path, lambda: prepare(written(tmp_path, files=files)), "stands twice, but for small and capital letters", code=2)


def test_a_condition_is_true_or_false(tmp_path):
    one = "\n    orders: {from: deals, where: Stage, columns: {order_id: Deal Id, ordered_at: Closed, amount: Amount}}\n"
    refusal(tmp_path, lambda: prepare(written(tmp_path, one)), "where of orders is no condition (its value is VARCHAR)", code=2)


def test_values_are_translated_whatever_spaces_are_around_them(tmp_path):
    ready = prepare(written(tmp_path, **{"Deals.csv": DEALS.replace("Closed Won", "Closed Won\u00a0 ")}))
    assert values(ready, "opportunities", "stage")[0] == "won"


def test_a_moment_of_an_expression_is_shifted_once(tmp_path):
    one = """
    orders:
      from: deals
      columns: {order_id: Deal Id, amount: "1", ordered_at: 'coalesce(moment("Closed"), moment("Agent"))'}
"""
    files = '\n    deals: {path: Deals.csv, dates: ["%d.%m.%Y %H:%M", "%d.%m.%Y"], time_zone: UTC}\n'
    deals = "Deal Id,Agent,Closed\n1,,15.04.2026 02:00\n2,15.04.2026,\n3,,2026-04-15 23:30:00+02:00\n"
    ready = prepare(written(tmp_path, one, files, business="{time_zone: America/New_York}", **{"Deals.csv": deals}))
    assert values(ready, "orders", "ordered_at") == [
        datetime(2026, 4, 14, 22),
        datetime(2026, 4, 15),
        datetime(2026, 4, 15, 17, 30),
    ]


def test_a_query_of_one_file_reads_values_as_that_file_writes_them(tmp_path):
    one = '\n    orders: {query: \'select "Deal Id" as order_id, moment("Closed") as ordered_at, Amount as amount from deals where Closed is not null\'}\n'
    assert values(prepare(written(tmp_path, one)), "orders", "order_id, amount") == [("D1", Decimal("1200.5000"))]


def test_a_declared_separator_may_be_missing(tmp_path):
    path = written(tmp_path, **{"Deals.csv": DEALS.replace(",", ";")})
    refusal(tmp_path, lambda: prepare(path), "its columns are separated by ';': say delimiter: ';' under files", code=2)


def test_a_sheet_with_blank_lines_before_its_header_and_rows_of_any_width(tmp_path):
    rows = [
        ["Title"],
        [],
        ["Order", "Day", "Sum", None],
        ["1", datetime(2026, 10, 3), 12.345],
        ["2", datetime(2026, 10, 4), 5, "note", "more"],
        ["3"],
    ]
    files = "\n    sold: {path: b.xlsx, sheet: Orders, skip: 2}\n"
    more = '\n    orders: {from: sold, columns: {order_id: Order, ordered_at: Day, amount: {from: Sum, numbers: "1.234,56"}}}\n'
    ready = prepare(written(tmp_path, more, files, **{"b.xlsx": book(tmp_path, rows)}))
    assert values(ready, "orders", "order_id, amount") == [("1", Decimal("12.3450")), ("2", Decimal("5.0000"))]
    assert ready.tables["orders"]["left_out"] == {"missing": 1}
    empty = written(tmp_path, more, files, **{"b.xlsx": book(tmp_path, [])})
    refusal(tmp_path, lambda: prepare(empty), "b.xlsx:Orders has no header in line 3")
