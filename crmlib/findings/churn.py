"""What the numbers of churn say: rules with their thresholds, each tested at its edge."""

from ..crm import ALL, Crm
from ..kpi import Figure
from ..metrics import gaps
from ..models import churn, churn_figures, churn_tables, drift, snapshots
from ..models.fitting import CROSSED
from ..models.judged import SILENT, Judged
from . import Finding, ordered, said

MISCALIBRATED = 0.03  # from this calibration error on probabilities are no percentages to plan with
FAR = 1.5  # times the setting: from here on the suggestion for inactive_after_days is another one
DEEPER = 2.0  # times the share that is called now: what calling so many would bring


def findings(crm: Crm, was: Judged) -> list[Finding]:
    """All findings of the page, the gravest first. `was`: what came of the period before."""
    lacks = churn.report(crm).lacks
    if lacks:
        return [too_little(lacks), *silence(crm)]
    if not churn_figures.tally(crm).customer_count:  # how good the company's model is says nothing to a team without customers
        return [said("churn.nobody")]
    found = [
        *stake(crm),
        *no_better(crm),
        *miscalibrated(crm),
        *drifted(crm),
        *deeper(crm),
        *warned(was),
        *untested(crm),
        *silence(crm),
        *trusted(crm),
    ]
    return ordered(found, "churn.nobody")


def too_little(lacks) -> Finding:
    """Why there is no model: n of what is needed."""
    if lacks.what == "days":
        return said("churn.too_few_days", days=lacks.n, needed_days=lacks.needed)
    return said("churn.too_little", count=lacks.n, what=f"needed {lacks.what}", needed_count=lacks.needed)


def stake(crm: Crm) -> list[Finding]:
    """How many are likely to leave, what goes with them, how many to call and what that is worth; or that nobody is to be called."""
    sums = churn_figures.tally(crm)
    if not sums.warned_count:
        return [said("churn.nobody")]
    values = {
        "count": round(sums.expected_count),
        "base": int(sums.customer_count),
        "part": int(sums.warned_count),
        "days": crm.business.churn_horizon_days,
    }
    worth = churn_figures.call_value(crm).value
    if worth is not None and sums.loss_amount > 0:
        values |= {"loss_amount": float(sums.loss_amount), "warned_amount": float(sums.warned_amount), "net_amount": worth}
    rule = "churn.stake" if worth is not None and sums.loss_amount > 0 else "churn.stake_counts"
    view = "" if crm.team == ALL else "_team"
    return [
        Finding(
            f"{rule}{view}",
            "warning",
            values | ({"team": crm.team} if view else {}),
            "by-team" if crm.team == ALL else "warnings",
        )
    ]


def no_better(crm: Crm) -> list[Finding]:
    """The model ranks no better than the one-line baseline, by more than one standard error."""
    card = churn.report(crm).card
    if card is None or card.beats:
        return []
    return [
        said(
            "churn.no_better",
            "warning",
            "candidates",
            auc_share=card.auc,
            baseline_share=card.baseline_auc,
            model=card.model,
            baseline=card.baseline,
        )
    ]


def trusted(crm: Crm) -> list[Finding]:
    """How far the model can be relied on: on a later time it beats the baseline, what it says comes true, and nobody has changed since."""
    card = churn.report(crm).card
    if card is None or card.how == CROSSED or not card.beats or card.ece > MISCALIBRATED or drifted(crm):
        return []
    if min(card.tested_leavers, card.tested_rows - card.tested_leavers) < crm.business.min_base:
        return []
    values = {
        "auc_share": card.auc,
        "baseline_share": card.baseline_auc,
        "delta": card.ece,
        "model": card.model,
        "baseline": card.baseline,
    }
    return [said("churn.trusted", "info", "candidates", **values)]


