"""Feedback side by side: by source, category, product, person or team, and period by period."""

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import Share, interval
from ..means import Mean, mean_interval
from ..measures import within
from ..periods import year_earlier
from .deals import no_group, which
from .feedback import answers, feedback, nps_of, of_period, order_counts, problems_of, score_of, sums, top_of
from .names import named

GROUPS = {"team": "_team", "rep": "rep_id", "source": "source", "category": "category", "product": "product"}
MEASURES = ["answers", "share", "scores", "csat_mean", "low_score", "high_score", "csat_top_box", "low_share", "high_share",
            "nps_answers", "nps", "low_nps", "high_nps", "judged", "problem_count", "problem_rate"]  # fmt: skip
SCORES, NPS = MEASURES[2:9], MEASURES[9:13]


def sums_by(crm: Crm, group: str, start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """The sums of each group's answers in the period (or from `start` until before `end`).

    → frame: <group> (persons by id, rows of no group by their name), then feedback.sums; made once for a handle
    """

    def make() -> pd.DataFrame:
        table = of_period(crm) if start is None else answers(crm, start, end)
        return table.group_by(**{group: ibis.coalesce(table[GROUPS[group]], no_group(group))}).aggregate(**sums(table)).execute()

    return crm.once(f"feedback by {group} {start} {end}", make)


def answers_by(crm: Crm, group: str) -> pd.DataFrame:
    """The figures of the answers of each source, category, product, rep or team.

    Needs feedback: given_at and the group's column; score, nps as delivered.
    → frame: <group>, answers, scores, csat_mean, low_score, high_score (99 %), csat_top_box, nps_answers, nps, judged, problem_count,
      problem_rate; without scores NPS has the interval (low_nps, high_nps), without any rating the share of all answers stands
      instead; most answers first, rows of no group last.
      Rows add up to the figures of the whole view.
    """
    frame = sums_by(crm, group)
    frame = frame.assign(_last=frame[group] == no_group(group), **{group: named(crm, group, frame[group])})
    frame = frame.sort_values(["_last", "answers", group], ascending=[True, False, True]).reset_index(drop=True)
    made = _delivered(crm, pd.concat([frame[[group]], _figures(frame, crm.business.min_base)], axis=1))
    beside = [
        "low_share",
        "high_share",
        *(["share", "low_nps", "high_nps"] if "csat_mean" in made else ["share"] if "nps" in made else []),
    ]
    return made.drop(columns=beside, errors="ignore")  # one interval a row: of the rating by which groups are compared


def answers_by_period(crm: Crm, count: int = 13) -> pd.DataFrame:
    """The figures of the answers of each period up to this one. → frame: period, MEASURES as delivered; oldest first

    Needs feedback: given_at; score, nps as delivered; orders for complaint_rate. Intervals at 99 %, of shares on a sufficient
    base only. Periods before the data began are left out.
    """
    periods, table = crm.period.trailing(count), feedback(crm)
    table = table.mutate(_period=which(table.given_at, periods)).filter(lambda t: t._period >= 0)
    found = table.group_by("_period").aggregate(**sums(table)).execute().set_index("_period")
    found = found.reindex(range(count)).fillna(0).reset_index(drop=True)
    frame = pd.concat([pd.DataFrame({"period": periods}), _figures(found, crm.business.min_base)], axis=1)
    if crm.has("orders"):
        frame["order_count"] = order_counts(crm, periods)
        frame["complaint_rate"] = frame.problem_count / frame.order_count.replace(0, np.nan)
    frame = frame[(frame.answers > 0).cummax()].drop(columns="share")
    return _delivered(crm, frame.reset_index(drop=True))


def _figures(frame: pd.DataFrame, min_base: int) -> pd.DataFrame:
    total = frame.answers.sum() or np.nan
    rows = [
        {"answers": int(row["answers"]), "share": row["answers"] / total, **_scores(row, min_base), **_nps(row), "judged": int(row["judged"]),
         "problem_count": int(row["problem_count"]), "problem_rate": problems_of(row).value}
        for row in frame.to_dict("records")
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=MEASURES)
    rates = [c for c in MEASURES if c not in ("answers", "scores", "nps_answers", "judged", "problem_count")]
    return made.astype(dict.fromkeys(rates, float))


def _scores(row: dict[str, Any], min_base: int) -> dict[str, Any]:
    mean, top = score_of(row), top_of(row)
    low, high = mean_interval(mean, 1, 5)
    share = interval(top) if top.base >= min_base else (np.nan, np.nan)
    return {"scores": int(mean.base), "csat_mean": mean.value, "low_score": low, "high_score": high, "csat_top_box": top.value,
            "low_share": share[0], "high_share": share[1]}  # fmt: skip


def _nps(row: dict[str, Any]) -> dict[str, Any]:
    mean = nps_of(row)
    low, high = mean_interval(mean, -100, 100)
    return {"nps_answers": int(mean.base), "nps": mean.value, "low_nps": low, "high_nps": high}


def _delivered(crm: Crm, frame: pd.DataFrame) -> pd.DataFrame:
    absent = {"score": SCORES, "nps": NPS}
    return frame.drop(columns=[c for rating, columns in absent.items() if not crm.has("feedback", rating) for c in columns])


def measure_of(crm: Crm) -> str | None:
    """By what groups are compared: the scores, where there are none NPS; None where nothing is rated."""
    return next((m for m in ("score", "nps") if crm.has("feedback", m)), None)


def mean_of(row: Any, measure: str) -> Mean:
    """The mean of some sums in the measure that the source has."""
    return score_of(row) if measure == "score" else nps_of(row)


def pareto(crm: Crm) -> pd.DataFrame:
    """Problems by category, the most first, with their share and the share of all so far, beside the twelve months before.

    Needs feedback: given_at, category; ratings or complaints named (without them every answer counts).
    → frame: category, problem_count, share, cumulative_share, before_problem_count, before_share (0..1); where no answer is
      judged, answers and before_answers stand instead of the problems
    """
    start = crm.period.start
    counted = "problem_count" if sums_by(crm, "category").judged.sum() else "answers"
    now = sums_by(crm, "category").set_index("category")[counted]
    before = sums_by(crm, "category", year_earlier(start), start).set_index("category")[counted]
    frame = pd.DataFrame({"counted": now[now > 0]}).reset_index().sort_values(["counted", "category"], ascending=[False, True])
    frame["share"] = frame.counted / frame.counted.sum()
    frame["cumulative_share"] = frame.counted.cumsum() / frame.counted.sum()
    frame["before_counted"] = frame.category.map(before).fillna(0).astype(int)
    frame["before_share"] = frame.before_counted / before.sum() if before.sum() else np.nan
    frame = frame.rename(columns={"counted": counted, "before_counted": f"before_{counted}"})
    return frame.reset_index(drop=True)


def complaints_by_product(crm: Crm) -> pd.DataFrame:
    """Complaints (problems) by product, beside the orders of the period that hold it.

    Needs feedback: given_at, product; ratings; order_lines: product, category and orders: ordered_at for the rates on orders.
    → frame: product, product_line (its category in order_lines, where there is one), answers, judged, problem_count, problem_rate
      (of the answers judged), order_count, complaint_rate (on orders); most problems first
    """
    return crm.once("complaints by product", lambda: _by_product(crm)).copy()


def _by_product(crm: Crm) -> pd.DataFrame:
    frame = sums_by(crm, "product")[["product", "answers", "judged", "problem_count"]]
    frame["problem_rate"] = [Share(p, j).value for p, j in zip(frame.problem_count, frame.judged, strict=True)]
    if crm.has("order_lines") and crm.has("orders"):
        frame = frame.merge(_ordered(crm), on="product", how="left", validate="one_to_one")
        frame["order_count"] = frame.order_count.fillna(0).astype(int).where(frame["product"] != no_group("product"))
        frame["complaint_rate"] = frame.problem_count / frame.order_count.where(frame.order_count > 0)
        if crm.has("order_lines", "category"):
            frame.insert(1, "product_line", frame.pop("product_line"))
        else:
            frame = frame.drop(columns="product_line")
    frame["_last"] = frame["product"] == no_group("product")
    frame = frame.sort_values(["_last", "problem_count", "answers", "product"], ascending=[True, False, False, True])
    return frame.drop(columns="_last").astype({"problem_rate": float}).reset_index(drop=True)


def _ordered(crm: Crm) -> pd.DataFrame:
    """Each product's line, and how many orders of the period hold it (returned units are no order)."""
    lines = crm.table("order_lines", "order_id", "product", "category", "quantity", "_team")
    here = within(lines._at, crm.period.start, crm.period.end) & (lines.quantity > 0)
    return (
        lines.group_by("product")
        .aggregate(order_count=lines.order_id.nunique(where=here), product_line=lines.category.max())
        .execute()
    )


def complaints_by_line(crm: Crm) -> pd.DataFrame:
    """Complaints by product line: the categories of order_lines. → frame: product_line, answers, judged, problem_count, problem_rate

    Needs as `complaints_by_product`. Where order_lines names no category every product is its own line.
    """
    frame = complaints_by_product(crm)
    line = frame["product_line"] if "product_line" in frame else frame["product"]
    frame = frame.assign(product_line=line.fillna(no_group("product")))
    frame = frame.groupby("product_line", as_index=False)[["answers", "judged", "problem_count"]].sum()
    frame["problem_rate"] = frame.problem_count / frame.judged.where(frame.judged > 0)
    frame["_last"] = frame.product_line == no_group("product")
    frame = frame.sort_values(["_last", "problem_count", "product_line"], ascending=[True, False, True])
    return frame.drop(columns="_last").reset_index(drop=True)
