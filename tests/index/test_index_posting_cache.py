"""BM25 from memory: the same texts and scores as FTS5, whatever was added or removed since."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_embedders import sentences

from likewise.index.bm25 import BM25Index, BM25Settings, fts5_idf
from likewise.index.kernels import K1, B
from likewise.index.postings import DIGITS, PostingCache, Postings, mean_length
from likewise.index.record import WORD_TABLES, AllowedRows
from likewise.index.stems import indexed_text

QUERIES = ["battery zoom", "zoom window wobbly", "refund", "battery battery broke cable", "cheap cable camera zoom", ""]


class Texts:
    """A record of terms alone."""

    def __init__(self, texts):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        for table in (*WORD_TABLES, "CREATE TABLE removed (generation INTEGER, row_id INTEGER)"):
            self.connection.execute(table)
        self.connection.execute("CREATE TABLE settings (name TEXT, value)")
        self.connection.execute("CREATE TABLE texts (row_id INTEGER PRIMARY KEY, text TEXT)")
        self.connection.execute("INSERT INTO settings VALUES ('removed_cleared', 0)")
        self.current, self.generation, self.next = {}, 0, 0
        self.add(texts)

    def add(self, texts):
        for text in texts:
            self.connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (self.next, indexed_text(text)))
            self.connection.execute("INSERT INTO texts VALUES (?, ?)", (self.next, text))
            self.current[self.next] = text
            self.next += 1
        self.generation += 1

    def remove(self, row_id):
        self.generation += 1
        text = indexed_text(self.current.pop(row_id))
        self.connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (row_id, text))
        self.connection.execute("DELETE FROM texts WHERE row_id = ?", (row_id,))
        self.connection.execute("INSERT INTO removed VALUES (?, ?)", (self.generation, row_id))

    def ranked(self, index, query, k=30, allowed=None):
        return index.ranked(query, k, texts=len(self.current), generation=self.generation, allowed=allowed)

    def cached(self, **settings):
        """Return an index that caches from the first query on."""
        settings = BM25Settings(cached_after=-1, cached_after_share=0.0, **settings)
        return BM25Index(self.connection, settings=settings)

    def fts5_alone(self, **settings):
        return BM25Index(self.connection, settings=BM25Settings(cached_after=1 << 60, **settings))


def same(one, other):
    np.testing.assert_array_equal(one.row_ids, other.row_ids)
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("frequent", [5_000, 100])
def test_the_same_as_fts5(frequent):
    """Two paths, with frequent terms and without."""
    texts = Texts(sentences(1500))
    cached, plain = texts.cached(frequent_texts=frequent), texts.fts5_alone(frequent_texts=frequent)
    for query in QUERIES:
        for k in (3, 2000):
            same(texts.ranked(cached, query, k), texts.ranked(plain, query, k))
    assert cached.cache is not None and plain.cache is None


def test_texts_with_frequent_terms_only_are_still_found():
    texts = Texts(["the cat", "the dog", "the cat and the dog", "a bird", "the tree"])
    index = texts.cached(frequent_texts=1)
    assert set(texts.ranked(index, "the").row_ids) == {0, 1, 2, 4}
    assert texts.ranked(index, "the cat").row_ids[0] == 0
    assert set(texts.ranked(index, "the absent cat").row_ids) == {0, 2}
    assert len(texts.ranked(index, "absent").row_ids) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200), st.sampled_from(QUERIES)), min_size=1, max_size=8))
def test_changes_are_followed(steps):
    """Law: any order of additions, removals and queries gives what FTS5 gives."""
    texts = Texts(sentences(150))
    cached, plain = texts.cached(), texts.fts5_alone()
    same(texts.ranked(cached, QUERIES[0]), texts.ranked(plain, QUERIES[0]))
    for adds, place, query in steps:
        if adds:
            texts.add(sentences(200)[place : place + 3])
        elif texts.current:
            texts.remove(sorted(texts.current)[place % len(texts.current)])
        same(texts.ranked(cached, query), texts.ranked(plain, query))


def test_after_many_changes_it_is_read_again():
    texts = Texts(sentences(100))
    cached, plain = texts.cached(few_changes=4), texts.fts5_alone()
    texts.ranked(cached, "zoom")
    first = cached.cache
    texts.add(sentences(3))
    same(texts.ranked(cached, "zoom window"), texts.ranked(plain, "zoom window"))
    assert cached.cache is first
    texts.add(sentences(5))
    same(texts.ranked(cached, "zoom window"), texts.ranked(plain, "zoom window"))
    assert cached.cache is not first and cached.cache.last == 107
    texts.connection.execute("UPDATE settings SET value = 99 WHERE name = 'removed_cleared'")
    texts.remove(3)
    same(texts.ranked(cached, "zoom window"), texts.ranked(plain, "zoom window"))
    assert cached.cache.generation == texts.generation


def test_only_allowed_rows_are_found():
    texts = Texts(sentences(200))
    texts.connection.execute("CREATE TABLE allowed (row_id INTEGER PRIMARY KEY)")
    texts.connection.executemany("INSERT INTO allowed VALUES (?)", [(row_id,) for row_id in range(0, 200, 3)])
    allowed = AllowedRows(texts.connection, "allowed")
    both = (texts.ranked(index, "zoom broke", 200, allowed) for index in (texts.cached(), texts.fts5_alone()))
    same(*both)


@pytest.mark.parametrize("query", ["東京", "都", "CAFÉ", "𞤀𞤁", "naïve zoom"])
def test_terms_that_fts5_may_fold_otherwise_are_left_to_it(query):
    texts = Texts(["東京都に住んでいます", "Café au lait, naïve", "zoom 𞤀𞤁", *sentences(20)])
    same(texts.ranked(texts.cached(), query), texts.ranked(texts.fts5_alone(), query))


def test_fts5_answers_the_first_queries():
    texts = Texts(sentences(50))
    index = BM25Index(texts.connection)
    texts.ranked(index, "zoom window")
    assert index.cache is None


def test_least_recently_used_terms_are_dropped():
    texts = Texts(sentences(300))
    cached, plain = texts.cached(cached_occurrences=60), texts.fts5_alone()
    for query in ("zoom", "window", "battery", "zoom battery", "refund cable zoom"):
        same(texts.ranked(cached, query), texts.ranked(plain, query))
    held = [len(postings.row_ids) for postings in cached.cache.terms.values()]
    assert sum(held) <= 60 or len(held) == 1


def test_fts5_does_not_count_cached_terms_again():
    texts = Texts(["zoom zoom", "window", *sentences(50)])
    cached = texts.cached()
    texts.ranked(cached, "zoom")
    texts.connection.execute("DROP TABLE vocabulary")
    found = texts.ranked(cached, "zoom window nowhere")
    texts.connection.execute(WORD_TABLES[1])
    same(found, texts.ranked(texts.fts5_alone(), "zoom window nowhere"))
    assert "window" in cached.cache.terms and "nowhere" not in cached.cache.terms


def test_occurrences_are_counted_by_text():
    texts = Texts(["zoom zoom", "window", "zoom", "zoom window zoom zoom"])
    BM25Index(texts.connection)  # which creates the view of occurrences
    cache = PostingCache.read(texts.connection, 1, 100)
    zoom, nowhere = (cache.postings(texts.connection, term) for term in ("zoom", "nowhere"))
    assert zoom.row_ids.tolist() == [0, 2, 3] and zoom.counts.tolist() == [2, 1, 3]
    assert len(nowhere.row_ids) == len(nowhere.counts) == 0


def test_lengths_of_any_size():
    texts = Texts(["", "one", "word " * 127, "word " * 128, "word " * 20_000])
    assert PostingCache.read(texts.connection, 1, 100)._lengths.tolist() == [0, 1, 127, 128, 20_000]
    assert mean_length(texts.connection) == 20_256 / 5
    nothing = Texts([])
    assert PostingCache.read(nothing.connection, 1, 100).last == -1 and mean_length(nothing.connection) == 1.0


def test_weights():
    assert fts5_idf(1, 10) == pytest.approx(np.log(9.5 / 1.5))
    assert fts5_idf(8, 10) == fts5_idf(12, 10) == 1e-6


@given(st.integers(0, 99), st.sampled_from([1, 10, 300, 30_000]), st.booleans())
def test_texts_that_cannot_be_among_the_best_are_left_out_without_a_difference(seed, k, filtered):
    """Slow oracle: every score of every text, by numpy."""
    rng = np.random.default_rng(seed)
    count, mean = 20_000, 8.5
    lengths = rng.integers(1, 30, count).astype(np.int32)
    cache = PostingCache(1, lengths, 1 << 20)
    hidden = np.unique(rng.integers(0, count, 50))
    cache._shown[hidden] = False
    shares = sorted(rng.random(rng.integers(2, 7)) ** 3 * 0.6)
    terms, scores, has_rare = [], np.zeros(count), np.zeros(count, bool)
    for place, share in enumerate(shares):
        row_ids = np.flatnonzero(rng.random(count) < share)
        counts = rng.integers(1, 4, len(row_ids)).astype(np.int32)
        frequency = counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths[row_ids] / mean))
        idf = float(np.log((count + 1) / (len(row_ids) + 0.5)))
        terms.append((Postings(row_ids, counts, float(frequency.max(initial=0)), mean), idf))
        scores[row_ids] += idf * frequency
        has_rare[row_ids] |= place < 2
    allowed = np.flatnonzero(rng.random(count) < 0.4) if filtered else None
    shown = has_rare & ~np.isin(np.arange(count), hidden)
    shown &= np.isin(np.arange(count), allowed) if filtered else True
    rows = np.flatnonzero(shown)
    expected = rows[np.lexsort((rows, -scores[rows].round(DIGITS)))][:k]
    for _ in range(2):  # nothing is left of the first search
        found = cache.ranked(terms[:2], terms[2:], mean, k, allowed)
        np.testing.assert_array_equal(found.row_ids, expected)
        np.testing.assert_allclose(found.scores, scores[expected], rtol=1e-12)
