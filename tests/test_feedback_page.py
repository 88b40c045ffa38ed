"""The feedback page as readers get it: all that is demanded, nothing undefined, whole on sources that lack something, nobody quoted."""

import csv
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import product
import pytest
from reading import BAD, SECTIONS, TAGS, Reader, each_figure
from test_report_pages import REPORTS

from crmlib.demo.comments import COMMENTS
from crmlib.pages import Built

PERIOD = "2026-04"  # the month after the planted measure was done
FIGURES = REPORTS["feedback"]["figures"]
ALL = [("all", "en"), ("all", "zh"), ("east", "en"), ("east", "zh")]


@pytest.fixture(scope="module")
def made(small_demo, tmp_path_factory) -> dict[str, dict[str, Built]]:
    folder = tmp_path_factory.mktemp("pages")
    return {team: product.built("feedback", folder, str(small_demo), PERIOD, team) for team in ("all", "east")}


@pytest.fixture(params=ALL, ids="-".join)
def one(made, request) -> Built:
    return made[request.param[0]][request.param[1]]


def table(found: dict, name: str) -> pd.DataFrame:
    (one,) = [t for t in found["tables"] if t["name"] == name]
    return pd.DataFrame(one["rows"], columns=one["columns"])


# ------------------------------------------------------------------------------------------------ privacy


def test_nobody_is_quoted(one):
    """No comment of the demo company stands on a page, nor six characters of one in Chinese."""
    for tones in COMMENTS.values():
        for comment in (c for said in tones.values() for c in said):
            assert comment not in one.html and comment not in json.dumps(one.facts, ensure_ascii=False)
            assert comment.isascii() or not [p for p in re.split("，", comment) if len(p) >= 6 and p in one.html], comment


def test_no_customer_is_named(made, small_demo):
    with (small_demo / "customers.csv").open(encoding="utf-8") as f:
        customers = list(csv.DictReader(f))
    secrets = {c[k] for c in customers for k in ("phone", "email", "company") if len(c[k]) > 6}
    for pages in made.values():
        for one in pages.values():
            assert not [s for s in secrets if s in one.html]


# ------------------------------------------------------------------------------------------------ what a source does not have


def source(place: Path, **tables: pd.DataFrame) -> str:
    place.mkdir()
    for name, frame in tables.items():
        frame.to_csv(place / f"{name}.csv", index=False)
    return str(place)


BASE = pd.DataFrame({"feedback_id": range(120), "given_at": ["2026-03-05"] * 40 + ["2026-04-05"] * 80})
LACKING = {
    "scores only": {"feedback": BASE.assign(score=[1, 4, 5, 3] * 30)},
    "nps only": {"feedback": BASE.assign(nps=[10, 9, 8, 0] * 30)},
    "comments and categories": {"feedback": BASE.assign(comment=["Delivery late", "ok", "送货太慢", "<b>{x}</b>"] * 30, category=["a", "b", "c", "a"] * 30)},
    "complaints": {"feedback": BASE.assign(category=["complaint", "praise"] * 60)},
    "dates only": {"feedback": BASE},
    "no dates": {"feedback": BASE.drop(columns="given_at").assign(score=3, category="x"),
                 "orders": pd.DataFrame({"order_id": [1], "ordered_at": ["2026-04-02"], "amount": [5]})},
    "another period": {"feedback": BASE.assign(given_at="2026-01-05", score=3, category="x", comment="late delivery")},
    "improvements without answers": {
        "feedback": BASE.assign(given_at="2026-01-05", category="x", score=3),
        "improvements": pd.DataFrame({"improvement_id": ["m", "n"], "category": ["x", "y"], "opened_on": "2026-01-01", "done_on": ["2026-02-01", None]}),
    },
    "no feedback": {"orders": pd.DataFrame({"order_id": [1], "ordered_at": ["2026-04-02"], "amount": [5]})},
}  # fmt: skip


QUICK = ("scores only", "no feedback")


@pytest.mark.parametrize("which", [p if p in QUICK else pytest.param(p, marks=pytest.mark.long) for p in LACKING])
def test_a_page_that_lacks_something_is_a_whole_page(tmp_path, which):
    languages = ("en", "zh") if which in ("nps only", "no feedback") else ("en",)
    made = product.built("feedback", tmp_path, source(tmp_path / "data", **LACKING[which]), PERIOD, languages=languages)
    for one in made.values():
        reader = Reader(one.html)
        assert [a["id"] for a in reader.of("section")] == ["summary", *SECTIONS] and {t for t, _ in reader.tags} <= TAGS
        assert list(each_figure(one.html)) == FIGURES and len(one.facts["findings"]) >= 1
        assert not [t for around, t in reader.texts if not {"style", "bdi"} & set(around) and BAD.search(t)]
    figures = {k["name"]: k for k in made["en"].facts["kpis"]}
    if which == "no feedback":
        assert not figures and "This source delivers no feedback" in made["en"].html
        return
    expected = {"scores only": ("csat_mean", 3.25), "nps only": ("nps", 25), "complaints": ("problem_rate", 0.5), "dates only": ("answer_count", 80),
                "comments and categories": ("answer_count", 80), "no dates": ("answer_count", 0), "another period": ("answer_count", 0),
                "improvements without answers": ("open_improvements", 1)}  # fmt: skip
    name, value = expected[which]
    assert figures[name]["value"] == value
    assert (table(made["en"].facts, "undated")["count"].iloc[0] == 120) == (which == "no dates")
    if which == "comments and categories":
        assert table(made["en"].facts, "themes").set_index("theme").comment_count["slow delivery"] == 40
        assert "of the answers" in each_figure(made["en"].html)["pareto"] and "&lt;b&gt;" not in made["en"].html


def test_a_team_without_answers_has_a_page(tmp_path, small_demo):
    place = tmp_path / "data"
    place.mkdir()
    for name in ("feedback", "improvements", "customers", "reps"):
        shutil.copy(small_demo / f"{name}.csv", place)
    with (place / "reps.csv").open("a", encoding="utf-8") as f:
        columns = (place / "reps.csv").read_text("utf-8").splitlines()[0].split(",")
        f.write(",".join({"rep_id": "R999", "name": "Nobody Yet", "team": "empty"}.get(c, "") for c in columns) + "\n")
    one = product.built("feedback", tmp_path, str(place), PERIOD, "empty")["en"]
    assert [f["rule"] for f in one.facts["findings"]] == ["feedback.no_answers"]
    assert set(table(one.facts, "improvements").team.dropna()) <= {"empty"} and len(
        table(one.facts, "improvements")
    )  # the company's


@pytest.mark.parametrize("period", ["2026-W15", pytest.param("2026-Q2", marks=pytest.mark.long), "2026"])
def test_other_kinds_of_periods(tmp_path, small_demo, period):
    one = product.built("feedback", tmp_path, str(small_demo), period, languages=("zh",))["zh"]
    assert list(each_figure(one.html)) == FIGURES
    assert not [t for around, t in Reader(one.html).texts if not {"style", "bdi"} & set(around) and BAD.search(t)]
