"""No audience sees another's customers, names or figures; teams plus unassigned add up to the company."""

import json

import product
import pytest

from crmlib.crm import open_crm
from crmlib.metrics import closing, deals, pipeline
from crmlib.schema import tables

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def company(small_demo):
    truth = json.loads((small_demo / "truth.json").read_text("utf-8"))
    return str(small_demo), truth["canaries"]


@pytest.fixture(scope="module", params=["three teams", pytest.param("every team", marks=pytest.mark.long)])
def published(company, tmp_path_factory, request):
    """Everything that is written for each audience: pages and facts, as text, by team."""
    folder, (source, canaries) = tmp_path_factory.mktemp("isolation"), company
    out = {}
    for team in ["all", *(c["team"] for c in canaries[: 3 if request.param == "three teams" else None])]:
        made = product.built("funnel", folder, source, PERIOD, team)
        out[team] = {f"{lang}.{kind}": text for lang, one in made.items()
                     for kind, text in (("html", one.html), ("json", json.dumps(one.facts, ensure_ascii=False)))}  # fmt: skip
    return out


def test_each_canary_stands_on_its_own_team_s_list_and_nowhere_else(company, published):
    for canary in company[1]:
        for team, files in published.items():
            for name, text in files.items():
                assert (canary["name"] in text) is (team == canary["team"]), (canary["name"], team, name)
                if team not in ("all", canary["team"]):
                    assert canary["customer_id"] not in text, (canary["customer_id"], team, name)


def test_the_company_s_page_shows_ids_alone(company, published):
    crm = open_crm(company[0], PERIOD)
    names = set(crm.frame("customers", ["name"]).name.dropna()) - {"NA", "None", "null"}
    reps = set(crm.frame("reps", ["name"]).name)
    for text in published["all"].values():
        assert not [n for n in names - reps if f">{n}<" in text or f'"{n}"' in text]


def test_no_address_and_no_telephone_number_reaches_a_page(company, published):
    for canary in company[1]:
        for files in published.values():
            assert not any(canary["email"] in t or canary["phone"] in t for t in files.values())


def test_teams_and_unassigned_add_up_to_the_company(company):
    whole = open_crm(company[0], PERIOD)
    teams = [open_crm(company[0], PERIOD, t) for t in whole.teams]
    for name, table in tables().items():
        if table.scope != ("company",):
            nobody = int(whole.table(name).filter(whole.table(name)._team.isnull()).count().execute())
            assert sum(t.rows(name) for t in teams) + nobody == whole.rows(name), name
    by_team = pipeline.deals_by(whole, "team").set_index("team")
    for metric in (deals.lead_count, deals.open_count, closing.won_count, closing.lost_count):
        assert by_team[metric.__name__].sum() == metric(whole), metric.__name__
    assert by_team.won_amount.sum() == pytest.approx(closing.won_amount(whole), abs=0.001)
    for crm in teams:
        assert closing.won_amount(crm) == pytest.approx(by_team.won_amount.get(crm.team, 0), abs=0.001)


def test_one_run_both_languages_differ_in_texts_alone(published):
    texts = {"title", "language", "label", "labels", "caption", "text", "action", "reason"}

    def differing(a, b, key=""):
        if isinstance(a, dict):
            assert list(a) == list(b)
            return {d for k in a for d in differing(a[k], b[k], k)}
        if isinstance(a, list):
            assert len(a) == len(b)
            return {d for x, y in zip(a, b, strict=True) for d in differing(x, y, key)}
        return {key} if a != b else set()

    for files in published.values():
        assert differing(json.loads(files["en.json"]), json.loads(files["zh.json"])) <= texts
