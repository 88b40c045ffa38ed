"""The business figures by plain SQL over a company's own files: written from data-model.md and glossary.md, apart from the product."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

FILES = {"customers": "csv", "reps": "csv", "orders": "parquet", "order_lines": "parquet", "opportunities": "csv", "costs": "csv",
         "interactions": "parquet", "changes": "csv"}  # fmt: skip
LEFT_OUT = "('cancelled', 'refunded', 'unavailable')"
LASTS = 180  # days without any activity after which a customer is lost

# rows that the door takes: whole ones, of known parents, each once; then whose each row is
CLEAN = """
create view customers as select * from raw_customers where customer_id is not null and (created_at is null or try_cast(created_at as timestamp) is not null)
    qualify row_number() over (partition by customer_id) = 1;
create view spans as select rep_id, team, coalesce(active_from, '0001-01-01')::date as since, coalesce(active_to::date + 1, date '9999-12-31') as until from raw_reps;
create view kept_orders as select * from raw_orders where order_id is not null and ordered_at is not null and amount is not null
    and (customer_id is null or customer_id in (select customer_id from customers)) qualify row_number() over (partition by order_id) = 1;
create view orders as select o.*, coalesce(s.team, cs.team, c.team, 'unassigned') as team_of, c.region as home, c.tier, c.acquisition_channel
    from kept_orders o left join spans s on s.rep_id = o.rep_id and o.ordered_at >= s.since and o.ordered_at < s.until
    left join customers c on c.customer_id = o.customer_id left join spans cs on cs.rep_id = c.rep_id and o.ordered_at >= cs.since and o.ordered_at < cs.until;
create view lines as select l.*, o.ordered_at, o.status, o.status_changed_at, o.amount, o.customer_id, o.team_of from raw_order_lines l join orders o using (order_id)
    where l.product is not null and l.quantity is not null and l.unit_price is not null and coalesce(l.discount, 0) between 0 and 1;
create view kept_deals as select * replace (amount::decimal(18, 4) as amount, probability::double as probability, created_at::timestamp as created_at,
        closed_at::timestamp as closed_at) from raw_opportunities
    where opportunity_id is not null and (customer_id is null or customer_id in (select customer_id from customers))
    and (amount is null or try_cast(amount as decimal(18, 4)) is not null) and coalesce(try_cast(probability as double), 0) between 0 and 1
    and (created_at is null or try_cast(created_at as timestamp) is not null) and (closed_at is null or try_cast(closed_at as timestamp) is not null)
    and (expected_close_on is null or try_cast(expected_close_on as date) is not null) qualify row_number() over (partition by opportunity_id) = 1;
create view first_teams as select rep_id, arg_min(team, since) as team from spans group by 1;
create view deals as select d.*, coalesce(case when d.created_at is null then f.team else s.team end, cs.team, c.team, 'unassigned') as team_of
    from kept_deals d left join first_teams f on f.rep_id = d.rep_id left join spans s on s.rep_id = d.rep_id and d.created_at >= s.since and d.created_at < s.until
    left join customers c on c.customer_id = d.customer_id left join spans cs on cs.rep_id = c.rep_id and d.created_at >= cs.since and d.created_at < cs.until;
create view costs as select * replace (booked_on::date as booked_on, amount::decimal(18, 4) as amount) from raw_costs
    where try_cast(booked_on as date) is not null and try_cast(amount as decimal(18, 4)) is not null and kind is not null;
create view acts as select customer_id, ordered_at as moment, 'order' as kind, status, status_changed_at from kept_orders where amount > 0 and customer_id is not null
    union all select customer_id, occurred_at, channel, null, null from raw_interactions
        where customer_id in (select customer_id from customers) and channel in ('login', 'meeting') and interaction_id is not null
        and coalesce(duration_s, 0) >= 0 and coalesce(quality, 1) between 1 and 5
    union all select customer_id, closed_at, 'won', null, null from kept_deals where is_won = 'true' and customer_id is not null and closed_at is not null;
"""
SOLD = f"""with seen as (select *, coalesce(status in {LEFT_OUT} and coalesce(status_changed_at < $end, true), false) as out,
        coalesce(status = 'refunded' and coalesce(status_changed_at < $end, true), false) and amount > 0 as returned
    from orders where ordered_at >= $start and ordered_at < $end)
