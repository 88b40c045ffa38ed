"""Every word that readers see: a folder a language, in it one file a report beside those of the frame and of the data.

The languages hold the same keys (a test proves it); the files' sections are put together, and no key stands twice.
"""

from functools import cache
from pathlib import Path
from typing import Any

from .. import settings

LANGUAGES = ("en", "zh")
_MADE_OF = (
    "sum",
    "mean",
    "median",
    "min",
    "max",
    "distinct",
    "share",
    "previous",
    "before",
    "change",
)  # how the name of a made column begins


@cache
def _book(lang: str) -> dict[str, Any]:
    book: dict[str, Any] = {}
    for path in sorted((Path(__file__).parent / lang).glob("*.yml")):
        for section, entries in settings.own(path).items():
            book.setdefault(section, {}).update(entries)
    return book


def make_ready() -> None:
    """Read all books before the first word is asked for."""
    for lang in LANGUAGES:
        _book(lang)


def say(key: str, lang: str, **values: object) -> str:
    """The text of a key such as `site.skip`, filled with values that are formatted already.

    >>> say("site.skip", "en")
    'Skip to the report'
    """
    section, _, name = key.partition(".")
    return _book(lang)[section][name].format(**values)


def days(count: str, lang: str) -> str:
    """A formatted number of days with its word.

    >>> days("1", "en"), days("1.5", "en"), days("24", "zh")
    ('1 day', '1.5 days', '24 天')
    """
    return say("page.day" if count.lstrip("+−") == "1" else "page.days", lang, value=count)


def has(key: str, lang: str = "en") -> bool:
    section, _, name = key.partition(".")
    return name in _book(lang).get(section, {})


def word(value: object, lang: str) -> str:
    """A known word of the data (a stage, a channel, a reason) in the reader's language; any other word as it is.

    >>> word("won", "zh"), word("Engaging", "zh")
    ('成交客户', 'Engaging')
    """
    return _book(lang)["words"].get(str(value), str(value))


def name(metric: str, lang: str) -> str:
    """What a figure is called; one of a page without code goes by its column."""
    return _book(lang)["metrics"].get(metric, {}).get("name") or column(metric, lang)


def definition(metric: str, lang: str) -> str:
    """What a figure means, in one sentence."""
    known = _book(lang)["metrics"].get(metric)
    return known["means"] if known else say("page.custom_means", lang, what=column(metric, lang))


def finding(rule: str, part: str, lang: str) -> str:
    """The template of a rule's sentence: `title`, `text`, `action`, `owner` or `success`."""
    kind, _, name = rule.partition(".")
    return _book(lang)["says"][name] if kind == "say" else _book(lang)["findings"][rule].get(part, "")


def column(name: str, lang: str) -> str:
    """The head of a table's column; without a name of its own it is built from what it is of.

    >>> column("mean_feedback_score", "en"), column("orders_count", "en"), column("previous_win_rate", "en")
    ('Satisfaction, mean', 'Number of orders', 'Win rate, previous period')
    """
    book = _book(lang)
    known = book["columns"].get(name) or book["metrics"].get(name, {}).get("name") or book["fields"].get(name)
    first, _, rest = name.partition("_")
    if not known and name.endswith("_base"):
        return say("page.base_of", lang, what=column(name.removesuffix("_base"), lang))
    if not known and first in _MADE_OF and rest:
        return say(f"page.{first}_of", lang, what=column(rest, lang))
    if not known and name.endswith("_count") and name.removesuffix("_count") in book["tables"]:
        return say("page.count_of", lang, what=book["tables"][name.removesuffix("_count")])
    return known or word(name, lang)


def report(name: str, part: str, lang: str) -> str:
    """A report's `name` or its `question`; an analyst's own report goes by its file's name."""
    return _book(lang)["reports"].get(name, {}).get(part, name if part == "name" else "")


def term(name: str, part: str, lang: str) -> str:
    """A further definition: its `name`, and what it `means`."""
    return _book(lang)["terms"][name][part]


def short(figure: str, lang: str) -> str:
    """What the table of contents calls a figure; an analyst's own goes by its name."""
    return _book(lang)["shorts"].get(figure, figure)
