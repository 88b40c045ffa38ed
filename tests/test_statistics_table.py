"""The table of all key figures: each once with the reports named, its history as last published, charts, and when it is made anew."""

import pytest
import tiny
from downloads import assert_safe, opened, rows
from reading import HOSTILE
from tinysite import Links, bring, broken, cells, failed, outcome, read, tree

from crmlib import ledger, places, statistics_table, subjects, texts
from crmlib.errors import UsageError
from crmlib.notebook import check

MONEY = tiny.KPI | {
    "name": "won_amount",
    "label": {"$text": tiny.both("Won amount", "赢单金额")},
    "unit": "money",
    "part": None,
    "base": None,
    "target": None,
}
COUNT = MONEY | {"name": "customer_count", "label": {"$text": tiny.both("Customers", "客户数量")}, "unit": "count"}
OTHER = COUNT | {"name": "shoe_size", "label": {"$text": tiny.both("Shoe size", "鞋码")}, "unit": "score"}


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def made(out, *kpis, team="north", period="2026-10", name="funnel", as_of="2026-12-31", data="0", currency="EUR"):
    """One outcome whose page has these figures."""
    footer = tiny.footer(as_of)
    footer["facts"]["provenance"] |= {"data_sha256": {"orders": data * 64}, "parameters": {"business": {"currency": currency}}}
    block = tiny.block(facts={"kpis": list(kpis)})
    given = [block if c is tiny.KPIS else c for c in cells(team, period, name)[:-1]]
    return outcome(out, team, period, name, made=[*given, footer])


def value(kpi, now, **more):
    return kpi | {"value": now, "reason": None if now is not None else "nothing to divide by"} | more


def book(out, place="north/2026-10/statistics.xlsx"):
    return opened((out / "site" / place).read_bytes())


def table(out, sheet, place="north/2026-10/statistics.xlsx"):
    """A sheet as rows by the figure's name: {head: value}; a name twice as a list's last."""
    given = book(out, place)[sheet]
    heads = [c.value for c in given[2]]
    return [dict(zip(heads, row, strict=True)) for row in rows(given, 1)]


def test_every_figure_of_every_report_has_a_row_under_its_subject(out):
    bring(
        out,
        made(out, tiny.KPI, value(MONEY, 1234.56)),
        made(out, value(COUNT, 50, previous=40), value(OTHER, None), name="sales"),
    )
    assert book(out).sheetnames == ["Customers", "Deals", "Other figures", "Notes"]
    (row,) = table(out, "Customers")
    assert row == {
        "Figure": "Customers", "Reports": "Sales funnel", "Value": 50, "Previous period": 40, "Year before": 0.333333333333, "Target": None,
        "Change to the previous period (shares: in percentage points)": 10, "Unit": "number", "Base": None, "Why there is no value": None,
        "Name in the data files": "customer_count", "Restated": None, "2026-10": 50,
    }  # fmt: skip
    assert [r["Name in the data files"] for r in table(out, "Deals")] == ["won_amount", "win_rate"]
    (none,) = table(out, "Other figures")
    assert (none["Value"], none["2026-10"], none["Why there is no value"]) == (None, None, "nothing to divide by")
    chinese = table(out, "客户", "north/2026-10/statistics.zh.xlsx")
    assert chinese[0]["指标"] == "客户数量" and chinese[0]["数值"] == 50


def test_formats_are_those_of_each_figure(out):
    bring(out, made(out, tiny.KPI, value(MONEY, 1234.56)))
    sheet = book(out)["Deals"]
    forms = {sheet.cell(row, 11).value: [sheet.cell(row, c).number_format for c in (3, 7, 13)] for row in (3, 4)}
    assert forms == {
        "won_amount": ["[$€]#,##0.00", "+[$€]#,##0.00;-[$€]#,##0.00;[$€]#,##0.00", "[$€]#,##0.00"],
        "win_rate": ["0.0%", "+0.0%;-0.0%;0.0%", "0.0%"],
    }
    assert sheet.freeze_panes == "B3" and sheet.auto_filter.ref == "A2:M4"


def test_a_figure_of_several_reports_stands_once_and_names_them(out):
    less = tiny.KPI | {"previous": None, "target": None}
    first, second = made(out, less), made(out, tiny.KPI, name="sales")
    bring(out, first, second)
    (row,) = table(out, "Deals")
    assert (row["Previous period"], row["Target"]) == (0.38, 0.45)  # what one page leaves out, the other says
    bring(out, made(out, tiny.KPI | {"value": 0.5}, name="sales"))
    assert [r["Value"] for r in table(out, "Deals")] == [0.41, 0.5]  # what does not agree is not hidden