select {{group}} as grp, coalesce(sum(amount) filter (not out), 0)::double as revenue, count(*) filter (not out and amount > 0) as order_count,
    count(distinct customer_id) filter (not out and amount > 0) as buyer_count,
    coalesce(sum(case when amount < 0 then -amount else amount end) filter ((amount < 0 and not out) or returned), 0)::double as refunded_amount,
    coalesce(sum(amount) filter ((amount > 0 and not out) or returned), 0)::double as gross_sales from seen group by 1"""
UNITS = f"""select {{group}} as grp, coalesce(sum(quantity), 0)::double as units_sold, sum(quantity * unit_price)::double as worth from lines
where ordered_at >= $start and ordered_at < $end and not coalesce(status in {LEFT_OUT} and coalesce(status_changed_at < $end, true), false) group by 1"""
DEALS = """select {group} as grp, count(*) filter (created_at >= $start and created_at < $end) as lead_count,
    count(*) filter (is_won = 'true' and closed_at >= $start and closed_at < $end) as won_count,
    count(*) filter (is_won = 'false' and closed_at >= $start and closed_at < $end) as lost_count,
    coalesce(sum(amount) filter (is_won = 'true' and closed_at >= $start and closed_at < $end), 0)::double as won_amount,
    count(*) filter (created_at < $end and (closed_at is null or closed_at >= $end)) as open_count,
    coalesce(sum(amount) filter (created_at < $end and (closed_at is null or closed_at >= $end)), 0)::double as open_amount
from deals group by 1"""
WEIGHTED = (
    """select sum(amount::double * probability) from deals where created_at < $end and (closed_at is null or closed_at >= $end)"""
)
LIVES = f"""with known as (select * from acts where moment < $end and not coalesce(status in {LEFT_OUT} and coalesce(status_changed_at < $end, true), false)),
born as (select customer_id, min(moment) filter (kind in ('order', 'won')) as since from known group by 1),
lives as (select b.customer_id, since, max(moment) filter (moment < $start) as last_start, max(moment) as last_end from born b join known using (customer_id)
    where since is not null group by all)
select count(*) filter (last_end >= $end - to_days({LASTS})) as customer_count, count(*) filter (since >= $start) as new_customers, count(*) as customers_ever,
    count(*) filter (since < $start and last_start >= $start - to_days({LASTS})) as start_count,
    count(*) filter (since < $start and last_start >= $start - to_days({LASTS}) and last_end >= $end - to_days({LASTS})) as kept_count from lives"""


class Plain:
    """A company's files, asked for one period."""

    def __init__(self, folder: Path, start: date, end: date):
        self.con, self.window = duckdb.connect(config={"threads": 1}), {"start": start, "end": end}
        for name, kind in FILES.items():
            read = (
                f"read_csv('{folder}/{name}.csv', all_varchar=true)"
                if kind == "csv"
                else f"read_parquet('{folder}/{name}.parquet')"
            )
            self.con.execute(f"create view raw_{name} as select * from {read}")
        self.con.execute(CLEAN)

    def by(self, sql: str, group: str) -> pd.DataFrame:
        """One row a group."""
        made = sql.format(group=f"coalesce({group}, 'none given')")
        used = {name: day for name, day in self.window.items() if f"${name}" in made}
        return self.con.execute(made, used).df().set_index("grp")

    def whole(self, sql: str) -> dict:
        """The company in all."""
        found = self.by(sql, "'all'")
        return found.iloc[0].to_dict() if len(found) else dict.fromkeys(found.columns, 0)

    def lives(self) -> dict:
        return self.con.execute(LIVES, self.window).df().iloc[0].to_dict()

    def cost(self) -> float:
        sql = "select coalesce(sum(amount), 0)::double from costs where booked_on >= $start and booked_on < $end"
        return self.con.execute(sql, self.window).fetchall()[0][0]

    def weighted(self) -> float:
        """Open deals weighted with the chance recorded for each; a chance is not dated, so that only the newest period's can be known."""
        return self.con.execute(WEIGHTED, {"end": self.window["end"]}).fetchall()[0][0]


DAY = timedelta(days=1)
