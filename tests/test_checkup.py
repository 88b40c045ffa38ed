"""`check`: a source held against the contract; every fault by its file, row and column, and nothing written."""

import os
import re
import subprocess
import sys

import given
import pytest

from crmlib import places
from crmlib.checkup import checkup
from crmlib.sources import prepare

FAULTY = {
    "customers": "customer_id,created_at,name\n1,2026-10-01,Li\n2,2026-10-02,Wang\n2,2026-10-03,Zhao\n3,0000-00-00,Qian\n4,2026-02-30,Sun\n",
    "reps": "rep_id,name,team\nr1,北,North\n".encode("gbk"),
    "orders": "order_id;ordered_at;amount\n1;2026-10-03;20\n",
    "order_lines": "order_id,product,quantity,unit_price\n1,a,2,5\n1,b,1,2,9\n",
    "opportunities": "opportunity_id,created_at,amount,amount\nd1,2026-10-01,5,6\n",
    "tickets": "<!DOCTYPE html><html><body>Login</body></html>\n",
    "interactions": 'interaction_id,customer_id,occurred_at,channel,duration_s,quality,opened,chanel\ni1,1,2026-10-01,phone,"12,5",3,yes,\n'
    "i2,9,2026-10-02,phone,5,3,no,\ni3,1,2026-10-03,phone,5,9,no,\ni4,1,03/10/2026,phone,5,2,no,\ni5,1,2026-10-05,phone,1e400,2,no,\n"
    "i6,1,2026-10-05,,1,2,no,\ni7,1,2026-10-05,x,1,2,maybe,\ni8,1,2026-10-05,x,1,2,no,\n",
    "feedback": "",
    "invoices": "invoice_id,customer_id,issued_on,amount,currency\nv1,1,2026-10-01,6,CNY\nv2,1,2026-10-02,5,USD\n",
    "campaigns": "campaign_id,name\nk,x\n".encode("utf-16"),
    "costs": "booked_on,kind,amuont\n2026-10-01,tools,5\n",
    "improvements": 'improvement_id,category,opened_on\nm1,"abc,2026-10-01\nm2,x,2026-10-02\n',
    "targets": "period,metric,value\n2026-10,win_rate,0.3\n2026-11,win_rate,0.3",
    "ordrs": "order_id\n1\n",
    "market": "period,amount,region\n2026-10,5,北京\n2026-11,6,".encode() + b"\xb1\xb1\n",
}
SAID = [
    "duplicate in customer_id: 1 row: row 3 ('2')", "bad_date in created_at: 2 rows: row 4 ('0000-00-00'), row 5 ('2026-02-30')",
    "reps.csv, line 2, column 2: byte 20 of the file is no UTF-8 (it looks like GBK)",
    "orders.csv has no column 'order_id': its columns are separated by ';'", "order_lines.csv, line 3: 5 fields where the header has 4",
    "opportunities.csv has the column 'amount' twice", "tickets.csv is a web page", "bad_number in duration_s: 2 rows: row 1 ('12,5'), row 5 ('1e400')",
    "orphan in customer_id: 1 row: row 2 ('9')", "out_of_range in quality: 1 row: row 3 ('9')", "bad_date in occurred_at: 1 row: row 4 ('03/10/2026')",
    "missing in channel: 1 row: row 6", "bad_flag in opened: 1 row: row 7 ('maybe')", "feedback.csv is empty: 0 bytes",
    "invoices has 1 amounts in USD (the first in row 2)", "campaigns.csv is UTF-16", "costs.csv has no column 'amount' (did you mean 'amuont'?)",
    "improvements.csv, line 2: a quotation mark", "targets.csv does not end with a line end", "ordrs.csv (did you mean 'orders'?)",
    "market.csv, line 3, column 3: byte 48",
]  # fmt: skip


def test_every_fault_is_named_and_nothing_is_written(tmp_path):
    place = given.folder(tmp_path, **FAULTY)
    out = tmp_path / "out"
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    said = subprocess.run([sys.executable, "-m", "crmlib", "check", str(place)], capture_output=True, text=True, cwd=places.ROOT,
                          env={**os.environ, "CRM_OUT": str(out)}, timeout=60)  # fmt: skip
    assert said.returncode == 3 and said.stderr == ""
    assert [s for s in SAID if s not in said.stdout] == []
    assert "Traceback" not in said.stdout and str(tmp_path) not in said.stdout
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_table_says_what_it_is_made_of_what_is_absent_and_what_may_be_meant(tmp_path):
    place = tmp_path / "x"
    place.mkdir()
    (place / "Sales.csv").write_text("No,Day,Sum,Payment Method,Rep ID,Note\n1,2026-10-03,20,card,r,\n2,2026-10-04,,card,r,\n")
    path = tmp_path / "x.yml"
    columns = "order_id: 'No', ordered_at: Day, amount: Sum, status: \"'completed'\""
    path.write_text(
        f"business: {{max_left_out: {{orders: 0.5}}}}\nmapping: {{folder: {place}, tables: {{orders: {{from: Sales.csv, columns: {{{columns}}}}}}}}}\n"
    )
    found = checkup(str(path))
    (orders,) = found.tables
    assert found.problems == [] and (orders.called, orders.rows, orders.left_out_rows) == ("Sales.csv", 1, 1)
    assert orders.mapped == {"order_id": "No", "ordered_at": "Day", "amount": "Sum", "status": "'completed'"}
    assert {c: hint for c, hint in orders.absent.items() if hint} == {"rep_id": "Rep ID", "payment_method": "Payment Method"}
    lines = list(orders.lines(0.5))
    assert lines[0] == "orders from Sales.csv: 1 rows" and "amount ← Sum" in lines[1] and "rep_id (is it 'Rep ID'?)" in lines[2]
    assert lines[3:] == ["  left out: 1 of 2 rows (50.0%; 50.0% allowed)", "    missing in amount: 1 row: row 2"]


