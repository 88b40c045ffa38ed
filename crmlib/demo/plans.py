"""What was aimed at (targets), the market around it, and what foreign currencies were worth."""

import numpy as np
import pyarrow as pa

from .catalogue import REGIONS
from .columns import days, money, nothing, numbers, picked
from .deals import Deals
from .ground import MONTHS, SECONDS, TEAMS, stream
from .purchases import Orders
from .seasons import months
from .truths import Truths

METRICS = ("revenue", "win_rate", "won_amount", "lead_count", "sales_cycle_days")
_AIM = 1.04  # goals lie a little above what the company as a whole reaches
_WIN_RATE, _CYCLE = 0.2, 22.0
_MARKET_SHARE = 0.09
CURRENCIES = {"USD": 7.18, "EUR": 7.80, "HKD": 0.92}


def targets_table(t: Truths, sold: Orders, book: Deals) -> pa.Table:
    """The table `targets`: every month and quarter, the company (no team) and each team.

    A team's goal is its share of what the company did, so a team that falls behind misses it.
    """
    rng = stream(t.seed, "targets")
    c = book.course
    company = {
        "revenue": _by_month(sold.moment, sold.cents / 100, sold.counts),
        "won_amount": _by_month(c.closed, book.cents / 100, c.is_won),
        "lead_count": _by_month(book.created, np.ones(len(book)), book.created < SECONDS),
    }
    shares = np.concatenate([[1.0], t.team_share])
    goals = {m: _AIM * v[:, None] * shares * rng.lognormal(0, 0.05, (MONTHS, len(shares))) for m, v in company.items()}
    flat = np.ones((MONTHS, len(shares)))
    goals |= {"win_rate": flat * _WIN_RATE, "sales_cycle_days": flat * _CYCLE}
    rows = [_rows(metric, goals[metric]) for metric in METRICS]
    return pa.concat_tables(rows).sort_by([("period", "ascending"), ("metric", "ascending"), ("team", "ascending")])


def _by_month(moment: np.ndarray, value: np.ndarray, counts: np.ndarray) -> np.ndarray:
    month = months()[moment[counts] // 86_400]
    return np.bincount(month, weights=value[counts], minlength=MONTHS)


def _labels() -> tuple[list[str], list[str]]:
    """The names of all months, and of the quarter in which each lies."""
    number = 2023 * 12 + 10 + np.arange(MONTHS)
    year, month = number // 12, number % 12
    names = [f"{y}-{m + 1:02d}" for y, m in zip(year, month, strict=True)]
    return names, [f"{y}-Q{m // 3 + 1}" for y, m in zip(year, month, strict=True)]


def _rows(metric: str, goal: np.ndarray) -> pa.Table:
    """One goal for each period and team; a quarter's is the sum of its months, a rate's or duration's their mean."""
    names, quarters = _labels()
    whole = [q for q in dict.fromkeys(quarters) if quarters.count(q) == 3]
    inside = np.array([[q == w for q in quarters] for w in whole], float)
    if metric in ("win_rate", "sales_cycle_days"):
        inside /= 3
    goal = np.concatenate([goal, inside @ goal])
    value = (
        np.round(goal, 2) if metric == "win_rate" else np.round(goal, {"lead_count": 0, "sales_cycle_days": 1}.get(metric, -2))
    )
    team = np.tile(np.arange(-1, len(TEAMS)), len(goal))
    return pa.table(
        {
            "period": pa.array(np.repeat([*names, *whole], len(TEAMS) + 1).tolist()),
            "metric": pa.array([metric] * len(team)),
            "value": numbers(value.ravel()),
            "team": picked(TEAMS, team),
            "rep_id": nothing(len(team), pa.string()),
        }
    )


def market_table(t: Truths, sold: Orders) -> pa.Table:
    """The table `market`: each month's size by region, growing more slowly than the company."""
    rng = stream(t.seed, "market")
    mean = float(np.round(_by_month(sold.moment, sold.cents / 100, sold.counts).sum() / MONTHS, -2))
    month = np.arange(MONTHS)
    size = mean / _MARKET_SHARE * 1.04 ** (month / 12) * np.sqrt(np.array(t.season)[(month + 10) % 12])
    share = rng.uniform(0.8, 1.2, len(REGIONS))
    cents = np.round(size[:, None] * share / share.sum() * rng.lognormal(0, 0.03, (MONTHS, len(REGIONS))), -3) * 100
    return pa.table(
        {
            "period": pa.array(np.repeat(_labels()[0], len(REGIONS)).tolist()),
            "amount": money(cents.ravel().astype(np.int64)),
            "region": picked(REGIONS, np.tile(np.arange(len(REGIONS)), MONTHS)),
        }
    )


def exchange_rates_table(t: Truths) -> pa.Table:
    """The table `exchange_rates`: a new rate on the first of each month."""
    rng = stream(t.seed, "exchange_rates")
    start = np.searchsorted(months(), np.arange(MONTHS))
    moves = np.exp(np.cumsum(rng.normal(0, 0.006, (MONTHS, len(CURRENCIES))), axis=0))
    return pa.table(
        {
            "currency": picked(list(CURRENCIES), np.tile(np.arange(len(CURRENCIES)), MONTHS)),
            "valid_from": days(np.repeat(start, len(CURRENCIES))),
            "rate": numbers(np.round(moves * np.array(list(CURRENCIES.values())), 4).ravel()),
        }
    )
