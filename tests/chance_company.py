"""Whole small companies by chance: every table that the business reports read, from a seed; the deals are tests/chance.py's.

Names are hostile, people move between teams, orders lack customers or people, money comes back, and some table, some column
or the last days of the data may be missing. What is true of their pages is asked of the pages themselves: tests/test_claims.py.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import chance
import numpy as np
import pandas as pd

from crmlib.crm import Crm
from crmlib.periods import Period

REGIONS = ["north", "Nord & <b>Ost</b>", "华东", "{share}", None]
TIERS = ["gold", "$silver$", None]
CHANNELS = ["referral", "online", "=HYPERLINK(1)", "展会", None]
INDUSTRIES = ["retail", "'); drop table orders; --", None]
TAGS = ["vip", "vip;new", "[x](https://evil.example);new", None]
CATEGORIES = {"training": "courses", "Crème brûlée 5%": "food", "办公椅": "家具", "$x_1^2$": None, "<i>pen</i>": "food"}
STATUSES = [None, "completed", "cancelled", "refunded", "unavailable"]
METRICS = ["revenue", "won_amount", "new_customers", "win_rate", "order_count", "retention_rate", "customer_count", "csat_mean"]
ALWAYS = {"order_id", "ordered_at", "amount", "customer_id", "opportunity_id", "interaction_id", "occurred_at", "channel", "feedback_id",
          "product", "quantity", "unit_price", "booked_on", "kind", "period", "metric", "value", "stage", "entered_at", "rep_id", "name", "team"}  # fmt: skip


@dataclass(frozen=True)
class Company:
    """Its tables, and the team and period that it is looked at for."""

    frames: dict[str, pd.DataFrame]
    team: str
    period: Period
    min_base: int
    until: date | None = None  # the last day of the data, where they end within the period

    def crm(self) -> Crm:
        business = {"min_base": self.min_base, "currency": "EUR"}
        return Crm.of(self.period.label, self.team, business, until=self.until, **self.frames)


def company(seed: int) -> Company:
    """One company; the same seed gives the same one."""
    sold, rng = chance.company(seed), np.random.default_rng([seed, 6])
    reps = _reps(rng, sold.reps)
    customers = _customers(rng, reps)
    orders, lines = _orders(rng, customers, reps)
    deals = _deals(rng, sold.deals, customers)
    frames = {
        "reps": reps, "customers": customers, "orders": orders, "order_lines": lines, "opportunities": deals, "stage_changes": sold.changes,
        "interactions": _interactions(rng, customers, reps), "feedback": _feedback(rng, customers, reps, orders), "costs": _costs(rng, reps),
        "targets": _targets(rng, reps, sold.period), "market": _market(rng, sold.period),
    }  # fmt: skip
    until = sold.period.end - timedelta(days=int(rng.integers(2, _days(sold.period) + 1))) if rng.random() < 0.35 else None
    frames = _until(frames, until) if until else frames
    frames = _with_gaps(rng, frames)
    team = sold.team if sold.team in set(frames.get("reps", reps.head(0)).team) else "all"
    return Company(frames, team, sold.period, sold.min_base, until)


def _days(period: Period) -> int:
    return (period.end - period.start).days


def _pick(rng, values: list):
    return values[int(rng.integers(len(values)))]


def _reps(rng, reps: pd.DataFrame) -> pd.DataFrame:
    """The people of the deals; each may move to another team once."""
    out = []
    for rep in reps.to_dict("records"):
        moved = date(2025, 1, 1) + timedelta(days=int(rng.integers(0, 700)))
        if rng.random() < 0.3 and len(reps) > 1:
            out += [rep | {"active_from": None, "active_to": str(moved - timedelta(days=1))}]
            out += [rep | {"team": _pick(rng, list(reps.team)), "active_from": str(moved), "active_to": None}]
        else:
            out.append(rep | {"active_from": None, "active_to": None})
    return pd.DataFrame(out, columns=["rep_id", "name", "team", "active_from", "active_to"], dtype=object)


def _somebody(rng, reps: pd.DataFrame) -> str | None:
    return None if reps.empty or rng.random() < 0.15 else str(_pick(rng, list(reps.rep_id)))


def _customers(rng, reps: pd.DataFrame) -> pd.DataFrame:
    size, out = int(rng.choice([0, 3, 40, 150, 250], p=[0.03, 0.12, 0.35, 0.3, 0.2])), []
    contracts = rng.random() < 0.2
    for i in range(size):
        day = date(2024, 1, 1) + timedelta(days=int(1030 * rng.random() ** rng.choice([0.5, 1])))
        ended = day + timedelta(days=int(rng.exponential(500))) if contracts else None
        out.append({
            "customer_id": f"c{i}", "created_at": None if rng.random() < 0.03 else str(day), "name": f"Frau <{i}>", "company": _pick(rng, ["Ä & Co", None]),
            "region": _pick(rng, REGIONS), "tier": _pick(rng, TIERS), "industry": _pick(rng, INDUSTRIES), "tags": _pick(rng, TAGS),
            "acquisition_channel": _pick(rng, CHANNELS), "referred_by": f"c{int(rng.integers(i))}" if i and rng.random() < 0.1 else None,
            "rep_id": _somebody(rng, reps), "birthday": None if rng.random() < 0.5 else f"19{int(rng.integers(50, 99))}-{int(rng.integers(1, 13)):02d}-11",
            "phone": _pick(rng, ["13812345678", None]), "email": _pick(rng, ["zo@example.com", None]),
            "churned_at": str(ended) if ended and ended < date(2027, 1, 1) else None,
        })  # fmt: skip
    return pd.DataFrame(out, columns=["customer_id", "created_at", "name", "company", "region", "tier", "industry", "tags", "acquisition_channel",
                                      "referred_by", "rep_id", "birthday", "phone", "email", "churned_at"], dtype=object)  # fmt: skip


def _orders(rng, customers: pd.DataFrame, reps: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Purchases, refunds, and what was on them; how much is bought of which product changes with the year and may fall."""
    orders, lines = [], []
    weights = {year: rng.dirichlet(np.full(len(CATEGORIES), 1.0)) for year in (2023, 2024, 2025, 2026)}
    dear, growth = rng.choice([1, 10, 1000]), {2023: 1, 2024: 1, 2025: rng.uniform(0.5, 2), 2026: rng.uniform(0.3, 3)}
    for who in [*customers.customer_id, *([None] * int(rng.integers(0, 5)))]:
        day = date(2023, 11, 1) + timedelta(days=int(rng.integers(0, 1000)))
        pause, channel = rng.choice([20, 60, 200]), _pick(rng, CHANNELS)
        while day < date(2026, 12, 20) and len(orders) < 1500:
            order, bought = _order(rng, f"o{len(orders)}", who, day, weights[day.year], dear * growth[day.year])
            orders.append(order | {"rep_id": _somebody(rng, reps), "sales_channel": channel})
            lines += bought
            day += timedelta(days=1 + int(rng.exponential(pause)))
    columns = [
        "order_id",
        "customer_id",
        "ordered_at",
        "amount",
        "cost",
        "payment_method",
        "region",
        "status",
        "status_changed_at",
        "rep_id",
        "sales_channel",
    ]
    return (pd.DataFrame(orders, columns=columns, dtype=object),
            pd.DataFrame(lines, columns=["order_id", "product", "category", "quantity", "unit_price", "discount"], dtype=object))  # fmt: skip


