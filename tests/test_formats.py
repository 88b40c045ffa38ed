"""How files write numbers, days and times: what is declared is read, everything else is refused."""

import duckdb
import pytest

from crmlib.formats import Formats, checked_dates, checked_numbers, checked_zone, plain_number
from crmlib.schema import tables
from crmlib.sql import literal
from crmlib.typed import trimmed, typed_value

NUMBERS = [
    ("$1,234.56", "$22,700.00", "22700.00"), ("$1,234.56", "22700", "22700"), ("$1,234.56", "-$5.10", "-5.10"), ("$1,234.56", "$-5.1", "-5.1"),
    ("$1,234.56", "$1,234,567.8", "1234567.8"), ("$1,234.56", "$ 12", "12"), ("$1,234.56", "1,23", None), ("$1,234.56", "1.234,50", None),
    ("$1,234.56", "€5", None), ("$1,234.56", "12,34,567", None), ("$1,234.56", "abc", None), ("$1,234.56", "$", None),
    ("1.234,56", "1.234,50", "1234.50"), ("1.234,56", "1234,5", "1234.5"), ("1.234,56", "0,5", "0.5"), ("1.234,56", "1234.5", None),
    ("1.234,56", "1.23", None), ("1.234,56", "12", "12"), ("1 234,56 €", "1 234,50 €", "1234.50"), ("1 234,56 €", "12\u00a0345,1€", "12345.1"),
    ("1 234,56 €", "\u22125,5 €", "-5.5"), ("1234,56", "1234,5", "1234.5"), ("1234,56", "1.234,5", None), ("1,234", "1,234", "1234"),
    ("1,234", "1.5", None), ("1'234.56", "1'234.5", "1234.5"), ("1234.56%", "12.5%", "0.12500000"), ("1234.56%", "12.5", "0.12500000"),
    ("1 234,56 Kč", "5,00 Kč", "5.00"), ("1,234.56 MXN", "5.00 MXN", "5.00"), ("1,234.56 BRL", "1,500.00 BRL", "1500.00"),
    ("RMB 1,234.56K", "RMB 5", "5.000000"), ("RMB 1,234.56K", "RMB 5K", "5000.000000"), ("Rs. 1,234.56", "Rs. 5.00", "5.00"),
    ("Fr. 1'234.56", "Fr. 1'234.50", "1234.50"), ("1.234,56", "12.3450", None),
    ("$1,234.56K", "$141.56K", "141560.000000"), ("$1,234.56K", "$2m", "2000000.000000"), ("$1,234.56K", "$5", "5.000000"),
]  # fmt: skip


def test_numbers_are_read_as_declared_and_not_otherwise():
    found = [
        duckdb.sql(f"select {plain_number(literal(text), Formats(numbers=example))}").fetchall()[0][0]
        for example, text, _ in NUMBERS
    ]
    assert found == [expected for _, _, expected in NUMBERS]


@pytest.mark.parametrize("example", ["1.234.56", "12,34", "x", "", "1,234,56", "1234.567", "2345"])
def test_a_number_format_is_an_example_of_one_number(example):
    with pytest.raises(ValueError, match="is given by an example of 1234"):
        checked_numbers(example)


@pytest.mark.parametrize("form", ["%d %b, %Y %H:%M:%S", "%d.%m.%Y", "%m/%d/%y", "%Y%m%d", "%d/%m/%Y %I:%M %p"])
def test_ways_to_write_a_day(form):
    assert checked_dates(form) == form


@pytest.mark.parametrize("form", ["%d.%m", "%Q", "", "%Y-%m", "dd.mm.yyyy", "%H:%M", "%c", "%x", "%d.%m.%Y %I:%M"])
def test_no_way_to_write_a_day(form):
    with pytest.raises(ValueError, match="is no way to write a day"):
        checked_dates(form)


