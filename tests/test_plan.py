"""What is run for whom; and folders that no name can leave."""

from datetime import date
from types import SimpleNamespace

import pytest
import tiny

from crmlib import imports, places
from crmlib.errors import UsageError
from crmlib.params import Params
from crmlib.plan import Job, Narrowing, choose_period, folder, jobs, lines, slug
from crmlib.releases import Release
from crmlib.schema import Business

FIRST, LAST = date(2024, 1, 15), date(2026, 10, 31)


def prepared(teams=("east", "north"), last=LAST):
    return SimpleNamespace(first_day=FIRST, last_day=last, business=Business(), teams_at=lambda day: list(teams), name="demo")


def params(**settings):
    return Params.model_validate({"every": "month", "reports": ["funnel", "feedback"]} | settings)


@pytest.mark.parametrize(
    ("label", "every", "last", "chosen"),
    [
        ("", "month", date(2026, 10, 31), "2026-10"),  # the data reach its last day: complete
        ("", "month", date(2026, 10, 30), "2026-09"),
        ("", "month", date(2026, 11, 1), "2026-10"),
        ("", "week", date(2026, 10, 25), "2026-W43"),  # a Sunday
        ("", "week", date(2026, 10, 24), "2026-W42"),
        ("", "quarter", date(2026, 10, 31), "2026-Q3"),
        ("", "year", date(2026, 12, 31), "2026"),
        ("2026-Q3", "month", LAST, "2026-Q3"),  # any kind may be asked for
        ("2026-W44", "month", LAST, "2026-W44"),  # ends after the data do, but starts before
        ("2024-01", "month", LAST, "2024-01"),
        ("2024", "month", LAST, "2024"),
    ],
)
def test_period(label, every, last, chosen):
    assert choose_period(label, every, FIRST, last, 1).label == chosen


@pytest.mark.parametrize("label", ["2026-11", "2026-W45", "2023-12", "2023"])
def test_a_period_outside_the_data_is_refused_with_their_range(label):
    with pytest.raises(UsageError, match=r"2024-01-15 to 2026-10-31.*2026-10"):
        choose_period(label, "month", FIRST, LAST, 1)


@pytest.mark.parametrize("label", ["2026-W54", "2026-02-30", "2026-13", "2026-Q5", "october"])
def test_an_unreadable_period_is_refused(label):
    with pytest.raises(UsageError, match="is no period"):
        choose_period(label, "month", FIRST, LAST, 1)


def test_the_fiscal_year_counts():
    assert choose_period("", "quarter", FIRST, date(2026, 4, 30), 2).label == "2026-Q1"  # February to April


def test_every_report_for_the_company_and_every_team():
    planned = jobs(params(), Narrowing(), prepared(), Release())
    assert [(j.report, j.team) for j in planned] == [
        ("prepare", "all"),
        ("funnel", "all"), ("funnel", "east"), ("funnel", "north"),
        ("feedback", "all"), ("feedback", "east"), ("feedback", "north"),
    ]  # fmt: skip
    assert {j.period for j in planned} == {"2026-10"}


def test_a_list_of_teams_is_all_there_is():
    planned = jobs(params(teams=["north"], reports=["funnel"]), Narrowing(), prepared(), Release())
    assert [(j.report, j.team) for j in planned] == [("prepare", "all"), ("funnel", "north")]


def test_narrowed():
    asked = Narrowing(period="2026-09", team="north", report="feedback", source="acme")
    (job,) = jobs(params(), asked, prepared(), Release())
    assert (job.report, job.period, job.team, job.source) == ("feedback", "2026-09", "north", "acme")
    assert asked.in_force() == {"PERIOD": "2026-09", "TEAM": "north", "REPORT": "feedback", "SOURCE": "acme"}


