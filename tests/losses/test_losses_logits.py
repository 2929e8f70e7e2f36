"""A queue beside the batch. A slow loop over pairs by autograd, two ways that must agree, a closed form."""

import math

import numpy as np
import pytest
from losses_oracles import CASES, Case, assert_same, by_autograd, info_nce_term, of_pairs

from likewise.losses.info_nce import info_nce
from likewise.losses.loss import LossResult


@pytest.mark.parametrize("name", [name for name in CASES if "queue" in name])
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_queue_stands_beside_the_batch_on_both_sides(name: str, symmetric: bool) -> None:
    """A slow loop, pair by pair with the queue's rows and columns, and two paths: our derivatives and autograd's."""
    case = Case(**CASES[name])
    found = info_nce(case.anchors, case.candidates, temperature=0.6, symmetric=symmetric, **case.arguments)
    term = of_pairs(info_nce_term, shared_positives=True)
    assert_same(found, by_autograd(case, term, 0.6, symmetric))


def test_the_candidates_of_a_queue_are_candidates_of_the_batch_that_learn_nothing() -> None:
    """Two paths that must agree, in the one direction: more candidates, and a queue of them."""
    case = Case(6, 6, queue=5)
    queued = info_nce(case.anchors, case.candidates, queue=case.queue, symmetric=False, temperature=0.6)
    more = np.concatenate([case.candidates, case.queue[1]])
    joined = info_nce(case.anchors, more, symmetric=False, temperature=0.6)
    assert_same(
        queued, LossResult(joined.value, joined.anchors, joined.candidates[:6], joined.temperature), 1e-12, 1e-13
    )


def test_equal_vectors_and_a_queue_of_them_cost_the_logarithm_of_all() -> None:
    """A closed form: log(batch + queue), in both directions."""
    vectors = np.tile([0.6, 0.8], (7, 1))
    queue = (np.tile([0.6, 0.8], (13, 1)), np.tile([0.6, 0.8], (13, 1)))
    np.testing.assert_allclose(info_nce(vectors, vectors, queue=queue).value, math.log(20), rtol=1e-12)
