"""The loss of a pupil against its teacher. Witnesses: closed forms, autograd, laws."""

import numpy as np
import pytest
import torch

from likewise.errors import InputError
from likewise.losses.distillation import taught


def unit(seed: int, batch: int = 7, dim: int = 5) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((batch, dim))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_same_opposite_and_right_angles_are_0_2_and_1() -> None:
    """Closed forms; and the law that half the mean squared distance of unit rows is the same."""
    axes = np.eye(4)
    assert [taught(axes, other).value for other in (axes, -axes, axes[::-1])] == [0, 2, 1]
    one, other = unit(0), unit(1)
    assert taught(one, other).value == pytest.approx(np.mean(np.sum((one - other) ** 2, axis=1)) / 2)


def test_the_derivative_is_that_of_autograd() -> None:
    """Two paths, numpy and torch, and a third that differentiates the formula."""
    pupils, teachers = torch.tensor(unit(2), requires_grad=True), torch.tensor(unit(3))
    value = torch.mean(1 - torch.sum(pupils * teachers, dim=1))
    value.backward()
    found = taught(unit(2), unit(3))
    assert found.value == pytest.approx(value.item())
    np.testing.assert_allclose(found.pupils, pupils.grad)
    np.testing.assert_allclose(taught(pupils.detach(), teachers).pupils, found.pupils)


def test_the_order_of_texts_does_not_matter() -> None:
    """A law."""
    order = np.random.default_rng(0).permutation(7)
    found, other = taught(unit(4), unit(5)), taught(unit(4)[order], unit(5)[order])
    assert other.value == pytest.approx(found.value)
    np.testing.assert_array_equal(other.pupils, found.pupils[order])


@pytest.mark.parametrize(
    "sides", [(unit(0), unit(0, dim=4)), (unit(0, batch=0), unit(0, batch=0)), (unit(0)[0], unit(0)[0])]
)
def test_shapes_that_do_not_fit(sides: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match=r"expected \(batch, dim\) twice"):
        taught(*sides)
