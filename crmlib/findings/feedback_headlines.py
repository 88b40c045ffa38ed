"""The sentence over each figure of the feedback page, and those beside it: what its own numbers show."""

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi, interval
from ..means import mean_interval
from ..metrics import themes
from ..metrics.deals import no_group
from ..metrics.feedback import nps_of, score_of, top_of, totals
from . import Finding, said

HIGHEST = ("rep", "team")  # people are named for the best, things for the worst


def shown_of(kpis: list[Kpi]) -> Kpi:
    """The figure whose course is drawn: the satisfied share, without scores NPS, without either how many answers there are."""
    by_name = {k.name: k for k in kpis}
    rated = [by_name[n] for n in ("csat_top_box", "nps") if by_name[n].base]
    return rated[0] if rated else by_name["answer_count"]


def course(history: pd.DataFrame, kpi: Kpi) -> pd.DataFrame:
    """The drawn figure's columns of the history: the base before the value, which the chart takes last."""
    bases = {"csat_top_box": ["scores"], "nps": ["nps_answers"], "answer_count": []}[kpi.name]
    name = "answers" if kpi.name == "answer_count" else kpi.name
    return history[["period", *bases, name]]


def satisfaction_headline(kpi: Kpi) -> Finding:
    """The drawn figure beside the period before; whether the change is clear. On a small base the counts alone."""
    if kpi.name == "answer_count":
        return said("feedback.answers", count=kpi.value)
    if (kpi.base or 0) < kpi.min_base:
        return said("feedback.few_ratings", count=kpi.base or 0)
    change, value = kpi.change(), "share" if kpi.name == "csat_top_box" else "nps"
    rule = f"feedback.{'satisfied' if value == 'share' else 'recommend'}"
    if change is None or change.why == "small_base":
        return Finding(f"{rule}_alone", values={"base": kpi.base, value: kpi.value})
    kind = "steady" if not change.clear else "up" if (change.delta or 0) > 0 else "down"
    return Finding(f"{rule}_{kind}", values={"base": kpi.base, value: kpi.value, f"before_{value}": kpi.previous})


def satisfaction_says(crm: Crm) -> list[Finding]:
    """How sure the period's figures are: each with its 99 % interval, where the base is sufficient."""
    row, least = totals(crm), crm.business.min_base
    mean, top, recommend = score_of(row), top_of(row), nps_of(row)
    says = []
    if mean.base >= least and mean.error:
        low, high = mean_interval(mean, 1, 5)
        says.append(said("say.csat_mean", score=mean.value, base=int(mean.base), low_score=low, high_score=high))
    if top.base >= least:
        low, high = interval(top)
        says.append(said("say.csat_top_box", share=top.value, part=top.part, base=top.base, low_share=low, high_share=high))
    if recommend.base >= least and recommend.error:
        low, high = mean_interval(recommend, -100, 100)
        says.append(said("say.nps", nps=recommend.value, base=int(recommend.base), low_nps=low, high_nps=high))
    return says


def groups_headline(crm: Crm, frame: pd.DataFrame, group: str) -> Finding:
    """The lowest category, source or product, the highest person or team, of those with enough ratings; else who has most answers."""
    column, base = ("csat_mean", "scores") if "csat_mean" in frame else ("nps", "nps_answers")
    named = frame[frame[group] != no_group(group)]
    if named.empty:
        return said("feedback.unnamed", count=int(frame.answers.sum())) if len(frame) else said("feedback.none_given")
    enough = named[named[base] >= crm.business.min_base] if column in named else named.head(0)
    if len(enough) < 2:
        return _most(named, group, int(frame.answers.sum()))
    end = enough[column].max() if group in HIGHEST else enough[column].min()
    first, value = enough[enough[column] == end], "score" if column == "csat_mean" else "nps"
    way, rating = ("highest" if group in HIGHEST else "lowest"), "" if column == "csat_mean" else "_nps"
    if len(first) > 1:
        return Finding(f"feedback.{way}_alike{rating}", values={"count": len(first), value: float(end)})
    values = {group: first[group].iloc[0], value: float(end), "base": int(first[base].iloc[0])}
    return Finding(f"feedback.{way}_{group}{rating}", values=values)


def _most(named: pd.DataFrame, group: str, total: int) -> Finding:
    first = named[named.answers == named.answers.max()]
    if len(first) > 1:
        return said("feedback.most_alike", count=len(first), part=int(first.answers.iloc[0]), base=total)
    return said(f"feedback.most_{group}", part=int(first.answers.iloc[0]), base=total, **{group: first[group].iloc[0]})


