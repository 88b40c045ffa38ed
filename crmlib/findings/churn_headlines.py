"""The sentence over each figure of churn, and those beside it."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from .. import texts
from ..crm import Crm
from ..metrics import gaps
from ..metrics.lives import contractual
from ..models import churn, churn_figures
from ..models.drift import SLIGHT, STRONG
from ..models.judged import Judged
from . import Finding, render, said
from .churn import too_little


def _unless_lacking(crm: Crm) -> Finding | None:
    lacks = churn.report(crm).lacks
    return too_little(lacks) if lacks else None


def bands_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many customers are more likely to leave than to stay, and what is expected to go with all."""
    if lacking := _unless_lacking(crm):
        return lacking
    most, base = frame.iloc[-1], int(frame.customer_count.sum())
    if not base:
        return said("churn.nobody")
    if frame.loss_amount.sum() > 0:
        return said("churn.bands", part=int(most.customer_count), base=base, share=most.loss_amount / frame.loss_amount.sum())
    return said("churn.bands_counts", part=int(most.customer_count), base=base)


def bands_says(crm: Crm) -> list[Finding]:
    """What leaving means here, and what silence customers come back from."""
    days = crm.business.churn_horizon_days
    if contractual(crm):
        return [said("say.leaves_by_contract", days=days), said("say.reason_to_ask")]
    after, figure = crm.business.inactive_after_days, gaps.suggested_inactive_days(crm)
    rule = [said("say.leaves_silently", days=days, after_days=after)]
    if figure.value:
        rule.append(said("say.silence", after_days=after, suggested_days=figure.value))
    return [*rule, said("say.reason_to_ask")]


def teams_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """The team with the most at stake."""
    if lacking := _unless_lacking(crm):
        return lacking
    if frame.empty or not frame.customer_count.sum():
        return said("churn.nobody")
    measure = "loss_amount" if frame.loss_amount.sum() > 0 else "expected_count"
    top = frame.loc[frame[measure].astype(float).idxmax()]
    rule = "churn.most_at_stake" if measure == "loss_amount" else "churn.most_leavers"
    values = {"loss_amount": float(top.loss_amount)} if measure == "loss_amount" else {"count": round(top.expected_count)}
    return Finding(rule, values=values | {"team": top.team, "part": int(top.warned_count)})


def warnings_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many to call, and how many are left alone because they asked for it."""
    if lacking := _unless_lacking(crm):
        return lacking
    sums = churn_figures.tally(crm)
    if frame.empty:
        return said("churn.nobody_to_call", base=int(sums.customer_count))
    return said("churn.to_call", part=len(frame), base=int(sums.warned_count), left_count=int(sums.left_alone_count))


def past_headline(was: Judged) -> Finding:
    """What came of the warnings of the period before."""
    if not was.precision.base:
        return said("churn.past_none")
    part, base = int(was.precision.part), int(was.precision.base)
    if was.final:
        return said("churn.past_final", part=part, base=base)
    if was.by_contract:
        return said("churn.past_ended", part=part, base=base)
    return said("churn.past_so_far", part=part, base=base, most_part=int(was.precision_at_most.part))


def past_note(crm: Crm, was: Judged) -> Callable[[str], str] | None:
    """That outcomes are so far, where they are."""
    open_ = was.scored and not was.final and not contractual(crm)
    return (lambda lang: render(said("say.past_so_far"), "title", lang)) if open_ else None


def candidates_headline(crm: Crm) -> Finding:
    """The model that was taken, beside the best and the baseline."""
    card = churn.report(crm).card
    if card is None:
        return _unless_lacking(crm) or said("churn.nobody")
    values = {"model": card.model, "auc_share": card.auc, "baseline": card.baseline, "baseline_share": card.baseline_auc}
    return Finding("churn.taken" if card.beats else "churn.taken_no_better", values=values)


def candidates_note(crm: Crm) -> Callable[[str], str] | None:
    """How they were tested, and how one of them is taken."""
    card = churn.report(crm).card
    if card is None:
        return None
    tested = said("say.out_of_time", on=card.test_on) if card.test_on else said("say.cross_validated")
    return lambda lang: " ".join(render(one, "title", lang) for one in (tested, said("say.simplest")))


def taken(crm: Crm) -> str | None:
    """The model that was taken: its row is the finding."""
    card = churn.report(crm).card
    return card.model if card else None


def called(crm: Crm) -> str:
    """How many can be called, as the table says it."""
    return f"{crm.business.contact_share:.0%}"


def predicted_heads(lang: str) -> tuple[str, str]:
    """What stands over the numbers of a chart of what was predicted and what came."""
    return texts.column("left_share", lang), texts.column("predicted_share", lang)


def calibration_headline(crm: Crm) -> Finding:
    card = churn.report(crm).card
    if card is None:
        return _unless_lacking(crm) or said("churn.nobody")
    return said("churn.calibrated", delta=card.ece)


def gain_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What the highest tenth holds of all who left."""
    if lacking := _unless_lacking(crm):
        return lacking
    top = frame.iloc[0]
    return said("churn.gain", share=top.gained_share, part=int(top.left_count), base=int(frame.left_count.sum()))


