"""Orders and their lines: who buys what, when, through which channel; refunds, cancellations, passers-by."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .buying import purchases
from .catalogue import CATEGORY_OF, COST_SHARE, PRODUCTS, REGIONS
from .columns import chosen, chosen_by, kept, moments, money, numbered, numbers, picked, same
from .ground import SECONDS, TEAMS, stream
from .habits import FREQUENT
from .lines import Lines, lines
from .reach import Contacts
from .reps import Staff
from .truths import Truths

SALES_CHANNELS = ("shop", "website", "app", "phone", "field")
PAYMENTS = ("alipay", "wechat_pay", "bank_transfer", "card", "invoice")
STATUSES = ("completed", "processing", "cancelled", "refunded")
FUTURE_ORDERS = 3  # typed with the wrong year: good rows that no report of today may count
_AT_A_DISTANCE = np.array([1, 1, 2, 3, 3])  # the online team has no shop and visits nobody
_RETURNED = 0.02


@dataclass(frozen=True)
class Orders:
    """One entry an order, in the order of time."""

    moment: np.ndarray
    account: np.ndarray  # -1: a passer-by
    team: np.ndarray
    rep: np.ndarray  # -1: nobody
    channel: np.ndarray
    payment: np.ndarray
    region: np.ndarray
    origin: np.ndarray  # the order that a refund gives back; -1: a purchase
    status: np.ndarray
    status_at: np.ndarray
    prompted: np.ndarray  # brought by the campaign that works
    lines: Lines

    def __len__(self) -> int:
        return len(self.moment)

    @property
    def cents(self) -> np.ndarray:
        """Each order's amount: its lines added up."""
        return _sums(self.lines.order, self.lines.cents, len(self))

    @property
    def counts(self) -> np.ndarray:
        """Whether an order counts in revenue."""
        return (self.status < 2) & (self.moment < SECONDS)


def _sums(groups: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Exact sums of whole numbers by group."""
    return np.round(np.bincount(groups, weights=values, minlength=count)).astype(np.int64)


def orders(t: Truths, who: Accounts, reps: Staff, reached: Contacts) -> Orders:
    """All orders but the canaries'."""
    rng = stream(t.seed, "orders")
    moment, account, by_campaign = purchases(t, rng, who, reached)
    future = rng.choice(np.flatnonzero((moment > SECONDS - 90 * 86_400) & ~by_campaign), FUTURE_ORDERS, replace=False)
    moment[future] += rng.integers(1, 3, FUTURE_ORDERS) * 365 * 86_400
    purchase, back_at = _given_back(rng, moment)
    origin = np.concatenate([np.full(len(moment), -1), purchase])
    moment, account = np.concatenate([moment, back_at]), np.concatenate([account, account[purchase]])
    order = np.argsort(moment, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    origin = np.where(origin[order] >= 0, place[origin[order]], -1)
    by_campaign = np.concatenate([by_campaign, np.zeros(len(purchase), bool)])[order]
    return _described(t, rng, who, reps, moment[order], account[order], origin, by_campaign)


def _given_back(rng: np.random.Generator, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which purchases were given back within three weeks, and when."""
    purchase = np.sort(rng.choice(len(moment), int(len(moment) * _RETURNED), replace=False))
    at = moment[purchase] + rng.integers(86_400, 20 * 86_400, len(purchase))
    return purchase[at < SECONDS], at[at < SECONDS]


def _described(
    t: Truths,
    rng: np.random.Generator,
    who: Accounts,
    reps: Staff,
    moment: np.ndarray,
    account: np.ndarray,
    origin: np.ndarray,
    by_campaign: np.ndarray,
) -> Orders:
    """Everything else about each order; a refund takes over its purchase's."""
    count, known = len(moment), np.maximum(account, 0)
    day = moment // 86_400
    team = np.where(account >= 0, who.team[known], chosen(rng, count, t.team_share))
    rep = np.where(account >= 0, who.rep_on(known, day), reps.on_duty(rng, team, day))
    group = np.where(account >= 0, who.group[known], FREQUENT)
    channel = chosen_by(rng, group, t.groups.sales_mix)
    channel = np.where(team == TEAMS.index("online"), _AT_A_DISTANCE[channel], channel)
    rep = np.where((channel == 1) | (channel == 2), np.where(rng.random(count) < 0.5, -1, rep), rep)
    payment = np.where(account >= 0, chosen(rng, count, (28, 24, 18, 12)), chosen(rng, count, (4, 4, 0, 2)))
    on_account = (account >= 0) & (rng.random(count) < np.array(t.payers.on_account)[who.payer[known]])
    payment = np.where(on_account, PAYMENTS.index("invoice"), payment)
    region = np.where(rng.random(count) < 0.02, -1, who.region[known])
    same_as = np.where(origin >= 0, origin, np.arange(count))
    status, status_at = _statuses(rng, moment, origin)
    return Orders(
        moment,
        account,
        team[same_as],
        rep[same_as],
        channel[same_as],
        payment[same_as],
        region[same_as],
        origin,
        status,
        status_at,
        by_campaign,
        lines(t, stream(t.seed, "lines"), moment, origin, group, (account >= 0) & who.price_sensitive[known]),
    )


def _statuses(rng: np.random.Generator, moment: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Most are completed within days; some are cancelled or refunded; the newest are being processed."""
    plain = origin >= 0
    plain[origin[origin >= 0]] = True  # neither a refund nor what it gives back is cancelled as well
    status = np.where(plain, 0, chosen(rng, len(moment), (0.965, 0.0, 0.02, 0.015)))
    after = np.where(status == 3, rng.exponential(12, len(moment)), rng.exponential(2.5, len(moment))) + 0.05
    status_at = moment + (after * 86_400).astype(np.int64)
    return np.where(status_at < SECONDS, status, 1), status_at


def orders_table(book: Orders, who: Accounts, reps: Staff) -> pa.Table:
    """The table `orders`."""
    count, cents = len(book), book.cents
    cost = _sums(
        book.lines.order,
        np.round(book.lines.list_cents * COST_SHARE[book.lines.product]) * book.lines.quantity,
        count,
    )
    return pa.table(
        {
            "order_id": numbered("O", count),
            "customer_id": picked(who.ids, book.account),
            "ordered_at": moments(book.moment),
            "amount": money(cents),
            "currency": same("CNY", count),
            "rep_id": picked(reps.ids, book.rep),
            "cost": money(cost),
            "sales_channel": picked(SALES_CHANNELS, book.channel),
            "payment_method": picked(PAYMENTS, book.payment),
            "region": picked(REGIONS, book.region),
            "status": picked(STATUSES, book.status),
            "status_changed_at": moments(np.where(book.status == 1, 0, book.status_at), book.status == 1),
        }
    )


def order_lines_table(book: Orders) -> pa.Table:
    """The table `order_lines`; the unit price is the one paid, so that quantity × price adds up to the order."""
    part = book.lines
    count = len(part.order)
    return pa.table(
        {
            "order_id": numbered("O", len(book)).take(pa.array(part.order)),
            "product": picked(PRODUCTS, part.product),
            "quantity": numbers(part.quantity),
            "unit_price": money(part.unit_cents),
            "category": kept(picked(CATEGORY_OF, part.product), np.arange(count) % 211 != 7),
            "discount": numbers(part.discount),
        }
    )
