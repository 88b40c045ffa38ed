"""Kept tables: made once for all teams and processes, made anew when what they are made from changes, and what was read is known."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import product
import pytest
from given import folder

from crmlib import kept, places
from crmlib.crm import Crm, open_crm, rows
from crmlib.metrics import deals, states

ORDERS = "order_id,ordered_at,amount,customer_id\n1,2026-10-03,20,a\n2,2026-10-04,30,b\n3,2026-09-05,40,a\n"
CUSTOMERS = "customer_id,team\na,north\nb,south\n"


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return str(folder(tmp_path, orders=ORDERS, customers=CUSTOMERS))


def spent(made: list):
    """What a metric hands the handle: a function of the company's handle; `made` hears of every call."""

    def make(company: Crm):
        made.append((company.team, str(company.period)))
        joined = company.table("orders").inner_join(company.table("customers").select("customer_id", of="_team"), "customer_id")
        return joined.group_by(team="of").aggregate(n=lambda t: t.count())

    return make


def counts(crm: Crm, made: list) -> dict[str, int]:
    return {r.team: int(r.n) for r in crm.kept("spent", spent(made)).execute().itertuples()}


def test_it_is_made_once_for_the_company_and_cut_to_each_team(source):
    made: list = []
    assert counts(open_crm(source, "2026-10"), made) == {"north": 2, "south": 1}
    assert counts(open_crm(source, "2026-10", "north"), made) == {"north": 2}
    assert counts(open_crm(source, "2026-10", "south"), made) == {"south": 1}
    assert made == [("all", "2026-10")]


def test_a_team_that_comes_first_makes_it_for_all(source):
    made: list = []
    assert counts(open_crm(source, "2026-10", "south"), made) == {"south": 1}
    assert counts(open_crm(source, "2026-10"), made) == {"north": 2, "south": 1} and made == [("all", "2026-10")]


PROCESS = """
import sys
from crmlib.crm import open_crm
def make(company):
    print("made", flush=True)
    {then}
    return company.table("orders").group_by(team="customer_id").aggregate(n=lambda t: t.count())
print(len(open_crm(sys.argv[1], "2026-10").kept("slow", make).execute()))
"""


def process(source: str, then: str = "pass") -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS.format(then=then), source], stdout=subprocess.PIPE, text=True, cwd=places.ROOT
    )


def test_two_processes_make_it_once(source):
    open_crm(source, "2026-10")
    both = [process(source, "__import__('time').sleep(0.5)") for _ in range(2)]
    said = [p.communicate(timeout=60)[0].split() for p in both]
    assert sorted(said) == [["2"], ["made", "2"]]


def test_a_maker_that_is_killed_leaves_nothing_half(source):
    open_crm(source, "2026-10")
    first = process(source, "__import__('time').sleep(60)")
    assert first.stdout.readline() == "made\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    whole = [p for p in (places.work() / "kept").iterdir() if p.is_dir() and p.suffix != ".half"]
    assert whole == []
    assert process(source).communicate(timeout=60)[0].split() == ["made", "2"]


@pytest.mark.parametrize(
    "other",
    [
        lambda crm: crm.previous,
        lambda crm: crm.year_before,
        lambda crm: replace(crm, period=crm.period.previous.shift(1).containing(crm.period.start, "quarter")),
        lambda crm: replace(crm, beside=replace(crm, period=crm.period.shift(1))),
    ],
    ids=["previous", "year before", "a quarter", "beside another page"],
)
def test_another_period_or_another_page_beside_it_is_another_entry(source, other):
    made: list = []
    crm = open_crm(source, "2026-10")
    counts(crm, made)
    counts(other(crm), made)
    counts(crm, made)
    assert len(made) == 2


def test_other_data_are_another_entry(source, tmp_path):
    made: list = []
    counts(open_crm(source, "2026-10"), made)
    folder(tmp_path, orders=ORDERS + "4,2026-10-09,1,b\n", customers=CUSTOMERS)
    assert counts(open_crm(source, "2026-10"), made) == {"north": 2, "south": 2} and len(made) == 2


