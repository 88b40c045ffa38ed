"""Sources: what a user may name, what a source file says, and when a prepared store is made again."""

import json
import os
import subprocess
import sys
from datetime import date, datetime

import given
import pytest
from given import ORDERS, prepared, refusal, settings, table

from crmlib import places, sources
from crmlib.sources import Prepared, open_source, prepare

ROW = "1,2026-10-03,20\n"


@pytest.mark.parametrize(
    "ref",
    ["http://example.com/orders.csv", "https://example.com", "s3://bucket/orders", "file:///etc", "ftp://x/y"],
)
def test_nothing_is_fetched_from_an_address(tmp_path, ref):
    refusal(tmp_path, lambda: open_source(ref), "is an address", "Name a source, a file or a folder", code=2)


@pytest.mark.parametrize(
    "ref",
    ["dmeo", "no/such/folder", "../demo", "", " ", ".yml", "x" * 5000, "a\0b", "~nobody-here/x", "params/sources/other.yml"],
)
def test_a_source_that_is_not_there(tmp_path, ref):
    message = refusal(tmp_path, lambda: open_source(ref), "There is no source", "Change SOURCE", code=2)
    assert len(message) < 500
    if ref == "dmeo":
        assert "did you mean 'demo'?" in message


def test_a_name_a_file_a_folder_and_a_relative_path_mean_the_same(tmp_path, monkeypatch):
    place = given.folder(tmp_path, orders=ORDERS + ROW)
    path = settings(tmp_path, place)
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    relative = os.path.relpath(place, places.ROOT)
    monkeypatch.chdir(tmp_path)  # relative paths count from the project's root all the same
    names = {ref: open_source(ref).name for ref in ("acme", path, str(place), relative)}
    assert set(names.values()) == {"acme"}
    assert len({frozenset(open_source(ref).hashes.items()) for ref in names}) == 1


def test_what_a_source_file_says(tmp_path):
    place = given.folder(tmp_path, orders=ORDERS + ROW)
    path = tmp_path / "acme.yml"
    path.write_text(f"title: Acme GmbH\nbusiness: {{currency: EUR}}\nmapping: {{folder: '{place}', as_of: 2026-10-31}}\n")
    source = open_source(str(path))
    assert (source.title, source.business.currency, source.as_of) == ("Acme GmbH", "EUR", date(2026, 10, 31))
    assert prepare(str(path)).last_moment == datetime(2026, 10, 31, 23, 59, 59)


@pytest.mark.parametrize(
    ("text", "says", "code"),
    [
        ("mapping: {folder: nowhere}", ["acme.yml: mapping.folder is 'nowhere', which does not exist", "from the project's root"], 3),
        ("mapping: {folder: 'https://x/y'}", ["acme.yml: mapping.folder is an address"], 2),
        ("mapping: {folder: ''}", ["mapping.folder is ''"], 3),
        ("mapping: {foldr: x}", ["line 1", "'mapping.foldr'", "did you mean 'folder'?"], 2),
        ("mapping: {folder: x, as_of: '2026-10-31'}", ["mapping.as_of"], 2),
        ("mapping: {folder: x, as_off: 2026-10-31}", ["'mapping.as_off'", "did you mean 'as_of'?"], 2),
        ("busines: {}\nmapping: {folder: x}", ["'busines'", "did you mean 'business'?"], 2),
        ("business: {stages: [won]}\nmapping: {folder: x}", ["business.stages", "at least two"], 2),
        ("business: {max_left_out: {ordrs: 0.1}}\nmapping: {folder: x}", ["business.max_left_out", "did you mean 'orders'?"], 2),
        ("title: 007\nmapping: {folder: x}", ["title is 7", "Put it in quotes"], 2),
    ],
)  # fmt: skip
def test_a_source_file_that_is_wrong(tmp_path, text, says, code):
    (tmp_path / "acme.yml").write_text(text)
    refusal(tmp_path, lambda: open_source(str(tmp_path / "acme.yml")), *says, code=code)


def test_a_store_is_prepared_once_and_again_when_anything_changes(tmp_path, monkeypatch):
    place = given.folder(tmp_path, orders=ORDERS + ROW)
    path = settings(tmp_path, place)
    first = prepare(path)
    monkeypatch.setattr(sources.coverage, "fill", None)  # whoever prepares now fails
    assert prepare(path).key == first.key
    keys = {first.key}
    for change in (
        lambda: given.folder(tmp_path, orders=ORDERS + ROW.replace("20", "21")),  # same size, moments later
        lambda: given.folder(tmp_path, customers="customer_id\n1\n"),
        lambda: settings(tmp_path, place, "{min_base: 31}"),
        lambda: settings(tmp_path, place, "{min_base: 31}", ", as_of: 2026-10-31"),
        lambda: monkeypatch.setattr(sources, "_DOOR", "another"),
    ):
        change()
        keys.add(open_source(path).key)
    assert len(keys) == 6


def test_the_door_s_code_is_part_of_the_key():
    assert all((places.ROOT / "crmlib" / room).is_file() for room in sources.ROOMS)


