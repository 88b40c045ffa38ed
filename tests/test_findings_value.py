"""Rules of value's findings at their thresholds, and the sentences over its figures."""

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.findings import value as rules
from crmlib.findings import value_headlines as headlines
from crmlib.kpi import Figure
from crmlib.models import holdout, value, worth
from crmlib.models.likelihood import Fit, too_few
from crmlib.models.rfm import SEGMENTS

VIEW = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-05 5"))
NORTH = Crm.of(period="2026-10", team="north", orders=rows("order_id customer_id ordered_at amount", "1 a 2026-10-05 5"))


def table(**counts: tuple[int, float]) -> pd.DataFrame:
    """A table of segments: name → customers, sales; the rest are of no one."""
    given = {name.replace("_", " "): pair for name, pair in counts.items()}
    frame = pd.DataFrame(
        [(s, *given.get(s, (0, 0.0))) for s in SEGMENTS], columns=["rfm_segment", "customer_count", "sales_amount"]
    )
    share = frame.sales_amount / frame.sales_amount.sum() if frame.sales_amount.sum() > 0 else np.nan
    return frame.assign(customer_share=frame.customer_count / max(frame.customer_count.sum(), 1), previous_count=0, amount_share=share,
                        value_amount=np.nan)  # fmt: skip


def said(found) -> list[tuple[str, str]]:
    return [(f.rule, f.severity) for f in found]


# ------------------------------------------------------------------------------------------------ quiet


@pytest.mark.parametrize(
    ("count", "amount", "customers", "view", "expected"),
    [
        (5, 200.0, 100, VIEW, [("value.quiet_company", "problem")]),      # exactly a fifth of 1,000
        (5, 199.99, 100, VIEW, [("value.quiet_company", "warning")]),
        (4, 500.0, 100, VIEW, []),
        (5, 0.0, 100, VIEW, []),                                          # who gave all back is no loss
        (5, 200.0, 100, NORTH, [("value.quiet_team", "problem")]),
        (5, 200.0, 30, VIEW, [("value.quiet_company", "problem")]),
        (5, 200.0, 29, VIEW, [("value.quiet_company_counts", "problem")]),  # of so few no percentage
        (5, 100.0, 29, NORTH, [("value.quiet_team_counts", "warning")]),
    ],
)  # fmt: skip
def test_customers_gone_quiet(monkeypatch, count, amount, customers, view, expected):
    monkeypatch.setattr(worth, "quiet", lambda crm: pd.Series({"quiet_count": count, "best_count": 2, "quiet_amount": amount}))
    found = rules.quiet(view, table(loyal=(customers, 1000.0)))
    assert said(found) == expected
    assert all(("share" in f.values) == (customers >= 30) and f.values["quiet_days"] == 90 for f in found)
    assert [f.evidence for f in found] == ["going-quiet" if view is NORTH else "segments"] * len(found)


# ------------------------------------------------------------------------------------------------ concentration, opportunities


@pytest.mark.parametrize(
    ("figure", "count"), [(Figure(0.8, 30), 1), (Figure(0.7999, 30), 0), (Figure(0.9, 29), 0), (Figure(None, 0, "no_base"), 0)]
)
def test_concentration(monkeypatch, figure, count):
    monkeypatch.setattr(worth, "top_fifth_share", lambda crm: figure)
    assert said(rules.concentrated(VIEW)) == [("value.concentrated", "warning")] * count


@pytest.mark.parametrize(
    ("count", "worth_", "rule"), [(29, 5.0, None), (30, np.nan, "value.promising"), (30, 5.0, "value.promising_worth")]
)
def test_promising_customers(count, worth_, rule):
    frame = table(promising=(count, 5.0))
    frame.loc[frame.rfm_segment == "promising", "value_amount"] = worth_
    assert said(rules.promising(VIEW, frame)) == ([(rule, "opportunity")] if rule else [])


@pytest.mark.parametrize(
    ("champions", "loyal", "others", "count"),
    [
        ((20, 30.0), (10, 20.0), (70, 50.0), 1),      # exactly half, 30 of them
        ((20, 30.0), (10, 19.9), (70, 50.1), 0),
        ((19, 30.0), (10, 60.0), (70, 10.0), 0),
        ((20, 0.0), (10, 0.0), (70, 0.0), 0),
    ],
)  # fmt: skip
def test_the_best_customers(champions, loyal, others, count):
    frame = table(champions=champions, loyal=loyal, hibernating=others)
    assert said(rules.best(VIEW, frame)) == [("value.best", "opportunity")] * count


# ------------------------------------------------------------------------------------------------ the model


GOOD = Fit({"r": 1.0}, {"r": 0.1}, -1.0, 500)


def judged(better: bool | None = True, error: float = 0.0, money: float = 0.0, reason: str | None = None) -> holdout.Judged:
    ways = pd.DataFrame({"way": holdout.WAYS, "expected_purchases": [110.0] * 3, "purchase_count": [100] * 3, "error_share": [error, 0, 0],
                         "mean_error": [1.0, 1.2, 2.0], "root_error": [1.5, 1.7, 2.5], "rank_correlation": [0.5, 0.4, np.nan],
                         "top_share": [0.5] * 3, "amount_error_share": [money, 0, 0]})  # fmt: skip
    return holdout.Judged(ways, pd.DataFrame(), 365, 500, better, reason, 9, 100)


