"""Where each team's sales come from: territories differ, and what goes together need not cause each other."""

import pandas as pd

from ..crm import ALL, Crm
from ..schema import UNASSIGNED
from .deals import NONE_GIVEN
from .efficiency import COMPANY
from .people import ALL_OTHERS
from .sold import sold_of_teams

MOST = 9  # regions that a picture shows; those beyond are one


def territories(crm: Crm) -> pd.DataFrame:
    """The regions' shares of each team's sales amount; on a team's page its own beside the company's.

    Needs orders: ordered_at, amount; region of orders or customers; teams. → frame: region, view (a team, or the company; whichever are fewer stand second), revenue, base (orders of
      the team), share (0..1 of the team's sales amount); the largest regions first, all beyond the ninth as one. Nothing
      where no region is known.
    """
    if not crm.has("orders"):
        return pd.DataFrame(columns=["view", "region", "revenue", "base", "share"])
    frame = sold_of_teams(crm.company, "region")
    frame = frame[frame.team != UNASSIGNED]
    regions = frame.groupby("region").revenue.sum().drop(NONE_GIVEN, errors="ignore").sort_values(ascending=False).index
    frame = frame.assign(region=frame.region.where(~frame.region.isin(regions[MOST:]), ALL_OTHERS))
    shown = [*regions[:MOST], *[ALL_OTHERS] * (len(regions) > MOST), *[NONE_GIVEN] * bool((frame.region == NONE_GIVEN).any())]
    if not len(regions):
        frame = frame.head(0)
    parts = [frame.assign(view=COMPANY)] if crm.team != ALL else []
    chosen = pd.concat([frame[(crm.team == ALL) | (frame.team == crm.team)].assign(view=frame.team), *parts])
    return _shared(chosen, list(shown), crm.team)


def _shared(frame: pd.DataFrame, regions: list[str], own: str) -> pd.DataFrame:
    found = frame.groupby(["view", "region"])[["revenue", "order_count"]].sum()
    views = sorted(frame["view"].unique(), key=lambda v: (v != own, v))
    found = found.reindex(pd.MultiIndex.from_product([views, regions], names=["view", "region"]), fill_value=0).reset_index()
    whole = found.groupby("view")[["revenue", "order_count"]].transform("sum")
    found = found.assign(base=whole.order_count.astype(int), share=found.revenue / whole.revenue.where(whole.revenue > 0))
    names = ["region", "view"] if len(views) <= len(regions) else ["view", "region"]  # the fewer side by side
    return found.sort_values(names[0], key=lambda c: c.map((regions if names[0] == "region" else views).index), kind="stable")[
        [*names, "revenue", "base", "share"]
    ]
