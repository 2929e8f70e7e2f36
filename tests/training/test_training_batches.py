"""The step with more than a batch to contrast with: a queue, mined texts, a guide."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_training_step import ANCHORS, FAR, POSITIVES, batch_of, encoder_of

from likewise.negatives.near_duplicates import Signatures
from likewise.tokens.ragged import Ragged
from likewise.training.step import Batch, ContrastiveStep, GuideVectors

HARD = [[2, 3], [7, 13, 13]]
GUIDE = GuideVectors(np.ones((len(FAR), 3), np.float32), np.ones((len(FAR) + len(HARD), 3), np.float32))
HARD_SIGNATURES = np.array([0xF0F0F0F0F0, 0x0F0F0F0F0F0F], np.uint64)


def pooled(rows, texts):
    return torch.nn.functional.normalize(torch.stack([rows[torch.tensor(text)].mean(0) for text in texts]))


def loss_of(anchors, candidates, queue=None, temperature=0.3, masked=()):
    """Both directions, each against the queue's other side too, as a plain formula."""
    rows = anchors @ torch.cat([candidates, *([queue[1]] if queue else [])]).T / temperature
    columns = torch.cat([anchors, *([queue[0]] if queue else [])]) @ candidates[: len(anchors)].T / temperature
    for row, column in masked:
        rows[row, column] = -torch.inf
        if column < len(anchors):
            columns[row, column] = -torch.inf
    own = rows.diagonal()
    of_rows, of_columns = (torch.logsumexp(rows, 1) - own).mean(), (torch.logsumexp(columns, 0) - own).mean()
    return (of_rows + of_columns) / 2


def batch_with_hard() -> Batch:
    return replace(batch_of(FAR), hard=Ragged.of(HARD), hard_signatures=(HARD_SIGNATURES,))


def gradient_of(step, batch):
    """What the step adds to the rows, without changing them."""
    step.encoder.step = lambda rate: None
    result = step(batch, 0.1)
    dense = np.zeros_like(step.encoder.weights)
    ((texts, of_sums),) = step.encoder._pending
    np.add.at(dense, texts.ids, np.repeat(of_sums, texts.lengths, axis=0))
    step.encoder._pending.clear()
    return result, dense


def test_mined_texts_and_a_queue_are_the_formula():
    """Two paths that must agree in float64: the step, and autograd through the formula; twice, as a queue fills."""
    encoder = encoder_of()
    step = ContrastiveStep(encoder, temperature=0.3, distance=3, queue=8)
    first, by_first = gradient_of(step, batch_with_hard())
    second, by_second = gradient_of(step, replace(batch_with_hard(), signatures=(other(batch_of(FAR)),)))
    rows = torch.tensor(encoder.weights, requires_grad=True)
    sides = pooled(rows, ANCHORS), pooled(rows, POSITIVES + HARD)
    queue = tuple(side[: len(ANCHORS)].detach() for side in sides)
    for result, found, waiting in ((first, by_first, None), (second, by_second, queue)):
        rows.grad = None
        expected = loss_of(*sides, waiting)
        expected.backward(retain_graph=True)
        assert result.loss == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(found, rows.grad.numpy(), atol=1e-12)
    assert (first.logits, second.logits) == (5 * 7, 5 * 7 + 5 * 5 * 2)


def other(batch: Batch) -> Signatures:
    """Signatures of texts that are near to none of the batch's."""
    return ~batch.signatures[0]


def test_the_queue_holds_no_negative_that_is_the_same_text():
    """A law: the same batch again finds itself in the queue, and its own texts there are left out."""
    step = ContrastiveStep(encoder_of(), temperature=0.3, distance=3, queue=8)
    step(batch_of(FAR), 0.0)
    assert step(batch_of(FAR), 0.0).masked >= 2 * len(ANCHORS)


def test_what_the_guide_finds_too_similar_is_left_out():
    """Two paths: pairs that the guide's vectors rule out are masked in the formula."""
    angles = np.array([0.0, 0.05, 1.5, 3.0, 4.5])
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    positives = np.stack([np.cos(angles + 0.2), np.sin(angles + 0.2)], 1).astype(np.float32)
    step = ContrastiveStep(encoder_of(), temperature=0.3, distance=3, queue=8)
    batch = replace(batch_of(FAR), guide=GuideVectors(vectors, positives))
    result, _ = gradient_of(step, batch)
    rows = torch.tensor(step.encoder.weights)
    near = [(1, 0)]
    assert result.loss == pytest.approx(
        loss_of(pooled(rows, ANCHORS), pooled(rows, POSITIVES), masked=near).item(), rel=1e-9
    )
    assert result.masked == len(near)
    again = gradient_of(step, replace(batch, signatures=(other(batch),)))[0]
    assert again.masked > 2 * len(near)  # in the queue too


def test_a_step_can_be_put_down_and_taken_up():
    """Two ways: three steps in a row, and two, then a third by another step with the state of the first."""

    def steps(step, count):
        for number in range(count):
            signatures = np.roll(FAR, number)
            step(replace(batch_with_hard(), signatures=(signatures,), guide=GUIDE), 0.1)

    settings = {"temperature": 0.3, "distance": 3, "queue": 7}
    whole, halfway = (ContrastiveStep(encoder_of(), **settings) for _ in range(2))
    steps(whole, 3)
    steps(halfway, 2)
    resumed = ContrastiveStep(encoder_of(1), **settings)
    resumed.encoder.restore({name: array.copy() for name, array in halfway.encoder.state().items()})
    state = {name: np.array(array) for name, array in halfway.state().items()}
    resumed.restore(state)
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, state[name], err_msg=name)
    last = np.roll(FAR, 2)
    resumed(replace(batch_with_hard(), signatures=(last,), guide=GUIDE), 0.1)
    np.testing.assert_array_equal(resumed.encoder.weights, whole.encoder.weights)
    resumed.clear_queue()
    assert len(resumed.queue) == 0 and "guided.next" not in resumed.state()


def test_torch_encoders_and_queues():
    """A law: what was restored for a torch encoder goes on as torch, and the loss is a number."""
    from likewise.encoders.transformer.encoder import TransformerEncoder
    from likewise.encoders.transformer.loading import small_encoder
    from likewise.tokens.learning import learn_reference

    found = small_encoder("bert", learn_reference([["a b c d e f g h"] * 9], 40), layers=1, dim=32, length=8, seed=0)
    encoder = TransformerEncoder(found.model, found.special_tokens, device="cpu", half=False)
    step = ContrastiveStep(encoder, temperature=0.3, distance=3, queue=7)
    for _ in range(2):
        assert np.isfinite(step(batch_with_hard(), 1e-3).loss)
    again = ContrastiveStep(encoder, temperature=0.3, distance=3, queue=7)
    again.restore({name: np.array(array) for name, array in step.state().items()})
    assert np.isfinite(again(batch_with_hard(), 1e-3).loss)
    assert isinstance(again.queue.vectors[0], torch.Tensor)