def calls_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """What the share that can be called would have brought."""
    if lacking := _unless_lacking(crm):
        return lacking
    now = frame[(frame.called_share - crm.business.contact_share).abs() < 1e-9]
    if now.empty or not crm.has("orders"):
        return said("churn.calls_unknown")
    row = now.iloc[0]
    values = {
        "share": row.called_share,
        "count": int(row.contact_count),
        "part": int(row.left_count),
        "net_amount": row.net_amount,
    }
    return Finding("churn.calls" if row.net_amount >= 0 else "churn.calls_lose", values=values)


def calls_says(crm: Crm) -> list[Finding]:
    """The rule by which customers are called, with what it rests on."""
    business = crm.business
    rule = "say.call_rule" if business.contact_cost else "say.call_rule_free"
    values: dict[str, Any] = {"share": business.contact_share, "saved_share": business.save_rate}
    return [said(rule, **values | ({"cost_amount": business.contact_cost} if business.contact_cost else {}))]


def drivers_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    if lacking := _unless_lacking(crm):
        return lacking
    strong = frame[frame.auc_fall > 2 * frame.fall_spread]
    return said("churn.drivers", feature=strong.feature.iloc[0], count=len(strong)) if len(strong) else said("churn.no_drivers")


def drivers_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.shuffled"), said("say.no_cause")] if len(frame) else []


def profiles_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """Between which probabilities the strongest column alone moves the customers."""
    if lacking := _unless_lacking(crm):
        return lacking
    if frame.empty:
        return said("churn.no_drivers")
    first = frame[frame.feature == frame.feature.iloc[0]].expected_share
    return said(
        "churn.profile", feature=frame.feature.iloc[0], low_rate_share=float(first.min()), high_rate_share=float(first.max())
    )


def drift_headline(crm: Crm, frame: pd.DataFrame) -> Finding:
    """How many columns changed, and whether the probabilities did."""
    if lacking := _unless_lacking(crm):
        return lacking
    whole = churn.drifted(crm)
    strong, slight = int((whole.psi >= STRONG).sum()), int(((whole.psi >= SLIGHT) & (whole.psi < STRONG)).sum())
    score = float(whole.psi[whole.feature == churn.SCORE].iloc[0])
    rule = "churn.drift_none" if not strong + slight else "churn.drift"
    return said(rule, base=len(whole), count=strong, slight_count=slight, psi_score=score)


def card_headline(crm: Crm) -> Finding:
    card = churn.report(crm).card
    if card is None:
        return _unless_lacking(crm) or said("churn.nobody")
    return said("churn.card", model=card.model, row_count=card.rows, on=card.fitted_on)


def left_out(crm: Crm) -> pd.DataFrame:
    """Columns that say nothing in this source. → frame: feature, why_not"""
    card = churn.report(crm).card
    rows = [(f"feature {name}", why) for name, why in card.left_out] if card else []
    return pd.DataFrame(rows, columns=["feature", "why_not"])
