"""The ledger: what was shown is kept, once and for good; what was never shown is not."""

import stat
from dataclasses import replace
from datetime import date, datetime

import pytest
from tinysite import bring, failed, outcome

from crmlib import ledger, places
from crmlib.errors import PublishError

SAID = ledger.Entry(
    kind="kpi", report="funnel", team="north", period="2026-10", starts=date(2026, 10, 1), ends=date(2026, 11, 1), source="demo",
    target="win_rate", unit="share", currency=None, value=0.41, base=210.0, reason=None, as_of=datetime(2026, 10, 31, 23, 59, 59),
    complete=True, made_at=datetime(2026, 11, 5, 6), data="d1", revision="r1", settings="s1", run="run-1",
)  # fmt: skip
UNDEFINED = replace(SAID, target="sales_cycle_days", unit="days", value=None, base=0.0, reason="nothing to divide by")


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def keep(out, *made):
    """Put entries into the ledger as a release that was shown does."""
    (out / "releases" / "r").mkdir(parents=True, exist_ok=True)
    (out / "site").unlink(missing_ok=True)
    (out / "site").symlink_to("releases/r")
    ledger.write(out / "releases" / "r.parquet", made)
    ledger.adopt(out)


def kept(out):
    return [ledger.Entry(*row) for row in ledger.entries(out).order("number, target").select(*ledger.COLUMNS).fetchall()]


# ------------------------------------------------------------------------------------------------ a file of entries


def test_what_is_written_is_read_as_it_was(out):
    odd = replace(SAID, team="a\x00b\u202e团队 'x' \"y\"", target="zz", value=12345678901234.56, revision=None, run="")
    keep(out, odd, UNDEFINED, SAID)
    assert kept(out) == [UNDEFINED, SAID, odd]  # sorted by target


@pytest.mark.parametrize("value", [0.0, -0.5, 0.1 + 0.2, 0.333333333333, 1e-300, 2.0**53, None])
def test_every_value_comes_back_to_the_last_bit(out, value):
    keep(out, replace(SAID, value=value))
    assert [e.value for e in kept(out)] == [value]


def test_a_ledger_without_a_file_has_the_same_columns(out):
    assert ledger.files(out) == [] and ledger.entries(out).fetchall() == []
    before = ledger.entries(out)
    keep(out, SAID)
    after = ledger.entries(out)
    assert (before.columns, before.types) == (after.columns, after.types) and after.columns[-2:] == ["number", "predicted"]


def test_nobody_else_can_read_it(out):
    keep(out, SAID)
    (file,) = ledger.files(out)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (file, file.parent)] == [0o600, 0o700]


def test_a_file_is_written_whole_or_not_at_all(out):
    out.mkdir()
    with pytest.raises(TypeError):
        ledger.write(out / "r.parquet", [SAID, None])
    (out / "gone").mkdir()
    (out / "gone").rmdir()
    with pytest.raises(OSError, match="No such file"):
        ledger.write(out / "gone" / "r.parquet", [SAID])
    assert list(out.iterdir()) == []


def test_other_files_in_its_folder_are_no_part_of_it(out):
    keep(out, SAID)
    for name in ("notes.txt", "copy.parquet", "1-x.parquet", ".000009-x.parquet"):
        (out / "ledger" / name).write_text("x")
    assert kept(out) == [SAID]


def test_a_file_of_an_older_form_lacks_a_column_and_is_read(out):
    keep(out, SAID)
    file = ledger.files(out)[0]
    with ledger.duckdb.connect() as con:
        con.execute(f"copy (select * exclude base from '{file}') to '{file.with_name('000000-old.parquet')}'")
    assert [e.base for e in kept(out)] == [None, 210.0]


# ------------------------------------------------------------------------------------------------ what counts


