"""The funnel by hand: the worked examples, cohorts at their edges, the bottleneck's rule at its thresholds."""

import datetime as dt

import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import Share
from crmlib.metrics import cohorts, funnel, steps


@pytest.mark.parametrize(
    ("names", "counts", "from_previous", "to_next", "loss", "cumulative"),
    [
        ("潜在客户 初步接触 需求分析 方案提供 谈判阶段 成交客户", [1000, 600, 300, 150, 75, 30],
         [None, 0.6, 0.5, 0.5, 0.5, 0.4], [0.6, 0.5, 0.5, 0.5, 0.4, 1], [0.4, 0.5, 0.5, 0.5, 0.6, 0], 0.03),
        ("线索 潜在客户 商机 成交", [100, 20, 2, 1], [None, 0.2, 0.1, 0.5], [0.2, 0.1, 0.5, 1], [0.8, 0.9, 0.5, 0], 0.01),
        ("a b c", [5, 0, 0], [None, 0, None], [0, None, None], [1, None, None], 0.0),
        ("a b", [0, 0], [None, None], [None, None], [None, None], None),
    ],
)  # fmt: skip
def test_both_conventions(names, counts, from_previous, to_next, loss, cumulative):
    frame = funnel.converted(names.split(), counts)
    shown = {c: [None if pd.isna(v) else v for v in frame[c]] for c in frame.columns}
    assert shown["conversion_from_previous"] == from_previous
    assert shown["conversion_to_next"] == to_next and shown["stage_loss_rate"] == loss
    assert shown["cumulative_conversion"][-1] == cumulative


STAGES = {"stages": ["lead", "offer", "won"]}


def crm(
    opportunities: list[str],
    changes: list[str] = (),
    period="2026-10",
    head="opportunity_id created_at closed_at is_won stage",
    **more,
) -> Crm:
    frames = {"opportunities": rows(head, *opportunities)}
    if changes:
        frames["stage_changes"] = rows("opportunity_id stage entered_at", *changes)
    return Crm.of(period=period, business=STAGES | more.pop("business", {}), **frames, **more)


def counts(view: Crm) -> list[int]:
    return funnel.stages(view)["count"].to_list()


@pytest.mark.parametrize(
    ("deal", "changes", "expected"),
    [
        ("a 2026-10-05 - - -", [], [1, 0, 0]),                                                    # stage unknown: the first
        ("a 2026-10-05 - - offer", [], [1, 1, 0]),                                                # recorded stage
        ("a 2026-10-05 - - offer", ["a lead 2026-10-05"], [1, 0, 0]),                             # history wins over it
        ("a 2026-10-05 - - -", ["a offer 2026-10-31T23:59:59"], [1, 1, 0]),
        ("a 2026-10-05 - - -", ["a offer 2026-11-01"], [1, 0, 0]),                                # entered after the end
        ("a 2026-10-05 2026-10-09 true -", [], [1, 1, 1]),                                        # won: reached the last
        ("a 2026-10-05 2026-11-01 true won", [], [1, 0, 0]),                                      # won later: not yet
        ("a 2026-10-05 2026-10-09 false offer", [], [1, 1, 0]),                                   # lost in offer
        ("a 2026-10-05 - - -", ["a offer 2026-10-06", "a lead 2026-10-07"], [1, 1, 0]),           # back again: it had reached it
        ("a 2026-10-05 - - -", ["a won 2026-10-06"], [1, 1, 1]),                                  # stages skipped: a later one counts
        ("a 2026-09-30T23:59:59 - - offer", [], [0, 0, 0]),                                       # created before
        ("a - - - offer", [], [0, 0, 0]),                                                         # never dated
    ],
)  # fmt: skip
def test_reached(deal, changes, expected):
    assert counts(crm([deal], changes)) == expected


def test_a_source_that_dates_no_closing_shows_the_recorded_stage():
    view = crm(["a 2026-10-05 won", "b 2026-10-05 lead"], head="opportunity_id created_at stage")
    assert counts(view) == [2, 1, 1]


def test_three_readings():
    view = crm(
        ["a 2026-10-01 - - -", "b 2026-10-01 - - -", "c 2026-10-01 2026-10-09 true -"],
        ["a lead 2026-10-01", "a offer 2026-10-02", "b offer 2026-10-02", "c won 2026-10-09"],
    )
    frame = funnel.stage_views(view)
    assert frame.reached.to_list() == [3, 3, 1]  # c was won, so it counts as having reached offer
    assert frame.any_stage.to_list() == [3, 2, 1]  # only a and b entered offer
    assert frame.through_all.to_list() == [3, 2, 0]  # c skipped it


def won_after(*cycles: int, closed="2026-10-20") -> list[str]:
    day = dt.date.fromisoformat(closed)
    return [f"w{i} {day - dt.timedelta(days=c)} {closed} true -" for i, c in enumerate(cycles)]


@pytest.mark.parametrize(
    ("cycles", "p90", "ripe"), [([31], 31, True), ([32], 32, False), ([10, 20, 30], 28, True), ([], None, True)]
)
def test_a_cohort_is_ripe_when_a_long_cycle_fits_into_the_period(cycles, p90, ripe):
    own = cohorts.period_cohort(crm([*won_after(*cycles), "x 2026-10-02 - - -"]))
    assert (own.p90_days, own.ripe) == (p90, ripe)


