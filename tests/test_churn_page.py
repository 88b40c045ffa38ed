"""Churn's page as readers get it: what it says, who is named where, what it says where something lacks."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import product
import pytest
from reading import BAD, HOSTILE, SECTIONS, TAGS, Reader, each_figure, kpi_of, table_of, variant

from crmlib import texts
from crmlib.crm import open_crm
from crmlib.models import churn, churn_tables
from crmlib.models import churn_figures as figures
from crmlib.pages import Built

PERIOD = "2026-10"


# ------------------------------------------------------------------------------------------------ what it says


def test_teams_bands_and_figures_say_the_same(pages):
    one, north = pages("churn", "all")["en"], pages("churn", "north")["en"]
    teams, layers = table_of(one, "by_team"), table_of(one, "bands")
    figures = {"expected_leavers": "expected_count", "money_at_stake": "loss_amount", "warned_customers": "warned_count"}
    for kpi, column in figures.items():
        assert kpi_of(one, kpi)["value"] == pytest.approx(teams[column].sum()) == pytest.approx(layers[column].sum())
        assert (
            kpi_of(north, kpi)["value"]
            == pytest.approx(teams[column][teams.team == "north"].sum())
            == pytest.approx(table_of(north, "bands")[column].sum())
        )
    assert teams.customer_count.sum() == kpi_of(one, "expected_leavers")["base"] == layers.customer_count.sum()


def test_what_calls_are_worth_is_what_is_expected_to_be_kept(small_demo, pages):
    one = pages("churn", "all")["en"]
    crm = open_crm(str(small_demo), PERIOD)
    chosen = churn.scores(crm).execute().query("warned")
    worth = chosen.expected_loss.sum() * crm.business.save_rate - len(chosen) * crm.business.contact_cost
    assert kpi_of(one, "call_value")["value"] == pytest.approx(worth) and kpi_of(one, "call_value")["base"] == len(chosen)


def test_who_is_warned_of_has_the_highest_probability_and_may_be_contacted(small_demo, pages):
    pages("churn", "all")
    every = churn.scores(open_crm(str(small_demo), PERIOD)).execute()
    may = every[~every.no_contact.eq(True)]
    warned = may[may.warned]
    assert 0 < len(warned) <= np.ceil(0.1 * len(may)) and warned.probability.min() > may.probability.mean()
    assert (may.probability[~may.warned] > warned.probability.min()).sum() == 0
    assert not every.warned[every.no_contact.eq(True)].any()
    assert set(every.customer_id[every.left_alone]) == set(
        every.customer_id[every.no_contact.eq(True) & (every.probability >= warned.probability.min())]
    )


def test_the_ledger_is_told_every_score_and_who_was_warned_of(small_demo, pages):
    pages("churn", "all")
    crm = open_crm(str(small_demo), PERIOD, "north")
    said, every = churn.told(crm).execute(), churn.scores(crm.company).execute().set_index("customer_id")
    assert set(said.target) == set(every.index) and said.target.is_unique
    assert (said.set_index("target").value == every.probability.reindex(said.target)).all()
    assert set(said.target[said.label == "warned"]) == set(every.index[every.warned]) and said.label.dropna().eq("warned").all()


def test_the_model_is_the_company_s_on_every_page(pages):
    for name in ("candidates", "calibration", "gain", "drivers", "profiles", "drift", "card"):
        assert table_of(pages("churn", "all")["en"], name).equals(table_of(pages("churn", "north")["en"], name)), name


def test_a_score_is_a_reason_to_ask_and_the_setting_stands_beside_its_suggestion(pages):
    for lang, words in (
        ("en", ("A score is a reason to ask, not a decision", "Lost is set to 180 days")),
        ("zh", ("评分是询问的理由，不是决定", "以沉默180 天为流失")),
    ):
        beside = each_figure(pages("churn", "all")[lang].html)["bands"]
        assert all(w in beside for w in words), lang


def test_the_period_before_is_judged_as_a_back_cast_where_nothing_was_told(pages):
    past = table_of(pages("churn", "all")["en"], "past")
    assert (
        past.scored_on.to_list() == ["2026-10-01"]
        and past.made.to_list() == ["back-cast"]
        and past.judged_state.to_list() == ["so far"]
    )
    assert (past.warned_left_count <= past.warned_of_count).all() and (past.right_share <= past.at_most_share).all()


# ------------------------------------------------------------------------------------------------ who is named where


def test_names_are_on_the_team_s_own_page_alone(small_demo, pages):
    customers = open_crm(str(small_demo), PERIOD).frame("customers", ["customer_id", "name"])
    company = json.dumps(pages("churn", "all")["en"].facts, ensure_ascii=False) + pages("churn", "all")["en"].html
    assert not [i for i in customers.customer_id if f">{i}<" in company or f'"{i}"' in company]
    reps = set(open_crm(str(small_demo), PERIOD).frame("reps", ["name"]).name)
    assert not [n for n in set(customers.name.dropna()) - reps - {"NA", "None", "null"} if f">{n}<" in company]
    own = open_crm(str(small_demo), PERIOD, "north").frame("customers", ["name", "no_contact"])
    listed = table_of(pages("churn", "north")["en"], "warnings")
    may = ~own.no_contact.fillna(False).astype(bool)
    assert len(listed) and set(listed.customer) <= set(own.name[may])
    assert listed.loss_amount.is_monotonic_decreasing and listed.reasons.str.len().gt(0).any()


def test_whoever_is_to_be_called_is_named(small_demo):
    """The list shows the first with their reasons; nobody after them is left out, nobody stands twice."""
    crm = open_crm(str(small_demo), PERIOD, "north")
    every = churn_tables.to_call(crm, 10_000)
    first, others = churn_tables.to_call(crm, 2), churn_tables.also_to_call(crm, 2, 10_000)
    assert len(every) == figures.tally(crm).warned_count > 2
    columns = ["customer", "probability", "loss_amount", "rep"]
    assert pd.concat([first[columns], others[columns]], ignore_index=True).equals(every[columns])
    assert len(churn_tables.also_to_call(crm, 1, 2)) == 2
    assert churn_tables.also_to_call(crm.company).empty


# ------------------------------------------------------------------------------------------------ what a source does not have


def contracts(folder, small_demo):
    """The same company with contracts: they end on the day on which the customer stopped."""
    made = variant(folder, small_demo, "customers", "orders", "interactions", "tickets", "reps")
    stopped = json.loads((small_demo / "truth.json").read_text("utf-8"))["churn"]["stopped_on"]
    frame = pd.read_csv(made / "customers.csv", dtype=str, keep_default_na=False)
    frame.assign(churned_at=frame.customer_id.map(stopped).fillna("")).to_csv(made / "customers.csv", index=False)
    return made


def youngest(folder, small_demo):
    """Of the same company the last months alone."""
    made = variant(folder, small_demo, "customers", "orders", "reps")
    frame = pd.read_parquet(made / "orders.parquet")
    frame[frame.ordered_at.astype(str) >= "2026-02-01"].to_parquet(made / "orders.parquet")
    return made


def few(folder, small_demo):
    """Forty customers of the same company."""
    made = variant(folder, small_demo, "customers", "orders", "reps")
    customers = pd.read_csv(made / "customers.csv", dtype=str, keep_default_na=False).head(40)
    customers.to_csv(made / "customers.csv", index=False)
    orders = pd.read_parquet(made / "orders.parquet")
    orders[orders.customer_id.isin(customers.customer_id)].to_parquet(made / "orders.parquet")
    return made


MADE = {
    "orders": lambda folder, demo: variant(folder, demo, "orders"), "interactions": lambda folder, demo: variant(folder, demo, "interactions"),
    "opportunities": lambda folder, demo: variant(folder, demo, "opportunities"), "contracts": contracts, "youngest": youngest, "few": few,
}  # fmt: skip


@pytest.fixture(scope="module")
def lacking(small_demo, tmp_path_factory) -> Callable[[str], dict[str, Built]]:
    """Pages of sources with little."""
    place, known = tmp_path_factory.mktemp("lacking"), {}

    def built(which: str) -> dict[str, Built]:
        if which not in known:
            known[which] = product.built("churn", place, str(MADE[which](place / which, small_demo)), PERIOD)
        return known[which]

    return built


def whole(one: Built) -> bool:
    """Whether a page has all its sections, and says nothing that reads as a fault."""
    reader = Reader(one.html)
    return (
        [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS]
        and {t for t, _ in reader.tags} <= TAGS
        and not [t for t in reader.said if BAD.search(t)]
        and len(one.facts["findings"]) >= 1
    )


LONG = {"marks": pytest.mark.long}


@pytest.mark.parametrize(
    ("which", "rule"),
    [
        ("youngest", "churn.too_few_days"),
        pytest.param("few", "churn.too_little", **LONG),
        pytest.param("opportunities", "churn.too_little", **LONG),
    ],
)
def test_too_little_is_said_with_what_is_needed(lacking, which, rule):
    for lang in ("en", "zh"):
        one = lacking(which)[lang]
        assert whole(one) and one.facts["findings"][0]["rule"] == rule
        values = one.facts["findings"][0]["values"]
        n, needed = (values["days"], values["needed_days"]) if "days" in values else (values["count"], values["needed_count"])
        assert n < needed
        assert {kpi_of(one, k)["reason"] for k in ("expected_leavers", "churn_auc")} == {texts.say("reasons.no_model", lang)}


@pytest.mark.parametrize("which", ["orders", "interactions"])
@pytest.mark.long
def test_a_source_of_one_table_has_a_model_of_what_it_says(lacking, which):
    for lang in ("en", "zh"):
        assert whole(lacking(which)[lang])
    one = lacking(which)["en"]
    assert kpi_of(one, "expected_leavers")["value"] > 0
    assert (kpi_of(one, "money_at_stake")["reason"] is None) == (which == "orders")
    left_out = table_of(one, "left_out_columns").feature.to_list()
    assert ("feature tickets_90" in left_out) and (("feature logins_90" in left_out) == (which == "orders"))


@pytest.mark.long
def test_contracts_say_who_leaves(lacking):
    for lang, words in (("en", "the contract ends within 90 days"), ("zh", "合同在90 天内终止")):
        one = lacking("contracts")[lang]
        assert whole(one) and words in each_figure(one.html)["bands"]
    past = table_of(lacking("contracts")["en"], "past")
    assert kpi_of(lacking("contracts")["en"], "expected_leavers")["value"] > 0 and len(past) == 1


@pytest.mark.long
def test_an_empty_team_reads_so(small_demo, tmp_path):
    data = variant(tmp_path / "data", small_demo, "customers", "orders", "interactions", "reps")
    columns = (data / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
    with (data / "reps.csv").open("a", encoding="utf-8") as f:
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    for one in product.built("churn", tmp_path, str(data), PERIOD, "empty").values():
        assert whole(one) and [f["rule"] for f in one.facts["findings"]][0] == "churn.nobody"
        assert kpi_of(one, "expected_leavers")["value"] == 0 and table_of(one, "warnings").empty


@pytest.mark.parametrize("period", [pytest.param(p, marks=pytest.mark.long) for p in ("2026-W42", "2026-Q3", "2025")])
def test_weeks_quarters_and_years_have_their_page(small_demo, tmp_path, period):
    for one in product.built("churn", tmp_path, str(small_demo), period).values():
        assert whole(one)


@pytest.mark.long
def test_hostile_names_are_shown_and_do_nothing(tmp_path):
    """Teams, tiers, customers and staff with names that would be markup."""
    data, rng = tmp_path / "data", np.random.default_rng(0)
    data.mkdir()
    pd.DataFrame([{"rep_id": f"r{i}", "name": n, "team": HOSTILE[0]} for i, n in enumerate(HOSTILE)]).to_parquet(
        data / "reps.parquet"
    )
    customers = [
        {"customer_id": f"c{i}", "name": HOSTILE[i % 4], "rep_id": f"r{i % 4}", "tier": HOSTILE[i % 2]} for i in range(400)
    ]
    pd.DataFrame(customers).to_parquet(data / "customers.parquet")
    ends = rng.integers(60, 1400, 400)
    rows = [(i, day) for i in range(400) for day in range(int(rng.integers(0, 30)), int(ends[i]), 45) if day < 1000]
    orders = pd.DataFrame({"order_id": [f"o{n}" for n in range(len(rows))], "customer_id": [f"c{i}" for i, _ in rows],
                           "ordered_at": [pd.Timestamp("2024-02-01") + pd.Timedelta(days=d) for _, d in rows], "amount": 50.0})  # fmt: skip
    orders.to_parquet(data / "orders.parquet")
    one = product.built("churn", tmp_path, str(data), PERIOD, HOSTILE[0], ("en",))["en"]
    reader = Reader(one.html)
    assert {t for t, _ in reader.tags} <= TAGS and not [
        a for _, attrs in reader.tags for a in attrs if a.startswith("on") or a == "src"
    ]
    assert len(table_of(one, "warnings")) and {text for around, text in reader.texts if "bdi" in around} & set(HOSTILE)
