"""The people of a page: every person in each team, as many as a table can hold, and all others together."""

import numpy as np
import pandas as pd

from ..crm import Crm
from .performance import COUNTS, performance_by

MOST = 60  # rows of a table of people
ALL_OTHERS = "all others"


def people(crm: Crm, most: int = MOST) -> pd.DataFrame:
    """The rows of `performance_by(crm, "rep")` of whoever was there or achieved something in the period, by money.

    Needs the same. → frame: its columns; at most `most` persons, those beyond are one row, "all others", so that rows
    add up to the view. Who has left is in no row: the period's figures are 0 there.
    """
    frame = performance_by(crm, "rep")
    counted = [c for c in frame if c in COUNTS or c in ("revenue", "won_amount")]
    frame = frame[frame.here_share.notna() | (frame[counted] != 0).any(axis=1)].reset_index(drop=True)
    if len(frame) <= most:
        return frame
    return pd.concat([frame.head(most - 1), _together(frame.iloc[most - 1 :], counted)], ignore_index=True)


def _together(rows: pd.DataFrame, counted: list[str]) -> pd.DataFrame:
    """Rows as one: sums, and the rates that follow from them; what does not add up is not known."""
    earlier = [c for c in rows if c.startswith(("previous_", "year_before_"))]
    one = rows[[*counted, *earlier]].sum(min_count=1).to_frame().T
    one = one.assign(team=ALL_OTHERS, rep=ALL_OTHERS, rep_id=ALL_OTHERS)
    one["win_rate"] = one.won_count / one.closed_count.replace(0, np.nan)
    one["csat_top_box"] = one.satisfied_count / one.scores.replace(0, np.nan)
    return one.reindex(columns=rows.columns).astype({c: int for c in COUNTS if c in one})
