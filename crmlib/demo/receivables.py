"""Invoices: orders that are paid later, by customers who pay on time, late, or hardly at all; those about to leave later still."""

import numpy as np
import pyarrow as pa

from .accounts import Accounts
from .columns import chosen, days, flags, money, numbered, picked, same
from .ground import DAYS, stream
from .purchases import PAYMENTS, Orders
from .truths import Truths

TERMS = np.array([14, 30, 60])


def invoices_table(t: Truths, book: Orders, who: Accounts) -> pa.Table:
    """The table `invoices`: one for each purchase on account that counts."""
    rng = stream(t.seed, "invoices")
    on_account = (book.payment == PAYMENTS.index("invoice")) & (book.account >= 0) & (book.origin < 0)
    order = np.flatnonzero(on_account & book.counts)
    account, cents = book.account[order], book.cents[order]
    payer, p = who.payer[account], t.payers
    terms = TERMS[chosen(rng, len(who), (0.25, 0.6, 0.15))][account]
    limit = np.round(rng.lognormal(10.4, 0.7, len(who)) * (1 + who.tier) / 1000).astype(np.int64) * 100_000
    issued = np.minimum(book.moment[order] // 86_400 + rng.integers(0, 3, len(order)), DAYS - 1)
    late = np.array(p.late_days)[payer] + p.worse_days * ((payer > 0) & (issued >= who.lives.fading[account]))
    paid = issued + terms + np.round(rng.normal(late, np.array(p.spread_days)[payer])).astype(np.int64)
    paid = np.maximum(paid, issued + 1)
    unpaid = (paid >= DAYS) | (rng.random(len(order)) < np.array(p.never_paid)[payer])
    partly = rng.random(len(order)) < 0.015
    part = np.where(partly, np.round(cents * rng.uniform(0.3, 0.9, len(order))), cents).astype(np.int64)
    return pa.table(
        {
            "invoice_id": numbered("V", len(order), 6),
            "customer_id": picked(who.ids, account),
            "issued_on": days(issued),
            "due_on": days(issued + terms),
            "amount": money(cents),
            "currency": same("CNY", len(order)),
            "paid_on": days(np.where(unpaid, 0, paid), unpaid),
            "paid_amount": money(np.where(unpaid, 0, part), unpaid),
            "disputed": flags(rng.random(len(order)) < np.array(p.disputed)[payer]),
            "credit_limit": money(np.maximum(limit[account], 500_000)),
        }
    )
