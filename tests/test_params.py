"""A params file is taken as it is written, or refused with the nearest right thing."""

import pytest

from crmlib import params, places
from crmlib.errors import UsageError

GOOD = "every: month\nreports: [funnel]\n"


@pytest.fixture
def file(tmp_path):
    def written(text: str):
        path = tmp_path / "mine.yml"
        path.write_text(text, "utf-8")
        return path

    return written


def test_defaults(file):
    got = params.load(file(GOOD))
    assert (got.source, got.languages, got.teams) == ("demo", ["en"], [])
    assert (got.limits.cell_seconds, got.limits.report_seconds) == (300, 900)


def test_everything_given(file):
    text = GOOD + "source: acme\nlanguages: [zh, en]\nteams: [all, '007']\nlimits: {cell_seconds: 5}\n"
    got = params.load(file(text))
    assert (got.source, got.languages, got.teams) == ("acme", ["zh", "en"], ["all", "007"])
    assert (got.limits.cell_seconds, got.limits.report_seconds) == (5, 900)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "tema: all", "'tema'.*did you mean 'teams'"),
        (GOOD + "limits: {cell_secnds: 3}", "did you mean 'cell_seconds'"),
        (GOOD + "every: week", "'every' stands twice"),
        (GOOD + "teams: [no]", "teams.0 is False.*quotes"),
        (GOOD + "teams: NO", "teams is False"),
        (GOOD + "teams: [007]", "teams.0 is 7.*quotes"),
        (GOOD + "teams: [2026-10-01]", "quotes"),
        (GOOD + "teams: [null]", "teams.0 is None"),
        (GOOD + "teams: []", "at least one"),
        (GOOD + "source: true", "source is True.*quotes"),
        (GOOD + "source: https://x.example/y", "never an address"),
        (GOOD + "source: s3://x", "never an address"),
        (GOOD + "source: file:/x", "never an address"),
        (GOOD + "languages: [fr]", "'en' or 'zh'"),
        (GOOD + "languages: [en, en]", "none twice"),
        (GOOD + "limits: {cell_seconds: 0}", "cell_seconds is 0"),
        (GOOD + "limits: {cell_seconds: 1.5}", "cell_seconds is 1.5"),
        (GOOD + "api_key: abcdef", "'api_key'.*secret"),
        (GOOD + "x: !!python/object/apply:os.system [id]", "tag"),
        ("every: month\nreports: ['../x']", "reports.0"),
        ("every: month\nreports: ['x=1;import os']", "reports.0"),
        ("every: fortnight\nreports: [funnel]", "'week', 'month'"),
        ("reports: [funnel]", "no 'every'"),
        ("every: month", "no 'reports'"),
        ("", "holds no"),
        ("- a", "holds no"),
        ("every: [", "line"),
    ],
)
def test_refused(file, text, says):
    with pytest.raises(UsageError, match=says):
        params.load(file(text))


def test_a_secret_is_not_repeated(file):
    with pytest.raises(UsageError) as refused:
        params.load(file(GOOD + "password: hunter2222"))
    assert "hunter2222" not in str(refused.value)


def test_a_file_that_is_not_there_names_the_nearest():
    with pytest.raises(UsageError, match=r"did you mean 'params/monthly\.yml'"):
        params.load("params/montly.yml")


@pytest.mark.parametrize("name", ["monthly", "weekly", "quarterly"])
def test_the_shipped_files_are_good(name):
    got = params.load(f"params/{name}.yml")
    assert got.every + "ly" == name or name == "weekly"
    assert all(places.notebook(report).is_file() for report in got.reports) and places.CUSTOM not in got.reports


@pytest.mark.parametrize("source", ["http://x.example", "S3://b", " ", "gs:x"])
def test_a_source_of_the_command_line_is_no_address(source):
    with pytest.raises(UsageError, match="--source"):
        params.check_source(source)
