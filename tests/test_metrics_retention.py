"""Who is a customer, who is lost, who came back: at the edges of each definition, and against plain Python on small companies by chance."""

import math
import re
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import Crm, rows
from crmlib.kpi import Share
from crmlib.measures import within
from crmlib.metrics import activity, customer_flows, purchases, retention
from crmlib.metrics.lives import OWN, lives
from crmlib.metrics.states import states as conditions
from crmlib.metrics.states import tally
from crmlib.periods import Period

RULES = {"inactive_after_days": 30, "qualifying": ["order", "login"]}  # as of 1 November: lost is who did nothing since 2 October


def crm(orders=(), touches=(), deals=(), customers=(), team="all", period="2026-10", **business) -> Crm:
    frames = {}
    if orders:
        lines = [f"{i} {line}" + " -" * (4 - len(line.split())) for i, line in enumerate(orders)]
        frames["orders"] = rows("order_id customer_id ordered_at amount status", *lines)
    if touches:
        frames["interactions"] = rows(
            "interaction_id customer_id occurred_at channel", *[f"{i} {t}" for i, t in enumerate(touches)]
        )
    if deals:
        frames["opportunities"] = rows(
            "opportunity_id customer_id created_at closed_at is_won", *[f"{i} {d}" for i, d in enumerate(deals)]
        )
    if customers:
        lines = [line + " -" * (4 - len(line.split())) for line in customers]
        frames["customers"] = rows("customer_id created_at team churned_at", *lines)
    return Crm.of(period=period, team=team, business=RULES | business, **frames)


def every_state(view: Crm) -> dict[str, str]:
    """Which states each customer is in."""
    table = lives(view)
    new = within(table.since, view.period.start, view.period.end)
    names = ["start", "new", "won_back", "lost", "end"]
    groups = conditions(table, "start", "end", new, table.stirred)
    frame = table.select("customer_id", **{n: groups[n] for n in names}).execute()
    return {r.customer_id: " ".join(n for n in names if getattr(r, n)) for r in frame.itertuples()}


def states(view: Crm) -> str:
    return every_state(view).get("a", "")


def judged(cases, **kind) -> tuple[list[str], list[str]]:
    """What many customers' states are, each with lines of its own, in one company; and what they should be."""
    names = list(kind)
    lines = {n: [] for n in names}
    for i, (*given, _) in enumerate(cases):
        for name, mine in zip(names, given, strict=False):
            lines[name] += [re.sub(r"^a ", f"c{i} ", line) for line in ([mine] if isinstance(mine, str) else mine)]
    found = every_state(crm(**{n: [*kind[n], *lines[n]] for n in names}))
    return [found.get(f"c{i}", "") for i in range(len(cases))], [c[-1] for c in cases]


BUYERS = [
    (["a 2026-10-31T23:59:59 5"], "new end"),
    (["a 2026-11-01 5"], ""),                                       # the next period's
    (["a 2026-10-01 5"], "new lost"),                               # its first day; 31 days to the end are one too many
    (["a 2026-10-02 5"], "new end"),                                # exactly 30 days before the end
    (["a 2026-09-30T23:59:59 5"], "start lost"),                    # a customer from the day before on
    (["a 2026-09-01 5"], "start lost"),                             # exactly 30 days before the start
    (["a 2026-08-31T23:59:59 5"], ""),                              # lost before the period began, and still
    (["a 2026-08-31 5", "a 2026-10-01 5"], "won_back lost"),        # came back, and is lost again at the end
    (["a 2026-08-31 5", "a 2026-10-02 5"], "won_back end"),
    (["a 2026-09-15 5", "a 2026-10-02 5"], "start end"),
    (["a 2026-10-05 0"], ""),                                       # nothing was paid
    (["a 2026-10-05 -5"], ""),                                      # a refund is no purchase
    (["a 2026-10-05 5 refunded"], ""),
    (["a 2026-10-05 5 cancelled"], ""),
    (["a 2026-10-05 5 unavailable"], ""),
    (["a 2026-10-05 5 completed"], "new end"),
    (["a 2026-10-05 5 refunded", "a 2026-10-09 5"], "new end"),
    (["- 2026-10-05 5"], ""),                                       # a passer-by is nobody's customer
]  # fmt: skip


