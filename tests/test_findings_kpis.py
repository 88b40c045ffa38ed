"""Every rule of the four figures at its edge; every headline for what its table can hold."""

import functools
from datetime import date

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.findings import kpis as rules
from crmlib.findings import kpis_headlines as headlines
from crmlib.findings import render, said
from crmlib.findings.contribution import Moved
from crmlib.kpi import Kpi
from crmlib.metrics import acquisition, costs

LINES = ["1 a 2024-10-02 5", "2 b 2026-10-02 5"]
NOBODY_MOVED = Moved(Kpi("retention_rate", None, "share", "up"), "previous", "team", pd.DataFrame(), 30)


@functools.cache
def view(team="all", until: date | None = None, booked: tuple[str, ...] = ()) -> Crm:
    people = rows("customer_id team", "a north", "b north")
    frames = {"costs": costs_of(*booked)} if booked else {}
    return Crm.of(
        "2026-10", team, until=until, orders=rows("order_id customer_id ordered_at amount", *LINES), customers=people, **frames
    )


def costs_of(*lines: str) -> pd.DataFrame:
    return rows("booked_on kind amount", *lines)


# ------------------------------------------------------------------------------------------------ rules


def compared(times: float = 1.5, above: tuple[float, ...] = (1.01, 1.01)) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "acquisition_channel": ["fair", "web", "mail"][: 1 + len(above)],
            "year_cac_amount": [90.0, 60.0, 30.0][: 1 + len(above)],
        }
    )
    return frame.assign(year_cost_amount=900.0, year_customers=10, times=[1.0, times, 3.0][: 1 + len(above)], above=[0.9, *above])


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (compared(), 1), (compared(times=1.49), 0), (compared(above=(1.0, 1.01)), 0), (compared(above=(1.01, 1.0)), 0),
        (compared(above=(1.01,)), 1), (None, 0),
    ],
)  # fmt: skip
def test_the_dearest_channel(monkeypatch, frame, found):
    monkeypatch.setattr(acquisition, "dearest_channel", lambda crm: frame)
    dear = rules.dear_channel(view())
    assert len(dear) == found and headlines.dear([said("x"), *dear]) == ("fair" if found else None)
    if dear:
        assert (dear[0].values["channel"], dear[0].values["next_channel"], dear[0].evidence) == ("fair", "web", "by-channel")
        assert render(dear[0], "title", "en", "CNY").startswith("fair is clearly the dearest channel: ¥90 a new customer, 1.5")


@pytest.mark.parametrize(
    ("value", "base", "rule"),
    [
        (0.999, 30, "loses_money"),
        (1.0, 30, "earns_little"),
        (2.999, 30, "earns_little"),
        (3.0, 30, None),
        (0.5, 29, None),
        (None, 30, None),
    ],
)
def test_what_a_customer_brings(value, base, rule):
    found = rules.worth_it(Kpi("ltv_cac", value, "ratio", "up", base=base))
    assert [f.rule for f in found] == ([f"kpis.{rule}"] if rule else []) and rules.worth_it(None) == []
    assert [f.severity for f in found] == (["problem" if value < 1 else "warning"] if rule else [])


@pytest.mark.parametrize(("value", "base", "found"), [(12.0, 30, 0), (12.01, 30, 1), (40.0, 29, 0), (None, 30, 0)])
def test_how_long_it_takes(value, base, found):
    assert len(rules.payback(Kpi("cac_payback", value, "ratio", "down", base=base))) == found and rules.payback(None) == []


def test_cost_is_judged_of_whole_periods_alone_and_against_surely_new_customers(monkeypatch):
    kpi = Kpi("cac", 9.0, "money", "down", previous=5.0, year_before=4.0)
    assert rules.judgeable(view(), None) is None and rules.judgeable(view(until=date(2026, 10, 20)), kpi) is None
    for settled, previous, year in (
        (None, 5.0, 4.0),
        ("2025-10-01", 5.0, 4.0),
        ("2025-10-02", 5.0, None),
        ("2026-09-02", None, None),
    ):
        monkeypatch.setattr(acquisition, "settled_from", lambda crm, day=settled: day and date.fromisoformat(day))
        found = rules.judgeable(view(), kpi)
        assert found is not None and (found.previous, found.year_before) == (previous, year)


