"""What churn's numbers say, at the edge of every threshold; and that its sentences can always be said."""

import math
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import findings, texts
from crmlib.crm import Crm
from crmlib.findings import churn as rules
from crmlib.findings import churn_headlines as headlines
from crmlib.kpi import Figure
from crmlib.models import churn_past
from crmlib.models.card import Card, Report
from crmlib.models.drift import Bins
from crmlib.models.fitting import CROSSED, OUT_OF_TIME, TooLittle
from crmlib.models.judged import Judged


def card(**values) -> Card:
    usual = {
        "model": "boosting", "how": OUT_OF_TIME, "method": "sigmoid", "rows": 900, "leavers": 90, "cutoffs": ("2026-02-01",), "compared": ("2025-05-01",), "test": "2026-02-01",
        "tested_rows": 800, "tested_leavers": 80, "auc": 0.8, "auc_error": 0.01, "baseline": "recency alone", "baseline_auc": 0.7, "beats": True, "ece": 0.01, "off": False, "lift": 4.0,
    }  # fmt: skip
    return Card(**usual | values)


@pytest.fixture
def said(monkeypatch):
    """A handle of a company of which models say what a test says that they do."""

    def made(
        card: Card | None = None,
        lacks: TooLittle | None = None,
        sums=None,
        drift=None,
        calls=None,
        suggested=None,
        since="2024-11-01",
        **business,
    ) -> Crm:
        crm = Crm.of(
            period="2026-10",
            business=business,
            orders=pd.DataFrame(
                {"order_id": ["0", "1"], "customer_id": "a", "ordered_at": [since, "2026-10-31"], "amount": [1.0, 1.0]}
            ),
        )
        frames = {"profiles": pd.DataFrame({"feature": ["quiet_days"]}), "calls": pd.DataFrame(calls or [])}
        monkeypatch.setattr("crmlib.models.churn.report", lambda crm: Report(card, lacks, frames, {"x": (Bins(), np.zeros(2))}))
        monkeypatch.setattr("crmlib.models.churn.drifted", lambda crm: pd.DataFrame(drift or [], columns=["feature", "psi"]))
        monkeypatch.setattr("crmlib.models.churn_figures.tally", lambda crm: pd.Series(sums or {}, dtype=float))
        monkeypatch.setattr("crmlib.metrics.gaps.suggested_inactive_days", lambda crm: suggested or Figure(None, 0, "no_base"))
        return crm

    return made


def rules_of(found: list) -> list[str]:
    return [f.rule for f in found]


SUMS = {
    "customer_count": 100,
    "expected_count": 12.4,
    "warned_count": 10,
    "left_alone_count": 1,
    "loss_amount": 5000.0,
    "warned_amount": 3000.0,
}


def test_too_little_stands_alone(said):
    crm = said(lacks=TooLittle("leavers", 7, 30))
    (one,) = rules.findings(crm, Judged())
    assert one.rule == "churn.too_little" and one.values == {"count": 7, "what": "needed leavers", "needed_count": 30}
    (one,) = rules.findings(said(lacks=TooLittle("days", 100, 360)), Judged())
    assert one.rule == "churn.too_few_days" and one.values == {"days": 100, "needed_days": 360}


@pytest.mark.parametrize(
    ("warned", "loss", "expected"),
    [(0, 5000.0, ["churn.nobody"]), (10, 5000.0, ["churn.stake"]), (10, 0.0, ["churn.stake_counts"])],
)
def test_stake(said, warned, loss, expected):
    crm = said(card(), sums=SUMS | {"warned_count": warned, "loss_amount": loss}, contact_cost=12.0)
    found = rules.stake(crm)
    assert rules_of(found) == expected
    if "churn.stake" in expected:
        assert found[0].values["net_amount"] == pytest.approx(3000 * 0.3 - 10 * 12) and found[0].values["count"] == 12


@pytest.mark.parametrize(("beats", "ece", "expected"), [(True, 0.03, ["churn.trusted"]), (True, 0.0301, []), (False, 0.01, [])])
def test_trusted(said, beats, ece, expected):
    assert rules_of(rules.trusted(said(card(beats=beats, ece=ece)))) == expected
    assert rules.trusted(said(card(beats=beats, ece=ece, how=CROSSED))) == []
    assert rules.trusted(said(card(beats=beats, ece=ece), drift=[("quiet_days", 0.25)])) == []
    for few in ({"tested_leavers": 29}, {"tested_leavers": 771}):  # of 800: fewer than min_base who left, or who stayed
        assert rules.trusted(said(card(beats=beats, ece=ece, **few))) == []


