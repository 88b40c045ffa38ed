"""The demo company: the same bytes every time, all tables, what was planted is there, and faults are as many as recorded."""

import hashlib
import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from crmlib import demo, places
from crmlib.demo.truths import TEAMS
from crmlib.errors import UsageError
from crmlib.schema import Business, tables

STAGES = Business().stages
LAST_DAY = "2026-10-31"
BUSY = {
    "orders": "ordered_at",
    "interactions": "occurred_at",
    "opportunities": "created_at",
    "stage_changes": "entered_at",
    "feedback": "given_at",
    "tickets": "opened_at",
    "invoices": "issued_on",
    "campaign_contacts": "contacted_at",
}


class Delivered:
    """A folder of the demo company, every table read as text ("" where nothing is given)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text("utf-8"))
        self.raw = {p.stem: _as_text(p) for p in sorted(folder.iterdir()) if p.suffix != ".json"}
        self.faults: dict[str, dict[str, int]] = {}
        self.good: dict[str, pd.DataFrame] = {}
        for name in tables():
            fault = _faults(name, self.raw[name], self.good)
            self.faults[name] = fault[fault != ""].value_counts().to_dict()
            self.good[name] = self.raw[name][fault == ""]


def _as_text(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    return pd.read_parquet(path).astype("string").fillna("")


def _faults(name: str, frame: pd.DataFrame, good: dict[str, pd.DataFrame]) -> pd.Series:
    """What is wrong with each row, "" where nothing is: found without the door, from the schema alone."""
    table, fault = tables()[name], pd.Series("", index=frame.index)

    def mark(where: pd.Series, reason: str) -> None:
        fault[where & (fault == "")] = reason

    for c in table.columns.values():
        text = frame[c.name]
        if c.type in ("money", "number", "share", "count"):
            number = pd.to_numeric(text, errors="coerce")
            mark((text != "") & ~np.isfinite(number.astype(float)), "bad_number")
            low, high = (-np.inf if c.low is None else c.low), (np.inf if c.high is None else c.high)
            mark((number < low) | (number > high), "out_of_range")
        if c.type in ("day", "time"):
            when = pd.to_datetime(text.where(text != ""), errors="coerce", format="ISO8601")
            mark((text != "") & ~when.dt.year.between(1900, 2199), "bad_date")
        if c.required:
            mark(text == "", "missing")
    if table.key:
        mark(frame[fault == ""].duplicated(list(table.key)).reindex(frame.index, fill_value=False), "duplicate")
    for column, parent in table.parents.items():
        known = good[parent][tables()[parent].key[0]]
        mark((frame[column] != "") & ~frame[column].isin(known), "orphan")
    return fault


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    folder = tmp_path_factory.mktemp("demo") / "small"
    demo.make(folder, customers=600, seed=1)
    return Delivered(folder)


def _hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_same_arguments_make_the_same_bytes_and_another_seed_others(small: Delivered, tmp_path: Path) -> None:
    demo.make(tmp_path / "again", customers=600, seed=1)
    demo.make(tmp_path / "other", customers=600, seed=2)
    again, other = _hashes(tmp_path / "again"), _hashes(tmp_path / "other")
    assert again == _hashes(small.folder)
    assert other.keys() == again.keys()
    assert {n for n in again if again[n] == other[n]} == set()


def test_a_folder_that_is_there_is_replaced_and_nothing_is_left_beside(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "demo"
    folder.mkdir(parents=True)
    (folder / "old.csv").write_text("x")
    demo.make(folder, customers=500, seed=1)
    assert [p.name for p in folder.parent.iterdir()] == ["demo"]
    assert not (folder / "old.csv").exists()


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "old.csv").write_text("x")
    monkeypatch.setattr(demo, "write_truth", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        demo.make(folder, customers=500, seed=1)
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]
    assert [p.name for p in folder.iterdir()] == ["old.csv"]


@pytest.mark.parametrize(("customers", "seed"), [(499, 1), (600, -1)])
def test_too_small_a_company_is_refused(tmp_path: Path, customers: int, seed: int) -> None:
    with pytest.raises(UsageError, match="500 customers"):
        demo.make(tmp_path / "demo", customers=customers, seed=seed)


def test_every_table_is_there_with_exactly_its_columns(small: Delivered) -> None:
    assert set(small.raw) == set(tables())
    assert {n: list(f.columns) for n, f in small.raw.items()} == {n: list(t.columns) for n, t in tables().items()}
    assert {n: len(f) for n, f in small.raw.items()} == small.truth["rows"]


def test_faulty_rows_are_those_recorded_and_fewer_than_one_in_a_hundred(small: Delivered) -> None:
    assert {n: f for n, f in small.faults.items() if f} == small.truth["dirt"]
    found = {reason for f in small.faults.values() for reason in f}
    assert found == {"bad_number", "bad_date", "missing", "duplicate", "orphan", "out_of_range"}
    shares = {n: sum(f.values()) / len(small.raw[n]) for n, f in small.faults.items()}
    assert {n: s for n, s in shares.items() if s >= 0.01} == {}


def test_odd_good_rows_are_there(small: Delivered) -> None:
    good = small.good["customers"]
    assert {"NA", "None", "null"} <= set(good.name)
    assert "007" in set(good.customer_id)
    assert (small.good["orders"].ordered_at >= "2026-11-01").sum() == small.truth["future"]["orders"] == 3
    undated = small.good["opportunities"].query("created_at == ''")
    assert len(undated) == small.truth["undated"]["opportunities"] == 3
    assert set(undated.stage) == {"lead"}
    assert not undated.opportunity_id.isin(small.good["stage_changes"].opportunity_id).any()
    for name, rows in small.truth["without_customer"].items():
        assert (small.good[name].customer_id == "").sum() == rows > 0


def test_every_month_has_rows_and_the_last_day_too(small: Delivered) -> None:
    months = {str(p) for p in pd.period_range("2023-11", "2026-10", freq="M")}
    for name, column in BUSY.items():
        dated = small.good[name][column]
        assert months <= set(dated.str[:7]), name
        assert (dated.str[:10] == LAST_DAY).any(), name
    for name in ("orders", "interactions", "tickets", "feedback"):
        assert (small.good[name][BUSY[name]] >= f"{LAST_DAY} 20:00").any(), name


def test_stages_are_in_order_and_end_as_the_deal_did(small: Delivered) -> None:
    deals = small.good["opportunities"].query("created_at != ''").set_index("opportunity_id")
    changes = small.good["stage_changes"]
    rank = changes.stage.map({s: n for n, s in enumerate((*STAGES, "lost"))})
    changes = changes.assign(rank=rank).sort_values(["opportunity_id", "rank"])
    by_deal = changes.groupby("opportunity_id")
    assert (by_deal.entered_at.shift() < changes.entered_at)[by_deal.cumcount() > 0].all()
    reached = changes[changes.stage != "lost"]
    assert (reached.groupby("opportunity_id").cumcount() == reached["rank"]).all()  # no stage is skipped
    first, last = by_deal.first().loc[deals.index], by_deal.last().loc[deals.index]
    assert (first.stage == "lead").all()
    assert (first.entered_at == deals.created_at).all()
    assert (last.stage == deals.stage).all()
    closed = deals.closed_at != ""
    assert (closed == deals.stage.isin(["won", "lost"])).all()
    assert ((deals.is_won == "true") == (deals.stage == "won")).all()
    assert ((deals.is_won == "") == ~closed).all()
    assert (deals.closed_at[closed] == last.entered_at[closed]).all()
    assert set(deals.lost_reason[deals.stage != "lost"]) == {""}


def test_people_are_in_one_team_at_a_time_and_own_only_then(small: Delivered) -> None:
    reps = small.good["reps"].sort_values(["rep_id", "active_from"])
    assert set(reps.team) == set(TEAMS)
    again = reps.rep_id == reps.rep_id.shift()
    day_after = (pd.to_datetime(reps.active_to.shift()) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
    assert (reps.active_from[again] == day_after[again]).all()
    moved = [{"rep_id": m["rep_id"], "on": m["on"]} for m in small.truth["moves"]]
    assert moved == reps[again].rename(columns={"active_from": "on"})[["rep_id", "on"]].to_dict("records")
    assert len(moved) == 1
    gone = reps[~reps.rep_id.duplicated(keep="last") & (reps.active_to != "")]
    assert len(gone) == 1
    assert not small.good["customers"].rep_id.isin(gone.rep_id).any()
    for name, column in {"opportunities": "created_at", "orders": "ordered_at", "tickets": "opened_at"}.items():
        rows = small.good[name]
        rows = rows[(rows.rep_id != "") & (rows[column] != "")].reset_index()
        spans = rows.merge(reps, on="rep_id")
        day = spans[column].str[:10]
        there = spans[(day >= spans.active_from) & ((spans.active_to == "") | (day <= spans.active_to))]
        assert (there["index"].value_counts() == 1).all()
        assert len(there) == len(rows), name


def test_each_team_has_a_canary_that_tops_its_open_deals(small: Delivered) -> None:
    assert [c["team"] for c in small.truth["canaries"]] == list(TEAMS)
    deals = small.good["opportunities"]
    still = small.good["reps"].groupby("rep_id").team.agg(["first", "nunique"])
    teams = small.good["customers"].set_index("customer_id").team
    for canary in small.truth["canaries"]:
        person = small.good["customers"].set_index("customer_id").loc[canary["customer_id"]]
        assert [person["name"], person.email, person.phone] == [canary["name"], canary["email"], canary["phone"]]
        assert list(still.loc[person.rep_id]) == [canary["team"], 1]
        own = deals.set_index("opportunity_id").loc[canary["opportunity_id"]]
        assert own.created_at[:7] == "2025-03"
        assert [own.stage, own.is_won, own.rep_id] == ["proposal", "", person.rep_id]
        others = deals[(deals.is_won == "") & (deals.opportunity_id != canary["opportunity_id"])]
        mine = others[(others.customer_id.map(teams) == canary["team"]) | (others.rep_id == person.rep_id)]
        assert mine.amount.astype(float).max() < float(own.amount)
        for name in ("orders", "interactions", "tickets", "invoices", "feedback", "campaign_contacts"):
            assert (small.good[name].customer_id == canary["customer_id"]).any(), name
        comments = small.good["feedback"].query("customer_id == @canary['customer_id']").comment
        assert comments.str.contains(canary["email"], regex=False).all()
    assert small.raw["customers"].phone.str.startswith("199").sum() == len(TEAMS)


def test_order_lines_add_up_to_the_order(small: Delivered) -> None:
    lines = small.good["order_lines"]
    cents = _cents(lines.unit_price) * lines.quantity.astype(int)
    amounts = _cents(small.good["orders"].set_index("order_id").amount)
    assert cents.groupby(lines.order_id).sum().to_dict() == amounts.to_dict()
    assert (amounts < 0).sum() == small.truth["refunds"]["orders"] > 0
    assert not lines.duplicated(["order_id", "product"]).any()


def _cents(money: pd.Series) -> pd.Series:
    return (money.astype(float) * 100).round().astype(int)


def test_the_source_file_says_what_the_figures_mean() -> None:
    source = yaml.safe_load((places.ROOT / "params/sources/demo.yml").read_text("utf-8"))
    assert source["title"] == "Demo company"
    assert source["mapping"] == {"folder": "data/demo", "as_of": date(2026, 10, 31)}
    business = Business(**source["business"])
    assert [business.currency, business.time_zone, business.stages] == ["CNY", "Asia/Shanghai", STAGES]


def test_addresses_are_nobodys(small: Delivered) -> None:
    mail = small.good["customers"].email
    given = mail[mail != ""]
    assert set(given.str.rpartition("@")[2]) <= {"example.com", "example.org", "example.net"}
    assert given.is_unique


def test_the_history_ends_in_what_the_rows_say(small: Delivered) -> None:
    history = small.good["changes"]
    for (table, column), rows in history.groupby(["table", "column"]):
        key = tables()[table].key[0]
        now = small.good[table].set_index(key)[column]
        last = rows.sort_values("changed_at", kind="stable").groupby("id").value.last()
        assert (now.loc[last.index] == last).all(), (table, column)
    pushed = history.query("column == 'expected_close_on'").sort_values(["id", "changed_at"])
    assert (pushed.groupby("id").value.shift() < pushed.value)[pushed.groupby("id").cumcount() > 0].all()
    assert set(history.column) == {"expected_close_on", "tier", "rep_id"}


def test_sizes_follow_the_number_of_customers(small: Delivered, tmp_path: Path) -> None:
    demo.make(tmp_path / "demo", customers=1200, seed=1)
    twice = json.loads((tmp_path / "demo" / "truth.json").read_text("utf-8"))["rows"]
    assert twice["customers"] - 1200 == small.truth["rows"]["customers"] - 600 == 4  # faulty rows
    for name in ("orders", "order_lines", "interactions", "opportunities", "stage_changes", "tickets", "feedback"):
        assert 1.85 < twice[name] / small.truth["rows"][name] < 2.15, name


@pytest.mark.long
def test_the_whole_company_has_its_size_and_its_bottleneck(tmp_path: Path) -> None:
    demo.make(tmp_path / "demo")
    whole = Delivered(tmp_path / "demo")
    assert {n: f for n, f in whole.faults.items() if f} == whole.truth["dirt"]
    rows = whole.truth["rows"]
    assert 240_000 < rows["orders"] < 260_000
    assert 950_000 < rows["interactions"] < 1_050_000
    assert 55_000 < rows["opportunities"] < 60_000
    assert whole.good["reps"].rep_id.nunique() == 40
    cycle = whole.truth["funnel"]["cycle_days"]
    assert 19 < cycle["p50"] < 23
    assert 35 < cycle["p90"] < 41
    rates = _step_rates(whole)
    planted = whole.truth["funnel"]["bottleneck"]
    hit = (planted["team"], planted["stage"])
    assert rates.loc[hit, "after"] == pytest.approx(planted["rate_after"], abs=0.04)
    assert rates.loc[hit, "before"] == pytest.approx(planted["rate_before"], abs=0.03)
    assert (rates.drop(hit).after - rates.drop(hit).before).abs().max() < 0.04


def _step_rates(whole: Delivered) -> pd.DataFrame:
    """Team × stage → share of the deals entering it that went on, for entries before and after the planted day."""
    deals = whole.good["opportunities"].query("created_at != ''")
    spans = deals.merge(whole.good["reps"], on="rep_id")
    day = spans.created_at.str[:10]
    spans = spans[(day >= spans.active_from) & ((spans.active_to == "") | (day <= spans.active_to))]
    entered = whole.good["stage_changes"].pivot(index="opportunity_id", columns="stage", values="entered_at")
    entered = entered.loc[spans.opportunity_id].set_axis(spans.team, axis=0)
    out = {}
    for stage, following in pairwise(STAGES):
        ripe = entered[entered[stage].notna() & (entered[stage] < "2026-07-01")]
        after = ripe[stage] >= whole.truth["funnel"]["bottleneck"]["from"]
        went_on = ripe[following].notna()
        for team in TEAMS:
            mine = ripe.index == team
            out[team, stage] = {"before": went_on[mine & ~after].mean(), "after": went_on[mine & after].mean()}
    return pd.DataFrame(out).T
