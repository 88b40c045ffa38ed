"""Real exports through the product: NPS against the data set's reference figures and plain pandas; remarks without score or date."""

from functools import cache

import pandas as pd
import product
import pytest

from crmlib import places

DATA = places.ROOT.parent / "shared" / "data"
SURVEY, REMARKS = DATA / "nps_timeseries" / "NPStimeseries.csv", DATA / "shopzilla_remarks" / "Customer_support_data.csv"
survey_is_here = pytest.mark.skipif(not SURVEY.is_file(), reason="the NPS survey is not here")
remarks_are_here = pytest.mark.skipif(not REMARKS.is_file(), reason="the remarks are not here")
OVERALL, BY_MARKET = 11.8, {"MEX": 17.1013, "UK": 8.4884, "US": 9.9326}
BY_QUARTER = {"1": 14.1234, "2": 11.5166, "3": 9.9017, "4": 11.7987}
BY_MONTH = {"1": 13.2558, "2": 10.0503, "3": 19.0594, "4": 9.4629, "5": 15.873, "6": 8.7282, "7": 9.7252, "8": 9.5349, "9": 10.4762, "10": 8.3333,
            "11": 12.0192, "12": 15.0}  # fmt: skip


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    frame = pd.read_csv(SURVEY)
    return frame.assign(day=pd.to_datetime(frame["Survey date"], format="%d/%m/%y"))


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """The facts of a period's page, through the shipped mapping (a market is a team)."""
    folder = tmp_path_factory.mktemp("nps")
    return cache(lambda period, team="all": product.facts("feedback", folder, "nps_timeseries", period, team))


def table(found: dict, name: str) -> pd.DataFrame:
    (one,) = [t for t in found["tables"] if t["name"] == name]
    return pd.DataFrame(one["rows"], columns=one["columns"])


def nps_of(found: dict) -> dict:
    return next(k for k in found["kpis"] if k["name"] == "nps")


def plain(answers: pd.Series) -> float:
    return 100 * ((answers >= 9).mean() - (answers <= 6).mean())


@survey_is_here
def test_nps_of_the_year_and_by_market(facts, survey):
    found = facts("2021")
    assert nps_of(found)["value"] == pytest.approx(OVERALL) and nps_of(found)["base"] == 5000
    by = table(found, "by_team").set_index("team")
    assert by.nps.round(4).to_dict() == BY_MARKET and by.nps_answers.sum() == 5000
    for market, answers in survey.groupby("Market").NPS:
        assert by.nps[market] == pytest.approx(plain(answers)) and by.low_nps[market] < plain(answers) < by.high_nps[market]
    assert nps_of(facts("2021", "UK"))["value"] == pytest.approx(plain(survey[survey.Market == "UK"].NPS))


@survey_is_here
def test_nps_by_quarter_and_month(facts, survey):
    quarters, months = (table(facts(p), "answers_by_period").set_index("period") for p in ("2021-Q4", "2021-12"))
    assert {q[-1]: round(v, 4) for q, v in quarters.nps.items()} == BY_QUARTER
    assert {str(int(m[-2:])): round(v, 4) for m, v in months.nps.items()} == BY_MONTH
    assert nps_of(facts("2021-12"))["previous"] == pytest.approx(plain(survey[survey.Month == 11].NPS))


@survey_is_here
def test_a_source_with_nps_alone_has_its_figures_and_no_others(facts):
    found = facts("2021-12")
    figures = {k["name"]: k for k in found["kpis"]}
    assert figures["csat_mean"]["value"] is None and figures["csat_mean"]["reason"] == "no answer carries a score"
    assert "csat_mean" not in table(found, "by_source") and figures["problem_rate"]["base"] == figures["nps"]["base"]


@pytest.mark.long
@remarks_are_here
def test_remarks_without_score_or_date_are_read_by_theme_and_category(tmp_path):
    remarks = pd.read_csv(REMARKS)
    page = product.built("feedback", tmp_path, "shopzilla_remarks", "2023-08")["en"]
    assert "No date of their own, hence as of 31 Aug 2023, which the source declares: feedback." in page.html
    found = page.facts
    by = table(found, "by_category").set_index("category").answers
    assert by.to_dict() == remarks.category.value_counts().to_dict() and by.sum() == 28_742
    spoken = table(found, "themes").set_index("theme").comment_count
    assert spoken["refund or return"] > 1000 and spoken["good service"] > 2000 and spoken["slow delivery"] > 200
    said = table(found, "words")
    assert {"delivery", "return", "refund"} <= set(said.term) and said.comment_count.min() >= 10
