"""BM25 over SQLite's full-text index FTS5, from memory once a process has searched enough, and term overlap.

FTS5 computes a score in about 1.5 µs a text, anew for every query: among a million texts a query of a few words takes
0.1 s. It returns the same occurrences as plain rows in a fifth of that, and from memory they are summed in nanoseconds
each. Scores are those of FTS5, operation by operation, so the ranking does not depend on which of the two computed it;
but where FTS5 gives a word in half of a small index no weight, it gets one (`idf_of`).

A `PostingCache` has the occurrences of one state of the record, and follows the writes after it.
"""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likewise.index.postings import DIGITS, PostingCache, mean_length
from likewise.index.record import FEW_CHANGES, INSTANCES, AllowedRows, Ranked, best_first
from likewise.index.stems import NO_STEMS, Stems, bare_term, query_terms, terms_of

MIN_IDF = 1e-6  # of a term in more than half of the texts, as in FTS5
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
        small: texts of an index up to which a term in half of them weighs something (`idf_of`); among more texts such
            terms are function words.
    """

    frequent_texts: int = 5_000
    frequent_share: float = 0.05
    cached_after: int = 1 << 20
    cached_after_share: float = 0.25
    cached_occurrences: int = 1 << 26
    few_changes: int = FEW_CHANGES
    max_terms: int = 64
    max_counted: int = 2_000
    small: int = 1_000


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

        A term that no text has weighs as much as the others do on average. It may be a word that people ask with, as
        `what`, and texts lack, so that it is no rarer than they are.

        Args:
            query: whatever the user typed.
            texts: how many texts there are, N.
            generation: of the record, as in `ranked`.
        """
        phrases = query_terms(query, self._stems)[: self._settings.max_counted]
        self._count(phrases, generation)
        counts = {bare_term(phrase): self._terms[phrase].texts for phrase in phrases}
        idf = {term: math.log1p((max(texts, n) - n + 0.5) / (n + 0.5)) for term, n in counts.items()}
        known = [idf[term] for term, n in counts.items() if n]
        return idf | {term: math.fsum(known) / len(known) for term, n in counts.items() if known and not n}

    def _best(self, rare: list[str], frequent: list[str], k: int, texts: int, allowed: AllowedRows | None) -> Ranked:
        """Return the `k` best of the texts that contain a rare term, scored with all terms."""
        cache = self._cache_if_it_pays(texts)
        if cache is None or not all(self._terms[phrase].exact for phrase in [*rare, *frequent]):
            return self._fts5(rare, frequent, k, texts, allowed)
        weighted = [
            [
                (postings, self._idf(phrase, texts))
                for phrase in some
                if self._terms[phrase].texts
                for term in [self._terms[phrase].text]
                for postings in (cache.postings(self.connection, term), cache.fresh_postings(term))
                if len(postings.row_ids)
            ]
            for some in (rare, frequent)
        ]
        row_ids = allowed.row_ids if allowed else None
        return cache.ranked(weighted[0], weighted[1], mean_length(self.connection), k, row_ids)

    def _fts5(
        self,
        rare: list[str],
        frequent: list[str],
        k: int,
        texts: int,
        allowed: AllowedRows | None,
    ) -> Ranked:
        """Return the same from FTS5."""
        scales: dict[str, float] = {}
        if texts <= self._settings.small:
            scales = {one: self._idf(one, texts) / fts5_idf(self._containing(one), texts) for one in [*rare, *frequent]}
        if any(scale != 1 for scale in scales.values()):
            found = self._match_each(scales, rare, k, allowed)
            frequent = []
        else:
            found = self._match(" OR ".join(rare), k, allowed)
        if frequent:
            # A text in both results has its whole score in the second; one that the second leaves out is not among
            # the k best, unless it contains no frequent term, and then the first result has its whole score.
            both = f"({' OR '.join(rare)}) AND ({' OR '.join(frequent)})"
            for row_id, score in self._match(both, k, allowed).items():
                found[row_id] = max(score, found.get(row_id, 0.0))
        return best_first(np.fromiter(found, np.int64), np.fromiter(found.values(), np.float64).round(DIGITS), k)

    def _match(self, expression: str, k: int, allowed: AllowedRows | None) -> dict[int, float]:
        sql = f"""SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {_condition(allowed)}
            ORDER BY score DESC, rowid LIMIT ?"""  # noqa: S608
        return dict(self.connection.execute(sql, (expression, k)).fetchall())

    def _match_each(
        self, scales: Mapping[str, float], rare: list[str], k: int, allowed: AllowedRows | None
    ) -> dict[int, float]:
        """Return the same with each term's part of the score multiplied by its scale; terms of scale 1 together."""
        groups = [(1.0, kept, [p for p in scales if scales[p] == 1 and (p in rare) == kept]) for kept in (True, False)]
        groups += [(scale, phrase in rare, [phrase]) for phrase, scale in scales.items() if scale != 1]
        groups = [group for group in groups if group[2]]
        part = f"""SELECT rowid, -bm25(words) * ? AS part, ? AS rare FROM words
            WHERE words MATCH ? {_condition(allowed)}"""  # noqa: S608
        # The limit keeps SQLite from joining both queries into one, where bm25 cannot be called.
        sql = f"""SELECT rowid, sum(part) AS score FROM ({" UNION ALL ".join([part] * len(groups))} LIMIT -1)
            GROUP BY rowid HAVING max(rare) ORDER BY score DESC, rowid LIMIT ?"""  # noqa: S608
        parameters = [value for scale, kept, phrases in groups for value in (scale, kept, " OR ".join(phrases))]
        return dict(self.connection.execute(sql, (*parameters, k)).fetchall())

    def _containing(self, phrase: str) -> int:
        """Return how many texts contain a term, also one whose count in the vocabulary of FTS5 is not certain."""
        if self._terms[phrase].exact:
            return self._terms[phrase].texts
        sql = "SELECT count(*) FROM words WHERE words MATCH ?"
        containing: int = self.connection.execute(sql, (phrase,)).fetchone()[0]
        return containing

    def _idf(self, phrase: str, texts: int) -> float:
        """Return the weight of a term."""
        containing = self._containing(phrase)
        return idf_of(containing, texts) if texts <= self._settings.small else fts5_idf(containing, texts)

    def _cache_if_it_pays(self, texts: int) -> PostingCache | None:
        """Return the cache, brought to the present generation; None as long as FTS5 has cost less than reading it."""
        limits = self._settings
        if self.cache is None and self._scored > max(limits.cached_after, texts * limits.cached_after_share):
            most, few = limits.cached_occurrences, limits.few_changes
            self.cache = PostingCache.read(self.connection, self._generation, most, few)
        return self.cache

    def _count(self, phrases: list[str], generation: int) -> None:
        """Read the frequencies of these terms; those of another generation are dropped."""
        if generation != self._generation:
            self._terms, self._generation = {}, generation
            cache, few = self.cache, self._settings.few_changes
            if cache is not None and not cache.update(self.connection, generation, few, self._stems):
                self.cache = None
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
        if self.cache is not None:
            return self.cache.containing(self.connection, term)  # the search reads them anyway
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
        found = self.found(text)  # a set, whose order changes; sums of the same numbers must not
        return sum(idf for term, idf in self.idf.items() if term in found) / self._total if self._total else 0.0

    def found(self, text: str) -> set[str]:
        """Return the query's terms that the text has, compared as `share` does."""
        return self.idf.keys() & terms_of(text, self._stems)


def idf_of(containing: int, texts: int) -> float:
    """Return the weight of a term: the logarithm of the odds that a text lacks it, as in FTS5's BM25.

    Below 1, where more than 27 % of the texts contain the term, it is continued by its tangent through zero, so that no
    term weighs nothing: of two texts one holds the word that was searched for, and FTS5 would not tell them apart.
    """
    odds = (max(texts, containing) - containing + 0.5) / (containing + 0.5)
    return math.log(odds) if odds >= math.e else odds / math.e


def _condition(allowed: AllowedRows | None) -> str:
    # ORDER BY rank would compute every score twice. The + keeps SQLite from calling FTS5 once for each allowed row,
    # which costs milliseconds each.
    return f"AND +rowid IN (SELECT row_id FROM {allowed.table})" if allowed else ""  # noqa: S608 - our own name


def fts5_idf(containing: int, texts: int) -> float:
    """Return the weight of a term in FTS5's BM25."""
    return max(math.log((texts - containing + 0.5) / (containing + 0.5)), MIN_IDF) if texts >= containing else MIN_IDF
