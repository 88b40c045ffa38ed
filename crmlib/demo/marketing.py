"""Campaigns, whom they reached, and what marketing and sales cost."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .columns import days, flags, joined, moments, money, nothing, numbered, picked, same
from .ground import MONTHS, SOURCES, TEAMS, stream
from .reach import Contacts, campaign_times
from .seasons import months
from .truths import CAMPAIGNS, Truths

CHANNELS = ("email", "website", "trade_fair", "outbound")
SUBJECTS = (
    "Spring offer",
    "Summer sale",
    "Autumn fair",
    "Year-end offer",
    "Newsletter",
    "Win-back",
    "Launch",
)
_OPEN, _CLICK, _RESPOND = 0.36, 0.28, 0.22  # each of those who did the one before
SALARY, TOOLS, COMMISSION = 1_100_000, 240_000, 380_000  # cents a month: a person, a team, a team


def campaigns_table(t: Truths) -> pa.Table:
    """The table `campaigns`."""
    rng = stream(t.seed, "campaigns_table")
    first, last, channel, team = campaign_times(t)
    cost = np.array([9_000, 16_000, 42_000, 21_000])[channel] * 100 * rng.lognormal(0, 0.35, CAMPAIGNS) * t.factor
    year = pa.array((2023 + (months()[first] + 10) // 12).astype(str).tolist())
    return pa.table(
        {
            "campaign_id": numbered("K", CAMPAIGNS, 3),
            "name": joined(
                picked(SUBJECTS, rng.integers(len(SUBJECTS), size=CAMPAIGNS)),
                " ",
                year,
                " ",
                numbered("no. ", CAMPAIGNS, 2),
            ),
            "channel": picked(CHANNELS, channel),
            "started_on": days(first),
            "ended_on": days(last),
            "cost": money(np.round(cost * np.where(team < 0, 1.0, 0.3)).astype(np.int64)),
            "currency": same("CNY", CAMPAIGNS),
            "team": picked(TEAMS, team),
        }
    )


def campaign_contacts_table(t: Truths, who: Accounts, reached: Contacts) -> pa.Table:
    """The table `campaign_contacts`: what those who were reached did with it."""
    rng = stream(t.seed, "campaign_contacts_table")
    count, control = len(reached.campaign), reached.control
    opened = reached.delivered & (rng.random(count) < _OPEN)
    clicked = opened & (rng.random(count) < _CLICK)
    responded = clicked & (rng.random(count) < _RESPOND)
    return pa.table(
        {
            "campaign_id": numbered("K", CAMPAIGNS, 3).take(pa.array(reached.campaign)),
            "customer_id": picked(who.ids, reached.account),
            "opportunity_id": nothing(count, pa.string()),
            "contacted_at": moments(reached.moment),
            "is_control": flags(control),
            "delivered": flags(reached.delivered, control),
            "opened": flags(opened, control),
            "clicked": flags(clicked, control),
            "responded": flags(responded, control),
        }
    )


def costs_table(t: Truths, who: Accounts, reps_there: np.ndarray) -> pa.Table:
    """The table `costs`: a month's advertising by channel; salaries, commission and tools by team.

    Advertising follows the new buyers of the month: as many of them as the channel usually wins, at its cost for each.
    `reps_there`: month × team → people in the team.
    """
    rng = stream(t.seed, "costs")
    start = np.searchsorted(months(), np.arange(MONTHS))
    size, teams = t.factor, len(TEAMS)
    noise = lambda *shape: rng.lognormal(0, 0.12, shape)  # noqa: E731
    grown = (1 + t.growth) ** (np.arange(MONTHS) / 12)[:, None]
    staff = np.maximum(t.factor * 40 / t.reps, 0.05)  # a small company's people are paid in proportion
    blocks = (
        ("advertising", _advertising(t, rng, who), 4),
        ("salary", SALARY * staff * reps_there * noise(MONTHS, teams), 24),
        ("commission", COMMISSION * grown * size * noise(MONTHS, teams), 27),
        ("tools", TOOLS * size * noise(MONTHS, teams), 1),
    )
    parts = [_booked(kind, cents, start + day) for kind, cents, day in blocks]
    return pa.concat_tables(parts).sort_by([("booked_on", "ascending"), ("kind", "ascending")])


def _advertising(t: Truths, rng: np.random.Generator, who: Accounts) -> np.ndarray:
    """Month × channel → cents."""
    new = np.bincount(months()[who.start[who.buys & (who.created >= 0)]], minlength=MONTHS)
    usual = new[:, None] * np.array(t.funnel.source_share) * np.array(t.acquisition.cost) * 100
    noise = t.acquisition.noise
    return usual * rng.lognormal(-(noise**2) / 2, noise, usual.shape)


def _booked(kind: str, cents: np.ndarray, day: np.ndarray) -> pa.Table:
    """One booking a month and channel (advertising) or team (everything else)."""
    rows, groups = cents.shape
    group = np.tile(np.arange(groups), rows)
    advertising = kind == "advertising"
    return pa.table(
        {
            "booked_on": days(np.repeat(day, groups)),
            "kind": same(kind, rows * groups),
            "amount": money(np.round(cents.ravel()).astype(np.int64)),
            "currency": same("CNY", rows * groups),
            "channel": picked(SOURCES, group if advertising else np.full(len(group), -1)),
            "team": picked(TEAMS, np.full(len(group), -1) if advertising else group),
        }
    )
