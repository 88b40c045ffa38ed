"""How often each team and person wins and satisfies, how sure that is, and who stands clearly apart from the others."""

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Share, difference
from ..means import together
from ..measures import count_if
from ..periods import year_earlier
from ..schema import UNASSIGNED
from . import results
from .deals import NONE_GIVEN, closed
from .names import named
from .ranking import ranked

RATES = {
    "win_rate": (results.closed, "won_count", "closed_count"),
    "csat_top_box": (results.heard, "satisfied_count", "scores"),
}  # whose part and base
AT_LEAST = 0.05  # a smaller difference is none to speak of
MOST = 30  # persons of a picture
LEAST_PEERS = 3  # of two each is below or above the other: nobody is singled out


def win_rates(crm: Crm, group: str) -> pd.DataFrame:
    """The win rate of each team, or of each person in each team: its interval, its rank, and what is fair to compare it with.

    Needs opportunities: closed_at, is_won; created_at, lead_source, rep_id as delivered.
    → frame: team or rep, team; won_count, lost_count, closed_count, win_rate, low_share, high_share (99 %), expected_rate (had each
      deal been won as often as the company wins deals of its lead source: an association, not a cause), before_share,
      before_base (the twelve months before), rank, best_rank, worst_rank (metrics.ranking); the highest rank first
    Rows of no team or person and those that closed nothing are left out: they are no one's.
    """
    key, frame = results.KEYS[group][-1], results.closed(crm, group)
    frame["win_rate"] = frame.won_count / frame.closed_count.where(frame.closed_count > 0)
    frame = frame[(frame.closed_count > 0) & ~frame[key].isin((UNASSIGNED, NONE_GIVEN))].reset_index(drop=True)
    frame = frame.join(ranked(frame.won_count, frame.closed_count, crm.business.min_base)).join(_beside(crm, frame, group))
    frame = frame.sort_values(["rank", "win_rate", key], ascending=[True, False, True], na_position="last", ignore_index=True)
    frame["rep"] = named(crm, "rep", frame.get("rep_id", frame.team))
    names = ["rep", "team"] if group == "rep" else ["team"]
    return frame[[*names, "won_count", "lost_count", "closed_count", "win_rate", "low_share", "high_share", "expected_rate",
                  "before_share", "before_base", "rank", "best_rank", "worst_rank"]]  # fmt: skip


