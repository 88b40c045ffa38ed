"""Saved models: made once, loaded by all, and no file in their place runs anything."""

import json
import os
import pickle
import re
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tiny
from given import folder
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skops.io import dump, dumps
from threadpoolctl import threadpool_limits

from crmlib import kept, places, process, saved, store
from crmlib.crm import Crm, open_crm, rows
from crmlib.saved import ModelError

ORDERS = "order_id,ordered_at,amount,customer_id\n1,2026-10-03,20,a\n2,2026-10-04,30,b\n"
CUSTOMERS = "customer_id,team\na,north\nb,south\n"


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return str(folder(tmp_path, orders=ORDERS, customers=CUSTOMERS))


def fitting(made: list, what=None):
    """A function of the company's handle that reads orders and asks for tickets; `made` hears of every call."""

    def make(company: Crm):
        made.append((company.team, str(company.period)))
        count = int(company.orders.count().execute())
        return {"count": count, "tickets": company.has("tickets")} | (what or {})

    return make


def the_entry():
    """The folder of the one model that is kept."""
    (entry,) = [p for p in (places.work() / "models").iterdir() if p.is_dir()]
    return entry


# ------------------------------------------------------------------------------------------------ made once


def test_it_is_made_once_for_the_company_and_every_team(source):
    made: list = []
    for team in ("south", "all", "north"):
        assert open_crm(source, "2026-10", team).model("m", fitting(made)) == {"count": 2, "tickets": False}
    assert made == [("all", "2026-10")]


def test_another_name_period_or_source_is_another_model(source, tmp_path):
    made: list = []
    for name, period in (("m", "2026-10"), ("n", "2026-10"), ("m", "2026-11")):
        open_crm(source, period).model(name, fitting(made))
    folder(tmp_path, orders=ORDERS + "3,2026-10-05,40,a\n")
    assert open_crm(source, "2026-10").model("m", fitting(made))["count"] == 3 and len(made) == 4


def test_a_model_and_a_kept_table_of_one_name_are_two_things(source):
    crm = open_crm(source, "2026-10")
    crm.kept("m", lambda company: company.orders.group_by(team="_team").aggregate(n=lambda t: t.count()))
    assert crm.model("m", fitting([]))["count"] == 2 and [entry.name for entry in crm.entries()] == ["m"]


def test_other_code_of_the_numbers_is_another_model(source, monkeypatch):
    made: list = []
    open_crm(source, "2026-10").model("m", fitting(made))
    monkeypatch.setattr(kept, "NUMBERS", "other code")
    open_crm(source, "2026-10").model("m", fitting(made))
    assert len(made) == 2


def test_what_was_read_in_making_it_counts_as_read_also_where_it_is_ready(source):
    for _ in range(2):
        crm = open_crm(source, "2026-10", "north")
        crm.model("m", fitting([]))
        assert (crm.delivery.read, crm.delivery.asked) == ({"orders"}, {"tickets"})


def test_a_kept_table_made_with_a_model_has_read_what_that_has(source):
    def table(company):
        count = company.model("m", fitting([]))["count"]
        return company.table("customers").group_by(team="_team").aggregate(n=lambda t: t.count() * count)

    for _ in range(2):
        crm = open_crm(source, "2026-10", "north")
        assert crm.kept("t", table).execute().values.tolist() == [["north", 2]]
        assert crm.delivery.read == {"orders", "customers"}


def test_frames_keep_it_in_memory_in_the_same_form(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "none"))
    made: list = []
    crm = Crm.of(orders=rows("order_id ordered_at amount", "1 2026-10-03 20"), customers=rows("customer_id team", "a north"))
    found = crm.model("m", fitting(made, {"pair": (1, 2)}))
    assert found == replace(crm, team="north").model("m", fitting(made)) == {"count": 1, "tickets": False, "pair": (1, 2)}
    assert len(made) == 1 and not (tmp_path / "none").exists()


def test_who_changes_the_code_while_it_is_loaded_leaves_nothing_for_others(source, monkeypatch):
    made: list = []
    monkeypatch.setattr(kept, "_LOADED_AT", 0.0)
    for _ in range(2):
        open_crm(source, "2026-10").model("m", fitting(made))
    assert len(made) == 2 and not (places.work() / "models").exists()


