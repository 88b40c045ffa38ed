"""Customers by group, where new ones come from, on whom sales hang, what buyers look at, complete data, care: at the edges of each definition."""

import math
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import NOT_DELIVERED, Figure, Share
from crmlib.metrics import arrivals, care, completeness, concentration, price_sense, retention
from crmlib.metrics.customers import COLUMNS, GROUPS, customers_by
from crmlib.models import worth

RULES = {"inactive_after_days": 30, "qualifying": ["order", "login"]}  # as of 1 November: lost is who did nothing since 2 October
PEOPLE = [
    "a n r1 south retail gold web vip;new",
    "b n r1 south retail - web vip",
    "c s r2 south - gold - vip;vip",
    "d s - north retail gold fair -",
    "e - - - - - - -",
    "f n r1 north retail gold web ;",
]
BOUGHT = [
    "a 2025-10-20",
    "a 2026-09-10",
    "a 2026-10-20",
    "b 2026-09-15",
    "c 2026-10-05",
    "d 2026-08-01",
    "d 2026-10-12",
    "e 2026-10-31",
]


@cache
def company(people=tuple(PEOPLE), bought=tuple(BOUGHT), team="all", period="2026-10") -> Crm:
    orders = rows("order_id customer_id ordered_at amount", *[f"{i} {line} 5" for i, line in enumerate(bought)])
    frames = {"orders": orders}
    if people:
        frames["customers"] = rows("customer_id team rep_id region industry tier acquisition_channel tags", *people)
    return Crm.of(period=period, team=team, business=RULES, **frames)


# ------------------------------------------------------------------------------------------------ by group


def test_customers_by_region_with_all_their_states():
    frame = customers_by(company(), "region").set_index("region")
    assert list(frame.columns) == COLUMNS and list(frame.index) == ["south", "north", "none given"]
    # a stays, b is lost (bought on 15 September), c is new; d was lost on 1 October and is won back; e is new, of no region
    counts = frame[["customer_count", "start_count", "new_customers", "lost_customers", "won_back_customers", "kept_count"]]
    assert counts.values.tolist() == [[2, 2, 1, 1, 0, 1], [1, 0, 0, 0, 1, 0], [1, 0, 1, 0, 0, 0]]
    assert frame.share.tolist() == [0.5, 0.25, 0.25]
    assert frame.retention_rate["south"] == 0.5 and math.isnan(frame.retention_rate["north"])
    assert frame.new_customer_share["south"] == 0.5
    assert frame.previous_customer_count.tolist() == [2, 0, 0] and frame.previous_new_customers.tolist() == [1, 0, 0]
    assert frame.year_before_customer_count.tolist() == [1, 0, 0] and frame.year_before_new_customers.tolist() == [1, 0, 0]
    assert frame.customer_growth_yoy["south"] == 1.0 and math.isnan(frame.customer_growth_yoy["north"])


@pytest.mark.parametrize("team", ["all", "n"])
def test_rows_add_up_to_the_definitions_of_retention(team):
    crm = company() if team == "all" else replace(company(), team=team)
    whole = {n: getattr(retention, n) for n in ("customer_count", "new_customers", "lost_customers", "won_back_customers")}
    for group in (g for g in GROUPS if g != "tag"):
        frame = customers_by(crm, group)
        assert {n: int(frame[n].sum()) for n in whole} == {n: metric(crm) for n, metric in whole.items()}, group
        assert Share(int(frame.kept_count.sum()), int(frame.start_count.sum())) == retention.retention_rate(crm)
        for name, other in (("previous", crm.previous), ("year_before", crm.year_before)):
            assert frame[f"{name}_customer_count"].sum() == retention.customer_count(other)
            assert frame[f"{name}_new_customers"].sum() == retention.new_customers(other)


def test_teams_and_the_unassigned_add_up_to_the_company():
    crm = company()
    parts = {t: customers_by(replace(crm, team=t), "team") for t in ("n", "s")}
    frame = customers_by(crm, "team").set_index("team")
    assert frame.customer_count.to_dict() == {"s": 2, "n": 1, "unassigned": 1}
    assert {t: int(f.customer_count.sum()) for t, f in parts.items()} == {"n": 1, "s": 2}


