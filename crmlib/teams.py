"""Whose row is it: the team of its person on the row's date, else its own team, else its customer's."""

import duckdb

from .schema import Table, tables

_UNDATED, _AT_ONCE = "date '-infinity'", 2_000_000


def make_spans(con: duckdb.DuckDBPyConnection) -> None:
    """The table `spans`: who was in which team from a day (in) until a day (out); at most one row a person and day.

    A move ends the time before it, whether or not the old row says so; `initial` marks a person's first team, where
    undated rows belong. For the join that finds a row's team the view `times` has it once more, in the time of undated rows:
    one comparison of days for all rows is seven times quicker than an `or` of two.
    """
    con.execute(
        """create table spans as select rep_id, team, coalesce(active_from, date '0001-01-01') as since,
            least(coalesce(lead(active_from) over w, date '9999-12-31'), coalesce(active_to + 1, date '9999-12-31')) as until,
            row_number() over w = 1 as initial
        from reps window w as (partition by rep_id order by active_from nulls first) order by rep_id, since"""
    )
    con.execute(
        f"""create view times as select rep_id, team, since, until from spans
        union all select rep_id, team, {_UNDATED}, date '0001-01-01' from spans where initial"""
    )


def moment_of_row(table: Table, fiscal_start: int = 1) -> str:
    """SQL for the moment of a row `t`; none where its parent row dates it."""
    if table.date and table.columns[table.date].type in ("day", "time"):
        return f't."{table.date}"'
    return _period_start(fiscal_start) if "period" in table.columns else "null::timestamp"


def find_teams(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Set `_team` of the rows of `checked`, and `_at` where their parent row dates them.

    Only the row's number and its team go through the joins: these keep no order, and whole rows are dear to move. So many
    rows at once as stay near the processor.
    """
    joins, teams, at = _ways(table)
    if not teams:
        return
    rows = con.execute("select count(*) from checked").fetchall()[0][0]
    for first in range(0, rows, _AT_ONCE):
        con.execute(
            f"""update checked set _team = found.team{", _at = found.at" if at else ""}
            from (select t.rowid as row, coalesce({", ".join(teams)}) as team, {at or "null"} as at from checked t {" ".join(joins)}
                where t._fault is null and t.rowid >= {first} and t.rowid < {first + _AT_ONCE}) found
            where found.row = checked.rowid"""
        )


def _ways(table: Table) -> tuple[list[str], list[str], str]:
    """From a row `t` of `checked` to its team: (joins, teams of which the first counts, its moment if a parent row has it)."""
    joins, teams, at = [], [], ""
    for way in table.scope:
        if way == "rep":
            joins.append(_span("s", "t.rep_id"))
            teams.append("s.team")
        elif way == "own":
            teams.append("t.team")
        elif way == "customer":
            asked = f"case when coalesce({', '.join(teams)}) is null then t.customer_id end" if teams else "t.customer_id"
            joins += [f"left join customers c on c.customer_id = {asked}", _span("cs", "c.rep_id")]
            teams += ["cs.team", "c.team"]
        elif way in tables():
            key = tables()[way].key[0]
            joins.append(f'left join "{way}" p on p."{key}" = t."{key}"')
            teams.append("p._team")
            at = "p._at" if table.date == key else at
    return joins, teams, at


def _period_start(fiscal_start: int) -> str:
    """A goal or a market's size is known from the first day of its period on (null where that is no period)."""
    year, later = "left(t.period, 4)", f"interval ({fiscal_start - 1}) month"
    return f"""(case when regexp_full_match(t.period, '\\d{{4}}-\\d{{2}}') then try_cast(t.period || '-01' as timestamp)
        when regexp_full_match(t.period, '\\d{{4}}-Q[1-4]') then make_timestamp({year}::bigint, right(t.period, 1)::bigint * 3 - 2, 1, 0, 0, 0.0) + {later}
        when regexp_full_match(t.period, '\\d{{4}}') then make_timestamp({year}::bigint, 1, 1, 0, 0, 0.0) + {later}
        when regexp_full_match(t.period, '\\d{{4}}-W\\d{{2}}') then try_strptime(t.period || '-1', '%G-W%V-%u') end)"""


def _span(alias: str, rep: str) -> str:
    day = f"coalesce(t._at::date, {_UNDATED})"
    return f"left join times {alias} on {alias}.rep_id = {rep} and {day} >= {alias}.since and {day} < {alias}.until"


def teams_since(con: duckdb.DuckDBPyConnection, delivered: list[str]) -> dict[str, str | None]:
    """Every team and the day since which it exists (None: as long as anyone knows)."""
    rows = [
        f'select _team as team, min(_at)::date as since from "{t}" where _team is not null group by 1'
        for t in delivered
        if t != "reps"
    ]
    rows.append("select team, min(since) as since from spans group by 1")
    found = con.execute(f"select team, min(since) from ({' union all '.join(rows)}) group by 1 order by 1").fetchall()
    return {team: since.isoformat() if since and since.year > 1 else None for team, since in found}