def test_dimensions_and_currencies_keep_rows_of_their_own(out):
    bring(
        out,
        made(out, value(MONEY, 5), value(MONEY, 5, dimension="web")),
        made(out, value(MONEY, 5), name="sales", currency="CNY"),
    )
    sheet = book(out)["Deals"]
    assert [(r["Figure"], r["Unit"]) for r in table(out, "Deals")] == [
        ("Won amount", "amount, Euro"), ("Won amount (web)", "amount, Euro"), ("Won amount", "amount, Chinese Yuan")]  # fmt: skip
    assert [sheet.cell(row, 3).number_format for row in (3, 4, 5)] == ["[$€]#,##0.00", "[$€]#,##0.00", "[$¥]#,##0.00"]


# ------------------------------------------------------------------------------------------------ history


def test_history_is_what_the_ledger_holds_oldest_left(out):
    for period, now in {"2026-09": 40, "2026-10": 50, "2026-11": 60}.items():
        bring(out, made(out, value(COUNT, now), value(MONEY, now / 8), period=period))
    (row,) = table(out, "Customers", "north/2026-11/statistics.xlsx")
    assert list(row)[-3:] == ["2026-09", "2026-10", "2026-11"] and list(row.values())[-3:] == [40, 50, 60]
    (row,) = table(out, "Customers", "north/2026-10/statistics.xlsx")
    assert list(row)[-2:] == ["2026-09", "2026-10"]  # later periods change no earlier table
    (row,) = table(out, "Customers", "north/2026-09/statistics.xlsx")
    assert list(row)[-1] == "2026-09"


def test_history_needs_no_page_of_before_only_the_ledger(out):
    bring(out, made(out, value(COUNT, 40), period="2026-09"))
    (out / "site").unlink()
    bring(out, made(out, value(COUNT, 50)))
    assert [n for n in tree(out) if "2026-09" in n] == [] and table(out, "Customers")[0]["2026-09"] == 40


def test_the_latest_value_stands_and_a_restated_one_is_marked(out):
    bring(out, made(out, value(COUNT, 40), period="2026-09"))
    bring(out, made(out, value(COUNT, 50)))
    before = tree(out)["north/2026-10/statistics.xlsx"]
    bring(out, made(out, value(COUNT, 41), period="2026-09", data="1"))
    (row,) = table(out, "Customers")
    assert (row["2026-09"], row["Restated"]) == (41, "2026-09") and tree(out)["north/2026-10/statistics.xlsx"] != before
    sheet = book(out)["Customers"]
    assert [sheet.cell(3, c).fill.fgColor.rgb for c in (13, 14)] == ["FFFFF2CC", "00000000"]
    (own,) = table(out, "Customers", "north/2026-09/statistics.xlsx")
    assert (own["2026-09"], own["Restated"]) == (41, "2026-09")


@pytest.mark.parametrize("as_of", ["2026-09-20", "2026-09-29"])
def test_what_a_period_said_before_it_was_complete_restates_nothing(out, as_of):
    bring(out, made(out, value(COUNT, 30), period="2026-09", as_of=as_of))
    bring(out, made(out, value(COUNT, 40), period="2026-09"))
    bring(out, made(out, value(COUNT, 50)))
    assert (table(out, "Customers")[0]["2026-09"], table(out, "Customers")[0]["Restated"]) == (40, None)


def test_a_period_without_a_value_is_a_gap_and_other_teams_are_not_looked_at(out):
    bring(
        out,
        made(out, value(COUNT, 40), value(MONEY, None), period="2026-09"),
        made(out, value(MONEY, 7), team="east", period="2026-09"),
    )
    bring(out, made(out, value(MONEY, 9)), made(out, value(COUNT, 50), name="sales"))
    assert table(out, "Deals")[0]["Value"] == 9 and list(table(out, "Deals")[0])[-1] == "2026-10"
    assert list(table(out, "Deals")[0]) == list(table(out, "Customers")[0])  # the same periods on every sheet


def test_weeks_and_quarters_have_columns_of_their_own_kind():
    assert statistics_table.labels("2026-W02")[-3:] == ["2025-W52", "2026-W01", "2026-W02"]
    assert statistics_table.labels("2026-Q1")[-2:] == ["2025-Q4", "2026-Q1"] and len(statistics_table.labels("2026")) == 25


# ------------------------------------------------------------------------------------------------ charts


