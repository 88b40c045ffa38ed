"""Activity at its edges: who is active, how often, when; tiers; who fell quiet; cohorts; browsing and buying; teams' courses."""

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from given import folder, settings

from crmlib.crm import Crm, open_crm, rows
from crmlib.kpi import Share, compare
from crmlib.metrics import activity, customer_cohorts, customer_flows, drops, purchases, retention, team_activity, tiers, usage
from crmlib.metrics.states import tally
from crmlib.periods import Period


def crm(orders=(), touches=(), team="all", period="2026-10", customers=None, reps=None, **business) -> Crm:
    frames = {"customers": customers, "reps": reps}
    if orders:
        frames["orders"] = rows("order_id customer_id ordered_at amount", *[f"o{i} {line} 5" for i, line in enumerate(orders)])
    if touches:
        frames["interactions"] = rows(
            "interaction_id customer_id occurred_at channel", *[f"i{i} {t}" for i, t in enumerate(touches)]
        )
    return Crm.of(period=period, team=team, business=business, **{k: v for k, v in frames.items() if v is not None})


OLD = ["a 2026-05-02", "b 2026-05-02", "c 2026-05-02"]  # three customers since May


# ------------------------------------------------------------------------------------------------ active, log-ins


def test_active_is_who_did_something_that_qualifies_in_the_period():
    touches = [
        "a 2026-10-01 login",
        "b 2026-09-30T23:59:59 login",
        "b 2026-11-01 login",
        "c 2026-10-05 browse",
        "p 2026-10-05 login",
    ]
    view = crm(OLD, touches)
    assert activity.active_customers(view).value == 1  # p is a prospect, c only browsed
    assert activity.active_customers(crm([*OLD, "b 2026-10-31T23:59:59"], touches)).value == 2
    assert activity.active_customers(crm([*OLD, "b 2026-10-31"], touches, qualifying=["login"])).value == 1
    assert activity.active_customers(crm(OLD, touches, qualifying=["order", "browse"])).value == 1


ACTIVE = (activity.active_customers, usage.dau, usage.wau, usage.mau, usage.stickiness)


@pytest.mark.parametrize(
    ("orders", "touches", "qualifying", "known"),
    [
        ([], [], ["order", "login"], False),
        (OLD, [], ["order", "login"], True),
        (OLD, [], ["login"], False),  # nothing delivered says who logs in
        ([], ["a 2026-10-05 phone"], ["order"], False),
        ([], ["a 2026-10-05 phone"], ["order", "login"], True),
    ],
)
def test_without_a_table_that_activity_comes_from_nobody_is_called_inactive(orders, touches, qualifying, known):
    people = rows("customer_id created_at team", "a 2026-01-01 north", "b 2026-01-01 north", "c 2026-01-01 north")
    view = crm(orders, touches, customers=people, qualifying=qualifying)
    found = {m.__name__: m(view) for m in ACTIVE}
    reasons = {f.reason for n, f in found.items() if n != "stickiness"}
    assert reasons == ({None} if known else {"not_delivered"}) and (known or found["stickiness"].reason == "not_delivered")
    course = customer_flows.customers_by_period(view)
    history = {n: course[n].iloc[-1] for n in ("active_customers", "dau", "wau", "mau")}
    assert all(h == found[n].value if known else math.isnan(h) for n, h in history.items())
    assert activity.activity_by_team(view).active_customers.notna().all() == known


def test_without_interactions_and_orders_there_are_no_tiers():
    view = crm(customers=rows("customer_id created_at", "a 2026-09-01", "b 2026-09-01"))
    assert retention.customer_count(view) == 2
    frame, lists = tiers.activity_tiers(view), tiers.tier_lists(view)
    assert frame.empty and list(frame.columns) == tiers.COLUMNS and lists.empty and list(lists.columns) == tiers.LISTED
    assert list(tiers.activity_tiers(crm(OLD)).columns) == tiers.COLUMNS and len(tiers.activity_tiers(crm(OLD))) == 4


