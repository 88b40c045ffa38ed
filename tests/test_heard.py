"""What the ledger was told, read through the handle: what was told first, of the company, of earlier periods; and reading it is noted."""

from dataclasses import replace
from datetime import date, datetime

import duckdb
import ibis
import pandas as pd
import pytest
import tiny
from given import folder, settings
from tinysite import bring, cells, outcome

from crmlib import ledger, places, sources, told
from crmlib.blocks import Page
from crmlib.blocks.bundle import MIME
from crmlib.crm import Crm, open_crm
from crmlib.errors import UsageError

ORDERS = "order_id,ordered_at,amount,customer_id\n1,2026-10-03,20,a\n2,2026-09-04,30,b\n3,2026-08-05,40,a\n"
CUSTOMERS = "customer_id,team\na,north\nb,south\n"
DAYS = {"starts": date(2026, 10, 1), "ends": date(2026, 12, 30)}
FORM = {
    "target": "string", "value": "float64", "label": "string", "starts": "date", "ends": "date",
    "made_at": "timestamp(6)", "as_of": "timestamp(6)", "revision": "string",
}  # fmt: skip


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return str(folder(tmp_path, orders=ORDERS, customers=CUSTOMERS))


def frame(*rows):
    return pd.DataFrame(rows, columns=["target", "value", "label"])


def tell(source, rows, period="2026-09", now="2026-10-05T06:00:00", kind="score", report="churn", unit="share", days=DAYS):
    """A run of prepare that tells this, published."""
    page = Page(open_crm(source, period), "prepare", ["en", "zh"])
    twin = page.tells(kind, report, rows, **days, unit=unit)._repr_mimebundle_()[MIME]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", now)
        done = outcome(places.out(), team="all", period=period, name="prepare", made=[*cells("all", period, "prepare"), twin])
        assert bring(places.out(), replace(done, job=replace(done.job, source=sources.called(source)))).failed == []


def heard(crm, kind="score", report="churn"):
    return crm.told(kind, report, crm.previous.period).execute()


# ------------------------------------------------------------------------------------------------ what is read


@pytest.mark.parametrize("team", ["all", "north"])
def test_every_page_reads_what_was_told_of_the_company(source, team):
    tell(source, frame(("b", 0.75, None), ("a", 0.25, "warned")))
    found = heard(open_crm(source, "2026-10", team))
    assert found[["target", "value"]].values.tolist() == [["a", 0.25], ["b", 0.75]] and found.label.isna().tolist() == [
        False,
        True,
    ]
    assert set(zip(found.starts.dt.date, found.ends.dt.date, strict=True)) == {(date(2026, 10, 1), date(2026, 12, 30))}
    assert found.made_at.tolist() == [datetime(2026, 10, 5, 6)] * 2 and set(found.revision) == {"abc"}


def test_what_was_told_first_counts_and_later_tellings_are_revisions(source):
    tell(source, frame(("a", 0.25, "warned")))
    tell(source, frame(("a", 0.5, None), ("b", 0.1, None)), now="2026-12-01T06:00:00")
    found = heard(open_crm(source, "2026-10"))
    assert found[["target", "value"]].values.tolist() == [["a", 0.25], ["b", 0.1]]
    assert [moment.month for moment in found.made_at] == [10, 12]


def test_where_nothing_was_told_the_table_is_typed_and_empty(source):
    before = open_crm(source, "2026-10").told("score", "churn", open_crm(source, "2026-09").period)
    tell(source, frame(("a", 0.25, None)), period="2026-10")
    crm = open_crm(source, "2026-10")
    for table in (
        before,
        crm.told("score", "churn", crm.previous.period),
        crm.told("segment", "segments", crm.year_before.period),
    ):
        assert {name: str(kind) for name, kind in table.schema().items()} == FORM and len(table.execute()) == 0


