"""What is planted in the demo company is in its tables, at the size recorded: looked for with plain pandas, on two seeds."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crmlib import demo
from crmlib.demo.comments import SLOW_DELIVERY

CUSTOMERS = 12_000
LAST_YEAR = ("2025-11-01", "2026-11-01")
OWN = ["login", "browse", "event", "feedback"]


class Firm:
    """A demo company: its truths, and its good rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text("utf-8"))

    def _csv(self, name: str, key: str, *times: str) -> pd.DataFrame:
        frame = pd.read_csv(self.folder / f"{name}.csv", keep_default_na=False, na_values=[""], low_memory=False)
        for column in times:
            frame[column] = pd.to_datetime(frame[column], errors="coerce")
        return frame.drop_duplicates(key).dropna(subset=[key, *times[:1]])

    @cached_property
    def customers(self) -> pd.DataFrame:
        """In the order of their numbers, which the texts of members follow."""
        frame = self._csv("customers", "customer_id", "created_at")
        number = frame.customer_id.where(frame.customer_id != "007", "C000007")
        ours = frame.assign(number=number)[number.str.fullmatch(r"C\d{6}")]
        return ours.sort_values("number").set_index("customer_id")

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Purchases of known customers; refunds are left out."""
        frame = pd.read_parquet(
            self.folder / "orders.parquet", columns=["order_id", "customer_id", "ordered_at", "amount", "sales_channel"]
        )
        frame = frame.dropna(subset=["customer_id", "ordered_at", "amount"]).drop_duplicates("order_id")
        frame = frame.assign(ordered_at=pd.to_datetime(frame.ordered_at, errors="coerce"), amount=frame.amount.astype(float))
        return frame[(frame.amount > 0) & (frame.ordered_at < "2026-11-01") & frame.customer_id.isin(self.customers.index)]

    @cached_property
    def lines(self) -> pd.DataFrame:
        frame = pd.read_parquet(self.folder / "order_lines.parquet", columns=["order_id", "product", "discount", "quantity"])
        return frame[frame.order_id.isin(self.orders.order_id) & (frame.quantity > 0) & frame["product"].notna()]

    @cached_property
    def interactions(self) -> pd.DataFrame:
        frame = pd.read_parquet(self.folder / "interactions.parquet", columns=["customer_id", "occurred_at", "channel"])
        return frame[frame.customer_id.isin(self.customers.index)]

    @cached_property
    def tickets(self) -> pd.DataFrame:
        frame = self._csv("tickets", "ticket_id", "opened_at")
        return frame.assign(satisfaction=pd.to_numeric(frame.satisfaction, errors="coerce"))

    @cached_property
    def feedback(self) -> pd.DataFrame:
        frame = self._csv("feedback", "feedback_id", "given_at")
        frame["score"] = pd.to_numeric(frame.score, errors="coerce")
        return frame[frame.score.between(1, 5)]

    @cached_property
    def invoices(self) -> pd.DataFrame:
        return self._csv("invoices", "invoice_id", "due_on", "paid_on")

    @cached_property
    def contacts(self) -> pd.DataFrame:
        frame = pd.read_csv(
            self.folder / "campaign_contacts.csv", usecols=["campaign_id", "customer_id", "contacted_at", "is_control"]
        )
        frame["contacted_at"] = pd.to_datetime(frame.contacted_at, errors="coerce")
        return frame.dropna()[lambda f: f.customer_id.isin(self.customers.index)]

    @cached_property
    def costs(self) -> pd.DataFrame:
        frame = pd.read_csv(self.folder / "costs.csv")
        return frame.assign(
            booked_on=pd.to_datetime(frame.booked_on, errors="coerce"), amount=pd.to_numeric(frame.amount, errors="coerce")
        )

    @cached_property
    def stopped(self) -> pd.Series:
        return pd.to_datetime(pd.Series(self.truth["churn"]["stopped_on"]))

    def members(self, truth: str) -> pd.Series:
        """Customer → the sign given to it."""
        signs = np.array(list(self.truth[truth]["members"]), dtype=int)
        return pd.Series(signs, index=self.customers.index)

    def snapshot(self, day: str, horizon: int) -> pd.DataFrame:
        """The customers of that day, the chance recorded for each to stop, and whether they did."""
        told = self.truth["churn"]["snapshots"][day]
        frame = pd.DataFrame({"chance": told[f"within_{horizon}"]}, index=pd.Index(told["customer_ids"]))
        end = pd.Timestamp(day) + pd.Timedelta(days=horizon)
        return frame.assign(stopped=(self.stopped.reindex(frame.index) < end).to_numpy())


def between(times: pd.Series, start: str | pd.Timestamp, end: str | pd.Timestamp) -> pd.Series:
    return (times >= start) & (times < end)


def counted(rows: pd.DataFrame, ids: pd.Index) -> pd.Series:
    """How many rows each customer has."""
    return rows.groupby("customer_id").size().reindex(ids, fill_value=0)


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.long)])
def firm(request, tmp_path_factory) -> Firm:
    folder = tmp_path_factory.mktemp("company") / str(request.param)
    demo.make(folder, customers=CUSTOMERS, seed=request.param)
    return Firm(folder)


def test_another_seed_is_another_company(tmp_path):
    told = []
    for seed in (1, 2):
        demo.make(tmp_path / str(seed), customers=500, seed=seed)
        told.append(json.loads((tmp_path / str(seed) / "truth.json").read_text("utf-8")))
    one, two = told
    for truth, field in {
        "churn": "log_coefficients", "groups": "shares", "acquisition": "dearest", "campaign": "campaign_id",
        "cross_selling": "rules", "problem": "from", "improvement": "done_on", "growing_region": "region",
        "activity_drop": "team", "late_payers": "share", "price_sensitive": "share_of_lines_discounted",
    }.items():  # fmt: skip
        assert one[truth][field] != two[truth][field], truth
    assert one["improvement"]["done_on"][:7] != two["improvement"]["done_on"][:7]
    for truth in told:
        assert "2025-12" <= truth["improvement"]["done_on"][:7] <= "2026-05"
        assert "2026-01" <= truth["activity_drop"]["from"] <= "2026-06"
        assert truth["activity_drop"]["team"] != truth["funnel"]["bottleneck"]["team"]


# churn


def test_who_stopped_does_nothing_any_more_and_did_half_as_much_before(firm):
    own = firm.interactions[firm.interactions.channel.isin(OWN)]
    when = own.occurred_at - own.customer_id.map(firm.stopped)
    assert (when < pd.Timedelta(0))[when.notna()].all()
    bought = firm.orders.ordered_at - firm.orders.customer_id.map(firm.stopped)
    assert (bought < pd.Timedelta(0))[bought.notna()].all()
    last, before = ((when >= pd.Timedelta(days=-a)) & (when < pd.Timedelta(days=-b)) for a, b in ((60, 0), (120, 60)))
    assert 0.4 < last.sum() / before.sum() < 0.6


@pytest.mark.parametrize("horizon", [90, 180])
@pytest.mark.parametrize("day", ["2025-04-01", "2025-10-01", "2026-04-01"])
def test_the_recorded_chances_come_true(firm, day, horizon):
    seen = firm.snapshot(day, horizon)
    quarter = seen.chance.rank(method="first", pct=True).mul(4).round(9).apply(np.ceil)
    for _, part in [("all", seen), *seen.groupby(quarter)]:
        expected, spread = part.chance.sum(), np.sqrt((part.chance * (1 - part.chance)).sum())
        assert abs(part.stopped.sum() - expected) < 3.9 * spread + 1
    rank = seen.chance.rank()
    ones, zeros = seen.stopped.sum(), (~seen.stopped).sum()
    auc = (rank[seen.stopped].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    assert auc == pytest.approx(firm.truth["churn"]["snapshots"][day][f"auc_{horizon}"], abs=0.002)
    assert 0.75 < auc < 0.88


def test_the_drivers_of_leaving_leave_their_traces(firm):
    day = pd.Timestamp("2026-04-01")
    seen = firm.snapshot("2026-04-01", 180)
    likely = seen.index[seen.chance >= seen.chance.quantile(0.9)]
    others = seen.index[seen.chance < seen.chance.quantile(0.5)]
    recent = firm.tickets[between(firm.tickets.opened_at, day - pd.Timedelta(days=90), day)]
    asked = recent.satisfaction.groupby(recent.customer_id).mean()
    assert counted(recent, likely).mean() > 4 * counted(recent, others).mean()
    assert asked.reindex(likely).mean() < asked.reindex(others).mean() - 1
    own = firm.interactions[
        firm.interactions.channel.isin(OWN) & between(firm.interactions.occurred_at, day - pd.Timedelta(days=90), day)
    ]
    assert counted(own, likely).mean() < 0.8 * counted(own, others).mean()
    tier = firm.customers.tier
    assert (tier[likely] == "standard").mean() > (tier[others] == "standard").mean() + 0.1


# groups, prices, payments


def test_groups_buy_log_in_and_are_spoken_to_at_their_paces(firm):
    told, group = firm.truth["groups"], firm.members("groups")
    assert group.value_counts(normalize=True, sort=False).sort_index().tolist() == pytest.approx(told["shares"], abs=0.015)
    there = firm.customers.index[(firm.customers.created_at < "2025-08-01") & ~firm.customers.index.isin(firm.stopped.index)]
    buyers = there[there.isin(firm.orders.customer_id)]
    year = {"orders": firm.orders[between(firm.orders.ordered_at, *LAST_YEAR)]}
    own = firm.interactions.channel.isin(OWN)
    recent = firm.interactions[between(firm.interactions.occurred_at, *LAST_YEAR)]
    year |= {"own_activity": recent[own[recent.index]], "contacts": recent[~own[recent.index]]}
    for name, rows in year.items():
        pace = counted(rows, buyers).groupby(group[buyers]).mean().to_numpy()
        planted = np.array(told["relative_pace"][name])
        assert pace / pace.sum() == pytest.approx(planted / planted.sum(), rel=0.12), name
    at_a_distance = firm.orders.sales_channel.isin(["website", "app"]).groupby(firm.orders.customer_id.map(group)).mean()
    assert at_a_distance[2] > 0.9 and at_a_distance.drop(2).max() < 0.5
    lines = (
        firm.lines.groupby("order_id")
        .size()
        .reindex(firm.orders.order_id)
        .groupby(firm.orders.customer_id.map(group).to_numpy())
        .mean()
    )
    assert lines.tolist() == pytest.approx(told["lines_an_order"], rel=0.12)


def test_price_sensitive_buyers_take_what_is_reduced(firm):
    told, is_sensitive = firm.truth["price_sensitive"], firm.members("price_sensitive")
    assert is_sensitive.mean() == pytest.approx(told["share"], abs=0.001)
    whose = firm.lines.order_id.map(firm.orders.set_index("order_id").customer_id).map(is_sensitive)
    reduced = (firm.lines.discount > 0).groupby(whose).mean()
    assert reduced[1] == pytest.approx(told["share_of_lines_discounted"], abs=0.01)
    assert reduced[0] == pytest.approx(told["share_of_lines_discounted_others"], abs=0.01)


def test_late_payers_pay_late(firm):
    told = firm.truth["late_payers"]
    bad = firm.invoices.customer_id.isin(told["customer_ids"])
    assert len(told["customer_ids"]) / len(firm.customers) == pytest.approx(told["share"], abs=0.01)
    ripe = firm.invoices.due_on < "2026-03-01"
    days = (firm.invoices.paid_on - firm.invoices.due_on).dt.days[ripe & firm.invoices.paid_on.notna()]
    late = told["classes"]["bad"]["late_days"]
    assert late - 2 < days[bad].mean() < late + told["worse_days_when_fading"]
    assert days[~bad].mean() < 5
    unpaid = firm.invoices.paid_on.isna()[ripe]
    assert unpaid[bad].mean() == pytest.approx(told["classes"]["bad"]["never_paid"], abs=0.04)
    assert unpaid[~bad].mean() < 0.02


# acquisition, campaigns, baskets


def test_each_channels_cost_for_a_customer_is_as_planted(firm):
    told = firm.truth["acquisition"]
    bought = firm.orders.groupby("customer_id").ordered_at.min()
    new = bought[between(bought, *LAST_YEAR)].index
    won = firm.customers.acquisition_channel[new].value_counts()
    spent = (
        firm.costs[(firm.costs.kind == "advertising") & between(firm.costs.booked_on, *LAST_YEAR)].groupby("channel").amount.sum()
    )
    cac = (spent / won).sort_values()
    for channel, planted in told["cac"].items():
        assert cac[channel] == pytest.approx(planted, rel=1.3 * told["tolerance_of_a_year"][channel]), channel
        assert won[channel] == pytest.approx(told["new_customers_last_year"][channel], rel=0.1)
    assert cac.index[-1] == told["dearest"]
    assert cac.iloc[-1] > 1.5 * cac.iloc[-2]


def test_one_campaign_works_and_no_other(firm):
    told = firm.truth["campaign"]
    of = firm.contacts.merge(firm.orders[["customer_id", "ordered_at"]], on="customer_id", how="left")
    within = between(of.ordered_at, of.contacted_at, of.contacted_at + pd.Timedelta(days=told["window_days"]))
    bought = within.groupby([of.campaign_id, of.customer_id, of.is_control]).any().rename("bought").reset_index()
    one, rest = (bought[(bought.campaign_id == told["campaign_id"]) == which] for which in (True, False))
    assert one.is_control.sum() == told["held_out_customers"]
    assert one.is_control.mean() == pytest.approx(told["held_out"], abs=0.03)
    uplift, spread = _uplift(one)
    assert uplift == pytest.approx(told["uplift"], abs=3.3 * spread)
    assert uplift > 2.576 * spread
    assert one.bought[one.is_control].mean() == pytest.approx(told["base"], abs=3.3 * spread)
    none, little = _uplift(rest)
    assert abs(none) < 3.3 * little < 0.025


def _uplift(bought: pd.DataFrame) -> tuple[float, float]:
    """The difference in the share of buyers between those contacted and those held out, and its standard error."""
    by = bought.groupby("is_control").bought.agg(["mean", "count"])
    share, count = by["mean"], by["count"]
    return share[False] - share[True], float(np.sqrt((share * (1 - share) / count).sum()))


def test_baskets_hold_the_planted_rules_and_no_others(firm):
    told = firm.truth["cross_selling"]
    goods = pd.crosstab(firm.lines.order_id, firm.lines["product"]).clip(upper=1)
    both, orders = goods.T @ goods, len(firm.orders)
    single = pd.Series(np.diag(both), index=both.index)
    lift = both * orders / np.outer(single, single)
    planted = {(r["antecedent"], r["consequent"]) for r in told["rules"]}
    for rule in told["rules"]:
        a, b = rule["antecedent"], rule["consequent"]
        assert both.loc[a, b] / single[a] == pytest.approx(rule["confidence"], abs=0.04)
        assert lift.loc[a, b] > 1.5 * told["lift_floor"]
    others = {(a, b): lift.loc[a, b] for a in lift for b in lift if a < b and not {(a, b), (b, a)} & planted}
    assert max(others.values()) < told["lift_floor"]


# the problem and its cure, the region, the evenings


def test_deliveries_are_slow_until_the_measure(firm):
    problem, cure = firm.truth["problem"], firm.truth["improvement"]
    start, done, since = (pd.Timestamp(d) for d in (problem["from"] + "-01", cure["done_on"], "2024-11-01"))
    assert 5 * 30 < (done - start).days < 9 * 31
    phases = [(since, start), (start, done), (done, pd.Timestamp("2026-11-01"))]
    for category, rows in firm.feedback.groupby("category"):
        before, during, after = (rows.score[between(rows.given_at, *phase)].mean() for phase in phases)
        if category == problem["category"]:
            assert before - during == pytest.approx(problem["score_drop"], abs=0.2)
            assert after - during == pytest.approx(cure["score_lift"], abs=0.2)
            assert after - during > 0.5
        else:
            assert max(abs(before - during), abs(after - during)) < 0.2, category
    said = firm.feedback[
        (firm.feedback.category == problem["category"]) & firm.feedback.comment.notna() & (firm.feedback.score <= 3)
    ]
    slow = said.comment.isin(SLOW_DELIVERY)
    for name, phase in zip(("before", "during", "after"), phases, strict=True):
        assert slow[between(said.given_at, *phase)].mean() == pytest.approx(problem["slow_share_of_bad_comments"][name], abs=0.1)


def test_the_measure_is_the_only_one_of_its_category(firm):
    cure = firm.truth["improvement"]
    rows = pd.read_csv(firm.folder / "improvements.csv").query("category == @cure['category']")
    assert rows[["improvement_id", "opened_on", "done_on"]].values.tolist() == [
        [cure[k] for k in ("improvement_id", "opened_on", "done_on")]
    ]


def test_one_region_grows_faster(firm):
    told = firm.truth["growing_region"]
    start = pd.Timestamp(told["from"] + "-01")
    inside = firm.customers.region == told["region"]
    year_before = start - pd.DateOffset(years=1), start

    def rise(times: pd.Series) -> float:
        return between(times, *LAST_YEAR).sum() / between(times, *year_before).sum()

    created = firm.customers.created_at
    ratio = rise(created[inside]) / rise(created[~inside])
    years = ((pd.Timestamp("2026-05-01") - start).days / 365.25, 0.5)  # the middle of the last year; of the year before the start
    own, rest = 1 + told["new_customers_per_year"], 1 + told["new_customers_per_year_elsewhere"]
    few = between(created[inside], *year_before).sum()
    assert np.log(ratio) == pytest.approx(years[0] * np.log(own / rest), abs=3.3 * np.sqrt(1.8 / few))
    assert ratio > 1.25
    at_home = firm.orders.customer_id.map(inside)
    assert rise(firm.orders.ordered_at[at_home]) > 1.2 * rise(firm.orders.ordered_at[~at_home])


def test_one_teams_evenings_are_quieter(firm):
    told = firm.truth["activity_drop"]
    low, high = told["hours"]
    when = firm.interactions.occurred_at
    evening = when.dt.hour.between(low, high - 1) & firm.interactions.channel.isin(told["channels"])
    mine = firm.interactions.customer_id.map(firm.customers.team) == told["team"]
    start = pd.Timestamp(told["from"] + "-01")
    after, year_before = when >= start, between(when, start - pd.DateOffset(years=1), when.max() - pd.DateOffset(years=1))
    kept = lambda rows: (rows & after).sum() / (rows & year_before).sum()  # noqa: E731
    assert kept(mine & evening) / kept(mine & ~evening) == pytest.approx(told["kept"], abs=0.04)
    assert kept(mine & ~evening) / kept(~mine & ~evening) == pytest.approx(1, abs=0.12)
    assert kept(~mine & evening) / kept(~mine & ~evening) == pytest.approx(1, abs=0.04)
    before = between(when, start - pd.DateOffset(months=4), start)
    share = lambda team: (team & evening & before).sum() / (team & before).sum()  # noqa: E731
    assert share(mine) == pytest.approx(share(~mine), abs=0.03)


# what models reach


@pytest.fixture(scope="module", params=[1, 2])
def whole(request, tmp_path_factory) -> Firm:
    folder = tmp_path_factory.mktemp("whole") / str(request.param)
    demo.make(folder, customers=20_000, seed=request.param)
    return Firm(folder)


@pytest.mark.long
def test_k_means_finds_the_groups(whole):
    """On the behaviour of a year, of those who were customers all that time and bought something."""
    there = whole.customers.index[(whole.customers.created_at < LAST_YEAR[0]) & ~whole.customers.index.isin(whole.stopped.index)]
    orders = whole.orders[between(whole.orders.ordered_at, *LAST_YEAR)]
    there = there[there.isin(orders.customer_id)]
    deeds = whole.interactions[between(whole.interactions.occurred_at, *LAST_YEAR)]
    behaviour = pd.DataFrame({"orders": counted(orders, there), "value": orders.groupby("customer_id").amount.mean()[there]})
    for name, channels in {
        "logins": ["login"],
        "browsing": ["browse"],
        "calls": ["phone"],
        "meetings": ["meeting"],
        "chats": ["chat"],
    }.items():
        behaviour[name] = counted(deeds[deeds.channel.isin(channels)], there)
    at_a_distance = orders.sales_channel.isin(["website", "app"]).groupby(orders.customer_id).mean()[there]
    scaled = StandardScaler().fit_transform(np.log1p(behaviour).assign(at_a_distance=at_a_distance))
    found = KMeans(4, n_init=10, random_state=0).fit_predict(scaled)
    assert adjusted_rand_score(whole.members("groups")[there], found) >= 0.8


@pytest.mark.long
@pytest.mark.parametrize("horizon", [90, 180])
def test_leaving_can_be_foreseen_from_what_shows(whole, horizon):
    """Learnt half a year earlier, a plain logistic regression comes close to the hazard itself."""
    then, now = (whole.snapshot(day, horizon) for day in ("2025-10-01", "2026-04-01"))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(_shows(whole, "2025-10-01", then.index), then.stopped)
    foreseen = model.predict_proba(_shows(whole, "2026-04-01", now.index))[:, 1]
    reached, best = roc_auc_score(now.stopped, foreseen), roc_auc_score(now.stopped, now.chance)
    assert 0.78 <= round(best, 2) <= 0.88
    assert reached >= 0.95 * best


def _shows(firm: Firm, day: str, ids: pd.Index) -> pd.DataFrame:
    """What can be seen of each customer on a day."""
    at = pd.Timestamp(day)
    age = (at - firm.customers.created_at[ids]).dt.days
    own = firm.interactions[firm.interactions.channel.isin(OWN) & (firm.interactions.occurred_at < at)].rename(
        columns={"occurred_at": "at"}
    )
    orders = firm.orders[firm.orders.ordered_at < at].rename(columns={"ordered_at": "at"})
    tickets = firm.tickets[between(firm.tickets.opened_at, at - pd.Timedelta(days=365), at)]
    reduced = (firm.lines.discount > 0).groupby(firm.lines.order_id).mean()
    seen = pd.DataFrame(
        {"tier": firm.customers.tier[ids].map({"standard": 0, "silver": 1, "gold": 2, "platinum": 3}), "young": age < 365}
    )
    for name, rows in {"own": own, "orders": orders}.items():
        seen[f"{name}_age"] = np.log1p((at - rows.groupby("customer_id")["at"].max()).dt.days.reindex(ids).fillna(999))
        for days in (60, 120):
            recent = counted(rows[rows["at"] >= at - pd.Timedelta(days=days)], ids)
            usual = (counted(rows, ids) - recent) / (age - days).clip(lower=30) * days
            seen[f"{name}_missing_{days}"] = usual.clip(upper=20) - recent.clip(upper=20)
            seen[f"{name}_trend_{days}"] = np.log((recent + 0.7) / (usual + 0.7))
    seen["tickets_90"] = np.log1p(counted(tickets[tickets.opened_at >= at - pd.Timedelta(days=90)], ids))
    seen["tickets"] = np.log1p(counted(tickets, ids))
    seen["satisfaction"] = tickets.groupby("customer_id").satisfaction.mean().reindex(ids).fillna(4)
    answers = firm.feedback[between(firm.feedback.given_at, at - pd.Timedelta(days=365), at)]
    seen["score"] = answers.groupby("customer_id").score.mean().reindex(ids).fillna(3.8)
    due = firm.invoices[firm.invoices.due_on < at]
    late = (due.paid_on.where(due.paid_on < at, at) - due.due_on).dt.days > 30
    seen["late"] = late.groupby(due.customer_id).mean().reindex(ids).fillna(0.05)
    seen["reduced"] = orders.order_id.map(reduced).groupby(orders.customer_id).mean().reindex(ids).fillna(0.35)
    return seen.astype(float)
