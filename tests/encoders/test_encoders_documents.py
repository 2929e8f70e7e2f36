"""How documents are pooled."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from encoders_oracles import DIM, SEEDS, TEXTS, encoder_of
from hypothesis import given

from likewise.encoders.documents import DocumentPooling, pooled_documents, sqrt_count_sums
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

POOLING = DocumentPooling((1, DIM - 3, 2), (1.0, 1.4, 0.3), (0.0, 0.8, 0.1))


def slow_documents(weights: np.ndarray, texts: list[list[int]], pooling: DocumentPooling) -> np.ndarray:
    """The definition in float64, text by text and component by component."""
    vectors = np.zeros((len(texts), weights.shape[1]))
    for index, text in enumerate(texts):
        whole = np.zeros(weights.shape[1])
        for subword in set(text):
            whole += np.sqrt(text.count(subword)) * weights[subword]
        begin = 0
        for dim, share, length_prior in zip(pooling.dims, pooling.shares, pooling.length_priors, strict=True):
            part = whole[begin : begin + dim]
            if part @ part > 0:
                vectors[index, begin : begin + dim] = share * part / np.sqrt(part @ part + length_prior)
            begin += dim
    return vectors / np.linalg.norm(pooling.shares)


@given(TEXTS, SEEDS)
def test_vectors_by_the_definition(texts: list[list[int]], seed: int) -> None:
    """A slow loop in float64; and a law: none is longer than one, one without ids is zeros."""
    weights = encoder_of(seed).weights
    found = pooled_documents(weights, Ragged.of(texts), POOLING)
    np.testing.assert_allclose(found, slow_documents(weights, texts, POOLING), atol=1e-9)
    assert (np.linalg.norm(found, axis=1) <= 1 + 1e-9).all()
    assert not found[[not text for text in texts]].any()


@given(TEXTS, SEEDS)
def test_the_order_of_words_does_not_matter(texts: list[list[int]], seed: int) -> None:
    """A law, to the bit: the rows are added in the order of the ids."""
    weights = encoder_of(seed, np.float32).weights
    turned = [text[::-1] for text in texts]
    one, other = (pooled_documents(weights, Ragged.of(some), POOLING) for some in (texts, turned))
    assert one.tobytes() == other.tobytes()


def test_without_length_prior_and_repeats_a_document_is_the_mean() -> None:
    """Two paths: then a document is pooled as any text."""
    weights = encoder_of(3).weights
    texts = Ragged.of([[0, 1, 2], [5], [7, 3, 9, 12]])
    plain = StaticEncoder(weights)
    pooled = StaticEncoder(weights, DocumentPooling((DIM,), (2.0,), (0.0,)))
    np.testing.assert_allclose(pooled.encode_documents(texts), plain.encode(texts), atol=1e-12)
    assert plain.encode_documents(texts).tobytes() == plain.encode(texts).tobytes()


def test_repeats_count_as_their_root_and_short_documents_have_short_vectors() -> None:
    """Closed forms: of two orthogonal words one occurs four times; a length prior of three times the square halves."""
    weights = np.eye(2)
    found = pooled_documents(weights, Ragged.of([[0, 1, 0, 0, 0], [1]]), DocumentPooling((2,), (1.0,), (3.0,)))
    np.testing.assert_allclose(found[0], np.array([2, 1]) / np.sqrt(8))
    np.testing.assert_allclose(found[1], [0, 0.5])
    np.testing.assert_allclose(sqrt_count_sums(weights, Ragged.of([[0, 1, 0, 0, 0], []])), [[2, 1], [0, 0]])


def test_out_is_written_to() -> None:
    """Two paths: the array that is given, and one that is made."""
    weights, texts = encoder_of(1, np.float32).weights, Ragged.of([[1, 2], [3, 3, 4]])
    out = np.empty((2, DIM), np.float32)
    assert pooled_documents(weights, texts, POOLING, out) is out
    assert out.tobytes() == pooled_documents(weights, texts, POOLING).tobytes()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (((), (), ()), "at least one"),
        (((2, 3), (1.0,), (0.0, 0.0)), "one share and one length prior per component"),
        (((2,), (0.0,), (0.0,)), "shares and length priors of 0 or more"),
        (((0,), (1.0,), (0.0,)), "1 or more dimensions"),
        (((2,), (1.0,), (-1.0,)), "of 0 or more"),
        (((2,), (float("nan"),), (0.0,)), "of 0 or more"),
    ],
)
def test_what_is_no_pooling_is_refused(fields: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DocumentPooling(*fields)


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(InputError, match=r"components of \(4,\) dimensions do not add up to rows of 6"):
        pooled_documents(encoder_of(0).weights, Ragged.of([[1]]), DocumentPooling((4,), (1.0,), (0.0,)))


def test_plain_values_make_it_again() -> None:
    assert DocumentPooling.of_plain(json.loads(json.dumps(asdict(POOLING)))) == POOLING
