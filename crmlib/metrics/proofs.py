"""The proof of a measure: its category's answers in the ninety days before it was done and after, beside all other categories."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..means import Mean, margin, mean_difference, together
from ..measures import days_between, within
from .deals import no_group
from .feedback import feedback, score_of, sums
from .improvements import done_lately

WINDOW_DAYS = 90
LEAST_SCORE, LEAST_SHARE = 0.2, 0.05  # a smaller change is none that customers would notice
VERDICTS = ("improved", "no clear change", "worse", "too early", "too few answers", "no scores")


@dataclass(frozen=True)
class Proof:
    """Before and after, of the category and of all others; `sign` is −1 where lower is better (problem shares)."""

    before: Mean
    after: Mean
    others_before: Mean
    others_after: Mean
    least: float
    sign: int
    level: float

    @property
    def change(self) -> float | None:
        return _minus(self.after, self.before)

    @property
    def others(self) -> float | None:
        return _minus(self.others_after, self.others_before)

    @property
    def own(self) -> tuple[float, float]:
        """The interval of the category's own change."""
        return mean_difference(self.after, self.before, self.level)

    @property
    def net(self) -> tuple[float, float]:
        """The interval of the category's change minus that of the others; without others the category's own."""
        if self.change is None or self.others is None or math.isnan(self.own[0]):
            return self.own
        means = (self.after, self.before, self.others_after, self.others_before)
        delta, wide = self.change - self.others, margin([(m.error, m.base) for m in means if m.error is not None], self.level)
        return delta - wide, delta + wide

    def verdict(self, least_base: int, whole: bool) -> str:
        """What the numbers allow to say; `whole`: the days after are all there.

        Improved: the category's own change is at least 0.2 points (problem shares: five percentage points) in the good
        direction, and the intervals both of it and of it minus the others' change leave out 0. Worse: likewise the other way.
        """
        if min(self.before.base, self.after.base) < least_base:
            return "too few answers" if whole or self.before.base < least_base else "too early"
        ends = [self.sign * end for end in (*self.own, *self.net)]
        if self.change is None or abs(self.change) < self.least - 1e-9:
            return "no clear change"
        return "improved" if min(ends) > 0 else "worse" if max(ends) < 0 else "no clear change"


def _minus(a: Mean, b: Mean) -> float | None:
    return None if a.value is None or b.value is None else a.value - b.value


def proofs(crm: Crm) -> pd.DataFrame:
    """Whether the answers on a measure's category changed after it was done, of the measures done in the last twelve months.

    Needs improvements: category, done_on; feedback: given_at, category; score (without it: problem shares).
    → frame: improvement_id, category, done_on, verdict, before_<kind>, before_base, after_<kind>, after_base, change_<kind>, low_<kind>,
      high_<kind> (Welch), others_<kind> (the other categories' change over the same days), net_low_<kind>, net_high_<kind>
      (of the change minus the others'); kind is score, or share (of problems); the last done first
    The intervals hold at 99 % for all measures of the table at once (Bonferroni): of twenty measures without effect one would
    else seem to work every few months. Before: the 90 days before done_on; after: from done_on, at most 90 days, up to the period's end. On a team's page of the
    team's own answers. Only what is known at the period's end.
    """
    return crm.once("proofs", lambda: _proofs(crm)).copy()


def kind_of(crm: Crm) -> str:
    """In what proofs are measured: scores, where the source has none problem shares."""
    return "score" if crm.has("feedback", "score") else "share"


def _proofs(crm: Crm) -> pd.DataFrame:
    kind, done = kind_of(crm), done_lately(crm)
    days, out = _daily(crm, min(done.done_on, default=crm.end)), []
    rated = bool(days.scores.sum() if kind == "score" else days.judged.sum())
    for row in done.itertuples():
        proof = _proof(days, row.category, row.done_on, crm.end, kind, together(len(done)))
        whole = row.done_on + timedelta(days=WINDOW_DAYS) <= crm.end
        verdict = proof.verdict(crm.business.min_base, whole) if rated else "no scores"
        known = {"improvement_id": row.improvement_id, "category": row.category, "done_on": row.done_on, "verdict": verdict}
        out.append(known | _said(proof, kind))
    frame = pd.DataFrame(out, columns=["improvement_id", "category", "done_on", "verdict", *_names(kind)])
    return frame.astype({name: float for name in _names(kind) if not name.endswith("_base")})


def _names(kind: str) -> list[str]:
    return [f"before_{kind}", "before_base", f"after_{kind}", "after_base", f"change_{kind}", f"low_{kind}", f"high_{kind}",
            f"others_{kind}", f"net_low_{kind}", f"net_high_{kind}"]  # fmt: skip


def _said(proof: Proof, kind: str) -> dict[str, Any]:
    values = (proof.before.value, int(proof.before.base), proof.after.value, int(proof.after.base), proof.change, *proof.own,
              proof.others, *proof.net)  # fmt: skip
    return dict(zip(_names(kind), values, strict=True))


def _daily(crm: Crm, first: date) -> pd.DataFrame:
    """The sums of each category and day from 90 days before the first measure was done; `day` counts from the period's end."""
    table, start = feedback(crm), first - timedelta(days=WINDOW_DAYS)
    table = table.filter(within(table.given_at, start, crm.end))
    end = ibis.timestamp(crm.end.year, crm.end.month, crm.end.day, 0, 0, 0)
    table = table.mutate(_day=days_between(table.given_at, end), _category=ibis.coalesce(table.category, no_group("category")))
    return table.group_by(day="_day", category="_category").aggregate(**sums(table)).execute()


def _proof(days: pd.DataFrame, category: str, done: date, end: date, kind: str, level: float) -> Proof:
    since = (end - done).days  # days count backwards from the end: the day done is this one
    before = days[(days.day > since) & (days.day <= since + WINDOW_DAYS)]
    after = days[(days.day <= since) & (days.day > since - WINDOW_DAYS)]
    mean = lambda window, own: _mean(window[(window.category == category) == own], kind)  # noqa: E731
    least, sign = (LEAST_SCORE, 1) if kind == "score" else (LEAST_SHARE, -1)
    return Proof(mean(before, True), mean(after, True), mean(before, False), mean(after, False), least, sign, level)


def _mean(days: pd.DataFrame, kind: str) -> Mean:
    total = days.drop(columns=["day", "category"]).sum()
    if kind == "score":
        return score_of(total)
    return Mean(float(total.problem_count), float(total.problem_count), int(total.judged))
