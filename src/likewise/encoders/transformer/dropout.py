"""Dropout whose masks belong to the text and not to the batch: however a batch is divided, the gradients are the same.

Torch draws the masks of a layer from one stream of random numbers, so they depend on which texts are encoded together,
in which order, and on how far each text is padded. Here a mask is a hash of the text's key, of the dropout layer, and
of the position within the text. So a batch in buckets has the gradients of the same batch in one piece; a text that is
encoded a second time, because its graph was not kept, has the same mask; and no mask is stored for the backward pass.
The model needs no change: inside the context, calls of dropout and of attention with dropout are replaced.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from likewise.encoders import kernels

ALL_BITS = 0xFFFFFFFF
MULTIPLIERS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)  # odd; they spread site, head, token and feature


class KeyedDropout(TorchFunctionMode):
    """A context in which dropout layers take their masks from keys; layers differ by the order of their calls.

    Args:
        keys: (texts,) int64 from 0 to 2³²-1, on the device of the model: equal keys give equal masks.
    """

    def __init__(self, keys: torch.Tensor) -> None:
        super().__init__()
        self.keys, self.site = keys, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace dropout and attention with dropout; call every other function as it is."""
        kwargs = kwargs or {}
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if func is functional.scaled_dot_product_attention and _attention_dropout(args, kwargs):
            return self._attention(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropout(self, input: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if not training or p == 0:
            return input
        self.site += 1
        return _Masked.apply(input, self.keys, self.site, p)  # type: ignore[no-untyped-call]

    def _attention(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Any:
        """dropout(softmax(query key' scale + mask)) value."""
        if is_causal or enable_gqa:
            raise NotImplementedError("attention of decoders is not supported")
        logits = (query * (query.shape[-1] ** -0.5 if scale is None else scale)) @ key.transpose(-2, -1)
        if attn_mask is not None:
            logits = logits.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else logits + attn_mask
        return self._dropout(logits.softmax(-1), dropout_p) @ value


def _attention_dropout(args: Any, kwargs: Any) -> float:
    """The probability by which attention drops a weight."""
    return float(kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0))


class _Masked(torch.autograd.Function):
    """The input times a mask of zeros and 1 / (1 - p): forwards and backwards the same linear map."""

    @staticmethod
    def forward(ctx: Any, input: torch.Tensor, keys: torch.Tensor, site: int, p: float) -> torch.Tensor:
        """The masked input."""
        ctx.keys, ctx.site, ctx.p = keys, site, p
        return masked(input, keys, site, p)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        """The masked gradient."""
        return masked(gradient, ctx.keys, ctx.site, ctx.p), None, None, None


def masked(input: torch.Tensor, keys: torch.Tensor, site: int, p: float) -> torch.Tensor:
    """Set each number to zero with probability p, and divide the others by 1 - p.

    Args:
        input: (texts, ..., tokens, dim), of two to four axes.
        keys: (texts,), one per text.
        site: number of the dropout layer in the model.
        p: probability.
    """
    shape = (input.shape[0], *(1,) * (4 - input.ndim), *input.shape[1:])
    threshold = min(ALL_BITS, round(p * (ALL_BITS + 1)))
    if input.device.type == "cpu" and input.dtype == torch.float32 and len(keys) == shape[0]:
        out = torch.empty(shape, dtype=torch.float32)
        numbers, seeds = input.detach().contiguous().view(shape).numpy(), keys.numpy().astype(np.uint32)
        kernels.keyed_dropout(
            numbers, out.numpy(), seeds, np.uint32(site), np.uint32(threshold), np.float32(1 / (1 - p))
        )
        return out.view(input.shape)
    return input * (_hashes(shape, keys, site).view(input.shape) >= threshold) / (1 - p)


def _hashes(shape: tuple[int, ...], keys: torch.Tensor, site: int) -> torch.Tensor:
    """The hashes of the compiled loop, on any device: (texts, heads, tokens, dim), from 0 to 2³²-1."""
    texts, heads, tokens, dim = (torch.arange(size, device=keys.device) for size in shape)
    positions = (site * MULTIPLIERS[0] + heads[:, None] * MULTIPLIERS[1] + tokens * MULTIPLIERS[2]) & ALL_BITS
    # Where the first axis is not that of the texts, rows differ all the same, though their masks depend on the batch.
    of_row = keys if len(keys) == len(texts) else keys[:1] ^ _hash32(texts)
    rows = _hash32(of_row[:, None, None] ^ _hash32(positions))
    return _hash32((rows[..., None] + dim * MULTIPLIERS[3]) & ALL_BITS)


def _hash32(numbers: torch.Tensor) -> torch.Tensor:
    """A hash of 32 bits in numbers of 64 (Wellons 2018, lowbias32)."""
    numbers = numbers ^ (numbers >> 16)
    numbers = (numbers * 0x7FEB352D) & ALL_BITS
    numbers = numbers ^ (numbers >> 15)
    numbers = (numbers * 0x846CA68B) & ALL_BITS
    return numbers ^ (numbers >> 16)