def test_log_ins_of_those_who_logged_in_or_were_active():
    touches = ["a 2026-10-01 login", "a 2026-10-02 login", "a 2026-10-02 browse", "b 2026-10-05 meeting", "p 2026-10-05 login"]
    found = activity.login_frequency(crm(OLD, touches))
    assert (found.value, found.base) == (1.0, 2)  # two log-ins of a; b met somebody
    found = activity.login_frequency(crm(OLD, touches, qualifying=["order"]))
    assert (found.value, found.base) == (2.0, 1)
    assert activity.login_frequency(crm(OLD)).reason == "not_delivered"
    assert activity.login_frequency(crm(OLD, ["a 2026-09-01 login"])).reason == "no_base"


def test_interactions_a_customer():
    found = usage.interaction_frequency(
        crm(OLD, ["a 2026-10-01 phone", "a 2026-10-02 browse", "p 2026-10-03 email", "- 2026-10-03 email", "b 2026-09-30 chat"])
    )
    assert (found.value, found.base) == (1.5, 2)
    assert usage.interaction_frequency(crm(OLD)).reason == "not_delivered"
    assert usage.interaction_frequency(crm(OLD, ["a 2026-09-01 phone"])).reason == "no_base"


def test_windows_of_seven_and_thirty_days():
    """Oct 25 to 31 are the week, Oct 2 to 31 the month."""
    moments = ["2026-10-25", "2026-10-24T23:59:59", "2026-10-02", "2026-10-01T23:59:59", "2026-10-31T23:59:59", "2026-11-01"]
    view = crm([f"c{i} 2026-05-02" for i in range(6)], [f"c{i} {at} login" for i, at in enumerate(moments)])
    assert (usage.wau(view).value, usage.mau(view).value) == (2, 4)  # the first and the fifth; and the second and third


def test_daily_activity_and_stickiness():
    view = crm(
        OLD, ["a 2026-10-05 login", "a 2026-10-05T20:00 login", "a 2026-10-06 login", "b 2026-10-06 login", "p 2026-10-06 login"]
    )
    assert usage.dau(view).value == 3 / 30 and usage.dau(view).base == 2
    assert usage.stickiness(view).value == pytest.approx(0.05) and usage.stickiness(view).base == 2
    assert usage.stickiness(crm(OLD)).reason == "no_base"


@pytest.mark.long
def test_a_window_longer_than_the_period_says_so():
    """June compares with May as a month; the 30 days to the end of a week overlap those to the end of the week before."""
    june = compare(
        activity.active_customers, crm(OLD, ["a 2026-06-05 login", "a 2026-05-31 login", "b 2026-05-01 login"], period="2026-06")
    )
    assert (june.value, june.previous) == (1, 3)  # all of May's 31 days: the purchases of 2 May and 1 May's log-in
    week = compare(usage.mau, crm(OLD, ["a 2026-10-05 login"], period="2026-W42"))
    assert week.change().why == "overlap" and not compare(usage.mau, crm(OLD, period="2026-10")).rolling
    assert compare(usage.mau, crm(OLD, period="2026-02")).rolling  # 30 days do not fit into February


def test_usage_of_every_period_of_a_history():
    view = crm(OLD, ["a 2026-09-30 login", "b 2026-10-31 login", "b 2026-10-30 phone"])
    frame = usage.with_usage(view, pd.DataFrame({"period": Period.parse("2026-10").trailing(2)}))
    assert frame.mau.to_list() == [1, 1] and frame.wau.to_list() == [1, 1] and frame.interaction_frequency.to_list() == [1, 2]
    assert frame.mau.iloc[-1] == usage.mau(view).value and frame.dau.iloc[-1] == usage.dau(view).value


# ------------------------------------------------------------------------------------------------ by kind, by hour


