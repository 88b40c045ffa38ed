"""Every rule of activity at its edge; every headline for what its table can hold."""

import pandas as pd
import pytest

from crmlib import texts
from crmlib.crm import Crm, rows
from crmlib.findings import activity as rules
from crmlib.findings import activity_headlines as headlines
from crmlib.findings import render, said
from crmlib.findings.changes import level
from crmlib.kpi import Kpi, Share, compare, difference, interval
from crmlib.metrics import activity, drops, purchases, states, team_activity, tiers
from crmlib.metrics.team_activity import Course, Gap

VIEW = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-01 5"))


def course(change=-0.3, high=-0.1, hours="18:00–24:00", team="north", band=-0.6) -> Course:
    whole = Gap(700, 1000.0, 0.02, change, -0.4, high)
    return Course(team, whole, {hours: Gap(200, 500.0, 0.02, band, -0.7, min(band + 0.15, 0.5))} if hours else {})


def view(team="all", min_base=30) -> Crm:
    frames = {
        "orders": rows("order_id customer_id ordered_at amount", "1 a 2026-10-01 5"),
        "customers": rows("customer_id team", "a north"),
    }
    return Crm.of("2026-10", team, {"min_base": min_base}, **frames)


# ------------------------------------------------------------------------------------------------ teams


@pytest.mark.parametrize(
    ("change", "high", "band", "found"),
    [
        (-0.3, -0.001, -0.1, True), (-0.3, 0.0, -0.1, False), (-0.1, -0.01, -0.1, True), (-0.0999, -0.01, -0.1, False), (0.3, 0.5, 0.2, False),
        (-0.05, 0.01, -0.2, True), (-0.05, 0.01, -0.1999, False), (0.1, 0.2, -0.5, True),
    ],
)  # fmt: skip
def test_a_team_fell_if_clearly_by_a_tenth_in_all_or_by_a_fifth_in_a_part_of_the_day(monkeypatch, change, high, band, found):
    monkeypatch.setattr(team_activity, "courses", lambda crm: [course(change, high, band=band)])
    assert bool(rules.teams_dropped(VIEW)) is found


@pytest.mark.parametrize("team", ["all", "north"])
@pytest.mark.parametrize(
    ("hours", "change", "ending"), [("18:00–24:00", -0.3, ""), (None, -0.3, "_at_any_time"), ("18:00–24:00", -0.05, "_at_hours")]
)
def test_who_fell_and_when(monkeypatch, team, hours, change, ending):
    monkeypatch.setattr(team_activity, "courses", lambda crm: [course(change, hours=hours)])
    (found,) = rules.teams_dropped(view(team))
    rule = ("activity.team_dropped" if team == "all" else "activity.dropped") + ending
    assert (found.rule, found.severity, found.evidence) == (rule, "problem", "team-activity")
    counted = {"count": 200, "before_count": 500.0, "low_share": 0.45, "high_share": 0.7} if ending == "_at_hours" else {
        "count": 700, "before_count": 1000.0, "low_share": 0.1, "high_share": 0.4}  # fmt: skip
    assert {k: pytest.approx(v) for k, v in counted.items()} == {k: found.values[k] for k in counted}
    for lang in texts.LANGUAGES:
        text = render(found, "title", lang) + render(found, "text", lang)
        assert ("60.0%" if ending == "_at_hours" else "30.0%") in text and ("18:00–24:00" in text) is bool(hours)


# ------------------------------------------------------------------------------------------------ customers who fell quiet


@pytest.mark.parametrize(
    ("part", "base", "severity"),
    [(4, 10, None), (5, 10, "warning"), (5, 500, "info"), (18, 500, "warning"), (11, 500, "warning"), (10, 500, "info"), (0, 0, None)],
)  # fmt: skip
def test_fallen_quiet_from_five_on_and_clearly_more_than_chance(monkeypatch, part, base, severity):
    monkeypatch.setattr(drops, "activity_drops", lambda crm: Share(part, base))
    found = rules.fallen(VIEW)
    assert [f.severity for f in found] == ([severity] if severity else [])
    if found:
        assert found[0].values == {"part": part, "base": base, "chance_share": 0.01} and found[0].evidence == "by-team"
        assert rules.fallen(view("north"))[0].evidence == "early-warning"


