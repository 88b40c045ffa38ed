"""As of a period's end: nothing later exists, nothing overwritten later shows; October 2026 ends as November begins."""

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.schema import tables

SECOND_EARLIER, THE_END = "2026-10-31T23:59:59", "2026-11-01T00:00:00"
VALUES = {"id": "x", "text": "x", "word": "x", "money": "5", "number": "3", "share": "0.5", "count": "3", "flag": "true", "day": "2020-01-01",
          "time": "2020-01-01"}  # fmt: skip
DATED = [(t.name, c.name, c.dated) for t in tables().values() for c in t.columns.values() if c.dated]


def row(table, **values):
    """A frame of one row: what is required, and these values."""
    needed = {c: "2020-01-01" if tables()[table].columns[c].type in ("day", "time") else VALUES[tables()[table].columns[c].type]
              for c in tables()[table].required}  # fmt: skip
    return pd.DataFrame([needed | values], dtype=object)


def missing(value):
    return value is None or value is pd.NaT or value != value


@pytest.mark.parametrize(("table", "column", "dated"), DATED)
def test_a_column_overwritten_in_place_shows_from_the_day_that_dates_it(table, column, dated):
    kind = tables()[table].columns[dated].type
    value = VALUES[tables()[table].columns[column].type]
    for moment, shows in ((SECOND_EARLIER, True), (THE_END, False), ("2026-11-15", False)):
        moment = moment[:10] if kind == "day" else moment
        frame = row(table, **{column: value, dated: moment})
        found = Crm.of(period="2026-10", **{table: frame}).frame(table, [column])[column][0]
        assert missing(found) is not shows, (moment, found)


@pytest.mark.parametrize("table", [t.name for t in tables().values() if t.date and t.columns[t.date].type in ("day", "time")])
def test_a_row_exists_from_its_date_on(table):
    date = tables()[table].date
    for moment, exists in ((SECOND_EARLIER, 1), (THE_END, 0), ("2026-11-15", 0), ("2020-01-01", 1)):
        frame = row(table, **{date: moment[:10] if tables()[table].columns[date].type == "day" else moment})
        assert Crm.of(period="2026-10", **{table: frame}).rows(table) == exists, moment


@pytest.mark.parametrize("table", ["customers", "opportunities", "feedback", "reps", "campaigns", "campaign_contacts", "targets", "market"])
def test_a_row_without_a_date_exists_always(table):
    assert Crm.of(period="2001-01", **{table: row(table)}).rows(table) == 1


def test_a_value_that_nothing_dates_stands_as_recorded():
    tickets = rows("ticket_id opened_at reopened satisfaction", "1 2026-10-05 true 4")          # resolved, but nobody says when
    found = Crm.of(period="2026-10", tickets=tickets).frame("tickets", ["reopened", "satisfaction"])
    assert found.to_numpy().tolist() == [[True, 4]]


def test_lines_exist_from_their_order_s_date_on():
    orders = rows("order_id ordered_at amount", "1 2026-10-31T23:59:59 5", "2 2026-11-01 5")
    lines = rows("order_id product quantity unit_price", "1 a 1 5", "2 b 1 5")
    assert Crm.of(period="2026-10", orders=orders, order_lines=lines).frame("order_lines")["product"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("period", "seen"),
    [("2026-W44", ["1", "2"]), ("2026-10", ["1", "2"]), ("2026-Q4", ["1", "2", "3"]), ("2026", ["1", "2", "3"]), ("2026-Q3", ["1"]), ("2026-W45", ["1", "2", "3"])],
)  # fmt: skip
def test_the_end_is_that_of_the_period(period, seen):
    orders = rows("order_id ordered_at amount", "1 2026-09-30T23:59:59 5", "2 2026-10-25T23:59:59 5", "3 2026-11-02 5")
    assert sorted(Crm.of(period=period, orders=orders).frame("orders").order_id) == seen


# ------------------------------------------------------------------------------------------------ stages of deals

STAGES = {"stages": ["lead", "needs", "offer", "won"]}


