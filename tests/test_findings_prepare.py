"""What the shared work rests on: its figures worked out by hand, and its rules just before, on and after their thresholds."""

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.findings import prepare as rules
from crmlib.kpi import Kpi, Share
from crmlib.metrics import shared

ORDERS = rows(
    "order_id customer_id ordered_at amount",
    "1 a 2026-10-01 9", "2 - 2026-10-31T23:59:59 9", "3 b 2026-10-15 9", "4 a 2026-09-30T23:59:59 9", "5 a 2026-11-01 9",
)  # fmt: skip
FEEDBACK = rows(
    "feedback_id customer_id given_at comment",
    "1 a 2026-10-02 送货太慢",
    "2 - 2026-10-03 hello",
    "3 b 2026-10-04 -",
    "4 b 2026-09-04 late",
)
CUSTOMERS = rows("customer_id team", "a north", "b -")


def crm(team: str = "all", **frames: pd.DataFrame) -> Crm:
    given = {"orders": ORDERS, "feedback": FEEDBACK, "customers": CUSTOMERS}
    return Crm.of(period="2026-10", team=team, business={"min_base": 1}, **(given | frames))


def test_rows_of_the_period_with_a_customer():
    frame = shared.rows_named(crm())
    assert frame.values.tolist() == [["orders", 2, 3, 2 / 3], ["feedback", 2, 3, 2 / 3]]
    assert shared.named_share(crm()) == Share(4, 6)
    assert shared.rows_named(crm("north")).named_count.tolist() == [1, 1]  # the rows of its customers


def test_without_any_such_table_there_is_nothing_to_name():
    empty = Crm.of(period="2026-10", customers=CUSTOMERS)
    assert shared.rows_named(empty).empty and shared.named_share(empty) == Share(0, 0)
    assert shared.read_comments(empty).reason == "not_delivered" and shared.themed_share(empty).value is None


def test_comments_with_a_theme_by_language():
    frame = shared.comments_by_language(crm())
    assert frame.iloc[:, :3].values.tolist() == [["chinese comments", 1, 1], ["other comments", 0, 1]]
    assert frame.share.tolist() == [1.0, 0.0] and shared.themed_share(crm()) == Share(1, 2)
    assert shared.read_comments(crm()).value == 2 and shared.read_comments(crm().previous).value == 1


def test_customers_in_a_team():
    assert shared.assigned_share(crm()) == Share(1, 2) and shared.assigned_share(crm("north")) == Share(1, 1)


def test_the_work_is_named_counted_and_its_tables_are_told():
    view = crm()
    frame = shared.work(view)
    lives = frame.set_index("shared_table").loc["shared lives"]
    assert lives.row_count == 2 and frame.shared_table.is_unique and not frame.shared_table.str.contains(r"\d|rows of").any()
    pairs = set(shared.made_from(view).itertuples(index=False, name=None))
    assert {("shared lives", "orders"), ("shared lives", "customers"), ("shared answers", "feedback")} <= pairs
    assert ("shared answers", "orders") not in pairs


@pytest.mark.parametrize(("named", "base", "found"), [(80, 100, 0), (79, 100, 1), (23, 29, 0), (23, 30, 1), (0, 0, 0)])
def test_many_rows_without_a_customer(monkeypatch, named, base, found):
    frame = pd.DataFrame(
        {"table": ["orders"], "named_count": [named], "base": [base], "share": [named / base if base else float("nan")]}
    )
    monkeypatch.setattr(shared, "rows_named", lambda crm: frame)
    assert [f.rule for f in rules.unnamed(Crm.of(orders=ORDERS))] == ["prepare.unnamed"] * found


@pytest.mark.parametrize(("part", "base", "found"), [(90, 100, 0), (89, 100, 1), (25, 29, 0), (26, 30, 1), (0, 0, 0)])
def test_many_customers_without_a_team(part, base, found):
    kpi = Kpi("assigned_share", part / base if base else None, "share", "up", part=part, base=base)
    made = rules.unassigned(kpi, Crm.of(customers=CUSTOMERS))
    assert [(f.rule, f.values["part"]) for f in made] == [("prepare.unassigned", base - part)] * found


def test_where_there_are_no_teams_nobody_is_missing_one():
    kpi = Kpi("assigned_share", 0.0, "share", "up", part=0, base=100)
    assert rules.unassigned(kpi, Crm.of(customers=rows("customer_id", "a"))) == []


@pytest.mark.parametrize(("themed", "base", "found"), [(50, 100, 0), (49, 100, 1), (0, 29, 0), (14, 30, 1)])
def test_few_comments_with_a_theme(monkeypatch, themed, base, found):
    frame = pd.DataFrame({"language": ["other comments"], "themed_count": [themed], "base": [base], "share": [themed / base]})
    monkeypatch.setattr(shared, "comments_by_language", lambda crm: frame)
    assert [f.values["part"] for f in rules.few_themes(Crm.of(feedback=FEEDBACK))] == [themed] * found


def test_without_comments_nobody_asks_for_words():
    assert rules.few_themes(Crm.of(orders=ORDERS)) == []


def test_the_sentences_over_the_tables_when_there_is_nothing():
    nothing = Crm.of(customers=CUSTOMERS)
    assert rules.named_headline(shared.rows_named(nothing)).rule == "prepare.no_rows"
    assert (
        rules.languages_headline(shared.comments_by_language(crm(feedback=FEEDBACK.assign(comment=None)))).rule
        == "prepare.no_comments"
    )