def test_a_prepared_store_is_private_and_has_no_rest_in_it(tmp_path):
    ready = prepared(tmp_path, orders=(ORDERS + ROW) + "2,2026-10-03,30\r\n")  # mixed newlines go through a copy
    assert ready.folder.stat().st_mode & 0o777 == 0o700
    assert {p.suffix for p in ready.folder.iterdir()} == {".parquet", ".json"}
    assert json.loads((ready.folder / "door.json").read_text())["tables"]["orders"]["rows"] == 2


def test_a_source_that_is_refused_leaves_no_store(tmp_path):
    refusal(tmp_path, lambda: prepared(tmp_path, orders=ORDERS + "1,x,20\n"), "bad_date")
    key = open_source(str(tmp_path / "acme")).key
    assert not (places.work() / "stores" / key).exists()


def test_without_a_single_date_there_is_nothing_to_report(tmp_path):
    place = given.folder(tmp_path, customers="customer_id\n1\n", orders=ORDERS)
    refusal(tmp_path, lambda: prepare(str(place)), "acme holds no row with a date", "mapping.as_of")
    ready = prepare(settings(tmp_path, place, more=", as_of: 2026-10-31"))
    assert (ready.first_day, ready.last_day) == (date(2026, 10, 31), date(2026, 10, 31))


def opened(moments, now, monkeypatch, zone="UTC"):
    monkeypatch.setenv("CRM_NOW", now)
    business = sources.Business.model_validate({"time_zone": zone})
    return Prepared("a", "a", business, "k", places.ROOT, {"as_of": None, "last": moments, "first": "2026-01-01", "teams": {}})


@pytest.mark.parametrize(
    ("now", "zone", "last"),
    [
        ("2026-11-05T06:00:00", "UTC", "2026-11-05T06:00:00"),                 # on
        ("2026-11-05T05:59:59", "UTC", "2026-10-31T10:00:00"),                 # just before: that row is in the future
        ("2026-11-05T06:00:01", "UTC", "2026-11-05T06:00:00"),
        ("2026-11-04T22:00:00+00:00", "Asia/Shanghai", "2026-11-05T06:00:00"), # a moment with a zone is the business's local one
        ("2026-11-04T21:59:59Z", "Asia/Shanghai", "2026-10-31T10:00:00"),
        ("2026-01-01T00:00:00", "UTC", "2026-10-31T10:00:00"),                 # all in the future: the earliest of them
    ],
)  # fmt: skip
def test_the_newest_moment_is_not_in_the_future(now, zone, last, monkeypatch):
    ready = opened(["2026-11-05T06:00:00", "2026-10-31T10:00:00"], now, monkeypatch, zone)
    assert ready.last_moment.isoformat() == last


def test_teams_exist_from_a_day_on(monkeypatch):
    ready = opened(["2026-10-31T10:00:00"], "2026-11-05T06:00:00", monkeypatch)
    ready.door["teams"] = {"south": "2026-10-01", "north": None}
    assert [ready.teams_at(date(2026, 10, d)) for d in (1, 2)] == [["north"], ["north", "south"]]


SHOWS = """
import hashlib, sys
from crmlib.sources import prepare
ready = prepare(sys.argv[1])
print(ready.key, ready.last_moment, *(hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(ready.folder.iterdir())))
"""


def test_the_machine_s_time_zone_changes_no_byte(tmp_path):
    orders = ORDERS + "1,2026-03-31T23:30:00-07:00,20\n2,2026-03-29 02:30:00,30\n3,2026-11-05 05:00:00,1\n" + "".join(
        f"{i},2026-04-{i % 28 + 1:02d} 12:00:00,{i}.25\n" for i in range(4, 400))  # fmt: skip
    path = settings(tmp_path, given.folder(tmp_path, orders=orders), "{time_zone: America/Phoenix}")
    runs = [subprocess.Popen([sys.executable, "-c", SHOWS, path], cwd=places.ROOT, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "TZ": zone, "CRM_OUT": str(tmp_path / zone.replace("/", "-")),
                                  "CRM_NOW": "2026-11-05T13:00:00Z"}) for zone in ("UTC", "Asia/Shanghai")]  # fmt: skip
    said = [p.communicate(timeout=60)[0] for p in runs]
    assert said[0] == said[1]
    assert "2026-11-05 05:00:00" in said[0]
    assert len(said[0].split()) > 15


def test_the_order_of_columns_changes_nothing(tmp_path):
    one = prepared(tmp_path, orders="order_id,ordered_at,amount,status\n1,2026-10-03,20,paid\n2,2026-10-04,30,\n")
    other = prepared(tmp_path, orders="status,amount,order_id,extra,ordered_at\npaid,20,1,x,2026-10-03\n,30,2,,2026-10-04\n")
    assert one.key != other.key
    assert table(one, "orders").equals(table(other, "orders"))
    assert one.tables["orders"]["delivered"] == other.tables["orders"]["delivered"]