def deal(period="2026-10", entries=(), **columns):
    """What is known of one deal by the period's end: stage, reached, is_won, created, closed."""
    frames = {"opportunities": pd.DataFrame([{"opportunity_id": "1"} | columns], dtype=object)}
    if entries:
        frames["stage_changes"] = rows("opportunity_id stage entered_at", *(f"1 {e}" for e in entries))
    crm = Crm.of(period=period, business=STAGES, **frames)
    found = crm.opportunities.select("stage", "reached", "is_won", "created_at", "closed_at", "stage_since").execute()
    return [{k: None if missing(v) else str(v) if isinstance(v, pd.Timestamp) else v for k, v in r.items()} for r in found.to_dict("records")]


def stage_and_reached(*args, **kwargs):
    return [(d["stage"], d["reached"]) for d in deal(*args, **kwargs)]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["lead 2026-10-01"], ("lead", 0)),
        (["lead 2026-10-01", f"needs {SECOND_EARLIER}"], ("needs", 1)),
        (["lead 2026-10-01", f"needs {THE_END}"], ("lead", 0)),                            # entered as the period ends: not yet
        (["lead 2026-10-01", "offer 2026-10-05", "needs 2026-10-09"], ("needs", 2)),       # it went back; the furthest stays
        (["offer 2026-10-05", "lead 2026-10-01", "needs 2026-10-03"], ("offer", 2)),       # rows come in any order
        (["lead 2026-10-01", "needs 2026-10-01"], ("needs", 1)),                           # both at once: the later stage
        (["needs 2026-10-01", "lead 2026-10-01"], ("needs", 1)),
        (["lead 2026-10-01", "parked 2026-10-05"], ("parked", 0)),                         # a stage outside of the order
        (["offer 2026-10-01", "lost 2026-10-05"], ("lost", 2)),
        (["lead 2026-10-01", "offer 2026-10-02"], ("offer", 2)),                           # a stage is skipped
        (["lead 2026-10-01", "won 2026-10-05"], ("won", 3)),
        (["lead 2026-10-01", "lead 2026-10-04"], ("lead", 0)),
    ],
)  # fmt: skip
def test_a_deal_stands_in_the_last_stage_entered_by_then(entries, expected):
    assert stage_and_reached(entries=entries, created_at="2026-10-01", stage="offer") == [expected]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"stage": "offer"}, ("offer", 2)),                                                      # open: as recorded
        ({"stage": "offer", "closed_at": None}, ("offer", 2)),
        ({"stage": "won", "closed_at": SECOND_EARLIER}, ("won", 3)),
        ({"stage": "won", "closed_at": THE_END}, (None, 0)),                                     # open then, in a stage nobody kept
        ({"stage": "lost", "closed_at": SECOND_EARLIER}, ("lost", 0)),
        ({"stage": "lost", "closed_at": THE_END}, (None, 0)),
        ({"stage": "offer", "closed_at": THE_END}, (None, 0)),
        ({"stage": "offer", "closed_at": SECOND_EARLIER, "is_won": "false"}, ("offer", 2)),
        ({"stage": "offer", "closed_at": SECOND_EARLIER, "is_won": "true"}, ("offer", 3)),       # won is won
        ({"stage": "won", "closed_at": None}, (None, 0)),                                        # closings are dated here, this one is not
        ({"stage": "won"}, ("won", 3)),                                                          # no closing is ever dated: as recorded
        ({"stage": None}, (None, 0)),
        ({}, (None, 0)),
    ],
)  # fmt: skip
def test_without_a_history_the_recorded_stage_counts_a_closing_one_once_closed(columns, expected):
    assert stage_and_reached(created_at="2026-10-01", **columns) == [expected]


def test_a_history_that_begins_later_knows_no_stage_yet():
    assert stage_and_reached(entries=[f"needs {THE_END}"], created_at="2026-10-01", stage="offer") == [(None, 0)]


def test_of_two_deals_one_without_a_history_keeps_its_recorded_stage():
    deals = rows("opportunity_id created_at stage", "1 2026-10-01 offer", "2 2026-10-01 offer")
    entries = rows("opportunity_id stage entered_at", "1 lead 2026-10-01")
    crm = Crm.of(business=STAGES, opportunities=deals, stage_changes=entries)
    assert crm.frame("opportunities").set_index("opportunity_id").stage.to_dict() == {"1": "lead", "2": "offer"}


