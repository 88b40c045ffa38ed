"""What a new customer costs, in all and by channel, what moved it, and what one brings against it: worked out by hand."""

import functools
import math

import ibis
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import Figure
from crmlib.means import margin
from crmlib.metrics import acquisition, costs, crm_figures, customers, retention
from crmlib.models import clv, returns

ORDERS = ("a 2026-10-01 10", "b 2026-10-31 10", "c 2026-09-30 10", "d 2025-10-05 10")  # a and b are won in October
PEOPLE = ("a north web", "b south fair", "c north web", "d - -")


@functools.cache
def crm(*booked: str, orders=ORDERS, people=PEOPLE, team="all", period="2026-10", **business) -> Crm:
    lines = [line + " -" * (5 - len(line.split())) for line in booked]
    frames = {"costs": rows("booked_on kind amount channel team", *lines)} if booked else {}
    frames["orders"] = rows("order_id customer_id ordered_at amount", *[f"{i} {line}" for i, line in enumerate(orders)])
    frames["customers"] = rows("customer_id team acquisition_channel", *people)
    return Crm.of(period, team, business, **frames)


# ------------------------------------------------------------------------------------------------ cost


@pytest.mark.parametrize(
    ("kind", "side"),
    [("advertising", costs.MARKETING), ("Trade Fair", costs.MARKETING), (" SALARY ", costs.SALES), ("工资", costs.SALES),
     ("广告", costs.MARKETING), ("legal", costs.OTHER)],
)  # fmt: skip
def test_which_kind_is_marketing_and_which_sales(kind, side):
    assert costs.side(kind) == side


@pytest.mark.parametrize(
    ("booked", "cost", "each"),
    [
        (("2026-10-01 advertising 60", "2026-10-31 salary 40"), 100.0, 50.0),  # first and last day
        (("2026-10-15 legal 60", "2026-10-15 salary -20"), 40.0, 20.0),  # unknown kinds count, credits are taken off
        (("2026-10-15 advertising 0",), 0.0, 0.0),  # booked is booked
    ],
)
def test_acquisition_spend_and_cac(booked, cost, each):
    view = crm(*booked, "2026-09-30 salary 1000", "2026-11-01 salary 1000")
    assert costs.acquisition_spend(view).value == cost and acquisition.cac(view) == Figure(each, 2)


def test_what_is_not_booked_is_not_known_to_be_nothing():
    view = crm("2026-09-30 salary 9")
    assert costs.acquisition_spend(view) == acquisition.cac(view) == Figure(None, None, "no_costs")
    assert acquisition.cac(crm()) == acquisition.cac_year(crm()) == Figure(None, None, "not_delivered")
    nobody = crm("2026-10-02 salary 9", orders=ORDERS[2:])
    assert acquisition.cac(nobody) == Figure(None, 0, "no_new_customers")
    later = crm("2026-11-02 salary 9")
    assert acquisition.cac_year(later) == Figure(None, None, "no_costs") and acquisition.cac_by_channel(later).empty


@pytest.mark.parametrize(
    ("lag", "cost"), [(0, 8.0), (1, 4.0), (30, 6.0), (31, 8.0)]
)  # the windows begin on 1 October, 30 September, 1 September, 31 August, and end as many days later
def test_cost_is_of_so_many_days_earlier(lag, cost):
    view = crm("2026-08-31 salary 2", "2026-09-01 tools 2", "2026-09-30 salary 4", "2026-10-31 salary 8", cac_lag_days=lag)
    assert costs.acquisition_spend(view).value == cost


def test_a_team_has_what_is_booked_on_it():
    booked = ("2026-10-02 salary 30 - north", "2026-10-02 salary 8 - south", "2026-10-02 advertising 100 web")
    assert acquisition.cac(crm(*booked, team="north")) == Figure(30.0, 1)
    assert acquisition.cac(crm(*booked)) == Figure(69.0, 2)
    teams = crm_figures.figures_by_team(crm(*booked)).set_index("team")
    assert (
        teams.cost_amount.to_dict() == {"north": 30.0, "south": 8.0, "unassigned": 100.0}
        and list(teams.index)[-1] == "unassigned"
    )
    assert teams.new_customers.to_dict() == {"north": 1, "south": 1, "unassigned": 0} and math.isnan(teams.cac["unassigned"])


