import numpy as np
import pytest
import torch
from torch.nn import functional

from likewise.encoders.transformer.dropout import ALL_BITS, KeyedDropout, masked


def slow_hash32(number: int) -> int:
    number ^= number >> 16
    number = number * 0x7FEB352D & ALL_BITS
    number ^= number >> 15
    number = number * 0x846CA68B & ALL_BITS
    return number ^ (number >> 16)


def slow_masked(inputs: np.ndarray, keys: list[int], site: int, p: float) -> np.ndarray:
    """The masks in Python integers, of four axes."""
    out = np.zeros_like(inputs)
    for text, head, token, axis in np.ndindex(inputs.shape):
        position = (site * 0x9E3779B1 + head * 0x85EBCA77 + token * 0xC2B2AE3D) & ALL_BITS
        number = slow_hash32((slow_hash32(keys[text] ^ slow_hash32(position)) + axis * 0x27D4EB2F) & ALL_BITS)
        out[text, head, token, axis] = inputs[text, head, token, axis] / (1 - p) * (number >= round(p * (ALL_BITS + 1)))
    return out


KEYS = torch.tensor([5, 2**32 - 1, 77])


def test_masks_are_those_of_a_slow_loop_compiled_or_not():
    """A slow loop in integers, the compiled loop in float32, and what other devices and types take."""
    inputs = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(1))
    expected = slow_masked(inputs.numpy(), KEYS.tolist(), 3, 0.3)
    np.testing.assert_allclose(masked(inputs, KEYS, 3, 0.3).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(masked(inputs.double(), KEYS, 3, 0.3).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_the_share_is_dropped_and_the_mean_kept(p):
    """Laws: a share p is zero, over texts, places and features; what stays is longer by 1 / (1 - p)."""
    keys = torch.arange(500)
    found = masked(torch.ones(500, 20, 64), keys, 1, p)
    zero = found == 0
    assert zero.float().mean().item() == pytest.approx(p, abs=0.002)
    for axes in ((1, 2), (0, 2), (0, 1)):
        assert (zero.float().mean(axes) - p).abs().max() < 0.06
    assert found.max().item() == pytest.approx(1 / (1 - p))
    others = masked(torch.ones(500, 20, 64), keys, 2, p)
    assert ((others == 0) & zero).float().mean().item() == pytest.approx(p * p, abs=0.002)  # another site, another mask


def test_a_text_has_the_same_mask_in_any_batch_and_with_any_padding():
    """A law, of all calls of dropout in the context, forwards and backwards."""
    given = torch.randn(3, 6, 8, requires_grad=True)
    with KeyedDropout(KEYS):
        whole = functional.dropout(functional.dropout(given, 0.4, True), 0.4, True)
    whole.sum().backward()
    alone = given.detach()[1:2, :4].requires_grad_()
    with KeyedDropout(KEYS[1:2]):
        part = functional.dropout(functional.dropout(alone, 0.4, True), 0.4, True)
    part.sum().backward()
    torch.testing.assert_close(part, whole[1:2, :4])
    torch.testing.assert_close(alone.grad, given.grad[1:2, :4])


def test_without_training_or_probability_nothing_is_dropped():
    given = torch.randn(3, 2, 2)
    with KeyedDropout(KEYS):
        assert functional.dropout(given, 0.5, False) is given
        assert functional.dropout(given, 0.0, True) is given


@pytest.mark.parametrize("mask", [None, "bool", "float"])
def test_attention_drops_its_weights(mask):
    """Two ways: attention written out with the same masks, and torch's own where nothing is dropped."""
    query, key, value = torch.randn(3, 3, 2, 4, 8).unbind(0)
    allowed = torch.tensor([True, True, False, True]).expand(3, 1, 4, 4)
    given = None if mask is None else allowed if mask == "bool" else torch.where(allowed, 0.0, -torch.inf)
    logits = query @ key.transpose(-2, -1) / 8**0.5
    weights = (logits if mask is None else logits.masked_fill(~allowed, -torch.inf)).softmax(-1)
    with KeyedDropout(KEYS):
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=given, dropout_p=0.3)
        plain = functional.scaled_dot_product_attention(query, key, value, attn_mask=given)
    torch.testing.assert_close(found, masked(weights, KEYS, 1, 0.3) @ value)
    torch.testing.assert_close(plain, weights @ value)
    with KeyedDropout(KEYS), pytest.raises(NotImplementedError):
        functional.scaled_dot_product_attention(query, key, value, dropout_p=0.3, is_causal=True)


def test_a_batch_flattened_to_one_axis_still_drops():
    """Where the first axis is no longer that of the texts, the share is right and rows differ."""
    with KeyedDropout(KEYS):
        found = functional.dropout(torch.ones(300, 64), 0.25, True)
    assert (found == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert len(torch.unique(found, dim=0)) == 300
