"""BM25 by FTS5: any query, any script, and the ranking of the formula."""

import math
import sqlite3

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from index_embedders import sentences

from likewise.index import bm25 as words_room
from likewise.index.bm25 import TABLES, WordIndex, indexable, query_words
from likewise.index.row_ids import Passing


def index_of(texts):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for table in TABLES:
        connection.execute(table)
    rows = [(number, indexable(text)) for number, text in enumerate(texts)]
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)
    return connection


def found(texts, query, k=10, among=None):
    connection = index_of(texts)
    ranked = WordIndex(connection).ranked(query, k, texts=len(texts), generation=1, among=among)
    connection.close()
    return ranked


def bm25(texts, query):
    """The formula as SQLite documents it: k1 = 1.2, b = 0.75, a floor of 1e-6 for a word's weight."""
    split = [text.split() for text in texts]
    mean = np.mean([len(words) for words in split])
    scores = np.zeros(len(texts))
    for word in dict.fromkeys(query.split()):
        holding = sum(word in words for words in split)
        weight = max(math.log((len(texts) - holding + 0.5) / (holding + 0.5)), 1e-6)
        for row, words in enumerate(split):
            count = words.count(word)
            scores[row] += weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(words) / mean))
    return scores


def test_scores_are_the_formula():
    """Slow loop typed from the formula."""
    texts = sentences(300)
    for query in ("battery zoom", "zoom window wobbly", "refund", "battery battery broke cable"):
        expected = bm25(texts, query)
        ranked = found(texts, query, 20)
        np.testing.assert_allclose(ranked.scores, np.sort(expected)[::-1][: len(ranked.scores)], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ranked.scores, expected[ranked.numbers], rtol=1e-9, atol=1e-12)


def test_frequent_words_cost_nothing_of_the_ranking(monkeypatch):
    """Two paths: with words taken for frequent, the best texts that hold a rarer word are those of the whole query."""
    texts = sentences(2000)
    query = "cable camera cheap zoom window"  # the first three are frequent, in less than half
    plain = found(texts, query, 30)
    monkeypatch.setattr(words_room, "FREQUENT_TEXTS", 100)
    pruned = found(texts, query, 30)
    rare = np.array([("zoom" in texts[number] or "window" in texts[number]) for number in plain.numbers])
    assert rare.sum() > 10
    kept = np.isin(pruned.numbers, plain.numbers[rare])
    np.testing.assert_array_equal(pruned.numbers[kept], plain.numbers[rare])
    np.testing.assert_allclose(pruned.scores[kept], plain.scores[rare], rtol=1e-9, atol=1e-12)


def test_only_frequent_words_are_still_found(monkeypatch):
    monkeypatch.setattr(words_room, "FREQUENT_TEXTS", 1)
    texts = ["the cat", "the dog", "the cat and the dog", "a bird", "the tree"]
    assert set(found(texts, "the").numbers) == {0, 1, 2, 4}
    assert found(texts, "the cat").numbers[0] == 0
    assert set(found(texts, "the absent").numbers) == {0, 1, 2, 4}
    assert set(found(texts, "the absent cat").numbers) == {0, 2}
    assert len(found(texts, "absent").numbers) == 0


def test_of_equal_scores_the_earlier_text():
    assert found(["same words"] * 5 + ["other"] * 9, "words", 3).numbers.tolist() == [0, 1, 2]


