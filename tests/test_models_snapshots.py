"""Which earlier days a model learns from, who is in them, and what came of each customer: at the edges of both labels."""

import hashlib
from datetime import date

import pandas as pd
import pytest
from test_models_features import company, crm

from crmlib.crm import Crm
from crmlib.models import snapshots
from crmlib.models.features import COLUMNS, features
from crmlib.models.snapshots import at, compared, cutoffs, fitted, known_after

RULES = {"inactive_after_days": 60, "churn_horizon_days": 30}
CONTRACT = ["x 2020-01-01 - 2026-01-01", "z 2020-01-01 - 2020-01-03"]  # somebody's contract has ended: contracts say who leaves


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(t) for t in texts)


def since(first: str, period="2026-10", customers=(), **rules) -> Crm:
    """A company with orders from a day on, until the period's end and later."""
    return crm(
        period,
        orders=[f"a {first} 5", "a 2026-12-31 5"],
        business=RULES | rules,
        **({"customers": customers} if customers else {}),
    )


@pytest.mark.parametrize(
    ("view", "test", "compared", "fitted"),
    [
        # known 90 days later: by 3 August the day of the test must lie; what came of the others is known before it
        (since("2020-01-01"), "2026-08-01", ["2025-11-01", "2026-01-01", "2026-03-01", "2026-05-01"], ["2026-02-01", "2026-04-01", "2026-06-01", "2026-08-01"]),
        (since("2020-01-01", churn_horizon_days=32), "2026-08-01", ["2025-11-01", "2026-01-01", "2026-03-01", "2026-05-01"], ["2026-02-01", "2026-04-01", "2026-06-01", "2026-08-01"]),
        (since("2020-01-01", churn_horizon_days=33), "2026-07-01", ["2025-09-01", "2025-11-01", "2026-01-01", "2026-03-01"], ["2026-01-01", "2026-03-01", "2026-05-01", "2026-07-01"]),
        # contracts: known after the 30 days
        (since("2020-01-01", customers=[*CONTRACT, "a 2020-01-01"]), "2026-10-01", ["2026-03-01", "2026-05-01", "2026-07-01", "2026-09-01"], ["2026-04-01", "2026-06-01", "2026-08-01", "2026-10-01"]),
        # a week's page has the same days
        (since("2020-01-01", "2026-W44"), "2026-08-01", ["2025-11-01", "2026-01-01", "2026-03-01", "2026-05-01"], ["2026-02-01", "2026-04-01", "2026-06-01", "2026-08-01"]),
        # less room: one month apart; 90 days of data before each
        (since("2025-11-03"), "2026-08-01", ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"], ["2026-02-01", "2026-04-01", "2026-06-01", "2026-08-01"]),
        (since("2025-11-04"), "2026-08-01", ["2026-03-01", "2026-04-01", "2026-05-01"], ["2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01"]),
        (since("2026-01-31"), "2026-08-01", ["2026-05-01"], ["2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01"]),
        (since("2026-02-01"), "2026-08-01", [], ["2026-06-01", "2026-07-01", "2026-08-01"]),
        (since("2026-05-03"), "2026-08-01", [], ["2026-08-01"]),
        (since("2026-05-04"), None, [], []),
    ],
)  # fmt: skip
def test_the_days_of_the_snapshots(view, test, compared, fitted):
    found = cutoffs(view)
    assert (found.test, found.compared, found.fitted) == (test and date.fromisoformat(test), days(*compared), days(*fitted))


def test_data_that_stop_early_are_known_no_further():
    view = crm(orders=["a 2020-01-01 5", "a 2026-09-29T10:00:00 5"], business=RULES)
    assert cutoffs(view).test == date(2026, 7, 1)  # 1 July + 90 days = 29 September, whose end is known
    assert (cutoffs(view).days, cutoffs(view).needed, cutoffs(view).needed_to_test) == (2464, 180, 270)


def test_without_any_data_there_is_no_day():
    view = crm(customers=["a 2020-01-01"], business=RULES)
    assert cutoffs(view) == snapshots.Cutoffs(None, (), (), 0, 180, 270)
    for rows in (compared(view), snapshots.tested(view), fitted(view)):
        assert list(rows.columns) == [*COLUMNS, "cutoff", "left"] and rows.empty


# the cut-off is 1 August: the horizon ends with 30 August, the silence is that of the 60 days from 31 August on
LATER = [
    ([], True),
    (["2026-08-01"], True), (["2026-08-30T23:59:59"], True),  # within the horizon: their last
    (["2026-08-31"], False), (["2026-10-29T23:59:59"], False), (["2026-10-30"], True),
    (["2026-09-15 refunded"], True), (["2026-09-15"], False),
]  # fmt: skip
ACTS = [("login", False), ("meeting", False), ("browse", True), ("phone", True)]
FRAME = ["z 2020-01-01 5", "z 2026-12-31 5"]  # the first and the last day of the data


def by_customer(frame: pd.DataFrame) -> dict[str, bool]:
    assert frame.customer_id.is_unique
    return dict(zip(frame.customer_id, frame.left, strict=True))


def test_without_contracts_left_is_who_is_silent_after_the_horizon():
    orders = [f"a{n} 2026-07-30 5" for n in range(len(LATER))] + FRAME
    for n, (later, _) in enumerate(LATER):
        orders += [f"a{n} {when.split()[0]} 5 {' '.join(when.split()[1:])}" for when in later]
    rows = snapshots.tested(crm(orders=orders, business=RULES))
    assert by_customer(rows) == {f"a{n}": left for n, (_, left) in enumerate(LATER)}
    assert set(rows.cutoff) == {pd.Timestamp("2026-08-01")} and set(rows.recency_days) == {2}  # nothing of what came later


def test_whatever_qualifies_keeps_a_customer():
    orders, acts = [f"{act} 2026-07-30 5" for act, _ in ACTS], [f"{act} 2026-09-15 {act}" for act, _ in ACTS]
    rows = snapshots.tested(crm(orders=orders + FRAME, interactions=acts, business=RULES))
    assert by_customer(rows) == dict(ACTS)


ENDED = {"-": False, "2026-10-01": True, "2026-10-30": True, "2026-10-31": False, "2026-11-01": False}


def test_with_contracts_left_is_whose_contract_ends_within_the_horizon():
    customers = [*CONTRACT, *(f"until:{end} 2026-01-01 - {end}" for end in [*ENDED, "2026-09-30"])]
    view = crm(customers=customers, orders=FRAME, business=RULES)
    assert known_after(view) == 30 and cutoffs(view).test == date(2026, 10, 1)
    found = by_customer(snapshots.tested(view))  # who has left already, on 30 September, is no customer
    assert found == {f"until:{end}": left for end, left in ENDED.items()}


def test_who_never_bought_is_in_no_snapshot():
    orders = ["a 2026-07-30 5", "z 2020-01-01 5", "z 2026-12-31 5"]
    rows = snapshots.tested(crm(orders=orders, interactions=["p 2026-07-30 login"], business=RULES))
    assert rows.customer_id.to_list() == ["a"]


@pytest.mark.long
@pytest.mark.parametrize("contracts", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_snapshot_knows_what_the_page_of_that_day_knew(monkeypatch, contracts):
    monkeypatch.setattr(snapshots, "SNAPSHOTS", 1)
    view = Crm.of("2026-12", business=RULES, **company(11, contracts, 60))
    rows = pd.concat([compared(view), snapshots.tested(view)])
    assert rows.left.any() and not rows.left.all() and rows.cutoff.nunique() == 2
    for cutoff, found in rows.groupby("cutoff"):
        then = features(at(view, pd.Timestamp(cutoff).date())).execute().sort_values("customer_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(found.reset_index(drop=True)[list(COLUMNS)], then, check_dtype=False)


@pytest.mark.long
def test_no_label_comes_from_after_the_page_s_end(monkeypatch):
    monkeypatch.setattr(snapshots, "SNAPSHOTS", 1)
    frames, end = company(11, False, 60), pd.Timestamp("2026-11-01")
    told = {**frames, "interactions": frames["interactions"][frames["interactions"].occurred_at < end]}
    later = (
        frames["orders"]
        .head(60)
        .assign(order_id=[f"late{i}" for i in range(60)], ordered_at=end, status_changed_at=end, status="completed", amount=9)
    )
    told["orders"] = pd.concat([frames["orders"], later])
    rows, other = (
        pd.concat([compared(v), snapshots.tested(v)]) for v in (Crm.of("2026-10", business=RULES, **f) for f in (frames, told))
    )
    assert rows.left.any() and not rows.left.all()
    pd.testing.assert_frame_equal(rows, other)


@pytest.mark.long
def test_a_sample_is_drawn_by_customer_whatever_the_order_of_the_rows(monkeypatch):
    for name, value in (("FITTED", 24), ("TESTED", 10), ("SNAPSHOTS", 2)):
        monkeypatch.setattr(snapshots, name, value)
    frames = company(12, False, 90)
    view, mixed = (
        Crm.of("2026-12", business=RULES, **f) for f in (frames, {n: f.sample(frac=1, random_state=1) for n, f in frames.items()})
    )
    rows, again = fitted(view), fitted(mixed)
    pd.testing.assert_frame_equal(rows, again)
    assert rows.groupby("cutoff").size().to_list() == [12, 12] and len(snapshots.tested(view)) == 10
    latest = rows.customer_id[rows.cutoff == rows.cutoff.max()]
    first = sorted(latest, key=lambda c: hashlib.md5(c.encode()).hexdigest())[:10]
    assert snapshots.tested(view).customer_id.to_list() == sorted(first)
