"""What came of scores: with contracts, and without them, so far and for good; and the same from a plain computation."""

import ibis
import numpy as np
import pandas as pd
import pytest
from test_models_features import company, crm

from crmlib.crm import Crm
from crmlib.kpi import Share
from crmlib.models.judged import Judged, judged

RULES = {"inactive_after_days": 60, "churn_horizon_days": 30}
KINDS = {
    "target": "string",
    "value": "float64",
    "label": "string",
    "starts": "date",
    "ends": "date",
    "made_at": "timestamp",
    "as_of": "timestamp",
}


def told(*lines: str, starts="2026-10-01", days=30, made_at="2026-10-05") -> ibis.Table:
    """`customer probability` and `warned`, as the ledger holds them."""
    parts = [line.split() for line in lines]
    begin = pd.Timestamp(starts)
    frame = pd.DataFrame(
        {
            "target": [p[0] for p in parts],
            "value": [float(p[1]) for p in parts],
            "label": [p[2] if len(p) > 2 else None for p in parts],
        }
    )
    frame = frame.assign(starts=begin, ends=begin + pd.Timedelta(days=days), made_at=pd.Timestamp(made_at), as_of=begin)
    return ibis.memtable(frame, schema=KINDS)


def figures(found: Judged) -> tuple:
    return found.scored, found.left, found.silent, found.precision, found.recall


CUSTOMERS = [
    "a 2026-01-01 north -",
    "b 2026-01-01 north 2026-10-01",
    "c 2026-01-01 south 2026-10-30",
    "d 2026-01-01 south 2026-10-31",
    "e 2026-01-01 south -",
]
SCORES = ["a 0.5 warned", "b 0.75 warned", "c 0.25", "d 0.5 warned", "e 0"]
ORDERS = [
    "a 2026-09-30 100",
    "b 2026-09-30 10",
    "b 2026-10-01 99",
    "c 2026-01-01 7",
    "c 2025-10-01 2",
    "c 2025-09-30 3",
    "d 2026-01-01 5",
]


def test_contracts_that_ended_within_the_horizon():
    found = judged(crm(customers=CUSTOMERS, orders=ORDERS, business=RULES), told(*SCORES))
    assert figures(found) == (
        5,
        2,
        0,
        Share(1, 3),
        Share(1, 2),
    )  # of b, on the first day, and c, on the last: d's is the day after
    assert (found.starts, found.horizon, found.passed, found.known_on) == (
        pd.Timestamp("2026-10-01").date(),
        30,
        30,
        pd.Timestamp("2026-10-31").date(),
    )
    assert found.final and found.predicted
    assert (found.sum("predicted"), found.sum("expected")) == (2, 2)
    assert (found.missed_amount, found.sum("amount", outcome="left", warned=True)) == (
        9,
        10,
    )  # revenue of the 365 days before the scores
    assert found.lift == pytest.approx((1 / 3) / (2 / 5))
    assert found.precision_at_most == Share(1, 3)


def test_a_team_s_customers_are_those_of_the_scores_day():
    found = judged(crm(team="south", customers=CUSTOMERS, orders=ORDERS, business=RULES), told(*SCORES))
    assert figures(found) == (3, 1, 0, Share(0, 1), Share(0, 1))
    assert found.missed_amount == 9


@pytest.mark.parametrize(
    ("period", "made_at", "predicted", "final", "passed"),
    [
        ("2026-10", "2026-10-30T23:59:59", True, True, 30),
        ("2026-10", "2026-10-31", False, True, 30),  # the horizon is over, it is known
        ("2026-W43", "2026-10-25", True, False, 25),  # the week that ends before 26 October
        ("2026-W43", "2026-10-26", False, False, 25),
        ("2026-W39", "2026-09-20", True, False, 0),  # a page of before: nothing has passed
    ],
)
def test_predicted_or_back_cast(period, made_at, predicted, final, passed):
    found = judged(
        crm(period, customers=CUSTOMERS, orders=[*ORDERS, "a 2026-12-01 1"], business=RULES), told(*SCORES, made_at=made_at)
    )
    assert (found.predicted, found.final, found.passed) == (predicted, final, passed)


def test_so_far_whose_contract_ended_by_the_page_s_end():
    found = judged(crm("2026-W43", customers=CUSTOMERS, orders=[*ORDERS, "a 2026-12-01 1"], business=RULES), told(*SCORES))
    assert figures(found) == (5, 1, 0, Share(1, 3), Share(1, 1))
    assert found.sum("expected") == pytest.approx(sum(1 - (1 - p) ** (25 / 30) for p in (0.5, 0.75, 0.25, 0.5, 0)), abs=1e-8)
    assert found.sum("predicted") == 2


# bought on 30 September; as of 1 November lost is who did nothing since 2 September; the label looks at the 60 days from 31 October on
QUIET = ["lost 2026-09-01", "last 2026-09-02", "back 2026-09-01", "away 2026-09-15", "late 2026-09-15"]
LATER = ["back 2026-10-01", "late 2026-10-31", "back 2026-12-30", "away 2026-10-30"]
WARNINGS = ["lost 0.9 warned", "last 0.6 warned", "back 0.4 warned", "away 0.2", "late 0.1"]


