"""What came out of the planted truths, measured on the whole of the data: the second half of truth.json."""

from typing import Any

import numpy as np

from .company import Company
from .deals import Deals, undated_count
from .ground import FOREVER, SOURCES, STAGES, STEPS, TEAMS, day_of
from .members import members
from .purchases import FUTURE_ORDERS


def measured(firm: Company) -> dict[str, Any]:
    """Counts and rates that a report over the whole time must find, by the truth to which they belong."""
    sold = firm.orders
    return {
        "future": {"orders": FUTURE_ORDERS},
        "undated": {"opportunities": undated_count(firm.truths)},
        "refunds": {"orders": int((sold.origin >= 0).sum())},
        "out_of_revenue": {"orders": int((sold.status >= 2).sum())},
        "funnel": _deals(firm.deals),
        "acquisition": _acquired(firm),
        "campaign": _uplift(firm),
    } | members(firm)


def _acquired(firm: Company) -> dict[str, Any]:
    """New buyers of the last year by channel, and how far their cost may lie from what is planted (99 %, relative)."""
    who = firm.accounts
    new = who.buys & (who.created >= day_of("2025-11") * 86_400)
    count = np.bincount(who.source[new], minlength=len(SOURCES))
    tolerance = 2.58 * np.sqrt(1 / np.maximum(count, 1) + firm.truths.acquisition.noise**2 / 12)
    return {
        "new_customers_last_year": dict(zip(SOURCES, count.tolist(), strict=True)),
        "tolerance_of_a_year": dict(zip(SOURCES, np.round(tolerance, 3).tolist(), strict=True)),
    }


def _uplift(firm: Company) -> dict[str, Any]:
    """The base: who would have ordered within the window anyway. The uplift: what the campaign added among those reached."""
    campaign, sold, reached = firm.truths.campaign, firm.orders, firm.reached
    rows = reached.of(campaign.number)
    since = np.full(len(firm.accounts), FOREVER * 86_400)
    since[reached.account[rows]] = reached.moment[rows]
    bought = np.flatnonzero((sold.account >= 0) & (sold.origin < 0))
    after = sold.moment[bought] - since[sold.account[bought]]
    bought = bought[(after > 0) & (after <= campaign.window_days * 86_400)]
    anyway, by_campaign = np.zeros((2, len(since)), bool)
    anyway[sold.account[bought[~sold.prompted[bought]]]] = True
    by_campaign[sold.account[bought[sold.prompted[bought]]]] = True
    of = reached.account[rows]
    control, treated = of[reached.control[rows]], of[~reached.control[rows]]
    return {
        "contacted": len(treated),
        "held_out_customers": len(control),
        "base": round(float(anyway[of].mean()), 4),
        "uplift": round(float((by_campaign & ~anyway)[treated].mean()), 4),
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
