"""Debiased loss: a slow loop of the paper's formula, autograd with held weights, closed forms, laws."""

import math

import numpy as np
import pytest
from losses_oracles import CASES, Case, assert_same, by_autograd, debiased_term, of_pairs

from likewise.losses.debiased import debiased
from likewise.losses.info_nce import info_nce


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("prior", "hardness"), [(0.01, 0.0), (0.3, 0.0), (0.1, 0.7), (0.0, 1.0), (0.9, 0.3)])
def test_value_and_derivatives_equal_autograd(name: str, symmetric: bool, prior: float, hardness: float) -> None:
    """A slow loop in float64, pair by pair, and two ways that must agree: our derivatives and autograd's.

    Rows are unit, as the bound asks for; with a prior of 0.9 most estimates are at it, with 0.01 none.
    """
    case = Case(**CASES[name]).unit()
    for temperature in (0.3, 1.5):
        found = debiased(
            case.anchors, case.candidates, temperature=temperature, symmetric=symmetric, prior=prior,
            hardness=hardness, **case.arguments,
        )  # fmt: skip
        assert_same(found, by_autograd(case, of_pairs(debiased_term(prior, hardness)), temperature, symmetric))


def test_at_the_bound_only_the_positive_and_the_temperature_move() -> None:
    """A closed form: a positive so near that the estimate is below its least: log(1 + n e^(-2/t)) for cosine 1."""
    anchors = np.array([[1.0, 0.0]])
    candidates = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    found = debiased(anchors, candidates, temperature=0.5, prior=0.5, symmetric=False)
    np.testing.assert_allclose(found.value, math.log(1 + 2 * math.exp(-4)), rtol=1e-12)
    assert not found.candidates[1:].any()
    assert found.anchors[0, 0] < 0
    share = 2 * math.exp(-4) / (1 + 2 * math.exp(-4))
    np.testing.assert_allclose(found.temperature, share * 2 / 0.25, rtol=1e-12)


def test_the_derivative_holds_on_both_sides_of_the_bound() -> None:
    """Two ways that must agree: as a negative comes nearer the bound lets go; finite differences at each place."""
    anchors, sides = np.array([[1.0, 0.0]]), set()
    for angle in np.linspace(0.1, 3.1, 40):

        def value(turn: float) -> float:
            candidates = np.array([[math.cos(0.4), math.sin(0.4)], [math.cos(turn), math.sin(turn)]])
            return debiased(anchors, candidates, temperature=0.6, prior=0.4, symmetric=False).value

        candidates = np.array([[math.cos(0.4), math.sin(0.4)], [math.cos(angle), math.sin(angle)]])
        found = debiased(anchors, candidates, temperature=0.6, prior=0.4, symmetric=False)
        along = found.candidates[1] @ np.array([-math.sin(angle), math.cos(angle)])
        np.testing.assert_allclose(along, (value(angle + 1e-6) - value(angle - 1e-6)) / 2e-6, rtol=1e-6, atol=1e-9)
        sides.add(bool(found.candidates[1].any()))
    assert sides == {True, False}


@pytest.mark.parametrize("name", [name for name in CASES if "repeated" not in name])
def test_without_prior_and_hardness_it_is_info_nce(name: str) -> None:
    """A law: nothing is taken away and all weigh alike; unit rows never meet the bound."""
    case = Case(**CASES[name]).unit()
    plain = info_nce(case.anchors, case.candidates, temperature=0.4, **case.arguments)
    found = debiased(case.anchors, case.candidates, temperature=0.4, prior=0.0, **case.arguments)
    assert_same(found, plain, 1e-12, 1e-13)


def test_hard_negatives_weigh_more() -> None:
    """A law: the share of the push that the nearest negative gets grows with the hardness."""
    case = Case(6, 6).unit()
    scores = case.candidates @ case.anchors[0]
    nearest = 1 + int(np.argmax(scores[1:]))
    shares = []
    for hardness in (0.0, 0.5, 1.0, 2.0):
        found = debiased(case.anchors[:1], case.candidates, temperature=0.5, hardness=hardness, symmetric=False)
        pushed = np.linalg.norm(found.candidates[1:], axis=1)
        shares.append(pushed[nearest - 1] / pushed.sum())
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.1
