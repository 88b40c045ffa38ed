"""Closing figures at the edges of their definitions; every expected value is worked out by hand beside the rows."""

import math

import pytest

from crmlib.crm import Crm, rows
from crmlib.metrics import closing, deals, pipeline

HEAD = "opportunity_id created_at closed_at is_won amount rep_id"
REPS = rows("rep_id name team", "r1 Ann north", "r2 Bob south")


def crm(*lines: str, period: str = "2026-10", **more) -> Crm:
    return Crm.of(period=period, reps=REPS, opportunities=rows(HEAD, *lines), **more)


@pytest.mark.parametrize(
    ("closed", "won"),
    [
        ("2026-09-30T23:59:59", 0), ("2026-10-01T00:00:00", 1), ("2026-10-31T23:59:59", 1), ("2026-11-01T00:00:00", 0), ("-", 0),
    ],
)  # fmt: skip
def test_a_deal_belongs_to_the_period_it_was_closed_in(closed, won):
    view = crm(f"d 2026-09-01 {closed} true 10 r1")
    assert closing.won_count(view) == won and closing.won_amount(view) == 10 * won


@pytest.mark.parametrize(
    ("created", "leads", "still_open"),
    [
        ("2026-09-30T23:59:59", 0, 1),
        ("2026-10-01T00:00:00", 1, 1),
        ("2026-10-31T23:59:59", 1, 1),
        ("2026-11-01T00:00:00", 0, 0),
        ("-", 0, 0),
    ],
)
def test_created_and_open(created, leads, still_open):
    view = crm(f"d {created} - - 10 r1")
    assert (deals.lead_count(view), deals.open_count(view)) == (leads, still_open)
    assert deals.undated_count(view) == (1 if created == "-" else 0)


def test_a_deal_closed_at_the_very_end_is_still_open_then():
    assert deals.open_count(crm("d 2026-09-01 2026-11-01T00:00:00 true 1 r1")) == 1
    assert deals.open_count(crm("d 2026-09-01 2026-10-31T23:59:59 true 1 r1")) == 0


def test_rates_sizes_and_cycles_by_hand():
    view = crm(
        "a 2026-10-01 2026-10-11 true 100 r1",   # 10 days
        "b 2026-10-01 2026-10-21 true 300 r1",   # 20 days
        "c 2026-09-01 2026-10-31 true 200 r2",   # 60 days
        "d 2026-10-02 2026-10-05 false 400 r2",
        "e 2026-10-02 - - 50 r2",
    )  # fmt: skip
    assert (closing.win_rate(view).part, closing.win_rate(view).base) == (3, 4)
    assert closing.won_amount(view) == 600 and closing.avg_deal_size(view).value == 200
    assert closing.win_rate_value(view).value == 0.6  # 600 of 1,000
    assert closing.sales_cycle_days(view).value == 20
    assert closing.sales_cycle_p90(view).value == pytest.approx(52)  # 20 + 0.8 × 40
    assert closing.sales_velocity(view).value == pytest.approx(1 * 0.75 * 200 / 20)
    assert deals.lead_count(view) == 4


def test_nothing_closed_is_undefined_not_zero():
    view = crm("d 2026-10-02 - - 50 r1")
    assert closing.win_rate(view).value is None and closing.avg_deal_size(view).value is None
    assert closing.sales_cycle_days(view).value is None and closing.sales_velocity(view).value is None
    assert closing.won_amount(view) == 0 and closing.won_count(view) == 0


def test_win_rate_by_value_needs_amounts_of_lost_deals():
    figure = closing.win_rate_value(crm("a 2026-10-01 2026-10-11 true 100 r1", "b 2026-10-01 2026-10-11 false - r1"))
    assert figure.value is None and figure.reason == "lost_without_amount"


def test_no_opportunities_at_all():
    view = Crm.of(period="2026-10")
    assert deals.lead_count(view) == 0 and closing.win_rate(view).value is None
    assert pipeline.deals_by(view, "team").empty and list(pipeline.deals_by(view, "team").columns) == [
        "team",
        *pipeline.CLOSING_COLUMNS,
    ]
    assert closing.lost_reasons(view).empty and pipeline.deals_by_period(view).empty


def test_groups_add_up_with_unassigned_last():
    view = crm(
        "a 2026-10-01 2026-10-11 true 100 r1",
        "b 2026-10-01 2026-10-11 true 900 -",
        "c 2026-10-01 - - 1 r2",
        "d 2026-08-01 2026-09-01 true 7 r2",
    )
    frame = pipeline.deals_by(view, "team")
    assert frame.team.to_list() == ["north", "south", "unassigned"]
    assert frame.won_amount.to_list() == [100, 0, 900] and frame.lead_count.to_list() == [1, 1, 1]
    assert frame.won_amount.sum() == closing.won_amount(view) and frame.open_count.sum() == deals.open_count(view)
    assert math.isnan(frame.win_rate[1]) and frame.win_rate[0] == 1


def test_history_is_each_period_s_own_and_begins_with_the_data():
    view = crm("a 2026-08-05 2026-09-11 true 100 r1", "b 2026-09-01 2026-10-11 false - r1", "c 2026-10-31 - - 5 r1")
    frame = pipeline.deals_by_period(view, 13)
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"]
    assert frame.lead_count.to_list() == [1, 1, 1] and frame.open_count.to_list() == [1, 1, 1]
    assert frame.won_count.to_list() == [0, 1, 0] and frame.lost_count.to_list() == [0, 0, 1]
    assert frame.won_amount.to_list() == [0, 100, 0] and frame.sales_cycle_days[1] == 37


def test_lost_reasons_beside_the_year_before():
    head = HEAD + " lost_reason"
    view = Crm.of(
        period="2026-10",
        opportunities=rows(head, "a 2026-09-01 2026-10-01 false 1 r1 price", "b 2026-09-01 2026-10-31 false 1 r1 -", "c 2026-09-01 2026-10-31 true 1 r1 -",
                           "d 2025-09-01 2025-10-01 false 1 r1 price", "e 2025-09-01 2025-09-30 false 1 r1 price", "f 2025-09-01 2026-09-30 false 1 r1 timing"),
    )  # fmt: skip
    frame = closing.lost_reasons_compared(view).set_index("reason")
    assert frame.lost_count.to_dict() == {"none given": 1, "price": 1} and frame.share.to_list() == [0.5, 0.5]
    assert frame.before_share.to_dict() == {"none given": 0.0, "price": 0.5}  # d and f lie in the twelve months before


def test_a_win_rate_needs_the_days_on_which_deals_were_lost():
    view = Crm.of(
        period="2026-10",
        business={"stages": ["lead", "won"]},
        opportunities=rows("opportunity_id created_at", "a 2026-10-01", "b 2026-10-01"),
        stage_changes=rows("opportunity_id stage entered_at", "a won 2026-10-09"),
    )
    assert closing.won_count(view) == 1 and closing.win_rate(view).value is None