def test_the_gravest_first_and_calm_where_nothing_is():
    assert [f.rule for f in rules.findings(view(), [], NOBODY_MOVED)] == ["kpis.calm"]
    figures = [Kpi("ltv_cac", 0.5, "ratio", "up", base=50), Kpi("cac_payback", 30.0, "ratio", "down", base=50),
               Kpi("churn_rate", 0.5, "share", "down", part=50, base=100, year_before=0.1, year_before_base=100),
               Kpi("sales_conversion_rate", 0.5, "share", "up", part=50, base=100, previous=0.9, previous_base=100)]  # fmt: skip
    found = rules.findings(view(), figures, NOBODY_MOVED)
    assert [f.rule for f in found] == [
        "kpis.churn_rose_year_before", "kpis.loses_money", "kpis.slow_payback", "kpis.conversion_fell_previous"]  # fmt: skip
    assert [f.severity for f in found] == ["problem", "problem", "warning", "warning"]
    nobody = Crm.of("2026-10", opportunities=rows("opportunity_id created_at", "1 2026-10-02"))
    assert [f.rule for f in rules.findings(nobody, figures, NOBODY_MOVED)] == ["kpis.no_customers"]


@pytest.mark.parametrize(
    ("team", "columns", "group"),
    [
        ("all", "customer_id team region", "team"), ("north", "customer_id team region", "region"),
        pytest.param("all", "customer_id tier", "tier", marks=pytest.mark.long), pytest.param("all", "customer_id", "team", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_who_moved_retention_is_asked_of_what_the_source_knows(team, columns, group):
    kpi = Kpi("retention_rate", 0.5, "share", "up", part=1, base=2, previous=0.5, previous_base=2)
    people = rows(columns, *[name + " north" * (len(columns.split()) - 1) for name in "ab"])
    crm = Crm.of("2026-10", team, orders=rows("order_id customer_id ordered_at amount", *LINES), customers=people)
    assert rules.retention_moved(crm, kpi).group == group


# ------------------------------------------------------------------------------------------------ headlines


def rule(finding) -> str:
    return finding.rule.removeprefix("kpis.")


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        (5.0, None, "cac_alone"),
        (None, "no_costs", "no_costs"),
        (None, "not_delivered", "no_costs"),
        (None, "no_new_customers", "no_new_customers"),
    ],
)
def test_the_cost_s_headline(value, reason, expected):
    assert rule(headlines.cac_headline(Kpi("cac", value, "money", "down", reason=reason))) == expected


def moves(*changes: float) -> pd.DataFrame:
    return pd.DataFrame({"cac_cause": ["salary", "new customers"], "change_amount": list(changes)})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [((5.0, -2.0), "moved_up_up"), ((-5.0, 2.0), "moved_down_down"), ((5.0, -5.0), "moved_up_down")],
)
def test_what_moved_the_cost(changes, expected):
    found = headlines.moves_headline(moves(*changes))
    assert rule(found) == expected and found.values["cause"] == "salary" and found.values["amount"] == 5
    assert rule(headlines.moves_headline(moves(1.0, 2.0)[:0])) == "nothing_to_compare"


def test_the_kinds_headline_and_what_is_of_neither_side():
    frame = costs.costs_by_kind(view(booked=("2026-10-02 salary 60", "2026-10-02 legal 40")))
    assert headlines.kinds_headline(frame).values == {
        "cost_kind": "salary",
        "share": 0.6,
        "marketing_amount": 0.0,
        "sales_amount": 60.0,
    }
    assert [f.rule for f in headlines.kinds_says(frame)] == ["say.cost_sides", "say.cost_unknown"]
    assert rule(headlines.kinds_headline(frame[:0])) == "no_costs"
    credits = costs.costs_by_kind(view(booked=("2026-10-02 salary -60",)))
    assert rule(headlines.kinds_headline(credits)) == "kinds_amounts"


