"""Downloads of a page: CSV files that programs and spreadsheets read right, workbooks with notes, links, and what stays when a run fails."""

import json
import re

import pytest
import tiny
from downloads import assert_safe, assert_same, csv_rows, opened, rows
from reading import HOSTILE
from tinysite import Links, bring, broken, cells, failed, outcome, read, tree

from crmlib import exports, facts, pages, places, releases

TABLE = {
    "name": "by-kind", "caption": {"$text": {"en": "By kind", "zh": "按类型"}}, "columns": ["stage", "amount", "win_rate", "due_on", "ripe"],
    "labels": [{"$text": {"en": f"Head {n}", "zh": f"列{n}"}} for n in range(5)], "units": ["word", "money", "share", "day", "flag"],
    "rows": [["won", 1234.5678, 0.123456789012, "2026-10-31", True], ["=1+1", -0.01, None, None, False], ["客户", 10, 1, "2024-02-29", None]],
}  # fmt: skip


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path / "out"


def page(table=TABLE, **more) -> list:
    """The cells of a page with this table and, if given, other words to explain."""
    block = tiny.block(html=tiny.both("<p>x</p>"), facts={"tables": [table]}, page=more or None)
    return [*cells()[:-1], block, tiny.footer("2026-11-30")]


def built(out, made) -> dict[str, pages.Built]:
    one = outcome(out, made=made)
    return {b.lang: b for b in pages.build(one.job, one.executed)}


def files(out, table=TABLE, **more) -> dict[str, bytes]:
    return exports.files("funnel", ("en", "zh"), {g: (b.facts, b.terms) for g, b in built(out, page(table, **more)).items()})


# ------------------------------------------------------------------------------------------------ CSV


def test_a_csv_file_has_canonical_names_and_whole_numbers(out):
    data = files(out)["funnel-by_kind.csv"]
    assert (
        data
        == (
            "\ufeffstage,amount,win_rate,due_on,ripe\r\nwon,1234.5678,0.123456789012,2026-10-31,true\r\n"
            "'=1+1,-0.01,,,false\r\n客户,10,1,2024-02-29,\r\n"
        ).encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "a,b",
        'a "b"',
        "a\r\nb",
        "a\nb",
        "=1",
        "+86 138",
        "-5",
        "@x",
        "\tx",
        "＝1",
        " =1",
        "'x",
        "x" * 40_000,
        "\x00",
        "\ud800",
    ],
)
def test_texts_keep_their_lines_and_act_nowhere(text):
    data = exports.csv_file({"columns": ["a", text], "rows": [[text, 1]]})
    head, line = csv_rows(data)
    shown = exports.plain(text)
    assert (head, line) == (["a", shown], [shown, "1"]) and data.count(b"\r\n") == 2
    assert shown.endswith(text[-3:]) or not text.isprintable()
    assert_safe({"x.csv": data})


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-7, "0.0000001"), (1e22, "10000000000000000000000"), (-0.5, "-0.5"), (10**20, "1" + "0" * 20), (False, "false")],
)
def test_numbers_have_no_exponent(value, text):
    assert exports.plain(value) == text


def test_tables_of_one_name_get_files_of_their_own():
    tables = [{"name": n} for n in ("a", "b", "a", "a-b", "a_b", "a")]
    assert exports.csv_names("r", tables) == ["r-a.csv", "r-b.csv", "r-a.2.csv", "r-a_b.csv", "r-a_b.2.csv", "r-a.3.csv"]


# ------------------------------------------------------------------------------------------------ workbook


def test_both_languages_hold_the_facts_under_their_own_words(out):
    made = files(out)
    for lang, one in built(out, page()).items():
        name = exports.workbook_name("funnel", ("en", "zh"), lang)
        assert_same(one.facts | {"tables": [one.facts["tables"][-1]]}, {name: exports.page_workbook(one.facts | {"tables": one.facts["tables"][-1:]}, ())} | {
            "funnel-by_kind.csv": made["funnel-by_kind.csv"]})  # fmt: skip
    assert sorted(made) == ["funnel-by_kind.csv", "funnel-stages.csv", "funnel.xlsx", "funnel.zh.xlsx"]
    english, chinese = opened(made["funnel.xlsx"]), opened(made["funnel.zh.xlsx"])
    assert english.sheetnames == ["Key figures", "Stages", "By kind", "Notes"] and chinese.sheetnames == [
        "关键指标",
        "Stages",
        "按类型",
        "说明",
    ]
    assert [c.value for c in chinese["按类型"][1]] == [f"列{n}" for n in range(5)] and rows(chinese["按类型"])[0][0] == "成交客户"
    assert [c.value for c in english["Stages"][1]] == ["stage", "count"]  # a table that says nothing of its columns


