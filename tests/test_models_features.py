"""What was known of each customer at a day: each window at its edges, what is not delivered, and that nothing later tells."""

import functools
import math
import re

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.models.features import COLUMNS, NUMBERS, WORDS, features, features_of

# the day is 1 November 2026: 30 days before it is 2 October, 90 are 3 August, 365 are 1 November 2025
COLUMNS_OF = {
    "orders": "order_id customer_id ordered_at amount status rep_id sales_channel",
    "interactions": "interaction_id customer_id occurred_at channel direction opened replied",
    "tickets": "ticket_id customer_id opened_at resolved_at satisfaction",
    "feedback": "feedback_id customer_id given_at score",
    "invoices": "invoice_id customer_id issued_on amount due_on paid_on paid_amount",
    "opportunities": "opportunity_id customer_id created_at closed_at is_won",
    "order_lines": "order_id product quantity unit_price discount",
    "customers": "customer_id created_at team churned_at tier",
}
UNKEYED = ("order_lines", "customers")
TODAY = "2026-10-31 1"  # an order that makes a customer of whoever is given one


def crm(period="2026-10", team="all", business=(), **tables) -> Crm:
    """Tables written as lines; what a line leaves out is missing, the first column counts by itself."""
    frames = {}
    for name, lines in tables.items():
        columns = COLUMNS_OF[name]
        lines = [line if name in UNKEYED else f"{i} {line}" for i, line in enumerate(lines)]
        frames[name] = rows(columns, *[line + " -" * (len(columns.split()) - len(line.split())) for line in lines])
    return Crm.of(period=period, team=team, business=dict(business), **frames)


def of(view: Crm, customer: str = "a") -> dict:
    frame = features(view).execute().set_index("customer_id")
    return frame.loc[customer].to_dict()


def by_case(lines: list[list[str]]) -> list[str]:
    """The lines of all cases in one table: `a` of case 3 is customer a3."""
    return [re.sub("^a ", f"a{n} ", line) for n, own in enumerate(lines) for line in own]


def numbered(cases: list[tuple]) -> list[tuple]:
    """What a test of a company of all cases asks of each: its customer, the column, the value."""
    return [(f"a{n}", case[0], case[-1]) for n, case in enumerate(cases)]


def told(**tables) -> pd.DataFrame:
    return features(crm(**tables)).execute().set_index("customer_id")


def same(found, expected) -> bool:
    missing = expected is None
    return bool(pd.isna(found)) if missing else math.isclose(found, expected, rel_tol=1e-12)


