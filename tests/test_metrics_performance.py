"""Teams and people side by side: rows of small companies worked out by hand, and what adds up to what."""

import functools
import math

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.metrics import closing, efficiency, people, retention, revenue, standings, territories
from crmlib.metrics.performance import money_by, money_of, performance_by
from crmlib.metrics.posts import posts

REPS = rows("rep_id name team active_from active_to", "a Ann north - -", "b Bea south - 2026-10-10", "b Bea north 2026-10-11 -",
            "c Cid south 2026-10-22 -", "d Dan south - 2026-09-30")  # fmt: skip
ORDERS = rows(
    "order_id customer_id ordered_at amount status rep_id",
    "1 x 2026-10-02 100 - a", "2 x 2026-10-31 50 - a", "3 x 2026-11-01 999 - a",  # the day after the end
    "4 y 2026-10-10 30 - b", "5 y 2026-10-11 20 - b",  # the last day in south, the first in north
    "6 z 2026-10-05 40 - -", "7 z 2026-10-05 -10 - -", "8 z 2026-10-06 70 cancelled c",
    "9 x 2026-09-30 60 - a", "10 x 2025-10-01 25 - a",
)  # fmt: skip
CUSTOMERS = rows("customer_id created_at rep_id team", "x 2025-01-01 a -", "y 2026-01-01 b -", "z 2026-01-01 - south")
DEALS = rows(
    "opportunity_id created_at closed_at is_won amount rep_id lead_source",
    "d1 2026-10-01 2026-10-03 true 10 a web", "d2 2026-10-01 2026-10-31 false 10 a web", "d3 2026-10-01 2026-11-01 true 10 a web",
    "d4 2026-10-01 2026-10-12 true 10 b fair",  # created in south, closed when she was in north
    "d5 2026-10-01 2026-10-12 false 10 - web",
)  # fmt: skip
FEEDBACK = rows(
    "feedback_id given_at score rep_id customer_id", "f1 2026-10-01 4 a x", "f2 2026-10-02 3 a x", "f3 2026-10-02 5 - z"
)


def company(team="all", period="2026-10", min_base=1, **more) -> Crm:
    """The small company above, with other tables in their place; the handle itself is made once."""
    return made(team, period, min_base, **more) if more else same(team, period, min_base)


@functools.cache
def same(team, period, min_base) -> Crm:
    return made(team, period, min_base)


def made(team, period, min_base, **more) -> Crm:
    tables = {"orders": ORDERS, "customers": CUSTOMERS, "reps": REPS, "opportunities": DEALS, "feedback": FEEDBACK} | more
    given = {name: frame for name, frame in tables.items() if frame is not None}
    return Crm.of(period, team, {"min_base": min_base, "inactive_after_days": 400}, **given)


def row(frame: pd.DataFrame, **named) -> dict:
    for column, value in named.items():
        frame = frame[frame[column] == value]
    (one,) = frame.to_dict("records")
    return one


# ------------------------------------------------------------------------------------------------ posts


def test_who_was_in_which_team_for_how_many_days():
    found = posts(company())
    assert found.values.tolist() == [
        ["north", "a", 31, 1.0], ["north", "b", 21, 21 / 31], ["south", "b", 10, 10 / 31], ["south", "c", 10, 10 / 31]
    ]  # fmt: skip
    assert posts(company("north")).rep_id.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["a A n - -"], 31),
        (["a A n 2026-10-31 -"], 1),
        (["a A n 2026-11-01 -"], 0),  # not yet
        (["a A n - 2026-10-01"], 1),
        (["a A n - 2026-09-30"], 0),
        (["a A n 2026-09-01 -", "a A m 2026-10-11 -"], 10),  # a move ends the time before it, said or not
        (["a A n - 2026-10-05", "a A n 2026-10-11 2026-10-15"], 10),  # gone and back
    ],
)
def test_days_at_the_edges(lines, days):
    found = posts(Crm.of("2026-10", orders=ORDERS, reps=rows("rep_id name team active_from active_to", *lines)))
    assert int(found.here_days[found.team == "n"].sum()) == days


def test_later_days_are_not_known():
    """Who leaves after the period's end is there as ever: the day is not known yet."""
    leaves = rows("rep_id name team active_from active_to", "a A n - 2026-11-05")
    assert posts(Crm.of("2026-10", orders=ORDERS, reps=leaves)).here_days.tolist() == [31]


# ------------------------------------------------------------------------------------------------ the frame


