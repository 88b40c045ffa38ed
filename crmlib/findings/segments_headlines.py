"""The sentence over each figure of the segments, and those beside it: what its own numbers show, judged or not."""

import pandas as pd

from ..models.clusters import STABLE
from ..models.migration import LOST, Migration, migration_share
from ..models.segment_figures import Seen
from . import Finding, said
from .segments import not_enough


def segments_headline(seen: Seen) -> Finding:
    """The segment that brings most, of so many; without revenue the largest."""
    if none := _none(seen):
        return none
    top, count = seen.groups.iloc[0], len(seen.groups)
    if top.revenue_share == top.revenue_share:
        return said("segments.richest", count=count, segment=top.segment, share=top.share, revenue_share=top.revenue_share)
    top = seen.groups.loc[seen.groups.customer_count.idxmax()]
    return said("segments.largest", count=count, segment=top.segment, share=top.share)


def traits_headline(seen: Seen) -> Finding:
    """What stands out most in the segment that brings most."""
    if none := _none(seen):
        return none
    told = seen.groups[seen.groups.first_trait.notna()]
    if told.empty:
        return said("segments.no_traits")
    return said("segments.trait", segment=told.segment.iloc[0], trait=told.first_trait.iloc[0])


def sizes_headline(seen: Seen) -> Finding:
    """The segment whose share changed most since the period before."""
    if none := _none(seen):
        return none
    changes = seen.groups.set_index("segment")
    moves = (changes.share - changes.earlier_share).dropna()
    if moves.empty:
        return said("segments.no_earlier")
    name = moves.abs().idxmax()
    return said("segments.size_change", segment=name, share=changes.share[name], before_share=changes.earlier_share[name])


def profile_headline(seen: Seen, frame: pd.DataFrame) -> Finding:
    """The one most outstanding trait."""
    if none := _none(seen):
        return none
    row = frame.loc[frame.deviation_ratio.abs().idxmax()]
    name = _called(seen, row.letter)
    trait = f"{row.behaviour}_{'much' if row.deviation_ratio > 0 else 'little'}"
    return said("segments.stands_out", segment=name, trait=trait)


def letters(seen: Seen) -> list[Finding]:
    """Which letter is which segment."""
    return [said("say.letter", letter=r.letter, segment=r.segment) for r in seen.groups.itertuples()]


def choice_headline(seen: Seen) -> Finding:
    """How many groups were chosen, and how stable they are."""
    best = seen.found.fit.best
    if best is None:
        return not_enough(seen.found.fit)
    rule = "segments.chosen" if seen.found.fit.stable else "segments.chosen_unstable"
    return said(rule, count=int(best.k), stability_score=float(best.stability), silhouette_score=float(best.silhouette))


def choice_says(seen: Seen) -> list[Finding]:
    """The rule, and from whom the groups were found."""
    fit = seen.found.fit
    return (
        []
        if fit.lacking
        else [said("say.k_rule", least_score=STABLE), said("say.found_from", part=fit.settled, base=fit.customers)]
    )


def left_out(seen: Seen) -> list[Finding]:
    """Which columns of behaviour say nothing here."""
    fit = seen.found.fit
    kinds = {why: sum(reason == why for reason in fit.left_out.values()) for why in ("not_delivered", "all_alike")}
    return [said(f"say.columns_{why}", count=count) for why, count in kinds.items() if count]


def middles_headline(seen: Seen, frame: pd.DataFrame) -> Finding:
    """The segment whose middle customer spent most."""
    if none := _none(seen):
        return none
    if frame.empty:
        return said("segments.nobody_bought")
    row = frame.loc[frame.year_amount.idxmax()]
    return said("segments.middle", segment=_called(seen, row.label), amount=row.year_amount, days=row.since_purchase_days)


def migration_headline(seen: Seen) -> Finding:
    """How many of those who had a segment are in another one."""
    if none := _none(seen):
        return none
    share = migration_share(seen.moved)
    if not share.base:
        return said("segments.no_earlier")
    return said("segments.migrated", share=share.value, part=int(share.part), base=int(share.base))


def migration_money_headline(seen: Seen) -> Finding:
    """How much revenue went to segments that are worth less, and to those that are worth more."""
    if none := _none(seen):
        return none
    moves = seen.moved
    if not moves.stayed.customer_count.sum():
        return said("segments.no_earlier")
    return said("segments.migrated_money", amount=float(moves.down.amount.sum()), up_amount=float(moves.up.amount.sum()),
                lost_amount=float(moves.flows.amount[moves.flows.now == LOST].sum()))  # fmt: skip


def migration_says(seen: Seen) -> list[Finding]:
    """Whether the earlier segments were told when they were, or are worked out now; what moving means."""
    moves: Migration = seen.moved
    if moves.flows.empty or not moves.stayed.customer_count.sum():
        return []
    rule = "say.told_late" if moves.late else "say.as_told"
    origin = said("say.back_cast") if moves.made_at is None else said(rule, made_on=moves.made_at)
    return [origin, said("say.moving")]


def down_headline(frame: pd.DataFrame) -> Finding:
    return said("segments.down_list", count=len(frame)) if len(frame) else said("segments.nobody_down")


def rfm_headline(seen: Seen, frame: pd.DataFrame) -> Finding:
    """The most common pair of both."""
    if none := _none(seen):
        return none
    if frame.empty or not frame.customer_count.sum():
        return said("segments.no_rfm")
    row = frame.loc[frame.customer_count.idxmax()]
    name = _called(seen, row.letter)
    return said("segments.rfm_pair", segment=name, rfm_segment=row.rfm, count=int(row.customer_count))


def explained_headline(frame: pd.DataFrame) -> Finding:
    """Whether the segments told this period's revenue apart better than RFM did: or that they did not."""
    if frame.empty:
        return said("segments.no_check")
    own, rfm = (frame.share[frame.grouping == name].iloc[0] for name in ("by_behaviour", "by_rfm"))
    return said("segments.beats_rfm" if own > rfm else "segments.loses_to_rfm", share=own, others_share=rfm)


def by_team_headline(frame: pd.DataFrame) -> Finding:
    """How many teams there are beside each other."""
    return said("segments.by_team", count=frame.team.nunique()) if len(frame) else said("segments.nobody")


def _called(seen: Seen, letter: str) -> str:
    return str(seen.groups.segment[seen.groups.letter == letter].iloc[0])


def _none(seen: Seen) -> Finding | None:
    if not seen.found.names:
        return not_enough(seen.found.fit)
    return None if seen.customers else said("segments.nobody")
