import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from likewise.encoders.lsa import log_idf, lsa_encoder
from likewise.tokens.ragged import Ragged

VOCAB = 40


@pytest.fixture
def texts() -> Ragged:
    """Sixty texts of four topics, some tokens common to all."""
    rng = np.random.default_rng(0)
    topical = 9 * (np.arange(60)[:, None] % 4) + rng.integers(0, 9, (60, 8))
    return Ragged.of(np.concatenate([topical, rng.integers(36, VOCAB, (60, 3))], axis=1).tolist())


def texts_with(texts: Ragged) -> np.ndarray:
    return np.array([sum(subword in texts[index] for index in range(len(texts))) for subword in range(VOCAB)])


def tf_idf(texts: Ragged, weights: np.ndarray) -> np.ndarray:
    """The matrix of scikit-learn: counts times weights, rows of unit length."""
    words = [" ".join(f"w{subword:02}" for subword in texts[index]) for index in range(len(texts))]
    counter = CountVectorizer(vocabulary=[f"w{subword:02}" for subword in range(VOCAB)])
    return normalize(csr_matrix(counter.transform(words).multiply(weights))).toarray()


def test_log_idf() -> None:
    """A closed form: log((N + 1) / n), and 0 for a token of no text."""
    found = log_idf(np.array([0, 1, 4, 8]), 8)
    np.testing.assert_allclose(found, [0, np.log(9), np.log(9 / 4), np.log(9 / 8)], rtol=1e-6)
    assert found.dtype == np.float32


def test_vectors_are_those_of_the_definition() -> None:
    """Two paths that must agree: rows folded in and pooled, and scikit-learn's matrix times numpy's exact SVD.

    Twelve tokens and ten oversamples: the randomised SVD is exact there. Up to sign; measured 2e-6, in float32.
    """
    texts = Ragged.of(np.random.default_rng(1).integers(0, 12, (60, 5)).tolist())
    weights = log_idf(texts_with(texts), len(texts))
    matrix = tf_idf(texts, weights)
    _, _, components = np.linalg.svd(matrix, full_matrices=False)
    wanted = normalize(matrix @ components[:4].T)
    found = lsa_encoder(texts, weights, 4, np.random.default_rng(0)).encode(texts)
    signs = np.sign((found * wanted).sum(0))
    np.testing.assert_allclose(found * signs, wanted, rtol=0, atol=2e-5)


def test_a_token_of_one_text_relates_it_to_no_other(texts: Ragged) -> None:
    """A closed form: the row of a token that one text has, however often, is zeros; of one that two have, it is not."""
    rare = Ragged.concatenate([texts.slice(0, 58).without(0).without(1), Ragged.of([[0, 0, 1, 36], [1, 37]])])
    rows = lsa_encoder(rare, log_idf(texts_with(rare), len(rare)), 40, np.random.default_rng(0)).weights
    assert (rows[0] == 0).all()
    assert (rows[1] != 0).any()


def test_the_texts_are_not_changed(texts: Ragged) -> None:
    """A law: what is fitted on is only read."""
    before = texts.ids.copy()
    lsa_encoder(texts, log_idf(texts_with(texts), len(texts)), 4, np.random.default_rng(0))
    assert texts.ids.tolist() == before.tolist()


def test_texts_of_one_topic_are_near(texts: Ragged) -> None:
    """It learns: the nearest other text is of the same topic for nine in ten; chance is one in four."""
    weights = log_idf(texts_with(texts), len(texts))
    vectors = lsa_encoder(texts, weights, 4, np.random.default_rng(0)).encode(texts)
    similarity = vectors @ vectors.T - 2 * np.eye(len(texts))
    assert (similarity.argmax(1) % 4 == np.arange(60) % 4).mean() > 0.9


def test_a_slice_of_a_store(texts: Ragged) -> None:
    """Two paths that must agree: texts within a larger store, and alone."""
    weights = log_idf(texts_with(texts), len(texts))
    part = texts.slice(10, 50)
    alone = part.take(np.arange(40))
    found = [lsa_encoder(t, weights, 4, np.random.default_rng(3)).weights.tobytes() for t in (part, alone)]
    assert found[0] == found[1]


@pytest.mark.parametrize(("count", "dim", "filled"), [(3, 8, 2), (1, 8, 0), (60, 64, VOCAB - 1)])
def test_more_dimensions_than_there_can_be(texts: Ragged, count: int, dim: int, filled: int) -> None:
    """A closed form: one dimension fewer than texts, and than tokens of several texts; the rest are zeros."""
    weights = log_idf(texts_with(texts), len(texts))
    encoder = lsa_encoder(texts.slice(0, count), weights, dim, np.random.default_rng(0))
    assert encoder.weights.shape == (VOCAB, dim)
    assert (encoder.weights[:, filled:] == 0).all()
    assert (encoder.weights[:, :filled] != 0).any(axis=0).all()
    assert np.isfinite(encoder.encode(texts)).all()