def test_personal_values_are_not_shown(tmp_path):
    place = given.folder(tmp_path, customers="customer_id,birthday,name\n1,1.2.1980,Li\n")
    (customers,) = checkup(str(place)).tables
    assert customers.left_out == ["bad_date in birthday: 1 row: row 1"]


@pytest.mark.parametrize("files", [{}, {"b.csv": "order_id,ordered_at,amount\n1,2026-10-03,20\n"}])
def test_files_that_are_not_there_hide_nothing_else(tmp_path, files):
    place = tmp_path / "x"
    place.mkdir()
    for name, text in files.items():
        (place / name).write_text(text)
    path = tmp_path / "x.yml"
    path.write_text(
        f"mapping: {{folder: {place}, files: {{a: {{path: a.csv}}, b: {{path: b.csv}}}}, tables: {{customers: {{from: a}}, orders: {{from: b}}}}}}\n"
    )
    found = checkup(str(path))
    assert [str(p).partition(" in ")[0] for p in found.files] == [
        f"x.yml, line 1: there is no file {n!r}" for n in ("a.csv", "b.csv") if n not in files
    ]
    assert [t.table for t in found.tables] == ["orders"] * len(files)


def test_a_table_delivered_twice_is_said_and_the_rest_is_checked(tmp_path):
    place = given.folder(tmp_path, orders="order_id,ordered_at,amount\n1,2026-10-03,20\n", customers="customer_id\n1\n")
    (place / "orders.parquet").write_bytes(b"x")
    found = checkup(str(place))
    assert [str(p).partition(",")[0] for p in found.problems] == ["orders is delivered twice in acme/"]
    assert {t.table: t.rows for t in found.tables} == {"customers": 1, "orders": 1}


def test_the_readme_s_example_maps_what_it_says(tmp_path):
    readme = (places.ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"   ```yaml\n(   title: Acme.*?)   ```", readme, re.S)
    place = tmp_path / "acme"
    place.mkdir()
    deals = "Deal No;Created;Agent;Amount;Stage;Closed\n1;15.04.2026;Müller;1.234,56 €;Gewonnen;20.04.2026\n2;16.04.2026;Li;50 €;Offer;\n3;17.04.2026;Li;;Verloren;30.04.2026\n"
    (place / "Deals.csv").write_text(deals, "utf-8")
    (place / "Agents.csv").write_text("Agent,Team\nMüller,North\nLi,South\n", "latin-1")
    (tmp_path / "acme.yml").write_text(re.sub(r"(?m)^   ", "", example).replace("../exports/acme", str(place)), "utf-8")
    ready = prepare(str(tmp_path / "acme.yml"))
    found = given.values(ready, "opportunities", "opportunity_id, amount::double, stage, is_won, _team")
    assert sorted(found, key=lambda row: row[0]) == [
        ("1", 1234.56, "Won", True, "North"), ("2", 50.0, "Offer", None, "South"), ("3", None, "Verloren", False, "South")]  # fmt: skip


def test_words_on_which_figures_depend_are_shown(tmp_path):
    orders = "order_id,ordered_at,amount,status\n1,2026-10-03,20,Storniert\n2,2026-10-04,5,completed\n3,2026-10-04,5,Storniert\n"
    deals = "opportunity_id,created_at,stage\n1,2026-10-03,lead\n2,2026-10-03,Verhandlung\n"
    seen = "interaction_id,occurred_at,channel\n1,2026-10-03,Anruf\n2,2026-10-03,login\n"
    notes = checkup(str(given.folder(tmp_path, orders=orders, opportunities=deals, interactions=seen))).notes
    assert notes[0].startswith("stages that business.stages does not name: 'Verhandlung' (1).")
    assert notes[1].startswith(
        "statuses of orders: 'Storniert' (2), 'completed' (1). Only cancelled, refunded, unavailable count"
    )
    assert notes[2].startswith("channels of interactions: 'Anruf' (1), 'login' (1). None is meeting, which")