def test_the_rows_of_teams():
    frame = performance_by(company(), "team")
    assert frame.team.tolist() == ["north", "south", "unassigned"]  # the order of nobody belongs to its customer's team
    assert row(frame, team="unassigned")["lost_count"] == 1 and row(frame, team="unassigned")["revenue"] == 0
    north, south = row(frame, team="north"), row(frame, team="south")
    assert (north["revenue"], north["order_count"]) == (170.0, 3) and (south["revenue"], south["order_count"]) == (60.0, 2)
    assert (north["won_count"], north["lost_count"], north["win_rate"]) == (1, 1, 0.5)
    assert (south["won_count"], south["win_rate"], south["sales_cycle_days"]) == (1, 1.0, 11)
    assert (north["previous_revenue"], north["year_before_revenue"], south["previous_revenue"]) == (60.0, 25.0, 0.0)
    assert (
        north["mom"] == pytest.approx(170 / 60 - 1) and north["yoy"] == pytest.approx(170 / 25 - 1) and math.isnan(south["mom"])
    )
    assert (north["scores"], north["csat_top_box"], south["scores"], south["csat_top_box"]) == (2, 0.5, 1, 1.0)


def test_a_person_who_moved_has_a_row_in_each_team_with_what_they_did_there():
    frame = performance_by(company(), "rep")
    assert row(frame, team="south", rep_id="b")["revenue"] == 30.0 and row(frame, team="north", rep_id="b")["revenue"] == 20.0
    assert row(frame, team="south", rep_id="b")["won_count"] == 1  # the deal was created when she was in south
    assert row(frame, team="north", rep_id="b")["customer_count"] == 1  # her customer moved with her
    assert row(frame, team="south", rep_id="none given")["revenue"] == 30.0 and frame.rep_id.tolist()[-1] == "none given"


def test_rows_add_up_to_the_view():
    for team in ("all", "north"):
        crm = company(team)
        for group in ("team", "rep"):
            frame = performance_by(crm, group)
            assert frame.revenue.sum() == revenue.revenue(crm).value and frame.order_count.sum() == revenue.order_count(crm).value
            assert frame.won_count.sum() == closing.won_count(crm) and frame.lost_count.sum() == closing.lost_count(crm)
            assert frame.customer_count.sum() == retention.customer_count(crm)
            assert frame.new_customers.sum() == retention.new_customers(crm)
            assert money_by(crm, group).revenue.sum() == frame.revenue.sum()


@pytest.mark.parametrize(("min_base", "known"), [(1, True), (2, False)])
def test_growth_needs_enough_orders_now_and_then(min_base, known):
    north = row(performance_by(company(min_base=min_base), "team"), team="north")  # one order the period before
    assert math.isnan(north["mom"]) is not known and north["previous_revenue"] == 60.0
    figure = efficiency.mom(company("north", min_base=min_base))
    assert (figure.value is not None) is known and figure.reason == (None if known else "few_cases") and figure.base == 1


def test_before_the_data_began_nothing_is_known():
    frame = performance_by(company(period="2025-10"), "team")
    assert frame.year_before_revenue.isna().all() and frame.yoy.isna().all()


def test_of_no_orders_the_money_is_what_was_won():
    crm = company(orders=None, feedback=None)
    frame = performance_by(crm, "team")
    assert money_of(crm) == "won_amount" and "revenue" not in frame
    assert dict(zip(frame.team, frame.won_amount, strict=True)) == {"north": 10.0, "south": 10.0, "unassigned": 0.0}


@pytest.mark.parametrize("group", ["team", "rep"])
def test_nothing_at_all_has_its_columns(group):
    crm = Crm.of("2026-10", orders=rows("order_id ordered_at amount", "1 2026-01-01 5"))
    frame = performance_by(crm, group)
    assert frame[frame.revenue != 0].empty and {"team", "revenue", "mom", "yoy", "win_rate", "target_attainment"} <= set(frame)


# ------------------------------------------------------------------------------------------------ goals

GOALS = [
    "2026-10 revenue 200 north -", "2026-09 revenue 200 south -", "2026-10 win_rate 0.2 south -", "2026-10 revenue 500 - -",
    "2026-10 revenue 300 - a", "2026-10 revenue 300 - b", "2026-10 revenue 300 south c", "2026-10 revenue 40 south b", "2026-10 revenue 9 south a",
]  # fmt: skip


def test_goals_are_of_this_period_this_figure_and_this_team_or_person():
    crm = company(targets=rows("period metric value team rep_id", *GOALS))
    teams = performance_by(crm, "team")
    assert dict(teams.dropna(subset=["target_amount"])[["team", "target_amount"]].itertuples(index=False)) == {"north": 200.0}
    assert row(teams, team="north")["target_attainment"] == 0.85 and row(teams, team="north")["due_amount"] == 200.0
    people_s = performance_by(crm, "rep").dropna(subset=["target_amount"])
    # b was in two teams: her goal that names none counts in neither; a was never in south
    assert {(r.team, r.rep_id): r.target_amount for r in people_s.itertuples()} == {
        ("north", "a"): 300.0, ("south", "c"): 300.0, ("south", "b"): 40.0
    }  # fmt: skip
    own = performance_by(Crm(crm.delivery, crm.period, "north"), "rep").dropna(subset=["target_amount"])
    assert {(r.team, r.rep_id): r.target_amount for r in own.itertuples()} == {("north", "a"): 300.0}


