"""What views of pages without code count: worked by hand at the edges of windows, conditions, groups and bases."""

import math

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.custom import view_of
from crmlib.metrics.custom import cut
from crmlib.metrics.custom_kpis import kpis
from crmlib.periods import Period

RAW = {"title": {"en": "T", "zh": "T"}, "note": None, "table": None, "metrics": [], "filters": [], "date": None, "over": "period",
       "dimensions": [], "measures": ["count"], "chart": None, "order": None, "top": None, "format": {}}  # fmt: skip
REPS = rows("rep_id name team", "1 Ann north", "2 Bo south")
CUSTOMERS = rows("customer_id region rep_id", "a west 1", "b east 2", "c - 2")
ORDERS = rows(
    "order_id customer_id ordered_at amount rep_id sales_channel status status_changed_at",
    "1 a 2026-09-30T23:59 10 1 web - -",  # just before the period
    "2 a 2026-10-01T00:00 20.10 1 web - -",  # its first moment, a Thursday
    "3 b 2026-10-05T09:30 30.20 2 shop - -",  # a Monday
    "4 c 2026-10-05T09:59 -5 2 shop - -",
    "5 - 2026-10-31T23:59 7 - - cancelled 2026-11-02",  # its last one; cancelled later, of nobody
    "6 a 2026-11-01T00:00 99 1 web - -",  # just after
    "7 b 2025-10-12T10:00 40 2 web - -",
)


def crm(**more) -> Crm:
    given = {"reps": REPS, "customers": CUSTOMERS, "orders": ORDERS, "period": "2026-10"} | more
    return Crm.of(business={"min_base": 2}, **given)


def of(table: str | None = "orders", **asked):
    return view_of(RAW | {"table": table} | asked)


def shown(frame: pd.DataFrame) -> list[tuple]:
    return [tuple(None if v != v else v for v in row) for row in frame.itertuples(index=False)]


# ------------------------------------------------------------------------------------------------ windows and conditions


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 4),
        ({"over": 2}, 5),
        ({"over": "until end"}, 6),
        ({"filters": ["amount > 7"]}, 2),
        ({"filters": ["amount >= 7"]}, 3),
        ({"filters": ["amount < 0"]}, 1),
        ({"filters": ["amount = 20.10"]}, 1),
        ({"filters": ["amount != 20.10"]}, 3),
        ({"filters": ["sales_channel = web"]}, 1),
        ({"filters": ["sales_channel != web"]}, 3),  # without a channel it is not web either
        ({"filters": ["sales_channel in web, shop"]}, 3),
        ({"filters": ["sales_channel not in web, shop"]}, 1),
        ({"filters": ["sales_channel is missing"]}, 1),
        ({"filters": ["sales_channel is given"]}, 3),
        ({"filters": ["status = cancelled"]}, 0),  # as of the period's end it was not
        ({"filters": ["customers.region = west"]}, 1),
        ({"filters": ["customers.region != west"]}, 3),
        ({"filters": ["ordered_at <= 2026-10-05"]}, 3),  # the whole day
        ({"filters": ["ordered_at > 2026-10-05"]}, 1),
        ({"filters": ["sales_channel = '; drop table orders; --"]}, 0),
        ({"filters": ["sales_channel = %"]}, 0),
    ],
)
def test_which_rows_are_counted(asked, count):
    assert shown(cut(crm(), of(**asked))) == [(count,)]


def test_a_date_of_its_own_leaves_out_what_has_none():
    deals = rows(
        "opportunity_id created_at closed_at is_won",
        "1 2026-08-01 2026-10-01 true",
        "2 2026-10-02 - -",
        "3 2026-09-01 2026-11-01 false",
    )
    made = Crm.of(period="2026-10", opportunities=deals)
    assert shown(cut(made, of("opportunities"))) == [(1,)]
    assert shown(cut(made, of("opportunities", date="closed_at"))) == [(1,)]
    assert shown(cut(made, of("opportunities", over="until end"))) == [(3,)]
    assert shown(cut(made, of("opportunities", over="until end", date="closed_at"))) == [(1,)]  # the third is open as of the end
    assert shown(cut(made, of("opportunities", over="until end", filters=["closed_at is missing"]))) == [(2,)]


