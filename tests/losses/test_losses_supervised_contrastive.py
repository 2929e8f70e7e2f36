"""Supervised contrastive loss. Oracles: the paper's formula in a loop by autograd, a closed form, laws."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from losses_oracles import Case

from likewise.errors import InputError
from likewise.losses.supervised_contrastive import supervised_contrastive

LABELS = {
    "three classes, one of one text": np.array([0, 2, 0, 1, 2, 2, 0]),
    "one class": np.zeros(5, np.int64),
}


def by_autograd(vectors: np.ndarray, labels: np.ndarray, temperature: float) -> tuple[float, np.ndarray]:
    """L_out of each text that has positives, positive by positive, differentiated by torch in float64."""
    rows = torch.tensor(vectors, requires_grad=True)
    logits, terms = rows @ rows.T / temperature, []
    for i, label in enumerate(labels):
        others = [j for j in range(len(labels)) if j != i]
        positives = [j for j in others if labels[j] == label]
        losses = [-torch.log(logits[i, p].exp() / logits[i, others].exp().sum()) for p in positives]
        terms += [torch.stack(losses).mean()] if losses else []
    value = torch.stack(terms).mean()
    value.backward()
    return value.item(), rows.grad.numpy()


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("temperature", [0.2, 0.9])
def test_value_and_gradient_equal_autograd(labels: np.ndarray, temperature: float) -> None:
    """A slow loop, and two paths that must agree: closed-form gradients and autograd, numpy and torch."""
    vectors = Case(len(labels), len(labels)).anchors
    wanted, gradient = by_autograd(vectors, labels, temperature)
    value, found = supervised_contrastive(vectors, labels, temperature=temperature)
    assert value == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(found, gradient, atol=1e-9)
    value, found = supervised_contrastive(torch.tensor(vectors), labels, temperature=temperature)
    assert isinstance(found, torch.Tensor) and value == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(found.numpy(), gradient, atol=1e-9)


@pytest.mark.parametrize("labels", [np.arange(4), np.array([7])])
def test_without_shared_classes_nothing_is_learned(labels: np.ndarray) -> None:
    """Closed form: no text has a positive."""
    value, gradient = supervised_contrastive(np.eye(4)[: len(labels)], labels)
    assert value == 0 and not gradient.any() and gradient.shape == (len(labels), 4)


@pytest.mark.parametrize("temperature", [0.1, 0.001])
def test_classes_that_lie_together_cost_the_logarithm_of_their_size(temperature: float) -> None:
    """A closed form at low temperatures, in float32: each of m others of a class gets 1/m: log(m); nothing moves."""
    vectors = np.repeat(np.eye(4, dtype=np.float32), 3, axis=0)
    value, gradient = supervised_contrastive(vectors, np.repeat(np.arange(4), 3), temperature=temperature)
    assert gradient.dtype == np.float32
    assert value == pytest.approx(math.log(2), rel=2e-3)
    np.testing.assert_allclose(gradient, 0, atol=2e-3)


def test_order_does_not_matter() -> None:
    """A law: permuting the texts permutes the gradient."""
    vectors, labels = Case(7, 7).anchors, np.array([0, 2, 0, 1, 2, 2, 0])
    order = np.random.default_rng(0).permutation(7)
    value, gradient = supervised_contrastive(vectors, labels)
    other, found = supervised_contrastive(vectors[order], labels[order])
    assert other == pytest.approx(value)
    np.testing.assert_allclose(found, gradient[order], atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.arange(2)}, r"vectors of \(3, 3\) with 2 labels: expected \(batch, dim\)"),
        ({"vectors": np.ones(3)}, r"vectors of \(3,\)"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        supervised_contrastive(**{"vectors": np.eye(3), "labels": np.arange(3), **arguments})
