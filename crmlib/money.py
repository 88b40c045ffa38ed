"""One currency: amounts in another are converted at the rate of their day, or refused; unlike ones are never added."""

import duckdb

from .errors import DataError
from .schema import Business, Table
from .sql import literal


def convert(con: duckdb.DuckDBPyConnection, table: Table, business: Business) -> None:
    """Turn the amounts of `checked` that are in a foreign currency into the report's; lines take their order's currency and day."""
    if table.name == "order_lines":
        currency, day, join = "o.currency", "o.ordered_at::date", "join orders o using (order_id)"
    elif "currency" in table.columns and table.name != "exchange_rates":
        currency, day, join = "t.currency", f't."{table.date}"::date', ""
    else:
        return
    con.execute(
        f"""create or replace temp table abroad as
        select t.rowid as row, {currency} as currency, {day} as day from checked t {join}
        where {currency} <> {literal(business.currency)}"""
    )
    if not con.execute("select exists (from abroad)").fetchall()[0][0]:
        return
    con.execute(
        """create or replace temp table rated as select t.row, t.currency, r.rate from abroad t
        asof left join exchange_rates r on t.currency = r.currency and t.day >= r.valid_from"""
    )
    _refuse_unrated(con, table, business)
    amounts = ", ".join(f'"{m}" = {_converted(m)}' for m in table.money)
    too_much = " ".join(f"when \"{m}\" is not null and {_converted(m)} is null then 'out_of_range:{m}'" for m in table.money)
    con.execute(
        f"""update checked set {amounts}, _fault = coalesce(_fault, case {too_much} end)
        from rated where rated.row = checked.rowid"""
    )


def _converted(column: str) -> str:
    """Exact: both are decimals (of 20 and 18 digits, which multiply into 38), and rounding is to the nearest."""
    return f'try_cast("{column}"::decimal(20, 4) * try_cast(rated.rate as decimal(18, 10)) as decimal(18, 4))'


def _refuse_unrated(con: duckdb.DuckDBPyConnection, table: Table, business: Business) -> None:
    amount = " or ".join(f'c."{m}" is not null' for m in table.money)
    rows, currency, first = con.execute(
        f"""select count(*), min_by(r.currency, r.row), min(r.row) + 1 from rated r join checked c on r.row = c.rowid
        where r.rate is null and c._fault is null and ({amount})"""
    ).fetchall()[0]
    if rows:
        raise DataError(
            f"{table.name} has {rows} amounts in {currency} (the first in row {first}), but the report's currency is {business.currency} and exchange_rates has "
            f"no rate of their day. Deliver exchange_rates (currency, valid_from, rate), or set business.currency to {currency} if "
            "all are."
        )