def test_two_goals_for_the_same_are_none():
    twice = rows("period metric value team rep_id", "2026-10 revenue 200 north -", "2026-10 revenue 210 north -")
    assert performance_by(company(targets=twice), "team").target_amount.isna().all()


# ------------------------------------------------------------------------------------------------ per person


def test_people_count_for_the_days_they_were_there():
    crm = company("north")
    present = 1 + 21 / 31
    assert efficiency.people_count(crm).value == 2
    assert efficiency.money_per_person(crm).value == pytest.approx(170 / present)
    assert efficiency.deals_per_person(crm).value == pytest.approx(1 / present)
    frame = efficiency.efficiency_by_team(company())
    assert row(frame, team="north")["money_per_person"] == pytest.approx(170 / present)
    assert row(frame, team="south")["people_ratio"] == pytest.approx(20 / 31)


@pytest.mark.parametrize("metric", [efficiency.people_count, efficiency.money_per_person, efficiency.deals_per_person])
def test_without_people_nothing_is_known_of_them(metric):
    assert metric(company(reps=None)).value is None and metric(company(reps=None)).reason == "not_delivered"


def test_growth_of_the_whole():
    crm = company("north")
    assert efficiency.mom(crm).value == pytest.approx(170 / 60 - 1) and efficiency.yoy(crm).value == pytest.approx(170 / 25 - 1)
    assert efficiency.yoy(company(period="2025-10")).reason == "no_data"
    assert efficiency.mom(company("south")).reason == "no_base"  # nothing was sold the period before


def test_a_team_stands_beside_the_company_and_no_other_is_named():
    frame = efficiency.beside_company(company("north"))
    assert frame["view"].tolist() == ["north", "whole company"] and frame.closed_count.tolist() == [2, 4]
    assert efficiency.beside_company(company())["view"].tolist() == ["whole company"]


def test_the_course_ends_with_the_period_s_own_figures():
    crm = company("north")
    last = efficiency.performance_by_period(crm).iloc[-1]
    assert last.revenue == 170 and last.money_per_person == efficiency.money_per_person(crm).value
    assert last.deals_per_person == efficiency.deals_per_person(crm).value


# ------------------------------------------------------------------------------------------------ people and territories


def test_those_beyond_the_table_are_one_row_and_all_adds_up():
    crm = company()
    whole, cut = performance_by(crm, "rep"), people.people(crm, 2)
    assert cut.rep.tolist() == ["Ann", "all others"] and cut.revenue.sum() == whole.revenue.sum()
    assert cut.won_count.sum() == whole.won_count.sum() and cut.customer_count.sum() == whole.customer_count.sum()
    assert row(cut, rep="all others")["win_rate"] == 0.5


def test_who_left_before_is_in_no_row():
    assert "Dan" not in people.people(company()).rep.tolist()


def test_territories_are_shares_of_a_team_s_sales():
    orders = ORDERS.assign(region=["east", "west", *["east"] * 8])
    frame = territories.territories(company(orders=orders))
    assert row(frame, view="north", region="west")["share"] == pytest.approx(50 / 170)
    assert frame.groupby("view").share.sum().tolist() == pytest.approx([1.0, 1.0])
    own = territories.territories(company("north", orders=orders))
    assert set(own["view"]) == {"north", "whole company"}
    assert territories.territories(company()).empty  # no region is known
    assert territories.territories(company(orders=None)).empty


# ------------------------------------------------------------------------------------------------ who stands apart


def deals(*lines: tuple) -> pd.DataFrame:
    """(team, rep, won, lost): so many deals closed in October."""
    made = [(team, rep, is_won) for team, rep, won, lost in lines for is_won in [True] * won + [False] * lost]
    frame = pd.DataFrame(made, columns=["team", "rep_id", "is_won"])
    return frame.assign(opportunity_id=[f"o{i}" for i in frame.index], created_at="2026-10-01", closed_at="2026-10-15", amount=1, lead_source="web")  # fmt: skip


def of_deals(*lines: tuple, team="all", min_base=30) -> Crm:
    staff = pd.DataFrame({(rep, team) for team, rep, *_ in lines}, columns=["rep_id", "team"]).assign(name=lambda t: t.rep_id)
    return Crm.of("2026-10", team, {"min_base": min_base}, opportunities=deals(*lines).drop(columns="team"), reps=staff)


