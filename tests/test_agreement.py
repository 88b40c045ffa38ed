"""What several pages show is one figure everywhere, and teams and those of no team make up the company: over all facts of a run."""

from functools import cache

import agreeing
import product
import pytest
from plainsql import SOLD, Plain

from crmlib.crm import open_crm
from crmlib.periods import Period

REPORTS = [name for name in product.every_report() if name != "prepare"]
QUICK = ("customers", "kpis", "performance", "sales")


@pytest.fixture(scope="module")
def facts(small_demo, tmp_path_factory):
    """(reports, teams, period) → the facts of each report and team."""
    folder = tmp_path_factory.mktemp("facts")
    one = cache(lambda report, team, period: product.facts(report, folder, str(small_demo), period, team))
    return lambda reports, teams, period: {(r, t): one(r, t, period) for r in reports for t in teams}


def agree(found: dict, teams: list[str]) -> None:
    assert agreeing.told_twice(found.values()) == []
    assert agreeing.shown_twice(found.values()) == []
    for report in {r for r, _ in found}:
        company = found[report, "all"]
        assert agreeing.beside_own_page(company, {t: found[report, t] for t in teams if t != "all"}) == []
        assert agreeing.not_adding_up(company) == []


@pytest.mark.long
def test_pages_of_one_period_agree(pages):
    """The pages that the tests of pages make anyway."""
    teams = ["all", "north"]
    made = {(r, t): pages(r, t)["en"] for r in QUICK for t in teams}
    agree({key: one.facts for key, one in made.items()}, teams)
    for one in made.values():
        assert agreeing.cards(one.html) >= 3 and agreeing.cards_beside_facts(one.html, one.facts) == []


@pytest.mark.long
@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2026-W42", "2025"])
def test_all_pages_of_all_teams_agree(facts, small_demo, period):
    teams = ["all", *open_crm(str(small_demo), period).teams]
    agree(facts(REPORTS, teams, period), teams)


@pytest.mark.long
@pytest.mark.parametrize("label", ["2026-10", "2026-Q3", "2025"])
def test_teams_pages_and_what_is_of_no_team_make_up_the_company(facts, small_demo, label):
    """Money and orders of every team's own page, and SQL's of no team, to the cent."""
    period = Period.parse(label)
    teams = open_crm(str(small_demo), label).teams
    found = facts(["sales"], ["all", *teams], label)
    value = lambda team, name: next(k["value"] for k in found["sales", team]["kpis"] if k["name"] == name)  # noqa: E731
    plain = Plain(small_demo, period.start, period.end).by(SOLD, "team_of")
    for name in ("revenue", "order_count", "refunded_amount"):
        none = plain[name].get("unassigned", 0)
        assert round(sum(value(t, name) for t in teams) + none, 2) == round(value("all", name), 2), name
        for team in teams:
            assert round(value(team, name), 2) == round(plain[name].get(team, 0), 2), (team, name)
