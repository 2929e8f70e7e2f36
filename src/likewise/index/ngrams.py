"""BM25 over character n-grams of the candidates of a search: forms and compounds of a word share most of theirs.

Runs of four characters find inflected words, parts of compounds and misspelt words, in any language that has letters
(McNamee and Mayfield 2004, "Character n-gram tokenization for European language text retrieval"). They are not indexed:
the texts that a search by words and by vectors has found are scored as they are read. How rare an n-gram is comes from
a sample of the texts, which depends on nothing but the state of the index.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from likewise.arrays import Float64, Int64
from likewise.index.stems import UNSPACED, character_pairs, spaced_words

LENGTH = 4  # characters, one of which may be the space before or after a word
K1, B = 1.2, 0.75  # of BM25, as of words
SAMPLED = 1 << 18  # characters, about, of the sampled texts: read in a tenth of a second
FIRST = 100  # texts from which the length of a text is known, about
HASH_BITS = 32
LONGEST = 4_000  # characters of a text that are compared: what a search reads has a limit
MAX_NGRAMS = 256  # of a query
_HASH = np.uint64(0x9E3779B97F4A7C15)  # multiplicative hashing (Knuth): neighbouring row ids fall far apart


class NgramIndex:
    """How rare each n-gram is, and BM25 of texts.

    Args:
        sampled: characters of the sampled texts, about.

    Attributes:
        texts: how many are sampled.
    """

    def __init__(self, sampled: int = SAMPLED) -> None:
        self.texts, self._characters, self._sampled = 0, 0, sampled
        self._containing: Counter[str] = Counter()
        self._rows: dict[int, str] = {}  # the sampled texts
        self._generation = -1

    def update(self, connection: sqlite3.Connection, generation: int, texts: int) -> None:
        """Bring the sample to a generation of the record.

        Args:
            connection: to the record, within a transaction.
            generation: of the record.
            texts: how many the record has.
        """
        if generation == self._generation:
            return
        sql = f"SELECT avg(min(length(text), {LONGEST})) FROM (SELECT text FROM texts ORDER BY row_id LIMIT {FIRST})"  # noqa: S608
        length = connection.execute(sql).fetchone()[0] or 1
        highest = connection.execute("SELECT max(row_id) FROM texts").fetchone()[0] or 0
        wanted = sampled_rows(highest, self._sampled / length / max(1, texts))
        there = _read(connection, wanted.tolist())
        for row_id in self._rows.keys() - there.keys():
            self._count(self._rows.pop(row_id), -1)
        for row_id in there.keys() - self._rows.keys():
            self._rows[row_id] = there[row_id]
            self._count(there[row_id], 1)
        self._generation = generation

    def scorer(self, connection: sqlite3.Connection, query: str) -> "NgramScorer":
        """Return what scores texts by the n-grams of a query, within the same transaction."""
        weights = {
            ngram: math.log1p((self.texts - n + 0.5) / (n + 0.5))
            for ngram in islice(ngrams_of(spaced_words(query)), MAX_NGRAMS)
            for n in [self._containing[ngram]]
        }
        return NgramScorer(connection, weights, max(1.0, self._characters / max(1, self.texts)))

    def _count(self, text: str, times: int) -> None:
        spaced = spaced_words(text)
        self.texts += times
        self._characters += times * len(spaced)
        ngrams = ngrams_of(spaced).keys()
        if times > 0:
            self._containing.update(ngrams)
        else:
            self._containing.subtract(ngrams)


class NgramScorer:
    """BM25 of texts by the n-grams of one query.

    Args:
        connection: to the record, within a transaction.
        weights: of each n-gram: log(1 + (N - n + ½) / (n + ½)).
        mean: characters of a text on average.
    """

    def __init__(self, connection: sqlite3.Connection, weights: Mapping[str, float], mean: float) -> None:
        self._connection, self._weights, self._mean = connection, dict(weights), mean

    def scores(self, row_ids: Int64[np.ndarray, " candidates"]) -> Float64[np.ndarray, " candidates"]:
        """Return BM25 of texts, which are read; 0 for a text without any n-gram of the query."""
        if not self._weights:
            return np.zeros(len(row_ids))
        rows = row_ids.tolist()
        texts = _read(self._connection, rows)
        return np.array([self._bm25(spaced_words(texts[row])) for row in rows])

    def _bm25(self, text: str) -> float:
        damping = K1 * (1 - B + B * len(text) / self._mean)
        total = 0.0
        for ngram, weight in self._weights.items():
            if count := text.count(ngram):
                total += weight * count * (K1 + 1) / (count + damping)
        return total


def ngrams_of(spaced: str) -> dict[str, None]:
    """Return the distinct n-grams of words with a space before and after each; pairs in scripts without spaces.

    >>> list(ngrams_of(" the cats "))
    [' the', 'the ', ' cat', 'cats', 'ats ']
    """
    found: dict[str, None] = {}
    for word in spaced.split():
        if not word.isascii() and UNSPACED.fullmatch(word):
            found |= dict.fromkeys(character_pairs(word))
        else:
            padded = f" {word} "
            found |= dict.fromkeys(padded[at : at + LENGTH] for at in range(max(1, len(padded) - LENGTH + 1)))
    return found


def sampled_rows(highest: int, share: float) -> Int64[np.ndarray, " rows"]:
    """Return a share of the row ids up to the highest, rounded down to a half of a half and so on.

    A row is among them whatever other rows there are, and among those of a smaller share only if of a larger one.
    """
    rows = np.arange(highest + 1, dtype=np.int64)
    if share >= 1:
        return rows
    kept = 1 << (HASH_BITS + math.floor(math.log2(max(share, 2.0**-HASH_BITS))))
    return rows[(rows.astype(np.uint64) * _HASH) >> np.uint64(64 - HASH_BITS) < np.uint64(kept)]


def _read(connection: sqlite3.Connection, row_ids: Sequence[int]) -> dict[int, str]:
    """Return the texts that there are, the beginning of long ones, by row id."""
    listed = ",".join(map(str, row_ids))
    sql = f"SELECT row_id, substr(text, 1, {LONGEST}) FROM texts WHERE row_id IN ({listed})"  # noqa: S608 - numbers
    return dict(connection.execute(sql).fetchall())