def test_the_edge_of_chance_is_wilson_s_interval():
    assert interval(Share(10, 500))[0] < drops.IMPROBABLE < interval(Share(11, 500))[0]


# ------------------------------------------------------------------------------------------------ tiers, browsing


@pytest.mark.parametrize(
    ("up", "down", "rule"),
    [(10, 19, None), (5, 25, "activity.tiers_down"), (25, 5, "activity.tiers_up"), (40, 60, None), (37, 63, "activity.tiers_down"), (38, 62, None), (0, 29, None), (0, 30, "activity.tiers_down"), (4501, 5499, None), (4500, 5500, "activity.tiers_down")],
)  # fmt: skip
def test_tiers_moved_if_clearly_not_half_and_half(monkeypatch, up, down, rule):
    monkeypatch.setattr(tiers, "activity_tiers", lambda crm: pd.DataFrame({"up_count": [up, 0], "down_count": [0, down]}))
    found = rules.tiers_moved(VIEW)
    assert [f.rule for f in found] == ([rule] if rule else [])
    if found:
        assert found[0].values == {"up_count": up, "down_count": down}


@pytest.mark.parametrize(
    ("browsed", "others", "found"),
    [((50, 100), (30, 100), True), ((47, 100), (30, 100), False), ((30, 100), (50, 100), False), ((29, 29), (5, 100), False), ((30, 30), (5, 100), True), ((60, 100), (0, 29), False)],
)  # fmt: skip
def test_browsers_buy_if_clearly_more_often(monkeypatch, browsed, others, found):
    monkeypatch.setattr(purchases, "browse_to_buy", lambda crm: Share(*browsed))
    monkeypatch.setattr(rules, "tally", lambda crm: {"others_bought": others[0], "others": others[1]})
    assert bool(rules.browsers(VIEW)) is found
    if min(browsed[1], others[1]) >= 30:
        assert (difference(Share(*browsed), Share(*others))[0] > 0) is found


def test_what_is_quite_usual_is_said_so(monkeypatch):
    monkeypatch.setattr(team_activity, "courses", lambda crm: [])
    assert [f.rule for f in rules.findings(VIEW, [])] == ["activity.calm"]
    monkeypatch.setattr(rules, "tally", lambda crm: {"ever": 0})
    assert [f.rule for f in rules.findings(VIEW, [])] == ["activity.no_customers"]


