"""Themes in the comments: how many comments speak of what, and whether more do than in the twelve months before."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..kpi import Share, difference
from ..means import together
from ..measures import count_if, total, within
from ..periods import year_earlier
from .feedback import feedback
from .lexicon import NEGATIONS, NEGATIONS_ZH, THEMES

BATCH = 50_000  # distinct comments held at a time
WINDOW_DAYS = 90
SUMS = ["now", "before", "scores", "score_total"]
NO_THEME, PRAISE, CRITICISM = "no theme", "praise", "criticism"
LONGEST = 2_000  # characters of a comment that are read
_PART = re.compile(r"[^a-z'一-鿿]*[.,;:!?。，；：！？、~\n\r()（）【】…]+[^a-z'一-鿿]*")
_SPACE = re.compile(r"[^a-z'一-鿿]+")
_EDGE = re.compile(r"(?<=[a-z'])(?=[一-鿿])|(?<=[一-鿿])(?=[a-z'])")
_CHINESE = re.compile("[一-鿿]")


def comments(crm: Crm) -> Iterator[pd.DataFrame]:
    """The different comments of the period and of the twelve months before it, in batches.

    Needs feedback: given_at, comment. → frames: comment, category, now (how often in the period), before, scores and score_total
    (of those in the period), recent, judged and problems (in `recent_window`)
    Equal texts are put together in the engine: a survey has the same "good" a thousand times.
    """
    table = crm.once("comments", lambda: _different(crm, category=lambda t: ibis.coalesce(t.category, "")).cache())
    yield from _batches(table)


def _batches(table: Any) -> Iterator[pd.DataFrame]:
    for batch in table.to_pyarrow_batches(chunk_size=BATCH):
        yield batch.to_pandas()


def recent_window(crm: Crm) -> tuple[date, date]:
    """The days whose words are compared: the period, at least the 90 days to its end (in a week nobody says a word ten times)."""
    return min(crm.period.start, crm.end - timedelta(days=WINDOW_DAYS)), crm.end


def _different(crm: Crm, **group: Any) -> Any:
    start, end = crm.period.start, crm.period.end
    texts = crm.table("feedback", "feedback_id", "comment").select("feedback_id", "comment")
    rated = feedback(crm)
    table = rated.filter(within(rated.given_at, year_earlier(start), end)).inner_join(texts, "feedback_id")
    table = table.mutate(_text=table.comment.strip().left(LONGEST), _now=within(table.given_at, start, end),
                         _recent=within(table.given_at, *recent_window(crm)))  # fmt: skip
    table = table.filter(table._text.notnull() & (table._text != ""))
    return table.group_by(comment="_text", **group).aggregate(
        now=count_if(table._now), before=count_if(~table._now), scores=count_if(table._now & table.score.notnull()),
        score_total=total(table.score, where=table._now), recent=count_if(table._recent),
        judged=count_if(table._recent & table.judged), problems=count_if(table._recent & table.problem),
    )  # fmt: skip


def themes(crm: Crm) -> pd.DataFrame:
    """How many comments speak of each theme, beside the twelve months before.

    Needs feedback: given_at, comment; score for the means.
    → frame: theme, tone (praise, criticism), comment_count, base (comments), share, mean_score (of the comments of the period with
      a score), before_comment_count, before_base, before_share, rose (clearly: by a 99 % interval that holds for all themes at once, both bases sufficient); criticism first,
      most comments first, those with no theme last. A comment may speak of several themes, or of none: shares do not add up to 1.
    """
    return crm.once("themes", lambda: _themes(crm)).copy()


def _themes(crm: Crm) -> pd.DataFrame:
    sums = spoken(crm).groupby("theme")[SUMS].sum().reindex(range(len(THEMES) + 2), fill_value=0)
    return _table(sums.to_numpy(dtype=float), crm.business.min_base)


def spoken(crm: Crm) -> pd.DataFrame:
    """How many comments speak of what: every comment is read once for all teams.

    → frame: team, chinese (whether the comment has Chinese words), theme (its place in lexicon.THEMES; after the last one: no theme, then
      all comments), now, before, scores, score_total
    """
    return crm.once("spoken", lambda: crm.kept("themes", _spoken).execute())


def _spoken(company: Crm) -> Any:
    sums: dict[tuple[Any, bool], np.ndarray] = {}
    for batch in _batches(_different(company, team="_team").order_by("comment")):  # equal texts of several teams side by side
        known = {text: themes_in(text) or (len(THEMES),) for text in batch.comment.unique()}
        for team, text, counts in zip(batch.team, batch.comment, batch[SUMS].to_numpy(dtype=float), strict=True):
            of = sums.setdefault((team, bool(_CHINESE.search(text))), np.zeros((len(THEMES) + 2, len(SUMS))))
            of[[*known[text], -1]] += counts
    lines = [(*group, theme, *map(float, row)) for group, rows in sums.items() for theme, row in enumerate(rows)]
    kinds = {"team": "string", "chinese": "boolean", "theme": "int64", **dict.fromkeys(SUMS, "float64")}
    return ibis.memtable(pd.DataFrame(lines, columns=list(kinds)), schema=kinds)


def _table(sums: np.ndarray, min_base: int) -> pd.DataFrame:
    base, before_base = int(sums[-1, 0]), int(sums[-1, 1])
    names = [*((t.name, PRAISE if t.good else CRITICISM) for t in THEMES), (NO_THEME, None)]
    out = [
        {"theme": name, "tone": tone, "comment_count": int(now), "base": base, "share": now / base if base else np.nan,
         "mean_score": score / scores if scores else np.nan, "before_comment_count": int(before), "before_base": before_base,
         "before_share": before / before_base if before_base else np.nan,
         "rose": tone is not None and min(base, before_base) >= min_base
         and difference(Share(now, base), Share(before, before_base), together(len(THEMES)))[0] > 0}
        for (name, tone), (now, before, scores, score) in zip(names, sums[:-1], strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(out)
    frame = frame[(frame.comment_count > 0) | (frame.before_comment_count > 0)]
    frame = frame.assign(_last=frame.theme == NO_THEME)
    return (
        frame.sort_values(["_last", "tone", "comment_count", "theme"], ascending=[True, True, False, True])
        .drop(columns="_last")
        .reset_index(drop=True)
    )


def themes_in(comment: str) -> tuple[int, ...]:
    """The themes (their places in lexicon.THEMES) that a comment speaks of.

    >>> [THEMES[i].name for i in themes_in("客服很耐心，but the delivery was late")]
    ['slow delivery', 'good service']
    >>> themes_in("Delivery was not late")
    ()
    """
    found: set[int] = set()
    for part in parts(comment):
        for i, (about, says, phrases) in enumerate(_lists(bool(_CHINESE.search(part)))):
            named = [a for a in about if a in part]
            rest = _without(part, named)
            if any(_said(part, p) for p in phrases if p in part) or (named and any(_said(rest, s) for s in says if s in rest)):
                found.add(i)
    return tuple(sorted(found))


def parts(comment: str) -> list[str]:
    """A comment between its marks: small letters, one space around every English word.

    >>> parts("Fast, well-packed! 送货快ok")
    [' fast ', ' well packed ', '送货快 ok ']
    """
    return [made for part in _PART.split(comment.lower().replace("’", "'")) if (made := _padded(part)).strip()]


def _padded(part: str) -> str:
    words = _EDGE.sub(" ", _SPACE.sub(" ", part)).strip()
    if not words:
        return ""
    left = "" if _CHINESE.match(words[0]) else " "
    return left + words + ("" if _CHINESE.match(words[-1]) else " ")


def _without(part: str, words: list[str]) -> str:
    """A part of a comment without the words for what it is about: 快递 is no praise for being 快."""
    for word in words:
        part = part.replace(word, "·") if _CHINESE.search(word) else part
    return part


def _said(part: str, word: str) -> bool:
    """Whether a word stands in a part of a comment without a negation before it."""
    before = part[: part.index(word)].rstrip()
    if before.endswith(NEGATIONS_ZH):
        return False
    return not NEGATIONS & set(before.split()[-3:])


@cache
def _lists(chinese: bool) -> list[tuple[tuple[str, ...], ...]]:
    """Every theme's words as they stand in a part: only English ones where a part has no Chinese."""
    made = lambda words: tuple(_pattern(w) for w in words if chinese or not _CHINESE.search(w))  # noqa: E731
    return [(made(t.about), made(t.says), made(t.phrases)) for t in THEMES]


def _pattern(word: str) -> str:
    if _CHINESE.search(word):
        return word
    return f" {word[:-1]}" if word.endswith("*") else f" {word} "


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of `themes` that are a theme."""
    return frame[frame.theme != NO_THEME].reset_index(drop=True)


def comment_counts(crm: Crm) -> pd.DataFrame:
    """How many answers of the period carry a comment, and how many of those no theme that the list of words knows.

    Needs feedback: given_at, comment. → frame of one row: comment_count, without_theme_count
    """
    frame = themes(crm)
    none = int(frame[frame.theme == NO_THEME].comment_count.sum())
    return pd.DataFrame({"comment_count": [int(frame.base.iloc[0]) if len(frame) else 0], "without_theme_count": [none]})