def test_kinds_own_ones_first_beside_the_period_before_and_the_year_before():
    touches = [
        "a 2026-10-01 phone",
        "a 2026-10-02 phone",
        "b 2026-10-02 browse",
        "- 2026-10-02 Fax",
        "a 2026-09-02 browse",
        "a 2025-10-31 browse",
        "a 2025-11-01 chat",
    ]
    frame = activity.interactions_by_kind(crm(OLD, touches))
    assert frame.channel.to_list() == ["browse", "phone", "Fax"]
    assert frame.interaction_count.to_list() == [1, 2, 1] and frame.customers.to_list() == [1, 1, 0]
    assert frame.previous_count.to_list() == [1, 0, 0] and frame.year_before_count.to_list() == [1, 0, 0]
    assert frame.share.to_list() == [0.25, 0.5, 0.25]
    assert activity.interactions_by_kind(crm(OLD)).empty


def test_the_week_by_hours_is_a_mean_of_its_days():
    touches = [
        "a 2026-10-01T09:00 login",
        "a 2026-10-08T11:59:59 browse",
        "a 2026-10-05T12:00 event",
        "a 2026-10-01T09:30 phone",
        "a 2026-09-30T09:00 login",
    ]
    frame = activity.hour_pattern(crm(OLD, touches))
    assert len(frame) == 56 and frame.interaction_count.sum() == 3  # calls are no activity of their own accord
    cell = frame.set_index(["weekday", "hours"])
    assert cell.interaction_count["thursday", "09–12"] == 2 and cell.interaction_count["monday", "12–15"] == 1
    assert cell.per_day["thursday", "09–12"] == 2 / 5 and cell.per_day["monday", "12–15"] == 1 / 4  # five Thursdays, four Mondays
    assert frame.weekday.head(7).to_list() == list(activity.WEEKDAYS)


def test_days_that_the_data_do_not_reach_yet_have_no_mean():
    """Of October 2026 until Friday the 2nd: Thursdays and Fridays alone."""
    touches = rows(
        "interaction_id customer_id occurred_at channel", "1 a 2026-10-01T09:30:00 login", "2 a 2026-10-02T09:30:00 login"
    )
    view = Crm.of(period="2026-10", interactions=touches, until=date(2026, 10, 2))
    frame = activity.hour_pattern(view).set_index(["weekday", "hours"]).per_day
    assert frame["thursday", "09–12"] == 1 and frame["friday", "00–03"] == 0 and frame["monday"].isna().all()


def test_an_afternoon_in_arizona_belongs_to_its_own_day(tmp_path):
    """16:00 in Arizona on 31 March is stored as 1 April in UTC: it belongs to March."""
    data = folder(
        tmp_path,
        orders="order_id,customer_id,ordered_at,amount\n1,a,2026-03-31T23:00:00Z,5\n2,b,2026-04-01T07:00:00Z,5\n",
        interactions="interaction_id,customer_id,occurred_at,channel\n1,a,2026-03-31T23:00:00Z,login\n2,a,2026-04-01T06:59:59Z,browse\n",
    )
    source = settings(tmp_path, data, "{time_zone: America/Phoenix}", ", as_of: 2026-04-30")
    march, april = (open_crm(source, period) for period in ("2026-03", "2026-04"))
    assert (retention.new_customers(march), activity.active_customers(march).value, purchases.purchase_count(march).value) == (
        1,
        1,
        1,
    )
    assert (retention.new_customers(april), activity.login_frequency(april).value) == (1, 0)
    pattern = activity.hour_pattern(march).set_index(["weekday", "hours"]).interaction_count
    assert pattern["tuesday", "15–18"] == 1 and pattern["tuesday", "21–24"] == 1  # 16:00 and 23:59:59 there


# ------------------------------------------------------------------------------------------------ purchases, browsing


def test_purchases_and_who_comes_back():
    view = crm(["a 2026-09-02", "b 2026-09-30", "a 2026-10-01", "a 2026-10-02", "c 2026-10-02", "- 2026-10-03", "d 2026-08-31"])
    assert purchases.purchase_count(view).value == 3 and purchases.purchases_per_buyer(view).value == 1.5
    assert purchases.repeat_purchase_rate(view) == Share(1, 2) and purchases.repurchase_rate(view) == Share(1, 2)
    nothing = crm(["a 2026-07-02"])
    assert purchases.repeat_purchase_rate(nothing).value is None and purchases.purchases_per_buyer(nothing).reason == "no_base"