def test_the_long_cycle_is_that_of_deals_won_in_the_last_twelve_months():
    deals = [*won_after(10, closed="2025-11-01"), "o 2024-01-01 2025-10-31T12:00:00 true -"]
    assert cohorts.cycle_p90_days(crm(deals)) == 10  # o was closed a day too early to count


def test_the_matured_cohort_is_the_year_that_ended_one_long_cycle_ago():
    deals = ["a 2025-09-22 - - -", "b 2025-09-21 - - -", "c 2026-09-21 - - -", "d 2026-09-22 - - -", *won_after(40)]
    view = crm(deals)
    cohort = cohorts.matured_cohort(view)
    assert (cohort.start, cohort.end) == (dt.date(2025, 9, 22), dt.date(2026, 9, 22))
    assert funnel.stages(view, cohort)["count"].iloc[0] == 3  # a, c and the won one of 10 September
    assert cohorts.headline_cohort(view).kind == "matured" and cohorts.other_cohort(view).kind == "period"
    before = cohorts.year_before(cohort)
    assert (before.start, before.end) == (dt.date(2024, 9, 22), dt.date(2025, 9, 22))


def test_no_cycle_known_no_matured_cohort():
    view = crm(["a 2026-10-01 - - -"])
    assert cohorts.matured_cohort(view) is None and cohorts.headline_cohort(view).kind == "period"


def step(now, before, others):
    return steps.Step("north", "lead", "offer", Share(*now), Share(*before), Share(*others) if others else None)


@pytest.mark.parametrize(
    ("now", "before", "others", "low"),
    [
        ((10, 100), (50, 100), (50, 100), True),
        ((10, 100), (50, 100), None, True),                  # the company as a whole has no others
        ((10, 100), (10, 100), (50, 100), False),            # always was low
        ((10, 100), (50, 100), (10, 100), False),            # low everywhere
        ((0, 29), (50, 100), (50, 100), False),              # base below min_base
        ((0, 30), (50, 100), (50, 100), True),
        ((0, 30), (15, 29), (50, 100), False),
        ((0, 30), (50, 100), (15, 29), False),
        ((50, 100), (10, 100), (10, 100), False),            # better is no bottleneck
        ((35, 100), (50, 100), (50, 100), False),            # 99 % interval of −0.15 still holds 0 (about −0.32 … 0.03)
        ((31, 100), (50, 100), (50, 100), True),             # of −0.19 not (about −0.36 … −0.01)
    ],
)  # fmt: skip
def test_the_bottleneck_s_rule_at_its_edges(now, before, others, low):
    assert step(now, before, others).low(30) is low


def test_a_bottleneck_is_found_on_its_team_alone():
    reps = rows("rep_id name team", "r1 Ann north", "r2 Bob south")
    lines, changes = [], []
    for rep, year, went_on in (("r1", 2025, 30), ("r1", 2026, 5), ("r2", 2025, 30), ("r2", 2026, 30)):
        for i in range(50):
            name = f"{rep}{year}{i}"
            lines.append(f"{name} {year}-10-05 {rep}")
            changes += [f"{name} offer {year}-10-06"] * (i < went_on)
    head = "opportunity_id created_at rep_id"
    for team, found in (("north", [("lead", "offer")]), ("south", []), ("all", [("lead", "offer")])):
        view = crm(lines, changes, head=head, reps=reps, team=team)
        assert [(s.stage, s.next_stage) for s in steps.bottlenecks(view)] == found, team
    assert steps.bottlenecks(view)[0].team == "north"


def test_cohorts_by_period_of_creation():
    deals = ["a 2026-08-10 2026-08-20 true -", "b 2026-09-10 2026-10-01 false -", "c 2026-10-10 - - -"]
    frame = cohorts.cohorts(crm(deals))
    assert [p.label for p in frame.period] == ["2026-08", "2026-09", "2026-10"]
    assert frame[["lead_count", "won_count", "lost_count", "open_count"]].values.tolist() == [
        [1, 1, 0, 0],
        [1, 0, 1, 0],
        [1, 0, 0, 1],
    ]
    assert frame.ripe.to_list() == [True, True, False]  # long cycle: 10 days; September ended 31 days before the end


@pytest.mark.parametrize(("period", "length"), [("2026-W42", 7), ("2026-Q3", 92), ("2025", 365)])
def test_any_kind_of_period(period, length):
    view = crm(["a 2026-10-13 - - -"], period=period)
    own = cohorts.period_cohort(view)
    assert (own.end - own.start).days == length


def test_conversion_period_by_period_ends_with_the_figure_itself():
    deals = [
        "a 2026-08-10 2026-08-20 true -",
        "b 2026-08-11 2026-10-01 true -",
        "c 2026-10-02 - - -",
        "d 2026-10-02 2026-10-09 true -",
    ]
    view = crm(deals)  # long cycle: 43 days, so the matured cohort is the headline's
    months = view.period.trailing(3)
    assert cohorts.headline_cohort(view).kind == "matured"
    values = funnel.conversion_by_period(view, months)
    assert values[-1] == funnel.cumulative_conversion(view).value == 1.0  # a and b; c and d are too young
    assert values[:2] == [None, 0.5]  # by August none is old enough; by September b is not yet won


def test_no_periods_no_course():
    assert funnel.conversion_by_period(Crm.of(), []) == []
