"""The demo company's planted loss of activity is found on its team, when it was planted and at its hours, and nowhere else."""

from functools import cache

import pytest

from crmlib.crm import open_crm
from crmlib.findings import activity as rules
from crmlib.periods import Period

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    if "activity_drop" not in truth:
        pytest.skip("no loss of activity is planted in this demo company")
    return str(folder), truth["activity_drop"]


def test_the_loss_of_activity_is_found_on_its_team_at_its_hours_and_nowhere_else(company):
    source, planted = company
    opened = cache(lambda period: open_crm(source, period))
    months = Period.parse("2026-10").trailing(18)
    found = {m: [f for f in rules.teams_dropped(opened(m.label)) if f.rule.startswith("activity.team_dropped")] for m in months}
    start = Period.parse(planted["from"])
    assert [
        (m.label, f.values["team"]) for m in months for f in found[m] if m < start or f.values["team"] != planted["team"]
    ] == []
    first = next((m for m in months if found[m]), None)
    assert first in [start.shift(i) for i in range(3)], (first, planted)
    hours = "{:02d}:00–{:02d}:00".format(*planted["hours"])
    for month in (m for m in months if m >= first):
        assert [f.values.get("hours") for f in found[month]] == [hours], month.label
    own = rules.teams_dropped(open_crm(source, first.label, planted["team"]))
    assert [(f.rule, f.values["hours"]) for f in own] == [("activity.dropped", hours)]