# ------------------------------------------------------------------------------------------------ measures


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("count", (4,)),
        ("count of distinct customer_id", (3,)),
        ("sum of amount", (52.3,)),
        ("mean of amount", (4, 13.075)),
        ("median of amount", (4, 13.55)),
        ("min of amount", (-5.0,)),
        ("max of amount", (30.2,)),
        ("share of rows", (1.0,)),
    ],
)
def test_measures_of_all_rows(measure, value):
    assert shown(cut(crm(), of(measures=[measure]))) == [value]


def test_money_is_added_up_exactly():
    many = rows("order_id ordered_at amount", *(f"{i} 2026-10-02 0.1" for i in range(1000)))
    assert shown(cut(crm(orders=many), of(measures=["sum of amount", "mean of amount"], chart="table"))) == [(100.0, 1000, 0.1)]


def test_a_share_of_a_flag_leaves_out_what_nobody_answered():
    tickets = rows("ticket_id opened_at resolved_at reopened", "1 2026-10-01 2026-10-02 true", "2 2026-10-01 2026-10-02 false", "3 2026-10-01 - -",
                   "4 2026-10-01 2026-11-02 true")  # fmt: skip
    made = Crm.of(period="2026-10", tickets=tickets)
    assert shown(cut(made, of("tickets", measures=["share of reopened"]))) == [(2, 0.5)]


def test_nothing_has_no_mean_and_a_count_of_0():
    empty = of(filters=["amount > 1000"], measures=["count", "sum of amount", "mean of amount", "share of rows"], chart="table")
    assert shown(cut(crm(), empty)) == [(0, 0.0, 0, None, 0, None)]
    assert cut(crm(), of(filters=["amount > 1000"], dimensions=["sales_channel"])).empty


# ------------------------------------------------------------------------------------------------ groups


def test_a_column_beside_the_period_before_those_of_none_last():
    frame = cut(crm(), of(dimensions=["sales_channel"]))
    assert list(frame) == ["orders_sales_channel", "previous_orders_count", "orders_count"]
    assert shown(frame) == [("shop", 0, 2), ("web", 1, 1), ("none given", 0, 1)]


def test_before_the_data_began_there_was_nothing_to_count():
    october = ORDERS[ORDERS.ordered_at.str.startswith("2026-1")]
    frame = cut(crm(orders=october), of(dimensions=["sales_channel"]))
    assert frame.previous_orders_count.isna().all()


def test_ordered_as_asked_groups_on_few_cases_last():
    by = {"dimensions": ["sales_channel"], "measures": ["count", "mean of amount"], "chart": "table"}
    assert list(cut(crm(), of(**by, order="count, smallest first")).orders_sales_channel) == ["web", "shop", "none given"]
    assert list(cut(crm(), of(**by, order="mean of amount")).orders_sales_channel) == [
        "shop",
        "web",
        "none given",
    ]  # web: one case


def test_what_is_past_the_top_is_put_together_exactly():
    frame = cut(crm(), of(dimensions=["customer_id"], measures=["count", "median of amount"], chart="table", top=1, over=13))
    assert shown(frame[["customer", "orders_count", "median_orders_amount"]]) == [
        ("a", 2, 15.05),
        ("all others", 3, 30.2),
        ("none given", 1, 7.0),
    ]


def test_columns_of_a_parent_and_of_its_parent():
    lines = rows("order_id product quantity unit_price", "2 pen 2 1", "3 pen 1 1", "3 ink 1 9", "6 pen 5 1")
    made = crm(order_lines=lines)
    frame = cut(
        made, of("order_lines", dimensions=["customers.region"], measures=["sum of quantity", "count of distinct order_id"])
    )
    assert shown(frame[["customers_region", "sum_order_lines_quantity"]]) == [("east", 2.0), ("west", 2.0)]
    assert list(frame.distinct_order_lines_order_id) == [1, 1]
    assert shown(cut(made, of("order_lines", dimensions=["orders.sales_channel"])))[0][0] == "shop"


def test_a_team_s_rows_keep_the_columns_of_customers_of_other_teams():
    sold = rows("order_id customer_id ordered_at amount rep_id", "1 b 2026-10-02 5 1")
    frame = cut(crm(orders=sold, team="north"), of(dimensions=["customers.region"]))
    assert shown(frame[["customers_region", "orders_count"]]) == [("east", 1)]


