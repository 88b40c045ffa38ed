"""Who is a prospect and is won; who buys across categories, refers and would recommend: at the edges of each definition."""

import math
from dataclasses import replace

import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import NOT_DELIVERED, Figure, Share
from crmlib.metrics import crm_figures, loyalty, prospects, purchases, retention

RULES = {"inactive_after_days": 30}  # a prospect seen before 1 September counts as given up in October


def crm(people=(), orders=(), deals=(), team="all", period="2026-10") -> Crm:
    frames = {}
    if people:
        frames["customers"] = rows("customer_id created_at team", *[p + " -" * (3 - len(p.split())) for p in people])
    if orders:
        frames["orders"] = rows("order_id customer_id ordered_at amount", *[f"{i} {o}" for i, o in enumerate(orders)])
    if deals:
        lines = [f"{i} {d}" + " -" * (4 - len(d.split())) for i, d in enumerate(deals)]
        frames["opportunities"] = rows("opportunity_id customer_id created_at closed_at is_won", *lines)
    return Crm.of(period, team, RULES, **frames)


# ------------------------------------------------------------------------------------------------ prospects

OTHERS = ("z 2020-01-01", "old 2019-01-01")  # a prospect long given up, so that some are recorded, and a customer


PERSONS = [
    ("2026-10-01", None, 0, 1), ("2026-10-31", None, 0, 1), ("2026-11-01", None, 0, 0),  # first seen in the period, or after it
    ("2026-09-01", None, 0, 1), ("2026-08-31", None, 0, 0),  # 30 days before the start, and 31
    ("2026-09-01", "2026-09-30 5", 0, 0), ("2026-09-01", "2026-10-01 5", 1, 1),  # a customer before the start; won on it
    ("2026-09-01", "2026-10-31 5", 1, 1), ("2026-09-01", "2026-11-01 5", 0, 1),  # won on the last day; later
    ("2020-01-01", "2026-10-31 5", 1, 1),  # given up, and won after all
    ("-", "2026-10-31 5", 1, 1), ("-", None, 0, 0),  # never dated: known once won
    ("2026-10-20", "2026-10-03 5", 1, 1),  # entered after the purchase
    ("2026-10-02", "2026-10-03 -5", 0, 1),  # a refund makes no customer
]  # fmt: skip


def test_sales_conversion_of_persons():
    """Each case is a team of one company."""
    people = [f"c{i} {seen} t{i}" for i, (seen, *_) in enumerate(PERSONS)]
    company = crm(
        [*people, *OTHERS], ["old 2019-01-01 1", *[f"c{i} {order}" for i, (_, order, *_) in enumerate(PERSONS) if order]]
    )
    views = [replace(company, team=f"t{i}") for i in range(len(PERSONS))]
    assert [prospects.sales_conversion_rate(v) for v in views] == [Share(part, base) for *_, part, base in PERSONS]
    assert [prospects.prospect_count(v) for v in views] == [Figure(base) for *_, base in PERSONS]


LEADS = [
    ("- 2026-10-05", 0, 1), ("- 2026-09-01", 0, 1), ("- 2026-08-31", 0, 0),
    ("- 2026-09-10 2026-09-30 false", 0, 0), ("- 2026-09-10 2026-10-01 false", 0, 1),  # lost before the start, and on it
    ("- 2026-09-10 2026-10-31 true", 1, 1), ("- 2020-01-01 2026-10-01 true", 1, 1), ("- 2026-10-02 2026-10-03 true", 1, 1),
    ("- - 2026-10-03 true", 1, 1), ("- - 2026-10-03 false", 0, 1),
    ("own 2026-10-05", 0, 1), ("own 2026-10-05 2026-10-06 false", 0, 1), ("own 2026-10-05 2026-10-06 true", 1, 1),  # of a person: lost is no end
    ("own 2026-09-05 2026-09-06 false", 0, 1),
]  # fmt: skip


