"""BM25 over SQLite's full-text index FTS5, from memory once a process has searched enough, and term overlap.

FTS5 computes a score in about 1.5 µs a text, anew for every query: among a million texts a query of a few words takes
0.1 s. It returns the same occurrences as plain rows in a fifth of that, and from memory they are summed in nanoseconds
each. Scores are those of FTS5, operation by operation, so the ranking does not depend on which of the two computed it.

A `PostingCache` has the occurrences of one state of the record. Texts that were removed later are hidden; those that
were added later are left to FTS5.
"""

import math
import re
import sqlite3
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int32, Int64

from likewise.index.record import FEW_CHANGES, INSTANCES, AllowedRows, Changes, Ranked, best_first
from likewise.index.stems import NO_STEMS, Stems, bare_term, query_terms, terms_of

K1, B = 1.2, 0.75  # of BM25, as in FTS5
MIN_IDF = 1e-6  # of a term in more than half of the texts, as in FTS5
DIGITS = 12  # decimals: texts with equal terms get equal scores, whether FTS5 or numba computed them
_SEVEN_BITS = 7  # of a byte of SQLite's integers of variable length
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class BM25Settings:
    """Limits of the search by words.

    Attributes:
        frequent_texts: a term is frequent when more texts than this contain it, and a larger share of all texts than
            `frequent_share`; rarer terms cost FTS5 only milliseconds.
        frequent_share: see `frequent_texts`.
        cached_after: FTS5 has scored more texts than this, and more than `cached_after_share` of all texts, before
            occurrences are kept in memory: until then it costs less than reading the lengths of all texts and loading
            numba.
        cached_after_share: see `cached_after`.
        cached_occurrences: kept in memory, 12 bytes each; the least recently used terms are dropped first.
        few_changes: changes of the record up to which the cache is used.
        max_terms: of a query, the rarest ones.
        max_counted: terms of a query whose frequency is read to find the rarest.
    """

    frequent_texts: int = 5_000
    frequent_share: float = 0.05
    cached_after: int = 1 << 20
    cached_after_share: float = 0.25
    cached_occurrences: int = 1 << 26
    few_changes: int = FEW_CHANGES
    max_terms: int = 64
    max_counted: int = 2_000


@dataclass(frozen=True)
class Postings:
    """The texts that contain a term.

    Attributes:
        row_ids: of the texts, in ascending order.
        counts: occurrences in each of them.
    """

    row_ids: Int64[np.ndarray, " texts"]
    counts: Int32[np.ndarray, " texts"]


