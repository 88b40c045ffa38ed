"""Every metric by its name: each once, found by its form as by its import, with its words in both languages."""

import product
import pytest

from crmlib import metric_list, texts
from crmlib.errors import UsageError
from crmlib.metrics import registry

UNITS = {"count", "share", "money", "days", "hours", "score", "points", "ratio"}


def test_what_is_found_by_its_form_is_what_is_found_by_importing():
    found = registry.metrics()
    assert list(found) == list(metric_list.metrics()) and len(found) >= 70
    for name, function in found.items():
        seen = metric_list.metrics()[name]
        assert (seen.unit, f"crmlib.{seen.module}", function.__name__) == (function.unit, function.__module__, name)


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_each_has_a_unit_a_name_and_a_definition(lang):
    names = {name: texts._book(lang)["metrics"][name] for name in registry.metrics()}
    assert [n for n, said in names.items() if not said["name"] or not said["means"]] == []
    assert {f.unit for f in registry.metrics().values()} <= UNITS


def test_a_metric_has_one_definition(monkeypatch):
    from crmlib.metrics import closing, deals

    monkeypatch.setattr(
        deals, "win_rate", type(closing.win_rate)(closing.win_rate.__code__, {"__name__": deals.__name__}), raising=False
    )
    deals.win_rate.__module__ = deals.__name__
    deals.win_rate.unit, deals.win_rate.rolling = "share", False
    registry.metrics.cache_clear()
    with pytest.raises(ValueError, match=r"win_rate is defined in crmlib\.metrics\.closing and in crmlib\.metrics\.deals"):
        registry.metrics()
    monkeypatch.undo()
    registry.metrics.cache_clear()
    assert registry.metrics()["win_rate"] is closing.win_rate


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'win_rate'"):
        registry.metric("winrate")


@pytest.mark.parametrize("report", product.some_reports("funnel", "custom-lead-sources"))
def test_every_key_figure_of_every_page_is_in_it(pages, report):
    """A page without code counts what its file asks for: such a figure is of one view (its dimension), and no metric."""
    for team in ("all", "north"):
        own = [
            k["name"] for k in pages(report, team)["en"].facts["kpis"] if not (report.startswith("custom-") and k["dimension"])
        ]
        assert (own or report.startswith("custom-")) and set(own) <= set(registry.metrics()), (report, team)