@pytest.mark.parametrize(
    ("buying", "spending", "outcome", "expected"),
    [
        (too_few("buyers", 9, 100), too_few("repeaters", 1, 30), judged(), [("value.few_buyers", "info")]),
        (GOOD, too_few("repeaters", 1, 30), judged(), [("value.few_repeaters", "info")]),
        (Fit({}, {}, 0.0, 500, 0, "at_edge"), GOOD, judged(), [("value.buying_failed", "warning")]),
        (GOOD, Fit({}, {}, 0.0, 500, 0, "no_mean"), judged(), [("value.spending_failed", "warning")]),
        (GOOD, GOOD, judged(True), [("value.model_better", "info")]),
        (GOOD, GOOD, judged(None), [("value.model_as_good", "info")]),
        (GOOD, GOOD, judged(False), [("value.model_worse", "warning")]),
        (GOOD, GOOD, judged(None, reason="short"), []),
        (GOOD, GOOD, judged(True, money=0.2), [("value.model_better", "info"), ("value.amount_over", "warning")]),
        (GOOD, GOOD, judged(True, money=0.1999), [("value.model_better", "info")]),
        (GOOD, GOOD, judged(True, money=-0.2), [("value.model_better", "info"), ("value.amount_under", "warning")]),
        (GOOD, GOOD, judged(True, error=0.3, money=0.0), [("value.model_better", "info")]),  # the money is what counts
        (GOOD, GOOD, judged(True, error=0.2, money=np.nan), [("value.model_better", "info"), ("value.purchases_over", "warning")]),
        (GOOD, GOOD, judged(True, error=-0.2, money=np.nan), [("value.model_better", "info"), ("value.purchases_under", "warning")]),
    ],
)  # fmt: skip
def test_whether_the_model_can_be_used(monkeypatch, buying, spending, outcome, expected):
    monkeypatch.setattr(value, "fits", lambda crm: {value.BUYING: buying, value.SPENDING: spending})
    monkeypatch.setattr(holdout, "held_out", lambda crm: outcome)
    assert said(rules.model(VIEW)) == expected


def test_the_better_way_of_counting_is_named():
    (found,) = rules._beaten(judged())
    assert (found.values["way"], found.values["error_ratio"], found.values["other_ratio"]) == ("as before", 1.5, 1.7)


def test_of_nobody_only_that_is_said():
    view = Crm.of(period="2026-10", orders=rows("order_id customer_id ordered_at amount", "1 - 2026-10-05 5"))
    assert said(rules.findings(view)) == [("value.no_buyers", "info")]


# ------------------------------------------------------------------------------------------------ headlines


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (table(champions=(20, 60.0), hibernating=(10, 40.0)), "value.segments"),
        (table(champions=(20, 60.0), hibernating=(9, 40.0)), "value.segments_counts"),   # of 29 no percentage
        (table(champions=(20, 0.0), hibernating=(10, 0.0)), "value.segments_counts"),    # nor of no sales
        (table().iloc[:0], "value.no_buyers"),
    ],
)  # fmt: skip
def test_the_sentence_over_the_segments(frame, rule):
    assert headlines.segments_headline(VIEW, frame).rule == rule


def cells(both: int, others: int, amount: float = 60.0) -> pd.DataFrame:
    return pd.DataFrame([(4, 4, both, amount), (4, 3, others, 20.0), (3, 5, 0, 20.0)],
                        columns=["rfm_recency", "rfm_frequency", "customer_count", "sales_amount"])  # fmt: skip


def test_who_bought_both_lately_and_often():
    assert headlines.map_headline(cells(20, 10)).values == {"part": 20, "base": 30}
    assert headlines.money_headline(VIEW, cells(20, 10)).values == {"share": 0.6, "amount": 60.0}
    assert headlines.money_headline(VIEW, cells(20, 9)).rule == "value.map_amount"
    assert headlines.money_headline(VIEW, cells(20, 10, -40.0)).rule == "value.no_sales"


@pytest.mark.parametrize(
    ("base", "known", "rule"), [(30, True, "value.tenths"), (30, False, "value.tenths_alone"), (29, True, "value.tenths_counts")]
)
def test_the_sentence_over_the_tenths(monkeypatch, base, known, rule):
    monkeypatch.setattr(worth, "top_fifth_share", lambda crm: Figure(0.5, base))
    frame = pd.DataFrame({"tenth": [1, 2, 3], "sales_amount": [3.0, 2, 1], "value_share": [0.5, 0.25, 0.25] if known else np.nan})
    found = headlines.tenths_headline(VIEW, frame)
    assert found.rule == rule and found.values.get("value_share", 0.75) == 0.75


@pytest.mark.parametrize(
    ("reason", "rule"),
    [(None, "value.holdout"), ("short", "value.holdout_short"), ("few_buyers", "value.holdout_few_buyers"),
     ("few_repeaters", "value.holdout_few_repeaters"), ("at_edge", "value.holdout_failed"), ("no_peak", "value.holdout_failed")],
)  # fmt: skip
def test_the_sentence_over_the_time_held_out(reason, rule):
    outcome = judged(reason=reason)
    assert headlines.holdout_headline(outcome).rule == rule
    assert len(headlines.holdout_says(outcome)) == (2 if reason is None else 0)
    assert (headlines.verdict_headline(outcome).rule == rule) == (reason is not None)


@pytest.mark.parametrize(("amounts", "rule"), [((1.0, 2.0, 3.0), "value.ways"), ((1.0, np.nan, 3.0), "value.ways_known")])
def test_the_sentence_over_the_three_ways(amounts, rule):
    assert headlines.ways_headline(VIEW, pd.DataFrame({"value_amount": amounts})).rule == rule
