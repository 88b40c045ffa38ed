"""The facts file: exact numbers in a fixed order, the same in every language but for its texts."""

import json

import pytest
import tiny
from tinysite import bring, outcome, read

from crmlib import facts, places


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def test_facts_differ_between_languages_in_texts_alone(out):
    bring(out, outcome(out))
    english, chinese = (json.loads(read(out, f"north/2026-10/{n}.json")) for n in ("funnel", "funnel.zh"))
    assert list(english) == [
        "schema", "report", "title", "language", "team", "period", "comparisons", "kpis", "tables", "findings", "provenance",
    ]  # fmt: skip
    assert (english["kpis"][0]["label"], chinese["kpis"][0]["label"]) == ("Win rate", "赢单率")
    assert english["kpis"][0]["value"] == chinese["kpis"][0]["value"] == 0.41
    assert english["kpis"][0]["year_before"] == 0.333333333333
    assert english["tables"] == chinese["tables"] == [tiny.TABLE]
    for found in (english, chinese):
        found.pop("language"), found.pop("title"), found["kpis"][0].pop("label"), found["findings"][0].pop("text")
    assert english == chinese


def test_facts_are_readable_text_with_a_newline(out):
    bring(out, outcome(out))
    text = read(out, "north/2026-10/funnel.zh.json")
    assert "赢单率" in text and text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_no_number(value):
    with pytest.raises(facts.ReportFault, match=r"facts.kpis\[0\].value"):
        facts._exact({"kpis": [{"value": value}]}, "facts")