def test_what_the_deal_does_not_say_its_stages_do():
    entries = ["lead 2026-09-05", "offer 2026-09-20", "won 2026-10-07T12:00:00"]
    found = deal(entries=entries)[0]
    assert found == {"stage": "won", "reached": 3, "is_won": True, "created_at": "2026-09-05 00:00:00", "closed_at": "2026-10-07 12:00:00",
                     "stage_since": "2026-10-07 12:00:00"}  # fmt: skip
    assert deal("2026-09", entries)[0] == {"stage": "offer", "reached": 2, "is_won": None, "created_at": "2026-09-05 00:00:00", "closed_at": None,
                                           "stage_since": "2026-09-20 00:00:00"}  # fmt: skip
    assert deal("2026-08", entries) == []                                            # it had not begun
    said = deal(entries=entries, created_at="2026-08-01", closed_at="2026-10-08", is_won="false")[0]
    assert (said["created_at"], said["closed_at"], said["is_won"]) == ("2026-08-01 00:00:00", "2026-10-08 00:00:00", False)


@pytest.mark.parametrize(
    ("columns", "entries", "is_won"),
    [
        ({"closed_at": "2026-10-08", "stage": "won"}, (), True),
        ({"closed_at": "2026-10-08", "stage": "lost"}, (), False),
        ({"closed_at": "2026-10-08"}, ["lead 2026-10-01"], False),
        ({"closed_at": "2026-10-08"}, ["lead 2026-10-01", "won 2026-10-05"], True),
        ({"closed_at": "2026-10-08", "is_won": None, "stage": "lost"}, (), None),      # is_won is delivered, and says nothing here
        ({"closed_at": "2026-10-08", "is_won": "true", "stage": "lost"}, (), True),
        ({"closed_at": None, "stage": "offer"}, (), None),
        ({"closed_at": "2026-11-08", "stage": "won"}, (), None),
    ],
)
def test_whether_a_deal_was_won(columns, entries, is_won):
    assert deal(entries=entries, created_at="2026-10-01", **columns)[0]["is_won"] is is_won


# ------------------------------------------------------------------------------------------------ field history

CHANGES = rows(
    "table id column value changed_at",
    "customers a region north 2026-01-01",
    "customers a region south 2026-10-31T23:59:59",
    "customers a region east 2026-11-01",
    "customers b region west 2026-11-05",
    "orders a region nowhere 2026-01-01",        # another table's
    "customers a name Wu 2026-01-01",
)


@pytest.mark.parametrize(
    ("period", "regions"),
    [("2025-12", [None, None, "delta"]), ("2026-01", ["north", None, "delta"]), ("2026-09", ["north", None, "delta"]),
     ("2026-10", ["south", None, "delta"]), ("2026-11", ["east", "west", "delta"])],
)  # fmt: skip
def test_a_field_with_a_history_has_the_value_of_then(period, regions):
    customers = rows("customer_id region tier", "a today gold", "b today gold", "c delta gold")
    crm = Crm.of(period=period, customers=customers, changes=CHANGES)
    found = crm.customers.order_by("customer_id").execute()
    assert [None if missing(v) else v for v in found.region] == regions
    assert found.tier.tolist() == ["gold"] * 3                                        # no history: as recorded


def test_a_history_keeps_its_column_s_type_and_may_say_nothing():
    deals = rows("opportunity_id created_at amount probability", "1 2026-01-01 9 0.9", "2 2026-01-01 9 0.9", "3 2026-01-01 9 0.9")
    changes = rows("table id column value changed_at", "opportunities 1 amount 12.5 2026-02-01", "opportunities 2 amount x 2026-02-01",
                   "opportunities 3 amount 5 2026-01-05", "opportunities 3 amount - 2026-02-01", "opportunities 1 probability 0.25 2026-02-01")  # fmt: skip
    found = Crm.of(period="2026-10", opportunities=deals, changes=changes).frame("opportunities").set_index("opportunity_id")
    assert found.amount.astype(float).fillna(-1).to_dict() == {"1": 12.5, "2": -1, "3": -1}
    assert found.probability.to_dict() == {"1": 0.25, "2": 0.9, "3": 0.9}
