"""New customers month by month and group by group: where more and more come from, and which source dried up."""

import math
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import Share, difference
from ..means import together
from ..periods import Period
from .customers import with_groups
from .deals import no_group, which
from .lives import contractual, lives, of_customers

MONTHS, YEAR, QUARTER = 24, 12, 3
GROWN_BY = 0.1  # so much faster than elsewhere, on the year; less is none to speak of
DRIED_TO = 0.5  # of its share of the new customers
_GROUPS = ("region", "acquisition_channel")


def months(crm: Crm) -> list[Period]:
    """The last 24 whole months that the data reach the end of, oldest first."""
    last = Period.containing(crm.end - timedelta(days=1), "month", crm.period.fiscal_start)
    known = min(crm.end, crm.as_of.date() + timedelta(days=1))
    while last.end > known:
        last = last.previous
    return last.trailing(MONTHS)


def known_since(crm: Crm) -> date | None:
    """From which day on the day on which somebody became a customer is known: None where nobody ever did.

    Where purchases and deals say it, those of the first business.inactive_after_days may have bought before the data began.
    """
    first = crm.once("first customer", lambda: lives(crm.company).since.min().execute())
    if pd.isna(first):
        return None
    return first.date() if contractual(crm) else first.date() + timedelta(days=crm.business.inactive_after_days)


def long_enough(crm: Crm) -> bool:
    """Whether it is known of all of `months` who was new."""
    since = known_since(crm)
    return since is not None and months(crm)[0].start >= since


def arrivals(crm: Crm, group: str) -> pd.DataFrame:
    """New customers by month and group: region or acquisition_channel.

    Needs the same as new_customers; customers: the group's column. → frame: a row a group, a column for each of `months`
    Where `months` begin before it is known who was new (known_since), the frame has no rows.
    """
    if not long_enough(crm):
        return pd.DataFrame(columns=range(MONTHS), dtype=int)
    found = of_customers(crm, "arrivals", _arrivals).execute()
    mine = found[found["group"] == group]
    frame = mine.pivot_table("n", mine.name.fillna(no_group(group)), "month", "sum", fill_value=0)
    return frame.reindex(columns=range(MONTHS), fill_value=0).astype(int)


def _arrivals(crm: Crm) -> Any:
    """→ ibis table: team, group, name, month (its index), n"""
    people = with_groups(crm, lives(crm))
    people = people.mutate(month=which(people.since, months(crm))).filter(lambda t: t.month >= 0)
    each = [
        people.group_by("team", "month", name=people[group]).aggregate(n=lambda t: t.count()).mutate(group=ibis.literal(group))
        for group in _GROUPS
    ]
    return ibis.union(*each)


def arrivals_compared(crm: Crm, group: str = "region") -> pd.DataFrame:
    """New customers of the last twelve whole months beside the twelve before, by region (or acquisition channel).

    Needs the same as arrivals. → frame: <group>, new_customers, share (0..1 of all new ones), before_new_customers, before_share,
      growth_share (of the number, −1..), others_growth_share (of all other groups), trend_ratio (how many standard errors its share
      rises by month: Cochran–Armitage); the fastest first, `no_group` last
    """
    return crm.once(f"arrivals compared {group}", lambda: _compared(arrivals(crm, group), group)).copy()


def _compared(counts: pd.DataFrame, group: str) -> pd.DataFrame:
    before, now = (counts.loc[:, part].sum(axis=1) for part in (range(YEAR), range(YEAR, MONTHS)))
    whole = counts.sum().to_numpy(float)
    rest_before, rest_now = before.sum() - before, now.sum() - now
    frame = pd.DataFrame({
        "new_customers": now, "share": now / (now.sum() or math.nan), "before_new_customers": before,
        "before_share": before / (before.sum() or math.nan), "growth_share": now / before.where(before > 0) - 1,
        "others_growth_share": rest_now / rest_before.where(rest_before > 0) - 1,
        "trend_ratio": [trend(row, whole) for row in counts.to_numpy(float)],
    }).rename_axis(group).reset_index()  # fmt: skip
    frame = frame.assign(_last=frame[group] == no_group(group))
    return (
        frame.sort_values(["_last", "growth_share", group], ascending=[True, False, True])
        .drop(columns="_last")
        .reset_index(drop=True)
    )


