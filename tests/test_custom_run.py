"""A report of one's own through the command line, as a stranger makes it: a file of params/custom, and a notebook by `new`."""

import json
import re
import shutil

import nbformat
import pytest
import test_notebooks
import yaml
from tinyproject import crm, out

from crmlib import imports, newreport, params, places, records, titles
from crmlib.errors import UsageError
from crmlib.plan import choose_reports

PARAMS = """# What we publish.
every: month
source: data/shop   # our shop
languages: [en, zh]
teams: [all]
reports: [custom]   # the pages without code
"""
PAGE = "title: {en: Sales by channel, zh: 各渠道销售}\nquestion: Which channel sells?\nviews:\n  - title: By channel\n    table: orders\n    dimensions: [sales_channel]\n"
OTHER = PAGE.replace("orders\n    dimensions: [sales_channel]", "orders\n    measures: [sum of amount]").replace(
    "Sales by channel", "Sum"
)
WINS = "title: Wins\nquestion: How many?\nviews:\n  - title: W\n    metrics: [win_rate]\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project with the suite's own notebooks of custom pages and none else, and a small source."""
    root = tmp_path_factory.mktemp("stranger")
    (root / "params" / "custom").mkdir(parents=True)
    (root / "notebooks").mkdir()
    (root / "data" / "shop").mkdir(parents=True)
    shutil.copy(places.ROOT / "notebooks" / "custom.ipynb", root / "notebooks")
    (root / "params" / "monthly.yml").write_text(PARAMS, "utf-8")
    (root / "params" / "custom" / "channels.yml").write_text(PAGE, "utf-8")
    (root / "params" / "custom" / "sum.yml").write_text(OTHER, "utf-8")
    days = "\n".join(
        f"{n},c{n % 3},2026-{m:02d}-05,{n + 1}.50,{'web' if n % 2 else 'shop'}" for n, m in enumerate([8, 9, 9, 10, 10, 10])
    )
    (root / "data" / "shop" / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount,sales_channel\n{days}\n")
    (root / "data" / "shop" / "customers.csv").write_text("customer_id,created_at\nc0,2026-08-01\nc1,2026-08-01\nc2,2026-08-01\n")
    return root


def told(ended) -> str:
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.long
def test_a_stranger_s_reports_from_their_words_to_their_pages(root):
    made = told(crm(root, "new", "late-orders", "--title", "Late orders", "--title-zh", "迟到订单"))
    assert "make monthly REPORT=late-orders" in made and "notebooks/late-orders.ipynb" in made
    text = (root / "params" / "monthly.yml").read_text("utf-8")
    assert text == PARAMS.replace("[custom]", "[custom, late-orders]")  # comments and form are kept
    ended = crm(root, "run", CRM_PERIOD="2026-10")
    assert ended.returncode == 0, told(ended)
    site = out(root) / "site" / "all" / "2026-10"
    facts = {p.stem: json.loads(p.read_text("utf-8")) for p in site.glob("*.json")}
    assert {"custom-channels", "custom-sum", "late-orders"} <= set(facts)
    (table,) = facts["custom-channels"]["tables"]
    assert table["rows"] == [["web", 1, 2], ["shop", 1, 1]] and table["columns"][0] == "orders_sales_channel"
    assert {k["name"]: k["value"] for k in facts["custom-sum"]["kpis"]} == {"sum_orders_amount": 16.5}
    index = (site.parent / "index.html").read_text("utf-8")
    assert "Sales by channel" in index and "Late orders" in index and "Custom report" not in index
    assert "各渠道销售" in (site.parent / "index.zh.html").read_text("utf-8")
    own = facts["late-orders"]
    assert own["title"].startswith("Late orders: ") and {k["name"] for k in own["kpis"]} >= {"purchase_count", "new_customers"}
    assert next(k["value"] for k in own["kpis"] if k["name"] == "purchase_count") == 3

    assert "0 to run, 0 to publish again, 3 up to date" in told(crm(root, "plan", CRM_PERIOD="2026-10"))
    path = root / "params" / "custom" / "channels.yml"
    path.write_text(PAGE + "    top: 1\n", "utf-8")
    plan = told(crm(root, "plan", CRM_PERIOD="2026-10"))
    assert (
        "custom-channels all 2026-10  run: its file in params/custom changed" in plan
        and "1 to run" in plan
        and "2 up to date" in plan
    )
    assert "custom-sum all" in told(crm(root, "plan", CRM_PERIOD="2026-10", CRM_REPORT="custom"))

    path.write_text(PAGE.replace("sales_channel", "sales_chanel"), "utf-8")
    for word in ("plan", "run"):
        refused = crm(root, word, CRM_PERIOD="2026-10")
        assert (
            refused.returncode == 2
            and "did you mean 'sales_channel'?" in refused.stderr
            and "channels.yml, line 6" in refused.stderr
        )
    path.write_text(PAGE, "utf-8")


def test_only_the_metrics_that_a_file_names_make_its_page(root, monkeypatch):
    monkeypatch.setattr(places, "ROOT", root)
    (root / "params" / "custom" / "wins.yml").write_text(WINS, "utf-8")
    code = {slug: imports.of_report(f"custom-{slug}") for slug in ("wins", "channels")}
    assert "metrics/closing.py" in code["wins"] and "metrics/closing.py" not in code["channels"]
    assert "metrics/custom.py" in code["channels"] and records.made_of("custom-wins", ("en",))["custom"]
    assert imports.revision("custom-wins") != imports.revision("custom-channels")
    (root / "params" / "custom" / "wins.yml").unlink()


def test_which_reports_the_word_custom_means(root, monkeypatch):
    monkeypatch.setattr(places, "ROOT", root)
    assert params.load("params/monthly.yml").reports[:2] == ["custom-channels", "custom-sum"]
    asked = ["custom-channels", "custom-sum", "late-orders"]
    assert choose_reports(asked, "custom") == asked[:2] and choose_reports(asked, "custom-sum") == ["custom-sum"]
    with pytest.raises(UsageError, match="Did you mean 'custom-channels'"):
        choose_reports(asked, "custom-chanels")
    (root / "params" / "twice.yml").write_text("every: month\nreports: [custom-sum, custom]\n")
    assert params.load("params/twice.yml").reports == ["custom-sum", "custom-channels"]


def test_custom_alone_without_any_file(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "m.yml").write_text("every: month\nreports: [custom]\n")
    with pytest.raises(UsageError, match="params/custom has no file"):
        params.load("m.yml")


# ------------------------------------------------------------------------------------------------ new


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes a report in a project of its own that has this params file."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "funnel.ipynb").write_text("{}")

    def new(name: str, text: str = "every: month\nreports: [funnel]\n", **words: str):
        (tmp_path / "m.yml").write_text(text, "utf-8")
        said = {part: {g: words.get(f"{part}_{g}", "") for g in ("en", "zh")} for part in ("title", "question")}
        return newreport.make(name, said["title"], said["question"], "m.yml"), (tmp_path / "m.yml").read_text("utf-8")

    return new


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("every: month\nreports: [funnel]  # ours\n", "reports: [funnel, calls]  # ours"),
        ("every: month\nreports: [\n  funnel, # a\n  ]\nteams: all\n", None),
        ("reports:\n  - funnel   # first\n\n# the rest\nevery: month\n", "  - funnel   # first\n  - calls\n"),
        ("reports:\n- funnel\nevery: month", "- funnel\n- calls\n"),
        ("every: month\nreports: [funnel,]\n", "reports: [funnel, calls]"),
    ],
)
def test_a_params_file_keeps_its_form(project, text, line):
    if line is None:
        with pytest.raises(UsageError, match=r"Right is `reports: \[funnel, activity\]`"):
            project("calls", text)
        assert not places.notebook("calls").exists()
        return
    _, after = project("calls", text)
    assert line in after and yaml.safe_load(after)["reports"] == ["funnel", "calls"]
    assert [w for w in re.findall(r"#.*", text) if w not in after] == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Late Orders", "Right are small letters, digits, - and _, a letter first; did you mean 'late-orders'?"),
        ("9lives", "for instance 'late-orders'."),
        ("../x", "did you mean 'x'?"),
        ("订单", "for instance 'late-orders'."),
        ("a" * 80, "did you mean"),
        ("custom", "has a meaning of its own"),
        ("custom-x", "has a meaning of its own"),
        ("prepare", "has a meaning of its own"),
        ("funnel", "There is a report 'funnel' already."),
    ],
)
def test_names_that_cannot_be(project, name, says):
    with pytest.raises(UsageError) as refused:
        project(name)
    assert says in str(refused.value) and [p.name for p in (places.ROOT / "notebooks").iterdir()] == ["funnel.ipynb"]


