"""The store: what was made from the same things is made once, never stale, never half there, for the owner's eyes alone."""

import os
import subprocess
import sys
import time

import pytest

from crmlib import places, store


def test_the_hash_tells_values_and_kinds_apart():
    assert store.digest("a", 1) == store.digest("a", 1)
    assert store.digest({"a": 1, "b": 2}) == store.digest({"b": 2, "a": 1})
    different = [
        store.digest(*p) for p in (("a", 1), ("a", "1"), ("a1",), ("1", "a"), ([],), ({},), (None,), ("",), (), (0,), (False,))
    ]
    assert len(set(different)) == len(different)


def test_an_entry_is_made_once_and_kept():
    made = []

    def make(folder):
        made.append(folder.name)
        (folder / "a.txt").write_text("x")

    first = store.once("test", "key.v1", make)
    assert store.once("test", "key.v1", make) == first
    assert store.once("test", "key.v2", make) != first  # a dot in the key makes no two of them one
    assert made == ["key.v1.half", "key.v2.half"]
    assert (first / "a.txt").read_text() == "x"
    assert first.parent.parent == places.work()


def test_an_entry_whose_making_fails_is_not_there_and_is_made_anew():
    def fails(folder):
        (folder / "rest.txt").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.once("test", "failing", fails)
    assert not (places.work() / "test" / "failing").exists()
    folder = store.once("test", "failing", lambda half: (half / "whole.txt").write_text("x"))
    assert [p.name for p in folder.iterdir()] == ["whole.txt"]


def test_nobody_else_can_read_what_is_stored():
    folder = store.once("test", "private", lambda half: None)
    assert [p.stat().st_mode & 0o777 for p in (folder, places.work())] == [0o700, 0o700]


MAKER = """
import sys, time
from crmlib import store
def make(folder):
    print("made", flush=True)
    time.sleep(0.5)
    (folder / "a.txt").write_text("x")
print((store.once("race", "key", make) / "a.txt").read_text())
"""


def test_two_processes_make_an_entry_once(tmp_path):
    both = [subprocess.Popen([sys.executable, "-c", MAKER], cwd=places.ROOT, env={**os.environ, "CRM_OUT": str(tmp_path)},
                             stdout=subprocess.PIPE, text=True) for _ in range(2)]  # fmt: skip
    said = sorted(p.communicate(timeout=60)[0].split() for p in both)
    assert said == [["made", "x"], ["x"]]


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1")
    one = store.file_sha(path)
    path.write_text("2")  # at once, and of the same size
    two = store.file_sha(path)
    assert one == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert two == "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"


def test_a_file_that_does_not_change_is_not_read_again(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("1")
    later = time.time() + 60  # a minute on, its age is beyond doubt
    monkeypatch.setattr(store.time, "time", lambda: later)
    sha = store.file_sha(path)
    path.chmod(0o000)
    path.chmod(0o644)  # a change of rights is a change: read again
    assert store.file_sha(path) == sha
    monkeypatch.setattr(store.hashlib, "file_digest", None)  # whoever reads it now fails
    assert store.file_sha(path) == sha


def test_a_change_that_hides_its_time_is_noticed(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("1")
    stat = path.stat()
    later = time.time() + 60
    monkeypatch.setattr(store.time, "time", lambda: later)
    one = store.file_sha(path)
    time.sleep(0.02)  # past the clock tick of the file system
    path.write_text("2")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert store.file_sha(path) != one


def test_a_note_cut_off_is_no_note(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("1")
    later = time.time() + 60
    monkeypatch.setattr(store.time, "time", lambda: later)
    sha = store.file_sha(path)
    for note in (places.work() / "hashes").iterdir():
        note.write_text('[[1, 2, 3, 4], "wr')
    assert store.file_sha(path) == sha


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.json"
    store.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        store.write(path, "new \ud800")
    assert path.read_text() == "old"
    store.write(path, "新")
    assert path.read_bytes() == "新".encode()