def test_a_customer_with_several_tags_counts_in_each_once():
    frame = customers_by(company(), "tag").set_index("tag")
    assert frame.customer_count.to_dict() == {"vip": 2, "new": 1, "none given": 2}  # c's tag stands twice, f's is blank
    assert frame.lost_customers.to_dict() == {"vip": 1, "new": 0, "none given": 0}
    assert frame.share["vip"] == 0.5 and frame.share.sum() > 1  # of the customers, not of the tags


def test_who_was_of_a_group_only_before_has_a_row():
    frame = customers_by(company(bought=("b 2026-09-01", "a 2026-10-02")), "tier").set_index("tier")
    assert frame.loc["none given"][["customer_count", "previous_customer_count"]].tolist() == [0, 1]
    assert frame.lost_customers["none given"] == 1  # b, who bought 30 days before the start


def test_without_customers_nobody_has_a_group():
    frame = customers_by(company(people=()), "region")
    assert frame.region.tolist() == ["none given"] and frame.customer_count.tolist() == [4]


def test_customers_of_won_deals_alone():
    deals = rows(
        "opportunity_id customer_id created_at closed_at is_won",
        "1 a 2026-09-01 2026-10-05 true",
        "2 b 2026-09-01 2026-10-05 false",
    )
    people = rows("customer_id region", "a south", "b south")
    frame = customers_by(Crm.of(period="2026-10", business=RULES, opportunities=deals, customers=people), "region")
    assert frame[["region", "customer_count", "new_customers"]].values.tolist() == [["south", 1, 1]]


def test_an_empty_company_has_no_groups_but_their_columns():
    frame = customers_by(company(bought=("- 2026-10-05",)), "region")
    assert list(frame.columns) == ["region", *COLUMNS] and frame.customer_count.sum() == 0


# ------------------------------------------------------------------------------------------------ where new ones come from

MONTHS = pd.period_range("2024-11", "2026-10", freq="M")


def arriving(first: str = "2024-01-01", last: str = "2026-10-31", period: str = "2026-10") -> Crm:
    """A new customer from the south every month, one from nowhere in the last; somebody bought on the day `first`, and on the last day."""
    days = [f"{m}-15" for m in MONTHS]
    people = ["first - x", "n - x", *[f"s{i} south x" for i in range(len(days))]]
    bought = [f"first {first}", f"first {last}", f"n {days[-1]}", *[f"s{i} {day}" for i, day in enumerate(days)]]
    orders = rows("order_id customer_id ordered_at amount", *[f"{i} {line} 5" for i, line in enumerate(bought)])
    return Crm.of(period=period, customers=rows("customer_id region acquisition_channel", *people), orders=orders)


def test_new_customers_by_month_and_group():
    frame = arrivals.arrivals(arriving(), "region")
    assert list(frame.index) == ["none given", "south"] and list(frame.columns) == list(range(24))
    assert frame.loc["south"].tolist() == [1] * 24 and frame.loc["none given"].tolist() == [0] * 23 + [1]


@pytest.mark.parametrize(
    ("first", "known"), [("2024-05-05", True), ("2024-05-06", False)]
)  # 180 days before 1 November, and a day less
def test_growth_needs_to_be_known_since_before_the_two_years(first, known):
    frame = arrivals.arrivals_compared(arriving(first), "region")
    assert "growth_share" in frame and len(frame) == (2 if known else 0)
    assert arrivals.growing(arriving(first), "region").empty


def test_months_are_whole_ones():
    assert str(arrivals.months(arriving(period="2026-W42"))[-1]) == "2026-09"
    assert [str(p) for p in arrivals.months(arriving(last="2026-10-30"))][::23] == ["2024-10", "2026-09"]  # October is not over


def counted(monkeypatch, **counts: list[int]) -> Crm:
    """A company with so many new customers of each group in each of the 24 months."""
    table = pd.DataFrame.from_dict(
        {name.replace("_", " "): each for name, each in counts.items()}, orient="index", columns=range(24)
    )
    monkeypatch.setattr(arrivals, "arrivals", lambda crm, group: table)
    return Crm.of(period="2026-10", orders=rows("order_id ordered_at amount", "1 2026-10-05 5"))


