"""A made-up company of any size, as the CSV files of a source: what the benchmarks are run on.

Every value follows from its row and column alone, so that every run makes the same files. Orders are uniform over
2019-01 to 2026-10, with about one faulty row in two hundred; all other tables grow in proportion to them.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

PERIOD = "2026-10"
REPS = 200
AT_THE_DOOR = ("reps", "customers", "orders")  # what benchmarks/door.py takes in
TEAMS = ("north", "south", "east", "west", "华东")
STAGES = ("lead", "contacted", "needs", "proposal", "negotiation", "won")
_SAID = ("The delivery came late", "发货太慢了", "The price is too high", "价格偏高", "客服很耐心", "Support answered at once", "The box was damaged",
         "包装破损", "The app crashes", "质量很好", "Works as described", "退款流程复杂", "The invoice was wrong", "安装说明看不懂")  # fmt: skip
_MORE = ("", " and nobody called back", "，希望改进", " again", "，第二次了", ", thank you", "，谢谢", " this month")

# `h(n)`: a number from 0 to n - 1 that follows from the row and the column alone
_MACROS = {
    "h(n, salt, i)": "(hash(i * 100 + salt) % n)::bigint",
    "deal_begun(i)": "timestamp '2022-01-01' + interval (h(152000000, 40, i)) second",
    "deal_reached(i)": "len(list_filter([20, 40, 58, 72, 80], x -> x <= h(100, 42, i)))",
    "deal_entered(i, step)": "deal_begun(i) + interval (step * (2 + h(20, 43, i))) day",
    "deal_over(i)": "deal_reached(i) = 5 or h(10, 44, i) < 8",
    "deal_ended(i)": "deal_entered(i, deal_reached(i)) + interval (if(deal_reached(i) = 5, 0, h(40, 45, i))) day",
}
_END = "timestamp '2026-11-01'"

DELIVERY = {
    "reps": """select 'R' || i as rep_id, 'Person ' || i as name, {teams}[i % len({teams}) + 1] as team,
        '2019-01-01' as active_from, if(i % 10 = 0, '2025-06-30', null) as active_to from range({reps}) r(i)""",
    "customers": """select 'C' || i as customer_id, strftime(timestamp '2019-01-01' + interval (h(220000000, 1, i)) second, '%Y-%m-%d %H:%M:%S') as created_at,
        ['李伟', 'Sarah Adams', 'O''Neill, Pat', 'None', '王"小"明'][h(5, 2, i) + 1] as name, 'Company ' || h(9000, 3, i) || ', Ltd' as company,
        '1' || (3000000000 + h(999999999, 4, i)) as phone, ['retail', 'energy', '制造', null][h(4, 5, i) + 1] as industry,
        'R' || h({reps}, 6, i) as rep_id, null as team, if(h(3, 7, i) = 0, 'yes', 'false') as no_contact from range({customers}) r(i)""",
    "orders": """select if(h(1000, 10, i) = 0, 'O' || (i // 2), 'O' || i) as order_id,
        case when h(500, 11, i) = 0 then 'nobody' when h(20, 12, i) = 0 then null else 'C' || h({customers}, 13, i) end as customer_id,
        case when h(2000, 14, i) = 0 then '2026-02-30' when h(2000, 15, i) = 0 then null
             else strftime(timestamp '2019-01-01' + interval (h(247000000, 16, i)) second, '%Y-%m-%d %H:%M:%S') end as ordered_at,
        if(h(1000, 17, i) = 0, '12,50 EUR', ((h(2000000, 18, i) - 50000) / 100)::varchar) as amount, 'CNY' as currency,
        if(h(4, 19, i) = 0, null, 'R' || h({reps}, 20, i)) as rep_id, if(h(3, 21, i) = 0, null, (h(900000, 22, i) / 100)::varchar) as cost,
        if(h(50, 27, i) = 0, ' web ', ['shop', 'web', 'phone', '门店'][h(4, 23, i) + 1]) as sales_channel, ['card', 'cash', 'invoice, 30 days', null][h(4, 24, i) + 1] as payment_method,
        ['hubei', '广东', 'Île-de-France', 'south "A"'][h(4, 25, i) + 1] as region, ['paid', 'shipped', 'refunded', 'cancelled', null][h(5, 26, i) + 1] as status,
        if(status is null, null, strftime(timestamp '2019-01-02' + interval (h(247000000, 16, i)) second, '%Y-%m-%d %H:%M:%S')
            || if(h(10, 28, i) = 0, '+00:00', '')) as status_changed_at
        from range({orders}) r(i)""",
    "interactions": """select 'I' || i as interaction_id, 'C' || h({customers}, 30, i) as customer_id,
        strftime(timestamp '2019-01-01' + interval (h(247000000, 31, i)) second, '%Y-%m-%d %H:%M:%S') as occurred_at,
        ['login', 'login', 'browse', 'browse', 'email', 'phone', 'meeting', 'chat'][h(8, 32, i) + 1] as channel,
        if(h(2, 33, i) = 0, null, 'R' || h({reps}, 34, i)) as rep_id, ['in', 'out'][h(2, 35, i) + 1] as direction, h(3600, 36, i) as duration_s
        from range({orders}) r(i)""",
    "opportunities": """select 'D' || i as opportunity_id, deal_begun(i) as created_at, 'C' || h({customers}, 46, i) as customer_id,
        'R' || h({reps}, 47, i) as rep_id, ['website', 'referral', 'fair', 'phone', null][h(5, 48, i) + 1] as lead_source,
        ['basic', 'plus', 'pro', null][h(4, 49, i) + 1] as product, 500 + h(40000, 50, i) as amount, 'CNY' as currency,
        if(deal_over(i) and deal_ended(i) < {end}, deal_ended(i), null) as closed_at,
        if(closed_at is null, null, deal_reached(i) = 5) as is_won,
        if(closed_at is null or is_won, null, ['price', 'timing', 'competitor', null][h(4, 51, i) + 1]) as lost_reason
        from range({orders} // 10) r(i)""",
    "stage_changes": """select 'D' || i as opportunity_id, {stages}[step + 1] as stage, deal_entered(i, step) as entered_at
        from range({orders} // 10) r(i), range(6) s(step) where step <= deal_reached(i) and entered_at < {end} order by i, step""",
    "feedback": """select 'F' || i as feedback_id, timestamp '2023-01-01' + interval (h(120900000, 60, i)) second as given_at,
        'C' || h({customers}, 61, i) as customer_id, ['survey', 'phone', 'web', null][h(4, 62, i) + 1] as source,
        ['delivery', 'price', 'service', 'product', null][h(5, 63, i) + 1] as category, ['basic', 'plus', 'pro', null][h(4, 64, i) + 1] as product,
        if(h(5, 65, i) = 0, null, greatest(1, 5 - h(3, 66, i) * h(3, 67, i))) as score, if(h(3, 68, i) = 0, null, h(11, 69, i)) as nps,
        if(h(2, 70, i) = 0, null, {said}[h(len({said}), 71, i) + 1] || {more}[h(len({more}), 72, i) + 1]) as comment,
        if(h(3, 73, i) = 0, null, 'R' || h({reps}, 74, i)) as rep_id from range({orders} // 10) r(i)""",
    "improvements": """select 'M' || i as improvement_id, ['delivery', 'price', 'service', 'product'][i % 4 + 1] as category,
        date '2024-01-15' + (i * 20)::int as opened_on, opened_on + 60 as due_on, if(i % 3 = 0, null, opened_on + 40 + (i % 5)::int * 10) as done_on,
        {teams}[i % len({teams}) + 1] as team from range(48) r(i)""",
    "targets": """select strftime(date '2024-01-01' + to_months(m::int), '%Y-%m') as period, metric, value
        from range(36) r(m), (values ('win_rate', 0.2), ('csat_mean', 4.2), ('active_customers', {customers} / 4), ('retention_rate', 0.9)) t(metric, value)""",
}  # fmt: skip


def team_names(count: int) -> list[str]:
    """So many teams' names, the door's five first."""
    return [*TEAMS[:count], *(f"team {n}" for n in range(len(TEAMS) + 1, count + 1))]


def deliver(
    folder: Path, orders: int, teams: int = len(TEAMS), tables: Iterable[str] = DELIVERY, customers: int | None = None
) -> None:
    """A source's CSV files, with about one faulty order in two hundred; customers: a fiftieth of the orders, unless said."""
    folder.mkdir()
    words = {"teams": team_names(teams), "stages": list(STAGES), "said": list(_SAID), "more": list(_MORE), "end": _END}
    with duckdb.connect() as con:
        for name, means in _MACROS.items():
            con.execute(f"create macro {name} as ({means})")
        for name in tables:
            made = DELIVERY[name].format(orders=orders, customers=customers or orders // 50, reps=REPS, **words)
            con.execute(f"copy ({made}) to '{folder / name}.csv' (format csv, header)")
