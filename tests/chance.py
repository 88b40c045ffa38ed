"""Small companies by chance, and what is true of them: worked out from their rows with plain pandas, apart from the product."""

import itertools
import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from crmlib.crm import Crm
from crmlib.periods import Period, year_earlier

STAGES = ["lead", "contacted", "needs", "proposal", "negotiation", "won"]
LAST = len(STAGES) - 1
SOURCES = ["website", "referral", "Messe & <b>Fair</b>", "{share}", None]
PRODUCTS = ["training", "Crème brûlée 5%", "办公椅", "$x_1^2$", None]
REASONS = ["price", "timing", "no {reason} given", "=HYPERLINK(1)", None]
TEAMS = {"r1": "north", "r2": "south", "r3": "Équipe ‘3’"}


@dataclass(frozen=True)
class Company:
    """A company, and the team and period that it is looked at for."""

    deals: pd.DataFrame
    changes: pd.DataFrame
    reps: pd.DataFrame
    team: str
    period: Period
    min_base: int

    def crm(self) -> Crm:
        frames = {"opportunities": self.deals, "reps": self.reps, "stage_changes": self.changes}
        return Crm.of(self.period.label, self.team, {"min_base": self.min_base}, **{k: v for k, v in frames.items() if len(v)})


def company(seed: int) -> Company:
    """Up to some hundreds of deals from 2024 on; how fast, how often and why they end may differ from one year to the next."""
    rng = np.random.default_rng(seed)
    size = int(rng.choice([0, 1, 12, 60, 300, 600, 1000], p=[0.03, 0.03, 0.14, 0.2, 0.2, 0.2, 0.2]))
    kind = rng.choice(["2026-10", "2026-08", "2026-W42", "2026-Q3", "2026"], p=[0.3, 0.2, 0.1, 0.3, 0.1])
    teams = int(rng.choice(4, p=[0.1, 0.2, 0.3, 0.4]))
    reps = pd.DataFrame(
        [{"rep_id": r, "name": f"{t} {r}", "team": t} for r, t in list(TEAMS.items())[:teams]], columns=["rep_id", "name", "team"]
    )
    team = str(rng.choice(["all", *reps.team])) if teams else "all"
    habits = {year: _habits(rng, teams) for year in (2024, 2025, 2026)}
    deals, changes = [], []
    for i in range(size):
        deal, entries = _deal(rng, f"d{i}", habits)
        deals.append(deal)
        changes += entries
    columns = ["opportunity_id", "created_at", "rep_id", "lead_source", "product", "amount", "closed_at", "is_won", "lost_reason"]
    entered = pd.DataFrame(changes, columns=["opportunity_id", "stage", "entered_at"])
    return Company(
        pd.DataFrame(deals, columns=columns, dtype=object),
        entered,
        reps,
        team,
        Period.parse(str(kind)),
        int(rng.choice([1, 5, 30])),
    )


def _habits(rng, teams: int) -> dict:
    share = lambda n: rng.dirichlet(np.full(n, 0.7))  # noqa: E731
    on = rng.uniform(0.4, 1, LAST) ** rng.choice([0.3, 1])
    weak = (f"r{rng.integers(1, teams + 2)}", int(rng.integers(LAST)))  # somebody whose deals do not go on
    return {"on": on, "weak": weak, "days": rng.choice([1, 4, 15, 40], LAST), "reasons": share(len(REASONS)),
            "reps": rng.dirichlet(np.full(teams + 1, 5)), "busy": rng.integers(1, 13), "source": rng.uniform(0.3, 1, len(SOURCES))}  # fmt: skip


