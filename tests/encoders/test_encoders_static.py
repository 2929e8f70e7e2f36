import numpy as np
import pytest
from encoders_oracles import DIM, SEEDS, TEXTS, dense_gradients, encoder_of, slow_vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.encoders.encoder import Encoder
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged


@settings(max_examples=20)
@given(TEXTS, SEEDS)
def test_vectors_by_the_definition(texts: list[list[int]], seed: int) -> None:
    """A slow loop in float64, and two paths that must agree: encode and forward, to the bit."""
    encoder = encoder_of(seed)
    ragged = Ragged.of(texts)
    vectors, _ = encoder.forward(ragged)
    np.testing.assert_allclose(vectors, slow_vectors(encoder.weights, texts), rtol=0, atol=1e-13)
    assert encoder.encode(ragged).tobytes() == vectors.tobytes()


@settings(max_examples=20)
@given(TEXTS, SEEDS, st.sampled_from([np.float32, np.float64]))
def test_few_texts_are_encoded_by_numpy(texts: list[list[int]], seed: int, dtype: type) -> None:
    """Two paths that must agree, to rounding, and a slow loop: few texts by numpy, and by the compiled loops."""
    encoder = encoder_of(seed, dtype)
    encoder.weights[5:] = 0
    ragged = Ragged.of([[7], *texts, [8]]).slice(1, 1 + len(texts))
    compiled = encoder.encode(ragged)
    by_numpy = StaticEncoder(encoder.weights, few_texts=len(texts))
    few = by_numpy.encode(ragged)
    out = np.full_like(few, np.nan)
    assert by_numpy.encode(ragged, out=out) is out
    assert few.dtype == compiled.dtype == dtype
    np.testing.assert_array_equal(out, few)
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    np.testing.assert_allclose(few, compiled, rtol=0, atol=tolerance)
    np.testing.assert_allclose(few, slow_vectors(encoder.weights.astype(np.float64), texts), rtol=0, atol=tolerance)


@pytest.mark.parametrize("texts", [[[]], [[], []], [[0], []], [[0, 1]]])
def test_texts_that_are_nothing(texts: list[list[int]]) -> None:
    """A closed form: no ids, rows of zeros, or rows that cancel give a row of zeros, and no gradient."""
    encoder = encoder_of(0)
    encoder.weights[0] = 0
    encoder.weights[1] = 0
    vectors, tape = encoder.forward(Ragged.of(texts))
    assert (vectors == 0).all()
    encoder.backward(tape, np.ones((len(texts), DIM)))
    assert (dense_gradients(encoder) == 0).all()
    encoder.step(0.1)
    assert np.isfinite(encoder.weights).all()


def test_no_texts() -> None:
    """A closed form: nothing in, nothing out."""
    assert encoder_of(0).encode(Ragged.of([])).shape == (0, DIM)


@settings(max_examples=20)
@given(TEXTS, SEEDS, st.randoms())
def test_order_does_not_matter(texts: list[list[int]], seed: int, random) -> None:
    """Laws: the order of a text's tokens changes nothing, that of the texts permutes the vectors, scale nothing."""
    encoder = encoder_of(seed)
    vectors = encoder.encode(Ragged.of(texts))
    shuffled = [random.sample(text, len(text)) for text in texts]
    np.testing.assert_allclose(encoder.encode(Ragged.of(shuffled)), vectors, rtol=0, atol=1e-12)
    order = random.sample(range(len(texts)), len(texts))
    permuted = encoder.encode(Ragged.of([texts[index] for index in order]))
    np.testing.assert_array_equal(permuted, vectors[order])
    scaled = StaticEncoder(encoder.weights * 8).encode(Ragged.of([text * 2 for text in texts]))
    np.testing.assert_allclose(scaled, vectors, rtol=0, atol=1e-12)


def test_float32_is_near_float64() -> None:
    """Two paths that must agree, within what float32 holds: measured 2e-7 on vectors of unit norm."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((500, 256))
    texts = Ragged.of([rng.integers(0, 500, rng.integers(1, 200)).tolist() for _ in range(200)])
    single = StaticEncoder(weights.astype(np.float32)).encode(texts)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, StaticEncoder(weights).encode(texts), rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(single, axis=1), 1, rtol=0, atol=1e-6)


def test_vectors_are_written_where_they_are_wanted() -> None:
    """Two paths that must agree: a given array, and a new one."""
    encoder, texts = encoder_of(0), Ragged.of([[1, 2], [3]])
    out = np.full((2, DIM), np.nan)
    assert encoder.encode(texts, out=out) is out
    np.testing.assert_array_equal(out, encoder.encode(texts))


def test_a_random_encoder() -> None:
    """Closed forms: rows of length weight in expectation, zero where the weight is; the seed decides the bytes."""
    weights = np.concatenate([np.zeros(1), np.full(400, 3.0)]).astype(np.float32)
    encoder = StaticEncoder.random(weights, 512, np.random.default_rng(5))
    assert encoder.weights.dtype == np.float32
    assert (encoder.weights[0] == 0).all()
    lengths = np.linalg.norm(encoder.weights[1:], axis=1)
    assert abs(lengths.mean() - 3) < 0.03
    again = StaticEncoder.random(weights, 512, np.random.default_rng(5))
    assert encoder.weights.tobytes() == again.weights.tobytes()


def test_it_is_an_encoder() -> None:
    """A law: it has all that the training step needs."""
    assert isinstance(encoder_of(0), Encoder)
