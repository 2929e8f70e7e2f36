"""What is held out: a tenth, never trained on, the same for the same seed."""

import numpy as np
import pytest

from likewise.training.dataset import MAX_HELD_OUT, held_out_split


@pytest.mark.parametrize("texts", [1000, 5000, 100_000])
def test_the_parts_are_disjoint_and_complete(texts: int) -> None:
    """Laws: every text is in one of the two."""
    split = held_out_split(texts, np.random.default_rng(0))
    again = held_out_split(texts, np.random.default_rng(0))
    assert split.disjoint
    assert len(split.held_out) == min(MAX_HELD_OUT, texts // 10)
    assert np.array_equal(np.sort(np.concatenate([split.train, split.held_out])), np.arange(texts))
    assert np.array_equal(split.held_out, again.held_out)


@pytest.mark.parametrize("texts", [0, 1, 10, 900])
def test_too_few_to_hold_any_out(texts: int) -> None:
    """A closed form: all are trained on and all are evaluated."""
    split = held_out_split(texts, np.random.default_rng(0))
    assert not split.disjoint
    assert np.array_equal(split.train, np.arange(texts))
    assert np.array_equal(split.held_out, np.arange(texts))