def test_it_joins_with_the_handle_s_tables_and_stays_as_it_was_found(source):
    tell(source, frame(("a", 0.25, None)))
    crm = open_crm(source, "2026-10", "north")
    table = crm.told("score", "churn", crm.previous.period)
    tell(source, frame(("b", 0.5, None)))
    assert crm.told("score", "churn", crm.previous.period) is table
    joined = crm.customers.inner_join(table, crm.customers.customer_id == table.target)
    assert joined.select("customer_id", "value").execute().values.tolist() == [["a", 0.25]]


@pytest.mark.parametrize("view", ["previous", "year_before"])
def test_a_comparison_asks_for_its_page(source, view):
    crm = open_crm(source, "2026-10")
    assert len(getattr(crm, view).told("score", "churn", crm.previous.period).execute()) == 0
    with pytest.raises(UsageError, match="2026-10 cannot ask"):
        getattr(crm, view).told("score", "churn", crm.period)


@pytest.mark.parametrize("label", ["2026-10", "2026-11", "2026", "2026-Q4", "2026-W45"])
def test_a_page_cannot_ask_for_its_own_period_nor_for_a_later_one(source, label):
    """Else it would change with what it says itself, or with what came after it."""
    crm = open_crm(source, "2026-10")
    with pytest.raises(UsageError, match=r"cannot ask.*Ask for crm\.previous\.period"):
        crm.told("score", "churn", crm.period.parse(label))


def test_a_kind_that_is_not_told_in_bulk_is_refused(source):
    crm = open_crm(source, "2026-10")
    for kind in ("kpi", "scores"):
        with pytest.raises(UsageError, match=kind):
            crm.told(kind, "churn", crm.previous.period)


def test_frames_hear_nothing(source):
    crm = Crm.of(period="2026-10")
    assert len(heard(crm)) == 0


# ------------------------------------------------------------------------------------------------ which source