def test_key_figures_say_unit_change_and_reason(out):
    broken_ = tiny.KPI | {"value": None, "part": None, "base": None, "previous": None, "reason": "no deals", "dimension": "web"}
    made = page()
    made.insert(-1, tiny.block(facts={"kpis": [broken_]}))
    (book,) = (opened(exports.page_workbook(b.facts, b.terms)) for g, b in built(out, made).items() if g == "en")
    sheet = book["Key figures"]
    assert [sheet["A1"].value, sheet["A2"].value] == ["Sales funnel", "Data as of 30 Nov 2026"] and sheet.freeze_panes == "B4"
    assert rows(sheet, 2) == [
        ["Win rate", 0.41, 0.38, 0.333333333333, 0.45, 0.03, "share", 86, 210, None, "win_rate"],
        ["Win rate (web)", None, None, 0.333333333333, 0.45, None, "share", None, None, "no deals", "win_rate"],
    ]
    assert [c.number_format for c in sheet[4][1:6]] == ["0.0%"] * 4 + ["+0.0%;-0.0%;0.0%"]


def test_a_restated_figure_stands_beside_what_was_published_before(out):
    found = built(out, page())["en"].facts
    found["kpis"][0]["restated"] = {"value": 0.4, "made_at": "2026-11-05T06:00:00", "changed": "data"}
    sheet = opened(exports.page_workbook(found, ())).worksheets[0]
    assert [c.value for c in sheet[3]][6] == "Published before" and rows(sheet, 2)[0][6] == 0.4


def test_notes_name_windows_data_parameters_and_meanings(out):
    made = files(out, definitions={"en": [["Ripe", "old enough"], ["Win rate", "twice"]], "zh": [["成熟", "足够久"]]})
    lines = rows(opened(made["funnel.xlsx"])["Notes"])
    said = {(row[0], row[1]): row[2:] for row in lines}
    assert said["This page", "Period"] == ["1 Oct 2026 to 31 Oct 2026", None, "2026-10"]
    assert said["This page", "Previous period"] == ["1 Sept 2026 to 30 Sept 2026", None, "previous"]
    assert (
        said["Data", "Source"][0] == "demo"
        and said["Data", "Rows read: orders"][0] == "3"
        and said["Data", "Revision of the code"][0] == "abc"
    )
    assert said["Parameters", "period"][0] == "2026-10" and said["Sheets", "By kind"] == ["By kind", None, "funnel-by_kind.csv"]
    assert said["Figures", "Win rate"][1:] == ["share", "win_rate"] and said["Terms", "Ripe"][0] == "old enough"
    assert ("Terms", "Win rate") not in said  # its figure says so already
    assert said["Columns of “By kind”", "Head 1"][1:] == ["amount, Chinese Yuan", "amount"]
    assert ("术语", "成熟", "足够久") in [tuple(row[:3]) for row in rows(opened(made["funnel.zh.xlsx"])["说明"])]


def test_what_a_sheet_cannot_hold_is_said_and_whole_in_the_csv_file(out, monkeypatch):
    for room in ("sheets", "explained"):
        monkeypatch.setattr(f"crmlib.{room}.ROWS", 3)
    made = files(out)
    book = opened(made["funnel.xlsx"])
    assert len(rows(book["By kind"])) == 2 and len(csv_rows(made["funnel-by_kind.csv"])) == 4
    monkeypatch.undo()
    found = built(out, page())["en"].facts
    monkeypatch.setattr("crmlib.explained.ROWS", 3)
    said = {row[1]: row[2] for row in rows(opened(exports.page_workbook(found, ()))["Notes"]) if row[0] == "Sheets"}
    assert said["By kind"] == "By kind (The first 2 of 3 rows; all of them are in the CSV file.)"


