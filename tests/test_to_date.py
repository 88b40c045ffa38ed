"""A period to date: it ends with the data, and is compared with as many days before; whole periods with whole ones."""

from datetime import date

import pandas as pd
import pytest
from given import folder, settings

from crmlib import charts, facts, fmt
from crmlib.blocks import Page, windows
from crmlib.crm import Crm, open_crm, rows
from crmlib.findings import said
from crmlib.kpi import compare
from crmlib.metrics import deals, tiers
from crmlib.periods import Period

D = date


def cut(label: str, days: int) -> Period:
    """A period of which so many days are known."""
    whole = Period.parse(label)
    return whole.to_date(date.fromordinal(whole.start.toordinal() + days))


@pytest.mark.parametrize(
    ("label", "days", "previous", "year_before"),
    [
        ("2026-10", 20, ("2026-09", 20), ("2025-10", 20)),
        ("2026-10", 1, ("2026-09", 1), ("2025-10", 1)),
        ("2026-10", 29, ("2026-09", 29), ("2025-10", 29)),
        ("2026-10", 30, ("2026-09", 30), ("2025-10", 30)),   # all of September, 30 days of October
        ("2026-10", 31, ("2026-09", 30), ("2025-10", 31)),   # whole with whole
        ("2026-06", 30, ("2026-05", 31), ("2025-06", 30)),   # June with May as a month
        ("2026-03", 30, ("2026-02", 28), ("2025-03", 30)),   # never longer than it is
        ("2024-03", 29, ("2024-02", 29), ("2023-03", 29)),
        ("2024-02", 28, ("2024-01", 28), ("2023-02", 28)),
        ("2024-02", 29, ("2024-01", 31), ("2023-02", 28)),
        ("2026-W42", 3, ("2026-W41", 3), ("2025-W42", 3)),   # to Wednesday with Monday to Wednesday
        ("2026-W53", 5, ("2026-W52", 5), ("2025-W52", 5)),
        ("2026-Q3", 91, ("2026-Q2", 91), ("2025-Q3", 91)),
        ("2026-Q2", 90, ("2026-Q1", 90), ("2025-Q2", 90)),
        ("2024", 60, ("2023", 60), ("2023", 60)),            # to 29 February with 1 January to 1 March
        ("2024", 365, ("2023", 365), ("2023", 365)),
    ],
)  # fmt: skip
def test_it_is_compared_with_as_many_days(label, days, previous, year_before):
    period = cut(label, days)
    for found, (name, length) in ((period.previous, previous), (period.year_before, year_before)):
        assert (found.label, (found.end - found.start).days) == (name, length)
        assert found.start == Period.parse(name).start


@pytest.mark.parametrize(
    ("known", "until"),
    [
        (D(2026, 9, 1), None), (D(2026, 10, 1), None),             # not a day of it is known: nothing is to date
        (D(2026, 10, 2), D(2026, 10, 2)), (D(2026, 10, 31), D(2026, 10, 31)),
        (D(2026, 11, 1), None), (D(2027, 1, 1), None),             # whole
    ],
)  # fmt: skip
def test_it_is_to_date_while_the_data_end_within_it(known, until):
    period = Period.parse("2026-10").to_date(known)
    assert (period.until, period.end) == (until, until or D(2026, 11, 1))
    assert period.to_date(D(2026, 12, 1)).until is None  # asked again: of all its days


def test_it_stays_the_same_period():
    period = cut("2026-10", 20)
    assert period == Period.parse("2026-10") and hash(period) == hash(Period.parse("2026-10")) and period.label == "2026-10"
    assert period.whole.until is None and period.whole.end == D(2026, 11, 1) and period.gone * 31 == 20
    assert period.previous == Period.parse("2026-09") and period.previous.previous.end == D(2026, 8, 21)
    assert [p.until for p in period.trailing(3)] == [None, None, D(2026, 10, 21)]
    assert period.shift(1).until is None and period.shift(-1).until is None and period.shift(0) is period


def test_it_says_up_to_which_day():
    assert fmt.period(cut("2026-10", 20)) == "October 2026 (to 20 Oct)" and fmt.short_period(cut("2026-10", 20)) == "Oct"
    assert fmt.period(cut("2026-10", 20), "zh") == "2026年10月（至10月20日）"
    assert (
        fmt.period(cut("2026-W42", 3)) == "week 42 of 2026 (to 14 Oct)"
        and fmt.period(cut("2026", 40), "zh") == "2026年（至2月9日）"
    )


# ------------------------------------------------------------------------------------------------ the handle

DAYS = ["2025-10-20", "2025-10-21", "2026-09-01", "2026-09-20", "2026-09-21", "2026-09-30", "2026-10-01", "2026-10-20"]
DEALS = rows("opportunity_id created_at", *[f"d{i} {day}" for i, day in enumerate(DAYS)])


def figures(crm: Crm) -> tuple:
    kpi = compare(deals.lead_count, crm)
    return kpi.value, kpi.previous, kpi.year_before


def test_figures_are_compared_with_the_same_days_before():
    assert figures(Crm.of(opportunities=DEALS)) == (2, 4, 2)  # whole, unless it is said that the data end
    assert figures(Crm.of(opportunities=DEALS, until=D(2026, 10, 20))) == (2, 2, 1)
    assert figures(Crm.of(opportunities=DEALS, until=D(2026, 10, 31))) == (2, 4, 2)
    assert figures(Crm.of(opportunities=DEALS, until=D(2026, 11, 9))) == (2, 4, 2)


