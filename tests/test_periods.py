"""Periods: what a label names, where it ends, and what it is compared with."""

from datetime import date, timedelta

import pytest

from crmlib.errors import UsageError
from crmlib.periods import Period, add_months, year_earlier

D = date


@pytest.mark.parametrize(
    ("label", "start", "end"),
    [
        ("2026-10", D(2026, 10, 1), D(2026, 11, 1)),
        ("2026-12", D(2026, 12, 1), D(2027, 1, 1)),
        ("2026-02", D(2026, 2, 1), D(2026, 3, 1)),
        ("2024-02", D(2024, 2, 1), D(2024, 3, 1)),
        ("2026-Q1", D(2026, 1, 1), D(2026, 4, 1)),
        ("2026-Q4", D(2026, 10, 1), D(2027, 1, 1)),
        ("2026", D(2026, 1, 1), D(2027, 1, 1)),
        ("2026-W01", D(2025, 12, 29), D(2026, 1, 5)),   # the week of the year's first Thursday
        ("2026-W42", D(2026, 10, 12), D(2026, 10, 19)),
        ("2026-W53", D(2026, 12, 28), D(2027, 1, 4)),   # 2026 has 53 weeks: 1 January is a Thursday
        ("1900", D(1900, 1, 1), D(1901, 1, 1)),
        ("2200-12", D(2200, 12, 1), D(2201, 1, 1)),
    ],
)  # fmt: skip
def test_a_label_names_a_half_open_span(label, start, end):
    period = Period.parse(label)
    assert (period.start, period.end, period.label, str(period)) == (start, end, label, label)


@pytest.mark.parametrize(
    "label",
    ["", "2026-00", "2026-13", "2026-1", "26-10", "2026-Q0", "2026-Q5", "2026-W00", "2025-W53", "2026-W54", "2026-10-01",
     "2026-02-30", "2026-10 ", " 2026-10", "2026-10\n", "2026/10", "1899-12", "2201", "1899-W10", "9999-W52", "0000-W01",
     "２０２６-10", "-2026", "2026-q1", "2026-w01", None, 2026.5, "x" * 400],
)  # fmt: skip
def test_anything_else_is_refused_in_words(label):
    with pytest.raises(UsageError, match="is no period. Right are 2026-10 .* Change PERIOD or --period") as caught:
        Period.parse(label)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("day", "kind", "label"),
    [
        (D(2026, 10, 1), "month", "2026-10"), (D(2026, 10, 31), "month", "2026-10"), (D(2026, 11, 1), "month", "2026-11"),
        (D(2026, 12, 28), "week", "2026-W53"), (D(2027, 1, 3), "week", "2026-W53"), (D(2027, 1, 4), "week", "2027-W01"),
        (D(2026, 9, 30), "quarter", "2026-Q3"), (D(2026, 10, 1), "quarter", "2026-Q4"),
        (D(2026, 12, 31), "year", "2026"), (D(2027, 1, 1), "year", "2027"), (D(2024, 2, 29), "month", "2024-02"),
    ],
)  # fmt: skip
def test_the_period_in_which_a_day_lies(day, kind, label):
    assert Period.containing(day, kind).label == label


@pytest.mark.parametrize(
    ("label", "previous", "year_before"),
    [
        ("2026-10", "2026-09", "2025-10"), ("2026-01", "2025-12", "2025-01"), ("2024-02", "2024-01", "2023-02"),
        ("2026-Q1", "2025-Q4", "2025-Q1"), ("2026", "2025", "2025"),
        ("2026-W01", "2025-W52", "2025-W01"), ("2027-W01", "2026-W53", "2026-W01"),
        ("2026-W53", "2026-W52", "2025-W52"),   # 2025 has no week 53: its last one
        ("2021-W53", None, None),
    ],
)  # fmt: skip
def test_what_a_period_is_compared_with(label, previous, year_before):
    if previous is None:
        with pytest.raises(UsageError):
            Period.parse(label)
        return
    period = Period.parse(label)
    assert (period.previous.label, period.year_before.label) == (previous, year_before)


def test_periods_of_a_kind_meet_without_gap_or_overlap():
    for label in ("2019-W40", "2019-10", "2018-Q2", "2000"):
        for period in Period.parse(label).shift(70).trailing(71):
            assert period.previous.end == period.start
            assert Period.parse(period.label) == period
            assert Period.containing(period.end - timedelta(days=1), period.kind) == period
            assert Period.containing(period.end, period.kind) == period.shift(1)


@pytest.mark.parametrize(
    ("label", "start", "end", "of_the_last_day"),
    [
        ("2026", D(2026, 4, 1), D(2027, 4, 1), "2026"),             # the fiscal year bears the year in which it starts
        ("2026-Q1", D(2026, 4, 1), D(2026, 7, 1), "2026-Q1"),
        ("2026-Q4", D(2027, 1, 1), D(2027, 4, 1), "2026-Q4"),
        ("2026-10", D(2026, 10, 1), D(2026, 11, 1), "2026-10"),     # months and weeks are nobody's fiscal matter
        ("2026-W42", D(2026, 10, 12), D(2026, 10, 19), "2026-W42"),
    ],
)  # fmt: skip
def test_a_fiscal_year_that_starts_in_april(label, start, end, of_the_last_day):
    period = Period.parse(label, 4)
    assert (period.start, period.end, period.label) == (start, end, label)
    assert Period.containing(end - timedelta(days=1), period.kind, 4).label == of_the_last_day
    assert period.shift(1).previous == period


def test_the_months_a_period_is_made_of():
    months = {label: [m.label for m in Period.parse(label).months()] for label in ("2026-Q4", "2026-02", "2026-W01")}
    assert months == {"2026-Q4": ["2026-10", "2026-11", "2026-12"], "2026-02": ["2026-02"], "2026-W01": ["2025-12"]}
    assert [m.label for m in Period.parse("2026", 12).months()][::11] == ["2026-12", "2027-11"]


def test_trailing_periods_end_with_this_one_oldest_first():
    assert [p.label for p in Period.parse("2026-02").trailing(3)] == ["2025-12", "2026-01", "2026-02"]
    assert Period.parse("2026-02").trailing(0) == []


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [(D(2026, 1, 31), 1, D(2026, 2, 1)), (D(2026, 1, 31), -1, D(2025, 12, 1)), (D(2026, 12, 5), 0, D(2026, 12, 1)),
     (D(2026, 12, 5), 13, D(2028, 1, 1)), (D(2026, 1, 1), -25, D(2023, 12, 1))],
)  # fmt: skip
def test_months_are_added_to_firsts_of_months(day, months, first):
    assert add_months(day, months) == first


@pytest.mark.parametrize(
    ("day", "earlier"),
    [(D(2024, 2, 28), D(2023, 2, 28)), (D(2024, 2, 29), D(2023, 2, 28)), (D(2024, 3, 1), D(2023, 3, 1)),
     (D(2025, 2, 28), D(2024, 2, 28))],
)  # fmt: skip
def test_the_same_day_a_year_earlier(day, earlier):
    assert year_earlier(day) == earlier
