"""Segments written for a test: groups with their middles, customers who moved, and a company whose customers behave in a few ways."""

import numpy as np
import pandas as pd

from crmlib.crm import Crm
from crmlib.models.features import COLUMNS, NUMBERS
from crmlib.models.migration import FLOWS, Migration
from crmlib.models.segments import Fitted, Segmentation

TRIED = pd.DataFrame(
    {"k": [2, 3], "silhouette": [0.4, 0.3], "silhouette_error": 0.01, "stability": [0.9, 0.7], "chosen": [True, False]}
)


def fitted(centres: dict[str, list[float]] | None = None, tried: pd.DataFrame = TRIED, **more) -> Fitted:
    """Groups with these scaled middles; a spread of 2 around a mean of 10 in every column."""
    middles = pd.DataFrame(centres or {"orders_365": [1.0, -1.0], "order_value_365": [-0.8, 0.9]})
    wide = len(middles.columns)
    about = {"left_out": {}, "customers": 100, "settled": 80, "lacking": "", "count": 80, "needed": 20} | more
    return Fitted(
        list(middles),
        means=np.full(wide, 10.0),
        spreads=np.full(wide, 2.0),
        centres=middles.to_numpy(),
        profile=middles,
        tried=tried,
        **about,
    )


def segmentation(*names: str, fit: Fitted | None = None, kept: tuple[str, ...] = ()) -> Segmentation:
    return Segmentation(fit or fitted(), names, frozenset(kept))


def migration(*lines: tuple, worth: dict[str, float] | None = None, made_at=None) -> Migration:
    """Customers who went (before, now, how many, revenue before, revenue now)."""
    return Migration(pd.DataFrame(lines, columns=FLOWS), worth or {}, made_at)


def features(**columns) -> pd.DataFrame:
    """The features of some customers; what is not given is null."""
    count = max(len(v) for v in columns.values())
    frame = pd.DataFrame({name: np.full(count, np.nan) if name in NUMBERS else None for name in COLUMNS}, index=range(count))
    return frame.assign(**{name: np.asarray(values, float) if name in NUMBERS else values for name, values in columns.items()})


def company(often: int = 40, seldom: int = 40, period: str = "2026-10", team: str = "all", later: tuple[str, ...] = ()) -> Crm:
    """A company of customers who buy often and little, and of others who buy seldom and much; `later`: who of the first bought like the others
    in October. All belong to team north but every fourth, who belongs to south."""
    orders = []
    for i in range(often):
        for j in range(20 + i % 5):
            orders.append((f"a{i:03}", pd.Timestamp("2025-11-03") + pd.Timedelta(days=(17 * j + i) % 320), 10.0 + i % 7))
    for i in range(seldom):
        for j in range(2 + i % 2):
            orders.append(
                (f"b{i:03}", pd.Timestamp("2025-11-03") + pd.Timedelta(days=(120 * j + 3 * i) % 320), 900.0 + 10 * (i % 9))
            )
    orders += [(name, pd.Timestamp("2026-10-20"), 90_000.0) for name in later]
    frame = pd.DataFrame(orders, columns=["customer_id", "ordered_at", "amount"])
    frame.insert(0, "order_id", [str(i) for i in range(len(frame))])
    names = [f"a{i:03}" for i in range(often)] + [f"b{i:03}" for i in range(seldom)]
    people = pd.DataFrame({"customer_id": names, "name": [f"Name {n}" for n in names]})
    people = people.assign(
        team=["south" if i % 4 == 0 else "north" for i in range(len(names))], no_contact=[n == "a001" for n in names]
    )
    return Crm.of(period, team, {"inactive_after_days": 400}, orders=frame, customers=people)
