"""How often each text holds a word, kept in memory by a process that searches again and again.

FTS5 computes a score in about 1.5 µs a text, each time anew: of a million texts a query of a few words takes 0.1 s. It
gives the same occurrences as plain rows in a fifth of that, and from memory they are summed in some nanoseconds each.
Scores are those of FTS5, term for term, so it makes no difference to a ranking which of the two computed it.

What is kept is of one state of the record. Texts removed since are hidden; those that came since are left to FTS5.
"""

import math
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int32, Int64

from likewise.index.hybrid import Ranked, best_first

__all__ = ["DIGITS", "INSTANCES", "Occurrences", "Postings", "inverse_frequency", "mean_length"]

# Made anew for every connection, which is quick: it is a view of what FTS5 has.
INSTANCES = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, words, instance)"
K1, B = 1.2, 0.75  # of BM25, as FTS5 has them
LEAST_WEIGHT = 1e-6  # of a word in more than half of the texts, as FTS5 has it
MOST_KEPT = 1 << 26  # occurrences, 12 bytes each; the words that were not asked for longest go first
DIGITS = 12  # beyond the point: so equal texts score alike, whether FTS5 computed it or we
SEVENTH = 7  # bits of a byte of SQLite's numbers of variable length


@dataclass(frozen=True)
class Occurrences:
    """The texts that hold a word.

    Attributes:
        numbers: of the texts, rising.
        counts: how often each of them holds it.
    """

    numbers: Int64[np.ndarray, " texts"]
    counts: Int32[np.ndarray, " texts"]

    @classmethod
    def counted(cls, every: Int64[np.ndarray, " occurrences"]) -> "Occurrences":
        """Of the text of each occurrence, rising."""
        firsts = np.flatnonzero(np.diff(every, prepend=-1))
        return cls(every[firsts], np.diff(firsts, append=len(every)).astype(np.int32))


def inverse_frequency(holding: int, texts: int) -> float:
    """The weight of a word in FTS5's BM25."""
    return max(math.log((texts - holding + 0.5) / (holding + 0.5)), LEAST_WEIGHT) if texts >= holding else LEAST_WEIGHT


class Postings:
    """The words that were asked for, and the lengths of all texts, of one state of the record.

    Attributes:
        generation: of that state.
        last: the highest number that the record had given by then.
        seen: the generation up to which removed texts are hidden.
    """

    def __init__(self, generation: int, lengths: Int32[np.ndarray, " numbers"]) -> None:
        self.generation, self.last, self.seen = generation, len(lengths) - 1, generation
        self._lengths = lengths
        self._hidden: Bool[np.ndarray, " numbers"] = np.zeros(len(lengths), bool)
        self._kept: OrderedDict[str, Occurrences] = OrderedDict()
        self._held = 0
        self._scores = np.zeros(len(lengths))

    @classmethod
    def read(cls, connection: sqlite3.Connection, generation: int) -> "Postings":
        """The lengths of all texts that a transaction sees: 0.4 s for a million."""
        rows = connection.execute("SELECT id, sz FROM words_docsize ORDER BY id").fetchall()
        numbers = np.fromiter((number for number, _ in rows), np.int64, len(rows))
        lengths = np.zeros(int(numbers[-1]) + 1 if len(rows) else 0, np.int32)
        lengths[numbers] = _numbers(b"".join(size for _, size in rows))
        return cls(generation, lengths)

    def hide(self, numbers: Int64[np.ndarray, " removed"], generation: int) -> None:
        """Take these for all that was removed up to a generation."""
        self.seen = generation
        self._hidden[:] = False
        self._hidden[numbers[numbers <= self.last]] = True

    def of(self, connection: sqlite3.Connection, word: str) -> Occurrences:
        """The texts that hold a word, as FTS5 folds it; fewer where some were removed before it was first asked for."""
        if word in self._kept:
            self._kept.move_to_end(word)
            return self._kept[word]
        every = numbers_of_instances(connection, word)
        found = Occurrences.counted(every[every <= self.last])
        if not len(every):
            return found
        self._kept[word] = found
        self._held += len(found.numbers)
        while self._held > MOST_KEPT and len(self._kept) > 1:
            self._held -= len(self._kept.popitem(last=False)[1].numbers)
        return found

    def ranked(
        self,
        rare: list[tuple[Occurrences, float]],
        frequent: list[tuple[Occurrences, float]],
        mean: float,
        k: int,
        allowed: Int64[np.ndarray, " passing"] | None,
    ) -> Ranked:
        """The `k` best of the texts that hold one of the rare words, scored with all.

        Args:
            rare: words, each with its weight.
            frequent: more of them.
            mean: words of a text.
            k: how many.
            allowed: numbers of the texts that may be found, rising; None is all.
        """
        from likewise.index.kernels import add_occurrences

        touched, count = np.empty(sum(len(one.numbers) for one, _ in rare), np.int64), 0
        for one, weight in rare:
            count = add_occurrences(
                one.numbers, one.counts, self._lengths, mean, weight, K1, B, self._scores, touched, count
            )
        for one, weight in frequent:
            add_occurrences(one.numbers, one.counts, self._lengths, mean, weight, K1, B, self._scores, touched, -1)
        numbers = touched[:count]
        scores = self._scores[numbers].round(DIGITS)
        self._scores[numbers] = 0
        shown = ~self._hidden[numbers]
        if allowed is not None:
            shown &= np.isin(numbers, allowed)
        numbers, scores = numbers[shown], scores[shown]
        if len(scores) > k:
            least = np.partition(scores, len(scores) - k)[len(scores) - k]
            numbers, scores = numbers[scores >= least], scores[scores >= least]
        return best_first(numbers, scores, k)


def numbers_of_instances(connection: sqlite3.Connection, word: str) -> Int64[np.ndarray, " occurrences"]:
    """The text of each occurrence of a word, rising."""
    # One string of all numbers is read in a third of the time that a row each takes.
    told = connection.execute("SELECT group_concat(doc, ' ') FROM temp.instances WHERE term = ?", (word,)).fetchone()[0]
    every = np.fromstring(told, np.int64, sep=" ") if told else np.zeros(0, np.int64)
    return np.sort(every, kind="stable")  # they rise already, which is quick


def mean_length(connection: sqlite3.Connection) -> float:
    """Words of a text, as FTS5 has counted them; at least one, so that it can be divided by."""
    block = connection.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    texts, words = [*_numbers(block[0]).tolist(), 0, 0][:2] if block else (0, 0)
    return words / texts if texts and words else 1.0


def _numbers(data: bytes) -> Int64[np.ndarray, " numbers"]:
    """The numbers of variable length that stand in some bytes one after the other; of at most eight bytes each."""
    every = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(every < 1 << SEVENTH) + 1
    begins = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
    found = np.zeros(len(ends), np.int64)
    for place in range(int((ends - begins).max(initial=0))):
        there = begins + place < ends
        found[there] = found[there] << SEVENTH | (every[begins[there] + place] & 0x7F)
    return found
