"""The handle: frames, rows, what was delivered, what was left out, and how the same handle looks elsewhere in time and team."""

import tempfile
from datetime import date, datetime
from pathlib import Path

import given
import pandas as pd
import pytest
from given import ORDERS, refusal, settings

from crmlib.crm import Crm, open_crm, rows
from crmlib.errors import DataError, UsageError

REPS = rows("rep_id name team active_from", "a A north -", "b B south 2026-09-15")
FOUR = rows(
    "order_id ordered_at amount rep_id",
    "1 2026-09-03 20 a",
    "2 2026-10-03 30 b",
    "3 2026-10-31T23:59:59 40 a",
    "4 2026-11-01 5 a",
)


def crm(period="2026-10", team="all", **more):
    return Crm.of(period=period, team=team, **({"orders": FOUR, "reps": REPS} | more))


def ids(handle):
    return sorted(handle.frame("orders", ["order_id"]).order_id)


def test_a_handle_sees_its_team_up_to_the_period_s_end():
    whole = crm()
    assert ids(whole) == ["1", "2", "3"]
    assert whole.rows("orders") == 3
    assert ids(crm(team="north")) == ["1", "3"] and ids(crm(team="south")) == ["2"] and ids(crm(team="nobody")) == []
    assert ids(crm(team="south").company) == ["1", "2", "3"]
    assert whole.company is whole


def test_the_same_handle_elsewhere_in_time():
    october = crm(team="north")
    assert (october.previous.period.label, october.year_before.period.label, october.previous.team) == (
        "2026-09",
        "2025-10",
        "north",
    )
    assert [ids(h) for h in (october.previous, october.year_before, october.previous.previous)] == [["1"], [], []]
    assert october.end == date(2026, 11, 1)
    assert october.previous is october.previous


def test_columns_and_types_are_the_schema_s_whatever_was_delivered():
    frame = crm().frame("orders")
    assert list(frame.columns) == ["order_id", "customer_id", "ordered_at", "amount", "currency", "rep_id", "cost", "sales_channel", "payment_method",
                                   "region", "status", "status_changed_at"]  # fmt: skip
    assert frame.ordered_at.dtype.kind == "M" and frame.cost.isna().all()
    assert float(frame.amount.sum()) == 90
    assert list(crm().frame("orders", ["amount", "order_id"]).columns) == ["amount", "order_id"]
    assert list(crm().frame("tickets").columns)[:2] == ["ticket_id", "opened_at"] and crm().rows("tickets") == 0


@pytest.mark.parametrize(
    ("table", "columns", "answer"),
    [
        ("orders", (), True), ("orders", ("amount",), True), ("orders", ("amount", "cost"), False), ("orders", ("cost",), False),
        ("tickets", (), False), ("tickets", ("ticket_id",), False), ("customers", (), False),
    ],
)  # fmt: skip
def test_was_it_delivered(table, columns, answer):
    assert crm(customers=rows("customer_id")).has(table, *columns) is answer


def test_a_column_delivered_without_a_value_was_delivered():
    orders = rows("order_id ordered_at amount cost", "1 2026-10-03 20 -")
    assert Crm.of(orders=orders).has("orders", "cost") is True


def test_a_wrong_name_is_answered_with_the_nearest_right_one():
    with pytest.raises(AttributeError, match="There is no table 'ordres': did you mean 'orders'?"):
        crm().ordres  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'orders'?"):
        crm().has("order")
    with pytest.raises(UsageError, match="orders has no column 'amuont': did you mean 'amount'?"):
        crm().frame("orders", ["amuont"])
    with pytest.raises(AttributeError):
        Crm.of(ordres=FOUR)
    with pytest.raises(DataError, match="orders has no column 'ordered_at'. It has: order_id, amount. Add it"):
        Crm.of(orders=FOUR[["order_id", "amount"]])


