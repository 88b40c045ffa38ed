"""Words that stand out: what unhappy customers write more often than others, without quoting anybody."""

import re
from collections import Counter
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import Crm
from ..measures import count_if, within
from .feedback import rates
from .lexicon import STOP
from .themes import comments, recent_window

CLEAR = 2.58  # standard errors: 99 %
LEAST = 10  # comments, and customers, below which a word could point at somebody
PRIOR = 0.1  # the weight of all comments as prior knowledge of how frequent a word is
MOST, MOST_EACH = 12, 5  # words shown of the unhappy, and of each category
UNHAPPY = "unhappy"
COLUMNS = ["group", "term", "comment_count", "base", "share", "others_count", "others_base", "others_share", "z_ratio"]
_LATIN = re.compile(r"[a-z]+(?:'[a-z]+)?")
_CHINESE = re.compile("[一-鿿]{2,}")


def standing_out(crm: Crm) -> pd.DataFrame:
    """The words that unhappy answers of the period (at least of its last 90 days) use clearly more often than the others; without ratings, each category's own.

    Needs feedback: given_at, comment; ratings, or category; reps and customers: name (their names are no words).
    → frame: group ("unhappy", or the category), term, comment_count (comments of the group with it), base, share, others_count,
      others_base, others_share (0..1), z_ratio (standard errors); the most striking first
    Log-odds with an informative Dirichlet prior, z > 2.58 (Monroe, Colaresi, Quinn 2008). A comment counts a word once. Only
    words in at least ten comments of at least ten customers; no digits, no names, no verbatim comments.
    """
    return crm.once("words", lambda: _standing_out(crm)).copy()


def _standing_out(crm: Crm) -> pd.DataFrame:
    groups, sizes = _counted(crm)
    total, size = sum(groups.values(), Counter()), sum(sizes.values())
    found = [
        _stands_out(group, counts, total, sizes[group], size) for group, counts in groups.items()
        if min(sizes[group], size - sizes[group]) >= crm.business.min_base and group not in ("", "others")
    ]  # fmt: skip
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)
    kept = _nobody_s(crm, frame.term.drop_duplicates().to_list())
    frame = frame[frame.term.isin(kept)]
    frame = frame.assign(_at=frame.group.map(sizes)).sort_values(
        ["_at", "group", "z_ratio", "term"], ascending=[False, True, False, True]
    )
    return frame.groupby("group", sort=False).head(MOST if rates(crm) else MOST_EACH)[COLUMNS].reset_index(drop=True)


def _counted(crm: Crm) -> tuple[dict[str, Counter], dict[str, int]]:
    """In how many comments of the window each word stands, and how many comments there are, by group."""
    groups: dict[str, Counter] = {}
    sizes: dict[str, int] = {}
    rated = rates(crm)
    for batch in comments(crm):
        for row in batch[batch.recent > 0].itertuples():
            shares = {UNHAPPY: row.problems, "others": row.judged - row.problems} if rated else {row.category: row.recent}
            words = terms(row.comment)
            for group, n in shares.items():
                if n:
                    counts = groups.setdefault(group, Counter())
                    sizes[group] = sizes.get(group, 0) + int(n)
                    for word in words:
                        counts[word] += int(n)
    return groups, sizes


def terms(comment: str) -> set[str]:
    """The words of a comment that can stand out: English from three letters, Chinese from two characters, no stop words.

    >>> sorted(terms("送货太慢了 The parcel was late, order 12345"))
    ['late', 'order', 'parcel', '太慢', '送货']
    """
    import rjieba  # here: its dictionary is only needed where there are comments

    text = comment.lower().replace("’", "'")
    found = {w for w in _LATIN.findall(text) if len(w) >= 3}
    for run in _CHINESE.findall(text):
        found |= {w for w in rjieba.cut(run) if len(w) >= 2}
    return found - STOP


def _stands_out(group: str, counts: Counter, total: Counter, size: int, everybody: int) -> pd.DataFrame:
    """The words of one group against all others."""
    words = [w for w in sorted(total) if total[w] >= LEAST and counts[w] >= LEAST]
    here = np.array([counts[w] for w in words], dtype=float)
    there = np.array([total[w] for w in words], dtype=float) - here
    z = log_odds(here, there, counts.total(), total.total() - counts.total())
    frame = pd.DataFrame({"group": group, "term": words, "comment_count": here.astype(int), "base": size, "share": here / size,
                          "others_count": there.astype(int), "others_base": everybody - size,
                          "others_share": there / (everybody - size), "z_ratio": z})  # fmt: skip
    return frame[frame.z_ratio > CLEAR].sort_values("z_ratio", ascending=False).head(2 * MOST)


def log_odds(here: np.ndarray, there: np.ndarray, all_here: float, all_there: float) -> np.ndarray:
    """How much more frequent words are here than there, in standard errors (Monroe, Colaresi, Quinn 2008, eq. 15, 19, 22).

    The prior is the words' frequency in both together, at a tenth of their weight.

    >>> log_odds(np.array([30.0]), np.array([30.0]), 500, 500).round(6)
    array([0.])
    """
    prior, weight = PRIOR * (here + there), PRIOR * (all_here + all_there)
    odds = lambda n, size: np.log((n + prior) / (size + weight - n - prior))  # noqa: E731
    return (odds(here, all_here) - odds(there, all_there)) / np.sqrt(1 / (here + prior) + 1 / (there + prior))


def _nobody_s(crm: Crm, words: list[str]) -> set[str]:
    """The words that stand in nobody's name and, where customers are known, come from at least ten of them."""
    if not words:
        return set()
    kept = set(words)
    for table in ("reps", "customers"):
        if crm.has(table, "name"):
            kept -= _named(crm.company.table(table, "name"), sorted(kept))
    if kept and crm.has("feedback", "customer_id"):
        kept = _of_many(crm, sorted(kept))
    return kept


def _named(table: Any, words: list[str]) -> set[str]:
    """Which of the words stand in a name, as a word of it (Chinese: anywhere in it, or the name in the word)."""
    if not words:
        return set()
    table = table.select(
        name=table.name.lower(), padded=ibis.literal(" ").concat(table.name.lower().re_replace("[^a-z']+", " "), " ")
    )
    chinese = lambda w: table.name.contains(w) | ((table.name != "") & ibis.literal(w).contains(table.name))  # noqa: E731
    found = {f"w{i}": count_if(table.padded.contains(f" {w} ") if w.isascii() else chinese(w)) for i, w in enumerate(words)}
    row = table.aggregate(**found).execute().iloc[0]
    return {word for i, word in enumerate(words) if row[f"w{i}"]}


def _of_many(crm: Crm, words: list[str]) -> set[str]:
    """Which of the words at least ten customers have written in the window."""
    table = crm.table("feedback", "given_at", "comment", "customer_id")
    table = table.filter(within(table.given_at, *recent_window(crm)) & table.comment.notnull())
    text = table.comment.lower()
    counts = {f"w{i}": table.customer_id.nunique(where=text.contains(w)) for i, w in enumerate(words)}
    row = table.aggregate(**counts).execute().iloc[0]
    return {w for i, w in enumerate(words) if row[f"w{i}"] >= LEAST}
