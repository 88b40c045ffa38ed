"""One value → text with its unit, in a language. A missing value is "–"; nothing is ever shown as nan or 1e6."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from numbers import Real

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, get_currency_symbol

from .periods import Period

MISSING = "–"
LOCALES = {"en": "en_GB", "zh": "zh_CN"}
_MINUS = "−"
_COUNTRY = re.compile("^(CN|JP|US)(?=[¥$])")


def known(value: object) -> bool:
    """Whether there is a value at all: not None, NaN, NaT, pandas' NA or infinite.

    >>> known(0), known(""), known(math.nan), known(math.inf)
    (True, True, False, False)
    """
    try:
        missing = value is None or bool(value != value)
    except TypeError:  # NA is neither equal nor unequal to itself
        missing = True
    return not missing and not (isinstance(value, Real | Decimal) and math.isinf(value))


@cache
def locale(lang: str) -> Locale:
    return Locale.parse(LOCALES[lang])


def make_ready() -> None:
    """Load what Babel knows of the languages before the first number is said."""
    for lang in LOCALES:
        day(date(2026, 10, 31), lang), number(1.5, lang)


def number(value, lang: str = "en", places: int = 0) -> str:
    """A number with separators and fixed decimals.

    >>> number(-1234.5, "en", 1)
    '−1,234.5'
    """
    if not known(value):
        return MISSING
    value = round(float(value), places) + 0.0  # + 0.0: no minus zero
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, pattern, locale=locale(lang)).replace("-", _MINUS)


def count(value, lang: str = "en") -> str:
    """
    >>> count(12345)
    '12,345'
    """
    return number(value, lang, 0)


def share(value, lang: str = "en", places: int = 1) -> str:
    """A share 0..1 as a percentage.

    >>> share(0.1444), share(None), share(0.0004)
    ('14.4%', '–', '< 0.1%')
    """
    if not known(value):
        return MISSING
    if 0 < value < 0.5 * 10 ** -(places + 2):
        return f"< {number(10**-places, lang, places)}%"
    return number(value * 100, lang, places) + "%"


def points(value, lang: str = "en") -> str:
    """A difference of two shares, in percentage points."""
    return number(value * 100, lang, 1) if known(value) else MISSING


def days(value, lang: str = "en") -> str:
    if not known(value):
        return MISSING
    return number(value, lang, 0 if float(value) == round(float(value)) else 1)


def money(value, lang: str = "en", currency: str | None = None) -> str:
    """An amount: whole units from 1,000 on; in Chinese in 万 or 亿 where that is how it is said.

    >>> money(41800.4, "en", "EUR"), money(1000000, "zh", "CNY")
    ('€41,800', '¥100万')
    """
    if not known(value):
        return MISSING
    symbol = currency_symbol(currency, lang) if currency else ""
    text = _said(abs(float(value)), lang)
    return (_MINUS if value < 0 and text.strip("0.") else "") + symbol + text


def _said(size: float, lang: str) -> str:
    if lang == "zh" and size >= 1e4:
        size, unit = (size / 1e8, "亿") if size >= 99_999_500 else (size / 1e4, "万")  # never 10,000万
        text = number(size, lang, 2 if size < 100 else 1)
        return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
    return number(size, lang, 0 if size >= 1000 or size == int(size) else 2)


def currency_symbol(currency: str, lang: str) -> str:
    """The report's currency needs no country before its sign: the page names it once.

    >>> currency_symbol("CNY", "en"), currency_symbol("EUR", "zh")
    ('¥', '€')
    """
    return _COUNTRY.sub("", str(get_currency_symbol(currency, locale=locale(lang))))


def plain_money(value, lang: str = "en") -> str:
    """An amount in a table whose header names the currency."""
    if not known(value):
        return MISSING
    return number(value, lang, 0 if abs(value) >= 1000 or value == int(value) else 2)


def currency_name(currency: str, lang: str) -> str:
    """
    >>> currency_name("CNY", "zh")
    '人民币'
    """
    return str(locale(lang).currencies.get(currency, currency))


def day(value: date | None, lang: str = "en") -> str:
    """
    >>> day(date(2026, 11, 5)), day(date(2026, 11, 5), "zh")
    ('5 Nov 2026', '2026年11月5日')
    """
    if not known(value):
        return MISSING
    pattern = "d MMM y" if lang == "en" else "y年M月d日"
    if isinstance(value, datetime):
        return format_datetime(value, pattern, locale=locale(lang))
    return format_date(value, pattern, locale=locale(lang))


def period(value: Period, lang: str = "en") -> str:
    """A period in words; of one to date up to which day.

    >>> period(Period.parse("2026-Q3"), "zh"), period(Period.parse("2026-10").to_date(date(2026, 10, 21)))
    ('2026年第3季度', 'October 2026 (to 20 Oct)')
    """
    said = _called(value, lang)
    if not value.until:
        return said
    last = format_date(value.until - timedelta(days=1), "d MMM" if lang == "en" else "M月d日", locale=locale(lang))
    return f"{said} (to {last})" if lang == "en" else f"{said}（至{last}）"


def _called(value: Period, lang: str) -> str:
    label = value.label
    year, _, rest = label.partition("-")
    if value.kind == "month":
        return format_date(value.start, "MMMM y" if lang == "en" else "y年M月", locale=locale(lang))
    if value.kind == "week":
        return f"week {int(rest[1:])} of {year}" if lang == "en" else f"{year}年第{int(rest[1:])}周"
    quarter = f"Q{rest[1:]} {year}" if lang == "en" else f"{year}年第{rest[1:]}季度"
    return quarter if value.kind == "quarter" else year if lang == "en" else f"{year}年"


def short_period(value: Period, lang: str = "en") -> str:
    """A period on a chart's axis: short, without its year.

    >>> short_period(Period.parse("2026-10")), short_period(Period.parse("2026-10"), "zh")
    ('Oct', '10月')
    """
    if value.kind == "month":
        return format_date(value.start, "MMM" if lang == "en" else "M月", locale=locale(lang)).replace("Sept", "Sep")
    return value.label.partition("-")[2] or value.label


def listing(items: list[str], lang: str = "en") -> str:
    """
    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    return format_list(items, locale=locale(lang)) if items else MISSING