def test_in_new_lost_and_back_by_purchases():
    found, expected = judged(BUYERS, orders=["- 2026-01-01 1"])
    assert found == expected


TOUCHED = [
    (["a 2026-10-02 login"], "start end"),
    (["a 2026-10-01T23:59:59 login"], "start lost"),
    (["a 2026-10-02 browse"], "start lost"),                        # not among the qualifying words
    (["a 2026-11-01 login"], "start lost"),                         # later than the period knows
    (["a 2026-10-20 Login"], "start lost"),                         # words are what they are
]  # fmt: skip


def test_other_qualifying_activity_keeps_a_customer():
    found, expected = judged(TOUCHED, touches=[], orders=[f"c{i} 2026-09-10 5" for i in range(len(TOUCHED))])
    assert found == expected


def test_activity_without_a_purchase_makes_no_customer():
    assert states(crm(["- 2026-01-01 1"], ["a 2026-10-05 login"], customers=["a 2026-01-01"])) == ""


WINNERS = [
    (["a 2026-09-01 2026-10-05 true"], [], "new end"),
    (["a 2026-09-01 2026-09-15 true"], [], "start lost"),           # won within 30 days before the start, not before the end
    (["a 2026-09-01 2026-10-05 false"], [], ""),
    (["a 2026-09-01 - -"], [], ""),
    (["a 2026-09-01 2026-11-01 true"], [], ""),                     # won later
    (["a 2026-09-01 2026-09-20 true"], ["a 2026-10-10 5"], "start end"),   # whichever is earlier
    (["a 2026-09-01 2026-10-20 true"], ["a 2026-10-10 5"], "new end"),
    (["a 2026-09-01 2026-10-20 true"], ["a 2026-09-10 5"], "start end"),   # a deal won keeps a customer as a purchase does
]  # fmt: skip


def test_in_by_the_first_purchase_or_the_first_won_deal():
    found, expected = judged(WINNERS, deals=[], orders=["- 2026-01-01 1"])
    assert found == expected


CONTRACTS = [
    ("a 2026-01-01 north 2026-10-31", "start lost"),                # the contract ended on the last day of the period
    ("a 2026-01-01 north 2026-11-01", "start end"),                 # a day later it is not known yet
    ("a 2026-01-01 north 2026-09-30", ""),                          # before the period: lost already
    ("a 2026-01-01 north 2026-10-01", "start lost"),                # on its first day: at the start still in
    ("a 2026-01-01 north -", "start end"),                          # nobody is lost by silence where contracts are kept
    ("a 2026-10-05 north -", "new end"),
    ("a 2026-10-05 north 2026-10-20", "new lost"),
    ("a - north -", "start end"),                                   # without a date: always
]  # fmt: skip


def test_contracts_say_who_is_lost():
    found, expected = judged(CONTRACTS, customers=["z 2020-01-01 north 2021-01-01"], orders=["- 2026-01-01 1"])
    assert found == expected


def test_a_contract_that_ends_later_makes_no_contract_known_yet():
    view = crm(["a 2026-10-05 5"], customers=["a 2026-01-01 north 2026-11-01"])
    assert states(view) == "new end"  # by the purchase, not by the day of entry


def test_a_lost_contract_is_not_won_back_by_an_order():
    view = crm(["a 2026-10-05 5"], customers=["a 2026-01-01 north 2026-09-01"])
    assert states(view) == "" and tally(view)["active"] == 1


def test_without_orders_and_deals_customers_are_in_from_their_entry_on():
    view = crm(touches=["a 2026-10-05 login", "b 2026-03-01 login"], customers=["a 2026-10-02", "b 2026-02-01", "c -"])
    counts = tally(view)
    assert (counts["new"], counts["end"], counts["start"], counts["ever"]) == (1, 1, 0, 3)
    assert retention.retention_rate(view) == Share(0, 0) and retention.customers_ever(view) == 3


def test_without_a_customers_table_those_named_elsewhere_are_the_customers():
    view = crm(["a 2026-10-05 5", "b 2026-09-10 5"], ["c 2026-10-05 login"], ["d 2026-01-01 2026-10-09 true"])
    counts = tally(view)
    assert (counts["start"], counts["new"], counts["end"], counts["lost"]) == (1, 2, 2, 1)


