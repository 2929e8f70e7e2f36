"""Any model, and how it is recognised."""

import numpy as np
import pytest
from index_embedders import Bare, Hashed

from likewise.errors import InputError, LikewiseError
from likewise.index.embedder import document_vectors, identity_of, query_vectors, unit_vectors


def test_a_model_of_ours():
    known = identity_of(Hashed(24))
    assert (known.name, known.dim, known.storable) == ("Hashed", 24, True)
    assert known.fingerprint == Hashed(24).fingerprint != identity_of(Hashed(24, seed=1)).fingerprint


def test_a_model_of_another_library():
    known = identity_of(Bare())
    assert (known.name, known.dim, known.storable) == ("Bare", 32, False)
    assert known.fingerprint == identity_of(Bare()).fingerprint != identity_of(Bare(seed=1)).fingerprint
    np.testing.assert_allclose(np.linalg.norm(known.probe, axis=1), 1, rtol=1e-6)


class Answering:
    def __init__(self, answer):
        self.answer = answer

    def encode(self, texts):
        return self.answer(len(texts))


def test_no_model():
    with pytest.raises(InputError, match="has encode"):
        identity_of(3)
    with pytest.raises(InputError, match=r"likewise.load\('my.model'\)"):
        identity_of("my.model")  # a string has an `encode` too


@pytest.mark.parametrize(
    "answer",
    [lambda count: np.zeros(8), lambda count: np.zeros((count + 1, 8)), lambda count: np.zeros((count, 9))],
)
def test_no_vectors(answer):
    with pytest.raises(InputError, match=r"expected \(3, 8\)"):
        unit_vectors(Answering(answer), ["a", "b", "c"], 8)
    with pytest.raises(InputError, match=r"expected \(1, dim\)"):
        unit_vectors(Answering(lambda count: np.zeros((1, 2, 3))), ["a"], None)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_numbers(bad):
    def answer(count):
        vectors = np.ones((count, 2))
        vectors[1, 1] = bad
        return vectors

    with pytest.raises(LikewiseError, match="no finite vector for 'b'"):
        unit_vectors(Answering(answer), ["a", "b"], 2)


def test_unit_rows_and_zeros():
    vectors = unit_vectors(Answering(lambda count: np.array([[3, 4], [0, 0]])), ["a", "b"], 2)
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0]], rtol=1e-6)


class ByRole(Hashed):
    """Encodes queries and documents differently."""

    def encode_query(self, texts):
        return -2 * self.encode(texts)

    def encode_document(self, texts):
        lengths = np.array([4.0 if len(text) > 9 else 1 / len(text) for text in texts])
        return lengths[:, None] * self.encode(texts)


class BareByRole(Bare):
    def encode_document(self, texts):
        return -self.encode(texts)


def test_queries_and_documents_are_encoded_in_their_own_ways():
    """Closed forms: queries have length one, documents of a model of ours keep theirs unless they are longer."""
    texts = ["tv", "a radio, a radio"]
    plain = unit_vectors(ByRole(), texts, 32)
    np.testing.assert_allclose(query_vectors(ByRole(), texts, 32), -plain, atol=1e-6)
    np.testing.assert_allclose(document_vectors(ByRole(), texts, 32), plain * [[0.5], [1.0]], atol=1e-6)


def test_documents_of_another_library_have_length_one():
    texts = ["tv", "radio"]
    np.testing.assert_allclose(document_vectors(BareByRole(), texts, 32), -unit_vectors(Bare(), texts, 32), atol=1e-6)
    np.testing.assert_allclose(query_vectors(BareByRole(), texts, 32), unit_vectors(Bare(), texts, 32), atol=1e-6)
