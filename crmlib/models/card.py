"""What is said of a churn model and kept beside it: its card, and the frames that its page shows."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from .drift import Bins
from .drivers import DROPS, PROFILES
from .fitting import COMPARED, TooLittle
from .gain import CALLED, GAINED
from .quality import CALIBRATED

FRAMES = {
    "comparison": COMPARED,
    "calibration": CALIBRATED,
    "gain": GAINED,
    "calls": CALLED,
    "drivers": DROPS,
    "profiles": PROFILES,
}


@dataclass(frozen=True)
class Card:
    """What a reader must know of the model: what it is, of which days and customers it was made, and how well it did."""

    model: str
    how: str  # out of time, or cross-validated
    method: str  # of calibration
    rows: int  # that the score's model was fitted to
    leavers: int
    cutoffs: tuple[str, ...]  # of those rows
    compared: tuple[str, ...]  # the cut-offs that candidates were fitted to
    test: str | None  # the cut-off that they were compared on
    tested_rows: int
    tested_leavers: int
    auc: float
    auc_error: float
    baseline: str
    baseline_auc: float
    beats: bool  # the baseline, by more than one standard error
    ece: float
    off: bool  # clearly not calibrated
    lift: float  # of the highest tenth
    left_out: tuple[tuple[str, str], ...] = ()
    short_of: TooLittle | None = None  # why it was not tested on a later time

    @property
    def test_on(self) -> date | None:
        return date.fromisoformat(self.test) if self.test else None

    @property
    def fitted_on(self) -> date:
        """The latest day of which the customers of the training are."""
        return date.fromisoformat(self.cutoffs[-1])


@dataclass(frozen=True)
class Report:
    """What was kept to be said of the model: its card and frames, or why there is none."""

    card: Card | None
    lacks: TooLittle | None
    frames: dict[str, pd.DataFrame]
    bins: dict[str, tuple[Bins, np.ndarray]]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Report":
        """What `train` said of the model, read."""
        if "lacks" in kept:
            nothing = {name: pd.DataFrame(columns=columns) for name, columns in FRAMES.items()}
            return cls(None, TooLittle(**json.loads(kept["lacks"])), nothing, {})
        told = json.loads(kept["report"])
        card = told["card"]
        tuples = {name: tuple(map(_tuple, value)) for name, value in card.items() if isinstance(value, list)}
        short_of = TooLittle(**card["short_of"]) if card["short_of"] else None
        bins = {name: (_bins_of(one), np.array(one["counts"])) for name, one in told["bins"].items()}
        return cls(Card(**card | tuples | {"short_of": short_of}), None, {n: pd.DataFrame(told[n]) for n in FRAMES}, bins)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _bins_of(told: dict[str, Any]) -> Bins:
    return Bins(tuple(told["edges"]), None if told["words"] is None else tuple(told["words"]))
