"""Whose row is it: the team of its person on the row's date, else its own team, else its customer's."""

import duckdb

from .schema import Table, tables


def make_spans(con: duckdb.DuckDBPyConnection) -> None:
    """The table `spans`: who was in which team from a day (in) until a day (out); at most one row a person and day.

    A move ends the time before it, whether or not the old row says so; `initial` marks a person's first team, where
    undated rows belong.
    """
    con.execute(
        """create table spans as select rep_id, team, coalesce(active_from, date '0001-01-01') as since,
            least(coalesce(lead(active_from) over w, date '9999-12-31'), coalesce(active_to + 1, date '9999-12-31')) as until,
            row_number() over w = 1 as initial
        from reps window w as (partition by rep_id order by active_from nulls first)"""
    )


def team_of_row(table: Table, so_far: dict, fiscal_start: int = 1) -> tuple[str, str, str]:
    """SQL for a row `t` of `checked`: (its moment, the joins needed, its team)."""
    dated = table.date and table.columns[table.date].type in ("day", "time")
    at = f't."{table.date}"' if dated else _period_start(fiscal_start) if "period" in table.columns else "null::timestamp"
    joins, teams = [], []
    for way in table.scope:
        if way == "rep":
            joins.append(_span("s", "t.rep_id", at))
            teams.append("s.team")
        elif way == "own":
            teams.append("t.team")
        elif way == "customer" and "customers" in so_far:
            joins += ["left join customers c on c.customer_id = t.customer_id", _span("cs", "c.rep_id", at)]
            teams += ["cs.team", "c.team"]
        elif way in tables():
            key = tables()[way].key[0]
            joins.append(f'left join "{way}" p on p."{key}" = t."{key}"')
            teams.append("p._team")
            at = "p._at" if table.date == key else at
    return at, " ".join(joins), f"coalesce({', '.join(teams)})" if teams else "null::varchar"


def _period_start(fiscal_start: int) -> str:
    """A goal or a market's size is known from the first day of its period on (null where that is no period)."""
    year, later = "left(t.period, 4)", f"interval ({fiscal_start - 1}) month"
    return f"""(case when regexp_full_match(t.period, '\\d{{4}}-\\d{{2}}') then try_cast(t.period || '-01' as timestamp)
        when regexp_full_match(t.period, '\\d{{4}}-Q[1-4]') then make_timestamp({year}::bigint, right(t.period, 1)::bigint * 3 - 2, 1, 0, 0, 0.0) + {later}
        when regexp_full_match(t.period, '\\d{{4}}') then make_timestamp({year}::bigint, 1, 1, 0, 0, 0.0) + {later}
        when regexp_full_match(t.period, '\\d{{4}}-W\\d{{2}}') then try_strptime(t.period || '-1', '%G-W%V-%u') end)"""


def _span(alias: str, rep: str, at: str) -> str:
    day = f"({at})::date"
    then = f"({day} >= {alias}.since and {day} < {alias}.until) or ({day} is null and {alias}.initial)"
    return f"left join spans {alias} on {alias}.rep_id = {rep} and ({then})"


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
