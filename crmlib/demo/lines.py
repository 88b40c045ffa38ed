"""What is on each order: products, quantities, prices and discounts."""

from dataclasses import dataclass

import numpy as np

from .catalogue import DISCOUNTS, POPULARITY, PRICE_CENTS, PRODUCTS
from .columns import chosen
from .ground import day_of
from .truths import Truths

_INFLATION = 0.03  # a year
_PRICE_STEP = 50  # cents
_REDUCTIONS = (0.14, 0.12, 0.06, 0.04)  # how often each discount, of those there are


@dataclass(frozen=True)
class Lines:
    """One entry a line, in the order of the orders."""

    order: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    list_cents: np.ndarray
    unit_cents: np.ndarray
    discount: np.ndarray

    @property
    def cents(self) -> np.ndarray:
        return self.quantity * self.unit_cents


def lines(
    t: Truths, rng: np.random.Generator, moment: np.ndarray, origin: np.ndarray, group: np.ndarray, sensitive: np.ndarray
) -> Lines:
    """One to six lines for each purchase, no product twice; a refund takes all lines of its purchase back.

    `group`, `sensitive`: of each order's buyer.
    """
    bought = np.flatnonzero(origin < 0)
    extra = np.array(t.groups.extra_lines)[group[bought]]
    order = np.repeat(bought, 1 + np.minimum(rng.poisson(extra), 5))
    product = _products(t, rng, moment[order])
    _, first = np.unique(order * len(PRODUCTS) + product, return_index=True)
    order, product = order[np.sort(first)], product[np.sort(first)]
    order, product = _together(t, rng, order, product)
    reduced = np.where(sensitive[order], t.prices.discounted, t.prices.discounted_others)
    how_much = np.array(DISCOUNTS)[1 + chosen(rng, len(order), _REDUCTIONS)]
    discount = np.where(rng.random(len(order)) < reduced, how_much, DISCOUNTS[0])
    price = PRICE_CENTS[product] * (1 + _INFLATION) ** (moment[order] // (86_400 * 365))
    list_cents = (np.round(price / _PRICE_STEP) * _PRICE_STEP).astype(np.int64)
    unit = np.round(list_cents * (1 - discount)).astype(np.int64)
    usual = _usual_quantity(product) + np.log(t.groups.units)[group[order]]
    quantity = np.maximum(np.round(rng.lognormal(usual, 0.7)), 1).astype(np.int64)
    return _with_refunds(Lines(order, product, quantity, list_cents, unit, discount), origin)


def _usual_quantity(product: np.ndarray) -> np.ndarray:
    """Cheap goods are bought by the dozen, dear ones singly (the logarithm of the usual quantity)."""
    return np.log(np.maximum(30_000 / PRICE_CENTS[product], 0.9)) * 0.85


def _products(t: Truths, rng: np.random.Generator, moment: np.ndarray) -> np.ndarray:
    """Products by popularity; of the falling one ever more buyers take something else."""
    product = chosen(rng, len(moment), POPULARITY)
    years = np.maximum(moment / 86_400 - day_of(t.falls_from), 0) / 365.25
    gone = (product == PRODUCTS.index(t.falling_product)) & (rng.random(len(moment)) > (1 - t.falling_rate) ** years)
    product[gone] = PRODUCTS.index("copy_paper")
    return product


def _together(t: Truths, rng: np.random.Generator, order: np.ndarray, product: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Goods that are bought together: orders with the one have the other as often as the rule says, whatever they had."""
    for rule in t.rules:
        one, other = PRODUCTS.index(rule.antecedent), PRODUCTS.index(rule.consequent)
        with_one = np.zeros(order.max() + 1, bool)
        with_one[order[product == one]] = True
        stays = ~((product == other) & with_one[order])
        more = np.flatnonzero(with_one)
        more = more[rng.random(len(more)) < rule.confidence]
        order = np.concatenate([order[stays], more])
        product = np.concatenate([product[stays], np.full(len(more), other)])
    sort = np.argsort(order, kind="stable")
    return order[sort], product[sort]


def _with_refunds(part: Lines, origin: np.ndarray) -> Lines:
    """The lines of refunds are those of their purchases, with negative quantities."""
    refund = np.full(len(origin), -1)
    refund[origin[origin >= 0]] = np.flatnonzero(origin >= 0)
    back = np.flatnonzero(refund[part.order] >= 0)
    order = np.concatenate([part.order, refund[part.order[back]]])
    sort = np.argsort(order, kind="stable")
    twice = lambda values: np.concatenate([values, values[back]])[sort]  # noqa: E731
    quantity = np.concatenate([part.quantity, -part.quantity[back]])[sort]
    return Lines(
        order[sort],
        twice(part.product),
        quantity,
        twice(part.list_cents),
        twice(part.unit_cents),
        twice(part.discount),
    )
