"""Every test works in a folder of its own, on a fixed day; the small demo company is made once a session."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _elsewhere(tmp_path_factory):
    """Nothing a test makes lands in reports_out; the clock stands still."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_OUT", str(tmp_path_factory.mktemp("out")))
        patch.setenv("CRM_NOW", "2026-11-05T06:00:00")
        yield


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory):
    """The folder of a small demo company: all tables, all truths, 600 customers."""
    from crmlib import demo

    folder = tmp_path_factory.mktemp("demo") / "company"
    demo.make(folder, customers=600, seed=1)
    return folder