def test_its_card_says_what_it_is_and_what_it_was_made_from(source):
    open_crm(source, "2026-10", "north").model("m", fitting([]))
    entry = the_entry()
    assert entry.stat().st_mode & 0o777 == 0o700 and sorted(p.name for p in entry.iterdir()) == ["card.json", "model.skops"]
    assert json.loads((entry / "card.json").read_text()) == {
        "name": "m", "source": "acme", "period": "2026-10", "sha256": store.sha((entry / "model.skops").read_bytes()),
        "versions": store.toolchain(), "read": ["orders"], "asked": ["tickets"],
    }  # fmt: skip
    assert {"scikit-learn", "skops"} <= {line.split()[0] for line in store.toolchain()}


# ------------------------------------------------------------------------------------------------ what can be saved

CHANCE = np.random.default_rng(1)
X = CHANCE.normal(size=(240, 3))
Y = (X[:, 0] + CHANCE.normal(size=240) > 0).astype(int)
WORDS = np.array(["x", "y", "z"], dtype=object)[CHANCE.integers(0, 3, 240)].reshape(-1, 1)


def columns():
    numbers = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, sparse_output=False)
    return ColumnTransformer([("numbers", numbers, [0, 1, 2]), ("words", words, [3])])


def pipeline(last):
    return Pipeline([("columns", columns()), ("last", last)]).fit(np.hstack([X.astype(object), WORDS]), Y)


FITTED = {
    "constant": lambda: DummyClassifier().fit(X, Y),
    "logistic": lambda: LogisticRegression().fit(X, Y),
    "tree": lambda: DecisionTreeClassifier(max_depth=3).fit(X, Y),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=5).fit(X, Y),
    "boosting, stopped early": lambda: HistGradientBoostingClassifier(max_iter=5, early_stopping=True, random_state=1).fit(X, Y),
    "network": lambda: MLPClassifier((4,), max_iter=9, early_stopping=True, random_state=1).fit(X, Y),
    "network, whole batches": lambda: MLPClassifier((4,), max_iter=9, solver="lbfgs", random_state=1).fit(X, Y),
    "isotonic": lambda: IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], Y),
    "calibrated by a sigmoid": lambda: CalibratedClassifierCV(LogisticRegression(), cv=2).fit(X, Y),
    "calibrated, isotonic": lambda: CalibratedClassifierCV(FrozenEstimator(DecisionTreeClassifier().fit(X, Y)), method="isotonic").fit(X, Y),
    "groups": lambda: KMeans(3, n_init=2, random_state=1).fit(X),
    "scaled groups": lambda: Pipeline([("scale", StandardScaler()), ("groups", KMeans(2, n_init=1, random_state=1))]).fit(X),
    "logistic on all columns": lambda: pipeline(LogisticRegression()),
    "boosting on all columns": lambda: pipeline(HistGradientBoostingClassifier(max_iter=3)),
}  # fmt: skip


def said(model):
    """What a model says of customers that it has not seen."""
    new = np.random.default_rng(2).normal(size=(50, 3))
    if isinstance(model, IsotonicRegression):
        return model.predict(new[:, 0])
    if "columns" in getattr(model, "named_steps", {}):
        new = np.hstack([new.astype(object), np.array(["x", "unseen"], dtype=object)[np.arange(50) % 2].reshape(-1, 1)])
    return model.predict_proba(new)[:, 1] if hasattr(model, "predict_proba") else model.predict(new)


@pytest.mark.parametrize("fit", FITTED.values(), ids=FITTED)
def test_what_is_loaded_says_the_same_to_the_last_bit(source, fit):
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nine steps do not converge
        model = fit()
        open_crm(source, "2026-10").model("m", lambda company: {"model": model})
        loaded = open_crm(source, "2026-10").model("m", lambda company: 1 / 0)["model"]
        assert type(loaded) is type(model) and np.array_equal(said(loaded), said(model))


