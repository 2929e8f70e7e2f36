"""Batches in rectangles, and linear layers on packed weights."""

import numpy as np
import pytest
import torch
from encoders_transformers import encoder_of, ids_of, small
from hypothesis import given
from hypothesis import strategies as st

from likewise.encoders import packed
from likewise.encoders.packed import PackedLinear, packed_for
from likewise.encoders.transformer.batching import encode_padded, padded
from likewise.encoders.transformer.pooling import POOLINGS, pooled
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

FRAME = SpecialTokens((101,), (102, 103), 8, 0, 104)
SOME = st.lists(st.lists(st.integers(1, 9), max_size=9), min_size=1, max_size=9)


@given(SOME)
def test_a_rectangle_is_that_of_a_slow_loop(texts):
    ids, inside = padded(Ragged.of(texts), FRAME, FRAME.room)
    width = ids.shape[1]
    for row, text in enumerate(texts):
        framed = [101, *text[: FRAME.room], 102, 103]
        assert ids[row].tolist() == framed + [0] * (width - len(framed))
        assert inside[row].tolist() == [place < len(framed) for place in range(width)]
    assert inside.any(0).all()


@given(SOME, st.integers(1, 40))
def test_each_text_is_encoded_once_and_every_row_is_put_back(texts, tokens):
    seen = []

    def engine(ids, inside):
        seen.extend(map(tuple, np.where(inside, ids, -1).tolist()))
        return (ids * inside).sum(1, keepdims=True).astype(np.float32)

    out = np.empty((len(texts), 1), np.float32)
    assert encode_padded(Ragged.of(texts), FRAME, engine, tokens=tokens, out=out) is out
    assert out[:, 0].tolist() == [sum(text[: FRAME.room]) + 306 for text in texts]
    kinds = {tuple(text[: FRAME.room]) for text in texts}
    assert len(seen) == len(kinds)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_the_same_in_numpy_and_torch(pooling):
    rng = np.random.default_rng(0)
    states = rng.standard_normal((3, 5, 4)).astype(np.float32)
    mask = (np.arange(5) < np.array([5, 2, 1])[:, None]).astype(np.int64)
    found = pooled(states, mask, pooling)
    assert found.dtype == np.float32
    other = pooled(torch.from_numpy(states), torch.from_numpy(mask), pooling).numpy()
    np.testing.assert_allclose(found, other, atol=1e-6)


def test_packed_weights_give_the_same_vectors_and_follow_a_change(monkeypatch):
    """Two ways: with weights as they lie and packed; and a law: what is packed is not kept beyond a call."""
    found = small("bert")
    encoder, ids = encoder_of(found), ids_of(found)
    plain = encoder.encode(ids)
    monkeypatch.setattr(packed, "WORTH", 0)
    np.testing.assert_allclose(encoder.encode(ids), plain, atol=2e-6)
    weight = found.model.encoder.layer[0].output.dense.weight
    before = weight.detach().clone()
    weight.data.mul_(1.5)
    changed = encoder.encode(ids)
    weight.data.copy_(before)
    assert np.abs(changed - plain).max() > 1e-4
    np.testing.assert_allclose(encoder.encode(ids), plain, atol=2e-6)


def test_only_what_fits_is_packed():
    layer, other = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3).double()
    given = torch.ones(2, 4)
    with torch.inference_mode(), PackedLinear() as mode:
        found = layer(given)
        assert other(given.double()).dtype == torch.float64
        torch.nn.functional.linear(given, torch.ones(3, 4))
        layer(torch.ones(0, 4))
        assert len(mode._packed) == 1
    np.testing.assert_allclose(found.numpy(), layer(given).detach().numpy(), atol=1e-6)
    assert not isinstance(packed_for(10, torch.device("cpu")), PackedLinear)