BROWSERS = [
    ("2026-10-05T10:00", "2026-10-05T10:00", (1, 1, 0, 0)),
    ("2026-10-05T10:00", "2026-10-05T09:59", (1, 0, 0, 0)),       # bought before browsing
    ("2026-10-05", "2026-11-01", (1, 0, 0, 0)),                   # after the period
    ("2026-09-30T23:59", "2026-10-01", (0, 0, 1, 1)),             # browsed before it
    ("2026-10-31T23:59", "2026-09-30", (1, 0, 0, 0)),
]  # fmt: skip


def test_browsing_and_then_buying():
    orders = [f"c{i} {at}" for i, (_, bought, _) in enumerate(BROWSERS) for at in ("2026-09-02", bought)]
    view = crm(orders, [f"c{i} {browsed} browse" for i, (browsed, *_) in enumerate(BROWSERS)])
    frame, expected = purchases.browsing_and_buying(view), np.sum([counts for *_, counts in BROWSERS], axis=0)
    assert frame[["base", "buyer_count"]].to_numpy().ravel().tolist() == expected.tolist() == [4, 1, 1, 1]
    assert purchases.browse_to_buy(view) == Share(1, 4) and frame.share.to_list() == [0.25, 1]


def test_who_became_a_customer_by_buying_proves_nothing_about_browsing():
    view = crm(["a 2026-10-09"], ["a 2026-10-05 browse"])
    assert purchases.browse_to_buy(view) == Share(0, 0) and purchases.browsing_and_buying(view).share.isna().all()
    for lacks in (crm(touches=["a 2026-10-05 browse"]), crm(OLD)):  # no orders; no interactions
        assert compare(purchases.browse_to_buy, lacks).reason == "not_delivered"


# ------------------------------------------------------------------------------------------------ tiers


@pytest.mark.parametrize(
    ("period", "least"),
    [
        ("2026-09", (8, 3, 1)),
        ("2026-10", (8, 3, 1)),
        ("2026-02", (8, 3, 1)),
        ("2026-W42", (2, 1, 1)),
        ("2026-Q1", (24, 9, 3)),
        ("2026-Q3", (25, 10, 4)),
        ("2026", (98, 37, 13)),
    ],
)
def test_tiers_ask_for_days_in_proportion(period, least):
    assert tiers.least_days({"low": 1, "high": 8, "medium": 3}, Period.parse(period)) == dict(
        zip(("high", "medium", "low"), least, strict=True)
    )


def days(who: str, count: int, month="2026-10") -> list[str]:
    return [f"{who} {month}-{1 + i:02d} browse" for i in range(count)]


def tiered(**more) -> Crm:
    """Customers with 8, 7, 3, 2, 1 and 0 active days; e with two events on one day, h with a purchase alone."""
    old = [f"{c} 2026-06-01" for c in "abcdefgh"]
    touches = [
        *days("a", 8),
        *days("b", 7),
        *days("c", 3),
        *days("d", 2),
        "e 2026-10-01 login",
        "e 2026-10-01T20:00 browse",
        "f 2026-10-05 phone",
    ]
    return crm(
        [*old, "h 2026-10-20"], [*touches, *days("b", 8, "2026-09"), *days("d", 1, "2026-09"), *days("e", 3, "2026-09")], **more
    )


def test_tiers_at_their_edges_and_who_moved():
    frame = tiers.activity_tiers(tiered()).set_index("tier")
    assert frame.customer_count.to_dict() == {
        "high": 1,
        "medium": 2,
        "low": 3,
        "no activity": 2,
    }  # f was only called, g did nothing
    assert frame.least_days.to_list() == [8, 3, 1, 0] and frame.share.sum() == 1
    assert frame.previous_count.to_dict() == {"high": 1, "medium": 1, "low": 1, "no activity": 5}
    assert frame.year_before_count.isna().all()  # before the data began
    assert frame.up_count.to_dict() == {"high": 1, "medium": 1, "low": 1, "no activity": 0}  # a, c, h
    assert frame.down_count.to_dict() == {"high": 0, "medium": 1, "low": 1, "no activity": 0}  # b, e
    assert frame.customer_count.sum() == retention.customer_count(tiered())