def peers(*lines: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["team", "part", "lost"])
    return frame.assign(rep=None, base=frame.part + frame.lost)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([], []),
        ([("n", 50, 50)], []),
        ([("n", 50, 50), ("s", 50, 50)], []),
        ([("n", 5, 95), ("s", 50, 50), ("w", 50, 50)], ["n"]),
        ([("n", 5, 95), ("s", 50, 50)], ["n"]),  # each is the other's others: the one below is said
        ([("n", 1, 28), ("s", 100, 100), ("w", 100, 100)], []),  # just below the base
        ([("n", 1, 29), ("s", 100, 100), ("w", 100, 100)], ["n"]),  # on it
        ([("n", 100, 0), ("s", 1, 28)], []),  # the others are too few
        ([("n", 4501, 5499), ("s", 5000, 5000), ("w", 5000, 5000)], []),  # clear, but less than five points
        ([("n", 4500, 5500), ("s", 5000, 5000), ("w", 5000, 5000)], ["n"]),  # five points
        ([("n", 0, 400), ("s", 200, 200), ("w", 200, 200)], ["n"]),  # the others are not above because one fell
        ([("n", 0, 400), ("s", 200, 200), ("w", 200, 200), ("e", 390, 10)], ["n", "e"]),
    ],
)
def test_who_is_set_aside(lines, names):
    assert sorted(a.team for a in standings.set_aside(peers(*lines), "win_rate", 0.99, 30)) == sorted(names)


def test_people_are_compared_with_their_own_team_and_with_nobody_in_a_small_one():
    low, fine = ("n", "a", 3, 97), [("n", "b", 50, 50), ("n", "c", 50, 50)]
    (found,) = standings.apart(of_deals(low, *fine), "rep", "win_rate")
    assert (found.rep, found.now.part, found.now.base, found.others.part, found.others.base) == ("a", 3, 100, 100, 200)
    # of two each is below or above the other; of a third with too small a base likewise
    assert standings.apart(of_deals(low, fine[0], ("n", "c", 10, 10)), "rep", "win_rate") == []
    whole_team = of_deals(*[("n", r, 3, 97) for r in "abc"], *[("s", r, 50, 50) for r in "def"])
    assert standings.apart(whole_team, "rep", "win_rate") == []  # a team's fall is no person's
    assert [a.team for a in standings.apart(whole_team, "team", "win_rate")] == ["n"]


def test_a_team_s_page_and_the_company_s_agree():
    lines = [("n", "a", 3, 97), ("n", "b", 50, 50), ("n", "c", 50, 50), ("s", "d", 50, 50)]
    whole = standings.apart(of_deals(*lines), "rep", "win_rate")
    assert standings.apart(of_deals(*lines, team="n"), "rep", "win_rate") == whole and whole
    assert standings.apart(of_deals(*lines, team="s"), "rep", "win_rate") == []


def test_what_lead_sources_let_expect():
    """Web is won at 20 of 40, fair at 5 of 40: who has 30 of web and 10 of fair is expected to win (30 × 0.5 + 10 × 0.125) / 40."""
    parts = [("a", "web", 15, 15), ("a", "fair", 2, 8), ("b", "web", 5, 5), ("b", "fair", 3, 27)]
    made = [(rep, source, is_won) for rep, source, won, lost in parts for is_won in [True] * won + [False] * lost]
    frame = pd.DataFrame(made, columns=["rep_id", "lead_source", "is_won"])
    frame = frame.assign(opportunity_id=[f"o{i}" for i in frame.index], created_at="2026-10-01", closed_at="2026-10-15")
    staff = pd.DataFrame({"rep_id": ["a", "b"], "name": ["Ann", "Bea"], "team": ["n", "s"]})
    rates = standings.win_rates(Crm.of("2026-10", opportunities=frame, reps=staff), "rep")
    assert row(rates, rep="Ann")["expected_rate"] == pytest.approx(0.40625) and row(rates, rep="Ann")["win_rate"] == 17 / 40
    own = standings.win_rates(Crm.of("2026-10", "n", opportunities=frame, reps=staff), "rep")
    assert own.expected_rate.tolist() == pytest.approx([0.40625])  # the company's rates, on a team's page, too


def test_of_many_ranked_the_picture_holds_the_ends():
    frame = pd.DataFrame({"rep": [f"r{i}" for i in range(50)], "rank": [*range(1, 46), *[math.nan] * 5]})
    assert standings.ends(frame, 10).rep.tolist() == ["r0", "r1", "r2", "r3", "r4", "r40", "r41", "r42", "r43", "r44"]
    assert len(standings.ends(frame.tail(5), 3)) == 3  # nobody is ranked: the first are named with their counts
