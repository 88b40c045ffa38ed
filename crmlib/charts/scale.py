"""Axes: round ticks from zero, and their words."""

import math

from .. import fmt, texts
from ..theme import width


def ticks(low: float, high: float, whole: bool = False, most: int = 5, start: float = 0.0) -> list[float]:
    """Round values from at most `start` to at least `high`, in no more than `most` steps.

    >>> ticks(0, 0.214), ticks(0, 1, whole=True), ticks(0.97, 0.985, start=0.9)
    ([0.0, 0.05, 0.1, 0.15, 0.2, 0.25], [0.0, 1.0], [0.9, 0.92, 0.94, 0.96, 0.98, 1.0])
    """
    low, high = min(low, start), max(high, start)
    if low == high:
        high = 1
    power = math.floor(math.log10(high - low)) - 1
    steps = (m * 10.0**p for p in range(power, power + 4) for m in (1, 2, 2.5, 5))
    for step in steps:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most and not (whole and step % 1):
            return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
    return [low, high]


def short(value: float, unit: str, lang: str, currency: str | None = None) -> str:
    """A value as it stands on an axis or at a target line, shorter where that loses nothing.

    >>> short(0.18, "share", "en"), short(0.125, "share", "en")
    ('18%', '12.5%')
    >>> short(2500000, "money", "en", "EUR"), short(2512345, "money", "en", "EUR")
    ('€2.5m', '€2,512,345')
    """
    if not fmt.known(value):
        return fmt.MISSING
    if unit == "money" and lang == "en":  # in Chinese fmt says 万 and 亿
        return _short_money(value, currency)
    if unit == "share" and abs(value * 100 - round(value * 100)) < 1e-9:
        return fmt.share(value, lang, 0)
    return fmt.unit(value, unit, lang, currency)


def _short_money(value: float, currency: str | None) -> str:
    full = fmt.money(value, "en", currency)
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        part = value / size
        if abs(part) >= 1 and abs(part * 100 - round(part * 100)) < 1e-6:
            digits = fmt.number(abs(part), "en", 2).rstrip("0").rstrip(".")
            sign = full[: next(i for i, c in enumerate(full) if c.isdigit())]
            return sign + digits + texts.say(f"charts.{word}", "en")
    return full


def along(high: float, unit: str, lang: str, room: float, currency: str | None = None) -> list[float]:
    """Ticks from zero of a horizontal axis: as many as stand side by side in the room."""
    found: list[float] = []
    for most in (1, 2, 3, 4):
        values = ticks(0, high, unit == "count", most)
        widest = max(width(short(v, unit, lang, currency)) for v in values)
        if (len(values) - 1) * (widest + 12) <= room or not found:
            found = values
    return found


def round_about(low: float, high: float, whole: bool = False) -> list[float]:
    """Round values around these; from zero where that costs at most half of the room, or there is but one value.

    >>> round_about(3, 47), round_about(4.1, 4.6)
    ([0.0, 10.0, 20.0, 30.0, 40.0, 50.0], [4.1, 4.2, 4.3, 4.4, 4.5, 4.6])
    """
    return ticks(low, high, whole, start=0.0 if 0 <= low <= high / 2 or low == high else low)


def decades(low: float, high: float) -> list[float]:
    """Powers of ten around these, above zero; over less than two of them 2 and 5 of each as well.

    >>> decades(3, 4000), decades(30, 400)
    ([1.0, 10.0, 100.0, 1000.0, 10000.0], [20.0, 50.0, 100.0, 200.0, 500.0])
    """
    steps = (1, 2, 5) if high < low * 100 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 2)
    values = [float(f"{m}e{p}") for p in powers for m in steps]
    first = max(i for i, v in enumerate(values) if v <= low)
    return values[first : max(first + 1, next(i for i, v in enumerate(values) if v >= high)) + 1]
