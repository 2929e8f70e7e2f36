"""Distillation loss. Oracles: closed forms, autograd, a law of order."""

import numpy as np
import pytest
import torch

from likewise.errors import InputError
from likewise.losses.distillation import distillation_loss


def unit(seed: int, batch: int = 7, dim: int = 5) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((batch, dim))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_equal_opposite_and_orthogonal_vectors_cost_0_2_and_1() -> None:
    """Closed forms; and the law that half the mean squared distance of unit rows is the same."""
    axes = np.eye(4)
    assert [distillation_loss(axes, other).value for other in (axes, -axes, axes[::-1])] == [0, 2, 1]
    one, other = unit(0), unit(1)
    assert distillation_loss(one, other).value == pytest.approx(np.mean(np.sum((one - other) ** 2, axis=1)) / 2)


def test_the_gradient_is_that_of_autograd() -> None:
    """Two paths, numpy and torch, and a third that differentiates the formula."""
    students, teachers = torch.tensor(unit(2), requires_grad=True), torch.tensor(unit(3))
    value = torch.mean(1 - torch.sum(students * teachers, dim=1))
    value.backward()
    found = distillation_loss(unit(2), unit(3))
    assert found.value == pytest.approx(value.item())
    np.testing.assert_allclose(found.students, students.grad)
    np.testing.assert_allclose(distillation_loss(students.detach(), teachers).students, found.students)


def test_the_order_of_texts_does_not_matter() -> None:
    """A law."""
    order = np.random.default_rng(0).permutation(7)
    found, other = distillation_loss(unit(4), unit(5)), distillation_loss(unit(4)[order], unit(5)[order])
    assert other.value == pytest.approx(found.value)
    np.testing.assert_array_equal(other.students, found.students[order])


@pytest.mark.parametrize(
    "sides", [(unit(0), unit(0, dim=4)), (unit(0, batch=0), unit(0, batch=0)), (unit(0)[0], unit(0)[0])]
)
def test_shapes_that_do_not_fit_are_refused(sides: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match=r"expected \(batch, dim\) twice"):
        distillation_loss(*sides)
