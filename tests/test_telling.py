"""What a page tells the ledger in bulk is held against its rows: whatever is wrong with them is that page's failure alone."""

from dataclasses import replace
from datetime import date, datetime

import duckdb
import pyarrow as pa
import pytest
import tiny
from test_ledger import kept
from tinysite import bring, cells, outcome, read

from crmlib import ledger, places, told
from crmlib.errors import PublishError

ROWS = pa.table({"target": ["a", "b"], "value": [0.25, None], "label": ["warned", None]}).cast(
    pa.schema([("target", pa.string()), ("value", pa.float64()), ("label", pa.string())])
)


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return places.out()


def said(rows=ROWS, **change):
    sha256, count = told.keep(rows)
    told_of = {
        "kind": "score",
        "report": "churn",
        "sha256": sha256,
        "count": count,
        "unit": "share",
        "starts": "2026-11-01",
        "ends": "2027-01-30",
    }
    return told_of | change


def teller(out, *what, name="prepare", **kw):
    """A page that tells this."""
    blocks = [tiny.block(html="<p>told</p>", page={"told": one}) for one in what]
    return outcome(out, team="all", name=name, made=cells("all", name=name, extra=blocks), **kw)


def scores(out):
    return [e for e in kept(out) if e.kind != "kpi"]


# ------------------------------------------------------------------------------------------------ good


def test_rows_and_figures_are_told_together(out):
    assert bring(out, teller(out, said())).failed == []
    assert len(ledger.files(out)) == 1
    (a, b), (kpi,) = scores(out), [e for e in kept(out) if e.kind == "kpi"]
    assert (a.target, a.value, a.label, b.target, b.value, b.label) == ("a", 0.25, "warned", "b", None, None)
    same = {"team", "period", "source", "as_of", "complete", "made_at", "data", "revision", "settings", "run"}
    assert [getattr(a, name) for name in same] == [getattr(kpi, name) for name in same]
    assert (a.kind, a.report, a.starts, a.ends, a.unit, a.currency, a.base, a.reason) == (
        "score", "churn", date(2026, 11, 1), date(2027, 1, 30), "share", None, None, None,
    )  # fmt: skip
    assert (a.made_at, a.complete, a.data) == (datetime(2026, 11, 5, 6), True, b.data)


def test_money_has_the_currency_of_the_source(out):
    made = cells("all", name="prepare", extra=[tiny.block(page={"told": said(kind="segment", unit="money")})])
    made[-1]["facts"]["provenance"]["parameters"]["business"] = {"currency": "CNY"}
    bring(out, outcome(out, team="all", name="prepare", made=made))
    assert {e.currency for e in scores(out)} == {"CNY"}


def test_publishing_the_same_again_adds_nothing(out):
    for _ in range(2):
        bring(out, teller(out, said()))
    assert len(ledger.files(out)) == 1 and len(scores(out)) == 2


def test_a_page_may_tell_of_several_things(out):
    bring(out, teller(out, said(), said(kind="segment"), said(report="value"), said(ends="2027-02-01")))
    assert len(scores(out)) == 8


def test_of_what_two_pages_tell_the_later_one_counts(out):
    other = pa.table({"target": ["a"], "value": [0.5], "label": pa.nulls(1, pa.string())})
    bring(out, teller(out, said()), teller(out, said(other), name="sales"))
    assert [(e.target, e.value) for e in scores(out)] == [("a", 0.5)]


