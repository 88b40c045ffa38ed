"""What was not used lately is dropped; what is used, made at this moment or may be published again stays."""

import fcntl
import json
import os
import time

import pytest

from crmlib import ageing, places, records, run, store
from crmlib.execution import Outcome
from crmlib.plan import Job

YOUNG, OLD = ageing.DAYS - 1, ageing.DAYS + 1


@pytest.fixture(autouse=True)
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path))


def aged(path, days):
    moment = time.time() - days * 86_400
    os.utime(path, (moment, moment))
    return path


def stored(key, days, kind="stores"):
    folder = store.once(kind, key, lambda half: (half / "a.parquet").write_text("x"))
    return aged(folder, days)


@pytest.mark.parametrize("kind", ["stores", "kept", "models", "told"])
def test_stores_not_used_lately_are_dropped_with_their_locks(kind):
    stored("young", YOUNG, kind), stored("old", OLD, kind)
    ageing.tidy()
    assert sorted(p.name for p in (places.work() / kind).iterdir()) == ["young", "young.lock"]


def test_using_a_store_keeps_it_young():
    folder = stored("key", OLD)
    store.once("stores", "key", None)
    ageing.tidy()
    assert folder.is_dir()


def test_a_store_that_is_being_made_or_used_is_left_alone():
    half = places.work() / "stores" / "key.half"
    half.mkdir(parents=True)
    aged(half, OLD)
    with half.with_name("key.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ageing.tidy()
        assert half.is_dir()
    ageing.tidy()  # whoever made it is dead: what it left is dropped
    assert not half.exists()


def test_a_lock_that_was_dropped_meanwhile_is_taken_anew(monkeypatch):
    path = places.work() / "stores" / "key.lock"
    path.parent.mkdir()
    real, taken = fcntl.flock, []

    def flock(file, how):
        real(file, how)
        taken.append(how)
        if len(taken) == 1:
            path.unlink()  # as ageing does

    monkeypatch.setattr(fcntl, "flock", flock)
    with store.locked(path):
        assert len(taken) == 2 and path.is_file()


def test_notes_and_records_not_used_lately_are_dropped(tmp_path):
    for kind in ("hashes", "records"):
        for name, days in (("young", YOUNG), ("old", OLD)):
            note = places.work() / kind / name
            note.parent.mkdir(exist_ok=True)
            note.write_text("{}")
            aged(note, days)
    ageing.tidy()
    assert [p.name for kind in ("hashes", "records") for p in (places.work() / kind).iterdir()] == ["young", "young"]


def test_reading_a_hash_or_a_record_is_using_it(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("1")
    later = time.time() + 60
    monkeypatch.setattr(store.time, "time", lambda: later)
    store.file_sha(path)
    monkeypatch.undo()
    monkeypatch.setenv("CRM_OUT", str(tmp_path))
    job, _ = recorded("20260101-000000", "funnel")
    notes = [*(places.work() / "hashes").iterdir(), *(places.work() / "records").iterdir()]
    for note in notes:
        aged(note, OLD)
    assert len(notes) == 2 and store.file_sha(path) and records.read(job)
    ageing.tidy()
    assert all(note.is_file() for note in notes)


def recorded(name, report, period="2026-10"):
    """A job with its executed notebook in the run of this name."""
    job = Job(report, period, "all", "demo", ("en",))
    folder = run.runs() / name
    folder.mkdir(exist_ok=True)
    path = folder / f"all-{period}-{report}.ipynb"
    path.write_text(json.dumps({"cells": []}))
    records.remember(job, Outcome(job, path, 1.5))
    return job, path


def test_of_older_runs_only_what_may_be_published_again_is_kept():
    _, first = recorded("20260101-000000", "funnel")
    beside = first.with_name("all-2026-10-sales.ipynb")
    beside.write_text("{}")
    (first.parent / "run.json").write_text("[]")
    for day in range(2, 6):
        (run.runs() / f"2026010{day}-000000").mkdir()
        (run.runs() / f"2026010{day}-000000" / "run.json").write_text("[]")
    ageing.tidy()
    kept = sorted(p.relative_to(run.runs()).as_posix() for p in run.runs().rglob("*") if p.is_file())
    assert kept == ["20260101-000000/all-2026-10-funnel.ipynb", *(f"2026010{day}-000000/run.json" for day in (3, 4, 5))]
    aged(next((places.work() / "records").iterdir()), OLD)  # the record ages, and its notebook with it
    ageing.tidy()
    assert sorted(p.name for p in run.runs().iterdir()) == ["20260103-000000", "20260104-000000", "20260105-000000"]


def test_nothing_there_is_nothing_to_do():
    ageing.tidy()
    assert [p for p in places.work().rglob("*") if p.is_file()] == []