def test_a_source_whose_data_end_within_the_period_is_to_date(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    place = folder(tmp_path, opportunities=DEALS.to_csv(index=False))
    crm = open_crm(str(place), "2026-10")
    assert figures(crm) == (2, 2, 1) and crm.end == D(2026, 10, 21) and crm.as_of.date() == D(2026, 10, 20)
    assert figures(open_crm(str(place), "2026-09")) == (4, 0, None)  # over
    assert figures(open_crm(settings(tmp_path, place, more=", as_of: 2026-10-31"), "2026-10")) == (2, 4, 2)


def test_what_is_kept_of_a_cut_period_is_not_taken_for_the_whole():
    crm = Crm.of(opportunities=DEALS, until=D(2026, 10, 20))
    assert [int(deals.deals(c).count().execute()) for c in (crm, crm.previous, crm.whole_previous, crm.year_before)] == [
        8,
        4,
        6,
        1,
    ]
    whole = Crm.of(opportunities=DEALS)
    assert whole.whole_previous is whole.previous and crm.whole_previous.period.until is None


def test_tiers_to_date_ask_for_as_many_days_less():
    asked = {"high": 8, "medium": 3, "low": 1}
    assert tiers.least_days(asked, cut("2026-10", 10)) == {"high": 3, "medium": 1, "low": 1}
    assert tiers.least_days(asked, cut("2026-10", 30)) == tiers.least_days(asked, Period.parse("2026-10")) == asked


def test_the_page_prints_the_windows_that_it_compares():
    page = Page(Crm.of(opportunities=DEALS, until=D(2026, 10, 20)), "funnel")
    opening, footer = page.opening(), page.provenance()
    assert opening.facts["period"] == {"label": "2026-10", "start": "2026-10-01", "end": "2026-11-01", "until": "2026-10-21"}
    assert opening.facts["comparisons"] == {
        "previous": {"start": "2026-09-01", "end": "2026-09-21"},
        "year_before": {"start": "2025-10-01", "end": "2025-10-21"},
    }
    (note,) = opening.page["notes"]
    assert (
        "The data end on 20 Oct 2026" in note["en"] and "1 Sept 2026 to 20 Sept 2026 and 1 Oct 2025 to 20 Oct 2025" in note["en"]
    )
    assert "数据截至 2026年10月20日" in note["zh"] and "2026年9月1日至2026年9月20日" in note["zh"].replace(" ", "")
    assert "October 2026 (to 20 Oct)" in opening.page["title"]["en"]
    assert "1 Oct 2026 to 20 Oct 2026" in footer.html["en"] and "1 Sept 2026 to 20 Sept 2026" in footer.html["en"]
    table = page.kpis([compare(deals.lead_count, page.crm)]).html["en"]
    assert "Previous: September 2026 (to 20 Sept). Year before: October 2025 (to 20 Oct)." in table


def test_a_whole_page_prints_whole_windows_and_no_note():
    page = Page(Crm.of(period="2026-06", opportunities=DEALS, until=D(2026, 6, 30)), "funnel")
    opening = page.opening()
    assert (
        opening.facts["period"] == {"label": "2026-06", "start": "2026-06-01", "end": "2026-07-01"}
        and opening.page["notes"] == []
    )
    assert opening.facts["comparisons"]["previous"] == {"start": "2026-05-01", "end": "2026-06-01"}  # June with May, as a month
    assert "(to" not in opening.page["title"]["en"]


def test_a_page_of_which_nothing_is_known_yet_says_so():
    page = Page(Crm.of(period="2026-12", opportunities=DEALS, until=D(2026, 10, 20)), "funnel")
    (note,) = page.opening().page["notes"]
    assert "before the period begins" in note["en"] and "早于期初" in note["zh"]


def test_facts_of_a_period_to_date_are_not_complete():
    found = {"period": {"end": "2026-11-01", "until": "2026-10-21"}, "provenance": {"as_of": "2026-10-20T23:59:59"}}
    assert not facts.complete(found)
    assert facts.complete(found | {"provenance": {"as_of": "2026-10-31T00:00:00"}})


@pytest.mark.parametrize(("days", "says"), [(20, True), (31, False)])
def test_a_course_says_that_its_last_point_is_to_date(days, says):
    page = Page(Crm.of(opportunities=DEALS), "funnel")
    course = pd.DataFrame({"period": cut("2026-10", days).trailing(3), "lead_count": [3, 4, 2]})
    block = page.figure("win-rate", said("funnel.nothing_closed"), charts.trend, course, unit="count")
    assert ("October 2026 (to 20 Oct) is to date: its figures are of 20 days so far" in block.html["en"]) == says
    assert ("只含已有的 20 天" in block.html["zh"]) == says
    assert (">October 2026 (to 20 Oct)</" in block.html["en"]) == says  # in its table, too
    assert block.facts["tables"][0]["rows"][-1] == ["2026-10", 2]


def test_the_windows_of_a_contribution():
    crm = Crm.of(opportunities=DEALS, until=D(2026, 10, 20))
    assert windows.compared(crm, "previous")("en") == "October 2026 (to 20 Oct) against September 2026 (to 20 Sept)"
    assert windows.compared(Crm.of(opportunities=DEALS), "year_before")("zh") == "2026年10月与2025年10月相比"
