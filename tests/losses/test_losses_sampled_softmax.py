"""Sampled softmax: a slow loop with autograd, InfoNCE where nothing is corrected, a closed form, and its law."""

import numpy as np
import pytest
import torch
from losses_oracles import CASES, Case, assert_same

from likewise.errors import InputError
from likewise.losses.info_nce import info_nce
from likewise.losses.loss import LossResult
from likewise.losses.sampled_softmax import sampled_softmax

SQUARE = {name: case for name, case in CASES.items() if case["batch"] == case["keys"] and "queue" not in case}


def by_autograd(case: Case, expected: np.ndarray, temperature: float) -> LossResult:
    """The formula, pair by pair, differentiated by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    tau = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    terms = []
    for i in range(len(anchors)):
        logits = candidates @ anchors[i] / tau
        others = [j for j in range(len(candidates)) if j != i and (case.mask is None or case.mask[i, j])]
        drawn = sum((logits[j].exp() / expected[j] for j in others), torch.zeros(()))
        terms.append(torch.log(logits[i].exp() + drawn) - logits[i])
    value = torch.stack(terms).mean()
    value.backward()
    return LossResult(value.item(), anchors.grad.numpy(), candidates.grad.numpy(), tau.grad.item())


@pytest.mark.parametrize("name", SQUARE)
@pytest.mark.parametrize("temperature", [0.2, 0.9])
def test_value_and_gradients_equal_autograd(name, temperature):
    """A slow loop and autograd in float64, on numpy and on torch arrays; in float32 to 1e-4."""
    case = Case(**SQUARE[name])
    expected = np.random.default_rng(3).uniform(0.05, 4, len(case.candidates))
    wanted = by_autograd(case, expected, temperature)
    rest = {"allowed": case.mask, "temperature": temperature}
    assert_same(sampled_softmax(case.anchors, case.candidates, expected=expected, **rest), wanted)
    sides = torch.tensor(case.anchors), torch.tensor(case.candidates)
    assert_same(sampled_softmax(*sides, expected=torch.tensor(expected), **rest), wanted)
    sides = case.anchors.astype(np.float32), case.candidates.astype(np.float32)
    narrow = sampled_softmax(*sides, expected=expected, **rest)
    assert_same(narrow, wanted, 1e-4, 1e-4)
    assert narrow.candidates.dtype == np.float32


@pytest.mark.parametrize("name", SQUARE)
def test_without_a_correction_it_is_one_direction_of_info_nce(name):
    """Two paths that must agree."""
    case = Case(**SQUARE[name])
    rest = {"allowed": case.mask, "temperature": 0.5}
    found = sampled_softmax(case.anchors, case.candidates, expected=np.ones(len(case.candidates)), **rest)
    assert_same(found, info_nce(case.anchors, case.candidates, symmetric=False, **rest))


def test_equal_vectors_cost_the_logarithm_of_all_items():
    """A closed form: of 1,000 items each is expected 0.02 times among 20 drawn: log(1 + 1000)."""
    vectors = np.tile([0.6, 0.8], (21, 1))
    found = sampled_softmax(vectors, vectors, expected=np.full(21, 0.02))
    np.testing.assert_allclose(found.value, np.log(1 + 1000), rtol=1e-12)


def test_the_estimate_is_the_softmax_over_all_items():
    """The law it is for: with negatives drawn by popularity, the corrected value is right on average, a plain one not.

    Popular items score high, so that a sum in which they are counted too often is too large.
    """
    rng, found = np.random.default_rng(0), []
    share = rng.dirichlet(np.full(20, 2.0))
    items = np.stack([np.log(share), rng.standard_normal(20) / 2], axis=1)
    for _ in range(20):
        users, drawn = np.stack([np.ones(400), rng.standard_normal(400)], axis=1), rng.choice(20, 400, p=share)
        scores = np.exp(users @ items.T)
        whole = np.mean(np.log(scores.sum(axis=1)) - np.log(scores[np.arange(400), drawn]))
        rest = {"allowed": drawn[:, None] != drawn[None, :], "temperature": 1.0}
        for expected in (400 * share[drawn], np.full(400, 20.0)):
            found.append(sampled_softmax(users, items[drawn], expected=expected, **rest).value - whole)
    corrected, plain = np.mean(np.reshape(found, (20, 2)), axis=0)
    assert abs(corrected) < 0.02 < 0.2 < plain


@pytest.mark.parametrize("expected", [np.ones(3), np.array([1.0, 0.0, 1.0, 1.0])])
def test_what_is_expected_is_checked(expected):
    with pytest.raises(InputError, match="give each one, above 0"):
        sampled_softmax(np.ones((4, 2)), np.ones((4, 2)), expected=expected)


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"expected \(batch, dim\) twice"):
        sampled_softmax(np.ones((4, 2)), np.ones((5, 2)), expected=np.ones(5))
