"""Value: what each customer is expected to buy and to be worth within the horizon (business.value_horizon_days).

The models are fitted for the whole company, on all buyers or, where there are more, on the 40,000 whose ids have the smallest
hashes: the same whatever the order of the rows, and enough for standard errors of a hundredth. Every buyer is scored.

`clv_bgnbd` = purchases expected (BG/NBD), each discounted to the period's end, × amount expected of one (Gamma-Gamma) × what of it
is not given back × margin. The shares given back and earned are the company's own of the last year (`basis`).
"""

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import exact, total
from ..metrics.lives import lives, of_customers
from . import bgnbd, gamma_gamma
from .likelihood import Fit
from .rfm import rfm

MOST_FITTED = 40_000
STEPS = 12  # of the horizon: what is bought within one of them is discounted from its middle
YEAR = 365.25
BUYING, SPENDING = "buying", "spending"
COST, DECLARED, SALES = "cost", "declared", "sales"
MODELED = ("p_alive", "expected_purchases", "expected_spend", "clv_bgnbd")
_FITTED = {
    "part": "string", "parameter": "string", "estimate": "float64", "error": "float64", "log_likelihood": "float64", "n": "int64",
    "needed": "int64", "reason": "string",
}  # fmt: skip


def value(crm: Crm) -> Any:
    """Everybody of this view who ever bought, with what to expect of them.

    Needs orders: customer_id, ordered_at, amount; customers, cost as delivered.
    → ibis table, made once for the company: the columns of rfm.rfm; is_customer (in and not lost at the end, as lives says); p_alive (0..1), expected_purchases (days with a purchase,
      within the horizon), expected_spend (a purchase), clv_bgnbd (money, discounted); null where a model could not be fitted
    """
    return of_customers(crm, "value", _scored)


def _scored(crm: Crm) -> Any:
    here = lives(crm).select("customer_id", is_customer="in_end")
    table = rfm(crm).left_join(here, "customer_id", rname="_{name}").drop("_customer_id")
    ids = table.select("customer_id", "repeats", "span_days", "age_days", "repeat_spend").execute()
    found = expectations(crm, ids)
    columns = {"customer_id": "string", **dict.fromkeys(MODELED, "float64")}
    return table.inner_join(ibis.memtable(found[list(columns)], schema=columns), "customer_id")


def expectations(crm: Crm, buyers: pd.DataFrame) -> pd.DataFrame:
    """What to expect of buyers. → frame: customer_id and the columns of MODELED; NaN where a model could not be fitted"""
    fitted, horizon = fits(crm), crm.business.value_horizon_days
    frame = buyers[["customer_id"]].assign(**dict.fromkeys(MODELED, np.nan))
    x, t_x, T = history(buyers)
    weeks = [horizon / bgnbd.WEEK * (k + 1) / STEPS for k in range(STEPS)]
    buying, spending = fitted[BUYING], fitted[SPENDING]
    if buying.converged:
        frame["p_alive"] = bgnbd.p_alive(buying.values, x, t_x, T)
        frame["expected_purchases"] = bgnbd.expected(buying.values, weeks[-1:], x, t_x, T)
    if spending.converged:
        frame["expected_spend"] = gamma_gamma.spend(spending.values, x, buyers.repeat_spend.to_numpy(float))
    if buying.converged and spending.converged:
        discounted = bgnbd.expected(buying.values, weeks, x, t_x, T, discounts(horizon, crm.business.discount_rate))
        frame["clv_bgnbd"] = discounted * frame.expected_spend * basis(crm).of_sales
    return frame