def pareto_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many categories make half of the problems (without ratings: of the answers)."""
    kind = "problem_count" if "problem_count" in frame else "answers"
    total = int(frame[kind].sum())
    if not total:
        return said("feedback.no_problems")
    if frame.category.iloc[0] == no_group("category"):
        return said("feedback.problems_unnamed", part=int(frame[kind].iloc[0]), base=total)
    count = int((frame.cumulative_share < 0.5 - 1e-9).sum()) + 1
    part = int(frame[kind].head(count).sum())
    rule = ("feedback.half_of_problems" if kind == "problem_count" else "feedback.half_of_answers") + (
        "_one" if count == 1 else ""
    )
    return said(rule, count=count, category=frame.category.iloc[0], part=part, base=total)


def themes_headline(frame: pd.DataFrame, found: list[Finding]) -> Finding:
    """The theme that rose, else the most frequent criticism, else the most frequent theme."""
    for finding in found:
        if finding.evidence == "themes":
            return finding
    spoken = frame[(frame.theme != themes.NO_THEME) & (frame.comment_count > 0)]
    if spoken.empty:
        count = int(frame.base.iloc[0]) if len(frame) else 0
        return said("feedback.no_themes", count=count) if count else said("feedback.no_comments")
    critical = spoken[spoken.tone == themes.CRITICISM]
    top, rule = (critical, "criticism") if len(critical) else (spoken, "praise")
    first = top[top.comment_count == top.comment_count.max()]
    if len(first) > 1:
        return said(
            f"feedback.top_{rule}_alike", count=len(first), part=int(first.comment_count.iloc[0]), base=int(first.base.iloc[0])
        )
    return said(
        f"feedback.top_{rule}", theme=first.theme.iloc[0], part=int(first.comment_count.iloc[0]), base=int(first.base.iloc[0])
    )


def themes_says(frame: pd.DataFrame) -> list[Finding]:
    """How many comments have no theme: the word list does not know everything."""
    none = frame[frame.theme == themes.NO_THEME]
    return [said("say.no_theme", part=int(r.comment_count), base=int(r.base)) for r in none.itertuples() if r.base]


def risen_theme(found: list[Finding]) -> str | None:
    return next((f.values["theme"] for f in found if f.evidence == "themes"), None)


def words_headline(frame: pd.DataFrame) -> Finding:
    if frame.empty:
        return said("feedback.no_words")
    first = frame.iloc[0]
    values = {"term": first.term, "part": int(first.comment_count), "base": int(first.base), "others_base": int(first.others_base),
              "others_part": int(first.others_count)}  # fmt: skip
    return (
        said("feedback.word_unhappy", **values)
        if first.group == "unhappy"
        else said("feedback.word", category=first.group, **values)
    )


def products_headline(frame: pd.DataFrame, found: list[Finding]) -> Finding:
    """The product that stands out, else the one with most problems."""
    for finding in found:
        if finding.rule == "feedback.product":
            return finding
    named = frame[(frame["product"] != no_group("product")) & (frame.problem_count > 0)]
    if named.empty:
        return said("feedback.no_product")
    first, total = named[named.problem_count == named.problem_count.max()], int(frame.problem_count.sum())
    if len(first) > 1:
        return said("feedback.products_alike", count=len(first), part=int(first.problem_count.iloc[0]), base=total)
    return said("feedback.top_product", product=first["product"].iloc[0], part=int(first.problem_count.iloc[0]), base=total)


def lines_headline(frame: pd.DataFrame) -> Finding:
    """The product line with most complaints."""
    renamed = frame.rename(columns={"product_line": "product"})
    finding = products_headline(renamed, [])
    if finding.rule != "feedback.top_product":
        return finding
    values = {k: v for k, v in finding.values.items() if k != "product"}
    return said("feedback.top_line", product_line=finding.values["product"], **values)


def improvements_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many measures are open, how many of them overdue, and how many were done in the last twelve months."""
    if frame.empty:
        return said("feedback.no_measures")
    still = int(frame.state.isin(["open", "overdue"]).sum())
    return said(
        "feedback.measures", count=still, overdue_count=int((frame.state == "overdue").sum()), done_count=len(frame) - still
    )


def proofs_headline(frame: pd.DataFrame) -> Finding:
    """Of the measures done, after how many the category's answers improved clearly."""
    if frame.empty:
        return said("feedback.nothing_done")
    return said("feedback.proofs", part=int((frame.verdict == "improved").sum()), base=len(frame))


def improved(frame: pd.DataFrame) -> str | None:
    """The row of the proofs to be marked: the last measure that worked."""
    works = frame[frame.verdict == "improved"]
    return works.improvement_id.iloc[0] if len(works) else None


def lowest(found: list[Finding]) -> str | None:
    """The category that is the finding, to be marked."""
    return next((f.values["category"] for f in found if f.evidence == "by-category"), None)


def unit_of(frame: pd.DataFrame) -> str:
    """In what groups are drawn: mean scores, where there are none NPS, without ratings shares of the answers."""
    return next((unit for column, unit in (("csat_mean", "score"), ("nps", "points")) if column in frame), "share")