ORDERS = [
    ("recency_days", ["a 2026-10-31T23:59:59 5"], 1),
    ("recency_days", ["a 2026-08-03 5", "a 2026-11-01 5"], 90),
    ("recency_days", ["a 2026-10-01 5", "a 2026-10-09 -5", "a 2026-10-09 0", "a 2026-10-09 5 refunded"], 31),
    ("orders_90", ["a 2026-08-03 5", "a 2026-08-02T23:59:59 5"], 1),
    ("orders_365", ["a 2025-11-01 5", "a 2025-10-31T23:59:59 5", f"a {TODAY}"], 2),
    ("amount_90", ["a 2026-08-03 5", "a 2026-08-02T23:59:59 7", "a 2026-10-31 -2.5"], 2.5),
    ("amount_365", ["a 2025-11-01 5", "a 2025-10-31T23:59:59 7", "a 2026-10-31 9 cancelled", f"a {TODAY}"], 6),
    ("amount_365", ["a 2026-10-31 5", "a 2026-10-31 -8"], -3),
    ("order_value_365", ["a 2026-10-31 5", "a 2026-09-01 8", "a 2026-09-02 -3"], 5),
    ("tenure_days", ["a 2026-10-31T23:59:59 5"], 1),
    ("tenure_days", ["a 2024-11-01 5", f"a {TODAY}"], 730),
    # two of four in the last 90 days: 2/90 against 4/365; one who first bought 120 days ago: 1/90 against 2/120
    ("orders_trend", ["a 2025-11-01 5", "a 2026-01-01 5", "a 2026-08-03 5", f"a {TODAY}"], 2 * 365 / (4 * 90)),
    ("orders_trend", ["a 2026-07-04 5", f"a {TODAY}"], 120 / 180),
    ("orders_trend", [f"a {TODAY}"], 1),  # a customer since yesterday has no other pace
    ("orders_trend", ["a 2025-10-31 5", f"a {TODAY}"], 365 / 90),
    ("orders_trend", ["a 2026-05-05 5"], 0),
    ("amount_trend", ["a 2025-11-01 30", "a 2026-10-31 10"], 10 * 365 / (40 * 90)),
    ("amount_trend", ["a 2025-11-01 30", "a 2026-10-31 10", "a 2026-10-31 -20"], 0),  # never below nothing
    ("amount_trend", ["a 2025-11-01 30", "a 2025-11-02 -29", "a 2026-10-31 10"], 10 * 365 / (11 * 90)),
    ("amount_trend", ["a 2025-11-01 30", "a 2025-11-02 -39", "a 2026-10-31 10"], 365 / 90),  # never above all in the last days
    ("amount_trend", ["a 2026-10-31 10", "a 2026-10-31 -10"], None),
    # first bought 180 days ago: just 90 days of a past, one purchase in them; a day later it is too short
    ("orders_drop", ["a 2026-05-05 5", f"a {TODAY}"], 1),
    ("orders_drop", ["a 2026-05-06 5", f"a {TODAY}"], None),
    ("orders_drop", ["a 2026-05-05 5", "a 2026-05-05 5"], 0),
    ("orders_drop", ["a 2026-05-05 5", *[f"a {TODAY}"] * 3], 2),  # three times as usual counts as twice
    # 1185 days ago is the first day of the baseline's three years
    ("orders_drop", ["a 2023-08-03 5", *["a 2026-05-06 5"] * 20, f"a {TODAY}"], 1095 / (20 * 90)),
    ("orders_drop", ["a 2023-08-04 5", *["a 2026-05-06 5"] * 20, f"a {TODAY}"], 1095 / (21 * 90)),
    # bought on the 1st, 11th and 31st of August, quiet since 62 days: two gaps of 15 days
    ("quiet_gaps", ["a 2026-08-01 5", "a 2026-08-11 5", "a 2026-08-31 5"], 62 / 15),
    ("quiet_gaps", ["a 2026-08-01 5"], None),
    ("quiet_gaps", ["a 2026-08-01 5", "a 2026-08-01 5"], None),
    ("quiet_gaps", ["a 2026-08-01 5", "a 2026-08-02 5"], 30),
]  # fmt: skip


@functools.cache
def buyers() -> pd.DataFrame:
    return told(orders=by_case([orders for _, orders, _ in ORDERS]))


@pytest.mark.parametrize(("customer", "name", "expected"), numbered(ORDERS))
def test_what_orders_tell(customer, name, expected):
    found = buyers().loc[customer, name]
    assert same(found, expected), found


# what is usual in the company decides which channels are at a distance: a company a case
DISTANCE = [
    ([f"a {TODAY} - r shop", f"a {TODAY} - - web", f"a {TODAY} - - web", f"a {TODAY} - r web"], 0.75),
    ([f"a {TODAY} - - shop", f"a {TODAY} - - web"], 0),  # as usual as in the whole company
    ([f"a {TODAY} - r shop", f"a {TODAY} - - -"], 0),  # an order without a channel says nothing
    ([f"a {TODAY} - r -", "a 2025-10-31 5 - - web"], None),
]  # fmt: skip


@pytest.mark.parametrize(("orders", "expected"), DISTANCE)
def test_the_share_bought_at_a_distance(orders, expected):
    found = of(crm(orders=orders))["distance_share_365"]
    assert same(found, expected), found


