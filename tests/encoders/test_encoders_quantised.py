import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from likewise.encoders.documents import DocumentPooling
from likewise.encoders.quantised import QuantisedEncoder
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged


def texts_of(lengths: list[int], vocab: int = 50) -> Ragged:
    rng = np.random.default_rng(len(lengths))
    return Ragged.of([rng.integers(vocab, size=length).tolist() for length in lengths])


@settings(max_examples=200)
@given(arrays(np.float32, (4, 3), elements=st.floats(-(2.0**99), 2.0**99, width=32)))
def test_quantised_rows(rows: np.ndarray) -> None:
    """Laws: powers of two, at most 127, as near as can be; rounding what is rounded changes nothing."""
    encoder = QuantisedEncoder.of(rows)
    found, scales = encoder.rows, encoder.scales
    assert (np.frexp(scales)[0] == 0.5).all() and np.abs(found.astype(int)).max(initial=0) <= 127
    near = encoder.weights
    assert (np.abs(near - rows) <= scales[:, None] / 2).all()
    used = np.abs(rows).max(axis=1) > 1e-30
    assert (np.abs(found.astype(int)).max(axis=1)[used] >= 64).all()
    again = QuantisedEncoder.of(near)
    np.testing.assert_array_equal(again.rows[used], found[used])
    np.testing.assert_array_equal(again.scales[used], scales[used])


@pytest.mark.parametrize("few_texts", [0, 1000])
@pytest.mark.parametrize("lengths", [[], [0], [3, 0, 1, 40, 8, 16, 17], [2] * 300])
def test_vectors_are_those_of_the_weights(lengths: list[int], few_texts: int) -> None:
    """Two paths that agree to the bit: rows of int8, and weights in single precision; by numpy or compiled loops."""
    rows = np.random.default_rng(2).standard_normal((50, 40)).astype(np.float32)
    made = QuantisedEncoder.of(rows, DocumentPooling((16, 24), (1.0, 1.2), (0.0, 0.3)))
    encoder = QuantisedEncoder(made.rows, made.scales, made.documents, few_texts=few_texts)
    plain = StaticEncoder(encoder.weights, encoder.documents, few_texts=few_texts)
    texts = texts_of(lengths)
    assert encoder.encode(texts).tobytes() == plain.encode(texts).tobytes()
    assert encoder.encode_documents(texts).tobytes() == plain.encode_documents(texts).tobytes()
    out = np.full((len(texts), 40), np.nan, np.float32)
    assert encoder.encode(texts, out) is out and not np.isnan(out).any()


def test_without_document_pooling() -> None:
    """A closed form: documents are encoded as all other texts; the weights of some rows are those of all."""
    encoder = QuantisedEncoder.of(np.random.default_rng(3).standard_normal((50, 8)))
    texts = texts_of([5, 6])
    assert encoder.encode_documents(texts).tobytes() == encoder.encode(texts).tobytes()
    np.testing.assert_array_equal(encoder.weights_of(np.array([4, 9])), encoder.weights[[4, 9]])
