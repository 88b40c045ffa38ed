"""The sentence over each figure of performance, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Kpi
from ..metrics.deals import NONE_GIVEN
from ..metrics.people import ALL_OTHERS
from ..metrics.performance import money_of
from ..schema import UNASSIGNED
from . import Finding, said
from .changes import level

NOBODY = (UNASSIGNED, NONE_GIVEN, ALL_OTHERS)


def course_headline(kpi: Kpi) -> Finding:
    """The money of the period beside the period before; whether the change is clear."""
    return level(kpi, "performance.money", "performance.no_money")


def groups_headline(frame: pd.DataFrame, crm: Crm, group: str) -> Finding:
    """Which team or person brings the most money, and of how much."""
    money = money_of(crm)
    whole, named = float(frame[money].sum()), frame[~frame[group].isin(NOBODY) & (frame[money] > 0)]
    if named.empty:
        return said("performance.no_team" if group == "team" else "performance.no_person", amount=whole)
    top = named[named[money] == named[money].max()]
    if len(top) > 1:
        return said(f"performance.{group}s_alike", count=len(top), amount=float(top[money].iloc[0]))
    names = {name: top[name].iloc[0] for name in ("team", group)}
    return said(f"performance.{group}_first", **names, amount=float(top[money].iloc[0]), whole_amount=whole)


def results_headline(frame: pd.DataFrame) -> Finding:
    """How many customers the rows look after, how many of them are new, and how many deals were won."""
    sums = {name: int(frame[column].sum()) for name, column in (("count", "customer_count"), ("new_count", "new_customers"), ("won_count", "won_count"))}  # fmt: skip
    return said("performance.results", **sums)


def rates_headline(frame: pd.DataFrame, found: list[Finding], evidence: str) -> Finding:
    """Who wins clearly more or less often than the others; else whether anybody can be told apart at all."""
    for finding in found:
        if finding.evidence == evidence:
            return finding
    ranked = frame[frame["rank"].notna()]
    if len(ranked) < 2:
        return said("performance.rates_few", count=int(frame.closed_count.sum()))
    apart = int(((ranked.best_rank > 1) | (ranked.worst_rank < len(ranked))).sum())
    rule = "performance.rates_alike" if not apart else "performance.rates_differ"
    return said(rule, count=len(ranked), **({"part": apart} if apart else {}))


def rates_says(frame: pd.DataFrame, min_base: int) -> list[Finding]:
    """What rank, interval and expectation mean; how many have too small a base for them."""
    few = int((frame.closed_count < min_base).sum())
    says = [said("say.rank_open"), said("say.expected_rate")] if frame["rank"].notna().any() else []
    return says + [said("say.rates_few", count=few, base=min_base)] * bool(few)


def apart_of(found: list[Finding], evidence: str, name: str) -> str | None:
    """Whom a figure's finding is about, to be marked."""
    return next((f.values[name] for f in found if f.evidence == evidence and name in f.values), None)


def efficiency_headline(frame: pd.DataFrame) -> Finding:
    """In which team a person brings the most money."""
    known = frame[frame.money_per_person > 0]
    if known.empty:
        return said("performance.no_people")
    top = known[known.money_per_person == known.money_per_person.max()]
    if len(top) > 1:
        return said("performance.efficiency_alike", count=len(top), amount=float(top.money_per_person.iloc[0]))
    return said("performance.efficiency", team=top.team.iloc[0], amount=float(top.money_per_person.iloc[0]), count=int(top.people_count.iloc[0]))  # fmt: skip


def beside_headline(frame: pd.DataFrame, crm: Crm) -> Finding:
    """How often this team wins, beside the company; of a small base its counts."""
    own, whole = frame.iloc[0], frame.iloc[-1]
    base, others_base = int(own.won_count + own.lost_count), int(whole.won_count + whole.lost_count)
    if not base:
        return said("performance.beside_alone", team=crm.team)
    values = {"team": crm.team, "part": int(own.won_count), "base": base}
    if min(base, others_base) < crm.business.min_base:
        return Finding("performance.beside_counts", values=values)
    return Finding("performance.beside", values=values | {"share": own.win_rate, "others_share": whole.win_rate})


def people_says(frame: pd.DataFrame) -> list[Finding]:
    """Who was there for part of the period only; that a person's row in a team is what they did there."""
    part = int((frame.here_share < 1).sum())
    return [said("say.part_of_period", count=part)] * bool(part) + [said("say.own_row")]


def whose(crm: Crm) -> str:
    """Whether a page compares teams or stands beside the company."""
    return "company" if crm.team == ALL else "team"
