"""What came of the scores of an earlier day: who was warned of, who left, and how near the probabilities came.

Judged is what is known at the page's end. With contracts, and without contracts once the label can be known (snapshots.py), left
is what it was in the training, and final. Before that it is so far: with contracts, whose contract has ended; without contracts,
who is lost by the product's own definition (metrics/lives.py). Of others nothing was seen since (`silent`). Neither is the last
word: who is silent or lost may come back before the label is known, and who came back may leave.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import pandas as pd

from ..crm import ALL, Crm
from ..kpi import Share
from ..measures import day, exact, total
from ..metrics.lives import accounts, contractual, events, keeps, lives
from .features_money import orders
from .snapshots import at, happened, known_until, silence

WARNED = "warned"
BINS = 10
LEFT, STAYED, SILENT = "left", "stayed", "silent"
_SUMS = ("base", "predicted", "expected", "amount")
_NOBODY = pd.DataFrame({"bin": pd.Series(dtype=int), "warned": pd.Series(dtype=bool), "outcome": pd.Series(dtype=object)}
                       | {name: pd.Series(dtype=float) for name in _SUMS})  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What came of the scores of one day.

    `cells` counts the customers by tenth of the scores, warned and outcome: bin (from 1, the lowest scores first), warned, outcome
    (left, stayed, silent), base (customers), predicted (their probabilities together), expected (the same for the part of the
    horizon that has passed, under a constant hazard: 1 − (1 − p)^(passed / horizon)), amount (their revenue of the 365 days
    before that day, what refunds exceed counted as 0)
    """

    cells: pd.DataFrame = field(default_factory=_NOBODY.copy)
    starts: date | None = None  # the day of the scores; None: nothing was told
    horizon: int = 0  # days
    passed: int = 0  # of them, by the page's end
    known_on: date | None = None  # from this day on it is known for good who left
    final: bool = False  # it is known now
    predicted: bool = False  # made before the time in which they are judged had ended; else back-cast

    def sum(self, column: str = "base", **where: Any) -> float:
        """A column of the cells added up, of those with these values."""
        chosen = self.cells
        for name, value in where.items():
            chosen = chosen[chosen[name] == value]
        return float(chosen[column].sum())

    @property
    def scored(self) -> int:
        return int(self.sum())

    @property
    def left(self) -> int:
        """Customers who left; so far, where it is not final."""
        return int(self.sum(outcome=LEFT))

    @property
    def silent(self) -> int:
        """Customers who may have left: nothing was seen of them since, and they are not lost yet. 0 where it is final."""
        return int(self.sum(outcome=SILENT))

    @property
    def by_contract(self) -> bool:
        """Whether contracts decide who left: that is known as soon as the horizon is over."""
        return self.starts is not None and self.known_on == self.starts + timedelta(days=self.horizon)

    @property
    def precision(self) -> Share:
        """Of those warned of, who left; so far, where it is not final."""
        return Share(int(self.sum(outcome=LEFT, warned=True)), int(self.sum(warned=True)))

    @property
    def precision_at_most(self) -> Share:
        """Of those warned of, who left, or of whom nothing was seen since: no bound, some of the others may leave later."""
        part = self.sum(outcome=LEFT, warned=True) + self.sum(outcome=SILENT, warned=True)
        return Share(int(part), int(self.sum(warned=True)))

    @property
    def recall(self) -> Share:
        """Of those who left, who was warned of; so far, where it is not final."""
        return Share(int(self.sum(outcome=LEFT, warned=True)), self.left)

    @property
    def lift(self) -> float | None:
        """How many times as often those warned of left as all who were scored; None where nobody left, or was warned of."""
        share, base = self.precision.value, Share(self.left, self.scored).value
        return share / base if share is not None and base else None

    @property
    def missed_amount(self) -> float:
        """Revenue of the year before, of those who left without having been warned of."""
        return self.sum("amount", outcome=LEFT, warned=False)

    def calibration(self) -> pd.DataFrame:
        """Tenths of the customers by their score: what was predicted, and what came.

        → frame: bin, base, left_count, predicted_share, expected_share (by now), left_share, left_or_silent_share (0..1)
        """
        cells = self.cells.assign(left=self.cells.base.where(self.cells.outcome == LEFT, 0.0),
                                  open=self.cells.base.where(self.cells.outcome != STAYED, 0.0))  # fmt: skip
        sums = cells.groupby("bin")[["base", "predicted", "expected", "left", "open"]].sum()
        names = {
            "predicted": "predicted_share",
            "expected": "expected_share",
            "left": "left_share",
            "open": "left_or_silent_share",
        }
        shares = sums[list(names)].div(sums.base, axis=0).rename(columns=names)
        counts = pd.DataFrame({"base": sums.base.astype(int), "left_count": sums.left.astype(int)})
        return counts.join(shares).reset_index().assign(bin=range(1, len(sums) + 1))


