"""The distillation step. Oracles: two paths that must agree, a slow sum, a law."""

import numpy as np
import pytest

from likewise.encoders.static import StaticEncoder
from likewise.losses.distillation import distillation_loss
from likewise.losses.info_nce import info_nce
from likewise.tokens.ragged import Ragged
from likewise.training.step import Batch, ContrastiveStep
from likewise.training.student import DistillationData, distillation_step
from likewise.views.pair import Views

VOCAB, DIM = 30, 6


def some_texts(seed: int, texts: int = 8) -> Ragged:
    rng = np.random.default_rng(seed)
    return Ragged.of([rng.integers(0, VOCAB, rng.integers(2, 7)).tolist() for _ in range(texts)])


def encoder() -> StaticEncoder:
    return StaticEncoder(np.random.default_rng(0).standard_normal((VOCAB, DIM)))


def unit(seed: int, texts: int = 8) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((texts, DIM))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stepped(weight: float, batch: Batch | None) -> StaticEncoder:
    student = encoder()
    step, data = ContrastiveStep(student, temperature=0.3, distance=0), DistillationData(some_texts(1), unit(2))
    distillation_step(step, data, 0.1, batch, weight=weight)
    return student


PAIRS = Batch(Views(some_texts(3), some_texts(4)), ())


def test_of_no_weight_it_is_the_step_on_pairs() -> None:
    """Two paths."""
    alone = encoder()
    ContrastiveStep(alone, temperature=0.3, distance=0)(PAIRS, 0.1)
    untouched = np.setdiff1d(np.arange(VOCAB), some_texts(1).ids)
    both = stepped(0.0, PAIRS).weights
    np.testing.assert_allclose(both, alone.weights)
    assert len(untouched)


def test_the_gradients_of_both_are_added() -> None:
    """A slow sum: Adagrad's first step of the two gradients together."""
    plain, weight = encoder(), 3.0
    vectors, tape = plain.forward(some_texts(1))
    plain.backward(tape, weight * distillation_loss(vectors, unit(2)).students)
    vectors, tape = plain.forward(Ragged.concatenate([PAIRS.views.anchors, PAIRS.views.positives]))
    contrast = info_nce(vectors[:8], vectors[8:], temperature=0.3)
    plain.backward(tape, np.concatenate([contrast.anchors, contrast.candidates]))
    plain.step(0.1)
    np.testing.assert_allclose(stepped(weight, PAIRS).weights, plain.weights)


def test_alone_it_brings_vectors_to_those_of_the_teacher() -> None:
    """A law: the loss falls; and a closed form: it is the mean of 1 - cosine."""
    student, texts, teachers = encoder(), some_texts(1), unit(2)
    step = ContrastiveStep(student, temperature=0.3, distance=0)
    losses = []
    for _ in range(40):
        expected = 1 - np.mean(np.sum(student.encode(texts) * teachers, axis=1))
        losses.append(distillation_step(step, DistillationData(texts, teachers), 0.2))
        assert losses[-1] == pytest.approx(expected)
    assert all(later < earlier for earlier, later in zip(losses[::8], losses[8::8], strict=False))
    assert losses[-1] < 0.3 * losses[0]
