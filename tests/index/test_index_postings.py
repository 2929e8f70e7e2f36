"""BM25 from memory: the same texts and scores as FTS5 gives, whatever was added or removed since."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_embedders import sentences

from likewise.index import bm25 as words_room
from likewise.index import postings as postings_room
from likewise.index.bm25 import TABLES, WordIndex, indexable
from likewise.index.postings import INSTANCES, Postings, inverse_frequency, mean_length
from likewise.index.row_ids import Passing

QUERIES = ["battery zoom", "zoom window wobbly", "refund", "battery battery broke cable", "cheap cable camera zoom", ""]


class Texts:
    """A record of words alone."""

    def __init__(self, texts):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        for table in (*TABLES, "CREATE TABLE removed (generation INTEGER, number INTEGER)"):
            self.connection.execute(table)
        self.connection.execute("CREATE TABLE settings (name TEXT, value)")
        self.connection.execute("INSERT INTO settings VALUES ('forgotten', 0)")
        self.standing, self.generation, self.next = {}, 0, 0
        self.add(texts)

    def add(self, texts):
        for text in texts:
            self.connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (self.next, indexable(text)))
            self.standing[self.next] = text
            self.next += 1
        self.generation += 1

    def remove(self, number):
        self.generation += 1
        text = indexable(self.standing.pop(number))
        self.connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, text))
        self.connection.execute("INSERT INTO removed VALUES (?, ?)", (self.generation, number))

    def ranked(self, words, query, k=30, among=None):
        return words.ranked(query, k, texts=len(self.standing), generation=self.generation, among=among)


def same(one, other):
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-9, atol=1e-12)


@pytest.fixture
def kept(monkeypatch):
    """Postings from the first query on."""
    monkeypatch.setattr(words_room, "WORTH_KEEPING", -1)
    monkeypatch.setattr(words_room, "WORTH_KEEPING_SHARE", 0.0)


def fts5_alone(texts):
    words = WordIndex(texts.connection)
    words._worth_keeping = lambda _: None
    return words


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("frequent", [5_000, 100])
def test_the_same_as_fts5(monkeypatch, frequent):
    """Two paths, with words taken for frequent and without."""
    monkeypatch.setattr(words_room, "FREQUENT_TEXTS", frequent)
    texts = Texts(sentences(1500))
    words, plain = WordIndex(texts.connection), fts5_alone(texts)
    for query in QUERIES:
        for k in (3, 2000):
            same(texts.ranked(words, query, k), texts.ranked(plain, query, k))
    assert words._postings is not None


@pytest.mark.usefixtures("kept")
def test_only_frequent_words_are_still_found(monkeypatch):
    monkeypatch.setattr(words_room, "FREQUENT_TEXTS", 1)
    texts = Texts(["the cat", "the dog", "the cat and the dog", "a bird", "the tree"])
    words = WordIndex(texts.connection)
    assert set(texts.ranked(words, "the").numbers) == {0, 1, 2, 4}
    assert texts.ranked(words, "the cat").numbers[0] == 0
    assert set(texts.ranked(words, "the absent cat").numbers) == {0, 2}
    assert len(texts.ranked(words, "absent").numbers) == 0


@pytest.mark.usefixtures("kept")
@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200), st.sampled_from(QUERIES)), min_size=1, max_size=8))
def test_changes_are_followed(steps):
    """Any order of adding, removing and asking gives what FTS5 gives."""
    texts = Texts(sentences(150))
    words, plain = WordIndex(texts.connection), fts5_alone(texts)
    same(texts.ranked(words, QUERIES[0]), texts.ranked(plain, QUERIES[0]))
    for adds, place, query in steps:
        if adds:
            texts.add(sentences(200)[place : place + 3])
        elif texts.standing:
            texts.remove(sorted(texts.standing)[place % len(texts.standing)])
        same(texts.ranked(words, query), texts.ranked(plain, query))


@pytest.mark.usefixtures("kept")
def test_many_changes_have_it_read_anew(monkeypatch):
    monkeypatch.setattr(words_room, "FEW", 4)
    texts = Texts(sentences(100))
    words, plain = WordIndex(texts.connection), fts5_alone(texts)
    texts.ranked(words, "zoom")
    first = words._postings
    texts.add(sentences(3))
    same(texts.ranked(words, "zoom window"), texts.ranked(plain, "zoom window"))
    assert words._postings is first
    texts.add(sentences(5))
    same(texts.ranked(words, "zoom window"), texts.ranked(plain, "zoom window"))
    assert words._postings is not first and words._postings.last == 107
    texts.connection.execute("UPDATE settings SET value = 99 WHERE name = 'forgotten'")
    texts.remove(3)
    same(texts.ranked(words, "zoom window"), texts.ranked(plain, "zoom window"))
    assert words._postings.generation == texts.generation


@pytest.mark.usefixtures("kept")
def test_among(monkeypatch):
    texts = Texts(sentences(200))
    texts.connection.execute("CREATE TABLE passing (number INTEGER PRIMARY KEY)")
    texts.connection.executemany("INSERT INTO passing VALUES (?)", [(number,) for number in range(0, 200, 3)])
    words, plain = WordIndex(texts.connection), fts5_alone(texts)
    among = Passing(texts.connection, "passing")
    same(texts.ranked(words, "zoom broke", 200, among), texts.ranked(plain, "zoom broke", 200, among))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("query", ["東京", "都", "CAFÉ", "𞤀𞤁", "naïve zoom"])
def test_what_is_not_known_for_certain_is_left_to_fts5(query):
    texts = Texts(["東京都に住んでいます", "Café au lait, naïve", "zoom 𞤀𞤁", *sentences(20)])
    same(texts.ranked(WordIndex(texts.connection), query), texts.ranked(fts5_alone(texts), query))


def test_fts5_answers_the_first_queries():
    texts = Texts(sentences(50))
    words = WordIndex(texts.connection)
    texts.ranked(words, "zoom window")
    assert words._postings is None


@pytest.mark.usefixtures("kept")
def test_words_not_asked_for_longest_are_forgotten(monkeypatch):
    monkeypatch.setattr(postings_room, "MOST_KEPT", 60)
    texts = Texts(sentences(300))
    words, plain = WordIndex(texts.connection), fts5_alone(texts)
    for query in ("zoom", "window", "battery", "zoom battery", "refund cable zoom"):
        same(texts.ranked(words, query), texts.ranked(plain, query))
    assert words._postings._held <= 60 or len(words._postings._kept) == 1


@pytest.mark.usefixtures("kept")
def test_words_that_are_kept_are_not_counted_by_fts5_again():
    texts = Texts(["zoom zoom", "window", *sentences(50)])
    words = WordIndex(texts.connection)
    texts.ranked(words, "zoom")
    texts.connection.execute("DROP TABLE vocabulary")
    found = texts.ranked(words, "zoom window nowhere")
    texts.connection.execute(TABLES[1])
    same(found, texts.ranked(fts5_alone(texts), "zoom window nowhere"))
    assert "window" in words._postings._kept and "nowhere" not in words._postings._kept


def test_occurrences_are_counted_by_text():
    texts = Texts(["zoom zoom", "window", "zoom", "zoom window zoom zoom"])
    texts.connection.execute(INSTANCES)
    postings = Postings.read(texts.connection, 1)
    zoom, nowhere = (postings.of(texts.connection, word) for word in ("zoom", "nowhere"))
    assert zoom.numbers.tolist() == [0, 2, 3] and zoom.counts.tolist() == [2, 1, 3]
    assert len(nowhere.numbers) == len(nowhere.counts) == 0


def test_lengths_of_any_size():
    texts = Texts(["", "one", "word " * 127, "word " * 128, "word " * 20_000])
    texts.connection.execute(INSTANCES)
    postings = Postings.read(texts.connection, 1)
    assert postings._lengths.tolist() == [0, 1, 127, 128, 20_000]
    assert mean_length(texts.connection) == 20_256 / 5
    nothing = Texts([])
    assert Postings.read(nothing.connection, 1).last == -1 and mean_length(nothing.connection) == 1.0


def test_weights():
    assert inverse_frequency(1, 10) == pytest.approx(np.log(9.5 / 1.5))
    assert inverse_frequency(8, 10) == inverse_frequency(12, 10) == 1e-6