class PostingCache:
    """Occurrences of the terms that were searched for, and the lengths of all texts, of one state of the record.

    Attributes:
        generation: of that state.
        last: its highest row id.
        seen: the generation up to which removed texts are hidden.
        terms: the cached terms, least recently used first.
    """

    def __init__(self, generation: int, lengths: Int32[np.ndarray, " rows"], max_occurrences: int) -> None:
        self.generation, self.last, self.seen = generation, len(lengths) - 1, generation
        self.terms: OrderedDict[str, Postings] = OrderedDict()
        self._lengths, self._max, self._size = lengths, max_occurrences, 0
        self._hidden: Bool[np.ndarray, " rows"] = np.zeros(len(lengths), bool)
        self._scores = np.zeros(len(lengths))

    @classmethod
    def read(cls, connection: sqlite3.Connection, generation: int, max_occurrences: int) -> "PostingCache":
        """Read the lengths of all texts within a transaction: 0.4 s for a million."""
        rows = connection.execute("SELECT id, sz FROM words_docsize ORDER BY id").fetchall()
        row_ids = np.fromiter((row_id for row_id, _ in rows), np.int64, len(rows))
        lengths = np.zeros(int(row_ids[-1]) + 1 if len(rows) else 0, np.int32)
        lengths[row_ids] = _varints(b"".join(size for _, size in rows))
        return cls(generation, lengths, max_occurrences)

    def hide(self, row_ids: Int64[np.ndarray, " removed"], generation: int) -> None:
        """Hide the texts that were removed up to a generation."""
        self.seen = generation
        self._hidden[:] = False
        self._hidden[row_ids[row_ids <= self.last]] = True

    def postings(self, connection: sqlite3.Connection, term: str) -> Postings:
        """Return the texts that contain a term; without those that were removed before the term was first read."""
        if term in self.terms:
            self.terms.move_to_end(term)
            return self.terms[term]
        occurrences = _occurrences(connection, term)
        known = occurrences[occurrences <= self.last]
        firsts = np.flatnonzero(np.diff(known, prepend=-1))
        found = Postings(known[firsts], np.diff(firsts, append=len(known)).astype(np.int32))
        if not len(occurrences):
            return found
        self.terms[term] = found
        self._size += len(found.row_ids)
        while self._size > self._max and len(self.terms) > 1:
            self._size -= len(self.terms.popitem(last=False)[1].row_ids)
        return found

    def ranked(
        self,
        rare: list[tuple[Postings, float]],
        frequent: list[tuple[Postings, float]],
        mean: float,
        k: int,
        allowed: Int64[np.ndarray, " allowed"] | None,
    ) -> Ranked:
        """Return the `k` best of the texts that contain a rare term, scored with all terms.

        Args:
            rare: terms, each with its weight.
            frequent: more of them.
            mean: terms of a text on average.
            k: how many.
            allowed: row ids that may be found, in ascending order; None is all.
        """
        from likewise.index.kernels import add_bm25

        touched, count = np.empty(sum(len(one.row_ids) for one, _ in rare), np.int64), 0
        for terms, find in ((rare, True), (frequent, False)):
            for one, idf in terms:
                start, texts = count if find else -1, (one.row_ids, one.counts)
                found = add_bm25(*texts, self._lengths, mean, idf, K1, B, self._scores, touched, start)
                count = found if find else count
        row_ids = touched[:count]
        scores = self._scores[row_ids].round(DIGITS)
        self._scores[row_ids] = 0
        shown = ~self._hidden[row_ids]
        if allowed is not None:
            shown &= np.isin(row_ids, allowed)
        row_ids, scores = row_ids[shown], scores[shown]
        if len(scores) > k:
            threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
            row_ids, scores = row_ids[scores >= threshold], scores[scores >= threshold]
        return best_first(row_ids, scores, k)


@dataclass(frozen=True)
class _Term:
    """What FTS5 has of a term of a query.

    Attributes:
        text: as FTS5 folds it.
        texts: how many texts contain it.
        exact: whether `texts` is certain: not for a prefix, nor where FTS5 may fold the term otherwise.
    """

    text: str
    texts: int
    exact: bool


