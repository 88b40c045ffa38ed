"""The demo company's growing region and price-sensitive buyers are found, when and where they were planted, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

from crmlib.crm import open_crm
from crmlib.findings import customers as rules
from crmlib.metrics import price_sense
from crmlib.periods import Period

pytestmark = pytest.mark.long

AT_THE_LATEST, EVER_SINCE = 18, 20  # months after the growth began: first found, and found in every month
PRECISION, RECALL = 0.95, 0.94  # of the price-sensitive buyers, among those with enough lines to tell


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    return str(folder), truth


def test_the_growing_region_is_found_after_it_began_and_no_other_ever(company):
    source, truth = company
    planted, start = truth["growing_region"], Period.parse(truth["growing_region"]["from"])
    months, found = Period.parse("2026-10").trailing(33), {}
    for month in months:
        whole = open_crm(source, month.label)
        for team in ("all", *whole.teams):
            view = whole if team == "all" else open_crm(source, month.label, team)
            found[month, team] = [f.values["region"] for f in rules.growing(view)]
            assert rules.dried_up(view) == []
    wrong = {key: names for key, names in found.items() if names and (names != [planted["region"]] or key[0] < start)}
    assert wrong == {}
    seen = [m for m in months if found[m, "all"]]
    assert seen[0] <= start.shift(AT_THE_LATEST) and set(months[months.index(start.shift(EVER_SINCE)) :]) <= set(seen)


def test_weeks_quarters_and_years_find_it_too(company):
    source, truth = company
    for label in ("2026-W43", "2026-Q3", "2026"):
        assert [f.values["region"] for f in rules.growing(open_crm(source, label))] == [truth["growing_region"]["region"]]


@pytest.mark.parametrize("period", ["2025-10", "2026-10"])
def test_price_sensitive_buyers_are_recovered(company, period):
    source, truth = company
    found = price_sense.price_sense(open_crm(source, period)).select("customer_id", "kind").execute()
    found = found[found.kind != price_sense.FEW]
    signs = np.array(list(truth["price_sensitive"]["members"]), dtype=int)
    planted = pd.Series(signs == 1, index=["007" if n == 6 else f"C{n + 1:06d}" for n in range(len(signs))])
    judged = found.set_index("customer_id").kind.eq(price_sense.PRICE).to_frame("said").join(planted.rename("is"), how="inner")
    both = (judged.said & judged["is"]).sum()
    assert len(judged) > 4_000
    assert both / judged.said.sum() >= PRECISION, both / judged.said.sum()
    assert both / judged["is"].sum() >= RECALL, both / judged["is"].sum()


def test_the_price_sensitive_are_told_on_every_page(company):
    source, _ = company
    whole = open_crm(source, "2026-10")
    for team in ("all", *whole.teams):
        (finding,) = rules.price_sensitive(open_crm(source, "2026-10", team))
        assert finding.rule == "customers.price_sensitive_opportunity" and 0.15 < finding.values["share"] < 0.3
        assert 0.65 < finding.values["discounted_share"] < 0.85