@pytest.mark.parametrize(("limit", "refused"), [(2, True), (3, False), (4, False)])
def test_more_rows_than_the_limit_are_refused(limit, refused):
    if refused:
        with pytest.raises(UsageError, match="orders has more than 2 rows for all, 2026-10. Aggregate it .* or raise limit="):
            crm().frame("orders", limit=limit)
    else:
        assert len(crm().frame("orders", limit=limit)) == 3


def test_what_was_left_out_is_counted_as_of_the_period_s_end():
    orders = rows(
        "order_id ordered_at amount",
        "1 2026-10-03 20",
        "1 2026-10-05 20",
        "2 2026-10-31T23:59:59 x",
        "3 2026-11-01 x",
        "4 2026-13-01 20",
    )
    handle = Crm.of(period="2026-10", orders=orders)
    assert handle.left_out("orders") == {"bad_date": 1, "bad_number": 1, "duplicate": 1}  # undated ones included
    assert handle.previous.left_out("orders") == {"bad_date": 1}
    assert Crm(handle.delivery, handle.period.shift(1)).left_out("orders") == {"bad_date": 1, "bad_number": 2, "duplicate": 1}
    assert handle.left_out("tickets") == {}


@pytest.mark.parametrize(
    ("period", "as_of"),
    [("2026-09", datetime(2026, 9, 30, 23, 59, 59)), ("2026-10", datetime(2026, 10, 31, 23, 59, 59)), ("2026-11", datetime(2026, 11, 1)),
     ("2027", datetime(2026, 11, 1))],
)  # fmt: skip
def test_as_of_is_the_period_s_end_or_the_data_s(period, as_of):
    handle = crm(period)
    assert (handle.as_of, handle.first_day) == (as_of, date(2026, 9, 3))


def test_nothing_at_all_is_an_answer():
    handle = Crm.of(period="2026-10")
    assert (handle.first_day, handle.teams, handle.rows("orders"), handle.as_of) == (
        None,
        [],
        0,
        datetime(2026, 10, 31, 23, 59, 59),
    )


def test_teams_by_the_period_s_end():
    assert [crm(p).teams for p in ("2026-08", "2026-09")] == [["north"], ["north", "south"]]


def test_what_is_made_once_is_made_once_a_handle():
    handle, made = crm(), []
    make = lambda: made.append(1) or len(made)  # noqa: E731
    assert [handle.once("x", make), handle.once("x", make), handle.previous.once("x", make), handle.once("y", make)] == [
        1,
        1,
        2,
        3,
    ]


def test_the_tables_read_are_remembered():
    handle = crm()
    handle.rows("orders")
    assert handle.delivery.read == {"orders"}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"order_id": [7, 8], "ordered_at": pd.to_datetime(["2026-10-03", "2026-10-04"]), "amount": [20, 30.5]}),
        pd.DataFrame({"order_id": ["7", "8"], "ordered_at": [date(2026, 10, 3), date(2026, 10, 4)], "amount": ["20", "30.5"]}),
        pd.DataFrame(
            {"amount": [20, 30.5], "order_id": ["7", "8"], "extra": [None, {}], "ordered_at": ["2026-10-03", "2026-10-04"]}
        ),
    ],
    ids=["typed", "dates", "shuffled"],
)
def test_frames_of_any_kind_are_cast_by_the_schema(frame):
    found = Crm.of(orders=frame).frame("orders", ["order_id", "ordered_at", "amount"])
    assert found.order_id.tolist() == ["7", "8"]
    assert found.ordered_at.tolist() == [pd.Timestamp("2026-10-03"), pd.Timestamp("2026-10-04")]
    assert [float(a) for a in found.amount] == [20, 30.5]


def test_empty_frames_have_types():
    for frame in (rows("order_id ordered_at amount"), pd.DataFrame({"order_id": [None], "ordered_at": [None], "amount": [None]})):
        handle = Crm.of(orders=frame)
        assert handle.orders.amount.sum().cast("float64").fill_null(0).execute() == 0


