"""The product's own scores find who leaves in the demo company, as well as its planted hazard lets anybody, on two seeds; and why."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib import demo, places
from crmlib.crm import open_crm
from crmlib.models import churn, quality

pytestmark = pytest.mark.long

CUSTOMERS = 20_000
DAYS = {"2025-10-01": "2025-09", "2026-04-01": "2026-03"}  # of the truth's snapshots, and the period that ends on each
OF_THE_HAZARD = 0.95
UCI = places.ROOT / ".." / "shared" / "data" / "uci_online_retail_II"


@pytest.fixture(scope="module", params=[1, 2])
def firm(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("company") / str(request.param)
    demo.make(folder, customers=CUSTOMERS, seed=request.param)
    return folder


@pytest.fixture(scope="module")
def truth(firm) -> dict:
    return json.loads((firm / "truth.json").read_text("utf-8"))["churn"]


@pytest.mark.parametrize("horizon", [90, 180])
@pytest.mark.parametrize("day", DAYS)
def test_scores_rank_who_stops_nearly_as_well_as_the_hazard_itself(firm, truth, day, horizon):
    """Out of time: the model of a period knows nothing after it; who stopped afterwards is the truth's."""
    scores = (
        churn.scores(open_crm(str(firm), DAYS[day]))
        .select("customer_id", "probability")
        .execute()
        .set_index("customer_id")
        .probability
    )
    told, stopped = truth["snapshots"][day], pd.to_datetime(pd.Series(truth["stopped_on"]))
    said = scores.reindex(told["customer_ids"])
    known = said.notna().to_numpy()
    assert known.mean() > 0.85  # the others are lost, or prospects, by what the product can see
    stops = (stopped.reindex(told["customer_ids"]) < pd.Timestamp(day) + pd.Timedelta(days=horizon)).to_numpy()[known]
    reached, error = quality.auc(stops, said.to_numpy()[known])
    best, _ = quality.auc(stops, np.array(told[f"within_{horizon}"])[known])
    assert reached >= OF_THE_HAZARD * max(told[f"auc_{horizon}"], best)
    assert reached < best + 3 * error  # better than the hazard itself would be a leak


def test_probabilities_come_true_and_the_model_beats_its_baseline(firm):
    for period in ("2026-03", "2026-10"):
        card = churn.report(open_crm(str(firm), period)).card
        assert card.how == "out of time" and card.ece <= 0.03 and card.beats, period
        assert card.baseline_auc > 0.75  # silence of any kind is no easy baseline
        assert card.auc - card.baseline_auc > 10 * card.auc_error and card.lift > 3


def test_it_goes_by_what_makes_customers_stop(firm):
    """Planted: upset (tickets, low scores), fading (own activity falls), young, price-sensitive, paying late, by tier."""
    frame = churn.report(open_crm(str(firm), "2026-10")).frames["drivers"]
    falls, clear = frame.set_index("feature").auc_fall, set(frame.feature[frame.auc_fall > 2 * frame.fall_spread])
    planted = {
        "upset": {"tickets_90", "tickets_365", "satisfaction_90", "lowest_90"},
        "fading": {"quiet_days", "quiet_gaps", "own_90", "own_drop", "logins_30", "logins_90", "orders_drop", "orders_90"},
        "by tier": {"tier"},
    }
    assert all(names & clear for names in planted.values())
    for weaker in ({"discounted_share_365"}, {"late_days_365", "overdue_share"}, {"tenure_days"}):
        assert falls[[*weaker]].sum() > 0, weaker
    assert falls[["industry", "acquisition_channel"]].abs().max() < 0.002  # nothing is planted there


def test_what_they_say_has_the_planted_direction(firm):
    frame = churn.report(open_crm(str(firm), "2026-10")).frames["profiles"].set_index(["feature", "level"]).expected_share
    for feature, rises in {"quiet_days": True, "tickets_365": True, "own_90": False}.items():
        if feature in frame.index.get_level_values(0):
            low, high = frame[feature].drop("missing", errors="ignore").iloc[[0, -1]]
            assert (high > low) == rises, feature


def test_the_warned_leave_far_more_often_than_the_others(firm, truth):
    every = churn.scores(open_crm(str(firm), "2026-03")).execute().set_index("customer_id")
    stopped = pd.to_datetime(pd.Series(truth["stopped_on"])).reindex(every.index) < pd.Timestamp("2026-04-01") + pd.Timedelta(
        days=90
    )
    assert stopped[every.warned].mean() > 3 * stopped[~every.warned].mean()


@pytest.mark.skipif(not UCI.is_dir(), reason="UCI's Online Retail data are not here")
def test_real_orders_beat_their_baseline():
    """A year of a wholesaler's orders and nothing else: cross-validated, since one year holds no later time to test on."""
    card = churn.report(open_crm("uci_online_retail_II", "2010-11")).card
    assert card.how == "cross-validated" and (card.short_of.what, card.short_of.needed) == ("days", 630)
    assert card.baseline == "recency alone" and card.beats and 0.66 < card.auc < 0.74 and 0.54 < card.baseline_auc < 0.62
    assert card.ece <= 0.03
