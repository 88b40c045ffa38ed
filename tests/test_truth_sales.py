"""The demo company's planted falling product and growing region are found by their sales, when they were planted, and nothing else is."""

from functools import cache

import pytest

from crmlib.crm import open_crm
from crmlib.metrics import product_course, region_course
from crmlib.periods import Period

pytestmark = pytest.mark.long
LATEST_FALL, LATEST_GROWTH = 5, 15  # months after the start: three months beside a year before, a year beside the year before


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    return str(folder), truth


def found_in(source: str, what) -> dict[Period, dict[str, list[str]]]:
    """What is found in every month since the data can tell, for the company and every team."""
    found: dict[Period, dict[str, list[str]]] = {}
    for month in Period.parse("2026-10").trailing(22):
        opened = cache(lambda team, month=month: open_crm(source, month.label, team))
        teams = ["all", *opened("all").teams]
        found[month] = {team: what(opened(team)) for team in teams}
    return found


def test_the_falling_product_is_found_and_no_other_ever(company):
    source, planted = company[0], company[1]["falling_product"]
    found = found_in(source, lambda crm: [c.product for c in product_course.falling_products(crm)])
    start = Period.parse(planted["from"][:7])
    wrong = [
        (m.label, t, p)
        for m, teams in found.items()
        for t, names in teams.items()
        for p in names
        if m < start or p != planted["product"]
    ]
    assert wrong == []
    there = [m for m in found if found[m]["all"]]
    assert there[0] <= start.shift(LATEST_FALL) and there == [m for m in found if m >= there[0]], there
    assert sum(bool(names) for names in found[Period.parse("2026-10")].values()) >= 4  # and in most teams


def test_the_growing_region_is_found_and_no_other_ever(company):
    source, planted = company[0], company[1]["growing_region"]
    found = found_in(source, lambda crm: [c.region for c in region_course.growing_regions(crm)])
    start = Period.parse(planted["from"])
    wrong = [
        (m.label, t, r)
        for m, teams in found.items()
        for t, names in teams.items()
        for r in names
        if m < start or r != planted["region"]
    ]
    assert wrong == []
    there = [m for m in found if found[m]["all"]]
    assert there[0] <= start.shift(LATEST_GROWTH) and there == [m for m in found if m >= there[0]], there