def _deal(rng, name: str, habits: dict) -> tuple[dict, list[tuple]]:
    year = int(rng.choice(list(habits), p=[0.2, 0.4, 0.4]))
    habit = habits[year]
    month = int(habit["busy"]) if rng.random() < 0.3 else int(rng.integers(1, 13))
    day = date(year, month, int(rng.integers(1, 29)))
    rep = rng.choice([*list(TEAMS)[: len(habit["reps"]) - 1], "nobody"], p=habit["reps"])
    source = int(rng.integers(len(SOURCES)))
    deal = {"opportunity_id": name, "created_at": day.isoformat(), "rep_id": None if rep == "nobody" else str(rep), "lead_source": SOURCES[source],
            "product": PRODUCTS[int(rng.integers(len(PRODUCTS)))], "amount": None if rng.random() < 0.1 else str(round(float(rng.uniform(1, 9e4)), 2))}  # fmt: skip
    if rng.random() < 0.03:
        return deal | {"created_at": None}, []
    dated, entries = rng.random() > 0.05, []
    for i in range(LAST):
        entries.append((name, STAGES[i], day.isoformat()))
        day += timedelta(days=1 + int(rng.exponential(habit["days"][i])))
        on = habit["on"][i] * (habit["source"][source] if i == LAST - 1 else 1) * (0.3 if (rep, i) == habit["weak"] else 1)
        if rng.random() > on:
            if rng.random() < 0.2:
                return deal, entries * dated  # it waits, for ever
            return deal | {"closed_at": day.isoformat(), "is_won": "false", "lost_reason": _reason(rng, habit)}, entries * dated
    return deal | {"closed_at": day.isoformat(), "is_won": "true"}, [*entries, (name, "won", day.isoformat())] * dated


def _reason(rng, habit: dict) -> str | None:
    return REASONS[int(rng.choice(len(REASONS), p=habit["reasons"]))]


# ---------------------------------------------------------------------------------------------------- what is true


def waited(stays: pd.DataFrame, q: float) -> float:
    """Kaplan and Meier, one day after the other."""
    still = 1.0
    for day in sorted(set(stays.days)):
        at_risk, left = (stays.days >= day).sum(), ((stays.days == day) & stays.ended).sum()
        still *= 1 - left / at_risk
        if still <= 1 - q + 1e-9:
            return float(day)
    return math.nan


def _each(column: pd.Series, holds) -> np.ndarray:
    return np.array([holds(v) for v in column], dtype=bool)


