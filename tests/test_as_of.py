"""A page of an old period is the same whatever happened later: later values, later rows, a person's later move, another zone."""

import json
import os
import subprocess
import sys
import time

import pandas as pd
import product
import pytest

from crmlib import facts, places

PERIOD, END = "2026-06", "2026-07-01"
DATED = {
    "opportunities": {"closed_at": ["closed_at", "is_won", "lost_reason", "stage"]},
    "tickets": {"resolved_at": ["resolved_at", "reopened", "satisfaction"], "first_response_at": ["first_response_at"]},
    "invoices": {"paid_on": ["paid_on", "paid_amount"]},
    "orders": {"status_changed_at": ["status", "status_changed_at"]},
}


def read(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str, keep_default_na=False)


def write(frame, path):
    frame.to_parquet(path, index=False) if path.suffix == ".parquet" else frame.to_csv(path, index=False)


@pytest.fixture(scope="module")
def later(small_demo, tmp_path_factory):
    """The same company, where everything dated after June 2026 is otherwise, and more of it."""
    folder = tmp_path_factory.mktemp("later")
    for path in sorted(p for p in small_demo.iterdir() if p.suffix in (".csv", ".parquet")):
        frame = read(path)
        for column, overwritten in DATED.get(path.stem, {}).items():
            _change_later(frame, column, overwritten)
        if path.stem == "stage_changes":
            frame = _move_later(frame)
        if path.stem == "reps":
            frame = _move_a_person(frame)
        if path.stem == "interactions":
            frame = _come_later(frame)
        if path.stem == "opportunities":
            frame = pd.concat([frame, _new_deals(frame)], ignore_index=True)
        write(frame, folder / path.name)
    return folder


def _change_later(frame, column, overwritten):
    late = frame[column].astype(str) >= END
    assert late.any(), column
    for name in overwritten:
        changed = {"is_won": "false", "reopened": "true", "stage": "lost", "lost_reason": "price"}.get(name, "")
        if frame[name].dtype == object or str(frame[name].dtype) == "str":
            frame.loc[late, name] = changed
        else:
            frame.loc[late, name] = None
    if column == "closed_at":  # a deal that is won later than it was
        frame.loc[late, "closed_at"], frame.loc[late, "is_won"] = "2026-10-30 10:00:00", "true"


def _move_later(frame):
    frame = frame[(frame.entered_at < END) | (frame.index % 2 == 0)].copy()
    frame.loc[frame.entered_at >= END, "stage"] = "lead"
    return frame


def _move_a_person(frame):
    """The first person who stays leaves for another team in September."""
    last = frame[frame.active_to == ""].iloc[0]
    other = next(t for t in frame.team if t != last.team)
    moved = last.copy()
    moved["team"], moved["active_from"] = other, "2026-09-01"
    frame.loc[last.name, "active_to"] = "2026-08-31"
    return pd.concat([frame, moved.to_frame().T], ignore_index=True)


def _come_later(frame):
    """Half of what happened later did not, and all of it in the night."""
    moments = pd.to_datetime(frame.occurred_at)
    late = moments >= END
    kept = frame[~late | (frame.index % 2 == 0)].copy()
    kept.loc[late, "occurred_at"] = moments[late].dt.normalize()
    return kept


def _new_deals(frame):
    new = frame[frame.created_at >= "2026-01-01"].head(200).copy()
    new["opportunity_id"], new["created_at"] = "NEW" + new.opportunity_id, "2026-08-15 10:00:00"
    return new.assign(closed_at="2026-08-16 10:00:00", is_won="true", lost_reason="")


def without_hash(found: dict) -> bytes:
    found = json.loads(json.dumps(found))
    found["provenance"]["data_sha256"] = found["provenance"]["parameters"]["source"] = found["provenance"]["source"] = None
    return facts.dump(found)


@pytest.mark.parametrize(
    ("report", "team"),
    [
        ("funnel", "all"),
        pytest.param("funnel", "north", marks=pytest.mark.long),
        pytest.param("funnel", "central", marks=pytest.mark.long),
        pytest.param("activity", "all", marks=pytest.mark.long),
        pytest.param("activity", "north", marks=pytest.mark.long),
        *(
            pytest.param(*one, marks=pytest.mark.long)
            for one in (("churn", "north"), ("segments", "all"), ("value", "all"), ("sales", "all"))
        ),
    ],
)
def test_later_events_change_no_earlier_page(small_demo, later, tmp_path, report, team):
    before = product.facts(report, tmp_path, str(small_demo), PERIOD, team)
    after = product.facts(report, tmp_path, str(later), PERIOD, team)
    assert without_hash(before) == without_hash(after)
    assert before["provenance"]["data_sha256"] != after["provenance"]["data_sha256"]


ELSEWHERE = """
import pathlib, sys
sys.path.insert(0, "tests")
import product
from crmlib import facts
sys.stdout.buffer.write(facts.dump(product.facts("funnel", pathlib.Path(sys.argv[1]), sys.argv[2], "2026-10")))
"""


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_the_zone_of_the_machine_does_not_matter(small_demo, tmp_path, monkeypatch, zone):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    here = facts.dump(product.facts("funnel", tmp_path, str(small_demo), "2026-10"))
    given = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, str(tmp_path), str(small_demo)]
    env = {**os.environ, "TZ": zone, "CRM_OUT": str(tmp_path / "elsewhere")}
    there = subprocess.run(given, capture_output=True, cwd=places.ROOT, env=env, check=True).stdout
    assert here == there
