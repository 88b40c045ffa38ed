"""How a file writes its numbers, days and times, as its source declares it: nothing is guessed.

Numbers are declared by an example of one thousand two hundred thirty-four (and fifty-six hundredths): `1.234,56`, `$1,234.56`,
`1 234,56 €`, `1234,56`, `$1,234.56K` (K, M and B are thousands, millions and billions), `1,234.56%`. Days and times are declared in
strftime's letters (`%d %b, %Y %H:%M:%S`), one way or several; ISO is always understood.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from .sql import literal

_EXAMPLE = re.compile(r"(?P<before>[^\d]*)1(?P<thousands>\D?)234(?:(?P<decimal>[.,])56)?(?P<after>[^\d]*)")
_SCALES = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}


@dataclass(frozen=True)
class Formats:
    """What is declared; empty: plain numbers, ISO days and times in the business's own zone."""

    dates: tuple[str, ...] = ()
    numbers: str = ""
    time_zone: str = ""

    def over(self, wider: "Formats") -> "Formats":
        """These, and where they say nothing the wider ones (a column's over its table's over its file's)."""
        return Formats(self.dates or wider.dates, self.numbers or wider.numbers, self.time_zone or wider.time_zone)


PLAIN = Formats()


@dataclass(frozen=True)
class _Way:
    """A way to write numbers: what stands before and after them, how thousands and decimals are set off."""

    before: str
    thousands: str
    decimal: str
    after: str
    scaled: bool

    @property
    def pattern(self) -> str:
        """What a text so written looks like; a currency's sign may be missing, a minus stand before or after it."""
        sign = "[-+]?"
        whole = rf"(\d{{1,3}}({_exactly(self.thousands)}\d{{3}})+|\d+)" if self.thousands else r"\d+"
        part = rf"({_exactly(self.decimal)}\d+)?" if self.decimal else ""
        before = f"({_exactly(self.before)} ?)?{sign}" if self.before else ""
        after = f"( ?{_exactly(self.after)})?" if self.after else ""
        return f"{sign}{before}{whole}{part}{' ?[KMBkmb]?' if self.scaled else ''}{after}"


def _exactly(text: str) -> str:
    """A regular expression that matches this text alone (an escaped space is no regular expression of the engine's)."""
    return re.escape(text).replace("\\ ", " ")


@cache
def _way(example: str) -> _Way:
    m = _EXAMPLE.fullmatch(example.replace("\u00a0", " ").strip())
    if not m or m["thousands"] == (m["decimal"] or "none"):
        raise ValueError(
            "a number format is given by an example of 1234 or 1234.56, such as '1.234,56', '$1,234.56' or '1 234,56 €'"
        )
    after = m["after"].strip()
    scaled = after[:1] in _SCALES
    return _Way(m["before"].strip(), m["thousands"], m["decimal"] or "", after[scaled:].strip(), scaled)


def checked_numbers(example: str) -> str:
    """The example itself, if it is one.

    >>> checked_numbers("1.234,56")
    '1.234,56'
    """
    _way(example)
    return example


def checked_dates(form: str) -> str:
    """A way to write days, if it names day, month and year and nothing unknown."""
    moment = datetime(2021, 4, 15, 13, 5, 9)
    try:
        again = datetime.strptime(moment.strftime(form), form)
    except ValueError:
        again = None
    if again is None or again.date() != moment.date():
        raise ValueError(
            f"{form!r} is no way to write a day. Right is such as '%d.%m.%Y' or '%d %b, %Y %H:%M:%S' (day, month and year)"
        )
    return form


def checked_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except Exception:
        raise ValueError(f"{zone!r} is no time zone; right are names such as UTC or Europe/Berlin") from None
    return zone


def plain_number(value: str, example: str) -> str:
    """SQL: a text written as declared → the same number written plainly; null where it is not written so."""
    way = _way(example)
    text = f"translate({value}, chr(160) || chr(8722), ' -')"  # a space that does not break, a minus as printers set it
    keep = literal(f"[^0-9+{_exactly(way.decimal)}-]")
    bare = f"regexp_replace({text}, {keep}, '', 'g')"
    if way.decimal == ",":
        bare = f"replace({bare}, ',', '.')"
    if way.scaled or way.after == "%":
        sizes = " ".join(f"when contains(upper({text}), '{k}') then {n}" for k, n in _SCALES.items())
        times = f"case {sizes} else 1 end" if way.scaled else "0.01"
        bare = f"(try_cast({bare} as decimal(24, 6)) * {times})::varchar"
    return f"case when regexp_full_match({text}, {literal(way.pattern)}) then {bare} end"


def declared_moment(value: str, forms: tuple[str, ...]) -> str:
    """SQL: a text written in one of these ways → a timestamp; null where it is not."""
    return f"try_strptime({value}, [{', '.join(map(literal, forms))}])"


def in_zone(moment: str, written: str, business: str) -> str:
    """SQL: a timestamp of one zone's clocks → the same moment on the business's."""
    return f"(({moment}) at time zone {literal(written)} at time zone {literal(business)})"
