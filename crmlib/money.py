"""One currency: amounts in another are converted at the rate of their day, or refused; unlike ones are never added."""

import duckdb

from .errors import DataError
from .schema import Business, Table


def convert(con: duckdb.DuckDBPyConnection, table: Table, business: Business) -> None:
    """Turn the amounts of `checked` that are in a foreign currency into the report's."""
    if "currency" not in table.columns or table.name == "exchange_rates" or not table.date:
        return
    own = business.currency
    foreign = [
        c
        for (c,) in con.execute(
            "select distinct currency from checked where currency <> ? order by 1", [own]
        ).fetchall()
    ]
    if not foreign:
        return
    amounts = ", ".join(f'"{m}" = round("{m}" * rated.rate, 4)' for m in table.money)
    con.execute(
        f"""create or replace temp table rated as select t._row, r.rate from checked t asof left join exchange_rates r
        on t.currency = r.currency and t."{table.date}"::date >= r.valid_from where t.currency <> ?""",
        [own],
    )
    missing = con.execute(
        "select count(*), min(t.currency) from rated join checked t using (_row) where rate is null and _fault is null"
    ).fetchall()[0]
    if missing[0]:
        raise DataError(
            f"{table.name} has {missing[0]} amounts in {missing[1]}, but the report's currency is {own} and exchange_rates has no rate "
            f"of their day. Deliver exchange_rates (currency, valid_from, rate), or set business.currency to {missing[1]} if all are."
        )
    con.execute(f"update checked set {amounts} from rated where rated._row = checked._row")