def test_plain_values_come_back_as_they_were(source):
    plain = {
        "i": 3,
        "f": 0.1 + 0.2,
        "s": "团队 'x'",
        "n": None,
        "b": True,
        "l": [1, [2.5]],
        "t": (1, "a"),
        "d": {"x": {"y": 1}},
        "nan": float("nan"),
    }
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "w": np.array(["a", None], dtype=object),
        "u": np.array(["a", "é"]),
        "k": np.array([1, 2], "int32"),
    }
    open_crm(source, "2026-10").model("m", lambda company: plain | arrays)
    found = open_crm(source, "2026-10").model("m", lambda company: 1 / 0)
    assert repr({name: found[name] for name in plain}) == repr(plain) and list(found) == [*plain, *arrays]
    assert all(found[n].dtype == a.dtype and found[n].tolist() == a.tolist() for n, a in arrays.items())


class Strange:
    """A type that nobody knows."""


@pytest.mark.parametrize("made", [{"x": Strange()}, {"x": [Strange()]}, {"x": lambda: 1}, [1], None])
def test_what_could_not_be_loaded_is_not_saved(source, made):
    with pytest.raises(TypeError, match="the model m"):
        open_crm(source, "2026-10").model("m", lambda company: made)
    assert [p for p in (places.work() / "models").iterdir() if not p.name.endswith((".lock", ".half"))] == []
    assert open_crm(source, "2026-10").model("m", fitting([]))["count"] == 2  # and the next one is


# ------------------------------------------------------------------------------------------------ what must not be loaded


class Command:
    """Pickled, a command that leaves a trace."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.place}",)


class Untrusted:
    def __init__(self, place):
        self.place = place

    def __setstate__(self, state):
        from pathlib import Path

        Path(state["place"]).touch()


def a_pickle(path, trace):
    path.write_bytes(pickle.dumps(Command(trace)))


def a_pickle_in_the_archive(path, trace):
    data = dumps({"count": 2, "a": np.arange(3)})
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    array = next(name for name in content if name.endswith(".npy"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in (content | {array: pickle.dumps(Command(trace))}).items():
            archive.writestr(name, part)


def an_object_array(path, trace):
    """An array of objects as numpy stores it: with pickle."""
    import io

    held = io.BytesIO()
    np.save(held, np.array([Command(trace)], dtype=object), allow_pickle=True)
    path.write_bytes(dumps({"a": np.arange(3)}))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    array = next(name for name in content if name.endswith(".npy"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in (content | {array: held.getvalue()}).items():
            archive.writestr(name, part)


def a_function(path, trace):
    """The file's own schema asks for a function of the system."""
    schema = {
        "__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "key_types": {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [
            {"__class__": "str", "__module__": "builtins", "__loader__": "TypeNode", "content": {"__class__": "str", "__module__": "builtins"}}]},
        "content": {"x": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {"module_path": "os", "function": "system"}}},
        "protocol": 2, "_skops_version": "0.16.0",
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))


SPOILT = {
    "a pickle": (a_pickle, "BadZipFile"),
    "a pickle in the archive": (a_pickle_in_the_archive, "cannot be loaded"),
    "an array of objects": (an_object_array, "cannot be loaded"),
    "a function of the system": (a_function, "cannot be loaded"),
    "an untrusted type": (lambda path, trace: dump({"x": Untrusted(trace)}, path), "UntrustedTypesFound"),
    "a list": (lambda path, trace: dump([1], path), "holds a list"),
    "nothing": (lambda path, trace: path.write_bytes(b""), "BadZipFile"),
    "cut off": (lambda path, trace: path.write_bytes(path.read_bytes()[:-40]), "BadZipFile"),
    "another archive": (lambda path, trace: zipfile.ZipFile(path, "w").close(), "cannot be loaded"),
}


