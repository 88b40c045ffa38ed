"""Segments of a real shop's orders (UCI Online Retail II): how many hold, what they are, and that RFM tells more of the revenue."""

import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.models import migration, segment_checks, segment_figures
from crmlib.models.segments import segmentation

FILE = places.ROOT.parent / "shared" / "data" / "uci_online_retail_II" / "online_retail_2009_2010.parquet"
pytestmark = [pytest.mark.long, pytest.mark.skipif(not FILE.is_file(), reason="the UCI retail data are not here")]


@pytest.fixture(scope="module")
def seen():
    crm = open_crm("uci_online_retail_II", "2010-11")
    found = segmentation(crm)
    return crm, segment_figures.Seen.of(crm, found, migration.migration(crm, found))


def test_two_groups_hold_and_no_more(seen):
    """Orders alone are delivered; of two to eight groups two are the best apart, and stable; most larger numbers are not."""
    fit = seen[1].found.fit
    assert (fit.customers, fit.settled, fit.columns) == (3479, 1946, ["orders_365", "order_value_365", "recency_days"])
    assert (
        int(fit.best.k) == 2
        and fit.best.stability == pytest.approx(0.93, abs=0.03)
        and fit.best.silhouette == pytest.approx(0.334, abs=0.01)
    )
    assert (fit.tried.silhouette[fit.tried.k > 2] < fit.best.silhouette - 0.03).all() and (
        fit.tried.stability[fit.tried.k > 4] < 0.8
    ).all()


def test_the_frequent_ones_bring_the_revenue(seen):
    groups = seen[1].groups.set_index("segment")
    assert groups.index.to_list() == ["recent_frequent_customers", "quiet_rare_customers"]
    assert groups.share.to_list() == pytest.approx([0.400, 0.600], abs=0.01) and groups.revenue_share.to_list() == pytest.approx(
        [0.727, 0.273], abs=0.01
    )


def test_names_go_on_and_many_change_over(seen):
    """Of two groups that run into each other a third of the customers changes over in a month: the page says so."""
    moved = seen[1].moved
    assert seen[1].found.kept == {"recent_frequent_customers", "quiet_rare_customers"}
    assert migration.migration_share(moved).value == pytest.approx(0.347, abs=0.02)


def test_rfm_tells_more_of_the_revenue_that_came_and_chance_nothing(seen):
    shares = segment_checks.explained(seen[0]).set_index("grouping").share
    assert shares["by_behaviour"] == pytest.approx(0.041, abs=0.01) and shares["by_rfm"] == pytest.approx(0.117, abs=0.01)
    assert shares["at_random"] < 0.001
