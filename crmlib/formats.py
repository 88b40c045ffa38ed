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

_EXAMPLE = re.compile(
    r"(?P<before>[^\d]*)1(?P<thousands>\D?)234(?:(?P<decimal>[.,])56)?(?P<scale> ?[KMB](?![^\W\d_]))?(?P<after>[^\d]*)"
)
_SCALES = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}


@dataclass(frozen=True)
class Formats:
    """What is declared; empty: plain numbers, ISO days and times in the business's own zone.

    `sheet`: cells that a workbook keeps as numbers come as plain ones, whatever is declared for its texts; `usual`: how numbers
    are taken to be written where nothing is declared.
    """

    dates: tuple[str, ...] = ()
    numbers: str = ""
    time_zone: str = ""
    sheet: bool = False
    usual: str = ""

    def over(self, wider: "Formats") -> "Formats":
        """These, and where they say nothing the wider ones (a column's over its table's over its file's)."""
        return Formats(
            self.dates or wider.dates, self.numbers or wider.numbers, self.time_zone or wider.time_zone,
            self.sheet or wider.sheet, self.usual or wider.usual,
        )  # fmt: skip


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
        return f"{sign}{before}{whole}{part}{'( ?[KMBkmb])?' if self.scaled else ''}{after}"


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
    return _Way(m["before"].strip(), m["thousands"], m["decimal"] or "", m["after"].strip(), bool(m["scale"]))


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
    elsewhere = re.search("%[cxX]", form) or ("%I" in form and "%p" not in form)  # the engine reads these otherwise
    if again is None or again.date() != moment.date() or elsewhere:
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


def plain_number(value: str, formats: Formats) -> str:
    """SQL: a text written as declared (`formats.numbers`, else `usual`) → the same number written plainly; null where it is not written so.

    A workbook's own numbers are plain already: 12.3450 is no text of the declared kind `1.234,56`, hence never mistaken for one.
    """
    way = _way(formats.numbers or formats.usual)
    text = f"translate({value}, chr(160) || chr(8722), ' -')"  # a space that does not break, a minus as printers set it
    bare = text
    for word in filter(None, (way.before, way.after)):
        bare = f"replace({bare}, {literal(word)}, '')"
    bare = f"regexp_replace({bare}, {literal(f'[^0-9+{_exactly(way.decimal)}-]')}, '', 'g')"
    if way.decimal == ",":
        bare = f"replace({bare}, ',', '.')"
    if way.scaled or way.after == "%":
        size = f"upper(regexp_extract({text}, '[0-9] ?([KMBkmb])', 1))"
        sizes = " ".join(f"when '{k}' then {n}" for k, n in _SCALES.items())
        times = f"case {size} {sizes} else 1 end" if way.scaled else "0.01"
        bare = f"(try_cast({bare} as decimal(24, 6)) * {times})::varchar"
    own = f"when {value} similar to '-?[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?' then {value}" if formats.sheet else ""
    return f"case when regexp_full_match({text}, {literal(way.pattern)}) then {bare} {own} end"


def declared_moment(value: str, form: str) -> str:
    """SQL: a text written in this way → a timestamp; null where it is not."""
    return f"try_strptime({value}, {literal(form)})"


def has_hours(form: str) -> bool:
    """Whether a way to write days says the hour, too."""
    return bool(re.search("%[HIT]", form))


def in_zone(moment: str, written: str, business: str) -> str:
    """SQL: a timestamp of one zone's clocks → the same moment on the business's."""
    return f"(({moment}) at time zone {literal(written)} at time zone {literal(business)})"
