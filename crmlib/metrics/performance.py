"""Teams and people side by side: what each sold, won, looks after and is told, beside goals and earlier periods."""

from functools import reduce

import numpy as np
import pandas as pd

from ..crm import Crm
from .deals import NONE_GIVEN, no_group
from .names import rep_names
from .posts import posts
from .results import KEYS, closed, heard, looked_after, sold
from .revenue import has_begun

COUNTS = (
    "order_count",
    "won_count",
    "lost_count",
    "closed_count",
    "customer_count",
    "new_customers",
    "scores",
    "satisfied_count",
)


def money_of(crm: Crm) -> str:
    """By which money teams and people are compared: revenue; where no orders are delivered the won amount."""
    return "revenue" if crm.has("orders") else "won_amount"


def money_by(crm: Crm, group: str) -> pd.DataFrame:
    """The money of the period by team, or by person in all their teams together. → frame: <group>, <money>; adds up to the view's"""
    money = money_of(crm)
    frame = (sold if money == "revenue" else closed)(crm, group)
    if group == "rep":
        frame = frame.assign(rep=frame.rep_id.map(lambda i: rep_names(crm).get(i, i)))
    return frame[[group, money]]


def performance_by(crm: Crm, group: str) -> pd.DataFrame:
    """Every figure of each team (`team`), or of each person in each team (`rep`).

    Needs orders or opportunities; reps, customers, feedback, targets as delivered.
    → frame: team[, rep (name), rep_id, here_share (0..1 of the period's days in this team)], <money>, order_count,
      previous_<money>, mom, year_before_<money>, yoy (value / comparison − 1; none on fewer than min_base orders, won deals, now or then), target_amount, target_attainment (of
      the money), due_amount (of the goal, by the day of the data), won_count, lost_count, closed_count, win_rate (0..1, base = closed), sales_cycle_days (median), customer_count, new_customers,
      scores, csat_top_box (0..1, base = scores); <money> is revenue or won_amount (`money_of`)
    The largest money first, rows of no team or person last. A person's row in each team is what they did there: an order
    belongs to the team of its date, a deal to that of its creation, a customer to that of the period's end. Money and counts
    add up to the view's.
    """
    return crm.once(f"performance by {group}", lambda: _performance_by(crm, group)).copy()


def _performance_by(crm: Crm, group: str) -> pd.DataFrame:
    keys, money = list(KEYS[group]), money_of(crm)
    frame = reduce(lambda a, b: a.merge(b, on=keys, how="outer", validate="one_to_one"), _parts(crm, group, money))
    frame = frame.assign(**{c: frame[c].fillna(0.0) for c in frame if c.endswith(("revenue", "amount"))})
    frame = frame.assign(**{c: frame[c].fillna(0).astype(int) for c in _counted(frame)})
    frame = frame.assign(**_compared(frame, money, crm.business.min_base))
    frame["win_rate"] = frame.won_count / frame.closed_count.where(frame.closed_count > 0)
    frame["csat_top_box"] = frame.satisfied_count / frame.scores.where(frame.scores > 0)
    frame = with_goals(crm, frame, group, money)
    if group == "rep":
        frame = frame.assign(rep=frame.rep_id.map(lambda i: rep_names(crm).get(i, i)))
        frame = frame.merge(posts(crm)[[*keys, "here_share"]], on=keys, how="left", validate="one_to_one")
    frame["_last"] = frame[keys[-1]] == no_group(group)
    frame = frame.sort_values(["_last", money, *keys], ascending=[True, False, *[True] * len(keys)])
    return frame.drop(columns="_last").reset_index(drop=True)


def _counted(frame: pd.DataFrame) -> list[str]:
    """The columns of counts, of the period and of those before."""
    return [c for c in frame if c.removeprefix("previous_").removeprefix("year_before_") in COUNTS]


def _parts(crm: Crm, group: str, money: str) -> list[pd.DataFrame]:
    """The results of the period, and the money of those it is compared with; a period before the data began has none."""
    made = [*[sold(crm, group)] * crm.has("orders"), closed(crm, group), looked_after(crm, group), heard(crm, group)]
    of_money, cases = (sold, "order_count") if money == "revenue" else (closed, "won_count")
    for name, view in (("previous", crm.previous), ("year_before", crm.year_before)):
        if has_begun(view):
            then = of_money(view, group)[[*KEYS[group], money, cases]]
            made.append(then.rename(columns={money: f"{name}_{money}", cases: f"{name}_{cases}"}))
    return [frame.astype(dict.fromkeys(KEYS[group], object)) for frame in made]  # an empty column of Arrow's cannot be merged


def _compared(frame: pd.DataFrame, money: str, min_base: int) -> dict[str, pd.Series]:
    """The money before, and the growth against it: undefined where it is not above 0, or rests on too few cases now or then."""
    found: dict[str, pd.Series] = {}
    cases = "order_count" if money == "revenue" else "won_count"
    nothing = pd.Series(np.nan, frame.index)
    for name, rate in (("previous", "mom"), ("year_before", "yoy")):
        then, few = frame.get(f"{name}_{money}", nothing), frame.get(f"{name}_{cases}", nothing)
        enough = (then > 0) & (few >= min_base) & (frame[cases] >= min_base)
        found |= {f"{name}_{money}": then, rate: frame[money] / then.where(enough) - 1}
    return found


# ------------------------------------------------------------------------------------------------ goals


def with_goals(crm: Crm, frame: pd.DataFrame, group: str, money: str) -> pd.DataFrame:
    """Each row's goal for the money of this very period, and how much of it was attained.

    A person's goal belongs to the team it names; one that names none to whoever was in one team alone, for what a mover
    sold in two cannot be held against it in either. Two goals for the same are none.
    """
    goals = crm.once(f"goals {money}", lambda: _goals(crm, money))
    if group == "team":
        frame["target_amount"] = frame.team.map(dict(goals[goals.rep_id.isna()][["team", "value"]].itertuples(index=False)))
    else:
        own = goals[goals.rep_id.notna()]
        there = {(t, r): v for t, r, v in own.dropna(subset=["team"]).itertuples(index=False)}
        anywhere = {r: v for t, r, v in own[own.team.isna()].itertuples(index=False)}
        moved = _movers(crm, frame)
        frame["target_amount"] = [there.get((t, r), np.nan if r in moved else anywhere.get(r, np.nan)) for t, r in zip(frame.team, frame.rep_id, strict=True)]  # fmt: skip
    frame["target_amount"] = frame.target_amount.astype(float)
    frame["target_attainment"] = frame[money] / frame.target_amount.where(frame.target_amount > 0)
    frame["due_amount"] = frame.target_amount * float(crm.period.gone)
    return frame


def _goals(crm: Crm, metric: str) -> pd.DataFrame:
    if not crm.has("targets"):
        return pd.DataFrame(columns=["team", "rep_id", "value"])
    table = crm.company.targets
    table = table.filter((table.period == crm.period.label) & (table.metric == metric))
    return table.select("team", "rep_id", "value").execute().drop_duplicates(["team", "rep_id"], keep=False)


def _movers(crm: Crm, frame: pd.DataFrame) -> set[str]:
    """Persons who were in several teams in the period, or whose results are in several."""
    there = posts(crm.company)[["team", "rep_id"]]
    both = pd.concat([there, frame[["team", "rep_id"]]]).drop_duplicates()
    counted = both.rep_id.value_counts()
    return {r for r in counted.index[counted > 1] if r != NONE_GIVEN}