BUYS = [f"a {TODAY}"]
ACTS = [
    ("logins_30", ["a 2026-10-02 login", "a 2026-10-01T23:59:59 login", "a 2026-10-02 browse"], 1),
    ("logins_90", ["a 2026-08-03 login", "a 2026-08-02T23:59:59 login"], 1),
    ("logins_365", ["a 2025-11-01 login", "a 2025-10-31T23:59:59 login", "a 2026-11-01 login"], 1),
    ("browses_90", ["a 2026-08-03 browse", "a 2026-08-02T23:59:59 browse"], 1),
    ("browses_365", ["a 2025-11-01 browse", "a 2025-10-31T23:59:59 browse"], 1),
    ("events_365", ["a 2025-11-01 event", "a 2025-10-31T23:59:59 event"], 1),
    ("emails_365", ["a 2025-11-01 email in", "a 2025-11-01 email out", "a 2025-10-31T23:59:59 email"], 2),
    ("calls_365", ["a 2025-11-01 phone", "a 2025-10-31T23:59:59 phone"], 1),
    ("meetings_365", ["a 2025-11-01 meeting", "a 2025-10-31T23:59:59 meeting"], 1),
    ("chats_365", ["a 2025-11-01 chat", "a 2025-10-31T23:59:59 chat"], 1),
    ("contacts_90", ["a 2026-08-03 fax", "a 2026-08-03 login", "a 2026-08-02T23:59:59 phone", "a 2026-10-31 feedback"], 1),
    ("own_90", ["a 2026-08-03 feedback", "a 2026-08-02T23:59:59 login", "a 2026-10-31 phone"], 2),  # and the order
    ("own_90", [], 1),
    ("quiet_days", ["a 2026-10-31 phone"], 1),
    ("opened_share", ["a 2025-11-01 email out true", "a 2026-10-31 email - false", "a 2026-10-31 email out -",
                      "a 2026-10-31 email in true", "a 2026-10-31 phone out true", "a 2025-10-31 email out true"], 0.5),
    ("opened_share", ["a 2026-10-31 email out -"], None),
    ("replied_share", ["a 2026-10-31 email out true true", "a 2026-10-31 email out true false", "a 2026-10-31 email out true false"], 1 / 3),
    # 179 days of a past with 2 activities in them: 180 days ago is the first; the order is one activity in the last 90
    ("own_drop", ["a 2026-05-05 login", "a 2026-08-02 browse", "a 2026-06-01 phone"], 0.5),
    ("own_drop", ["a 2026-08-04 login"], None),
]  # fmt: skip


@functools.cache
def active() -> pd.DataFrame:
    acts = by_case([acts for _, acts, _ in ACTS])
    return told(orders=by_case([BUYS] * len(ACTS)), interactions=acts)


@pytest.mark.parametrize(("customer", "name", "expected"), numbered(ACTS))
def test_what_interactions_tell(customer, name, expected):
    found = active().loc[customer, name]
    assert same(found, expected), found


SERVICE = [
    ("tickets_90", ["a 2026-08-03", "a 2026-08-02T23:59:59", "a 2026-11-01"], [], 1),
    ("tickets_365", ["a 2025-11-01", "a 2025-10-31T23:59:59"], [], 1),
    ("feedback_365", [], ["a 2025-11-01 3", "a 2025-10-31T23:59:59 3", "a - 3", "a 2026-10-31 -"], 2),
    ("satisfaction_90", ["a 2026-01-01 2026-08-03 2"], ["a 2026-08-03 5"], 3.5),  # counts when it was given: with the answer
    ("satisfaction_90", ["a 2026-01-01 2026-08-02 2"], ["a 2026-08-02 5"], None),
    ("satisfaction_90", ["a 2026-10-31 2026-11-01 2"], [], None),  # given later
    ("satisfaction_90", ["a 2026-10-31 - 2"], [], 2),  # no day is known: that of the opening
    ("satisfaction_90", [], ["a 2026-10-31 1", "a 2026-10-31 1", "a 2026-10-31 2"], 4 / 3),
    ("lowest_90", ["a 2026-10-01 2026-10-02 2.5"], ["a 2026-10-31 4"], 2.5),
    ("lowest_90", ["a 2026-10-01 2026-10-02 4.5", "a 2026-08-01 2026-08-02 1"], ["a 2026-10-31 4"], 4),
    ("lowest_90", ["a 2026-10-01"], [], None),
]  # fmt: skip


