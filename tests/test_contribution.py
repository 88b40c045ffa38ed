"""Which group moved a figure: by hand at the edges, adding up to the whole, and said only where it is true."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import charts
from crmlib.blocks import Page
from crmlib.crm import Crm
from crmlib.crm import rows as table
from crmlib.findings import contribution as rules
from crmlib.findings import render
from crmlib.kpi import Kpi
from crmlib.metrics.contribution import ALL_OTHERS, contributions, mixed

NONE = "none given"


def frame(group="region", measure="revenue", **values) -> pd.DataFrame:
    return pd.DataFrame({group: list(values), measure: list(values.values())})


def rows(made: pd.DataFrame) -> list[tuple]:
    return list(made.itertuples(index=False, name=None))


# ------------------------------------------------------------------------------------------------ amounts and counts


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({"n": 100.0, "s": 50.0}, {"n": 120.0, "s": 40.0}, [("n", 100, 120, 20), ("s", 50, 40, -10)]),
        ({"n": 100.0}, {"n": 100.0, "new": 30.0}, [("new", 0, 30, 30), ("n", 100, 100, 0)]),
        ({"n": 100.0, "gone": 30.0}, {"n": 100.0}, [("gone", 30, 0, -30), ("n", 100, 100, 0)]),
        ({"n": 10.0}, {"n": -25.5}, [("n", 10, -25.5, -35.5)]),                            # more refunded than sold
        ({"n": -10.0}, {"n": -4.0}, [("n", -10, -4, 6)]),
        ({"a": 5.0, "b": 5.0}, {"a": 8.0, "b": 2.0}, [("a", 5, 8, 3), ("b", 5, 2, -3)]),   # the whole did not change
        ({"a": 0.0, "b": 1.0}, {"a": 0.0, "b": 1.0}, [("b", 1, 1, 0)]),                    # nothing in both is no group
        ({"a": 1.0}, {"a": math.nan}, [("a", 1, 0, -1)]),
        ({"b": 0.0, "a": 0.0}, {"b": 1.0, "a": 1.0}, [("a", 0, 1, 1), ("b", 0, 1, 1)]),    # alike: by name
        ({}, {}, []),
    ],
)  # fmt: skip
def test_each_group_s_change(before, now, expected):
    made = contributions(frame(**now), frame(**before), "region", "revenue")
    assert list(made.columns) == ["region", "before_revenue", "revenue", "change_revenue"] and rows(made) == expected


def test_rows_of_one_group_are_added_and_rows_without_a_name_are_one_group():
    now = pd.DataFrame({"region": ["n", None, "n", math.nan], "revenue": [1.0, 2.0, 3.0, 4.0]})
    made = contributions(now, frame(n=1.0), "region", "revenue")
    assert rows(made) == [(NONE, 0, 6, 6), ("n", 1, 4, 3)]
    team = contributions(now.rename(columns={"region": "team"}), frame("team", n=1.0), "team", "revenue")
    assert team.team[0] == "unassigned"


def test_cents_add_up_exactly_and_counts_stay_counts():
    cents = {f"g{i}": 0.1 * i for i in range(40)}  # 0.30000000000000004 …
    made = contributions(frame(**cents), frame(**dict.fromkeys(cents, 0.1)), "region", "revenue")
    assert made.change_revenue.tolist()[0] == 3.8 and made.revenue.tolist()[:2] == [3.9, 3.8]
    assert round(made.change_revenue.sum(), 4) == 74.0 == round(made.revenue.sum() - made.before_revenue.sum(), 4)
    counts = contributions(frame(a=3, b=4), frame(a=1), "region", "revenue")
    assert [str(k) for k in counts.dtypes[1:]] == ["int64"] * 3 and rows(counts) == [("b", 0, 4, 4), ("a", 1, 3, 2)]


@pytest.mark.parametrize(("groups", "last"), [(8, "g0"), (9, ALL_OTHERS), (40, ALL_OTHERS)])
def test_few_groups_stand_for_themselves_and_the_rest_together(groups, last):
    made = contributions(frame(**{f"g{i}": float(i + 1) for i in range(groups)}), frame(), "region", "revenue")
    assert len(made) == 8 and made.region.iloc[-1] == last
    assert made.change_revenue.sum() == groups * (groups + 1) / 2 == made.revenue.sum()


# ------------------------------------------------------------------------------------------------ ratios


def rates(**groups) -> pd.DataFrame:
    return pd.DataFrame([(g, *v) for g, v in groups.items()], columns=["source", "won", "closed"])


def split(before: dict, now: dict, **more) -> pd.DataFrame:
    return mixed(rates(**now), rates(**before), "source", "won", "closed", **more)


def test_a_rate_that_fell_in_one_group_alone():
    made = split({"web": (50, 100), "fair": (30, 100)}, {"web": (30, 100), "fair": (30, 100)})
    assert made.columns.tolist() == [
        "source",
        "before_base",
        "base",
        "before_share",
        "share",
        "rate_gap",
        "weight_gap",
        "change_gap",
    ]
    assert rows(made) == [("web", 100, 100, 0.5, 0.3, pytest.approx(-0.1), pytest.approx(0), pytest.approx(-0.1)),
                          ("fair", 100, 100, 0.3, 0.3, 0, pytest.approx(0), pytest.approx(0))]  # fmt: skip


def test_weight_alone_moves_a_ratio_though_no_group_s_rate_did():
    made = split({"web": (50, 100), "fair": (10, 100)}, {"web": (25, 50), "fair": (15, 150)})
    # 60/200 = 0.3 → 40/200 = 0.2; middle 0.25; web: −0.25 · (0.5 − 0.25), fair: +0.25 · (0.1 − 0.25)
    assert made.weight_gap.tolist() == pytest.approx([-0.0625, -0.0375]) and made.rate_gap.tolist() == [0, 0]
    assert made.change_gap.sum() == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"web": (5, 10)}, {"web": (5, 10), "new": (9, 10)}),
        ({"web": (5, 10), "gone": (9, 10)}, {"web": (5, 10)}),
        ({"web": (5, 10), "none": (0, 0)}, {"web": (4, 11), "none": (0, 0), "sum": (3, 0)}),  # a part without a base
        ({"a": (5, 10)}, {"b": (2, 7)}),                                                      # nothing in common
        ({"a": (-5, 10), "b": (1, 3)}, {"a": (-9, 10), "b": (2, 3)}),                         # refunds
        ({f"g{i}": (i, 20) for i in range(12)}, {f"g{i}": (12 - i, 10 + i) for i in range(12)}),
    ],
)  # fmt: skip
def test_effects_add_up_to_the_change_of_the_ratio(before, now):
    made = split(before, now)
    whole = [sum(p for p, _ in t.values()) / sum(b for _, b in t.values()) for t in (before, now)]
    assert made.change_gap.sum() == pytest.approx(whole[1] - whole[0], abs=1e-12)
    assert (made.rate_gap + made.weight_gap).tolist() == pytest.approx(made.change_gap.tolist(), abs=1e-12)
    assert len(made) <= 8 and "none" not in set(made.source)


def test_a_group_that_is_new_or_gone_counts_as_weight():
    made = split({"web": (50, 100), "gone": (10, 100)}, {"web": (50, 100), "new": (90, 100)}).set_index("source")
    assert made.rate_gap.tolist() == [0, 0, 0] and math.isnan(made.before_share["new"]) and math.isnan(made.share["gone"])
    middle = (0.3 + 0.7) / 2
    assert made.change_gap["new"] == pytest.approx(0.5 * (0.9 - middle)) and made.change_gap["gone"] == pytest.approx(
        -0.5 * (0.1 - middle)
    )


@pytest.mark.parametrize(("before", "now"), [({}, {"a": (1, 2)}), ({"a": (1, 2)}, {}), ({"a": (0, 0)}, {"a": (1, 2)}), ({}, {})])
def test_without_a_ratio_there_is_nothing_to_take_apart(before, now):
    made = split(before, now)
    assert made.empty and list(made.columns)[-1] == "change_gap"


def test_of_money_the_columns_are_amounts():
    made = mixed(rates(web=(300.0, 2)), rates(web=(100.0, 1)), "source", "won", "closed", "money")
    assert rows(made) == [("web", 1, 2, 100, 150, 50, 0, 50)]
    assert made.columns.tolist()[3:] == ["before_amount", "amount", "rate_amount", "weight_amount", "change_amount"]


# ------------------------------------------------------------------------------------------------ the sentences


def kpi(value, previous=None, year=None, unit="money", better="up", name="won_amount") -> Kpi:
    """A figure that usually moves by 1 a period: a change above 3.267 is clear."""
    series = (*(float(100 + i % 2) for i in range(8)), value)
    return Kpi(name, value, unit, better, previous=previous, year_before=year, series=series)


def it(figure: Kpi, before: dict, now: dict, group="region", against="previous", min_base=30) -> rules.Moved:
    made = contributions(frame(group, **now), frame(group, **before), group, "revenue")
    return rules.Moved(figure, against, group, made, min_base)


EVEN = {"a": 50.0, "b": 50.0}


@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        (EVEN, {"a": 80.0, "b": 50.0}, "led_rose"),                              # all of it
        (EVEN, {"a": 72.5, "b": 57.5}, "led_rose"),                              # 75 %: one and a half times its half
        (EVEN, {"a": 72.4, "b": 57.6}, "even_rose"),
        ({"a": 10.0, "b": 90.0}, {"a": 25.0, "b": 105.0}, "led_rose"),           # half of it, of a tenth before
        ({"a": 10.0, "b": 45.0, "c": 45.0}, {"a": 24.9, "b": 52.5, "c": 52.6}, "even_rose"),  # a hair less than half
        (EVEN, {"a": 20.0, "b": 50.0}, "led_fell"),
        (EVEN, {"a": 130.0}, "led_rose"),                                        # 80 more, and another is gone
        (EVEN, {"a": 50.0, "b": 50.0, "new": 30.0}, "led_rose"),
        (EVEN, {"a": 50.0, "b": 50.0, NONE: 30.0}, "unnamed_rose"),
        ({"a": 100.0}, {"a": 130.0}, "one_group"),
        (EVEN, {"a": 60.0, "b": 60.0}, "overlapping"),                           # the whole says 130
        ({}, {}, "no_groups"),
    ],
)  # fmt: skip
def test_a_group_stands_out_by_half_of_the_change_and_out_of_proportion(before, now, rule):
    whole = 130.0 if rule.endswith("rose") or rule in ("one_group", "overlapping", "no_groups") else 70.0
    found = rules.headline(it(kpi(whole, 100.0), before, now))
    assert found.rule == f"changes.{rule}"


def test_a_figure_without_a_clear_change_is_not_explained():
    small = it(kpi(103.0, 100.0), EVEN, {"a": 53.0, "b": 50.0})  # within 3.267
    assert (rules.headline(small).rule, small.leader, rules.findings(small, "x")) == ("changes.steady", None, [])
    none = it(kpi(130.0), EVEN, {"a": 80.0, "b": 50.0})
    assert rules.headline(none).rule == "changes.nothing_before"


@pytest.mark.parametrize(
    ("value", "better", "ending", "severity"),
    [(130.0, "up", "rose_better", "opportunity"), (130.0, "down", "rose_worse", "warning"), (70.0, "up", "fell_worse", "warning"),
     (70.0, "down", "fell_better", "opportunity"), (70.0, None, "fell", "info")],
)  # fmt: skip
def test_what_is_to_be_done_depends_on_which_way_is_good(value, better, ending, severity):
    (found,) = rules.findings(it(kpi(value, 100.0, better=better), EVEN, {"a": value - 50, "b": 50.0}), "moved")
    assert (found.rule, found.severity, found.evidence) == (f"changes.led_{ending}", severity, "moved")
    assert bool(render(found, "action", "en", "EUR")) == (better is not None)


def test_the_sentence_in_both_languages():
    found = rules.headline(it(kpi(130.0, 100.0), EVEN, {"north": 85.0, "a": 45.0} | {"b": 0.0}))
    assert found.values["who"] == "north" and found.values["change"] == 85.0 and found.values["before"] == 0.0
    assert render(found, "title", "en", "EUR") == "Won amount rose by €30 on the period before; “North” accounts for €85"
    assert render(found, "title", "zh", "EUR") == "赢单金额较上期上升 €30，“北区”拉动 €85"
    even = rules.headline(it(kpi(130.0, 100.0), EVEN, {"a": 65.0, "b": 65.0}))
    assert render(even, "title", "en", "EUR") == "Won amount rose by €30 on the period before, and no region stands out"


def test_the_comparison_that_the_finding_is_about_is_the_one_taken_apart():
    frames = {"now": frame(a=80.0, b=50.0), "before": frame(a=100.0, b=25.0), "year": frame(**EVEN)}
    view = SimpleNamespace(
        at="now",
        business=SimpleNamespace(min_base=30),
        previous=SimpleNamespace(at="before"),
        year_before=SimpleNamespace(at="year"),
    )
    by = lambda crm, group: frames[crm.at]  # noqa: E731
    made = rules.moved(view, kpi(130.0, 125.0, 100.0), by, "region", measure="revenue")
    assert (made.against, made.leader) == ("year_before", "a")
    assert render(rules.headline(made), "title", "en", "EUR") == "Won amount rose by €30 on the year before; “a” accounts for €30"
    made = rules.moved(view, kpi(130.0, 125.0), by, "region", measure="revenue")
    assert (made.against, made.leader) == ("previous", "b")
    assert rules.moved(view, kpi(130.0), by, "region", measure="revenue").frame.empty


@pytest.mark.parametrize(("base", "rule"), [(30, "led_fell"), (29, "even_fell")])
def test_of_a_ratio_no_group_of_a_small_base_is_named(base, rule):
    before, now = {"web": (15, 30), "fair": (150, 300)}, {"web": (0, base), "fair": (150, 300)}
    whole = [sum(p for p, _ in t.values()) / sum(b for _, b in t.values()) for t in (before, now)]
    figure = Kpi("win_rate", whole[1], "share", "up", previous=whole[0], series=(0.5, 0.501) * 4 + (whole[1],))
    found = rules.headline(rules.Moved(figure, "previous", "source", split(before, now), 30))
    assert found.rule == f"changes.{rule}"
    if rule == "led_fell":
        title, text = (render(found, part, "en") for part in ("title", "text"))
        assert title == "Win rate fell by 4.5 points on the period before; “Web form” accounts for 4.5 points"
        assert text.startswith("“Web form” went from 50.0% to 0.0%, all together from 50.0% to 45.5%.")


def test_the_figure_and_its_table_are_drawn_in_both_languages():
    page = Page(Crm.of(orders=table("order_id ordered_at amount", "1 2026-10-03 20")), "value")
    made = it(kpi(130.0, 100.0), EVEN, {"north": 85.0, "a": 45.0} | {"b": 0.0})
    block = page.figure("by-source", rules.headline(made), charts.deltas, made.frame, unit="money", better="up", hot=made.leader)
    for lang, alt in (("en", "Changes: 3, from −¥50 at b to +¥85 at North."), ("zh", "3 项变化，从b的 −¥50 到北区的 +¥85。")):
        assert alt in block.html[lang] and "+¥85" in block.html[lang] and "nan" not in block.html[lang]
    assert "<td>+85</td>" in block.html["en"] and "<td>−50</td>" in block.html["en"]  # with their signs in the table, too
    people = contributions(frame("rep", **{f"p{i}": i for i in range(1, 12)}), frame("rep"), "rep", "revenue")
    assert (
        "其余合计"
        in page.figure("by-rep", rules.headline(made), charts.deltas, people, unit="count").html["zh"].split("<table>")[1]
    )
    assert block.facts["tables"][0]["columns"] == ["region", "before_revenue", "revenue", "change_revenue"]
    assert ["north", 0.0, 85.0, 85.0] in block.facts["tables"][0]["rows"]
    rate = page.figure(
        "by-team", rules.headline(made), charts.deltas, split({"web": (50, 100)}, {"web": (25, 100)}), unit="share"
    )
    assert "−25.0" in rate.html["en"] and "−25.0 个百分点" in rate.html["zh"]
    same = page.figure("by-rep", rules.headline(made), charts.deltas, contributions(frame(a=1), frame(a=1), "region", "revenue"))
    assert "<svg" not in same.html["en"] and "<td>" in same.html["en"]  # nothing to draw: the table stands


def test_the_grouping_that_tells_the_most_is_the_finding_s():
    region = it(kpi(130.0, 100.0), EVEN, {"a": 75.0, "b": 55.0})
    channel = it(kpi(130.0, 100.0), EVEN, {"shop": 80.0, "b": 50.0} | {"a": 0.0}, "sales_channel")
    even = it(kpi(130.0, 100.0), EVEN, {"a": 65.0, "b": 65.0}, "team")
    assert rules.most_telling(even, region, channel) == [channel] and rules.most_telling(even) == []
