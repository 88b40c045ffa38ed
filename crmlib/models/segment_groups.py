"""The segments of a view side by side: how large, what they bring, what sets them apart, how their customers' buying goes on."""

import math
from statistics import NormalDist
from typing import Any

import pandas as pd

from ..crm import Crm
from ..kpi import Share
from ..means import together
from ..measures import count_if, total
from ..schema import UNASSIGNED
from .migration import LOST, NEW, Migration
from .segment_names import STANDS_OUT, leading
from .segments import Segmentation, segments

LETTERS = "ABCDEFGH"
_MONEY = "decimal(38, 4)"  # revenue, and its squares, are added exactly
_YEAR = 365  # days: of who is known for less the last 90 days cannot be held against the year
GROUPS = ["segment", "letter", "customer_count", "share", "earlier_share", "year_amount", "revenue_share", "customer_amount", "first_trait",
          "second_trait", "third_trait", "treatment"]  # fmt: skip
# what is said of a column of behaviour: much and little of it
TRAITS = {
    "orders_365": "buying", "logins_365": "logins", "browses_365": "browses", "events_365": "events", "emails_365": "emails", "calls_365": "calls",
    "meetings_365": "meetings", "chats_365": "chats", "order_value_365": "order_value", "distance_share_365": "at_a_distance",
    "discounted_share_365": "discounted", "recency_days": "since_purchase", "quiet_days": "since_activity",
}  # fmt: skip

AVERAGES = {
    "orders_365": "orders_ratio", "logins_365": "logins_ratio", "browses_365": "browses_ratio", "events_365": "events_ratio", "emails_365": "emails_ratio",
    "calls_365": "calls_ratio", "meetings_365": "meetings_ratio", "chats_365": "chats_ratio", "order_value_365": "order_amount",
    "distance_share_365": "at_a_distance_share", "discounted_share_365": "discounted_lines_share", "recency_days": "since_purchase_days",
    "quiet_days": "since_activity_days",
}  # fmt: skip


def sums(crm: Crm) -> pd.DataFrame:
    """How many customers of this view each group has, by number, and their money.

    → frame: team, group, n, amount (of a year); of those known for a year: whole, lately (revenue of the year, and of its last 90 days)
      and the sums of their squares and of their product (ww, wl, ll)
    """
    return crm.once("segment sums", lambda: crm.kept("segment sums", _sums).execute())


def _sums(company: Crm) -> Any:
    table = segments(company)
    table = table.filter(table.group.notnull())
    known = (table.tenure_days >= _YEAR) & table.amount.notnull()
    year, lately = (table[name].fill_null(0.0).cast(_MONEY) for name in ("amount", "amount_90"))
    square = lambda a, b: total(a * b, where=known)  # noqa: E731
    return table.group_by("team", "group").aggregate(
        n=table.count(), amount=total(year), known=count_if(known), whole=total(year, where=known), lately=total(lately, where=known),
        ww=square(year, year), wl=square(year, lately), ll=square(lately, lately),
    )  # fmt: skip


def groups(crm: Crm, found: Segmentation, moved: Migration) -> pd.DataFrame:
    """The segments of this view, the one that brings most first.

    → frame: segment, letter (by which matrices call it), customer_count, share, earlier_share (of those of the period before; NaN
      where there were no segments), year_amount (revenue of the year), revenue_share, customer_amount (the same a customer), first_trait … third_trait (what stands
      out most in the company, in words of texts), treatment
    """
    if not found.names:
        return pd.DataFrame(columns=GROUPS)
    mine = sums(crm).groupby("group")[["n", "amount"]].sum().reindex(range(len(found.names)), fill_value=0)
    frame = pd.DataFrame({"segment": found.names, "customer_count": mine.n.astype(int), "year_amount": mine.amount})
    traits = [_traits(found.fit.scaled.iloc[i]) for i in range(len(frame))]
    for place, name in enumerate(("first_trait", "second_trait", "third_trait")):
        frame[name] = [said[place] if place < len(said) else None for said in traits]
    frame["treatment"] = [f"treat_{leading(name)}" for name in frame.segment]
    frame = frame.sort_values(["year_amount", "customer_count", "segment"], ascending=[False, False, True], ignore_index=True)
    if not crm.has("orders"):
        frame["year_amount"] = math.nan
    before = moved.flows[moved.flows.before != NEW].groupby("before").customer_count.sum()
    return _shared(frame, before)[GROUPS]


def _shared(frame: pd.DataFrame, before: pd.Series) -> pd.DataFrame:
    """With shares, of the customers and of the money, now and before."""
    then = frame.segment.map(before).fillna(0) if before.sum() else math.nan
    money = frame.year_amount.sum()
    return frame.assign(
        letter=[LETTERS[i] for i in range(len(frame))],
        share=frame.customer_count / max(int(frame.customer_count.sum()), 1),
        earlier_share=then / before.sum() if before.sum() else math.nan,
        revenue_share=frame.year_amount / money if money > 0 else math.nan,
        customer_amount=frame.year_amount / frame.customer_count.where(frame.customer_count > 0),
    )