def test_channels_and_returns():
    frame = pd.DataFrame({"acquisition_channel": ["web", "fair"], "year_cac_amount": [9.0, None], "year_customers": [4, 2]})
    assert headlines.channels_headline(frame, []).values == {"channel": "web", "amount": 9.0, "count": 4}
    dear = said("kpis.dear_channel", channel="web")
    assert headlines.channels_headline(frame, [said("x"), dear]) is dear
    assert rule(headlines.channels_headline(frame[1:], [])) == "no_channel_costs"
    worth = pd.DataFrame(
        [("web", 4, 10.0, 20.0, 2.0)],
        columns=["acquisition_channel", "customer_count", "year_cac_amount", "value_amount", "return_ratio"],
    )
    assert (
        headlines.returns_headline(worth).values["times_ratio"] == 2
        and rule(headlines.returns_headline(worth[:0])) == "no_returns"
    )
    assert headlines.channels_says(frame[:0]) == headlines.returns_says(worth[:0]) == []
    assert len(headlines.channels_says(frame)) == len(headlines.returns_says(worth)) == 1


@pytest.mark.parametrize(
    ("part", "base", "share", "expected"),
    [(3, 30, 0.1, "loyalty"), (3, 29, 3 / 29, "loyalty_counts"), (None, None, None, "loyalty_known")],
)
def test_loyalty_s_headline(part, base, share, expected):
    frame = pd.DataFrame([("bought twice", part, base, share)], columns=["loyalty_figure", "part_count", "base", "share"])
    assert rule(headlines.loyalty_headline(view(), frame)) == expected


def test_conversion_s_headline():
    assert rule(headlines.conversion_headline(Kpi("sales_conversion_rate", None, "share", "up"))) == "no_prospects"
    small = Kpi("sales_conversion_rate", 0.5, "share", "up", part=14, base=29, previous=0.4, previous_base=40)
    assert headlines.conversion_headline(small).values == {"part": 14, "base": 29}


@pytest.mark.parametrize(
    ("team", "lines", "expected"),
    [
        ("all", (), []), ("all", ("2026-09-02 salary 5",), []), ("all", ("2026-10-31 salary 5",), []), ("north", ("2026-10-02 salary 5",), ["costs_of_the_team"]),
        ("north", (), []),
    ],
)  # fmt: skip
def test_what_must_be_known_of_costs(team, lines, expected):
    assert headlines.notes(view(team, booked=lines)) == expected


def test_costs_that_begin_within_the_period_are_told():
    for day, told in (("2026-01-31", []), ("2026-02-01", ["costs_begin_late"])):
        year = Crm.of("2026", orders=rows("order_id customer_id ordered_at amount", *LINES), costs=costs_of(f"{day} salary 5"))
        assert headlines.notes(year) == told


def test_young_data_and_campaigns_are_told():
    young = Crm.of("2026-10", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-02 5"), costs=costs_of("2026-10-02 salary 5"),
                   campaigns=rows("campaign_id name cost", "1 c 5"))  # fmt: skip
    assert headlines.notes(young) == ["campaigns_not_added", "new_to_the_data"]
    assert [f.rule for f in headlines.cac_says(young)] == ["say.cac_no_lag", "say.cac_booked"]
    late = Crm.of("2026-10", business={"cac_lag_days": 30}, costs=costs_of("2026-10-02 salary 5"))
    assert headlines.cac_says(late)[0] == said("say.cac_lag", days=30)


@pytest.mark.parametrize(
    ("rows_of", "expected", "values"),
    [
        ([("north", 2), ("south", 3), ("unassigned", 9)], "by_team", {"count": 14, "team": "south", "part": 3}),
        ([("north", 0), ("unassigned", 9)], "by_team_none", {"count": 9}), ([("unassigned", 0)], "by_team_none", {"count": 0}),
    ],
)  # fmt: skip
def test_who_won_most(rows_of, expected, values):
    found = headlines.teams_headline(pd.DataFrame(rows_of, columns=["team", "new_customers"]))
    assert rule(found) == expected and found.values == values