def test_a_refund_after_the_period_changes_nothing_before():
    orders = pd.DataFrame(
        [
            {
                "order_id": "1",
                "customer_id": "a",
                "ordered_at": "2026-10-05",
                "amount": 5,
                "status": "refunded",
                "status_changed_at": "2026-11-02",
            }
        ]
    )
    assert states(Crm.of(period="2026-10", business=RULES, orders=orders)) == "new end"
    assert tally(Crm.of(period="2026-11", business=RULES, orders=orders))["ever"] == 0


def test_rates_and_their_bases():
    view = crm(["a 2026-09-10 5", "b 2026-09-10 5", "b 2026-10-10 5", "c 2026-10-10 5", "d 2026-08-01 5", "d 2026-10-30 5"])
    assert retention.retention_rate(view) == Share(1, 2) and retention.churn_rate(view) == Share(1, 2)
    assert (retention.customer_count(view), retention.customers_ever(view)) == (3, 4)
    assert (retention.new_customers(view), retention.lost_customers(view), retention.won_back_customers(view)) == (1, 1, 1)
    share = retention.new_customer_share(view)
    assert (share.value, share.base) == (0.5, 2)
    assert retention.customer_growth_yoy(view).reason == "no_data"  # a year before the data had not begun


def test_more_new_customers_than_old_ones_are_a_rate_above_one():
    view = crm(["a 2026-09-10 5", *[f"n{i} 2026-10-10 5" for i in range(3)]])
    assert retention.new_customer_share(view).value == 3


@pytest.mark.parametrize(
    ("before", "growth"), [(["b 2025-10-20 5"], 1.0), (["b 2025-10-01 5"], None), (["b 2025-10-02 5", "c 2025-10-09 5"], 0.0)]
)
def test_growth_on_the_year(before, growth):
    view = crm(["- 2025-01-01 1", *before, "x 2026-10-10 5", "y 2026-10-11 5"])
    found = retention.customer_growth_yoy(view)
    assert found.value == growth and found.reason == (None if growth is not None else "no_base")


def test_of_nobody_nothing_is_said():
    view = crm(["- 2026-01-01 1"])
    assert retention.retention_rate(view).value is None and retention.new_customer_share(view).reason == "no_base"
    assert retention.customer_count(view) == 0


# ------------------------------------------------------------------------------------------------ period by period


def test_customers_by_period_continue_each_other():
    lines = ["a 2026-06-10 5", "b 2026-07-20 5", "a 2026-07-01 5", "c 2026-09-02 5", "c 2026-10-02 5", "b 2026-10-11 5"]
    frame = customer_flows.customers_by_period(crm(lines, ["c 2026-09-30 login"]))
    assert [p.label for p in frame.period] == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert frame.new_customers.to_list() == [1, 1, 0, 1, 0]
    assert frame.lost_customers.to_list() == [0, 1, 1, 0, 0]  # a after 1 July, b after 20 July
    assert frame.won_back_customers.to_list() == [0, 0, 0, 0, 1]
    assert frame.customer_count.to_list() == [1, 1, 0, 1, 2]
    assert frame.start_count.to_list() == [0, 1, 1, 0, 1]
    assert frame.purchase_count.to_list() == [1, 2, 0, 1, 2]
    assert frame.active_customers.to_list() == [1, 2, 0, 1, 2]
    assert frame.login_frequency.to_list()[3] == 1 and math.isnan(frame.login_frequency[2])
    assert frame.retention_rate.dropna().to_list() == [0, 0, 1] and (frame.retention_rate + frame.churn_rate).dropna().eq(1).all()


def test_the_last_period_of_the_course_is_the_period_itself():
    view = crm(["a 2026-09-10 5", "b 2026-10-10 5", "d 2026-07-01 5"], ["a 2026-10-05 login"], period="2026-Q4")
    last = customer_flows.customers_by_period(view).iloc[-1]
    for metric in (retention.customer_count, retention.new_customers, retention.lost_customers):
        assert last[metric.__name__] == metric(view), metric.__name__
    assert last.active_customers == activity.active_customers(view).value


