"""What a figure or table is called: by the title that its notebook gives it, else by texts, for this report or for all.

A title of its own is all that is said: texts may know another report's figure by the same name.
"""

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
    if said is not None and not isinstance(said, Finding):
        return sentence(said, "title", lang, "")
    return texts.say(f"captions.{_key(report, name)}", lang, **words)


def sub(report: str, name: str, lang: str, words: Mapping[str, str], said: Said) -> str:
    """The line under the headline; where texts have none, the deals or days that it is about."""
    key = f"subs.{_key(report, name)}"
    return texts.say(key, lang, **words) if isinstance(said, Finding) and texts.has(key) else words["window"]


def short(report: str, name: str, lang: str, said: Said) -> str:
    """What the table of contents calls it."""
    return texts.short(_key(report, name), lang) if isinstance(said, Finding) else sentence(said, "title", lang, "")


def _key(report: str, name: str) -> str:
    """What texts call it: this report's own name for it where it has one."""
    own = f"{report}.{key_of(name)}"
    return own if texts.has(f"captions.{own}") else key_of(name)
