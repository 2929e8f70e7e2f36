"""The map behind a static encoder."""

import numpy as np
import pytest
import torch

from likewise.applications.classify.linear_map import LinearMap
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged


@pytest.fixture
def encoder():
    return StaticEncoder(np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32))


TEXTS = Ragged.of([[1, 2, 3], [], [4, 4, 29], [7]])


def test_the_map_and_its_gradient(encoder):
    """Closed form: the identity changes nothing. Two ways: our gradient and that of autograd, in single precision
    (errors of 1e-6). Law: two halves of a batch give the gradient of the whole; a step is as long as it says."""
    mapped = LinearMap(encoder)
    np.testing.assert_allclose(mapped.forward(TEXTS)[0], encoder.encode(TEXTS), atol=1e-6)
    rng = np.random.default_rng(1)
    mapped.restore({"map": rng.standard_normal((6, 6)).astype(np.float32)})
    gradient = rng.standard_normal((4, 6)).astype(np.float32)
    gradient[1] = 0  # a text without ids has no direction
    weights = torch.tensor(mapped.map, requires_grad=True)
    vectors = torch.tensor(encoder.encode(TEXTS))[[0, 2, 3]] @ weights
    (torch.nn.functional.normalize(vectors, dim=1) * torch.tensor(gradient[[0, 2, 3]])).sum().backward()
    expected = weights.grad.numpy()
    for rows in ([0, 1], [2, 3]):
        mapped.backward(mapped.forward(TEXTS.take(np.array(rows)))[1], gradient[rows])
    before = mapped.map.copy()
    mapped.step(0.5)
    np.testing.assert_allclose(mapped.map, before - 0.5 * expected / np.linalg.norm(expected), atol=1e-5)
    mapped.step(0.5)  # no gradient is left
    np.testing.assert_allclose(mapped.map, before - 0.5 * expected / np.linalg.norm(expected), atol=1e-5)


def test_folded(encoder):
    """Two ways: the map behind the vectors, and within the rows."""
    mapped = LinearMap(encoder)
    mapped.restore({"map": np.random.default_rng(2).standard_normal((6, 6)).astype(np.float32)})
    np.testing.assert_allclose(mapped.folded().encode(TEXTS), mapped.forward(TEXTS)[0], atol=1e-5)
    assert mapped.state()["map"] is mapped.map