def test_new_customers_of_a_year_beside_the_year_before(monkeypatch):
    frame = arrivals.arrivals_compared(counted(monkeypatch, south=[3] * 12 + [6] * 12, north=[4] * 24), "region").set_index(
        "region"
    )
    assert list(frame.index) == ["south", "north"]
    assert frame.loc["south"][["new_customers", "before_new_customers", "growth_share", "others_growth_share"]].tolist() == [
        72,
        36,
        1.0,
        0.0,
    ]
    assert frame.share["south"] == 0.6 and frame.before_share["south"] == pytest.approx(36 / 84)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"south": [6] * 12 + [12] * 12, "north": [8] * 24}, ["south"]),
        ({"south": [8] * 24, "north": [6] * 12 + [12] * 12}, ["north"]),
        ({"south": [6] * 12 + [8] * 12, "north": [8] * 24}, []),                            # a third more may be chance
        ({"south": [2] * 12 + [29] + [12] * 11, "north": [8] * 24}, []),                    # 24 in the year before are too few
        ({"south": [6] * 24, "north": [6] * 24}, []),
        ({"none_given": [6] * 12 + [12] * 12, "north": [8] * 24}, []),                      # no region
        ({"south": [6] * 12 + [12] * 12}, []),                                              # nothing to compare with
    ],
)  # fmt: skip
def test_what_a_growing_region_is(monkeypatch, counts, found):
    assert arrivals.growing(counted(monkeypatch, **counts), "region").region.tolist() == found


def test_clearly_faster_is_at_least_ten_points_a_year(monkeypatch):
    frame = pd.DataFrame({"region": ["a", "b"], "new_customers": [1100, 1000], "before_new_customers": [1000, 1000], "share": [0.5, 0.5],
                          "before_share": [0.5, 0.5], "growth_share": [0.1, 0.0], "others_growth_share": [0.0, 0.1], "trend_ratio": [9.0, -9.0]})  # fmt: skip
    crm = counted(monkeypatch)
    monkeypatch.setattr(arrivals, "arrivals_compared", lambda crm, group: frame)
    assert arrivals.growing(crm).region.tolist() == ["a"]
    frame.loc[0, "growth_share"] = 0.0999
    assert arrivals.growing(crm).empty
    frame.loc[0, ["growth_share", "trend_ratio"]] = [0.1, 2.80]  # of two regions 2.807 standard errors are needed
    assert arrivals.growing(crm).empty
    frame.loc[0, "trend_ratio"] = 2.81
    assert len(arrivals.growing(crm)) == 1


def test_the_trend_is_cochran_s_and_armitage_s():
    part, whole = np.array([10.0, 12.0, 20.0]), np.array([50.0, 40.0, 45.0])
    n, p, at = whole.sum(), part.sum() / whole.sum(), np.arange(3)
    chi = n * (n * (at * part).sum() - part.sum() * (at * whole).sum()) ** 2 / (
        part.sum() * (n - part.sum()) * (n * (at * at * whole).sum() - (at * whole).sum() ** 2)
    )  # fmt: skip
    assert arrivals.trend(part, whole) ** 2 == pytest.approx(chi) and arrivals.trend(part, whole) > 0
    assert math.isnan(arrivals.trend(np.zeros(3), whole)) and math.isnan(arrivals.trend(whole, whole)) and 0 < p < 1
    assert math.isnan(arrivals.trend(np.zeros(3), np.zeros(3)))


