"""Every thing that the design demands of a report stands on every page of it: must_show.yml is the list."""

import html
import re

import pytest
import yaml

from crmlib import params, places, texts

DEMANDS = {
    report: entries
    for path in sorted((places.ROOT / "tests").glob("must_show*.yml"))
    for report, entries in yaml.safe_load(path.read_text("utf-8")).items()
}
LISTED = {report for path in (places.ROOT / "params").glob("*.yml") for report in params.load(path).reports}


def test_every_report_that_is_published_has_its_list():
    """An analyst's own report is described by nobody but its notebook."""
    shipped = {r for r in LISTED if texts.has(f"reports.{r}") or places.custom_slug(r)}
    assert shipped - {*DEMANDS} == set() and "prepare" in DEMANDS  # which the machine runs by itself, before all others
    for entries in DEMANDS.values():
        assert len({e["shows"] for e in entries}) == len(entries)
        for entry in entries:
            assert set(entry) <= {"shows", "kpis", "tables", "figures", "terms", "pages"} and len(entry) > 1 + (
                "pages" in entry
            ), entry


@pytest.mark.parametrize("team", ["all", "north"])
@pytest.mark.parametrize("report", DEMANDS)
def test_it_is_all_there(pages, report, team):
    built = pages(report, team)
    for entry in DEMANDS[report]:
        meant = {"all": team == "all", "teams": team != "all"}.get(entry.get("pages", ""), True)
        for one in built.values():
            lacks = missing(entry, one)
            assert (lacks == []) if meant else lacks, (report, team, one.lang, entry["shows"], lacks)


def missing(entry: dict, one) -> list[str]:
    """What of an entry is not on a page."""
    tables = {t["name"]: t["columns"] for t in one.facts["tables"]}
    kpis = {k["name"] for k in one.facts["kpis"]}
    found = [k for k in entry.get("kpis", ()) if k not in kpis or texts.name(k, one.lang) not in html.unescape(one.html)]
    for name, columns in entry.get("tables", {}).items():
        found += [f"{name}.{c}" for c in columns if c not in tables.get(name, ())]
    found += [f for f in entry.get("figures", ()) if not re.search(rf'id="{f}".*?<(?:table|svg)', one.html, re.S)]
    return found + [t for t in entry.get("terms", ()) if html.escape(texts.term(t, "means", one.lang)) not in one.html]