def test_zones():
    assert checked_zone("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(ValueError, match="is no time zone"):
        checked_zone("Berlin")


def typed(table, column, texts, formats, zone="America/Phoenix", kind="VARCHAR"):
    column = tables()[table].columns[column]
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        rows = ", ".join(f"({i}, {literal(t)}::{kind})" for i, t in enumerate(texts))
        raw = f'(select i, {trimmed(column, kind)} as "{column.name}" from (values {rows}) v(i, "{column.name}"))'
        found = con.execute(f"select {typed_value(column, kind, zone, formats)} from {raw} r order by i").fetchall()
    return [None if v is None else str(v) for (v,) in found]


def test_days_in_the_declared_ways_and_in_iso():
    zoho = Formats(("%d %b, %Y %H:%M:%S", "%d.%m.%Y"))
    texts = [
        "15 Apr, 2021 00:03:00",
        "1.2.2021",
        "2021-04-15",
        "2021-04-15 07:00",
        "31.4.2021",
        "04/15/2021",
        "15 Apr, 2021",
        "1.1.0202",
        "1.1.2200",
        "x",
    ]
    days = ["2021-04-15", "2021-02-01", "2021-04-15", "2021-04-15", None, None, None, None, None, None]
    assert typed("invoices", "issued_on", texts, zoho) == days
    assert typed("orders", "ordered_at", texts[:4], zoho) == [
        "2021-04-15 00:03:00",
        "2021-02-01 00:00:00",
        "2021-04-15 00:00:00",
        "2021-04-15 07:00:00",
    ]


def test_times_written_in_another_zone_belong_to_the_business_s_day():
    """Four in the afternoon in Arizona on 31 March, stored as 1 April in UTC, belongs to March; a day without an hour stays."""
    utc = Formats(time_zone="UTC")
    assert typed("orders", "ordered_at", ["2026-04-01 05:00:00", "2026-03-31 23:00", "2026-04-01", "2026-04-01T05:00:00+02:00"], utc) == [
        "2026-03-31 22:00:00", "2026-03-31 16:00:00", "2026-04-01 00:00:00", "2026-03-31 20:00:00"]  # fmt: skip
    assert typed("invoices", "issued_on", ["2026-04-01 05:00:00", "2026-04-01"], utc) == ["2026-03-31", "2026-04-01"]
    assert typed("orders", "ordered_at", ["2026-04-01 05:00:00"], utc, kind="TIMESTAMP") == ["2026-03-31 22:00:00"]
    declared = Formats(("%d.%m.%Y %H:%M", "%d.%m.%Y"), time_zone="UTC")
    assert typed("orders", "ordered_at", ["01.04.2026 05:00"], declared) == ["2026-03-31 22:00:00"]
    assert typed("invoices", "issued_on", ["01.04.2026"], Formats(("%d.%m.%Y",), time_zone="UTC")) == ["2026-04-01"]


def test_amounts_and_shares_as_declared():
    german = Formats(numbers="1.234,56")
    assert typed("orders", "amount", ["1.234,50", "-3,1", "1234.5", "12", "1_0"], german) == [
        "1234.5000",
        "-3.1000",
        None,
        "12.0000",
        None,
    ]
    assert typed("order_lines", "discount", ["12,5%", "100%"], Formats(numbers="1.234,56%")) == ["0.125", "1.0"]


def test_a_column_s_format_goes_over_its_table_s_and_its_file_s():
    file, column = Formats(("%d.%m.%Y",), "1.234,56", "UTC"), Formats(numbers="1,234.56")
    assert column.over(file) == Formats(("%d.%m.%Y",), "1,234.56", "UTC")


def test_each_way_to_write_a_moment_has_or_has_not_an_hour():
    both = Formats(("%d.%m.%Y %H:%M", "%d.%m.%Y"), time_zone="UTC")
    assert typed("orders", "ordered_at", ["15.04.2026", "15.04.2026 02:00", "2026-04-15"], both, "America/New_York") == [
        "2026-04-15 00:00:00", "2026-04-14 22:00:00", "2026-04-15 00:00:00"]  # fmt: skip


def test_a_workbook_s_own_numbers_are_plain_whatever_is_declared_for_its_texts():
    german = Formats(numbers="1.234,56 EUR", sheet=True)
    assert typed("orders", "amount", ["12.3450", "7.25", "1.234,50 EUR", "1.234", "1e-05"], german) == [
        "12.3450", "7.2500", "1234.5000", "1234.0000", "0.0000"]  # fmt: skip