@pytest.mark.parametrize("text", [*HOSTILE, '=HYPERLINK("x")', "History", "[x]:*?/\\"])
def test_hostile_words_of_the_data_stay_words(out, text):
    table = TABLE | {"caption": text, "rows": [[text, 1, None, text, None]], "labels": [text] * 5}
    kpi = tiny.block(facts={"kpis": [tiny.KPI | {"label": text, "dimension": text}]})
    made = page(table, definitions={"en": [[text, text]], "zh": [[text, text]]})
    made.insert(-1, kpi)
    one = {g: (b.facts, b.terms) for g, b in built(out, made).items()}
    assert_safe(exports.files("funnel", ("en", "zh"), one))


def test_columns_that_do_not_fit_are_refused(out):
    for wrong in ({"labels": ["one"]}, {"units": ["count"] * 6}):
        with pytest.raises(facts.ReportFault, match="by-kind.*length"):
            built(out, page(TABLE | wrong))


# ------------------------------------------------------------------------------------------------ on the site


def test_a_page_links_its_downloads_and_print_hides_them(out):
    bring(out, outcome(out, made=page()))
    for lang, end in (("en", ""), ("zh", ".zh")):
        made = read(out, f"north/2026-10/funnel{end}.html")
        foot = re.search(r'<div class="get">.*', made, re.S)[0]
        assert Links(foot).links == [f"funnel{end}.xlsx", f"funnel{end}.json", "funnel-stages.csv", "funnel-by_kind.csv"], lang
        assert re.search(r"@media print\{.*?\.get,\.filters\{display:none", made, re.S)
    assert broken(out) == []


def test_entries_name_all_files_with_their_hashes(out):
    bring(out, outcome(out, made=page()))
    (entry,) = releases.current(out).entries
    there = {n for n in tree(out) if n.startswith("north/2026-10/") and "statistics" not in n}
    assert set(entry.files) == there and len(there) == 8


def test_the_same_notebook_again_is_the_same_bytes_and_the_same_files_on_disk(out):
    one, other = outcome(out, made=page()), outcome(out, team="east")
    bring(out, one, other)
    first, inode = tree(out), (out / "site/north/2026-10/funnel.xlsx").stat().st_ino
    bring(out, other)
    bring(out, one)
    assert tree(out) == first and (out / "site/north/2026-10/funnel.xlsx").stat().st_ino == inode


def test_a_table_that_is_gone_leaves_no_file(out):
    bring(out, outcome(out, made=page()))
    assert "north/2026-10/funnel-by_kind.csv" in tree(out)
    bring(out, outcome(out))
    assert "north/2026-10/funnel-by_kind.csv" not in tree(out) and broken(out) == []


def test_a_failed_report_keeps_its_downloads(out):
    bring(out, outcome(out, made=page()))
    before = {n: d for n, d in tree(out).items() if "index" not in n}
    bring(out, failed())
    assert {n: d for n, d in tree(out).items() if "index" not in n} == before and broken(out) == []


def test_a_workbook_that_cannot_be_made_fails_its_report_alone(out, monkeypatch):
    bring(out, outcome(out), outcome(out, "east"))
    before, real = tree(out), exports.page_workbook

    def torn(found, terms):
        if found["team"] == "north":
            raise ValueError("no room for /srv/secret")
        return real(found, terms)

    monkeypatch.setattr(exports, "page_workbook", torn)
    done = bring(out, outcome(out, made=page()), outcome(out, "east"))
    assert [o.job.team for o in done.failed] == ["north"]
    assert "no room for …/secret" in next(e.error for e in releases.current(out).entries if e.folder == "north")
    assert {n: d for n, d in tree(out).items() if n.startswith("north/2026-10")} == {
        n: d for n, d in before.items() if n.startswith("north/2026-10")
    }


def test_a_page_whose_download_was_lost_is_none(out):
    bring(out, outcome(out), outcome(out, "east"))
    (out / "site/north/2026-10/funnel-stages.csv").unlink()
    bring(out, outcome(out, "east"))
    (entry,) = (e for e in releases.current(out).entries if e.folder == "north")
    assert (
        (entry.state, entry.languages) == ("failed", ())
        and not [n for n in tree(out) if n.startswith("north/2026-10")]
        and broken(out) == []
    )


def test_facts_say_what_columns_hold(out):
    bring(out, outcome(out, made=page()))
    table = json.loads(read(out, "north/2026-10/funnel.zh.json"))["tables"][-1]
    assert (table["labels"][0], table["units"]) == ("列0", TABLE["units"])