def _traits(scores: pd.Series) -> list[str]:
    """The columns in which a group differs most from the average customer, as words: `orders_much`, `order_value_little` …"""
    most = scores[scores.abs() >= STANDS_OUT]
    ranked = most.reindex(most.abs().sort_values(ascending=False, kind="stable").index)
    return [f"{TRAITS[name]}_{'much' if value > 0 else 'little'}" for name, value in ranked.items()]


def lettered(groups: pd.DataFrame) -> dict[str, str]:
    """Segment → the letter by which matrices call it."""
    return dict(zip(groups.segment, groups.letter, strict=True))


def profile(found: Segmentation, groups: pd.DataFrame) -> pd.DataFrame:
    """How far each group lies from the average customer, in standard deviations. → frame: behaviour, letter, deviation_ratio"""
    scores = found.fit.scaled.set_axis(list(found.names), axis=0)
    rows = [(TRAITS[column], r.letter, scores.loc[r.segment, column]) for column in scores for r in groups.itertuples()]
    return pd.DataFrame(rows, columns=["behaviour", "letter", "deviation_ratio"])


def averages(found: Segmentation, groups: pd.DataFrame) -> pd.DataFrame:
    """What an average customer of each segment does, in the whole company.

    → frame: segment, then a column for each column of behaviour: `_ratio` a year, `_amount` an order, `_share` of orders, `_days` since
    """
    frame = found.fit.profile.set_axis(list(found.names), axis=0).reindex(groups.segment).rename(columns=AVERAGES)
    return frame.rename_axis("segment").reset_index()


def by_team(crm: Crm, found: Segmentation, groups: pd.DataFrame) -> pd.DataFrame:
    """Which share of each team's customers is in which segment. → frame: team, letter, customer_count, base (the team's customers), share"""
    frame = sums(crm).assign(team=lambda t: t.team.fillna(UNASSIGNED))
    frame = frame.groupby(["team", "group"]).n.sum().unstack(fill_value=0).reindex(columns=range(len(found.names)), fill_value=0)
    letters = lettered(groups)
    rows = [
        (team, letters[found.names[i]], int(row[i]), int(row.sum()))
        for team, row in frame.iterrows()
        for i in _order(found, groups)
    ]
    out = pd.DataFrame(rows, columns=["team", "letter", "customer_count", "base"])
    return out.assign(share=out.customer_count / out.base)


def _order(found: Segmentation, groups: pd.DataFrame) -> list[int]:
    return [found.names.index(name) for name in groups.segment]


def paces(crm: Crm, found: Segmentation) -> pd.DataFrame:
    """How the revenue of each group goes on, against all others: of those who are known for a year, the last 90 days / the year.

    → frame: segment, base (customers), amount (of the year), relative (the group's ratio / all others'), low, high (99 % for all groups
      together: of the logarithm, by the delta method); seasons are everybody's, hence against all others
    """
    frame = (
        sums(crm)
        .groupby("group")[["known", "whole", "lately", "ww", "wl", "ll"]]
        .sum()
        .reindex(range(len(found.names)), fill_value=0)
    )
    z, rows = NormalDist().inv_cdf((1 + together(len(frame))) / 2), []
    for i, own in frame.iterrows():
        rest = frame.drop(index=i).sum()
        if min(own.lately, rest.lately, own.whole, rest.whole) > 0:
            change, wide = (
                math.log(own.lately / own.whole) - math.log(rest.lately / rest.whole),
                z * math.hypot(_error(own), _error(rest)),
            )
            rows.append((found.names[i], int(own.known), own.whole, *(math.exp(change + by) for by in (0.0, -wide, wide))))
    return pd.DataFrame(rows, columns=["segment", "base", "amount", "relative", "low", "high"])


def _error(own: pd.Series) -> float:
    """The standard error of the logarithm of lately / whole, a ratio of sums over customers."""
    r = own.lately / own.whole
    return math.sqrt(max(own.ll - 2 * r * own.wl + r * r * own.ww, 0.0)) / own.lately


def size_psi(moved: Migration) -> float:
    """How much the sizes of the segments differ from the period before: the population stability index, empty ones floored at 0.0001.

    Of all customers then and now; NaN where there were, or are, no segments.
    """
    flows = moved.flows
    then, now = (flows[flows[of] != none].groupby(of).customer_count.sum() for of, none in (("before", NEW), ("now", LOST)))
    if then.empty or now.empty:
        return math.nan
    both = pd.DataFrame({"then": then / then.sum(), "now": now / now.sum()}).fillna(0.0).clip(lower=1e-4)
    return float(((both.now - both.then) * (both.now / both.then).map(math.log)).sum())


def shares(groups: pd.DataFrame) -> dict[str, Share]:
    """Segment → its share of the customers."""
    base = int(groups.customer_count.sum())
    return {r.segment: Share(int(r.customer_count), base) for r in groups.itertuples()}