@pytest.mark.parametrize(
    ("asked", "settings", "says"),
    [
        (Narrowing(team="nort"), {}, "no team 'nort'. Did you mean 'north'"),
        (Narrowing(team="x' OR '1'='1"), {}, "no team"),
        (Narrowing(team=" north"), {}, "no team ' north'"),
        (Narrowing(), {"teams": ["nowhere"]}, "no team 'nowhere'"),
        (Narrowing(report="funel"), {}, "Did you mean 'funnel'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest(asked, settings, says):
    with pytest.raises(UsageError, match=says):
        jobs(params(**settings), asked, prepared(), Release())


def test_a_team_called_all_cannot_be_told_from_the_company():
    with pytest.raises(UsageError, match="whole company"):
        jobs(params(), Narrowing(), prepared(teams=["all"]), Release())


def test_the_shared_work_comes_first_for_the_company_alone(tmp_path, monkeypatch):
    for name in ("prepare", "funnel"):
        tiny.write(tmp_path / "notebooks" / f"{name}.ipynb", tiny.good(name))
    monkeypatch.setattr(places, "ROOT", tmp_path)

    def planned(reports=("funnel",), **asked):
        return [(j.report, j.team) for j in jobs(params(reports=list(reports)), Narrowing(**asked), prepared(), Release())]

    everything = [("prepare", "all"), ("funnel", "all"), ("funnel", "east"), ("funnel", "north")]
    assert planned() == planned(["funnel", "prepare"]) == everything
    assert planned(team="north") == [("prepare", "all"), ("funnel", "north")]
    assert (planned(report="funnel", team="north"), planned(report="prepare")) == ([("funnel", "north")], [("prepare", "all")])


@pytest.fixture
def forecasts(tmp_path, monkeypatch):
    """A project whose report `warn` uses a model, and `funnel` does not."""
    library = {"__init__": "", "models/__init__": "", "models/scores": "", "lists": "from .models import scores\n", "means": ""}
    for name, code in library.items():
        (path := tmp_path / "crmlib" / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    for name, imported in (("prepare", "means"), ("funnel", "means"), ("warn", "lists")):
        tiny.write(tmp_path / "notebooks" / f"{name}.ipynb", tiny.notebook(f"from crmlib import {imported}"))
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(imports, "LIB", tmp_path / "crmlib")
    return tmp_path


def narrowed(reports=("funnel", "warn"), **asked):
    return [(j.report, j.team, j.reason) for j in jobs(params(reports=list(reports)), Narrowing(**asked), prepared(), Release())]


def test_who_asks_for_a_report_that_uses_a_model_gets_the_shared_work_first(forecasts):
    """It tells the ledger the scores by which later periods are judged."""
    first = "first run"
    assert narrowed(report="warn") == [("prepare", "all", first), *(("warn", team, first) for team in ("all", "east", "north"))]
    assert narrowed(report="warn", team="north") == [("prepare", "all", first), ("warn", "north", first)]
    assert narrowed(report="funnel", team="north") == [("funnel", "north", first)]
    assert narrowed(report="prepare") == [("prepare", "all", first)]


def test_it_is_not_forced_with_that_report(forecasts):
    forced = "asked for; first run"
    assert narrowed(report="warn", team="north", force=True) == [("prepare", "all", "first run"), ("warn", "north", forced)]
    assert narrowed(report="prepare", force=True) == [("prepare", "all", forced)]
    assert {why for _, _, why in narrowed(force=True)} == {forced}


def test_without_shared_work_there_is_none_to_add(forecasts):
    (forecasts / "notebooks" / "prepare.ipynb").unlink()
    assert narrowed(report="warn", team="north") == [("warn", "north", "first run")]


def test_a_notebook_that_is_none_is_refused_as_ever(forecasts):
    (forecasts / "notebooks" / "warn.ipynb").write_text("{")
    with pytest.raises(UsageError, match=r"warn\.ipynb is no notebook"):
        narrowed(report="warn")


def test_what_was_never_run_is_a_first_run_and_can_be_asked_for():
    for force, reason in ((False, "first run"), (True, "asked for; first run")):
        planned = jobs(params(), Narrowing(force=force), prepared(), Release())
        assert {(j.reason, j.does) for j in planned} == {(reason, "run")}


def test_the_plan_as_a_person_reads_it():
    of = lambda team, does, reason: Job("funnel", "2026-10", team, "demo", ("en",), reason, does)  # noqa: E731
    listed = [
        of("all", "run", "the notebook changed"),
        of("north", "publish", "not on the site"),
        of("x", "nothing", "up to date"),
    ]
    assert lines(listed) == [
        "funnel all 2026-10    run: the notebook changed",
        "funnel north 2026-10  publish: not on the site",
        "funnel x 2026-10      up to date",
        "1 to run, 1 to publish again, 1 up to date.",
    ]


HOSTILE = [
    "../../x", "/abs", ".", "..", "", "CON", "con", "a/b", "a\\b", "x" * 300, "-rf", "%2e%2e", "\u202eabc", "a\x00b", "ALL",
    "A B", "Ａ B", "a-b ", "a\nb", "索尔", "index.html", "é", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_team_gets_a_harmless_folder(name):
    made = slug(name)
    assert made.isascii() and 0 < len(made) <= 60 and all(c.isalnum() or c == "-" for c in made)
    assert made[0] != "-" and made == made.lower() and made not in ("all", "con", name)


def test_no_two_names_share_a_folder():
    names = [*HOSTILE, "a-b", "all", "north"]
    assert len({slug(name) for name in names}) == len(names)


def test_a_plain_name_is_its_folder_and_the_company_has_its_own():
    assert (slug("north-2"), folder("all")) == ("north-2", "all")
    assert slug("all") != "all"