@pytest.mark.parametrize(
    ("period", "expected", "final"),
    [
        # known until the page's end: `lost` is, `last` did something just in time and since then nothing: who knows
        ("2026-10", (5, 1, 1, Share(1, 3), Share(1, 1)), False),
        # 30 and 60 days later: who did nothing from 31 October until 29 December; back came a day too late
        ("2026-12", (5, 4, 0, Share(3, 3), Share(3, 4)), True),
    ],
)
def test_without_contracts_it_takes_time_to_know(period, expected, final):
    orders = [f"{line} 5" for line in (*QUIET, *LATER, "z 2026-12-31")]
    found = judged(crm(period, orders=orders, business=RULES), told(*WARNINGS))
    assert figures(found) == expected
    assert found.known_on == pd.Timestamp("2026-12-30").date() and found.final is final
    assert found.precision_at_most == Share(found.precision.part + (0 if final else 1), 3)


def test_nothing_was_told():
    found = judged(crm(orders=["a 2026-10-31 5"]), told())
    assert figures(found) == (0, 0, 0, Share(0, 0), Share(0, 0))
    assert (found.lift, found.starts, found.missed_amount, found.sum("expected")) == (None, None, 0, 0)
    assert list(found.calibration().columns) == [
        "bin",
        "base",
        "left_count",
        "predicted_share",
        "expected_share",
        "left_share",
        "left_or_silent_share",
    ]
    assert len(found.calibration()) == 0


def test_the_window_that_was_told_first_is_judged():
    twice = told(*SCORES).union(told("a 0.1", days=20, made_at="2026-10-06"))
    found = judged(crm(customers=CUSTOMERS, orders=ORDERS, business=RULES), twice)
    assert (found.horizon, found.scored) == (30, 5)


@pytest.mark.parametrize(
    ("seed", "contracts", "team"), [(1, True, "all"), (2, True, "north"), (3, False, "all"), (4, False, "south")]
)
def test_the_same_as_a_plain_computation(seed, contracts, team):
    frames, rng = company(seed, contracts, 90), np.random.default_rng(seed)
    view = Crm.of("2026-12", team=team, business=RULES, **frames)
    ids = frames["customers"].customer_id
    scores = pd.DataFrame(
        {"customer_id": ids, "p": rng.choice([0.05, 0.1, 0.4, 0.8], len(ids)), "warned": rng.random(len(ids)) < 0.3}
    )
    lines = [f"{r.customer_id} {r.p} {'warned' if r.warned else ''}" for r in scores.itertuples()]
    found = judged(view, told(*lines, starts="2026-08-01", days=90))
    assert found.final
    rows = plainly(frames, scores, contracts, team)
    assert len(rows) > 5 and rows.left.any()
    assert figures(found) == (
        len(rows),
        rows.left.sum(),
        0,
        Share((rows.left & rows.warned).sum(), rows.warned.sum()),
        Share((rows.left & rows.warned).sum(), rows.left.sum()),
    )
    assert found.missed_amount == pytest.approx(rows.amount[rows.left & ~rows.warned].sum(), rel=1e-12)
    assert found.sum("amount", outcome="left", warned=True) == pytest.approx(
        rows.amount[rows.left & rows.warned].sum(), rel=1e-12
    )
    bins = found.calibration()
    assert bins.base.sum() == len(rows) and (bins.base * bins.predicted_share).sum() == pytest.approx(rows.p.sum())
    by_score = rows.groupby("p").agg(base=("p", "size"), left=("left", "mean")).reset_index()  # equal scores are in one tenth
    assert bins.predicted_share.to_list() == pytest.approx(by_score.p.to_list())
    assert bins.left_share.to_list() == pytest.approx(by_score.left.to_list())


def plainly(frames, scores, contracts, team) -> pd.DataFrame:
    """Each scored customer of the team, whether they left, and what they brought: written down without any engine."""
    start, end = pd.Timestamp("2026-08-01"), pd.Timestamp("2026-10-30")
    people, orders, touches, deals = (frames[n] for n in ("customers", "orders", "interactions", "opportunities"))
    if contracts:
        gone = people.customer_id[(people.churned_at >= start) & (people.churned_at < end)]
    else:
        page = pd.Timestamp("2027-01-01")
        lost = (orders.status == "refunded") & ~(orders.status_changed_at >= page)
        good = [
            (orders[(orders.amount > 0) & ~lost], "ordered_at"),
            (touches[touches.channel.isin(["login", "meeting"])], "occurred_at"),
            (deals[(deals.is_won.eq(True)) & (deals.closed_at < page)], "closed_at"),
        ]
        since = end + pd.Timedelta(days=60)
        stays = pd.concat([f.customer_id[(f[at] >= end) & (f[at] < since)] for f, at in good])
        gone = people.customer_id[~people.customer_id.isin(stays)]
    book = orders[(orders.ordered_at >= start - pd.Timedelta(days=365)) & (orders.ordered_at < start)]
    book = book[~((book.status == "refunded") & ~(book.status_changed_at >= start))]
    revenue = book.groupby("customer_id").amount.sum().clip(lower=0)
    rows = scores.merge(people[["customer_id", "team"]], on="customer_id")
    rows = rows.assign(left=rows.customer_id.isin(gone), amount=rows.customer_id.map(revenue).fillna(0))
    return rows if team == "all" else rows[rows.team == team]
