"""What a report depends on: every table that its views read, and nothing else."""

import json
from datetime import date, datetime

import product
import pytest
from given import folder as given_folder
from given import prepared, settings

from crmlib import asof, marks
from crmlib.blocks import Page
from crmlib.crm import Delivery, open_crm
from crmlib.notebook import TWIN
from crmlib.periods import Period
from crmlib.schema import tables
from crmlib.sources import prepare

OCTOBER = Period.parse("2026-10")
FILES = {
    "reps": "rep_id,name,team\n1,Ann,north\n2,Bo,south\n",
    "customers": "customer_id,created_at,rep_id,tier\n1,2026-01-01,1,basic\n2,2026-02-01,2,gold\n",
    "opportunities": "opportunity_id,customer_id,created_at,stage,rep_id\n1,1,2026-10-02,lead,1\n2,2,2026-10-20,won,2\n",
    "stage_changes": "opportunity_id,stage,entered_at\n1,lead,2026-10-02\n2,lead,2026-10-20\n",
    "orders": "order_id,customer_id,ordered_at,amount\n1,1,2026-09-30,10\n2,2,2026-10-31,20\n",
    "feedback": "feedback_id,customer_id,given_at\n1,1,2026-10-05\n",
}
CHANGES = "table,id,column,value,changed_at\ncustomers,1,tier,gold,2026-10-10\n"


def of(ready, *read, asked=(), period=OCTOBER):
    return marks.marks(ready, period, read, asked)


def differ(before, after):
    return sorted(n for n in {*before["tables"], *after["tables"]} if before["tables"].get(n) != after["tables"].get(n))


@pytest.mark.parametrize(
    ("read", "history", "marked"),
    [
        (["feedback"], False, ["feedback"]),
        (["orders"], True, ["orders"]),
        (["customers"], False, ["customers", "spans"]),
        (["customers"], True, ["changes", "customers", "spans"]),
        (["opportunities"], True, ["opportunities", "stage_changes"]),
        (["stage_changes", "feedback"], False, ["feedback", "stage_changes"]),
        ([], True, []),
    ],
)
def test_a_table_s_marks_are_those_of_all_that_its_view_reads(tmp_path, monkeypatch, read, history, marked):
    ready = prepared(tmp_path, **FILES, **({"changes": CHANGES} if history else {}))
    assert sorted(of(ready, *read)["tables"]) == marked
    crm = open_crm(str(tmp_path / "acme"), "2026-10")
    for name in read:
        asof.view_of(crm, name)
    assert (
        sorted(n for n in crm.delivery.made if n in tables() or n == "spans") == marked
    )  # the files that the views of asof.py have opened


def test_new_rows_change_their_own_table_alone(tmp_path):
    everything = list(tables())
    before = of(prepared(tmp_path, **FILES), *everything)
    after = of(prepared(tmp_path, feedback=FILES["feedback"] + "2,2,2026-10-06\n"), *everything)
    assert differ(before, after) == ["feedback"] and before["door"] == after["door"]


def test_a_table_that_takes_its_team_from_another_changes_with_it(tmp_path):
    before = of(prepared(tmp_path, **FILES), "orders", "feedback", "customers", "reps")
    moved = FILES["customers"].replace("2,2026-02-01,2,", "2,2026-02-01,1,")
    after = of(prepared(tmp_path, customers=moved), "orders", "feedback", "customers", "reps")
    assert differ(before, after) == ["customers", "orders"]  # order 2 is another team's now


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("orders", "2026-09-30,10", "2026-09-30,11"),  # a value
        ("orders", "1,1,2026-09-30,10\n2,2,2026-10-31,20", "1,1,2026-09-30,20\n2,2,2026-10-31,10"),  # two change places
        ("orders", "2026-10-31,20\n", "2026-10-31,20\n3,1,2026-10-31,20\n"),  # a row
        ("customers", "basic", ""),  # a value is missing now
    ],
)
def test_any_change_of_a_row_is_noticed(tmp_path, name, old, new):
    before = of(prepared(tmp_path, **FILES), name)
    assert name in differ(before, of(prepared(tmp_path, **{name: FILES[name].replace(old, new)}), name))


