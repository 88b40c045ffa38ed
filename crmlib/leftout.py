"""Rows left out: those that repeat another's key or hang on nothing, and when there are too many of them."""

import json

import duckdb

from .errors import DataError
from .schema import Business, Table, tables


def mark_duplicates(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Of rows with the same key the earliest (then the first in the file) counts."""
    if not table.key:
        return
    key = ", ".join(f'"{k}"' for k in table.key)
    con.execute(
        f"""create or replace temp table twice as select {key} from checked where _fault is null
        group by {key} having count(*) > 1"""
    )
    if not con.execute("select exists (from twice)").fetchall()[0][0]:
        return
    same = " and ".join(f'c."{k}" is not distinct from twice."{k}"' for k in table.key)
    order = f'"{table.date}" nulls last, rowid' if table.date else "rowid"
    con.execute(
        f"""update checked set _fault = 'duplicate:{table.key[0]}' where rowid in (select row from
            (select c.rowid as row, row_number() over (partition by {key} order by {order}) as n
             from checked c semi join twice on {same} where _fault is null) where n > 1)"""
    )


def mark_orphans(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    for column, parent in table.parents.items():
        if not con.execute(f'select exists (from "{parent}")').fetchall()[0][0]:
            continue  # a table that is not delivered accuses nobody
        key = tables()[parent].key[0]
        con.execute(
            f"""update checked set _fault = 'orphan:{column}' where _fault is null and "{column}" is not null
            and "{column}" not in (select "{key}" from "{parent}")"""
        )


# what a whole column at fault usually means
_WRITTEN = {
    "bad_date": "dates: '%d.%m.%Y'",
    "bad_number": "numbers: '1.234,56', or its encoding",
    "bad_flag": "a column with values: {ja: 'true', nein: 'false'}",
}


def refuse_too_many(
    con: duckdb.DuckDBPyConnection, table: Table, business: Business, rows: int, left_out: dict[str, int]
) -> None:
    out, limit = sum(left_out.values()), business.may_leave_out(table.name)
    if not out or out <= limit * (rows + out):
        return
    found = con.execute(f'select _row, reason, "column", row from "{table.name}__left_out" order by _row limit 5').fetchall()
    examples = "; ".join(
        f"row {row}: {reason} in {column}{shown_value(table, column, raw)}" for row, reason, column, raw in found
    )
    column, reason, most = con.execute(
        f'select "column", reason, count(*) as n from "{table.name}__left_out" group by all order by n desc, 1 limit 1'
    ).fetchall()[0]
    advice = f"Correct them in the source, or raise business.max_left_out.{table.name} in its file."
    if most > (rows + out) / 2 and reason in _WRITTEN:
        advice = f"Most rows are at fault in {column} alone: say how it is written ({_WRITTEN[reason]}) under files in the source's file."
    raise DataError(
        f"{table.name}: {out} of {rows + out} rows would be left out ({', '.join(f'{r} {n}' for r, n in left_out.items())}), "
        f"more than the {limit:.1%} allowed. First ones (row 1 follows the header): {examples}. {advice}"
    )


def shown_value(table: Table, column: str, raw: str) -> str:
    """The value at fault, unless the column is personal."""
    value = json.loads(raw).get(column)
    return "" if value is None or table.columns[column].personal else f" ({str(value)[:40]!r})"