def test_who_is_lost_is_in_no_tier():
    frame = tiers.activity_tiers(crm(["a 2026-01-01"], days("a", 9), inactive_after_days=30, qualifying=["order"]))
    assert frame.customer_count.sum() == 0 and frame.share.sum() == 0


def test_lists_name_the_most_active_first_and_leave_out_who_asked_not_to_be_contacted():
    customers = rows(
        "customer_id name rep_id no_contact", *[f"{c} Name-{c} r1 {'true' if c == 'a' else '-'}" for c in "abcdefgh"]
    )
    reps = rows("rep_id name team", "r1 Ann north")
    frame = tiers.tier_lists(tiered(customers=customers, reps=reps, team="north"))
    assert frame.customer.to_list() == ["Name-b", "Name-c", "Name-d", "Name-h", "Name-e", "Name-f", "Name-g"]
    assert frame.tier.to_list() == ["medium", "medium", "low", "low", "low", "no activity", "no activity"]
    assert frame.action.to_list() == ["tier_develop"] * 2 + ["tier_awaken"] * 3 + ["tier_win_back"] * 2
    assert set(frame.rep) == {"Ann"} and frame.active_days.to_list() == [7, 3, 2, 1, 1, 0, 0]
    assert frame.last_on.dt.strftime("%m-%d").to_list()[3] == "10-20"
    assert len(tiers.tier_lists(tiered(customers=customers, reps=reps, team="north"), per_tier=1)) == 3
    assert "b" in set(tiers.tier_lists(tiered(customers=customers, reps=reps)).customer)  # ids, where names must not be


# ------------------------------------------------------------------------------------------------ who fell quiet


def past(who: str, months: dict[str, int]) -> list[str]:
    return [f"{who} {m}-{1 + i % 28:02d}T{i % 24:02d}:00 login" for m, n in months.items() for i in range(n)]


PASTS = [
    ({"2026-08": 6, "2026-09": 6}, True, True),                     # two whole months, twelve activities: 12 · 31 / 61 = 6.1 expected, none seen
    ({"2026-08": 6, "2026-09": 5}, False, False),                   # eleven are too few
    ({"2026-09": 40}, False, False),                                # one month is no past
    ({"2026-08": 6, "2026-09": 6, "2026-10": 1}, True, False),      # P(X <= 1 | 6.1) = 0.016
    ({"2026-08": 20, "2026-09": 20, "2026-10": 10}, True, True),    # 20.3 expected, at most half of it, P = 0.0095
    ({"2026-08": 20, "2026-09": 20, "2026-10": 11}, True, False),   # more than half
    ({"2026-03": 99, "2026-05": 3, "2026-06": 3, "2026-07": 3, "2026-08": 3}, True, False),  # March is too old: 2.0 expected
]  # fmt: skip


def test_fallen_quiet_against_the_own_past():
    """Each customer's purchase on the first day stands for one of that month's activities."""
    orders = [f"c{i} {min(months)}-01" for i, (months, *_) in enumerate(PASTS)]
    lines = [
        line
        for i, (months, *_) in enumerate(PASTS)
        for line in past(f"c{i}", months)
        if not line.startswith(f"c{i} {min(months)}-01T00")
    ]
    view = crm(orders, lines)
    assert set(drops.fallen(view).customer_id) == {f"c{i}" for i, (_, _, fell) in enumerate(PASTS) if fell}
    assert drops.activity_drops(view).base == sum(judged for _, judged, _ in PASTS)


def test_a_past_counts_from_when_the_customer_was_first_seen():
    """First seen on 2 August: August is no whole month of theirs; from the 1st on it is."""
    lines = past("a", {"2026-09": 20})
    assert drops.activity_drops(crm(["a 2026-08-02"], lines)).base == 0
    assert drops.activity_drops(crm(["a 2026-08-01T23:59:59"], lines)).base == 1