def test_among():
    texts = sentences(200)
    connection = index_of(texts)
    connection.execute("CREATE TABLE passing (number INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO passing VALUES (?)", [(number,) for number in range(0, 200, 3)])
    ranked = WordIndex(connection).ranked(
        "zoom broke", 200, texts=200, generation=1, among=Passing(connection, "passing")
    )
    everything = found(texts, "zoom broke", 200)
    np.testing.assert_array_equal(ranked.numbers, everything.numbers[everything.numbers % 3 == 0])
    connection.close()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Café au lait, naïve", "CAFE"),
        ("Cafe\u0301 au lait", "café"),
        ("東京都に住んでいます", "東京"),
        ("東京都に住んでいます", "都"),
        ("東京都に住んでいます", "住んで"),
        ("iPhone手机很好", "手机"),
        ("iPhone手机很好", "iphone"),
        ("학교에서 공부했다", "학교"),
        ("ผมกินข้าวที่บ้าน", "ข้าว"),
        ("ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "ភាសា"),
        ("हिन्दी में लिखा", "हिन्दी"),
        ("Привет, МОСКВА", "москва"),
        ("foo_bar-baz", "bar"),
        ("don't stop", "don't"),
        ("C++ and C#", "c"),
        ("a NEAR(b) AND c OR NOT d*", "near and not"),
        ("price 3.50 EUR", "3.50"),
    ],
)
def test_finds_in_any_script(text, query):
    assert found([text, "etwas anderes", "nothing of the kind"], query).numbers.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "query"),
    [("東京都に住む", "京東"), ("हिन्दी", "हिन्द"), ("학교에서", "교학"), ("battery", "batter"), ("東京", "京都")],
)
def test_does_not_find_parts_that_are_no_words(text, query):
    assert len(found([text], query).numbers) == 0


@pytest.mark.parametrize("query", ["", "   ", "!?", '"', "***", "()", "\0", "- -", "_", "😀"])
def test_a_query_without_words_finds_nothing(query):
    assert query_words(query) == []
    assert len(found(["some words ! ? * _"], query).numbers) == 0


@given(st.text(st.one_of(st.characters(), st.sampled_from('"*()^:-+{} ANDORNOTNEAR東京\0')), max_size=60))
@example('" OR "')
@example("a\0b")
@example("\ud800x")
@settings(max_examples=300, deadline=None)
def test_any_query_is_no_syntax(query):
    """Law: whatever is typed, FTS5 takes it; and a text finds itself when it has words."""
    texts = [query, "something else entirely"] if not any("\ud800" <= c <= "\udfff" for c in query) else ["x"]
    ranked = found(texts, query)
    if len(texts) == 2 and query_words(query) and len(ranked.numbers):
        assert ranked.numbers[0] == 0


@given(st.text(st.sampled_from("東京都に住む한국 abc.๑ก้ำ"), max_size=30))
def test_words_are_taken_out_as_they_were_put_in(text):
    """Law: after FTS5 was told to forget the text, no word of it is left."""
    connection = index_of([text, "stays"])
    connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', 0, ?)", (indexable(text),))
    assert connection.execute("SELECT term FROM vocabulary").fetchall() == [("stays",)]
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()


def test_of_a_long_query_the_rarest_words_count(monkeypatch):
    monkeypatch.setattr(words_room, "MOST_WORDS", 2)
    texts = ["common rare", "common", "common", "other seldom", "common seldom"]
    assert found(texts, "absent common rare seldom").numbers.tolist()[0] == 0
    assert set(found(texts, "absent common rare seldom").numbers) == {0, 3, 4}
    assert len(found(sentences(50), " ".join(f"word{n}" for n in range(20_000)) + " zoom", 5).numbers) == 0


def test_counts_are_forgotten_with_the_generation():
    connection = index_of(["one word"])
    index = WordIndex(connection)
    assert len(index.ranked("two", 5, texts=1, generation=1).numbers) == 0
    connection.execute("INSERT INTO words (rowid, text) VALUES (1, 'two words')")
    assert index.ranked("two", 5, texts=2, generation=2).numbers.tolist() == [1]
    connection.close()


def test_indexable():
    """Closed form: pairs, and the last character alone."""
    assert indexable("plain text") == "plain text"
    assert indexable("東京都 tower").split() == ["東京", "京都", "都", "tower"]
    assert indexable("é日a").split() == ["é", "日", "a"]
    assert query_words("東京都 tower 日 tower") == ['"東京"', '"京都"', '"tower"', '"日" *']
