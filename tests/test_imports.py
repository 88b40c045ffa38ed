"""What a notebook's imports reach: all that its figures depend on, and nothing of the machine."""

from test_architecture import LIB, rooms

from crmlib import imports, places
from crmlib.frame import MAKERS


def reached(report):
    return set(imports.code(places.ROOT / "notebooks" / f"{report}.ipynb"))


def test_import_lines_are_found_as_python_finds_them():
    known = {r.name for r in rooms()}
    for room in rooms():
        named = {m for module, names in room.imports() for m in (module, *(f"{module}.{n}" for n in names))}
        packages = {m.rsplit(".", n)[0] for m in named for n in (1, 2)} | {""}
        found = set(imports.imported(room.path.read_text("utf-8"), list(room.package)))
        assert named & known <= found and found & known <= named | packages, room


def test_a_notebook_reaches_its_metrics_and_no_other_report_s():
    funnel, feedback = reached("funnel"), reached("feedback")
    assert {"__init__.py", "crm.py", "asof.py", "coverage.py", "schema.yml", "metrics/closing.py", "blocks/page.py"} <= funnel
    assert "metrics/themes.py" in feedback - funnel and "findings/funnel.py" in funnel - feedback


def test_no_notebook_reaches_the_machine_or_the_demo_company():
    machine = {"run.py", "execution.py", "publish.py", "pages.py", "plan.py", "records.py", "__main__.py", "intake.py"}
    for path in (places.ROOT / "notebooks").glob("*.ipynb"):
        found = reached(path.stem)
        assert not found & machine and not [p for p in found if p.startswith(("demo/", "templates/"))], path.name


def test_every_file_is_known_by_its_content():
    assert all(len(sha) == 16 and (LIB / place).is_file() for place, sha in imports.reached(["blocks"]).items())


def test_the_frame_s_words_are_apart(tmp_path, monkeypatch):
    book = tmp_path / "texts" / "en" / "site.yml"
    book.parent.mkdir(parents=True)
    monkeypatch.setattr(imports, "LIB", tmp_path)

    def written(site, page):
        book.write_text(f"# words\nsite:\n  skip: {site}\n\npage:\n  day: {page}\n")
        return imports.texts(), imports.frame_texts()

    first, other_frame, other_page = written("Skip", "day"), written("Go", "day"), written("Skip", "Tag")
    assert (first[0] == other_frame[0], first[1] == other_frame[1]) == (True, False)
    assert (first[0] == other_page[0], first[1] == other_page[1]) == (False, True)
    assert list(first[0]) == ["en/site.yml"] and list(first[1]) == ["texts/en/site.yml"]


def test_the_revision_is_that_of_the_report_s_own_code():
    assert imports.revision("funnel") != imports.revision("feedback") != imports.revision("an analyst's own")
    assert imports.revision("funnel") == imports.revision("funnel") and len(imports.revision("funnel")) == 12


def test_every_room_that_makes_pages_is_among_those_whose_change_publishes_them_again():
    makers = {name.removesuffix(".py").removesuffix("/__init__") for name in MAKERS if name.endswith(".py")}
    used = {m.partition(".")[0] for r in rooms() if r.name in makers for m, _ in r.imports()}
    makes_nothing = {
        "errors",
        "execution",
        "imports",
        "ledger",
        "places",
        "plan",
        "records",
        "releases",
        "run",
        "schema",
        "settings",
        "store",
        "telling",
        "titles",  # of reports that failed before they had a page
        "told",
    }
    assert used - makers == makes_nothing
    assert all((LIB / name).is_file() for name in MAKERS)