@pytest.mark.parametrize(
    ("lately", "before", "other", "pieces", "found"),
    [
        (0, 40, 40, 1, True), (12, 20, 24, 1, False),
        (0, 17, 40, 1, True), (0, 13, 40, 1, False),   # of 120 lately 35.8 were to be expected; 29.4 are too few to speak of
        (24, 72, 72, 1, True), (25, 72, 72, 1, False), # a quarter instead of a half is exactly half; a little more is none
        (5, 11, 80, 1, True), (5, 11, 80, 40, False),  # of so many channels one may do so by chance
    ],
)  # fmt: skip
def test_a_channel_dries_up(monkeypatch, lately, before, other, pieces, found):
    crm = counted(monkeypatch, fair=[before] * 21 + [lately] * 3, **{f"web{i}": [other // pieces] * 24 for i in range(pieces)})
    frame = arrivals.dried_up(crm)
    assert frame.acquisition_channel.tolist() == ["fair"] * found
    if found:
        assert frame.new_customers[0] == 3 * lately and frame.usual_count[0] == pytest.approx(
            3 * (lately + other) * before / (before + other)
        )


# ------------------------------------------------------------------------------------------------ concentration


def spent(*amounts: float, **business) -> Crm:
    orders = rows("order_id customer_id ordered_at amount", *[f"{i} c{i:03d} 2026-05-05 {a}" for i, a in enumerate(amounts)])
    return Crm.of(period="2026-10", business=business, orders=orders)


def test_bands_of_buyers_added_up_are_lorenz_s_curve():
    frame = concentration.concentration(spent(*range(1, 101)))
    assert frame.buyer_band.tolist() == ["0–1%", "1–5%", "5–10%", "10–20%", "20–30%", "30–50%", "50–100%"]
    assert frame.customer_count.tolist() == [1, 4, 5, 10, 10, 20, 50] and frame.sales_amount[0] == 100
    assert frame.running_share.tolist()[:4] == pytest.approx([100 / 5050, 490 / 5050, 955 / 5050, 1810 / 5050])
    assert frame.running_share.iloc[-1] == pytest.approx(1) and frame.customer_share.sum() == pytest.approx(1)


def test_the_shares_are_those_of_the_bands_and_of_the_value_page():
    crm = spent(*[7, 3, 900, 12, 55, 8, 4, 4, 4, 61, 5, 5, 17, 30, 2, 1, 90, 6, 11, 10, 9, 9, 3])
    frame = concentration.concentration(crm)
    assert concentration.top_hundredth_share(crm).value == pytest.approx(900 / frame.sales_amount.sum())
    assert concentration.top_tenth_share(crm).value == pytest.approx(
        frame.amount_share[frame.buyer_band.isin(["0–1%", "1–5%", "5–10%"])].sum()
    )
    fifth = frame.running_share[frame.buyer_band == "10–20%"].iloc[0]
    assert worth.top_fifth_share(crm).value == pytest.approx(fifth)
    assert concentration.largest_customer_share(crm) == Figure(pytest.approx(900 / frame.sales_amount.sum()), 23)


@pytest.mark.parametrize(
    ("amounts", "gini"),
    [((5, 5, 5, 5), 0.0), ((0.01, 0.01, 0.01, 99999), 0.75), ((1, 2, 3, 4), 0.25), ((7,), 0.0)],
)
def test_gini_s_coefficient(amounts, gini):
    assert concentration.sales_gini(spent(*amounts)).value == pytest.approx(gini, abs=1e-5)


def test_who_got_more_back_than_they_bought_counts_as_nothing_in_gini():
    lines = ["1 a 2026-05-05 10", "2 b 2026-05-05 10", "3 b 2026-05-06 -30", "4 c 2026-05-05 40"]
    crm = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", *lines))
    assert concentration.sales_gini(crm).value == pytest.approx((2 * 40 + 0 * 10) / (3 * 50))
    assert concentration.largest_customer_share(crm).value == pytest.approx(40 / 30)


def test_no_sales_no_concentration():
    crm = Crm.of(period="2026-10", opportunities=rows("opportunity_id", "1"))
    every = (
        concentration.top_hundredth_share,
        concentration.top_tenth_share,
        concentration.largest_customer_share,
        concentration.sales_gini,
    )
    assert [m(crm) for m in every] == [NOT_DELIVERED] * 4
    assert concentration.concentration(crm).empty and concentration.largest_customers(crm).empty
    early = spent(5)
    assert [m(early.previous.previous) for m in every][0].value == 1.0  # the year before covers it still
    nobody = Crm.of(period="2026-10", orders=rows("order_id ordered_at amount", "1 2026-10-05 5"))
    assert [m(nobody) for m in every] == [Figure(None, 0, "no_base")] * 4


def test_the_largest_are_called_by_id_on_the_company_s_page_and_by_name_on_their_team_s():
    people = rows("customer_id name team", "a Ann n", "b Bo n", "c Cy s")
    orders = rows("order_id customer_id ordered_at amount", "1 a 2026-05-05 10", "2 b 2026-05-05 70", "3 c 2026-05-05 20")
    make = lambda team: Crm.of(period="2026-10", team=team, customers=people, orders=orders, business={"min_base": 2})  # noqa: E731
    frame = concentration.largest_customers(make("all"))
    assert frame.customer.tolist() == ["b", "c", "a"] and frame.running_share.tolist() == pytest.approx([0.7, 0.9, 1.0])
    assert concentration.largest_customers(make("n")).customer.tolist() == ["Bo", "Ann"]


# ------------------------------------------------------------------------------------------------ price and quality


def lined(buyers: dict[str, str], company_lines: str = "", category: str = "k", days_ago: int = 5, **business) -> Crm:
    """Buyers with one order each; a line a letter: d at a discount, - at none, ? unknown; capital letters are dear goods."""
    on = date(2026, 10, 31) - timedelta(days=days_ago)
    orders = [f"o{c} {c} {on} 10" for c in buyers]
    lines = [_line(c, i, mark, category) for c, marks in buyers.items() for i, mark in enumerate(marks)]
    if company_lines:
        orders.append(f"oz z {on} 10")
        lines += [_line("z", i, mark, category) for i, mark in enumerate(company_lines)]
    return Crm.of(period="2026-10", business=business, orders=rows("order_id customer_id ordered_at amount", *orders),
                  order_lines=rows("order_id product quantity unit_price discount category", *lines))  # fmt: skip


def _line(customer: str, i: int, mark: str, category: str) -> str:
    discount = {"d": "0.1", "?": "-"}.get(mark.lower(), "0")
    return f"o{customer} p{i} 1 {9 if mark in 'D+' else 3} {discount} {category}"


def kind(crm: Crm, customer: str = "a") -> str:
    found = price_sense.price_sense(crm).select("customer_id", "kind").execute()
    return dict(found.itertuples(index=False)).get(customer, "")


def kinds(marks: dict[str, str], company_lines: str) -> dict[str, str]:
    """What each buyer is called, by their lines; all in one company."""
    buyers = {f"b{i}": m for i, m in enumerate(marks)}
    found = price_sense.price_sense(lined(buyers, company_lines)).select("customer_id", "kind").execute()
    by_id = dict(found.itertuples(index=False))
    return {m: by_id[b] for b, m in buyers.items()}


def test_price_sensitive_is_who_buys_more_than_half_at_a_discount():
    expected = {
        "ddddd---": price_sense.PRICE,     # five of eight
        "dddd----": price_sense.NEITHER,   # exactly half is not more than half
        "ddddddd": price_sense.FEW,        # seven lines are too few
        "ddddddd?": price_sense.FEW,       # of which one is not known
        "ddddd---?": price_sense.PRICE,
        "--------": price_sense.NEITHER,
    }  # fmt: skip
    assert kinds(expected, "-" * 200) == expected


@pytest.mark.parametrize(
    ("usual", "expected"),
    [("d" * 16 + "-" * 24, price_sense.PRICE), ("d" * 28 + "-" * 12, price_sense.NEITHER)],  # a: 26 of 36 in both
)
def test_where_discounts_are_common_it_takes_more(usual, expected):
    crm = lined({"a": "d" * 26 + "-" * 10}, company_lines=usual)
    company_share = (26 + usual.count("d")) / 76
    assert (price_sense.limit(company_share) < 26 / 36) is (expected == price_sense.PRICE)
    assert kind(crm) == expected and price_sense.bar(crm) == pytest.approx(price_sense.limit(company_share))


def test_where_discounts_are_the_rule_nobody_is_price_sensitive():
    crm = lined({"a": "d" * 20}, company_lines="d" * 20)
    assert price_sense.bar(crm) == 1.25 and kind(crm) == price_sense.NEITHER


def test_quality_seeking_is_who_buys_dear_and_seldom_at_a_discount():
    expected = {
        "+" * 12: price_sense.QUALITY,
        "+" * 11: price_sense.NEITHER,                            # eleven lines are too few
        "+" * 18 + "Dd": price_sense.QUALITY,                     # two of twenty at a discount are a tenth
        "+" * 17 + "DDd": price_sense.NEITHER,
        "+" * 61 + "-" * 39: price_sense.NEITHER,                 # six in ten of a hundred may be chance
        "+" * 62 + "-" * 38: price_sense.QUALITY,                 # 2.4 standard errors are none
        "+" * 360 + "-" * 240: price_sense.QUALITY,               # exactly six in ten
        "+" * 359 + "-" * 241: price_sense.NEITHER,
    }  # fmt: skip
    assert kinds(expected, "d" * 2000) == expected


def test_without_categories_there_is_nothing_usual():
    crm = lined({"a": "+" * 20}, company_lines="d" * 100, category="-")
    assert kind(crm) == price_sense.NEITHER and price_sense.quality_seeking_share(crm).part == 0
    line = rows("order_id product quantity unit_price discount", "1 p 1 3 0.1")
    never = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-05 5"), order_lines=line)
    assert price_sense.quality_seeking_share(never) == NOT_DELIVERED and price_sense.price_sensitive_share(never) == Share(0, 0)


def test_only_purchases_of_the_time_count():
    assert kind(lined({"a": "d" * 9}, "-" * 20, days_ago=729)) == price_sense.PRICE
    assert kind(lined({"a": "d" * 9}, "-" * 20, days_ago=730)) == ""
    lines = [f"o{n} p{i} {q} 3 0.1 k" for n, q in (("1", 1), ("2", 1), ("3", 1), ("4", -1)) for i in range(4)]
    orders = ["o1 a 2026-10-05 10 -", "o2 a 2026-10-06 10 cancelled", "o3 a 2026-10-07 -10 -", "o4 a 2026-10-08 10 -"]
    crm = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount status", *orders),
                 order_lines=rows("order_id product quantity unit_price discount category", *lines))  # fmt: skip
    assert price_sense.price_sense(crm).line_count.execute().tolist() == [4]  # neither cancelled nor given back


def test_how_many_buyers_look_at_the_price_and_what_they_bring():
    crm = lined({"a": "ddddd---", "b": "-" * 8, "c": "dd"}, company_lines="-" * 40)
    frame = price_sense.buyers_by_kind(crm).set_index("price_sense")
    assert list(frame.index) == list(price_sense.KINDS) and frame.customer_count.tolist() == [1, 0, 2, 1]
    assert frame.sales_amount.tolist() == [10, 0, 20, 10] and frame.amount_share[price_sense.PRICE] == 0.25
    assert frame.discounted_share[price_sense.PRICE] == 5 / 8 and math.isnan(frame.discounted_share[price_sense.QUALITY])
    assert price_sense.price_sensitive_share(crm) == Share(1, 3) and price_sense.quality_seeking_share(crm) == Share(0, 3)


def test_without_discounts_nothing_is_told():
    crm = spent(5, 6)
    assert price_sense.price_sensitive_share(crm) == NOT_DELIVERED and price_sense.buyers_by_kind(crm).empty
    assert price_sense.price_sensitive_customers(crm).empty and "discounted_share" in price_sense.buyers_by_kind(crm)


# ------------------------------------------------------------------------------------------------ completeness


def test_a_field_is_filled_with_anything_but_blanks():
    people = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "phone": ["1", " ", None, "4"], "team": ["n", "n", "s", None],
                           "region": ["x", "x", "x", "x"], "birthday": ["1980-02-03", None, None, None]})  # fmt: skip
    orders = rows("order_id customer_id ordered_at amount", *[f"{c} {c} 2026-10-05 5" for c in "abc"])
    crm = Crm.of(period="2026-10", customers=people, orders=orders)
    frame = completeness.completeness(crm).set_index("field")
    assert list(frame.index) == ["field birthday", "field phone", "field region"]  # a prospect (d) does not count
    assert frame.filled_count.tolist() == [1, 1, 3] and frame.base.tolist() == [3, 3, 3]
    assert completeness.field_completeness(crm) == Share(5, 9)
    teams = completeness.completeness_by_team(crm)
    in_order = teams[["field", "team", "filled_count"]].values.tolist()
    assert in_order == [
        [f"field {f}", t, n]
        for f, n_, s_ in (("region", 2, 1), ("phone", 1, 0), ("birthday", 1, 0))
        for t, n in (("n", n_), ("s", s_))
    ]