def test_small_frames_written_as_text():
    assert rows("a b", "1 -", "- x").to_dict("list") == {"a": ["1", None], "b": [None, "x"]}
    assert rows("a b").shape == (0, 2)


# ------------------------------------------------------------------------------------------------ open_crm


def test_a_source_is_opened_at_a_period_for_a_team(tmp_path):
    place = given.folder(tmp_path, orders="order_id,ordered_at,amount,rep_id\n1,2026-10-03,20,a\n2,2026-11-03,30,a\n", reps="rep_id,name,team,active_from\na,A,north,\nb,B,south,2026-11-01\n")  # fmt: skip
    path = settings(tmp_path, place, "{fiscal_year_starts: 4}")
    handle = open_crm(path, "2026-10", "north")
    assert (ids(handle), handle.rows("orders"), handle.teams, handle.as_of) == (
        ["1"],
        1,
        ["north"],
        datetime(2026, 10, 31, 23, 59, 59),
    )
    assert open_crm(path, "2026-Q3").period.start == date(2026, 10, 1)
    message = refusal(
        tmp_path,
        lambda: open_crm(path, "2026-10", "south"),
        "There is no team 'south' by the end of 2026-10",
        "Change `team`",
        code=2,
    )
    assert "north" in message
    assert open_crm(path, "2026-11", "south").team == "south"
    refusal(tmp_path, lambda: open_crm(path, "2026-13"), "'2026-13' is no period", code=2)


@pytest.mark.parametrize("team", ["", " ", "North", "x' OR '1'='1", "../../x", "no\nrth", "NULL"])
def test_a_team_that_does_not_exist_reads_nothing(tmp_path, team):
    place = given.folder(
        tmp_path, orders="order_id,ordered_at,amount,rep_id\n1,2026-10-03,20,a\n", reps="rep_id,name,team\na,A,north\n"
    )
    refusal(tmp_path, lambda: open_crm(str(place), "2026-10", team), "There is no team", code=2)
    handle = open_crm(str(place), "2026-10")
    assert Crm(handle.delivery, handle.period, team).rows("orders") == 0


def test_the_frames_and_the_file_give_the_same(tmp_path):
    text = "order_id,ordered_at,amount,status\n007,2026-10-03,20.5,NA\n9007199254740993,2026-10-03T12:00:00Z,-1,\n"
    place = given.folder(tmp_path, orders=text)
    from_file = open_crm(str(place), "2026-10").frame("orders")
    frame = pd.DataFrame([line.split(",") for line in text.splitlines()[1:]], columns=text.splitlines()[0].split(","))
    pd.testing.assert_frame_equal(from_file, Crm.of(period="2026-10", orders=frame).frame("orders"))
    assert from_file.order_id.tolist() == ["007", "9007199254740993"]
    assert from_file.ordered_at.tolist() == [pd.Timestamp("2026-10-03"), pd.Timestamp("2026-10-03 20:00")]  # Shanghai


def test_an_order_is_all_that_is_needed(tmp_path):
    handle = open_crm(str(given.folder(tmp_path, orders=ORDERS + "1,2026-10-03,20\n")), "2026-10")
    assert (handle.teams, handle.rows("customers"), handle.rows("orders")) == ([], 0, 1)


def test_a_connection_keeps_to_its_share_and_spills_into_the_folder_for_such_things(small_demo, monkeypatch, tmp_path):
    monkeypatch.setenv("CRM_THREADS", "1")
    monkeypatch.setenv("CRM_MEMORY", "512MB")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    con = open_crm(str(small_demo), "2026-10").delivery.con
    asked = "select current_setting('threads'), current_setting('memory_limit'), current_setting('temp_directory')"
    threads, memory, spill = con.raw_sql(asked).fetchone()
    assert (threads, memory, Path(spill).parent) == (1, "488.2 MiB", tmp_path)