def test_a_release_that_fails_tells_nothing(out, monkeypatch):
    from crmlib import releases

    monkeypatch.setattr(releases, "_switch", lambda *where: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(PublishError):
        bring(out, teller(out, said()))
    assert kept(out) == [] and list((out / "releases").iterdir()) == []


# ------------------------------------------------------------------------------------------------ not good


def gone(out, one):
    told.path_of(one["sha256"]).unlink()


def changed(out, one):
    path = told.path_of(one["sha256"])
    path.write_bytes(path.read_bytes() + b"x")


def another(out, one):
    """Rows that are as sound as the true ones, and not they."""
    path = told.path_of(one["sha256"])
    with duckdb.connect() as con:
        con.execute(f"copy (select 'a' as target, 0.9::double as value, null::varchar as label) to '{path}' (format parquet)")


def crafted(select):
    """A file of any content whose sha256 the block gives rightly."""

    def put(out, one):
        (out / "x.parquet").unlink(missing_ok=True)
        if isinstance(select, bytes):
            (out / "x.parquet").write_bytes(select)
        else:
            with duckdb.connect() as con:
                con.execute(f"copy ({select}) to '{out / 'x.parquet'}' (format parquet)")
        one["sha256"] = ledger_sha(out / "x.parquet")
        path = told.path_of(one["sha256"])
        path.parent.mkdir(parents=True)
        (out / "x.parquet").rename(path)

    return put


def ledger_sha(path):
    from crmlib.store import content_sha

    return content_sha(path)


GOOD = "'a' as target, 1.0::double as value, null::varchar as label"
HOSTILE = {
    "gone": (gone, {}, "are gone"),
    "changed": (changed, {}, "were changed"),
    "replaced": (another, {}, "were changed"),
    "no parquet": (crafted(b"\x80\x04x"), {}, "cannot be read"),
    "another column": (crafted(f"select {GOOD}, 'kpi' as kind"), {"count": 1}, "not as its block says"),
    "a missing column": (crafted("select 'a' as target, 1.0::double as value"), {"count": 1}, "not as its block says"),
    "another type": (crafted("select 'a' as target, 'x' as value, null::varchar as label"), {"count": 1}, "not as its block says"),
    "a target twice": (crafted(f"select {GOOD} from range(2)"), {}, "not as its block says"),
    "no target": (crafted("select null::varchar as target, 1.0::double as value, null::varchar as label"), {"count": 1}, "not as its block says"),
    "infinite": (crafted("select 'a' as target, 'inf'::double as value, null::varchar as label"), {"count": 1}, "not as its block says"),
    "another count": (lambda *_: None, {"count": 3}, "not as its block says"),
    "a kind of its own": (lambda *_: None, {"kind": "kpi"}, "unknown form"),
    "a unit of its own": (lambda *_: None, {"unit": "percent"}, "unknown form"),
    "a place": (lambda *_: None, {"sha256": "../../../../etc/passwd"}, "unknown form"),
    "a number in words": (lambda *_: None, {"count": "2"}, "unknown form"),
    "a field more": (lambda *_: None, {"team": "north"}, "unknown form"),
    "days that end before they start": (lambda *_: None, {"ends": "2026-11-01"}, "the end is the day after the last"),
    "no day": (lambda *_: None, {"ends": "soon"}, "soon"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "change", "says"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_wrong_fails_that_page_and_no_other(out, spoil, change, says):
    bring(out, teller(out), outcome(out))
    before = read(out, "all/2026-10/prepare.html")
    one = said() | change
    spoil(out, one)
    done = bring(out, teller(out, one), outcome(out, as_of="2026-12-01"))
    assert [(o.job.report, says in o.error) for o in done.failed] == [("prepare", True)]
    assert scores(out) == [] and {e.report for e in kept(out) if e.run} == {"prepare", "funnel"}
    assert len([e for e in kept(out) if e.report == "funnel"]) == 2  # the other page's new figures
    assert "Not updated" in read(out, "all/index.html") and read(out, "all/2026-10/prepare.html") == before


@pytest.mark.parametrize("form", [None, [], "x", 1, {}, {"kind": "score"}])
def test_a_block_of_any_form(out, form):
    made = cells("all", name="prepare", extra=[tiny.block(page={"told": form})])
    (failed,) = bring(out, outcome(out, team="all", name="prepare", made=made)).failed
    assert "unknown form" in failed.error and scores(out) == []


def test_a_page_that_tells_the_same_thing_twice(out):
    (failed,) = bring(out, teller(out, said(), said(unit="score"))).failed
    assert "tells the ledger twice" in failed.error and scores(out) == []


def test_rows_that_vanish_after_the_page_was_made_end_the_release_and_leave_the_old_site(out):
    from crmlib.publish import Edition

    bring(out, outcome(out))
    site, one = (out / "site").readlink(), said()
    what = teller(out, one)
    edition = Edition(out, [what.job], "run-2")
    assert edition.add(replace(what)).error is None
    told.path_of(one["sha256"]).unlink()
    with pytest.raises(PublishError, match="old site was kept"):
        edition.show(("en", "zh"))
    assert (out / "site").readlink() == site and scores(out) == []
