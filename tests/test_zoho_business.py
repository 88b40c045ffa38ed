"""The business figures of Zoho's sample (deals of people without teams, chances of winning) against plain pandas on its own files."""

import pandas as pd
import pytest

from crmlib import places
from crmlib.crm import open_crm
from crmlib.metrics.performance import performance_by
from crmlib.periods import Period

FOLDER = places.ROOT.parent / "shared" / "data" / "zoho_crm_sample"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Zoho sample is not here")
PERIODS = ["2020-Q4", *(pytest.param(p, marks=pytest.mark.long) for p in ("2021-03", "2020", "2021-W10"))]
WRITTEN = "%d %b, %Y %H:%M:%S"


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    found = pd.read_csv(FOLDER / "Potentials.csv")
    return found.assign(
        amount=found["Amount"].str.replace("[$,]", "", regex=True).astype(float),
        closed=pd.to_datetime(found["Closing Date"], format=WRITTEN).where(found.Stage.str.startswith("Closed")),
        created=pd.to_datetime(found["Created Time"], format=WRITTEN), chance=found.Probability.astype(float) / 100,
    )  # fmt: skip


@pytest.mark.parametrize("label", PERIODS)
def test_by_owner(deals, label):
    period = Period.parse(label)
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    done = deals[(deals.closed >= start) & (deals.closed < end)]
    ours = performance_by(open_crm("zoho_crm_sample", label), "rep").set_index("rep_id")
    for owner, mine in done.groupby("Potential Owner"):
        won, row = mine[mine.Stage == "Closed Won"], ours.loc[owner]
        assert (row.won_count, row.lost_count) == (len(won), len(mine) - len(won)), owner
        assert round(row.won_amount, 2) == round(won.amount.sum(), 2), owner
    assert round(ours.won_amount.sum(), 2) == round(done.amount[done.Stage == "Closed Won"].sum(), 2)


@pytest.mark.long
def test_the_data_set_s_own_figures():
    """Won amounts by owner as its README gives them: of all years."""
    years = [
        performance_by(open_crm("zoho_crm_sample", str(year)), "rep").set_index("rep_id").won_amount for year in range(2018, 2022)
    ]
    ours = pd.concat(years).groupby(level=0).sum()
    assert ours[["Augustine Paul", "David Love", "Tina Thomas"]].to_list() == [6_983_000, 7_770_100, 8_996_000]
    assert ours.sum() == 89_066_200
