"""What customers are worth: three ways, scores of the whole company, the time held out, segments and lists, worked out by hand."""

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import compare
from crmlib.models import bgnbd, clv, gamma_gamma, holdout, value, worth, worth_lists
from crmlib.models.rfm import SEGMENTS, rfm

END = date(2026, 11, 1)


def crm(*orders: str, period: str = "2026-10", team: str = "all", customers=(), deals=(), **business) -> Crm:
    lines = [f"{i} {line}" + " -" * (5 - len(line.split())) for i, line in enumerate(orders)]
    frames = {"orders": rows("order_id customer_id ordered_at amount status cost", *lines)} if orders else {}
    if customers:
        lines = [line + " -" * (5 - len(line.split())) for line in customers]
        frames["customers"] = rows("customer_id team name no_contact rep_id", *lines)
    if deals:
        frames["opportunities"] = rows("opportunity_id customer_id created_at closed_at is_won", *deals)
    return Crm.of(period=period, team=team, business=business, **frames)


def shop(seed: int = 1, customers: int = 300, teams: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """A shop by chance: customers who come over two years, buy at a pace of their own and leave some day."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(customers):
        pace, scale, stays = rng.gamma(1.2, 1 / 60), rng.gamma(4, 25), rng.geometric(rng.beta(0.8, 3))
        at = date(2024, 11, 1) + timedelta(days=int(rng.integers(0, 600)))
        for _ in range(stays):
            if at >= END:
                break
            lines.append((f"c{i:04d}", at.isoformat(), round(float(rng.gamma(4, scale / 4)) + 1, 2)))
            at += timedelta(days=1 + int(rng.exponential(1 / pace)))
    orders = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"]).assign(order_id=range(len(lines)), cost=None)
    orders["cost"] = (orders.amount * 0.75).round(2)
    frames = {"orders": orders}
    if teams:
        ids = sorted(set(orders.customer_id))
        named = {"customer_id": ids, "team": [teams[i % len(teams)] for i in range(len(ids))], "name": [f"N {i}" for i in ids]}
        frames["customers"] = pd.DataFrame(named)
    return frames


@pytest.fixture(scope="module")
def whole() -> Crm:
    return Crm.of(period="2026-10", **shop(teams=("north", "south")))


# ------------------------------------------------------------------------------------------------ three ways


# Four customers a year before the end; a and b buy on, c and d do not; e is new. In at the end: a, b, e. Sales of the year: 640
# of known customers in four purchases, 40 given back: 600. Mean of the customers: (4 + 3) / 2.
YEAR = ["a 2025-10-20 10", "b 2025-10-20 10", "c 2025-10-20 10", "d 2025-10-20 10",
        "a 2026-10-05 100 - 60", "b 2026-10-06 200 - 120", "b 2026-10-07 240 - 150", "b 2026-10-08 -40 - -30", "e 2026-10-09 100 - 60",
        "- 2026-10-10 999"]  # fmt: skip
SALES, THERE = 600.0, 3.5


def test_the_simple_value_is_order_value_times_orders_times_lifetime():
    view = crm(*YEAR)
    found = clv.clv_simple(view)
    order_value, orders, lifetime = SALES / 4, 4 / THERE, 1 / (1 - 2 / 4)
    assert found.value == pytest.approx(order_value * orders * lifetime) and found.base == 4


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 1 / (1 - 0.5)), (0.1, 1.1 / 0.6), (0.25, 1.25 / 0.75)])
def test_the_discounted_margin(rate, expected):
    """Margin of the orders that carry a cost: 600 − 360 = 240 of 600."""
    view = crm(*YEAR, discount_rate=rate)
    assert value.basis(view) == value.Basis(600 / 640, pytest.approx(0.4), value.COST)
    assert clv.clv_margin(view).value == pytest.approx(SALES / THERE * 0.4 * expected)
    by_hand = sum(SALES / THERE * 0.4 * 0.5**t / (1 + rate) ** t for t in range(200))
    assert clv.clv_margin(view).value == pytest.approx(by_hand)


def without_cost(lines: list[str]) -> list[str]:
    return [" ".join(line.split()[:3]) for line in lines]


def test_without_cost_the_business_declares_a_margin_or_values_are_sales():
    plain, declared = crm(*without_cost(YEAR), discount_rate=0.0), crm(*without_cost(YEAR), margin_rate=0.25, discount_rate=0.0)
    assert (value.basis(plain).margin, value.basis(plain).source) == (1.0, value.SALES)
    assert (value.basis(declared).margin, value.basis(declared).source) == (0.25, value.DECLARED)
    assert clv.clv_margin(plain).value == pytest.approx(clv.clv_simple(plain).value)  # no discount, no margin: the same thing
    assert clv.clv_margin(declared).value == pytest.approx(0.25 * clv.clv_margin(plain).value)
    assert clv.three_ways(plain).counts.to_list() == ["sales", "sales", "sales"]
    assert clv.three_ways(declared).counts.to_list() == ["sales", "declared margin", "declared margin"]


def test_nobody_lost_is_a_lifetime_without_end():
    stay = ["a 2025-10-20 10", "a 2026-10-05 100", "b 2025-10-20 10", "b 2026-10-05 100"]
    assert clv.clv_simple(crm(*stay)).reason == "nobody_lost"
    assert clv.clv_margin(crm(*stay, discount_rate=0.1)).value == pytest.approx(100 * 1.1 / 0.1)
    assert clv.clv_margin(crm(*stay, discount_rate=0.0)).reason == "nobody_lost"


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (crm("a 2025-11-02 10", "a 2026-10-05 10"), "no_year_of_customers"),             # the data are a day younger than a year
        (crm("- 2026-10-05 10"), "no_year_of_customers"),
        (crm(deals=["1 a 2025-01-01 2025-02-01 true", "2 b 2026-01-01 2026-09-01 true"]), "not_delivered"),
        (crm("a 2025-10-20 10", "- 2026-10-01 5"), "no_base"),                           # customers, and no purchase in the year
    ],
)  # fmt: skip
def test_why_there_is_no_value(view, reason):
    assert clv.clv_simple(view).reason == clv.clv_margin(view).reason == reason


def test_the_probabilistic_value_is_purchases_times_spend_times_what_is_earned(whole):
    frame = value.value(whole).execute()
    fits, basis = value.fits(whole), value.basis(whole)
    assert fits[value.BUYING].converged and fits[value.SPENDING].converged
    one = frame.sort_values("clv_bgnbd").iloc[-5]
    x, t_x, T = np.array([float(one.repeats)]), np.array([one.span_days / 7]), np.array([one.age_days / 7])
    edges = [365 / 7 * k / 12 for k in range(13)]
    until = [0.0, *(float(bgnbd.expected(fits[value.BUYING].values, [t], x, t_x, T)[0]) for t in edges[1:])]
    discounted = sum((until[k + 1] - until[k]) * 1.1 ** -(365 / 365.25 * (k + 0.5) / 12) for k in range(12))
    spend = float(gamma_gamma.spend(fits[value.SPENDING].values, x, np.array([one.repeat_spend]))[0])
    assert one.expected_purchases == pytest.approx(until[-1]) and one.expected_spend == pytest.approx(spend)
    assert one.clv_bgnbd == pytest.approx(discounted * spend * basis.kept * basis.margin)
    assert basis.margin == pytest.approx(0.25, abs=0.001) and basis.kept == 1
    assert clv.expected_value(whole).value == pytest.approx(frame.clv_bgnbd.sum(), abs=0.05)
    here = frame[frame.is_customer]
    assert 0 < len(here) < len(frame) and clv.clv_bgnbd(whole).value == pytest.approx(here.clv_bgnbd.mean(), abs=0.001)


@pytest.mark.long
def test_the_horizon_and_the_discount_do_what_they_say():
    frames = shop()
    near, far = (
        clv.expected_value(Crm.of(business={"value_horizon_days": d, "discount_rate": 0.0}, **frames)).value for d in (90, 730)
    )
    dear = clv.expected_value(Crm.of(business={"value_horizon_days": 730, "discount_rate": 0.5}, **frames)).value
    assert 0 < near < dear < far


def test_models_are_not_fitted_for_what_a_page_is_compared_with(whole):
    assert clv.clv_bgnbd(whole.previous).reason == clv.expected_value(whole.year_before).reason == "not_refitted"


# ------------------------------------------------------------------------------------------------ of the whole company, as of


def test_a_team_s_values_are_its_customers_values_in_the_company_whatever_the_order_of_the_rows(whole):
    shuffled = {k: f.sample(frac=1, random_state=3) for k, f in shop(teams=("north", "south")).items()}
    company = Crm.of(**shuffled)
    parts = [value.value(replace(company, team=team)).execute() for team in ("north", "south")]
    both, all_ = pd.concat(parts).sort_values("customer_id"), value.value(whole).execute().sort_values("customer_id")
    assert both.customer_id.to_list() == all_.customer_id.to_list() and all(len(p) for p in parts)
    assert both.clv_bgnbd.to_list() == all_.clv_bgnbd.to_list() and both.rfm_segment.to_list() == all_.rfm_segment.to_list()


def test_what_comes_later_changes_nothing(whole):
    frames = shop(teams=("north", "south"))
    later = frames["orders"].head(200).assign(order_id=[f"l{i}" for i in range(200)], ordered_at="2026-11-01", amount=9999)
    with_later = Crm.of(orders=pd.concat([frames["orders"], later]), customers=frames["customers"])
    assert value.value(with_later).execute().equals(value.value(whole).execute())
    assert holdout.held_out(with_later).by_way.equals(holdout.held_out(whole).by_way)


def test_of_very_many_those_are_fitted_whose_ids_have_the_smallest_hashes(whole, monkeypatch):
    monkeypatch.setattr(value, "MOST_FITTED", 150)
    import hashlib

    table = rfm(whole)
    everybody = table.customer_id.execute().to_list()
    expected = sorted(everybody, key=lambda i: (hashlib.md5(i.encode()).hexdigest(), i))[:150]
    assert value.fitted_on(table).customer_id.to_list() == expected
    assert len(value.expectations(whole, table.execute())) == len(everybody)


def test_too_few_customers_have_no_probabilistic_value_and_keep_the_rest():
    view = crm(*YEAR)
    frame = value.value(view).execute()
    assert len(frame) == 5 and frame[list(value.MODELED)].isna().all().all()
    assert clv.clv_bgnbd(view).reason == clv.expected_value(view).reason == "no_fit"
    fit = value.fits(view)[value.BUYING]
    assert (fit.reason, fit.n, fit.needed) == ("few_buyers", 5, 100)
    assert worth.distribution(view).empty and worth.segments(view).value_amount.isna().all() and value.parameters(view).empty
    assert clv.three_ways(view).value_amount.notna().to_list() == [True, True, False]


# ------------------------------------------------------------------------------------------------ held out


def test_what_was_expected_and_what_came(whole):
    """Against plain pandas: who was known before, what each bought then and before, the errors of every way."""
    judged = holdout.held_out(whole)
    orders = shop()["orders"]
    first = date.fromisoformat(orders.ordered_at.min())
    days = min((END - first).days // 3, 365)
    cut = (END - timedelta(days=days)).isoformat()
    start = (END - timedelta(days=2 * days)).isoformat()
    known = sorted(set(orders.customer_id[orders.ordered_at < cut]))

    def count(part: pd.DataFrame) -> pd.Series:
        return part.drop_duplicates(["customer_id", "ordered_at"]).customer_id.value_counts().reindex(known, fill_value=0)

    came, before = (
        count(orders[orders.ordered_at >= cut]),
        count(orders[(orders.ordered_at >= start) & (orders.ordered_at < cut)]),
    )
    way = judged.by_way.set_index("way")
    assert (judged.days, judged.customers) == (days, len(known))
    assert way.purchase_count.to_list() == [came.sum()] * 3
    assert way.expected_purchases["as before"] == way.expected_purchases["all alike"] == pytest.approx(before.sum())
    assert way.mean_error["as before"] == pytest.approx((before - came).abs().mean())
    assert way.root_error["all alike"] == pytest.approx(((before.mean() - came) ** 2).mean() ** 0.5)
    assert way.rank_correlation["as before"] == pytest.approx(before.corr(came, method="spearman"))
    assert math.isnan(way.rank_correlation["all alike"])
    assert judged.by_repeats.customers.sum() == len(known) and judged.by_repeats.repeats.iloc[-1] == "7+"
    assert (judged.by_repeats.actual * judged.by_repeats.customers).sum() == pytest.approx(came.sum())
    assert abs(way.error_share["model"]) < 0.15 and way.root_error["model"] < way.root_error.iloc[1:].min()


@pytest.mark.parametrize(
    ("first", "reason", "days"), [("2026-02-04", "few_buyers", 90), ("2026-02-05", "short", 0)]
)  # 270 days, 269
def test_the_time_held_out_is_a_third_and_at_least_90_days(first, reason, days):
    judged = holdout.held_out(crm(f"a {first} 5", "a 2026-10-05 5"))
    assert (judged.reason, judged.days, judged.better) == (reason, days, None)
    assert (
        judged.by_way.empty
        and judged.by_repeats.empty
        and list(judged.by_repeats.columns) == ["repeats", "customers", "expected", "actual"]
    )


def test_at_most_a_year_is_held_out():
    assert holdout._days(crm("a 2020-01-01 5"))[0] == 365


@pytest.mark.parametrize(
    ("gains", "better"), [((3.0, 3.0), True), ((2.5, 3.0), None), ((-2.5, 9.0), None), ((-2.7, 9.0), False), ((9.0, -2.7), False)]
)
def test_better_and_worse_are_clear_differences(gains, better):
    ways = zip(("as before", "all alike"), gains, strict=True)
    frame = pd.DataFrame([("model", 0.0, 0.0), *((w, g, 1.0) for w, g in ways)], columns=["way", "gain", "gain_error"])
    assert holdout._better(frame) is better


# ------------------------------------------------------------------------------------------------ who is worth what


def test_tenths_of_ten_buyers_and_the_top_fifth():
    amounts = [50, 20, 10, 5, 5, 4, 3, 2, 2, -1]  # the last gave back more than it bought in the year
    lines = [f"c{i} 2026-05-0{i % 9 + 1} {max(a, 1)}" for i, a in enumerate(amounts)] + ["c9 2026-06-01 -2", "old 2024-01-01 99"]
    view = crm(*lines)
    frame = worth.tenths(view, modeled=False)
    assert frame.tenth.to_list() == list(range(1, 11)) and frame.sales_amount.to_list() == amounts
    assert frame.running_share.iloc[-1] == pytest.approx(1) and frame.amount_share.iloc[0] == 0.5
    figure = worth.top_fifth_share(view)
    assert (figure.value, figure.base) == (pytest.approx(0.7), 10)


@pytest.mark.parametrize(("n", "parts", "top"), [(1, 1, 1), (5, 5, 1), (6, 6, 2), (11, 10, 3)])
def test_the_top_fifth_of_few(n, parts, top):
    view = crm(*[f"c{i} 2026-05-01 1" for i in range(n)])
    frame = worth.tenths(view, modeled=False)
    assert len(frame) == parts and frame.customer_count.sum() == n
    assert worth.top_fifth_share(view).value == pytest.approx(top / n)


def test_of_no_sales_there_is_no_share():
    assert worth.top_fifth_share(crm("a 2024-05-01 1")).reason == "no_base"
    assert worth.top_fifth_share(crm("a 2026-05-01 1", "a 2026-06-01 -1")).reason == "no_base"


# the first bought much, and last so many days before 1 November; the others bought little, and lately
def late(days: int) -> list[str]:
    last = END - timedelta(days=1 + days)
    return [f"big {last - timedelta(days=k)} 100" for k in range(9)] + [f"s{i} 2026-10-{i + 10} 1" for i in range(9)]


@pytest.mark.parametrize(("days", "count"), [(90, 1), (89, 0)])  # half of 180 days
def test_who_went_quiet_is_judged_by_days_too(days, count):
    view = crm(*late(days))
    found = worth.quiet(view)
    assert rfm(view).execute().set_index("customer_id").rfm_segment["big"] == "cannot lose"
    assert (found.quiet_count, found.best_count, found.quiet_amount) == (count, count, 900.0 * count)
    assert (worth.quiet_amount(view).value, worth.quiet_amount(view).base) == (900.0 * count, count)


def test_segments_hold_everybody_and_the_period_before():
    view = crm(
        "x 2026-09-01 5", *[f"{c} 2026-10-{i + 1 - k:02d} {10 * (i + 1)}" for i, c in enumerate("abcde") for k in range(i + 1)]
    )
    frame = worth.segments(view).set_index("rfm_segment")
    assert frame.index.to_list() == list(SEGMENTS) and frame.customer_count.sum() == 6 and frame.previous_count.sum() == 1
    assert frame.customer_share.sum() == pytest.approx(1) and frame.amount_share.sum() == pytest.approx(1)
    assert frame.sales_amount.sum() == 5 + sum(10 * (i + 1) ** 2 for i in range(5))
    cells = worth.rfm_map(view)
    assert len(cells) == 25 and cells.customer_count.sum() == 6 and cells.sales_amount.sum() == frame.sales_amount.sum()
    assert cells.rfm_recency.iloc[0] == 5 and cells.rfm_frequency.iloc[0] == 1


def test_of_nobody_tables_are_empty_with_their_columns():
    view = crm("- 2026-10-01 5")
    assert (
        worth.segments(view).empty and worth.rfm_map(view).empty and worth.tenths(view).empty and worth.distribution(view).empty
    )
    assert worth_lists.high_value(view).columns.to_list() == worth_lists.LISTED and worth_lists.value_by_team(view).empty
    assert worth.quiet_amount(view).reason == "no_base" and clv.expected_value(view).reason == "no_base"


def test_the_distribution_holds_everybody_in_at_most_ten_classes(whole):
    frame, values = worth.distribution(whole), value.value(whole).execute().clv_bgnbd
    assert frame.customer_count.sum() == len(values) and len(frame) <= 10 and frame.share.sum() == pytest.approx(1)
    named = frame.set_index("value_class").customer_count
    assert named.iloc[0] == (values < float(named.index[0].removeprefix("< ").replace(",", ""))).sum()
    low, high = (float(v.replace(",", "")) for v in named.index[-2].split("–"))
    assert named.iloc[-2] == ((values >= low) & (values < high)).sum()


def test_lists_name_a_team_s_own_customers_but_not_those_who_asked_to_be_left_alone():
    people = [f"{c} north Name-{c} {'true' if c == 'b' else '-'}" for c in "abc"] + ["z south Name-z -"]
    orders = [f"{c} 2026-0{i + 1}-10 {10 * (i + 1)}" for i, c in enumerate("abcz")]
    view = crm(*orders, customers=people)
    best = worth_lists.high_value(replace(view, team="north"))
    assert best.customer.to_list() == ["Name-c", "Name-a"]  # without a model: who bought most in the year
    assert set(best.action) <= {f"rfm_{s.replace(' ', '_')}_step" for s in SEGMENTS}
    assert worth_lists.high_value(view).customer.to_list() == ["z", "c", "a"]  # ids: names are for the team's own page


def test_teams_add_up_to_the_company(whole):
    teams = worth_lists.value_by_team(whole)
    assert teams.team.to_list() == sorted(teams.team, key=lambda t: -teams.set_index("team").value_amount[t])
    assert teams.ever_bought_count.sum() == len(rfm(whole).execute()) and teams.value_share.sum() == pytest.approx(1)
    assert teams.value_amount.sum() == pytest.approx(clv.expected_value(whole).value)
    assert teams.quiet_amount.sum() == pytest.approx(worth.quiet_amount(whole).value)


def test_the_shared_work_is_all_that_the_pages_need():
    """After it no page makes a table of its own: what is kept was asked for before."""
    view = Crm.of(**shop(customers=120))
    clv.work(view)
    ready = set(view.delivery.made)
    for metric in (clv.clv_simple, clv.clv_margin, clv.clv_bgnbd, clv.expected_value, worth.quiet_amount, worth.top_fifth_share):
        compare(metric, view)
    worth.segments(view), worth.tenths(view), worth_lists.value_by_team(view), holdout.held_out(view), value.parameters(view)
    made = {key for key in set(view.delivery.made) - ready if key.startswith("kept")}
    assert {e.name for k, e in view.delivery.made.items() if k in made} <= {
        "lives",
        "tally",
    }  # which metrics.shared makes for every report