def trend(part: np.ndarray, whole: np.ndarray) -> float:
    """By how many standard errors a share rises from month to month; NaN where there is nothing to rise.

    Source: Armitage, Tests for linear trends in proportions and frequencies, Biometrics 1955.

    >>> round(trend(np.array([1.0, 2.0, 3.0]), np.array([10.0, 10.0, 10.0])), 4)
    1.118
    """
    n = whole.sum()
    p = part.sum() / n if n else 0.0
    at = np.arange(len(part)) - (np.arange(len(part)) * whole).sum() / n if n else np.zeros(len(part))
    spread = p * (1 - p) * (at * at * whole).sum()
    return float((at * part).sum() / math.sqrt(spread)) if spread > 0 else math.nan


def growing(crm: Crm, group: str = "region") -> pd.DataFrame:
    """The groups whose new customers grow clearly faster than those elsewhere.

    Needs the same as arrivals. → the rows of arrivals_compared that fulfil all of this, the clearest first: a name; at least min_base new customers in
      each of the two years, and elsewhere; GROWN_BY faster on the year than elsewhere; a rising share, as sure as 99 % for all groups
      together (Bonferroni, one side counting).
    """
    frame = arrivals_compared(crm, group)
    least, limit = crm.business.min_base, NormalDist().inv_cdf((1 + together(len(frame))) / 2)
    bases = frame[["new_customers", "before_new_customers"]].min(axis=1)
    rest = frame[["new_customers", "before_new_customers"]].sum().min() - bases
    faster = (frame.growth_share - frame.others_growth_share) >= GROWN_BY - 1e-9
    chosen = (frame[group] != no_group(group)) & (bases >= least) & (rest >= least) & faster & (frame.trend_ratio > limit)
    return frame[chosen].sort_values(["trend_ratio", group], ascending=[False, True]).reset_index(drop=True)


def arrivals_lately(crm: Crm, group: str = "acquisition_channel") -> pd.DataFrame:
    """New customers of the last three whole months beside the twelve before, by acquisition channel (or region).

    Needs the same as arrivals. → frame: <group>, new_customers (of the three months), share (0..1 of all new ones), before_new_customers (of the
      twelve), before_share, usual_count (what the share of the year before would have brought); the most usual first, `no_group` last
    """
    counts = arrivals(crm, group)
    lately, before = counts.loc[:, range(MONTHS - QUARTER, MONTHS)], counts.loc[:, range(YEAR - QUARTER, MONTHS - QUARTER)]
    now, then = lately.sum(axis=1), before.sum(axis=1)
    frame = pd.DataFrame({
        "new_customers": now, "share": now / (now.sum() or math.nan), "before_new_customers": then, "before_share": then / (then.sum() or math.nan),
    }).rename_axis(group).reset_index()  # fmt: skip
    frame = frame.assign(usual_count=frame.before_share * now.sum(), _last=frame[group] == no_group(group))
    frame = frame.sort_values(["_last", "usual_count", group], ascending=[True, False, True])
    return frame.drop(columns="_last").reset_index(drop=True)


def dried_up(crm: Crm, group: str = "acquisition_channel") -> pd.DataFrame:
    """The groups that bring clearly fewer of the new customers in the last three whole months than in the twelve before.

    Needs the same as arrivals. → the rows of arrivals_lately that fulfil all of this: a name; at least min_base usual; at most DRIED_TO of its
      share; clearly less (Newcombe, 99 % for all groups together)
    """
    frame = arrivals_lately(crm, group)
    whole, past = int(frame.new_customers.sum()), int(frame.before_new_customers.sum())
    chosen = (
        (frame[group] != no_group(group))
        & (frame.usual_count >= crm.business.min_base)
        & (frame.share <= DRIED_TO * frame.before_share)
    )
    less = [
        bool(ok) and difference(Share(int(now), whole), Share(int(then), past), together(len(frame)))[1] < 0
        for ok, now, then in zip(chosen, frame.new_customers, frame.before_new_customers, strict=True)
    ]
    return frame[pd.Series(less, index=frame.index, dtype=bool)].reset_index(drop=True)
