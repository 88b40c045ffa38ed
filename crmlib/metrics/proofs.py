"""The proof of a measure: its category's answers in the ninety days before it was done and after, beside all other categories."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import Crm
from ..means import Mean, margin, mean_difference
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

    @property
    def change(self) -> float | None:
        return _minus(self.after, self.before)

    @property
    def others(self) -> float | None:
        return _minus(self.others_after, self.others_before)

    @property
    def net(self) -> tuple[float, float] | None:
        """The 99 % interval of the category's change minus that of the others; without others the category's own."""
        means = (self.after, self.before, self.others_after, self.others_before)
        if self.change is None or self.after.error is None or self.before.error is None:
            return None
        if self.others is None:
            return mean_difference(self.after, self.before)
        delta = self.change - self.others
        wide = margin([(m.error, m.base) for m in means if m.error is not None])
        return delta - wide, delta + wide

    def verdict(self, least_base: int, whole: bool) -> str:
        """What the numbers allow to say.

        Improved: the category's own change is at least 0.2 points (problem shares: five percentage points) in the good
        direction, and the 99 % intervals both of it and of it minus the others' change leave out 0. Worse: likewise the other way.
        """
        if min(self.before.base, self.after.base) < least_base:
            return "too few answers" if whole or self.before.base < least_base else "too early"
        own, net = mean_difference(self.after, self.before), self.net
        if self.change is None or net is None or abs(self.change) < self.least:
            return "no clear change"
        if min(self.sign * own[0], self.sign * own[1], self.sign * net[0], self.sign * net[1]) > 0:
            return "improved"
        return (
            "worse"
            if max(self.sign * own[0], self.sign * own[1], self.sign * net[0], self.sign * net[1]) < 0
            else "no clear change"
        )


def _minus(a: Mean, b: Mean) -> float | None:
    return None if a.value is None or b.value is None else a.value - b.value


def proofs(crm: Crm) -> pd.DataFrame:
    """Whether the answers on a measure's category changed after it was done, of the measures done in the last twelve months.

    Needs improvements: category, done_on; feedback: given_at, category; score (without it: problem shares).
    → frame: improvement_id, category, done_on, before_<kind>, before_base, after_<kind>, after_base, change_<kind>, low_<kind>,
      high_<kind> (99 %, Welch), others_<kind> (the other categories' change over the same days), net_low_<kind>, net_high_<kind>
      (99 % interval of the change minus the others'), verdict; kind is score, or share (of problems); the last done first
    Before: the 90 days before done_on; after: from done_on, at most 90 days, up to the period's end. On a team's page of the
    team's own answers. Only what is known at the period's end.
    """
    return crm.once("proofs", lambda: _proofs(crm)).copy()


def kind_of(crm: Crm) -> str:
    """In what proofs are measured: scores, where the source has none problem shares."""
    return "score" if crm.has("feedback", "score") else "share"


def _proofs(crm: Crm) -> pd.DataFrame:
    kind, done = kind_of(crm), done_lately(crm)
    days = _daily(crm, min(done.done_on)) if len(done) else None
    out = []
    for row in done.itertuples():
        proof, whole = (
            _proof(days, row.category, row.done_on, crm.end, kind),
            row.done_on + timedelta(days=WINDOW_DAYS) <= crm.end,
        )
        out.append({"improvement_id": row.improvement_id, "category": row.category, "done_on": row.done_on, **_said(proof, kind),
                    "verdict": proof.verdict(crm.business.min_base, whole) if _measurable(days) else "no scores"})  # fmt: skip
    return pd.DataFrame(out, columns=["improvement_id", "category", "done_on", *_names(kind), "verdict"])


def _names(kind: str) -> list[str]:
    return [f"before_{kind}", "before_base", f"after_{kind}", "after_base", f"change_{kind}", f"low_{kind}", f"high_{kind}",
            f"others_{kind}", f"net_low_{kind}", f"net_high_{kind}"]  # fmt: skip


def _said(proof: Proof, kind: str) -> dict[str, Any]:
    low, high = mean_difference(proof.after, proof.before)
    net_low, net_high = proof.net or (float("nan"), float("nan"))
    values = (proof.before.value, int(proof.before.base), proof.after.value, int(proof.after.base), proof.change, low, high,
              proof.others, net_low, net_high)  # fmt: skip
    return dict(zip(_names(kind), values, strict=True))


def _daily(crm: Crm, first: date) -> pd.DataFrame:
    """The sums of each category and day from 90 days before the first measure was done; `day` counts from the period's end."""
    table, start = feedback(crm), first - timedelta(days=WINDOW_DAYS)
    table = table.filter(within(table.given_at, start, crm.end))
    end = ibis.timestamp(crm.end.year, crm.end.month, crm.end.day, 0, 0, 0)
    table = table.mutate(_day=days_between(table.given_at, end), _category=ibis.coalesce(table.category, no_group("category")))
    return table.group_by(day="_day", category="_category").aggregate(**sums(table)).execute()


def _measurable(days: pd.DataFrame | None) -> bool:
    return days is not None and bool(days.scores.sum() or days.judged.sum())


def _proof(days: pd.DataFrame, category: str, done: date, end: date, kind: str) -> Proof:
    since = (end - done).days  # days count backwards from the end: the day done is this one
    before = days[(days.day > since) & (days.day <= since + WINDOW_DAYS)]
    after = days[(days.day <= since) & (days.day > since - WINDOW_DAYS)]
    means = [_mean(w[(w.category == category) == own], kind) for own in (True, False) for w in (before, after)]
    least, sign = (LEAST_SCORE, 1) if kind == "score" else (LEAST_SHARE, -1)
    return Proof(*means, least, sign)


def _mean(days: pd.DataFrame, kind: str) -> Mean:
    total = days.drop(columns=["day", "category"]).sum()
    if kind == "score":
        return score_of(total)
    return Mean(float(total.problem_count), float(total.problem_count), int(total.judged))
