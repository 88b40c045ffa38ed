"""The canonical tables (schema.yml) and the business section of a source: what is delivered and what it means."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from . import settings
from .errors import nearest

SQL_TYPES = {
    "id": "VARCHAR", "text": "VARCHAR", "word": "VARCHAR", "money": "DECIMAL(18,4)", "number": "DOUBLE", "share": "DOUBLE",
    "count": "BIGINT", "flag": "BOOLEAN", "day": "DATE", "time": "TIMESTAMP",
}  # fmt: skip
REVENUE_STATUSES_LEFT_OUT = ("cancelled", "refunded", "unavailable")
UNASSIGNED = "unassigned"
NONE_GIVEN = "none given"  # what a row belongs to whose word is missing


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it is required or personal, what dates it, its range and meaning."""

    name: str
    type: str
    means: str
    required: bool = False
    personal: bool = False
    dated: str | None = None
    low: float | None = None
    high: float | None = None

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One table: its columns, key, the column that dates a row, whose row it is, and which rows it hangs on."""

    name: str
    means: str
    key: tuple[str, ...]
    date: str | None
    scope: tuple[str, ...]
    parents: dict[str, str]
    columns: dict[str, Column]

    @property
    def required(self) -> list[str]:
        return [c.name for c in self.columns.values() if c.required]

    @property
    def money(self) -> list[str]:
        return [c.name for c in self.columns.values() if c.type == "money"]


_SPEC = re.compile(
    r"(?P<type>\w+)(?P<required> \*)?(?P<personal> personal)?(?: dated=(?P<dated>\w+))?(?: (?P<low>[\d.]+?)\.\.(?P<high>[\d.]*))?"
)


def _column(name: str, spec: str, means: str) -> Column:
    m = _SPEC.fullmatch(spec)
    assert m and m["type"] in SQL_TYPES, f"schema.yml: {name}: {spec!r}"
    low, high = (float(m[k]) if m[k] else None for k in ("low", "high"))
    return Column(name, m["type"], means, bool(m["required"]), bool(m["personal"]), m["dated"], low, high)


@cache
def tables() -> dict[str, Table]:
    """All canonical tables by name, in an order in which every parent comes before its rows."""
    raw = settings.own(Path(__file__).with_name("schema.yml"))
    out = {}
    for name, t in raw.items():
        columns = {c: _column(c, *spec) for c, spec in t["columns"].items()}
        out[name] = Table(name, t["means"], tuple(t["key"]), t["date"], tuple(t["scope"]), t.get("parent") or {}, columns)
    first = ["reps", "customers", "exchange_rates", "opportunities", "orders", "campaigns"]
    return {name: out[name] for name in [*first, *(n for n in out if n not in first)]}


Fraction = Annotated[float, Field(ge=0, le=1)]


class Business(BaseModel):
    """What the figures of a source mean; every key has a default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    currency: str = Field("CNY", pattern="^[A-Z]{3}$", description="the report's currency as three capital letters, such as EUR")
    time_zone: str = Field("Asia/Shanghai", description="IANA zone of the business's calendar")
    stages: tuple[str, ...] = Field(
        ("lead", "contacted", "needs", "proposal", "negotiation", "won"),
        description="the stages of a deal in order; the last one is won",
    )
    inactive_after_days: int = Field(180, gt=0, description="lost: no order or qualifying activity for so long")
    churn_horizon_days: int = Field(90, gt=0, description="how many days ahead a customer's leaving is foretold")
    qualifying: tuple[str, ...] = Field(("order", "login", "meeting"), description="what counts as activity")
    min_base: int = Field(30, gt=0, description="no percentage is printed, and no change judged, on fewer than so many")
    max_left_out: dict[str, Fraction] = Field(
        {}, description="share of a table's rows that may be left out; above it the run stops"
    )
    tiers: dict[str, int] = Field(
        {"high": 8, "medium": 3, "low": 1},
        description="activity tiers: name → least active days in a month, however long (weeks, quarters and years: days / 30 of it, rounded up)",
    )
    sla_hours: dict[str, float] = Field({}, description="hours to solve a ticket, by priority")
    contact_cost: float = Field(0, ge=0, description="cost of contacting one customer")
    contact_share: Fraction = Field(0.1, description="share of the customers who can be contacted about leaving in a period")
    save_rate: Fraction = Field(0.3, description="share of the customers about to leave whom a contact keeps")
    rfm_window_days: int = Field(730, gt=0, description="how many days back RFM counts frequency and money")
    value_horizon_days: int = Field(365, gt=0, le=3650, description="how many days ahead a customer's probabilistic value looks")
    discount_rate: float = Field(0.1, ge=0, le=1, description="what money a year from now is worth less than today's, a year")
    margin_rate: float | None = Field(
        None, gt=0, le=1, description="gross margin as a share of sales, where orders carry no cost; without it values are sales"
    )
    cac_lag_days: int = Field(
        0, ge=0, le=366, description="how many days cost goes before the new customers that it wins, in acquisition cost"
    )
    fiscal_year_starts: int = Field(1, ge=1, le=12, description="first month of the fiscal year")

    @field_validator("stages", "qualifying", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("stages")
    @classmethod
    def _stages_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) < 2 or len(set(value)) != len(value):
            raise ValueError("stages needs at least two different names, in order, the last one won")
        return value

    @field_validator("tiers")
    @classmethod
    def _tiers_ask_for_days(cls, value: dict[str, int]) -> dict[str, int]:
        if not value or min(value.values()) < 1:
            raise ValueError("tiers needs at least one name, each with at least 1 active day")
        return value

    @field_validator("max_left_out")
    @classmethod
    def _tables_exist(cls, value: dict[str, float]) -> dict[str, float]:
        for table in value:
            if table not in tables():
                raise ValueError(f"there is no table {table!r}; {nearest(table, tables())}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except Exception:
            raise ValueError(f"{value!r} is no time zone; right are names such as Europe/Berlin") from None
        return value

    def may_leave_out(self, table: str) -> float:
        """The share of a table's rows that may be left out (default 2 %)."""
        return self.max_left_out.get(table, DEFAULT_MAX_LEFT_OUT)


DEFAULT_MAX_LEFT_OUT = 0.02
Language = Literal["en", "zh"]


def make_ready() -> None:
    """Read the schema before the first table is asked for."""
    tables()
