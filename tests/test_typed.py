"""One value as delivered → the canonical type, or none: every rule at its edges."""

import duckdb
import pytest

from crmlib.schema import tables
from crmlib.typed import literal, trimmed, typed_value


def typed(table, column, texts, zone="America/Phoenix"):
    """What becomes of some texts of a column."""
    column = tables()[table].columns[column]
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        rows = ", ".join(f"({i}, {literal(t)})" for i, t in enumerate(texts))
        raw = f'(select i, {trimmed(column, "VARCHAR")} as "{column.name}" from (values {rows}) v(i, "{column.name}"))'
        found = con.execute(f"select {typed_value(column, 'VARCHAR', zone)} from {raw} r order by i").fetchall()
    return [None if v is None else str(v) if not isinstance(v, bool | float) else v for (v,) in found]


AMOUNTS = [
    ("12", "12.0000"), ("12.5", "12.5000"), ("+5", "5.0000"), ("-5", "-5.0000"), (".5", "0.5000"), ("5.", "5.0000"), ("1e3", "1000.0000"),
    (" 5 ", "5.0000"), ("\t5", "5.0000"), ("5\u00a0", "5.0000"), ("\u30005", "5.0000"), ("0.00004", "0.0000"), ("0.00005", "0.0001"),
    ("99999999999999.9999", "99999999999999.9999"), ("100000000000000", None),
    ("12,5", None), ("1,234.50", None), ("1.234,50", None), ("1 000", None), ("1_000", None), ("$5", None), ("5 EUR", None), ("5%", None),
    ("1e400", None), ("inf", None), ("-Infinity", None), ("nan", None), ("0x1F", None), ("(5)", None), ("5-", None), ("--5", None),
    ("１２", None), ("true", None), ("abc", None), ("", None), ("   ", None),
]  # fmt: skip


def test_amounts_have_a_decimal_point_and_nothing_else():
    assert typed("orders", "amount", [t for t, _ in AMOUNTS]) == [v for _, v in AMOUNTS]


NUMBERS = [("12", 12.0), ("-1.5", -1.5), ("1e308", 1e308), ("1e-400", 0.0), ("1e309", None), ("inf", None), ("Infinity", None), ("nan", None),
           ("NaN", None), ("1_0", None), ("1,0", None), ("t", None), ("", None)]  # fmt: skip


def test_numbers_are_finite():
    assert typed("order_lines", "quantity", [t for t, _ in NUMBERS]) == [v for _, v in NUMBERS]


FLAGS = [("true", True), ("TRUE", True), ("1", True), ("Yes", True), ("t", True), ("false", False), ("0", False), ("no", False), ("F", False),
         ("2", None), ("1.0", None), ("y", None), ("on", None), ("", None)]  # fmt: skip


def test_flags():
    assert typed("customers", "no_contact", [t for t, _ in FLAGS]) == [v for _, v in FLAGS]


NAMES = [("NA", "NA"), ("None", "None"), ("null", "null"), ("nan", "nan"), ("NULL", "NULL"), ("N/A", "N/A"), ("-", "-"), ("0", "0"), (" Li ", "Li"),
         ("李\u3000", "李"), ("\u3000李", "李"), ("a  b", "a  b"), ("", None), (" ", None), ("\u00a0", None), ("=1+1", "=1+1"),
         ("Li\n", "Li"), ("Li\r", "Li"), ("Li\t", "Li"), ("\nLi", "Li"), ("李\n", "李"), ("李\r\n", "李"), ("\u00a0Li\u3000", "Li"), ("Li\u00a0\n", "Li"),
         ("L\ni", "L\ni"), ("é", "é")]  # fmt: skip


def test_texts_stay_what_they_are():
    assert typed("customers", "name", [t for t, _ in NAMES]) == [v for _, v in NAMES]


def test_identifiers_are_text_whatever_they_look_like():
    ids = ["007", "7", "9007199254740993", "1e5", "1.0", "true", "-1", "00000000000000000000000000000000000000001"]
    assert typed("customers", "customer_id", ids) == ids


