"""Whose row it is: the person's team on the row's day, else its own, else its customer's; teams add up to the company."""

import pytest

from crmlib.crm import Crm, rows
from crmlib.schema import tables

# Li moves on 1 October from north to south and leaves on 15 November; Wu has gaps; Xu's times overlap by mistake
REPS = rows(
    "rep_id name team active_from active_to",
    "li Li north - -",
    "li Li south 2026-10-01 2026-11-14",
    "wu Wu east 2026-03-01 2026-03-31",
    "wu Wu west 2026-05-01 -",
    "xu Xu north 2026-01-01 2026-12-31",
    "xu Xu south 2026-06-01 2026-12-31",
)


def team_of(table, frame, period="2027-01", **more):
    """The team of each row, by the table's first column."""
    crm = Crm.of(period=period, reps=REPS, **{table: frame}, **more)
    view = getattr(crm, table)
    found = view.select(view.columns[0], "_team").execute()
    return {k: None if v is None or v != v else v for k, v in found.itertuples(index=False)}


def test_the_person_s_team_on_the_row_s_day():
    orders = rows(
        "order_id ordered_at amount rep_id",
        "long-before 2001-01-01 1 li",
        "eve 2026-09-30T23:59:59 1 li",
        "first-day 2026-10-01 1 li",  # active_from is a day in the new team
        "last-day 2026-11-14T23:59:59 1 li",  # active_to is a day in the team
        "left 2026-11-15 1 li",
        "too-early 2026-02-28 1 wu",
        "march 2026-03-31T12:00:00 1 wu",
        "between 2026-04-01 1 wu",
        "again 2026-05-01 1 wu",
        "overlap 2026-06-01 1 xu",  # a move ends the time before it
        "nobody 2026-06-01 1 -",
        "unknown 2026-06-01 1 zz",
    )
    assert team_of("orders", orders) == {
        "long-before": "north", "eve": "north", "first-day": "south", "last-day": "south", "left": None, "too-early": None, "march": "east",
        "between": None, "again": "west", "overlap": "south", "nobody": None, "unknown": None,
    }  # fmt: skip


def test_where_the_person_has_no_team_the_customer_s_person_or_team_counts():
    customers = rows("customer_id rep_id team", "c1 wu -", "c2 - east", "c3 li east", "c4 - -")
    orders = rows(
        "order_id customer_id ordered_at amount rep_id",
        "left-1 c1 2026-11-15 1 li",  # Li has left: the customer's person that day, Wu
        "left-2 c2 2026-11-15 1 li",  # … the customer's own team
        "left-3 c3 2026-11-15 1 li",  # … whose person is Li too: the customer's team
        "left-4 c4 2026-11-15 1 li",
        "own-first c2 2026-10-01 1 li",  # the row's person comes first
        "customer-s-day c3 2026-09-30 1 -",  # the customer's person on the row's day
        "gap c1 2026-04-15 1 -",
    )
    assert team_of("orders", orders, customers=customers) == {
        "left-1": "west", "left-2": "east", "left-3": "east", "left-4": None, "own-first": "south", "customer-s-day": "north", "gap": None,
    }  # fmt: skip


def test_undated_rows_belong_to_the_person_s_first_team():
    deals = rows("opportunity_id rep_id created_at", "undated li -", "undated-2 wu -", "dated li 2026-10-01")
    assert team_of("opportunities", deals) == {"undated": "north", "undated-2": "east", "dated": "south"}


@pytest.mark.parametrize(
    ("period", "teams"),
    [
        ("2026-09", {"a": "north", "b": "east", "c": "west", "d": None}),      # 30 September: Li is still in the north
        ("2026-10", {"a": "south", "b": "east", "c": "west", "d": None}),
        ("2026-W46", {"a": "east", "b": "east", "c": "west", "d": None}),      # Sunday 15 November: Li has left
        ("2026-04", {"a": "north", "b": "east", "c": "south", "d": None}),     # nobody's Wu: the customer's own team
    ],
)  # fmt: skip
def test_customers_belong_to_the_team_of_the_period_s_last_day(period, teams):
    customers = rows(
        "customer_id rep_id team created_at", "a li east 2020-01-01", "b - east 2020-01-01", "c wu south -", "d - - -"
    )
    assert team_of("customers", customers, period) == teams