def test_the_year_is_as_long_as_costs_are_booked_for():
    view = crm("2026-09-20 salary 30", "2026-10-20 salary 60")
    assert costs.year_window(view)[0].isoformat() == "2026-09-01"  # from the month of the first booking on
    assert acquisition.cac_year(view) == Figure(30.0, 3)  # a, b and c; d was won before
    long = crm("2025-10-31 salary 500", "2025-11-01 salary 30", "2026-10-20 salary 60")
    assert costs.year_window(long)[0].isoformat() == "2025-11-01" and acquisition.cac_year(long) == Figure(30.0, 3)


def test_the_course():
    frame = acquisition.cac_by_period(crm("2026-09-02 salary 7", "2026-10-02 salary 8"), 3)
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"]
    assert frame.new_customers.to_list() == [0, 1, 2]
    assert frame.cac.iloc[1:].to_list() == [7.0, 4.0] and frame.iloc[0, 1:].isna().to_list() == [True, False, True]


def test_what_moved_it_adds_up():
    """Before 6 for 2, now 12 for 4 of advertising, and 2 of salary for none: 4 → 3 a customer."""
    orders = (*(f"x{i} 2025-10-0{i + 1} 1" for i in range(2)), *(f"y{i} 2026-10-0{i + 1} 1" for i in range(4)))
    view = crm("2025-10-05 advertising 6", "2025-10-06 salary 2", "2026-10-05 advertising 12", orders=orders,
               people=tuple(f"{order.split()[0]} - -" for order in orders))  # fmt: skip
    moves = acquisition.cac_moves(view).set_index("cac_cause")
    each = (1 / 2 + 1 / 4) / 2
    assert moves.change_amount["advertising"] == pytest.approx(6 * each) and moves.change_amount["salary"] == pytest.approx(
        -2 * each
    )
    assert moves.change_amount["new customers"] == pytest.approx((1 / 4 - 1 / 2) * (8 + 12) / 2)
    assert (
        moves.change_amount.sum() == pytest.approx(12 / 4 - 8 / 2) and acquisition.compared_with(view).period.label == "2025-10"
    )
    assert acquisition.cac_moves(crm("2026-10-05 salary 6")).empty
    assert acquisition.compared_with(crm("2026-09-05 salary 6", "2026-10-05 salary 6")).period.label == "2026-09"


def test_costs_by_kind():
    frame = costs.costs_by_kind(crm("2026-10-05 salary 6", "2026-10-06 salary 3", "2026-10-05 legal 1", "2025-10-05 tools 4"))
    assert frame.iloc[:, :4].to_numpy().tolist() == [
        ["salary", costs.SALES, 9.0, 0.0], ["legal", costs.OTHER, 1.0, 0.0], ["tools", costs.SALES, 0.0, 4.0]]  # fmt: skip
    assert frame.cost_share.to_list() == [0.9, 0.1, 0.0] and frame.earlier_share.to_list() == [0.0, 0.0, 1.0]
    alone = costs.costs_by_kind(crm("2026-10-05 salary 6"))
    assert alone.before_amount.isna().all() and costs.costs_by_kind(crm()).empty


def test_cost_that_works_later():
    frame = acquisition.cac_by_lag(crm("2026-08-02 salary 3", "2026-09-02 salary 6", "2026-10-02 salary 9")).set_index("lag_days")
    assert frame.cost_amount[0] == 18.0 and frame.cac_amount[0] == 6.0 and frame.cost_amount.iloc[1:].isna().all()
    assert acquisition.cac_by_lag(crm()).empty


# ------------------------------------------------------------------------------------------------ by channel