def test_the_same_rows_delivered_otherwise_are_the_same(tmp_path):
    before = of(prepared(tmp_path, **FILES), "orders")
    head, one, two = FILES["orders"].splitlines()
    after = of(prepared(tmp_path, orders=f"{head}\r\n{two}\r\n{one}\r\n"), "orders")
    assert before == after


def test_of_a_table_that_was_only_asked_for_rows_do_not_count(tmp_path):
    before = of(prepared(tmp_path, **FILES), asked=["orders", "tickets"])
    assert before["tables"]["tickets"] is None and "content" not in before["tables"]["orders"]
    assert of(prepared(tmp_path, orders=FILES["orders"] + "3,1,2026-10-31,5\n"), asked=["orders", "tickets"]) == before
    tickets = of(prepared(tmp_path, tickets="ticket_id,opened_at\n1,2026-10-01\n"), asked=["orders", "tickets"])
    assert differ(before, tickets) == ["tickets"]
    assert of(prepared(tmp_path), "orders", asked=["orders"])["asked"] == []


def test_what_else_the_door_says(tmp_path):
    place = given_folder(tmp_path, **FILES)
    door = of(prepare(settings(tmp_path, place, "{min_base: 31}")), "orders")["door"]
    assert (door["as_of"], door["first_day"], door["teams"]) == ("2026-10-31T00:00:00", "2026-01-01", ["north", "south"])
    assert (door["business"]["min_base"], door["title"], door["dated"]) == (31, "acme", [])


@pytest.mark.parametrize(
    ("last", "known"),
    [
        (None, datetime(2026, 10, 31, 23, 59, 59)),
        (datetime(2026, 10, 31, 23, 59, 58), datetime(2026, 10, 31, 23, 59, 58)),
        (datetime(2026, 11, 1), datetime(2026, 10, 31, 23, 59, 59)),
    ],
)
def test_what_is_known_by_the_end(last, known):
    assert marks.known_until(date(2026, 11, 1), last) == known


def test_teams_exist_from_the_day_before_which_nobody_knows_them():
    door = {"teams": {"b": "2026-10-31", "a": None, "c": "2026-11-01"}}
    assert marks.teams_at(door, date(2026, 11, 1)) == ["a", "b"]


@pytest.mark.parametrize("report", product.some_reports("funnel"))
def test_every_file_that_a_report_opens_is_marked_in_its_footer(small_demo, tmp_path, monkeypatch, report):
    product.nothing_kept(tmp_path, monkeypatch, str(small_demo))  # what is found ready was opened by another process
    opened, real = set(), Delivery.raw
    monkeypatch.setattr(Delivery, "raw", lambda self, name: (opened.add(name.removesuffix("__left_out")), real(self, name))[1])
    nb = product.executed(report, source=str(small_demo), period="2026-10", team="north", languages=["en"])
    footer = nb.cells[-1].outputs[0].data[TWIN]
    marked = {name for name, mark in footer["page"]["inputs"]["tables"].items() if "content" in (mark or {})}
    assert opened and opened <= marked and marked - opened <= {"changes"}  # a view that needs few columns may not look them up


def test_a_page_s_footer_says_what_was_read_as_the_machine_will_ask_for_it(tmp_path):
    ready = prepared(tmp_path, **FILES)
    crm = open_crm(str(tmp_path / "acme"), "2026-10", "north")
    crm.rows("opportunities"), crm.previous.has("tickets"), crm.company.rows("orders")
    block = Page(crm, "funnel", ["en"]).provenance()
    said = json.loads(json.dumps(block.page["inputs"]))
    assert (said["read"], said["asked"]) == (["opportunities", "orders"], ["tickets"])
    assert said == of(ready, "orders", "opportunities", asked=["tickets"])
    assert set(block.facts) == {"provenance"} and "inputs" not in json.dumps([block.facts, block.html])


def test_rows_left_out_are_the_same_wherever_they_stood(tmp_path):
    faulty = FILES["orders"] + "3,1,2026-10-31,none\n"
    head, *lines = faulty.splitlines()
    ordered = []
    for text in (faulty, "\n".join([head, *reversed(lines)]) + "\n"):
        place = given_folder(tmp_path, orders=text)
        ordered.append(of(prepare(settings(tmp_path, place, "{max_left_out: {orders: 0.9}}")), "orders"))
    before, after = ordered
    assert before["tables"]["orders"]["left_out_content"] and before == after
