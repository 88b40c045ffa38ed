"""Tickets: what customers asked or complained about, how fast it was solved, how satisfied they were."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .catalogue import SERVICE_PRODUCTS
from .columns import chosen, chosen_by, flags, kept, moments, numbered, numbers, picked
from .ground import SECONDS, stream
from .reps import Staff
from .seasons import OFFICE_HOURS, OFFICE_WEEK, Rhythm
from .spells import happenings, spells
from .truths import Truths

TICKETS_A_CUSTOMER = 2.5
CATEGORIES = ("delivery", "quality", "billing", "usability", "question")
CHANNELS = ("email", "phone", "chat", "web")
PRIORITIES = ("urgent", "high", "normal", "low")
_ANSWER_HOURS = np.array([0.6, 1.6, 4.0, 9.0])
_ABOUT = ((0.26, 0.22, 0.16, 0.14, 0.22), (0.38, 0.34, 0.16, 0.08, 0.04))  # usually; of upset customers
_ANSWERED = 0.42, 0.6  # share of tickets whose customers say how satisfied they are: upset, others
_DRAGGED = 1.6  # how many times longer it takes until the upset have a solution
_SOLVE_HOURS = np.array([5.0, 16.0, 38.0, 80.0])


@dataclass(frozen=True)
class Tickets:
    """One entry a ticket, in the order of time."""

    opened: np.ndarray
    account: np.ndarray
    category: np.ndarray
    answered: np.ndarray
    solved: np.ndarray
    satisfaction: np.ndarray  # 0: not asked


def tickets(t: Truths, who: Accounts) -> tuple[Tickets, np.ndarray]:
    """All tickets but the canaries', and their priorities."""
    rng = stream(t.seed, "tickets")
    rhythm = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS)
    times = spells(who, 0.4 + who.pace, who.lives.upset, t.leaving.upset_tickets)
    account, opened = happenings(rng, times, t.customers * TICKETS_A_CUSTOMER, rhythm)
    order = np.argsort(opened, kind="stable")
    account, opened = account[order], opened[order]
    upset = opened // 86_400 >= who.lives.upset[account]
    priority = chosen(rng, len(opened), (0.06, 0.2, 0.54, 0.2))
    answer = _ANSWER_HOURS[priority] * rng.lognormal(0, 0.8, len(opened))
    solve = answer + _SOLVE_HOURS[priority] * rng.lognormal(0, 0.9, len(opened)) * np.where(upset, _DRAGGED, 1.0)
    mean = 4.7 - 0.35 * np.log1p(solve / 8) - t.leaving.upset_score * upset
    pleased = np.clip(np.round(mean + rng.normal(0, 0.7, len(opened))), 1, 5)
    asked = rng.random(len(opened)) < np.where(upset, *_ANSWERED)
    return Tickets(
        opened,
        account,
        chosen_by(rng, upset.astype(np.int64), _ABOUT),
        opened + _seconds(answer),
        opened + _seconds(solve),
        np.where(asked, pleased, 0).astype(np.int64),
    ), priority


def _seconds(hours: np.ndarray) -> np.ndarray:
    return np.round(hours * 3600).astype(np.int64)


def tickets_table(t: Truths, book: Tickets, priority: np.ndarray, who: Accounts, reps: Staff) -> pa.Table:
    """The table `tickets`; what came after the data's end is not known yet."""
    rng = stream(t.seed, "tickets_table")
    count = len(book.opened)
    unanswered, unsolved = book.answered >= SECONDS, book.solved >= SECONDS
    return pa.table(
        {
            "ticket_id": numbered("T", count, 6),
            "opened_at": moments(book.opened),
            "customer_id": picked(who.ids, book.account),
            "rep_id": reps.ids.take(pa.array(who.rep_on(book.account, book.opened // 86_400))),
            "category": picked(CATEGORIES, book.category),
            "product": kept(
                picked(SERVICE_PRODUCTS, rng.integers(len(SERVICE_PRODUCTS), size=count)),
                rng.random(count) < 0.85,
            ),
            "channel": picked(CHANNELS, chosen(rng, count, (4, 3, 2, 2))),
            "priority": picked(PRIORITIES, priority),
            "first_response_at": moments(np.where(unanswered, 0, book.answered), unanswered),
            "resolved_at": moments(np.where(unsolved, 0, book.solved), unsolved),
            "reopened": flags(rng.random(count) < 0.06, unsolved),
            "satisfaction": numbers(book.satisfaction, unsolved | (book.satisfaction == 0)),
        }
    )