@pytest.mark.parametrize("team", [pytest.param("all", marks=pytest.mark.long), "south"])
def test_one_page_has_one_rule_of_who_is_lost(team):
    """The first contract ever ends in October (north's): beside October September is judged by contracts, too; on its own page it is not."""
    given = {
        "orders": ["b 2026-05-05 5"],
        "customers": ["a 2026-01-01 north 2026-10-05", "b 2026-01-01 south", "c 2026-01-01 south"],
    }
    names = ("customer_count", "lost_customers", "customers_ever")
    counted = lambda view: [getattr(retention, n)(view) for n in names]  # noqa: E731
    view, people = crm(**given, team=team), 3 if team == "all" else 2
    course = customer_flows.customers_by_period(view)
    assert counted(view.previous) == course[[*names]].iloc[-2].to_list() == [people, 0, people]
    assert counted(view.previous.previous) == course[[*names]].iloc[-3].to_list()
    assert counted(view.year_before) == [0, 0, 0] and counted(view) == course[[*names]].iloc[-1].to_list()
    assert counted(crm(**given, team=team, period="2026-09")) == [
        0,
        0,
        1,
    ]  # as was known in September: b has not bought since May


def test_what_is_not_delivered_has_no_course():
    frame = customer_flows.customers_by_period(crm(touches=["a 2026-10-05 login"]))
    assert frame.purchase_count.isna().all() and purchases.purchase_count(crm(touches=["a 2026-10-05 login"])).value is None
    assert customer_flows.customers_by_period(crm(["a 2026-10-05 5"])).login_frequency.isna().all()


# ------------------------------------------------------------------------------------------------ teams

TEAMS = ["a 2026-01-01 north", "b 2026-01-01 south", "c 2026-01-01 -"]


def test_a_customer_is_judged_by_the_whole_company_s_rows():
    orders = pd.DataFrame(
        [("1", "a", "2026-10-05", 5, "r2"), ("2", "b", "2026-09-10", 5, "r2"), ("3", "c", "2026-10-06", 5, "r1")],
        columns=["order_id", "customer_id", "ordered_at", "amount", "rep_id"],
    )
    reps = rows("rep_id name team", "r1 Ann north", "r2 Bob south")
    views = {
        t: Crm.of("2026-10", t, RULES, orders=orders, reps=reps, customers=rows("customer_id created_at team", *TEAMS))
        for t in ("north", "south", "all")
    }
    assert states(views["north"]) == "new end"  # sold by a person of the south
    assert every_state(views["south"]) == {"b": "start lost"}
    assert (tally(views["all"])["new"], tally(views["all"])["end"]) == (2, 2)
    table = activity.activity_by_team(views["all"])
    assert table.team.to_list() == ["north", "south", "unassigned"] and table.customer_count.to_list() == [1, 0, 1]
    assert table.purchase_count.to_list() == [1, 0, 1]


# ------------------------------------------------------------------------------------------------ against plain Python