def test_other_code_of_the_numbers_is_another_entry(source, monkeypatch):
    made: list = []
    counts(open_crm(source, "2026-10"), made)
    monkeypatch.setattr(kept, "NUMBERS", "other code")
    counts(open_crm(source, "2026-10"), made)
    assert len(made) == 2


def test_the_code_that_figures_depend_on_is_all_of_the_numbers():
    names = {p.name for pattern in kept.ROOMS for p in (places.ROOT / "crmlib").glob(pattern)}
    assert {
        "lives.py",
        "themes.py",
        "lexicon.py",
        "measures.py",
        "means.py",
        "asof.py",
        "crm.py",
        "kept.py",
        "schema.yml",
        "schema.py",
    } <= names


def test_what_was_read_in_making_it_counts_as_read_also_where_it_is_ready(source):
    for _ in range(2):
        crm = open_crm(source, "2026-10", "north")
        counts(crm, [])
        assert crm.delivery.read == {"orders", "customers"}


def test_what_was_asked_for_in_making_it_counts_as_asked_for_also_where_it_is_ready(source):
    for _ in range(2):
        crm = open_crm(source, "2026-10", "north")
        states.tally(crm)
        assert {"customers", "orders", "opportunities"} <= crm.delivery.asked


def test_tables_made_from_kept_ones_count_what_those_read(source):
    states.tally(open_crm(source, "2026-10"))
    crm = open_crm(source, "2026-10", "north")
    states.tally(crm)
    assert {"orders", "customers", "interactions", "opportunities"} <= crm.delivery.read
    found = {entry.name: entry.read for entry in crm.entries()}
    assert set(found) == {"tally"} and set(found["tally"]) <= crm.delivery.read


def test_whole_numbers_stay_whole(source):
    """DuckDB sums them to a wider type, which a Parquet file holds as a float."""
    crm = open_crm(source, "2026-10")
    tally = states.tally_by_team(crm)
    assert set(map(str, tally.drop(columns="team").dtypes)) == {"int64"}


def test_frames_keep_it_in_memory_and_make_it_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "none"))
    made: list = []
    crm = Crm.of(
        orders=rows("order_id ordered_at amount customer_id", "1 2026-10-03 20 a"), customers=rows("customer_id team", "a north")
    )
    assert counts(crm, made) == counts(replace(crm, team="north"), made) == {"north": 1} and len(made) == 1
    assert not (tmp_path / "none").exists()


def test_the_rows_kept_know_nothing_later(source):
    """The views of a comparison are made as of their own end."""
    crm = open_crm(source, "2026-10")
    assert (crm.rows("orders"), crm.whole_previous.rows("orders"), crm.previous.rows("orders")) == (3, 1, 0)  # cut like this one
    assert int(deals.deals(crm).count().execute()) == 0


def test_it_is_for_the_owner_s_eyes_alone(source):
    counts(open_crm(source, "2026-10"), [])
    (entry,) = [p for p in (places.work() / "kept").iterdir() if p.is_dir() and (p / "rows.parquet").exists()]
    assert entry.stat().st_mode & 0o777 == 0o700 and json.loads((entry / "read.json").read_text()) == [
        ["customers", "orders"],
        [],
    ]


@pytest.mark.parametrize("report", product.some_reports("funnel"))
def test_a_page_is_the_same_whether_its_tables_are_ready_or_not(small_demo, tmp_path, monkeypatch, report):
    product.nothing_kept(tmp_path, monkeypatch, str(small_demo))
    job = {"source": str(small_demo), "period": "2026-10", "team": "all", "languages": ["en", "zh"]}
    made, ready = ([c.outputs for c in product.executed(report, **job).cells if c.cell_type == "code"] for _ in range(2))
    assert made == ready


def test_who_changes_the_code_while_it_is_loaded_leaves_nothing_for_others(source, monkeypatch):
    made = []
    counts(open_crm(source, "2026-10"), made)
    monkeypatch.setattr(kept, "_LOADED_AT", 0.0)  # every file is newer than what was loaded
    counts(open_crm(source, "2026-10"), made)
    assert len(made) == 2 and len(list((places.work() / "kept").glob("*/rows.parquet"))) == 1
