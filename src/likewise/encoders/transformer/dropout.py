"""Dropout whose masks belong to the text and not to the batch: cut a batch as you like, the gradients stay the same.

Torch draws the masks of a layer from one stream of random numbers, so they depend on what is encoded together, in which
order, and on how far each text is padded. Here a mask is a hash of the text's key, of which dropout of the model it is,
and of the place within the text. So a batch in buckets has the gradients of the same batch in one piece; a text that is
encoded a second time, because its graph was not kept, drops the same; and no mask has to be remembered for the backward
pass. The model needs no change: while the mode is on, calls of dropout and of attention with dropout come here.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from likewise.encoders import kernels

__all__ = ["KeyedDropout"]


ALL = 0xFFFFFFFF
PLACES = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)  # odd numbers that spread site, head, token and feature


class KeyedDropout(TorchFunctionMode):
    """While it is on, every dropout takes its mask from keys; in the order of the calls they are different dropouts.

    Args:
        keys: (texts,) int64 from 0 to 2³²-1, on the device of the model: equal keys, equal masks.
    """

    def __init__(self, keys: torch.Tensor) -> None:
        super().__init__()
        self.keys, self.site = keys, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Takes dropout's place, and that of attention with dropout; all else goes its way."""
        kwargs = kwargs or {}
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if func is functional.scaled_dot_product_attention and _share(args, kwargs):
            return self._attention(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropout(self, given: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if not training or p == 0:
            return given
        self.site += 1
        return _Masked.apply(given, self.keys, self.site, p)  # type: ignore[no-untyped-call]

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
        """softmax(query key' scale + mask), some of its weights dropped, times value."""
        if is_causal or enable_gqa:
            raise NotImplementedError("attention of decoders is not what an encoder asks for")
        logits = (query * (query.shape[-1] ** -0.5 if scale is None else scale)) @ key.transpose(-2, -1)
        if attn_mask is not None:
            logits = logits.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else logits + attn_mask
        return self._dropout(logits.softmax(-1), dropout_p) @ value


def _share(args: Any, kwargs: Any) -> float:
    """The share of the weights that attention is to drop."""
    return float(kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0))


class _Masked(torch.autograd.Function):
    """The given numbers times a mask of zeros and 1 / (1 - p); forwards and backwards the same linear map."""

    @staticmethod
    def forward(ctx: Any, given: torch.Tensor, keys: torch.Tensor, site: int, p: float) -> torch.Tensor:
        """The masked numbers."""
        ctx.keys, ctx.site, ctx.p = keys, site, p
        return masked(given, keys, site, p)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        """The masked gradient."""
        return masked(gradient, ctx.keys, ctx.site, ctx.p), None, None, None


def masked(given: torch.Tensor, keys: torch.Tensor, site: int, p: float) -> torch.Tensor:
    """Each number zero with probability p and divided by 1 - p otherwise.

    Args:
        given: (texts, ..., tokens, dim), of two to four axes.
        keys: one a text.
        site: which dropout of the model it is.
        p: the share that becomes zero.
    """
    shape = (given.shape[0], *(1,) * (4 - given.ndim), *given.shape[1:])
    threshold = min(ALL, round(p * (ALL + 1)))
    if given.device.type == "cpu" and given.dtype == torch.float32 and len(keys) == shape[0]:
        out = torch.empty(shape, dtype=torch.float32)
        taken, seeds = given.detach().contiguous().view(shape).numpy(), keys.numpy().astype(np.uint32)
        kernels.keyed_dropout(taken, out.numpy(), seeds, np.uint32(site), np.uint32(threshold), np.float32(1 / (1 - p)))
        return out.view(given.shape)
    return given * (_hashes(shape, keys, site).view(given.shape) >= threshold) / (1 - p)


def _hashes(shape: tuple[int, ...], keys: torch.Tensor, site: int) -> torch.Tensor:
    """What the compiled loop computes, on any device: one number from 0 to 2³²-1 for each place."""
    texts, heads, tokens, dim = (torch.arange(size, device=keys.device) for size in shape)
    places = (site * PLACES[0] + heads[:, None] * PLACES[1] + tokens * PLACES[2]) & ALL
    # Where the first axis is not that of the texts, rows differ all the same, though their masks depend on the batch.
    of_row = keys if len(keys) == len(texts) else keys[:1] ^ _mixed(texts)
    rows = _mixed(of_row[:, None, None] ^ _mixed(places))
    return _mixed((rows[..., None] + dim * PLACES[3]) & ALL)


def _mixed(numbers: torch.Tensor) -> torch.Tensor:
    """A hash of 32 bits in numbers of 64 (Wellons 2018, lowbias32)."""
    numbers = numbers ^ (numbers >> 16)
    numbers = (numbers * 0x7FEB352D) & ALL
    numbers = numbers ^ (numbers >> 15)
    numbers = (numbers * 0x846CA68B) & ALL
    return numbers ^ (numbers >> 16)
