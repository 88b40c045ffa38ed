"""What a figure or table is called: by texts, for this report or for all; else by the title that its notebook gives it."""

from collections.abc import Mapping

from .. import findings, texts
from ..findings import Finding
from .bundle import plain
from .describe import key_of

Said = Finding | Mapping[str, str]  # a sentence of texts, or a title that the notebook gives itself, by language


def sentence(said: Said, part: str, lang: str, currency: str) -> str:
    """A sentence in a language; of a title that is not given in it, in the first that it is given in."""
    if isinstance(said, Finding):
        return findings.render(said, part, lang, currency)
    return plain(said.get(lang) or next(iter(said.values())))


def caption(report: str, name: str, lang: str, words: Mapping[str, str], said: Said | None) -> str:
    key = f"captions.{_key(report, name)}"
    own = said is not None and not isinstance(said, Finding) and not texts.has(key)
    return sentence(said, "title", lang, "") if own and said else texts.say(key, lang, **words)


def sub(report: str, name: str, lang: str, words: Mapping[str, str]) -> str:
    """The line under the headline; where texts have none, the deals or days that it is about."""
    key = f"subs.{_key(report, name)}"
    return texts.say(key, lang, **words) if texts.has(key) else words["window"]


def short(report: str, name: str, lang: str, said: Said) -> str:
    """What the table of contents calls it."""
    own = not isinstance(said, Finding) and not texts.has(f"shorts.{_key(report, name)}")
    return sentence(said, "title", lang, "") if own else texts.short(_key(report, name), lang)


def _key(report: str, name: str) -> str:
    """What texts call it: this report's own name for it where it has one."""
    own = f"{report}.{key_of(name)}"
    return own if texts.has(f"captions.{own}") else key_of(name)
