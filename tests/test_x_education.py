"""Leads without a single date, dated by declaration: conversion in all, by source and by origin against the file's own rows and its README."""

import pandas as pd
import product
import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.metrics import retention
from crmlib.metrics.customers import customers_by
from crmlib.metrics.prospects import sales_conversion_rate

FILE = places.ROOT.parent / "shared" / "data" / "x_education_leads" / "Leads.csv"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the leads of X Education are not here")
PUBLISHED = {"Direct Traffic": (2543, 0.3217), "Olark Chat": (1755, 0.2553), "Organic Search": (1154, 0.3778), "Reference": (534, 0.9176),
             "Welingak Website": (142, 0.9859)}  # fmt: skip
BY_ORIGIN = {"API": (3580, 0.3115), "Landing Page Submission": (4886, 0.3619), "Lead Add Form": (718, 0.9248), "Lead Import": (55, 0.2364),
             "Quick Add Form": (1, 1.0)}  # fmt: skip


@pytest.fixture(scope="module")
def leads() -> pd.DataFrame:
    found = pd.read_csv(FILE)
    return found.assign(source=found["Lead Source"].replace("google", "Google").fillna("none given"))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return product.built("funnel", tmp_path_factory.mktemp("leads"), "x_education_leads", "2022-12", languages=("en",))["en"]


def table(page, name: str) -> pd.DataFrame:
    (one,) = [t for t in page.facts["tables"] if t["name"] == name]
    return pd.DataFrame(one["rows"], columns=one["columns"])


def test_conversion(page, leads):
    figures = {k["name"]: k["value"] for k in page.facts["kpis"]}
    assert (figures["lead_count"], figures["won_count"], figures["lost_count"]) == (9240, 3561, 5679)
    assert round(figures["win_rate"], 5) == 0.38539 == round(leads.Converted.mean(), 5)
    assert table(page, "stages")["count"].to_list() == [9240, 3561]


def test_conversion_by_source(page, leads):
    ours = table(page, "by_source").set_index("source")
    plain = leads.groupby("source").Converted.agg(["size", "sum"])
    assert ours.lead_count.to_dict() == plain["size"].to_dict() and ours.won_count.to_dict() == plain["sum"].to_dict()
    for source, (count, rate) in PUBLISHED.items():
        assert (ours.lead_count[source], round(ours.win_rate[source], 4)) == (count, rate)
    assert ours.lead_count["Google"] == 2868 + 5 and "google" not in ours.index  # its README counts the two spellings apart


def test_customers_and_sales_conversion(leads):
    crm = open_crm("x_education_leads", "2022-12")
    rate = sales_conversion_rate(crm)
    assert (rate.part, rate.base) == (3561, 9240) and retention.new_customers(crm) == 3561
    origins = customers_by(crm, "tag").set_index("tag").new_customers
    assert {o: round(n / leads["Lead Origin"].eq(o).sum(), 4) for o, n in origins.items()} == {
        o: r for o, (_, r) in BY_ORIGIN.items()
    }
    assert {o: int(leads["Lead Origin"].eq(o).sum()) for o in BY_ORIGIN} == {o: n for o, (n, _) in BY_ORIGIN.items()}
    channels = customers_by(crm, "acquisition_channel").set_index("acquisition_channel").new_customers
    won = leads[leads.Converted == 1].source.value_counts()
    assert channels.to_dict() == won.to_dict()


def test_the_day_is_declared_and_the_page_says_so(page):
    assert "31 Dec 2022, which the source declares: opportunities." in page.html


def test_not_chosen_is_missing_and_what_tells_the_outcome_is_not_used():
    crm = open_crm("x_education_leads", "2022-12")
    people = crm.frame("customers", ["region", "industry"])
    assert not people.isin(["Select"]).any().any() and people.industry.isna().sum() == 1942 + 1438
    settings = (places.ROOT / "params" / "sources" / "x_education_leads.yml").read_text("utf-8")
    mapping = settings.partition("mapping:")[2]
    assert not [
        c for c in ("Tags", "Lead Quality", "Lead Profile", "Asymmetrique", "Last Activity", "Last Notable") if c in mapping
    ]