@functools.cache
def served() -> pd.DataFrame:
    tickets, feedback = (by_case([case[i] for case in SERVICE]) for i in (1, 2))
    return told(orders=by_case([BUYS] * len(SERVICE)), tickets=tickets, feedback=feedback)


@pytest.mark.parametrize(("customer", "name", "expected"), numbered(SERVICE))
def test_what_tickets_and_answers_tell(customer, name, expected):
    found = served().loc[customer, name]
    assert same(found, expected), found


INVOICES = [
    ("late_days_365", ["a 2026-01-01 9 2026-02-01 2026-02-11 9"], 10),
    ("late_days_365", ["a 2026-01-01 9 2026-02-01 2026-02-01 9", "a 2026-01-01 9 2026-02-01 2026-01-20 9"], 0),  # not below 0
    ("late_days_365", ["a 2026-01-01 9 2026-10-31"], 1),  # since yesterday
    ("late_days_365", ["a 2026-01-01 9 2026-11-01"], None),  # not due yet
    ("late_days_365", ["a 2026-01-01 9 2026-10-22 2026-11-20 9"], 10),  # paid later: not paid
    ("late_days_365", ["a 2025-11-01 9 2025-12-01 2025-12-03", "a 2025-10-31 9 2025-12-01 2025-12-21"], 2),
    ("late_days_365", ["a 2026-01-01 9 - 2026-12-01"], None),
    ("overdue_share", ["a 2026-01-01 30 2026-10-31 -", "a 2026-01-01 10 2026-11-01", "a 2026-01-01 60 2026-10-01 2026-10-31"], 0.3),
    ("overdue_share", ["a 2026-01-01 40 2026-10-01 2026-10-02 30"], 0.25),
    ("overdue_share", ["a 2026-01-01 40 2026-10-01 2026-10-02 50", "a 2026-01-01 -40 2026-10-01"], 0),  # paid more; a credit note
    ("overdue_share", ["a 2026-01-01 40 2026-10-01 2026-11-02 40"], 1),
    ("overdue_share", ["a 2026-01-01 40 -"], None),
    ("overdue_share", ["a 2025-10-31 40 2025-12-01"], None),
]  # fmt: skip


@functools.cache
def invoiced() -> pd.DataFrame:
    return told(orders=by_case([BUYS] * len(INVOICES)), invoices=by_case([invoices for _, invoices, _ in INVOICES]))


@pytest.mark.parametrize(("customer", "name", "expected"), numbered(INVOICES))
def test_how_customers_pay(customer, name, expected):
    found = invoiced().loc[customer, name]
    assert same(found, expected), found


def test_the_share_of_reduced_lines_is_that_of_the_year_s_purchases():
    orders = [f"a {TODAY}", "a 2025-11-01 1", "a 2025-10-31 1", "a 2026-10-31 -1", "a 2026-10-31 1 cancelled"]
    lines = ["0 p 1 1 0.1", "0 p 1 1 0", "0 p 1 1 -", "1 p 1 1 0", "2 p 1 1 0.5", "3 p 1 1 0.5", "4 p 1 1 0.5"]
    assert same(of(crm(orders=orders, order_lines=lines))["discounted_share_365"], 1 / 3)
    assert same(of(crm(orders=orders, order_lines=["0 p 1 1 -"]))["discounted_share_365"], None)


# -------------------------------------------------------------------------------------------- who has a row


