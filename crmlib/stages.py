"""Stage histories, worked out once at the door: what each entry says about the deal from then on, whatever the period.

A report for any period then finds a deal's stage with one comparison of dates instead of sorting every history again.
"""

import duckdb

from .schema import Business
from .sql import literal


def derive(con: duckdb.DuckDBPyConnection, business: Business, delivered: set[str]) -> None:
    """Extend stage_changes and date the deals that only their stages date. `delivered`: columns of opportunities.

    stage_changes: `_position` (index in business.stages), `_until` (the next entry of the deal), `_furthest` (position so far).
    opportunities: created_at, else the first entry; closed_at, else the entry into the last stage; is_won accordingly;
    `_no_history` where stage_changes has no row for the deal.
    """
    last = len(business.stages) - 1
    position = " ".join(f"when {literal(s)} then {i}" for i, s in enumerate(business.stages))
    # of two entries at the same moment the later stage counts; the name settles what is in no order
    con.execute(
        f"""create or replace table stage_changes as select * exclude (row), lead(entered_at) over w as _until,
            max(_position) over (w rows unbounded preceding) as _furthest
        from (select *, case stage {position} end as _position, rowid as row from stage_changes)
        window w as (partition by opportunity_id order by entered_at, coalesce(_position, 999), stage) order by row"""
    )
    lost = "null" if "is_won" in delivered else "false"
    won = f"(h.won_entered is not null or (h.first_entered is null and o.stage = {literal(business.stages[last])}))"
    con.execute(
        f"""create or replace table opportunities as select o.* replace (
            coalesce(o.created_at, h.first_entered) as created_at, coalesce(o._at, h.first_entered) as _at,
            coalesce(o.closed_at, h.won_entered) as closed_at,
            coalesce(o.is_won, case when coalesce(o.closed_at, h.won_entered) is not null then case when {won} then true else {lost} end end)
                as is_won), h.first_entered is null as _no_history
        from opportunities o left join (select opportunity_id, min(entered_at) as first_entered,
            min(entered_at) filter (_position = {last}) as won_entered from stage_changes group by 1) h using (opportunity_id) order by o.rowid"""
    )