def test_without_customers_there_is_nothing_to_fill():
    crm = spent(5)
    assert completeness.field_completeness(crm) == NOT_DELIVERED and completeness.completeness(crm).empty
    assert list(completeness.completeness_by_team(crm)) == ["field", "team", "filled_count", "base", "share"]


# ------------------------------------------------------------------------------------------------ care


def cared(
    birthdays: dict[str, str], since: dict[str, str] | None = None, period: str = "2026-10", no_contact=(), **business
) -> list[tuple]:
    since = since or dict.fromkeys(birthdays, "2026-10-05")
    people = [f"{c} {birthdays.get(c, '-')} {str(c in no_contact).lower()}" for c in since]
    orders = ["first zz 2020-01-01 5 -", *[f"{c} {c} {day} 5 -" for c, day in since.items()]]
    orders += [f"{c}now {c} {_last(period)} 5 -" for c in since]
    crm = Crm.of(period=period, business=business, customers=rows("customer_id birthday no_contact", *people, "zz - false"),
                 orders=rows("order_id customer_id ordered_at amount status", *orders))  # fmt: skip
    frame = care.care_list(crm)
    days = [pd.Timestamp(d).strftime("%m-%d") for d in frame.celebrated_on]
    return list(
        zip(days, frame.customer, frame.occasion, [None if pd.isna(n) else int(n) for n in frame.year_count], strict=True)
    )


