"""Whom to call and why: who is listed in which order, what is a reason, and how it is told."""

import ibis
import numpy as np
import pandas as pd
import pytest
from test_models_features import crm

from crmlib.blocks.tables import cell
from crmlib.models.warnings import LISTED, THEMES, reasons, usual, warning_list

TYPICAL = pd.Series(
    {"quiet_days": 10.0, "quiet_gaps": 1.0, "tickets_90": 0.0, "lowest_90": 4.0, "late_days_365": np.nan, "own_drop": 1.0}
)
CALM = {
    "customer_id": "a",
    "quiet_days": 10.0,
    "quiet_gaps": 1.0,
    "tickets_90": 0.0,
    "lowest_90": np.nan,
    "late_days_365": 99.0,
    "own_drop": 1.0,
}


def model(rows: pd.DataFrame) -> np.ndarray:
    """Each day of silence beyond the usual 0.01, each ticket 0.1, each lost tenth of own activity 0.01; nobody knows why 0.05."""
    unknown = rows.late_days_365.fillna(0) * 0
    return 0.05 + (rows.quiet_days - 10) * 0.01 + rows.tickets_90 * 0.1 + (1 - rows.own_drop) * 0.1 + unknown


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        ({}, []),
        ({"quiet_days": 20.0}, [("silence", "quiet_days", 20.0, 10.0)]),
        # the feature that tells most of a theme; those as is usual, or not known, are not told
        ({"quiet_days": 20.0, "quiet_gaps": 9.0}, [("silence", "quiet_days", 20.0, 10.0)]),
        ({"quiet_days": 5.0, "tickets_90": 1.0}, [("service", "tickets_90", 1.0, 0.0)]),  # less silent than usual is no reason
        ({"quiet_days": 20.0, "tickets_90": 2.0}, [("service", "tickets_90", 2.0, 0.0), ("silence", "quiet_days", 20.0, 10.0)]),
        ({"tickets_90": 2.0, "lowest_90": np.nan}, [("service", "tickets_90", 2.0, 0.0)]),
        # from a tenth of the probability on: 0.0277… of 0.2777…, and a little less
        ({"tickets_90": 2.0, "own_drop": 1 - 0.27778}, [("service", "tickets_90", 2.0, 0.0), ("activity", "own_drop", 1 - 0.27778, 1.0)]),
        ({"tickets_90": 2.0, "own_drop": 1 - 0.27777}, [("service", "tickets_90", 2.0, 0.0)]),
    ],
)  # fmt: skip
def test_a_reason_is_what_would_make_it_less_probable(customer, expected):
    assert reasons(pd.DataFrame([CALM | customer]), TYPICAL, model) == [expected]


def test_at_most_three_reasons_and_each_customer_has_their_own():
    typical = pd.Series({names[0]: 0.0 for names in THEMES.values()})
    rows = pd.DataFrame(
        [
            {"customer_id": "a"} | {f: float(i) for i, f in enumerate(typical.index)},
            {"customer_id": "b"} | dict.fromkeys(typical.index, 0.0),
        ]
    )
    found = reasons(rows, typical, lambda frame: frame[list(typical.index)].sum(axis=1))
    assert [theme for theme, *_ in found[0]] == list(THEMES)[:-4:-1]
    assert found[1] == []


def test_the_model_is_asked_for_all_at_once():
    calls = []
    found = reasons(
        pd.DataFrame([CALM, CALM | {"tickets_90": 3.0}]), TYPICAL, lambda frame: calls.append(len(frame)) or model(frame)
    )
    assert len(calls) == 2 and [len(one) for one in found] == [0, 1]
    assert reasons(pd.DataFrame([CALM]).head(0), TYPICAL, model) == []


SCORES = {"customer_id": "string", "team": "string", "rep_id": "string", "no_contact": "boolean", "probability": "float64",
          "warned": "boolean", "expected_loss": "float64"}  # fmt: skip


def scores(*lines: tuple) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(lines, columns=list(SCORES)), schema=SCORES)


def view(team="north"):
    customers = [
        f"{c} 2026-01-01 {t}" for c, t in (("a", "north"), ("b", "north"), ("c", "north"), ("d", "north"), ("e", "south"))
    ]
    orders = ["a 2026-10-31 5", "b 2026-10-30 5", "c 2026-07-01 5", "d 2026-10-30 5", "e 2026-10-30 5"]
    return crm(team=team, customers=customers, orders=orders)


def test_the_list_begins_with_the_largest_loss_and_leaves_out_who_may_not_be_called():
    made = scores(
        ("a", "north", "r1", None, 0.5, True, 10.0), ("b", "north", "r1", True, 0.9, True, 99.0), ("c", "north", None, False, 0.9, True, 10.0),
        ("d", "north", "r2", None, 0.2, False, 50.0),
    )  # fmt: skip
    frame = warning_list(view(), made, lambda rows: 0.1 + rows.recency_days / 1000)
    assert list(frame.columns) == LISTED
    assert frame.customer.to_list() == ["c", "a"]  # of equal losses the more probable first
    assert frame.reasons.to_list() == ["recency_days 123 2", ""]
    assert frame.action.to_list() == ["act silence", "act no theme"]
    assert frame.loss_amount.to_list() == [10, 10] and frame.rep.isna().to_list() == [True, False]
    assert len(warning_list(view(), made, lambda rows: rows.recency_days * 0, limit=1)) == 1
    nobody = warning_list(view(), made.filter(made.customer_id == "z"), lambda rows: rows.recency_days)
    assert list(nobody.columns) == LISTED and nobody.empty


@pytest.mark.long
def test_usual_is_the_company_s_median():
    assert usual(view())["recency_days"] == 2  # of 1, 2, 123, 2, 2
    assert np.isnan(usual(view())["logins_30"])


@pytest.mark.parametrize(
    ("told", "lang", "said"),
    [
        ("quiet_gaps 7.25 0.5", "en", "feature quiet_gaps: 7.25 (usual: 0.50)"),
        (
            "own_drop 0.125 0.84; tickets_90 4 0",
            "zh",
            "feature own_drop：12.5%（通常为 84.0%）<br>feature tickets_90：4（通常为 0）",
        ),
        ("amount_365 12345.6 800", "en", "feature amount_365: 12,346 (usual: 800)"),
        ("late_days_365 12.5 0", "en", "feature late_days_365: 12.5 (usual: 0)"),
        ("satisfaction_90 1.5 nan", "en", "feature satisfaction_90: 1.50 (usual: –)"),
        ("", "en", "–"),
    ],
)
def test_reasons_are_told_in_words(monkeypatch, told, lang, said):
    from crmlib import texts

    monkeypatch.setattr(texts, "word", lambda value, lang: str(value))
    assert cell(told, "reasons", lang) == said
