"""The site: what is published is linked, a failed report keeps its page, and no name leads outside."""

import re

import pytest
import tiny
from tinysite import Links, bring, broken, failed, outcome, read, tree

from crmlib import navigation, places, releases
from crmlib.frame import css_text, visible


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def test_neighbours_are_linked_when_they_are_there(out):
    bring(out, outcome(out, period="2026-10"))
    before = read(out, "north/2026-10/funnel.html")
    assert "2026-09" not in before
    bring(out, outcome(out, period="2026-09"), outcome(out, period="2026-11"))
    page = read(out, "north/2026-10/funnel.html")
    bar = Links(re.search(r'<nav class="bar".*?</nav>', page, re.S)[0]).links
    assert bar == ["../index.html", "../2026-09/funnel.html", "../2026-11/funnel.html", "funnel.zh.html"]
    assert broken(out) == []


def test_a_teams_page_leads_to_no_other_team(out):
    bring(out, outcome(out, team="all"), outcome(out, team="north"), outcome(out, team="east"))
    company, north = read(out, "all/2026-10/funnel.html"), read(out, "north/2026-10/funnel.html")
    assert "../../east/2026-10/funnel.html" in company and "../../north/2026-10/funnel.html" in company
    assert "../../" not in north and "east" not in north.replace("least", "")
    assert "../east/" not in read(out, "north/index.html") and "../east/index.html" in read(out, "all/index.html")
    assert broken(out) == []


def test_the_index_says_of_each_report_its_first_figure_and_finding(out):
    bring(out, outcome(out), outcome(out, period="2026-09"))
    english, chinese = read(out, "north/index.html"), read(out, "north/index.zh.html")
    assert '<p class="v">41.0%<small>Win rate</small></p>' in english
    assert '<p class="v">41.0%<small>赢单率</small></p>' in chinese
    assert "Few proposals go on" in english and "2026-10/funnel.zh.html" in chinese
    assert english.index("October 2026</h2>") < english.index("September 2026</h2>")
    assert 'id="p-2026-09"' in english and 'id="r-funnel"' not in english  # a filter only where there is a choice


def test_the_list_of_audiences_has_no_figures(out):
    bring(out, outcome(out), outcome(out, team="all"))
    page = read(out, "index.html")
    assert Links(page).links[-2:] == ["all/index.html", "north/index.html"] and "41.0" not in page


def test_one_language_has_plain_files_alone(out):
    bring(out, outcome(out, languages=("zh",)), languages=("zh",))
    plain = [f"north/2026-10/funnel{end}" for end in ("-stages.csv", ".html", ".json", ".xlsx")]
    assert sorted(tree(out)) == ["index.html", *plain, "north/2026-10/statistics.xlsx", "north/index.html"]
    assert '<html lang="zh-CN">' in read(out, "index.html")


@pytest.mark.parametrize("team", ["../../x", "A B", "a\u202eb", "<script>", "团队", "all of it", 'x"y', "a\x00b"])
def test_hostile_teams_stay_in_the_site_and_harmless(out, team):
    done = bring(out, outcome(out, team=team), outcome(out, team="all"))
    assert not done.failed and broken(out) == []
    for name, data in tree(out).items():
        assert name.isascii() and ".." not in name
        if name.endswith("index.html"):
            assert b"<script" not in data and b"\x00" not in data and "\u202e".encode() not in data
    assert {p.name for p in out.parent.iterdir()} >= {"out"} and not (out.parent.parent / "x").exists()


def test_teams_whose_names_look_alike_have_pages_of_their_own(out):
    bring(out, outcome(out, team="A B"), outcome(out, team="a-b"), outcome(out, team="Ａ B"))
    assert len(list((out / "site").resolve().glob("*/2026-10/funnel.html"))) == 3


def test_a_failed_report_keeps_its_page_and_the_index_says_so(out):
    bring(out, outcome(out, as_of="2026-10-31"), outcome(out, team="east"))
    before = tree(out)
    done = bring(out, failed(), outcome(out, team="east"), outcome(out, name="sales"))
    assert [o.job.team for o in done.failed] == ["north"] and done.pages == 4
    after = tree(out)
    same = {n: d for n, d in before.items() if "index" not in n and "statistics" not in n}  # these two speak of the new one too
    assert {n: after[n] for n in same} == same
    page = read(out, "north/index.html")
    assert "! Not updated since" in page and '<time datetime="2026-10-31">31 Oct 2026</time>' in page
    assert "secret" not in page and "broke" not in page
    entry = next(e for e in releases.current(out).entries if e.folder == "north" and e.report == "funnel")
    assert (entry.state, entry.error) == ("failed", "funnel broke at …/place.csv")


def test_a_report_that_never_worked_is_listed_without_a_link(out):
    tiny.write(out.parent / "notebooks" / "sales.ipynb", tiny.good("sales"))
    bring(out, outcome(out), failed(name="sales"))
    page = read(out, "north/index.html")
    assert "! No page yet" in page and "sales.html" not in page and broken(out) == []


def test_recovery(out):
    bring(out, failed())
    bring(out, outcome(out))
    assert "Not updated" not in re.sub(r"<footer>.*", "", read(out, "north/index.html"), flags=re.S)
    assert releases.current(out).entries[0].error is None


def test_texts_of_the_frame_are_escaped():
    made = navigation.bar("x", [("<b>&", "a.html", None)], [])
    assert "&lt;b&gt;&amp;" in made
    assert css_text("a\n</style>") == '"a\\a \\3c \\2f style\\3e "'
    assert visible("a\tb\u2066c") == "a␉b�c"


def test_a_page_that_was_lost_stops_nobody_else(out):
    bring(out, outcome(out, period="2026-09"), outcome(out))
    (out / "site" / "north" / "2026-09" / "funnel.html").unlink()
    bring(out, outcome(out, "south"))
    assert (out / "site" / "south" / "2026-10" / "funnel.html").is_file() and broken(out) == []
    assert not (out / "site" / "north" / "2026-09" / "funnel.html").exists()
