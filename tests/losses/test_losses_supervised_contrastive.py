"""Supervised contrastive loss. Oracles: the paper's formula in a loop by autograd, InfoNCE, a closed form, a law."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from losses_oracles import Case, assert_same

from likewise.errors import InputError
from likewise.losses.info_nce import LossResult, info_nce
from likewise.losses.supervised_contrastive import supervised_contrastive

LABELS = {
    "three classes": np.array([0, 2, 0, 1, 2, 2, 0]),
    "one class": np.zeros(5, np.int64),
    "one text": np.array([4]),
}


def by_autograd(case: Case, labels: np.ndarray, temperature: float) -> LossResult:
    """L_out of each text in both directions, positive by positive, differentiated by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    tau = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    logits, terms = anchors @ candidates.T / tau, []
    for i, label in enumerate(labels):
        positives = np.flatnonzero(labels == label)
        terms += [-torch.log(logits[i, p].exp() / logits[i].exp().sum()) / len(positives) for p in positives]
        terms += [-torch.log(logits[p, i].exp() / logits[:, i].exp().sum()) / len(positives) for p in positives]
    value = torch.stack(terms).sum() / (2 * len(labels))
    value.backward()
    return LossResult(value.item(), anchors.grad.numpy(), candidates.grad.numpy(), tau.grad.item())


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("temperature", [0.2, 0.9])
def test_value_and_gradients_equal_autograd(labels: np.ndarray, temperature: float) -> None:
    """A slow loop, and two paths that must agree: closed-form gradients and autograd, numpy and torch."""
    case = Case(len(labels), len(labels))
    wanted = by_autograd(case, labels, temperature)
    assert_same(supervised_contrastive(case.anchors, case.candidates, labels, temperature=temperature), wanted)
    sides = torch.tensor(case.anchors), torch.tensor(case.candidates)
    found = supervised_contrastive(*sides, labels, temperature=temperature)
    assert isinstance(found.anchors, torch.Tensor)
    assert_same(found, wanted)


def test_without_shared_classes_it_is_info_nce() -> None:
    """A law: each text alone in its class."""
    case = Case(8, 8)
    found = supervised_contrastive(case.anchors, case.candidates, np.arange(8), temperature=0.6)
    assert_same(found, info_nce(case.anchors, case.candidates, temperature=0.6), 1e-12, 1e-12)


@pytest.mark.parametrize("temperature", [0.1, 0.001])
def test_classes_that_lie_together_cost_the_logarithm_of_their_size(temperature: float) -> None:
    """A closed form at low temperatures, in float32: each of m texts of a class gets 1/m: log(m), and nothing moves."""
    vectors = np.repeat(np.eye(4, dtype=np.float32), 3, axis=0)
    found = supervised_contrastive(vectors, vectors, np.repeat(np.arange(4), 3), temperature=temperature)
    assert found.anchors.dtype == np.float32
    assert found.value == pytest.approx(math.log(3), rel=1e-3)
    np.testing.assert_allclose(found.anchors, 0, atol=1e-3)


def test_order_does_not_matter() -> None:
    """A law: permuting the texts permutes the gradients."""
    case, labels, order = Case(7, 7), LABELS["three classes"], np.random.default_rng(0).permutation(7)
    plain = supervised_contrastive(case.anchors, case.candidates, labels)
    found = supervised_contrastive(case.anchors[order], case.candidates[order], labels[order])
    assert_same(found, LossResult(plain.value, plain.anchors[order], plain.candidates[order], plain.temperature))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.arange(2)}, r"views of \(3, 3\) and \(3, 3\) with 2 labels: expected \(batch, dim\) twice"),
        ({"candidates": np.eye(4)}, r"views of \(3, 3\) and \(4, 4\)"),
        ({"anchors": np.ones(3), "candidates": np.ones(3)}, r"views of \(3,\)"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        supervised_contrastive(**{"anchors": np.eye(3), "candidates": np.eye(3), "labels": np.arange(3), **arguments})