def test_who_is_in_has_a_row():
    orders = [
        "new 2026-10-31 5",
        "last 2026-10-02 5",
        "lost 2026-10-01 5",
        "later 2026-11-01 5",
        "refunded 2026-10-31 -5",
        "- 2026-10-31 5",
    ]
    view = crm(orders=orders, interactions=["asked 2026-10-31 login"], opportunities=["won 2026-10-01 2026-10-31 true", "lost_it 2026-10-01 2026-10-31 false"],
               business={"inactive_after_days": 30})  # fmt: skip
    assert sorted(features(view).customer_id.execute()) == ["last", "new", "won"]


def test_contracts_say_who_is_in():
    customers = ["a 2026-01-01 north 2026-10-31", "b 2026-10-31 south 2026-11-01", "c 2026-11-01 south -", "d 2026-01-01 - -"]
    view = crm(customers=customers)
    frame = features(view).execute().set_index("customer_id")
    assert sorted(frame.index) == ["b", "d"]
    assert frame.tenure_days.to_dict() == {"b": 1, "d": 304}
    assert frame[list(NUMBERS)].drop(columns="tenure_days").isna().all(axis=None)  # nothing else is delivered
    south = crm(customers=customers, team="south")
    assert features(south).customer_id.execute().to_list() == ["b"]


def test_a_team_s_customers_are_known_by_all_that_they_did():
    tables = {
        "customers": ["a 2020-01-01 north", "b 2020-01-01 south"],
        "orders": ["a 2026-10-31 5 - r", "a 2026-10-30 5 - -", "b 2026-10-31 7"],
    }
    north = features(crm(team="north", **tables)).execute()
    assert north[["customer_id", "team", "orders_90", "amount_90"]].to_dict("records") == [
        {"customer_id": "a", "team": "north", "orders_90": 2, "amount_90": 10}
    ]
    assert len(features(crm(team="nobody", **tables)).execute()) == 0


# -------------------------------------------------------------------------------------------- what is not delivered, what came later

BY_TABLE = {
    "orders": ["recency_days", "orders_90", "orders_365", "amount_90", "amount_365", "order_value_365", "orders_trend", "amount_trend",
               "orders_drop", "distance_share_365", "discounted_share_365"],
    "interactions": ["logins_30", "logins_90", "logins_365", "browses_90", "browses_365", "events_365", "emails_365", "calls_365",
                     "meetings_365", "chats_365", "contacts_90", "opened_share", "replied_share"],
    "tickets": ["tickets_90", "tickets_365"], "feedback": ["feedback_365"], "invoices": ["late_days_365", "overdue_share"],
    "order_lines": ["discounted_share_365"], "customers": list(WORDS),
}  # fmt: skip
ALL = {
    "orders": ["a 2026-10-31 5 - - web", "a 2025-11-02 5 - r shop", "b 2026-10-01 8 - r shop"],
    "interactions": ["a 2026-10-31 email out true false", "a 2025-10-01 login", "b 2026-10-31 login"],
    "tickets": ["a 2026-10-30 2026-10-31 2"], "feedback": ["b 2026-10-01 4"],
    "invoices": ["a 2026-09-01 5 2026-10-01 2026-10-11"], "opportunities": ["b 2026-01-01 2026-02-01 true"],
    "order_lines": ["0 p 1 5 0.1"], "customers": ["a 2025-01-01 north - gold", "b 2025-01-01 north - gold", "c 2025-01-01 north - gold"],
}  # fmt: skip


def test_all_columns_are_there_with_their_kinds():
    frame = features(crm(**ALL)).execute()
    assert tuple(frame.columns) == COLUMNS
    assert {str(frame[name].dtype) for name in NUMBERS} == {"float64"}
    assert sorted(frame.customer_id) == ["a", "b"]
    assert not frame.set_index("customer_id").loc["a", [n for n in NUMBERS if n not in ("satisfaction_90",)]].isna().any()


@functools.cache
def everything() -> pd.DataFrame:
    return told(**ALL).sort_index()


