"""Targets: how much is attained, what is due within a period, and what is said of it; a goal holds for its own period alone."""

from datetime import date

import pytest

from crmlib import texts
from crmlib.blocks import Page, cards, goals
from crmlib.crm import Crm, rows
from crmlib.goals import attainment, pace, set_elsewhere, target
from crmlib.kpi import Kpi, compare
from crmlib.metrics import closing, deals, retention

TARGETS = rows(
    "period metric value team rep_id", "2026-10 lead_count 31 - -", "2026-Q4 win_rate 0.5 - -", "2026-10 lead_count 10 north -",
    "2026-09 lost_count 4 north -", "2026-10 lost_count 9 north li",
)  # fmt: skip
DEALS = rows("opportunity_id created_at rep_id", *[f"d{i} 2026-10-{i:02d} li" for i in range(1, 21)])
REPS = rows("rep_id name team", "li Li north")


def crm(**more) -> Crm:
    return Crm.of(opportunities=DEALS, reps=REPS, targets=TARGETS, **more)


def kpi(value, unit="count", better="up", goal: float | None = 100.0, **more) -> Kpi:
    return Kpi("lead_count", value, unit, better, target=goal, **more)


@pytest.mark.parametrize(
    ("value", "goal", "unit", "better", "attained"),
    [
        (100, 100, "count", "up", 1.0), (0, 100, "count", "up", 0.0), (150, 100, "money", "up", 1.5), (-20, 100, "money", "up", -0.2),
        (0.3, 0.4, "share", "up", 0.75), (4, 5, "ratio", None, 0.8), (4, 5, "days", "up", 0.8),
        (80, 100, "count", "down", None),                                              # a limit
        (4.5, 5, "score", "up", None), (20, 40, "points", "up", None),                 # no zero to measure from
        (5, 0, "count", "up", None), (5, -5, "money", "up", None), (None, 5, "count", "up", None), (5, None, "count", "up", None),
    ],
)  # fmt: skip
def test_attainment(value, goal, unit, better, attained):
    found = attainment(value, goal, unit, better)
    assert found is None if attained is None else found == pytest.approx(attained)


@pytest.mark.parametrize(
    ("goal", "gone", "due"), [(310.0, 20 / 31, 200.0), (310.0, 1.0, None), (None, 0.5, None), (-10.0, 0.5, -5.0), (0.0, 0.5, 0.0)]
)
def test_pace(goal, gone, due):
    assert pace(goal, gone) == (None if due is None else pytest.approx(due))


@pytest.mark.parametrize(
    ("given", "met"),
    [
        (kpi(100), True), (kpi(99), False), (kpi(100, better="down"), True), (kpi(101, better="down"), False),
        (kpi(100, better=None), None), (kpi(None), None), (kpi(100, goal=None), None),
        (kpi(50, adds=True, gone=0.5), True), (kpi(49, adds=True, gone=0.5), False), (kpi(51, better="down", adds=True, gone=0.5), False),
        (kpi(50, gone=0.5), False), (kpi(99, adds=True), False),                       # a level is due at once; a whole period owes all
        (kpi(0.5, "share", goal=0.4, base=29), None), (kpi(0.5, "share", goal=0.4, base=30), True),
        (kpi(200 / 3, adds=True, gone=2 / 3), True),                                   # on it
    ],
)  # fmt: skip
def test_a_target_is_met_or_due(given, met):
    assert given.on_target is met


def test_no_percentage_of_a_small_base_and_no_pace_of_what_does_not_add_up():
    assert (
        kpi(0.5, "share", goal=0.4, base=29).target_attainment is None
        and kpi(0.5, "share", goal=0.4, base=30).target_attainment == 1.25
    )
    assert kpi(50, gone=0.5).target_pace is None and kpi(50, adds=True, gone=0.5).target_pace == 50
    assert [m.adds for m in (deals.lead_count, closing.won_amount, retention.new_customers)] == [True] * 3
    assert [m.adds for m in (deals.open_count, closing.win_rate, closing.avg_deal_size, retention.customer_count)] == [False] * 4


