"""What a person sees when something is wrong, and the exit code that goes with it.

A message has three sentences: what is wrong with the value seen, what would be right, where to change it.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches


class CrmError(Exception):
    """Anything a person can put right; its text is shown as it is, without a traceback."""

    exit_code = 1


class UsageError(CrmError):
    """A parameter or setting is wrong: nothing was started."""

    exit_code = 2


class DataError(CrmError):
    """A source breaks the contract of the canonical tables: nothing was published from it."""

    exit_code = 3


class PublishError(CrmError):
    """Publishing failed: the old site was kept."""

    exit_code = 4


Tell = Callable[[str, CrmError], object]  # who hears of a fault of something, by its name, instead of being stopped by it


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming what the writer probably meant, or all that is known where nothing is close.

    >>> nearest("tema", ["team", "period"])
    "did you mean 'team'?"
    >>> nearest("x", ["team", "period"])
    'known: period, team'
    """
    known = sorted(known)
    close = get_close_matches(str(name), known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(known)
