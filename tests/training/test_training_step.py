import numpy as np
import pytest
import torch

from likewise.encoders.static import TINY, StaticEncoder
from likewise.tokens.ragged import Ragged
from likewise.training.step import Batch, ContrastiveStep
from likewise.views.pair import Views

ANCHORS = [[0, 1, 2], [3, 4], [5], [6, 6, 7], [8]]
POSITIVES = [[1, 9], [4], [5, 10, 11], [12], [0, 8]]
FAR = np.array([0, 0xFFFF, 0xFFFF0000, 0xFFFF00000000, 0xFFFF000000000000], np.uint64)


def batch_of(simhash: np.ndarray, anchors: list[list[int]] = ANCHORS, positives: list[list[int]] = POSITIVES) -> Batch:
    return Batch(Views(Ragged.of(anchors), Ragged.of(positives)), (simhash,))


def encoder_of(seed: int = 0) -> StaticEncoder:
    return StaticEncoder(np.random.default_rng(seed).standard_normal((14, 6)))


def hand_written(weights: np.ndarray, masked: list[tuple[int, int]], rate: float) -> tuple[float, np.ndarray]:
    """One step as the papers have it: autograd through pooling and InfoNCE, row-wise Adagrad from nothing."""
    rows = torch.tensor(weights, requires_grad=True)
    sides = [
        torch.nn.functional.normalize(torch.stack([rows[torch.tensor(text)].mean(0) for text in texts]))
        for texts in (ANCHORS, POSITIVES)
    ]
    logits = sides[0] @ sides[1].T / 0.3
    for row, column in masked:
        logits = logits.clone()
        logits[row, column] = -torch.inf
    targets = torch.arange(len(ANCHORS))
    loss = (
        torch.nn.functional.cross_entropy(logits, targets) + torch.nn.functional.cross_entropy(logits.T, targets)
    ) / 2
    loss.backward()
    gradient = rows.grad.numpy()
    step = rate / (np.sqrt((gradient**2).mean(1, keepdims=True)) + TINY)
    return loss.item(), weights - np.where((gradient != 0).any(1, keepdims=True), step * gradient, 0)


def test_one_step_is_the_one_written_by_hand() -> None:
    """Two paths that must agree in float64: the step, and autograd with Adagrad; nothing is near, nothing masked."""
    encoder = encoder_of()
    value, weights = hand_written(encoder.weights, [], 0.2)
    result = ContrastiveStep(encoder, temperature=0.3, distance=3)(batch_of(FAR), 0.2)
    assert result.loss == pytest.approx(value, rel=1e-12)
    assert result.masked == 0
    np.testing.assert_allclose(encoder.weights, weights, rtol=1e-9, atol=1e-9)


def test_near_duplicates_are_masked_both_ways() -> None:
    """Two paths that must agree in float64: texts 1 and 3 differ in three bits, and are no negatives."""
    simhash = FAR.copy()
    simhash[3] = simhash[1] ^ np.uint64(0b111)
    encoder = encoder_of()
    value, weights = hand_written(encoder.weights, [(1, 3), (3, 1)], 0.2)
    result = ContrastiveStep(encoder, temperature=0.3, distance=3)(batch_of(simhash), 0.2)
    assert result.loss == pytest.approx(value, rel=1e-12)
    assert result.masked == 2
    np.testing.assert_allclose(encoder.weights, weights, rtol=1e-9, atol=1e-9)
    apart = encoder_of()
    ContrastiveStep(apart, temperature=0.3, distance=2)(batch_of(simhash), 0.2)
    assert abs(apart.weights - weights).max() > 1e-3


@pytest.mark.parametrize(("block", "ends"), [(3, [0, 2, 5]), (2, [0, 2, 5]), (4, [0, 5]), (5, [0, 5])])
def test_texts_are_contrasted_within_their_block(block: int, ends: list[int]) -> None:
    """Two paths that must agree in float64: blocks of the batch, and pairs of two blocks masked; 0 and 1 are near."""
    simhash = FAR.copy()
    simhash[1] = simhash[0] ^ np.uint64(0b111)
    of_block = np.searchsorted(ends, np.arange(5), side="right")
    apart = [(row, column) for row in range(5) for column in range(5) if of_block[row] != of_block[column]]
    encoder = encoder_of()
    value, weights = hand_written(encoder.weights, [*apart, (0, 1), (1, 0)], 0.2)
    result = ContrastiveStep(encoder, temperature=0.3, distance=3, block=block)(batch_of(simhash), 0.2)
    assert result.loss == pytest.approx(value, rel=1e-12)
    assert (result.masked, result.logits) == (2, 25 - len(apart))
    np.testing.assert_allclose(encoder.weights, weights, rtol=1e-9, atol=1e-9)


def test_two_near_duplicates_alone_teach_nothing() -> None:
    """A closed form: with no negative left the loss is zero and every row stays, to rounding."""
    encoder = encoder_of()
    before = encoder.weights.copy()
    batch = batch_of(np.zeros(2, np.uint64), [[0], [2]], [[1], [3]])
    result = ContrastiveStep(encoder, temperature=0.3, distance=0)(batch, 0.0)
    assert result.loss == pytest.approx(0, abs=1e-12)
    assert result.masked == 2
    np.testing.assert_allclose(encoder.squares, 0, atol=1e-25)
    np.testing.assert_array_equal(encoder.weights, before)


def test_steps_lower_the_loss() -> None:
    """It learns: on the same batch the loss falls far below log(5), the loss of a guess; three seeds."""
    for seed in range(3):
        step = ContrastiveStep(encoder_of(seed), temperature=0.3, distance=3)
        losses = [step(batch_of(FAR), 0.2).loss for _ in range(50)]
        assert losses[-1] < 0.2 < losses[0]


def queued_step(*sides: list[int]) -> ContrastiveStep:
    """A step whose queue holds texts of these signatures."""
    step = ContrastiveStep(encoder_of(), temperature=0.3, distance=0, queue=4)
    assert step.queue is not None
    nothing = np.zeros((len(sides[0]), 6))
    step.queue.push(nothing, nothing, tuple(signed(side) for side in sides))
    return step


def signed(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.uint64)


def views_of(pairs: int) -> Views:
    return Views(Ragged.of([[0]] * pairs), Ragged.of([[1]] * pairs))


def test_texts_of_the_queue_are_masked_as_those_of_the_batch() -> None:
    """A closed form: one text is in the batch and in the queue, and one twice in the batch; both sides count."""
    step = queued_step([7, 8], [1, 2])
    allowed = step._mask(Batch(views_of(3), (signed([5, 7, 5]), signed([10, 11, 2]))))
    assert allowed is not None
    expected = np.ones((5, 5), np.bool_)
    expected[[0, 2], [2, 0]] = False  # text 5 twice
    expected[[1, 3], [3, 1]] = False  # text 7, in the first place of the queue
    expected[[2, 4], [4, 2]] = False  # the second text 2, in the second place
    np.testing.assert_array_equal(allowed(slice(None)), expected)
    assert allowed.count == 6
    assert step._mask(Batch(views_of(1), (signed([100]), signed([200])))) is None


def test_mined_candidates_come_between_the_batch_and_the_queue() -> None:
    """A closed form: two pairs, a third candidate that is the first text, and a queue that holds the second."""
    batch = Batch(views_of(2), (signed([5, 6]),), hard=Ragged.of([[2]]), hard_signatures=(signed([5]),))
    allowed = queued_step([6])._mask(batch)
    assert allowed is not None
    assert allowed(slice(None)).tolist() == [[1, 1, 0, 1], [1, 1, 1, 0], [1, 0, 1, 1]]
