"""Gamma-Gamma: what a customer will spend on a purchase, from what they spent on average (Fader and Hardie 2013).

Purchases of a customer scatter around a mean of their own (gamma, shape p), and the customers' scales are gamma again (q, v).
Of few purchases the customer's own mean says little, and the estimate leans on everybody's. It needs x (repeat purchases) and
z (their mean amount), and it assumes that how much one spends has nothing to do with how often one buys.

Source: P. Fader, B. Hardie: The Gamma-Gamma Model of Monetary Value (2013), equations 1a and 5.
"""

import numpy as np

from .likelihood import Fit, maximum, too_few

NAMES = ("p", "q", "v")
LEAST = 30  # customers with a repeat purchase
_CLEAR = 2.0  # standard errors
_STARTS = ((1.0, 1.5, 1.0), (5.0, 4.0, 0.5))


def fit(x: np.ndarray, z: np.ndarray) -> Fit:
    """The three parameters by maximum likelihood. x: repeat purchases, from 1 on; z: their mean amount, above 0."""
    if len(x) < LEAST:
        return too_few("repeaters", len(x), LEAST)
    scale = float(np.median(z))  # amounts as multiples of the usual one: the search needs no idea of the currency
    found = maximum(lambda values: _slope(values, x, z / scale), NAMES, _STARTS, len(x))
    values, errors = ({**v, "v": v["v"] * scale} for v in (found.values, found.errors))
    shift = -len(x) * np.log(scale)  # the density of an amount, and of its multiple
    return Fit(values, errors, found.log_likelihood + shift, found.n, 0, found.reason or unbounded(values, errors))


def unbounded(values: dict[str, float], errors: dict[str, float]) -> str | None:
    """With q of 1 or less the mean of all customers has no end: no spend can be expected. Nor where q is not clearly above 1: the
    mean, which one-time buyers are valued at, would then be anything."""
    return None if values["q"] - _CLEAR * errors["q"] > 1 else "no_mean"


def _slope(values: np.ndarray, x: np.ndarray, z: np.ndarray) -> tuple[float, np.ndarray]:
    """The log-likelihood (equation 1a) and its derivatives."""
    from scipy.special import digamma, gammaln

    p, q, v = values
    spent, both = np.log(x * z), np.log(x * z + v)
    height = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + p * x * spent - np.log(z) - (p * x + q) * both
    sums = digamma(p * x + q)
    by_p = x * (sums - digamma(p * x) + spent - both)
    by_q = sums - digamma(q) + np.log(v) - both
    by_v = q / v - (p * x + q) / (x * z + v)
    return float(height.sum()), np.array([by_p.sum(), by_q.sum(), by_v.sum()])


def spend(values: dict[str, float], x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The amount to expect of each customer's next purchase (equation 5); without repeat purchases everybody's mean."""
    p, q, v = (values[name] for name in NAMES)
    x = np.asarray(x, float)
    z = np.where(x > 0, np.nan_to_num(np.asarray(z, float)), 0.0)
    return p * (v + x * z) / (p * x + q - 1)