def _order(rng, name: str, who: str | None, day: date, weights, dear: float) -> tuple[dict, list[dict]]:
    lines, back = [], rng.random() < 0.06
    for _ in range(int(rng.integers(1, 4)) * (rng.random() > 0.05)):
        product = list(CATEGORIES)[int(rng.choice(len(CATEGORIES), p=weights))]
        discount = _pick(rng, [None, 0.0, 0.1, 0.25])
        price = round(float(rng.uniform(1, 50)) * dear, 2)
        lines.append({"order_id": name, "product": product, "category": CATEGORIES[product], "quantity": -1 if back else int(rng.integers(1, 9)),
                      "unit_price": str(price), "discount": discount})  # fmt: skip
    amount = round(sum(float(n["unit_price"]) * n["quantity"] * (1 - (n["discount"] or 0)) for n in lines), 2)
    status = _pick(rng, STATUSES) if rng.random() < 0.2 else None
    at = f"{day} {int(rng.integers(0, 24)):02d}:15:00"
    return {"order_id": name, "customer_id": who if rng.random() > 0.03 else None, "ordered_at": at, "amount": str(amount), "cost": str(round(amount * 0.6, 2)),
            "payment_method": _pick(rng, ["card", "支付宝", None]), "region": _pick(rng, REGIONS), "status": status,
            "status_changed_at": str(day + timedelta(days=int(rng.integers(0, 40)))) if status else None}, lines  # fmt: skip