def _last(period: str) -> date:
    return (pd.Period(period, freq="M").end_time).date()


def test_birthdays_of_the_period_to_come():
    born = {"a": "1970-10-31", "b": "1970-11-01", "c": "1999-11-30", "d": "1970-12-01"}
    assert cared(born) == [("11-01", "b", "birthday", None), ("11-30", "c", "birthday", None)]


@pytest.mark.parametrize(("period", "found"), [("2027-01", "02-28"), ("2028-01", "02-29"), ("2028-02", None)])
def test_who_was_born_on_29_february(period, found):
    assert cared({"a": "1980-02-29"}, {"a": "2026-10-05"}, period) == ([(found, "a", "birthday", None)] if found else [])


def test_anniversaries_of_becoming_a_customer():
    since = {"a": "2025-11-01", "b": "2024-11-30", "c": "2025-12-01", "d": "2025-10-31", "e": "2026-10-31"}
    assert cared({}, since) == [("11-01", "a", "anniversary", 1), ("11-30", "b", "anniversary", 2)]


def test_who_may_have_been_a_customer_before_the_data_has_no_anniversary():
    edge = date(2020, 1, 1) + timedelta(days=30)
    early, known = (cared({}, {"a": str(day)}, "2025-12", inactive_after_days=30) for day in (edge - timedelta(days=1), edge))
    assert (early, known) == ([], [("01-31", "a", "anniversary", 6)])