@pytest.mark.parametrize(
    ("made_at", "predicted"),
    [("2026-10-01T00:00:00", True), ("2026-10-31T23:59:59.999999", True), ("2026-11-01T00:00:00", False), ("2026-11-05T06:00:00", False)],
)  # fmt: skip
def test_predicted_is_what_was_made_before_the_period_ended(out, made_at, predicted):
    keep(out, replace(SAID, made_at=datetime.fromisoformat(made_at)))
    assert ledger.entries(out).select("predicted").fetchall() == [(predicted,)]


def test_the_first_entry_counts_whatever_the_clock_says(out):
    earlier = datetime(2026, 1, 1)
    december = replace(SAID, kind="forecast", starts=date(2026, 12, 1), ends=date(2027, 1, 1), value=1.0)
    keep(out, SAID, december)
    keep(out, replace(SAID, value=0.5, made_at=earlier), replace(december, value=2.0))
    # another page, team, source, target or kind speaks of something else; so does another horizon of the same month
    others = [replace(SAID, **{k: "x"}) for k in ("report", "team", "source", "target", "kind")]
    keep(out, *others, replace(december, period="2026-11", value=3.0))
    counted = ledger.first(ledger.entries(out)).order("kind, period, value").select("kind", "period", "value").fetchall()
    assert counted == [
        ("forecast", "2026-10", 1.0), ("forecast", "2026-11", 3.0), *[("kpi", "2026-10", 0.41)] * 5, ("x", "2026-10", 0.41),
    ]  # fmt: skip


def test_the_history_of_a_page_is_in_the_order_of_publishing(out):
    early = replace(SAID, value=0.5, made_at=datetime(2020, 1, 1))
    for said in (SAID, early, replace(SAID, kind="segment"), replace(SAID, period="2026-09")):
        keep(out, said)
    assert ledger.history(out, "kpi", ["funnel"], ["2026-10"]) == {SAID.key: [SAID, early]}
    assert ledger.history(out, "kpi", ["sales"], ["2026-10"]) == ledger.history(out, "kpi", [], ["2026-10"]) == {}


def test_of_what_was_repeated_the_history_has_the_ends(out):
    """The newest, and the two between which the value changed, of complete periods and of partial ones by themselves."""
    complete = [(1.0, True), (1.0, True), (1.0, True), (None, True), (None, True), (2.0, True), (2.0, True), (2.0, True)]
    partial = [(5.0, False), (5.0, False), (5.0, False)]
    for n, (value, whole) in enumerate([*complete[:4], *partial, *complete[4:]]):
        keep(out, replace(SAID, value=value, complete=whole, run=str(n)))
    (told,) = ledger.history(out, "kpi", ["funnel"], ["2026-10"]).values()
    assert [(e.value, e.run) for e in told] == [
        (1.0, "0"), (1.0, "2"), (None, "3"), (5.0, "4"), (5.0, "6"), (None, "7"), (2.0, "8"), (2.0, "10"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({}, False), ({"made_at": datetime(2027, 1, 1), "run": "run-2", "reason": "?"}, False),
        ({"value": 0.410000000001}, True), ({"value": None}, True), ({"data": "d2"}, True), ({"revision": "r2"}, True),
        ({"revision": None}, True), ({"settings": "s2"}, True), ({"as_of": datetime(2026, 10, 30)}, True),
        ({"label": "x"}, True), ({"team": "east"}, True), ({"source": "other"}, True), ({"ends": date(2026, 11, 2)}, True),
    ],
)  # fmt: skip
def test_what_repeats_the_newest_entry_is_no_news(change, new):
    said = replace(SAID, **change)
    assert ledger.news([said], {SAID.key: [UNDEFINED, SAID]}) == [said] * new


def test_a_value_that_returns_is_news_and_an_undefined_one_repeats_itself():
    other = replace(SAID, value=0.5)
    assert ledger.news([SAID, UNDEFINED], {SAID.key: [SAID, other], UNDEFINED.key: [UNDEFINED]}) == [SAID]


# ------------------------------------------------------------------------------------------------ in and out