def test_teams_add_up_with_unassigned():
    frame = cut(crm(), of(dimensions=["team"]))
    assert shown(frame[["team", "orders_count"]]) == [("south", 2), ("north", 1), ("unassigned", 1)]
    parts = [shown(cut(crm(team=t), of()))[0][0] for t in ("north", "south")]
    assert sum(parts) + 1 == shown(cut(crm(), of()))[0][0]


def test_persons_by_name_and_customers_on_their_team_s_pages_alone():
    named = CUSTOMERS.assign(name=["Zhang", "Li", "Wu"])
    assert list(cut(crm(), of(dimensions=["rep"])).rep) == ["Bo", "Ann", "none given"]
    by = of(dimensions=["customer_id"])
    assert set(cut(crm(customers=named), by).customer) == {"a", "b", "c", "none given"}
    assert list(cut(crm(customers=named, team="north"), by).customer) == ["Zhang"]


@pytest.mark.parametrize(
    ("grain", "expected"),
    [
        (
            "weekday",
            [("monday", 2), ("tuesday", 0), ("wednesday", 0), ("thursday", 1), ("friday", 0), ("saturday", 1), ("sunday", 0)],
        ),
        ("day", [("2026-10-01", 1), ("2026-10-05", 2), ("2026-10-31", 1)]),
    ],
)
def test_time_in_its_own_order(grain, expected):
    assert shown(cut(crm(), of(dimensions=[grain]))) == expected


def test_hours_all_of_them():
    frame = cut(crm(), of(dimensions=["hour"]))
    assert len(frame) == 24 and dict(shown(frame))["09:00"] == 2 and dict(shown(frame))["23:00"] == 1


@pytest.mark.parametrize(
    ("grain", "over", "expected"),
    [
        ("period", 3, [("2026-08", 0), ("2026-09", 1), ("2026-10", 4)]),
        ("quarter", 13, [("2025-Q4", 1), ("2026-Q1", 0), ("2026-Q2", 0), ("2026-Q3", 1), ("2026-Q4", 4)]),
        ("week", "period", [("2026-W40", 1), ("2026-W41", 2), ("2026-W42", 0), ("2026-W43", 0), ("2026-W44", 1)]),
    ],
)
def test_a_course_without_gaps(grain, over, expected):
    frame = cut(crm(), of(dimensions=[grain], over=over))
    assert [(p.label, n) for p, n in shown(frame)] == expected


def test_until_the_end_a_course_begins_with_the_data():
    frame = cut(crm(), of(dimensions=["month"], over="until end", measures=["count", "mean of amount"]))
    assert frame.period.iloc[0].label == "2025-10" and frame.period.iloc[-1].label == "2026-10" and len(frame) == 13
    assert frame.orders_count.sum() == 6 and math.isnan(frame.mean_orders_amount.iloc[1])


def test_two_dimensions():
    frame = cut(crm(), of(dimensions=["sales_channel", "customers.region"], measures=["sum of amount"]))
    assert shown(frame) == [
        ("shop", "east", 30.2),
        ("shop", "none given", -5.0),
        ("web", "west", 20.1),
        ("none given", "none given", 7.0),
    ]


def test_shares_of_rows_carry_all_rows_where_these_are_few():
    frame = cut(crm(), of(dimensions=["sales_channel"], measures=["share of rows"]))
    assert [round(s, 2) for s in frame.rows_share] == [0.5, 0.25, 0.25] and "rows_share_base" not in frame
    few = Crm.of(period="2026-10", orders=ORDERS, business={"min_base": 5})
    assert list(cut(few, of(dimensions=["sales_channel"], measures=["share of rows"])).rows_share_base) == [4, 4, 4]


# ------------------------------------------------------------------------------------------------ registered metrics

DEALS = rows("opportunity_id created_at closed_at is_won amount rep_id", "1 2026-09-01 2026-10-02 true 100 1", "2 2026-09-01 2026-10-03 false 50 1",
             "3 2026-09-01 2026-09-09 true 70 2", "4 2026-09-01 2026-10-31 true 30 2")  # fmt: skip