def test_sales_conversion_of_leads():
    """Each case is a team of one company: its person in charge has the lead, or the customer of its own."""
    lines = [f"{i} {deal}" + " -" * (4 - len(deal.split())) + f" r{i}" for i, (deal, *_) in enumerate(LEADS)]
    deals = rows(
        "opportunity_id customer_id created_at closed_at is_won rep_id",
        *[line.replace("own", f"c{i}") for i, line in enumerate(lines)],
    )
    reps = rows("rep_id name team", *[f"r{i} n{i} t{i}" for i in range(len(LEADS))])
    people = rows("customer_id rep_id", *[f"c{i} r{i}" for i, (deal, *_) in enumerate(LEADS) if deal.startswith("own")])
    company = Crm.of("2026-10", business=RULES, opportunities=deals, reps=reps, customers=people)
    assert [prospects.sales_conversion_rate(replace(company, team=f"t{i}")) for i in range(len(LEADS))] == [
        Share(p, b) for _, p, b in LEADS
    ]


def test_several_deals_of_a_person_are_one_prospect():
    deals = ["a 2026-10-02", "a 2026-10-03 2026-10-09 true", "a 2026-10-04", "b 2026-10-04"]
    assert prospects.sales_conversion_rate(crm(deals=deals)) == Share(1, 2)


def test_who_records_customers_alone_has_no_conversion():
    view = crm(orders=["a 2026-10-02 5", "b 2026-10-03 5"])
    assert prospects.sales_conversion_rate(view) == prospects.prospect_count(view) == Figure(None, None, "no_prospects")
    assert prospects.conversion_by_period(view).empty and list(prospects.conversion_by_period(view))[0] == "period"


def test_the_course_of_conversion_and_the_teams():
    people = ["a 2026-08-01 north", "b 2026-09-02 south", "c 2026-10-02 south", "d 2026-10-02"]
    view = crm(people, ["a 2026-08-05 1", "b 2026-10-02 1"])
    frame = prospects.conversion_by_period(view, 4)
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"]  # nobody was won before
    assert frame.prospect_count.to_list() == [1, 1, 3] and frame.won_customers.to_list() == [1, 0, 1]
    assert prospects.sales_conversion_rate(crm(people, ["a 2026-08-05 1", "b 2026-10-02 1"], team="south")) == Share(1, 2)
    teams = crm_figures.figures_by_team(view).set_index("team")
    assert teams.prospect_count.to_dict() == {"north": 0, "south": 2, "unassigned": 1} and teams.won_customers.sum() == 1
    assert teams.cost_amount.isna().all() and teams.cac.isna().all()


@pytest.mark.parametrize("team", ["all", "north"])
def test_retention_and_churn_make_one(team):
    people = [f"c{i} 2026-01-01 {'north' if i % 2 else 'south'}" for i in range(8)]
    bought = [f"c{i} 2026-09-{10 + 2 * i} 5" for i in range(8)] + ["c1 2026-10-20 5"]
    view = crm(people, bought, team=team)
    stays, leaves = retention.retention_rate(view), retention.churn_rate(view)
    assert stays.base > 0 < leaves.part and stays.value + leaves.value == 1 and stays.base == leaves.base
    course = crm_figures.figures_by_period(view)
    assert ((course.retention_rate + course.churn_rate).dropna() == 1).all()


# ------------------------------------------------------------------------------------------------ loyalty

BOUGHT = [
    "2026-10-01 5",
    "2026-10-31 5",
    "2026-09-30 5",
    "2026-10-05 -5",
]  # of every customer: two purchases, one before, a refund
CROSSED = [
    (("0 desks 1", "1 lamps 1"), 1, 1),  # over two orders
    (("0 desks 1", "0 lamps 1"), 1, 1), (("0 desks 1", "0 desks 1"), 0, 1), (("0 desks 1", "0 - 1"), 0, 1), (("0 - 1",), 0, 0),
    (("0 desks 1", "0 lamps -1"), 0, 1), (("0 desks 1", "0 lamps 0"), 0, 1),  # given back
    (("0 desks 1", "2 lamps 1"), 0, 1), (("0 desks 1", "3 lamps 1"), 0, 1), ((), 0, 0),  # the month before; a refund
]  # fmt: skip