def test_who_asked_not_to_be_contacted_or_is_lost_is_not_congratulated():
    assert cared({"a": "1970-11-05", "b": "1970-11-05"}, no_contact=("b",)) == [("11-05", "a", "birthday", None)]
    people = rows("customer_id birthday", "a 1970-11-05", "p 1970-11-05")
    crm = Crm.of(
        period="2026-10",
        business=RULES,
        customers=people,
        orders=rows("order_id customer_id ordered_at amount", "1 a 2026-09-01 5"),
    )
    assert care.care_list(crm).empty and care.care_counts(crm) == {"birthday": 0, "anniversary": 0}  # lost, and a prospect


def test_of_too_many_the_largest_buyers_are_listed_by_day():
    people = rows("customer_id birthday", "a 1970-11-20", "b 1970-11-10", "c 1970-11-01")
    orders = rows("order_id customer_id ordered_at amount", "1 a 2026-10-05 30", "2 b 2026-10-05 20", "3 c 2026-10-05 10")
    crm = Crm.of(period="2026-10", customers=people, orders=orders)
    assert care.care_list(crm, limit=2).customer.tolist() == ["b", "a"]
    assert care.care_counts(crm) == {"birthday": 3, "anniversary": 0} and care.window(crm) == (
        date(2026, 11, 1),
        date(2026, 11, 30),
    )


def test_nobody_can_be_congratulated_without_customers():
    crm = Crm.of(period="2026-10", opportunities=rows("opportunity_id", "1"))
    assert care.care_list(crm).empty and list(care.care_list(crm)) == care.LISTED