@pytest.mark.parametrize(("spoil", "says"), SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("card_too", [False, True], ids=["file", "file and card"])
def test_a_file_in_its_place_runs_nothing_and_is_named(source, tmp_path, spoil, says, card_too):
    open_crm(source, "2026-10").model("m", fitting([]))
    entry, trace = the_entry(), tmp_path / "trace"
    spoil(entry / "model.skops", trace)
    if card_too:
        card = json.loads((entry / "card.json").read_text()) | {"sha256": store.sha((entry / "model.skops").read_bytes())}
        (entry / "card.json").write_text(json.dumps(card))
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            open_crm(source, "2026-10").model("m", fitting([]))
        told = str(caught.value)
        assert f"work/models/{entry.name}/model.skops" in told and (says if card_too else "another sha256") in told
        assert "next run makes the model again" in told[:300] and caught.value.exit_code == 1  # an outcome says so many letters
    assert not trace.exists()


def test_a_hostile_pickle_would_run_if_it_were_loaded(tmp_path):
    """The commands above are real."""
    pickle.loads(pickle.dumps(Command(tmp_path / "trace")))
    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ({"versions": ["Python 2.7"]}, "other versions"), ({"sha256": "0" * 64}, "another sha256"), ({"sha256": None}, "another sha256"),
        ("{", "cannot be read"), ("[]", "cannot be read"), ("{}", "cannot be read"), (None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_card_that_does_not_fit_refuses_its_file(source, card, says):
    open_crm(source, "2026-10").model("m", fitting([]))
    path = the_entry() / "card.json"
    text = json.dumps(json.loads(path.read_text()) | card) if isinstance(card, dict) else card
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ModelError, match=says):
        open_crm(source, "2026-10").model("m", fitting([]))


def test_where_the_folder_was_removed_it_is_made_again(source):
    made: list = []
    open_crm(source, "2026-10").model("m", fitting(made))
    (the_entry() / "model.skops").write_bytes(b"x")
    for path in the_entry().iterdir():
        path.unlink()
    the_entry().rmdir()
    assert open_crm(source, "2026-10").model("m", fitting(made))["count"] == 2 and len(made) == 2


WARMS = """
import os, sys, types
from pathlib import Path
from crmlib import engine
if sys.argv[2:]:
    sys.modules["crmlib.models.fitted"] = fitted = types.ModuleType("crmlib.models.fitted")
    fitted.__file__ = sys.argv[2]
for _ in engine.warm([Path(sys.argv[1])]):
    pass
print("skops.io" in sys.modules, "sklearn.tree" in sys.modules)
if sys.argv[2:]:
    import numpy as np
    for _ in range(3):  # what was loaded ran nothing: forks of it can fit, and in threads of their own
        pid = os.fork()
        if not pid:
            from skops.io import dumps, loads
            from sklearn.ensemble import HistGradientBoostingClassifier
            x = np.random.default_rng(1).normal(size=(5000, 4))
            model = HistGradientBoostingClassifier(max_iter=3).fit(x, x[:, 0] > 0)
            os._exit(7 if len(model.predict(x)) == 5000 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("uses_models", "says"), [pytest.param(True, "True True", marks=pytest.mark.long), (False, "False False")]
)
def test_the_warmed_process_loads_for_models_where_a_notebook_uses_one(tmp_path, uses_models, says):
    nb = tiny.write(tmp_path / "a.ipynb", tiny.notebook("from crmlib import crm"))
    (tmp_path / "fitted.py").write_text("def fit():\n    from sklearn.tree import DecisionTreeClassifier\n")
    words = [sys.executable, "-c", WARMS, str(nb), *[str(tmp_path / "fitted.py")] * uses_models]
    env = os.environ | process.environment(tmp_path) | {"PYTHONPATH": str(places.ROOT)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == says


def test_no_code_path_loads_a_pickle():
    unsafe = re.compile(
        r"pickle|joblib|cloudpickle|\bdill\b|\bmarshal\b|\bshelve\b|allow_pickle|trusted=True|get_untrusted_types\(file"
    )
    files = [
        *(places.ROOT / "crmlib").rglob("*.py"),
        *(places.ROOT / "notebooks").glob("*.ipynb"),
        *(places.ROOT / "benchmarks").rglob("*.py"),
    ]
    assert [p.name for p in files if unsafe.search(p.read_text("utf-8"))] == []


def test_the_list_of_trusted_types_is_fixed_and_holds_no_more_than_our_models_need():
    """What is needed by what can be saved, and nothing that could run a function."""
    from skops.io import get_untrusted_types

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        needed = {kind for fit in FITTED.values() for kind in get_untrusted_types(data=dumps({"model": fit()}))}
    assert isinstance(saved.TRUSTED, tuple) and needed == set(saved.TRUSTED)
