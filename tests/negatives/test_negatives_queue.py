"""The queue. Oracles: a slow list of pairs, InfoNCE of everything at once, a restored queue."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.losses.info_nce import info_nce
from likewise.negatives.near_duplicates import near_duplicate_mask
from likewise.negatives.queue import Queue


def signed(numbers):
    return np.array(numbers, np.uint64)


def batches(sizes, dim=3):
    rng = np.random.default_rng(len(sizes))
    for size in sizes:
        sides = rng.standard_normal((2, size, dim))
        yield sides[0], sides[1], signed(rng.integers(0, 1 << 60, size))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7))
def test_it_holds_the_last_pairs(sizes, room):
    """A slow loop: a list that is cut at the front; each pair keeps its signature, in any order."""
    queue, held = Queue(room, 3), []
    for anchors, candidates, signatures in batches(sizes):
        queue.push(anchors, candidates, (signatures,))
        held = [*held, *zip(anchors.tolist(), candidates.tolist(), signatures.tolist(), strict=True)][-room:]
        assert len(queue) == len(held)
        if held:
            found = zip(*(side.tolist() for side in (*queue.vectors, *queue.signatures)), strict=True)
            assert sorted(found) == sorted(held)
        else:
            assert queue.vectors is None


@pytest.mark.parametrize("like", [np.zeros(0, np.float32), torch.zeros(0), torch.zeros(0, dtype=torch.float64)])
def test_it_keeps_library_and_type(like):
    """A law: library and type stay; a tensor of a graph is cut from it."""
    queue = Queue(4, 2)
    vectors = np.ones((3, 2)).astype(str(like.dtype).removeprefix("torch."))
    if isinstance(like, torch.Tensor):
        vectors = torch.tensor(vectors, requires_grad=True) * 2
    queue.push(vectors, vectors)
    for side in queue.vectors:
        assert type(side) is type(like)
        assert side.dtype == like.dtype
        assert not getattr(side, "requires_grad", False)


@pytest.mark.parametrize("library", [np.asarray, torch.tensor])
def test_a_restored_queue_continues_with_the_same_bytes(library):
    """Two paths that must agree: one queue, and one that was saved and restored on the way, also when empty."""
    pushed = batches([3, 4, 2, 5, 1])
    whole, part = Queue(6, 3), Queue(6, 3)
    again = Queue(6, 3)
    again.restore(part.state())
    assert again.vectors is None
    for anchors, candidates, signatures in pushed:
        for queue in (whole, again):
            queue.push(library(anchors), library(candidates), (signatures, signatures))
        fresh = Queue(6, 3)
        fresh.restore(again.state(), like=library(anchors))
        again = fresh
        for side, other in zip(whole.vectors, again.vectors, strict=True):
            assert type(side) is type(other)
            np.testing.assert_array_equal(np.asarray(side), np.asarray(other))
        for side, other in zip(whole.signatures, again.signatures, strict=True):
            np.testing.assert_array_equal(side, other)


def test_with_a_queue_that_is_the_rest_of_a_batch_the_loss_is_that_of_the_whole():
    """Two paths that must agree: the terms of the last four of nine pairs, with a queue of the first five."""
    (anchors, candidates, signatures), queue = next(batches([9])), Queue(5, 3)
    queue.push(anchors[:5], candidates[:5], (signatures.take(np.arange(5)),))
    queued = info_nce(anchors[5:], candidates[5:], queue=queue.vectors, temperature=0.5)
    logits = anchors @ candidates.T / 0.5
    both = np.log(np.exp(logits).sum(axis=1)) + np.log(np.exp(logits).sum(axis=0)) - 2 * np.diag(logits)
    np.testing.assert_allclose(queued.value, both[5:].mean() / 2, rtol=1e-12)
    texts = np.concatenate([signed([1, 1, 2, 3]), *queue.signatures])
    allowed = near_duplicate_mask(texts, texts, pairs=4)
    assert allowed is not None
    assert np.isfinite(info_nce(anchors[5:], candidates[5:], queue=queue.vectors, allowed=allowed).value)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="a queue of 0 vectors"):
        Queue(0, 3)
    queue = Queue(4, 2)
    with pytest.raises(InputError, match=r"vectors of \(3, 2\) and \(2, 2\) for a queue of 2 dimensions"):
        queue.push(np.ones((3, 2)), np.ones((2, 2)))
    with pytest.raises(InputError, match=r"3 pairs with signatures of \[2\] texts"):
        queue.push(np.ones((3, 2)), np.ones((3, 2)), (signed([1, 2]),))
    queue.push(np.ones((1, 2)), np.ones((1, 2)), (signed([1]),))
    with pytest.raises(InputError, match="0 sides of signatures, expected 1"):
        queue.push(np.ones((1, 2)), np.ones((1, 2)))
    with pytest.raises(InputError, match="2 sides of signatures, expected 1"):
        queue.push(np.ones((1, 2)), np.ones((1, 2)), (signed([1]), signed([1])))
    with pytest.raises(InputError, match="4 vectors of 2 dimensions does not fit one of 5 of 2"):
        Queue(5, 2).restore(queue.state())