def test_a_source_is_the_same_however_it_was_named(source, tmp_path, monkeypatch):
    """An analyst's notebook and a run with --source agree on what is theirs."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(sources, "FOLDER", tmp_path / "params" / "sources")
    sources.FOLDER.mkdir(parents=True)
    (sources.FOLDER / "shop.yml").write_text("mapping: {folder: acme}\n")
    (tmp_path / "link").symlink_to(tmp_path / "acme")
    names = {
        "shop": "shop",
        "params/sources/shop.yml": "shop",
        str(sources.FOLDER / "shop.yml"): "shop",
        "./params/../params/sources/shop.yml": "shop",
    }
    names |= dict.fromkeys(["acme", "./acme", "acme/", str(tmp_path / "acme"), "link"], "acme")
    assert {name: sources.called(name) for name in names} == names
    assert sources.called("nowhere") == "nowhere"
    for one, other in (
        ("params/sources/shop.yml", "shop"),
        ("shop", str(sources.FOLDER / "shop.yml")),
        ("./acme", str(tmp_path / "link")),
    ):
        tell(one, frame((one, 1.0, None)))
        assert one in heard(open_crm(other, "2026-10")).target.to_list()
    assert heard(open_crm("acme", "2026-10")).target.to_list() == ["./acme"]


def test_a_file_elsewhere_is_known_by_its_place(tmp_path, monkeypatch, source):
    path = settings(tmp_path, tmp_path / "acme")
    assert sources.called(path) == path and sources.called(source) == source
    monkeypatch.setattr(places, "ROOT", tmp_path)
    assert (sources.called(path), sources.called(source)) == ("acme.yml", "acme")


# ------------------------------------------------------------------------------------------------ reading is noted


def test_what_was_read_stands_in_the_footer_as_the_plan_takes_it(source):
    tell(source, frame(("a", 0.25, None)))
    crm = open_crm(source, "2026-10")
    page = Page(crm, "funnel", ["en"])
    assert page.provenance().page["heard"] == []
    heard(crm), heard(crm, "segment", "segments")
    now = [
        told.digest(places.out(), *asked, crm.delivery.source, "2026-09")
        for asked in (("score", "churn"), ("segment", "segments"))
    ]
    assert page.provenance().page["heard"] == [["score", "churn", "2026-09", now[0]], ["segment", "segments", "2026-09", now[1]]]
    tell(source, frame(("a", 0.5, None)))  # a revision is nothing that a reader would find
    assert told.digest(places.out(), "score", "churn", crm.delivery.source, "2026-09") == now[0]
    tell(source, frame(("b", 0.5, None)))
    assert told.digest(places.out(), "score", "churn", crm.delivery.source, "2026-09") != now[0]


# ------------------------------------------------------------------------------------------------ what is told


@pytest.mark.parametrize(
    "rows",
    [frame(("b", 1, None), ("a", None, "x")), ibis.memtable({"target": ["b", "a"], "value": [1.0, None], "label": [None, "x"]})],
)
def test_a_page_tells_a_frame_or_a_table(source, rows):
    block = Page(open_crm(source, "2026-09"), "prepare", ["en", "zh"]).tells("score", "funnel", rows, **DAYS, unit="share")
    assert block.page["told"] | {"sha256": ""} == {
        "kind": "score", "report": "funnel", "sha256": "", "count": 2, "starts": "2026-10-01", "ends": "2026-12-30", "unit": "share"
    }  # fmt: skip
    assert block.html == {
        "en": "<p>Told to the ledger: 2 scores of the report “Sales funnel”, for 1 Oct 2026 to 29 Dec 2026.</p>",
        "zh": "<p>已记入台账：“销售漏斗”报告的 2 个评分，所指时间为2026年10月1日至2026年12月29日。</p>",
    }


def test_a_table_of_the_source_is_told_with_its_exact_sums(source):
    crm = open_crm(source, "2026-10")
    rows = crm.orders.select(target="customer_id", value="amount").group_by("target").aggregate(value=lambda t: t.value.max())
    block = Page(crm, "prepare", ["en"]).tells(
        "segment", "segments", rows, starts=date(2025, 10, 1), ends=date(2026, 10, 1), unit="money"
    )
    kept = duckdb.read_parquet(str(told.path_of(block.page["told"]["sha256"]))).fetchall()
    assert kept == [("a", 40.0, None), ("b", 30.0, None)]


@pytest.mark.parametrize(
    ("rows", "change", "says"),
    [
        (frame(), {}, None), (pd.DataFrame({"target": ["a"], "value": [1]}), {}, None), (pd.DataFrame({"target": [7], "value": [1]}), {}, None),
        (pd.DataFrame({"who": ["a"], "value": [1]}), {}, "has no target"), (pd.DataFrame({"target": ["a"]}), {}, "has no value"),
        (frame(("a", 1, None)), {"kind": "kpi"}, "no 'kpi'"), (frame(("a", 1, None)), {"unit": "percent"}, "no 'percent'"),
        (frame(("a", 1, None)), {"ends": DAYS["starts"]}, "ends = the day after"), (frame(("a", 1, None), ("a", 2, None)), {}, "another row has"),
    ],
)  # fmt: skip
def test_what_may_be_told(source, rows, change, says):
    page, asked = Page(open_crm(source, "2026-09"), "prepare", ["en"]), {"kind": "score", "unit": "share", **DAYS} | change
    tells = lambda: page.tells(asked.pop("kind"), "funnel", rows, **asked)  # noqa: E731
    if says:
        with pytest.raises(UsageError, match=says):
            tells()
    else:
        assert tells().page["told"]["count"] == len(rows)


def test_every_kind_has_its_words():
    from crmlib import texts

    assert [kind for kind in ledger.BULK for lang in texts.LANGUAGES if not texts.has(f"page.told_{kind}", lang)] == []
    assert tiny.KPI["unit"] in told.UNITS