def test_metrics_by_team_and_by_period_are_the_metric_s_own_figures():
    made = Crm.of(period="2026-10", reps=REPS, opportunities=DEALS, business={"min_base": 2})
    by_team = cut(made, of(None, metrics=["win_rate", "won_count"], dimensions=["team"], chart="table"))
    assert shown(by_team) == [("north", 2, 0.5, 1), ("south", 1, 1.0, 1)]
    course = cut(made, of(None, metrics=["won_amount"], dimensions=["period"], over=2))
    assert [(p.label, v) for p, v in shown(course)] == [("2026-09", 70.0), ("2026-10", 130.0)]
    both = cut(made, of(None, metrics=["won_count"], dimensions=["team", "period"], over=2))
    assert [(t, p.label, n) for t, p, n in shown(both)] == [
        ("north", "2026-09", 0),
        ("north", "2026-10", 1),
        ("south", "2026-09", 1),
        ("south", "2026-10", 1),
    ]


def test_a_team_s_page_shows_its_own_team_alone():
    made = Crm.of(period="2026-10", team="south", reps=REPS, opportunities=DEALS)
    assert shown(cut(made, of(None, metrics=["won_count"], dimensions=["team"]))) == [("south", 1)]


def test_before_the_data_there_is_no_value_and_a_share_of_amounts_of_few_is_not_said():
    made = Crm.of(period="2026-10", reps=REPS, opportunities=DEALS)  # min_base 30
    course = cut(made, of(None, metrics=["won_count"], dimensions=["period"], over=3))
    assert shown(course)[0] == (Period.parse("2026-08"), None)
    assert math.isnan(cut(made, of(None, metrics=["win_rate_value"])).win_rate_value.iloc[0])


# ------------------------------------------------------------------------------------------------ key figures


def test_key_figures_each_once_beside_their_comparisons():
    views = [of(measures=["count", "sum of amount"]), of(dimensions=["sales_channel"], measures=["count", "share of rows"]),
             of(dimensions=["period"], over=13, measures=["count"])]  # fmt: skip
    found = {k.name: k for k in kpis(crm(), views)}
    assert list(found) == ["orders_count", "sum_orders_amount"]  # all three count the same rows
    count = found["orders_count"]
    assert (count.value, count.previous, count.year_before, count.series[-2:]) == (4, 1, 1, (1.0, 4.0))
    assert count.about is None and count.dimension == "orders" and found["sum_orders_amount"].value == 52.3


def test_key_figures_of_different_rows_are_told_apart():
    found = kpis(crm(), [of(), of(filters=["amount > 0"], title={"en": "Sales", "zh": "销售"})])
    assert [(k.value, k.about["en"]) for k in found] == [(4, "T"), (3, "Sales")]


def test_a_metric_stands_once_with_its_course():
    made = Crm.of(period="2026-10", reps=REPS, opportunities=DEALS)
    found = kpis(
        made,
        [of(None, metrics=["won_count"], dimensions=["team"]), of(None, metrics=["won_count"], dimensions=["period"], over=2)],
    )
    assert [(k.name, k.value, k.series, k.dimension) for k in found] == [("won_count", 2, (1.0, 2.0), None)]


def test_what_is_not_delivered_has_a_reason():
    (found,) = kpis(crm(), [of("tickets")])
    assert (found.value, found.reason, found.previous) == (None, "not_delivered", None)
    (mean,) = kpis(crm(), [of(measures=["mean of cost"])])
    assert (mean.value, mean.reason) == (None, "not_delivered")


@pytest.mark.parametrize("period", ["2026-W41", "2026-Q4", "2026"])
def test_any_kind_of_period(period):
    assert (
        shown(cut(crm(period=period), of(dimensions=["period"], over=2)))[-1][1]
        == {"2026-W41": 2, "2026-Q4": 5, "2026": 6}[period]
    )


def test_later_rows_and_values_change_no_earlier_page():
    views = [
        of(dimensions=["sales_channel"], measures=["count", "sum of amount"]),
        of(over="until end"),
        of(dimensions=["period"], over=13),
    ]
    later = pd.concat([ORDERS, rows("order_id ordered_at amount sales_channel", "8 2026-11-09 1000 shop")])
    for view in views:
        pd.testing.assert_frame_equal(cut(crm(), view), cut(crm(orders=later), view))
