"""Columns of any kind as numbers that every estimator can read, learned from the training rows alone.

A number becomes log(1 + x) where it is skewed and never negative, is taken as the nearest value that the training rows knew
where it lies beyond them, is scaled to mean 0 and standard deviation 1, and the median where it is missing, with a column of
its own that says so. `bent`: beside it stands how far it lies above each of some quantiles, so that what is linear in these
columns may bend there. A word becomes a column for each of its frequent values; a value never seen before is none of them.
"""

import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

SKEWED = 1.0  # the skewness from which a number that is never negative is taken by its logarithm
BENDS = (0.2, 0.5, 0.7, 0.85, 0.95, 0.99)  # the quantiles at which a number may bend: most of them where few customers are
FREQUENT, MOST_WORDS = 20, 30  # rows that a word needs, and the words of a column that have a column of their own
EMPTY, CONSTANT, DATE, SCATTERED = "column empty", "column constant", "column of dates", "column scattered"


@dataclass(frozen=True)
class Column:
    """How one column is read: a number by its scale, a word (`words`) by its frequent values; `gaps`: some were missing."""

    name: str
    gaps: bool
    words: tuple[str, ...] | None = None
    logged: bool = False
    low: float = 0.0
    high: float = 0.0
    middle: float = 0.0
    centre: float = 0.0
    spread: float = 1.0
    bends: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        return (1 + len(self.bends) if self.words is None else len(self.words)) + self.gaps

    def values(self, column: pd.Series) -> np.ndarray:
        """Its rows as numbers: as many columns as it is wide."""
        if self.words is None:
            known = _scaled(_numbers(column), self)
            missing = np.isnan(known)
            whole = np.where(missing, (self.middle - self.centre) / self.spread, known)
            parts = [whole, *(np.maximum(whole - bend, 0.0) for bend in self.bends)]
        else:
            said = column.astype("string")
            parts, missing = [(said == word).fillna(False).to_numpy(float) for word in self.words], said.isna().to_numpy()
        return np.column_stack([*parts, missing] if self.gaps else parts)


@dataclass(frozen=True)
class Encoding:
    """How all columns are read, in the order of their names; `left_out`: those that say nothing, each with the reason."""

    columns: tuple[Column, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, bent: bool = False) -> "Encoding":
        """Learned from training rows."""
        found = {str(name): _learned(str(name), frame[name], BENDS if bent else ()) for name in sorted(frame.columns, key=str)}
        left_out = tuple((name, why) for name, why in found.items() if isinstance(why, str))
        return cls(tuple(c for c in found.values() if isinstance(c, Column)), left_out)

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows as numbers; a column that is not there is missing throughout."""
        nothing = pd.Series(np.nan, index=frame.index)
        parts = [c.values(frame.get(c.name, nothing)) for c in self.columns]
        return np.hstack([np.empty((len(frame), 0)), *parts])

    @cached_property
    def blocks(self) -> dict[str, slice]:
        """Which columns of the matrix each column became."""
        ends = np.cumsum([c.width for c in self.columns])
        return {c.name: slice(int(end) - c.width, int(end)) for c, end in zip(self.columns, ends, strict=True)}

    def only(self, name: str) -> "Encoding":
        """The same of one column alone."""
        return Encoding(tuple(c for c in self.columns if c.name == name))

    def text(self) -> str:
        """As it is kept beside the estimator."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> "Encoding":
        """What `text` kept."""
        told = json.loads(text)
        tuples = lambda c: {name: tuple(v) for name, v in c.items() if isinstance(v, list)}  # noqa: E731
        return cls(tuple(Column(**c | tuples(c)) for c in told["columns"]), tuple(map(tuple, told["left_out"])))


def _learned(name: str, column: pd.Series, bends: tuple[float, ...]) -> Column | str:
    """How a column is read, or why it is left out."""
    if column.isna().all():
        return EMPTY
    if is_datetime64_any_dtype(column.dtype):
        return DATE
    return _number(name, _numbers(column), bends) if is_numeric_dtype(column.dtype) else _word(name, column.astype("string"))


def _number(name: str, values: np.ndarray, bends: tuple[float, ...]) -> Column | str:
    known, gaps = values[~np.isnan(values)], bool(np.isnan(values).any())
    if not len(known):
        return EMPTY
    if known.min() == known.max():
        only = float(known[0])
        return CONSTANT if not gaps else Column(name, gaps, None, False, only, only, only, only)
    logged = bool(known.min() >= 0 and pd.Series(known).skew() > SKEWED)
    taken = np.log1p(known) if logged else known
    low, high, middle, centre, spread = map(float, (taken.min(), taken.max(), np.median(taken), taken.mean(), taken.std()))
    inside = [q for q in np.unique(np.quantile(taken, bends)) if low < q < high] if bends else []
    return Column(
        name, gaps, None, logged, low, high, middle, centre, spread, tuple(float((q - centre) / spread) for q in inside)
    )


def _word(name: str, said: pd.Series) -> Column | str:
    gaps, counts = bool(said.isna().any()), said.value_counts()
    if len(counts) == 1 and not gaps:
        return CONSTANT
    least = min(FREQUENT, len(said) // 10)
    frequent = sorted(((-n, word) for word, n in counts.items() if n >= least))[:MOST_WORDS]
    words = tuple(sorted(word for _, word in frequent))
    return Column(name, gaps, words) if words else SCATTERED


def _numbers(column: pd.Series) -> np.ndarray:
    """Numbers with NaN for what is missing, or infinite."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _scaled(values: np.ndarray, column: Column) -> np.ndarray:
    taken = np.log1p(np.maximum(values, 0.0)) if column.logged else values
    return (np.clip(taken, column.low, column.high) - column.centre) / column.spread
