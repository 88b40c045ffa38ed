"""The segments side by side: sizes, money, traits, courses against the others, the size index, RFM beside them, the check."""

import math
from dataclasses import replace

import ibis
import pandas as pd
import pytest
from grouped import company, fitted, migration, segmentation

from crmlib.kpi import Share
from crmlib.models import migration as moves
from crmlib.models import segment_checks, segment_figures, segment_groups
from crmlib.models.migration import LOST, NEW
from crmlib.models.segments import segmentation as found_in

A, B = "frequent_small_customers", "rare_large_customers"


@pytest.fixture(scope="module")
def crm():
    return company()


@pytest.fixture(scope="module")
def found(crm):
    return found_in(crm)


@pytest.mark.long
def test_the_segment_that_brings_most_comes_first(crm, found):
    moved = migration((found.names[0], found.names[0], 30, 1.0, 1.0), (found.names[1], found.names[0], 10, 1.0, 1.0))
    frame = segment_groups.groups(crm, found, moved)
    money = crm.frame("orders").assign(often=lambda t: t.customer_id.str[0] == "a").groupby("often").amount.sum().astype(float)
    rich, poor = frame.iloc[0], frame.iloc[1]
    assert frame.letter.to_list() == ["A", "B"] and (rich.segment, poor.segment) == (found.names[1], found.names[0])
    assert (rich.year_amount, poor.year_amount) == (money[False], money[True])
    assert rich.revenue_share == money[False] / money.sum() and rich.customer_amount == money[False] / 40
    assert (rich.share, poor.share, rich.earlier_share, poor.earlier_share) == (0.5, 0.5, 0.25, 0.75)
    assert (
        "large" in rich.segment
        and rich.treatment in ("treat_rare", "treat_large")
        and poor.first_trait in ("buying_much", "order_value_little")
    )


def test_before_there_were_segments_nothing_is_said_of_then(crm, found):
    frame = segment_groups.groups(crm, found, migration((NEW, found.names[0], 40, 1.0, 1.0)))
    assert frame.earlier_share.isna().all()


def test_a_team_has_its_own_sizes(found):
    frame = segment_groups.groups(company(team="south"), found, migration())
    assert frame.customer_count.to_list() == [10, 10] and frame.share.sum() == 1


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"orders_365": [0.4], "chats_365": [-1.0]}, ["chats_little", "buying_much"]),
        ({"orders_365": [0.39], "chats_365": [0.0]}, []),
    ],
)
def test_traits_are_what_stands_out_the_most_outstanding_first(scores, said):
    assert segment_groups._traits(pd.DataFrame(scores).iloc[0]) == said


def test_the_profile_is_each_column_of_each_group(crm, found):
    frame = segment_groups.profile(found, segment_groups.groups(crm, found, migration()))
    assert len(frame) == 2 * len(found.fit.columns) and frame.columns.to_list() == ["behaviour", "letter", "deviation_ratio"]
    cells = frame.set_index(["behaviour", "letter"]).deviation_ratio
    assert cells["order_value", "A"] == found.fit.scaled.order_value_365[1] > 0 > cells["order_value", "B"]
    means = segment_groups.averages(found, segment_groups.groups(crm, found, migration()))
    assert means.segment.iloc[0] == found.names[1] and means.order_amount.to_list() == pytest.approx([937.5, 12.875])


def test_teams_add_up(crm, found):
    groups = segment_groups.groups(crm, found, migration())
    frame = segment_groups.by_team(crm, found, groups)
    assert frame.groupby("team").customer_count.sum().to_dict() == {"north": 60, "south": 20}
    assert (frame.groupby("letter").customer_count.sum() == groups.set_index("letter").customer_count).all()
    assert (frame.share == frame.customer_count / frame.base).all()


# ------------------------------------------------------------------------------------------------ courses, sizes


