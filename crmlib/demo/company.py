"""The whole company, table by table, each made from the same truths."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .accounts import Accounts, accounts
from .contacts import interactions_table
from .customers import customers_table
from .deals import Deals, deals, expectations, opportunities_table, stage_changes_table, undated_table
from .ground import MONTHS, TEAMS
from .history import changes_table
from .marketing import campaign_contacts_table, campaigns_table, costs_table
from .plans import exchange_rates_table, market_table, targets_table
from .purchases import Orders, order_lines_table, orders, orders_table
from .reach import Contacts, contacts
from .receivables import invoices_table
from .reps import Staff, reps_table, staff
from .seasons import months
from .service import Tickets, tickets, tickets_table
from .truths import Truths
from .voices import feedback_table, improvements_table


@dataclass(frozen=True)
class Company:
    """What drives the tables: people, customers, deals, orders, tickets."""

    truths: Truths
    reps: Staff
    accounts: Accounts
    deals: Deals
    orders: Orders
    tickets: Tickets
    priorities: np.ndarray
    reached: Contacts

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every canonical table, one after the other, so that only one is held at a time."""
        t, who, reps = self.truths, self.accounts, self.reps
        yield "reps", reps_table(reps)
        yield "customers", customers_table(t, who, reps)
        yield from self._sales()
        yield "interactions", interactions_table(t, who, reps)
        yield "tickets", tickets_table(t, self.tickets, self.priorities, who, reps)
        yield "feedback", feedback_table(t, who, reps, self.orders, self.tickets)
        yield "improvements", improvements_table(t)
        yield "campaigns", campaigns_table(t)
        yield "campaign_contacts", campaign_contacts_table(t, who, self.reached)
        yield "costs", costs_table(t, who, self._headcount())
        yield "targets", targets_table(t, self.orders, self.deals)
        yield "market", market_table(t, self.orders)
        yield "exchange_rates", exchange_rates_table(t)

    def _sales(self) -> Iterator[tuple[str, pa.Table]]:
        t, who, reps = self.truths, self.accounts, self.reps
        expected, *pushes = expectations(t, self.deals)
        dated = opportunities_table(t, self.deals, who, reps, expected)
        yield "opportunities", pa.concat_tables([dated, undated_table(t, self.deals, dated)])
        yield "stage_changes", stage_changes_table(self.deals)
        yield "changes", changes_table(t, who, reps, self.deals, pushes)
        yield "orders", orders_table(self.orders, who, reps)
        yield "order_lines", order_lines_table(self.orders)
        yield "invoices", invoices_table(t, self.orders, who)

    def _headcount(self) -> np.ndarray:
        """Month × team → people in it on the month's first day."""
        first = np.searchsorted(months(), np.arange(MONTHS))
        there = np.zeros((MONTHS, len(TEAMS)))
        for p in self.reps.postings:
            there[:, p.team] += (first >= p.first) & (first <= p.last)
        return there


def company(t: Truths) -> Company:
    """Everybody and everything that happened, before it is written down as tables."""
    reps = staff(t)
    who = accounts(t, reps)
    asked, priorities = tickets(t, who)
    reached = contacts(t, who)
    return Company(t, reps, who, deals(t, who, reps), orders(t, who, reps, reached), asked, priorities, reached)
