"""A made-up customer for each team whose name, phone and address stand in no other row: where one shows, data leaked.

Each has the largest open deal of its team, so that it tops every follow-up list.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .deals import Deals
from .ground import TEAMS, day_of
from .reps import Staff


@dataclass(frozen=True)
class Canary:
    team: str
    number: int
    rep_id: str
    amount: Decimal

    @property
    def customer_id(self) -> str:
        return f"CANARY-{self.team.upper()}"

    def id(self, prefix: str) -> str:
        """The key of one of its rows."""
        return f"{prefix}-{self.customer_id}"

    @property
    def name(self) -> str:
        return f"Canary {self.team.title()} 金丝雀{self.number}"

    @property
    def email(self) -> str:
        return f"canary-{self.team}@example.com"

    @property
    def phone(self) -> str:
        return f"1990000000{self.number}"


def canaries(book: Deals, reps: Staff) -> list[Canary]:
    """One a team, in charge of someone who never moves and never leaves."""
    ids, since = reps.ids.to_pylist(), day_of("2025-03-01") * 86_400
    open_then = ~book.course.is_closed | (book.course.closed >= since)
    out = []
    for n, team in enumerate(TEAMS):
        largest = int(book.cents[open_then & (book.team == n)].max())
        out.append(Canary(team, n + 1, ids[reps.anchor(n)], Decimal(largest * 11 // 1_000_000 + 1) * 1000))
    return out


def record(birds: list[Canary]) -> list[dict[str, Any]]:
    """The canaries as truth.json tells them."""
    return [
        {
            "team": b.team,
            "customer_id": b.customer_id,
            "name": b.name,
            "email": b.email,
            "phone": b.phone,
            "rep_id": b.rep_id,
            "opportunity_id": b.id("D"),
            "amount": float(b.amount),
        }
        for b in birds
    ]
