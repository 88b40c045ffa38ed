"""What the work shared by a period's reports rests on: rules with their thresholds, and the sentences over its tables."""

import pandas as pd

from ..crm import Crm
from ..kpi import Kpi
from ..metrics import shared
from ..models import period as models
from . import Finding, ordered, said

FEW_THEMES = 0.5  # of the comments of a language with a theme: below it the list of words needs work
UNNAMED, UNASSIGNED = 0.2, 0.1  # rows without a customer, customers without a team: above it figures leave too much out


def findings(crm: Crm, kpis: list[Kpi], trained: pd.DataFrame) -> list[Finding]:
    """All findings of the page, the gravest first."""
    by_name = {k.name: k for k in kpis}
    found = [*unnamed(crm), *unassigned(by_name["assigned_share"], crm), *few_themes(crm), *weak(trained)]
    made = [one for one in [models_headline(trained)] if one.rule == "prepare.models"]
    return [*ordered(found, "prepare.quiet"), *made]


def weak(trained: pd.DataFrame) -> list[Finding]:
    """Models that are no better than what needs no model, or whose groups are not found again."""
    return [
        said("prepare.model_weak", "warning", "models", model=r.trained_model, measure=r.judged_by, value=r.measured, baseline=r.baseline_measured)
        for r in trained.itertuples()
        if r.verdict not in (*models.HOLDS, models.LACKING)
    ]  # fmt: skip


def unnamed(crm: Crm) -> list[Finding]:
    """Tables of which many rows of the period belong to no customer."""
    return [
        said("prepare.unnamed", "warning", "named", table=r.table, share=1 - r.share, part=int(r.base - r.named_count), base=int(r.base))
        for r in shared.rows_named(crm).itertuples()
        if r.base >= crm.business.min_base and 1 - r.share > UNNAMED
    ]  # fmt: skip


def unassigned(kpi: Kpi, crm: Crm) -> list[Finding]:
    """Many customers who belong to no team: they are on no team's page. (Without any team there are none to belong to.)"""
    if not crm.teams or kpi.value is None or (kpi.base or 0) < kpi.min_base or 1 - kpi.value <= UNASSIGNED:
        return []
    return [
        said("prepare.unassigned", "warning", share=1 - kpi.value, part=int((kpi.base or 0) - (kpi.part or 0)), base=kpi.base)
    ]


def few_themes(crm: Crm) -> list[Finding]:
    """Languages in which the list of words knows a theme of few comments."""
    if not crm.has("feedback", "comment"):
        return []
    return [
        said("prepare.few_themes", "warning", "languages", language=r.language, share=r.share, part=int(r.themed_count), base=int(r.base))
        for r in shared.comments_by_language(crm).itertuples()
        if r.base >= crm.business.min_base and r.share < FEW_THEMES
    ]  # fmt: skip


def work_headline(frame: pd.DataFrame) -> Finding:
    """How much was worked out once."""
    return said("prepare.work", count=len(frame), row_count=int(frame.row_count.sum()))


def models_headline(frame: pd.DataFrame) -> Finding:
    """How many models were trained, and how many of them are better than what needs no model."""
    made = frame[frame.verdict != models.LACKING]
    if made.empty:
        return said("prepare.no_models")
    return said("prepare.models", "info", "models", part=int(made.verdict.isin(models.HOLDS).sum()), base=len(made))


def named_headline(frame: pd.DataFrame) -> Finding:
    """How many rows of the period belong to a customer."""
    part, base = int(frame.named_count.sum()), int(frame.base.sum())
    return said("prepare.named", part=part, base=base) if base else said("prepare.no_rows")


def languages_headline(frame: pd.DataFrame) -> Finding:
    """Of how many comments the list of words knows a theme."""
    part, base = int(frame.themed_count.sum()), int(frame.base.sum())
    return said("prepare.themed", part=part, base=base) if base else said("prepare.no_comments")


def named_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.named_rows")] if len(frame) else []


def languages_says(frame: pd.DataFrame) -> list[Finding]:
    return [said("say.list_of_words")] if frame.base.sum() else []