def test_only_customers_at_the_start_are_judged():
    lines = past("a", {"2026-07": 20, "2026-08": 20})
    assert drops.activity_drops(crm(["a 2026-10-01"], lines)).base == 0
    assert drops.activity_drops(crm(["a 2026-09-30"], lines)).base == 1


def test_the_early_warning_names_who_may_be_contacted():
    lines = [
        *past("a", {"2026-08": 20, "2026-09": 20}),
        *past("b", {"2026-08": 30, "2026-09": 30}),
        *past("c", {"2026-08": 20, "2026-09": 20}),
    ]
    customers = rows("customer_id name rep_id no_contact", "a Ada r1 false", "b Bea r1 -", "c Cid r1 true")
    view = crm(
        ["a 2026-06-01", "b 2026-06-01", "c 2026-06-01"],
        lines,
        customers=customers,
        reps=rows("rep_id name team", "r1 Ann north"),
        team="north",
    )
    frame = drops.early_warning(view)
    assert (
        frame.customer.to_list() == ["Bea", "Ada"]
        and frame.rep.to_list() == ["Ann", "Ann"]
        and frame.activity_count.to_list() == [0, 0]
    )
    assert frame.usual_count.iloc[0] == pytest.approx(
        61 * 31 / 122
    )  # the purchase and sixty log-ins in the 122 days of June to September
    assert drops.activity_drops(view) == Share(3, 3) and drops.drops_by_team(view) == {"north": 3}


# ------------------------------------------------------------------------------------------------ cohorts


def test_cohorts_by_first_purchase():
    view = crm(
        [
            "a 2026-08-05",
            "a 2026-08-20",
            "b 2026-08-31T23:59",
            "a 2026-10-01",
            "b 2026-09-01",
            "b 2026-10-31",
            "c 2026-10-31T10:00",
            "z 2025-01-01",
            "z 2026-08-01",
        ]
    )
    frame = customer_cohorts.cohort_retention(view)
    found = {(p.label, a): (b, n) for p, a, b, n, _ in frame.itertuples(index=False)}
    assert found == {
        ("2026-08", 0): (2, 2),
        ("2026-08", 1): (2, 1),
        ("2026-08", 2): (2, 2),
        ("2026-10", 0): (1, 1),
    }  # z came long before
    assert frame.share.to_list() == [1, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("period", "last_row", "newest"),
    [
        ("2026-10", "2026-10-31", "2026-10"),
        ("2026-10", "2026-10-30", "2026-09"),
        ("2026-W44", "2026-11-20", "2026-10"),
        ("2026-W42", "2026-11-20", "2026-09"),
        ("2026-Q3", "2026-11-20", "2026-Q3"),
        ("2025", "2026-11-20", "2025"),
    ],
)
def test_only_whole_periods_that_the_data_cover_make_a_cohort(period, last_row, newest):
    assert customer_cohorts.cohort_periods(crm(["a 2020-01-01", f"a {last_row}"], period=period))[-1].label == newest


# ------------------------------------------------------------------------------------------------ teams' courses


def counts(team: list[int], others: list[int], evening: float = 0.5) -> pd.DataFrame:
    """Thirteen periods of two teams, so much of the first one's last period in the evening, half of all else."""
    lines = []
    for name, series in (("t", team), ("o", others)):
        for i, n in enumerate(series):
            late = evening if name == "t" and i == 12 else 0.5
            lines += [(name, i, 2, round(n * (1 - late))), (name, i, 3, round(n * late))]
    return pd.DataFrame(lines, columns=["team", "period", "band", "n"])


STEADY = [1000, 1020] * 6
TWICE = [2000, 2040] * 6


@pytest.mark.parametrize(
    ("now", "others", "dropped"),
    [
        (1010, 2020, False),
        (700, 2020, True),
        (700, 1400, False),       # all teams alike: nobody's fault
        (910, 2020, False),       # clear, perhaps, but less than a tenth
        (880, 2020, True),
        (1500, 2020, False),
        (1010, 3000, True),       # the others grew by half, this one did not
    ],
)  # fmt: skip
def test_a_team_falls_against_its_past_and_the_others(now, others, dropped):
    found = team_activity.course(counts([*STEADY, now], [*TWICE, others]), "t", 0, 30)
    whole = found.whole
    assert found.dropped == dropped and whole.low < whole.change < whole.high
    assert whole.change == pytest.approx((now / 1010) / (others / 2020) - 1) and whole.others == pytest.approx(others / 2020 - 1)


