"""Values as text: units, rounding at its edges, both languages; a missing value is a dash, never nan."""

import math
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from crmlib import fmt
from crmlib.periods import Period

MISSING = [None, math.nan, math.inf, -math.inf, pd.NA, pd.NaT, Decimal("NaN"), Decimal("Infinity"), np.float32("inf"), np.nan]


@pytest.mark.parametrize("value", MISSING, ids=repr)
@pytest.mark.parametrize("unit", ["count", "share", "money", "days", "hours", "score", "points", "ratio", "text", "day"])
def test_what_is_missing_is_a_dash_in_every_unit(value, unit):
    assert fmt.unit(value, unit, "en", "EUR") == fmt.unit(value, unit, "zh") == "–"
    assert fmt.known(value) is False


def test_what_is_there_is_known():
    assert all(fmt.known(v) for v in (0, 0.0, "", "nan", False, Decimal(0), date(2026, 1, 1), np.int64(3), np.float64(1)))


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0, 0, "0"), (-0.0, 0, "0"), (-0.4, 0, "0"), (-0.6, 0, "−1"), (999, 0, "999"), (999.6, 0, "1,000"), (1000, 0, "1,000"),
        (1234567.891, 2, "1,234,567.89"), (-1234.5, 1, "−1,234.5"), (1e15, 0, "1,000,000,000,000,000"), (Decimal("12.30"), 1, "12.3"),
        (np.int64(1200), 0, "1,200"), (True, 0, "1"),
    ],
)  # fmt: skip
def test_numbers(value, places, text):
    assert fmt.number(value, "en", places) == fmt.number(value, "zh", places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0%"), (1, "100.0%"), (0.1444, "14.4%"), (0.145, "14.5%"), (0.00049, "< 0.1%"), (0.0005, "0.1%"), (1e-9, "< 0.1%"),
        (-0.25, "−25.0%"), (-0.00001, "0.0%"), (0.9999, "100.0%"), (2.5, "250.0%"),
    ],
)  # fmt: skip
def test_shares_are_percentages_and_none_above_zero_reads_zero(value, text):
    assert fmt.share(value) == text


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (0, "€0", "€0"), (12, "€12", "€12"), (12.5, "€12.50", "€12.50"), (-12.5, "−€12.50", "−€12.50"),
        (-0.001, "€0.00", "€0.00"),                                           # no minus before a nought
        (999.99, "€999.99", "€999.99"), (999.999, "€1,000.00", "€1,000.00"), (1000, "€1,000", "€1,000"), (1000.4, "€1,000", "€1,000"),
        (9999, "€9,999", "€9,999"), (10000, "€10,000", "€1万"), (12345, "€12,345", "€1.23万"), (1000000, "€1,000,000", "€100万"),
        (99999499, "€99,999,499", "€9,999.9万"), (99999500, "€99,999,500", "€1亿"), (1e8, "€100,000,000", "€1亿"),
        (-250000000, "−€250,000,000", "−€2.5亿"), (Decimal("41800.4000"), "€41,800", "€4.18万"),
    ],
)  # fmt: skip
def test_money(value, en, zh):
    assert (fmt.money(value, "en", "EUR"), fmt.money(value, "zh", "EUR")) == (en, zh)


def test_money_of_a_table_names_no_currency():
    assert [fmt.plain_money(v) for v in (1, 1.5, -1.5, 1000.6, None)] == ["1", "1.50", "−1.50", "1,001", "–"]
    assert (fmt.currency_name("CNY", "zh"), fmt.currency_name("XXQ", "en")) == ("人民币", "XXQ")


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1, "1"), (1.04, "1.0"), (1.05, "1.1"), (24.0, "24"), (-2, "−2")])
def test_days(value, text):
    assert fmt.days(value) == text


def test_points_are_a_hundred_times_the_difference():
    assert [fmt.points(v) for v in (0.05, -0.05, 0, -0.0001)] == ["5.0", "−5.0", "0.0", "0.0"]


@pytest.mark.parametrize(
    ("label", "en", "zh", "short_en", "short_zh"),
    [
        ("2026-10", "October 2026", "2026年10月", "Oct", "10月"),
        ("2026-09", "September 2026", "2026年9月", "Sep", "9月"),
        ("2026-W03", "week 3 of 2026", "2026年第3周", "W03", "W03"),
        ("2026-Q3", "Q3 2026", "2026年第3季度", "Q3", "Q3"),
        ("2026", "2026", "2026年", "2026", "2026"),
    ],
)
def test_periods_in_words(label, en, zh, short_en, short_zh):
    period = Period.parse(label)
    assert (fmt.period(period), fmt.period(period, "zh")) == (en, zh)
    assert (fmt.short_period(period), fmt.short_period(period, "zh")) == (short_en, short_zh)


def test_days_of_the_calendar():
    for value in (date(2026, 9, 5), datetime(2026, 9, 5, 23, 59), pd.Timestamp("2026-09-05 00:00")):
        assert (fmt.day(value), fmt.day(value, "zh")) == ("5 Sept 2026", "2026年9月5日")


def test_lists_in_words():
    assert [fmt.listing(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["–", "a", "a and b", "a, b and c"]
    assert fmt.listing(["甲", "乙", "丙"], "zh") == "甲、乙和丙"
