"""Every test works in a folder of its own, on a fixed day; the small demo company is made once a session.

What is content-keyed (stores, kept tables, models) the workers of a session share: none makes what another one has made.
"""

import functools
import gc
import json
import os
import pickle
import sys
from pathlib import Path

import pytest

gc.set_threshold(100_000, 50, 100)  # as where notebooks run: garbage is looked for less often, a tenth of the time is won


@pytest.fixture(autouse=True, scope="session")
def _elsewhere(tmp_path_factory):
    """Nothing a test makes lands in reports_out; the clock stands still."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_OUT", str(_shared(tmp_path_factory) / "out"))
        patch.setenv("CRM_NOW", "2026-11-05T06:00:00")
        yield


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory):
    """The folder of a small demo company: all tables, all truths, 600 customers."""
    from crmlib import demo, store

    folder = _shared(tmp_path_factory) / "company"
    with store.locked(folder.with_suffix(".lock")):
        if not folder.exists():
            demo.make(folder, customers=600, seed=1)
    return folder


@pytest.fixture(scope="module", params=[1, 2])
def planted(request, tmp_path_factory):
    """A whole demo company on each of two seeds, its folder and what is planted in it: made once for all long tests."""
    from crmlib import demo, store

    folder = _shared(tmp_path_factory) / f"planted-{request.param}"
    with store.locked(folder.with_suffix(".lock")):
        if not folder.exists():
            demo.make(folder, customers=20_000, seed=request.param)
    return folder, json.loads((folder / "truth.json").read_text("utf-8"))


def _shared(tmp_path_factory) -> Path:
    """A folder that all workers of a session have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def pages(small_demo, tmp_path_factory):
    """A report's pages of the small company for October 2026, by language: made once for all tests. (report, team) → pages"""
    import product

    from crmlib import store

    executed, kept = tmp_path_factory.mktemp("pages"), _shared(tmp_path_factory)

    def made(report: str, team: str):
        file = kept / f"pages-{report}-{team}"
        with store.locked(file.with_suffix(".lock")):
            if not file.exists():
                file.write_bytes(pickle.dumps(product.built(report, executed, str(small_demo), "2026-10", team)))
        return pickle.loads(file.read_bytes())

    return functools.cache(made)


@pytest.fixture(autouse=True, scope="session")
def _watched():
    """No room of crmlib but measures.py divides ibis columns or adds up money: each gave wrong numbers on some engine."""
    from ibis.expr.types import NumericColumn, NumericValue

    with pytest.MonkeyPatch.context() as patch:
        for name in ("__truediv__", "__rtruediv__"):
            _watch(patch, NumericValue, name, "use measures.ratio", lambda column: True)
        for name in ("sum", "mean"):
            _watch(patch, NumericColumn, name, "use measures.total", lambda column: column.type().is_decimal())
        yield


def _watch(patch, kind, name, instead, forbidden):
    real = getattr(kind, name)

    def watched(column, *args, **kwargs):
        caller = Path(sys._getframe(1).f_code.co_filename)
        ours = "crmlib" in caller.parts and caller.name != "measures.py"
        assert not (ours and forbidden(column)), f"{caller.name}: {name.strip('_')} of a column; {instead}"
        return real(column, *args, **kwargs)

    patch.setattr(kind, name, watched)