def miscalibrated(crm: Crm) -> list[Finding]:
    """Probabilities are clearly, and further than can be planned with, from what came true."""
    card = churn.report(crm).card
    if card is None or not card.off or card.ece <= MISCALIBRATED:
        return []
    return [said("churn.miscalibrated", "warning", "calibration", delta=card.ece)]


def drifted(crm: Crm) -> list[Finding]:
    """The model's own probabilities, or one of its strongest columns, are spread quite differently from when it was fitted."""
    found = churn.drifted(crm)
    watched = {churn.SCORE, *churn.report(crm).frames["profiles"].feature}
    strong = found[(found.psi >= drift.STRONG) & found.feature.isin(watched)]
    if strong.empty:
        return []
    feature = f"feature {strong.feature.iloc[0]}"
    return [said("churn.drifted", "warning", "drift", count=len(strong), feature=feature, psi_score=float(strong.psi.iloc[0]))]


def deeper(crm: Crm) -> list[Finding]:
    """Calling twice as many would have brought more, cost taken off: not cost is the limit, but how many can be called.

    Worked out on the customers tested, who may be a sample, and said of as many as there are today.
    """
    table, business = churn_tables.calls(crm), crm.business
    if crm.team != ALL or not business.contact_cost or not crm.has("orders"):
        return []
    now, then = (
        table[(table.called_share - share).abs() < 1e-9] for share in (business.contact_share, DEEPER * business.contact_share)
    )
    if now.empty or then.empty or then.net_amount.iloc[0] <= now.net_amount.iloc[0]:
        return []
    today = churn_figures.tally(crm).customer_count / table.contact_count.max()
    more = float(then.net_amount.iloc[0] - now.net_amount.iloc[0]) * today
    return [said("churn.deeper", "opportunity", "calls", share=then.called_share.iloc[0], before_share=now.called_share.iloc[0],
                 more_amount=more, count=round((then.contact_count.iloc[0] - now.contact_count.iloc[0]) * today))]  # fmt: skip


def warned(was: Judged) -> list[Finding]:
    """What came of the warnings of the period before: for good, or so far."""
    if not was.precision.base:
        return []
    values = {"part": int(was.precision.part), "base": int(was.precision.base), "missed_amount": was.missed_amount}
    if not was.final:
        missed, silent = was.left - int(was.precision.part), int(was.sum(outcome=SILENT, warned=True))
        values |= {"days": was.passed, "missed_count": missed}
        if was.by_contract:
            return [Finding("churn.warned_ended", "info", values, "past")]
        return [
            Finding(
                "churn.warned_so_far",
                "info",
                values | {"silent_count": silent},
                "past",
            )
        ]
    shares = {"share": was.precision.value, "others_share": was.left / was.scored, "recall_share": was.recall.value}
    return [Finding("churn.warned_right", "info", values | shares, "past")]


def untested(crm: Crm) -> list[Finding]:
    """The model could not be tested on a later time: it is judged by customers of the same time."""
    card = churn.report(crm).card
    if card is None or card.how != CROSSED or card.short_of is None:
        return []
    short = card.short_of
    if short.what == "days":
        return [said("churn.untested_days", "info", "candidates", days=short.n, needed_days=short.needed)]
    return [said("churn.untested", "info", "candidates", count=short.n, what=f"needed {short.what}", needed_count=short.needed)]


def silence(crm: Crm) -> list[Finding]:
    """Customers come back after much longer, or never after much shorter silence than the setting says."""
    figure: Figure = gaps.suggested_inactive_days(crm)
    days = crm.business.inactive_after_days
    if not figure.value or (figure.base or 0) < crm.business.min_base or days / FAR <= figure.value <= days * FAR:
        return []
    if figure.value < days and snapshots.cutoffs(crm).days < gaps.WITHIN:
        return []  # in so short a past long gaps cannot be seen
    rule = "churn.silence_longer" if figure.value > days else "churn.silence_shorter"
    return [said(rule, "info", days=days, suggested_days=figure.value, base=figure.base)]
