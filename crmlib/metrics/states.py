"""Who was a customer at a period's start and end, who came, went and came back, and how many of each there are."""

from typing import Any

import pandas as pd

from ..crm import Crm
from ..measures import count_if, within
from .lives import lives, of_customers
from .pasts import judged


def states(table: Any, start: str, end: str, new: Any, stirred: Any) -> dict[str, Any]:
    """Who was a customer at a period's start and at its end, who came, went and came back: conditions on `lives`.

    `lost` is whoever is lost at the end of those who were in at the start, came, or came back; so that
    customers at the end = at the start − lost + new + won back, however long the period is.
    """
    was, gone, is_lost = table[f"in_{start}"], table[f"lost_{start}"], table[f"lost_{end}"]
    back = gone & stirred & ~table.contracts
    return {"start": was, "kept": was & ~is_lost, "dropped": was & is_lost, "new": new, "won_back": back,
            "lost": is_lost & (was | new | back), "end": table[f"in_{end}"], "ever": table[f"in_{end}"] | is_lost}  # fmt: skip


def tally(crm: Crm) -> dict[str, int]:
    """How many customers of this view are in each state of the period; those whose past can be judged; what they did."""
    return {name: int(n) for name, n in tally_by_team(crm).drop(columns="team").sum().items()}


def tally_by_team(crm: Crm) -> pd.DataFrame:
    """The same for each team of this view: a customer belongs to one, or to none."""
    return crm.once("tally", lambda: of_customers(crm, "tally", _tally).execute())


def _tally(crm: Crm) -> Any:
    table = lives(crm)
    new = within(table.since, crm.period.start, crm.period.end)
    groups = states(table, "start", "end", new, table.stirred)
    customer, was, buys, browsed = groups["ever"], groups["start"], table.purchases > 0, table.browsed_at.notnull()
    groups |= {
        "year": table.in_year, "stayed": table.in_year & groups["end"], "active": customer & table.active, "users": customer & (table.active | (table.logins > 0)), "buyers": buys,
        "repeaters": table.purchases > 1, "buyers_before": table.purchases_before > 0, "rebuyers": buys & (table.purchases_before > 0),
        "browsers": was & browsed, "browsers_bought": was & (table.bought_at >= table.browsed_at), "others": was & ~browsed,
        "others_bought": was & ~browsed & buys, "judged": judged(table, crm.period),
    }  # fmt: skip
    sums = {"logins": table.logins.sum(where=customer), "purchases": table.purchases.sum()}
    counts = {name: count_if(condition) for name, condition in groups.items()}
    return table.group_by("team").aggregate(**counts, **{k: v.fill_null(0) for k, v in sums.items()})