def parameter(value, lang: str = "en") -> str:
    """An estimated number with four figures that count.

    >>> parameter(0.2426), parameter(15.4435), parameter(2582.67)
    ('0.2426', '15.44', '2,583')
    """
    if not known(value):
        return MISSING
    size = math.floor(math.log10(abs(value))) if value else 0
    return number(value, lang, min(max(3 - size, 0), 6))


def signed(value, name: str, lang: str, currency: str | None = None) -> str:
    """A change with its sign, as far as it is printed; that of a share in points.

    >>> signed(1200, "money", "en", "EUR"), signed(-0.0421, "share", "en"), signed(0.001, "days", "en")
    ('+€1,200', '−4.2', '±0.0')
    """
    if not known(value):
        return MISSING
    said = unit(abs(value), "gap" if name == "share" else name, lang, currency)
    return ("±" if not re.search("[1-9]", said) else "+" if value > 0 else _MINUS) + said


def plain(value, _lang: str = "en") -> str:
    return str(value) if known(value) else MISSING


_UNITS: dict[str, Callable[..., str]] = {
    "count": count, "share": share, "money": money, "days": days, "hours": days, "score": lambda v, g: number(v, g, 2),
    "gap": points, "points": lambda v, g: number(v, g, 1), "ratio": lambda v, g: number(v, g, 2), "text": plain, "day": day, "parameter": parameter,
    "fine": lambda v, g: number(v, g, 4),
}  # fmt: skip


def unit(value, name: str, lang: str, currency: str | None = None) -> str:
    """A value in one of the facts file's units (count, share, money, days, hours, score, points, ratio), a gap of two shares, a text, day or parameter.

    With a number of digits behind a point, `share.0`, it is said with so many.

    >>> unit(0.4166, "share.0", "en"), unit(1234.5, "money.2", "en", "EUR")
    ('42%', '€1,234.50')
    """
    name, _, digits = name.partition(".")
    if digits:
        return _with_digits(value, name, lang, currency, int(digits))
    return money(value, lang, currency) if name == "money" else _UNITS[name](value, lang)


def _with_digits(value, name: str, lang: str, currency: str | None, places: int) -> str:
    if name == "share":
        return share(value, lang, places)
    symbol = currency_symbol(currency, lang) if currency and known(value) else ""
    said = number(value, lang, places)
    return said if not symbol else (_MINUS if said.startswith(_MINUS) else "") + symbol + said.removeprefix(_MINUS)
