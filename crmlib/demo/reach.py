"""Whom the campaigns reached, who was held out, and the orders that one of them brought."""

from dataclasses import dataclass

import numpy as np

from .accounts import Accounts
from .columns import chosen
from .ground import DAYS, MONTHS, TEAMS, stream
from .seasons import OFFICE_HOURS, OFFICE_WEEK, ONLINE_HOURS, ONLINE_WEEK, Rhythm, months
from .truths import CAMPAIGNS, Truths

CONTACTS_A_CUSTOMER = 6.5
_CONTROL = 0.1
_DELIVERED = 0.965


@dataclass(frozen=True)
class Contacts:
    """One entry for each customer of a campaign, held out or not."""

    campaign: np.ndarray
    account: np.ndarray
    moment: np.ndarray
    control: np.ndarray
    delivered: np.ndarray

    def of(self, campaign: int) -> np.ndarray:
        """The entries of a campaign."""
        return np.flatnonzero(self.campaign == campaign)


def campaign_times(t: Truths) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two campaigns a month: first day, last day, channel, team (-1: the whole company)."""
    rng = stream(t.seed, "campaigns")
    month = np.repeat(np.arange(MONTHS), CAMPAIGNS // MONTHS)
    first = np.searchsorted(months(), month) + rng.integers(0, 14, CAMPAIGNS)
    channel = chosen(rng, CAMPAIGNS, (5, 2, 1, 2))
    team = np.where(rng.random(CAMPAIGNS) < 0.6, -1, rng.integers(len(TEAMS), size=CAMPAIGNS))
    last = np.minimum(first + rng.integers(5, 28, CAMPAIGNS), DAYS - 1)
    last[-1] = DAYS - 1
    team[t.campaign.number] = -1
    return first, last, channel, team


def contacts(t: Truths, who: Accounts) -> Contacts:
    """Customers there at the time, each once a campaign, a tenth of them held out; more of them in the one that works."""
    rng = stream(t.seed, "campaign_contacts")
    first, last, _, team = campaign_times(t)
    share = CONTACTS_A_CUSTOMER / CAMPAIGNS * 1.7
    campaign, account = [], []
    for k in range(CAMPAIGNS):
        there = (who.created < first[k] * 86_400) & ((team[k] < 0) | (who.team == team[k]))
        if k == t.campaign.number:
            there &= who.buys & (who.start <= first[k]) & (who.stop > last[k] + 1)
        mine = np.flatnonzero(there & (rng.random(len(who)) < (t.campaign.reach if k == t.campaign.number else share)))
        campaign.append(np.full(len(mine), k))
        account.append(mine)
    which, whom = np.concatenate(campaign), np.concatenate(account)
    moment = Rhythm.of(t, OFFICE_WEEK, OFFICE_HOURS).within(rng, first[which], last[which] + 1)
    control = rng.random(len(which)) < np.where(which == t.campaign.number, t.campaign.held_out, _CONTROL)
    return Contacts(which, whom, moment, control, ~control & (rng.random(len(which)) < _DELIVERED))


def prompted(t: Truths, who: Accounts, reached: Contacts) -> tuple[np.ndarray, np.ndarray]:
    """The orders that the campaign which works brought: whose, and when within its window."""
    rng = stream(t.seed, "prompted")
    rows = reached.of(t.campaign.number)
    rows = rows[reached.delivered[rows] & (rng.random(len(rows)) < t.campaign.extra)]
    account, day = reached.account[rows], reached.moment[rows] // 86_400
    day = day + rng.integers(1, t.campaign.window_days, len(rows))
    rhythm = Rhythm.of(t, ONLINE_WEEK, ONLINE_HOURS)
    return account, rhythm.at_hours(rng, np.minimum(day, who.stop[account] - 1))
