"""As of a period's end: nothing later exists, nothing overwritten later shows; October 2026 ends as November begins."""

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.schema import tables

SECOND_EARLIER, THE_END = "2026-10-31T23:59:59", "2026-11-01T00:00:00"
VALUES = {"id": "x", "text": "x", "word": "x", "money": "5", "number": "3", "share": "0.5", "count": "3", "flag": "true", "day": "2020-01-01",
          "time": "2020-01-01"}  # fmt: skip
DATED = [(t.name, c.name, c.dated) for t in tables().values() for c in t.columns.values() if c.dated]


def row(table, /, **values):
    """A frame of one row: what is required, and these values."""
    needed = {c: "2020-01-01" if tables()[table].columns[c].type in ("day", "time") else VALUES[tables()[table].columns[c].type]
              for c in tables()[table].required}  # fmt: skip
    return pd.DataFrame([needed | values], dtype=object)


def missing(value):
    return value is None or value is pd.NaT or value != value


def three(table, dated, /, **values):
    """Three rows, told apart by a name: dated a second before the end, on it, and later."""
    marker = next(c for c in tables()[table].required if tables()[table].columns[c].type in ("id", "word"))
    short = 10 if tables()[table].columns[dated].type == "day" else None
    moments = {"1 before": SECOND_EARLIER, "2 on": THE_END, "3 after": "2026-11-15"}
    rows_ = [row(table, **{**values, dated: moment[:short], marker: name}) for name, moment in moments.items()]
    return marker, pd.concat(rows_, ignore_index=True)


@pytest.mark.parametrize(("table", "dated"), sorted({(t, dated) for t, _, dated in DATED}))
def test_columns_overwritten_in_place_show_from_the_day_that_dates_them(table, dated):
    columns = [c.name for c in tables()[table].columns.values() if c.dated == dated]
    marker, frame = three(table, dated, **{c: VALUES[tables()[table].columns[c].type] for c in columns})
    found = Crm.of(period="2026-10", **{table: frame}).frame(table, [marker, *columns]).set_index(marker)
    for column in columns:
        assert {name: not missing(v) for name, v in found[column].items()} == {
            "1 before": True,
            "2 on": False,
            "3 after": False,
        }, column


@pytest.mark.parametrize("table", [t.name for t in tables().values() if t.date and t.columns[t.date].type in ("day", "time")])
def test_a_row_exists_from_its_date_on(table):
    marker, frame = three(table, tables()[table].date)
    assert Crm.of(period="2026-10", **{table: frame}).frame(table)[marker].tolist() == ["1 before"]


def test_a_row_without_a_date_exists_always():
    names = ["customers", "opportunities", "feedback", "reps", "campaigns", "campaign_contacts", "targets", "market"]
    crm = Crm.of(period="2001-01", **{name: row(name) for name in names})
    assert {name: crm.rows(name) for name in names} == dict.fromkeys(names, 1)


def test_a_value_that_nothing_dates_stands_as_recorded():
    tickets = rows("ticket_id opened_at reopened satisfaction", "1 2026-10-05 true 4")  # resolved, but nobody says when
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


def deals_of(crm):
    """What is known of the deals by the period's end: stage, reached, is_won, created, closed."""
    view = crm.opportunities
    found = (
        view.order_by(view.opportunity_id.cast("int"))
        .select("stage", "reached", "is_won", "created_at", "closed_at", "stage_since")
        .execute()
    )
    return [
        {k: None if missing(v) else str(v) if isinstance(v, pd.Timestamp) else v for k, v in r.items()}
        for r in found.to_dict("records")
    ]


def deal(period="2026-10", entries=(), **columns):
    """The same of one deal with this history and these columns, if it exists by then."""
    frames = {"opportunities": pd.DataFrame([{"opportunity_id": "1"} | columns], dtype=object)}
    if entries:
        frames["stage_changes"] = rows("opportunity_id stage entered_at", *(f"1 {e}" for e in entries))
    return deals_of(Crm.of(period=period, business=STAGES, **frames))


HISTORIES = [
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
]  # fmt: skip


def test_a_deal_stands_in_the_last_stage_entered_by_then():
    deals = rows("opportunity_id created_at stage", *(f"{i} 2026-10-01 offer" for i in range(len(HISTORIES))))
    entries = rows("opportunity_id stage entered_at", *(f"{i} {e}" for i, (entered, _) in enumerate(HISTORIES) for e in entered))
    crm = Crm.of(period="2026-10", business=STAGES, opportunities=deals, stage_changes=entries)
    found = (
        crm.opportunities.mutate(i=crm.opportunities.opportunity_id.cast("int"))
        .order_by("i")
        .select("stage", "reached")
        .execute()
    )
    assert [(*entered, *pair) for (entered, _), pair in zip(HISTORIES, found.itertuples(index=False), strict=True)] == [
        (*entered, *pair) for entered, pair in HISTORIES]  # fmt: skip