def test_the_interval_is_student_s_with_the_median_move():
    """ln(team / others) does not move at all in the past: chance alone, √(1/1010 + 1/2020), √(1 + 1/12), t(11) at 99.5 % = 3.1058."""
    whole = team_activity.course(counts([*STEADY, 700], [*TWICE, 2020]), "t", 0, 30).whole
    reach = 3.1058 * math.sqrt(1 / 1010 + 1 / 2020) * math.sqrt(13 / 12)
    expected = (math.log(700 / 1010) + reach, math.log(700 / 1010) - reach)
    assert (math.log1p(whole.high), math.log1p(whole.low)) == pytest.approx(expected, abs=1e-4)


def test_a_restless_team_needs_a_larger_fall():
    restless = [1000, 700] * 6
    assert not team_activity.course(counts([*restless, 550], [*TWICE, 2020]), "t", 0, 30).dropped
    assert team_activity.course(counts([*STEADY, 650], [*TWICE, 2020]), "t", 0, 30).dropped


def test_the_hours_with_the_largest_loss_are_named():
    found = team_activity.course(counts([*STEADY, 700], [*TWICE, 2020], evening=200 / 700), "t", 0, 30)
    assert found.hours == "18:00–24:00" and found.bands[found.hours].change == pytest.approx(200 / 505 - 1)
    flat = counts([*STEADY, 700], [*TWICE, 2020]).assign(band=0).groupby(["team", "period", "band"], as_index=False).n.sum()
    assert team_activity.course(flat, "t", 0, 30).hours is None  # days without times


@pytest.mark.parametrize(("evening", "dropped"), [(405, False), (390, True), (505, False)])
def test_a_loss_in_a_part_of_the_day_alone_is_one_from_a_fifth_on(evening, dropped):
    """The rest of the day makes up for it: in all nothing is missing. 505 were to be expected in the evening."""
    found = team_activity.course(counts([*STEADY, 1010], [*TWICE, 2020], evening=evening / 1010), "t", 0, 30)
    assert found.dropped is dropped and not found.whole.lost(0.1)
    assert found.bands["18:00–24:00"].change == pytest.approx(evening / 505 - 1)


def test_a_quiet_night_is_named_only_where_nothing_fell_clearly():
    """Forty at night halve by chance; the evening falls by 0.3, which is clear: the evening is named."""
    lines = [
        (name, i, band, n * (1 if name == "t" else 2)) for name in "to" for i in range(13) for band, n in ((0, 40), (3, 900))
    ]
    frame = pd.DataFrame(lines, columns=["team", "period", "band", "n"])
    now = (frame.team == "t") & (frame.period == 12)
    frame.loc[now & (frame.band == 0), "n"], frame.loc[now & (frame.band == 3), "n"] = 20, 630
    found = team_activity.course(frame, "t", 0, 30)
    assert found.bands["00:00–06:00"].change < found.bands["18:00–24:00"].change and found.hours == "18:00–24:00"


@pytest.mark.parametrize(
    ("team", "others", "first", "judged"),
    [
        ([0] * 6 + STEADY[:6] + [500], [*TWICE, 2020], 0, True),        # there for six periods
        ([0] * 7 + STEADY[:5] + [500], [*TWICE, 2020], 0, False),
        ([*STEADY, 500], [*TWICE, 2020], 6, True),                      # so many periods that the data cover whole
        ([*STEADY, 500], [*TWICE, 2020], 7, False),
        ([30] * 12 + [3], [*TWICE, 2000], 0, False),                    # 29.7 to be expected
        ([31] * 12 + [3], [*TWICE, 2020], 0, True),
        ([*STEADY, 0], [*TWICE, 2020], 0, True),                        # nothing at all any more
        ([*STEADY[:5], 0, *STEADY[6:], 500], [*TWICE, 2020], 0, False), # a hole in the past: nobody knows
        ([*STEADY, 500], [0] * 12 + [10], 0, False),                    # no other teams
    ],
)  # fmt: skip
def test_what_can_be_judged(team, others, first, judged):
    found = team_activity.course(counts(team, others), "t", first, 30)
    assert (found is not None) == judged


