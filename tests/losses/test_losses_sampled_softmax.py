"""Sampled softmax: closed forms, a slow loop with autograd, InfoNCE where nothing is corrected, and its law."""

import numpy as np
import pytest
import torch
from losses_oracles import CASES, Case, assert_same

from likewise.errors import InputError
from likewise.losses.info_nce import info_nce
from likewise.losses.loss import LossResult
from likewise.losses.sampled_softmax import sampled_softmax

PLAIN = {name: case for name, case in CASES.items() if "queue" not in case}


def by_autograd(case: Case, expected: np.ndarray, temperature: float) -> LossResult:
    """The formula, pair by pair, differentiated by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    cold = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    terms = []
    for i, p in enumerate(case.index):
        logits = candidates @ anchors[i] / cold
        others = [j for j in range(len(candidates)) if j != p and (case.mask is None or case.mask[i, j])]
        drawn = sum((logits[j].exp() / expected[j] for j in others), torch.zeros(()))
        terms.append(torch.log(logits[p].exp() + drawn) - logits[p])
    value = torch.stack(terms).mean()
    value.backward()
    return LossResult(value.item(), anchors.grad.numpy(), candidates.grad.numpy(), cold.grad.item())


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("temperature", [0.2, 0.9])
def test_value_and_derivatives_equal_autograd(name, temperature):
    """A slow loop and autograd in float64, on numpy and on torch arrays."""
    case = Case(**PLAIN[name])
    expected = np.random.default_rng(3).uniform(0.05, 4, len(case.candidates))
    wanted = by_autograd(case, expected, temperature)
    rest = {"positive": case.positive, "temperature": temperature}
    found = sampled_softmax(case.anchors, case.candidates, expected=expected, allowed=case.mask, **rest)
    assert_same(found, wanted)
    mask = None if case.mask is None else torch.tensor(case.mask)
    sides = torch.tensor(case.anchors), torch.tensor(case.candidates)
    assert_same(sampled_softmax(*sides, expected=torch.tensor(expected), allowed=mask, **rest), wanted)


@pytest.mark.parametrize("name", PLAIN)
def test_without_a_correction_it_is_one_direction_of_info_nce(name):
    """Two paths that must agree."""
    case = Case(**PLAIN[name])
    rest = {"positive": case.positive, "allowed": case.mask, "temperature": 0.5}
    found = sampled_softmax(case.anchors, case.candidates, **rest)
    assert_same(found, info_nce(case.anchors, case.candidates, symmetric=False, **rest))


def test_equal_vectors_cost_the_logarithm_of_all_items():
    """A closed form: of 1,000 items each is expected 0.02 times among 20 drawn: log(1 + 1000)."""
    vectors = np.tile([0.6, 0.8], (21, 1))
    found = sampled_softmax(vectors, vectors, expected=np.full(21, 0.02))
    np.testing.assert_allclose(found.value, np.log(1 + 1000), rtol=1e-12)


def test_the_estimate_meets_the_softmax_over_all_items():
    """The law it is for: with draws by popularity, the sum over negatives is right on average, corrected alone."""
    rng = np.random.default_rng(0)
    items, anchor = rng.standard_normal((50, 4)), rng.standard_normal((1, 4))
    share = rng.dirichlet(np.full(50, 0.5)) + 1e-3
    share /= share.sum()
    drawn = rng.choice(50, 40_000, p=share)
    whole = sampled_softmax(anchor, np.concatenate([items[:1], items[1:]]), temperature=1.0).value
    allowed = np.concatenate([[True], drawn != 0])[None]
    candidates = np.concatenate([items[:1], items[drawn]])
    expected = np.concatenate([[1.0], len(drawn) * share[drawn]])
    found = sampled_softmax(anchor, candidates, expected=expected, allowed=allowed, temperature=1.0).value
    plain = sampled_softmax(
        anchor, candidates, expected=np.full(len(candidates), len(drawn) / 50), allowed=allowed, temperature=1.0
    ).value
    assert abs(found - whole) < 0.05 < abs(plain - whole)


def test_the_mean_over_few_draws_is_unbiased_in_single_precision():
    """Two precisions that must agree to what float32 holds."""
    case = Case(6, 9)
    expected = np.linspace(0.1, 2, 9)
    wide = sampled_softmax(case.anchors, case.candidates, expected=expected, temperature=0.5)
    narrow = sampled_softmax(
        case.anchors.astype(np.float32), case.candidates.astype(np.float32), expected=expected, temperature=0.5
    )
    assert_same(narrow, wide, 1e-4, 1e-4)
    assert narrow.candidates.dtype == np.float32


@pytest.mark.parametrize("expected", [np.ones(3), np.array([1.0, 0.0, 1.0, 1.0])])
def test_what_is_expected_is_checked(expected):
    with pytest.raises(InputError, match="one each, above 0"):
        sampled_softmax(np.ones((4, 2)), np.ones((4, 2)), expected=expected)
