"""Decoupled loss: a slow loop of the paper's formula, autograd, closed forms, and its law beside InfoNCE."""

import math

import numpy as np
import pytest
from losses_oracles import CASES, Case, assert_same, by_autograd, decoupled_term, of_pairs

from likewise.losses.decoupled import decoupled
from likewise.losses.info_nce import info_nce


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("temperature", [0.2, 0.8])
def test_value_and_derivatives_equal_autograd(name: str, symmetric: bool, temperature: float) -> None:
    """A slow loop in float64, pair by pair, and two ways that must agree: our derivatives and autograd's."""
    case = Case(**CASES[name])
    found = decoupled(case.anchors, case.candidates, temperature=temperature, symmetric=symmetric, **case.arguments)
    assert_same(found, by_autograd(case, of_pairs(decoupled_term), temperature, symmetric))


def test_equal_vectors_cost_the_logarithm_of_the_negatives() -> None:
    """A closed form: where nothing tells the candidates apart, log(keys - 1); with two it is zero."""
    for keys in (2, 5, 1000):
        vectors = np.tile([0.6, 0.8], (keys, 1))
        np.testing.assert_allclose(decoupled(vectors, vectors).value, math.log(keys - 1), rtol=1e-12, atol=1e-12)


def test_rows_without_negatives_move_nothing() -> None:
    """A closed form: a pair whose negatives are all masked adds zero, and the others stay what they are."""
    case = Case(5, 5)
    nothing = decoupled(case.anchors, case.candidates, allowed=np.zeros((5, 5), np.bool_), temperature=0.5)
    assert nothing.value == nothing.temperature == 0
    assert not nothing.anchors.any()
    assert not nothing.candidates.any()
    mask = np.ones((5, 5), np.bool_)
    mask[0], mask[:, 0] = False, False
    some = decoupled(case.anchors, case.candidates, allowed=mask, temperature=0.5)
    rest = decoupled(case.anchors[1:], case.candidates[1:], temperature=0.5)
    np.testing.assert_allclose(some.value, rest.value * 4 / 5, rtol=1e-12)
    np.testing.assert_allclose(some.anchors[1:], rest.anchors * 4 / 5, rtol=1e-12, atol=1e-14)
    assert not some.anchors[0].any()


def test_one_direction_of_info_nce_is_this_times_what_the_positive_lacks() -> None:
    """A law (Yeh et al., proposition 1): of one anchor, the gradient of InfoNCE is (1 - p) that of this."""
    case = Case(1, 8)
    scores = np.exp(case.candidates @ case.anchors[0] / 0.9)
    plain, ours = (
        loss(case.anchors, case.candidates, temperature=0.9, symmetric=False) for loss in (info_nce, decoupled)
    )
    np.testing.assert_allclose(plain.anchors, (1 - scores[0] / scores.sum()) * ours.anchors, rtol=1e-12)
    np.testing.assert_allclose(plain.candidates, (1 - scores[0] / scores.sum()) * ours.candidates, rtol=1e-12)
