"""Causes in words: what differs is named, of much only how much; what test_nothing_twice.py does not meet."""

from types import SimpleNamespace

import pytest

from crmlib.causes import data_causes, made_of_causes
from crmlib.marks import marks
from crmlib.periods import Period
from crmlib.schema import Business

PERIOD = Period.parse("2026-10")


def given(changed=(), spans="1", **tables):
    """A source of which nothing is known but its marks; `tables`: their rows' hashes."""
    found = {
        n: {"rows": 1, "content": sha, "left_out_content": None, "delivered": ["id"]}
        for n, sha in tables.items()
        if sha is not None
    }
    door = {"tables": found, "spans": spans, "history": list(changed), "teams": {}, "first": "2026-01-01"}
    return SimpleNamespace(title="Acme", business=Business(), door=door, last_moment=None)


BEFORE = {"customers": "1", "feedback": "1", "orders": "1", "changes": "1"}
READ = ("customers", "feedback", "orders")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (given(**BEFORE), []),
        (given(**BEFORE | {"feedback": "2"}), ["feedback has other rows"]),
        (given(**BEFORE | {"feedback": "2", "orders": "2"}), ["feedback, orders have other rows"]),
        (given(spans="2", **BEFORE | {"orders": "2"}), ["orders has other rows", "people are in other teams"]),
        (given(spans="2", **BEFORE), ["people are in other teams"]),
        (given(**BEFORE | {"feedback": None, "orders": None}), ["feedback, orders are no longer delivered"]),
        (given([("customers", "tier")], **BEFORE), ["changes is delivered now", "customers has the history of other columns"]),
        (given(**BEFORE | {"changes": "2"}), []),  # none of it is about a table that was read
    ],
)
def test_tables(now, said):
    assert data_causes(marks(given(**BEFORE), PERIOD, READ), now, PERIOD) == said


@pytest.mark.parametrize(
    "inputs", [None, {}, {"tables": {}, "door": {}}, {"read": ["gone"], "asked": ["gone"], "tables": {}, "door": {"as_of": "x"}}]
)
def test_what_was_read_is_not_said_or_in_the_way_of_another_version(inputs):
    assert data_causes(inputs, given(**BEFORE), PERIOD) == ["does not say what it read"]


def test_a_record_of_another_version_lacks_what_it_could_not_know():
    now = {"notebook": "1", "code": {"a.py": "1"}, "annotations": "1"}
    assert made_of_causes({"notebook": "1"}, now) == ["crmlib changed: a.py", "the annotations changed"]
    assert made_of_causes(now | {"code": {"a.py": "1", "b.py": "1"}}, now) == ["crmlib changed: b.py"]  # reached no longer