@pytest.mark.parametrize(
    ("given", "en", "zh"),
    [
        (kpi(120), "✓ target 100 met (120.0% of it)", "✓ 已达目标 100（完成 120.0%）"),
        (kpi(65), "✗ target 100 missed (65.0% of it)", "✗ 未达目标 100（完成 65.0%）"),
        (kpi(20, "days", "down", goal=22), "✓ target 22 days met", "✓ 已达目标 22 天"),
        (kpi(65, better=None), "target 100 (65.0% of it)", "目标 100（完成 65.0%）"),
        (kpi(1 / 3, "share", goal=0.4, base=3, part=1), "target 40.0%, base too small to tell", "目标 40.0%，基数太小，无法判断"),
        (kpi(70, adds=True, gone=20 / 31), "✓ on pace for the target 100: 65 due by 20 Oct 2026 (70.0% of it)",
         "✓ 目标 100，进度达标：截至 2026年10月20日 应为 65（完成 70.0%）"),
        (kpi(64, adds=True, gone=20 / 31), "✗ behind pace for the target 100: 65 due by 20 Oct 2026 (64.0% of it)", "✗ 目标 100，进度落后"),
        (kpi(64, better="down", adds=True, gone=20 / 31), "✓ within pace of the limit 100: 64 allowed by 20 Oct 2026", "✓ 上限 100，进度未超"),
        (kpi(65, better="down", adds=True, gone=20 / 31), "✗ above pace of the limit 100: 64 allowed by 20 Oct 2026", "✗ 上限 100，进度已超"),
        (kpi(0.5, "share", goal=0.4, base=90, gone=0.5), "✓ target 40.0% met so far (125.0% of it)", "✓ 目前已达目标 40.0%"),
        (kpi(0.3, "share", goal=0.4, base=90, gone=0.5), "✗ target 40.0% not met so far (75.0% of it)", "✗ 目前未达目标 40.0%"),
        (kpi(12345.0, "money", goal=20000.0, adds=True, gone=0.5), "✓ on pace for the target ¥20,000: ¥10,000 due by 20 Oct 2026 (61.7% of it)", "✓"),
        (kpi(5, goal=None), "", ""), (kpi(None), "", ""),
    ],
)  # fmt: skip
def test_what_a_card_says_of_it(given, en, zh):
    view = crm(until=date(2026, 10, 20))
    for lang, words in (("en", en), ("zh", zh)):
        line = goals.line(given, view, lang)
        assert words in line if words else line == ""
        assert line in cards.card(given, view, lang)


@pytest.mark.parametrize(
    ("given", "en", "zh"),
    [
        (kpi(120), "target met (120.0% of it)", "已达目标（完成 120.0%）"),
        (kpi(64, adds=True, gone=20 / 31), "behind pace for the target (64.0% of it)", "目标进度落后（完成 64.0%）"),
        (kpi(64, better="down", adds=True, gone=20 / 31), "within pace of the limit", "上限进度未超"),
    ],
)  # fmt: skip
def test_the_table_of_figures_says_it_in_few_words(given, en, zh):
    for lang, words in (("en", en), ("zh", zh)):
        assert f">{words}</td>" in cards.figures_table([given], crm(until=date(2026, 10, 20)), lang)


def test_the_goal_of_the_very_period_and_audience_through_the_product():
    found = compare(deals.lead_count, crm(until=date(2026, 10, 20)))
    assert (found.value, found.target, found.target_attainment) == (20, 31, pytest.approx(20 / 31))
    assert found.target_pace == pytest.approx(20) and found.on_target is True
    north = compare(deals.lead_count, crm(team="north"))
    assert (north.target, north.target_attainment, north.target_pace, north.on_target) == (10, 2.0, None, True)
    facts = cards.kpi_facts(found, list(texts.LANGUAGES))
    assert (facts["target"], facts["target_attainment"], facts["target_pace"]) == (31, 0.645161290323, 20)
    assert cards.kpi_facts(kpi(5, goal=None), ["en"])["target_attainment"] is None


def test_goals_of_other_periods_are_neither_added_up_nor_divided():
    month, quarter = crm(), crm(period="2026-Q4")
    assert (target("lead_count", quarter), target("win_rate", month)) == (None, None)
    assert set_elsewhere(["win_rate"], month) and set_elsewhere(["lead_count"], quarter)
    assert not set_elsewhere(["lead_count"], month) and not set_elsewhere(["win_rate", "lead_count"], month)
    assert not set_elsewhere(["open_count"], month) and not set_elsewhere(["lead_count"], Crm.of(opportunities=DEALS))
    assert not set_elsewhere(["lost_count"], crm(team="all")) and set_elsewhere(
        ["lost_count"], crm(team="north")
    )  # a person's is nobody's here
    page = Page(quarter, "funnel")
    table = page.kpis([compare(deals.lead_count, quarter)])
    assert "Goals are set for other periods, none for Q4 2026: they are neither added up nor divided." in table.html["en"]
    assert "2026年第4季度没有目标" in table.html["zh"]
    assert "other periods" not in Page(month, "funnel").kpis([compare(deals.lead_count, month)]).html["en"]