def test_by_channel_who_has_cost_and_who_has_customers():
    booked = ("2026-10-02 advertising 50 web", "2026-10-02 advertising 30 radio", "2026-10-02 advertising 7", "2026-09-02 advertising 40 web",
              "2026-10-02 salary 900")  # fmt: skip
    frame = acquisition.cac_by_channel(crm(*booked)).set_index("acquisition_channel")
    assert list(frame.index) == ["web", "fair", "radio", "none given"]
    assert frame.cost_amount.to_dict() == {"web": 50, "fair": 0, "radio": 30, "none given": 7}  # salaries are of no channel
    assert frame.new_customers.to_dict() == {"web": 1, "fair": 1, "radio": 0, "none given": 0}
    assert frame.cac_amount["web"] == 50 and frame.year_cac_amount["web"] == 45  # c was won in September
    assert frame.year_cac_amount.isna().to_dict() == {"web": False, "fair": True, "radio": True, "none given": True}
    assert frame.low_amount.isna().all()  # two months
    assert frame.new_customers.sum() == retention.new_customers(crm(*booked))
    by = customers.customers_by(crm(*booked), "acquisition_channel").set_index("acquisition_channel").new_customers
    assert all(by[c] == n for c, n in frame.new_customers.items() if c in by)


def monthly(**channels: tuple[float, int]) -> Crm:
    """A year in which each channel costs so much a month and wins so many a month."""
    months = [str(p) for p in pd.period_range("2025-11", "2026-10", freq="M")]
    booked = [f"{m}-05 advertising {cost} {name}" for m in months for name, (cost, _) in channels.items()]
    won = [(f"{name}{m}{i}", name, m) for m in months for name, (_, count) in channels.items() for i in range(count)]
    return crm(*booked, orders=tuple(f"{c} {m}-10 5" for c, _, m in won), people=tuple(f"{c} north {name}" for c, name, _ in won))


def test_the_interval_is_never_narrower_than_chance():
    frame = acquisition.cac_by_channel(monthly(fair=(90.0, 3))).set_index("acquisition_channel")
    wide = math.exp(margin([(math.sqrt(1 / 36), 12)]))  # every month is alike: only Poisson's 1 / 36 is left
    assert frame.year_cac_amount["fair"] == 30 and frame.high_amount["fair"] == pytest.approx(30 * wide)
    assert frame.low_amount["fair"] == pytest.approx(30 / wide)


def test_the_interval_of_costs_that_swing():
    swing = [f"2026-{m:02d}-05 advertising {100 if m % 2 else 300} web" for m in range(1, 11)]
    people = tuple(f"p{m}{i} north web" for m in range(1, 11) for i in range(40))
    view = crm(*swing, orders=tuple(f"p{m}{i} 2026-{m:02d}-10 5" for m in range(1, 11) for i in range(40)), people=people)
    frame = acquisition.cac_by_channel(view)
    error = math.sqrt(10 / 9 * 10 * 100**2) / 2000  # ten months, each 100 away from 5 · 40
    assert frame.year_cac_amount[0] == 5 and frame.high_amount[0] == pytest.approx(5 * math.exp(margin([(error, 10)])))


def test_only_what_can_be_compared_is_the_dearest():
    view = monthly(fair=(90.0, 3), web=(30.0, 3), few=(900.0, 2))
    found = acquisition.dearest_channel(view)
    assert found.acquisition_channel.to_list() == ["fair", "web"] and found.times.to_list() == [1.0, 3.0]  # of `few` there are 24
    wide = margin([(math.sqrt(1 / 36), 12)] * 2)
    assert found.above[1] == pytest.approx(3 * math.exp(-wide))
    assert acquisition.dearest_channel(monthly(fair=(90.0, 3))) is None and acquisition.dearest_channel(crm()) is None


def test_from_when_on_new_customers_are_new():
    assert acquisition.settled_from(crm(inactive_after_days=30)).isoformat() == "2025-11-04"  # d came on 5 October
    contracts = Crm.of("2026-10", customers=rows("customer_id created_at churned_at", "a 2025-01-01 2026-01-01"))
    assert acquisition.settled_from(contracts) is None


