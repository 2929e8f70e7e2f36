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


@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings_are_the_slow_loop_and_those_of_sentence_transformers(pooling):
    """A slow loop in float64, another implementation, and a law: padding does not count."""
    from sentence_transformers.sentence_transformer.modules import Pooling

    states = torch.randn(4, 7, 5, generator=torch.Generator().manual_seed(0))
    lengths = [7, 1, 3, 5]
    mask = (torch.arange(7) < torch.tensor(lengths)[:, None]).long()
    found = pooled(states, mask, pooling)
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(found[row].numpy(), slow(states[row], length, pooling).numpy(), atol=1e-6)
    theirs = Pooling(5, pooling_mode=pooling)({"token_embeddings": states, "attention_mask": mask})
    np.testing.assert_allclose(found.numpy(), theirs["sentence_embedding"].numpy(), atol=1e-6)
    assert set(FLAGS) == set(POOLINGS)


def test_another_pooling_is_told():
    with pytest.raises(InputError, match="pooling 'sum' is not known: expected one of mean, cls"):
        check_pooling("sum")