UNDATED_CLOSINGS = [                         # no closing is ever dated: as recorded
    ("offer", ("offer", 2)), ("won", ("won", 3)), ("lost", ("lost", 0)), ("-", (None, 0)),
]  # fmt: skip
DATED_CLOSINGS = [
    ("offer - -", ("offer", 2)),  # open: as recorded
    (f"won {SECOND_EARLIER} -", ("won", 3)),
    (f"won {THE_END} -", (None, 0)),  # open then, in a stage nobody kept
    (f"lost {SECOND_EARLIER} -", ("lost", 0)),
    (f"lost {THE_END} -", (None, 0)),
    (f"offer {THE_END} -", (None, 0)),
    (f"offer {SECOND_EARLIER} false", ("offer", 2)),
    (f"offer {SECOND_EARLIER} true", ("offer", 3)),  # won is won
    (f"offer {THE_END} true", (None, 0)),
    ("won - -", (None, 0)),  # closings are dated here, this one is not
    ("- - -", (None, 0)),
]


@pytest.mark.parametrize(
    ("columns", "cases"), [("stage", UNDATED_CLOSINGS), ("stage closed_at is_won", DATED_CLOSINGS)], ids=["undated", "dated"]
)
def test_without_a_history_the_recorded_stage_counts_a_closing_one_once_closed(columns, cases):
    deals = rows(f"opportunity_id created_at {columns}", *(f"{i} 2026-10-01 {case}" for i, (case, _) in enumerate(cases)))
    found = deals_of(Crm.of(period="2026-10", business=STAGES, opportunities=deals))
    assert [(case, (d["stage"], d["reached"])) for (case, _), d in zip(cases, found, strict=True)] == cases


def test_a_history_that_begins_later_knows_no_stage_yet():
    found = deal(entries=[f"needs {THE_END}"], created_at="2026-10-01", stage="offer")[0]
    assert (found["stage"], found["reached"]) == (None, 0)


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
    assert deal("2026-08", entries) == []  # it had not begun
    said = deal(entries=entries, created_at="2026-08-01", closed_at="2026-10-08", is_won="false")[0]
    assert (said["created_at"], said["closed_at"], said["is_won"]) == ("2026-08-01 00:00:00", "2026-10-08 00:00:00", False)


def test_whether_a_deal_was_won_where_only_its_stages_say_so():
    deals = rows("opportunity_id created_at closed_at stage", "1 2026-10-01 2026-10-08 won", "2 2026-10-01 2026-10-08 lost", "3 2026-10-01 2026-10-08 -",
                 "4 2026-10-01 2026-10-08 -", "5 2026-10-01 - offer", "6 2026-10-01 2026-11-08 won")  # fmt: skip
    entries = rows("opportunity_id stage entered_at", "3 lead 2026-10-01", "4 lead 2026-10-01", "4 won 2026-10-05")
    found = deals_of(Crm.of(period="2026-10", business=STAGES, opportunities=deals, stage_changes=entries))
    assert [d["is_won"] for d in found] == [True, False, False, True, None, None]


def test_whether_a_deal_was_won_where_it_is_delivered():
    deals = rows("opportunity_id created_at closed_at stage is_won", "1 2026-10-01 2026-10-08 lost -", "2 2026-10-01 2026-10-08 lost true",
                 "3 2026-10-01 2026-10-08 won false", "4 2026-10-01 2026-11-01 won true")  # fmt: skip
    found = deals_of(Crm.of(period="2026-10", business=STAGES, opportunities=deals))
    assert [d["is_won"] for d in found] == [None, True, False, None]


# ------------------------------------------------------------------------------------------------ field history

CHANGES = rows(
    "table id column value changed_at",
    "customers a region north 2026-01-01",
    "customers a region south 2026-10-31T23:59:59",
    "customers a region east 2026-11-01",
    "customers b region west 2026-11-05",
    "orders a region nowhere 2026-01-01",  # another table's
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
    assert found.tier.tolist() == ["gold"] * 3  # no history: as recorded


def test_a_history_keeps_its_column_s_type_and_may_say_nothing():
    deals = rows("opportunity_id created_at amount probability", "1 2026-01-01 9 0.9", "2 2026-01-01 9 0.9", "3 2026-01-01 9 0.9")
    changes = rows("table id column value changed_at", "opportunities 1 amount 12.5 2026-02-01", "opportunities 2 amount x 2026-02-01",
                   "opportunities 3 amount 5 2026-01-05", "opportunities 3 amount - 2026-02-01", "opportunities 1 probability 0.25 2026-02-01")  # fmt: skip
    found = Crm.of(period="2026-10", opportunities=deals, changes=changes).frame("opportunities").set_index("opportunity_id")
    assert found.amount.astype(float).fillna(-1).to_dict() == {"1": 12.5, "2": -1, "3": -1}
    assert found.probability.to_dict() == {"1": 0.25, "2": 0.9, "3": 0.9}