def _deals(rng, deals: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """The deals of tests/chance.py with a customer, a chance and a day on which they are expected to close."""
    n, known = len(deals), list(customers.customer_id) or [None]
    made = pd.to_datetime(deals.created_at)
    due = [
        None if pd.isna(d) or rng.random() < 0.2 else str((d + timedelta(days=int(rng.integers(5, 150)))).date()) for d in made
    ]
    return deals.assign(
        customer_id=[_pick(rng, known) if rng.random() < 0.8 else None for _ in range(n)],
        probability=[None if rng.random() < 0.2 else round(float(rng.random()), 2) for _ in range(n)],
        expected_close_on=due,
    ).astype(object)


def _rows(rng, most: int, columns: list[str], one) -> pd.DataFrame:
    """Up to so many rows on days from 2024 on."""
    days = (
        str(date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 1080)))) for _ in range(int(rng.choice([0, most // 10, most])))
    )
    return pd.DataFrame([one(i, day) for i, day in enumerate(days)], columns=columns, dtype=object)


def _whose(rng, customers: pd.DataFrame) -> str | None:
    return None if customers.empty or rng.random() < 0.1 else str(_pick(rng, list(customers.customer_id)))


def _interactions(rng, customers: pd.DataFrame, reps: pd.DataFrame) -> pd.DataFrame:
    channels = ["login", "browse", "event", "email", "phone", "meeting", "feedback", "<wink>"]
    return _rows(rng, 1500, ["interaction_id", "customer_id", "occurred_at", "channel", "rep_id", "duration_s", "replied"],
                 lambda i, day: (f"i{i}", _whose(rng, customers), f"{day} {int(rng.integers(0, 24)):02d}:30:00", _pick(rng, channels),
                                 _somebody(rng, reps), _pick(rng, [None, 60]), _pick(rng, [None, "true", "false"])))  # fmt: skip


def _feedback(rng, customers: pd.DataFrame, reps: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    kind, known = rng.dirichlet(np.full(5, 1.0)), list(orders.order_id) or [None]
    return _rows(rng, 500, ["feedback_id", "given_at", "customer_id", "order_id", "source", "category", "product", "score", "nps", "comment", "rep_id"],
                 lambda i, day: (f"f{i}", None if rng.random() < 0.03 else day, _whose(rng, customers), _pick(rng, [None, _pick(rng, known)]),
                                 _pick(rng, ["survey", "{base}", None]), _pick(rng, ["quality", "<u>price</u>", None]), _pick(rng, list(CATEGORIES)),
                                 None if rng.random() < 0.1 else 1 + int(rng.choice(5, p=kind)), _pick(rng, [None, 0, 6, 7, 9, 10]),
                                 _pick(rng, [None, "too <expensive>", "很好"]), _somebody(rng, reps)))  # fmt: skip


def _costs(rng, reps: pd.DataFrame) -> pd.DataFrame:
    """Every month something is booked, of some channel; a booking may be taken back."""
    teams = [None, *reps.team]
    out = [(f"{year}-{month:02d}-{int(rng.integers(1, 28)):02d}", _pick(rng, ["advertising", "commission", "salary", "tools", "rent {x}"]),
            str(round(float(rng.uniform(-20, 900)), 2)), channel, _pick(rng, teams))
           for year in (2024, 2025, 2026) for month in range(1, 13) for channel in CHANNELS if rng.random() < 0.8]  # fmt: skip
    return pd.DataFrame(out, columns=["booked_on", "kind", "amount", "channel", "team"], dtype=object)


def _targets(rng, reps: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Goals of the company, of teams and of people; some for another kind of period, some twice."""
    labels = [period.label, period.previous.label, period.year_before.label, "2026-10", "2026-Q4", "2026"]
    whose = [(None, None), *((t, None) for t in reps.team), *zip(reps.team, reps.rep_id, strict=True)]
    out = [(label, metric, round(float(rng.choice([0, 0.3, 20, 5000, 1e5]) * rng.uniform(0.5, 2)), 2), team, rep)
           for label in labels for metric in METRICS for team, rep in whose if rng.random() < 0.3]  # fmt: skip
    return pd.DataFrame(out, columns=["period", "metric", "value", "team", "rep_id"], dtype=object)


def _market(rng, period: Period) -> pd.DataFrame:
    labels = [period.label, period.previous.label, period.year_before.label]
    out = [
        (label, str(round(float(rng.uniform(1e3, 1e7)), 2)), region)
        for label in labels
        for region in REGIONS
        if rng.random() < 0.7
    ]
    return pd.DataFrame(out, columns=["period", "amount", "region"], dtype=object)


def _until(frames: dict[str, pd.DataFrame], last: date) -> dict[str, pd.DataFrame]:
    """The data end on this day, within the period."""
    dated = {"orders": "ordered_at", "interactions": "occurred_at", "feedback": "given_at", "costs": "booked_on", "stage_changes": "entered_at",
             "opportunities": "created_at", "customers": "created_at"}  # fmt: skip
    by_then = lambda column: np.array([v is None or v[:10] <= str(last) for v in column], dtype=bool)  # noqa: E731
    known = {n: f[by_then(f[dated[n]])] if n in dated else f for n, f in frames.items()}
    for column in ("closed_at", "is_won", "lost_reason"):
        deals = known["opportunities"]
        later = [isinstance(v, str) and v > str(last) for v in frames["opportunities"].loc[deals.index, "closed_at"]]
        known["opportunities"] = deals.assign(**{column: deals[column].where(~np.array(later, bool), None)})
    for name, parent in (("order_lines", "orders"), ("stage_changes", "opportunities")):
        key = f"{'order' if parent == 'orders' else 'opportunity'}_id"
        known[name] = known[name][known[name][key].isin(known[parent][key])]
    return known


def _with_gaps(rng, frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Some tables are not delivered, some lack a column; sometimes orders or deals are all there is."""
    kind = rng.choice(["whole", "gaps", "orders", "deals"], p=[0.35, 0.5, 0.08, 0.07])
    if kind == "orders":
        return {
            n: f for n, f in frames.items() if n in _pick(rng, [("orders",), ("orders", "customers"), ("orders", "order_lines")])
        }
    if kind == "deals":
        return {
            n: f for n, f in frames.items() if n in _pick(rng, [("opportunities",), ("opportunities", "reps", "stage_changes")])
        }
    if kind == "whole":
        return frames
    kept = {n: f for n, f in frames.items() if rng.random() > 0.1} or frames
    return {n: f[[c for c in f if c in ALWAYS or rng.random() > 0.06]] for n, f in kept.items()}