class BM25Index:
    """BM25 over the texts of a record; FTS5 answers the first queries, a `PostingCache` the later ones.

    Args:
        connection: to the record.
        stems: of the record.
        settings: limits.

    Attributes:
        connection: to the record; the record may open another one.
        cache: of the terms that were searched for; None until it pays.
    """

    def __init__(
        self, connection: sqlite3.Connection, stems: Stems = NO_STEMS, settings: BM25Settings | None = None
    ) -> None:
        self.cache: PostingCache | None = None
        self.connection, self._stems, self._settings = connection, stems, settings or BM25Settings()
        self._terms: dict[str, _Term] = {}  # by FTS5 phrase, of one generation
        self._generation = -1
        self._scored = 0  # texts that FTS5 scored so far
        self._has_fresh = False  # whether texts were added after the cache was read
        connection.execute(INSTANCES)

    def ranked(self, query: str, k: int, *, texts: int, generation: int, allowed: AllowedRows | None = None) -> Ranked:
        """Return the `k` texts with the highest BM25 (k1 = 1.2, b = 0.75).

        The result is exact among the texts that contain at least one term which is not frequent; a text that contains
        only frequent terms is found when no other text is. A term in more than half of many texts is ignored next to
        other terms: its weight in FTS5's BM25 is nil.

        Args:
            query: whatever the user typed; without a term, nothing is found.
            k: how many.
            texts: how many texts there are.
            generation: of the record; frequencies are remembered as long as it stays the same.
            allowed: the rows that may be found; None is all.
        """
        limits = self._settings
        phrases = query_terms(query, self._stems)[: limits.max_counted]
        self._count(phrases, generation)
        # Of too many terms, the most frequent and those that no text contains are ignored.
        phrases = sorted(phrases, key=lambda phrase: (not self._terms[phrase].texts, self._terms[phrase].texts))
        phrases = phrases[: limits.max_terms]
        threshold = max(limits.frequent_texts, limits.frequent_share * texts)
        rare = [phrase for phrase in phrases if self._terms[phrase].texts <= threshold]
        frequent = [phrase for phrase in phrases if self._terms[phrase].texts > threshold]
        weighty = [phrase for phrase in frequent if self._terms[phrase].texts <= texts / 2]
        if weighty or any(self._terms[phrase].texts for phrase in rare):
            frequent = weighty
        self._scored += sum(self._terms[phrase].texts for phrase in [*rare, *frequent])
        found = best_first(np.zeros(0, np.int64), np.zeros(0), 0)
        while not len(found.row_ids) and (rare or frequent):
            if not rare:
                rare, frequent = frequent[:1], frequent[1:]
            found = self._best(rare, frequent, k, texts, allowed)
            rare = []
        return found

    def idf(self, query: str, *, texts: int, generation: int) -> dict[str, float]:
        """Return the inverse document frequency of each distinct term of a query: log(1 + (N - n + ½) / (n + ½)).

        Args:
            query: whatever the user typed.
            texts: how many texts there are, N.
            generation: of the record, as in `ranked`.
        """
        phrases = query_terms(query, self._stems)[: self._settings.max_counted]
        self._count(phrases, generation)
        counts = {bare_term(phrase): self._terms[phrase].texts for phrase in phrases}
        return {term: math.log1p((max(texts, n) - n + 0.5) / (n + 0.5)) for term, n in counts.items()}

    def _best(self, rare: list[str], frequent: list[str], k: int, texts: int, allowed: AllowedRows | None) -> Ranked:
        """Return the `k` best of the texts that contain a rare term, scored with all terms."""
        cache = self._cache_if_it_pays(texts)
        if cache is None or not all(self._terms[phrase].exact for phrase in [*rare, *frequent]):
            return self._fts5(rare, frequent, k, allowed)
        weighted = [
            [
                (cache.postings(self.connection, term.text), fts5_idf(term.texts, texts))
                for term in (self._terms[phrase] for phrase in some)
                if term.texts
            ]
            for some in (rare, frequent)
        ]
        row_ids = allowed.row_ids if allowed else None
        found = cache.ranked(weighted[0], weighted[1], mean_length(self.connection), k, row_ids)
        if not self._has_fresh:
            return found
        fresh = self._fts5(rare, frequent, k, allowed, after=cache.last)
        row_ids = np.concatenate([found.row_ids, fresh.row_ids])
        return best_first(row_ids, np.concatenate([found.scores, fresh.scores]), k)

    def _fts5(
        self, rare: list[str], frequent: list[str], k: int, allowed: AllowedRows | None, after: int | None = None
    ) -> Ranked:
        """Return the same from FTS5; with `after`, of the texts with a higher row id."""
        found = self._match(" OR ".join(rare), k, allowed, after)
        if frequent:
            # A text in both results has its whole score in the second; one that the second leaves out is not among
            # the k best, unless it contains no frequent term, and then the first result has its whole score.
            both = f"({' OR '.join(rare)}) AND ({' OR '.join(frequent)})"
            for row_id, score in self._match(both, k, allowed, after).items():
                found[row_id] = max(score, found.get(row_id, 0.0))
        return best_first(np.fromiter(found, np.int64), np.fromiter(found.values(), np.float64).round(DIGITS), k)

    def _match(self, expression: str, k: int, allowed: AllowedRows | None, after: int | None) -> dict[int, float]:
        # ORDER BY rank would compute every score twice. The + keeps SQLite from calling FTS5 once for each allowed row,
        # which costs milliseconds each.
        condition = f"AND +rowid IN (SELECT row_id FROM {allowed.table})" if allowed else ""  # noqa: S608 - our own name
        condition += f" AND rowid > {after}" if after is not None else ""
        sql = f"""SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {condition}
            ORDER BY score DESC, rowid LIMIT ?"""  # noqa: S608
        return dict(self.connection.execute(sql, (expression, k)).fetchall())

    def _cache_if_it_pays(self, texts: int) -> PostingCache | None:
        """Return the cache, brought to the present generation; None as long as FTS5 has cost less than reading it."""
        limits = self._settings
        if self.cache is not None and not self._brought_up_to_date(self.cache):
            self.cache = None
        if self.cache is None and self._scored > max(limits.cached_after, texts * limits.cached_after_share):
            self.cache = PostingCache.read(self.connection, self._generation, limits.cached_occurrences)
            self._has_fresh = False
        return self.cache

    def _brought_up_to_date(self, cache: PostingCache) -> bool:
        """Bring a cache to the present generation; False where too much has changed."""
        if cache.seen == self._generation:
            return True
        changes = Changes.since(self.connection, cache.generation, cache.last)
        if changes.exceed(self._settings.few_changes, cache.last):
            return False
        cache.hide(changes.removed, self._generation)
        self._has_fresh = changes.added > 0
        return True

    def _count(self, phrases: list[str], generation: int) -> None:
        """Read the frequencies of these terms; those of another generation are dropped."""
        if generation != self._generation:
            self._terms, self._generation = {}, generation
        for phrase in phrases:
            if phrase not in self._terms:
                self._terms[phrase] = self._read_term(phrase)

    def _read_term(self, phrase: str) -> _Term:
        word = phrase.strip('" *').lower()
        bare = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
        counts = {form: self._texts_with(form) for form in dict.fromkeys((word, bare))}
        form = max(counts, key=counts.__getitem__)
        # A count of 0 is certain only of ASCII words, which FTS5 folds as `lower` does.
        whole = not phrase.endswith("*")
        return _Term(form, counts[form], whole and (counts[form] > 0 or (form.isascii() and form.isalnum())))

    def _texts_with(self, term: str) -> int:
        """Return how many texts contain a term: counting a frequent one takes FTS5 milliseconds."""
        if self.cache is not None and self.cache.generation == self._generation:
            return len(self.cache.postings(self.connection, term).row_ids)  # the search reads them anyway
        sql = "SELECT max(doc) FROM vocabulary WHERE term = ?"
        return self.connection.execute(sql, (term,)).fetchone()[0] or 0