def test_the_gravest_comes_first(monkeypatch):
    monkeypatch.setattr(team_activity, "courses", lambda crm: [course()])
    kept = Kpi("retention_rate", 0.8, "share", "up", part=800, base=1000, previous=0.9, previous_base=1000)
    grown = Kpi("active_customers", 150, "count", "up", previous=100, series=(100, 102, 100, 102, 100, 102, 150))
    found = rules.findings(VIEW, [kept, grown])
    assert [(f.rule, f.severity) for f in found] == [
        ("activity.team_dropped", "problem"), ("activity.retention_fell_previous", "problem"), ("activity.active_rose_previous", "opportunity"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ headlines


@pytest.mark.parametrize(
    ("kpi", "rule"),
    [
        (Kpi("x", None, "share", "up", part=0, base=0), "none"),
        (Kpi("x", 0.5, "share", "up", part=14, base=28), "r_counts"),
        (Kpi("x", 0.5, "share", "up", part=15, base=30), "r_alone"),
        (Kpi("x", 0.5, "share", "up", part=15, base=30, previous=0.5, previous_base=29), "r_alone"),
        (Kpi("x", 0.5, "share", "up", part=15, base=30, previous=0.4, previous_base=30), "r_steady"),
        (Kpi("x", 0.9, "share", "up", part=90, base=100, previous=0.5, previous_base=100), "r_up"),
        (Kpi("x", 0.5, "share", "up", part=50, base=100, previous=0.9, previous_base=100), "r_down"),
        (Kpi("x", 7, "count", "up"), "r_alone"),
        (Kpi("x", 7, "count", "up", previous=5), "r_steady"),
        (Kpi("x", 9, "count", "up", previous=1, series=(1, 1, 1, 1, 1, 1, 1, 9)), "r_up"),
    ],
)  # fmt: skip
def test_a_figure_s_level_and_its_change(kpi, rule):
    assert level(kpi, "r", "none").rule == rule


def kinds(*counts: int) -> pd.DataFrame:
    return pd.DataFrame({"channel": ["login", "browse", "phone"][: len(counts)], "interaction_count": counts})


@pytest.mark.parametrize(
    ("frame", "rule"),
    [(kinds(), "no_interactions"), (kinds(0, 0), "no_interactions"), (kinds(3, 5, 1), "top_kind"), (kinds(5, 5, 1), "top_kinds")],
)  # fmt: skip
def test_the_most_frequent_kind(frame, rule):
    found = headlines.kinds_headline(frame)
    assert found.rule == f"activity.{rule}" and (
        rule != "top_kind" or found.values == {"channel": "browse", "part": 5, "base": 9}
    )


def pattern(*cells: tuple[str, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(cells, columns=["hours", "interaction_count", "per_day"])
    return frame.assign(weekday=["monday", "friday", "sunday"][: len(cells)])


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (pattern(("00–03", 0, 0), ("09–12", 0, 0)), "no_own"),
        (pattern(("00–03", 5, 1), ("09–12", 0, 0), ("00–03", 3, 1)), "no_hours"),
        (pattern(("00–03", 1, 0.2), ("09–12", 8, 1.6), ("09–12", 7, 1.75)), "peak"),      # fewer in all, but on fewer Sundays
        (pattern(("00–03", 1, 0.2), ("09–12", 8, 2), ("12–15", 8, 2)), "peaks"),
    ],
)  # fmt: skip
def test_the_busiest_time(frame, rule):
    found = headlines.pattern_headline(frame)
    assert found.rule == f"activity.{rule}"
    if rule == "peak":
        assert found.values == {"weekday": "sunday", "hours": "09–12", "part": 7, "base": 16}


def test_the_unit_of_the_pattern_follows_its_size():
    assert (
        headlines.pattern_unit(pattern(("09–12", 50, 10.0))) == "count"
        and headlines.pattern_unit(pattern(("09–12", 49, 9.8))) == "ratio"
    )


def test_other_headlines():
    layers = pd.DataFrame({"tier": ["high", "low", tiers.NO_ACTIVITY], "least_days": [8, 1, 0], "customer_count": [2, 3, 5]})
    assert headlines.tiers_headline(layers).values == {"tier": "high", "part": 2, "base": 10, "none_count": 5}
    assert [(f.values["tier"], f.values["days"]) for f in headlines.tiers_says(layers)] == [("high", 8), ("low", 1)]
    assert headlines.tiers_headline(layers.assign(customer_count=0)).rule == "activity.no_customers"
    assert (
        headlines.lists_headline(layers).values == {"count": 3}
        and headlines.lists_headline(layers.head(0)).rule == "activity.no_customers"
    )
    assert headlines.teams_headline([], pd.DataFrame({"team": []})).rule == "activity.no_courses"
    assert headlines.teams_headline([], pd.DataFrame({"team": ["a", "b"]})).values == {"count": 2}
    assert headlines.teams_headline([], pd.DataFrame({"team": ["a"]})).rule == "activity.team_steady"
    fell = said("activity.team_dropped", "problem", "team-activity", team="north")
    assert headlines.teams_headline([said("x"), fell], pd.DataFrame({"team": ["a"]})) is fell
    assert headlines.dropped_team([said("x"), fell]) == "north" and headlines.dropped_team([]) is None
    teams = pd.DataFrame({"customer_count": [3, 4], "active_customers": [1, 2]})
    assert headlines.by_team_headline(teams).values == {"count": 7, "active_count": 3}
    assert headlines.by_team_headline(teams.assign(active_customers=float("nan"))).rule == "activity.no_activity"
    nothing = Crm.of(period="2026-10", customers=rows("customer_id created_at", "a 2026-09-01"))
    assert headlines.active_headline(compare(activity.active_customers, nothing)).rule == "activity.no_activity"
    assert rules.browsers(nothing) == [] and rules.tiers_moved(nothing) == []


@pytest.mark.parametrize(
    ("share", "rule"), [(Share(0, 0), "no_pasts"), (Share(0, 7), "nobody_fell"), (Share(2, 7), "fallen_headline")]
)
def test_the_warning_s_headline(monkeypatch, share, rule):
    monkeypatch.setattr(drops, "activity_drops", lambda crm: share)
    assert headlines.warning_headline(VIEW).rule == f"activity.{rule}"


def cohorts(*lines: tuple[int, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["age", "base", "active_count"]).assign(first_purchase="2026-08")
    return frame.assign(share=frame.active_count / frame.base)[["first_purchase", "age", "base", "active_count", "share"]]


def test_cohorts_and_their_headline():
    assert headlines.cohorts_headline(cohorts((0, 50, 50)), 30).rule == "activity.no_cohorts"
    assert headlines.cohorts_headline(cohorts((0, 29, 29), (1, 29, 9)), 30).values == {"part": 9, "base": 29}
    assert headlines.cohorts_headline(cohorts((1, 20, 5), (1, 20, 7), (2, 20, 19)), 30).values == {
        "share": 0.3,
        "part": 12,
        "base": 40,
        "count": 2,
    }
    assert (
        headlines.cohorts_drawn(cohorts((0, 29, 29)), 30)[1] == "count"
        and headlines.cohorts_drawn(cohorts((0, 30, 30)), 30)[1] == "share"
    )
    assert headlines.cohorts_drawn(cohorts((0, 29, 29)), 30)[0].columns[-1] == "active_count"
    assert headlines.cohorts_says(cohorts()) == []


@pytest.mark.parametrize(
    ("browsed", "others", "rule"),
    [((0, 0), (5, 50), "no_browsers"), ((30, 9), (30, 3), "browsing"), ((29, 9), (30, 3), "browsing_counts"), ((30, 9), (29, 3), "browsing_counts")],
)  # fmt: skip
def test_browsing_s_headline(browsed, others, rule):
    frame = pd.DataFrame([("browsed", *browsed), ("not_browsed", *others)], columns=["browsing", "base", "buyer_count"])
    frame["share"] = frame.buyer_count / frame.base.where(frame.base > 0)
    assert headlines.browsing_headline(frame, 30).rule == f"activity.{rule}"
    assert len(headlines.browsing_says(frame)) == (browsed[0] > 0)


def test_what_lost_means_follows_the_source():
    contracts = Crm.of(period="2026-10", customers=rows("customer_id created_at churned_at", "a 2025-01-01 2026-01-01"))
    assert headlines.retention_says(contracts)[0].rule == "say.lost_by_contract"
    assert headlines.retention_says(VIEW, 0.9) == [
        said("say.lost_after", days=180),
        said("say.flows"),
        said("say.axis", low_share=0.9),
    ]
    assert len(headlines.retention_says(VIEW)) == 2


def test_states_of_nobody_make_no_finding():
    nobody = Crm.of(period="2026-10", feedback=rows("feedback_id given_at", "1 2026-10-01"))
    assert states.tally(nobody)["ever"] == 0 and [f.rule for f in rules.findings(nobody, [])] == ["activity.no_customers"]
