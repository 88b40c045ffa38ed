"""Opportunities and the stages they went through, with the planted bottleneck."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .accounts import Accounts, account_at
from .catalogue import PRICE_CENTS, PRODUCTS, SERVICE_PRODUCTS
from .columns import chosen, days, flags, kept, moments, money, numbered, numbers, picked, same
from .ground import DAYS, SECONDS, SOURCES, STAGES, STEPS, stream
from .outcomes import Course, course
from .reps import Staff
from .seasons import OFFICE_HOURS, OFFICE_WEEK, Rhythm
from .truths import Truths

DEALS_A_CUSTOMER = 2.85
REASONS = ("price", "no_budget", "competitor", "timing", "no_contact")
CHANCE = np.array([0.05, 0.15, 0.3, 0.5, 0.75, 1.0])  # as people record it, by stage
_NOBODY = 0.08  # leads that are no customer yet
UNDATED = 0.0006


@dataclass(frozen=True)
class Deals:
    """One entry a deal, in the order in which they were entered."""

    created: np.ndarray
    team: np.ndarray
    account: np.ndarray  # -1: nobody yet
    rep: np.ndarray
    source: np.ndarray
    product: np.ndarray
    cents: np.ndarray
    course: Course

    def __len__(self) -> int:
        return len(self.team)


def deals(t: Truths, who: Accounts, reps: Staff) -> Deals:
    """All deals but the undated ones: a first one for each new customer, the others with anybody."""
    rng = stream(t.seed, "deals")
    created, team, account = _openings(t, rng, who)
    source = chosen(rng, len(created), t.funnel.source_share)
    day = created // 86_400
    in_charge = who.rep_on(np.maximum(account, 0), day)
    rep = np.where(account >= 0, in_charge, reps.on_duty(rng, team, day))
    product = chosen(rng, len(created), np.ones(len(SERVICE_PRODUCTS)))
    price = PRICE_CENTS[[PRODUCTS.index(p) for p in SERVICE_PRODUCTS]][product]
    units = np.maximum(np.round(rng.lognormal(2.2, 0.75, len(created))), 2)
    cents = np.round(price * units * rng.uniform(0.85, 1.0, len(created)), -2).astype(np.int64)
    return Deals(created, team, account, rep, source, product, cents, course(t, created, team, source))


def _openings(t: Truths, rng: np.random.Generator, who: Accounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """When each deal was entered, in which team and with whom; the last one on the last evening."""
    new = np.flatnonzero(who.created >= 0)
    count = int(t.customers * DEALS_A_CUSTOMER) - len(new)
    moment = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS, growing=True).drawn(rng, count)
    moment[0] = SECONDS - 4_380
    team = chosen(rng, count, t.team_share)
    account = np.where(rng.random(count) < _NOBODY, -1, account_at(rng, who, team, moment))
    created = np.concatenate([who.created[new], moment])
    order = np.argsort(created, kind="stable")
    return created[order], np.concatenate([who.team[new], team])[order], np.concatenate([new, account])[order]


def undated_count(t: Truths) -> int:
    """How many deals nobody ever dated."""
    return max(3, round(t.customers * DEALS_A_CUSTOMER * UNDATED))


def opportunities_table(t: Truths, book: Deals, who: Accounts, reps: Staff, expected: np.ndarray) -> pa.Table:
    """The table `opportunities`; `expected` is the day on which each deal is expected to close, as last recorded."""
    rng = stream(t.seed, "opportunities")
    c, count = book.course, len(book)
    return pa.table(
        {
            "opportunity_id": numbered("D", count, 6),
            "created_at": moments(book.created),
            "customer_id": picked(who.ids, book.account),
            "rep_id": reps.ids.take(pa.array(book.rep)),
            "lead_source": picked(SOURCES, book.source),
            "product": kept(picked(SERVICE_PRODUCTS, book.product), rng.random(count) < 0.97),
            "is_trial": flags(rng.random(count) < 0.15),
            "amount": money(book.cents),
            "currency": same("CNY", count),
            "probability": _chances(rng, c),
            "stage": picked((*STAGES, "lost"), np.where(c.is_lost, len(STAGES), c.stage)),
            "expected_close_on": days(expected),
            "closed_at": moments(np.where(c.is_closed, c.closed, 0), ~c.is_closed),
            "is_won": flags(c.is_won, ~c.is_closed),
            "lost_reason": _reasons(rng, c),
        }
    )


def _chances(rng: np.random.Generator, c: Course) -> pa.Array:
    """What people think of an open deal, in steps of five per cent; a closed one is 0 or 1."""
    guess = np.round((CHANCE[c.stage] + rng.normal(0, 0.07, len(c.stage))) * 20) / 20
    return numbers(np.where(c.is_closed, c.is_won * 1.0, np.clip(guess, 0.05, 0.95)))


def _reasons(rng: np.random.Generator, c: Course) -> pa.Array:
    """Why a deal was lost: early ones for want of contact or money, late ones to price and competitors."""
    late = chosen(rng, len(c.stage), (0.38, 0.12, 0.32, 0.15, 0.03))
    early = chosen(rng, len(c.stage), (0.12, 0.28, 0.12, 0.24, 0.24))
    told = c.is_lost & (rng.random(len(c.stage)) > 0.06)
    return picked(REASONS, np.where(told, np.where(c.stage >= 3, late, early), -1))


def undated_table(t: Truths, book: Deals, whole: pa.Table) -> pa.Table:
    """Deals that were entered without a date: small leads."""
    rng = stream(t.seed, "undated")
    count = undated_count(t)
    small = np.flatnonzero(book.cents <= np.median(book.cents))
    rows = whole.take(pa.array(rng.choice(small, count))).to_pylist()
    blank = dict.fromkeys(("created_at", "closed_at", "is_won", "lost_reason", "expected_close_on"))
    for n, row in enumerate(rows):
        row |= blank | {"opportunity_id": f"D8{n:05d}", "stage": STAGES[0], "probability": 0.05}
    return pa.Table.from_pylist(rows, schema=whole.schema)


def stage_changes_table(book: Deals) -> pa.Table:
    """The table `stage_changes`: every stage a deal entered, and `lost`, in the order of time."""
    c, deal = book.course, np.arange(len(book))
    stages = [(deal[c.entered[k] < SECONDS], k) for k in range(STEPS + 1)]
    lost = np.flatnonzero(c.is_lost)
    rows = np.concatenate([*(d for d, _ in stages), lost])
    stage = np.concatenate([*(np.full(len(d), k) for d, k in stages), np.full(len(lost), STEPS + 1)])
    when = np.concatenate([*(c.entered[k][d] for d, k in stages), c.closed[lost]])
    order = np.lexsort((stage, when))
    return pa.table(
        {
            "opportunity_id": numbered("D", len(book), 6).take(pa.array(rows[order])),
            "stage": picked((*STAGES, "lost"), stage[order]),
            "entered_at": moments(when[order]),
        }
    )


def expectations(t: Truths, book: Deals) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """When deals were expected to close: the day last recorded, and the field's history (deal, second, day).

    A deal is expected after about a month; when that day comes near and the deal is open, it is put off, mostly.
    """
    rng = stream(t.seed, "expectations")
    expected = book.created // 86_400 + np.maximum(np.round(rng.normal(26, 8, len(book))), 7).astype(np.int64)
    until = np.minimum(np.where(book.course.is_closed, book.course.closed, SECONDS) // 86_400, DAYS)
    late = np.flatnonzero((expected < until) & (rng.random(len(book)) < 0.9))
    history = [(late, book.created[late], expected[late])]
    while len(late):
        when = (expected[late] - 1) * 86_400 + rng.integers(32_400, 64_800, len(late))
        expected[late] += rng.integers(10, 35, len(late))
        history.append((late, when, expected[late]))
        late = late[(expected[late] < until[late]) & (rng.random(len(late)) < 0.9)]
    deal, second, day = (np.concatenate(part) for part in zip(*history, strict=True))
    return expected, deal, second, day