class Chance:
    """A small company by chance, and what is true of it, worked out customer by customer."""

    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        self.period = Period.parse(str(rng.choice(["2026-10", "2026-W42", "2026-Q3", "2026"])))
        self.days, self.contracts = int(rng.choice([20, 60, 180])), bool(rng.random() < 0.3)
        first = date(2025, 1, 1)
        day = lambda: datetime.combine(first, datetime.min.time()) + timedelta(hours=int(rng.integers(0, 700 * 24)))  # noqa: E731
        who = [f"c{i}" for i in range(int(rng.integers(0, 40)))]
        self.customers = [
            (c, day(), rng.choice(["north", "south", None]), day() if self.contracts and rng.random() < 0.4 else None)
            for c in who
        ]
        pick = lambda n: [str(rng.choice(who)) for _ in range(n)] if who else []  # noqa: E731
        self.orders = [
            (c, day(), float(rng.choice([5, 20, 0, -5])), rng.choice(["completed", "refunded", None])) for c in pick(80)
        ]
        self.touches = [(c, day(), str(rng.choice(["login", "browse", "phone"]))) for c in pick(120)]
        self.deals = [(c, day(), bool(rng.random() < 0.5)) for c in pick(15)]

    def crm(self, team="all") -> Crm:
        seen = {
            "orders": [(str(i), *o) for i, o in enumerate([(None, datetime(2025, 1, 1), 1.0, None), *self.orders])],
            "interactions": [(str(i), *t) for i, t in enumerate(self.touches)],
            "opportunities": [(str(i), c, at, won) for i, (c, at, won) in enumerate(self.deals)],
            "customers": [(c, at, t, end and end.date()) for c, at, t, end in self.customers],
        }
        columns = {
            "orders": ["order_id", "customer_id", "ordered_at", "amount", "status"], "interactions": ["interaction_id", "customer_id", "occurred_at", "channel"],
            "opportunities": ["opportunity_id", "customer_id", "closed_at", "is_won"], "customers": ["customer_id", "created_at", "team", "churned_at"],
        }  # fmt: skip
        frames = {n: pd.DataFrame(lines, columns=columns[n], dtype=object) for n, lines in seen.items() if lines}
        return Crm.of(self.period.label, team, {"inactive_after_days": self.days, "qualifying": ["order", "login"]}, **frames)

    def truth(self, team="all") -> dict[str, int]:
        start, end = (datetime.combine(d, datetime.min.time()) for d in (self.period.start, self.period.end))
        known = [(c, at, t, e if e and e < end else None) for c, at, t, e in self.customers if at < end]
        kept = any(e for *_, e in known)
        counts = dict.fromkeys(
            ("start", "kept", "dropped", "new", "won_back", "lost", "end", "ever", "active", "purchases", "buyers"), 0
        )
        for c, entered, t, ended in known:
            if team not in ("all", t):
                continue
            bought = [
                at for who, at, amount, status in self.orders if who == c and amount > 0 and status != "refunded" and at < end
            ]
            acts = bought + [at for who, at, channel in self.touches if who == c and channel == "login" and at < end]
            won = [at for who, at, is_won in self.deals if who == c and is_won and at < end]
            since = entered if kept else min([*bought, *won], default=None)
            here = {d: since is not None and since < d for d in (start, end)}
            lively = {
                d: any(d - timedelta(days=self.days) <= at < d for at in [*acts, *([since] if since else [])])
                for d in (start, end)
            }
            lost = {
                d: here[d]
                and (bool(ended and datetime.combine(ended.date(), datetime.min.time()) < d) if kept else not lively[d])
                for d in (start, end)
            }
            was, new = here[start] and not lost[start], here[end] and not here[start]
            now = [at for at in acts if at >= start]
            back = lost[start] and bool(now) and not kept
            counts["start"] += was
            counts["kept"] += was and not lost[end]
            counts["dropped"] += was and lost[end]
            counts["new"] += new
            counts["won_back"] += back
            counts["lost"] += lost[end] and (was or new or back)
            counts["end"] += here[end] and not lost[end]
            counts["ever"] += here[end]
            counts["active"] += here[end] and bool(now)
            counts["purchases"] += len([at for at in bought if at >= start])
            counts["buyers"] += any(at >= start for at in bought)
        return counts


def check(seed: int) -> None:
    company = Chance(seed)
    views = {team: tally(company.crm(team)) for team in ("all", "north", "south")}
    for team, counts in views.items():
        truth = company.truth(team)
        assert {k: counts[k] for k in truth} == truth, (seed, team)
        assert counts["end"] == counts["start"] - counts["lost"] + counts["new"] + counts["won_back"], seed
        assert counts["kept"] + counts["dropped"] == counts["start"], seed
    view = company.crm()
    kept, gone = retention.retention_rate(view).value, retention.churn_rate(view).value
    assert (kept is None) == (gone is None) and (kept is None or kept + gone == pytest.approx(1, abs=1e-12)), seed
    table = activity.activity_by_team(view).set_index("team")  # teams and unassigned add up to the company
    sums = {
        "customer_count": "end",
        "active_customers": "active",
        "new_customers": "new",
        "lost_customers": "lost",
        "purchase_count": "purchases",
    }
    assert {c: int(table[c].sum()) for c in sums} == {c: views["all"][k] for c, k in sums.items()}, seed
    for team in {"north", "south"} & set(table.index):
        assert table.customer_count[team] == views[team]["end"], seed


@pytest.mark.parametrize("seed", [0, *(pytest.param(more, marks=pytest.mark.long) for more in (1, 2))])
def test_every_state_of_a_company_by_chance(seed):
    check(seed)


@pytest.mark.long
def test_every_state_of_many_companies_by_chance():
    for seed in range(100, 300):
        check(seed)


def test_own_channels_are_those_of_the_customer_s_own_accord():
    assert OWN == ("login", "browse", "event", "feedback")
