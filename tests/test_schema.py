"""The canonical tables: schema.yml holds together, and says what data-model.md says."""

import pytest
from pydantic import ValidationError

from crmlib.schema import DEFAULT_MAX_LEFT_OUT, SQL_TYPES, Business, Column, _column, tables

ALL = [(t, c) for t in tables().values() for c in t.columns.values()]


@pytest.mark.parametrize(
    ("spec", "column"),
    [
        ("id *", Column("x", "id", "m", required=True)),
        ("text personal", Column("x", "text", "m", personal=True)),
        ("time dated=closed_at", Column("x", "time", "m", dated="closed_at")),
        ("number 0..", Column("x", "number", "m", low=0)),
        ("share 0..1", Column("x", "share", "m", low=0, high=1)),
        ("number * 1..5", Column("x", "number", "m", required=True, low=1, high=5)),
        ("number dated=resolved_at 1..5", Column("x", "number", "m", dated="resolved_at", low=1, high=5)),
    ],
)
def test_a_column_as_it_is_written(spec, column):
    assert _column("x", spec, "m") == column


@pytest.mark.parametrize("spec", ["", "word*", "float", "number 0", "number ..5", "dated=x", "text  personal"])
def test_a_column_written_wrongly_is_noticed(spec):
    with pytest.raises(AssertionError, match="schema.yml"):
        _column("x", spec, "m")


def test_every_name_that_a_table_mentions_exists():
    for table in tables().values():
        assert set(table.key) <= set(table.columns), table.name
        assert table.date is None or table.date in table.columns, table.name
        assert all(c in table.columns and p in tables() for c, p in table.parents.items()), table.name
        assert set(table.scope) <= {"rep", "own", "customer", "company", *tables()}, table.name
        assert all(k not in ("rep", "customer") or f"{k}_id" in table.columns for k in table.scope), table.name
        assert "own" not in table.scope or "team" in table.columns, table.name
        assert "currency" in table.columns or not table.money or table.name in ("order_lines", "market"), table.name
    for table, column in ALL:
        assert column.dated is None or table.columns[column.dated].type in ("day", "time"), (table.name, column.name)
        assert column.type in SQL_TYPES and column.means, (table.name, column.name)
        assert not (column.required and column.personal and column.type == "text"), (table.name, column.name)


def test_parents_come_before_their_rows():
    order = list(tables())
    for table in tables().values():
        parents = {*table.parents.values(), *(s for s in table.scope if s in tables())}
        if {"rep", "customer"} & set(table.scope):
            parents.add("reps")
        if "customer" in table.scope:
            parents.add("customers")
        assert all(order.index(p) < order.index(table.name) for p in parents), table.name


@pytest.mark.parametrize(
    ("table", "dated"),
    [
        ("opportunities", {"is_won": "closed_at", "lost_reason": "closed_at", "closed_at": "closed_at"}),
        ("tickets", {"first_response_at": "first_response_at", "resolved_at": "resolved_at", "reopened": "resolved_at",
                     "satisfaction": "resolved_at"}),
        ("invoices", {"paid_on": "paid_on", "paid_amount": "paid_on"}),
        ("orders", {"status": "status_changed_at", "status_changed_at": "status_changed_at"}),
        ("improvements", {"done_on": "done_on", "told_customers_on": "told_customers_on"}),
        ("customers", {"churned_at": "churned_at"}),
    ],
)  # fmt: skip
def test_what_is_overwritten_in_place_says_what_dates_it(table, dated):
    assert {c.name: c.dated for c in tables()[table].columns.values() if c.dated} == dated


def test_personal_columns_are_those_of_the_design():
    personal = {f"{t.name}.{c.name}" for t, c in ALL if c.personal}
    assert personal == {"customers.name", "customers.company", "customers.phone", "customers.email", "customers.birthday",
                        "feedback.comment", "interactions.subject"}  # fmt: skip


def test_money_is_exact_and_identifiers_are_text():
    assert {c.sql_type for _, c in ALL if c.type == "money"} == {"DECIMAL(18,4)"}
    assert {c.sql_type for _, c in ALL if c.name.endswith("_id")} == {"VARCHAR"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"currency": "eur"}, "currency"), ({"currency": "EURO"}, "currency"), ({"currency": "EUR\n"}, "currency"),
        ({"time_zone": "Berlin"}, "no time zone"), ({"time_zone": "../etc/passwd"}, "no time zone"), ({"time_zone": ""}, "no time zone"),
        ({"stages": ["won"]}, "at least two"), ({"stages": ["a", "a"]}, "different"), ({"stages": []}, "at least two"), ({"stages": "lead"}, "tuple"),
        ({"stages": ["lead", False]}, "string"),
        ({"inactive_after_days": 0}, "greater than 0"), ({"inactive_after_days": -1}, "greater than 0"), ({"inactive_after_days": 1.5}, "integer"),
        ({"churn_horizon_days": 0}, "greater than 0"), ({"churn_horizon_days": 90.5}, "integer"),
        ({"min_base": 0}, "greater than 0"),
        ({"max_left_out": {"orders": 1.01}}, "less than or equal to 1"), ({"max_left_out": {"orders": -0.01}}, "greater than or equal to 0"),
        ({"max_left_out": {"ordrs": 0.1}}, "did you mean 'orders'?"),
        ({"contact_cost": -0.01}, "greater than or equal to 0"),
        ({"fiscal_year_starts": 0}, "greater than or equal to 1"), ({"fiscal_year_starts": 13}, "less than or equal to 12"),
        ({"tiers": {}}, "at least one name"), ({"tiers": {"high": 8, "low": 0}}, "at least 1 active day"), ({"tiers": {"high": -1}}, "at least 1"),
        ({"tiers": {"high": 1.5}}, "integer"),
        ({"curency": "EUR"}, "not permitted"),
    ],
)  # fmt: skip
def test_a_business_that_cannot_be_is_refused(values, says):
    with pytest.raises(ValidationError, match=says):
        Business.model_validate(values)


def test_a_business_has_a_default_for_everything():
    business = Business.model_validate({"max_left_out": {"orders": 0}, "stages": ["a", "b"], "fiscal_year_starts": 12})
    assert business.stages == ("a", "b") and Business(tiers={"any": 1}).tiers == {"any": 1}
    assert (business.may_leave_out("orders"), business.may_leave_out("customers")) == (0, DEFAULT_MAX_LEFT_OUT)
