"""A backup is whole or not there; the drill proves the newest, and tells what it lacks and what is lost."""

import shutil
import stat
import subprocess

import pytest
from test_ledger import SAID, UNDEFINED, keep, replace
from test_telling import said as said_of
from test_telling import teller
from tinysite import bring, outcome
from typer.testing import CliRunner

from crmlib import __main__, backup, ledger, lock, places
from crmlib.errors import CrmError, PublishError, UsageError


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    bring(tmp_path / "out", outcome(tmp_path / "out"), outcome(tmp_path / "out", team="all"))
    return tmp_path / "out"


@pytest.fixture
def copies(out):
    return out.parent / "backups"


def said(*words):
    """What a command says; its error is raised."""
    done = CliRunner().invoke(__main__.app, words, catch_exceptions=False)
    return done.output


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_backup_holds_the_ledger_and_what_readers_saw(out, copies):
    assert "Copied 2 entries in 1 files to " in said("backup")
    place = copies / "20261105-060000"
    files = content(place)
    assert list(files) == ["SHA256SUMS", "ledger/000001-20261105-060000.parquet", "site.json"]
    assert files["ledger/000001-20261105-060000.parquet"] == ledger.files(out)[0].read_bytes()
    assert files["site.json"] == (out / "releases" / "20261105-060000.json").read_bytes()
    assert subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=place, capture_output=True).returncode == 0
    modes = {stat.S_IMODE(p.stat().st_mode) for p in [copies, place, place / "ledger"]}
    assert modes == {0o700} and {stat.S_IMODE(p.stat().st_mode) for p in place.rglob("*") if p.is_file()} == {0o600}


def test_scores_are_copied_and_proved_with_the_figures(out, copies):
    bring(out, teller(out, said_of()))
    assert "Copied 5 entries in 2 files to " in said("backup")
    assert "is whole: 5 entries in 2 files." in said("restore-drill")
    file = copies / "20261105-060000" / "ledger" / ledger.files(out)[1].name
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CrmError, match="differs from its checksum"):
        said("restore-drill")


def test_the_drill_tells_what_came_since(out, copies, monkeypatch):
    said("backup")
    assert "is whole: 2 entries in 1 files.\nThe ledger has nothing that this backup lacks.\n" in said("restore-drill")
    monkeypatch.setenv("CRM_NOW", "2026-12-05T07:30:00")
    bring(out, outcome(out, period="2026-11"), outcome(out, period="2026-11", team="east"), outcome(out, team="east"))
    assert "The ledger has 3 entries that this backup lacks, made since 2026-12-05 07:30.\n" in said("restore-drill")
    said("backup")
    assert "20261205-073000 is whole: 5 entries in 2 files.\nThe ledger has nothing" in said("restore-drill")


def test_the_newest_backup_is_the_newest_also_where_the_clock_stands_still(out, copies):
    for n in range(12):
        keep(out, replace(SAID, value=float(n)))
        said("backup")
    assert "20261105-060000-11 is whole: 14 entries in 13 files" in said("restore-drill")
    shutil.copytree(copies / "20261105-060000", copies / "my own copy")
    (copies / ".half-77").mkdir()
    assert backup.newest(copies).name == "20261105-060000-11"


def test_elsewhere(out, copies, tmp_path):
    said("backup", "--to", str(tmp_path / "a" / "b"))
    assert not copies.exists() and "is whole" in said("restore-drill", "--from", "a/b")  # counted from the root, as every path


DAMAGE = [
    (lambda place: (place / "site.json").unlink(), "site.json is missing"),
    (lambda place: (place / "SHA256SUMS").unlink(), "ledger/000001-20261105-060000.parquet is not listed in SHA256SUMS and 1 more"),
    (lambda place: flip(next((place / "ledger").iterdir())), "ledger/000001-20261105-060000.parquet differs from its checksum"),
    (lambda place: (place / "ledger" / "000002-x.parquet").write_bytes(b"x"), "000002-x.parquet is not listed in SHA256SUMS and 1 more"),
    (lambda place: shutil.rmtree(place / "ledger"), "000001-20261105-060000.parquet is missing"),
    (lambda place: [shutil.rmtree(place), place.mkdir()], "SHA256SUMS is missing or empty"),
    (lambda place: (place / "gone").symlink_to("nowhere"), "No such file"),
]  # fmt: skip


def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(("damage", "says"), DAMAGE)
def test_a_damaged_backup_is_no_backup(out, copies, damage, says):
    said("backup")
    damage(copies / "20261105-060000")
    with pytest.raises(CrmError, match="20261105-060000 is damaged: .*Do not rely on it") as error:
        said("restore-drill")
    assert says in str(error.value) and error.value.exit_code == 1


def test_a_file_that_was_damaged_before_it_was_copied_is_found(out, copies):
    ledger.files(out)[0].write_bytes(b"PAR1 no more")
    backup.copy(out, copies)
    with pytest.raises(CrmError, match=r"damaged: 000001-.*\.parquet cannot be read"):
        said("restore-drill")


def test_what_the_ledger_lost_is_an_error_and_can_be_put_back(out, copies):
    keep(out, replace(SAID, value=0.5), UNDEFINED)
    said("backup")
    lost = ledger.files(out)[1]
    lost.unlink()
    with pytest.raises(
        CrmError, match="lacks 2 entries that the backup .* has, the first made on 2026-11-05 06:00: 000002-r.parquet"
    ):
        said("restore-drill")
    shutil.copy(copies / "20261105-060000" / "ledger" / lost.name, lost)
    assert "nothing that this backup lacks" in said("restore-drill")


def test_a_changed_file_is_a_lost_one(out, copies):
    said("backup")
    ledger.write(ledger.files(out)[0], [SAID])
    with pytest.raises(CrmError, match="lacks 2 entries"):
        said("restore-drill")


def test_without_the_output_folder_everything_is_lost(out, copies):
    said("backup")
    shutil.rmtree(out)
    with pytest.raises(CrmError, match="The ledger of out lacks 2 entries"):
        said("restore-drill")
    assert not out.exists()


def test_a_damaged_file_that_no_copy_has_is_told(out, copies):
    said("backup")
    (out / "ledger" / "000002-x.parquet").write_bytes(b"x")
    with pytest.raises(CrmError, match="000002-x.parquet cannot be read, and this backup does not have it"):
        said("restore-drill")


def test_nothing_to_copy_and_nothing_to_prove(out, copies):
    with pytest.raises(UsageError, match="no backup in .*make backup"):
        said("restore-drill")
    with pytest.raises(UsageError, match="Nothing was published in other"):
        said("backup", "--out", "other")
    assert not copies.exists() and not (out.parent / "other").exists()


def test_what_a_killed_run_left_is_in_the_backup(out, copies):
    shown = (out / "site").readlink().name
    ledger.write(out / "releases" / f"{shown}.parquet", [UNDEFINED])
    assert "Copied 3 entries in 2 files" in said("backup")


def test_no_backup_while_a_run_works_there(out, copies):
    with lock.one_run(out), pytest.raises(UsageError, match="Another run works"):
        said("backup")
    assert not copies.exists()


def test_a_copy_that_breaks_off_is_not_there(out, copies, monkeypatch):
    monkeypatch.setattr(backup.shutil, "copyfile", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(PublishError, match="could not be written to .*backups: No space left") as error:
        said("backup")
    assert error.value.exit_code == 4 and list(copies.iterdir()) == []
    copies.rmdir()
    copies.write_text("a file in its place")
    with pytest.raises(PublishError, match="File exists"):
        said("backup")