MOMENTS = [
    ("2026-10-03", "2026-10-03 00:00:00"), ("2026-10-03 10:00", "2026-10-03 10:00:00"), ("2026-10-03T10:00:59", "2026-10-03 10:00:59"),
    ("2026-10-03 10:00:59.5", "2026-10-03 10:00:59.500000"), (" 2026-10-03 ", "2026-10-03 00:00:00"), ("2024-02-29", "2024-02-29 00:00:00"),
    # an offset wins: Arizona is seven hours behind UTC all year
    ("2026-04-01T06:59:59Z", "2026-03-31 23:59:59"), ("2026-04-01T07:00:00Z", "2026-04-01 00:00:00"), ("2026-03-31T16:00:00-07:00", "2026-03-31 16:00:00"),
    ("2026-04-01T06:30Z", "2026-03-31 23:30:00"), ("2026-04-01 06:30:00 UTC", "2026-03-31 23:30:00"), ("2026-04-01 06:30:00+00", "2026-03-31 23:30:00"),
    ("2026-04-01 06:30:0Z", "2026-03-31 23:30:00"), ("2026-04-01 06:30:00", "2026-04-01 06:30:00"), ("2026-04-01 06:30+00", "2026-03-31 23:30:00"),
    ("2026-04-01T06:30:0+00", "2026-03-31 23:30:00"), ("2026-04-01 06:30:00\n", "2026-04-01 06:30:00"),
    ("2026-04-01T08:30:00.000+0200", "2026-03-31 23:30:00"), ("2026-04-01 08:30:00 Europe/Berlin", "2026-03-31 23:30:00"),
    # days that are a slip
    ("1899-12-31", None), ("1900-01-01", "1900-01-01 00:00:00"), ("2199-12-31 23:59:59", "2199-12-31 23:59:59"), ("2200-01-01", None),
    ("0000-00-00", None), ("9999-12-31", None), ("2026-02-29", None), ("2026-02-30", None), ("2026-13-01", None), ("2026-10-03 25:00", None),
    # other ways of writing, which mean different days to different people
    ("03/10/2026", None), ("2026/10/03", None), ("03.10.2026", None), ("20261003", None), ("2026-10-3", None), ("Oct 3, 2026", None), ("1760000000", None),
    ("2026-10-03 10:00 PM", None), ("2026-10-03 (BC)", None), ("infinity", None), ("now", None), ("today", None), ("2026-10-03 abc", None), ("", None),
]  # fmt: skip


def test_moments_are_iso_and_become_local_time():
    assert typed("orders", "ordered_at", [t for t, _ in MOMENTS]) == [v for _, v in MOMENTS]


DAYS = [("2026-10-03", "2026-10-03"), ("2026-10-03 23:59:59", "2026-10-03"), ("2026-04-01T06:59:59Z", "2026-03-31"), ("2026-02-30", None),
        ("03.10.2026", None), ("", None)]  # fmt: skip


def test_days():
    assert typed("invoices", "paid_on", [t for t, _ in DAYS]) == [v for _, v in DAYS]


@pytest.mark.parametrize(
    ("moment", "local"),
    [("2026-03-29T00:59:59Z", "2026-03-29 01:59:59"), ("2026-03-29T01:00:00Z", "2026-03-29 03:00:00"),     # 02:xx does not exist that night
     ("2026-10-25T00:30:00Z", "2026-10-25 02:30:00"), ("2026-10-25T01:30:00Z", "2026-10-25 02:30:00")],   # and this one comes twice
)  # fmt: skip
def test_when_the_clocks_change(moment, local):
    assert typed("orders", "ordered_at", [moment], "Europe/Berlin") == [local]


def test_a_quote_in_a_text_ends_no_literal():
    assert duckdb.sql(f"select {literal(chr(39) + '; drop table x; --')}").fetchall() == [("'; drop table x; --",)]