def test_numbers_go_on_though_names_of_releases_return(out):
    for n in range(3):
        keep(out, replace(SAID, value=float(n)))
    assert [f.name for f in ledger.files(out)] == ["000001-r.parquet", "000002-r.parquet", "000003-r.parquet"]
    assert [e.value for e in kept(out)] == [0.0, 1.0, 2.0]


def test_of_what_a_killed_run_left_only_the_release_that_is_shown_counts(out):
    keep(out, SAID)
    releases = out / "releases"
    ledger.write(releases / "r.parquet", [replace(SAID, value=0.5)])
    ledger.write(releases / "never.parquet", [replace(SAID, value=0.6)])
    for rest in (".half.parquet.part", ".half.parquet.rows"):
        (releases / rest).write_text("x")
    ledger.adopt(out)
    assert [e.value for e in kept(out)] == [0.41, 0.5] and sorted(p.name for p in releases.iterdir()) == ["r"]
    ledger.adopt(out)
    assert [e.value for e in kept(out)] == [0.41, 0.5]


def test_before_anything_was_shown_nothing_counts(out):
    (out / "releases").mkdir(parents=True)
    ledger.write(out / "releases" / "r.parquet", [SAID])
    ledger.adopt(out)
    assert kept(out) == [] and list((out / "releases").iterdir()) == []


def test_where_it_cannot_be_written_the_run_ends_and_loses_nothing(out):
    keep(out, SAID)
    ledger.write(out / "releases" / "r.parquet", [UNDEFINED])
    (out / "ledger").rename(out / "elsewhere")
    (out / "ledger").write_text("a file in its place")
    with pytest.raises(PublishError, match="out/ledger, on the same disk"):
        ledger.adopt(out)
    (out / "ledger").unlink()
    (out / "elsewhere").rename(out / "ledger")
    ledger.adopt(out)
    assert kept(out) == [SAID, UNDEFINED]


def test_a_damaged_file_stops_publishing_and_is_named(out):
    bring(out, outcome(out))
    bring(out, outcome(out, period="2026-09"))
    bad = ledger.files(out)[1]
    bad.write_bytes(bad.read_bytes()[:-20])
    site = (out / "site").readlink()
    with pytest.raises(PublishError, match=r"000002-.*\.parquet is damaged.*Nothing was published.*backup"):
        bring(out, outcome(out))
    assert (out / "site").readlink() == site


# ------------------------------------------------------------------------------------------------ published


def test_every_figure_of_a_new_page_goes_in_once(out):
    bring(out, outcome(out), outcome(out, team="all"), outcome(out, team="east", as_of="2026-10-30"), failed(name="sales"))
    said = kept(out)
    assert [(e.team, e.target, e.value, e.base, e.unit, e.complete, e.run) for e in sorted(said, key=lambda e: e.team)] == [
        ("all", "win_rate", 0.41, 210.0, "share", True, "run-1"), ("east", "win_rate", 0.41, 210.0, "share", False, "run-1"),
        ("north", "win_rate", 0.41, 210.0, "share", True, "run-1"),
    ]  # fmt: skip
    assert {(e.kind, e.report, e.period, e.starts, e.ends, e.source, e.made_at, e.revision) for e in said} == {
        ("kpi", "funnel", "2026-10", date(2026, 10, 1), date(2026, 11, 1), "demo", datetime(2026, 11, 5, 6), "abc")
    }


def test_publishing_the_same_again_adds_nothing(out):
    bring(out, outcome(out))
    before = ledger.files(out)
    bring(out, outcome(out))
    assert ledger.files(out) == before and len(before) == 1
    bring(out, outcome(out), outcome(out, team="east"))
    assert [e.team for e in kept(out)] == ["north", "east"]


def test_a_release_that_fails_leaves_no_entry(out, monkeypatch):
    from crmlib import releases

    monkeypatch.setattr(releases, "_switch", lambda *where: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(PublishError):
        bring(out, outcome(out))
    assert kept(out) == [] and list((out / "releases").iterdir()) == []