def course(monkeypatch, *lines: tuple[float, float, float, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["known", "whole", "lately", "ww", "wl", "ll"]).assign(group=range(len(lines)))
    monkeypatch.setattr(segment_groups, "sums", lambda crm: frame)
    return segment_groups.paces(None, segmentation(*[f"s{i}" for i in range(len(lines))]))


def test_a_course_is_held_against_all_others(monkeypatch):
    """100 customers of 10 a year each, 2.50 of it of late, against 100 with 5: a half; alike as they are there is no doubt."""
    frame = course(monkeypatch, (100, 1000, 250, 10_000, 2500, 625), (100, 1000, 500, 10_000, 5000, 2500))
    assert frame.relative.to_list() == pytest.approx([0.5, 2.0]) and frame.base.to_list() == [100, 100]
    assert frame.low.to_list() == pytest.approx(frame.high.to_list())


def test_the_interval_is_that_of_a_ratio_of_sums(monkeypatch):
    """Error of ln r: √Σ(lately − r · whole)² / Σlately; of two groups at 99.5 %, 2.807 times."""
    frame = course(monkeypatch, (100, 1000, 200, 12_000, 2400, 580), (100, 1000, 200, 12_000, 2400, 580))
    error = math.sqrt(580 - 2 * 0.2 * 2400 + 0.04 * 12_000) / 200
    assert frame.high.to_list() == pytest.approx([math.exp(2.80703 * math.hypot(error, error))] * 2, rel=1e-5)
    assert frame.low.to_list() == pytest.approx((1 / frame.high).to_list())


@pytest.mark.parametrize(
    "lines", [[(9, 100, 0, 1, 0, 0), (9, 100, 50, 1, 1, 1)], [(9, 100, 50, 1, 1, 1)], [(0, 0, 0, 0, 0, 0), (9, 100, 50, 1, 1, 1)]]
)
def test_where_there_is_nothing_to_hold_against_there_is_no_course(monkeypatch, lines):
    assert course(monkeypatch, *lines).empty


def test_the_size_index():
    """A half and a half become three quarters and a quarter: 0.25 ln 1.5 + −0.25 ln 0.5 = 0.2747; new and lost count on their side alone."""
    moved = migration(
        (A, A, 50, 0.0, 0.0),
        (B, A, 20, 0.0, 0.0),
        (B, B, 20, 0.0, 0.0),
        (B, LOST, 10, 0.0, 0.0),
        (NEW, A, 5, 0.0, 0.0),
        (NEW, B, 5, 0.0, 0.0),
    )
    assert segment_groups.size_psi(moved) == pytest.approx(0.25 * math.log(1.5) - 0.25 * math.log(0.5))
    assert math.isnan(segment_groups.size_psi(migration())) and math.isnan(
        segment_groups.size_psi(migration((NEW, A, 5, 0.0, 0.0)))
    )


def test_a_segment_that_is_new_is_floored():
    moved = migration((A, A, 50, 0.0, 0.0), (A, B, 50, 0.0, 0.0))
    assert segment_groups.size_psi(moved) == pytest.approx(-0.5 * math.log(0.5) + (0.5 - 1e-4) * math.log(0.5 / 1e-4))


# ------------------------------------------------------------------------------------------------ beside others


def test_rfm_beside_the_segments_counts_everybody_once(crm, found):
    frame = segment_checks.rfm_beside(crm, found, segment_groups.groups(crm, found, migration()))
    assert frame.customer_count.sum() == 80 and set(frame.letter) == {"A", "B"} and len(frame) == 2 * frame.rfm.nunique()


@pytest.mark.parametrize(
    ("cells", "own", "rfm"),
    [
        ([("x", "p", 10, 10.0, 10.0), ("y", "p", 10, 30.0, 90.0)], 1.0, 0.0),  # 1 and 3, each exactly
        ([("x", "p", 10, 10.0, 10.0), ("x", "q", 10, 30.0, 90.0)], 0.0, 1.0),
        ([("x", "p", 2, 2.0, 4.0), ("y", "q", 2, 6.0, 20.0)], 0.5, 0.5),  # 0, 2 and 2, 4: 4 of 8
    ],
)
def test_how_much_groups_tell_apart(cells, own, rfm):
    frame = segment_checks._told_apart(pd.DataFrame(cells, columns=["segment", "rfm_segment", "n", "y", "yy"])).set_index(
        "grouping"
    )
    n, k = sum(c[2] for c in cells), len({c[0] for c in cells})
    assert frame.share.to_dict() == pytest.approx({"by_behaviour": own, "by_rfm": rfm, "at_random": (k - 1) / (n - 1)})


def test_where_nobody_bought_nothing_is_told_apart():
    cells = pd.DataFrame([("x", "p", 10, 0.0, 0.0)], columns=["segment", "rfm_segment", "n", "y", "yy"])
    assert segment_checks._told_apart(cells).empty and segment_checks._told_apart(cells.iloc[:0]).empty


def test_the_check_takes_the_segments_of_before_and_the_money_of_now():
    """Of twenty customers told to be in one segment and twenty in another, the one bought in the period and the other did not."""
    view = company(often=0, seldom=40, period="2026-03")
    bought = set(view.frame("orders").query("ordered_at >= '2026-03-01'").customer_id)
    lines = pd.DataFrame({"target": [f"b{i:03}" for i in range(40)], "value": 1.0}).assign(made_at=pd.Timestamp("2026-03-02"))
    lines["label"] = [A if name in bought else B for name in lines.target]
    frame = segment_checks.explained(view, ibis.memtable(lines)).set_index("grouping")
    assert 0 < len(bought) < 40 and frame.share["by_behaviour"] > 0.95 and frame.base.to_list() == [40] * 3


def test_the_middle_of_each_segment(crm, found):
    groups = segment_groups.groups(crm, found, migration())
    frame = segment_checks.middles(crm, found, groups)
    orders = crm.frame("orders").assign(amount=lambda t: t.amount.astype(float))
    spent = orders.groupby("customer_id").amount.sum()
    assert frame.label.to_list() == ["A", "B"] and frame.year_amount.to_list() == [
        spent[spent.index.str[0] == k].median() for k in "ba"
    ]


def test_what_was_tried_is_shown_with_the_chosen_one(found):
    table = segment_checks.tried(found)
    assert table.choice.dropna().to_list() == ["chosen"] and int(table.group_count[table.choice.notna()].iloc[0]) == len(
        found.names
    )
    points = segment_checks.tried_points(table)
    assert len(points) == 2 * len(table) and points.label.notna().sum() == 2


# ------------------------------------------------------------------------------------------------ key figures


def test_key_figures(crm, found):
    moved = migration((A, A, 20, 1.0, 1.0), (A, B, 5, 1.0, 1.0), (NEW, B, 9, 1.0, 1.0), (B, LOST, 5, 1.0, 0.0))
    seen = segment_figures.Seen.of(crm, found, moved)
    kpis = {k.name: k for k in segment_figures.key_figures(crm, seen)}
    assert (kpis["segment_count"].value, kpis["segment_count"].previous) == (2, 2)
    assert (kpis["migration_rate"].part, kpis["migration_rate"].base) == (5, 25) and kpis["migration_rate"].previous is None
    largest = kpis["largest_segment_share"]
    assert (largest.part, largest.base, largest.previous_base) == (40, 80, 30)
    assert (
        kpis["segment_stability"].value == found.fit.best.stability
        and kpis["segment_silhouette"].value == found.fit.best.silhouette
    )
    assert kpis["richest_segment_share"].value == seen.groups.revenue_share.max() and kpis["richest_segment_share"].base == 80


def test_without_segments_every_figure_says_why():
    view = company(often=5, seldom=5)
    none = found_in(view)
    seen = segment_figures.Seen.of(view, none, moves.migration(view, none))
    kpis = segment_figures.key_figures(view, seen)
    assert {k.reason for k in kpis} == {"no_segments", "no_earlier_segments"} and [k for k in kpis if k.value is not None] == []


def test_shares_carry_their_base(crm, found):
    assert segment_groups.shares(segment_groups.groups(crm, found, migration()))[found.names[0]] == Share(40, 80)


def test_without_segments_there_are_empty_tables_with_their_columns():
    view = company(often=5, seldom=5)
    none = found_in(view)
    groups = segment_groups.groups(view, none, migration())
    assert list(groups) == segment_groups.GROUPS and groups.empty
    for frame in (segment_groups.profile(none, groups), segment_groups.averages(none, groups), segment_groups.by_team(view, none, groups),
                  segment_checks.rfm_beside(view, none, groups), segment_checks.middles(view, none, groups), segment_checks.tried(none),
                  segment_checks.tried_points(segment_checks.tried(none)), segment_groups.paces(view, none), segment_checks.explained(view)):  # fmt: skip
        assert frame.empty and len(frame.columns), frame
    assert fitted(lacking="customers", tried=segment_checks.pd.DataFrame()).best is None


def test_the_number_of_segments_is_held_against_the_company_s_alone(crm, found):
    """A team that had customers in one of two segments did not have one segment less."""
    seen = segment_figures.Seen.of(crm, found, migration((A, A, 20, 1.0, 1.0)))
    kpis = {k.name: k for k in segment_figures.key_figures(replace(crm, team="north"), seen)}
    assert kpis["segment_count"].value == 2 and kpis["segment_count"].previous is None