class TermOverlap:
    """How many of the terms of a query a text has, rare terms counting more.

    Attributes:
        idf: inverse document frequency of each distinct term of the query.
    """

    def __init__(self, idf: Mapping[str, float], stems: Stems = NO_STEMS) -> None:
        self.idf, self._stems = dict(idf), stems
        self._total = sum(self.idf.values())

    def share(self, text: str) -> float:
        """Return the weight of the query's terms that the text has, as a share of the weight of all: 0 to 1.

        Terms are compared as in the index: forms of a word are one term, case and accents do not count.
        """
        if not self._total:
            return 0.0
        terms = terms_of(text, self._stems)
        return sum(idf for term, idf in self.idf.items() if term in terms) / self._total


def fts5_idf(containing: int, texts: int) -> float:
    """Return the weight of a term in FTS5's BM25."""
    return max(math.log((texts - containing + 0.5) / (containing + 0.5)), MIN_IDF) if texts >= containing else MIN_IDF


def mean_length(connection: sqlite3.Connection) -> float:
    """Return the mean number of terms of a text, as FTS5 counted them; 1 if there are none."""
    block = connection.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    texts, terms = [*_varints(block[0]).tolist(), 0, 0][:2] if block else (0, 0)
    return terms / texts if texts and terms else 1.0


def _occurrences(connection: sqlite3.Connection, term: str) -> Int64[np.ndarray, " occurrences"]:
    """Return the row id of each occurrence of a term, in ascending order."""
    # One string of all row ids is read in a third of the time of a row each.
    sql = "SELECT group_concat(doc, ' ') FROM temp.instances WHERE term = ?"
    joined = connection.execute(sql, (term,)).fetchone()[0]
    row_ids = np.fromstring(joined, np.int64, sep=" ") if joined else np.zeros(0, np.int64)
    return np.sort(row_ids, kind="stable")  # mostly sorted already, which is quick


def _varints(data: bytes) -> Int64[np.ndarray, " numbers"]:
    """Decode SQLite's integers of variable length, at most eight bytes each."""
    every = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(every < 1 << _SEVEN_BITS) + 1
    begins = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
    found = np.zeros(len(ends), np.int64)
    for place in range(int((ends - begins).max(initial=0))):
        there = begins + place < ends
        found[there] = found[there] << _SEVEN_BITS | (every[begins[there] + place] & 0x7F)
    return found