@dataclass
class Truth:
    """What a view of the company may say; `team` overrides whose deals count."""

    made: Company
    team: str = field(default="")

    def __post_init__(self):
        self.team = self.team or self.made.team
        self.start, self.end = self.made.period.start, self.made.period.end

    @cached_property
    def company(self) -> pd.DataFrame:
        """All deals as they were known at the period's end."""
        deals = self.made.deals.copy()
        team = dict(zip(self.made.reps.rep_id, self.made.reps.team, strict=True))
        deals["team"] = [team.get(r) for r in deals.rep_id]
        deals["amount"] = deals.amount.astype(float)
        for column in ("created_at", "closed_at"):
            deals[column] = [date.fromisoformat(v) if isinstance(v, str) else None for v in deals[column]]
        deals = deals[_each(deals.created_at, lambda v: v is None or v < self.end)]
        later = _each(deals.closed_at, lambda v: v is not None and v >= self.end)
        deals.loc[later, ["closed_at", "is_won", "lost_reason"]] = None
        deals["won"], deals["lost"] = deals.is_won == "true", deals.is_won == "false"
        entries = self.entries
        deals["reached"] = [
            LAST if won else max([0, *(STAGES.index(s) for s in entries[entries.opportunity_id == i].stage)])
            for i, won in zip(deals.opportunity_id, deals.won, strict=True)
        ]
        deals["open"] = deals.created_at.notna() & deals.closed_at.isna()
        return deals.reset_index(drop=True)

    @cached_property
    def entries(self) -> pd.DataFrame:
        """All entries into a stage before the period's end, with the day of the next one."""
        entries = self.made.changes.copy()
        entries["entered_at"] = [date.fromisoformat(v) for v in entries.entered_at]
        entries["until"] = entries.groupby("opportunity_id").entered_at.shift(-1)
        return entries[_each(entries.entered_at, lambda v: v < self.end)]

    @property
    def deals(self) -> pd.DataFrame:
        return self.company if self.team == "all" else self.company[self.company.team == self.team]

    def of(self, team: str) -> "Truth":
        other = Truth(self.made, team)
        other.__dict__ |= {"company": self.company, "entries": self.entries}
        return other

    @property
    def others(self) -> pd.DataFrame:
        return self.company[self.company.team.notna() & (self.company.team != self.team)]

    @staticmethod
    def between(deals: pd.DataFrame, column: str, start: date, end: date) -> pd.DataFrame:
        return deals[_each(deals[column], lambda v: isinstance(v, date) and start <= v < end)]

    def closed(self, start=None, end=None) -> pd.DataFrame:
        found = self.between(self.deals, "closed_at", start or self.start, end or self.end)
        return found[found.won | found.lost]

    def created(self, start=None, end=None) -> pd.DataFrame:
        return self.between(self.deals, "created_at", start or self.start, end or self.end)

    @cached_property
    def p90(self) -> int | None:
        won = self.closed(year_earlier(self.end), self.end)
        won = won[won.won & won.created_at.notna()]
        days = [(c - a).days for a, c in zip(won.created_at, won.closed_at, strict=True)]
        return math.ceil(float(np.quantile(days, 0.9)) - 1e-9) if days else None

    @cached_property
    def cohort(self) -> tuple[date, date]:
        """The deals that headlines speak of: the period's, or those that had time enough."""
        if self.p90 is None or self.p90 <= (self.end - self.start).days:
            return self.start, self.end
        end = self.end - timedelta(days=self.p90)
        return year_earlier(end), end

    def steps(self, deals: pd.DataFrame, start: date, end: date) -> list[tuple[int, int]]:
        """(went on, had reached) of each step, of deals created in the window."""
        made = self.between(deals, "created_at", start, end)
        counts = [int((made.reached >= i).sum()) for i in range(LAST + 1)]
        return [(b, a) for a, b in itertools.pairwise(counts)]

    def stays(self, start: date, end: date, deals: pd.DataFrame | None = None) -> pd.DataFrame:
        """Stays begun in the window: stage, days, ended."""
        deals = self.deals if deals is None else deals
        closed = dict(zip(deals.opportunity_id, deals.closed_at, strict=True))
        out = []
        for e in self.entries.itertuples():
            if e.opportunity_id in closed and e.stage != "won" and start <= e.entered_at < end:
                left = e.until if isinstance(e.until, date) else closed[e.opportunity_id]
                ended = isinstance(left, date) and left < self.end
                out.append((e.stage, ((left if ended else self.end) - e.entered_at).days, ended))
        return pd.DataFrame(out, columns=["stage", "days", "ended"])

    def waits(self, stage: str, q: float = 0.5) -> tuple[float, int, float, int]:
        """Median now and its stays, median of the year before and its stays."""
        start = min(self.start, self.end - timedelta(days=90))
        now, before = self.stays(start, self.end), self.stays(year_earlier(start), start)
        now, before = now[now.stage == stage], before[before.stage == stage]
        return waited(now, q), len(now), waited(before, q), len(before)

    @cached_property
    def open(self) -> pd.DataFrame:
        """Open deals with their stage and whether they are stuck."""
        everyone = self.stays(year_earlier(self.end), self.end, self.company)
        limit = {s: waited(everyone[everyone.stage == s], 0.9) for s in STAGES[:-1]}
        latest = self.entries.groupby("opportunity_id").last()
        rows = []
        for d in self.deals[self.deals.open].itertuples():
            known = d.opportunity_id in latest.index
            stage, since = (
                (latest.stage[d.opportunity_id], latest.entered_at[d.opportunity_id]) if known else (None, d.created_at)
            )
            rows.append((stage, d.amount, (self.end - since).days > limit.get(stage, math.inf)))
        return pd.DataFrame(rows, columns=["stage", "amount", "stuck"])
