"""Words that stand out: what unhappy customers write more often than others, without quoting anybody."""

import re
from collections import Counter
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..crm import ALL, Crm
from ..measures import count_if, within
from .feedback import feedback, rates
from .lexicon import STOP
from .themes import LONGEST, comments, recent_window

CLEAR = 2.58  # standard errors: 99 %
LEAST = 10  # comments, and customers, below which a word could point at somebody
PRIOR = 0.1  # the weight of all comments as prior knowledge of how frequent a word is
CUT_AT_ONCE = 2_000  # comments whose Chinese words are cut before it is asked whether that is enough
MOST, MOST_EACH = 12, 5  # words shown of the unhappy, and of each category
UNHAPPY, GENITIVE = "unhappy", "'s"
COLUMNS = ["group", "term", "comment_count", "base", "share", "others_count", "others_base", "others_share", "z_ratio"]
_KINDS = {"place": "int64", "group": "string", "term": "string", **dict.fromkeys(COLUMNS[2:], "float64"),
          **dict.fromkeys(("comment_count", "base", "others_count", "others_base"), "int64")}  # fmt: skip
_LATIN = re.compile(r"[a-z]+(?:'[a-z]+)?")
_CHINESE = re.compile("[一-鿿]{2,}")


def standing_out(crm: Crm) -> pd.DataFrame:
    """The words that unhappy answers of the period (at least of its last 90 days) use clearly more often than the others; without ratings, each category's own.

    Needs feedback: given_at, comment; ratings, or category; reps and customers: name, and rep_id (no names are words).
    → frame: group ("unhappy", or the category), term, comment_count (comments of the group with it), base, share, others_count,
      others_base, others_share (0..1), z_ratio (standard errors); the most striking first
    Log-odds with an informative Dirichlet prior, z > 2.58 (Monroe, Colaresi, Quinn 2008). A comment counts a word once. Only
    words in at least ten comments of at least ten customers of the group; no digits, no names, no verbatim comments.
    """
    return crm.once("words", lambda: _companys(crm) if crm.team == ALL else _standing_out(crm)).copy()


def _companys(crm: Crm) -> pd.DataFrame:
    """The company's words are kept: all comments are cut for them. A team has few."""
    frame = crm.kept(
        "words", lambda company: ibis.memtable(_standing_out(company).reset_index(names="place"), schema=_KINDS)
    ).execute()
    return frame.sort_values("place")[COLUMNS].reset_index(drop=True)


def _standing_out(crm: Crm) -> pd.DataFrame:
    groups, sizes = _counted(crm)
    total, size = sum(groups.values(), Counter()), sum(sizes.values())
    found = [
        _stands_out(group, counts, total, sizes[group], size) for group, counts in groups.items()
        if min(sizes[group], size - sizes[group]) >= crm.business.min_base and group not in ("", "others")
    ]  # fmt: skip
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)
    frame = _nobody_s(crm, frame)
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


def _nobody_s(crm: Crm, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose word stands in nobody's name (or id: some sources use names as ids) and, where customers are known, comes from ten."""
    kept = set(frame.term)
    for table, column in (("reps", "name"), ("customers", "name"), ("feedback", "rep_id")):
        if kept and crm.has(table, column):
            kept -= _named(crm.company.table(table, column)[column], sorted(kept))
    frame = frame[frame.term.isin(kept)]
    return _of_many(crm, frame) if len(frame) and crm.has("feedback", "customer_id") else frame


def _padded(text: Any) -> Any:
    """The English words of a text, each between spaces, as `terms` finds them: without the quotation marks around them."""
    words = text.lower().replace("’", "'").re_replace("[^a-z']+", " ")
    return ibis.literal(" ").concat(words, " ").re_replace("'* '*", " ")


def _named(names: Any, words: list[str]) -> set[str]:
    """Which of the words stand in a name, as a word of it, or its genitive (Chinese: anywhere in it, or the name in the word)."""
    table = names.name("name").as_table().distinct()
    table = table.select(name=table.name.lower(), padded=_padded(table.name))
    chinese = lambda w: table.name.contains(w) | ((table.name != "") & ibis.literal(w).contains(table.name))  # noqa: E731
    english = lambda w: table.padded.contains(f" {w} ") | table.padded.contains(f" {w.removesuffix(GENITIVE)} ")  # noqa: E731
    found = {f"w{i}": count_if(english(w) if w.isascii() else chinese(w)) for i, w in enumerate(words)}
    row = table.aggregate(**found).execute().iloc[0]
    return {word for i, word in enumerate(words) if row[f"w{i}"]}


def _of_many(crm: Crm, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose word at least ten customers of their group have written in the window."""
    table, pairs = _written(crm), list(frame[["group", "term"]].itertuples(index=False, name=None))
    holds = lambda w: table.padded.contains(f" {w} ") if w.isascii() else table.text.contains(w)  # noqa: E731
    counts = {f"w{i}": table.customer_id.nunique(where=(table.group == g) & holds(w)) for i, (g, w) in enumerate(pairs)}
    row = table.aggregate(**counts).execute().iloc[0]
    many = {pair for i, pair in enumerate(pairs) if row[f"w{i}"] >= LEAST}
    many -= _of_few(table, {(g, w) for g, w in many if not w.isascii()})
    return frame[[pair in many for pair in pairs]]


def _written(crm: Crm) -> Any:
    """Who wrote what in the window. → ibis table: customer_id, group, text (as `terms` reads it), padded"""
    rated, texts = feedback(crm), crm.table("feedback", "feedback_id", "comment", "customer_id")
    rated = rated.filter(within(rated.given_at, *recent_window(crm)))
    table = rated.inner_join(texts.select("feedback_id", "comment", "customer_id"), "feedback_id")
    table = table.filter(table.comment.notnull() & table.customer_id.notnull())
    group = ibis.ifelse(table.problem, UNHAPPY, "others") if rates(crm) else ibis.coalesce(table.category, "")
    table = table.select("customer_id", group=group, text=table.comment.strip().left(LONGEST).lower())
    return table.mutate(padded=_padded(table.text))


def _of_few(table: Any, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The Chinese words (each with its group) that fewer than ten customers have written as a word: part of a longer one is none.

    Comments are cut here, not in the engine: only those with such a word, and only until every word has its ten.
    """
    if not pairs:
        return set()
    writers: dict[tuple[str, str], set[str]] = {pair: set() for pair in pairs}
    holding = table.filter(ibis.or_(*[(table.group == g) & table.text.contains(w) for g, w in sorted(pairs)]))
    for batch in holding.select("customer_id", "group", "text").to_pyarrow_batches(chunk_size=CUT_AT_ONCE):
        for customer, group, text in batch.to_pandas().itertuples(index=False, name=None):
            for word in terms(text):
                if (group, word) in writers:
                    writers[group, word].add(customer)
        writers = {pair: who for pair, who in writers.items() if len(who) < LEAST}
        if not writers:
            break
    return set(writers)
