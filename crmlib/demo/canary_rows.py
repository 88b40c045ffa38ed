"""The canaries' rows: one in every busy table, on the last evening of the data."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from .canaries import Canary
from .catalogue import REGIONS
from .ground import STAGES

_OPENED = datetime(2025, 3, 10, 9, 30)
_LAST_EVENING = datetime(2026, 10, 31, 20, 15)


def canary_rows(birds: list[Canary]) -> dict[str, list[dict[str, Any]]]:
    """Their rows, table by table."""
    makers = {
        "customers": _customer,
        "opportunities": _opportunity,
        "stage_changes": _stages,
        "orders": _order,
        "order_lines": _line,
        "interactions": _interactions,
        "tickets": _ticket,
        "invoices": _invoice,
        "feedback": _feedback,
        "campaign_contacts": _campaign_contact,
    }
    return {table: [row for b in birds for row in make(b)] for table, make in makers.items()}


def _evening(b: Canary, minutes: int = 0) -> datetime:
    return _LAST_EVENING + timedelta(minutes=10 * b.number + minutes)


def _customer(b: Canary) -> list[dict[str, Any]]:
    return [{
        "customer_id": b.customer_id, "created_at": datetime(2024, 3, 5, 10, b.number), "name": b.name,
        "phone": b.phone, "email": b.email, "region": REGIONS[b.number], "tier": "gold",
        "acquisition_channel": "referral", "rep_id": b.rep_id, "team": b.team, "no_contact": False,
        "industry": "technology", "birthday": date(1980, 11, b.number),
    }]  # fmt: skip


def _opportunity(b: Canary) -> list[dict[str, Any]]:
    return [{
        "opportunity_id": b.id("D"), "created_at": _OPENED, "customer_id": b.customer_id,
        "rep_id": b.rep_id, "lead_source": "referral", "product": "consulting", "is_trial": False,
        "amount": b.amount, "currency": "CNY", "probability": 0.5, "stage": "proposal",
        "expected_close_on": date(2025, 4, 30),
    }]  # fmt: skip


def _stages(b: Canary) -> list[dict[str, Any]]:
    reached = STAGES[: STAGES.index("proposal") + 1]
    return [
        {"opportunity_id": b.id("D"), "stage": stage, "entered_at": _OPENED + timedelta(days=7 * k)}
        for k, stage in enumerate(reached)
    ]


def _order(b: Canary) -> list[dict[str, Any]]:
    return [{
        "order_id": b.id("O"), "customer_id": b.customer_id, "ordered_at": _evening(b),
        "amount": Decimal("1280.00"), "currency": "CNY", "rep_id": b.rep_id, "cost": Decimal("900.00"),
        "sales_channel": "phone", "payment_method": "invoice", "region": REGIONS[b.number],
        "status": "processing",
    }]  # fmt: skip


def _line(b: Canary) -> list[dict[str, Any]]:
    return [{
        "order_id": b.id("O"), "product": "copy_paper", "quantity": 10, "unit_price": Decimal("128.00"),
        "category": "supplies", "discount": 0.0,
    }]  # fmt: skip


def _interactions(b: Canary) -> list[dict[str, Any]]:
    common = {"customer_id": b.customer_id, "rep_id": b.rep_id}
    return [
        common
        | {
            "interaction_id": b.id("I1"),
            "occurred_at": _evening(b, -1500),
            "channel": "email",
            "direction": "out",
            "opened": True,
            "replied": True,
            "subject": f"Offer for {b.name}",
        },
        common
        | {
            "interaction_id": b.id("I2"),
            "occurred_at": _evening(b, 5),
            "channel": "login",
            "rep_id": None,
            "direction": "in",
            "duration_s": 300,
        },
    ]


def _ticket(b: Canary) -> list[dict[str, Any]]:
    return [{
        "ticket_id": b.id("T"), "opened_at": _evening(b, 20), "customer_id": b.customer_id,
        "rep_id": b.rep_id, "category": "billing", "product": "consulting", "channel": "email",
        "priority": "urgent",
    }]  # fmt: skip


def _invoice(b: Canary) -> list[dict[str, Any]]:
    common = {
        "customer_id": b.customer_id,
        "currency": "CNY",
        "disputed": False,
        "credit_limit": Decimal("50000.00"),
    }
    return [
        common
        | {
            "invoice_id": b.id("V1"),
            "issued_on": date(2026, 6, 15),
            "due_on": date(2026, 7, 15),
            "amount": Decimal("64000.00"),
        },
        common
        | {
            "invoice_id": b.id("V2"),
            "issued_on": date(2026, 10, 31),
            "due_on": date(2026, 11, 30),
            "amount": Decimal("1280.00"),
        },
    ]


def _feedback(b: Canary) -> list[dict[str, Any]]:
    return [{
        "feedback_id": b.id("F"), "given_at": _evening(b, 40), "customer_id": b.customer_id,
        "order_id": b.id("O"), "source": "web", "category": "service", "product": "consulting",
        "score": 1, "nps": 0, "rep_id": b.rep_id,
        "comment": f"请联系我 please write to {b.email} or call {b.phone}",
    }]  # fmt: skip


def _campaign_contact(b: Canary) -> list[dict[str, Any]]:
    return [{
        "campaign_id": "K072", "customer_id": b.customer_id, "contacted_at": _evening(b, -300),
        "is_control": False, "delivered": True, "opened": True, "clicked": False, "responded": False,
    }]  # fmt: skip
