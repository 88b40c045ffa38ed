"""The demo company's planted truths are found where and when they were planted, and nowhere else; on two seeds."""

from functools import cache

import pytest

from crmlib.crm import Crm, open_crm
from crmlib.metrics import steps
from crmlib.periods import Period

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    return str(folder), truth


def test_the_bottleneck_is_found_on_its_team_within_three_months_and_nowhere_else(company):
    source, truth = company
    planted = truth["funnel"]["bottleneck"]
    opened = cache(lambda period: open_crm(source, period))
    first, found = None, []
    for month in Period.parse("2026-10").trailing(33):  # the first months have no year before to compare with
        crm = opened(month.label)
        for team in crm.teams:
            for step in steps.bottlenecks(Crm(crm.delivery, crm.period, team)):
                found.append((month.label, team, step.stage))
                if (team, step.stage) == (planted["team"], planted["stage"]):
                    first = first or month
    others = [f for f in found if f[1:] != (planted["team"], planted["stage"]) or f[0] < planted["from"]]
    assert not others
    start = Period.parse(planted["from"])
    assert first is not None and first.label in {start.shift(i).label for i in range(3)}, (first, planted)
    assert all((m.label, planted["team"], planted["stage"]) in found for m in [first.shift(i) for i in range(3)])
