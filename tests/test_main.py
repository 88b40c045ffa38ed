"""The command line: what it does with a whole project, and with which exit code it ends."""

import json
import os
import signal
import sys

import pytest
import tiny
from tinyproject import PARAMS, crm, make, marked, out, started, until
from tinysite import broken, read, tree

from crmlib import __main__, intake, places
from crmlib.errors import DataError, PublishError

FAILS_IF_TOLD = "import pathlib, time\nassert not (pathlib.Path('fail').exists() and team == 'north'), 'told to'"
WAITS_IF_TOLD = "while pathlib.Path('wait').exists(): pathlib.Path('waiting').touch(); time.sleep(0.1)"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of its own: two teams, one notebook that can be told to fail or to wait, published once."""
    root = make(tmp_path_factory.mktemp("project"), FAILS_IF_TOLD, WAITS_IF_TOLD)
    return root, crm(root, "run")


def test_a_first_run_publishes_everything(project):
    root, first = project
    assert (first.returncode, first.stderr) == (0, "")
    assert "[3/3] funnel " in first.stdout and "Published 6 pages. Open reports_out/site/index.html" in first.stdout
    assert {n.partition("/")[0] for n in tree(out(root))} == {"index.html", "index.zh.html", "all", "north", "south"}
    assert json.loads(read(out(root), "north/2026-10/funnel.json"))["team"] == "north"
    assert broken(out(root)) == []


def test_publish_again_needs_no_execution(project):
    root, _ = project
    before, runs = tree(out(root)), list((out(root) / "work" / "runs").iterdir())
    again = crm(root, "publish")
    assert (again.returncode, again.stdout) == (0, "Published 6 pages. Open reports_out/site/index.html\n")
    assert tree(out(root)) == before and list((out(root) / "work" / "runs").iterdir()) == runs


def test_a_failed_report_is_exit_1_and_keeps_its_page(project):
    root, _ = project
    before = tree(out(root))
    (root / "fail").touch()
    again = crm(root, "run", "--team", "north", "--period", "2026-10")
    (root / "fail").unlink()
    assert again.returncode == 1
    assert "Narrowed by PERIOD=2026-10 TEAM=north" in again.stdout
    assert (
        "failed: funnel, team north, period 2026-10: the cell under 'Sales funnel' raised AssertionError: told to" in again.stderr
    )
    assert "Traceback" not in again.stderr and "its notebook as far as it came: reports_out/work/runs/" in again.stderr
    after = tree(out(root))
    assert {n: d for n, d in after.items() if "index" not in n} == {n: d for n, d in before.items() if "index" not in n}
    assert "! Not updated since" in read(out(root), "north/index.html")
    assert (
        crm(root, "plan", "--team", "north").stdout
        == "Narrowed by TEAM=north\nfunnel north 2026-10  run: failed last time; does not say what it read\n1 to run, 0 to publish again, 0 up to date.\n"
    )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (signal.SIGTERM, 143),
        *(pytest.param(*one, marks=pytest.mark.long) for one in ((signal.SIGINT, 130), (signal.SIGHUP, 129))),
    ],
)
def test_a_stopped_run_leaves_the_site_and_no_process(project, sent, code):
    root, _ = project
    before, mark = tree(out(root)), f"CRM_TEST_MARK={os.getpid()}-{code}"
    (root / "wait").touch()
    run = started(root, "run", CRM_TEAM="south", CRM_TEST_MARK=mark.partition("=")[2])
    try:
        until((root / "waiting").exists)
        run.send_signal(sent)
        _, said = run.communicate(timeout=10)
    finally:
        run.kill()
        (root / "wait").unlink(), (root / "waiting").unlink(missing_ok=True)
    assert (run.returncode, tree(out(root)) == before) == (code, True)
    assert f"Stopped by {sent.name}" in said and "Traceback" not in said
    until(lambda: not marked(mark))


def test_check_and_prepare(project):
    root, _ = project
    before = sorted(p for p in root.rglob("*"))
    assert "orders from orders.csv: 3 rows" in crm(root, "check", "data/tiny").stdout
    assert sorted(p for p in root.rglob("*") if "__pycache__" not in p.parts) == [
        p for p in before if "__pycache__" not in p.parts
    ]
    assert "2026-08-03 to 2026-10-31" in crm(root, "prepare").stdout


# ----------------------------------------------------------------------------------- without starting anything


@pytest.fixture
def ended(project, monkeypatch, capsys):
    """`python -m crmlib …` in this process: exit code and what was said on stderr."""
    monkeypatch.setattr(places, "ROOT", project[0])
    monkeypatch.setattr(signal, "signal", lambda *a: None)
    for name in [n for n in os.environ if n.startswith("CRM_")]:
        monkeypatch.delenv(name)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["crmlib", *words])
        with pytest.raises(SystemExit) as end:
            __main__.main()
        return end.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "params/montly.yml"], "params/monthly.yml"),
        (["run", "--period", "2026-13"], "'2026-13' is no period"),
        (["run", "--period", "2027-01"], "2026-08-03 to 2026-10-31"),
        (["run", "--team", "nort"], "Did you mean 'north'"),
        (["run", "--report", "funel"], "Did you mean 'funnel'"),
        (["run", "--workers", "many"], "WORKERS is 'many'"),
        (["run", "--source", "https://x.example"], "never an address"),
        (["run", "--source", "data/nothing"], "'data/nothing'"),
        (["run", "--tema", "north"], "--team"),
        (["rum"], "No such command"),
        (["plan", "--period", "2026-W54"], "is no period"),
        (["check", "s3://x"], "never an address"),
    ],
)
def test_wrong_use_is_exit_2_and_starts_nothing(ended, project, words, says):
    runs = len(list((out(project[0]) / "work" / "runs").iterdir()))
    code, said = ended(*words)
    assert (code, says in said, "Traceback" in said) == (2, True, False)
    assert len(list((out(project[0]) / "work" / "runs").iterdir())) == runs


@pytest.mark.parametrize(("error", "code"), [(DataError("bad data"), 3), (PublishError("disk full"), 4)])
def test_each_kind_of_error_has_its_code(ended, monkeypatch, error, code):
    def broken_source(_source):
        raise error

    monkeypatch.setattr(intake, "open_source", broken_source)
    assert ended("plan") == (code, f"error: {error}\n")


def test_a_notebook_that_is_not_one_of_ours_is_refused_before_the_source_is_opened(ended, project, monkeypatch):
    monkeypatch.setattr(intake, "open_source", lambda _: pytest.fail("the source was opened"))
    bad = tiny.good()
    del bad.metadata["kernelspec"]
    (project[0] / "notebooks" / "bad.ipynb").write_text(json.dumps(bad))
    (project[0] / "params" / "bad.yml").write_text(PARAMS.replace("[funnel]", "[bad]"))
    code, said = ended("run", "params/bad.yml")
    assert code == 2 and "notebooks/bad.ipynb names the kernel None" in said


def test_the_demo_company_is_made_whole_or_not_at_all(project, monkeypatch):
    monkeypatch.setattr(places, "ROOT", project[0])
    import crmlib.demo

    def half(folder, customers, seed):
        folder.mkdir()
        (folder / "orders.csv").write_text("order_id")
        raise KeyboardInterrupt

    monkeypatch.setattr(crmlib.demo, "make", half)
    with pytest.raises(KeyboardInterrupt):
        intake.make_demo(project[0] / "data" / "demo", 10, 1)
    assert [p.name for p in (project[0] / "data").iterdir()] == ["tiny"]


def test_a_signal_that_a_library_turned_into_an_error_of_its_own_is_a_signal(monkeypatch, capsys):
    def interrupted():
        raise RuntimeError("Query interrupted") from __main__.Stopped(signal.SIGTERM)

    monkeypatch.setattr(__main__, "app", interrupted)
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with pytest.raises(SystemExit) as ended:
            __main__.main()
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    assert ended.value.code == 143 and "Stopped by SIGTERM" in capsys.readouterr().err
