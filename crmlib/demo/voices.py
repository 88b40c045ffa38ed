"""Feedback, and the measures taken on it; one measure has a planted effect on the scores of its category."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .catalogue import SERVICE_PRODUCTS
from .columns import chosen, days, kept, moments, numbered, numbers, picked
from .comments import COMMENTS, SLOW_DELIVERY
from .ground import DAYS, SECONDS, TEAMS, stream
from .names import people
from .purchases import Orders
from .reps import Staff
from .service import Tickets
from .truths import MEASURES, Truths

FEEDBACK_A_CUSTOMER = 1.8
SOURCES = ("survey", "phone", "web", "review")
CATEGORIES = ("delivery", "quality", "service", "price", "usability")
_USUAL_SCORE = np.array([3.95, 4.2, 4.1, 3.6, 3.9])
_AFTER_TICKET = 0.3
_UPSET_ANSWER = 0.35  # customers who are upset answer that seldom when asked about a ticket
_TOLD = {
    "delivery": "A second carrier for the west",
    "quality": "Incoming inspection of every batch",
    "service": "Call-backs within two hours",
    "price": "Clear price list on the website",
    "usability": "Shorter order form",
}


def feedback_table(t: Truths, who: Accounts, reps: Staff, bought: Orders, asked: Tickets) -> pa.Table:
    """The table `feedback`: answers on orders and on tickets, in the order of time."""
    rng = stream(t.seed, "feedback")
    account, moment, order, ticket = _occasions(t, rng, who, bought, asked)
    count = len(account)
    category = chosen(rng, count, (0.26, 0.22, 0.22, 0.16, 0.14))
    about_ticket = np.array([0, 1, 3, 4, 2])[asked.category[ticket]]
    category = np.where((ticket >= 0) & (about_ticket < len(CATEGORIES)), about_ticket, category)
    upset = moment // 86_400 >= who.lives.upset[account]
    score = _scores(t, rng, category, moment // 86_400, upset)
    nps = np.clip(np.round(score * 2.1 + rng.normal(-0.6, 1.4, count)), 0, 10).astype(np.int64)
    return pa.table(
        {
            "feedback_id": numbered("F", count, 6),
            "given_at": moments(moment),
            "customer_id": picked(who.ids, account),
            "order_id": picked(numbered("O", len(bought)), order),
            "ticket_id": picked(numbered("T", len(asked.opened), 6), ticket),
            "source": picked(SOURCES, chosen(rng, count, (5, 2, 3, 1))),
            "category": picked(CATEGORIES, category),
            "product": kept(
                picked(SERVICE_PRODUCTS, rng.integers(len(SERVICE_PRODUCTS), size=count)),
                rng.random(count) < 0.6,
            ),
            "score": numbers(score, rng.random(count) < 0.04),
            "nps": numbers(nps, rng.random(count) < 0.45),
            "comment": _comments(t, rng, category, score, moment // 86_400),
            "rep_id": kept(reps.ids.take(pa.array(who.rep_on(account, moment // 86_400))), rng.random(count) < 0.8),
        }
    )


def _occasions(
    t: Truths, rng: np.random.Generator, who: Accounts, bought: Orders, asked: Tickets
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What feedback is about: an order some days after it, or a ticket after it was solved."""
    total = int(t.customers * FEEDBACK_A_CUSTOMER)
    upset = asked.opened // 86_400 >= who.lives.upset[asked.account]
    answers = (asked.solved < SECONDS) & (~upset | (rng.random(len(upset)) < _UPSET_ANSWER))
    ticket = rng.choice(np.flatnonzero(answers), int(total * _AFTER_TICKET), replace=False)
    purchases = np.flatnonzero((bought.account >= 0) & (bought.origin < 0) & (bought.moment < SECONDS))
    order = rng.choice(purchases, total - len(ticket), replace=False)
    account = np.concatenate([asked.account[ticket], bought.account[order]])
    moment = np.concatenate([asked.solved[ticket], bought.moment[order]])
    moment = moment + 3600 + np.round(rng.exponential(4 * 86_400, len(moment))).astype(np.int64)
    none = np.full(len(ticket), -1), np.full(len(order), -1)
    row = np.argsort(moment, kind="stable")
    row = row[moment[row] < SECONDS]
    return (
        account[row],
        moment[row],
        np.concatenate([none[0], order])[row],
        np.concatenate([ticket, none[1]])[row],
    )


def _scores(t: Truths, rng: np.random.Generator, category: np.ndarray, day: np.ndarray, upset: np.ndarray) -> np.ndarray:
    """Scores around what is usual for the category; worse where there is a problem, and from customers who are upset."""
    troubled = category == CATEGORIES.index(t.problem.category)
    mean = _USUAL_SCORE[category] + troubled * t.problem.shift(day) - t.leaving.upset_score * upset
    return np.clip(np.round(mean + rng.normal(0, 0.95, len(category))), 1, 5).astype(np.int64)


def _comments(t: Truths, rng: np.random.Generator, category: np.ndarray, score: np.ndarray, day: np.ndarray) -> pa.Array:
    """Two of five write something, in Chinese mostly; its tone follows the score, its theme the problem."""
    bad = score <= 3
    slow = bad & (category == CATEGORIES.index(t.problem.category)) & (rng.random(len(score)) < t.problem.slow(day))
    code = np.where(slow, len(CATEGORIES) * 2, category * 2 + bad)
    lists = [COMMENTS[name][tone] for name in CATEGORIES for tone in ("good", "bad")] + [SLOW_DELIVERY]
    sizes = np.array([len(sentences) for sentences in lists])
    first = np.cumsum(sizes) - sizes
    pick = first[code] + np.floor(rng.random(len(score)) * sizes[code]).astype(np.int64)
    return kept(picked([c for sentences in lists for c in sentences], pick), rng.random(len(score)) < 0.4)


def improvements_table(t: Truths) -> pa.Table:
    """The table `improvements`: one with the planted effect, the only one of its category; others, done, late or open."""
    rng = stream(t.seed, "improvements")
    count, cure = MEASURES, t.problem
    category = rng.integers(1, len(CATEGORIES), count)
    opened = np.sort(rng.integers(20, DAYS - 5, count))
    due = opened + rng.integers(20, 90, count)
    done = np.maximum(due + np.round(rng.normal(4, 18, count)).astype(np.int64), opened + 3)
    never = rng.random(count) < 0.08
    one = cure.number
    category[one], opened[one], due[one], done[one], never[one] = 0, cure.opened, cure.opened + 50, cure.done, False
    open_still = (done >= DAYS) | never
    told = done + rng.integers(1, 15, count)
    untold = open_still | (told >= DAYS) | (rng.random(count) < 0.3)
    team = np.where(rng.random(count) < 0.3, -1, rng.integers(len(TEAMS), size=count))
    team[one] = -1
    names, _ = people(rng, count)
    return pa.table(
        {
            "improvement_id": numbered("M", count, 3),
            "category": picked(CATEGORIES, category),
            "opened_on": days(opened),
            "owner": names,
            "due_on": days(due),
            "done_on": days(done, open_still),
            "description": picked([_TOLD[c] for c in CATEGORIES], category),
            "told_customers_on": days(told, untold),
            "team": picked(TEAMS, team),
        }
    )
