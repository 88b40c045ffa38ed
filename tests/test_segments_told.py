"""What September's segments were told to the ledger, October's page is held against: names go on, who moved is counted from the ledger."""

from datetime import date

import duckdb
import product
import pytest
from reading import each_figure
from test_heard import tell
from test_segments_page import kpi_of, table_of

from crmlib import ledger, places
from crmlib.crm import open_crm
from crmlib.models.segments import segmentation, segments, told, with_names

WINDOW = {"starts": date(2026, 10, 1), "ends": date(2026, 11, 1)}
OTHERS = {
    0: "bargain_customers",
    1: "full_price_customers",
    2: "attended_customers",
    3: "unattended_customers",
}  # names that no profile gives


@pytest.fixture(scope="module")
def october(small_demo, tmp_path_factory):
    """The page of October, and its view, after September's segments were told, under other names than they would have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_OUT", str(tmp_path_factory.mktemp("told") / "out"))
        then = open_crm(str(small_demo), "2026-09")
        found = segmentation(then)
        names = dict(zip(found.names, OTHERS.values(), strict=False))
        each, middles = told(then, found)
        middles["target"] = [f"{names[t.rpartition('/')[0]]}/{t.rpartition('/')[2]}" for t in middles.target]
        common = {"report": "segments", "days": WINDOW, "now": "2026-10-02T06:00:00"}
        tell(str(small_demo), each.execute().replace({"label": names}), kind="segment", unit="money", **common)
        tell(str(small_demo), middles, kind="centre", unit="ratio", **common)
        crm = open_crm(str(small_demo), "2026-10")
        page = product.built("segments", tmp_path_factory.mktemp("pages"), str(small_demo), "2026-10")
        yield page, crm, found, names


@pytest.mark.long
def test_segments_are_called_as_they_were_told(october):
    page, _, _, names = october
    assert set(table_of(page["en"], "groups").segment) & set(names.values())
    assert "they were told to the ledger on 2 Oct 2026" in each_figure(page["en"].html)["migration"]
    assert "2026年10月2日" in each_figure(page["zh"].html)["migration"]


@pytest.mark.long
def test_who_moved_is_what_the_ledger_says(october):
    """Worked out from the ledger's own files and the groups of October, in plain pandas."""
    page, crm, _, _ = october
    files = [str(path) for path in ledger.files(places.out())]
    before = (
        duckdb.sql(f"select target, label, value from read_parquet({files}, union_by_name = true) where kind = 'segment'")
        .df()
        .set_index("target")
    )
    found = segmentation(crm, crm.told("centre", "segments", crm.previous.period))
    now = with_names(segments(crm), found).execute().set_index("customer_id")
    both = before.join(now.segment, how="left")
    stayed = both[both.segment.notna()]
    rate = kpi_of(page["en"], "migration_rate")
    assert (rate["part"], rate["base"]) == ((stayed.label != stayed.segment).sum(), len(stayed)) and rate["base"] > 300
    flows, money = table_of(page["en"], "migration"), table_of(page["en"], "migration_money")
    assert flows.customer_count[flows.letter == "left_us"].sum() == both.segment.isna().sum()
    assert flows.customer_count[flows.before_segment == "just_in"].sum() == (~now.index.isin(before.index)).sum()
    assert money.earlier_amount[money.before_segment != "just_in"].sum() == pytest.approx(before.value.sum(), abs=0.01)
