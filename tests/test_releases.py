"""All of a release appears at once, or the old one stays."""

import json
import threading
from pathlib import Path

import pytest
from tinysite import bring, outcome, tree

from crmlib import places, releases, store
from crmlib.errors import PublishError


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def test_nothing_is_written_where_the_site_cannot_be(out, monkeypatch):
    bring(out, outcome(out))
    before, folders = tree(out), sorted(p.name for p in out.rglob("*"))
    full = OSError(28, "No space left on device")
    for step in ("_put", "_write_manifest", "_switch"):
        with monkeypatch.context() as patch:
            patch.setattr(releases, step, lambda *a: (_ for _ in ()).throw(full))
            with pytest.raises(PublishError, match=r"No space left.*MB free.*old site was kept"):
                bring(out, outcome(out, team="east"))
        assert tree(out) == before and sorted(p.name for p in out.rglob("*")) == folders


def test_a_signal_just_after_the_switch_takes_nothing_from_the_readers(out, monkeypatch):
    bring(out, outcome(out))
    switch = releases._switch

    def switch_and_stop(*where):
        switch(*where)
        raise KeyboardInterrupt

    monkeypatch.setattr(releases, "_switch", switch_and_stop)
    with pytest.raises(KeyboardInterrupt):
        bring(out, outcome(out, team="east"))
    assert (out / "site/east/2026-10/funnel.html").is_file() and (out / "site/north/2026-10/funnel.html").is_file()


def test_a_page_that_would_lie_outside_is_refused(out):
    with pytest.raises(PublishError, match="outside the site"):
        releases.release(out, "r", "x", releases.Release(), {"../../evil.html": b""}, releases.Release())
    assert not (out.parent / "evil.html").exists() and not (out / "releases" / "r").exists()


def test_a_link_in_the_place_of_a_folder_does_not_lead_outside(out):
    bring(out, outcome(out))
    (out / "releases" / "r").mkdir()
    (out / "releases" / "r" / "north").symlink_to(out.parent)
    with pytest.raises(PublishError, match="outside"):
        releases.release(out, "r", "x", releases.Release(), {"north/x.html": b""}, releases.Release())
    assert not (out.parent / "x.html").exists()


def test_unchanged_pages_are_one_file_on_disk_and_the_link_is_relative(out):
    bring(out, outcome(out))
    first = (out / "site").resolve()
    bring(out, outcome(out, team="east"))
    assert not (out / "site").readlink().is_absolute() and (out / "site").resolve() != first
    assert (first / "north/2026-10/funnel.html").samefile(out / "site/north/2026-10/funnel.html")


def test_three_releases_are_kept_and_half_made_ones_are_not(out):
    (out / "releases" / "half").mkdir(parents=True)
    for _ in range(5):
        bring(out, outcome(out))
    names = {p.name for p in (out / "releases").iterdir()}
    assert len(names) == 6 and "half" not in names  # three folders, three manifests
    assert (out / "site").resolve().name in names


def test_the_manifest_records_the_pages(out):
    bring(out, outcome(out))
    release = releases.current(out)
    manifest = json.loads(Path(f"{release.folder}.json").read_text("utf-8"))
    (page,) = manifest["pages"]
    assert {k: page[k] for k in ("team", "period", "report", "languages", "title", "state", "as_of", "error", "run")} == {
        "team": "north", "period": "2026-10", "report": "funnel", "languages": ["en", "zh"], "title": "Sales funnel",
        "state": "ok", "as_of": "2026-11-30", "error": None, "run": "run-1",
    }  # fmt: skip
    for name, sha in page["sha256"].items():
        assert store.sha((release.folder / "north/2026-10" / name).read_bytes()) == sha


def test_readers_never_see_a_part(out):
    bring(out, *[outcome(out, team=t) for t in ("all", "east", "north")])
    stop, wrong = threading.Event(), []

    def poll():
        pages = [out / "site" / t / "2026-10/funnel.html" for t in ("all", "east", "north")]
        while not stop.is_set():
            wrong.extend(p for p in pages if not p.read_bytes().rstrip().endswith(b"</html>"))

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for n in range(6):
            bring(out, *[outcome(out, team=t, as_of=f"2026-11-{n + 10}") for t in ("all", "east", "north")])
    finally:
        stop.set()
        reader.join()
    assert wrong == []
