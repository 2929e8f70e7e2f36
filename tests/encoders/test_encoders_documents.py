"""How documents are pooled."""

import numpy as np
import pytest
from encoders_oracles import DIM, SEEDS, TEXTS, encoder_of
from hypothesis import given

from likewise.encoders.documents import DocumentPooling, pooled_documents, sums_of_roots
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

POOLING = DocumentPooling((1, DIM - 3, 2), (1.0, 1.4, 0.3), (0.0, 0.8, 0.1))


def slow_documents(weights: np.ndarray, texts: list[list[int]], pooling: DocumentPooling) -> np.ndarray:
    """The definition in float64, text by text and part by part."""
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
def test_the_order_of_words_says_nothing(texts: list[list[int]], seed: int) -> None:
    """A law, to the bit: the rows are added in the order of the ids."""
    weights = encoder_of(seed, np.float32).weights
    turned = [text[::-1] for text in texts]
    one, other = (pooled_documents(weights, Ragged.of(some), POOLING) for some in (texts, turned))
    assert one.tobytes() == other.tobytes()


def test_one_part_without_ballast_and_without_repeats_is_the_mean() -> None:
    """Two paths: then a document is pooled as any text."""
    weights = encoder_of(3).weights
    texts = Ragged.of([[0, 1, 2], [5], [7, 3, 9, 12]])
    plain = StaticEncoder(weights)
    pooled = StaticEncoder(weights, DocumentPooling((DIM,), (2.0,), (0.0,)))
    np.testing.assert_allclose(pooled.encode_documents(texts), plain.encode(texts), atol=1e-12)
    assert plain.encode_documents(texts).tobytes() == plain.encode(texts).tobytes()


def test_repeats_count_as_their_root_and_short_documents_are_short() -> None:
    """Closed forms: of two orthogonal words one occurs four times; a ballast of thrice the square halves."""
    weights = np.eye(2)
    found = pooled_documents(weights, Ragged.of([[0, 1, 0, 0, 0], [1]]), DocumentPooling((2,), (1.0,), (3.0,)))
    np.testing.assert_allclose(found[0], np.array([2, 1]) / np.sqrt(8))
    np.testing.assert_allclose(found[1], [0, 0.5])
    np.testing.assert_allclose(sums_of_roots(weights, Ragged.of([[0, 1, 0, 0, 0], []])), [[2, 1], [0, 0]])


def test_out_is_written_to() -> None:
    """Two paths: the array that is given, and one that is made."""
    weights, texts = encoder_of(1, np.float32).weights, Ragged.of([[1, 2], [3, 3, 4]])
    out = np.empty((2, DIM), np.float32)
    assert pooled_documents(weights, texts, POOLING, out) is out
    assert out.tobytes() == pooled_documents(weights, texts, POOLING).tobytes()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (((), (), ()), "at least one"),
        (((2, 3), (1.0,), (0.0, 0.0)), "as many shares"),
        (((2,), (0.0,), (0.0,)), "shares and ballasts of 0 or more"),
        (((0,), (1.0,), (0.0,)), "a dimension or more"),
        (((2,), (1.0,), (-1.0,)), "of 0 or more"),
        (((2,), (float("nan"),), (0.0,)), "of 0 or more"),
    ],
)
def test_what_is_no_pooling_is_refused(parts: tuple, said: str) -> None:
    with pytest.raises(InputError, match=said):
        DocumentPooling(*parts)


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(InputError, match=r"rows of 6 numbers do not fall into parts of \(4,\)"):
        pooled_documents(encoder_of(0).weights, Ragged.of([[1]]), DocumentPooling((4,), (1.0,), (0.0,)))


def test_plain_values_make_it_again() -> None:
    values = POOLING.plain()
    assert DocumentPooling(**{name: tuple(some) for name, some in values.items()}) == POOLING
