"""What came out of the planted truths, measured on the whole of the data: the second half of truth.json."""

from typing import Any

import numpy as np

from .company import Company
from .deals import Deals, undated_count
from .purchases import FUTURE_ORDERS
from .truths import STAGES, STEPS, TEAMS


def measured(firm: Company) -> dict[str, Any]:
    """Counts and rates that a report over the whole time must find."""
    sold = firm.orders
    return {
        "future": {"orders": FUTURE_ORDERS},
        "undated": {"opportunities": undated_count(firm.truths)},
        "refunds": {"orders": int((sold.origin >= 0).sum())},
        "out_of_revenue": {"orders": int((sold.status >= 2).sum())},
        "deals": _deals(firm.deals),
    }


def _deals(book: Deals) -> dict[str, Any]:
    """Won, lost and open deals, the share of each step, and the days from entry to winning."""
    c = book.course
    cycle = (c.closed - book.created)[c.is_won] / 86_400
    reached = [int((c.stage >= k).sum()) for k in range(STEPS + 1)]
    return {
        "won": int(c.is_won.sum()),
        "lost": int(c.is_lost.sum()),
        "open": int((~c.is_closed).sum()),
        "reached": dict(zip(STAGES, reached, strict=True)),
        "cycle_days": {
            "p50": round(float(np.quantile(cycle, 0.5)), 3),
            "p90": round(float(np.quantile(cycle, 0.9)), 3),
        },
        "by_team": {team: int((book.team == n).sum()) for n, team in enumerate(TEAMS)},
    }
