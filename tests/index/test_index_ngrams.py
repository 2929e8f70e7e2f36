"""Character n-grams: which a text has, how rare they are, and BM25 of the candidates of a search."""

import math
import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import likewise
from likewise.index.ngrams import K1, LONGEST, B, NgramIndex, ngrams_of, sampled_rows
from likewise.index.stems import spaced_words


@pytest.fixture
def record() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE texts (row_id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)")
    yield connection
    connection.close()


def add(connection: sqlite3.Connection, *texts: str) -> None:
    connection.executemany("INSERT INTO texts (text) VALUES (?)", [(text,) for text in texts])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cats", [" the", "the ", " cat", "cats", "ats "]),
        ("a I.D.", [" a ", " i ", " d "]),
        ("read_csv", [" rea", "read", "ead_", "ad_c", "d_cs", "_csv", "csv "]),
        ("Tür TUR", [" tur", "tur "]),
        ("数据库 x", ["数据", "据库", " x "]),
        ("3个猫x 2024年", [" 3 ", "个猫", " x ", " 202", "2024", "024 ", "年"]),
        ("", []),
        ("?!", []),
    ],
)
def test_ngrams(text: str, expected: list[str]) -> None:
    """Closed forms: spaces count, case and accents do not; pairs in scripts without spaces."""
    assert list(ngrams_of(spaced_words(text))) == expected


@given(st.text(max_size=60))
def test_every_ngram_is_in_its_text(text: str) -> None:
    """A law, whatever the text holds: an n-gram of a text of spaced words is found there."""
    spaced = spaced_words(text)
    assert all(ngram in spaced for ngram in ngrams_of(spaced))


def test_bm25_by_a_slow_loop(record: sqlite3.Connection) -> None:
    """A slow loop from the formula; an n-gram that no text has adds nothing."""
    texts = ["the cats sat", "a catalogue of seats", "nothing here, nothing"]
    add(record, *texts)
    index = NgramIndex()
    index.update(record, 1, len(texts))
    spaced = [spaced_words(text) for text in texts]
    mean = sum(map(len, spaced)) / 3
    expected = []
    for text in spaced:
        total = 0.0
        for ngram in ngrams_of(" cats unseen "):
            containing = sum(ngram in ngrams_of(other) for other in spaced)
            count = text.count(ngram)
            weight = math.log(1 + (3 - containing + 0.5) / (containing + 0.5))
            total += weight * count * (K1 + 1) / (count + K1 * (1 - B + B * len(text) / mean))
        expected.append(total)
    found = index.scorer(record, "Cats unseen").scores(np.array([1, 2, 3]))
    np.testing.assert_allclose(found, expected)
    assert found[0] > found[1] > found[2] == 0
    assert index.scorer(record, "?").scores(np.array([1, 2])).tolist() == [0, 0]


def test_a_sample_follows_writes_as_if_it_were_drawn_anew(record: sqlite3.Connection) -> None:
    """Two paths that must agree: brought from generation to generation, and drawn from the last one."""
    rng = np.random.default_rng(0)
    followed, texts = NgramIndex(sampled=2_000), 0
    for generation in range(1, 8):
        add(record, *("".join(rng.choice(list("abc "), 30)) for _ in range(60)))
        record.execute("DELETE FROM texts WHERE row_id % 7 = ?", (generation % 7,))
        texts = record.execute("SELECT count(*) FROM texts").fetchone()[0]
        followed.update(record, generation, texts)
    anew = NgramIndex(sampled=2_000)
    anew.update(record, 7, texts)
    assert 0 < followed.texts == anew.texts < texts
    rows = np.array([row for (row,) in record.execute("SELECT row_id FROM texts")])
    np.testing.assert_array_equal(
        followed.scorer(record, "abc bca").scores(rows), anew.scorer(record, "abc bca").scores(rows)
    )


@given(st.integers(0, 5_000), st.floats(1e-12, 2))
def test_samples_are_nested(highest: int, share: float) -> None:
    """Laws: of about the share, within all row ids, and those of half the share among them."""
    rows = sampled_rows(highest, share)
    assert set(sampled_rows(highest, share / 2)) <= set(rows) <= set(range(highest + 1))
    assert len(rows) <= 1.1 * share * (highest + 1) + 20
    if share >= 1:
        assert len(rows) == highest + 1


def test_the_beginning_of_a_long_text_is_compared(record: sqlite3.Connection) -> None:
    add(record, "x " * LONGEST + "needle", "needle")
    index = NgramIndex()
    index.update(record, 1, 2)
    assert (index.scorer(record, "needle").scores(np.array([1, 2])) > 0).tolist() == [False, True]


def test_forms_of_a_word_are_found(tmp_path) -> None:
    """It finds: a form that no text has, by hybrid search, where words find nothing."""

    class Blind:
        dim = 2

        def encode(self, texts):
            return np.ones((len(texts), 2), np.float32) / np.sqrt(2, dtype=np.float32)

    with likewise.Collection.create(tmp_path / "x.index", Blind()) as index:
        index.add(["Donaudampfschifffahrt", "etwas ganz anderes", "und noch mehr"], ids=["ship", "b", "c"])
        assert not index.search("Dampfschiff", mode="text")
        hits = index.search("Dampfschiff")
        assert hits[0].id == "ship" and hits[0].words > 0