def test_cross_sell_rate():
    """Each case is a customer, and a team, of one company: lines as order, category, quantity."""
    bought = rows(
        "order_id customer_id ordered_at amount",
        *[f"c{i}-{o} c{i} {order}" for i in range(len(CROSSED)) for o, order in enumerate(BOUGHT)],
    )
    sold = rows(
        "order_id category quantity product unit_price",
        *[f"c{i}-{line} p 1" for i, (given, *_) in enumerate(CROSSED) for line in given],
    )
    people = rows("customer_id team", *[f"c{i} t{i}" for i in range(len(CROSSED))])
    company = Crm.of("2026-10", business=RULES, orders=bought, order_lines=sold, customers=people)
    assert [loyalty.cross_sell_rate(replace(company, team=f"t{i}")) for i in range(len(CROSSED))] == [
        Share(p, b) for _, p, b in CROSSED
    ]
    assert loyalty.cross_sell_rate(company) == Share(2, 8)


def test_without_categories_nobody_buys_across():
    assert loyalty.cross_sell_rate(crm(orders=["a 2026-10-01 5"])) == NOT_DELIVERED
    nothing = Crm.of(
        "2026-10",
        orders=rows("order_id ordered_at amount", "1 2026-10-02 5"),
        order_lines=rows("order_id product quantity unit_price", "1 p 1 1"),
    )
    assert loyalty.cross_sell_rate(nothing) == NOT_DELIVERED


REFERRED = [
    (("a 2026-01-01 -", "b 2026-10-31 a"), 1, 2), (("a 2026-01-01 -", "b 2026-11-01 a"), 0, 1),  # entered by the end, and after it
    (("a 2026-01-01 a", "b 2026-01-01 -"), 0, 2), (("a 2026-01-01 b", "b 2026-01-01 -", "c 2026-01-01 b"), 1, 2),  # oneself; two of one
    (("a 2026-01-01 c", "b 2026-01-01 -", "c 2026-01-01 -"), 0, 2),  # c bought in August and is lost
    (("a 2026-01-01 nobody", "b 2026-01-01 -"), 0, 2),
]  # fmt: skip


def test_referral_rate():
    """Each case is a team of one company."""
    lines = [line.split() for people, *_ in REFERRED for line in people]
    teams = [i for i, (people, *_) in enumerate(REFERRED) for _ in people]
    own = lambda name, team: name if name in ("-", "nobody") else f"{name}{team}"  # noqa: E731
    people = [f"{own(c, t)} {day} {own(by, t)} t{t}" for (c, day, by), t in zip(lines, teams, strict=True)]
    days = {"a": "2026-10-03", "b": "2026-10-03", "c": "2026-08-01"}
    bought = [f"{i} {own(c, t)} {days[c]} 5" for i, ((c, *_), t) in enumerate(zip(lines, teams, strict=True))]
    company = Crm.of("2026-10", business=RULES, customers=rows("customer_id created_at referred_by team", *people),
                     orders=rows("order_id customer_id ordered_at amount", *bought))  # fmt: skip
    found = [loyalty.referral_rate(replace(company, team=f"t{i}")) for i in range(len(REFERRED))]
    assert found == [Share(part, base) for _, part, base in REFERRED]


def test_nobody_is_known_to_refer_where_it_is_not_recorded():
    assert loyalty.referral_rate(crm(["a 2026-01-01"], ["a 2026-10-01 5"])) == NOT_DELIVERED


def test_promoter_share():
    said = rows(
        "feedback_id given_at nps", "1 2026-10-01 9", "2 2026-10-31 10", "3 2026-10-31 8", "4 2026-09-30 10", "5 2026-10-02 -"
    )
    assert loyalty.promoter_share(Crm.of("2026-10", feedback=said)) == Share(2, 3)
    assert loyalty.promoter_share(Crm.of("2026-10", feedback=said.drop(columns="nps"))) == NOT_DELIVERED


def test_side_by_side_with_the_year_before():
    view = crm(
        orders=["a 2025-10-01 5", "a 2025-10-02 5", "b 2025-10-02 5", "a 2026-09-01 5", "a 2026-10-01 5", "a 2026-10-02 5"]
    )
    frame = loyalty.loyalty(view).set_index("loyalty_figure")
    assert frame.loc["bought twice"].to_list() == [1, 1, 1.0, 2, 0.5]
    assert purchases.repurchase_rate(view) == Share(1, 1) and frame.share["bought again"] == 1.0
    assert math.isnan(frame.share["bought across"]) and list(frame.index) == list(loyalty.LOYALTY)
