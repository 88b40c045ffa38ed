"""Nothing is done twice: which change runs which report again, held through the command line on a small project.

The project has a copy of crmlib, so that a test may change a line of it; every test puts back what it changed.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, redirect_stdout

import pytest
import tiny
from tinysite import tree

from crmlib import __main__, frame, imports, places, records, sources

PARAMS = "every: month\nsource: acme\nlanguages: [en, zh]\nteams: [all, north]\nreports: [deals, voices]\n"
SETTINGS = "title: Acme\nbusiness: {min_base: 30, max_left_out: {feedback: 0.9}}\nmapping: {folder: data/acme}\n"
DATA = {
    "reps": "rep_id,name,team\n1,Ann,north\n2,Bo,south\n",
    "orders": "order_id,ordered_at,amount,rep_id\n1,2026-09-10,10,1\n2,2026-10-20,20,2\n",
    "feedback": "feedback_id,given_at,source,rep_id\n1,2026-09-03,web,1\n2,2026-10-04,web,2\n",
}
ORDER, VOICE = "3,2026-10-02,30,1\n", "3,2026-10-05,web,1\n"
WAITS = "import pathlib, time\nwhile pathlib.Path('wait').exists(): pathlib.Path('waiting').touch(); time.sleep(0.1)"
FAILS = "assert not pathlib.Path('fail').exists(), 'told to'"
JOBS = ["deals all", "deals north", "voices all", "voices north"]


def reader(name, read, asked, room, *cells):
    """A notebook that says what it read, as blocks do, without the seconds that pandas and ibis take to load."""
    footer = json.dumps(tiny.footer())
    marked = (
        f"import json\nfrom crmlib import {room}\nfrom crmlib.marks import marks\nfrom crmlib.periods import Period\n"
        f"from crmlib.sources import prepare\nfooter = json.loads({footer!r})\n"
        f"footer['page'] = {{'inputs': marks(prepare(source), Period.parse(period), {read!r}, {asked!r})}}\nshow(json.dumps(footer))"
    )
    head = tiny.report(team="@team", name=name, label="@period", start="2026-10-01", end="2026-11-01")
    return tiny.notebook(head, *cells, tiny.markdown("## Key figures", "en", "section:key-figures"),
                         tiny.markdown("## 关键指标", "zh", "section:key-figures"), tiny.KPIS, marked)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(places.ROOT / "crmlib", root / "crmlib", ignore=shutil.ignore_patterns("__pycache__", "demo"))
    (root / "params" / "sources").mkdir(parents=True)
    (root / "params" / "monthly.yml").write_text(PARAMS)
    for name in ("acme", "other"):
        (root / "params" / "sources" / f"{name}.yml").write_text(SETTINGS)
    (root / "data" / "acme").mkdir(parents=True)
    for name, text in DATA.items():
        (root / "data" / "acme" / f"{name}.csv").write_text(text)
    (root / "requirements.lock").write_text("pandas==3\n")
    tiny.write(root / "notebooks" / "deals.ipynb", reader("deals", ["orders"], ["customers"], "means", WAITS, FAILS))
    tiny.write(root / "notebooks" / "voices.ipynb", reader("voices", ["feedback", "reps"], [], "money"))
    return root


def crm(root, *words, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("CRM_")} | {"CRM_PERIOD": "2026-10", "CRM_WORKERS": "2"}
    env |= {"CRM_ROOT": str(root), "PYTHONPATH": str(root), "CRM_NOW": "2026-11-05T06:00:00"} | more
    return subprocess.run(
        [sys.executable, "-m", "crmlib", *words], env=env, cwd=root, capture_output=True, text=True, timeout=120
    )


def planned(root, *words, **more):
    """What `plan` says of each job; in this process, which is quicker, with the files of the project instead of its own."""
    env = {"CRM_PERIOD": "2026-10", "CRM_NOW": "2026-11-05T06:00:00"} | more
    for cached in (imports._room, frame.maker):
        cached.cache_clear()
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        for name in [n for n in os.environ if n.startswith("CRM_")]:
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(places, "ROOT", root)
        patch.setattr(sources, "FOLDER", root / "params" / "sources")
        patch.setattr(imports, "LIB", root / "crmlib")
        __main__.app(["plan", *words], standalone_mode=False)
    lines = [line.split("  ", 1) for line in said.getvalue().splitlines() if " 2026-10  " in line]
    return {job.removesuffix(" 2026-10"): why.strip() for job, why in lines}


@pytest.fixture(scope="module")
def first(root):
    """The first run, and what the plan said before it."""
    before = planned(root)
    return before, crm(root, "run")


@pytest.fixture
def project(root, first):
    """The project as it was after its first run, whatever a test does to it."""
    kept = root.parent / "kept"
    shutil.copytree(root, kept, symlinks=True)
    yield root
    shutil.rmtree(root)
    kept.rename(root)


@contextmanager
def waiting(root):
    (root / "wait").touch()
    try:
        yield
    finally:
        (root / "wait").unlink()


def everything(why):
    return dict.fromkeys(JOBS, why)


def only(report, why):
    return {job: why if job.startswith(report) else "up to date" for job in JOBS}


def runs(root):
    folder = root / "reports_out" / "work" / "runs"
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def releases(root):
    return sorted(p.name for p in (root / "reports_out" / "releases").iterdir())


def add(path, text):
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def wider(path, column):
    """The file with one more column, of which nothing is known."""
    first, *rows = path.read_text("utf-8").splitlines()
    path.write_text("".join(f"{row}\n" for row in [f"{first},{column}", *(f"{row}," for row in rows)]), "utf-8")


def swap(path, old, new):
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_first_run_runs_everything(root, first):
    before, run = first
    assert before == everything("run: first run")
    assert (run.returncode, run.stderr) == (0, "")
    assert "4 to run, 0 to publish again, 0 up to date." in run.stdout and "Published 8 pages" in run.stdout
    assert planned(root) == everything("up to date")


def test_nothing_changed_nothing_is_executed_and_no_release_is_made(project):
    before = tree(project / "reports_out"), runs(project), releases(project)
    again = crm(project, "run")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[1:] == [
        "0 to run, 0 to publish again, 4 up to date.",
        "All 4 reports are up to date. Open reports_out/site/index.html",
    ]
    assert (tree(project / "reports_out"), runs(project), releases(project)) == before


RUN = {
    "notebook": (lambda r: add(r / "notebooks" / "deals.ipynb", "\n"), only("deals", "run: the notebook changed")),
    "one metric": (lambda r: add(r / "crmlib" / "means.py", "#\n"), only("deals", "run: crmlib changed: means.py")),
    "few rooms": (
        lambda r: [add(r / "crmlib" / f"{n}.py", "#\n") for n in ("sources", "coverage")],
        everything("run: crmlib changed: coverage.py, sources.py"),
    ),
    "many rooms": (
        lambda r: [add(r / "crmlib" / f"{n}.py", "#\n") for n in ("sources", "coverage", "marks", "places")],
        everything("run: crmlib changed: 4 files"),
    ),
    "schema": (lambda r: add(r / "crmlib" / "schema.yml", "#\n"), everything("run: crmlib changed: schema.yml")),
    "lock": (lambda r: add(r / "requirements.lock", "duckdb==2\n"), everything("run: requirements.lock changed")),
    "languages": (
        lambda r: swap(r / "params" / "monthly.yml", "[en, zh]", "[en]"),
        everything("run: the parameters changed: languages"),
    ),
    "texts": (lambda r: add(r / "crmlib/texts/en/funnel.yml", "#\n"), everything("run: texts changed: en/funnel.yml")),
    "annotations": (lambda r: (r / "params/annotations.yml").write_text("x: 1\n"), everything("run: the annotations changed")),
    "feedback": (lambda r: add(r / "data/acme/feedback.csv", VOICE), only("voices", "run: feedback has other rows")),
    "orders": (lambda r: add(r / "data/acme/orders.csv", ORDER), only("deals", "run: orders has other rows")),
    "a value": (lambda r: swap(r / "data/acme/orders.csv", ",20,", ",21,"), only("deals", "run: orders has other rows")),
    "left out": (
        lambda r: add(r / "data" / "acme" / "feedback.csv", "4,2026-13-01,web,1\n"),
        only("voices", "run: feedback has other rows left out"),
    ),
    "columns": (
        lambda r: wider(r / "data" / "acme" / "orders.csv", "region"),
        only("deals", "run: orders has other columns"),
    ),
    "delivered": (
        lambda r: (r / "data" / "acme" / "customers.csv").write_text("customer_id\n1\n"),
        only("deals", "run: customers is delivered now"),
    ),
    "not delivered": (lambda r: (r / "data/acme/orders.csv").unlink(), {
        job: f"run: {'orders is no longer delivered; ' * job.startswith('deals')}the data reach less far (2026-10-04)" for job in JOBS}),
    "reach": (lambda r: add(r / "data/acme/orders.csv", "3,2026-10-25,30,1\n"), {
        job: f"run: {'orders has other rows; ' * job.startswith('deals')}the data reach further (2026-10-25)" for job in JOBS}),
    "teams": (lambda r: add(r / "data/acme/reps.csv", "3,Cy,west\n"), {
        job: f"run: {'reps has other rows; ' * job.startswith('voices')}there are other teams" for job in JOBS}),
    "business": (
        lambda r: swap(r / "params" / "sources" / "acme.yml", "30", "31"),
        everything("run: business settings changed: min_base"),
    ),
    "title": (
        lambda r: swap(r / "params" / "sources" / "acme.yml", "Acme", "Acme Ltd"),
        everything("run: the source has another title"),
    ),
    "executed notebooks gone": (
        lambda r: shutil.rmtree(r / "reports_out" / "work" / "runs"),
        everything("run: no executed notebook is left"),
    ),
    "executed notebook changed": (
        lambda r: add(r / "reports_out" / "work" / "runs" / runs(r)[0] / "all-2026-10-deals.ipynb", " "),
        everything("up to date") | {"deals all": "run: no executed notebook is left"},
    ),
    "work deleted": (lambda r: shutil.rmtree(r / "reports_out" / "work"), everything("run: no executed notebook is left")),
    "a record cut off": (
        lambda r: [p.write_text("{") for p in (r / "reports_out" / "work" / "records").iterdir()],
        everything("run: no executed notebook is left"),
    ),
    "two causes": (
        lambda r: [add(r / "notebooks" / "voices.ipynb", "\n"), add(r / "data" / "acme" / "feedback.csv", VOICE)],
        only("voices", "run: the notebook changed; feedback has other rows"),
    ),
}  # fmt: skip
PUBLISH = {
    "style": (
        lambda r: add(r / "crmlib/templates/report.css", "p{}"),
        everything("publish: the page's template or style changed"),
    ),
    "pages": (lambda r: add(r / "crmlib" / "pages.py", "#\n"), everything("publish: the page's template or style changed")),
    "frame's words": (
        lambda r: swap(r / "crmlib" / "texts" / "en" / "site.yml", "skip: Skip", "skip: Go"),
        everything("publish: the page's template or style changed"),
    ),
    "a page gone": (
        lambda r: (r / "reports_out" / "site" / "north" / "2026-10" / "deals.html").unlink(),
        everything("up to date") | {"deals north": "publish: its page is missing from the site"},
    ),
    "site gone": (lambda r: (r / "reports_out" / "site").unlink(), everything("publish: not on the site")),
}
NOTHING = {
    "machine": lambda r: [add(r / "crmlib" / f"{n}.py", "#\n") for n in ("run", "execution", "lock", "plan", "records")],
    "limits": lambda r: add(r / "params" / "monthly.yml", "limits: {cell_seconds: 9}\n"),
    "a file delivered again": lambda r: (r / "data" / "acme" / "orders.csv").write_text(DATA["orders"].replace("\n", "\r\n")),
    "a column nobody reads": lambda r: wider(r / "data" / "acme" / "orders.csv", "colour"),
    "another table": lambda r: (r / "data" / "acme" / "tickets.csv").write_text("ticket_id,opened_at\n1,2026-10-01\n"),
}


@pytest.mark.parametrize(("change", "plan"), [*RUN.values(), *PUBLISH.values()], ids=[*RUN, *PUBLISH])
def test_each_change_does_what_it_must_and_no_more(project, change, plan):
    change(project)
    assert planned(project) == plan


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_what_no_report_depends_on_does_nothing(project, change):
    change(project)
    assert planned(project) == everything("up to date")


def test_another_engine_runs_everything(project, monkeypatch):
    monkeypatch.setattr(records, "ENGINE", 2)
    assert planned(project) == everything(f"run: engine: Python {platform.python_version()}, engine 2")


def test_what_is_asked_for_is_run(project):
    assert planned(project, "--force") == everything("run: asked for")


def test_a_changed_style_is_published_without_executing(project):
    add(project / "crmlib" / "templates" / "report.css", "p{color:teal}")
    before = runs(project)
    again = crm(project, "run")
    assert (again.returncode, again.stderr, runs(project)) == (0, "", before)
    assert "4 to publish again" in again.stdout and "Published 8 pages" in again.stdout
    pages = {n: d for n, d in tree(project / "reports_out").items() if n.endswith("html")}
    assert [n for n, d in pages.items() if b"color:teal" not in d] == []
    assert planned(project) == everything("up to date")


def test_a_changed_report_alone_is_run_and_the_others_stay_as_they_are(project):
    add(project / "data" / "acme" / "feedback.csv", VOICE)
    before = tree(project / "reports_out")
    run = crm(project, "run")
    assert "2 to run, 0 to publish again, 2 up to date." in run.stdout and "Published 4 pages" in run.stdout
    after = tree(project / "reports_out")
    assert [n for n in before if n.startswith(("all/2026-10/deals", "north/2026-10/deals")) and after[n] != before[n]] == []
    assert len(runs(project)) == 2 and planned(project) == everything("up to date")


@pytest.mark.long
def test_a_report_that_failed_is_run_again(project):
    (project / "fail").touch()
    run = crm(project, "run", "--report", "deals", "--team", "north", "--force")
    assert run.returncode == 1 and "told to" in run.stderr
    failed = everything("up to date") | {"deals north": "run: failed last time"}
    assert planned(project) == failed
    (project / "fail").unlink()
    shutil.rmtree(project / "reports_out" / "work")  # the manifest of the site remembers it too
    gone = everything("run: no executed notebook is left")
    assert planned(project) == gone | {"deals north": "run: failed last time"}
    assert "Published 8 pages" in crm(project, "run").stdout and planned(project) == everything("up to date")


@pytest.mark.long
def test_a_report_whose_page_could_not_be_made_is_run_again(project):
    swap(project / "notebooks" / "voices.ipynb", '\\"unit\\": \\"share\\"', '\\"unit\\": \\"percent\\"')
    run = crm(project, "run", "--report", "voices", "--team", "north")
    assert run.returncode == 1 and "'percent'" in run.stderr
    assert planned(project)["voices north"] == "run: failed last time"
    assert "Not updated" in (project / "reports_out" / "site" / "north" / "index.html").read_text("utf-8")


@pytest.mark.long
def test_a_run_that_was_stopped_goes_on_where_it_was(project):
    september = {"CRM_PERIOD": "2026-09", "CRM_TEAM": "north"}
    env = os.environ | {"CRM_ROOT": str(project), "PYTHONPATH": str(project), "CRM_OUT": ""} | september
    with waiting(project):
        run = subprocess.Popen([sys.executable, "-m", "crmlib", "run"], env=env, cwd=project, stdout=-1, stderr=-1, text=True)
        try:
            for line in run.stdout:
                if "voices north 2026-09 …" in line:
                    break
            run.send_signal(signal.SIGTERM)
            run.communicate(timeout=20)
        finally:
            run.kill()
    assert run.returncode == 143
    said = crm(project, "plan", **september).stdout
    assert "deals north 2026-09   run: first run\nvoices north 2026-09  publish: not on the site\n" in said
    again = crm(project, "run", **september).stdout
    assert "[1/1] deals north" in again and "Published 4 pages" in again


@pytest.mark.long
def test_another_source_s_page_is_replaced_without_executing(project):
    words = ("--report", "deals", "--team", "north")
    assert planned(project, *words, CRM_SOURCE="other") == {"deals north": "run: first run"}
    assert crm(project, "run", *words, CRM_SOURCE="other").returncode == 0
    assert planned(project, *words) == {"deals north": "publish: another source's page is on the site"}
    assert "0 to run, 1 to publish" in crm(project, "run", *words).stdout
    assert planned(project) == everything("up to date")


@pytest.mark.long
@pytest.mark.parametrize(
    "more",
    [pytest.param({}, marks=pytest.mark.long), {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"}],
    ids=["same", "elsewhere"],
)
def test_without_its_work_folder_everything_is_published_again_byte_for_byte(project, more):
    before = {name: hashlib.sha256(data).hexdigest() for name, data in tree(project / "reports_out").items()}
    shutil.rmtree(project / "reports_out" / "work")
    assert "4 to run" in crm(project, "run", **more).stdout
    assert {name: hashlib.sha256(data).hexdigest() for name, data in tree(project / "reports_out").items()} == before
