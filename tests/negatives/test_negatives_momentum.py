"""The slow copy. Oracles: the closed form of a fixed target, numpy beside torch, laws."""

import numpy as np
import pytest
import torch

from likewise.errors import InputError
from likewise.negatives.momentum import follow


@pytest.mark.parametrize("library", [np.array, torch.tensor])
def test_it_nears_what_stands_still_by_the_power_of_the_momentum(library):
    """A closed form: after n moves the distance is momentum^n of the first; numpy and torch alike, in place."""
    slow, fast = ({"a": library(np.array(a)), "b": library(np.array([[3.0]]))} for a in ([1.0, 2.0], [5.0, -2.0]))
    kept = slow["a"]
    for _ in range(20):
        follow(slow, fast, 0.9)
    assert slow["a"] is kept
    np.testing.assert_allclose(np.asarray(kept), [5 - 4 * 0.9**20, -2 + 4 * 0.9**20], rtol=1e-12)
    np.testing.assert_allclose(np.asarray(slow["b"]), [[3.0]], rtol=1e-12)
    np.testing.assert_array_equal(np.asarray(fast["a"]), [5.0, -2.0])


def test_momentum_of_zero_copies_and_of_one_stays():
    """Laws at both ends; whole numbers are copied whatever it is; learned tensors take part and remember nothing."""
    slow = {"w": torch.nn.Parameter(torch.tensor([1.0])), "steps": torch.tensor(3)}
    fast = {"w": torch.nn.Parameter(torch.tensor([2.0])), "steps": torch.tensor(9)}
    follow(slow, fast, 1.0)
    assert (slow["w"].item(), slow["steps"].item()) == (1.0, 9)
    follow(slow, fast, 0.0)
    assert slow["w"].item() == 2.0
    assert slow["w"].grad_fn is None


@pytest.mark.parametrize(
    ("slow", "momentum", "told"),
    [
        ({"a": np.zeros(2)}, 1.5, "momentum 1.5 is out of range"),
        ({"b": np.zeros(2)}, 0.5, "only one of the encoders has a, b"),
        ({"a": np.zeros(3)}, 0.5, r"a is \(3,\) and \(2,\)"),
    ],
)
def test_what_does_not_fit_is_refused(slow, momentum, told):
    with pytest.raises(InputError, match=told):
        follow(slow, {"a": np.zeros(2)}, momentum)