def ends(frame: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Of ranked rows as many as a picture holds: those on a sufficient base, of too many the highest and the lowest."""
    ranked_rows = frame[frame["rank"].notna()]
    if len(ranked_rows) <= most:
        return ranked_rows if len(ranked_rows) else frame.head(most)
    return pd.concat([ranked_rows.head(most // 2), ranked_rows.tail(most // 2)])


def _beside(crm: Crm, frame: pd.DataFrame, group: str) -> pd.DataFrame:
    """What each row's lead sources let expect, and its own twelve months before."""
    keys, now, before = ["team", *["rep_id"] * (group == "rep")], _by_source(crm, False), _by_source(crm, True)
    rate = now.groupby("source").won_count.sum() / now.groupby("source").n.sum()
    now = now.assign(expected=now.n * now.source.map(rate))
    sums = now.groupby(keys, as_index=False)[["n", "expected"]].sum()
    earlier = before.groupby(keys, as_index=False)[["n", "won_count"]].sum()
    made = frame[keys].merge(sums, on=keys, how="left").merge(earlier, on=keys, how="left", suffixes=("", "_before"))
    made = made.astype(dict.fromkeys(("n", "expected", "won_count", "n_before"), float))  # of no deal at all they are no numbers
    base = made.n_before.fillna(0).astype(int)
    return pd.DataFrame({"expected_rate": made.expected / made.n, "before_share": made.won_count / base.where(base > 0), "before_base": base})  # fmt: skip


def _by_source(crm: Crm, before: bool) -> pd.DataFrame:
    """The whole company's deals closed in the period, or in the twelve months before, by team, person and lead source."""
    company, start = crm.company, crm.period.start

    def make() -> pd.DataFrame:
        table = closed(company, *((year_earlier(start), start) if before else ()))
        groups = {"team": ibis.coalesce(table["_team"], UNASSIGNED), "rep_id": ibis.coalesce(table.rep_id, NONE_GIVEN),
                  "source": ibis.coalesce(table.lead_source, NONE_GIVEN)}  # fmt: skip
        return table.group_by(**groups).aggregate(n=lambda t: t.count(), won_count=count_if(table.is_won)).execute()

    return company.once(f"closed by source {before}", make)


# ------------------------------------------------------------------------------------------------ who stands apart


@dataclass(frozen=True)
class Apart:
    """A team, or a person in a team, whose rate is clearly not that of the others."""

    rate: str
    team: str
    rep: str | None
    now: Share
    others: Share

    @property
    def delta(self) -> float:
        return (self.now.value or 0.0) - (self.others.value or 0.0)


def apart(crm: Crm, group: str, rate: str) -> list[Apart]:
    """Teams beside all other teams, or persons beside the others of their own team (like with like), the furthest below first.

    Needs opportunities: closed_at, is_won (win_rate), or feedback: given_at, score (csat_top_box).
    Apart: both bases reach min_base, the rates differ by at least 5 percentage points, and Newcombe's interval of their
    difference leaves out 0, at 99 % for all that are looked at in the company at once (Bonferroni). Who stands apart the
    most is set aside before the others are looked at again, so that one team's fall raises no other. Of a team with fewer
    than three persons on a sufficient base none is singled out. On a team's page its own of them.
    """
    found = crm.company.once(f"apart {group} {rate}", lambda: _apart(crm.company, group, rate))
    return [a for a in found if crm.team in (ALL, a.team)]


def _apart(company: Crm, group: str, rate: str) -> list[Apart]:
    of, part, base = RATES[rate]
    frame = of(company, group)
    frame = frame.assign(part=frame[part], base=frame[base], rep=named(company, "rep", frame.rep_id) if group == "rep" else None)
    frame = frame[(frame.base > 0) & (frame.team != UNASSIGNED)].reset_index(drop=True)
    if group == "team":
        peers, least = [frame], 1
    else:
        peers, least = [rows for _, rows in frame[frame.rep_id != NONE_GIVEN].groupby("team", sort=True)], LEAST_PEERS
    enough = company.business.min_base
    peers = [rows for rows in peers if (rows.base >= enough).sum() >= least]
    level = together(sum(int((rows.base >= enough).sum()) for rows in peers))
    found = [a for rows in peers for a in set_aside(rows, rate, level, enough)]
    return sorted(found, key=lambda a: (a.delta, a.team, a.rep or ""))


def set_aside(rows: pd.DataFrame, rate: str, level: float, min_base: int) -> list[Apart]:
    """Who of some rows (team, rep, part, base) stands apart from the rest of them, the clearest first."""
    found: list[Apart] = []
    while len(rows) > 1:
        looked = [(_distance(own, rest, level, min_base), i, own, rest) for i, own, rest in _each(rows)]
        # of two alike in that, such as two teams that are each other's others, the one below
        clearest, i, own, rest = max(
            looked, key=lambda found: (round(found[0], 9), (found[3].value or 0) - (found[2].value or 0))
        )
        if not clearest > 0:
            break
        found.append(Apart(rate, rows.team[i], rows.rep[i], own, rest))
        rows = rows.drop(index=i)
    return found


def _each(rows: pd.DataFrame):
    """Each row beside all others together."""
    part, base = rows.part.sum(), rows.base.sum()
    for i, p, n in zip(rows.index, rows.part, rows.base, strict=True):
        yield i, Share(int(p), int(n)), Share(int(part - p), int(base - n))


def _distance(own: Share, rest: Share, level: float, min_base: int) -> float:
    """How far 0 lies outside the interval of the difference; below 0 where the rates are not apart."""
    if min(own.base, rest.base) < max(min_base, 1) or abs((own.value or 0) - (rest.value or 0)) < AT_LEAST - 1e-9:
        return -np.inf
    low, high = difference(own, rest, level)
    return max(low, -high)