@pytest.mark.parametrize(
    ("off", "ece", "expected"), [(True, 0.0301, ["churn.miscalibrated"]), (True, 0.03, []), (False, 0.2, [])]
)
def test_miscalibrated(said, off, ece, expected):
    assert rules_of(rules.miscalibrated(said(card(off=off, ece=ece)))) == expected


@pytest.mark.parametrize(("beats", "expected"), [(True, []), (False, ["churn.no_better"])])
def test_no_better_than_the_baseline(said, beats, expected):
    assert rules_of(rules.no_better(said(card(beats=beats)))) == expected


@pytest.mark.parametrize(
    ("drift", "expected"),
    [
        ([("quiet_days", 0.25)], ["churn.drifted"]), ([("quiet_days", 0.2499)], []), ([("score", 0.3)], ["churn.drifted"]),
        ([("tenure_days", 0.9)], []), ([("quiet_days", math.nan)], []),
    ],
)  # fmt: skip
def test_drift_of_what_matters(said, drift, expected):
    assert rules_of(rules.drifted(said(card(), drift=drift))) == expected


@pytest.mark.parametrize(
    ("net", "cost", "expected"), [(201.0, 12.0, ["churn.deeper"]), (200.0, 12.0, []), (199.0, 12.0, []), (300.0, 0.0, [])]
)
def test_calling_deeper(said, net, cost, expected):
    calls = [
        {"called_share": 0.1, "contact_count": 10, "net_amount": 200.0},
        {"called_share": 0.2, "contact_count": 20, "net_amount": net},
        {"called_share": 1.0, "contact_count": 100, "net_amount": 0.0},
    ]
    sums = SUMS | {"customer_count": 5000}  # of whom those tested are a sample
    found = rules.deeper(said(card(), sums=sums, calls=calls, contact_cost=cost))
    assert rules_of(found) == expected
    assert not found or (found[0].values["more_amount"], found[0].values["count"]) == (pytest.approx(50.0), 500)


def test_nobody_to_call_is_said_beside_other_findings(said):
    calls = [{"called_share": 1.0, "contact_count": 100, "net_amount": 0.0}]
    found = rules.findings(said(card(off=True, ece=0.04), sums=SUMS | {"warned_count": 0}, calls=calls), Judged())
    assert {"churn.nobody", "churn.miscalibrated"} <= set(rules_of(found))


@pytest.mark.parametrize(
    ("part", "en", "zh"),
    [
        ("out_of_time", "as recorded now", "按现有记录"),  # tier, industry and channel may have changed since
        ("silence", "never silent for longer", "从未沉默超过"),  # which is no chance to come back
    ],
)
def test_what_is_said_of_the_model_is_no_more_than_is_known(part, en, zh):
    for lang, words in (("en", en), ("zh", zh)):
        assert words in texts._book(lang)["says"][part]


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [
        (270.0, 30, []), (270.1, 30, ["churn.silence_longer"]), (270.1, 29, []), (120.0, 30, []), (119.9, 30, ["churn.silence_shorter"]), (None, 0, []),
    ],
)  # fmt: skip
def test_silence_against_the_setting(said, value, base, expected):
    assert rules_of(rules.silence(said(card(), suggested=Figure(value, base), inactive_after_days=180))) == expected


@pytest.mark.parametrize(("since", "expected"), [("2024-11-01", ["churn.silence_shorter"]), ("2024-11-02", [])])
def test_of_a_short_past_no_shorter_silence_is_suggested(said, since, expected):
    """In less than the two years that gaps are looked for in, long ones cannot be seen: they only seem to be short."""
    assert rules_of(rules.silence(said(card(), suggested=Figure(72.0, 200), since=since, inactive_after_days=180))) == expected


def test_not_tested_on_a_later_time(said):
    assert rules.untested(said(card())) == []
    assert rules_of(rules.untested(said(card(how=CROSSED, test=None, short_of=TooLittle("days", 400, 630))))) == [
        "churn.untested_days"
    ]
    assert rules_of(rules.untested(said(card(how=CROSSED, test=None, short_of=TooLittle("leavers tested", 4, 10))))) == [
        "churn.untested"
    ]


