"""Periods: `2026-10` (month), `2026-W42` (ISO week), `2026-Q3` (quarter), `2026` (year); half-open [start, end).

A period that the data do not reach the end of is a period to date: it has its label, and ends where they do (`until`); what it is
compared with is cut at as many days. All of them are days of the business's own calendar; no clock and no time zone enters here. Where a fiscal year
starts in another month than January, quarters and years start there too and carry the year in which they start.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

from .errors import UsageError

KINDS = ("week", "month", "quarter", "year")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def add_months(day: date, months: int) -> date:
    """The first of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def year_earlier(day: date) -> date:
    """The same day a year earlier; 29 February's is the 28th.

    >>> year_earlier(date(2024, 2, 29))
    datetime.date(2023, 2, 28)
    """
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


@dataclass(frozen=True, order=True)
class Period:
    """A week, month, quarter or year: `start` is its first day, `end` the day after its last (of one to date: its last known)."""

    start: date
    kind: str
    fiscal_start: int = 1
    until: date | None = field(default=None, compare=False)  # to date: the day after the last one known; it stays the same period

    @classmethod
    def parse(cls, label: str, fiscal_start: int = 1) -> "Period":
        """The period a label names.

        >>> Period.parse("2026-Q3").end
        datetime.date(2026, 10, 1)
        >>> Period.parse("2026-W53").start
        datetime.date(2026, 12, 28)
        """
        m = re.fullmatch(r"([0-9]{4})(?:-(?:W([0-9]{2})|Q([1-4])|(0[1-9]|1[0-2])))?", str(label))
        if not m or not 1900 <= int(m[1]) <= 2200:
            raise _unreadable(label)
        year, week, quarter, month = int(m[1]), m[2], m[3], m[4]
        if week:
            return cls(_monday(year, int(week), label), "week", fiscal_start)
        if month:
            return cls(date(year, int(month), 1), "month", fiscal_start)
        first = date(year, fiscal_start, 1)
        if quarter:
            return cls(add_months(first, 3 * (int(quarter) - 1)), "quarter", fiscal_start)
        return cls(first, "year", fiscal_start)

    @classmethod
    def containing(cls, day: date, kind: str, fiscal_start: int = 1) -> "Period":
        """The period of this kind in which a day lies.

        >>> Period.containing(date(2027, 1, 1), "week").label
        '2026-W53'
        """
        if kind == "week":
            return cls(day - timedelta(days=day.weekday()), kind, fiscal_start)
        size = _MONTHS[kind]
        since = (day.year * 12 + day.month - fiscal_start) % size if size > 1 else 0
        return cls(add_months(day, -since), kind, fiscal_start)

    @property
    def end(self) -> date:
        if self.until:
            return self.until
        return self.start + timedelta(days=7) if self.kind == "week" else add_months(self.start, _MONTHS[self.kind])

    @property
    def whole(self) -> "Period":
        """The same period to its own end."""
        return replace(self, until=None)

    @property
    def gone(self) -> Fraction:
        """The part of its days that is known: 1 of a whole period.

        >>> Period.parse("2026-10").to_date(date(2026, 10, 21)).gone
        Fraction(20, 31)
        """
        return Fraction((self.end - self.start).days, (self.whole.end - self.start).days)

    def to_date(self, known: date) -> "Period":
        """The period as far as the data reach, which know nothing from the day `known` on; whole where they reach its end.

        It is whole, too, where they do not reach a single day of it: then nothing is to date, and nothing known.

        >>> Period.parse("2026-10").to_date(date(2026, 10, 21)).end, Period.parse("2026-10").to_date(date(2026, 11, 1)).until
        (datetime.date(2026, 10, 21), None)
        """
        return replace(self, until=known if self.start < known < self.whole.end else None)

    def _as_long(self, other: "Period") -> "Period":
        """Another period cut at as many days as this one has, if this one is to date; never longer than it is."""
        return other.to_date(other.start + (self.end - self.start)) if self.until else other

    @property
    def label(self) -> str:
        year, month = self.start.year, self.start.month
        if self.kind == "week":
            iso = self.start.isocalendar()
            return f"{iso.year}-W{iso.week:02d}"
        if self.kind == "month":
            return f"{year}-{month:02d}"
        fiscal_year = year if month >= self.fiscal_start else year - 1
        if self.kind == "quarter":
            return f"{fiscal_year}-Q{(month - self.fiscal_start) % 12 // 3 + 1}"
        return f"{fiscal_year}"

    def __str__(self) -> str:
        return self.label

    @property
    def previous(self) -> "Period":
        """The period of the same kind before this one; of one to date as many of its days, and at most all.

        >>> Period.parse("2026-01").previous.label, Period.parse("2026-10").to_date(date(2026, 10, 21)).previous.end
        ('2025-12', datetime.date(2026, 9, 21))
        """
        return self._as_long(self.shift(-1))

    @property
    def year_before(self) -> "Period":
        """The period of the same name a year earlier (of one to date as many of its days); week 53 compares with the last week of
        the year before.

        >>> Period.parse("2026-W53").year_before.label
        '2025-W52'
        """
        if self.kind != "week":
            return self._as_long(replace(self, start=add_months(self.start, -12), until=None))
        iso = self.start.isocalendar()
        last = date(iso.year - 1, 12, 28).isocalendar().week  # 28 December always lies in the last week
        return self._as_long(replace(self, start=date.fromisocalendar(iso.year - 1, min(iso.week, last), 1), until=None))

    def shift(self, steps: int) -> "Period":
        """The whole period `steps` after this one (negative: before); 0 steps from it is it, to date or not."""
        if not steps:
            return self
        if self.kind == "week":
            return replace(self, start=self.start + timedelta(days=7 * steps), until=None)
        return replace(self, start=add_months(self.start, steps * _MONTHS[self.kind]), until=None)

    def trailing(self, count: int) -> list["Period"]:
        """This period (to date, if it is) and the whole ones before it, `count` in all, oldest first."""
        return [self.shift(i) for i in range(1 - count, 1)]

    def months(self) -> list["Period"]:
        """The months a quarter or year is made of (a month: itself; a week: the month of its first day)."""
        first = Period(date(self.start.year, self.start.month, 1), "month", self.fiscal_start)
        return [first.shift(i) for i in range(_MONTHS.get(self.kind, 1))]


def _monday(year: int, week: int, label: object) -> date:
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:  # most years have no week 53
        raise _unreadable(label) from None


def _unreadable(label: object) -> UsageError:
    return UsageError(
        f"{label!r} is no period. Right are 2026-10 (month), 2026-W42 (ISO week), 2026-Q3 (quarter) and 2026 (year). "
        "Change PERIOD or --period."
    )