def test_rows_that_hang_on_another_follow_it():
    customers = rows("customer_id team", "c1 east")
    deals = rows("opportunity_id rep_id created_at", "1 li 2026-09-30")
    entries = rows(
        "opportunity_id stage entered_at", "1 lead 2026-10-05"
    )  # entered when Li was in the south: still the deal's team
    assert team_of("stage_changes", entries, opportunities=deals) == {"1": "north"}
    orders = rows("order_id ordered_at amount rep_id", "1 2026-10-01 1 li")
    lines = rows("order_id product quantity unit_price", "1 a 1 1")
    assert team_of("order_lines", lines, orders=orders) == {"1": "south"}
    invoices = rows("invoice_id customer_id issued_on amount", "i c1 2026-10-01 5")
    assert team_of("invoices", invoices, customers=customers) == {"i": "east"}
    contacts = rows("campaign_id customer_id contacted_at", "k c1 -")
    assert team_of("campaign_contacts", contacts, customers=customers) == {"k": "east"}


def test_teams_are_found_whatever_the_number_of_rows(monkeypatch):
    orders = rows(
        "order_id ordered_at amount rep_id", *(f"{i} 2026-05-01 1 {'li' if i % 2 else 'wu'}" for i in range(7)), "x ? 1 li"
    )
    for at_once in (1, 3, 7, 8, 9):
        monkeypatch.setattr("crmlib.teams._AT_ONCE", at_once)
        assert team_of("orders", orders) == {str(i): "north" if i % 2 else "west" for i in range(7)}


def test_rows_with_a_team_of_their_own():
    costs = rows("booked_on kind amount team", "2026-10-01 tools 5 north", "2026-10-02 tools 5 -")
    crm = Crm.of(period="2026-10", reps=REPS, costs=costs)
    assert crm.costs.select("_team").execute()._team.fillna("-").tolist() == ["north", "-"]


def test_exchange_rates_and_the_market_are_everybody_s():
    rates, market = rows("currency valid_from rate", "EUR 2026-01-01 8"), rows("period amount", "2026-10 5")
    crm = Crm.of(period="2026-10", team="north", reps=REPS, exchange_rates=rates, market=market)
    assert [crm.rows(t) for t in ("exchange_rates", "market")] == [1, 1]


def test_teams_and_unassigned_add_up_to_the_company():
    customers = rows("customer_id rep_id team", "c1 li -", "c2 - south", "c3 - -", "c4 zz -")
    orders = rows("order_id customer_id ordered_at amount rep_id", *(f"{i} c{i % 4 + 1} 2026-{i % 12 + 1:02d}-28 {i} {['li', 'wu', 'xu', '-', 'zz'][i % 5]}" for i in range(60)))  # fmt: skip
    deals = rows("opportunity_id customer_id rep_id created_at", *(f"{i} c{i % 4 + 1} {['li', 'wu', '-'][i % 3]} {'-' if i % 7 == 0 else '2026-09-30'}" for i in range(21)))  # fmt: skip
    company = Crm.of(period="2026-12", reps=REPS, customers=customers, orders=orders, opportunities=deals)
    for table in ("customers", "orders", "opportunities"):
        view = getattr(company, table)
        unassigned = int(view.filter(view._team.isnull()).count().execute())
        each = {t: Crm(company.delivery, company.period, t).rows(table) for t in company.teams}
        assert company.rows(table) == sum(each.values()) + unassigned, table
        assert unassigned > 0 and sum(each.values()) > 0, table
    assert company.teams == ["east", "north", "south", "west"]


@pytest.mark.parametrize(
    ("period", "teams"),
    [("2026-02", ["north"]), ("2026-03", ["east", "north"]), ("2026-05", ["east", "north", "south", "west"]), ("2026-W22", ["east", "north", "south", "west"])],
)  # fmt: skip
def test_a_team_exists_from_its_first_day(period, teams):
    reps = rows(
        "rep_id name team active_from", "a A north -", "b B east 2026-03-31", "c C west 2026-05-31", "d D south 2026-05-01"
    )
    assert Crm.of(period=period, reps=reps).teams == teams


def test_a_team_that_only_rows_name_exists_from_the_first_of_them():
    costs = rows("booked_on kind amount team", "2026-10-05 tools 5 web")
    assert [Crm.of(period=p, costs=costs).teams for p in ("2026-09", "2026-10")] == [[], ["web"]]


def test_every_table_says_whose_rows_it_holds():
    assert {name for name, t in tables().items() if t.scope == ("company",)} == {"exchange_rates", "market", "changes"}


@pytest.mark.parametrize(
    ("label", "known"),
    [
        ("2026-10", True),
        ("2026-11", False),
        ("2026-Q4", True),
        ("2027-Q1", False),
        ("2026", True),
        ("2027", False),
        ("2026-W44", True),
        ("2026-W45", False),
    ],
)
def test_a_goal_is_known_from_the_first_day_of_its_period_on(label, known):
    """October ends on a Saturday: week 44 begins on the 26th, week 45 on 2 November."""
    view = Crm.of(period="2026-10", targets=rows("period metric value", f"{label} win_rate 0.2"))
    assert view.rows("targets") == int(known)
