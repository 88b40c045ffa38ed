"""Who moved: by what the ledger was told or by a back-cast, in customers and money, up and down; who is on the list."""

import ibis
import pandas as pd
import pytest
from grouped import company, migration, segmentation

from crmlib.kpi import Share
from crmlib.models import migration as room
from crmlib.models.migration import LOST, NEW, migration_share, moved_down
from crmlib.models.segments import segmentation as found_in

A, B = "frequent_small_customers", "rare_large_customers"
WORTH = {A: 100.0, B: 1000.0}


def told(*lines: tuple) -> object:
    frame = pd.DataFrame(lines, columns=["target", "label", "value"]).assign(made_at=pd.Timestamp("2026-10-02 06:00"))
    return ibis.memtable(frame.astype({"value": "float64"}))


@pytest.fixture(scope="module")
def crm():
    return company()


@pytest.fixture(scope="module")
def found(crm):
    return found_in(crm)


def pairs(moved) -> dict:
    return {(r.before, r.now): (r.customer_count, r.amount) for r in moved.flows.itertuples()}


@pytest.mark.long
def test_customers_go_from_what_was_told_to_what_they_are_now(crm, found):
    """Forty of each kind are in; the ledger knows three of them, one under a name that is no more, and one who is nobody's customer."""
    often, seldom = found.names
    moved = room.migration(
        crm, found, told(("a000", often, 7), ("a001", seldom, 5), ("b000", "quiet_customers", 3), ("gone", often, 2))
    )
    counted = pairs(moved)
    assert (
        counted[often, often] == (1, 7.0)
        and counted[seldom, often] == (1, 5.0)
        and counted["quiet_customers", seldom] == (1, 3.0)
    )
    assert counted[NEW, often][0] == 38 and counted[NEW, seldom][0] == 39
    assert ("gone" not in str(counted)) and sum(n for n, _ in counted.values()) == 80
    assert moved.made_at == pd.Timestamp("2026-10-02 06:00")
    assert migration_share(moved) == Share(2, 3)


def test_who_had_a_segment_and_is_no_customer_any_more_is_lost(found):
    late = company(period="2027-10")  # nobody buys for 400 days
    often, seldom = found.names
    moved = room.migration(late, segmentation(often, seldom), told(("a000", often, 7), ("b000", seldom, 5)))
    assert pairs(moved)[often, LOST] == (1, 7.0) and pairs(moved)[seldom, LOST] == (1, 5.0)
    assert migration_share(moved) == Share(0, 0)


def test_where_nothing_was_told_the_segments_before_are_found_now(crm, found):
    moved = room.migration(crm, found)
    assert moved.made_at is None and set(moved.flows.before) <= {NEW, *found.names} and migration_share(moved).base == 80


@pytest.mark.long
def test_the_segments_before_are_those_of_what_was_known_then():
    """Two customers of the first kind bought like the others in October: in September nobody could know."""
    view = company(later=("a000", "a002"))
    found = found_in(view)
    before = room.earlier(view)[0].execute().set_index("customer_id")
    then = company(period="2026-09")
    names = found_in(then).names
    assert before.segment["a000"] == before.segment["a001"] == names[0] and before.amount["a000"] < 1000
    assert room.migration(view, found).flows.customer_count.sum() == 80


@pytest.mark.parametrize(("made_at", "late"), [("2026-10-31 23:59", False), ("2026-11-01 00:00", True)])
def test_what_was_told_when_the_period_had_ended_is_a_back_cast(crm, found, made_at, late):
    before = told(("a000", found.names[0], 7)).mutate(made_at=ibis.timestamp(made_at))
    assert room.migration(crm, found, before).late is late


def test_a_team_s_customers_wherever_they_were(found):
    south = company(team="south")
    moved = room.migration(south, found, told(("a000", found.names[0], 7), ("a001", found.names[0], 9)))  # a001 is north's
    assert pairs(moved)[found.names[0], found.names[0]] == (1, 7.0) and moved.flows.customer_count.sum() == 20


@pytest.mark.parametrize(
    ("before", "now", "less"), [(1000, 800, True), (1000, 801, False), (1000, 0, True), (0, 0, True), (100, 1000, False)]
)
def test_a_segment_is_worth_less_from_four_fifths_down(before, now, less):
    assert migration((A, B, 1, 0.0, 0.0), worth={A: before, B: now}).less(A, B) is less


def test_a_segment_of_unknown_worth_is_not_worth_less():
    assert not migration((A, B, 1, 0.0, 0.0), worth={A: 5.0}).less(A, B)


def test_who_moved_down_and_up():
    moved = migration(
        (NEW, A, 9, 9.0, 9.0),
        (A, A, 5, 1.0, 1.0),
        (A, B, 2, 20.0, 900.0),
        (B, A, 3, 700.0, 70.0),
        (B, LOST, 4, 60.0, 0.0),
        worth=WORTH,
    )
    assert (moved.down.customer_count.sum(), moved.down.amount.sum()) == (3, 700.0)
    assert (moved.up.customer_count.sum(), moved.up.amount.sum()) == (2, 20.0)
    assert migration_share(moved) == Share(5, 10)


def test_the_matrix_has_every_pair_and_new_and_lost():
    moved = migration(
        (NEW, A, 9, 9.0, 9.0), (A, A, 5, 1.0, 1.0), (B, A, 3, 700.0, 70.0), ("quiet_customers", LOST, 4, 60.0, 0.0), worth=WORTH
    )
    frame = room.matrix(moved, {A: "A", B: "B"}, "customer_count")
    assert frame.before_segment.unique().tolist() == [NEW, "A", "B", "quiet_customers"] and frame.letter.unique().tolist() == [
        "A",
        "B",
        LOST,
    ]
    cells = frame.set_index(["before_segment", "letter"]).customer_count
    assert (cells[NEW, "A"], cells["B", "A"], cells["B", "B"], cells["quiet_customers", LOST], cells.sum()) == (9, 3, 0, 4, 21)
    assert (NEW, LOST) not in cells.index
    money = room.matrix(moved, {A: "A", B: "B"}, "amount").set_index(["before_segment", "letter"]).earlier_amount
    assert money["B", "A"] == 700.0 and money.sum() == 770.0


def test_nobody_makes_an_empty_matrix():
    assert room.matrix(migration(), {}, "customer_count").empty


def test_the_list_names_who_went_down_the_largest_first_and_leaves_out_who_asked_for_it(found):
    north = company(team="north")
    often, seldom = found.names
    before = told(
        ("a001", seldom, 900), ("a002", seldom, 500), ("a003", seldom, 700), ("a005", often, 800), ("a006", seldom, 500)
    )
    moved = room.migration(north, found, before)
    listed = moved_down(north, found, moved, before)
    assert moved.less(seldom, often) and listed.customer.to_list() == ["Name a003", "Name a002", "Name a006"]
    assert (
        listed.earlier_amount.to_list() == [700.0, 500.0, 500.0]
        and set(listed.before_segment) == {seldom}
        and set(listed.segment) == {often}
    )
    assert moved_down(north, found, moved, before, most=1).customer.to_list() == ["Name a003"]
    assert moved_down(north, found, migration()).empty


def test_without_segments_nothing_moves():
    view = company(often=5, seldom=5)
    found = found_in(view)
    moved = room.migration(view, found)
    assert found.names == () and moved.flows.empty and list(moved.flows) == room.FLOWS and migration_share(moved) == Share(0, 0)