@pytest.mark.parametrize("word", ["<b>", "x](y", "{share}", "a" * 201, "$x$"])
def test_titles_are_plain_text(project, word):
    with pytest.raises(UsageError, match="A title is plain text of at most 200 signs"):
        project("calls", title_en=word)


@pytest.fixture(scope="module")
def nb(tmp_path_factory):
    """A new notebook in the words that nobody gave."""
    root = tmp_path_factory.mktemp("new")
    (root / "notebooks").mkdir()
    (root / "m.yml").write_text("every: month\nreports: [funnel]\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "ROOT", root)
        return nbformat.read(newreport.make("late-orders", {}, {}, "m.yml"), 4)


@pytest.mark.parametrize("law", [f for f in dir(test_notebooks) if f.startswith("test_") and "run" not in f and "ends" not in f])
def test_a_new_notebook_keeps_the_law_of_notebooks(nb, law, request):
    test = getattr(test_notebooks, law)
    names = test.__code__.co_varnames[: test.__code__.co_argcount]
    request.node.callspec = type("One", (), {"id": "late-orders", "params": {"nb": places.ROOT / "late-orders"}})()
    for lang in test_notebooks.LANGUAGES if "lang" in names else [None]:
        test(**{n: {"nb": nb, "report": nb, "lang": lang, "request": request}[n] for n in names})


def test_its_first_cells_are_its_title_and_question(project):
    project("calls", title_en="Calls  to make", question_zh="该给谁打电话？由谁决定。")
    assert (titles.title("calls", "en"), titles.title("calls", "zh")) == ("Calls to make", "Calls to make")
    assert titles.question("calls", "zh") == titles.question("calls", "en") == "该给谁打电话？"
    assert titles.title("nothing-of-the-kind", "en") == "nothing-of-the-kind"
