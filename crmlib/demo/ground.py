"""What every table of the demo company stands on: its teams, tiers and stages, its first and last day, its random numbers."""

import zlib

import numpy as np

from ..schema import Business

TEAMS = ("north", "south", "east", "west", "central", "online")
TIERS = ("standard", "silver", "gold", "platinum")
STAGES = Business().stages  # type: ignore[call-arg]
STEPS = len(STAGES) - 1
SOURCES = ("website", "trade_fair", "referral", "outbound", "partner", "email")
OWN_CHANNELS = ("login", "browse", "event", "feedback")  # interactions that come from the customer alone, at any hour
FIRST = np.datetime64("2023-11-01", "s")
END = np.datetime64("2026-11-01", "s")  # half-open: the last event lies before it
DAYS = int((END - FIRST).astype(int)) // 86_400
SECONDS = DAYS * 86_400
MONTHS = 36
FOREVER = 10**6  # a day that never comes


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one group of tables; another group's never disturb them."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def day_of(when: str) -> int:
    """How many days after the first one a day lies; of a month, its first one."""
    return int((np.datetime64(when, "D") - FIRST.astype("datetime64[D]")).astype(int))


def date_of(day: int) -> str:
    """The day as people write it."""
    return str(FIRST.astype("datetime64[D]") + day)


def month_starts() -> np.ndarray:
    """The first day of each month, and the end of the last one."""
    first = FIRST.astype("datetime64[M]") + np.arange(MONTHS + 1)
    return (first.astype("datetime64[D]") - FIRST.astype("datetime64[D]")).astype(int)


def drawn_month(rng: np.random.Generator, first: str, last: str) -> str:
    """One of the months from the first to the last."""
    low, high = np.datetime64(first, "M"), np.datetime64(last, "M")
    return str(low + int(rng.integers((high - low).astype(int) + 1)))


def rounded(values: np.ndarray, digits: int = 5) -> tuple[float, ...]:
    return tuple(round(float(v), digits) for v in values)
