"""Waiting times with stays that have not ended, stuck deals at their limit, the follow-up list and who is named on it."""

import math

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.metrics import waiting


@pytest.mark.parametrize(
    ("days", "ended", "n", "q", "expected"),
    [
        ([1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 1, 1], 0.5, 2),                   # no censoring: the plain quantile
        ([1, 2, 9], [1, 1, 0], [1, 1, 2], 0.5, 2),                            # S(1) = 3/4, S(2) = 3/4 × 2/3 = 1/2
        ([1, 2, 9], [1, 1, 0], [1, 1, 2], 0.9, math.nan),                     # half have not left: P90 is not known
        ([5, 5], [1, 0], [1, 1], 0.5, 5),                                     # ended and still open on the same day
        ([3, 7], [0, 1], [1, 1], 0.5, 7),                                     # the open one leaves the risk set first
        ([], [], [], 0.5, math.nan),
    ],
)  # fmt: skip
def test_quantiles_with_stays_that_have_not_ended(days, ended, n, q, expected):
    value = waiting.waited(pd.DataFrame({"days": days, "ended": [bool(e) for e in ended], "n": n}), q)
    assert value == expected or (math.isnan(value) and math.isnan(expected))


STAGES = {"stages": ["lead", "offer", "won"]}


def crm(deals: list[str], changes: list[str], team="all", **more) -> Crm:
    head = "opportunity_id created_at closed_at is_won amount customer_id rep_id"
    return Crm.of(
        period="2026-10", team=team, business=STAGES, opportunities=rows(head, *deals),
        stage_changes=rows("opportunity_id stage entered_at", *changes), reps=rows("rep_id name team", "r1 Ann north", "r2 Bob south"), **more,
    )  # fmt: skip


def test_stays_end_with_the_next_stage_or_the_close():
    view = crm(
        ["a 2026-10-01 - - 1 - r1", "b 2026-10-01 2026-10-11 false 1 - r1", "c 2026-10-30 - - 1 - r1"],
        ["a lead 2026-10-01", "a offer 2026-10-05", "b lead 2026-10-01", "c lead 2026-10-30", "c offer 2026-11-02"],
    )
    frame = waiting.spells(view).execute().set_index(["opportunity_id", "stage"]).sort_index()
    assert frame.days.to_dict() == {("a", "lead"): 4, ("a", "offer"): 27, ("b", "lead"): 10, ("c", "lead"): 2}
    assert frame.ended.to_dict() == {("a", "lead"): True, ("a", "offer"): False, ("b", "lead"): True, ("c", "lead"): False}


def test_time_in_stage_beside_the_year_before():
    deals = [f"d{i} 2026-10-01 - - 1 - r1" for i in range(3)] + ["e 2026-01-01 - - 1 - r1"]
    changes = [f"d{i} lead 2026-10-01" for i in range(3)] + ["d0 offer 2026-10-03", "d1 offer 2026-10-05", "d2 offer 2026-10-09"]
    frame = waiting.time_in_stage(crm(deals, [*changes, "e lead 2026-01-01", "e offer 2026-01-31"])).set_index("stage")
    assert frame.loc["lead", ["stays", "median_days", "p90_days", "median_before_days"]].to_list() == [3, 4, 8, 30]
    assert math.isnan(frame.loc["offer", "median_days"])  # none of the three has left it


def stuck_case(days_waiting: int, team="all", **more) -> Crm:
    """Ten deals of which nine left `lead` after 1..9 days, the tenth after 10: nine in ten within 9 days; and one that waits."""
    deals = [f"d{i} 2026-06-01 2026-06-{1 + i:02d} false 1 - r2" for i in range(1, 11)]
    changes = [f"d{i} lead 2026-06-01" for i in range(1, 11)]
    day = pd.Timestamp("2026-11-01") - pd.Timedelta(days=days_waiting)
    return crm([*deals, f"x {day.date()} - - 500 c1 r1"], [*changes, f"x lead {day.date()}"], team, **more)


@pytest.mark.parametrize(("days", "stuck"), [(8, False), (10, False), (11, True)])
def test_stuck_is_longer_than_nine_in_ten(days, stuck):
    """With the waiting one still at risk at 10 days, S(9) = 2/11 and S(10) = 1/11: the limit is 10 days."""
    frame = waiting.open_deals(stuck_case(days))
    assert frame.opportunity_id.to_list() == ["x"] and frame.stuck.to_list() == [stuck]
    assert frame.days_in_stage.to_list() == [days]


@pytest.mark.parametrize(("team", "shown"), [("north", "Zhang San"), ("all", "c1")])
def test_names_are_on_the_team_s_own_list_alone(team, shown):
    customers = pd.DataFrame({"customer_id": ["c1"], "name": ["Zhang San"], "rep_id": ["r1"], "phone": ["13812341234"]})
    calls = waiting.follow_up(stuck_case(30, team, customers=customers))
    assert calls.customer.to_list() == [shown] and calls.rep.to_list() == ["Ann"] and calls.stuck.to_list() == [True]


def test_another_team_s_customer_is_shown_by_id():
    customers = pd.DataFrame({"customer_id": ["c1"], "name": ["Zhang San"], "rep_id": ["r2"]})
    assert waiting.follow_up(stuck_case(30, "north", customers=customers)).customer.to_list() == ["c1"]


def test_the_list_is_short_and_the_stuck_come_first():
    deals = [f"o{i} 2026-10-{10 + i} - - {100 + i} - r1" for i in range(9)] + ["s 2026-01-01 - - 1 - r1"]
    leavers = [f"d{i} 2026-06-01 2026-06-{1 + i:02d} false 1 - r2" for i in range(1, 31)]
    changes = (
        [f"o{i} lead 2026-10-{10 + i}" for i in range(9)]
        + ["s lead 2026-01-01"]
        + [f"d{i} lead 2026-06-01" for i in range(1, 31)]
    )
    calls = waiting.follow_up(crm([*deals, *leavers], changes))
    assert calls.opportunity_id.to_list() == ["s", "o8", "o7", "o6", "o5"]


def test_open_by_stage_adds_up_and_names_the_unknown():
    view = crm(["a 2026-10-01 - - 5 - r1", "b 2026-10-02 - - 7 - r1"], ["a offer 2026-10-03"])
    frame = waiting.open_by_stage(view).set_index("stage")
    assert frame.open_count.to_dict() == {"lead": 0, "offer": 1, "unknown": 1} and frame.open_amount.sum() == 12
