"""The sentence over each figure of performance, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Kpi
from ..metrics.deals import NONE_GIVEN
from ..metrics.efficiency import COMPANY
from ..metrics.people import ALL_OTHERS
from ..metrics.performance import money_of
from ..metrics.results import closed
from ..schema import UNASSIGNED
from . import Finding, said
from .changes import level
from .contribution import Moved, most_telling, moved
from .contribution import headline as contribution_headline

NOBODY = (UNASSIGNED, NONE_GIVEN, ALL_OTHERS)


def course_headline(kpi: Kpi) -> Finding:
    """The money of the period beside the period before; whether the change is clear."""
    found = level(kpi, "performance.money", "performance.no_money")
    return Finding(found.rule, values=found.values | {"metric": kpi.name} if found.values else {})


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


def results_headline(frame: pd.DataFrame, crm: Crm) -> Finding:
    """How many customers the rows look after, how many of them are new, and how many deals were won."""
    values = {"count": int(frame.customer_count.sum()), "new_count": int(frame.new_customers.sum())}
    if not crm.has("opportunities"):
        return Finding("performance.results_alone", values=values)
    return Finding("performance.results", values=values | {"won_count": int(frame.won_count.sum())})


def people_headline(frame: pd.DataFrame, crm: Crm) -> Finding:
    """How many of the people won a deal; without deals what all rows look after."""
    if not crm.has("opportunities"):
        return results_headline(frame, crm)
    won = frame[~frame.rep_id.isin(NOBODY)].groupby("rep_id").won_count.sum()
    return said("performance.people_won", count=len(won), part=int((won > 0).sum()))


def people_moved(it: Moved, staff: pd.DataFrame) -> Finding:
    """Who moved the money, if it moved clearly; else how many people brought more than the period before, and how many less."""
    if it.clear:
        return contribution_headline(it)
    money = it.kpi.name
    sums = staff[~staff.rep_id.isin(NOBODY)].groupby("rep_id")[[money, f"previous_{money}"]].sum(min_count=1)
    change = (sums[money] - sums[f"previous_{money}"]).dropna()
    if change.empty:
        return contribution_headline(it)
    return said(
        "performance.people_moved", count=len(change), up_count=int((change > 0).sum()), down_count=int((change < 0).sum())
    )


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
    return Finding(rule, values={"count": len(ranked)} | ({"part": apart} if apart else {}))


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
    base, others_base = int(own.closed_count), int(whole.closed_count)
    if not base:
        return said("performance.beside_alone", team=crm.team)
    values = {"team": crm.team, "part": round(own.win_rate * base), "base": base}
    if min(base, others_base) < crm.business.min_base:
        return Finding("performance.beside_counts", values=values)
    return Finding("performance.beside", values=values | {"share": own.win_rate, "others_share": whole.win_rate})


def territory_headline(frame: pd.DataFrame, crm: Crm) -> Finding:
    """The region that a team sells in by far more than all teams together do."""
    if frame.empty:
        return said("performance.no_territory")
    sums = frame[frame["view"] != COMPANY].groupby("region").revenue.sum() if crm.team == ALL else frame[frame["view"] == COMPANY].set_index("region").revenue  # fmt: skip
    rows = frame[(frame["view"] != COMPANY) & ~frame.region.isin(NOBODY) & frame.share.notna()]
    rows = rows.assign(others=rows.region.map(sums / sums.sum()))
    if rows.empty:
        return said("performance.no_territory")
    row = rows.loc[(rows.share - rows.others).idxmax()]
    return said("performance.territory", team=row["view"], region=row.region, share=row.share, others_share=row.others)


def territory_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.territory")] * bool(len(frame))


# ------------------------------------------------------------------------------------------------ what a table shows


def main_figure(kpis: list[Kpi], name: str) -> Kpi:
    """The key figure of this name; one without a value where the source does not deliver it."""
    return next((k for k in kpis if k.name == name and k.dimension is None), Kpi(name, None, "share", "up"))


def shown_moves(crm: Crm, of_teams: Moved, of_people: Moved, of_wins: Moved) -> list[tuple[Moved, str]]:
    """What moved a figure, where it is shown: of the money the telling one of teams and people; a team's page compares no teams."""
    if crm.team != ALL:
        return [(of_people, "moved-by-rep")]
    told = {id(of_teams): "moved-by-team", id(of_people): "moved-by-rep"}
    return [*[(it, told[id(it)]) for it in most_telling(of_teams, of_people)], (of_wins, "win-rate-by-team")]


def wins_moved(crm: Crm, rate: Kpi) -> Moved:
    """What each team did to the win rate, through its own rate and its weight."""
    return moved(crm, rate, closed, "team", part="won_count", base="closed_count")


def of_money(frame: pd.DataFrame, group: str, crm: Crm) -> list[str]:
    """The columns of a table about money: with goals where somebody has one, with days where somebody was not always there."""
    money, names = money_of(crm), _names(group, crm)
    part = ["here_share"] * (group == "rep" and bool((frame.here_share < 1).any()))
    due = ["due_amount"] * (crm.period.gone < 1)
    goals = ["target_amount", *due, "target_attainment"] * bool(frame.target_amount.notna().any())
    return [
        *names,
        *part,
        money,
        *["order_count"] * crm.has("orders"),
        f"previous_{money}",
        "mom",
        f"year_before_{money}",
        "yoy",
        *goals,
    ]


def of_results(frame: pd.DataFrame, group: str, crm: Crm) -> list[str]:
    """The columns of a table about customers, deals and answers, as delivered."""
    names = _names(group, crm)
    deals = ["won_count", "lost_count", "win_rate", "sales_cycle_days"] * crm.has("opportunities")
    told = ["scores", "csat_top_box"] * crm.has("feedback", "score")
    return [*names, "customer_count", "new_customers", *deals, *told]


def _names(group: str, crm: Crm) -> list[str]:
    return ["team"] if group == "team" else ["rep", "team"] if crm.team == ALL else ["rep"]