# -------------------------------------------------------------------------------------------- from what the ledger holds


def judged(crm: Crm, told: Any) -> Judged:
    """What came of the scores that were told, by the page's end; of a team: of its customers as of the scores' day.

    Needs the same as snapshots. `told`: an ibis table of one row a customer, as `crm.told("score", "churn", period)`: target
    (customer_id), value (probability), label ("warned" or null), starts (the day of the scores), ends, made_at. Of several
    windows (the horizon was changed) the one told first. Nothing told: nobody was scored.
    """
    windows = told.group_by("starts", "ends").aggregate(made_at=told.made_at.max()).execute()
    if windows.empty:
        return Judged()
    first = windows.sort_values(["made_at", "ends"]).iloc[0]
    starts, ends = pd.Timestamp(first.starts).date(), pd.Timestamp(first.ends).date()
    until, known_on = known_until(crm), ends + timedelta(days=silence(crm))
    horizon, final = (ends - starts).days, until >= known_on
    passed = min(max((until - starts).days, 0), horizon)
    scored = told.filter((told.starts.cast("date") == ibis.date(str(starts))) & (told.ends.cast("date") == ibis.date(str(ends))))
    scored = scored.filter(lambda t: t.value.notnull()).select(
        customer_id="target", p="value", warned=lambda t: (t.label == WARNED).fill_null(False)
    )
    came = _final(crm.company, starts, horizon) if final or contractual(crm) else _so_far(crm.company, starts)
    in_time = pd.Timestamp(first.made_at).to_pydatetime() < datetime.combine(min(crm.end, known_on), datetime.min.time())
    return Judged(_cells(crm, scored, starts, passed, horizon, *came), starts, horizon, passed, known_on, final, in_time)


def _cells(crm: Crm, scored: Any, starts: date, passed: int, horizon: int, came: Any, others: str) -> pd.DataFrame:
    """The scored customers of this view, counted. `came`: the outcomes of some of them; of all others it is `others`."""
    then = at(crm, starts)
    table = scored if crm.team == ALL else scored.semi_join(accounts(then), "customer_id")
    table = table.left_join(orders(then.company).select("customer_id", "amount_365"), "customer_id", rname="{name}_then")
    table = table.left_join(came, "customer_id", rname="{name}_now")
    by_now = 1 - (1 - table.p).pow(passed / max(horizon, 1))
    table = table.select(
        "warned", outcome=table.outcome.fill_null(others), p=exact(table.p, 9), expected=exact(by_now, 9),
        amount=exact(ibis.greatest(table.amount_365.fill_null(0.0), 0.0)),
        bin=(ibis.cume_dist().over(order_by=table.p) * BINS).round(9).ceil().cast("int64"),
    )  # fmt: skip
    sums = {"base": table.count(), "predicted": total(table.p), "expected": total(table.expected), "amount": total(table.amount)}
    found = table.group_by("bin", "warned", "outcome").aggregate(**sums).order_by("bin", "warned", "outcome").execute()
    return found.astype({"base": float})


def _final(company: Crm, starts: date, horizon: int) -> tuple[Any, str]:
    """What decides it: whose contract has ended; without contracts, who did something after the horizon."""
    some, others = (LEFT, STAYED) if contractual(company) else (STAYED, LEFT)
    return happened(company, starts, horizon).select("customer_id", outcome=ibis.literal(some)), others


def _so_far(company: Crm, starts: date) -> tuple[Any, str]:
    """Without contracts, before the label can be known: who is lost now, who came back since, and all others."""
    table, acts = lives(company), events(company)
    lost = table.filter(table.lost_end).select("customer_id", outcome=ibis.literal(LEFT))
    back = acts.filter(keeps(acts) & (acts.at >= day(starts))).select("customer_id").distinct()
    back = back.anti_join(lost, "customer_id").select("customer_id", outcome=ibis.literal(STAYED))
    return lost.union(back), SILENT