# ------------------------------------------------------------------------------------------------ what a customer brings


@functools.cache
def two_years(**business) -> Crm:
    """Ten customers a year ago, of whom eight are left, and four new ones; each buys once a month for 100, of which 40 are earned."""
    months = [str(p) for p in pd.period_range("2025-08", "2026-10", freq="M")]
    stay = [f"s{i} {m}-05 100 60" for m in months for i in range(8)]
    left = [f"l{i} {m}-05 100 60" for m in months[:3] for i in range(2)]
    new = [f"n{i} 2026-10-05 100 60" for i in range(4)]
    orders = rows("order_id customer_id ordered_at amount cost", *[f"{i} {line}" for i, line in enumerate([*stay, *left, *new])])
    booked = rows("booked_on kind amount", "2025-11-05 salary 300", "2026-10-05 advertising 500")
    orders = orders if business.pop("cost", True) else orders.drop(columns="cost")
    return Crm.of("2026-10", business={"inactive_after_days": 60} | business, orders=orders, costs=booked)


def test_ltv_cac_and_payback():
    view = two_years()
    sales, earned = (12 * 8 + 4) * 100, 0.4
    yearly = sales / ((10 + 12) / 2)  # customers a year before and now
    assert acquisition.cac_year(view) == Figure(200.0, 4)
    assert returns.cac_payback(view).value == pytest.approx(200 / (yearly * earned / 12)) and returns.cac_payback(view).base == 4
    margin_clv = yearly * earned * 1.1 / (1.1 - 0.8)
    assert clv.clv_margin(view).value == pytest.approx(margin_clv)
    assert returns.ltv_cac(view).value == pytest.approx(margin_clv / 200)


def test_without_a_margin_nothing_is_set_against_cost():
    assert returns.ltv_cac(two_years(cost=False)) == returns.cac_payback(two_years(cost=False)) == Figure(None, 4, "no_margin")
    declared = two_years(cost=False, margin_rate=0.4)
    assert returns.ltv_cac(declared).value == pytest.approx(returns.ltv_cac(two_years()).value)


@pytest.mark.parametrize(
    ("cost", "worth", "ltv", "payback"),
    [
        (Figure(None, None, "no_costs"), Figure(9.0), "no_costs", "no_costs"),
        (Figure(5.0, 4), Figure(None, 3, "nobody_lost"), "nobody_lost", None),  # a life without an end pays back all the same
        (Figure(5.0, 4), Figure(None, 0, "no_year_of_customers"), "no_year_of_customers", "no_year_of_customers"),
        (Figure(0.0, 4), Figure(9.0), "nothing_spent", "nothing_spent"),
        (Figure(-1.0, 4), Figure(9.0), "nothing_spent", "nothing_spent"),
    ],
)
def test_why_there_is_no_ratio(monkeypatch, cost, worth, ltv, payback):
    monkeypatch.setattr(returns, "cac_year", lambda crm: cost)
    monkeypatch.setattr(returns, "clv_margin", lambda crm: worth)
    view = two_years()
    assert (returns.ltv_cac(view).reason, returns.cac_payback(view).reason) == (ltv, payback)
    monkeypatch.setattr(returns, "yearly_sales", lambda crm: -1.0)
    assert returns.cac_payback(view).reason == (payback or "earns_nothing")


def test_value_by_channel(monkeypatch):
    """Of a and c, won by the web, 30 and 10 are expected; cost is 40 a customer there."""
    worth = pd.DataFrame({"customer_id": ["a", "c", "b", "z"], "team": ["north", "north", "south", None],
                          "is_customer": [True, True, True, False], "clv_bgnbd": [30.0, 10.0, 50.0, 99.0]})  # fmt: skip
    monkeypatch.setattr(returns, "value", lambda crm: ibis.memtable(worth))
    view = crm("2026-09-02 advertising 80 web", "2026-10-02 advertising 0 fair")
    assert returns.value_by_channel(view).to_numpy().tolist() == [["web", 2, 40.0, 20.0, 0.5]]
    assert returns.value_by_channel(crm()).empty
