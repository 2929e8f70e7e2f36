import numpy as np
import pytest
import torch

from likewise.encoders.transformer.pooling import FLAGS, POOLINGS, check_pooling, pooled
from likewise.errors import InputError


def slow(states, length, pooling):
    rows = states[:length].double()
    if pooling == "cls":
        return rows[0]
    if pooling == "lasttoken":
        return rows[-1]
    if pooling == "max":
        return rows.max(0).values
    weights = torch.arange(1, length + 1).double() if pooling == "weightedmean" else torch.ones(length).double()
    total = (rows * weights[:, None]).sum(0)
    return total / (length**0.5 if pooling == "mean_sqrt_len_tokens" else weights.sum())


LENGTHS = [7, 1, 3, 5]
STATES = torch.randn(4, 7, 5, generator=torch.Generator().manual_seed(0))
MASK = (torch.arange(7) < torch.tensor(LENGTHS)[:, None]).long()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings_by_a_slow_loop(pooling):
    """A slow loop in float64, and a law: padding does not count."""
    found = pooled(STATES, MASK, pooling)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(found[row].numpy(), slow(STATES[row], length, pooling).numpy(), atol=1e-6)
    assert set(FLAGS) == set(POOLINGS)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings_are_those_of_sentence_transformers(pooling):
    """Two implementations that agree."""
    from sentence_transformers.sentence_transformer.modules import Pooling

    theirs = Pooling(5, pooling_mode=pooling)({"token_embeddings": STATES, "attention_mask": MASK})
    np.testing.assert_allclose(pooled(STATES, MASK, pooling), theirs["sentence_embedding"], atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_the_same_in_numpy_and_torch(pooling):
    rng = np.random.default_rng(0)
    states = rng.standard_normal((3, 5, 4)).astype(np.float32)
    mask = (np.arange(5) < np.array([5, 2, 1])[:, None]).astype(np.int64)
    found = pooled(states, mask, pooling)
    assert found.dtype == np.float32
    other = pooled(torch.from_numpy(states), torch.from_numpy(mask), pooling).numpy()
    np.testing.assert_allclose(found, other, atol=1e-6)


def test_an_unknown_pooling_is_refused():
    with pytest.raises(InputError, match="pooling 'sum' is not known: expected one of mean, cls"):
        check_pooling("sum")