def judged(final: bool, *cells: tuple) -> Judged:
    frame = pd.DataFrame(cells, columns=["bin", "warned", "outcome", "base", "predicted", "expected", "amount"])
    return Judged(frame, date(2026, 10, 1), 90, 31, date(2027, 6, 28), final, True)


CELLS = ((1, False, "stayed", 80.0, 4.0, 1.0, 900.0), (1, False, "left", 4.0, 1.0, 0.4, 70.0), (10, True, "left", 6.0, 5.0, 2.0, 60.0),
         (10, True, "stayed", 2.0, 1.0, 0.5, 10.0), (10, True, "silent", 8.0, 6.0, 2.5, 80.0))  # fmt: skip


def test_what_came_of_the_period_before():
    assert rules.warned(Judged()) == []
    (so_far,) = rules.warned(judged(False, *CELLS))
    assert so_far.rule == "churn.warned_so_far"
    assert so_far.values == {"part": 6, "base": 16, "missed_amount": 70.0, "days": 31, "silent_count": 8, "missed_count": 4}
    (right,) = rules.warned(judged(True, *CELLS[:4]))
    assert right.rule == "churn.warned_right"
    assert right.values == {
        "part": 6,
        "base": 8,
        "missed_amount": 70.0,
        "share": 0.75,
        "others_share": pytest.approx(10 / 92),
        "recall_share": 0.6,
    }


def test_contracts_that_still_run_are_neither_silent_nor_back():
    """Of those warned of whose contract runs, nobody can say yet: no word of silence, of coming back, or of a most."""
    was = replace(judged(False, *CELLS[:4]), known_on=date(2026, 12, 30))
    (ended,) = rules.warned(was)
    assert ended.rule == "churn.warned_ended"
    assert ended.values == {"part": 6, "base": 8, "missed_amount": 70.0, "days": 31, "missed_count": 4}
    assert headlines.past_headline(was).rule == "churn.past_ended"
    assert churn_past.past(9, was).lift_ratio.isna().all() and churn_past.past(8, was).lift_ratio[0] == pytest.approx(was.lift)
    assert (
        churn_past.past(0, was).at_most_share.isna().all()
        and churn_past.past(0, replace(was, final=True)).at_most_share[0] == 0.75
    )


@pytest.mark.parametrize("rule", ["stake", "stake_team", "stake_counts", "stake_counts_team"])
def test_a_sum_of_probabilities_is_expected_and_whom_to_call_are_none_of_it(rule):
    """The sum is no number of customers who are likely to leave (those are the ones above a half), and holds nobody to call."""
    for lang, expected, wrong in (("en", "expected", ("likely", "of them")), ("zh", "预计", ("可能", "其中"))):
        parts = texts._book(lang)["findings"][f"churn.{rule}"]
        assert expected in parts["title"] and not [w for w in wrong if w in parts["title"] + parts["text"]]


def test_so_far_promises_no_bound():
    """Who came back may still leave, and who is lost may come back: what is seen so far bounds nothing."""
    for lang, wrong in (("en", "at most"), ("zh", "至多")):
        said = [
            texts._book(lang)["findings"]["churn.past_so_far"]["title"],
            texts.column("at_most_share", lang),
            texts.say("says.past_so_far", lang),
        ]
        assert not [one for one in said if wrong in one.lower()]


@pytest.mark.parametrize(
    ("was", "rule"),
    [(Judged(), "churn.past_none"), (judged(False, *CELLS), "churn.past_so_far"), (judged(True, *CELLS[:4]), "churn.past_final")],
)
def test_the_sentence_over_earlier_warnings(was, rule):
    assert headlines.past_headline(was).rule == rule


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_sentence_can_be_said_of_extremes(lang):
    """Every rule of the report, its places filled with the largest, the smallest and nothing."""
    for rule, parts in texts._book(lang)["findings"].items():
        if rule.startswith("churn."):
            for value in (0, 1e12, -1e12, math.nan, None):
                names = {name for part in parts.values() for name in _places(part)}
                filled = {name: value if findings.unit_of(name) != "day" else date(2026, 2, 1) for name in names}
                filled |= {n: "boosting" for n in ("model", "baseline", "feature", "what", "team") if n in names}
                for part in parts:
                    one = findings.render(SimpleNamespace(rule=rule, values=filled), part, lang, "CNY")
                    assert one and not any(bad in one for bad in ("nan", "inf", "None", "{"))


def _places(text: str) -> list[str]:
    from string import Formatter

    return [name for _, name, _, _ in Formatter().parse(text) if name]
