"""Interactions: what customers do (log in, browse, take part), how people contact them (mail, calls, meetings)."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .columns import chosen, chosen_by, flags, kept, moments, numbered, numbers, picked
from .ground import DAYS, OWN_CHANNELS, stream
from .leaving import WINDING_DOWN
from .reps import Staff
from .seasons import OFFICE_HOURS, OFFICE_WEEK, ONLINE_HOURS, ONLINE_WEEK, Rhythm
from .spells import happenings, spells
from .truths import Truths

CONTACTS_A_CUSTOMER = 50
CHANNELS = (*OWN_CHANNELS, "email", "phone", "meeting", "chat")
_OWN = len(OWN_CHANNELS)
_STAFF_PART = 0.3
_PROSPECT_PACE = 0.5  # of those who never order
SUBJECTS = (
    "Your offer",
    "New price list",
    "About your order",
    "Autumn campaign",
    "您的报价单",
    "新品介绍",
    "关于您的订单",
    "回访",
    "续约提醒",
)
OUTCOMES = ("reached", "no_answer", "interested", "declined", "follow_up")


def interactions_table(t: Truths, who: Accounts, reps: Staff) -> pa.Table:
    """The table `interactions`, in the order of time."""
    rng = stream(t.seed, "interactions")
    account, moment, channel = _events(t, rng, who)
    count = len(account)
    staffed = channel >= _OWN
    mail, spoken = channel == 4, (channel == 5) | (channel == 6)
    rep = np.where(staffed, who.rep_on(account, moment // 86_400), -1)
    inward = ~staffed | (rng.random(count) < 0.25)
    opened = mail & (rng.random(count) < 0.42)
    replied = np.where(mail, opened & (rng.random(count) < 0.28), rng.random(count) < 0.6)
    quality = np.clip(np.round(rng.normal(3.9, 0.9, count)), 1, 5).astype(np.int64)
    return pa.table(
        {
            "interaction_id": numbered("I", count),
            "customer_id": picked(who.ids, account),
            "occurred_at": moments(moment),
            "channel": picked(CHANNELS, channel),
            "rep_id": picked(reps.ids, rep),
            "direction": picked(("in", "out"), np.where(inward, 0, 1)),
            "duration_s": numbers(_durations(rng, channel), mail | (channel == 3)),
            "opened": flags(opened, ~mail | inward),
            "replied": flags(replied, ~staffed | inward),
            "quality": numbers(quality, ~spoken | (rng.random(count) < 0.4)),
            "subject": kept(picked(SUBJECTS, rng.integers(len(SUBJECTS), size=count)), mail | (channel == 6)),
            "outcome": picked(OUTCOMES, np.where(spoken, chosen(rng, count, (4, 2, 2, 1, 2)), -1)),
        }
    )


def _events(t: Truths, rng: np.random.Generator, who: Accounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    total = t.customers * CONTACTS_A_CUSTOMER
    g = t.groups
    own = _some(rng, who, g.own, t.leaving.fading_own, total * (1 - _STAFF_PART), Rhythm.of(t, ONLINE_WEEK, ONLINE_HOURS))
    own = _without_dropped(t, rng, who, *own)
    staffed = _some(rng, who, g.staffed, 1.0, total * _STAFF_PART, Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS))
    account, moment = np.concatenate([own[0], staffed[0]]), np.concatenate([own[1], staffed[1]])
    by_themselves = chosen_by(rng, who.group[own[0]], g.own_mix)
    channel = np.concatenate([by_themselves, _OWN + chosen_by(rng, who.group[staffed[0]], g.staff_mix)])
    order = np.argsort(moment, kind="stable")
    return account[order], moment[order], channel[order]


def _some(
    rng: np.random.Generator, who: Accounts, by_group: tuple[float, ...], fading: float, total: float, rhythm: Rhythm
) -> tuple[np.ndarray, np.ndarray]:
    """About so many events, at the pace of each group; those who fade have fewer, those about to stop half of theirs."""
    pace = who.pace * np.array(by_group)[who.group] * np.where(who.buys, 1.0, _PROSPECT_PACE)
    account, moment = happenings(rng, spells(who, pace, who.lives.fading, fading), total * 1.02, rhythm)
    ending = (who.stop[account] - moment // 86_400 < WINDING_DOWN) & (who.stop[account] < DAYS)
    stays = ~ending | (rng.random(len(account)) < 0.5)
    return account[stays], moment[stays]


def _without_dropped(
    t: Truths, rng: np.random.Generator, who: Accounts, account: np.ndarray, moment: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """In the evenings of one team's customers only a part is left from a month on."""
    stays = ~t.drop.hits(who.team[account], moment) | (rng.random(len(account)) < t.drop.kept)
    return account[stays], moment[stays]


def _durations(rng: np.random.Generator, channel: np.ndarray) -> np.ndarray:
    """Seconds, log-normal around what is usual for the channel."""
    usual = np.array([240, 420, 3600, 1, 1, 260, 2700, 380])[channel]
    return np.maximum(np.round(usual * rng.lognormal(0, 0.7, len(channel))), 1).astype(np.int64)
