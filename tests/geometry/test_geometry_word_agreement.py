"""Agreement with words. Oracles: a slow loop in float64, TF-IDF of scikit-learn, closed forms, laws."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from likewise.geometry.score import word_agreement, word_neighbours
from likewise.tokens.ragged import Ragged

VOCAB = 300
WHOLE = np.zeros(VOCAB, np.bool_)


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, VOCAB + 1)
    return Ragged.of(
        [rng.choice(VOCAB, rng.integers(3, 30), p=frequency / frequency.sum()).tolist() for _ in range(80)]
    )


def bags(pool):
    rows = np.zeros((len(pool), VOCAB))
    for row in range(len(pool)):
        rows[row, pool[row]] = 1
    return rows


def tfidf(pool):
    rows = bags(pool)
    weighted = rows * np.log(len(pool) / np.maximum(rows.sum(axis=0), 1))
    return weighted / np.linalg.norm(weighted, axis=1, keepdims=True)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_similarity_is_the_slow_cosine(pool):
    """A slow loop: TF-IDF typed out in float64, own similarity taken out."""
    asking = np.array([3, 0, 41])
    words = word_neighbours(pool, asking, WHOLE, k=4)
    expected = tfidf(pool) @ tfidf(pool).T
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(words.similarity, expected[asking], atol=1e-6)  # float32 against float64
    np.testing.assert_allclose(words.best, np.sort(expected[asking], axis=1)[:, -4:].mean(axis=1), rtol=1e-5)
    assert words.asking.tolist() == [3, 0, 41]


def test_the_weights_are_those_of_scikit_learn(pool):
    """Two paths: TfidfTransformer adds one to its IDF, which is taken off again."""
    fitted = TfidfTransformer(smooth_idf=False).fit(bags(pool) + 1e-30)
    present = bags(pool).sum(axis=0) > 0
    other = TfidfTransformer(smooth_idf=False).fit(bags(pool)[:, present])
    rows = bags(pool)[:, present] * (other.idf_ - 1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = word_neighbours(pool, np.array([7]), WHOLE).similarity[0]
    np.testing.assert_allclose(np.delete(found, 7), np.delete(rows @ rows[7], 7), atol=1e-6)
    assert fitted.idf_.shape == (VOCAB,)


def test_the_agreement_is_the_slow_one(pool):
    """A slow loop: nearest texts one by one."""
    vectors = unit(np.random.default_rng(1).standard_normal((80, 16)))
    words = word_neighbours(pool, np.arange(20), WHOLE, k=5)
    similarity = tfidf(pool) @ tfidf(pool).T
    np.fill_diagonal(similarity, 0)
    shares = []
    for text in range(20):
        others = sorted(
            (other for other in range(80) if other != text), key=lambda o: -float(vectors[text] @ vectors[o])
        )
        shares.append(similarity[text, others[:5]].sum() / np.sort(similarity[text])[-5:].sum())
    assert word_agreement(vectors, words) == pytest.approx(np.mean(shares), rel=1e-5)


def test_words_agree_with_themselves_and_nothing_else_does(pool):
    """A closed form: TF-IDF vectors agree wholly. A law: a turn of the space changes nothing."""
    words = word_neighbours(pool, np.arange(80), WHOLE)
    exact = unit(tfidf(pool))
    assert word_agreement(exact, words) == pytest.approx(1.0, abs=1e-6)
    turn, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((VOCAB, VOCAB)))
    assert word_agreement((-exact @ turn).astype(np.float32), words) == pytest.approx(1.0, abs=1e-3)
    chance = word_agreement(unit(np.random.default_rng(3).standard_normal((80, 16))), words)
    assert chance < 0.5


def test_texts_that_share_no_word_have_no_say():
    """A closed form: without common words there is no agreement to measure; a text that shares none is left out."""
    alone = word_neighbours(Ragged.of([[0], [1], [2], []]), np.arange(4), WHOLE)
    assert np.isnan(word_agreement(np.eye(4, dtype=np.float32), alone))
    some = word_neighbours(Ragged.of([[0, 1], [0, 2], [3]]), np.arange(3), WHOLE)
    assert some.asking.tolist() == [0, 1]
    assert some.k == 2
    assert word_agreement(np.eye(3, dtype=np.float32), some) == pytest.approx(1.0)


@pytest.mark.parametrize("texts", [[], [[1, 2]]])
def test_too_few_texts_have_no_agreement(texts):
    words = word_neighbours(Ragged.of(texts), np.arange(len(texts)), WHOLE)
    assert np.isnan(word_agreement(np.ones((len(texts), 4), np.float32) / 2, words))
