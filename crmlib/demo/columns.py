"""Columns of a table: identifiers, words, moments, days, money, flags as Arrow arrays, unknown values included."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .ground import FIRST

MONEY = pa.decimal128(18, 2)
_EPOCH = int(FIRST.astype("datetime64[s]").astype(np.int64))


def numbered(prefix: str, count: int, width: int = 7, first: int = 1) -> pa.Array:
    """Identifiers such as O0000001."""
    digits = pc.utf8_lpad(pa.array(np.arange(first, first + count)).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def picked(words: pa.Array | tuple | list, codes: np.ndarray) -> pa.Array:
    """The word of each code; a negative code is unknown."""
    words = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    return words.take(pa.array(codes, pa.int64(), mask=codes < 0))


def moments(seconds: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    return pa.array(seconds.astype(np.int64) + _EPOCH, pa.int64(), mask=unknown).cast(pa.timestamp("s"))


def days(day: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    return pa.array((day + _EPOCH // 86_400).astype(np.int32), pa.int32(), mask=unknown).cast(pa.date32())


def money(cents: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    """Exact decimals from whole cents."""
    low = np.ascontiguousarray(cents, dtype="<i8")
    both = np.stack([low, np.where(low < 0, -1, 0)], axis=1).astype("<i8")
    exact = pa.Array.from_buffers(MONEY, len(low), [None, pa.py_buffer(both.tobytes())])
    return exact if unknown is None else pc.if_else(pa.array(~unknown), exact, pa.scalar(None, MONEY))


def flags(values: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    return pa.array(values.astype(bool), pa.bool_(), mask=unknown)


def numbers(values: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    kind = pa.int64() if values.dtype.kind == "i" else pa.float64()
    return pa.array(values, kind, mask=unknown)


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts put together piece by piece; one unknown piece makes the whole unknown."""
    return pc.binary_join_element_wise(*parts, "")


def kept(values: pa.Array, keep: np.ndarray) -> pa.Array:
    """The values where `keep` holds, unknown elsewhere."""
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))


def same(word: str, count: int) -> pa.Array:
    return pa.array([word], pa.string()).take(pa.array(np.zeros(count, np.int64)))


def nothing(count: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(count, kind)


def chosen(rng: np.random.Generator, count: int, shares: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """A code for each row, with these shares."""
    return np.searchsorted(np.cumsum(shares) / np.sum(shares), rng.random(count), side="right").clip(max=len(shares) - 1)


def chosen_by(rng: np.random.Generator, kind: np.ndarray, shares: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """A code for each row, with the shares of its kind."""
    limits = np.cumsum(shares, axis=1) / np.sum(shares, axis=1, keepdims=True)
    u = rng.random(len(kind))
    return sum((u >= limits[:, k][kind]).astype(np.int64) for k in range(limits.shape[1] - 1))


def text(table: pa.Table) -> pa.Table:
    """Every column as it would be typed: what a text file holds, and what can hold dirt."""
    columns = [c.cast(pa.string()) for c in table.columns]
    return pa.table(columns, names=table.column_names)