def test_main_figures_are_drawn_from_their_cells(out):
    for period, now in {"2026-09": 40, "2026-10": 50, "2026-11": 60}.items():
        rate = tiny.KPI | {"name": "churn_rate", "value": now / 1000}
        bring(out, made(out, value(COUNT, now), rate, value(OTHER, now), period=period))
    made_ = book(out, "north/2026-11/statistics.xlsx")
    assert made_.sheetnames == ["Customers", "Loyalty and churn", "Other figures", "Charts", "Notes"]
    drawn = [[(s.tx.strRef.f, s.cat.strRef.f, s.val.numRef.f) for s in chart.series] for chart in made_["Charts"]._charts]
    assert drawn == [
        [("Customers!$A$3", "Customers!$M$2:$O$2", "Customers!$M$3:$O$3")],
        [("'Loyalty and churn'!$A$3", "'Loyalty and churn'!$M$2:$O$2", "'Loyalty and churn'!$M$3:$O$3")],
    ]
    cells_ = made_["Customers"]["M3":"O3"][0]
    assert [c.value for c in cells_] == [40, 50, 60] and [c.value for c in made_["Customers"]["M2":"O2"][0]] == [
        "2026-09",
        "2026-10",
        "2026-11",
    ]


def test_one_period_alone_draws_nothing(out):
    bring(out, made(out, value(COUNT, 1)))
    assert "Charts" not in book(out).sheetnames


def test_what_is_drawn_together_stands_under_one_subject():
    assert [
        d for d in subjects.DRAWN if len({subjects.subject_of(name) for name in d}) != 1 or "other" in map(subjects.subject_of, d)
    ] == []
    assert {name for d in subjects.DRAWN for name in d} <= set(texts._book("en")["metrics"])


def test_every_figure_that_texts_define_has_one_subject():
    assert sorted(" ".join(subjects.SUBJECTS.values()).split()) == sorted(texts._book("en")["metrics"])


# ------------------------------------------------------------------------------------------------ on the site


def test_the_index_of_the_audience_links_it_in_each_language(out):
    bring(out, outcome(out), outcome(out, period="2026-09"), outcome(out, "east"))
    assert [link for link in Links(read(out, "north/index.html")).links if "statistics" in link] == [
        "2026-10/statistics.xlsx",
        "2026-09/statistics.xlsx",
    ]
    assert "2026-10/statistics.zh.xlsx" in Links(read(out, "north/index.zh.html")).links and broken(out) == []
    assert "All key figures of October 2026, with their history (Excel)" in read(out, "north/index.html")
    assert "2026年10月全部指标及历史（Excel）" in read(out, "north/index.zh.html")


def test_without_a_figure_there_is_none(out):
    bring(out, made(out))
    assert (
        [n for n in tree(out) if "statistics" in n] == []
        and "statistics" not in read(out, "north/index.html")
        and broken(out) == []
    )


def test_the_same_again_is_the_same_bytes_and_others_are_not_touched(out):
    bring(out, outcome(out), outcome(out, "east"))
    before, inode = tree(out), (out / "site/east/2026-10/statistics.xlsx").stat().st_ino
    bring(out, outcome(out))
    assert tree(out) == before and (out / "site/east/2026-10/statistics.xlsx").stat().st_ino == inode


def test_a_failed_report_stays_in_it_and_a_lost_one_goes(out):
    bring(out, made(out, value(COUNT, 50)))
    bring(out, failed(), made(out, value(MONEY, 5), name="sales"))
    assert table(out, "Customers")[0]["Value"] == 50
    for place in ("funnel", "sales"):
        (out / "site" / "north" / "2026-10" / f"{place}.json").unlink()
    bring(out, outcome(out, "east"))
    assert [n for n in tree(out) if n.startswith("north/2026-10")] == [] and broken(out) == []


def test_one_that_was_lost_is_made_again(out):
    bring(out, outcome(out), outcome(out, "east"))
    before = tree(out)
    (out / "site/north/2026-10/statistics.zh.xlsx").unlink()
    bring(out, outcome(out, "east"))
    assert tree(out) == before


@pytest.mark.parametrize("text", [*HOSTILE, "=1+1", "@x"])
def test_hostile_words_stay_words(out, text):
    kpi = value(COUNT, 5, label=text, dimension=text)
    for period in ("2026-09", "2026-10"):
        bring(out, made(out, kpi, period=period, team=text))
    made_ = {n: d for n, d in tree(out).items() if n.endswith((".xlsx", ".csv"))}
    assert len([n for n in made_ if "statistics" in n]) == 4
    assert_safe(made_)


def test_a_damaged_ledger_stops_the_release(out):
    from crmlib.errors import PublishError

    bring(out, outcome(out))
    before = tree(out)
    one = outcome(out, period="2026-11")
    ledger.files(out)[0].write_bytes(b"no parquet")
    with pytest.raises(PublishError, match="ledger cannot be read"):
        bring(out, one)
    assert tree(out) == before


def test_no_report_may_have_its_name(tmp_path):
    path = tiny.write(tmp_path / "notebooks" / "statistics.ipynb", tiny.good())
    with pytest.raises(UsageError, match="name of the table of all key figures"):
        check(path)
