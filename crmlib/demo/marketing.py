"""Campaigns, whom they reached, and what marketing and sales cost."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .columns import chosen, days, flags, joined, moments, money, nothing, numbered, picked, same
from .seasons import OFFICE_HOURS, OFFICE_WEEK, Rhythm, months
from .truths import DAYS, MONTHS, SOURCES, TEAMS, Truths, stream

CAMPAIGNS = 72
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
CONTACTS_A_CUSTOMER = 6.5
_CONTROL = 0.1
_OPEN, _CLICK, _RESPOND = 0.36, 0.28, 0.22  # each of those who did the one before
ADVERTISING = np.array([75_000, 40_000, 8_000, 22_000, 28_000, 12_000]) * 100  # cents a month by channel, usual size
SALARY, TOOLS, COMMISSION = 1_100_000, 240_000, 380_000  # cents a month: a person, a team, a team


def campaign_times(t: Truths) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two campaigns a month: first day, last day, channel, team (-1: the whole company)."""
    rng = stream(t.seed, "campaigns")
    month = np.repeat(np.arange(MONTHS), CAMPAIGNS // MONTHS)
    first = np.searchsorted(months(), month) + rng.integers(0, 14, CAMPAIGNS)
    channel = chosen(rng, CAMPAIGNS, (5, 2, 1, 2))
    team = np.where(rng.random(CAMPAIGNS) < 0.6, -1, rng.integers(len(TEAMS), size=CAMPAIGNS))
    last = np.minimum(first + rng.integers(5, 28, CAMPAIGNS), DAYS - 1)
    last[-1] = DAYS - 1
    return first, last, channel, team


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


def campaign_contacts_table(t: Truths, who: Accounts) -> pa.Table:
    """The table `campaign_contacts`: customers there at the time, each once a campaign, a tenth of them held out."""
    rng = stream(t.seed, "campaign_contacts")
    campaign, account, moment = _reached(t, rng, who)
    count = len(campaign)
    control = rng.random(count) < _CONTROL
    delivered = ~control & (rng.random(count) < 0.965)
    opened = delivered & (rng.random(count) < _OPEN)
    clicked = opened & (rng.random(count) < _CLICK)
    responded = clicked & (rng.random(count) < _RESPOND)
    return pa.table(
        {
            "campaign_id": numbered("K", CAMPAIGNS, 3).take(pa.array(campaign)),
            "customer_id": picked(who.ids, account),
            "opportunity_id": nothing(count, pa.string()),
            "contacted_at": moments(moment),
            "is_control": flags(control),
            "delivered": flags(delivered, control),
            "opened": flags(opened, control),
            "clicked": flags(clicked, control),
            "responded": flags(responded, control),
        }
    )


def _reached(t: Truths, rng: np.random.Generator, who: Accounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, last, _, team = campaign_times(t)
    share = CONTACTS_A_CUSTOMER / CAMPAIGNS * 1.7
    campaign, account = [], []
    for k in range(CAMPAIGNS):
        there = (who.created < first[k] * 86_400) & ((team[k] < 0) | (who.team == team[k]))
        mine = np.flatnonzero(there & (rng.random(len(who)) < share))
        campaign.append(np.full(len(mine), k))
        account.append(mine)
    which, whom = np.concatenate(campaign), np.concatenate(account)
    rhythm = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS)
    return which, whom, rhythm.within(rng, first[which], last[which] + 1)


def costs_table(t: Truths, reps_there: np.ndarray) -> pa.Table:
    """The table `costs`: a month's advertising by channel; salaries, commission and tools by team.

    `reps_there`: month × team → people in the team.
    """
    rng = stream(t.seed, "costs")
    start = np.searchsorted(months(), np.arange(MONTHS))
    size, channels, teams = t.factor, len(SOURCES), len(TEAMS)
    noise = lambda *shape: rng.lognormal(0, 0.12, shape)  # noqa: E731
    grown = (1 + t.growth) ** (np.arange(MONTHS) / 12)[:, None]
    staff = np.maximum(t.factor * 40 / t.reps, 0.05)  # a small company's people are paid in proportion
    blocks = (
        ("advertising", ADVERTISING * grown * noise(MONTHS, channels) * size, 4),
        ("salary", SALARY * staff * reps_there * noise(MONTHS, teams), 24),
        ("commission", COMMISSION * grown * size * noise(MONTHS, teams), 27),
        ("tools", TOOLS * size * noise(MONTHS, teams), 1),
    )
    parts = [_booked(kind, cents, start + day) for kind, cents, day in blocks]
    return pa.concat_tables(parts).sort_by([("booked_on", "ascending"), ("kind", "ascending")])


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
