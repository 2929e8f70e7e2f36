"""Search by words: BM25 as SQLite's FTS5 computes it, for any language and any query a user may type.

FTS5 takes letters, digits and their marks as words. Before it sees a text, runs of scripts without spaces are cut into
pairs of characters (`likewise.index.runs`), and words become the ones that stand for them (`likewise.index.stems`).

A query is the OR of its distinct words. Frequent words cost nearly all the time and decide little, so a text is looked
at only when it holds one of the rarer words, and is then scored with all of them (`WordIndex.ranked`).
"""

import math
import re
import sqlite3
import unicodedata

import numpy as np

from likewise.index.columns import well_formed
from likewise.index.fusion import Ranked, best_first
from likewise.index.runs import RUN, cut, pairs
from likewise.index.stems import Stems, folded

__all__ = ["TABLES", "WordIndex", "bare_word", "indexable", "query_words"]

# The marks (M*) belong to the word: without them Hindi or Bengali words fall apart at their vowel signs.
_TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
TABLES = (
    f"""CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize="{_TOKENIZER}")""",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row')",
)

# A word is frequent when more texts hold it than both of these say: below, asking for it costs only milliseconds.
FREQUENT_TEXTS, FREQUENT_SHARE = 5_000, 0.05
MOST_WORDS, MOST_LOOKED_UP = 64, 2_000  # of a query: the first to be looked up, and the rarest of them to be asked for

NONE = Stems({})
_ACCENTS = re.compile("[\u0300-\u036f]")


def indexable(text: str, stems: Stems = NONE) -> str:
    """What FTS5 is given for a text: runs of scripts without spaces cut into pairs, and forms of a word made one."""
    return stems.replaced(cut(text)) if stems else cut(text)


def query_words(query: str, stems: Stems = NONE) -> list[str]:
    """The distinct words of a query as FTS5 phrases: quoted, so that nothing a user types is syntax."""
    phrases: dict[str, None] = {}
    query, end = well_formed(query), 0
    for run in RUN.finditer(query):
        phrases |= dict.fromkeys(_plain_words(query[end : run.start()], stems))
        of_run = pairs(run[0], last=False)
        phrases |= dict.fromkeys(f'"{pair}"' for pair in of_run) if of_run else {f'"{run[0]}" *': None}
        end = run.end()
    return list(phrases | dict.fromkeys(_plain_words(query[end:], stems)))


def bare_word(phrase: str) -> str:
    """The word of a phrase, folded, as texts are compared by it."""
    return folded(phrase.strip('" *'))


def _plain_words(text: str, stems: Stems) -> list[str]:
    text = stems.replaced(text) if stems else text
    kept = (c if unicodedata.category(c)[0] in "LNM" or unicodedata.category(c) == "Co" else " " for c in text)
    return [f'"{word}"' for word in "".join(kept).split()]


class WordIndex:
    """BM25 over the texts of a record."""

    def __init__(self, connection: sqlite3.Connection, stems: Stems = NONE) -> None:
        self._connection, self._stems = connection, stems
        self._counts: dict[str, int] = {}  # how many texts hold a word, as of one generation
        self._generation = -1

    def ranked(self, query: str, k: int, *, texts: int, generation: int, among: str | None = None) -> Ranked:
        """The `k` texts with the highest BM25 (k1 = 1.2, b = 0.75).

        Among the texts that hold at least one word which is not frequent, these are exactly the best; a text that holds
        frequent words only is found when no other is. A word in more than half of many texts is left out beside others:
        its weight in FTS5's BM25 is nil.

        Args:
            query: whatever the user typed; without words, nothing is found.
            k: how many.
            texts: how many texts there are.
            generation: of the record: word counts are remembered as long as it stays.
            among: the table with the numbers of the texts that may be found; None is all.
        """
        phrases = query_words(query, self._stems)[:MOST_LOOKED_UP]
        self._look_up(phrases, generation)
        phrases = self._rarest(phrases)
        often = max(FREQUENT_TEXTS, FREQUENT_SHARE * texts)
        rare = [phrase for phrase in phrases if self._counts[phrase] <= often]
        frequent = [phrase for phrase in phrases if self._counts[phrase] > often]
        telling = [phrase for phrase in frequent if self._counts[phrase] <= texts / 2]
        if telling or any(self._counts[phrase] for phrase in rare):
            frequent = telling
        found: dict[int, float] = {}
        while not found and (rare or frequent):
            if not rare:
                rare, frequent = frequent[:1], frequent[1:]
            found = self._match(_any(rare), k, among)
            if frequent:
                # A text of both lists has its whole score in the second; one that the second leaves out is not among
                # the k best, unless it holds no frequent word, and then the first list has its whole score.
                for number, score in self._match(f"({_any(rare)}) AND ({_any(frequent)})", k, among).items():
                    found[number] = max(score, found.get(number, 0.0))
            rare = []
        numbers, scores = np.fromiter(found, np.int64), np.fromiter(found.values(), np.float64)
        return best_first(numbers, scores, k)

    def weights(self, query: str, *, texts: int, generation: int) -> dict[str, float]:
        """The distinct words of a query, folded, with their inverse document frequency, log(1 + (N - n + ½) / (n + ½)).

        Args:
            query: whatever the user typed.
            texts: how many texts there are, N.
            generation: of the record, as in `ranked`.
        """
        phrases = query_words(query, self._stems)[:MOST_LOOKED_UP]
        self._look_up(phrases, generation)
        return {bare_word(phrase): _weight(self._counts[phrase], texts) for phrase in phrases}

    def _look_up(self, phrases: list[str], generation: int) -> None:
        """Have the counts of these words; those of another generation are forgotten."""
        if generation != self._generation:
            self._counts, self._generation = {}, generation
        for phrase in phrases:
            if phrase not in self._counts:
                self._counts[phrase] = self._count(phrase)

    def _rarest(self, phrases: list[str]) -> list[str]:
        """The words by rising frequency, at most `MOST_WORDS` of them."""
        # A word that no text holds says nothing: of too many words these are the first to go.
        known = sorted(phrases, key=lambda phrase: (not self._counts[phrase], self._counts[phrase]))
        return known[:MOST_WORDS]

    def _count(self, phrase: str) -> int:
        """How many texts hold the word; 0 also for one whose folding by FTS5 is not known here, which then is rare."""
        word = phrase.strip('" *').lower()
        bare = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
        sql = "SELECT max(doc) FROM vocabulary WHERE term = ?"
        return max(self._connection.execute(sql, (form,)).fetchone()[0] or 0 for form in {word, bare})

    def _match(self, expression: str, k: int, among: str | None) -> dict[int, float]:
        # Asked for the order of its own `rank`, FTS5 computes every score twice. The + keeps SQLite from asking it once
        # for each text that passes, which costs milliseconds each.
        passing = f"AND +rowid IN (SELECT number FROM {among})" if among else ""  # noqa: S608 - no name of a user's
        sql = f"""SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {passing}
            ORDER BY score DESC, rowid LIMIT ?"""  # noqa: S608
        return dict(self._connection.execute(sql, (expression, k)).fetchall())


def _weight(count: int, texts: int) -> float:
    return math.log1p((max(texts, count) - count + 0.5) / (count + 0.5))


def _any(phrases: list[str]) -> str:
    return " OR ".join(phrases)