def test_counts_are_own_activities_of_the_customers_that_a_team_has_now():
    """b's person moved from the south to the north in June: what b did before counts for the north, too."""
    touches = [
        "a 2026-10-05T19:00 login",
        "a 2026-10-05T19:00 phone",
        "b 2026-03-06 browse",
        "c 2025-10-31 event",
        "c 2025-09-30 event",
    ]
    customers = rows("customer_id rep_id team", "a - north", "b r1 -", "c - -")
    reps = rows("rep_id name team active_from active_to", "r1 Ann south 2025-01-01 2026-05-31", "r1 Ann north 2026-06-01 -")
    frame = team_activity.activity_counts(crm(["a 2025-01-01"], touches, customers=customers, reps=reps))
    assert frame.sort_values(["team", "period", "band"]).values.tolist() == [
        ["north", 5, 0, 1],
        ["north", 12, 3, 1],
        ["unassigned", 0, 0, 1],
    ]


HOURS = [*range(24), *[18, 19, 20, 21, 22, 23] * 3]  # half of all in the evening


def planted(kept: float, seed=1, since="2026-09-01") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three teams with some hundreds of activities a month; one loses most of its evenings from a day on."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(14_000):
        at = pd.Timestamp("2025-08-01") + timedelta(days=int(rng.integers(457)), hours=int(rng.choice(HOURS)))
        who = int(rng.integers(60))
        if who < 20 and at >= pd.Timestamp(since) and at.hour >= 18 and rng.random() > kept:
            continue
        lines.append((f"i{i}", f"c{who}", at, str(rng.choice(["login", "browse", "phone"]))))
    customers = pd.DataFrame(
        [(f"c{i}", ("north", "south", "west")[i // 20], "2025-01-01") for i in range(60)],
        columns=["customer_id", "team", "created_at"],
    )
    return pd.DataFrame(lines, columns=["interaction_id", "customer_id", "occurred_at", "channel"]), customers


@pytest.mark.parametrize(
    ("period", "kept", "teams"),
    [("2026-10", 0.1, ["north"]), pytest.param("2026-08", 0.1, [], marks=pytest.mark.long), ("2026-10", 1.0, [])],
)
def test_a_planted_fall_is_found_on_its_team_and_at_its_hours(period, kept, teams):
    touches, customers = planted(kept)
    view = Crm.of(period=period, interactions=touches, customers=customers)
    found = [c for c in team_activity.courses(view) if c.dropped]
    assert [(c.team, c.hours) for c in found] == [(t, "18:00–24:00") for t in teams]
    if teams:
        own = team_activity.courses(Crm(view.delivery, view.period, "north"))
        assert own == found  # the team's own page says the same
        bands = team_activity.hour_bands(view).set_index(["team", "hours"]).relative_share
        assert bands.idxmin() == ("north", "18:00–24:00") and bands.min() < -0.6


# ------------------------------------------------------------------------------------------------ nothing there


def test_of_nothing_nothing_is_said():
    """A source with other tables alone: every figure is an answer, none an error."""
    view = Crm.of(period="2026-10", feedback=rows("feedback_id given_at", "1 2026-10-01"))
    assert activity.active_customers(view).reason == "not_delivered" and tally(view)["ever"] == 0
    assert activity.hour_pattern(view).interaction_count.sum() == 0 and customer_cohorts.cohort_retention(view).empty
    assert (
        tiers.activity_tiers(view).customer_count.sum() == 0 and tiers.tier_lists(view).empty and drops.early_warning(view).empty
    )
    assert (
        team_activity.team_activity(view).empty and team_activity.hour_bands(view).empty and activity.activity_by_team(view).empty
    )
    assert drops.activity_drops(view) == Share(0, 0)
    assert date(2026, 10, 1) == view.period.start
