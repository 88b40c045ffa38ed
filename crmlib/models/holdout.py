"""Was the model of buying right? Fitted on what was known some time ago, it says what should have been bought since.

The time held out is the last third of the time with purchases, at least 90 days and at most a year; the same customers are
judged as are fitted (value.fitted_on). Beside the model stand two ways that need none: everybody buys on as many days as in the
equally long time before (`as before`), and everybody on the mean of that (`all alike`). Of money the same: the model expects
purchases × spend (Gamma-Gamma), the others what was bought before.

The verdict goes by squared errors: they are least for who expects the mean, and sums of value are made of means. Absolute errors
stand beside them; they are least for who expects the median, which of most customers is nothing at all.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import day, days_between, total, within
from ..metrics.lives import purchases, sales
from . import bgnbd, gamma_gamma
from .buyers import buyers
from .likelihood import Fit
from .value import BUYING, SPENDING, fit_to, fitted_on, history

LEAST_DAYS, MOST_DAYS, PART = 90, 365, 3
MOST_REPEATS = 7  # the last class: so many repeat purchases, or more
MODEL, AS_BEFORE, MEAN = "model", "as before", "all alike"
WAYS = (MODEL, AS_BEFORE, MEAN)
LEVEL = 2.576  # standard errors of a difference that is clear (99 %)
_COLUMNS = {
    "way": "string", "repeats": "int64", "customers": "int64", "expected": "float64", "actual": "int64", "missed": "float64",
    "expected_amount": "float64", "amount": "float64", "squared": "float64", "rank_correlation": "float64", "top_part": "int64", "gain": "float64", "gain_error": "float64",
    "days": "int64", "n": "int64", "needed": "int64", "reason": "string",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """How the model did. `by_way`: a row a way; `by_repeats`: a row a class of customers; `reason`: why it could not be judged.

    `better`: True where the model's mean squared error is clearly smaller than that of every other way, False where it is clearly
    larger than that of one, None where it is neither.
    """

    by_way: pd.DataFrame
    by_repeats: pd.DataFrame
    days: int
    customers: int
    better: bool | None = None
    reason: str | None = None
    n: int = 0
    needed: int = 0


def held_out(crm: Crm) -> Judged:
    """The company's hold-out, for every page the same.

    Needs orders: customer_id, ordered_at, amount.
    → Judged: by_way: way (model, as before, all alike), expected_purchases, purchase_count, error_share (Σ expected / Σ bought − 1),
      mean_error (purchases a customer), root_error, rank_correlation (Spearman), top_share (of all that was bought, by the fifth expected
      to buy most), amount_error_share (the same as error_share, of money; NaN without a model of spending); by_repeats: repeats ("0" …
      "7+", before the time held out), customers, expected, actual (mean purchases)
    """
    frame = crm.company.once("hold-out", lambda: crm.company.kept("hold-out", _made).execute())
    first = frame.iloc[0]
    if first.reason is not None and not pd.isna(first.reason):
        return Judged(
            _by_way(frame.iloc[:0]),
            _by_repeats(frame.iloc[:0]),
            int(first.days),
            0,
            None,
            first.reason,
            int(first.n),
            int(first.needed),
        )
    model = frame[frame.way == MODEL]
    return Judged(_by_way(frame), _by_repeats(model), int(first.days), int(model.customers.sum()), _better(frame))


def _by_way(frame: pd.DataFrame) -> pd.DataFrame:
    sums = (
        frame.groupby("way")[["customers", "expected", "actual", "missed", "squared", "expected_amount", "amount"]]
        .sum(min_count=1)
        .reindex([w for w in WAYS if len(frame)])
    )
    firsts = frame.groupby("way")[["rank_correlation", "top_part"]].first().reindex(sums.index)
    return pd.DataFrame(
        {
            "way": list(sums.index), "expected_purchases": sums.expected, "purchase_count": sums.actual,
            "error_share": sums.expected / sums.actual.where(sums.actual > 0) - 1, "mean_error": sums.missed / sums.customers,
            "root_error": np.sqrt(sums.squared / sums.customers), "rank_correlation": firsts.rank_correlation,
            "top_share": firsts.top_part / sums.actual.where(sums.actual > 0),
            "amount_error_share": sums.expected_amount / sums.amount.where(sums.amount > 0) - 1,
        }
    ).reset_index(drop=True)  # fmt: skip


def _by_repeats(model: pd.DataFrame) -> pd.DataFrame:
    found = model.sort_values("repeats")
    means = {name: found[name] / found.customers for name in ("expected", "actual")}
    names = [f"{n}+" if n == MOST_REPEATS else str(n) for n in found.repeats]
    return pd.DataFrame({"repeats": names, "customers": found.customers, **means}).reset_index(drop=True)


def _better(frame: pd.DataFrame) -> bool | None:
    others = frame[frame.way != MODEL].groupby("way")[["gain", "gain_error"]].first()
    if (others.gain > LEVEL * others.gain_error).all():
        return True
    return False if (others.gain < -LEVEL * others.gain_error).any() else None


# ------------------------------------------------------------------------------------------------ how it is made


def _made(company: Crm) -> Any:
    """One row a way and class of customers, or one that says why there is none."""
    days, known = _days(company)
    if days < LEAST_DAYS:
        return _none(0, known, LEAST_DAYS * PART, "short")
    sample, fit = _before(company, days)
    if not fit.converged:
        return _none(days, fit.n, fit.needed, fit.reason)
    rows = pd.concat([_row(sample, way, days) for way in WAYS], ignore_index=True)
    return ibis.memtable(rows[list(_COLUMNS)], schema=_COLUMNS)


def _days(company: Crm) -> tuple[int, int]:
    """How many days are held out, and on how many days in all purchases are known."""
    first = purchases(company).aggregate(first=lambda t: t.at.min())
    known = first.select(days=days_between(first["first"], day(company.end))).execute().days.iloc[0]
    known = 0 if pd.isna(known) else int(known)
    return min(known // PART, MOST_DAYS), known


def _none(days: int, n: int, needed: int, reason: str | None) -> Any:
    row = dict.fromkeys(_COLUMNS) | {"days": days, "n": n, "needed": needed, "reason": reason}
    return ibis.memtable(pd.DataFrame([row]).astype(object), schema=_COLUMNS)


def _before(company: Crm, days: int) -> tuple[pd.DataFrame, Fit]:
    """The customers known before the time held out, what every way expected of them, and what they bought in it."""
    cut = company.end - timedelta(days=days)
    sample = fitted_on(buyers(company, cut))
    fitted = fit_to(sample)
    buying, spending = fitted[BUYING], fitted[SPENDING]
    if not buying.converged:
        return sample, buying
    x, t_x, T = history(sample)
    expected = bgnbd.expected(buying.values, [days / bgnbd.WEEK], x, t_x, T)
    spend = gamma_gamma.spend(spending.values, x, sample.repeat_spend.to_numpy(float)) if spending.converged else np.nan
    sample = sample.merge(_bought(company, sample, cut, days), on="customer_id", how="left")
    of_model = {MODEL: expected, f"{MODEL} amount": expected * spend}
    alike = {MEAN: sample[AS_BEFORE].mean(), f"{MEAN} amount": sample[f"{AS_BEFORE} amount"].mean()}
    return sample.assign(**of_model, **alike), buying


def _bought(company: Crm, sample: pd.DataFrame, cut: date, days: int) -> pd.DataFrame:
    """On how many days each customer bought in the time held out and in the equally long time before, and for how much."""
    bought = sales(company).filter(lambda t: t.amount > 0).mutate(on=lambda t: t.at.truncate("D"))
    chosen = ibis.memtable(sample[["customer_id"]], schema={"customer_id": "string"})
    windows = {"actual": (cut, company.end), AS_BEFORE: (cut - timedelta(days=days), cut)}
    figures = {name: bought.on.nunique(where=within(bought.on, *window)) for name, window in windows.items()}
    figures |= {f"{name} amount": total(bought.amount, where=within(bought.on, *window)) for name, window in windows.items()}
    return bought.semi_join(chosen, "customer_id").group_by("customer_id").aggregate(**figures).execute()


def _row(sample: pd.DataFrame, way: str, days: int) -> pd.DataFrame:
    """A way's rows: sums by the number of repeat purchases, and what is said of all of them together."""
    missed = (sample[way] - sample.actual).abs()
    frame = pd.DataFrame({"repeats": sample.repeats.clip(upper=MOST_REPEATS), "customers": 1, "expected": sample[way],
                          "actual": sample.actual, "missed": missed, "squared": missed**2,
                          "expected_amount": sample[f"{way} amount"], "amount": sample["actual amount"]})  # fmt: skip
    gain = missed**2 - (sample[MODEL] - sample.actual) ** 2
    top = sample.sort_values([way, "customer_id"], ascending=[False, True]).actual.head(-(-len(sample) // 5)).sum()
    return frame.groupby("repeats", as_index=False).sum(min_count=1).assign(
        way=way, rank_correlation=_spearman(sample[way], sample.actual), top_part=int(top), gain=gain.mean(),
        gain_error=gain.std() / np.sqrt(len(gain)), days=days, n=len(sample), needed=0, reason=None,
    )  # fmt: skip


def _spearman(a: pd.Series, b: pd.Series) -> float:
    """Spearman's rank correlation; NaN where one of them is constant."""
    if a.nunique() < 2 or b.nunique() < 2:
        return float("nan")
    return float(np.corrcoef(a.rank(), b.rank())[0, 1])
