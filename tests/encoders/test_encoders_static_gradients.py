import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from encoders_oracles import DIM, SEEDS, TEXTS, VOCAB, dense_gradients, encoder_of, slow_vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.encoders.static import TINY, StaticEncoder
from likewise.losses.info_nce import info_nce
from likewise.tokens.ragged import Ragged


@settings(max_examples=20)
@given(TEXTS, SEEDS)
def test_gradient_equals_autograd(texts: list[list[int]], seed: int) -> None:
    """Two paths that must agree: our backward pass and autograd, in float64 to 1e-9."""
    encoder = encoder_of(seed)
    gradient = np.random.default_rng(seed + 1).standard_normal((len(texts), DIM))
    weights = torch.tensor(encoder.weights, requires_grad=True)
    kept = [index for index, text in enumerate(texts) if text]
    if kept:
        sums = torch.stack([weights[torch.tensor(texts[index])].mean(0) for index in kept])
        (torch.nn.functional.normalize(sums) * torch.tensor(gradient[kept])).sum().backward()
    else:
        weights.grad = torch.zeros_like(weights)
    _, tape = encoder.forward(Ragged.of(texts))
    encoder.backward(tape, gradient)
    np.testing.assert_allclose(dense_gradients(encoder), weights.grad.numpy(), rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(TEXTS, SEEDS)
def test_gradient_by_a_slow_loop(texts: list[list[int]], seed: int) -> None:
    """A slow loop in float64: (g - (g·z) z) / norm of the sum, added to the row of each token of the text."""
    encoder = encoder_of(seed)
    gradient = np.random.default_rng(seed + 1).standard_normal((len(texts), DIM))
    wanted = np.zeros_like(encoder.weights)
    for text, vector, slope in zip(texts, slow_vectors(encoder.weights, texts), gradient, strict=True):
        for subword in text:
            norm = np.linalg.norm(encoder.weights[text].sum(0))
            wanted[subword] += (slope - (slope @ vector) * vector) / norm
    _, tape = encoder.forward(Ragged.of(texts))
    encoder.backward(tape, gradient)
    np.testing.assert_allclose(dense_gradients(encoder), wanted, rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(TEXTS, TEXTS, SEEDS)
def test_backward_twice_is_backward_of_both(first: list[list[int]], second: list[list[int]], seed: int) -> None:
    """Two paths that must agree: a batch encoded in two parts, and at once; gradients, weights and squares."""
    gradient = np.random.default_rng(seed + 1).standard_normal((len(first) + len(second), DIM))
    parts, whole = encoder_of(seed), encoder_of(seed)
    tapes = [parts.forward(Ragged.of(texts))[1] for texts in (first, second)]
    for tape, rows in zip(tapes, (gradient[: len(first)], gradient[len(first) :]), strict=True):
        parts.backward(tape, rows)
    whole.backward(whole.forward(Ragged.of(first + second))[1], gradient)
    np.testing.assert_allclose(dense_gradients(parts), dense_gradients(whole), rtol=1e-12, atol=1e-12)
    for encoder in (parts, whole):
        encoder.step(0.1)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parts.squares, whole.squares, rtol=1e-12, atol=1e-12)


def test_a_tape_of_a_slice_that_does_not_begin_at_zero() -> None:
    """Two paths that must agree: texts cut out of a larger store, and the same texts alone."""
    texts = [[1, 2], [3, 3, 4], [5]]
    store = Ragged.of([[7, 8, 9], *texts, [10]])
    gradient = np.random.default_rng(0).standard_normal((3, DIM))
    cut, alone = encoder_of(0), encoder_of(0)
    cut.backward(cut.forward(store.slice(1, 4))[1], gradient)
    alone.backward(alone.forward(Ragged.of(texts))[1], gradient)
    np.testing.assert_array_equal(dense_gradients(cut), dense_gradients(alone))
    for encoder in (cut, alone):
        encoder.step(0.1)
    assert cut.weights.tobytes() == alone.weights.tobytes()
    assert cut.encode(store.slice(1, 4)).tobytes() == alone.encode(Ragged.of(texts)).tobytes()


@settings(max_examples=20)
@given(st.lists(TEXTS, min_size=1, max_size=4), SEEDS)
def test_steps_by_a_slow_loop(batches: list[list[list[int]]], seed: int) -> None:
    """A slow loop in float64 of row-wise Adagrad; a law: rows that no batch touched are unchanged, to the bit."""
    encoder, rng = encoder_of(seed), np.random.default_rng(seed + 1)
    before = encoder.weights.copy()
    weights, squares = encoder.weights.copy(), np.zeros(VOCAB)
    for rate, texts in enumerate(batches, 1):
        gradient = rng.standard_normal((len(texts), DIM))
        _, tape = encoder.forward(Ragged.of(texts))
        encoder.backward(tape, gradient)
        slope = dense_gradients(encoder)
        encoder.step(0.1 * rate)
        for row in {subword for text in texts for subword in text}:
            squares[row] += (slope[row] ** 2).mean()
            weights[row] -= 0.1 * rate * slope[row] / (np.sqrt(squares[row]) + TINY)
    np.testing.assert_allclose(encoder.weights, weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(encoder.squares, squares, rtol=1e-9, atol=1e-12)
    untouched = sorted(set(range(VOCAB)) - {subword for texts in batches for text in texts for subword in text})
    assert encoder.weights[untouched].tobytes() == before[untouched].tobytes()


def test_a_step_clears_the_gradients_and_does_nothing_without() -> None:
    """A law: a second step without a backward pass changes nothing, and neither does a first."""
    encoder = encoder_of(0)
    encoder.step(1.0)
    np.testing.assert_array_equal(encoder.weights, encoder_of(0).weights)
    _, tape = encoder.forward(Ragged.of([[1]]))
    encoder.backward(tape, np.ones((1, DIM)))
    encoder.step(1.0)
    after = encoder.weights.copy()
    encoder.step(1.0)
    np.testing.assert_array_equal(encoder.weights, after)


def test_state_and_restore() -> None:
    """Two paths that must agree: steps after a restore, and the same steps the first time."""
    encoder, texts = encoder_of(0), Ragged.of([[1, 2], [3]])

    def step() -> None:
        encoder.backward(encoder.forward(texts)[1], np.arange(2.0 * DIM).reshape(2, DIM))
        encoder.step(0.1)

    step()
    kept = {name: array.copy() for name, array in encoder.state().items()}
    step()
    once = {name: array.copy() for name, array in encoder.state().items()}
    encoder.backward(encoder.forward(texts)[1], np.ones((2, DIM)))
    encoder.restore(kept)
    step()
    assert all(array.tobytes() == once[name].tobytes() for name, array in encoder.state().items())
    assert set(once) == {"weights", "squares"}


BYTES = """
import hashlib, numpy as np
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged
rng = np.random.default_rng(0)
encoder = StaticEncoder(rng.standard_normal((300, 33), np.float32))
for _ in range(5):
    texts = Ragged.of([rng.integers(0, 300, rng.integers(0, 40)).tolist() for _ in range(150)])
    vectors, tape = encoder.forward(texts)
    encoder.backward(tape, rng.standard_normal(vectors.shape, np.float32))
    encoder.step(0.1)
import numba
print(numba.get_num_threads(), hashlib.sha256(vectors.tobytes() + encoder.weights.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_the_number_of_threads_changes_no_byte() -> None:
    """Two paths that must agree, to the byte: one thread and two, in processes of their own."""
    printed = []
    for threads in ("1", "2"):
        environment = {**os.environ, "NUMBA_NUM_THREADS": threads}
        ran = subprocess.run(
            [sys.executable, "-c", BYTES], env=environment, capture_output=True, text=True, check=True, timeout=100
        )
        printed.append(ran.stdout.split())
    assert [threads for threads, _ in printed] == ["1", "2"]
    assert printed[0][1] == printed[1][1]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns(seed: int) -> None:
    """It learns: texts of ten topics with words of their own and common ones find their other halves.

    Better than untrained by 0.2 in the share found first, over three seeds; chance is 0.01.
    """
    rng = np.random.default_rng(seed)

    def halves(texts: int) -> tuple[Ragged, Ragged, np.ndarray]:
        topics = rng.integers(0, 10, texts)
        words = np.where(
            rng.random((texts, 12)) < 0.5,
            20 * topics[:, None] + rng.integers(0, 20, (texts, 12)),
            rng.integers(200, 300, (texts, 12)),
        )
        return Ragged.of(words[:, :6].tolist()), Ragged.of(words[:, 6:].tolist()), topics

    anchors, positives, topics = halves(100)

    def found() -> float:
        nearest = (encoder.encode(anchors) @ encoder.encode(positives).T).argmax(1)
        return float((topics[nearest] == topics).mean())

    encoder = StaticEncoder.random(np.ones(300, np.float32), 32, rng)
    untrained = found()
    for _ in range(40):
        batch = halves(128)
        vectors, tape = encoder.forward(Ragged.concatenate(batch[:2]))
        contrast = info_nce(vectors[:128], vectors[128:], temperature=0.2)
        encoder.backward(tape, np.concatenate([contrast.anchors, contrast.candidates]))
        encoder.step(0.1)
    assert found() > untrained + 0.2