def history(buyers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, t_x and T of buyers: repeat purchases, and weeks."""
    return (
        buyers.repeats.to_numpy(float),
        buyers.span_days.to_numpy(float) / bgnbd.WEEK,
        buyers.age_days.to_numpy(float) / bgnbd.WEEK,
    )


def discounts(horizon_days: float, rate: float) -> list[float]:
    """What money from the middle of each step is worth today.

    >>> [round(v, 4) for v in discounts(730.5, 0.1)[::11]]
    [0.9921, 0.833]
    """
    return [(1 + rate) ** -(horizon_days / YEAR * (k + 0.5) / STEPS) for k in range(STEPS)]


# ------------------------------------------------------------------------------------------------ what of a sale is earned


@dataclass(frozen=True)
class Basis:
    """What of a sale is kept (not given back) and earned, and where the margin is from: cost, declared, or sales (none is known)."""

    kept: float
    margin: float
    source: str

    @property
    def of_sales(self) -> float:
        return self.kept * self.margin


def basis(crm: Crm) -> Basis:
    """The company's shares of the last year.

    Needs orders: amount; cost as delivered. Without cost business.margin_rate, without that 1: values are sales then, and the page says so.
    """
    year = sums(crm.company)
    kept = min(max(year["revenue_year"] / year["sales_year"], 0.0), 1.0) if year["sales_year"] else 1.0
    if year["costed_year"] > 0:
        return Basis(kept, year["margin_year"] / year["costed_year"], COST)
    declared = crm.business.margin_rate
    return Basis(kept, declared or 1.0, DECLARED if declared else SALES)


SUMMED = ("orders_year", "sales_year", "revenue_year", "margin_year", "costed_year")


def sums(crm: Crm) -> dict[str, float]:
    """What this view's customers bought in the year before the period's end: sums of the columns of SUMMED, and `buyers`, `ever`."""

    def make(view: Crm) -> Any:
        table = rfm(view)
        amounts = {name: total(exact(table[name])) for name in SUMMED}
        counts = {"buyers": (table.orders_year > 0).sum(), "ever": table.count()}
        return table.group_by("team").aggregate(**amounts, **counts)

    found = crm.once("buyer sums", lambda: of_customers(crm, "buyer sums", make).execute())
    return {name: float(found[name].sum()) for name in (*SUMMED, "buyers", "ever")}


# ------------------------------------------------------------------------------------------------ the fits


def fits(crm: Crm) -> dict[str, Fit]:
    """The fitted models of the company: of buying (BG/NBD, or NBD where nobody can be seen to leave) and of spending (Gamma-Gamma)."""
    frame = crm.company.once("value fits", lambda: crm.company.kept("value fits", _fitted).execute())
    return {part: _fit(rows) for part, rows in frame.groupby("part")}


def _fitted(company: Crm) -> Any:
    sample = fitted_on(rfm(company))
    rows = [row for part, fit in fit_to(sample).items() for row in _rows(part, fit)]
    return ibis.memtable(pd.DataFrame(rows, columns=list(_FITTED)), schema=_FITTED)


def fit_to(sample: pd.DataFrame) -> dict[str, Fit]:
    """Both models of a sample of buyers."""
    again = sample[(sample.repeats > 0) & (sample.repeat_spend > 0)]
    spending = gamma_gamma.fit(again.repeats.to_numpy(float), again.repeat_spend.to_numpy(float))
    return {BUYING: bgnbd.fit(*history(sample)), SPENDING: spending}


def fitted_on(table: Any) -> pd.DataFrame:
    """The buyers that models are fitted on, in a fixed order: those whose ids have the smallest hashes."""
    table = table.mutate(_hash=table.customer_id.hexdigest("md5")).order_by("_hash", "customer_id").limit(MOST_FITTED)
    return table.select("customer_id", "repeats", "span_days", "age_days", "repeat_spend").execute()


def _rows(part: str, fit: Fit) -> list[tuple]:
    about = (fit.log_likelihood, fit.n, fit.needed, fit.reason)
    return [(part, name, fit.values[name], fit.errors[name], *about) for name in fit.values] or [(part, None, None, None, *about)]


def _fit(rows: pd.DataFrame) -> Fit:
    first, known = rows.iloc[0], rows[rows.parameter.notna()]
    values, errors = (dict(zip(known.parameter, known[c], strict=True)) for c in ("estimate", "error"))
    reason = None if pd.isna(first.reason) else str(first.reason)
    return Fit(values, errors, float(first.log_likelihood), int(first.n), int(first.needed), reason)


def parameters(crm: Crm) -> pd.DataFrame:
    """The fitted parameters. → frame: model (BG/NBD, NBD, Gamma-Gamma), parameter, estimate, error (its standard error)"""
    rows = [
        (called(part, fit), name, fit.values[name], fit.errors[name]) for part, fit in fits(crm).items() for name in fit.values
    ]
    return pd.DataFrame(rows, columns=["model", "parameter", "estimate", "error"])


def called(part: str, fit: Fit) -> str:
    """The name of a fitted model in the literature."""
    if part == SPENDING:
        return "Gamma-Gamma"
    return "BG/NBD" if bgnbd.leaves(fit.values) or not fit.values else "NBD"