@pytest.mark.parametrize("table", ["opportunities", *(pytest.param(table, marks=pytest.mark.long) for table in BY_TABLE)])
def test_what_is_not_delivered_is_null_and_changes_nothing_else(table):
    whole, less = everything(), told(**{k: v for k, v in ALL.items() if k != table}).sort_index()
    assert list(whole.columns) == list(less.columns) and (whole.dtypes == less.dtypes)[list(NUMBERS)].all()
    gone = BY_TABLE.get(table, [])
    assert less[gone].isna().all(axis=None)
    mixed = {"orders": ["quiet_days", "quiet_gaps", "own_90", "own_drop", "tenure_days"], "interactions": ["quiet_days", "quiet_gaps", "own_90", "own_drop"],
             "tickets": ["satisfaction_90", "lowest_90"], "feedback": ["satisfaction_90", "lowest_90"],
             "customers": ["team"], "opportunities": ["tenure_days"]}.get(table, [])  # fmt: skip
    kept = [c for c in whole.columns if c not in (*gone, *mixed)]
    pd.testing.assert_frame_equal(whole.loc[less.index, kept], less[kept])


# a company by chance, before and after the day; what dates each column that is overwritten in place
DATED = {"orders": {"status_changed_at": ["status", "status_changed_at"]}, "tickets": {"resolved_at": ["resolved_at", "satisfaction"]},
         "invoices": {"paid_on": ["paid_on", "paid_amount"]}, "opportunities": {"closed_at": ["closed_at", "is_won"]},
         "customers": {"churned_at": ["churned_at"]}}  # fmt: skip
BORN = {"orders": "ordered_at", "interactions": "occurred_at", "tickets": "opened_at", "feedback": "given_at", "invoices": "issued_on",
        "opportunities": "created_at", "customers": "created_at", "changes": "changed_at"}  # fmt: skip
END = pd.Timestamp("2026-11-01")


def company(seed: int, contracts: bool, count: int = 24) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    n, people = 240, [f"c{i}" for i in range(count)]
    when = lambda k=n: END + pd.to_timedelta(rng.integers(-500 * 86_400, 200 * 86_400, k), unit="s")  # noqa: E731
    after = lambda moments, most: moments + pd.to_timedelta(rng.integers(0, most, len(moments)), unit="D")  # noqa: E731
    who = lambda: rng.choice(people, n)  # noqa: E731
    flag = lambda: rng.choice([True, False, None], n)  # noqa: E731
    ordered, opened, issued, created = when(), when(), when(), when()
    frames = {
        "customers": pd.DataFrame({"customer_id": people, "created_at": when(count) - pd.Timedelta(days=300), "team": rng.choice(["north", "south"], count),
                                   "tier": rng.choice(["gold", "iron"], count), "industry": "x"}),
        "orders": pd.DataFrame({"customer_id": who(), "ordered_at": ordered, "amount": rng.integers(-20, 200, n), "sales_channel": rng.choice(["a", "b"], n),
                                "status": rng.choice(["completed", "refunded"], n), "status_changed_at": after(ordered, 90), "rep_id": rng.choice(["r", None], n)}),
        "interactions": pd.DataFrame({"customer_id": who(), "occurred_at": when(), "channel": rng.choice(["login", "email", "phone", "browse"], n),
                                      "direction": rng.choice(["in", "out"], n), "opened": flag(), "replied": flag()}),
        "tickets": pd.DataFrame({"customer_id": who(), "opened_at": opened, "resolved_at": after(opened, 60), "satisfaction": rng.integers(1, 6, n)}),
        "feedback": pd.DataFrame({"customer_id": who(), "given_at": when(), "score": rng.integers(1, 6, n)}),
        "invoices": pd.DataFrame({"customer_id": who(), "issued_on": issued.normalize(), "due_on": issued.normalize() + pd.Timedelta(days=30),
                                  "amount": rng.integers(1, 100, n), "paid_on": after(issued.normalize(), 90), "paid_amount": rng.integers(1, 100, n)}),
        "opportunities": pd.DataFrame({"customer_id": who(), "created_at": created, "closed_at": after(created, 90), "is_won": flag()}),
        "order_lines": pd.DataFrame({"order_id": [f"orders{i}" for i in rng.integers(0, n, n)], "product": "p", "quantity": 1, "unit_price": 1,
                                     "discount": rng.choice([0, 0.1], n)}),
        "changes": pd.DataFrame({"table": "customers", "id": who(), "column": "tier", "value": rng.choice(["gold", "iron"], n), "changed_at": when()}),
    }  # fmt: skip
    if contracts:
        frames["customers"]["churned_at"] = when(count).normalize()
    keys = {"orders": "order_id", "interactions": "interaction_id", "tickets": "ticket_id", "feedback": "feedback_id", "invoices": "invoice_id",
            "opportunities": "opportunity_id"}  # fmt: skip
    for name, key in keys.items():
        frames[name][key] = [f"{name}{i}" for i in range(n)]
    return frames


def told_otherwise(frames: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """The same company, but all that happened from the day on is otherwise: shuffled, changed, half of it gone, more of it there."""
    rng, out = np.random.default_rng(seed), {}
    for name, given in frames.items():
        frame = given.copy()
        for dated, columns in DATED.get(name, {}).items():
            if dated in frame:
                late = np.flatnonzero(frame[dated] >= END)
                for column in columns:
                    frame.loc[late, column] = rng.permutation(frame.loc[late, column])
                frame.loc[late[::2], columns] = None  # not even that
        if name in BORN:
            late = frame[BORN[name]] >= END
            new = frame[late | (rng.random(len(frame)) < 0.3)].copy()
            new[BORN[name]] = END + pd.to_timedelta(rng.integers(0, 90, len(new)), unit="D")
            for column in set(new.columns) - {BORN[name]}:
                new[column] = rng.permutation(new[column])
            for column in (
                c for c in new.columns if c.endswith("_id") and c[:-3] == name.rstrip("s").replace("opportunitie", "opportunity")
            ):
                new[column] = [f"new{name}{i}" for i in range(len(new))]
            if name in DATED:
                for dated in DATED[name].keys() & set(new.columns):
                    new[dated] = new[BORN[name]]
            frame = pd.concat([frame[~late | (np.arange(len(frame)) % 2 == 0)], new], ignore_index=True)
        out[name] = frame[rng.permutation(frame.columns)].sample(frac=1, random_state=seed)
    return out


@pytest.mark.parametrize(
    ("seed", "contracts"),
    [(1, False), (3, True), *(pytest.param(*more, marks=pytest.mark.long) for more in ((2, False), (4, True)))],
)
def test_nothing_after_the_day_changes_what_is_known_of_it(seed, contracts):
    frames = company(seed, contracts)
    other = told_otherwise(frames, seed)
    assert all(len(other[name]) > len(frames[name]) for name in BORN if name != "customers" or not contracts)
    before, after = (features(Crm.of("2026-10", business={"inactive_after_days": 60}, **f)).execute() for f in (frames, other))
    before, after = (f.sort_values("customer_id").reset_index(drop=True) for f in (before, after))
    assert len(before) >= 7 and before[list(NUMBERS)].notna().any().all()
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.long
def test_a_handle_of_an_earlier_month_knows_what_its_own_page_knew():
    frames = company(5, False)
    now = Crm.of("2026-12", **frames)
    then = Crm.of("2026-10", **told_otherwise(frames, 6))
    found, page = (
        features(view).execute().sort_values("customer_id").reset_index(drop=True) for view in (now.previous.previous, then)
    )
    pd.testing.assert_frame_equal(found, page)


@pytest.mark.long
def test_of_some_customers_alone_the_same_is_known():
    view = Crm.of("2026-10", **company(7, False))
    whole = features(view).execute()
    some = whole.customer_id.sort_values().iloc[::3]
    found = features_of(view, view.customers.filter(lambda t: t.customer_id.isin(list(some))).select("customer_id")).execute()
    expected = whole[whole.customer_id.isin(some)]
    pd.testing.assert_frame_equal(*(f.sort_values("customer_id").reset_index(drop=True) for f in (found, expected)))
